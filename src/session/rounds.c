/*
 * src/session/rounds.c - a batch goes through a plan in micro-batches
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/session/rounds.h"

#include <stdlib.h>
#include <string.h>

#include "src/plan/offsets.h"
#include "src/tensor/tensor.h"

/* Values with their tensors, and the pointers that a run takes. */
struct values {
    size_t count;
    struct imgcls_value *values;
    struct imgcls_tensor *tensors;
    const struct imgcls_value **list;
};

struct icl_rounds {
    struct imgcls_context *ctx;
    struct icl_instance *next; /* own; NULL: none */
    struct values piece;       /* inputs of one round */
    struct values whole;       /* outputs of all rounds, in `bytes` */
    char *bytes;               /* own */
    const struct imgcls_value **made;        /* outputs of the round that ran */
    const struct imgcls_value **next_inputs; /* the caller's, then whole */
};

/* -- life -------------------------------------------------------------------------------*/

static bool make_values(size_t count, struct values *out)
{
    out->count = count;
    out->values = calloc(count + 1, sizeof *out->values);
    out->tensors = calloc(count + 1, sizeof *out->tensors);
    out->list = calloc(count + 1, sizeof *out->list);
    if (!out->values || !out->tensors || !out->list)
        return false;
    for (size_t i = 0; i < count; i++) {
        out->values[i] = (struct imgcls_value){.struct_size = sizeof out->values[i],
                                               .kind = IMGCLS_KIND_TENSOR,
                                               .tensor = &out->tensors[i]};
        out->list[i] = &out->values[i];
    }
    return true;
}

static void clear_values(struct values *values)
{
    free(values->values);
    free(values->tensors);
    free(values->list);
}

/* A row-major tensor of that shape, `images` of the first dimension; false where it has no size. */
static bool shape_tensor(const struct imgcls_value_info *info, int64_t images,
                         struct imgcls_tensor *out)
{
    if (!icl_info_is_static(info) || info->rank < 1)
        return false;
    *out = (struct imgcls_tensor){
        .struct_size = sizeof *out, .type = info->type, .rank = info->rank};
    memcpy(out->dims, info->dims, sizeof out->dims);
    return !__builtin_mul_overflow(out->dims[0], images, &out->dims[0]) &&
           imgcls_count(out->rank, out->dims) >= 0 &&
           icl_type_size(out->type, imgcls_count(out->rank, out->dims), &out->size_bytes) &&
           (icl_strides_of(out->rank, out->dims, out->strides), true);
}

/* Room for the outputs of all rounds, each at an address that suits a kernel. */
static imgcls_status make_whole(const struct icl_plan *plan, struct icl_rounds *rounds)
{
    size_t total = 0;
    for (size_t i = 0; i < rounds->whole.count; i++) {
        const struct imgcls_value_info *info = plan->slots[plan->outputs[i]].info;
        struct imgcls_tensor *tensor = &rounds->whole.tensors[i];
        if (!shape_tensor(info, plan->rounds, tensor) ||
            !icl_add_size(total, tensor->size_bytes + ICL_ARENA_ALIGNMENT, &total))
            return icl_fail(plan->ctx, IMGCLS_INTERNAL, "output '%s' of a part has no size",
                            info->name);
        rounds->whole.values[i].type = tensor->type;
    }
    rounds->bytes = icl_alloc(plan->ctx, total ? total : 1, 1);
    if (!rounds->bytes)
        return icl_alloc_status(plan->ctx);
    size_t at = 0;
    for (size_t i = 0; i < rounds->whole.count; i++) {
        rounds->whole.tensors[i].data = rounds->bytes + at;
        at += (rounds->whole.tensors[i].size_bytes + ICL_ARENA_ALIGNMENT - 1) /
              ICL_ARENA_ALIGNMENT * ICL_ARENA_ALIGNMENT;
    }
    return IMGCLS_OK;
}

imgcls_status icl_rounds_create(const struct icl_plan *plan, struct icl_pool *pool,
                                struct icl_rounds **out)
{
    size_t inputs = plan->graph->input_count, outputs = plan->graph->output_count;
    struct icl_rounds *rounds = calloc(1, sizeof *rounds);
    imgcls_status status = IMGCLS_OK;
    *out = NULL;
    if (!rounds)
        return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory to run a batch");
    rounds->ctx = plan->ctx;
    rounds->next_inputs = calloc(inputs + outputs + 1, sizeof *rounds->next_inputs);
    rounds->made = calloc(outputs + 1, sizeof *rounds->made);
    if (!rounds->next_inputs || !rounds->made || !make_values(inputs, &rounds->piece) ||
        !make_values(outputs, &rounds->whole))
        status = icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory to run a batch");
    if (status == IMGCLS_OK)
        status = make_whole(plan, rounds);
    if (status == IMGCLS_OK && plan->next)
        status = icl_instance_create(icl_plan_retain(plan->next), pool, &rounds->next);
    if (status == IMGCLS_OK)
        *out = rounds;
    else
        icl_rounds_destroy(rounds);
    return status;
}

void icl_rounds_destroy(struct icl_rounds *rounds)
{
    if (!rounds)
        return;
    icl_instance_destroy(rounds->next);
    icl_free(rounds->ctx, rounds->bytes);
    free(rounds->next_inputs);
    free(rounds->made);
    clear_values(&rounds->piece);
    clear_values(&rounds->whole);
    free(rounds);
}

/* -- running ----------------------------------------------------------------------------*/

/* The images of one round in all inputs; an initializer that is listed as input is no batch. */
static void take_piece(const struct icl_plan *plan, struct icl_rounds *rounds, int64_t round,
                       const struct imgcls_value *const *inputs)
{
    for (size_t i = 0; i < rounds->piece.count; i++) {
        const struct imgcls_value_info *info = &plan->graph->inputs[i]->info;
        struct imgcls_tensor *tensor = &rounds->piece.tensors[i];
        if (info->constant || !inputs[i]) {
            rounds->piece.list[i] = inputs[i];
            continue;
        }
        *tensor = *inputs[i]->tensor;
        tensor->dims[0] = info->dims[0];
        tensor->size_bytes /= (size_t)plan->rounds;
        tensor->data = (char *)tensor->data + (size_t)round * tensor->size_bytes;
        rounds->piece.values[i].type = tensor->type;
        rounds->piece.list[i] = &rounds->piece.values[i];
    }
}

static imgcls_status keep_made(const struct icl_instance *instance, struct icl_rounds *rounds,
                               int64_t round)
{
    for (size_t i = 0; i < rounds->whole.count; i++) {
        const struct imgcls_tensor *whole = &rounds->whole.tensors[i];
        const struct imgcls_tensor *part = rounds->made[i]->tensor;
        if (!part || part->size_bytes != whole->size_bytes / (size_t)instance->plan->rounds)
            return icl_fail(rounds->ctx, IMGCLS_INTERNAL, "output %zu of a part is not as planned",
                            i);
        memcpy((char *)whole->data + (size_t)round * part->size_bytes, part->data,
               part->size_bytes);
    }
    return IMGCLS_OK;
}

static imgcls_status run_next(const struct icl_instance *instance, struct icl_rounds *rounds,
                              char *arena, struct icl_pool *pool,
                              const struct imgcls_value *const *inputs,
                              const struct imgcls_value **outputs, icl_observe observe,
                              void *argument)
{
    for (size_t i = 0; i < rounds->piece.count; i++)
        rounds->next_inputs[i] = inputs[i];
    for (size_t i = 0; i < rounds->whole.count; i++)
        rounds->next_inputs[rounds->piece.count + i] = rounds->whole.list[i];
    return icl_instance_run_steps(rounds->next, instance->plan->step_count, arena, pool,
                                  rounds->next_inputs, outputs, observe, argument);
}

imgcls_status icl_rounds_run(struct icl_instance *instance, char *arena, struct icl_pool *pool,
                             const struct imgcls_value *const *inputs,
                             const struct imgcls_value **outputs, icl_observe observe,
                             void *argument)
{
    struct icl_rounds *rounds = instance->rounds;
    imgcls_status status = IMGCLS_OK;
    for (int64_t round = 0; round < instance->plan->rounds && status == IMGCLS_OK; round++) {
        take_piece(instance->plan, rounds, round, inputs);
        status = icl_instance_run_steps(instance, 0, arena, pool, rounds->piece.list,
                                        rounds->made, observe, argument);
        if (status == IMGCLS_OK)
            status = keep_made(instance, rounds, round);
    }
    if (status == IMGCLS_OK && rounds->next)
        return run_next(instance, rounds, arena, pool, inputs, outputs, observe, argument);
    for (size_t i = 0; i < rounds->whole.count && status == IMGCLS_OK; i++)
        outputs[i] = rounds->whole.list[i];
    return status;
}
