/*
 * src/suite/case.c - one case: a model, its data sets, its tolerance
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/suite/case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/model/model.h"
#include "src/tensor/tensor.h"
#include "src/verify/compare.h"
#include "src/verify/reference.h"

/* What the ONNX backend suite uses where a case does not say. */
#define RTOL 1e-3
#define ATOL 1e-7

static void read_tolerance(const char *folder, struct icl_tolerance *tolerance)
{
    char path[4096], line[128];
    *tolerance = (struct icl_tolerance){.elementwise = true, .rtol = RTOL, .atol = ATOL};
    if ((size_t)snprintf(path, sizeof path, "%s/tolerance.txt", folder) >= sizeof path)
        return;
    FILE *file = fopen(path, "re");
    if (file && fgets(line, sizeof line, file)) {
        char *end;
        double rtol = strtod(line, &end), atol = strtod(end, NULL);
        if (end != line && rtol >= 0 && atol >= 0) {
            tolerance->rtol = rtol;
            tolerance->atol = atol;
        }
    }
    if (file)
        fclose(file);
}

/* Types of the model's nodes, each once. */
static void name_operators(const struct imgcls_model *model, char *text, size_t capacity)
{
    const char *domain, *type;
    int64_t count;
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; at < capacity && imgcls_model_operator(model, i, &domain, &type, &count) ==
                                            IMGCLS_OK;
         i++)
        at += (size_t)snprintf(text + at, capacity - at, "%s%s%s%s", i ? " " : "", domain,
                               domain[0] ? "." : "", type);
}

static imgcls_status compare(struct imgcls_context *ctx, const char *name,
                             const struct imgcls_value *got, const struct imgcls_value *want,
                             const struct icl_tolerance *tolerance)
{
    if (got->kind != want->kind)
        return icl_fail(ctx, IMGCLS_MISMATCH, "output '%s' is of another kind", name);
    if (!got->tensor || !want->tensor) {
        imgcls_status status = IMGCLS_OK;
        if (got->count != want->count || got->tensor || want->tensor)
            return icl_fail(ctx, IMGCLS_MISMATCH, "output '%s' has %zu items, not %zu", name,
                            got->count, want->count);
        for (size_t i = 0; status == IMGCLS_OK && i < want->count; i++)
            status = compare(ctx, name, got->items[i], want->items[i], tolerance);
        return status;
    }
    if (got->tensor->type != want->tensor->type)
        return icl_fail(ctx, IMGCLS_MISMATCH, "output '%s' is %s, not %s", name,
                        icl_type_name(got->tensor->type), icl_type_name(want->tensor->type));
    struct imgcls_verify_output figures = {0};
    imgcls_status status =
        icl_compare(ctx, name, got->tensor, want->tensor, tolerance, &figures);
    if (status == IMGCLS_OK && !figures.passed)
        status = icl_fail(ctx, IMGCLS_MISMATCH,
                          "output '%s': element %lld is %.9g, expected %.9g (needs rtol %.3g)",
                          name, (long long)figures.worst_index, figures.worst_got,
                          figures.worst_want, figures.needed);
    return status;
}

static imgcls_status run_set(struct imgcls_model *model, const struct icl_reference *set,
                             const struct icl_tolerance *tolerance)
{
    const struct imgcls_graph *graph = model->graph;
    const struct imgcls_value **got = calloc(graph->output_count + 1, sizeof *got);
    struct icl_session *session;
    imgcls_status status = got ? icl_model_session(model, &session)
                               : icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory");
    if (status == IMGCLS_OK)
        status = icl_session_run(session, (const struct imgcls_value *const *)set->inputs, got);
    for (size_t i = 0; status == IMGCLS_OK && i < graph->output_count; i++)
        if (set->outputs[i])
            status = compare(model->ctx, graph->outputs[i]->name, got[i], set->outputs[i],
                             tolerance);
    free(got);
    return status;
}

/* A case without data: zeros in every input, open dimensions 1. */
static imgcls_status run_zeros(struct imgcls_model *model)
{
    const struct imgcls_graph *graph = model->graph;
    struct imgcls_context *ctx = model->ctx;
    struct icl_reference set = {.ctx = ctx};
    set.inputs = calloc(graph->input_count + 1, sizeof(void *));
    const struct imgcls_value **got = calloc(graph->output_count + 1, sizeof *got);
    struct icl_session *session;
    imgcls_status status = set.inputs && got ? IMGCLS_OK
                                             : icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory");
    for (size_t i = 0; status == IMGCLS_OK && i < graph->input_count; i++) {
        const struct imgcls_value_info *info = &graph->inputs[i]->info;
        int64_t dims[IMGCLS_MAX_RANK];
        for (int32_t d = 0; d < info->rank; d++)
            dims[d] = info->dims[d] < 0 ? 1 : info->dims[d];
        status = icl_value_tensor(ctx, info->type, info->rank < 0 ? 0 : info->rank, dims,
                                  &set.inputs[i]);
    }
    if (status == IMGCLS_OK)
        status = icl_model_session(model, &session);
    if (status == IMGCLS_OK)
        status = icl_session_run(session, (const struct imgcls_value *const *)set.inputs, got);
    for (size_t i = 0; set.inputs && i < graph->input_count; i++)
        icl_value_release(ctx, set.inputs[i]);
    free(set.inputs);
    free(got);
    return status;
}

void icl_case_run(struct imgcls_context *ctx, const char *folder,
                  struct icl_case_result *result)
{
    struct imgcls_model *model = NULL;
    struct icl_references references = {0};
    struct icl_tolerance tolerance;
    char path[4096];
    *result = (struct icl_case_result){.result = IMGCLS_CASE_FAILED};
    icl_forgive(ctx);
    imgcls_status status = IMGCLS_BAD_INPUT;
    if ((size_t)snprintf(path, sizeof path, "%s/model.onnx", folder) < sizeof path)
        status = imgcls_model_open(ctx, path, &model);
    if (status == IMGCLS_OK) {
        name_operators(model, result->operators, sizeof result->operators);
        read_tolerance(folder, &tolerance);
        status = icl_references_beside(ctx, model->graph, path, &references);
    }
    result->compared = references.count > 0;
    if (status == IMGCLS_OK && references.count == 0)
        status = run_zeros(model);
    for (size_t i = 0; status == IMGCLS_OK && i < references.count; i++)
        status = run_set(model, &references.sets[i], &tolerance);
    if (status == IMGCLS_OK)
        result->result = IMGCLS_CASE_PASSED;
    else if (status == IMGCLS_UNSUPPORTED)
        result->result = IMGCLS_CASE_UNSUPPORTED;
    if (status != IMGCLS_OK)
        snprintf(result->reason, sizeof result->reason, "%.*s",
                 (int)sizeof result->reason - 1, imgcls_error(ctx));
    icl_references_clear(&references);
    imgcls_model_close(model);
}
