/*
 * src/session/plans.c - plans by input shapes, which sessions of one graph share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/session/plans.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "src/graph/graph.h"
#include "src/session/pool.h"

struct kept {
    struct icl_plan *plan;        /* retained; NULL: the place is free */
    struct imgcls_tensor *shapes; /* own: one an input */
    uint64_t used;                /* when it was asked for last, for eviction */
};

struct icl_plans {
    struct imgcls_context *ctx;
    const struct imgcls_graph *graph;
    struct icl_plan_options options;
    int32_t packers;
    pthread_mutex_t lock; /* guards the two below; held while a plan is made */
    struct kept kept[ICL_PLANS_KEPT];
    uint64_t asked;
};

imgcls_status icl_plans_create(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                               const struct icl_plan_options *options, int32_t packers,
                               struct icl_plans **out)
{
    struct icl_plans *plans = calloc(1, sizeof *plans);
    bool has_room = plans != NULL;
    *out = NULL;
    for (size_t i = 0; has_room && i < ICL_PLANS_KEPT; i++) {
        plans->kept[i].shapes = calloc(graph->input_count + 1, sizeof *plans->kept[i].shapes);
        has_room = plans->kept[i].shapes != NULL;
    }
    if (plans)
        pthread_mutex_init(&plans->lock, NULL);
    if (!has_room) {
        icl_plans_destroy(plans);
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for plans");
    }
    plans->ctx = ctx;
    plans->graph = graph;
    plans->options = *options;
    plans->packers = packers;
    *out = plans;
    return IMGCLS_OK;
}

void icl_plans_destroy(struct icl_plans *plans)
{
    if (!plans)
        return;
    for (size_t i = 0; i < ICL_PLANS_KEPT; i++) {
        icl_plan_release(plans->kept[i].plan);
        free(plans->kept[i].shapes);
    }
    pthread_mutex_destroy(&plans->lock);
    free(plans);
}

bool icl_same_shapes(const struct imgcls_tensor *a, const struct imgcls_tensor *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (a[i].type != b[i].type || a[i].rank != b[i].rank ||
            a[i].reserved != b[i].reserved)
            return false;
        if (a[i].rank > 0 &&
            memcmp(a[i].dims, b[i].dims, (size_t)a[i].rank * sizeof *a[i].dims) != 0)
            return false;
    }
    return true;
}

/* Under the lock: the place with these shapes, or else a free one or the one longest unused. */
static struct kept *find_place(struct icl_plans *plans, const struct imgcls_tensor *shapes)
{
    struct kept *place = &plans->kept[0];
    for (size_t i = 0; i < ICL_PLANS_KEPT; i++) {
        struct kept *kept = &plans->kept[i];
        if (kept->plan && icl_same_shapes(kept->shapes, shapes, plans->graph->input_count))
            return kept;
        if (place->plan && (!kept->plan || kept->used < place->used))
            place = kept;
    }
    icl_plan_release(place->plan);
    place->plan = NULL;
    return place;
}

/* Under the lock. */
static imgcls_status make_plan(struct icl_plans *plans, const struct imgcls_tensor *shapes,
                               struct icl_plan **out)
{
    struct icl_plan_options options = plans->options;
    imgcls_status status = icl_pool_create(plans->ctx, plans->packers, &options.pool);
    if (status == IMGCLS_OK)
        status = icl_plan_build(plans->ctx, plans->graph, shapes, &options, out);
    icl_pool_destroy(options.pool);
    return status;
}

imgcls_status icl_plans_find(struct icl_plans *plans, const struct imgcls_tensor *shapes,
                             struct icl_plan **out)
{
    imgcls_status status = IMGCLS_OK;
    *out = NULL;
    pthread_mutex_lock(&plans->lock);
    struct kept *place = find_place(plans, shapes);
    if (!place->plan) {
        memcpy(place->shapes, shapes, plans->graph->input_count * sizeof *shapes);
        status = make_plan(plans, shapes, &place->plan);
    }
    if (status == IMGCLS_OK) {
        place->used = ++plans->asked;
        *out = icl_plan_retain(place->plan);
    }
    pthread_mutex_unlock(&plans->lock);
    return status;
}
