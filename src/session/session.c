/*
 * src/session/session.c - plans by input shape, one arena, one pool of threads
 *
 * The last few plans are kept; the one longest unused goes first. All of them share an
 * arena, which grows to the largest: only one runs at a time, and results are borrowed
 * until the next run. A run with a shape seen before allocates nothing.
 *
 * Not here: running the steps (execute.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/session/session.h"

#include <stdlib.h>
#include <string.h>

#include "src/session/execute.h"
#include "src/tensor/tensor.h"

struct icl_session {
    struct imgcls_context *ctx;
    const struct imgcls_graph *graph;
    struct icl_plan_options options;
    struct icl_pool *pool; /* own, or shared */
    bool pool_shared;
    struct icl_plans *plans; /* shared; NULL: plans are made here */
    struct icl_instance *instances[ICL_PLANS_KEPT];
    struct icl_instance *last;         /* that ran last; NULL before the first run */
    struct imgcls_tensor *shapes;      /* of the run at hand, one an input */
    const struct imgcls_value **given; /* of the run at hand, optionals wrapped */
    struct imgcls_value *optionals;    /* around given_items, one an input */
    const struct imgcls_value **given_items;
    char *arena;
    size_t arena_bytes;
    uint64_t runs;
    icl_observe observe;
    void *observe_argument;
};

imgcls_status icl_session_create(struct imgcls_context *ctx,
                                 const struct imgcls_graph *graph,
                                 const struct icl_plan_options *options,
                                 struct icl_session **out)
{
    *out = NULL;
    struct icl_session *session = calloc(1, sizeof *session);
    if (!session)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for a session");
    session->ctx = ctx;
    session->graph = graph;
    session->options = *options;
    if (session->options.threads < 1)
        session->options.threads = 1;
    session->shapes = calloc(graph->input_count + 1, sizeof *session->shapes);
    session->given = calloc(graph->input_count + 1, sizeof *session->given);
    session->given_items = calloc(graph->input_count + 1, sizeof *session->given_items);
    session->optionals = calloc(graph->input_count + 1, sizeof *session->optionals);
    if (!session->shapes || !session->given || !session->given_items ||
        !session->optionals) {
        icl_session_destroy(session);
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for a session");
    }
    *out = session;
    return IMGCLS_OK;
}

void icl_session_destroy(struct icl_session *session)
{
    if (!session)
        return;
    for (int i = 0; i < ICL_PLANS_KEPT; i++)
        icl_instance_destroy(session->instances[i]);
    if (!session->pool_shared)
        icl_pool_destroy(session->pool);
    icl_free(session->ctx, session->arena);
    free(session->optionals);
    free(session->given_items);
    free(session->given);
    free(session->shapes);
    free(session);
}

void icl_session_share_pool(struct icl_session *session, struct icl_pool *pool)
{
    session->pool = pool;
    session->pool_shared = true;
}

void icl_session_share_plans(struct icl_session *session, struct icl_plans *plans)
{
    session->plans = plans;
}

void icl_session_observe(struct icl_session *session, icl_observe observe, void *argument)
{
    session->observe = observe;
    session->observe_argument = argument;
}

/* -- plans by shape ---------------------------------------------------------------------*/

static imgcls_status make_pool(struct icl_session *session)
{
    if (session->pool || session->pool_shared || session->options.threads <= 1)
        return IMGCLS_OK;
    return icl_pool_create(session->ctx, session->options.threads, &session->pool);
}

static imgcls_status get_plan(struct icl_session *session, struct icl_plan **out)
{
    struct icl_plan_options options = session->options;
    options.pool = session->pool;
    return session->plans ? icl_plans_find(session->plans, session->shapes, out)
                          : icl_plan_build(session->ctx, session->graph, session->shapes,
                                           &options, out);
}

static imgcls_status make_instance(struct icl_session *session, int place)
{
    struct icl_instance *instance;
    struct icl_plan *plan;
    imgcls_status status = make_pool(session);
    if (status == IMGCLS_OK)
        status = get_plan(session, &plan);
    if (status == IMGCLS_OK)
        status = icl_instance_create(plan, session->pool, &instance);
    if (status)
        return status;
    instance->key_count = session->graph->input_count;
    memcpy(instance->key, session->shapes, instance->key_count * sizeof *instance->key);
    session->instances[place] = instance;
    return IMGCLS_OK;
}

/* The instance for session->shapes, made where there is none. */
static imgcls_status find_instance(struct icl_session *session, struct icl_instance **out)
{
    int place = 0;
    for (int i = 0; i < ICL_PLANS_KEPT; i++) {
        struct icl_instance *instance = session->instances[i];
        if (instance && !instance->spent &&
            icl_same_shapes(instance->key, session->shapes, instance->key_count)) {
            instance->used = ++session->runs;
            *out = instance;
            return IMGCLS_OK;
        }
        if (instance && instance->spent) { /* it was not the only run, after all */
            session->options.once = false;
            place = i;
            break;
        }
        const struct icl_instance *oldest = session->instances[place];
        if (oldest && (!instance || instance->used < oldest->used))
            place = i;
    }
    if (session->instances[place] == session->last)
        session->last = NULL;
    icl_instance_destroy(session->instances[place]);
    session->instances[place] = NULL;
    imgcls_status status = make_instance(session, place);
    if (status)
        return status;
    session->instances[place]->used = ++session->runs;
    *out = session->instances[place];
    return IMGCLS_OK;
}

/* Names the node whose output takes most of an arena that is not to be had. */
static imgcls_status name_largest(struct icl_session *session, const struct icl_plan *plan,
                                  imgcls_status status)
{
    const struct imgcls_node *largest = NULL;
    size_t most = 0;
    char text[256];
    for (size_t i = 0; i < plan->step_count; i++) /* the part behind, if any, is small */
        for (size_t k = 0; k < plan->steps[i].output_count; k++) {
            size_t slot = plan->steps[i].outputs[k];
            size_t bytes = slot == ICL_NONE
                               ? 0
                               : plan->slots[icl_slot_root(plan, slot)].size_bytes;
            if (plan->steps[i].node && bytes > most) {
                most = bytes;
                largest = plan->steps[i].node;
            }
        }
    if (!largest)
        return status;
    icl_node_text(largest, text, sizeof text);
    return icl_fail_within(session->ctx, status, "%s: output of %zu bytes", text, most);
}

static imgcls_status grow_arena(struct icl_session *session, const struct icl_plan *plan)
{
    size_t bytes = plan->arena_bytes;
    if (plan->next && plan->next->arena_bytes > bytes)
        bytes = plan->next->arena_bytes;
    if (session->arena && bytes <= session->arena_bytes)
        return IMGCLS_OK;
    icl_free(session->ctx, session->arena);
    session->arena_bytes = 0;
    session->arena = icl_alloc(session->ctx, bytes ? bytes : 1, 1);
    if (!session->arena)
        return name_largest(session, plan, icl_alloc_status(session->ctx));
    session->arena_bytes = bytes;
    return IMGCLS_OK;
}

imgcls_status icl_session_prepare(struct icl_session *session,
                                  const struct imgcls_tensor *shapes)
{
    struct icl_instance *instance;
    for (size_t i = 0; i < session->graph->input_count; i++) {
        session->shapes[i] = shapes[i];
        session->shapes[i].reserved = session->graph->inputs[i]->info.kind;
    }
    imgcls_status status = find_instance(session, &instance);
    if (status == IMGCLS_OK)
        status = grow_arena(session, instance->plan);
    if (status == IMGCLS_OK)
        session->last = instance;
    return status;
}

/* -- running ----------------------------------------------------------------------------*/

static const char *kind_name(int32_t kind)
{
    static const char *const names[] = {"a tensor", "a sequence", "an optional", "a map",
                                        "a sparse tensor"};
    return kind >= 0 && kind <= IMGCLS_KIND_SPARSE ? names[kind]
                                                   : "an unknown kind of value";
}

/* A plain value where an optional is expected is an optional that has it. */
static void take_input(struct icl_session *session, size_t index,
                       const struct imgcls_value *value)
{
    session->given[index] = value;
    if (!value || session->graph->inputs[index]->info.kind != IMGCLS_KIND_OPTIONAL ||
        value->kind == IMGCLS_KIND_OPTIONAL)
        return;
    struct imgcls_value *optional = &session->optionals[index];
    session->given[index] = optional;
    *optional = (struct imgcls_value){
        .struct_size = sizeof *optional,
        .kind = IMGCLS_KIND_OPTIONAL,
        .type = value->type,
        .count = 1,
        .items = (struct imgcls_value *const *)&session->given_items[index],
    };
    session->given_items[index] = value;
}

static imgcls_status check_input(struct icl_session *session, size_t index)
{
    const struct icl_value *input = session->graph->inputs[index];
    const struct imgcls_value *value = session->given[index];
    struct imgcls_tensor *shape = &session->shapes[index];
    memset(shape, 0, sizeof *shape);
    if (input->info
            .constant) { /* an initializer that may be fed in old models: it is not */
        *shape = *input->info.constant;
        shape->reserved = IMGCLS_KIND_TENSOR;
        return IMGCLS_OK;
    }
    if (!value)
        return icl_fail(session->ctx, IMGCLS_BAD_INPUT, "input '%s' is missing",
                        input->name);
    if (value->kind != input->info.kind ||
        (value->kind == IMGCLS_KIND_TENSOR) != (value->tensor != NULL))
        return icl_fail(session->ctx, IMGCLS_BAD_INPUT, "input '%s' is %s, %s is expected",
                        input->name, kind_name(value->kind), kind_name(input->info.kind));
    shape->reserved = value->kind; /* part of the key */
    shape->type = value->tensor ? value->tensor->type : value->type;
    shape->rank = value->tensor ? value->tensor->rank : -1;
    for (int32_t i = 0; i < shape->rank; i++)
        shape->dims[i] = value->tensor->dims[i];
    if (value->tensor && !icl_tensor_is_row_major(value->tensor))
        return icl_fail(session->ctx, IMGCLS_BAD_INPUT, "input '%s' is not row-major",
                        input->name);
    return IMGCLS_OK;
}

imgcls_status icl_session_run(struct icl_session *session,
                              const struct imgcls_value *const *inputs,
                              const struct imgcls_value **outputs)
{
    struct icl_instance *instance = NULL;
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < session->graph->output_count; i++)
        outputs[i] = NULL;
    for (size_t i = 0; i < session->graph->input_count && status == IMGCLS_OK; i++) {
        take_input(session, i, inputs[i]);
        status = check_input(session, i);
    }
    if (status == IMGCLS_OK)
        status = find_instance(session, &instance);
    if (status == IMGCLS_OK)
        status = grow_arena(session, instance->plan);
    if (status)
        return status;
    session->last = instance;
    return icl_instance_run(instance, session->arena, session->pool, session->given, outputs,
                            session->observe, session->observe_argument);
}

const struct imgcls_value *icl_session_value(const struct icl_session *session,
                                             const char *name)
{
    const struct icl_instance *instance = session->last;
    if (!instance || !session->options.keep_values)
        return NULL;
    const struct icl_plan *plan = instance->plan;
    const struct icl_value *value = icl_graph_find(plan->graph, name);
    if (!value || value->info.constant || value->index >= plan->form_count)
        return NULL;
    const size_t *forms = plan->forms[value->index];
    size_t slot = forms[ICL_WIDE] != ICL_NONE ? forms[ICL_WIDE] : forms[ICL_DECLARED];
    return slot == ICL_NONE ? NULL : instance->values[slot];
}

const struct icl_plan *icl_session_plan(const struct icl_session *session)
{
    return session->last ? session->last->plan : NULL;
}
