/*
 * src/plan/adapt.c - a node as it would be if its narrow floats were wide
 *
 * float16 models are computed in float32 where no kernel takes float16, and references in
 * double. The graph keeps its types; the step gets a shallow copy of the node whose infos
 * have the wide ones. infer decides whether that is a sound node: an operator that insists
 * on a narrow output (Cast to float16) keeps it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/step.h"

#include <stdlib.h>

#include "src/tensor/tensor.h"

/* The copy, its lists and infos: one block. */
struct adapted {
    struct icl_node node; /* first */
    struct imgcls_value_info infos[];
};

void icl_adapted_destroy(struct icl_node *adapted)
{
    free(adapted);
}

static bool is_narrow(const struct icl_plan *plan, const struct imgcls_value_info *info)
{
    return info && icl_plan_wide_type(plan, info->type) != IMGCLS_UNDEFINED;
}

static bool any_narrow(const struct icl_plan *plan, const struct imgcls_node *node)
{
    for (size_t i = 0; i < node->input_count; i++)
        if (is_narrow(plan, node->inputs[i]))
            return true;
    for (size_t i = 0; i < node->output_count; i++)
        if (is_narrow(plan, node->outputs[i]))
            return true;
    return false;
}

/* Sequences and optionals keep their type, and so do inner graphs: what they hold beside what
 * flows in is narrow, and would no longer fit. */
static bool tensors_alone(const struct imgcls_node *node)
{
    for (size_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] && node->inputs[i]->kind != IMGCLS_KIND_TENSOR)
            return false;
    for (size_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] && node->outputs[i]->kind != IMGCLS_KIND_TENSOR)
            return false;
    return true;
}

/* The block: node, infos, then the two lists of pointers. */
static struct adapted *allocate_copy(size_t lists)
{
    size_t infos, pointers, bytes;
    if (!icl_mul_size(lists, sizeof(struct imgcls_value_info), &infos) ||
        !icl_mul_size(lists, sizeof(void *), &pointers) ||
        !icl_add_size(infos, pointers, &bytes) ||
        !icl_add_size(bytes, sizeof(struct adapted), &bytes))
        return NULL;
    return calloc(1, bytes);
}

imgcls_status icl_node_copy_shallow(struct imgcls_context *ctx, const struct icl_node *node,
                                    struct icl_node **out)
{
    size_t in = node->node.input_count, lists = in + node->node.output_count;
    struct adapted *made = allocate_copy(lists);
    *out = NULL;
    if (!made)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to copy a node");
    struct imgcls_value_info **list = (struct imgcls_value_info **)(made->infos + lists);
    made->node = *node;
    made->node.inputs = list;
    made->node.outputs = list + in;
    made->node.node.inputs = (const struct imgcls_value_info *const *)made->node.inputs;
    made->node.node.outputs = (const struct imgcls_value_info *const *)made->node.outputs;
    for (size_t i = 0; i < lists; i++) {
        const struct imgcls_value_info *info =
            i < in ? node->inputs[i] : node->outputs[i - in];
        if (!info)
            continue;
        made->infos[i] = *info;
        list[i] = &made->infos[i];
    }
    *out = &made->node;
    return IMGCLS_OK;
}

/* Input infos: wide where there is a wide type, constants converted. */
static imgcls_status widen_inputs(struct icl_plan *plan, struct icl_node *made,
                                  const struct imgcls_node *node)
{
    for (size_t i = 0; i < node->input_count; i++) {
        const struct imgcls_value_info *info = node->inputs[i];
        if (!is_narrow(plan, info))
            continue;
        made->inputs[i]->type = icl_plan_wide_type(plan, info->type);
        if (!info->constant)
            continue;
        size_t slot;
        imgcls_status status =
            icl_plan_need_form(plan, icl_value_of(info), ICL_WIDE, &slot);
        if (status)
            return status;
        made->inputs[i]->constant = plan->slots[slot].info->constant;
    }
    return IMGCLS_OK;
}

/* Every output must come out as declared, or as the wide form of what is declared. */
static bool outputs_fit(const struct icl_plan *plan, const struct icl_node *made,
                        const struct imgcls_node *node)
{
    for (size_t i = 0; i < node->output_count; i++) {
        if (!node->outputs[i])
            continue;
        int32_t declared = node->outputs[i]->type, found = made->outputs[i]->type;
        if (found != declared &&
            (found == IMGCLS_UNDEFINED || found != icl_plan_wide_type(plan, declared)))
            return false;
    }
    return true;
}

imgcls_status icl_adapt_node(struct icl_plan *plan, const struct imgcls_op *op,
                             struct icl_node *node, struct icl_node **out)
{
    *out = NULL;
    if (!any_narrow(plan, &node->node) || (op->traits & IMGCLS_TRAIT_SUBGRAPH) ||
        !tensors_alone(&node->node))
        return IMGCLS_OK;
    struct icl_node *made;
    imgcls_status status = icl_node_copy_shallow(plan->ctx, node, &made);
    if (status == IMGCLS_OK)
        status = widen_inputs(plan, made, &node->node);
    if (status) {
        icl_adapted_destroy(made);
        return status;
    }
    for (size_t i = 0; i < node->node.output_count; i++)
        if (made->outputs[i])
            made->outputs[i]->type = IMGCLS_UNDEFINED;
    struct imgcls_infer infer = {sizeof infer, &made->node};
    if (op->infer(&plan->ctx->host, &infer) != IMGCLS_OK) {
        icl_forgive(plan->ctx); /* does not take the wide type: not adapted */
        icl_adapted_destroy(made);
        return IMGCLS_OK;
    }
    if (!outputs_fit(plan, made, &node->node)) {
        icl_adapted_destroy(made);
        return IMGCLS_OK;
    }
    *out = made;
    return IMGCLS_OK;
}
