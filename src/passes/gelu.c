/*
 * src/passes/gelu.c - GELU as exporters write it out becomes one Gelu node
 *
 *     gelu(x) = x / 2 * (1 + erf(x / sqrt(2)))      (Hendrycks and Gimpel 2016)
 *
 *              or x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
 *
 * Exporters give Div (or Mul by the inverse), Erf, Add 1, and two Muls in one of three orders:
 * (x * e) * 0.5, x * (e * 0.5), (x * 0.5) * e. The second form has Tanh in Erf's place, and the
 * cube as Pow or as two products.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "src/passes/rows.h"

static bool near(double got, double want)
{
    return fabs(got - want) <= 1e-3 * fabs(want);
}

/* The other input of a two-input node of `type` one of whose inputs is `known`. */
static struct icl_value *partner(const struct icl_node *node, const char *type,
                                 const struct icl_value *known)
{
    if (!icl_node_is(node, type) || node->removed || node->node.input_count != 2)
        return NULL;
    struct icl_value *a = icl_node_input(node, 0), *b = icl_node_input(node, 1);
    if (!a || !b || a == b)
        return NULL;
    return a == known ? b : b == known ? a : NULL;
}

/* The constant of a node of `type` beside another value, which goes to *value. */
static bool with_scalar(const struct icl_node *node, const char *type, struct icl_value **value,
                        double *scalar)
{
    if (!icl_node_is(node, type) || node->removed || node->node.input_count != 2)
        return false;
    for (size_t i = 0; i < 2; i++)
        if (icl_value_scalar(icl_node_input(node, i), scalar)) {
            *value = icl_node_input(node, 1 - i);
            return *value != NULL;
        }
    return false;
}

/* The only node that reads a value, NULL where there are others or it is an output. */
static struct icl_node *only_reader(const struct icl_value *value)
{
    struct icl_node *found = NULL;
    if (!value || value->is_output || icl_value_uses(value) != 1)
        return NULL;
    for (size_t i = 0; i < value->graph->node_count && !found; i++) {
        struct icl_node *node = value->graph->nodes[i];
        for (size_t k = 0; k < node->node.input_count && !node->removed; k++)
            if (node->inputs[k] == &value->info)
                found = node;
    }
    return found;
}

/* x of erf(x / sqrt(2)). */
static struct icl_value *argument_of(const struct icl_node *erf, struct icl_node **scale)
{
    struct icl_value *scaled = icl_node_input(erf, 0), *x = NULL;
    double factor;
    *scale = scaled ? scaled->producer : NULL;
    if (!*scale || icl_value_uses(scaled) != 1)
        return NULL;
    if (with_scalar(*scale, "Div", &x, &factor) && near(factor, sqrt(2.0)) &&
        icl_node_input(*scale, 0) == x)
        return x;
    if (with_scalar(*scale, "Mul", &x, &factor) && near(factor, sqrt(0.5)))
        return x;
    return NULL;
}

/* From e = 1 + erf(...), the node whose output is the GELU of x; others that go in gone. */
static struct icl_node *last_of(struct icl_value *x, struct icl_value *e,
                                struct icl_node *gone[1])
{
    struct icl_node *first = only_reader(e), *second;
    struct icl_value *value;
    double half;
    gone[0] = first;
    if (!first)
        return NULL;
    value = partner(first, "Mul", e);
    if (value == x) { /* (x * e) * 0.5 */
        second = only_reader(icl_node_output(first, 0));
        return second && with_scalar(second, "Mul", &value, &half) && near(half, 0.5) ? second
                                                                                       : NULL;
    }
    if (with_scalar(first, "Mul", &value, &half) && near(half, 0.5)) { /* x * (e * 0.5) */
        second = only_reader(icl_node_output(first, 0));
        return second && partner(second, "Mul", icl_node_output(first, 0)) == x ? second : NULL;
    }
    /* (x * 0.5) * e */
    struct icl_node *halved = value ? value->producer : NULL;
    struct icl_value *source;
    if (!halved || !with_scalar(halved, "Mul", &source, &half) || !near(half, 0.5) ||
        source != x || icl_value_uses(value) != 1)
        return NULL;
    gone[0] = halved;
    return first;
}

/* Nodes that a written out GELU consists of, but for the last. */
struct parts {
    struct icl_node *nodes[8];
    size_t count;
};

/* The value's producer where it is `type` and gives this value to one reader, noted as a part. */
static struct icl_node *part(struct parts *parts, const struct icl_value *value,
                             const char *type)
{
    struct icl_node *node = value && !value->is_output ? value->producer : NULL;
    if (!node || node->removed || !icl_node_is(node, type) || icl_value_uses(value) != 1)
        return NULL;
    parts->nodes[parts->count++] = node;
    return node;
}

static bool is_cube(struct parts *parts, const struct icl_value *cube,
                    const struct icl_value *x)
{
    struct parts before = *parts;
    double three;
    const struct icl_node *node = part(parts, cube, "Pow");
    if (node)
        return icl_node_input(node, 0) == x &&
               icl_value_scalar(icl_node_input(node, 1), &three) && three == 3;
    *parts = before;
    node = part(parts, cube, "Mul");
    const struct icl_value *square = node ? partner(node, "Mul", x) : NULL;
    node = square ? part(parts, square, "Mul") : NULL;
    return node && icl_node_input(node, 0) == x && icl_node_input(node, 1) == x;
}

/* x of tanh(sqrt(2 / pi) * (x + 0.044715 x^3)). */
static struct icl_value *tanh_argument(const struct icl_node *tanh, struct parts *parts)
{
    struct icl_value *sum, *cube;
    double factor;
    struct icl_node *scale = part(parts, icl_node_input(tanh, 0), "Mul");
    if (!scale || !with_scalar(scale, "Mul", &sum, &factor) || !near(factor, 0.7978845608))
        return NULL;
    struct icl_node *add = part(parts, sum, "Add");
    for (size_t i = 0; add && add->node.input_count == 2 && i < 2; i++) {
        struct parts before = *parts;
        struct icl_value *x = icl_node_input(add, 1 - i);
        struct icl_node *times = part(parts, icl_node_input(add, i), "Mul");
        if (x && times && with_scalar(times, "Mul", &cube, &factor) && near(factor, 0.044715) &&
            is_cube(parts, cube, x))
            return x;
        *parts = before;
    }
    return NULL;
}

static imgcls_status fuse(struct imgcls_graph *graph, struct icl_node *function, size_t *changes)
{
    static const struct imgcls_attr by_tanh = {
        .struct_size = sizeof by_tanh, .name = "approximate", .kind = IMGCLS_ATTR_STRING,
        .s = {.bytes = "tanh", .length = 4}};
    const bool is_erf = icl_node_is(function, "Erf");
    struct parts parts = {{function}, 1};
    struct icl_node *gone[1], *plus, *last;
    struct icl_value *x, *value, *e;
    double one;
    if (is_erf)
        x = argument_of(function, &parts.nodes[parts.count++]);
    else
        x = tanh_argument(function, &parts);
    plus = only_reader(icl_node_output(function, 0));
    if (!x || !plus || !with_scalar(plus, "Add", &value, &one) || one != 1)
        return IMGCLS_OK;
    e = icl_node_output(plus, 0);
    last = last_of(x, e, gone);
    if (!last)
        return IMGCLS_OK;
    const char *inputs[] = {x->name}, *outputs[] = {""};
    struct icl_node *gelu;
    imgcls_status status =
        icl_graph_add_node(graph, "", "Gelu", last->name, 1, inputs, 1, outputs, &gelu);
    if (status == IMGCLS_OK && !is_erf)
        status = icl_node_set_attr(gelu, &by_tanh);
    if (status != IMGCLS_OK)
        return status;
    gelu->node.version = last->node.version;
    for (size_t i = 0; i < parts.count; i++)
        icl_node_remove(parts.nodes[i]);
    icl_node_remove(plus);
    icl_node_remove(gone[0]);
    ++*changes;
    return icl_node_take_output(last, gelu);
}

imgcls_status icl_pass_fuse_gelu(struct imgcls_graph *graph, size_t *changes)
{
    imgcls_status status = icl_pass_inner(graph, icl_pass_fuse_gelu, changes);
    size_t count = graph->node_count;
    for (size_t i = 0; status == IMGCLS_OK && i < count; i++)
        if (!graph->nodes[i]->removed && (icl_node_is(graph->nodes[i], "Erf") || icl_node_is(graph->nodes[i], "Tanh")))
            status = fuse(graph, graph->nodes[i], changes);
    if (status == IMGCLS_OK)
        icl_graph_sweep(graph);
    return status;
}
