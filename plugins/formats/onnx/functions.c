/*
 * plugins/formats/onnx/functions.c - functions of the model's own are inlined on reading
 *
 * A FunctionProto is an operator made of nodes. Where a node calls one, its nodes are added
 * in place of the call: formal inputs and outputs become the call's, names in between
 * become "function.N/name" with a number per call, attribute references become the call's
 * attribute or the function's default. What the rest of the program sees has no functions.
 *
 * Operator sets: a function imports its own, which the model's must be compatible with
 * (IR.md); the model's version is taken, and what the model does not import is added.
 *
 * Invariant: a generated name is no name of the model and of no other call.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_key(const char *domain, const char *name, const char *overload,
                       const Onnx__FunctionProto *function)
{
    int order = strcmp(name, onnx_text(function->name));
    if (order == 0)
        order = strcmp(domain, onnx_domain(function->domain));
    if (order == 0)
        order = strcmp(overload, onnx_text(function->overload));
    return order;
}

static int compare(const void *a, const void *b)
{
    const Onnx__FunctionProto *first = *(const Onnx__FunctionProto *const *)a;
    return compare_key(onnx_domain(first->domain), onnx_text(first->name),
                       onnx_text(first->overload), *(const Onnx__FunctionProto *const *)b);
}

const Onnx__FunctionProto *onnx_function_find(const struct onnx_reader *reader,
                                              const Onnx__NodeProto *node)
{
    size_t low = 0, high = reader->function_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_key(onnx_domain(node->domain), onnx_text(node->op_type),
                                onnx_text(node->overload), reader->functions[middle]);
        if (order == 0)
            return reader->functions[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* ---- Names that generated ones must avoid
 * -----------------------------------------------*/

/* Counts (out NULL) or collects the names of a graph, and of graphs in its attributes. The
 * recursion is as deep as ONNX_DEPTH_MAX lets graphs be nested. */
static size_t collect(const Onnx__GraphProto *graph, const char **out, size_t at)
{
    for (size_t i = 0; i < graph->n_input; i++, at++)
        if (out)
            out[at] = onnx_text(graph->input[i]->name);
    for (size_t i = 0; i < graph->n_initializer; i++, at++)
        if (out)
            out[at] = onnx_text(graph->initializer[i]->name);
    for (size_t i = 0; i < graph->n_sparse_initializer; i++) {
        if (!graph->sparse_initializer[i]->values)
            continue;
        if (out)
            out[at] = onnx_text(graph->sparse_initializer[i]->values->name);
        at++;
    }
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        for (size_t k = 0; k < node->n_output; k++, at++)
            if (out)
                out[at] = onnx_text(node->output[k]);
        for (size_t k = 0; k < node->n_attribute; k++) {
            const Onnx__AttributeProto *attr = node->attribute[k];
            if (attr->g)
                at = collect(attr->g, out, at);
            for (size_t g = 0; g < attr->n_graphs; g++)
                at = collect(attr->graphs[g], out, at);
        }
    }
    return at;
}

imgcls_status onnx_functions_index(struct onnx_reader *reader,
                                   const Onnx__ModelProto *model)
{
    if (!model->n_functions)
        return IMGCLS_OK;
    reader->taken.count = collect(model->graph, NULL, 0);
    imgcls_status status = onnx_alloc(reader, model->n_functions, sizeof *reader->functions,
                                      &reader->functions);
    if (status == IMGCLS_OK)
        status = onnx_alloc(reader, reader->taken.count, sizeof *reader->taken.sorted,
                            &reader->taken.sorted);
    if (status != IMGCLS_OK)
        return status;
    collect(model->graph, reader->taken.sorted, 0);
    onnx_names_sort(&reader->taken);
    for (size_t i = 0; i < model->n_functions; i++) {
        if (!onnx_text(model->functions[i]->name)[0])
            return onnx_fail(reader, IMGCLS_BAD_INPUT, "function %zu has no name", i);
        reader->functions[i] = model->functions[i];
    }
    reader->function_count = model->n_functions;
    qsort(reader->functions, reader->function_count, sizeof *reader->functions, compare);
    for (size_t i = 1; i < reader->function_count; i++)
        if (compare(&reader->functions[i - 1], &reader->functions[i]) == 0)
            return onnx_fail(reader, IMGCLS_BAD_INPUT, "function '%s' is defined twice",
                             reader->functions[i]->name);
    return IMGCLS_OK;
}

/* ---- Scopes
 * -----------------------------------------------------------------------------*/

const char *onnx_name_resolve(struct onnx_reader *reader, const struct onnx_scope *scope,
                              const char *name)
{
    if (!scope || !*name)
        return name;
    for (const struct onnx_scope *s = scope; s; s = s->outer) {
        size_t at = onnx_names_find(&s->formal, name);
        if (at != SIZE_MAX)
            return s->actual[at];
        if (s->function) {
            onnx_fail(reader, IMGCLS_BAD_INPUT,
                      "function '%s' reads '%s', which nothing gives",
                      onnx_text(s->function->name), name);
            return NULL;
        }
    }
    /* A graph that the main graph handed to a function: it sees the main graph's names. */
    return name;
}

/* Gives every formal name that has no actual one yet a generated one. */
static imgcls_status generate(struct onnx_reader *reader, const char *stem,
                              struct onnx_scope *scope)
{
    bool *open;
    bool collides = true;
    imgcls_status status = onnx_alloc(reader, scope->formal.count, sizeof *open, &open);
    for (size_t i = 0; i < scope->formal.count && status == IMGCLS_OK; i++)
        open[i] = !scope->actual[i];
    while (collides && status == IMGCLS_OK) { /* the model has finitely many names */
        uint64_t number = ++reader->instance;
        collides = false;
        for (size_t i = 0; i < scope->formal.count && !collides; i++) {
            const char *formal = scope->formal.sorted[i];
            size_t capacity = strlen(stem) + strlen(formal) + 32;
            char *name;
            if (!open[i])
                continue;
            status = onnx_alloc(reader, 1, capacity, &name);
            if (status != IMGCLS_OK)
                return status;
            snprintf(name, capacity, "%s.%" PRIu64 "/%s", stem, number, formal);
            collides = onnx_names_find(&reader->taken, name) != SIZE_MAX;
            scope->actual[i] = name;
        }
    }
    return status;
}

static const struct onnx_scope *function_scope(const struct onnx_scope *scope)
{
    while (scope && !scope->function)
        scope = scope->outer;
    return scope;
}

imgcls_status onnx_scope_of_graph(struct onnx_reader *reader, const Onnx__GraphProto *proto,
                                  const struct onnx_scope *outer,
                                  const struct onnx_scope **out)
{
    struct onnx_scope *scope;
    *out = NULL;
    if (!outer)
        return IMGCLS_OK;
    imgcls_status status = onnx_alloc(reader, 1, sizeof *scope, &scope);
    if (status != IMGCLS_OK)
        return status;
    scope->outer = outer;
    scope->formal.count =
        proto->n_input + proto->n_initializer + proto->n_sparse_initializer;
    for (size_t i = 0; i < proto->n_node; i++)
        scope->formal.count += proto->node[i]->n_output;
    status = onnx_alloc(reader, scope->formal.count, sizeof *scope->formal.sorted,
                        &scope->formal.sorted);
    if (status == IMGCLS_OK)
        status =
            onnx_alloc(reader, scope->formal.count, sizeof *scope->actual, &scope->actual);
    if (status != IMGCLS_OK)
        return status;
    size_t count = 0;
    for (size_t i = 0; i < proto->n_input; i++)
        scope->formal.sorted[count++] = onnx_text(proto->input[i]->name);
    for (size_t i = 0; i < proto->n_initializer; i++)
        scope->formal.sorted[count++] = onnx_text(proto->initializer[i]->name);
    for (size_t i = 0; i < proto->n_sparse_initializer; i++)
        if (proto->sparse_initializer[i]->values)
            scope->formal.sorted[count++] =
                onnx_text(proto->sparse_initializer[i]->values->name);
    for (size_t i = 0; i < proto->n_node; i++)
        for (size_t k = 0; k < proto->node[i]->n_output; k++)
            scope->formal.sorted[count++] = onnx_text(proto->node[i]->output[k]);
    scope->formal.count = count;
    onnx_names_sort(&scope->formal);
    status = generate(reader, onnx_text(function_scope(outer)->function->name), scope);
    *out = scope;
    return status;
}

/* ---- Attributes
 * -------------------------------------------------------------------------*/

static const Onnx__AttributeProto *
find_attribute(size_t count, Onnx__AttributeProto *const *attributes, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(onnx_text(attributes[i]->name), name) == 0)
            return attributes[i];
    return NULL;
}

static bool is_declared(const Onnx__FunctionProto *function, const char *name)
{
    for (size_t i = 0; i < function->n_attribute; i++)
        if (strcmp(onnx_text(function->attribute[i]), name) == 0)
            return true;
    return false;
}

imgcls_status onnx_attribute_resolve(struct onnx_reader *reader,
                                     const Onnx__AttributeProto **attr,
                                     const struct onnx_scope **scope)
{
    while (*attr &&
           onnx_text((*attr)->ref_attr_name)[0]) { /* each round goes to a caller */
        const char *name = (*attr)->ref_attr_name;
        const struct onnx_scope *call = function_scope(*scope);
        if (!call)
            return onnx_fail(reader, IMGCLS_BAD_INPUT,
                             "%s refers to attribute '%s' of a function, outside of any",
                             reader->where, name);
        const Onnx__AttributeProto *found =
            find_attribute(call->call->n_attribute, call->call->attribute, name);
        const struct onnx_scope *found_in = call->caller;
        if (!found) {
            found = find_attribute(call->function->n_attribute_proto,
                                   call->function->attribute_proto, name);
            found_in = call;
            if (found && onnx_text(found->ref_attr_name)[0])
                return onnx_fail(reader, IMGCLS_BAD_INPUT,
                                 "function '%s': the default of '%s' is itself a reference",
                                 call->function->name, name);
        }
        if (!found && !is_declared(call->function, name))
            return onnx_fail(
                reader, IMGCLS_BAD_INPUT,
                "%s refers to attribute '%s', which function '%s' does not have",
                reader->where, name, call->function->name);
        if (found && found->has_type && (*attr)->has_type && found->type != (*attr)->type)
            return onnx_fail(reader, IMGCLS_BAD_INPUT,
                             "%s is of kind %d, '%s' that it refers to of kind %d",
                             reader->where, (int)(*attr)->type, name, (int)found->type);
        *attr = found;
        *scope = found_in;
    }
    return IMGCLS_OK;
}

/* ---- Calls
 * ------------------------------------------------------------------------------*/

/* A node without a name is told by what it gives. */
static const char *node_name(const Onnx__NodeProto *node)
{
    if ((!node->name || !node->name[0]) && node->n_output > 0 && node->output[0])
        return node->output[0];
    return onnx_text(node->name);
}

/* Refuses functions that call themselves, and calls that grow without end. */
static imgcls_status check_call(struct onnx_reader *reader,
                                const Onnx__FunctionProto *function,
                                const Onnx__NodeProto *call, const struct onnx_scope *scope)
{
    size_t depth = 0;
    for (const struct onnx_scope *s = function_scope(scope); s;
         s = function_scope(s->caller), depth++)
        if (s->function == function)
            return onnx_fail(reader, IMGCLS_BAD_INPUT, "node '%s' (%s): function '%s' calls itself",
                             node_name(call), function->name, function->name);
    if (depth >= ONNX_CALL_DEPTH_MAX)
        return onnx_fail(reader, IMGCLS_LIMIT,
                         "functions call each other more than %d deep",
                         ONNX_CALL_DEPTH_MAX);
    if (function->n_node > ONNX_INLINED_MAX - reader->inlined)
        return onnx_fail(reader, IMGCLS_LIMIT, "functions become more than %d nodes",
                         ONNX_INLINED_MAX);
    reader->inlined += function->n_node;
    if (call->n_input > function->n_input || call->n_output > function->n_output)
        return onnx_fail(reader, IMGCLS_BAD_INPUT,
                         "%s: called with %zu inputs and %zu outputs, the function has %zu "
                         "and %zu",
                         reader->where, call->n_input, call->n_output, function->n_input,
                         function->n_output);
    return IMGCLS_OK;
}

static imgcls_status formal_names(struct onnx_reader *reader,
                                  const Onnx__FunctionProto *function,
                                  struct onnx_names *out)
{
    size_t count = function->n_input + function->n_output;
    for (size_t i = 0; i < function->n_node; i++)
        count += function->node[i]->n_output;
    imgcls_status status = onnx_alloc(reader, count, sizeof *out->sorted, &out->sorted);
    if (status != IMGCLS_OK)
        return status;
    out->count = 0;
    for (size_t i = 0; i < function->n_input; i++)
        out->sorted[out->count++] = onnx_text(function->input[i]);
    for (size_t i = 0; i < function->n_output; i++)
        out->sorted[out->count++] = onnx_text(function->output[i]);
    for (size_t i = 0; i < function->n_node; i++)
        for (size_t k = 0; k < function->node[i]->n_output; k++)
            out->sorted[out->count++] = onnx_text(function->node[i]->output[k]);
    onnx_names_sort(out);
    return IMGCLS_OK;
}

/* An output that is an input, or was an output already, is copied by an Identity node. */
static imgcls_status copy_output(struct onnx_reader *reader, struct onnx_nodes *nodes,
                                 const char *from, const char *to)
{
    const struct imgcls_host *host = reader->host;
    return host->graph_add_node(host, nodes->graph, "", "Identity", "", 1, &from, 1, &to,
                                NULL);
}

/* Binds formal inputs and outputs to the call's. */
static imgcls_status bind(struct onnx_reader *reader, struct onnx_nodes *nodes,
                          struct onnx_scope *scope)
{
    const Onnx__FunctionProto *function = scope->function;
    const Onnx__NodeProto *call = scope->call;
    for (size_t i = 0; i < function->n_input; i++) {
        size_t at = onnx_names_find(&scope->formal, onnx_text(function->input[i]));
        const char *given = i < call->n_input ? onnx_text(call->input[i]) : "";
        if (scope->actual[at])
            return onnx_fail(reader, IMGCLS_BAD_INPUT, "function '%s' has input '%s' twice",
                             function->name, onnx_text(function->input[i]));
        scope->actual[at] = onnx_name_resolve(reader, scope->caller, given);
        if (!scope->actual[at])
            return IMGCLS_BAD_INPUT;
    }
    for (size_t i = 0; i < call->n_output; i++) {
        size_t at = onnx_names_find(&scope->formal, onnx_text(function->output[i]));
        const char *wanted =
            onnx_name_resolve(reader, scope->caller, onnx_text(call->output[i]));
        if (!wanted)
            return IMGCLS_BAD_INPUT;
        if (!*wanted)
            continue;
        if (!scope->actual[at]) {
            scope->actual[at] = wanted;
            continue;
        }
        imgcls_status status = copy_output(reader, nodes, scope->actual[at], wanted);
        if (status != IMGCLS_OK)
            return status;
    }
    return IMGCLS_OK;
}

imgcls_status onnx_function_inline(struct onnx_reader *reader, struct onnx_nodes *nodes,
                                   const Onnx__FunctionProto *function,
                                   const Onnx__NodeProto *call,
                                   const struct onnx_scope *caller)
{
    struct onnx_scope *scope;
    imgcls_status status = check_call(reader, function, call, caller);
    if (status == IMGCLS_OK)
        status = onnx_alloc(reader, 1, sizeof *scope, &scope);
    if (status != IMGCLS_OK)
        return status;
    scope->function = function;
    scope->call = call;
    scope->caller = caller;
    status = formal_names(reader, function, &scope->formal);
    if (status == IMGCLS_OK)
        status =
            onnx_alloc(reader, scope->formal.count, sizeof *scope->actual, &scope->actual);
    if (status == IMGCLS_OK)
        status = bind(reader, nodes, scope);
    if (status == IMGCLS_OK)
        status = generate(reader, function->name, scope);
    if (status != IMGCLS_OK)
        return status;
    return onnx_nodes_read(reader, nodes, function->n_node, function->node, scope);
}
