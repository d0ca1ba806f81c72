/*
 * src/verify/blame.c - which node computes something other than what its operator means
 *
 * Comparing a network's values one after another finds where an error arrives, and after the
 * first difference everything differs. Here each node is fed the reference's inputs, so that
 * only its own error counts. What fusion does wrong shows as well: when no node is at fault
 * alone but the fused plan and the unfused one disagree, that is what the sentence says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/verify/blame.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/session/session.h"
#include "src/tensor/tensor.h"
#include "src/verify/compare.h"

struct search {
    struct imgcls_context *ctx;
    const struct icl_session *reference;
    double limit;
    bool found;
    double worst; /* largest own error of any node, found or not */
    char worst_node[256];
    char text[ICL_ERROR_CAPACITY];
};

/* Puts the reference's value, converted, in place of what the node computed. */
static void replace(struct imgcls_tensor *got, const struct imgcls_tensor *want)
{
    int64_t count = imgcls_count(want->rank, want->dims);
    if (count <= 0 || got->type == IMGCLS_STRING)
        return;
    if (got->type == want->type)
        memcpy(got->data, want->data, want->size_bytes);
    else
        icl_convert_floats(0, want->type, want->data, got->type, got->data, (size_t)count);
}

static void describe(struct search *search, const struct imgcls_node *node,
                     const char *kernel, const char *value,
                     const struct imgcls_verify_output *figures)
{
    char name[256];
    icl_node_text(node, name, sizeof name);
    snprintf(search->text, sizeof search->text,
             "%s, kernel %s: output '%s' is off by itself: relative L2 %.3g where %.3g is "
             "allowed; element %lld is %.9g, float64 gives %.9g",
             name, kernel, value, figures->l2_relative, search->limit,
             (long long)figures->max_index, figures->max_got, figures->max_want);
    search->found = true;
}

static imgcls_status judge(void *argument, size_t index, const struct imgcls_node *node,
                           const char *kernel, const struct imgcls_value *const *inputs,
                           struct imgcls_value *const *outputs, uint64_t time_ns)
{
    struct search *search = argument;
    (void)index;
    (void)inputs;
    (void)time_ns;
    struct icl_tolerance tolerance = {.l2 = search->limit};
    for (size_t i = 0; i < node->output_count && !search->found; i++) {
        if (!node->outputs[i] || !outputs[i] || !outputs[i]->tensor)
            continue;
        const char *name = node->outputs[i]->name;
        const struct imgcls_value *want = icl_session_value(search->reference, name);
        if (!want || !want->tensor)
            continue;
        struct imgcls_verify_output figures = {0};
        imgcls_status status = icl_compare(search->ctx, name, outputs[i]->tensor, want->tensor,
                                           &tolerance, &figures);
        if (status == IMGCLS_MISMATCH) {
            snprintf(search->text, sizeof search->text, "%s", search->ctx->error);
            icl_forgive(search->ctx);
            search->found = true;
        } else if (status != IMGCLS_OK) {
            return status;
        } else if (!figures.passed) {
            describe(search, node, kernel, name, &figures);
        } else {
            if (figures.l2_relative > search->worst) {
                search->worst = figures.l2_relative;
                icl_node_text(node, search->worst_node, sizeof search->worst_node);
            }
            replace(outputs[i]->tensor, want->tensor);
        }
    }
    return IMGCLS_OK;
}

/* Largest relative L2 between what a run gave and what the set expects. */
static imgcls_status distance(struct imgcls_context *ctx, const struct icl_reference *set,
                              const struct imgcls_value *const *got, double *l2)
{
    struct icl_tolerance tolerance = {.l2 = INFINITY};
    *l2 = 0;
    for (size_t i = 0; i < set->output_count; i++) {
        if (!set->outputs[i] || !set->outputs[i]->tensor || !got[i]->tensor)
            continue;
        struct imgcls_verify_output figures = {0};
        imgcls_status status = icl_compare(ctx, "", got[i]->tensor, set->outputs[i]->tensor,
                                           &tolerance, &figures);
        if (status != IMGCLS_OK)
            return status;
        if (!(figures.l2_relative <= *l2))
            *l2 = figures.l2_relative;
    }
    return IMGCLS_OK;
}

static void nobody(struct search *search, double l2_double, double l2_plain, double limit)
{
    if (!(l2_double <= limit))
        snprintf(search->text, sizeof search->text,
                 "no single node: each computes what its operator means (largest own error "
                 "%.3g, %s), and a float64 run of the graph is %.3g from the reference too, so "
                 "the reference belongs to other weights, another input or another meaning",
                 search->worst, search->worst_node[0] ? search->worst_node : "no node",
                 l2_double);
    else if (l2_plain <= limit)
        snprintf(search->text, sizeof search->text,
                 "no single node, but fusion: without fusion the graph is %.3g from the "
                 "reference, which passes", l2_plain);
    else
        snprintf(search->text, sizeof search->text,
                 "no single node: the errors of many add up (largest own error %.3g, %s); a "
                 "float64 run of the graph is %.3g from the reference", search->worst,
                 search->worst_node[0] ? search->worst_node : "no node", l2_double);
}

/* The plain unfused run by the best kernels, for telling fusion's faults from the rest. */
static imgcls_status plain_distance(struct imgcls_context *ctx,
                                    const struct imgcls_graph *graph,
                                    const struct icl_reference *set,
                                    const struct imgcls_value **got, double *l2)
{
    struct icl_plan_options options = {.no_fusion = true, .threads = ctx->threads};
    struct icl_session *session = NULL;
    imgcls_status status = icl_session_create(ctx, graph, &options, &session);
    if (status == IMGCLS_OK)
        status = icl_session_run(session, (const struct imgcls_value *const *)set->inputs, got);
    if (status == IMGCLS_OK)
        status = distance(ctx, set, got, l2);
    icl_session_destroy(session);
    return status;
}

imgcls_status icl_blame(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                        const struct icl_reference *set, double limit, char **text,
                        int32_t *found)
{
    struct icl_plan_options exact = {.portable_only = true, .no_fusion = true,
                                     .in_double = true, .keep_values = true,
                                     .threads = ctx->threads};
    struct icl_plan_options judged = {.no_fusion = true, .keep_values = true,
                                      .threads = ctx->threads};
    struct icl_session *reference = NULL, *session = NULL;
    const struct imgcls_value **got = calloc(graph->output_count + 1, sizeof *got);
    struct search search = {.ctx = ctx, .limit = limit};
    double l2_double = 0, l2_plain = INFINITY;
    *text = NULL;
    *found = 0;
    imgcls_status status = got ? IMGCLS_OK
                               : icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for the search");
    const struct imgcls_value *const *inputs = (const struct imgcls_value *const *)set->inputs;
    if (status == IMGCLS_OK)
        status = icl_session_create(ctx, graph, &exact, &reference);
    if (status == IMGCLS_OK)
        status = icl_session_run(reference, inputs, got);
    if (status == IMGCLS_OK)
        status = distance(ctx, set, got, &l2_double);
    search.reference = reference;
    if (status == IMGCLS_OK)
        status = icl_session_create(ctx, graph, &judged, &session);
    if (status == IMGCLS_OK) {
        icl_session_observe(session, judge, &search);
        status = icl_session_run(session, inputs, got);
    }
    if (status == IMGCLS_OK && !search.found) {
        status = plain_distance(ctx, graph, set, got, &l2_plain);
        nobody(&search, l2_double, l2_plain, limit);
    }
    if (status == IMGCLS_OK && !(*text = strdup(search.text)))
        status = icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for the search");
    *found = search.found || l2_plain <= limit;
    icl_session_destroy(session);
    icl_session_destroy(reference);
    free(got);
    return status;
}
