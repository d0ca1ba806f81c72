/*
 * src/session/bodies.c - inner graphs of If, Loop and Scan, run as sessions
 *
 * The first run of a body makes a graph of it that stands alone and a session for that; the
 * session plans anew for each set of shapes, as sessions do. Threads are shared with the
 * session outside, which waits in the meantime.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/session/bodies.h"

#include <stdlib.h>

#include "src/graph/graph.h"
#include "src/session/host_run.h"
#include "src/session/session.h"
#include "src/tensor/tensor.h"

struct body {
    struct body *next;
    const struct imgcls_graph *inner;  /* which graph attribute this is */
    struct imgcls_graph *graph;        /* own: stands alone */
    const struct icl_value **captures; /* own list; the values are the outer plan's */
    size_t capture_count;
    struct icl_session *session;                   /* own */
    const struct imgcls_value **inputs, **outputs; /* own lists, for one run */
};

struct icl_bodies {
    struct imgcls_context *ctx;
    struct icl_plan_options options;
    struct icl_pool *pool;
    struct body *first;
};

imgcls_status icl_bodies_create(struct imgcls_context *ctx,
                                const struct icl_plan_options *options,
                                struct icl_pool *pool, struct icl_bodies **out)
{
    *out = NULL;
    struct icl_bodies *bodies = calloc(1, sizeof *bodies);
    if (!bodies)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for inner graphs");
    bodies->ctx = ctx;
    bodies->options = *options;
    bodies->options.keep_values = false; /* each round of a loop has its own values */
    bodies->options.once = false;        /* there may be many rounds */
    bodies->pool = pool;
    *out = bodies;
    return IMGCLS_OK;
}

static void destroy_body(struct body *body)
{
    icl_session_destroy(body->session);
    icl_graph_destroy(body->graph);
    free(body->captures);
    free(body->inputs);
    free(body->outputs);
    free(body);
}

void icl_bodies_destroy(struct icl_bodies *bodies)
{
    while (bodies && bodies->first) {
        struct body *body = bodies->first;
        bodies->first = body->next;
        destroy_body(body);
    }
    free(bodies);
}

static imgcls_status find_body(struct icl_bodies *bodies, const struct imgcls_graph *inner,
                               struct body **out)
{
    for (struct body *body = bodies->first; body; body = body->next)
        if (body->inner == inner) {
            *out = body;
            return IMGCLS_OK;
        }
    struct body *body = calloc(1, sizeof *body);
    if (!body)
        return icl_fail(bodies->ctx, IMGCLS_NO_MEMORY, "no memory for an inner graph");
    body->inner = inner;
    imgcls_status status =
        icl_body_graph(inner, &body->graph, &body->captures, &body->capture_count);
    if (status == IMGCLS_OK) {
        body->inputs = calloc(body->graph->input_count + 1, sizeof *body->inputs);
        body->outputs = calloc(body->graph->output_count + 1, sizeof *body->outputs);
        if (!body->inputs || !body->outputs)
            status =
                icl_fail(bodies->ctx, IMGCLS_NO_MEMORY, "no memory for an inner graph");
    }
    if (status == IMGCLS_OK)
        status =
            icl_session_create(bodies->ctx, body->graph, &bodies->options, &body->session);
    if (status) {
        destroy_body(body);
        return status;
    }
    icl_session_share_pool(body->session, bodies->pool);
    body->next = bodies->first;
    bodies->first = body;
    *out = body;
    return IMGCLS_OK;
}

/* Own inputs first, then what the body reads from around it. */
static imgcls_status gather_inputs(struct body *body, const struct icl_run *run,
                                   size_t input_count,
                                   const struct imgcls_value *const *inputs)
{
    for (size_t i = 0; i < input_count; i++)
        body->inputs[i] = inputs[i];
    for (size_t i = 0; i < body->capture_count; i++) {
        const struct imgcls_value *value =
            run->outer(run->outer_argument, body->captures[i]);
        if (!value)
            return icl_fail(run->ctx, IMGCLS_INTERNAL,
                            "value '%s' is not there for the inner "
                            "graph",
                            body->captures[i]->name);
        body->inputs[input_count + i] = value;
    }
    /* What flows into a loop may change its shape, and even what it was declared as. */
    for (size_t i = 0; i < body->graph->input_count; i++) {
        struct imgcls_value_info *info = &body->graph->inputs[i]->info;
        if (info->constant || !body->inputs[i])
            continue;
        info->kind = body->inputs[i]->kind;
        info->type =
            body->inputs[i]->tensor ? body->inputs[i]->tensor->type : body->inputs[i]->type;
        info->rank = -1;
    }
    return IMGCLS_OK;
}

imgcls_status icl_bodies_run(struct icl_bodies *bodies, const struct icl_run *run,
                             const struct imgcls_graph *graph, size_t input_count,
                             const struct imgcls_value *const *inputs, size_t output_count,
                             struct imgcls_value **outputs)
{
    struct body *body = NULL;
    if (input_count != graph->input_count || output_count != graph->output_count)
        return icl_fail(bodies->ctx, IMGCLS_BAD_INPUT,
                        "the inner graph has %zu inputs and %zu outputs, not %zu and %zu",
                        graph->input_count, graph->output_count, input_count, output_count);
    imgcls_status status = find_body(bodies, graph, &body);
    if (status == IMGCLS_OK)
        status = gather_inputs(body, run, input_count, inputs);
    if (status == IMGCLS_OK)
        status = icl_session_run(body->session, body->inputs, body->outputs);
    for (size_t i = 0; i < output_count && status == IMGCLS_OK; i++)
        status = icl_value_copy(bodies->ctx, body->outputs[i], &outputs[i]);
    for (size_t i = 0; i < output_count && status != IMGCLS_OK; i++) {
        icl_value_release(bodies->ctx, outputs[i]);
        outputs[i] = NULL;
    }
    return status;
}
