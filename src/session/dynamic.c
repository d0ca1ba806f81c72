/*
 * src/session/dynamic.c - steps whose shapes are known only when they run
 *
 * The node is copied with infos of its own. Before each run the infos get what the values
 * at hand have; infer may read all of them, since they are all there; then a kernel is
 * chosen as a plan would. Kernel and state are kept while types and shapes stay the same.
 *
 * What is "constant" for accepts and prepare is what was constant when planned: a kernel
 * must not pack what may be different next time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/session/execute.h"

#include <stdlib.h>
#include <string.h>

#include "src/tensor/tensor.h"

struct icl_dynamic {
    struct icl_node *node;          /* own copy, with infos of its own */
    struct imgcls_value_info *seen; /* inputs and outputs that the kernel was chosen for */
    const struct imgcls_kernel *kernel; /* NULL: none yet */
    void *state, *workspace;
    size_t workspace_bytes;
};

imgcls_status icl_dynamic_create(struct imgcls_context *ctx, const struct icl_step *step,
                                 struct icl_dynamic **out)
{
    *out = NULL;
    struct icl_dynamic *dynamic = calloc(1, sizeof *dynamic);
    if (dynamic)
        dynamic->seen =
            calloc(step->input_count + step->output_count + 1, sizeof *dynamic->seen);
    imgcls_status status = IMGCLS_OK;
    if (!dynamic || !dynamic->seen)
        status = icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for a step of open shape");
    if (status == IMGCLS_OK)
        status = icl_node_copy_shallow(ctx, icl_node_of(step->node), &dynamic->node);
    if (status)
        icl_dynamic_destroy(ctx, dynamic);
    else
        *out = dynamic;
    return status;
}

static void forget_kernel(struct imgcls_context *ctx, struct icl_dynamic *dynamic)
{
    if (dynamic->kernel && dynamic->state && dynamic->kernel->release)
        dynamic->kernel->release(&ctx->host, dynamic->state);
    icl_free(ctx, dynamic->workspace);
    dynamic->kernel = NULL;
    dynamic->state = dynamic->workspace = NULL;
    dynamic->workspace_bytes = 0;
}

void icl_dynamic_destroy(struct imgcls_context *ctx, struct icl_dynamic *dynamic)
{
    if (!dynamic)
        return;
    forget_kernel(ctx, dynamic);
    icl_adapted_destroy(dynamic->node);
    free(dynamic->seen);
    free(dynamic);
}

/* Infos of the inputs become those of the values. */
static void look_at_inputs(struct icl_dynamic *dynamic, const struct icl_run *run)
{
    for (size_t i = 0; i < run->run.input_count; i++) {
        const struct imgcls_value *value = run->run.inputs[i];
        struct imgcls_value_info *info = dynamic->node->inputs[i];
        if (!value || !info)
            continue;
        const struct imgcls_tensor *tensor = value->tensor;
        info->kind = value->kind;
        info->type = tensor ? tensor->type : value->type;
        info->rank = tensor ? tensor->rank : -1;
        for (int32_t d = 0; tensor && d < tensor->rank; d++)
            info->dims[d] = tensor->dims[d];
        info->constant = tensor;
    }
}

/* Notes types and shapes; true where they are those of the last time. */
static bool same_as_before(struct icl_dynamic *dynamic, const struct icl_step *step)
{
    bool same = true;
    for (size_t i = 0; i < step->input_count + step->output_count; i++) {
        const struct imgcls_value_info *info =
            i < step->input_count ? dynamic->node->inputs[i]
                                  : dynamic->node->outputs[i - step->input_count];
        if (!info)
            continue;
        const struct imgcls_value_info *seen = &dynamic->seen[i];
        same = same && seen->kind == info->kind && seen->type == info->type &&
               seen->rank == info->rank &&
               (info->rank <= 0 || memcmp(seen->dims, info->dims,
                                          (size_t)info->rank * sizeof *info->dims) == 0);
        dynamic->seen[i] = *info;
    }
    return same;
}

static imgcls_status infer(struct icl_dynamic *dynamic, const struct icl_plan *plan,
                           const struct icl_step *step)
{
    for (size_t i = 0; i < step->output_count; i++) {
        struct imgcls_value_info *info = dynamic->node->outputs[i];
        if (!info)
            continue;
        info->type = step->node->outputs[i]->type;
        info->kind = step->node->outputs[i]->kind;
        info->rank = -1;
    }
    struct imgcls_infer asked = {sizeof asked, &dynamic->node->node};
    imgcls_status status = step->op->infer(&plan->ctx->host, &asked);
    for (size_t i = 0; i < step->input_count; i++)
        if (dynamic->node->inputs[i])
            dynamic->node->inputs[i]->constant = step->node->inputs[i]->constant;
    return status;
}

static imgcls_status choose(struct icl_dynamic *dynamic, const struct icl_plan *plan)
{
    struct imgcls_context *ctx = plan->ctx;
    forget_kernel(ctx, dynamic);
    const struct imgcls_kernel *kernel =
        icl_choose_kernel(plan, &dynamic->node->node, plan->options.portable_only);
    if (!kernel)
        return icl_refuse_node(plan, &dynamic->node->node);
    dynamic->kernel = kernel;
    if (!kernel->prepare)
        return IMGCLS_OK;
    struct imgcls_prepare prepare = {.struct_size = sizeof prepare,
                                     .node = &dynamic->node->node,
                                     .threads = plan->options.threads};
    imgcls_status status = kernel->prepare(&ctx->host, &prepare);
    dynamic->state = prepare.state;
    if (status == IMGCLS_OK && prepare.workspace_bytes > 0) {
        dynamic->workspace = icl_alloc(ctx, prepare.workspace_bytes, 1);
        dynamic->workspace_bytes = prepare.workspace_bytes;
        if (!dynamic->workspace)
            status = icl_alloc_status(ctx);
    }
    if (status)
        forget_kernel(ctx, dynamic);
    return status;
}

/* Outputs whose shape is known by now are there before the kernel runs. */
static imgcls_status allocate_outputs(struct icl_dynamic *dynamic, struct icl_run *run)
{
    for (size_t i = 0; i < run->run.output_count; i++) {
        const struct imgcls_value_info *info = dynamic->node->outputs[i];
        if (!run->outputs[i] || !info || !icl_info_is_static(info))
            continue;
        imgcls_status status = icl_host_run_output(&run->ctx->host, &run->run, i,
                                                   info->type, info->rank, info->dims);
        if (status)
            return status;
    }
    return IMGCLS_OK;
}

imgcls_status icl_dynamic_settle(struct icl_dynamic *dynamic, const struct icl_plan *plan,
                                 const struct icl_step *step, struct icl_run *run,
                                 const struct imgcls_kernel **kernel)
{
    run->run.node = &dynamic->node->node;
    look_at_inputs(dynamic, run);
    imgcls_status status = infer(dynamic, plan, step);
    if (status == IMGCLS_OK && (!same_as_before(dynamic, step) || !dynamic->kernel))
        status = choose(dynamic, plan);
    if (status == IMGCLS_OK)
        status = allocate_outputs(dynamic, run);
    *kernel = dynamic->kernel;
    run->run.state = dynamic->state;
    run->run.workspace = dynamic->workspace;
    run->run.workspace_bytes = dynamic->workspace_bytes;
    return status;
}
