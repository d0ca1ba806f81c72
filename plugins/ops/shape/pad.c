/*
 * plugins/ops/shape/pad.c - Pad in all modes, and CenterCropPad
 *
 * A negative pad crops. Reflection turns back at the border as often as needed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elements.h"
#include "plugins/ops/number.h"
#include "plugins/ops/upgrade.h"
#include "shape.h"
#include "strided.h"

enum mode { CONSTANT, REFLECT, EDGE, WRAP };

struct pad {
    enum mode mode;
    int64_t before[IMGCLS_MAX_RANK], after[IMGCLS_MAX_RANK];
    char fill[16]; /* CONSTANT: the element, in the data's type */
};

static imgcls_status mode_of(const struct imgcls_host *host, const struct imgcls_node *node,
                             enum mode *mode)
{
    static const char *const names[] = {"constant", "reflect", "edge", "wrap"};
    const char *name = host->attr_string(host, node, "mode", "constant");
    int i;
    for (i = 0; i < 4; i++) {
        *mode = (enum mode)i;
        if (strcmp(name, names[i]) == 0)
            return IMGCLS_OK;
    }
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "mode must be constant, reflect, edge or wrap, not '%s'", name);
}

/* Spreads the two lists over the axes. */
static imgcls_status spread(const struct imgcls_host *host, const struct imgcls_node *node,
                            const struct op_list *pads, const struct op_list *axes,
                            int32_t rank, struct pad *pad)
{
    const int64_t count = axes->present ? axes->count : rank;
    bool flags[IMGCLS_MAX_RANK];
    int64_t i;
    imgcls_status status = IMGCLS_OK;
    if (pads->count != 2 * count)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "pads has %lld entries for %lld axes",
                       (long long)pads->count, (long long)count);
    if (axes->present)
        status = op_axes(host, node, (size_t)count, axes->values, rank, flags);
    memset(pad->before, 0, sizeof pad->before);
    memset(pad->after, 0, sizeof pad->after);
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        int32_t axis;
        status = op_axis(host, node, axes->present ? axes->values[i] : i, rank, &axis);
        pad->before[axis] = pads->values[i];
        pad->after[axis] = pads->values[i + count];
    }
    return status;
}

static imgcls_status pad_dims(const struct imgcls_host *host,
                              const struct imgcls_node *node, int32_t rank,
                              const int64_t *in, const struct pad *pad, int64_t *dims)
{
    int32_t d;
    for (d = 0; d < rank; d++) {
        if (in[d] < 0) {
            dims[d] = pad->before[d] == 0 && pad->after[d] == 0 ? in[d] : -1;
            continue;
        }
        if (__builtin_add_overflow(in[d], pad->before[d], &dims[d]) ||
            __builtin_add_overflow(dims[d], pad->after[d], &dims[d]) || dims[d] < 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "pads of %lld and %lld do not fit dimension %d of %lld",
                           (long long)pad->before[d], (long long)pad->after[d], d,
                           (long long)in[d]);
        if (pad->mode != CONSTANT && in[d] == 0 && dims[d] > 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "dimension %d is 0 and has nothing to repeat", d);
    }
    return IMGCLS_OK;
}

static imgcls_status pad_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *in = op_in(node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list pads, axes;
    struct pad pad;
    imgcls_status status;
    if (!in || !op_in(node, 1))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "data and pads are needed");
    status = mode_of(host, node, &pad.mode);
    if (status == IMGCLS_OK)
        status = op_list_infer(host, node, 1, "pads", &pads);
    if (status == IMGCLS_OK)
        status = op_list_infer(host, node, 3, "axes", &axes);
    if (status != IMGCLS_OK)
        return status;
    if (in->rank < 0 || !pads.known || !axes.known)
        return op_infer_open(host, infer, 0, in->type, in->rank);
    status = spread(host, node, &pads, &axes, in->rank, &pad);
    if (status == IMGCLS_OK)
        status = pad_dims(host, node, in->rank, in->dims, &pad, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, in->type, in->rank, dims)
                               : status;
}

/* Where output index i (counted from the input's first element) comes from. */
static int64_t source_index(enum mode mode, int64_t i, int64_t dim)
{
    int64_t period;
    if (i >= 0 && i < dim)
        return i;
    switch (mode) {
    case EDGE:
        return i < 0 ? 0 : dim - 1;
    case WRAP:
        i %= dim;
        return i < 0 ? i + dim : i;
    default: /* REFLECT: 0 1 2 .. n-1 n-2 .. 1, again and again */
        if (dim == 1)
            return 0;
        period = 2 * (dim - 1);
        i %= period;
        i = i < 0 ? i + period : i;
        return i < dim ? i : period - i;
    }
}

struct rows {
    const struct pad *pad;
    const struct imgcls_tensor *in;
    struct imgcls_tensor *out;
    int64_t strides[IMGCLS_MAX_RANK];
    size_t size;
};

static void pad_rows(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct rows *rows = argument;
    const struct pad *pad = rows->pad;
    const struct imgcls_tensor *in = rows->in, *out = rows->out;
    const int32_t last = in->rank - 1;
    const size_t size = rows->size;
    const int64_t width = out->dims[last];
    (void)thread;
    for (; begin < end; begin++) {
        int64_t rest = begin, from = 0, i, j;
        int32_t d;
        char *to = (char *)out->data + (size_t)(begin * width) * size;
        for (d = last - 1; d >= 0; d--) {
            from +=
                source_index(pad->mode, rest % out->dims[d] - pad->before[d], in->dims[d]) *
                rows->strides[d];
            rest /= out->dims[d];
        }
        for (i = 0; i < width; i++) {
            j = source_index(pad->mode, i - pad->before[last], in->dims[last]);
            memcpy(to + (size_t)i * size,
                   (const char *)in->data + (size_t)(from + j) * size, size);
        }
    }
}

/* What negative padding takes away; not more than there is. */
static int64_t cut_of(int64_t padding, int64_t dim)
{
    return padding >= 0 ? 0 : padding < -dim ? dim : -padding;
}

/* The part of the input that stays, put where it belongs in the filled output. */
static void pad_constant(const struct imgcls_host *host, const struct imgcls_run *run,
                         const struct pad *pad, const struct imgcls_tensor *in,
                         struct imgcls_tensor *out, size_t size)
{
    struct strided box = {
        .rank = in->rank, .size = size, .to = out->data, .from = in->data};
    int32_t d;
    strided_fill(out->data, size, op_count(out), pad->fill);
    if (op_count(in) == 0)
        return;
    strided_row_major(in->rank, in->dims, box.from_strides);
    strided_row_major(out->rank, out->dims, box.to_strides);
    for (d = 0; d < in->rank; d++) {
        const int64_t cut = cut_of(pad->before[d], in->dims[d]);
        box.dims[d] = in->dims[d] - cut - cut_of(pad->after[d], in->dims[d]);
        if (box.dims[d] <= 0)
            return;
        box.from += (size_t)(cut * box.from_strides[d]) * size;
        box.to +=
            (size_t)((pad->before[d] > 0 ? pad->before[d] : 0) * box.to_strides[d]) * size;
    }
    strided_copy(host, run, &box);
}

static imgcls_status pad_move(const struct imgcls_host *host, const struct imgcls_run *run,
                              void *argument)
{
    struct pad *pad = argument;
    const struct imgcls_tensor *in = imgcls_input(run, 0), *value = imgcls_input(run, 2);
    struct imgcls_tensor *out = imgcls_output(run, 0);
    struct rows rows = {
        .pad = pad, .in = in, .out = out, .size = op_element_size(in->type)};
    if (op_count(out) == 0)
        return IMGCLS_OK;
    if (in->rank == 0) {
        memcpy(out->data, in->data, rows.size);
        return IMGCLS_OK;
    }
    if (pad->mode == CONSTANT) {
        if (value && value->type == in->type) {
            memcpy(pad->fill, value->data, rows.size);
        } else if (value) { /* a float32 attribute of old */
            const double real = *(const float *)value->data;
            number_write_reals(in->type, pad->fill, 0, 1, &real, 0);
        }
        pad_constant(host, run, pad, in, out, rows.size);
        return IMGCLS_OK;
    }
    strided_row_major(in->rank, in->dims, rows.strides);
    host->parallel_for(host, run, op_count(out) / out->dims[out->rank - 1], 64, pad_rows,
                       &rows);
    return IMGCLS_OK;
}

static imgcls_status pad_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    const struct imgcls_node *node = run->node;
    const struct imgcls_tensor *in = imgcls_input(run, 0), *value = imgcls_input(run, 2);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list pads, axes;
    struct pad pad = {.mode = CONSTANT};
    imgcls_status status = mode_of(host, node, &pad.mode);
    if (status == IMGCLS_OK)
        status = op_list_read(host, node, imgcls_input(run, 1), "pads", &pads);
    if (status == IMGCLS_OK)
        status = op_list_read(host, node, imgcls_input(run, 3), "axes", &axes);
    if (status == IMGCLS_OK)
        status = spread(host, node, &pads, &axes, in->rank, &pad);
    if (status == IMGCLS_OK)
        status = pad_dims(host, node, in->rank, in->dims, &pad, dims);
    if (status == IMGCLS_OK && value && op_count(value) != 1)
        status = OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                         "constant_value has %lld elements, not one",
                         (long long)op_count(value));
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, in->rank, dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1 | 4, pad_move, &pad) : status;
}

static int32_t pad_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    const struct imgcls_value_info *value = op_in(node, 2);
    (void)host;
    if (!op_takes(node, 0, OP_ANY) || !op_takes(node, 1, OP_INDEXES) ||
        !op_is_plain(node) || (op_in(node, 3) && !op_takes(node, 3, OP_INDEXES)))
        return 0;
    return !value || value->type == node->inputs[0]->type ||
           (value->type == IMGCLS_F32 &&
            op_takes(node, 0,
                     OP_BIT(IMGCLS_F64) | OP_BIT(IMGCLS_F16) | OP_BIT(IMGCLS_BF16)));
}

/* paddings (1), pads and value (2..10) were attributes. */
static imgcls_status pad_upgrade(const struct imgcls_host *host, struct imgcls_graph *graph,
                                 struct imgcls_node *node)
{
    const float value = host->attr_float(host, node, "value", 0);
    imgcls_status status;
    if (node->version >= 11)
        return IMGCLS_OK;
    status = upgrade_ints(host, graph, node, "paddings", 1);
    if (status == IMGCLS_OK)
        status = upgrade_ints(host, graph, node, "pads", 1);
    if (status == IMGCLS_OK && value != 0)
        status = upgrade_input(host, graph, node, 2, "value", IMGCLS_F32, 0, 1, &value);
    return status == IMGCLS_OK ? host->node_remove_attr(host, node, "value") : status;
}

/* CenterCropPad: the middle of the input, or the input in the middle of zeros. */
static imgcls_status center(const struct imgcls_host *host, const struct imgcls_node *node,
                            int32_t rank, const int64_t *in, const struct op_list *shape,
                            struct pad *pad, int64_t *dims)
{
    const int64_t *axes;
    const size_t count = host->attr_ints(host, node, "axes", &axes);
    const int64_t expected = count ? (int64_t)count : rank;
    bool flags[IMGCLS_MAX_RANK];
    int64_t i;
    imgcls_status status = op_axes(host, node, count, axes, rank, flags);
    if (status == IMGCLS_OK && shape->known && shape->count != expected)
        status =
            OP_FAIL(host, node, IMGCLS_BAD_INPUT, "shape has %lld entries for %lld axes",
                    (long long)shape->count, (long long)expected);
    memset(pad, 0, sizeof *pad);
    memcpy(dims, in, (size_t)rank * sizeof *dims);
    for (i = 0; status == IMGCLS_OK && i < expected; i++) {
        int64_t wanted, more;
        int32_t d;
        status = op_axis(host, node, count ? axes[i] : i, rank, &d);
        wanted = shape->known ? shape->values[i] : -1;
        if (shape->known && wanted < 0)
            status =
                OP_FAIL(host, node, IMGCLS_BAD_INPUT, "entry %lld of the shape is %lld",
                        (long long)i, (long long)wanted);
        dims[d] = wanted;
        if (wanted < 0 || in[d] < 0)
            continue;
        more =
            wanted - in[d]; /* a crop leaves the odd one out behind, a pad adds it behind */
        pad->before[d] = more < 0 ? -((-more) / 2) : more / 2;
        pad->after[d] = more - pad->before[d];
    }
    return status;
}

static imgcls_status center_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list shape;
    struct pad pad;
    imgcls_status status;
    if (!in || !op_in(infer->node, 1))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "data and shape are needed");
    status = op_list_infer(host, infer->node, 1, "shape", &shape);
    if (status != IMGCLS_OK)
        return status;
    if (in->rank < 0)
        return op_infer_open(host, infer, 0, in->type, -1);
    status = center(host, infer->node, in->rank, in->dims, &shape, &pad, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, in->type, in->rank, dims)
                               : status;
}

static imgcls_status center_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list shape;
    struct pad pad;
    imgcls_status status =
        op_list_read(host, run->node, imgcls_input(run, 1), "shape", &shape);
    if (status == IMGCLS_OK)
        status = center(host, run->node, in->rank, in->dims, &shape, &pad, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, in->rank, dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1, pad_move, &pad) : status;
}

static int32_t center_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    return node->input_count == 2 && elements_accepts(host, node);
}

static const struct imgcls_kernel pad_kernel =
    OP_KERNEL("pad_portable", pad_accepts, pad_portable);
static const struct imgcls_kernel center_kernel =
    OP_KERNEL("center_crop_pad_portable", center_accepts, center_portable);
const struct imgcls_op pad_op = OP_ENTRY("Pad", 1, 0, pad_infer, pad_upgrade, &pad_kernel);
const struct imgcls_op center_crop_pad_op =
    OP_ENTRY("CenterCropPad", 18, 0, center_infer, NULL, &center_kernel);
