/*
 * src/plan/summary.c - figures of a plan, and its steps one by one, through all its parts
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/choices.h"
#include "src/plan/step.h"
#include "src/tensor/tensor.h"

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

/* Of one round. */
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

/* ---- Settled or not ----------------------------------------------------------------------*/

bool icl_plan_is_settled(const struct icl_plan *plan)
{
    for (; plan; plan = plan->next)
        for (size_t i = 0; i < plan->step_count; i++) {
            const struct icl_step *step = &plan->steps[i];
            if (!step->kernel || (step->op && step->op->traits & IMGCLS_TRAIT_SUBGRAPH))
                return false;
        }
    return true;
}

/* ---- One step ----------------------------------------------------------------------------*/

/* The step and the part of the plan that it is in; NULL past the end. */
static const struct icl_step *find_step(const struct icl_plan **plan, size_t index)
{
    while (*plan && index >= (*plan)->step_count) {
        index -= (*plan)->step_count;
        *plan = (*plan)->next;
    }
    return *plan ? &(*plan)->steps[index] : NULL;
}

/* -1 stays, and so does what is too large to be told. */
static int64_t times(int64_t count, int64_t rounds)
{
    int64_t product;
    return count < 0 || __builtin_mul_overflow(count, rounds, &product) ? -1 : product;
}

bool icl_plan_step(const struct icl_plan *plan, size_t index,
                   const struct imgcls_node **node, const char **kernel)
{
    const struct icl_step *step = find_step(&plan, index);
    if (!step)
        return false;
    *node = step->node;
    *kernel = step->kernel ? step->kernel->name : "";
    return true;
}

bool icl_plan_step_key(const struct icl_plan *plan, size_t index, char key[65])
{
    const struct icl_step *step = find_step(&plan, index);
    if (!step || !step->op || !step->kernel)
        return false;
    icl_choices_key(plan->ctx, plan->options.threads, step->node, key);
    return true;
}

void icl_plan_step_work(const struct icl_plan *plan, size_t index, int64_t *macs,
                        int64_t *bytes)
{
    const struct icl_step *step = find_step(&plan, index);
    const struct imgcls_node *node = step->node;
    int64_t in = bytes_of(node->inputs, node->input_count);
    int64_t out = bytes_of(node->outputs, node->output_count);
    *macs = times(step_macs(plan, step), plan->rounds);
    *bytes = in < 0 || out < 0 ? -1 : times(in + out, plan->rounds);
}

/* ---- All of them -------------------------------------------------------------------------*/

static int64_t first_dimension(const struct imgcls_graph *graph)
{
    const struct imgcls_value_info *info =
        graph->input_count > 0 ? &graph->inputs[0]->info : NULL;
    return info && info->rank > 0 && info->dims[0] > 0 ? info->dims[0] : 1;
}

size_t icl_plan_gathered_bytes(const struct icl_plan *plan)
{
    int64_t bytes = 0;
    for (size_t i = 0; plan->rounds > 1 && i < plan->graph->output_count; i++) {
        const struct imgcls_value_info *info = plan->slots[plan->outputs[i]].info;
        bytes += times(bytes_of(&info, 1), plan->rounds);
    }
    return bytes > 0 ? (size_t)bytes : 0;
}

static void add_part(const struct icl_plan *part, struct icl_plan_summary *summary)
{
    summary->node_count += part->step_count;
    for (size_t i = 0; i < part->step_count; i++) {
        const struct icl_step *step = &part->steps[i];
        int64_t macs = times(step_macs(part, step), part->rounds);
        summary->packed_bytes += step->constant_bytes;
        if (summary->macs >= 0 &&
            (macs < 0 || __builtin_add_overflow(summary->macs, macs, &summary->macs)))
            summary->macs = -1;
    }
    for (size_t i = 0; i < part->slot_count; i++) {
        const struct icl_slot *slot = &part->slots[i];
        if (slot->place == ICL_PLACE_CONSTANT && slot->root == i && slot->info->constant &&
            slot->uses > slot->released_uses)
            summary->constant_bytes += slot->info->constant->size_bytes;
    }
}

void icl_plan_sum_up(struct icl_plan *plan, const struct imgcls_graph *source)
{
    struct icl_plan_summary *summary = &plan->summary;
    size_t gathered = 0;
    summary->parameters = icl_graph_parameters(source);
    summary->micro_batch = first_dimension(plan->graph);
    summary->batch = summary->micro_batch * plan->rounds;
    summary->precision = plan->options.in_double ? IMGCLS_F64 : IMGCLS_F32;
    for (const struct icl_plan *part = plan; part; part = part->next) {
        add_part(part, summary);
        gathered += icl_plan_gathered_bytes(part);
        if (part->arena_bytes > summary->arena_bytes)
            summary->arena_bytes = part->arena_bytes;
    }
    summary->arena_bytes += gathered;
}

void icl_plan_summarise(const struct icl_plan *plan, struct icl_plan_summary *out)
{
    *out = plan->summary;
}
