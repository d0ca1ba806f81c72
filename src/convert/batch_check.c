/*
 * src/convert/batch_check.c - a freed batch is proven by running it, or not freed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/convert/batch.h"
#include "src/convert/golden.h"
#include "src/tensor/tensor.h"

#define MOST 3 /* batches 1, 2 and 3 */

/* Noise for `count` pictures, and what each gives alone. */
struct proof {
    struct imgcls_context *ctx;
    const struct imgcls_graph *source;
    struct imgcls_value *pictures; /* own: [count, ...] */
    int64_t count;
    size_t outputs;
    size_t *row_bytes;      /* of each output */
    unsigned char **rows;   /* own: count rows of each output */
};

static void clear(struct proof *proof)
{
    icl_value_release(proof->ctx, proof->pictures);
    for (size_t i = 0; proof->rows && i < proof->outputs; i++)
        icl_free(proof->ctx, proof->rows[i]);
    free(proof->rows);
    free(proof->row_bytes);
}

/* Runs pictures [first, first + batch). */
static imgcls_status run_some(const struct proof *proof, struct icl_session *session,
                              int64_t first, int64_t batch, const struct imgcls_value **got)
{
    struct imgcls_tensor tensor = *proof->pictures->tensor;
    size_t each = tensor.size_bytes / (size_t)proof->count;
    tensor.dims[0] = batch;
    tensor.data = (char *)tensor.data + (size_t)first * each;
    tensor.size_bytes = (size_t)batch * each;
    struct imgcls_value value = *proof->pictures;
    value.tensor = &tensor;
    const struct imgcls_value *inputs[1] = {&value};
    return icl_session_run(session, inputs, got);
}

/* Every output must be rows, one a picture. */
static bool is_rows(const struct imgcls_value *value, int64_t batch)
{
    return value->tensor && value->tensor->type != IMGCLS_STRING && value->tensor->rank >= 1 &&
           value->tensor->dims[0] == batch && icl_type_bits(value->tensor->type) % 8 == 0;
}

static imgcls_status keep_rows(struct proof *proof, const struct imgcls_value *const *got,
                               int64_t first, int64_t batch, bool *same)
{
    for (size_t i = 0; i < proof->outputs; i++) {
        if (!is_rows(got[i], batch)) {
            *same = false;
            return IMGCLS_OK;
        }
        size_t each = got[i]->tensor->size_bytes / (size_t)batch;
        if (!proof->rows[i]) {
            proof->row_bytes[i] = each;
            proof->rows[i] = icl_alloc(proof->ctx, each ? each : 1, (size_t)proof->count);
        }
        if (!proof->rows[i])
            return icl_alloc_status(proof->ctx);
        memcpy(proof->rows[i] + (size_t)first * each, got[i]->tensor->data,
               got[i]->tensor->size_bytes);
    }
    return IMGCLS_OK;
}

static imgcls_status prepare(struct proof *proof, int64_t batch, bool *same)
{
    const struct imgcls_graph *graph = proof->source;
    const struct imgcls_value_info *info = &graph->inputs[0]->info;
    const struct imgcls_value **got = calloc(graph->output_count + 1, sizeof *got);
    struct icl_plan_options options = {.threads = proof->ctx->threads};
    struct icl_session *session = NULL;
    int64_t dims[IMGCLS_MAX_RANK];
    memcpy(dims, info->dims, sizeof dims);
    proof->count = (MOST + batch - 1) / batch * batch;
    dims[0] = proof->count;
    proof->outputs = graph->output_count;
    proof->rows = calloc(proof->outputs + 1, sizeof *proof->rows);
    proof->row_bytes = calloc(proof->outputs + 1, sizeof *proof->row_bytes);
    imgcls_status status = got && proof->rows && proof->row_bytes
                               ? icl_golden_noise(proof->ctx, info->name, info->type,
                                                  info->rank, dims, &proof->pictures)
                               : icl_fail(proof->ctx, IMGCLS_NO_MEMORY,
                                          "no memory to check the batch");
    if (status == IMGCLS_OK)
        status = icl_session_create(proof->ctx, graph, &options, &session);
    for (int64_t i = 0; status == IMGCLS_OK && *same && i < proof->count; i += batch) {
        status = run_some(proof, session, i, batch, got);
        if (status == IMGCLS_OK)
            status = keep_rows(proof, got, i, batch, same);
    }
    icl_session_destroy(session);
    free(got);
    return status;
}

static bool equal(const struct proof *proof, const struct imgcls_value *const *got,
                  int64_t batch)
{
    for (size_t i = 0; i < proof->outputs; i++)
        if (!is_rows(got[i], batch) ||
            got[i]->tensor->size_bytes != proof->row_bytes[i] * (size_t)batch ||
            memcmp(got[i]->tensor->data, proof->rows[i], got[i]->tensor->size_bytes) != 0)
            return false;
    return true;
}

imgcls_status icl_batch_check(const struct imgcls_graph *source,
                              const struct imgcls_graph *freed, int64_t batch, bool *same,
                              char *reason, size_t capacity)
{
    struct imgcls_context *ctx = source->ctx;
    struct proof proof = {.ctx = ctx, .source = source};
    const struct imgcls_value **got = calloc(source->output_count + 1, sizeof *got);
    struct icl_plan_options options = {.threads = ctx->threads};
    struct icl_session *session = NULL;
    *same = true;
    imgcls_status status = got ? prepare(&proof, batch, same)
                               : icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for outputs");
    if (status == IMGCLS_OK && !*same)
        snprintf(reason, capacity, "an output is not one row a picture");
    if (status == IMGCLS_OK && *same)
        status = icl_session_create(ctx, freed, &options, &session);
    const int64_t batches[] = {batch, 1, 2, 3};
    for (size_t i = 0; status == IMGCLS_OK && *same && i < sizeof batches / sizeof *batches;
         i++) {
        if (i > 0 && batches[i] == batch)
            continue;
        status = run_some(&proof, session, 0, batches[i], got);
        *same = status == IMGCLS_OK && equal(&proof, got, batches[i]);
        if (!*same)
            snprintf(reason, capacity, "batch %lld gives other rows than its pictures alone",
                     (long long)batches[i]);
    }
    icl_session_destroy(session);
    clear(&proof);
    free(got);
    return status;
}
