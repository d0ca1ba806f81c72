/*
 * src/plan/build.c - from a graph and shapes to a plan, and the plan's life
 *
 * The order: clone; shapes of the inputs; newest meaning; what it does with images (images.c), and
 * so into how many parts it goes (parts.c); then for each part fusion; sort; the walk that makes
 * slots and steps (walk.c); the graph's outputs; packing of weights (pack.c); liveness and offsets.
 *
 * Not here: figures of a plan and its steps (summary.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/plan.h"

#include <stdlib.h>

#include "src/passes/passes.h"
#include "src/plan/choices.h"
#include "src/plan/parts.h"
#include "src/plan/shapes.h"
#include "src/plan/step.h"
#include "src/tensor/tensor.h"

#define FOLD_LIMIT ((size_t)64 << 20)

static imgcls_status set_input(struct imgcls_context *ctx, struct icl_value *value,
                               const struct imgcls_tensor *shape)
{
    struct imgcls_value_info *info = &value->info;
    if (info->kind != IMGCLS_KIND_TENSOR)
        return IMGCLS_OK;
    if (info->type == IMGCLS_UNDEFINED)
        info->type = shape->type;
    if (info->type != shape->type)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "input '%s': %s given, %s expected",
                        value->name, icl_type_name(shape->type), icl_type_name(info->type));
    bool fits = info->rank < 0 || info->rank == shape->rank;
    for (int32_t i = 0; fits && i < info->rank; i++)
        fits = info->dims[i] < 0 || info->dims[i] == shape->dims[i];
    if (!fits) {
        char given[256], expected[256];
        icl_shape_text(NULL, shape->rank, shape->dims, given, sizeof given);
        icl_shape_text(value->graph, info->rank, info->dims, expected, sizeof expected);
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "input '%s': shape %s given, %s expected",
                        value->name, given, expected);
    }
    info->rank = shape->rank;
    for (int32_t i = 0; i < shape->rank; i++)
        info->dims[i] = shape->dims[i];
    return IMGCLS_OK;
}

/* Operators with two algorithms look for this attribute and take the other one. */
static imgcls_status ask_for_other_bits(struct imgcls_graph *graph)
{
    static const struct imgcls_attr wish = {.struct_size = sizeof wish,
                                            .name = IMGCLS_ATTR_OTHER_BITS,
                                            .kind = IMGCLS_ATTR_INT,
                                            .i = 1};
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; status == IMGCLS_OK && i < graph->node_count; i++)
        status = icl_node_set_attr(graph->nodes[i], &wish);
    return status;
}

/* ---- Parts -------------------------------------------------------------------------------*/

static struct icl_plan *new_plan(struct imgcls_context *ctx,
                                 const struct icl_plan_options *options)
{
    struct icl_plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return NULL;
    plan->ctx = ctx;
    plan->references = 1;
    plan->rounds = 1;
    plan->options = *options;
    plan->options.pool = NULL; /* a plan outlives the session that made it */
    if (plan->options.threads < 1)
        plan->options.threads = 1;
    plan->fold_limit = FOLD_LIMIT;
    plan->fold_large = true;
    return plan;
}

/* The first dimension that all inputs have; 0 where there is none. */
static int64_t batch_of(const struct imgcls_graph *graph)
{
    int64_t batch = 0;
    for (size_t i = 0; i < graph->input_count; i++) {
        const struct imgcls_value_info *info = &graph->inputs[i]->info;
        int64_t first = info->kind == IMGCLS_KIND_TENSOR && info->rank > 0 ? info->dims[0] : 0;
        if (info->constant)
            continue;
        if (first < 1 || (batch > 0 && first != batch))
            return 0;
        batch = first;
    }
    return batch;
}

static bool may_part(const struct icl_plan *plan, const struct imgcls_graph *source)
{
    const struct icl_plan_options *options = &plan->options;
    return !options->whole_batch && !options->once && !options->keep_values &&
           !options->portable_only && !source->outer && batch_of(plan->graph) > 1;
}

static imgcls_status add_tail(struct icl_plan *plan, struct imgcls_graph *tail)
{
    plan->next = new_plan(plan->ctx, &plan->options);
    if (!plan->next) {
        icl_graph_destroy(tail);
        return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory for a plan");
    }
    plan->next->graph = tail;
    return IMGCLS_OK;
}

/* Marks products' rows, and divides the batch where that pays. */
static imgcls_status look_at_images(struct icl_plan *plan, const struct imgcls_graph *source)
{
    struct icl_images images = {0};
    struct imgcls_graph *tail = NULL;
    bool parts = may_part(plan, source);
    int64_t batch = parts ? batch_of(plan->graph) : 1, micro = batch;
    imgcls_status status = icl_images_look(plan->graph, source, parts, &images);
    if (status == IMGCLS_OK && parts)
        status = icl_parts_make(plan->graph, &images, batch, plan->options.part_bytes, &micro,
                                &tail);
    icl_images_clear(&images);
    for (size_t i = 0; micro < batch && i < plan->graph->input_count; i++)
        if (!plan->graph->inputs[i]->info.constant)
            plan->graph->inputs[i]->info.dims[0] = micro;
    plan->rounds = batch / micro;
    return status == IMGCLS_OK && tail ? add_tail(plan, tail) : status;
}

static imgcls_status make_graph(struct icl_plan *plan, const struct imgcls_graph *graph,
                                const struct imgcls_tensor *shapes)
{
    imgcls_status status = icl_graph_clone(graph, &plan->graph);
    for (size_t i = 0; status == IMGCLS_OK && i < plan->graph->input_count; i++)
        status = set_input(plan->ctx, plan->graph->inputs[i], &shapes[i]);
    if (status == IMGCLS_OK)
        status = icl_passes_upgrade(plan->graph);
    if (status == IMGCLS_OK && !plan->options.no_fusion && !plan->options.in_double)
        status = look_at_images(plan, graph);
    return status;
}

static imgcls_status fuse(struct icl_plan *plan)
{
    imgcls_status status = IMGCLS_OK;
    if (!plan->options.no_fusion)
        status = icl_passes_fuse(plan->graph, NULL);
    if (status == IMGCLS_OK && plan->options.other_bits)
        status = ask_for_other_bits(plan->graph);
    if (status == IMGCLS_OK)
        status = icl_graph_sort(plan->graph);
    if (status == IMGCLS_OK)
        icl_graph_forget_shapes(plan->graph);
    return status;
}

/* Slots of the outputs, in their declared form, in bytes that are not the caller's. */
static imgcls_status make_outputs(struct icl_plan *plan)
{
    struct imgcls_graph *graph = plan->graph;
    plan->outputs = calloc(graph->output_count + 1, sizeof *plan->outputs);
    if (!plan->outputs)
        return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory for outputs");
    for (size_t i = 0; i < graph->output_count; i++) {
        struct icl_value *value = graph->outputs[i];
        size_t slot, copy;
        imgcls_status status = icl_plan_need_form(plan, value, ICL_DECLARED, &slot);
        if (status)
            return status;
        if (plan->slots[icl_slot_root(plan, slot)].place == ICL_PLACE_INPUT) {
            status = icl_plan_add_slot(plan, value, ICL_DECLARED, &copy);
            if (status == IMGCLS_OK)
                status = icl_plan_add_convert(plan, slot, copy);
            if (status)
                return status;
            plan->forms[value->index][ICL_DECLARED] = slot;
            slot = copy;
        }
        plan->slots[slot].is_output = true;
        plan->outputs[i] = slot;
    }
    return IMGCLS_OK;
}

/* -- the plan ---------------------------------------------------------------------------*/

/* From the graph of one part to steps that can run. */
static imgcls_status make_steps(struct icl_plan *plan, struct icl_pool *pool)
{
    imgcls_status status = icl_context_registry(plan->ctx, &plan->registry);
    if (status == IMGCLS_OK)
        status = fuse(plan);
    if (status == IMGCLS_OK)
        status = icl_plan_walk(plan);
    if (status == IMGCLS_OK)
        status = make_outputs(plan);
    if (status == IMGCLS_OK)
        status = icl_plan_pack(plan, pool);
    if (status == IMGCLS_OK)
        status = icl_plan_liveness(plan);
    if (status == IMGCLS_OK)
        status = icl_plan_place(plan);
    return status;
}

imgcls_status icl_plan_build(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                             const struct imgcls_tensor *shapes,
                             const struct icl_plan_options *options, struct icl_plan **out)
{
    *out = NULL;
    if (options->in_double && !options->portable_only)
        return icl_fail(ctx, IMGCLS_INTERNAL, "a plan in double needs portable kernels");
    struct icl_plan *plan = new_plan(ctx, options);
    if (!plan)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for a plan");
    imgcls_status status = make_graph(plan, graph, shapes);
    for (struct icl_plan *part = plan; part && status == IMGCLS_OK; part = part->next)
        status = make_steps(part, options->pool);
    if (status == IMGCLS_OK) {
        icl_plan_sum_up(plan, graph);
        *out = plan;
        plan = NULL;
    }
    icl_plan_release(plan);
    return status;
}

struct icl_plan *icl_plan_retain(struct icl_plan *plan)
{
    atomic_fetch_add(&plan->references, 1);
    return plan;
}

void icl_plan_release(struct icl_plan *plan)
{
    if (!plan || atomic_fetch_sub(&plan->references, 1) > 1)
        return;
    icl_plan_release(plan->next);
    for (size_t i = 0; i < plan->step_count; i++) {
        struct icl_step *step = &plan->steps[i];
        icl_plan_unpack(plan, i);
        icl_adapted_destroy(step->adapted);
        free(step->inputs);
        free(step->captures);
    }
    for (size_t i = 0; i < plan->slot_count; i++)
        free(plan->slots[i].wide);
    for (size_t i = 0; i < plan->folded_count; i++)
        icl_value_release(plan->ctx, plan->folded[i]);
    icl_graph_destroy(plan->graph);
    free(plan->outputs);
    free(plan->folded);
    free(plan->steps);
    free(plan->slots);
    free(plan->forms);
    free(plan);
}
