/*
 * plugins/ops/op.h - what the operator plugins share: descriptors, messages, axes, integers
 *
 * All static inline, since a plugin links nothing but itself. Shapes come in two kinds:
 * those of value infos (dims may be negative) and those of tensors (dims are counts);
 * functions here take rank and dims and serve both.
 *
 * Invariant: nothing here allocates.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_OP_H
#define OPS_OP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <imgcls/plugin.h>

#define OP_NEWEST 28 /* last operator set of ai.onnx whose meaning is implemented */

/* Sets of element types. */
#define OP_BIT(type) (UINT64_C(1) << (type))
#define OP_FLOATS    (OP_BIT(IMGCLS_F32) | OP_BIT(IMGCLS_F64))
#define OP_SIGNED                                                                          \
    (OP_BIT(IMGCLS_I8) | OP_BIT(IMGCLS_I16) | OP_BIT(IMGCLS_I32) | OP_BIT(IMGCLS_I64))
#define OP_UNSIGNED                                                                        \
    (OP_BIT(IMGCLS_U8) | OP_BIT(IMGCLS_U16) | OP_BIT(IMGCLS_U32) | OP_BIT(IMGCLS_U64))
#define OP_INTS    (OP_SIGNED | OP_UNSIGNED)
#define OP_NUMBERS (OP_FLOATS | OP_INTS)
#define OP_BOOLS   OP_BIT(IMGCLS_BOOL)
#define OP_INDEXES (OP_BIT(IMGCLS_I32) | OP_BIT(IMGCLS_I64))
#define OP_ANY     ((OP_BIT(IMGCLS_TYPE_COUNT) - 1) & ~OP_BIT(IMGCLS_UNDEFINED))

/* Descriptors: fields in the order in which one reads them. */
#define OP_KERNEL(name_, accepts_, run_)                                                   \
    {                                                                                      \
        .struct_size = sizeof(struct imgcls_kernel), .name = name_, .accepts = accepts_,   \
        .run = run_,                                                                       \
    }
#define OP_ENTRY(type_, since_, traits_, infer_, upgrade_, ...)                            \
    {                                                                                      \
        .struct_size = sizeof(struct imgcls_op), .domain = "", .type = type_,              \
        .since_first = since_, .since_last = OP_NEWEST, .traits = traits_,                 \
        .infer = infer_, .upgrade = upgrade_,                                              \
        .kernels = (const struct imgcls_kernel *const[]){__VA_ARGS__, NULL},               \
    }

/* A node without a name is told by what it gives. */
static inline const char *op_name(const struct imgcls_node *node)
{
    if (node->name[0] || node->output_count == 0 || !node->outputs[0])
        return node->name;
    return node->outputs[0]->name;
}
#define OP_FAIL(host, node, status, text, ...)                                             \
    ((host)->fail((host), (status), "node '%s' (%s): " text, op_name(node), (node)->type,  \
                  ##__VA_ARGS__))

static inline const struct imgcls_value_info *op_in(const struct imgcls_node *node,
                                                    size_t i)
{
    return i < node->input_count ? node->inputs[i] : NULL;
}
static inline bool op_has_output(const struct imgcls_node *node, size_t i)
{
    return i < node->output_count && node->outputs[i];
}
static inline bool op_type_in(int32_t type, uint64_t types)
{
    return type > 0 && type < IMGCLS_TYPE_COUNT && (types >> type & 1);
}
/* Input i is there and of one of the types. */
static inline bool op_takes(const struct imgcls_node *node, size_t i, uint64_t types)
{
    return op_in(node, i) && op_type_in(node->inputs[i]->type, types);
}
/* All values are row-major. */
static inline bool op_is_plain(const struct imgcls_node *node)
{
    size_t i;
    for (i = 0; i < node->input_count; i++)
        if (node->inputs[i] && node->inputs[i]->layout != IMGCLS_LAYOUT_PLAIN)
            return false;
    for (i = 0; i < node->output_count; i++)
        if (node->outputs[i] && node->outputs[i]->layout != IMGCLS_LAYOUT_PLAIN)
            return false;
    return true;
}

/* Bytes of one element; 0 for the types that are packed below a byte. */
static inline size_t op_element_size(int32_t type)
{
    static const unsigned char sizes[IMGCLS_TYPE_COUNT] = {
        [IMGCLS_F32] = 4,      [IMGCLS_U8] = 1,
        [IMGCLS_I8] = 1,       [IMGCLS_U16] = 2,
        [IMGCLS_I16] = 2,      [IMGCLS_I32] = 4,
        [IMGCLS_I64] = 8,      [IMGCLS_STRING] = sizeof(struct imgcls_string),
        [IMGCLS_BOOL] = 1,     [IMGCLS_F16] = 2,
        [IMGCLS_F64] = 8,      [IMGCLS_U32] = 4,
        [IMGCLS_U64] = 8,      [IMGCLS_C64] = 8,
        [IMGCLS_C128] = 16,    [IMGCLS_BF16] = 2,
        [IMGCLS_F8E4M3FN] = 1, [IMGCLS_F8E4M3FNUZ] = 1,
        [IMGCLS_F8E5M2] = 1,   [IMGCLS_F8E5M2FNUZ] = 1,
        [IMGCLS_F8E8M0] = 1,
    };
    return type > 0 && type < IMGCLS_TYPE_COUNT ? sizes[type] : 0;
}
/* Bits of one element of a type packed below a byte; 0 for others. */
static inline int op_packed_bits(int32_t type)
{
    switch (type) {
    case IMGCLS_F6E2M3:
    case IMGCLS_F6E3M2:
        return 6;
    case IMGCLS_U4:
    case IMGCLS_I4:
    case IMGCLS_F4E2M1:
        return 4;
    case IMGCLS_U2:
    case IMGCLS_I2:
        return 2;
    default:
        return 0;
    }
}

/* Bits of element i of such a type; of 6 bits they may lie in two bytes. */
static inline uint32_t op_packed_at(const void *data, int bits, int64_t i)
{
    const uint8_t *byte = (const uint8_t *)data + i * bits / 8;
    const int shift = (int)(i * bits % 8);
    const uint32_t both = shift + bits > 8 ? byte[0] | (uint32_t)byte[1] << 8 : byte[0];
    return both >> shift & ((1u << bits) - 1);
}
static inline void op_packed_set(void *data, int bits, int64_t i, uint32_t value)
{
    uint8_t *byte = (uint8_t *)data + i * bits / 8;
    const int shift = (int)(i * bits % 8);
    const uint32_t mask = ((1u << bits) - 1) << shift;
    value = value << shift & mask;
    byte[0] = (uint8_t)((byte[0] & ~mask) | value);
    if (shift + bits > 8)
        byte[1] = (uint8_t)((byte[1] & ~(mask >> 8)) | value >> 8);
}

/* "[1,3,?,224]" for messages; symbols read as "?". */
static inline const char *op_shape_text(int32_t rank, const int64_t *dims, char *text,
                                        size_t capacity)
{
    size_t used = 1;
    int32_t i;
    snprintf(text, capacity, "[");
    for (i = 0; i < rank && used < capacity; i++) {
        if (dims[i] < 0)
            used += (size_t)snprintf(text + used, capacity - used, "%s?", i ? "," : "");
        else
            used += (size_t)snprintf(text + used, capacity - used, "%s%lld", i ? "," : "",
                                     (long long)dims[i]);
    }
    if (used < capacity)
        snprintf(text + used, capacity - used, "]");
    return text;
}
#define OP_SHAPE_TEXT 160 /* room for most shapes; longer ones are cut */

/* An axis counted from the end where negative, checked. limit is the rank (or rank + 1
 * where the axis may stand behind the last). */
static inline imgcls_status op_axis(const struct imgcls_host *host,
                                    const struct imgcls_node *node, int64_t axis,
                                    int32_t limit, int32_t *out)
{
    *out = 0;
    if (axis < -(int64_t)limit || axis >= limit)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "axis %lld is outside %d..%d",
                       (long long)axis, -limit, limit - 1);
    *out = (int32_t)(axis < 0 ? axis + limit : axis);
    return IMGCLS_OK;
}

/* An axis at which a shape is cut in two (Flatten, old Softmax): 0..rank, where rank cuts
 * behind the last dimension; a negative one counts from the rank, not from rank + 1. */
static inline imgcls_status op_cut(const struct imgcls_host *host,
                                   const struct imgcls_node *node, int64_t axis,
                                   int32_t rank, int32_t *out)
{
    *out = rank;
    return axis == rank ? IMGCLS_OK : op_axis(host, node, axis, rank, out);
}

/* Marks the axes of a list in flags[rank]; a repeated axis is an error. */
static inline imgcls_status op_axes(const struct imgcls_host *host,
                                    const struct imgcls_node *node, size_t count,
                                    const int64_t *axes, int32_t rank, bool *flags)
{
    size_t i;
    memset(flags, 0, IMGCLS_MAX_RANK * sizeof *flags);
    for (i = 0; i < count; i++) {
        int32_t axis;
        imgcls_status status = op_axis(host, node, axes[i], rank, &axis);
        if (status != IMGCLS_OK)
            return status;
        if (flags[axis])
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "axis %d is named twice", axis);
        flags[axis] = true;
    }
    return IMGCLS_OK;
}

/* Element of an int32 or int64 tensor (other types read as 0; accepts excludes them). */
static inline int64_t op_int_at(const struct imgcls_tensor *tensor, int64_t i)
{
    if (tensor->type == IMGCLS_I64)
        return ((const int64_t *)tensor->data)[i];
    if (tensor->type == IMGCLS_I32)
        return ((const int32_t *)tensor->data)[i];
    return 0;
}
static inline int64_t op_count(const struct imgcls_tensor *tensor)
{
    return imgcls_count(tensor->rank, tensor->dims);
}

/* A short list of integers that an input holds: sizes, axes, pads. */
#define OP_LIST_MAX (2 * IMGCLS_MAX_RANK)
struct op_list {
    bool known;    /* false: the input's elements are not known yet */
    bool present;  /* false: the input is omitted */
    int64_t count; /* -1 where not known */
    int64_t values[OP_LIST_MAX];
};

/* From a tensor (NULL: omitted). what names the input in messages. */
static inline imgcls_status op_list_read(const struct imgcls_host *host,
                                         const struct imgcls_node *node,
                                         const struct imgcls_tensor *tensor,
                                         const char *what, struct op_list *out)
{
    int64_t i;
    memset(out, 0, sizeof *out);
    out->known = true;
    if (!tensor)
        return IMGCLS_OK;
    out->present = true;
    if (tensor->type != IMGCLS_I64 && tensor->type != IMGCLS_I32)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s must be int32 or int64", what);
    out->count = op_count(tensor);
    if (tensor->rank > 1 || out->count > OP_LIST_MAX)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "%s must be a list of at most %d numbers, not %lld in %d dimensions",
                       what, OP_LIST_MAX, (long long)out->count, tensor->rank);
    for (i = 0; i < out->count; i++)
        out->values[i] = op_int_at(tensor, i);
    return IMGCLS_OK;
}

/* The same during inference: known only where input i is constant. */
static inline imgcls_status op_list_infer(const struct imgcls_host *host,
                                          const struct imgcls_node *node, size_t i,
                                          const char *what, struct op_list *out)
{
    const struct imgcls_value_info *info = op_in(node, i);
    if (!info || info->constant)
        return op_list_read(host, node, info ? info->constant : NULL, what, out);
    memset(out, 0, sizeof *out);
    out->present = true;
    out->count = info->rank == 1 && info->dims[0] >= 0 ? info->dims[0]
                 : info->rank == 0                     ? 1
                                                       : -1;
    if (out->count > OP_LIST_MAX)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "%s has %lld numbers, at most %d are possible", what,
                       (long long)out->count, OP_LIST_MAX);
    return IMGCLS_OK;
}

/* Output with a rank that is known and dims that are not; rank -1 where that is not either.
 */
static inline imgcls_status op_infer_open(const struct imgcls_host *host,
                                          struct imgcls_infer *infer, size_t index,
                                          int32_t type, int64_t rank)
{
    int64_t dims[IMGCLS_MAX_RANK];
    size_t i;
    if (rank > IMGCLS_MAX_RANK)
        return OP_FAIL(host, infer->node, IMGCLS_UNSUPPORTED,
                       "output has %lld dimensions, at most %d are supported",
                       (long long)rank, IMGCLS_MAX_RANK);
    for (i = 0; i < IMGCLS_MAX_RANK; i++)
        dims[i] = -1;
    return host->infer_output(host, infer, index, type, rank < 0 ? -1 : (int32_t)rank,
                              dims);
}

/* A shape that a node computes must be countable before anybody multiplies. */
static inline imgcls_status op_countable(const struct imgcls_host *host,
                                         const struct imgcls_node *node, int32_t rank,
                                         const int64_t *dims)
{
    char text[OP_SHAPE_TEXT];
    if (imgcls_count(rank, dims) >= 0)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_LIMIT,
                   "output shape %s has more elements than can be counted",
                   op_shape_text(rank, dims, text, sizeof text));
}

/* Output of such a shape, some dims of which may not be known yet. */
static inline imgcls_status op_infer_shape(const struct imgcls_host *host,
                                           struct imgcls_infer *infer, size_t index,
                                           int32_t type, int32_t rank, const int64_t *dims)
{
    int32_t i;
    bool known = true;
    imgcls_status status = IMGCLS_OK;
    for (i = 0; i < rank; i++)
        known = known && dims[i] >= 0;
    if (known)
        status = op_countable(host, infer->node, rank, dims);
    return status == IMGCLS_OK ? host->infer_output(host, infer, index, type, rank, dims)
                               : status;
}

/* What is known of one dimension from two sources; false where they contradict. */
static inline bool op_merge_dim(int64_t a, int64_t b, int64_t *out)
{
    if (a >= 0 && b >= 0 && a != b)
        return false;
    if (a >= 0 || b >= 0)
        *out = a >= 0 ? a : b;
    else
        *out = a == -1 ? b : a;
    return true;
}

/* Makes sure that output `index` is allocated with this shape: gives it where inference had
 * left it open, compares where not. A no-op for omitted outputs. */
static inline imgcls_status op_set_output(const struct imgcls_host *host,
                                          const struct imgcls_run *run, size_t index,
                                          int32_t type, int32_t rank, const int64_t *dims)
{
    const struct imgcls_tensor *out = imgcls_output(run, index);
    char found[OP_SHAPE_TEXT], planned[OP_SHAPE_TEXT];
    if (index >= run->output_count || !run->outputs[index])
        return IMGCLS_OK;
    if (!out) {
        const imgcls_status status = op_countable(host, run->node, rank, dims);
        return status == IMGCLS_OK ? host->run_output(host, run, index, type, rank, dims)
                                   : status;
    }
    if (out->rank == rank && out->type == type &&
        (rank == 0 || memcmp(out->dims, dims, (size_t)rank * sizeof *dims) == 0))
        return IMGCLS_OK;
    return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                   "output %zu comes out as %s where %s was planned", index,
                   op_shape_text(rank, dims, found, sizeof found),
                   op_shape_text(out->rank, out->dims, planned, sizeof planned));
}

#endif
