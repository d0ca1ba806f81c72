/*
 * plugins/ops/shape/view.c - Reshape, Flatten, Squeeze, Unsqueeze: other dims, the same
 * bytes
 *
 * The planner lets the output share the input's bytes where it can; where it cannot, the
 * one kernel of all four copies them. A dimension that is a symbol passes through where
 * arithmetic on the known ones shows that it must be the same number.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elements.h"
#include "plugins/ops/upgrade.h"
#include "shape.h"

/*
 * The product of dims as a known factor times symbols. Unknown dimensions (-1) make it
 * open.
 */
struct product {
    int64_t factor; /* -1: does not fit */
    int32_t symbol_count;
    int64_t symbols[IMGCLS_MAX_RANK];
    bool open;
};

static void product_of(const int64_t *dims, int32_t begin, int32_t end, struct product *out)
{
    int32_t i;
    memset(out, 0, sizeof *out);
    out->factor = 1;
    for (i = begin; i < end; i++) {
        if (dims[i] == -1)
            out->open = true;
        else if (dims[i] < 0)
            out->symbols[out->symbol_count++] = dims[i];
        else if (out->factor < 0 ||
                 __builtin_mul_overflow(out->factor, dims[i], &out->factor))
            out->factor = -1;
    }
}

/* One dimension that stands for the whole product; -1 where it cannot be told. */
static int64_t product_dim(const struct product *p)
{
    if (p->open || p->factor < 0)
        return -1;
    if (p->factor == 0 || p->symbol_count == 0)
        return p->factor;
    return p->symbol_count == 1 && p->factor == 1 ? p->symbols[0] : -1;
}

/* whole / part, as far as symbols cancel; open where they do not. False where it leaves a
 * rest that no number could. */
static bool product_divide(const struct product *whole, const struct product *part,
                           struct product *out)
{
    int32_t i, j;
    *out = *whole;
    if (part->factor < 0 && !part->open && whole->factor >= 0 && !whole->open &&
        whole->symbol_count == 0)
        return false; /* more than can be counted, where there are so many */
    if (part->open || part->factor < 0 || whole->factor < 0)
        out->open = true;
    for (i = 0; i < part->symbol_count; i++) {
        for (j = 0; j < out->symbol_count && out->symbols[j] != part->symbols[i]; j++)
            ;
        if (j == out->symbol_count)
            out->open = true;
        else
            out->symbols[j] = out->symbols[--out->symbol_count];
    }
    if (out->open || part->factor == 0)
        return part->factor != 0 || whole->factor == 0 || out->open ||
               out->symbol_count > 0;
    if (whole->factor % part->factor != 0) {
        out->open = true;
        return out->symbol_count > 0;
    }
    out->factor = whole->factor / part->factor;
    return true;
}

/* The dims that a Reshape gives; shape's entries are known. */
static imgcls_status reshape_dims(const struct imgcls_host *host,
                                  const struct imgcls_node *node, int32_t in_rank,
                                  const int64_t *in, const struct op_list *shape,
                                  int64_t *dims)
{
    const bool allow_zero = host->attr_int(host, node, "allowzero", 0) != 0;
    char from[OP_SHAPE_TEXT], to[OP_SHAPE_TEXT];
    struct product whole, part, rest;
    int32_t i, rank = (int32_t)shape->count, open = -1;
    if (shape->count > IMGCLS_MAX_RANK)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                       "shape has %lld dimensions, at most %d are supported",
                       (long long)shape->count, IMGCLS_MAX_RANK);
    for (i = 0; i < rank; i++) {
        dims[i] = shape->values[i];
        if (dims[i] == 0 && !allow_zero) {
            if (in_rank >= 0 && i >= in_rank)
                return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                               "entry %d of the shape copies a dimension that the input, "
                               "with %d, does not have",
                               i, in_rank);
            dims[i] = in_rank < 0 ? -1 : in[i];
        } else if (dims[i] == -1 && open < 0) {
            open = i;
        } else if (dims[i] < 0) {
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "entry %d of the shape is %lld", i,
                           (long long)dims[i]);
        }
    }
    if (in_rank < 0)
        return IMGCLS_OK;
    product_of(in, 0, in_rank, &whole);
    if (open >= 0)
        dims[open] = 1;
    product_of(dims, 0, rank, &part);
    if (!product_divide(&whole, &part, &rest) ||
        (open < 0 && !rest.open && rest.symbol_count == 0 && rest.factor != 1 &&
         part.factor != 0)) {
        if (open >= 0)
            dims[open] = -1;
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s cannot be reshaped to %s",
                       op_shape_text(in_rank, in, from, sizeof from),
                       op_shape_text(rank, dims, to, sizeof to));
    }
    if (open >= 0) {
        if (part.factor == 0 && !part.open)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "entry %d of the shape cannot be told beside one that is 0",
                           open);
        dims[open] = product_dim(&rest);
    }
    return IMGCLS_OK;
}

static imgcls_status reshape_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list shape;
    imgcls_status status;
    if (!in || !op_in(infer->node, 1))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "data and shape are needed");
    status = op_list_infer(host, infer->node, 1, "shape", &shape);
    if (status != IMGCLS_OK)
        return status;
    if (!shape.known)
        return op_infer_open(host, infer, 0, in->type, shape.count);
    status = reshape_dims(host, infer->node, in->rank, in->dims, &shape, dims);
    if (status != IMGCLS_OK)
        return status;
    return op_infer_shape(host, infer, 0, in->type, (int32_t)shape.count, dims);
}

static imgcls_status flatten_dims(const struct imgcls_host *host,
                                  const struct imgcls_node *node, int32_t rank,
                                  const int64_t *in, int64_t *dims)
{
    struct product product;
    int32_t axis;
    imgcls_status status =
        op_cut(host, node, host->attr_int(host, node, "axis", 1), rank, &axis);
    if (status != IMGCLS_OK)
        return status;
    product_of(in, 0, axis, &product);
    dims[0] = product_dim(&product);
    product_of(in, axis, rank, &product);
    dims[1] = product_dim(&product);
    return IMGCLS_OK;
}

static imgcls_status flatten_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[2];
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->rank < 0)
        return op_infer_open(host, infer, 0, in->type, 2);
    status = flatten_dims(host, infer->node, in->rank, in->dims, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, in->type, 2, dims) : status;
}

static imgcls_status squeeze_dims(const struct imgcls_host *host,
                                  const struct imgcls_node *node, int32_t rank,
                                  const int64_t *in, const struct op_list *axes,
                                  int32_t *out_rank, int64_t *dims)
{
    bool flags[IMGCLS_MAX_RANK];
    int32_t i;
    imgcls_status status =
        op_axes(host, node, (size_t)axes->count, axes->values, rank, flags);
    *out_rank = 0;
    for (i = 0; status == IMGCLS_OK && i < rank; i++) {
        if (axes->present ? flags[i] : in[i] == 1) {
            if (in[i] >= 0 && in[i] != 1)
                status = OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                                 "dimension %d is %lld and cannot be squeezed", i,
                                 (long long)in[i]);
        } else {
            dims[(*out_rank)++] = in[i];
        }
    }
    return status;
}

static imgcls_status squeeze_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list axes;
    int32_t rank, i;
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    status = op_list_infer(host, infer->node, 1, "axes", &axes);
    if (status != IMGCLS_OK)
        return status;
    if (!axes.known || in->rank < 0)
        return op_infer_open(host, infer, 0, in->type,
                             axes.present && in->rank >= 0 && axes.count >= 0 &&
                                     axes.count <= in->rank
                                 ? in->rank - axes.count
                                 : -1);
    for (i = 0; !axes.present && i < in->rank; i++)
        if (in->dims[i] < 0) /* may turn out to be 1 */
            return op_infer_open(host, infer, 0, in->type, -1);
    status = squeeze_dims(host, infer->node, in->rank, in->dims, &axes, &rank, dims);
    return status == IMGCLS_OK ? host->infer_output(host, infer, 0, in->type, rank, dims)
                               : status;
}

static imgcls_status unsqueeze_dims(const struct imgcls_host *host,
                                    const struct imgcls_node *node, int32_t rank,
                                    const int64_t *in, const struct op_list *axes,
                                    int32_t *out_rank, int64_t *dims)
{
    bool flags[IMGCLS_MAX_RANK];
    int32_t i;
    imgcls_status status;
    if (rank + axes->count > IMGCLS_MAX_RANK)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                       "output has %lld dimensions, at most %d are supported",
                       (long long)(rank + axes->count), IMGCLS_MAX_RANK);
    *out_rank = rank + (int32_t)axes->count;
    status = op_axes(host, node, (size_t)axes->count, axes->values, *out_rank, flags);
    for (i = 0; status == IMGCLS_OK && i < *out_rank; i++)
        dims[i] = flags[i] ? 1 : *in++;
    return status;
}

static imgcls_status unsqueeze_infer(const struct imgcls_host *host,
                                     struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list axes;
    int32_t rank;
    imgcls_status status;
    if (!in || !op_in(infer->node, 1))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "data and axes are needed");
    status = op_list_infer(host, infer->node, 1, "axes", &axes);
    if (status != IMGCLS_OK)
        return status;
    if (!axes.known || in->rank < 0)
        return op_infer_open(host, infer, 0, in->type,
                             in->rank >= 0 && axes.count >= 0 ? in->rank + axes.count : -1);
    status = unsqueeze_dims(host, infer->node, in->rank, in->dims, &axes, &rank, dims);
    return status == IMGCLS_OK ? host->infer_output(host, infer, 0, in->type, rank, dims)
                               : status;
}

static imgcls_status copy_bytes(const struct imgcls_host *host,
                                const struct imgcls_run *run, void *argument)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct imgcls_tensor *out = imgcls_output(run, 0);
    const size_t bytes = (size_t)op_count(in) * op_element_size(in->type);
    (void)host;
    (void)argument;
    if (bytes > 0 && out->data != in->data)
        memcpy(out->data, in->data, bytes);
    return IMGCLS_OK;
}

/* Output dims as run finds them, for the operator that type says. */
static imgcls_status view_dims(const struct imgcls_host *host, const struct imgcls_run *run,
                               int32_t *rank, int64_t *dims)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct op_list list;
    imgcls_status status;
    *rank = 2;
    if (strcmp(run->node->type, "Flatten") == 0)
        return flatten_dims(host, run->node, in->rank, in->dims, dims);
    status = op_list_read(host, run->node, imgcls_input(run, 1), "input 1", &list);
    if (status != IMGCLS_OK)
        return status;
    if (strcmp(run->node->type, "Squeeze") == 0)
        return squeeze_dims(host, run->node, in->rank, in->dims, &list, rank, dims);
    if (strcmp(run->node->type, "Unsqueeze") == 0)
        return unsqueeze_dims(host, run->node, in->rank, in->dims, &list, rank, dims);
    *rank = (int32_t)list.count;
    return reshape_dims(host, run->node, in->rank, in->dims, &list, dims);
}

static imgcls_status view_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0), *out;
    char from[OP_SHAPE_TEXT], to[OP_SHAPE_TEXT];
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t rank;
    imgcls_status status = IMGCLS_OK;
    if (!imgcls_output(run, 0)) {
        status = view_dims(host, run, &rank, dims);
        if (status == IMGCLS_OK)
            status = host->run_output(host, run, 0, in->type, rank, dims);
    }
    if (status != IMGCLS_OK)
        return status;
    out = imgcls_output(run, 0);
    if (op_count(out) != op_count(in))
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "%s cannot be reshaped to %s",
                       op_shape_text(in->rank, in->dims, from, sizeof from),
                       op_shape_text(out->rank, out->dims, to, sizeof to));
    return elements_run(host, run, 1, copy_bytes, NULL);
}

/* An attribute that became input 1: axes (operator set 13), shape (5). */
static imgcls_status view_upgrade(const struct imgcls_host *host,
                                  struct imgcls_graph *graph, struct imgcls_node *node)
{
    imgcls_status status = host->node_remove_attr(host, node, "consumed_inputs");
    if (status == IMGCLS_OK && node->version < 13)
        status = upgrade_ints(host, graph, node, "axes", 1);
    if (status == IMGCLS_OK && node->version < 5)
        status = upgrade_ints(host, graph, node, "shape", 1);
    return status;
}

#define VIEW(op, kernel, type, name, since, infer, upgrade)                                \
    static const struct imgcls_kernel kernel =                                             \
        OP_KERNEL(name, elements_accepts, view_portable);                                  \
    const struct imgcls_op op =                                                            \
        OP_ENTRY(type, since, IMGCLS_TRAIT_VIEW, infer, upgrade, &kernel);

/* clang-format off */
VIEW(reshape_op, reshape_kernel, "Reshape", "reshape_portable", 1, reshape_infer, view_upgrade)
VIEW(flatten_op, flatten_kernel, "Flatten", "flatten_portable", 1, flatten_infer, NULL)
VIEW(squeeze_op, squeeze_kernel, "Squeeze", "squeeze_portable", 1, squeeze_infer, view_upgrade)
VIEW(unsqueeze_op, unsqueeze_kernel, "Unsqueeze", "unsqueeze_portable", 1, unsqueeze_infer, view_upgrade)
/* clang-format on */
