/*
 * src/plan/pieces.c - values that lie within others: what a Concat joins, a Split or Slice
 * takes apart
 *
 * Operators say where a piece lies in the whole (imgcls_op.piece). Where it lies there in one
 * stretch, both share bytes, and whoever writes one writes the other. Where it does not - a
 * Concat of images along their channels - the piece's rows lie apart, which only a kernel that
 * says so can write, and only the Concat may read. Its run leaves alone what is in place.
 *
 * Invariant: a slot with `row` has one reader, and no slot shares its bytes but the whole.
 * Not here: the copies of what could not be placed (plugins/ops/shape).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/step.h"

#include <stdlib.h>

#include "src/plan/offsets.h"
#include "src/tensor/tensor.h"

/* Operators find a piece's place by counting through those before it. */
#define PIECES_MOST 4096

/* How often each slot is read as it is, and how many others are views of it. */
struct readers {
    size_t *reads, *views;
};

/* One piece and its whole, slots; where along which dimension. */
struct place {
    size_t whole, part;
    int32_t axis;
    int64_t at;
    bool joined;
};

static void count_readers(const struct icl_plan *plan, struct readers *readers)
{
    for (size_t i = 0; i < plan->slot_count; i++)
        if (plan->slots[i].root != i)
            readers->views[plan->slots[i].root]++;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct icl_step *step = &plan->steps[i];
        for (size_t k = 0; k < step->input_count; k++)
            if (step->inputs[k] != ICL_NONE)
                readers->reads[step->inputs[k]]++;
        for (size_t k = 0; k < step->capture_count; k++)
            if (step->captures[k] != ICL_NONE)
                readers->reads[step->captures[k]]++;
    }
}

/* The step that writes a slot of the arena, or NULL. */
static const struct icl_step *writer_of(const struct icl_plan *plan, size_t slot)
{
    size_t born = plan->slots[slot].born;
    if (born >= plan->step_count)
        return NULL;
    const struct icl_step *step = &plan->steps[born];
    return step->output_count > 0 && step->outputs[0] == slot ? step : NULL;
}

static bool writes_rows_apart(const struct icl_plan *plan, const struct icl_step *step)
{
    return step && step->kernel && ICL_HAS(step->kernel, writes_rows_apart) &&
           step->kernel->writes_rows_apart &&
           step->kernel->writes_rows_apart(&plan->ctx->host, step->node);
}

/* Elements of dims [begin, end). */
static int64_t elements(const struct imgcls_value_info *info, int32_t begin, int32_t end)
{
    return imgcls_count(end - begin, info->dims + begin);
}

/* Whether both are plain arrays of whole bytes that agree but for the dimension of the piece. */
static bool fits(const struct imgcls_value_info *whole, const struct imgcls_value_info *part,
                 const struct place *place, size_t *element)
{
    size_t bytes;
    if (!icl_info_is_static(whole) || !icl_info_is_static(part) || whole->type != part->type ||
        whole->type == IMGCLS_STRING || whole->rank != part->rank || place->axis < 0 ||
        place->axis >= whole->rank)
        return false;
    for (int32_t d = 0; d < whole->rank; d++)
        if (d != place->axis && whole->dims[d] != part->dims[d])
            return false;
    int64_t count = imgcls_count(part->rank, part->dims), along = whole->dims[place->axis];
    return icl_type_size(part->type, 1, element) && icl_type_size(part->type, count, &bytes) &&
           count > 0 && bytes == (size_t)count * *element && place->at >= 0 &&
           part->dims[place->axis] <= along && place->at <= along - part->dims[place->axis];
}

/* The piece takes its bytes from the whole, `bytes` on. */
static void share(struct icl_plan *plan, struct readers *readers, const struct place *place,
                  size_t bytes, int64_t row)
{
    struct icl_slot *part = &plan->slots[place->part];
    struct icl_slot *root = &plan->slots[icl_slot_root(plan, place->whole)];
    part->at = icl_slot_at(plan, place->whole) + bytes;
    part->row = row;
    part->root = icl_slot_root(plan, place->whole);
    root->born = part->born < root->born ? part->born : root->born;
    root->last = part->last > root->last ? part->last : root->last;
    readers->views[place->whole]++;
}

static void consider(struct icl_plan *plan, struct readers *readers, const struct place *place)
{
    const struct icl_slot *whole = &plan->slots[place->whole];
    const struct icl_slot *part = &plan->slots[place->part];
    const struct icl_slot *root = &plan->slots[icl_slot_root(plan, place->whole)];
    size_t element;
    if (part->place != ICL_PLACE_ARENA || part->root != place->part || part->is_output ||
        part->born == ICL_NONE || root->place != ICL_PLACE_ARENA || root->born == ICL_NONE ||
        root == part || whole->row || !fits(whole->info, part->info, place, &element))
        return;
    int64_t inner = elements(whole->info, place->axis + 1, whole->info->rank);
    size_t bytes = (size_t)(place->at * inner) * element;
    if (elements(whole->info, 0, place->axis) == 1) {
        if ((icl_slot_at(plan, place->whole) + bytes) % ICL_ARENA_ALIGNMENT == 0)
            share(plan, readers, place, bytes, 0);
    } else if (place->joined && place->axis == whole->info->rank - 1 &&
               readers->reads[place->part] == 1 && readers->views[place->part] == 0 &&
               writes_rows_apart(plan, writer_of(plan, place->part))) {
        share(plan, readers, place, bytes, whole->info->dims[place->axis]);
    }
}

static void consider_step(struct icl_plan *plan, struct readers *readers,
                          const struct icl_step *step)
{
    bool joined = step->op && (step->op->traits & IMGCLS_TRAIT_JOINS);
    if (!step->op || !step->kernel || !ICL_HAS(step->op, piece) || !step->op->piece ||
        step->input_count == 0 || step->output_count == 0)
        return;
    size_t count = joined ? step->input_count : step->output_count;
    if (count > PIECES_MOST)
        return;
    const size_t *parts = joined ? step->inputs : step->outputs;
    struct place place = {.whole = joined ? step->outputs[0] : step->inputs[0],
                          .joined = joined};
    for (size_t i = 0; i < count && place.whole != ICL_NONE; i++) {
        place.part = parts[i];
        if (place.part != ICL_NONE &&
            step->op->piece(&plan->ctx->host, step->node, i, &place.axis, &place.at))
            consider(plan, readers, &place);
    }
}

imgcls_status icl_plan_place_pieces(struct icl_plan *plan)
{
    struct readers readers = {calloc(plan->slot_count + 1, sizeof *readers.reads),
                              calloc(plan->slot_count + 1, sizeof *readers.views)};
    imgcls_status status = IMGCLS_OK;
    if (!readers.reads || !readers.views)
        status = icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory to place values");
    if (status == IMGCLS_OK) {
        count_readers(plan, &readers);
        for (size_t i = 0; i < plan->step_count; i++)
            consider_step(plan, &readers, &plan->steps[i]);
    }
    free(readers.views);
    free(readers.reads);
    return status;
}
