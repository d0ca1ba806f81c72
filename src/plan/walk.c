/*
 * src/plan/walk.c - one walk along the graph: nodes become slots and steps
 *
 * For each node, in order: infer its outputs; make it an alias where it only renames bytes;
 * compute it now where nothing it reads depends on the inputs; else choose its form and its
 * kernel and add a step; else let the operator decompose it and walk the parts; else say
 * that nothing here computes it.
 *
 * The form: where a node has narrow floats (float16, bfloat16) a native kernel is taken if
 * the values it reads lie in their declared form, and the wide form if they were computed
 * wide already or no native kernel accepts. So conversions stand at the borders of what is
 * native and nowhere within. For a reference in double the wide form comes first.
 *
 * Not here: packing weights (pack.c); when values may share bytes over time (liveness.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/step.h"

#include <stdlib.h>
#include <string.h>

#include "src/file/file.h"
#include "src/plan/shapes.h"
#include "src/tensor/tensor.h"

#define DECOMPOSE_DEPTH 16

static imgcls_status visit(struct icl_plan *plan, struct icl_node *node, int depth);

/* -- views ------------------------------------------------------------------------------*/

static bool is_view(const struct icl_plan *plan, const struct imgcls_op *op,
                    const struct imgcls_node *node)
{
    if (!(op->traits & IMGCLS_TRAIT_VIEW) || node->input_count == 0 ||
        node->output_count == 0 || !node->inputs[0] || !node->outputs[0])
        return false;
    for (size_t i = 1; i < node->output_count; i++)
        if (node->outputs[i])
            return false;
    const struct imgcls_value_info *in = node->inputs[0], *out = node->outputs[0];
    if (!icl_info_is_static(in) || !icl_info_is_static(out) || in->type == IMGCLS_STRING)
        return false;
    if (plan->options.keep_values && !in->constant)
        return false; /* every value keeps its own bytes */
    size_t in_bytes, out_bytes;
    return icl_type_size(in->type, imgcls_count(in->rank, in->dims), &in_bytes) &&
           icl_type_size(out->type, imgcls_count(out->rank, out->dims), &out_bytes) &&
           in_bytes == out_bytes;
}

/* The same bytes under the shape that `info` has. */
static void reshape_tensor(const struct imgcls_tensor *from,
                           const struct imgcls_value_info *info, struct imgcls_tensor *out)
{
    *out = *from;
    out->type = info->type;
    out->rank = info->rank;
    for (int32_t i = 0; i < info->rank; i++)
        out->dims[i] = info->dims[i];
    icl_strides_of(info->rank, info->dims, out->strides);
}

static imgcls_status alias_form(struct icl_plan *plan, struct icl_value *in,
                                struct icl_value *out, enum icl_form form)
{
    size_t from = plan->forms[in->index][form], to;
    imgcls_status status = icl_plan_add_slot(plan, out, form, &to);
    if (status)
        return status;
    struct icl_slot *slot = &plan->slots[to];
    slot->root = from;
    slot->place = plan->slots[from].place;
    slot->input = plan->slots[from].input;
    const struct imgcls_tensor *constant = plan->slots[from].info->constant;
    if (form == ICL_WIDE && constant) {
        reshape_tensor(constant, slot->info, &slot->wide->tensor);
        slot->info->constant = &slot->wide->tensor;
    }
    return IMGCLS_OK;
}

/* The output becomes another name of the input's bytes, in each form that there is. */
static imgcls_status alias(struct icl_plan *plan, const struct imgcls_node *node)
{
    struct icl_value *in = icl_value_of(node->inputs[0]);
    struct icl_value *out = icl_value_of(node->outputs[0]);
    bool both = in->info.type == out->info.type;
    size_t slot;
    imgcls_status status = IMGCLS_OK;
    if (in->info.constant || !both)
        status = icl_plan_need_form(plan, in, ICL_DECLARED, &slot);
    if (status == IMGCLS_OK && in->info.constant) {
        reshape_tensor(in->info.constant, &out->info, &out->tensor);
        out->info.constant = &out->tensor;
    }
    if (status == IMGCLS_OK && plan->forms[in->index][ICL_DECLARED] != ICL_NONE)
        status = alias_form(plan, in, out, ICL_DECLARED);
    if (status == IMGCLS_OK && both && plan->forms[in->index][ICL_WIDE] != ICL_NONE)
        status = alias_form(plan, in, out, ICL_WIDE);
    return status;
}

/* -- steps ------------------------------------------------------------------------------*/

/* What the inner graphs of a node read from this graph. */
static imgcls_status add_capture(struct icl_plan *plan, struct icl_step *step,
                                 size_t *capacity, struct icl_value *value)
{
    size_t slot;
    if (!value || value->graph != plan->graph)
        return IMGCLS_OK;
    imgcls_status status = icl_plan_need_form(plan, value, ICL_DECLARED, &slot);
    for (size_t i = 0; status == IMGCLS_OK && i < step->capture_count; i++)
        if (step->captures[i] == slot)
            return IMGCLS_OK;
    if (status == IMGCLS_OK)
        status = icl_plan_reserve(plan, &step->captures, capacity, step->capture_count,
                                  sizeof *step->captures);
    if (status == IMGCLS_OK)
        step->captures[step->capture_count++] = slot;
    return status;
}

static imgcls_status capture_graphs(struct icl_plan *plan, struct icl_step *step,
                                    size_t *capacity, const struct icl_node *node)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t a = 0; a < node->attr_count; a++) {
        const struct imgcls_attr *attr = &node->attrs[a]->attr;
        for (size_t g = 0; attr->graphs && g < attr->count; g++) {
            const struct imgcls_graph *graph = attr->graphs[g];
            for (size_t n = 0; n < graph->node_count && status == IMGCLS_OK; n++) {
                const struct icl_node *inner = graph->nodes[n];
                for (size_t i = 0; i < inner->node.input_count && status == IMGCLS_OK; i++)
                    if (inner->inputs[i])
                        status = add_capture(plan, step, capacity,
                                             icl_value_of(inner->inputs[i]));
                if (status == IMGCLS_OK)
                    status = capture_graphs(plan, step, capacity, inner);
            }
            for (size_t i = 0; i < graph->output_count && status == IMGCLS_OK; i++)
                status = add_capture(plan, step, capacity, graph->outputs[i]);
        }
    }
    return status;
}

/* Form of input i of a node that runs as `form` says (itself, or adapted). */
static enum icl_form form_of(const struct imgcls_value_info *declared,
                             const struct imgcls_value_info *used)
{
    return declared->type == used->type ? ICL_DECLARED : ICL_WIDE;
}

/* Adds the step of a node; adapted is taken over (also on failure). */
static imgcls_status add_node_step(struct icl_plan *plan, const struct imgcls_op *op,
                                   struct icl_node *node, struct icl_node *adapted,
                                   const struct imgcls_kernel *kernel)
{
    const struct imgcls_node *declared = &node->node;
    const struct imgcls_node *used = adapted ? &adapted->node : declared;
    size_t in = declared->input_count, out = declared->output_count, capacity = 0;
    size_t *slots = calloc(in + 1, sizeof *slots);
    struct icl_step captures = {0}, *step;
    imgcls_status status =
        slots ? IMGCLS_OK : icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory for a step");
    for (size_t i = 0; i < in && status == IMGCLS_OK; i++) {
        slots[i] = ICL_NONE;
        if (declared->inputs[i])
            status = icl_plan_need_form(plan, icl_value_of(declared->inputs[i]),
                                        form_of(declared->inputs[i], used->inputs[i]),
                                        &slots[i]);
    }
    if (status == IMGCLS_OK && (op->traits & IMGCLS_TRAIT_SUBGRAPH))
        status = capture_graphs(plan, &captures, &capacity, node);
    if (status == IMGCLS_OK)
        status = icl_plan_add_step(plan, used, in, out, &step);
    if (status) {
        free(slots);
        free(captures.captures);
        icl_adapted_destroy(adapted);
        return status;
    }
    size_t index = plan->step_count - 1;
    step->adapted = adapted;
    step->op = op;
    step->kernel = kernel;
    step->captures = captures.captures;
    step->capture_count = captures.capture_count;
    memcpy(step->inputs, slots, in * sizeof *slots);
    free(slots);
    for (size_t i = 0; i < out && status == IMGCLS_OK; i++)
        if (declared->outputs[i])
            status = icl_plan_add_slot(plan, icl_value_of(declared->outputs[i]),
                                       form_of(declared->outputs[i], used->outputs[i]),
                                       &plan->steps[index].outputs[i]);
    return status;
}

static bool all_inputs_static(const struct imgcls_node *node)
{
    for (size_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] && node->inputs[i]->kind == IMGCLS_KIND_TENSOR &&
            !icl_info_is_static(node->inputs[i]))
            return false;
    return true;
}

/* True where some input was computed wide and not in its declared form. */
static bool reads_wide(const struct icl_plan *plan, const struct imgcls_node *node)
{
    for (size_t i = 0; i < node->input_count; i++) {
        const struct imgcls_value_info *info = node->inputs[i];
        if (!info || info->constant)
            continue;
        const size_t *forms = plan->forms[icl_value_of(info)->index];
        if (forms[ICL_DECLARED] == ICL_NONE && forms[ICL_WIDE] != ICL_NONE)
            return true;
    }
    return false;
}

/* Settles form and kernel; *kernel is NULL where none accepts. */
static imgcls_status choose_form(struct icl_plan *plan, const struct imgcls_op *op,
                                 struct icl_node *node, struct icl_node **adapted,
                                 const struct imgcls_kernel **kernel)
{
    bool portable = plan->options.portable_only;
    bool wide_first = plan->options.in_double || reads_wide(plan, &node->node);
    *adapted = NULL;
    *kernel = wide_first ? NULL : icl_choose_kernel(plan, &node->node, portable);
    if (*kernel)
        return IMGCLS_OK;
    imgcls_status status = icl_adapt_node(plan, op, node, adapted);
    if (*adapted)
        *kernel = icl_choose_kernel(plan, &(*adapted)->node, portable);
    if (*kernel || status)
        return status;
    icl_adapted_destroy(*adapted);
    *adapted = NULL;
    if (wide_first)
        *kernel = icl_choose_kernel(plan, &node->node, portable);
    return IMGCLS_OK;
}

/* A node with open input shapes: no kernel may accept it before they are known. Its form is
 * settled by type alone, for what follows must know in which form it comes. */
static imgcls_status choose_open_form(struct icl_plan *plan, const struct imgcls_op *op,
                                      struct icl_node *node, struct icl_node **adapted)
{
    const struct imgcls_kernel *kernel;
    imgcls_status status = choose_form(plan, op, node, adapted, &kernel);
    if (status || *adapted || kernel)
        return status;
    return icl_adapt_node(plan, op, node, adapted);
}

/* -- decomposition ----------------------------------------------------------------------*/

static bool inputs_ready(const struct icl_plan *plan, const struct icl_node *node)
{
    for (size_t i = 0; i < node->node.input_count; i++) {
        if (!node->inputs[i] || node->inputs[i]->constant)
            continue;
        const size_t *forms = plan->forms[icl_value_of(node->inputs[i])->index];
        if (forms[ICL_DECLARED] == ICL_NONE && forms[ICL_WIDE] == ICL_NONE)
            return false;
    }
    return true;
}

/* Walks nodes [first, node_count), which stand in no particular order. */
static imgcls_status visit_parts(struct icl_plan *plan, size_t first, int depth)
{
    struct imgcls_graph *graph = plan->graph;
    size_t end = graph->node_count, left = end - first;
    bool *visited = calloc(left + 1, sizeof *visited);
    if (!visited)
        return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory to decompose a node");
    imgcls_status status = IMGCLS_OK;
    bool moved = true;
    while (left > 0 && moved && status == IMGCLS_OK) {
        moved = false;
        for (size_t i = first; i < end && status == IMGCLS_OK; i++) {
            if (visited[i - first] || !inputs_ready(plan, graph->nodes[i]))
                continue;
            visited[i - first] = moved = true;
            left--;
            status = visit(plan, graph->nodes[i], depth);
        }
    }
    free(visited);
    if (status == IMGCLS_OK && left > 0)
        status =
            icl_fail(plan->ctx, IMGCLS_BAD_INPUT,
                     "the parts of a decomposed node depend on each other in a circle");
    return status;
}

static imgcls_status decompose(struct icl_plan *plan, const struct imgcls_op *op,
                               struct icl_node *node, int depth)
{
    char text[256];
    icl_node_text(&node->node, text, sizeof text);
    if (depth >= DECOMPOSE_DEPTH)
        return icl_fail(plan->ctx, IMGCLS_BAD_INPUT, "%s: decomposed %d times over", text,
                        depth);
    size_t first = plan->graph->node_count;
    imgcls_status status = op->decompose(&plan->ctx->host, plan->graph, &node->node);
    icl_node_remove(node);
    if (status == IMGCLS_OK)
        status = icl_plan_cover_values(plan);
    if (status == IMGCLS_OK)
        status = visit_parts(plan, first, depth + 1);
    return status ? icl_fail_within_node(plan->ctx, status, &node->node) : IMGCLS_OK;
}

/* -- the walk ---------------------------------------------------------------------------*/

static imgcls_status visit(struct icl_plan *plan, struct icl_node *node, int depth)
{
    if (node->removed)
        return IMGCLS_OK;
    if (icl_interrupted())
        return icl_fail(plan->ctx, IMGCLS_INTERRUPTED, "interrupted");
    const struct imgcls_op *op;
    imgcls_status status = icl_infer_node(plan->ctx, plan->registry, node, &op);
    if (status)
        return status;
    if (is_view(plan, op, &node->node))
        return alias(plan, &node->node);
    bool done;
    status = icl_fold_node(plan, op, node, &done);
    if (status)
        return icl_fail_within_node(plan->ctx, status, &node->node);
    if (done)
        return IMGCLS_OK;
    struct icl_node *adapted = NULL;
    const struct imgcls_kernel *kernel = NULL;
    bool open = !all_inputs_static(&node->node) && icl_has_kernels(plan, &node->node);
    status = open ? choose_open_form(plan, op, node, &adapted)
                  : choose_form(plan, op, node, &adapted, &kernel);
    if (status)
        return icl_fail_within_node(plan->ctx, status, &node->node);
    if (!kernel && !open) {
        if (ICL_HAS(op, decompose) && op->decompose)
            return decompose(plan, op, node, depth);
        return icl_refuse_node(plan, &node->node);
    }
    status = add_node_step(plan, op, node, adapted, kernel);
    return status ? icl_fail_within_node(plan->ctx, status, &node->node) : IMGCLS_OK;
}

imgcls_status icl_plan_walk(struct icl_plan *plan)
{
    struct imgcls_graph *graph = plan->graph;
    size_t count =
        graph->node_count; /* decompositions add to the end; they are walked there */
    imgcls_status status = icl_plan_cover_values(plan);
    for (size_t i = 0; i < graph->input_count && status == IMGCLS_OK; i++) {
        size_t slot;
        status = icl_plan_add_slot(plan, graph->inputs[i], ICL_DECLARED, &slot);
        if (status || graph->inputs[i]->info.constant)
            continue; /* an input of old models that is an initializer, too */
        plan->slots[slot].place = ICL_PLACE_INPUT;
        plan->slots[slot].input = i;
    }
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++)
        status = visit(plan, graph->nodes[i], 0);
    return status;
}
