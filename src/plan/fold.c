/*
 * src/plan/fold.c - compute now what does not depend on the inputs
 *
 * A node is folded where all its inputs are constants, or where it reads shapes alone and
 * they are known. The portable kernel runs on one thread, so that what a plan holds depends
 * neither on the machine nor on its load. A result becomes the value's constant; where the
 * node was computed in the wide form both forms are kept.
 *
 * Not folded: what is random, what runs inner graphs, what gives no tensors, and what blows
 * a few numbers up into more than fold_limit bytes, which is cheaper to make again than to
 * keep.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/step.h"

#include <stdlib.h>

#include "src/session/host_run.h"
#include "src/tensor/tensor.h"

static size_t info_bytes(const struct imgcls_value_info *info)
{
    size_t bytes = 0;
    if (info && icl_info_is_static(info) &&
        !icl_type_size(info->type, imgcls_count(info->rank, info->dims), &bytes))
        return SIZE_MAX;
    return bytes;
}

static bool inputs_known(const struct imgcls_op *op, const struct imgcls_node *node)
{
    for (size_t i = 0; i < node->input_count; i++) {
        const struct imgcls_value_info *info = node->inputs[i];
        if (!info || info->constant)
            continue;
        if (!(op->traits & IMGCLS_TRAIT_SHAPE_ONLY) || !icl_info_is_static(info))
            return false;
    }
    return true;
}

static bool worth_folding(const struct icl_plan *plan, const struct imgcls_op *op,
                          const struct imgcls_node *node)
{
    if (op->traits & (IMGCLS_TRAIT_RANDOM | IMGCLS_TRAIT_SUBGRAPH))
        return false;
    if (node->output_count == 0 || !node->outputs[0])
        return false; /* the result that kernels rely on to be there: most such nodes are dead */
    if (!inputs_known(op, node))
        return false;
    size_t in = 0, out = 0;
    for (size_t i = 0; i < node->input_count; i++) {
        size_t bytes = node->inputs[i] && node->inputs[i]->constant
                           ? node->inputs[i]->constant->size_bytes
                           : 0;
        if (!icl_add_size(in, bytes, &in))
            return false;
    }
    for (size_t i = 0; i < node->output_count; i++) {
        if (node->outputs[i] && node->outputs[i]->kind != IMGCLS_KIND_TENSOR)
            return false;
        if (!icl_add_size(out, info_bytes(node->outputs[i]), &out))
            return false;
    }
    if (!plan->fold_large && in > plan->fold_limit)
        return false;
    return out <= plan->fold_limit || (plan->fold_large && out / 4 <= in);
}

/* Everything one call of a kernel needs; its arrays are in one block. */
struct call {
    struct icl_run run;
    struct imgcls_value *storage;        /* inputs, then blanks */
    struct imgcls_tensor *input_tensors; /* shapes without bytes for SHAPE_ONLY */
    const struct imgcls_value **inputs;
    struct imgcls_value **outputs, **blanks;
};

static void call_clear(struct icl_plan *plan, struct call *call)
{
    for (size_t i = 0; call->outputs && i < call->run.run.output_count; i++)
        if (call->outputs[i] != call->blanks[i])
            icl_value_release(plan->ctx, call->outputs[i]);
    free(call->storage);
    free(call->input_tensors);
    free(call->inputs);
    free(call->outputs);
    free(call->blanks);
}

static void set_input(struct call *call, size_t i, const struct imgcls_value_info *info)
{
    struct imgcls_tensor *tensor = &call->input_tensors[i];
    struct imgcls_value *value = &call->storage[i];
    if (info->constant) {
        *tensor = *info->constant;
    } else {
        tensor->struct_size = sizeof *tensor;
        tensor->type = info->type;
        tensor->rank = info->rank;
        for (int32_t d = 0; d < info->rank; d++)
            tensor->dims[d] = info->dims[d];
        icl_strides_of(info->rank, info->dims, tensor->strides);
    }
    value->struct_size = sizeof *value;
    value->kind = IMGCLS_KIND_TENSOR;
    value->type = info->type;
    value->tensor = tensor;
    call->inputs[i] = value;
}

static imgcls_status set_output(struct icl_plan *plan, struct call *call, size_t i,
                                const struct imgcls_value_info *info)
{
    struct imgcls_value *blank = &call->storage[call->run.run.input_count + i];
    blank->struct_size = sizeof *blank;
    blank->kind = info->kind;
    blank->type = info->type;
    call->blanks[i] = blank;
    call->outputs[i] = blank;
    if (!icl_info_is_static(info))
        return IMGCLS_OK;
    struct imgcls_value *made;
    imgcls_status status =
        icl_value_tensor(plan->ctx, info->type, info->rank, info->dims, &made);
    if (status == IMGCLS_OK)
        call->outputs[i] = made;
    return status;
}

static imgcls_status call_init(struct icl_plan *plan, const struct imgcls_node *node,
                               struct call *call)
{
    size_t in = node->input_count, out = node->output_count;
    call->storage = calloc(in + out + 1, sizeof *call->storage);
    call->input_tensors = calloc(in + 1, sizeof *call->input_tensors);
    call->inputs = calloc(in + 1, sizeof *call->inputs);
    call->outputs = calloc(out + 1, sizeof *call->outputs);
    call->blanks = calloc(out + 1, sizeof *call->blanks);
    call->run.run = (struct imgcls_run){
        .struct_size = sizeof(struct imgcls_run),
        .node = node,
        .threads = 1,
        .input_count = in,
        .output_count = out,
        .inputs = call->inputs,
        .outputs = call->outputs,
    };
    call->run.ctx = plan->ctx;
    call->run.outputs = call->outputs;
    call->run.blanks = call->blanks;
    if (!call->storage || !call->input_tensors || !call->inputs || !call->outputs ||
        !call->blanks)
        return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory to fold a node");
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < in; i++)
        if (node->inputs[i])
            set_input(call, i, node->inputs[i]);
    for (size_t i = 0; i < out && status == IMGCLS_OK; i++)
        if (node->outputs[i])
            status = set_output(plan, call, i, node->outputs[i]);
    return status;
}

static imgcls_status run_kernel(struct icl_plan *plan, const struct imgcls_kernel *kernel,
                                struct call *call)
{
    const struct imgcls_host *host = &plan->ctx->host;
    struct imgcls_prepare prepare = {
        .struct_size = sizeof prepare, .node = call->run.run.node, .threads = 1};
    imgcls_status status = IMGCLS_OK;
    if (kernel->prepare)
        status = kernel->prepare(host, &prepare);
    void *workspace = NULL;
    if (status == IMGCLS_OK && prepare.workspace_bytes > 0) {
        workspace = icl_alloc(plan->ctx, prepare.workspace_bytes, 1);
        if (!workspace)
            status = icl_alloc_status(plan->ctx);
    }
    call->run.run.state = prepare.state;
    call->run.run.workspace = workspace;
    call->run.run.workspace_bytes = prepare.workspace_bytes;
    if (status == IMGCLS_OK)
        status = kernel->run(host, &call->run.run);
    if (prepare.state && kernel->release)
        kernel->release(host, prepare.state);
    icl_free(plan->ctx, workspace);
    return status;
}

/* A result becomes the constant of its value; `wide` says that it is the wide form of it.
 */
static imgcls_status keep_result(struct icl_plan *plan, struct icl_value *value,
                                 struct imgcls_value *result, bool wide)
{
    imgcls_status status = icl_plan_keep(plan, result);
    if (status) {
        icl_value_release(plan->ctx, result);
        return status;
    }
    const struct imgcls_tensor *tensor = result->tensor;
    if (wide) {
        size_t slot;
        status = icl_plan_add_slot(plan, value, ICL_WIDE, &slot);
        if (status)
            return status;
        plan->slots[slot].place = ICL_PLACE_CONSTANT;
        plan->slots[slot].wide->tensor = *tensor;
        plan->slots[slot].info->constant = &plan->slots[slot].wide->tensor;
        plan->slots[slot].info->rank = tensor->rank;
        for (int32_t i = 0; i < tensor->rank; i++)
            plan->slots[slot].info->dims[i] = tensor->dims[i];
        struct imgcls_value *declared;
        status = icl_value_tensor(plan->ctx, value->info.type, tensor->rank, tensor->dims,
                                  &declared);
        if (status)
            return status;
        icl_convert_floats(plan->ctx->isa, tensor->type, tensor->data, declared->tensor->type,
                           declared->tensor->data,
                           (size_t)imgcls_count(tensor->rank, tensor->dims));
        return keep_result(plan, value, declared, false);
    }
    value->tensor = *tensor;
    value->info.constant = &value->tensor;
    value->info.type = tensor->type;
    value->info.rank = tensor->rank;
    for (int32_t i = 0; i < tensor->rank; i++)
        value->info.dims[i] = tensor->dims[i];
    return IMGCLS_OK;
}

static imgcls_status fold_with(struct icl_plan *plan, const struct imgcls_kernel *kernel,
                               const struct icl_node *node, const struct imgcls_node *form,
                               bool *done)
{
    struct call call = {0};
    imgcls_status status = call_init(plan, form, &call);
    if (status == IMGCLS_OK)
        status = run_kernel(plan, kernel, &call);
    bool all = true;
    for (size_t i = 0; status == IMGCLS_OK && i < form->output_count; i++)
        all = all && (!call.outputs[i] ||
                      (call.outputs[i] != call.blanks[i] && call.outputs[i]->tensor));
    for (size_t i = 0; status == IMGCLS_OK && all && i < form->output_count; i++) {
        if (!call.outputs[i])
            continue;
        struct imgcls_value *result = call.outputs[i];
        call.outputs[i] = call.blanks[i];
        bool wide = result->tensor->type != node->node.outputs[i]->type &&
                    node->node.outputs[i]->type != IMGCLS_UNDEFINED;
        status = keep_result(plan, icl_value_of(node->node.outputs[i]), result, wide);
    }
    *done = status == IMGCLS_OK && all;
    call_clear(plan, &call);
    return status;
}

imgcls_status icl_fold_node(struct icl_plan *plan, const struct imgcls_op *op,
                            struct icl_node *node, bool *done)
{
    *done = false;
    if (!worth_folding(plan, op, &node->node))
        return IMGCLS_OK;
    struct icl_node *adapted = NULL;
    const struct imgcls_kernel *kernel = NULL;
    if (!plan->options.in_double)
        kernel = icl_choose_kernel(plan, &node->node, true);
    imgcls_status status = IMGCLS_OK;
    if (!kernel)
        status = icl_adapt_node(plan, op, node, &adapted);
    if (adapted)
        kernel = icl_choose_kernel(plan, &adapted->node, true);
    if (!kernel && plan->options.in_double) {
        icl_adapted_destroy(adapted);
        adapted = NULL;
        kernel = icl_choose_kernel(plan, &node->node, true);
    }
    if (status == IMGCLS_OK && kernel)
        status =
            fold_with(plan, kernel, node, adapted ? &adapted->node : &node->node, done);
    icl_adapted_destroy(adapted);
    return status;
}
