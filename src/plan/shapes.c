/*
 * src/plan/shapes.c - types and shapes of a whole graph, with symbols for open dimensions
 *
 * What a file declares of values in between is not believed: exporters write a batch of 1
 * into it that is none. Operators say what they give; where they cannot, the declaration
 * stands. Small computations on constants are carried out, since shapes hang on them.
 *
 * icl_graph_infer works on a clone in the newest meaning and copies what it learned back by
 * name, so the caller's graph keeps its nodes and its opset.
 *
 * icl_graph_try_batch does without a clone and leaves what was known as it was: cheap enough for
 * every plan.
 *
 * icl_graph_settle does as icl_graph_infer, and what shapes alone decide becomes initializers, so
 * that passes see reshapes with their dimensions and no arithmetic on shapes.
 *
 * Not here: concrete shapes and steps (walk.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/shapes.h"

#include <stdlib.h>
#include <string.h>

#include "src/passes/passes.h"
#include "src/plan/step.h"
#include "src/tensor/tensor.h"

#define SMALL_BYTES ((size_t)64 << 10)

imgcls_status icl_fail_within_node(struct imgcls_context *ctx, imgcls_status status,
                                   const struct imgcls_node *node)
{
    char text[256];
    icl_node_text(node, text, sizeof text);
    bool named = strncmp(ctx->error, "node ", 5) == 0 || strstr(ctx->error, text) ||
                 (node->name[0] && strstr(ctx->error, node->name));
    if (named || status == IMGCLS_INTERRUPTED)
        return status;
    return icl_fail_within(ctx, status, "%s", text);
}

imgcls_status icl_infer_node(struct imgcls_context *ctx, struct icl_registry *registry,
                             struct icl_node *node, const struct imgcls_op **out)
{
    char text[256];
    const struct imgcls_op *op =
        icl_registry_op(registry, node->node.domain, node->node.type, node->node.version);
    *out = op;
    if (!op || !ICL_HAS(op, infer) || !op->infer) {
        icl_node_text(&node->node, text, sizeof text);
        return icl_fail(ctx, IMGCLS_UNSUPPORTED,
                        "%s: no plugin has operator %s %s version "
                        "%lld",
                        text, node->node.domain[0] ? node->node.domain : "ai.onnx",
                        node->node.type, (long long)node->node.version);
    }
    struct imgcls_infer infer = {sizeof infer, &node->node};
    imgcls_status status = op->infer(&ctx->host, &infer);
    return status ? icl_fail_within_node(ctx, status, &node->node) : IMGCLS_OK;
}

void icl_graph_forget_shapes(struct imgcls_graph *graph)
{
    for (size_t n = 0; n < graph->node_count; n++)
        for (size_t i = 0; i < graph->nodes[n]->node.output_count; i++)
            if (graph->nodes[n]->outputs[i])
                graph->nodes[n]->outputs[i]->rank = -1;
}

/* Infers one node, and again as long as the watcher changes it. */
static imgcls_status infer_watched(struct icl_plan *scratch, struct icl_node *node,
                                   const struct imgcls_op **op, icl_infer_watch watch,
                                   void *argument)
{
    imgcls_status status = icl_infer_node(scratch->ctx, scratch->registry, node, op);
    for (bool again = watch != NULL; again;) {
        again = false;
        status = watch(argument, node, status, &again);
        if (!again)
            break;
        icl_forgive(scratch->ctx);
        for (size_t i = 0; i < node->node.output_count; i++)
            if (node->outputs[i])
                node->outputs[i]->rank = -1;
        status = icl_plan_cover_values(scratch);
        if (status == IMGCLS_OK)
            status = icl_infer_node(scratch->ctx, scratch->registry, node, op);
    }
    return status;
}

static imgcls_status infer_all(struct icl_plan *scratch, icl_infer_watch watch, void *argument)
{
    struct imgcls_graph *graph = scratch->graph;
    icl_graph_forget_shapes(graph);
    imgcls_status status = icl_plan_cover_values(scratch);
    for (size_t i = 0; i < graph->node_count && status == IMGCLS_OK; i++) {
        const struct imgcls_op *op;
        bool done;
        status = infer_watched(scratch, graph->nodes[i], &op, watch, argument);
        if (status == IMGCLS_OK)
            status = icl_fold_node(scratch, op, graph->nodes[i], &done);
    }
    return status;
}

/* Takes over what is known of `from` and open in, or other than, `to`. */
static void learn(struct imgcls_value_info *to, const struct imgcls_value_info *from)
{
    if (from->type != IMGCLS_UNDEFINED) {
        to->type = from->type;
        to->kind = from->kind;
    }
    if (from->rank < 0)
        return;
    bool same_rank = to->rank == from->rank;
    for (int32_t i = 0; i < from->rank; i++)
        if (!same_rank || from->dims[i] != -1)
            to->dims[i] = from->dims[i];
    to->rank = from->rank;
}

static void copy_back(const struct imgcls_graph *from, struct imgcls_graph *to)
{
    for (size_t i = 0; i < to->value_count; i++) {
        struct icl_value *value = to->values[i];
        if (value->is_input || value->info.constant)
            continue;
        const struct icl_value *known = icl_graph_find(from, value->name);
        if (known)
            learn(&value->info, &known->info);
    }
}

/* Whole numbers and truths that the shapes decide, and single floats, such as the scale of
 * attention. (A plan in double, where these would have more digits, is made without
 * passes.) */
static bool is_settled(const struct icl_value *value)
{
    const struct imgcls_value_info *info = &value->info;
    size_t bytes;
    if (!info->constant || !value->producer)
        return false;
    if (icl_type_is_float(info->type))
        return imgcls_count(info->rank, info->dims) == 1;
    return (info->type == IMGCLS_I64 || info->type == IMGCLS_I32 ||
            info->type == IMGCLS_BOOL) &&
           icl_type_size(info->type, imgcls_count(info->rank, info->dims), &bytes) &&
           bytes <= SMALL_BYTES;
}

/* True where some reader of the value computes what is not settled. */
static bool is_needed(const struct imgcls_graph *from, const struct icl_value *value)
{
    for (const struct icl_use *use = value->uses; use; use = use->next)
        for (size_t i = 0; i < use->node->node.output_count; i++) {
            const struct imgcls_value_info *out = use->node->outputs[i];
            const struct icl_value *known = out ? icl_graph_find(from, out->name) : NULL;
            if (out && (!known || use->node->graph != value->graph || !is_settled(known)))
                return true;
        }
    return false;
}

/* Values of `to` that turned out constant in `from` become initializers. */
static imgcls_status take_constants(const struct imgcls_graph *from,
                                    struct imgcls_graph *to, size_t *changes)
{
    imgcls_status status = IMGCLS_OK;
    size_t count = to->value_count;
    for (size_t i = 0; status == IMGCLS_OK && i < count; i++) {
        struct icl_value *value = to->values[i], *made;
        if (!value->producer || value->is_output || value->info.constant || !value->uses)
            continue;
        const struct icl_value *known = icl_graph_find(from, value->name);
        if (!known || !is_settled(known) || !is_needed(from, value))
            continue;
        const char *name = icl_graph_unique_name(to, value->name);
        if (!name)
            return icl_alloc_status(to->ctx);
        status = icl_graph_add_initializer(to, name, known->info.constant, NULL);
        made = status == IMGCLS_OK ? icl_graph_find(to, name) : NULL;
        if (made)
            status = icl_graph_replace_uses(to, value, made);
        ++*changes;
    }
    return status;
}

/* A plan that is none: what folding wants. */
static imgcls_status make_scratch(struct imgcls_context *ctx, struct icl_plan **out)
{
    struct icl_plan *scratch = calloc(1, sizeof *scratch);
    *out = scratch;
    if (!scratch)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to infer shapes");
    scratch->ctx = ctx;
    scratch->references = 1;
    scratch->fold_limit = SMALL_BYTES;
    return icl_context_registry(ctx, &scratch->registry);
}

/* changes, where not NULL: settled, too, and counted there. */
static imgcls_status infer(struct imgcls_graph *graph, icl_infer_watch watch, void *argument,
                           size_t *changes)
{
    struct icl_plan *scratch;
    imgcls_status status = make_scratch(graph->ctx, &scratch);
    if (status == IMGCLS_OK)
        status = icl_graph_clone(graph, &scratch->graph);
    if (status == IMGCLS_OK)
        status = icl_passes_upgrade(scratch->graph);
    if (status == IMGCLS_OK)
        status = icl_graph_sort(scratch->graph);
    if (status == IMGCLS_OK)
        status = infer_all(scratch, watch, argument);
    if (status == IMGCLS_OK)
        copy_back(scratch->graph, graph);
    if (status == IMGCLS_OK && changes)
        status = take_constants(scratch->graph, graph, changes);
    icl_plan_release(scratch);
    return status;
}

imgcls_status icl_graph_try_batch(struct imgcls_graph *graph, int64_t batch,
                                  icl_infer_watch watch, void *argument)
{
    imgcls_status status = icl_graph_sort(graph);
    size_t count = graph->value_count;
    struct imgcls_value_info *known = NULL;
    if (status == IMGCLS_OK) {
        known = icl_alloc(graph->ctx, count + 1, sizeof *known);
        status = known ? IMGCLS_OK : icl_alloc_status(graph->ctx);
    }
    if (status != IMGCLS_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        known[i] = graph->values[i]->info;
    for (size_t i = 0; i < graph->input_count; i++)
        if (!graph->inputs[i]->info.constant && graph->inputs[i]->info.rank > 0)
            graph->inputs[i]->info.dims[0] = batch;
    struct icl_plan *scratch;
    status = make_scratch(graph->ctx, &scratch);
    if (status == IMGCLS_OK) {
        scratch->graph = graph;
        status = infer_all(scratch, watch, argument);
        scratch->graph = NULL; /* the caller's */
    }
    icl_plan_release(scratch);
    for (size_t i = 0; i < count; i++)
        graph->values[i]->info = known[i]; /* what was folded is gone, too */
    icl_free(graph->ctx, known);
    return status;
}

imgcls_status icl_graph_infer(struct imgcls_graph *graph)
{
    return infer(graph, NULL, NULL, NULL);
}

imgcls_status icl_graph_infer_watched(struct imgcls_graph *graph, icl_infer_watch watch,
                                      void *argument)
{
    return infer(graph, watch, argument, NULL);
}

imgcls_status icl_graph_settle(struct imgcls_graph *graph, size_t *changes)
{
    imgcls_status status = infer(graph, NULL, NULL, changes);
    return status == IMGCLS_OK && *changes ? icl_graph_drop_dead(graph) : status;
}
