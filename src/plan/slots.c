/*
 * src/plan/slots.c - slots, their two forms, and the steps that fill them
 *
 * A constant's slot is made when somebody first asks for it; a computed value's slot by the
 * step that computes it. Asking for the form that is not there adds a conversion, once.
 *
 * Not here: which form a step wants (src/plan/walk.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/step.h"

#include <stdlib.h>
#include <string.h>

#include "src/file/file.h"
#include "src/plan/convert.h"
#include "src/tensor/tensor.h"

imgcls_status icl_plan_reserve(struct icl_plan *plan, void *array, size_t *capacity,
                               size_t count, size_t size)
{
    void **pointer = array;
    if (count < *capacity)
        return IMGCLS_OK;
    size_t wanted = *capacity ? *capacity * 2 : 64, bytes;
    if (wanted <= count)
        wanted = count + 1;
    void *grown = icl_mul_size(wanted, size, &bytes) ? realloc(*pointer, bytes) : NULL;
    if (!grown)
        return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory for a plan of %zu entries",
                        wanted);
    memset((char *)grown + *capacity * size, 0, (wanted - *capacity) * size);
    *pointer = grown;
    *capacity = wanted;
    return IMGCLS_OK;
}

imgcls_status icl_plan_cover_values(struct icl_plan *plan)
{
    size_t before = plan->form_count, now = plan->graph->value_count;
    for (size_t i = before; i < now; i++)
        plan->graph->values[i]->index = i;
    if (now <= before)
        return IMGCLS_OK;
    void *grown = realloc(plan->forms, now * sizeof *plan->forms);
    if (!grown)
        return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory for %zu values", now);
    plan->forms = grown;
    for (size_t i = before; i < now; i++)
        for (int form = 0; form < ICL_FORMS; form++)
            plan->forms[i][form] = ICL_NONE;
    plan->form_count = now;
    return IMGCLS_OK;
}

int32_t icl_plan_wide_type(const struct icl_plan *plan, int32_t type)
{
    bool half = type == IMGCLS_F16 || type == IMGCLS_BF16;
    if (plan->options.in_double)
        return half || type == IMGCLS_F32 ? IMGCLS_F64 : IMGCLS_UNDEFINED;
    return half ? IMGCLS_F32 : IMGCLS_UNDEFINED;
}

static enum icl_place place_of(const struct imgcls_value_info *info)
{
    if (info->constant)
        return ICL_PLACE_CONSTANT;
    if (icl_info_is_static(info) && info->type != IMGCLS_STRING)
        return ICL_PLACE_ARENA;
    return ICL_PLACE_HEAP;
}

imgcls_status icl_plan_add_slot(struct icl_plan *plan, struct icl_value *value,
                                enum icl_form form, size_t *out)
{
    *out = ICL_NONE;
    imgcls_status status = icl_plan_reserve(plan, &plan->slots, &plan->slot_capacity,
                                            plan->slot_count, sizeof *plan->slots);
    if (status)
        return status;
    struct icl_slot *slot = &plan->slots[plan->slot_count];
    memset(slot, 0, sizeof *slot);
    slot->value = value;
    slot->info = &value->info;
    if (form == ICL_WIDE) {
        slot->wide = calloc(1, sizeof *slot->wide);
        if (!slot->wide)
            return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory for a value");
        slot->wide->info = value->info;
        slot->wide->info.type = icl_plan_wide_type(plan, value->info.type);
        slot->wide->info.constant = NULL;
        slot->info = &slot->wide->info;
    }
    slot->place = place_of(slot->info);
    slot->root = plan->slot_count;
    if (slot->place == ICL_PLACE_ARENA &&
        !icl_type_size(slot->info->type, imgcls_count(slot->info->rank, slot->info->dims),
                       &slot->size_bytes)) {
        char shape[256];
        icl_shape_text(NULL, slot->info->rank, slot->info->dims, shape, sizeof shape);
        free(slot->wide);
        return icl_fail(plan->ctx, IMGCLS_LIMIT, "value '%s': %s%s is past any memory",
                        value->name, icl_type_name(value->info.type), shape);
    }
    plan->forms[value->index][form] = plan->slot_count;
    *out = plan->slot_count++;
    return IMGCLS_OK;
}

imgcls_status icl_plan_keep(struct icl_plan *plan, struct imgcls_value *value)
{
    imgcls_status status = icl_plan_reserve(plan, &plan->folded, &plan->folded_capacity,
                                            plan->folded_count, sizeof *plan->folded);
    if (status == IMGCLS_OK)
        plan->folded[plan->folded_count++] = value;
    return status;
}

/* The wide form of a constant, converted now and kept by the plan. */
static imgcls_status widen_constant(struct icl_plan *plan, struct icl_value *value,
                                    size_t *out)
{
    const struct imgcls_tensor *from = value->info.constant;
    struct imgcls_value *made = NULL;
    imgcls_status status = icl_value_tensor(plan->ctx, icl_plan_wide_type(plan, from->type),
                                            from->rank, from->dims, &made);
    if (status)
        return status;
    icl_convert_floats(plan->ctx->isa, from->type, from->data, made->tensor->type,
                       made->tensor->data, (size_t)imgcls_count(from->rank, from->dims));
    icl_storage_forget(value->storage, from->data, from->size_bytes);
    status = icl_plan_keep(plan, made);
    if (status) {
        icl_value_release(plan->ctx, made);
        return status;
    }
    status = icl_plan_add_slot(plan, value, ICL_WIDE, out);
    if (status)
        return status;
    struct icl_slot *slot = &plan->slots[*out];
    slot->place = ICL_PLACE_CONSTANT;
    slot->wide->tensor = *made->tensor;
    slot->info->constant = &slot->wide->tensor;
    return IMGCLS_OK;
}

imgcls_status icl_plan_need_form(struct icl_plan *plan, struct icl_value *value,
                                 enum icl_form form, size_t *out)
{
    size_t *forms = plan->forms[value->index];
    enum icl_form other = form == ICL_WIDE ? ICL_DECLARED : ICL_WIDE;
    *out = forms[form];
    if (*out != ICL_NONE)
        return IMGCLS_OK;
    if (value->info.constant && form == ICL_DECLARED)
        return icl_plan_add_slot(plan, value, form, out);
    if (value->info.constant)
        return widen_constant(plan, value, out);
    size_t from = forms[other];
    if (from == ICL_NONE)
        return icl_fail(plan->ctx, IMGCLS_BAD_INPUT, "value '%s': nothing computes it",
                        value->name);
    imgcls_status status = icl_plan_add_slot(plan, value, form, out);
    return status ? status : icl_plan_add_convert(plan, from, *out);
}

imgcls_status icl_plan_add_step(struct icl_plan *plan, const struct imgcls_node *node,
                                size_t input_count, size_t output_count,
                                struct icl_step **out)
{
    *out = NULL;
    imgcls_status status = icl_plan_reserve(plan, &plan->steps, &plan->step_capacity,
                                            plan->step_count, sizeof *plan->steps);
    if (status)
        return status;
    size_t *slots = calloc(input_count + output_count + 1, sizeof *slots);
    if (!slots)
        return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory for a step");
    struct icl_step *step = &plan->steps[plan->step_count++];
    memset(step, 0, sizeof *step);
    step->node = node;
    step->input_count = input_count;
    step->output_count = output_count;
    step->inputs = slots;
    step->outputs = slots + input_count;
    for (size_t i = 0; i < input_count + output_count; i++)
        slots[i] = ICL_NONE;
    *out = step;
    return IMGCLS_OK;
}
