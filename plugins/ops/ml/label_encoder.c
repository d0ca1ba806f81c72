/*
 * plugins/ops/ml/label_encoder.c - LabelEncoder: a table from keys to values
 *
 * Keys and values are attributes: a list of strings, of integers or of floats, or a tensor.
 * The keys are hashed when the plan is made. Where a key is there twice the last one counts, as
 * in the specification's reference; NaN finds NaN. Version 1 has one list of class names: texts
 * become their positions, positions their texts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "ml.h"
#include "plugins/ops/element.h"

#define TYPES (OP_FLOATS | OP_INTS | OP_BIT(IMGCLS_STRING))
#define NONE  SIZE_MAX

/* A list, from whichever attribute has it. */
struct list {
    int32_t type; /* IMGCLS_UNDEFINED: none */
    size_t count;
    const void *data;
};

struct encoder {
    struct list keys, values, fallback; /* fallback: one element, or none */
    bool positions;                     /* version 1: a key's value is its position */
    bool to_text;                       /* version 1: positions are the keys */
    size_t *slots, slot_mask;
};

static struct imgcls_tensor as_tensor(const struct list *list)
{
    return (struct imgcls_tensor){.struct_size = sizeof(struct imgcls_tensor),
                                  .type = list->type,
                                  .rank = 1,
                                  .dims = {(int64_t)list->count},
                                  .data = (void *)(uintptr_t)list->data};
}

/* stem_tensor, stem_strings, stem_int64s or stem_floats. */
static struct list find_list(const struct imgcls_host *host, const struct imgcls_node *node,
                             const char *stem)
{
    static const struct {
        const char *suffix;
        int32_t kind, type;
    } forms[] = {
        {"_tensor", IMGCLS_ATTR_TENSOR, IMGCLS_UNDEFINED},
        {"_strings", IMGCLS_ATTR_STRINGS, IMGCLS_STRING},
        {"_int64s", IMGCLS_ATTR_INTS, IMGCLS_I64},
        {"_floats", IMGCLS_ATTR_FLOATS, IMGCLS_F32},
    };
    struct list list = {0};
    size_t i;
    for (i = 0; i < sizeof forms / sizeof forms[0] && list.type == IMGCLS_UNDEFINED; i++) {
        char name[32];
        const struct imgcls_attr *attr;
        snprintf(name, sizeof name, "%s%s", stem, forms[i].suffix);
        attr = host->attr(host, node, name);
        if (!attr || attr->kind != forms[i].kind)
            continue;
        if (attr->kind == IMGCLS_ATTR_TENSOR) {
            const int64_t count = op_count(attr->tensors[0]);
            list.type = attr->tensors[0]->type;
            list.count = count > 0 ? (size_t)count : 0;
            list.data = attr->tensors[0]->data;
        } else {
            list.type = forms[i].type;
            list.count = attr->count;
            list.data = attr->kind == IMGCLS_ATTR_STRINGS ? (const void *)attr->strings
                        : attr->kind == IMGCLS_ATTR_INTS  ? (const void *)attr->ints
                                                          : (const void *)attr->floats;
        }
    }
    return list;
}

/* What stands for a key that is not in the table: the attribute of the values' type. */
static struct list find_fallback(const struct imgcls_host *host,
                                 const struct imgcls_node *node, int32_t type)
{
    static const struct imgcls_string unused = {"_Unused", 7};
    static const int64_t minus_one = -1;
    static const float minus_zero = -0.0f;
    const struct imgcls_attr *tensor = host->attr(host, node, "default_tensor");
    const struct imgcls_attr *attr;
    if (tensor && tensor->kind == IMGCLS_ATTR_TENSOR && tensor->tensors[0]->type == type &&
        op_count(tensor->tensors[0]) == 1)
        return (struct list){type, 1, tensor->tensors[0]->data};
    if (type == IMGCLS_STRING) {
        attr = host->attr(host, node, "default_string");
        return (struct list){IMGCLS_STRING, 1,
                             attr && attr->kind == IMGCLS_ATTR_STRING ? &attr->s : &unused};
    }
    if (op_type_in(type, OP_FLOATS)) {
        attr = host->attr(host, node, "default_float");
        return (struct list){IMGCLS_F32, 1,
                             attr && attr->kind == IMGCLS_ATTR_FLOAT ? &attr->f
                                                                     : &minus_zero};
    }
    attr = host->attr(host, node, "default_int64");
    return (struct list){IMGCLS_I64, 1,
                         attr && attr->kind == IMGCLS_ATTR_INT ? &attr->i : &minus_one};
}

/* CategoryMapper: two lists, read in the direction that the input's type says. */
static imgcls_status categories_read(const struct imgcls_host *host,
                                     const struct imgcls_node *node, struct encoder *encoder)
{
    const struct list texts = find_list(host, node, "cats");
    const struct imgcls_attr *ints = host->attr(host, node, "cats_int64s");
    struct list numbers = {0};
    if (ints && ints->kind == IMGCLS_ATTR_INTS)
        numbers = (struct list){IMGCLS_I64, ints->count, ints->ints};
    if (texts.type != IMGCLS_STRING || texts.count != numbers.count)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "cats_strings has %zu entries and cats_int64s %zu",
                       texts.type == IMGCLS_STRING ? texts.count : 0, numbers.count);
    const struct list *keys = node->inputs[0]->type == IMGCLS_STRING ? &texts : &numbers;
    encoder->keys = *keys;
    encoder->values = keys == &texts ? numbers : texts;
    encoder->fallback = find_fallback(host, node, encoder->values.type);
    return IMGCLS_OK;
}

static imgcls_status encoder_read(const struct imgcls_host *host,
                                  const struct imgcls_node *node, struct encoder *encoder)
{
    const struct imgcls_attr *classes = host->attr(host, node, "classes_strings");
    const int32_t type = node->inputs[0]->type;
    if (strcmp(node->type, "CategoryMapper") == 0)
        return categories_read(host, node, encoder);
    if (classes && classes->kind == IMGCLS_ATTR_STRINGS) {
        const struct list names = {IMGCLS_STRING, classes->count, classes->strings};
        encoder->to_text = type != IMGCLS_STRING;
        encoder->positions = !encoder->to_text;
        encoder->keys = encoder->values = names;
        encoder->fallback = find_fallback(
            host, node, encoder->to_text ? IMGCLS_STRING : IMGCLS_I64);
        return IMGCLS_OK;
    }
    encoder->keys = find_list(host, node, "keys");
    encoder->values = find_list(host, node, "values");
    if (!op_type_in(encoder->keys.type, TYPES) || !op_type_in(encoder->values.type, TYPES))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "keys and values must each be there, as strings or numbers");
    if (encoder->keys.count != encoder->values.count)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%zu keys for %zu values",
                       encoder->keys.count, encoder->values.count);
    if (type != IMGCLS_UNDEFINED &&
        (type == IMGCLS_STRING) != (encoder->keys.type == IMGCLS_STRING))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "the keys are %s, the input is not",
                       encoder->keys.type == IMGCLS_STRING ? "strings" : "numbers");
    encoder->fallback = find_fallback(host, node, encoder->values.type);
    return IMGCLS_OK;
}

static int32_t output_type(const struct encoder *encoder)
{
    return encoder->positions ? IMGCLS_I64 : encoder->values.type;
}

/* -- the table ----------------------------------------------------------------------*/

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static bool is_whole(int32_t type)
{
    return op_type_in(type, OP_INTS);
}

static uint64_t hash_at(const struct imgcls_tensor *tensor, int64_t i)
{
    if (tensor->type == IMGCLS_STRING) {
        const struct imgcls_string *text = (const struct imgcls_string *)tensor->data + i;
        uint64_t hash = text->length;
        size_t k;
        for (k = 0; k < text->length; k++)
            hash = mix(hash, (unsigned char)text->bytes[k]);
        return hash;
    }
    double value = element_real(tensor, i);
    uint64_t bits = UINT64_C(0x7ff8000000000000);
    value = value == 0 ? 0 : value; /* zeros of both signs are one key */
    if (!isnan(value))
        memcpy(&bits, &value, sizeof bits);
    return mix(0, bits);
}

static bool same(const struct imgcls_tensor *a, int64_t i, const struct imgcls_tensor *b,
                 int64_t k)
{
    if (a->type == IMGCLS_STRING) {
        const struct imgcls_string *x = (const struct imgcls_string *)a->data + i;
        const struct imgcls_string *y = (const struct imgcls_string *)b->data + k;
        return x->length == y->length &&
               (x->length == 0 || !memcmp(x->bytes, y->bytes, x->length));
    }
    if (is_whole(a->type) && is_whole(b->type))
        return element_whole(a, i) == element_whole(b, k);
    const double x = element_real(a, i), y = element_real(b, k);
    return x == y || (isnan(x) && isnan(y));
}

static void encoder_release(const struct imgcls_host *host, void *state)
{
    if (state)
        host->release(host, ((struct encoder *)state)->slots);
    host->release(host, state);
}

static imgcls_status encoder_prepare(const struct imgcls_host *host,
                                     struct imgcls_prepare *prepare)
{
    struct encoder *encoder = host->alloc(host, 1, sizeof *encoder);
    size_t room = 16, i;
    imgcls_status status;
    if (!encoder)
        return IMGCLS_NO_MEMORY;
    prepare->state = encoder;
    status = encoder_read(host, prepare->node, encoder);
    if (status != IMGCLS_OK || encoder->to_text)
        return status;
    while (room < encoder->keys.count * 2)
        room *= 2;
    encoder->slots = host->alloc(host, room, sizeof *encoder->slots);
    if (!encoder->slots)
        return IMGCLS_NO_MEMORY;
    encoder->slot_mask = room - 1;
    for (i = 0; i < room; i++)
        encoder->slots[i] = NONE;
    const struct imgcls_tensor keys = as_tensor(&encoder->keys);
    for (i = 0; i < encoder->keys.count; i++) {
        size_t slot = (size_t)hash_at(&keys, (int64_t)i) & encoder->slot_mask;
        while (encoder->slots[slot] != NONE &&
               !same(&keys, (int64_t)encoder->slots[slot], &keys, (int64_t)i))
            slot = (slot + 1) & encoder->slot_mask;
        encoder->slots[slot] = i;
    }
    return IMGCLS_OK;
}

/* Position of input element i among the keys, or NONE. */
static size_t look_up(const struct encoder *encoder, const struct imgcls_tensor *in, int64_t i)
{
    if (encoder->to_text) {
        const int64_t at = element_whole(in, i);
        return at >= 0 && (uint64_t)at < encoder->keys.count ? (size_t)at : NONE;
    }
    const struct imgcls_tensor keys = as_tensor(&encoder->keys);
    size_t slot = (size_t)hash_at(in, i) & encoder->slot_mask;
    while (encoder->slots[slot] != NONE) {
        if (same(&keys, (int64_t)encoder->slots[slot], in, i))
            return encoder->slots[slot];
        slot = (slot + 1) & encoder->slot_mask;
    }
    return NONE;
}

static imgcls_status write_value(const struct imgcls_host *host,
                                 const struct imgcls_run *run, int64_t i,
                                 const struct list *from, size_t at)
{
    struct imgcls_tensor *out = imgcls_output(run, 0);
    const struct imgcls_tensor values = as_tensor(from);
    if (out->type == IMGCLS_STRING) {
        const struct imgcls_string *text = (const struct imgcls_string *)from->data + at;
        return host->value_set_string(host, run->outputs[0], (size_t)i, text->bytes,
                                      text->length);
    }
    if (is_whole(out->type) && is_whole(from->type))
        element_set_whole(out, i, element_whole(&values, (int64_t)at));
    else
        element_set_real(out, i, element_real(&values, (int64_t)at));
    return IMGCLS_OK;
}

static imgcls_status encoder_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    struct encoder encoder = {0};
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    status = encoder_read(host, infer->node, &encoder);
    return status == IMGCLS_OK ? host->infer_output(host, infer, 0, output_type(&encoder),
                                                    in->rank, in->dims)
                               : status;
}

static imgcls_status encoder_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    const struct encoder *encoder = run->state;
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const int64_t count = op_count(in);
    int64_t i;
    imgcls_status status =
        op_set_output(host, run, 0, output_type(encoder), in->rank, in->dims);
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        const size_t at = look_up(encoder, in, i);
        if (at == NONE)
            status = write_value(host, run, i, &encoder->fallback, 0);
        else if (encoder->positions)
            ((int64_t *)imgcls_output(run, 0)->data)[i] = (int64_t)at;
        else
            status = write_value(host, run, i, &encoder->values, at);
    }
    return status;
}

static int32_t encoder_accepts(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, TYPES) && op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "label_encoder_portable",
    .accepts = encoder_accepts,
    .prepare = encoder_prepare,
    .run = encoder_portable,
    .release = encoder_release,
};
#define ENCODER(symbol, type_)                                                             \
    const struct imgcls_op symbol = {                                                      \
        .struct_size = sizeof(struct imgcls_op),                                           \
        .domain = "ai.onnx.ml",                                                            \
        .type = type_,                                                                     \
        .since_first = 1,                                                                  \
        .since_last = 5,                                                                   \
        .infer = encoder_infer,                                                            \
        .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},                   \
    }
ENCODER(label_encoder_op, "LabelEncoder");
ENCODER(category_mapper_op, "CategoryMapper");
