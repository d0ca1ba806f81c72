/*
 * src/convert/batch_free.c - tries to free a model's batch, and says why where it stays
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "src/convert/batch.h"

/* A classifier's one input, with all but the batch fixed, of a type that noise tells pictures
 * apart in. */
static bool is_candidate(const struct imgcls_graph *graph)
{
    if (graph->input_count != 1 || graph->output_count == 0 || graph->inputs[0]->info.constant)
        return false;
    const struct imgcls_value_info *info = &graph->inputs[0]->info;
    if (info->kind != IMGCLS_KIND_TENSOR || info->rank < 2 || info->dims[0] == 0 ||
        info->dims[0] > 64)
        return false;
    for (int32_t i = 1; i < info->rank; i++)
        if (info->dims[i] <= 0)
            return false;
    return info->type == IMGCLS_F32 || info->type == IMGCLS_F16 || info->type == IMGCLS_BF16 ||
           info->type == IMGCLS_F64 || info->type == IMGCLS_U8;
}

/* What went wrong in a trial is a reason, unless the user or the machine wants an end. */
static imgcls_status take_reason(struct imgcls_context *ctx, imgcls_status status,
                                 struct icl_batch_result *result)
{
    if (status == IMGCLS_OK || status == IMGCLS_INTERRUPTED)
        return status;
    snprintf(result->reason, sizeof result->reason, "%.*s", (int)sizeof result->reason - 1,
             ctx->error);
    icl_forgive(ctx);
    return IMGCLS_OK;
}

/* One trial on `from`, which computes what the model does. *done: freed, or nothing to do. */
static imgcls_status attempt(struct imgcls_model *model, const struct imgcls_graph *from, bool inner,
                             struct icl_batch_result *result, bool *done)
{
    struct imgcls_graph *graph = model->graph, *freed = NULL;
    struct icl_batch_edits edits = {.ctx = model->ctx};
    bool fixed = graph->inputs[0]->info.dims[0] > 0, same = false, possible;
    imgcls_status status =
        icl_batch_trace(from, result->batch, inner, &edits, &possible, result->reason,
                        sizeof result->reason);
    *done = false;
    if (status == IMGCLS_OK && possible && !fixed && edits.count == 0) {
        result->batch = 0; /* open already */
        *done = true;
    } else if (status == IMGCLS_OK && possible) {
        status = icl_graph_clone(from, &freed);
        if (status == IMGCLS_OK)
            status = icl_batch_apply(freed, &edits);
        if (status == IMGCLS_OK)
            status = icl_batch_check(graph, freed, result->batch, &same, result->reason,
                                     sizeof result->reason);
    }
    if (status == IMGCLS_OK && same) {
        result->edits = edits.count;
        result->freed = *done = true;
        result->reason[0] = '\0';
        freed->golden = graph->golden; /* a clone has none; the old graph needs none */
        graph->golden = (struct icl_golden){0};
        model->graph = freed;
        freed = graph;
    }
    icl_graph_destroy(freed);
    icl_batch_edits_clear(&edits);
    return status;
}

imgcls_status icl_batch_free(struct imgcls_model *model, struct icl_batch_result *result)
{
    *result = (struct icl_batch_result){0};
    if (!is_candidate(model->graph) || model->session)
        return IMGCLS_OK;
    int64_t batch = model->graph->inputs[0]->info.dims[0];
    result->batch = batch > 0 ? batch : 1;
    struct imgcls_graph *taken = NULL;
    bool done = false;
    imgcls_status status =
        take_reason(model->ctx, icl_batch_branches(model->graph, &taken), result);
    for (int inner = 1; status == IMGCLS_OK && !done && inner >= 0; inner--)
        status = take_reason(
            model->ctx, attempt(model, taken ? taken : model->graph, inner == 1, result, &done),
            result);
    icl_graph_destroy(taken);
    return status;
}
