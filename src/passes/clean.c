/*
 * src/passes/clean.c - what inference does not need: Constant nodes, identities, dead nodes
 *
 * These passes keep standard ONNX and every weight's bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <string.h>

#include "src/passes/rows.h"
#include "src/passes/view.h"
#include "src/registry/registry.h"
#include "src/tensor/tensor.h"

/* ---- Constant ---------------------------------------------------------------------------*/

/* The tensor that a Constant's attribute stands for; bytes are borrowed from it. False for
 * what has no dense tensor (sparse_value). */
static bool tensor_of(const struct imgcls_attr *attr, struct imgcls_tensor *out)
{
    static const struct {
        const char *name;
        int32_t type;
        bool list;
    } kinds[] = {
        {"value_float", IMGCLS_F32, false},     {"value_floats", IMGCLS_F32, true},
        {"value_int", IMGCLS_I64, false},       {"value_ints", IMGCLS_I64, true},
        {"value_string", IMGCLS_STRING, false}, {"value_strings", IMGCLS_STRING, true},
    };
    if (strcmp(attr->name, "value") == 0 && attr->kind == IMGCLS_ATTR_TENSOR && attr->tensors) {
        *out = *attr->tensors[0];
        return true;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(attr->name, kinds[i].name) != 0)
            continue;
        const void *data = kinds[i].type == IMGCLS_F32
                               ? (kinds[i].list ? (const void *)attr->floats : &attr->f)
                           : kinds[i].type == IMGCLS_I64
                               ? (kinds[i].list ? (const void *)attr->ints : &attr->i)
                               : (kinds[i].list ? (const void *)attr->strings : &attr->s);
        size_t count = kinds[i].list ? attr->count : 1;
        *out = (struct imgcls_tensor){.struct_size = sizeof *out,
                                      .type = kinds[i].type,
                                      .rank = kinds[i].list ? 1 : 0,
                                      .dims = {(int64_t)count},
                                      .strides = {1},
                                      .data = (void *)data,
                                      .size_bytes = count * icl_type_bits(kinds[i].type) / 8};
        return true;
    }
    return false;
}

imgcls_status icl_pass_constants(struct imgcls_graph *graph, size_t *changes)
{
    imgcls_status status = icl_pass_inner(graph, icl_pass_constants, changes);
    for (size_t i = 0; status == IMGCLS_OK && i < graph->node_count; i++) {
        struct icl_node *node = graph->nodes[i];
        struct icl_value *value = icl_node_output(node, 0);
        struct imgcls_tensor tensor;
        if (node->removed || !icl_node_is(node, "Constant") || !value || value->is_output ||
            node->attr_count != 1 || !tensor_of(&node->attrs[0]->attr, &tensor))
            continue;
        /* The value must have no producer before it can be an initializer. */
        struct imgcls_storage **storages = node->attrs[0]->storages;
        icl_node_remove(node);
        status = icl_graph_add_initializer(graph, value->name, &tensor,
                                           storages ? storages[0] : NULL);
        ++*changes;
    }
    if (status == IMGCLS_OK)
        icl_graph_sweep(graph);
    return status;
}

/* ---- Identity ---------------------------------------------------------------------------*/

static bool only_first_output_used(const struct icl_node *node)
{
    for (size_t i = 1; i < node->node.output_count; i++) {
        struct icl_value *value = icl_node_output(node, i);
        if (value && icl_value_uses(value))
            return false;
    }
    return true;
}

/* A Dropout whose training_mode input is true, or not known, drops for real. */
static bool drops(const struct icl_node *node)
{
    const struct icl_value *mode = icl_node_input(node, 2);
    if (!icl_node_is(node, "Dropout") || !mode)
        return false;
    const struct imgcls_tensor *constant = mode->info.constant;
    return !constant || constant->size_bytes < 1 || *(const uint8_t *)constant->data != 0;
}

/* A Cast to the type that its input has, where that is known. */
static bool casts_to_itself(const struct icl_node *node)
{
    const struct imgcls_attr *to =
        icl_node_is(node, "Cast") ? icl_node_attr(&node->node, "to") : NULL;
    const int32_t type = icl_node_input(node, 0)->info.type;
    return to && type != IMGCLS_UNDEFINED && to->i == type;
}

/* Input i is a constant list of 64-bit integers that all are `value`. */
static bool all_are(const struct icl_node *node, size_t i, int64_t value)
{
    const struct icl_value *input = icl_node_input(node, i);
    const struct imgcls_tensor *list = input ? input->info.constant : NULL;
    if (!list || list->type != IMGCLS_I64)
        return false;
    for (int64_t k = 0; k < imgcls_count(list->rank, list->dims); k++)
        if (((const int64_t *)list->data)[k] != value)
            return false;
    return true;
}

static bool keeps_shape(const struct icl_node *node)
{
    const struct icl_value *x = icl_node_input(node, 0), *y = icl_node_output(node, 0);
    bool same = icl_value_is_static(x) && icl_value_is_static(y) && x->info.rank == y->info.rank;
    for (int32_t d = 0; same && d < x->info.rank; d++)
        same = x->info.dims[d] == y->info.dims[d];
    return same;
}

/* An attribute that is a list of nothing but `value`; one that is absent: `absent`. */
static bool lists_only(const struct icl_node *node, const char *name, int64_t value, bool absent)
{
    const struct imgcls_attr *list = icl_node_attr(&node->node, name);
    if (!list)
        return absent;
    for (size_t k = 0; list->kind == IMGCLS_ATTR_INTS && k < list->count; k++)
        if (list->ints[k] != value)
            return false;
    return list->kind == IMGCLS_ATTR_INTS && list->count > 0;
}

/* A pool over windows of one element each, which an adaptive pool is on images of its own size. */
static bool pools_single_elements(const struct icl_node *node)
{
    return (icl_node_is(node, "AveragePool") || icl_node_is(node, "MaxPool")) &&
           lists_only(node, "kernel_shape", 1, false) && lists_only(node, "strides", 1, true) &&
           lists_only(node, "pads", 0, true);
}

/* Exporters pad windows by what is missing, which is nothing where they fit, and slice it off
 * again; the number of the first picture, 0, is added to indices. */
static bool changes_nothing(const struct icl_node *node)
{
    if (icl_node_is(node, "Pad"))
        return node->node.input_count > 1 && all_are(node, 1, 0);
    if (icl_node_is(node, "Add"))
        return all_are(node, 1, 0) && keeps_shape(node);
    return icl_node_is(node, "Slice") && node->node.input_count > 2 &&
           (!icl_node_input(node, 4) || all_are(node, 4, 1)) && keeps_shape(node);
}

static bool is_identity(struct icl_registry *registry, const struct icl_node *node)
{
    static const char *const of_one[] = {"Sum", "Mean", "Max", "Min", "Concat"};
    if (node->removed || !icl_node_input(node, 0) || !icl_node_output(node, 0) ||
        !only_first_output_used(node) || drops(node))
        return false;
    for (size_t i = 0; i < sizeof of_one / sizeof of_one[0]; i++)
        if (node->node.input_count == 1 && icl_node_is(node, of_one[i]))
            return true;
    if (casts_to_itself(node) || changes_nothing(node) || pools_single_elements(node))
        return true;
    const struct imgcls_op *op =
        icl_registry_op(registry, node->domain, node->type, icl_node_version(node));
    return op && (op->traits & IMGCLS_TRAIT_IDENTITY) != 0;
}

/* Position of a value among its producer's outputs. */
static size_t output_position(const struct icl_value *value)
{
    for (size_t i = 0; i < value->producer->node.output_count; i++)
        if (value->producer->outputs[i] == &value->info)
            return i;
    return SIZE_MAX;
}

/* y = Identity(x). Where y is a graph's output its name must stay, so x's producer gives y
 * from then on; where that cannot be (x is an input, a constant, itself an output, or another
 * graph's), the node stays. */
static imgcls_status bypass(struct imgcls_graph *graph, struct icl_node *node, size_t *changes)
{
    struct icl_value *x = icl_node_input(node, 0), *y = icl_node_output(node, 0);
    imgcls_status status;
    if (!y->is_output) {
        status = icl_graph_replace_uses(graph, y, x);
    } else {
        struct icl_node *producer = x->producer;
        if (x->is_input || x->is_output || x->graph != graph || !producer ||
            producer->removed)
            return IMGCLS_OK;
        size_t at = output_position(x);
        /* The identity lets go of y first: a value has one producer. */
        icl_node_remove(node);
        char *name = y->name;
        status = icl_node_set_output(node, 0, "");
        if (status == IMGCLS_OK)
            status = icl_node_set_output(producer, at, name);
        if (status == IMGCLS_OK)
            status = icl_graph_replace_uses(graph, x, y);
    }
    icl_node_remove(node);
    ++*changes;
    return status;
}

imgcls_status icl_pass_drop_identity(struct imgcls_graph *graph, size_t *changes)
{
    struct icl_registry *registry;
    imgcls_status status = icl_context_registry(graph->ctx, &registry);
    if (status == IMGCLS_OK)
        status = icl_pass_inner(graph, icl_pass_drop_identity, changes);
    for (size_t i = 0; status == IMGCLS_OK && i < graph->node_count; i++)
        if (is_identity(registry, graph->nodes[i]))
            status = bypass(graph, graph->nodes[i], changes);
    if (status == IMGCLS_OK)
        icl_graph_sweep(graph);
    return status;
}

/* ---- Dead nodes, training mode ----------------------------------------------------------*/

imgcls_status icl_pass_drop_dead(struct imgcls_graph *graph, size_t *changes)
{
    size_t before = graph->node_count + graph->initializer_count;
    imgcls_status status = icl_pass_inner(graph, icl_pass_drop_dead, changes);
    if (status == IMGCLS_OK)
        status = icl_graph_drop_dead(graph);
    if (status == IMGCLS_OK)
        *changes += before - (graph->node_count + graph->initializer_count);
    return status;
}

void icl_passes_warn_training(const struct imgcls_graph *graph)
{
    size_t dropouts = 0, norms = 0;
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct icl_node *node = graph->nodes[i];
        const struct imgcls_attr *mode = icl_node_attr(&node->node, "training_mode");
        dropouts += drops(node);
        norms += icl_node_is(node, "BatchNormalization") && mode && mode->i != 0;
    }
    if (dropouts)
        icl_log(graph->ctx, IMGCLS_LOG_WARNING,
                "%zu Dropout node%s in training mode: was the model exported without eval()?",
                dropouts, dropouts == 1 ? " is" : "s are");
    if (norms)
        icl_log(graph->ctx, IMGCLS_LOG_WARNING,
                "%zu BatchNormalization node%s in training mode: was the model exported "
                "without eval()?", norms, norms == 1 ? " is" : "s are");
}
