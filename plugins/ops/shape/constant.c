/*
 * plugins/ops/shape/constant.c - Constant, ConstantOfShape, EyeLike, Range
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "elements.h"
#include "shape.h"
#include "strided.h"

/* Constant: the one value attribute there is. */
static const struct imgcls_attr *constant_attr(const struct imgcls_host *host,
                                               const struct imgcls_node *node)
{
    static const char *const names[] = {"value",        "value_float", "value_floats",
                                        "value_int",    "value_ints",  "value_string",
                                        "value_strings"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (host->attr(host, node, names[i]))
            return host->attr(host, node, names[i]);
    return NULL;
}

static imgcls_status constant_shape(const struct imgcls_host *host,
                                    const struct imgcls_node *node,
                                    const struct imgcls_attr *attr, int32_t *type,
                                    int32_t *rank, int64_t *dims)
{
    *rank = 0;
    *type = IMGCLS_UNDEFINED;
    if (!attr)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                       "none of the known value attributes is "
                       "there");
    switch (attr->kind) {
    case IMGCLS_ATTR_TENSOR:
        *type = attr->tensors[0]->type;
        *rank = attr->tensors[0]->rank;
        memcpy(dims, attr->tensors[0]->dims, (size_t)*rank * sizeof *dims);
        return IMGCLS_OK;
    case IMGCLS_ATTR_FLOAT:
    case IMGCLS_ATTR_FLOATS:
        *type = IMGCLS_F32;
        break;
    case IMGCLS_ATTR_INT:
    case IMGCLS_ATTR_INTS:
        *type = IMGCLS_I64;
        break;
    case IMGCLS_ATTR_STRING:
    case IMGCLS_ATTR_STRINGS:
        *type = IMGCLS_STRING;
        break;
    default:
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "attribute '%s' is of kind %d",
                       attr->name, attr->kind);
    }
    if (attr->kind >= IMGCLS_ATTR_FLOATS) {
        *rank = 1;
        dims[0] = (int64_t)attr->count;
    }
    return IMGCLS_OK;
}

static imgcls_status constant_infer(const struct imgcls_host *host,
                                    struct imgcls_infer *infer)
{
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t type, rank;
    imgcls_status status = constant_shape(
        host, infer->node, constant_attr(host, infer->node), &type, &rank, dims);
    return status == IMGCLS_OK ? host->infer_output(host, infer, 0, type, rank, dims)
                               : status;
}

static imgcls_status constant_portable(const struct imgcls_host *host,
                                       const struct imgcls_run *run)
{
    const struct imgcls_attr *attr = constant_attr(host, run->node);
    const struct imgcls_string *texts = NULL;
    const void *bytes = NULL;
    int64_t dims[IMGCLS_MAX_RANK], count, i;
    int32_t type, rank;
    size_t size;
    imgcls_status status = constant_shape(host, run->node, attr, &type, &rank, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, type, rank, dims);
    count = imgcls_count(rank, dims);
    if (status == IMGCLS_OK)
        status = host->size_of(host, type, count, &size);
    if (status != IMGCLS_OK || count == 0)
        return status;
    switch (attr->kind) {
    case IMGCLS_ATTR_TENSOR:
        bytes = attr->tensors[0]->data;
        texts = bytes;
        break;
    case IMGCLS_ATTR_FLOAT:
        bytes = &attr->f;
        break;
    case IMGCLS_ATTR_FLOATS:
        bytes = attr->floats;
        break;
    case IMGCLS_ATTR_INT:
        bytes = &attr->i;
        break;
    case IMGCLS_ATTR_INTS:
        bytes = attr->ints;
        break;
    case IMGCLS_ATTR_STRING:
        texts = &attr->s;
        break;
    default:
        texts = attr->strings;
        break;
    }
    if (type != IMGCLS_STRING)
        memcpy(imgcls_output(run, 0)->data, bytes, size);
    for (i = 0; type == IMGCLS_STRING && status == IMGCLS_OK && i < count; i++)
        status = host->value_set_string(host, run->outputs[0], (size_t)i, texts[i].bytes,
                                        texts[i].length);
    return status;
}

static int32_t constant_accepts(const struct imgcls_host *host,
                                const struct imgcls_node *node)
{
    (void)host;
    return node->input_count == 0 && op_is_plain(node);
}

/* ConstantOfShape: the element to repeat, float32 0 where none is given. */
static const struct imgcls_tensor *fill_value(const struct imgcls_host *host,
                                              const struct imgcls_node *node)
{
    static const float zero = 0;
    static const struct imgcls_tensor fallback = {.struct_size = sizeof fallback,
                                                  .type = IMGCLS_F32,
                                                  .data = (void *)(uintptr_t)&zero,
                                                  .size_bytes = 4};
    const struct imgcls_attr *attr = host->attr(host, node, "value");
    return attr && attr->kind == IMGCLS_ATTR_TENSOR ? attr->tensors[0] : &fallback;
}

static imgcls_status fill_dims(const struct imgcls_host *host,
                               const struct imgcls_node *node, const struct op_list *shape)
{
    int64_t i;
    if (shape->count > IMGCLS_MAX_RANK)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                       "shape has %lld dimensions, at most %d are supported",
                       (long long)shape->count, IMGCLS_MAX_RANK);
    for (i = 0; i < shape->count; i++)
        if (shape->values[i] < 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "entry %lld of the shape is %lld",
                           (long long)i, (long long)shape->values[i]);
    return IMGCLS_OK;
}

static imgcls_status fill_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const int32_t type = fill_value(host, infer->node)->type;
    struct op_list shape;
    imgcls_status status;
    if (!op_in(infer->node, 0))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    status = op_list_infer(host, infer->node, 0, "shape", &shape);
    if (status != IMGCLS_OK)
        return status;
    if (!shape.known)
        return op_infer_open(host, infer, 0, type, shape.count);
    status = fill_dims(host, infer->node, &shape);
    return status == IMGCLS_OK
               ? op_infer_shape(host, infer, 0, type, (int32_t)shape.count, shape.values)
               : status;
}

static imgcls_status fill_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    const struct imgcls_tensor *value = fill_value(host, run->node);
    struct imgcls_tensor *out;
    struct op_list shape;
    const int bits = op_packed_bits(value->type);
    int64_t count, i;
    imgcls_status status =
        op_list_read(host, run->node, imgcls_input(run, 0), "shape", &shape);
    if (status == IMGCLS_OK)
        status = fill_dims(host, run->node, &shape);
    if (status == IMGCLS_OK && op_count(value) != 1)
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                         "value has %lld elements, not one", (long long)op_count(value));
    if (status == IMGCLS_OK)
        status =
            op_set_output(host, run, 0, value->type, (int32_t)shape.count, shape.values);
    if (status != IMGCLS_OK)
        return status;
    out = imgcls_output(run, 0);
    count = op_count(out);
    if (value->type == IMGCLS_STRING) {
        const struct imgcls_string *text = value->data;
        for (i = 0; status == IMGCLS_OK && i < count; i++)
            status = host->value_set_string(host, run->outputs[0], (size_t)i, text->bytes,
                                            text->length);
    } else if (bits) {
        if (count > 0)
            memset(out->data, 0, out->size_bytes);
        for (i = 0; i < count; i++)
            op_packed_set(out->data, bits, i, op_packed_at(value->data, bits, 0));
    } else {
        strided_fill(out->data, op_element_size(value->type), count, value->data);
    }
    return status;
}

static int32_t fill_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_INDEXES) && op_is_plain(node);
}

/* EyeLike: ones on a diagonal. */
static int32_t eye_type(const struct imgcls_host *host, const struct imgcls_node *node)
{
    const int64_t type = host->attr_int(host, node, "dtype", IMGCLS_UNDEFINED);
    return type > 0 && type < IMGCLS_TYPE_COUNT ? (int32_t)type : node->inputs[0]->type;
}

static imgcls_status eye_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->rank >= 0 && in->rank != 2)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "input has %d dimensions, not 2", in->rank);
    if (in->rank < 0)
        return op_infer_open(host, infer, 0, eye_type(host, infer->node), 2);
    return host->infer_output(host, infer, 0, eye_type(host, infer->node), 2, in->dims);
}

static imgcls_status eye_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    static const float one_f32 = 1;
    static const double one_f64 = 1;
    static const uint16_t one_f16 = 0x3c00, one_bf16 = 0x3f80;
    static const uint64_t one_int = 1; /* low bytes first: a 1 of every integer type */
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const int32_t type = run->node->outputs[0]->type;
    const int64_t offset = host->attr_int(host, run->node, "k", 0);
    const void *one = type == IMGCLS_F32    ? (const void *)&one_f32
                      : type == IMGCLS_F64  ? (const void *)&one_f64
                      : type == IMGCLS_F16  ? (const void *)&one_f16
                      : type == IMGCLS_BF16 ? (const void *)&one_bf16
                                            : (const void *)&one_int;
    const size_t size = op_element_size(type);
    int64_t row;
    char *to;
    imgcls_status status = op_set_output(host, run, 0, type, 2, in->dims);
    if (status != IMGCLS_OK || op_count(in) == 0)
        return status;
    to = imgcls_output(run, 0)->data;
    memset(to, 0, (size_t)op_count(in) * size);
    for (row = 0; row < in->dims[0]; row++) {
        int64_t column;
        if (!__builtin_add_overflow(row, offset, &column) && column >= 0 &&
            column < in->dims[1])
            memcpy(to + (size_t)(row * in->dims[1] + column) * size, one, size);
    }
    return IMGCLS_OK;
}

static int32_t eye_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_ANY) && op_is_plain(node) && op_has_output(node, 0) &&
           op_type_in(node->outputs[0]->type,
                      OP_NUMBERS | OP_BOOLS | OP_BIT(IMGCLS_F16) | OP_BIT(IMGCLS_BF16));
}

/* Range: element i is start + i * delta. */
#define RANGE_TYPES                                                                        \
    (OP_FLOATS | OP_BIT(IMGCLS_I16) | OP_BIT(IMGCLS_I32) | OP_BIT(IMGCLS_I64))

static imgcls_status range_count(const struct imgcls_host *host,
                                 const struct imgcls_node *node,
                                 const struct imgcls_tensor *const *in, int64_t *count)
{
    *count = 0;
    if (op_count(in[0]) != 1 || op_count(in[1]) != 1 || op_count(in[2]) != 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "start, limit and delta must be scalars");
    if (op_type_in(in[0]->type, OP_FLOATS)) {
        double v[3], steps;
        size_t i;
        for (i = 0; i < 3; i++)
            v[i] = in[i]->type == IMGCLS_F64 ? *(const double *)in[i]->data
                                             : (double)*(const float *)in[i]->data;
        steps = ceil((v[1] - v[0]) / v[2]);
        if (v[2] == 0 || isnan(steps) || steps >= 9e18)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "%g..%g in steps of %g does not end", v[0], v[1], v[2]);
        *count = steps > 0 ? (int64_t)steps : 0;
    } else {
        int64_t v[3];
        uint64_t span, step;
        size_t i;
        for (i = 0; i < 3; i++)
            v[i] = in[i]->type == IMGCLS_I16 ? *(const int16_t *)in[i]->data
                                             : op_int_at(in[i], 0);
        if (v[2] == 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "delta is 0");
        if (v[2] > 0 ? v[1] <= v[0] : v[1] >= v[0])
            return IMGCLS_OK;
        span = v[2] > 0 ? (uint64_t)v[1] - (uint64_t)v[0] : (uint64_t)v[0] - (uint64_t)v[1];
        step = v[2] > 0 ? (uint64_t)v[2] : 0 - (uint64_t)v[2];
        span = (span - 1) / step + 1;
        *count = span > INT64_MAX ? INT64_MAX : (int64_t)span;
    }
    return IMGCLS_OK;
}

static imgcls_status range_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_tensor *in[3];
    int64_t count;
    size_t i;
    int32_t type = IMGCLS_UNDEFINED;
    bool known = true;
    imgcls_status status;
    for (i = 0; i < 3; i++) {
        const struct imgcls_value_info *info = op_in(infer->node, i);
        if (!info)
            return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input %zu is missing", i);
        in[i] = info->constant;
        known = known && in[i] && op_type_in(in[i]->type, RANGE_TYPES) &&
                in[i]->type == infer->node->inputs[0]->type;
        type = type == IMGCLS_UNDEFINED ? info->type : type;
    }
    if (!known)
        return op_infer_open(host, infer, 0, type, 1);
    status = range_count(host, infer->node, in, &count);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, type, 1, &count) : status;
}

static imgcls_status range_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const struct imgcls_tensor *in[3] = {imgcls_input(run, 0), imgcls_input(run, 1),
                                         imgcls_input(run, 2)};
    int64_t count, i;
    void *out;
    imgcls_status status = range_count(host, run->node, in, &count);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in[0]->type, 1, &count);
    if (status != IMGCLS_OK)
        return status;
    out = imgcls_output(run, 0)->data;
/* Reals in double: one rounding each. Integers wrap like two's complement. */
#define RANGE(type, wide)                                                                  \
    for (i = 0; i < count; i++)                                                            \
        ((type *)out)[i] = (type)((wide) * (const type *)in[0]->data +                     \
                                  (wide)i * (wide) * (const type *)in[2]->data);           \
    break
    switch (in[0]->type) {
    case IMGCLS_F32:
        RANGE(float, double);
    case IMGCLS_F64:
        RANGE(double, double);
    case IMGCLS_I16:
        RANGE(int16_t, uint64_t);
    case IMGCLS_I32:
        RANGE(int32_t, uint64_t);
    default:
        RANGE(int64_t, uint64_t);
    }
    return IMGCLS_OK;
}

static int32_t range_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, RANGE_TYPES) &&
           op_takes(node, 1, OP_BIT(node->inputs[0]->type)) &&
           op_takes(node, 2, OP_BIT(node->inputs[0]->type)) && op_is_plain(node);
}

static const struct imgcls_kernel constant_kernel =
    OP_KERNEL("constant_portable", constant_accepts, constant_portable);
static const struct imgcls_kernel fill_kernel =
    OP_KERNEL("constant_of_shape_portable", fill_accepts, fill_portable);
static const struct imgcls_kernel eye_kernel =
    OP_KERNEL("eye_like_portable", eye_accepts, eye_portable);
static const struct imgcls_kernel range_kernel =
    OP_KERNEL("range_portable", range_accepts, range_portable);

const struct imgcls_op constant_op =
    OP_ENTRY("Constant", 1, 0, constant_infer, NULL, &constant_kernel);
const struct imgcls_op constant_of_shape_op =
    OP_ENTRY("ConstantOfShape", 9, 0, fill_infer, NULL, &fill_kernel);
const struct imgcls_op eye_like_op =
    OP_ENTRY("EyeLike", 9, IMGCLS_TRAIT_SHAPE_ONLY, eye_infer, NULL, &eye_kernel);
const struct imgcls_op range_op =
    OP_ENTRY("Range", 11, 0, range_infer, NULL, &range_kernel);
