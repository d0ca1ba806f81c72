/*
 * src/session/execute.c - a plan bound to memory, and running its steps
 *
 * Static slots point into the arena, bound anew only where the arena moved. HEAP slots are
 * filled while running and freed after the last step that reads them; graph outputs among
 * them stay until the next run.
 *
 * Invariant: between runs a HEAP slot holds a value only if it is a graph output, or values
 * are kept.
 * Not here: plans per shape (session.c), open shapes (dynamic.c), inner graphs (bodies.c), batches
 * in pieces (rounds.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/session/execute.h"

#include <stdlib.h>
#include <time.h>

#include "src/plan/shapes.h"
#include "src/session/rounds.h"
#include "src/tensor/tensor.h"

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* -- binding ----------------------------------------------------------------------------*/

static bool is_owned(const struct icl_instance *instance, size_t slot)
{
    return instance->plan->slots[slot].place == ICL_PLACE_HEAP &&
           instance->values[slot] != &instance->blanks[slot];
}

static void release_slot(struct icl_instance *instance, size_t slot)
{
    if (is_owned(instance, slot))
        icl_value_release(instance->plan->ctx, instance->values[slot]);
    instance->values[slot] = &instance->blanks[slot];
}

static void lay_rows_apart(struct imgcls_tensor *tensor, int64_t row)
{
    for (int32_t d = tensor->rank - 2; d >= 0; d--) {
        tensor->strides[d] = row;
        row *= tensor->dims[d];
    }
}

static void blank_slot(struct icl_instance *instance, size_t index)
{
    const struct icl_slot *slot = &instance->plan->slots[index];
    struct imgcls_value *blank = &instance->blanks[index];
    struct imgcls_tensor *tensor = &instance->tensors[index];
    instance->values[index] = blank;
    blank->struct_size = sizeof *blank;
    blank->kind = slot->info->kind;
    blank->type = slot->info->type;
    if (slot->place == ICL_PLACE_HEAP)
        return;
    blank->tensor = tensor;
    if (slot->place == ICL_PLACE_CONSTANT) {
        *tensor = *slot->info->constant;
        return;
    }
    if (!icl_info_is_static(slot->info))
        return; /* a graph input that is no tensor */
    tensor->struct_size = sizeof *tensor;
    tensor->type = slot->info->type;
    tensor->rank = slot->info->rank;
    for (int32_t i = 0; i < tensor->rank; i++)
        tensor->dims[i] = slot->info->dims[i];
    icl_strides_of(tensor->rank, tensor->dims, tensor->strides);
    if (slot->row)
        lay_rows_apart(tensor, slot->row);
    icl_type_size(tensor->type, imgcls_count(tensor->rank, tensor->dims),
                  &tensor->size_bytes);
}

static imgcls_status make_dynamics(struct icl_instance *instance)
{
    struct icl_plan *plan = instance->plan;
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < plan->step_count && status == IMGCLS_OK; i++)
        if (!plan->steps[i].kernel)
            status = icl_dynamic_create(plan->ctx, &plan->steps[i], &instance->dynamics[i]);
    return status;
}

static bool has_bodies(const struct icl_plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].op && (plan->steps[i].op->traits & IMGCLS_TRAIT_SUBGRAPH))
            return true;
    return false;
}

imgcls_status icl_instance_create(struct icl_plan *plan, struct icl_pool *pool,
                                  struct icl_instance **out)
{
    struct imgcls_context *ctx = plan->ctx;
    size_t slots = plan->slot_count + 1, most_in = 1, most_out = 1;
    *out = NULL;
    struct icl_instance *instance = calloc(1, sizeof *instance);
    if (!instance) {
        icl_plan_release(plan);
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to run a plan");
    }
    instance->plan = plan;
    for (size_t i = 0; i < plan->step_count; i++) {
        if (plan->steps[i].input_count > most_in)
            most_in = plan->steps[i].input_count;
        if (plan->steps[i].output_count > most_out)
            most_out = plan->steps[i].output_count;
    }
    instance->key = calloc(plan->graph->input_count + 1, sizeof *instance->key);
    instance->blanks = calloc(slots, sizeof *instance->blanks);
    instance->tensors = calloc(slots, sizeof *instance->tensors);
    instance->values = calloc(slots, sizeof *instance->values);
    instance->inputs = calloc(most_in, sizeof *instance->inputs);
    instance->outputs = calloc(most_out, sizeof *instance->outputs);
    instance->output_blanks = calloc(most_out, sizeof *instance->output_blanks);
    instance->dynamics = calloc(plan->step_count + 1, sizeof *instance->dynamics);
    imgcls_status status = IMGCLS_OK;
    if (!instance->key || !instance->blanks || !instance->tensors || !instance->values ||
        !instance->inputs || !instance->outputs || !instance->output_blanks ||
        !instance->dynamics)
        status = icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to run a plan");
    if (status == IMGCLS_OK) {
        for (size_t i = 0; i < plan->slot_count; i++)
            blank_slot(instance, i);
        status = make_dynamics(instance);
    }
    if (status == IMGCLS_OK && has_bodies(plan))
        status = icl_bodies_create(ctx, &plan->options, pool, &instance->bodies);
    if (status == IMGCLS_OK && plan->rounds > 1)
        status = icl_rounds_create(plan, pool, &instance->rounds);
    if (status) {
        icl_instance_destroy(instance);
        return status;
    }
    *out = instance;
    return IMGCLS_OK;
}

void icl_instance_destroy(struct icl_instance *instance)
{
    if (!instance)
        return;
    struct icl_plan *plan = instance->plan;
    for (size_t i = 0; instance->values && instance->blanks && i < plan->slot_count; i++)
        if (instance->values[i])
            release_slot(instance, i);
    for (size_t i = 0; instance->dynamics && i < plan->step_count; i++)
        icl_dynamic_destroy(plan->ctx, instance->dynamics[i]);
    icl_bodies_destroy(instance->bodies);
    icl_rounds_destroy(instance->rounds);
    icl_free(plan->ctx, instance->workspace);
    free(instance->dynamics);
    free(instance->output_blanks);
    free(instance->outputs);
    free(instance->inputs);
    free(instance->values);
    free(instance->tensors);
    free(instance->blanks);
    free(instance->key);
    icl_plan_release(plan);
    free(instance);
}

static void bind_arena(struct icl_instance *instance, char *arena)
{
    const struct icl_plan *plan = instance->plan;
    for (size_t i = 0; i < plan->slot_count; i++)
        if (plan->slots[i].place == ICL_PLACE_ARENA)
            instance->tensors[i].data = arena + plan->slots[icl_slot_root(plan, i)].offset +
                                        icl_slot_at(plan, i);
    instance->arena = arena;
}

static void bind_inputs(struct icl_instance *instance,
                        const struct imgcls_value *const *inputs)
{
    const struct icl_plan *plan = instance->plan;
    for (size_t i = 0; i < plan->slot_count; i++) {
        const struct icl_slot *slot = &plan->slots[i];
        if (slot->place == ICL_PLACE_HEAP)
            release_slot(instance, i);
        if (slot->place != ICL_PLACE_INPUT)
            continue;
        const struct imgcls_value *given = inputs[slot->input];
        if (given->kind == IMGCLS_KIND_TENSOR)
            instance->tensors[i].data = given->tensor->data;
        else
            instance->values[i] = (struct imgcls_value *)given; /* read only */
    }
}

/* -- one step ---------------------------------------------------------------------------*/

static const struct imgcls_value *outer_value(void *argument, const struct icl_value *value)
{
    const struct icl_instance *instance = argument;
    const struct icl_plan *plan = instance->plan;
    if (value->graph != plan->graph || value->index >= plan->form_count)
        return NULL;
    size_t slot = plan->forms[value->index][ICL_DECLARED];
    return slot == ICL_NONE ? NULL : instance->values[slot];
}

/* Strings live outside the arena even where their shape is known. */
static imgcls_status allocate_known(struct icl_instance *instance, size_t slot)
{
    const struct imgcls_value_info *info = instance->plan->slots[slot].info;
    if (instance->plan->slots[slot].place != ICL_PLACE_HEAP || !icl_info_is_static(info))
        return IMGCLS_OK;
    struct imgcls_value *made;
    imgcls_status status =
        icl_value_tensor(instance->plan->ctx, info->type, info->rank, info->dims, &made);
    if (status == IMGCLS_OK)
        instance->values[slot] = made;
    return status;
}

static imgcls_status gather(struct icl_instance *instance, const struct icl_step *step)
{
    for (size_t i = 0; i < step->input_count; i++) {
        size_t slot = step->inputs[i];
        instance->inputs[i] = slot == ICL_NONE ? NULL : instance->values[slot];
    }
    for (size_t i = 0; i < step->output_count; i++) {
        size_t slot = step->outputs[i];
        instance->outputs[i] = instance->output_blanks[i] = NULL;
        if (slot == ICL_NONE)
            continue;
        imgcls_status status = step->kernel ? allocate_known(instance, slot) : IMGCLS_OK;
        if (status)
            return status;
        instance->outputs[i] = instance->values[slot];
        instance->output_blanks[i] = &instance->blanks[slot];
    }
    return IMGCLS_OK;
}

/* Outputs go back to their slots; whoever left an output open has broken its word. */
static imgcls_status scatter(struct icl_instance *instance, const struct icl_step *step,
                             imgcls_status status)
{
    for (size_t i = 0; i < step->output_count; i++) {
        size_t slot = step->outputs[i];
        if (slot == ICL_NONE)
            continue;
        struct imgcls_value *value = instance->outputs[i];
        if (value != &instance->blanks[slot] &&
            instance->plan->slots[slot].place != ICL_PLACE_HEAP) {
            icl_value_release(instance->plan->ctx, value);
            value = &instance->blanks[slot];
        }
        instance->values[slot] = value;
        if (status == IMGCLS_OK && value == &instance->blanks[slot] && !value->tensor)
            status = icl_fail(instance->plan->ctx, IMGCLS_INTERNAL,
                              "the kernel did not give output %zu", i);
    }
    return status;
}

static void drop_dead(struct icl_instance *instance, const struct icl_step *step,
                      size_t index)
{
    const struct icl_slot *slots = instance->plan->slots;
    for (size_t i = 0; i < step->input_count + step->output_count; i++) {
        size_t slot = step->inputs[i]; /* inputs, then outputs: one list */
        if (slot != ICL_NONE && slots[slot].place == ICL_PLACE_HEAP &&
            slots[slot].last == index)
            release_slot(instance, slot);
    }
    for (size_t i = 0; i < step->capture_count; i++)
        if (slots[step->captures[i]].place == ICL_PLACE_HEAP &&
            slots[step->captures[i]].last == index)
            release_slot(instance, step->captures[i]);
}

static void *workspace_of(const struct icl_instance *instance, const struct icl_step *step,
                          char *arena)
{
    if (step->workspace_bytes == 0)
        return NULL;
    return instance->plan->options.once ? instance->workspace : arena + step->workspace_offset;
}

/* told: what the observer is told of step `index` */
static imgcls_status run_step(struct icl_instance *instance, size_t index, size_t told, char *arena,
                              struct icl_pool *pool, icl_observe observe, void *argument)
{
    struct icl_plan *plan = instance->plan;
    struct icl_step *step = &plan->steps[index];
    const struct imgcls_kernel *kernel = step->kernel;
    imgcls_status status = gather(instance, step);
    if (status)
        return icl_fail_within_node(plan->ctx, status, step->node);
    struct icl_run run = {
        .run = {.struct_size = sizeof run.run,
                .node = step->node,
                .state = step->state,
                .workspace = workspace_of(instance, step, arena),
                .workspace_bytes = step->workspace_bytes,
                .threads = plan->options.threads,
                .input_count = step->input_count,
                .output_count = step->output_count,
                .inputs = instance->inputs,
                .outputs = instance->outputs},
        .ctx = plan->ctx,
        .pool = pool,
        .bodies = instance->bodies,
        .outputs = instance->outputs,
        .blanks = instance->output_blanks,
        .outer = outer_value,
        .outer_argument = instance,
    };
    if (!kernel)
        status = icl_dynamic_settle(instance->dynamics[index], plan, step, &run, &kernel);
    uint64_t began = observe ? now_ns() : 0;
    if (status == IMGCLS_OK)
        status = kernel->run(&plan->ctx->host, &run.run);
    uint64_t ended = observe ? now_ns() : 0;
    status = scatter(instance, step, status);
    if (status)
        return icl_fail_within_node(plan->ctx, status, step->node);
    if (observe)
        status = observe(argument, told, step->node, kernel->name, run.run.inputs,
                         run.run.outputs, ended - began);
    drop_dead(instance, step, index);
    return status;
}

/* Packs for step `first` and some behind it, and sees to it that all find room to work. */
static imgcls_status pack_next(struct icl_instance *instance, struct icl_pool *pool, size_t first,
                               size_t *end)
{
    struct icl_plan *plan = instance->plan;
    size_t most = 0;
    imgcls_status status = icl_plan_pack_next(plan, pool, first, end);
    for (size_t i = first; i < *end; i++)
        if (plan->steps[i].workspace_bytes > most)
            most = plan->steps[i].workspace_bytes;
    if (status || most <= instance->workspace_bytes)
        return status;
    icl_free(plan->ctx, instance->workspace);
    instance->workspace_bytes = 0;
    instance->workspace = icl_alloc(plan->ctx, most, 1);
    if (!instance->workspace)
        return icl_alloc_status(plan->ctx);
    instance->workspace_bytes = most;
    return IMGCLS_OK;
}

static imgcls_status run_once(struct icl_instance *instance, char *arena, struct icl_pool *pool,
                              icl_observe observe, void *argument)
{
    struct icl_plan *plan = instance->plan;
    imgcls_status status = IMGCLS_OK;
    size_t packed = 0;
    instance->spent = true;
    for (size_t i = 0; i < plan->step_count && status == IMGCLS_OK; i++) {
        if (icl_interrupted())
            status = icl_fail(plan->ctx, IMGCLS_INTERRUPTED, "interrupted");
        if (status == IMGCLS_OK && i == packed)
            status = pack_next(instance, pool, i, &packed);
        if (status == IMGCLS_OK)
            status = run_step(instance, i, i, arena, pool, observe, argument);
        icl_plan_unpack(plan, i);
    }
    icl_plan_pack_end(plan);
    icl_free(plan->ctx, instance->workspace);
    instance->workspace = NULL;
    instance->workspace_bytes = 0;
    return status;
}

static imgcls_status run_all(struct icl_instance *instance, size_t first, char *arena,
                             struct icl_pool *pool, icl_observe observe, void *argument)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < instance->plan->step_count && status == IMGCLS_OK; i++) {
        if (icl_interrupted())
            return icl_fail(instance->plan->ctx, IMGCLS_INTERRUPTED, "interrupted");
        status = run_step(instance, i, first + i, arena, pool, observe, argument);
    }
    return status;
}

imgcls_status icl_instance_run_steps(struct icl_instance *instance, size_t first, char *arena,
                                     struct icl_pool *pool,
                                     const struct imgcls_value *const *inputs,
                                     const struct imgcls_value **outputs, icl_observe observe,
                                     void *argument)
{
    const struct icl_plan *plan = instance->plan;
    if (instance->arena != arena || !arena)
        bind_arena(instance, arena);
    bind_inputs(instance, inputs);
    imgcls_status status =
        plan->options.once ? run_once(instance, arena, pool, observe, argument)
                           : run_all(instance, first, arena, pool, observe, argument);
    for (size_t i = 0; i < plan->graph->output_count && status == IMGCLS_OK; i++)
        outputs[i] = instance->values[plan->outputs[i]];
    return status;
}

imgcls_status icl_instance_run(struct icl_instance *instance, char *arena,
                               struct icl_pool *pool,
                               const struct imgcls_value *const *inputs,
                               const struct imgcls_value **outputs, icl_observe observe,
                               void *argument)
{
    return instance->rounds ? icl_rounds_run(instance, arena, pool, inputs, outputs, observe,
                                             argument)
                            : icl_instance_run_steps(instance, 0, arena, pool, inputs, outputs,
                                                     observe, argument);
}
