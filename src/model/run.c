/*
 * src/model/run.c - running a model on tensors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/model.h"

#include <stdlib.h>
#include <string.h>

imgcls_status icl_model_session(struct imgcls_model *model, struct icl_session **out)
{
    *out = model->session;
    if (model->session)
        return IMGCLS_OK;
    struct icl_plan_options options = {
        .threads = model->original ? 1 : model->ctx->threads,
        .once = model->once && model->recipe.views <= 1, /* several views: perhaps as many runs */
        .checks = model->checks};
    imgcls_status status =
        icl_session_create(model->ctx, model->graph, &options, &model->session);
    if (status == IMGCLS_OK && model->original)
        icl_session_share_plans(model->session, model->original->plans);
    *out = model->session;
    return status;
}

imgcls_status icl_model_plans(struct imgcls_model *model, struct icl_plans **out)
{
    const struct icl_plan_options options = {.threads = 1, .checks = model->checks};
    imgcls_status status = IMGCLS_OK;
    if (!model->plans)
        status = icl_plans_create(model->ctx, model->graph, &options, model->ctx->threads,
                                  &model->plans);
    *out = model->plans;
    return status;
}

void icl_model_forget_plans(struct imgcls_model *model)
{
    icl_plans_destroy(model->plans);
    model->plans = NULL;
}

imgcls_status icl_model_twin(struct imgcls_model *model, struct imgcls_model **out)
{
    struct icl_plans *plans;
    imgcls_status status = icl_checks_finish(model->checks, IMGCLS_OK); /* one of them runs first */
    *out = NULL;
    if (status == IMGCLS_OK)
        status = icl_model_plans(model, &plans);
    if (status)
        return status;
    *out = malloc(sizeof **out);
    if (!*out)
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "%s: no memory for the model",
                        model->path);
    **out = *model;
    (*out)->original = model;
    (*out)->once = false;
    (*out)->checks = NULL;
    (*out)->plans = NULL;
    (*out)->session = NULL;
    (*out)->run_values = NULL;
    (*out)->run_inputs = (*out)->run_outputs = NULL;
    (*out)->feed = NULL;
    (*out)->rows = NULL;
    (*out)->feed_bytes = (*out)->rows_bytes = 0;
    return IMGCLS_OK;
}

void icl_model_twin_close(struct imgcls_model *twin)
{
    if (!twin)
        return;
    icl_session_destroy(twin->session);
    icl_free(twin->ctx, twin->feed);
    icl_free(twin->ctx, twin->rows);
    free(twin->run_values);
    free(twin->run_inputs);
    free(twin->run_outputs);
    free(twin);
}

static imgcls_status make_lists(struct imgcls_model *model)
{
    const struct imgcls_graph *graph = model->graph;
    if (model->run_values)
        return IMGCLS_OK;
    model->run_inputs = calloc(graph->input_count + 1, sizeof *model->run_inputs);
    model->run_outputs = calloc(graph->output_count + 1, sizeof *model->run_outputs);
    model->run_values = calloc(graph->input_count + 1, sizeof *model->run_values);
    if (model->run_inputs && model->run_outputs && model->run_values)
        return IMGCLS_OK;
    return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "%s: no memory to run it", model->path);
}

/* Tensors of the outputs asked for; a sequence or a map is none. */
static imgcls_status take_outputs(struct imgcls_model *model, size_t count,
                                  const struct imgcls_tensor **outputs)
{
    for (size_t i = 0; i < count; i++) {
        outputs[i] = model->run_outputs[i]->tensor;
        if (!outputs[i])
            return icl_fail(model->ctx, IMGCLS_UNSUPPORTED, "%s: output '%s' is no tensor",
                            model->path, model->graph->outputs[i]->name);
    }
    return IMGCLS_OK;
}

imgcls_status imgcls_model_run(struct imgcls_model *model, size_t input_count,
                               const struct imgcls_tensor *const *inputs,
                               size_t output_count, const struct imgcls_tensor **outputs)
{
    icl_forgive(model->ctx); /* what an earlier call left */
    struct icl_session *session;
    const struct imgcls_graph *graph = model->graph;
    for (size_t i = 0; i < output_count; i++)
        outputs[i] = NULL;
    if (input_count != graph->input_count || output_count > graph->output_count)
        return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                        "%s: %zu inputs and %zu outputs asked "
                        "for, it has %zu and %zu",
                        model->path, input_count, output_count, graph->input_count,
                        graph->output_count);
    imgcls_status status = make_lists(model);
    if (status == IMGCLS_OK)
        status = icl_model_session(model, &session);
    for (size_t i = 0; i < input_count && status == IMGCLS_OK; i++) {
        model->run_values[i] = (struct imgcls_value){
            .struct_size = sizeof(struct imgcls_value),
            .kind = IMGCLS_KIND_TENSOR,
            .type = inputs[i]->type,
            .tensor = (struct imgcls_tensor *)inputs[i], /* read only */
        };
        model->run_inputs[i] = &model->run_values[i];
    }
    if (status == IMGCLS_OK)
        status = icl_session_run(session, model->run_inputs, model->run_outputs);
    status = icl_checks_finish(model->checks, status);
    if (status && status != IMGCLS_INTERRUPTED && !strstr(model->ctx->error, model->path))
        icl_fail_within(model->ctx, status, "%s", model->path);
    return status ? status : take_outputs(model, output_count, outputs);
}
