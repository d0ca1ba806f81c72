/*
 * plugins/ops/elementwise/cast.c - Cast, CastLike, BitCast
 *
 * Numbers pass through blocks of doubles or int64_t (number.h), so a conversion is two
 * loops chosen once a block. Texts are read and written as the C locale has them: decimal
 * point, the shortest text that reads back as the same number.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "elementwise.h"
#include "map.h"
#include "plugins/ops/number.h"

#define BLOCK 256 /* elements between the two loops: stays in the first cache */

struct cast {
    const struct imgcls_tensor *in;
    struct imgcls_tensor *out;
    int flags;
};

/* Units of 8 elements, so that no two threads write into one byte of a packed type. */
static void cast_units(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct cast *cast = argument;
    const int64_t total = op_count(cast->in);
    int64_t at = begin * 8;
    const int64_t stop = end * 8 < total ? end * 8 : total;
    union {
        double reals[BLOCK];
        int64_t wholes[BLOCK];
    } block;
    (void)thread;
    while (at < stop) {
        const int64_t count = stop - at < BLOCK ? stop - at : BLOCK;
        if (number_is_real(cast->in->type)) {
            number_read_reals(cast->in->type, cast->in->data, at, count, block.reals);
            number_write_reals(cast->out->type, cast->out->data, at, count, block.reals,
                               cast->flags);
        } else {
            number_read_wholes(cast->in->type, cast->in->data, at, count, block.wholes);
            number_write_wholes(cast->out->type, cast->out->data, at, count, block.wholes,
                                cast->in->type == IMGCLS_U64, cast->flags);
        }
        at += count;
    }
}

/* The shortest of 1..digits significant digits that reads back as value; ".0" marks a whole
 * number as a floating-point one. */
static void write_real(double value, bool is_double, char *text, size_t capacity)
{
    const int digits = is_double ? 17 : 9;
    int i;
    if (isnan(value)) {
        snprintf(text, capacity, "NaN");
        return;
    }
    if (isinf(value)) {
        snprintf(text, capacity, value > 0 ? "INF" : "-INF");
        return;
    }
    for (i = 1; i <= digits; i++) {
        snprintf(text, capacity, "%.*g", i, value);
        if (is_double ? strtod(text, NULL) == value : strtof(text, NULL) == (float)value)
            break;
    }
    /* 1e+06 for a million is what %g makes of few digits; plain figures read better. */
    if (strchr(text, 'e') && fabs(value) >= 1 && fabs(value) < 1e16)
        snprintf(text, capacity, "%.0f", value);
    if (!strpbrk(text, ".e"))
        snprintf(text + strlen(text), capacity - strlen(text), ".0");
}

static imgcls_status cast_to_text(const struct imgcls_host *host, const struct cast *cast,
                                  struct imgcls_value *out)
{
    const int64_t total = op_count(cast->in);
    imgcls_status status = IMGCLS_OK;
    char text[64];
    int64_t i, number;
    double value;
    for (i = 0; status == IMGCLS_OK && i < total; i++) {
        if (number_is_real(cast->in->type)) {
            number_read_reals(cast->in->type, cast->in->data, i, 1, &value);
            write_real(value, cast->in->type == IMGCLS_F64, text, sizeof text);
        } else {
            number_read_wholes(cast->in->type, cast->in->data, i, 1, &number);
            if (cast->in->type == IMGCLS_BOOL)
                snprintf(text, sizeof text, "%s", number ? "True" : "False");
            else if (cast->in->type == IMGCLS_U64)
                snprintf(text, sizeof text, "%" PRIu64, (uint64_t)number);
            else
                snprintf(text, sizeof text, "%" PRId64, number);
        }
        status = host->value_set_string(host, out, (size_t)i, text, strlen(text));
    }
    return status;
}

/* False where the text is no number. Whole numbers are read exactly for integer types. */
static bool read_text(const struct imgcls_string *source, bool whole, int64_t *number,
                      double *value)
{
    char text[128], *end;
    if (source->length == 0 || source->length >= sizeof text)
        return false;
    memcpy(text, source->bytes, source->length);
    text[source->length] = '\0';
    *number = 0;
    if (whole) {
        errno = 0;
        *number =
            text[0] == '-' ? strtoll(text, &end, 10) : (int64_t)strtoull(text, &end, 10);
        if (end != text && *end == '\0' && errno == 0) {
            *value = 0;
            return true;
        }
    }
    *value = strtod(text, &end); /* knows inf and nan in any case of letters */
    if (end == text || *end != '\0')
        return false;
    if (whole)
        number_write_reals(IMGCLS_I64, number, 0, 1, value, 0);
    return true;
}

static imgcls_status cast_from_text(const struct imgcls_host *host,
                                    const struct imgcls_run *run, const struct cast *cast)
{
    const struct imgcls_string *texts = cast->in->data;
    const bool whole = number_is_whole(cast->out->type);
    const int64_t total = op_count(cast->in);
    int64_t i, number;
    double value;
    for (i = 0; i < total; i++) {
        if (!read_text(&texts[i], whole, &number, &value))
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "'%.*s' is not a number",
                           (int)(texts[i].length < 60 ? texts[i].length : 60),
                           texts[i].bytes);
        if (whole)
            number_write_wholes(cast->out->type, cast->out->data, i, 1, &number,
                                cast->out->type == IMGCLS_U64, cast->flags);
        else
            number_write_reals(cast->out->type, cast->out->data, i, 1, &value, cast->flags);
    }
    return IMGCLS_OK;
}

/* strtod and printf follow the thread's locale; here it must be the C one. */
static imgcls_status cast_texts(const struct imgcls_host *host,
                                const struct imgcls_run *run, const struct cast *cast)
{
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t former;
    imgcls_status status = IMGCLS_OK;
    int64_t i;
    if (plain == (locale_t)0)
        return OP_FAIL(host, run->node, IMGCLS_NO_MEMORY, "no memory for a locale");
    former = uselocale(plain);
    if (cast->out->type != IMGCLS_STRING) {
        status = cast_from_text(host, run, cast);
    } else if (cast->in->type != IMGCLS_STRING) {
        status = cast_to_text(host, cast, run->outputs[0]);
    } else {
        const struct imgcls_string *texts = cast->in->data;
        for (i = 0; status == IMGCLS_OK && i < op_count(cast->in); i++)
            status = host->value_set_string(host, run->outputs[0], (size_t)i,
                                            texts[i].bytes, texts[i].length);
    }
    uselocale(former);
    freelocale(plain);
    return status;
}

static int flags_of(const struct imgcls_host *host, const struct imgcls_node *node)
{
    const char *mode = host->attr_string(host, node, "round_mode", "up");
    int flags = host->attr_int(host, node, "saturate", 1) ? NUMBER_SATURATE : 0;
    if (strcmp(mode, "up") == 0)
        flags |= NUMBER_UP;
    else if (strcmp(mode, "down") == 0)
        flags |= NUMBER_DOWN;
    return flags;
}

static imgcls_status cast_to(const struct imgcls_host *host, const struct imgcls_run *run,
                             int32_t to)
{
    struct cast cast = {.in = imgcls_input(run, 0), .flags = flags_of(host, run->node)};
    imgcls_status status = op_set_output(host, run, 0, to, cast.in->rank, cast.in->dims);
    if (status != IMGCLS_OK)
        return status;
    cast.out = imgcls_output(run, 0);
    if (op_count(cast.in) == 0)
        return IMGCLS_OK;
    if (cast.in->type == IMGCLS_STRING || cast.out->type == IMGCLS_STRING)
        return cast_texts(host, run, &cast);
    host->parallel_for(host, run, (op_count(cast.in) + 7) / 8, BROADCAST_GRAIN_CHEAP / 8,
                       cast_units, &cast);
    return IMGCLS_OK;
}

static imgcls_status cast_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    return cast_to(host, run, run->node->outputs[0]->type);
}

static imgcls_status bit_cast_portable(const struct imgcls_host *host,
                                       const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const int32_t to = (int32_t)host->attr_int(host, run->node, "to", 0);
    imgcls_status status = op_set_output(host, run, 0, to, in->rank, in->dims);
    size_t bytes;
    if (status == IMGCLS_OK)
        status = host->size_of(host, in->type, op_count(in), &bytes);
    if (status == IMGCLS_OK && bytes > 0)
        memcpy(imgcls_output(run, 0)->data, in->data, bytes);
    return status;
}

static bool is_convertible(const struct imgcls_value_info *info)
{
    return number_is_real(info->type) || number_is_whole(info->type) ||
           info->type == IMGCLS_STRING;
}

/* Elements go in memory order, which must be the same on both sides. */
static int32_t cast_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_in(node, 0) && op_has_output(node, 0) && is_convertible(node->inputs[0]) &&
           is_convertible(node->outputs[0]) &&
           node->inputs[0]->layout == node->outputs[0]->layout;
}

static int32_t bit_cast_accepts(const struct imgcls_host *host,
                                const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_ANY & ~OP_BIT(IMGCLS_STRING)) && op_has_output(node, 0) &&
           node->inputs[0]->layout == node->outputs[0]->layout;
}

static imgcls_status infer_to(const struct imgcls_host *host, struct imgcls_infer *infer,
                              int64_t to)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (to <= 0 || to >= IMGCLS_TYPE_COUNT)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "element type %lld in attribute 'to' is not known", (long long)to);
    return host->infer_output(host, infer, 0, (int32_t)to, in->rank, in->dims);
}

static imgcls_status cast_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    return infer_to(host, infer, host->attr_int(host, infer->node, "to", 0));
}

static imgcls_status bit_cast_infer(const struct imgcls_host *host,
                                    struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    const int64_t to = host->attr_int(host, infer->node, "to", 0);
    imgcls_status status = infer_to(host, infer, to);
    if (status == IMGCLS_OK && in->type != IMGCLS_UNDEFINED &&
        (op_element_size(in->type) != op_element_size((int32_t)to) ||
         op_packed_bits(in->type) != op_packed_bits((int32_t)to) || to == IMGCLS_STRING))
        status = OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                         "element types %d and %lld have different widths", in->type,
                         (long long)to);
    return status;
}

static imgcls_status cast_like_infer(const struct imgcls_host *host,
                                     struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0),
                                   *like = op_in(infer->node, 1);
    if (!in || !like)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "two inputs are needed");
    return host->infer_output(host, infer, 0, like->type, in->rank, in->dims);
}

/* Before operator set 6 `to` was a name. */
static imgcls_status cast_upgrade(const struct imgcls_host *host,
                                  struct imgcls_graph *graph, struct imgcls_node *node)
{
    static const struct {
        const char *name;
        int32_t type;
    } names[] = {{"FLOAT", IMGCLS_F32},   {"UINT8", IMGCLS_U8},      {"INT8", IMGCLS_I8},
                 {"UINT16", IMGCLS_U16},  {"INT16", IMGCLS_I16},     {"INT32", IMGCLS_I32},
                 {"INT64", IMGCLS_I64},   {"STRING", IMGCLS_STRING}, {"BOOL", IMGCLS_BOOL},
                 {"FLOAT16", IMGCLS_F16}, {"DOUBLE", IMGCLS_F64},    {"UINT32", IMGCLS_U32},
                 {"UINT64", IMGCLS_U64}};
    const struct imgcls_attr *to = host->attr(host, node, "to");
    const char *text;
    size_t i;
    (void)graph;
    if (node->version >= 6 || !to || to->kind != IMGCLS_ATTR_STRING)
        return IMGCLS_OK;
    text = host->attr_string(host, node, "to", "");
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(text, names[i].name) == 0)
            return host->node_set_int(host, node, "to", names[i].type);
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "element type '%s' is not known", text);
}

static const struct imgcls_kernel cast_kernel =
    OP_KERNEL("cast_portable", cast_accepts, cast_portable);
static const struct imgcls_kernel cast_like_kernel =
    OP_KERNEL("cast_like_portable", cast_accepts, cast_portable);
static const struct imgcls_kernel bit_cast_kernel =
    OP_KERNEL("bit_cast_portable", bit_cast_accepts, bit_cast_portable);

#define CAST_TRAITS (IMGCLS_TRAIT_ELEMENTWISE | IMGCLS_TRAIT_LAYOUT_BLIND)
const struct imgcls_op cast_op =
    OP_ENTRY("Cast", 1, CAST_TRAITS, cast_infer, cast_upgrade, &cast_kernel);
const struct imgcls_op cast_like_op =
    OP_ENTRY("CastLike", 15, 0, cast_like_infer, NULL, &cast_like_kernel);
const struct imgcls_op bit_cast_op = OP_ENTRY(
    "BitCast", 26, CAST_TRAITS | IMGCLS_TRAIT_VIEW, bit_cast_infer, NULL, &bit_cast_kernel);
