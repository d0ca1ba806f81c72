/*
 * src/convert/batch_trace.c - where the batch stands in every value, and what pins it
 *
 * Shapes are inferred twice: with the source's batch (base) and, node by node, with another
 * one. A dimension that differs holds the batch, as one factor of outer x batch x inner. A
 * Reshape moves bytes nowhere, so the stride of the batch in its input says which dimension of
 * its output must hold it; if another one does, or none, the constant that says so is changed.
 * Where a value with the batch meets one without (a class token, an attention mask of all
 * windows), the latter is repeated.
 *
 * A guess that is wrong costs nothing but the freeing: batch_check.c runs the result.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/convert/batch.h"
#include "src/plan/shapes.h"
#include "src/tensor/tensor.h"

#define NO_AXIS    (-1) /* the value does not have the batch */
#define UNCLEAR    (-2) /* its shape changes in another way, or is not known */
#define ROUNDS_MAX 8    /* walks: an edit of a node that was passed asks for another one */

struct trace {
    struct imgcls_context *ctx;
    struct imgcls_graph *base; /* shapes at `batch` */
    int64_t batch, other;
    bool inner;
    int64_t *outer; /* by base value->index: factor before the batch in its dimension */
    struct icl_batch_edits *edits;
    bool restart, given_up;
    char *reason;
    size_t capacity;
};

static imgcls_status give_up(struct trace *trace, const struct icl_node *node,
                             const char *why)
{
    char text[128];
    icl_node_text(&node->node, text, sizeof text);
    if (!trace->given_up)
        snprintf(trace->reason, trace->capacity, "%s: %s", text, why);
    trace->given_up = true;
    return IMGCLS_BAD_INPUT; /* only ends the walk */
}

static const struct icl_value *base_of(const struct trace *trace,
                                       const struct imgcls_value_info *info)
{
    return info ? icl_graph_find(trace->base, info->name) : NULL;
}

/* Which dimension of `info` holds the batch. */
static int32_t axis_of(const struct trace *trace, const struct imgcls_value_info *info)
{
    const struct icl_value *base = base_of(trace, info);
    int32_t found = NO_AXIS;
    if (info->constant)
        return NO_AXIS;
    if (!base || base->info.rank != info->rank || info->rank < 0)
        return UNCLEAR;
    for (int32_t i = 0; i < info->rank; i++) {
        int64_t was = base->info.dims[i], now = info->dims[i], scaled;
        if (was < 0 || now < 0)
            return UNCLEAR;
        if (was == now)
            continue;
        if (found != NO_AXIS || was % trace->batch != 0 ||
            __builtin_mul_overflow(was / trace->batch, trace->other, &scaled) || scaled != now)
            return UNCLEAR;
        found = i;
    }
    return found;
}

static int64_t outer_of(const struct trace *trace, const struct imgcls_value_info *info)
{
    const struct icl_value *base = base_of(trace, info);
    return base && trace->outer[base->index] ? trace->outer[base->index] : 1;
}

/* -- edits, in the graph that is walked -------------------------------------------------*/

static imgcls_status set_list(struct trace *trace, struct icl_node *node, size_t input,
                              int32_t count, const int64_t *numbers)
{
    struct imgcls_tensor tensor = {.struct_size = sizeof tensor,
                                   .type = IMGCLS_I64,
                                   .rank = 1,
                                   .dims = {count},
                                   .strides = {1},
                                   .data = (void *)(uintptr_t)numbers,
                                   .size_bytes = (size_t)count * sizeof *numbers};
    const char *name = icl_graph_unique_name(node->graph, "batch_list");
    if (!name)
        return icl_alloc_status(trace->ctx);
    imgcls_status status = icl_graph_add_initializer(node->graph, name, &tensor, NULL);
    return status == IMGCLS_OK ? icl_node_set_input(node, input, name) : status;
}

/* Where only shapes count, a tiled value may as well be an input. */
static imgcls_status set_tiled(struct trace *trace, struct icl_node *node,
                               const struct icl_batch_edit *edit)
{
    const struct imgcls_value_info *info = node->inputs[edit->input];
    int64_t dims[IMGCLS_MAX_RANK];
    const char *name = icl_graph_unique_name(node->graph, "batch_tiled");
    if (!name)
        return icl_alloc_status(trace->ctx);
    memcpy(dims, info->dims, sizeof dims);
    if (__builtin_mul_overflow(dims[edit->axis], trace->other, &dims[edit->axis]))
        return give_up(trace, node, "a dimension is too large");
    imgcls_status status = icl_graph_add_input(node->graph, name, IMGCLS_KIND_TENSOR,
                                               info->type, info->rank, dims, NULL);
    return status == IMGCLS_OK ? icl_node_set_input(node, edit->input, name) : status;
}

static imgcls_status apply_here(struct trace *trace, struct icl_node *node,
                                const struct icl_batch_edit *edit)
{
    int64_t dims[IMGCLS_MAX_RANK];
    memcpy(dims, edit->dims, sizeof dims);
    if (edit->kind == ICL_BATCH_TILE || edit->kind == ICL_BATCH_INDEX)
        return set_tiled(trace, node, edit);
    if (edit->kind == ICL_BATCH_SIZES)
        dims[0] = trace->other;
    return set_list(trace, node, edit->input, edit->rank, dims);
}

static imgcls_status make_edit(struct trace *trace, struct icl_node *node, size_t input,
                               enum icl_batch_kind kind, int32_t rank, int32_t axis,
                               const int64_t *dims, bool *again)
{
    if (!node->outputs[0] || !icl_graph_find(trace->base, node->outputs[0]->name))
        return give_up(trace, node, "it is not in the source");
    struct icl_batch_edit edit = {.output = node->outputs[0]->name ? (char *)(uintptr_t)
                                                                         node->outputs[0]->name
                                                                   : NULL,
                                  .input = input, .kind = kind, .rank = rank, .axis = axis};
    if (dims)
        memcpy(edit.dims, dims, (size_t)rank * sizeof *dims);
    imgcls_status status = icl_batch_edit_add(trace->edits, &edit);
    *again = true;
    return status == IMGCLS_OK ? apply_here(trace, node, &edit) : status;
}

/* Edits that an earlier walk found and this one has not applied yet. */
static imgcls_status apply_known(struct trace *trace, struct icl_node *node, bool *again)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < trace->edits->count && status == IMGCLS_OK; i++) {
        const struct icl_batch_edit *edit = &trace->edits->list[i];
        if (!node->outputs[0] || strcmp(node->outputs[0]->name, edit->output) != 0 ||
            edit->input >= node->node.input_count || !node->inputs[edit->input] ||
            strncmp(node->inputs[edit->input]->name, "batch_", 6) == 0)
            continue;
        status = apply_here(trace, node, edit);
        *again = true;
    }
    return status;
}

/* -- Reshape ----------------------------------------------------------------------------*/

/* The dimension of a shape (of the source's batch) that holds a batch of this stride; prefer
 * is taken where it is the batch alone. */
static bool holder(const struct trace *trace, int64_t stride, int32_t rank,
                   const int64_t *dims, int32_t prefer, int32_t *axis, int64_t *outer)
{
    int64_t after = 1, end;
    int32_t best = NO_AXIS;
    bool best_alone = false;
    if (__builtin_mul_overflow(stride, trace->batch, &end))
        return false;
    for (int32_t j = rank - 1; j >= 0; j--) {
        int64_t whole;
        if (dims[j] <= 0 || __builtin_mul_overflow(after, dims[j], &whole))
            return false;
        if (after <= stride && end <= whole && stride % after == 0 && whole % end == 0) {
            bool alone = after == stride && dims[j] == trace->batch;
            bool better = best == NO_AXIS || (alone && (!best_alone || best != prefer)) ||
                          (!alone && !best_alone && !trace->inner);
            if (better) {
                best = j;
                best_alone = alone;
                *outer = whole / end;
            }
        }
        after = whole;
    }
    *axis = best;
    return best != NO_AXIS;
}

static imgcls_status see_reshape(struct trace *trace, struct icl_node *node,
                                 imgcls_status status, bool *again)
{
    const struct imgcls_value_info *in = node->inputs[0], *out = node->outputs[0];
    const struct icl_value *base_in = base_of(trace, in), *base_out = base_of(trace, out);
    const struct icl_value *asked =
        node->node.input_count > 1 ? base_of(trace, node->inputs[1]) : NULL;
    int32_t from = axis_of(trace, in), to;
    int64_t stride = 1, outer, dims[IMGCLS_MAX_RANK];
    if (from == NO_AXIS || !base_in || !base_out)
        return status;
    if (from == UNCLEAR || base_out->info.rank < 0 || node->node.input_count < 2)
        return give_up(trace, node, "the batch cannot be followed to here");
    for (int32_t i = from + 1; i < base_in->info.rank; i++)
        if (__builtin_mul_overflow(stride, base_in->info.dims[i], &stride))
            return give_up(trace, node, "a shape is too large");
    stride *= base_in->info.dims[from] / (trace->batch * outer_of(trace, in));
    if (!holder(trace, stride, base_out->info.rank, base_out->info.dims, from, &to, &outer))
        return give_up(trace, node, "it parts a batch");
    int32_t got = status == IMGCLS_OK ? axis_of(trace, out) : UNCLEAR;
    bool computed = !asked || !asked->info.constant;
    if (got == to || (got >= 0 && computed)) {
        trace->outer[base_out->index] = got == to ? outer : 1;
        return status;
    }
    if (strncmp(node->inputs[1]->name, "batch_", 6) == 0)
        return give_up(trace, node, "its shape cannot be freed");
    for (int32_t i = 0; i < base_out->info.rank; i++)
        dims[i] = i == to ? -1 : base_out->info.dims[i];
    return make_edit(trace, node, 1, ICL_BATCH_SHAPE, base_out->info.rank, 0, dims, again);
}

/* -- values with and without the batch --------------------------------------------------*/

/* Gives input i the batch at `axis`, where another input has `size` in the source. */
static imgcls_status repeat(struct trace *trace, struct icl_node *node, size_t i,
                            int32_t axis, int64_t size, bool *again)
{
    const struct imgcls_value_info *info = node->inputs[i];
    struct icl_node *giver = icl_value_of(info)->producer;
    if (trace->batch == 1 && info->dims[axis] == size)
        return make_edit(trace, node, i, ICL_BATCH_TILE, info->rank, axis, NULL, again);
    if (trace->batch > 1 && info->dims[axis] * trace->batch == size)
        return make_edit(trace, node, i, ICL_BATCH_TILE, info->rank, axis, NULL, again);
    if (trace->batch == 1 || info->dims[axis] != size || size != trace->batch || !giver ||
        strcmp(giver->type, "Expand") != 0 || giver->domain[0])
        return give_up(trace, node, "an input has the batch and another cannot get it");
    /* Expand blew a token up to the source's batch: it is to stay one. */
    int64_t dims[IMGCLS_MAX_RANK];
    bool ignored;
    memcpy(dims, info->dims, sizeof dims);
    dims[axis] = 1;
    trace->restart = true;
    imgcls_status status =
        make_edit(trace, giver, 1, ICL_BATCH_SHAPE, info->rank, 0, dims, &ignored);
    return status == IMGCLS_OK ? IMGCLS_BAD_INPUT : status; /* ends this walk */
}

/* Inputs that are joined or broadcast: dimensions agree from the right. */
static imgcls_status see_meeting(struct trace *trace, struct icl_node *node,
                                 imgcls_status status, bool *again)
{
    int32_t behind = -1; /* dimensions behind the batch */
    int64_t size = 0;
    for (size_t i = 0; i < node->node.input_count && behind < 0; i++) {
        int32_t axis = node->inputs[i] ? axis_of(trace, node->inputs[i]) : NO_AXIS;
        if (axis < 0)
            continue;
        if (outer_of(trace, node->inputs[i]) != 1)
            return give_up(trace, node, "the batch is not the slower part of a dimension");
        behind = node->inputs[i]->rank - 1 - axis;
        size = base_of(trace, node->inputs[i])->info.dims[axis];
    }
    if (behind < 0)
        return status;
    bool joins = strcmp(node->type, "Concat") == 0;
    for (size_t i = 0; i < node->node.input_count; i++) {
        const struct imgcls_value_info *info = node->inputs[i];
        int32_t axis = info ? info->rank - 1 - behind : -1;
        if (!info || axis < 0 || axis_of(trace, info) >= 0 || (!joins && info->dims[axis] == 1))
            continue;
        return repeat(trace, node, i, axis, size, again);
    }
    return give_up(trace, node, trace->ctx->error);
}

/* First states of a recurrent layer: [directions, batch, hidden], or batch first. */
static imgcls_status see_recurrent(struct trace *trace, struct icl_node *node,
                                   imgcls_status status, bool *again)
{
    const struct imgcls_attr *layout = icl_node_attr(&node->node, "layout");
    int32_t axis = layout && layout->i ? 0 : 1;
    const struct imgcls_value_info *x = node->inputs[0];
    if (!x || axis_of(trace, x) != axis)
        return give_up(trace, node, trace->ctx->error);
    for (size_t i = 5; i < node->node.input_count && i < 7; i++)
        if (node->inputs[i] && node->inputs[i]->rank == 3 &&
            node->inputs[i]->dims[axis] != x->dims[axis])
            return repeat(trace, node, i, axis, base_of(trace, x)->info.dims[axis], again);
    return status;
}

/* A value without the batch, as large as one picture needs it, is to fill a computed shape. */
static imgcls_status see_baked(struct trace *trace, struct icl_node *node, bool *again)
{
    const struct imgcls_value_info *in = node->inputs[0];
    const struct imgcls_tensor *shape = node->inputs[1] ? node->inputs[1]->constant : NULL;
    if (!shape || shape->type != IMGCLS_I64 || shape->rank != 1 || shape->dims[0] != in->rank)
        return give_up(trace, node, trace->ctx->error);
    for (int32_t i = 0; i < in->rank; i++) {
        int64_t asked = ((const int64_t *)shape->data)[i], scaled;
        if (trace->batch == 1 && in->dims[i] > 1 && asked != in->dims[i] &&
            !__builtin_mul_overflow(in->dims[i], trace->other, &scaled) && scaled == asked)
            return make_edit(trace, node, 0, ICL_BATCH_TILE, in->rank, i, NULL, again);
    }
    return give_up(trace, node, trace->ctx->error);
}

static imgcls_status see_expand(struct trace *trace, struct icl_node *node,
                                imgcls_status status, bool *again)
{
    const struct imgcls_value_info *in = node->inputs[0];
    const struct icl_value *base_out = base_of(trace, node->outputs[0]);
    int32_t axis = axis_of(trace, in);
    int64_t dims[IMGCLS_MAX_RANK];
    if (status == IMGCLS_OK || axis == UNCLEAR)
        return status;
    if (axis == NO_AXIS)
        return see_baked(trace, node, again);
    if (!base_out || base_out->info.rank < in->rank ||
        strncmp(node->inputs[1]->name, "batch_", 6) == 0)
        return give_up(trace, node, trace->ctx->error);
    memcpy(dims, base_out->info.dims, sizeof dims);
    dims[axis + base_out->info.rank - in->rank] = 1;
    return make_edit(trace, node, 1, ICL_BATCH_SHAPE, base_out->info.rank, 0, dims, again);
}

static imgcls_status see_resize(struct trace *trace, struct icl_node *node,
                                imgcls_status status, bool *again)
{
    const struct imgcls_value_info *in = node->inputs[0], *out = node->outputs[0];
    const struct icl_value *base_out = base_of(trace, out);
    if (status != IMGCLS_OK || node->node.input_count < 4 || !node->inputs[3] ||
        icl_node_attr(&node->node, "axes") || axis_of(trace, in) != 0 || !base_out ||
        base_out->info.rank < 1 || out->dims[0] == in->dims[0])
        return status;
    return make_edit(trace, node, 3, ICL_BATCH_SIZES, base_out->info.rank, 0,
                     base_out->info.dims, again);
}

/* Adds to the first of a place's numbers, for each picture, what it is apart from the one before. */
static imgcls_status move_indices(struct trace *trace, struct icl_node *node, int64_t places,
                                  int64_t apart, bool *again)
{
    const struct imgcls_value_info *indices = node->inputs[1];
    int64_t dims[IMGCLS_MAX_RANK] = {places, apart};
    return make_edit(trace, node, 1, ICL_BATCH_INDEX, indices->rank, 0, dims, again);
}

/* A slice assigned to, written out as its indices in one picture: each picture gets its own. */
static imgcls_status see_scatter(struct trace *trace, struct icl_node *node,
                                 imgcls_status status, bool *again)
{
    const struct imgcls_value_info *into = node->inputs[0],
                                   *indices = node->node.input_count > 2 ? node->inputs[1] : NULL,
                                   *updates = indices ? node->inputs[2] : NULL;
    if (!updates || indices->rank < 2 || axis_of(trace, indices) != NO_AXIS ||
        (axis_of(trace, updates) == NO_AXIS && axis_of(trace, into) == NO_AXIS))
        return status;
    int64_t places = indices->dims[indices->rank - 1];
    if (trace->batch != 1 || indices->dims[0] != 1 || places < 1 || axis_of(trace, into) != 0 ||
        axis_of(trace, updates) != 0)
        return give_up(trace, node, "its indices are those of one batch");
    return move_indices(trace, node, places, 1, again);
}

/* A flattened batch, from which the elements of one picture are taken (as_strided). */
static imgcls_status see_gather(struct trace *trace, struct icl_node *node, imgcls_status status,
                                bool *again)
{
    const struct imgcls_value_info *in = node->inputs[0],
                                   *indices = node->node.input_count > 1 ? node->inputs[1] : NULL;
    const struct icl_value *base = base_of(trace, in);
    if (status != IMGCLS_OK || !indices || in->rank != 1 || indices->rank < 2 ||
        indices->dims[0] != 1 || axis_of(trace, indices) != NO_AXIS || axis_of(trace, in) != 0 ||
        outer_of(trace, in) != 1 || trace->batch != 1 || !base)
        return status;
    return move_indices(trace, node, 1, base->info.dims[0], again);
}

/* -- the walk ---------------------------------------------------------------------------*/

/* Outputs have the factor that the input with the same dimension has. */
static void pass_on(struct trace *trace, const struct icl_node *node)
{
    for (size_t o = 0; o < node->node.output_count; o++) {
        const struct imgcls_value_info *out = node->outputs[o];
        const struct icl_value *base = base_of(trace, out);
        int32_t to = base ? axis_of(trace, out) : NO_AXIS;
        if (to < 0 || trace->outer[base->index])
            continue;
        trace->outer[base->index] = 1;
        for (size_t i = 0; i < node->node.input_count; i++) {
            int32_t from = node->inputs[i] ? axis_of(trace, node->inputs[i]) : NO_AXIS;
            if (from >= 0 && node->inputs[i]->dims[from] == out->dims[to])
                trace->outer[base->index] = outer_of(trace, node->inputs[i]);
        }
    }
}

static imgcls_status see(void *argument, struct icl_node *node, imgcls_status status,
                         bool *again)
{
    static const struct {
        const char *type;
        bool always; /* else: where inference failed */
        imgcls_status (*see)(struct trace *trace, struct icl_node *node,
                             imgcls_status status, bool *again);
    } rows[] = {
        {"Reshape", true, see_reshape}, {"Expand", true, see_expand},
        {"Resize", true, see_resize},   {"LSTM", false, see_recurrent},
        {"GRU", false, see_recurrent},  {"RNN", false, see_recurrent},
        {"ScatterND", true, see_scatter}, {"Gather", true, see_gather},
    };
    struct trace *trace = argument;
    if (status == IMGCLS_INTERRUPTED || status == IMGCLS_UNSUPPORTED)
        return status;
    imgcls_status applied = apply_known(trace, node, again);
    if (applied != IMGCLS_OK || *again)
        return applied;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !node->domain[0]; i++)
        if (strcmp(node->type, rows[i].type) == 0 && node->node.input_count &&
            node->inputs[0] && node->outputs[0] && (rows[i].always || status != IMGCLS_OK)) {
            status = rows[i].see(trace, node, status, again);
            goto done;
        }
    if (status != IMGCLS_OK)
        status = see_meeting(trace, node, status, again);
done:
    if (status == IMGCLS_OK && !*again)
        pass_on(trace, node);
    return status;
}

static imgcls_status set_batch(struct imgcls_graph *graph, int64_t batch)
{
    graph->inputs[0]->info.dims[0] = batch;
    return icl_graph_sort(graph);
}

/* One walk at the other batch; edits grow. */
static imgcls_status walk(struct trace *trace, const struct imgcls_graph *graph)
{
    struct imgcls_graph *scratch = NULL;
    imgcls_status status = icl_graph_clone(graph, &scratch);
    if (status == IMGCLS_OK)
        status = set_batch(scratch, trace->other);
    memset(trace->outer, 0, trace->base->value_count * sizeof *trace->outer);
    trace->restart = false;
    if (status == IMGCLS_OK)
        status = icl_graph_infer_watched(scratch, see, trace);
    for (size_t i = 0; status == IMGCLS_OK && i < scratch->output_count; i++) {
        const struct imgcls_value_info *info = &scratch->outputs[i]->info;
        if (info->rank >= 1 && info->dims[0] == trace->other && axis_of(trace, info) == 0)
            continue;
        if (!trace->given_up)
            snprintf(trace->reason, trace->capacity,
                     "output '%s' does not come out as one row a picture", info->name);
        trace->given_up = true;
    }
    icl_graph_destroy(scratch);
    return status;
}

imgcls_status icl_batch_trace(const struct imgcls_graph *graph, int64_t batch, bool inner,
                              struct icl_batch_edits *edits, bool *possible, char *reason,
                              size_t capacity)
{
    struct trace trace = {.ctx = graph->ctx, .batch = batch, .other = batch == 5 ? 7 : 5,
                          .inner = inner, .edits = edits, .reason = reason,
                          .capacity = capacity};
    reason[0] = '\0';
    *possible = false;
    imgcls_status status = icl_graph_clone(graph, &trace.base);
    if (status == IMGCLS_OK)
        status = set_batch(trace.base, batch);
    if (status == IMGCLS_OK)
        status = icl_graph_infer(trace.base);
    if (status == IMGCLS_OK) {
        for (size_t i = 0; i < trace.base->value_count; i++)
            trace.base->values[i]->index = i;
        trace.outer = calloc(trace.base->value_count + 1, sizeof *trace.outer);
        if (!trace.outer)
            status = icl_fail(graph->ctx, IMGCLS_NO_MEMORY, "no memory to follow the batch");
    }
    for (int round = 0; status == IMGCLS_OK && round < ROUNDS_MAX; round++) {
        status = walk(&trace, graph);
        if (!trace.restart || trace.given_up || status != IMGCLS_BAD_INPUT)
            break;
        icl_forgive(graph->ctx);
        status = IMGCLS_OK;
    }
    *possible = status == IMGCLS_OK && !trace.given_up && !trace.restart;
    if (!*possible && !reason[0])
        snprintf(reason, capacity, "%s", status ? graph->ctx->error : "no end of changes");
    if (status != IMGCLS_OK && status != IMGCLS_INTERRUPTED && status != IMGCLS_NO_MEMORY) {
        icl_forgive(graph->ctx);
        status = IMGCLS_OK;
    }
    free(trace.outer);
    icl_graph_destroy(trace.base);
    return status;
}
