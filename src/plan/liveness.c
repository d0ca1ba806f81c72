/*
 * src/plan/liveness.c - from which step to which step must a slot keep its bytes
 *
 * Slots that share bytes (views, outputs written over an input, pieces) form a group with one
 * interval, kept at its root, or the packer would free bytes that a view still reads. Inner
 * graphs read what they capture. A graph output lives to the end; so does everything where
 * values are to be kept.
 *
 * Invariant: born <= last for every ARENA root that a step writes.
 * Not here: placing intervals in the arena (offsets.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/step.h"

#include <stdlib.h>
#include <string.h>

#include "src/plan/offsets.h"

static void extend(struct icl_plan *plan, size_t slot, size_t step)
{
    if (slot == ICL_NONE)
        return;
    struct icl_slot *root = &plan->slots[icl_slot_root(plan, slot)];
    if (root->born == ICL_NONE || step < root->born)
        root->born = step;
    if (root->last == ICL_NONE || step > root->last)
        root->last = step;
}

static size_t times_read(const struct icl_plan *plan, const struct icl_step *step,
                         size_t root)
{
    size_t times = 0;
    for (size_t i = 0; i < step->input_count; i++)
        times +=
            step->inputs[i] != ICL_NONE && icl_slot_root(plan, step->inputs[i]) == root;
    for (size_t i = 0; i < step->capture_count; i++)
        times += icl_slot_root(plan, step->captures[i]) == root;
    return times;
}

static bool same_shape(const struct imgcls_value_info *a, const struct imgcls_value_info *b)
{
    return a->type == b->type && a->rank == b->rank &&
           (a->rank <= 0 ||
            memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0);
}

/* Whether output 0 of a step may take the bytes of an input. */
static bool may_write_over(const struct icl_plan *plan, const struct icl_step *step, size_t input)
{
    const struct imgcls_kernel *kernel = step->kernel;
    if (step->inputs[input] == ICL_NONE || !kernel)
        return false;
    return (step->op->traits & IMGCLS_TRAIT_IN_PLACE) ||
           (ICL_HAS(kernel, writes_over) && kernel->writes_over &&
            kernel->writes_over(&plan->ctx->host, step->node, input));
}

/* Lets output 0 of a step take the bytes of an input that nobody reads afterwards. */
static void write_in_place(struct icl_plan *plan, size_t index)
{
    struct icl_step *step = &plan->steps[index];
    if (!step->op || step->output_count == 0 || step->outputs[0] == ICL_NONE)
        return;
    struct icl_slot *out = &plan->slots[step->outputs[0]];
    if (out->place != ICL_PLACE_ARENA || out->root != step->outputs[0])
        return;
    for (size_t i = 0; i < step->input_count; i++) {
        if (!may_write_over(plan, step, i))
            continue;
        const struct icl_slot *in = &plan->slots[step->inputs[i]];
        size_t root = icl_slot_root(plan, step->inputs[i]);
        struct icl_slot *group = &plan->slots[root];
        if (group->place != ICL_PLACE_ARENA || group->last != index ||
            !same_shape(in->info, out->info) || times_read(plan, step, root) != 1)
            continue;
        out->root = step->inputs[i]; /* not the root: it may be a piece of that */
        if (out->last > group->last)
            group->last = out->last;
        return;
    }
}

imgcls_status icl_plan_liveness(struct icl_plan *plan)
{
    for (size_t i = 0; i < plan->slot_count; i++)
        plan->slots[i].born = plan->slots[i].last = ICL_NONE;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct icl_step *step = &plan->steps[i];
        for (size_t k = 0; k < step->output_count; k++)
            extend(plan, step->outputs[k], i);
        for (size_t k = 0; k < step->input_count; k++)
            extend(plan, step->inputs[k], i);
        for (size_t k = 0; k < step->capture_count; k++)
            extend(plan, step->captures[k], i);
    }
    for (size_t i = 0; i < plan->slot_count; i++)
        if (plan->slots[i].is_output || plan->options.keep_values)
            extend(plan, i, plan->step_count);
    if (plan->options.keep_values)
        return IMGCLS_OK;
    imgcls_status status = icl_plan_place_pieces(plan);
    for (size_t i = 0; i < plan->step_count && status == IMGCLS_OK; i++)
        write_in_place(plan, i);
    return status;
}

/* Offsets go back to where the intervals came from: slots first, then workspaces. */
static void take_offsets(struct icl_plan *plan, const struct icl_interval *intervals)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->slot_count; i++)
        if (plan->slots[i].place == ICL_PLACE_ARENA && plan->slots[i].root == i)
            plan->slots[i].offset = intervals[n++].offset;
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].workspace_bytes > 0)
            plan->steps[i].workspace_offset = intervals[n++].offset;
}

imgcls_status icl_plan_place(struct icl_plan *plan)
{
    size_t n = 0;
    struct icl_interval *intervals =
        calloc(plan->slot_count + plan->step_count + 1, sizeof *intervals);
    if (!intervals)
        return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory to place values");
    for (size_t i = 0; i < plan->slot_count; i++) {
        const struct icl_slot *slot = &plan->slots[i];
        if (slot->place != ICL_PLACE_ARENA || slot->root != i)
            continue;
        bool written = slot->born != ICL_NONE;
        intervals[n++] = (struct icl_interval){slot->size_bytes, written ? slot->born : 0,
                                               written ? slot->last : 0, 0};
    }
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].workspace_bytes > 0)
            intervals[n++] = (struct icl_interval){plan->steps[i].workspace_bytes, i, i, 0};
    imgcls_status status = icl_offsets_place(plan->ctx, intervals, n, &plan->arena_bytes);
    if (status == IMGCLS_OK)
        take_offsets(plan, intervals);
    free(intervals);
    return status;
}
