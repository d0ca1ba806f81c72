/*
 * src/plan/build.c - from a graph and shapes to a plan, and the plan's life
 *
 * The order: clone; shapes of the inputs; newest meaning; rows of one image; fusion; sort; the
 * walk that makes slots and steps (walk.c); the graph's outputs; packing of weights (pack.c);
 * liveness and offsets.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/plan.h"

#include <stdlib.h>

#include "src/passes/passes.h"
#include "src/plan/choices.h"
#include "src/plan/image_rows.h"
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

static imgcls_status make_graph(struct icl_plan *plan, const struct imgcls_graph *graph,
                                const struct imgcls_tensor *shapes)
{
    imgcls_status status = icl_graph_clone(graph, &plan->graph);
    for (size_t i = 0; status == IMGCLS_OK && i < plan->graph->input_count; i++)
        status = set_input(plan->ctx, plan->graph->inputs[i], &shapes[i]);
    if (status == IMGCLS_OK)
        status = icl_passes_upgrade(plan->graph);
    if (status == IMGCLS_OK && !plan->options.no_fusion && !plan->options.in_double)
        status = icl_plan_mark_image_rows(plan->graph, graph);
    if (status == IMGCLS_OK && !plan->options.no_fusion)
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

/* -- figures ----------------------------------------------------------------------------*/

static bool is_weight_type(int32_t type)
{
    return type != IMGCLS_I64 && type != IMGCLS_BOOL && type != IMGCLS_STRING;
}

int64_t icl_graph_parameters(const struct imgcls_graph *graph)
{
    int64_t count = 0;
    for (size_t i = 0; i < graph->initializer_count; i++) {
        const struct imgcls_tensor *tensor = graph->initializers[i]->info.constant;
        if (tensor && is_weight_type(tensor->type))
            count += imgcls_count(tensor->rank, tensor->dims);
    }
    for (size_t n = 0; n < graph->node_count; n++)
        for (size_t a = 0; a < graph->nodes[n]->attr_count; a++) {
            const struct imgcls_attr *attr = &graph->nodes[n]->attrs[a]->attr;
            for (size_t g = 0; attr->graphs && g < attr->count; g++)
                count += icl_graph_parameters(attr->graphs[g]);
        }
    return count;
}

static int64_t step_macs(const struct icl_plan *plan, const struct icl_step *step)
{
    if (!step->op || !ICL_HAS(step->op, macs) || !step->op->macs)
        return 0;
    return step->op->macs(&plan->ctx->host, step->node);
}

/* Bytes of a list of infos; -1 where one is open. */
static int64_t bytes_of(const struct imgcls_value_info *const *infos, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        size_t bytes;
        if (!infos[i])
            continue;
        if (!icl_info_is_static(infos[i]) ||
            !icl_type_size(infos[i]->type, imgcls_count(infos[i]->rank, infos[i]->dims),
                           &bytes) ||
            __builtin_add_overflow(sum, bytes, &sum))
            return -1;
    }
    return sum;
}

void icl_plan_step_work(const struct icl_plan *plan, size_t index, int64_t *macs,
                        int64_t *bytes)
{
    const struct imgcls_node *node = plan->steps[index].node;
    int64_t in = bytes_of(node->inputs, node->input_count);
    int64_t out = bytes_of(node->outputs, node->output_count);
    *macs = step_macs(plan, &plan->steps[index]);
    *bytes = in < 0 || out < 0 ? -1 : in + out;
}

static int64_t first_dimension(const struct imgcls_graph *graph)
{
    const struct imgcls_value_info *info =
        graph->input_count > 0 ? &graph->inputs[0]->info : NULL;
    return info && info->rank > 0 && info->dims[0] > 0 ? info->dims[0] : 1;
}

static void make_summary(struct icl_plan *plan, const struct imgcls_graph *source)
{
    struct icl_plan_summary *summary = &plan->summary;
    summary->node_count = plan->step_count;
    summary->parameters = icl_graph_parameters(source);
    summary->arena_bytes = plan->arena_bytes;
    summary->batch = first_dimension(plan->graph);
    summary->precision = plan->options.in_double ? IMGCLS_F64 : IMGCLS_F32;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct icl_step *step = &plan->steps[i];
        summary->packed_bytes += step->constant_bytes;
        int64_t macs = step_macs(plan, step);
        if (summary->macs < 0)
            continue;
        if (macs < 0 || __builtin_add_overflow(summary->macs, macs, &summary->macs))
            summary->macs = -1;
    }
    for (size_t i = 0; i < plan->slot_count; i++) {
        const struct icl_slot *slot = &plan->slots[i];
        if (slot->place == ICL_PLACE_CONSTANT && slot->root == i && slot->info->constant &&
            slot->uses > slot->released_uses)
            summary->constant_bytes += slot->info->constant->size_bytes;
    }
}

void icl_plan_summarise(const struct icl_plan *plan, struct icl_plan_summary *out)
{
    *out = plan->summary;
}

/* -- the plan ---------------------------------------------------------------------------*/

imgcls_status icl_plan_build(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                             const struct imgcls_tensor *shapes,
                             const struct icl_plan_options *options, struct icl_plan **out)
{
    *out = NULL;
    if (options->in_double && !options->portable_only)
        return icl_fail(ctx, IMGCLS_INTERNAL, "a plan in double needs portable kernels");
    struct icl_plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for a plan");
    plan->ctx = ctx;
    plan->references = 1;
    plan->options = *options;
    plan->options.pool = NULL; /* a plan outlives the session that made it */
    if (plan->options.threads < 1)
        plan->options.threads = 1;
    plan->fold_limit = FOLD_LIMIT;
    plan->fold_large = true;
    imgcls_status status = icl_context_registry(ctx, &plan->registry);
    if (status == IMGCLS_OK)
        status = make_graph(plan, graph, shapes);
    if (status == IMGCLS_OK)
        status = icl_plan_walk(plan);
    if (status == IMGCLS_OK)
        status = make_outputs(plan);
    if (status == IMGCLS_OK)
        status = icl_plan_pack(plan, options->pool);
    if (status == IMGCLS_OK)
        status = icl_plan_liveness(plan);
    if (status == IMGCLS_OK)
        status = icl_plan_place(plan);
    if (status == IMGCLS_OK) {
        make_summary(plan, graph);
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

bool icl_plan_step_key(const struct icl_plan *plan, size_t index, char key[65])
{
    const struct icl_step *step = index < plan->step_count ? &plan->steps[index] : NULL;
    if (!step || !step->op || !step->kernel)
        return false;
    icl_choices_key(plan->ctx, plan->options.threads, step->node, key);
    return true;
}

bool icl_plan_step(const struct icl_plan *plan, size_t index,
                   const struct imgcls_node **node, const char **kernel)
{
    if (index >= plan->step_count)
        return false;
    const struct icl_step *step = &plan->steps[index];
    *node = step->node;
    *kernel = step->kernel ? step->kernel->name : "";
    return true;
}
