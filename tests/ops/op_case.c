/*
 * tests/ops/op_case.c - see op_case.h
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/graph/graph.h"
#include "src/session/session.h"
#include "src/tensor/tensor.h"
#include "tests/ops/op_case.h"

#define NEWEST  28
#define TENSORS 16

static const struct {
    const char *name;
    int32_t type;
    int bits;
} types[] = {
    {"f32", IMGCLS_F32, 32},   {"f64", IMGCLS_F64, 64},      {"f16", IMGCLS_F16, 16},
    {"bf16", IMGCLS_BF16, 16}, {"i8", IMGCLS_I8, 8},         {"i16", IMGCLS_I16, 16},
    {"i32", IMGCLS_I32, 32},   {"i64", IMGCLS_I64, 64},      {"u8", IMGCLS_U8, 8},
    {"u16", IMGCLS_U16, 16},   {"u32", IMGCLS_U32, 32},      {"u64", IMGCLS_U64, 64},
    {"bool", IMGCLS_BOOL, 8},  {"str", IMGCLS_STRING, 0},    {"i4", IMGCLS_I4, 4},
    {"u4", IMGCLS_U4, 4},      {"e4m3", IMGCLS_F8E4M3FN, 8}, {"e5m2", IMGCLS_F8E5M2, 8},
    {"e2m3", IMGCLS_F6E2M3, 6}, {"e3m2", IMGCLS_F6E3M2, 6}};

/* A tensor as the text has it. */
struct parsed {
    bool omitted, has_elements;
    int32_t type, rank;
    int bits;
    int64_t dims[IMGCLS_MAX_RANK]; /* letters: -2 - (letter - 'A'); "?": -1 */
    struct imgcls_value *value;    /* where it has elements or no open dims */
};

static void skip_blanks(const char **at)
{
    while (**at == ' ' || **at == '\n')
        (*at)++;
}

static void set_number(const struct parsed *p, void *data, int64_t i, const char *text)
{
    const double real = strtod(text, NULL);
    const int64_t whole =
        text[0] == '-' ? strtoll(text, NULL, 0) : (int64_t)strtoull(text, NULL, 0);
    switch (p->type) {
    case IMGCLS_F32:
        ((float *)data)[i] = strtof(text, NULL);
        break;
    case IMGCLS_F64:
        ((double *)data)[i] = real;
        break;
    case IMGCLS_F16:
        ((uint16_t *)data)[i] = icl_f32_to_f16((float)real);
        break;
    case IMGCLS_BF16:
        ((uint16_t *)data)[i] = icl_f32_to_bf16((float)real);
        break;
    default:
        if (p->bits < 8)
            for (int b = 0; b < p->bits; b++)
                ((uint8_t *)data)[(i * p->bits + b) / 8] |=
                    (uint8_t)((whole >> b & 1) << (i * p->bits + b) % 8);
        else
            memcpy((char *)data + i * p->bits / 8, &whole, (size_t)p->bits / 8);
        break;
    }
}

static void parse_elements(struct imgcls_context *ctx, struct parsed *p, const char **at)
{
    const int64_t count = imgcls_count(p->rank, p->dims);
    assert_int_equal(icl_value_tensor(ctx, p->type, p->rank, p->dims, &p->value),
                     IMGCLS_OK);
    for (int64_t i = 0; i < count; i++) {
        char text[64];
        size_t length = 0;
        skip_blanks(at);
        if (p->type == IMGCLS_STRING) {
            const char *end = strchr(*at + 1, '\'');
            assert_true(**at == '\'' && end);
            assert_int_equal(icl_value_set_string(ctx, p->value, (size_t)i, *at + 1,
                                                  (size_t)(end - *at - 1)),
                             IMGCLS_OK);
            *at = end + 1;
            continue;
        }
        while (**at && !strchr(" ;}\n", **at) && length < sizeof text - 1)
            text[length++] = *(*at)++;
        text[length] = '\0';
        if (!length)
            fail_msg("row has %" PRId64 " elements where the shape wants %" PRId64, i,
                     count);
        set_number(p, p->value->tensor->data, i, text);
    }
}

static void parse_tensor(struct imgcls_context *ctx, const char **at, struct parsed *p)
{
    memset(p, 0, sizeof *p);
    skip_blanks(at);
    if (**at == '-') {
        p->omitted = true;
        (*at)++;
        return;
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const size_t length = strlen(types[i].name);
        if (strncmp(*at, types[i].name, length) == 0 && (*at)[length] == '[') {
            p->type = types[i].type;
            p->bits = types[i].bits;
            *at += length + 1;
            break;
        }
    }
    if (!p->type)
        fail_msg("cannot read a tensor from '%s'", *at);
    while (**at != ']') {
        char *end = NULL;
        if (**at == ',') {
            (*at)++;
        } else if (**at == '?') {
            p->dims[p->rank++] = -1;
            (*at)++;
        } else if (isupper((unsigned char)**at)) {
            p->dims[p->rank++] = -2 - (**at - 'A');
            (*at)++;
        } else {
            p->dims[p->rank++] = strtoll(*at, &end, 10);
            assert_ptr_not_equal(end, *at);
            *at = end;
        }
    }
    (*at)++;
    skip_blanks(at);
    p->has_elements = (**at != ';' && **at != '\0') || imgcls_count(p->rank, p->dims) == 0;
    if (p->has_elements)
        parse_elements(ctx, p, at);
}

static size_t parse_list(struct imgcls_context *ctx, const char *text, struct parsed *out)
{
    size_t count = 0;
    skip_blanks(&text);
    while (*text) {
        assert_in_range(count, 0, TENSORS - 1);
        parse_tensor(ctx, &text, &out[count++]);
        skip_blanks(&text);
        if (*text == ';')
            text++;
        else if (*text)
            fail_msg("row goes on after its elements: '%s'", text);
        skip_blanks(&text);
    }
    return count;
}

static void release_list(struct imgcls_context *ctx, struct parsed *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        icl_value_release(ctx, list[i].value);
}

/* ---- Attributes
 * ---------------------------------------------------------------------------*/

static void set_list(struct icl_node *node, const char *name, char *text)
{
    int64_t ints[64];
    float floats[64];
    const bool real = strchr(text, '.') != NULL;
    struct imgcls_attr attr = {.struct_size = sizeof attr,
                               .name = name,
                               .kind = real ? IMGCLS_ATTR_FLOATS : IMGCLS_ATTR_INTS,
                               .ints = real ? NULL : ints,
                               .floats = real ? floats : NULL};
    for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
        assert_in_range(attr.count, 0, 63);
        ints[attr.count] = strtoll(word, NULL, 10);
        floats[attr.count++] = strtof(word, NULL);
    }
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
}

/* "[Relu,Tanh]": a list of strings. */
static void set_strings(struct icl_node *node, const char *name, char *text)
{
    struct imgcls_string strings[16];
    struct imgcls_attr attr = {.struct_size = sizeof attr,
                               .name = name,
                               .kind = IMGCLS_ATTR_STRINGS,
                               .strings = strings};
    for (char *word = strtok(text, "[,]"); word; word = strtok(NULL, "[,]")) {
        assert_in_range(attr.count, 0, 15);
        strings[attr.count++] = (struct imgcls_string){word, strlen(word)};
    }
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
}

static void set_attr(struct imgcls_context *ctx, struct icl_node *node, const char *name,
                     char *text)
{
    struct imgcls_attr attr = {.struct_size = sizeof attr, .name = name};
    const size_t length = strlen(text);
    struct parsed p = {.value = NULL};
    const struct imgcls_tensor *tensor;
    char *end;
    attr.i = strtoll(text, &end, 10);
    attr.kind = IMGCLS_ATTR_INT;
    if (text[0] == '[') {
        set_strings(node, name, text);
        return;
    }
    if (text[0] == '{') {
        const char *at = text + 1;
        parse_tensor(ctx, &at, &p);
        tensor = p.value->tensor;
        attr.kind = IMGCLS_ATTR_TENSOR;
        attr.count = 1;
        attr.tensors = &tensor;
    } else if (length && strspn(text, "-0123456789.,") == length && strchr(text, ',')) {
        set_list(node, name, text);
        return;
    } else if (*end != '\0' || end == text) {
        attr.f = strtof(text, &end);
        attr.kind = *end == '\0' && end != text ? IMGCLS_ATTR_FLOAT : IMGCLS_ATTR_STRING;
        attr.s = (struct imgcls_string){text, length};
    }
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
    icl_value_release(ctx, p.value);
}

static void set_attrs(struct imgcls_context *ctx, struct icl_node *node, const char *text)
{
    while (text && *text) {
        char name[64], value[256];
        size_t length = strcspn(text, "=");
        const char *end;
        assert_in_range(length, 1, sizeof name - 1);
        memcpy(name, text, length);
        name[length] = '\0';
        text += length + 1;
        end = *text == '{' ? strchr(text, '}') + 1 : text + strcspn(text, " ");
        length = (size_t)(end - text);
        assert_in_range(length, 0, sizeof value - 1);
        memcpy(value, text, length);
        value[length] = '\0';
        set_attr(ctx, node, name, value);
        text = end;
        skip_blanks(&text);
    }
}

/* ---- Graphs
 * -------------------------------------------------------------------------------*/

static struct imgcls_graph *build(struct imgcls_context *ctx, const char *type,
                                  const char *attrs, int64_t version,
                                  const struct parsed *in, size_t in_count,
                                  size_t out_count, bool constant)
{
    static const char *const symbols[] = {"A", "B", "C", "D", "E", "F", "G", "H", "I",
                                          "J", "K", "L", "M", "N", "O", "P", "Q", "R",
                                          "S", "T", "U", "V", "W", "X", "Y", "Z"};
    char in_names[TENSORS][24], out_names[TENSORS][24];
    const char *ins[TENSORS], *outs[TENSORS], *colon = strchr(type, ':');
    char domain[64] = "";
    struct imgcls_graph *graph;
    struct icl_node *node;
    assert_int_equal(icl_graph_create(ctx, NULL, &graph), IMGCLS_OK);
    assert_int_equal(icl_graph_set_opset(graph, "", version ? version : NEWEST), IMGCLS_OK);
    for (size_t i = 0; i < in_count; i++) {
        const char *dim_names[IMGCLS_MAX_RANK];
        snprintf(in_names[i], sizeof in_names[i], "in%zu", i);
        ins[i] = in[i].omitted ? "" : in_names[i];
        for (int32_t d = 0; d < in[i].rank; d++)
            dim_names[d] = in[i].dims[d] < -1 ? symbols[-2 - in[i].dims[d]] : NULL;
        if (in[i].omitted)
            continue;
        if (constant && in[i].has_elements)
            assert_int_equal(
                icl_graph_add_initializer(graph, ins[i], in[i].value->tensor, NULL),
                IMGCLS_OK);
        else
            assert_int_equal(icl_graph_add_input(graph, ins[i], IMGCLS_KIND_TENSOR,
                                                 in[i].type, in[i].rank, in[i].dims,
                                                 dim_names),
                             IMGCLS_OK);
    }
    for (size_t i = 0; i < out_count; i++) {
        snprintf(out_names[i], sizeof out_names[i], "out%zu", i);
        outs[i] = out_names[i];
    }
    if (colon) {
        snprintf(domain, sizeof domain, "%.*s", (int)(colon - type), type);
        assert_int_equal(icl_graph_set_opset(graph, domain, version ? version : 1), IMGCLS_OK);
    }
    assert_int_equal(icl_graph_add_node(graph, domain, colon ? colon + 1 : type, "case",
                                        in_count, ins, out_count, outs, &node),
                     IMGCLS_OK);
    set_attrs(ctx, node, attrs);
    for (size_t i = 0; i < out_count; i++)
        assert_int_equal(icl_graph_add_output(graph, outs[i], IMGCLS_KIND_TENSOR,
                                              IMGCLS_UNDEFINED, -1, NULL, NULL),
                         IMGCLS_OK);
    return graph;
}

struct imgcls_context *op_context(int32_t threads)
{
    const struct imgcls_context_options options = {.struct_size = sizeof options,
                                                   .threads = threads};
    struct imgcls_context *ctx;
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    return ctx;
}

/* ---- Comparing
 * ----------------------------------------------------------------------------*/

static bool is_close(int32_t type, double got, double want, double tolerance)
{
    const double unit = type == IMGCLS_F64   ? 4.5e-16
                        : type == IMGCLS_F32 ? 2.4e-7
                                             : 0; /* narrower ones: exactly */
    if (isnan(got) || isnan(want))
        return isnan(got) && isnan(want);
    if (got == want)
        return true;
    return fabs(got - want) <=
           (tolerance > 0 ? tolerance * (1 + fabs(want)) : unit * fabs(want));
}

static bool same_element(const struct imgcls_tensor *got, const struct imgcls_tensor *want,
                         int bits, int64_t i, double tolerance)
{
    if (want->type == IMGCLS_STRING) {
        const struct imgcls_string *a = (const struct imgcls_string *)got->data + i;
        const struct imgcls_string *b = (const struct imgcls_string *)want->data + i;
        return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
    }
    if (icl_type_is_float(want->type) && bits >= 16)
        return is_close(want->type, icl_tensor_get(got, i), icl_tensor_get(want, i),
                        tolerance);
    for (int64_t b = i * bits; bits < 8 && b < (i + 1) * bits; b++)
        if ((((const uint8_t *)got->data)[b / 8] ^ ((const uint8_t *)want->data)[b / 8]) >>
                (b % 8) &
            1)
            return false;
    if (bits < 8)
        return true;
    return memcmp((const char *)got->data + i * bits / 8,
                  (const char *)want->data + i * bits / 8, (size_t)bits / 8) == 0;
}

static void show(const struct op_case *row, const char *how)
{
    print_message("%s-%" PRId64 " %s\n  in  %s\n  out %s\n  %s\n", row->type, row->version,
                  row->attrs ? row->attrs : "", row->inputs,
                  row->outputs ? row->outputs : "-", how);
}

static void compare(const struct op_case *row, const char *how, size_t index,
                    const struct imgcls_tensor *got, const struct parsed *want)
{
    char found[160];
    if (!got) {
        show(row, how);
        fail_msg("output %zu is missing", index);
    }
    icl_shape_text(NULL, got->rank, got->dims, found, sizeof found);
    if (got->type != want->type || got->rank != want->rank ||
        memcmp(got->dims, want->dims, (size_t)got->rank * sizeof got->dims[0]) != 0) {
        show(row, how);
        fail_msg("output %zu is %s%s", index, icl_type_name(got->type), found);
    }
    for (int64_t i = 0; i < imgcls_count(got->rank, got->dims); i++) {
        if (same_element(got, want->value->tensor, want->bits, i, row->tolerance))
            continue;
        show(row, how);
        if (want->type == IMGCLS_STRING)
            fail_msg("output %zu, element %" PRId64 ": '%.*s'", index, i,
                     (int)((const struct imgcls_string *)got->data)[i].length,
                     ((const struct imgcls_string *)got->data)[i].bytes);
        fail_msg("output %zu, element %" PRId64 ": %.9g instead of %.9g", index, i,
                 icl_tensor_get(got, i), icl_tensor_get(want->value->tensor, i));
    }
}

/* ---- Rows
 * ---------------------------------------------------------------------------------*/

static void check_run(struct imgcls_context *ctx, const struct op_case *row,
                      const struct parsed *in, size_t in_count, const struct parsed *want,
                      size_t out_count, bool constant)
{
    static const struct icl_plan_options options = {.threads = 1};
    const char *how = constant ? "with constant inputs" : "with inputs at run time";
    struct imgcls_graph *graph = build(ctx, row->type, row->attrs, row->version, in,
                                       in_count, out_count ? out_count : 1, constant);
    const struct imgcls_value *inputs[TENSORS], *outputs[TENSORS] = {NULL};
    struct icl_session *session;
    size_t given = 0;
    imgcls_status status = icl_session_create(ctx, graph, &options, &session);
    for (size_t i = 0; i < in_count && !constant; i++)
        if (!in[i].omitted)
            inputs[given++] = in[i].value;
    if (status == IMGCLS_OK)
        status = icl_session_run(session, inputs, outputs);
    if (row->outputs && status != IMGCLS_OK) {
        show(row, how);
        fail_msg("%s", imgcls_error(ctx));
    }
    if (!row->outputs && (status == IMGCLS_OK || !strstr(imgcls_error(ctx), row->fails))) {
        show(row, how);
        fail_msg("status %d, '%s' instead of '%s'", status, imgcls_error(ctx), row->fails);
    }
    for (size_t i = 0; i < out_count; i++)
        if (!want[i].omitted)
            compare(row, how, i, outputs[i] ? outputs[i]->tensor : NULL, &want[i]);
    icl_forgive(ctx);
    icl_session_destroy(session);
    icl_graph_destroy(graph);
}

void op_case_check(struct imgcls_context *ctx, const struct op_case *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct parsed in[TENSORS], want[TENSORS];
        const size_t in_count = parse_list(ctx, rows[i].inputs, in);
        const size_t out_count =
            rows[i].outputs ? parse_list(ctx, rows[i].outputs, want) : 0;
        check_run(ctx, &rows[i], in, in_count, want, out_count, false);
        check_run(ctx, &rows[i], in, in_count, want, out_count, true);
        release_list(ctx, in, in_count);
        release_list(ctx, want, out_count);
    }
}

/* A symbol must come out as the symbol that the graph made of the letter. */
static bool same_dim(const struct imgcls_graph *graph, int64_t got, int64_t want)
{
    const size_t number = (size_t)(-2 - got);
    if (want >= -1 || got >= -1)
        return got == want;
    return number < graph->symbol_count && graph->symbols[number] &&
           graph->symbols[number][0] == (char)('A' + (-2 - want));
}

static void check_shapes(const struct op_shape *row, const struct imgcls_graph *graph,
                         const struct parsed *want, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct imgcls_value_info *info = &graph->outputs[i]->info;
        bool same = info->type == want[i].type && info->rank == want[i].rank;
        char text[160];
        for (int32_t d = 0; same && d < info->rank; d++)
            same = same_dim(graph, info->dims[d], want[i].dims[d]);
        if (same)
            continue;
        icl_shape_text(graph, info->rank, info->dims, text, sizeof text);
        fail_msg("%s %s: %s: output %zu is %s of rank %d %s instead of %s", row->type,
                 row->attrs ? row->attrs : "", row->inputs, i, icl_type_name(info->type),
                 info->rank, info->rank >= 0 ? text : "", row->outputs);
    }
}

void op_shape_check(struct imgcls_context *ctx, const struct op_shape *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct parsed in[TENSORS], want[TENSORS];
        const size_t in_count = parse_list(ctx, rows[i].inputs, in);
        const size_t out_count =
            rows[i].outputs ? parse_list(ctx, rows[i].outputs, want) : 1;
        struct imgcls_graph *graph =
            build(ctx, rows[i].type, rows[i].attrs, 0, in, in_count, out_count, true);
        const imgcls_status status = icl_graph_infer(graph);
        if (rows[i].outputs && status != IMGCLS_OK)
            fail_msg("%s: %s", rows[i].inputs, imgcls_error(ctx));
        if (!rows[i].outputs &&
            (status == IMGCLS_OK || !strstr(imgcls_error(ctx), rows[i].fails)))
            fail_msg("%s: %s: status %d, '%s' instead of '%s'", rows[i].type,
                     rows[i].inputs, status, imgcls_error(ctx), rows[i].fails);
        if (rows[i].outputs) {
            check_shapes(&rows[i], graph, want, out_count);
            release_list(ctx, want, out_count);
        }
        icl_forgive(ctx);
        icl_graph_destroy(graph);
        release_list(ctx, in, in_count);
    }
}

/* ---- Threads
 * ------------------------------------------------------------------------------*/

static void draw(struct imgcls_tensor *tensor)
{
    const int64_t count = imgcls_count(tensor->rank, tensor->dims);
    uint64_t state = 88172645463325252u;
    for (int64_t i = 0; i < count; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        const double real = (double)(state >> 11) * 0x1p-52 - 1; /* -1..1 */
        if (tensor->type == IMGCLS_F32)
            ((float *)tensor->data)[i] = (float)real;
        else if (tensor->type == IMGCLS_F64)
            ((double *)tensor->data)[i] = real;
        else
            memcpy((char *)tensor->data + i * (int64_t)(tensor->size_bytes / (size_t)count),
                   &state, tensor->size_bytes / (size_t)count);
    }
}

void op_threads_check(const char *type, const char *attrs, const char *text)
{
    void *first = NULL;
    for (int32_t threads = 1; threads <= 3; threads += 2) {
        struct imgcls_context *ctx = op_context(threads);
        const struct icl_plan_options options = {.threads = threads};
        const struct imgcls_value *inputs[TENSORS], *output;
        struct parsed in[TENSORS];
        struct icl_session *session;
        const size_t count = parse_list(ctx, text, in);
        for (size_t i = 0; i < count; i++) {
            if (!in[i].value) {
                assert_int_equal(
                    icl_value_tensor(ctx, in[i].type, in[i].rank, in[i].dims, &in[i].value),
                    IMGCLS_OK);
                draw(in[i].value->tensor);
            }
            inputs[i] = in[i].value;
        }
        struct imgcls_graph *graph = build(ctx, type, attrs, 0, in, count, 1, false);
        assert_int_equal(icl_session_create(ctx, graph, &options, &session), IMGCLS_OK);
        if (icl_session_run(session, inputs, &output) != IMGCLS_OK)
            fail_msg("%s: %s", type, imgcls_error(ctx));
        const size_t size = output->tensor->size_bytes;
        if (!first) {
            first = malloc(size);
            assert_non_null(first);
            memcpy(first, output->tensor->data, size);
        } else if (memcmp(first, output->tensor->data, size) != 0) {
            fail_msg("%s on %s: %d threads give other bits than one", type, text, threads);
        }
        icl_session_destroy(session);
        icl_graph_destroy(graph);
        release_list(ctx, in, count);
        imgcls_context_destroy(ctx);
    }
    free(first);
}
