/*
 * src/passes/epilogue.c - what follows a node is done on its result while it is at hand
 *
 * A node is a producer where some kernel of its operator names the epilogue in its mask and
 * the value between has no other use. The follower's node goes; its parameters become an
 * epilogue of the producer, whose output takes the follower's name.
 *
 * Not here: which kernel then runs (src/plan/choose.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/passes/rows.h"
#include "src/registry/registry.h"
#include "src/tensor/tensor.h"

#define EPILOGUES_MAX 4 /* a node's list stays short: kernels walk it for every tile */

bool icl_value_scalar(const struct icl_value *value, double *out)
{
    const struct imgcls_tensor *constant = value ? value->info.constant : NULL;
    if (!constant || !icl_type_is_float(constant->type) ||
        imgcls_count(constant->rank, constant->dims) != 1)
        return false;
    *out = icl_tensor_get(constant, 0);
    return true;
}

imgcls_status icl_node_take_output(struct icl_node *from, struct icl_node *to)
{
    struct icl_value *value = icl_node_output(from, 0);
    char *name = strdup(value->name);
    if (!name)
        return icl_fail(from->graph->ctx, IMGCLS_NO_MEMORY, "no memory for a value's name");
    icl_node_remove(from); /* a value has one producer */
    imgcls_status status = icl_node_set_output(from, 0, "");
    if (status == IMGCLS_OK)
        status = icl_node_set_output(to, 0, name);
    free(name);
    return status;
}

static uint64_t mask_of(struct icl_registry *registry, const struct icl_node *node)
{
    size_t count;
    uint64_t mask = 0;
    const struct imgcls_kernel *const *kernels = icl_registry_kernels(
        registry, node->domain, node->type, icl_node_version(node), &count);
    for (size_t i = 0; i < count; i++)
        mask |= kernels[i]->epilogues;
    return mask;
}

/* ---- Followers that look at one value ---------------------------------------------------*/

static double attr_float(const struct icl_node *node, const char *name, double fallback)
{
    const struct imgcls_attr *attr = icl_node_attr(&node->node, name);
    return attr ? (double)attr->f : fallback;
}

static bool as_clip(const struct icl_node *node, struct imgcls_epilogue *out)
{
    double low = -INFINITY, high = INFINITY;
    const struct icl_value *min = icl_node_input(node, 1), *max = icl_node_input(node, 2);
    if ((min && !icl_value_scalar(min, &low)) || (max && !icl_value_scalar(max, &high)))
        return false;
    out->a = (float)low;
    out->b = (float)high;
    return true;
}

static bool as_hard_sigmoid(const struct icl_node *node, struct imgcls_epilogue *out)
{
    out->a = (float)attr_float(node, "alpha", 0.2f);
    out->b = (float)attr_float(node, "beta", 0.5f);
    return true;
}

static bool as_gelu(const struct icl_node *node, struct imgcls_epilogue *out)
{
    const struct imgcls_attr *attr = icl_node_attr(&node->node, "approximate");
    (void)out;
    return !attr || (attr->s.length == 4 && memcmp(attr->s.bytes, "none", 4) == 0);
}

static const struct {
    const char *type;
    int32_t kind;
    bool (*parameters)(const struct icl_node *node, struct imgcls_epilogue *out);
} unary[] = {
    {"Relu", IMGCLS_EPILOGUE_RELU, NULL},
    {"Clip", IMGCLS_EPILOGUE_CLIP, as_clip},
    {"HardSwish", IMGCLS_EPILOGUE_HARDSWISH, NULL},
    {"Gelu", IMGCLS_EPILOGUE_GELU, as_gelu},
    {"Sigmoid", IMGCLS_EPILOGUE_SIGMOID, NULL},
    {"HardSigmoid", IMGCLS_EPILOGUE_HARDSIGMOID, as_hard_sigmoid},
    {"Tanh", IMGCLS_EPILOGUE_TANH, NULL},
};

/* ---- Matching ---------------------------------------------------------------------------*/

/* Readers of every value, counted once a pass: asking the graph each time would be quadratic. */
struct readers {
    struct icl_node **first; /* by value->index; any one reader */
    size_t *count;
};

static imgcls_status count_readers(struct imgcls_graph *graph, struct readers *readers)
{
    readers->first = calloc(graph->value_count + 1, sizeof *readers->first);
    readers->count = calloc(graph->value_count + 1, sizeof *readers->count);
    if (!readers->first || !readers->count)
        return icl_fail(graph->ctx, IMGCLS_NO_MEMORY, "no memory to look for epilogues");
    for (size_t i = 0; i < graph->value_count; i++)
        graph->values[i]->index = i;
    for (size_t i = 0; i < graph->node_count; i++) {
        struct icl_node *node = graph->nodes[i];
        for (size_t k = 0; k < node->node.input_count; k++) {
            struct icl_value *value = icl_node_input(node, k);
            if (!value || value->graph != graph)
                continue;
            readers->first[value->index] = node;
            readers->count[value->index]++;
        }
    }
    return IMGCLS_OK;
}

/* x * Sigmoid(x) where nothing else reads x: the Mul, else NULL. */
static struct icl_node *silu_end(struct readers *readers, struct icl_value *x)
{
    if (x->is_output || readers->count[x->index] != 2 || icl_value_uses(x) != 2)
        return NULL;
    const struct imgcls_graph *graph = x->graph;
    for (size_t i = 0; i < graph->node_count; i++) {
        struct icl_node *sigmoid = graph->nodes[i];
        if (sigmoid->removed || !icl_node_is(sigmoid, "Sigmoid") ||
            icl_node_input(sigmoid, 0) != x)
            continue;
        struct icl_value *gate = icl_node_output(sigmoid, 0);
        struct icl_node *mul = gate ? readers->first[gate->index] : NULL;
        if (!mul || mul->removed || gate->is_output || readers->count[gate->index] != 1 ||
            !icl_node_is(mul, "Mul"))
            return NULL;
        bool both = (icl_node_input(mul, 0) == x && icl_node_input(mul, 1) == gate) ||
                    (icl_node_input(mul, 1) == x && icl_node_input(mul, 0) == gate);
        return both ? mul : NULL;
    }
    return NULL;
}

static bool same_shape(const struct icl_value *a, const struct icl_value *b)
{
    if (a->info.rank < 0 || a->info.rank != b->info.rank || a->info.type != b->info.type)
        return false;
    for (int32_t d = 0; d < a->info.rank; d++)
        if (a->info.dims[d] != b->info.dims[d] || a->info.dims[d] == -1)
            return false;
    return true;
}

/* True where `late` is computed from `early`'s graph position onwards only, that is, where
 * `operand` is there before `producer` runs. Nodes are sorted: positions tell. */
static bool earlier(const struct icl_value *operand, const struct icl_node *producer)
{
    return operand->graph == producer->graph &&
           (!operand->producer || operand->producer->index < producer->index);
}

/* Add(x, operand) of equal shapes, the operand there before the producer runs. */
static bool match_add(const struct icl_node *add, const struct icl_value *x,
                      const struct icl_node *producer, struct icl_value **operand)
{
    if (!icl_node_is(add, "Add") || add->node.input_count != 2)
        return false;
    struct icl_value *a = icl_node_input(add, 0), *b = icl_node_input(add, 1);
    if (!a || !b || a == b)
        return false;
    *operand = a == x ? b : a;
    return same_shape(x, *operand) && earlier(*operand, producer);
}

static bool is_real(int32_t type)
{
    return type == IMGCLS_F32 || type == IMGCLS_F64;
}

/* Add(MatMul, bias) with a constant vector along the last dimension, as exporters write a
 * fully connected layer. Where B is a vector, that dimension is A's: left as it is. */
static bool match_bias(const struct icl_node *add, const struct icl_value *x,
                       const struct icl_node *producer, struct icl_value **operand)
{
    if (!icl_node_is(add, "Add") || add->node.input_count != 2)
        return false;
    struct icl_value *a = icl_node_input(add, 0), *b = icl_node_input(add, 1);
    if (!a || !b || a == b)
        return false;
    *operand = a == x ? b : a;
    const struct imgcls_value_info *bias = &(*operand)->info;
    if (!bias->constant || (*operand)->graph != producer->graph || x->info.rank < 1 ||
        bias->rank < 1 || bias->rank > x->info.rank || !is_real(x->info.type) ||
        bias->type != x->info.type)
        return false;
    int64_t length = bias->dims[bias->rank - 1];
    const struct icl_value *right = icl_node_input(producer, 1);
    return length >= 0 && length == x->info.dims[x->info.rank - 1] &&
           imgcls_count(bias->rank - 1, bias->dims) == 1 && right && right->info.rank >= 2;
}

static imgcls_status attach_add(struct icl_node *producer, int32_t kind,
                                struct icl_value *operand)
{
    size_t at = producer->node.input_count;
    /* Optional inputs before it stay omitted: the operand never takes their place. */
    if (at < 3)
        at = 3;
    struct imgcls_epilogue epilogue = {.kind = kind, .operand = (int32_t)at};
    imgcls_status status = icl_node_set_input(producer, at, operand->name);
    return status == IMGCLS_OK ? icl_node_add_epilogue(producer, &epilogue) : status;
}

/* Takes the node that follows `producer` into it, where that can be. */
static imgcls_status take_follower(struct readers *readers, struct icl_node *producer,
                                   uint64_t mask, bool *taken)
{
    struct icl_value *x = icl_node_output(producer, 0), *operand;
    struct icl_node *mul;
    imgcls_status status = IMGCLS_OK;
    *taken = false;
    if (!x || x->is_output || !icl_type_is_float(x->info.type))
        return status;
    if ((mask & IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_SILU)) && (mul = silu_end(readers, x))) {
        struct imgcls_epilogue epilogue = {.kind = IMGCLS_EPILOGUE_SILU, .operand = -1};
        struct icl_value *gate =
            icl_node_input(mul, 0) == x ? icl_node_input(mul, 1) : icl_node_input(mul, 0);
        icl_node_remove(gate->producer);
        status = icl_node_add_epilogue(producer, &epilogue);
        *taken = true;
        return status == IMGCLS_OK ? icl_node_take_output(mul, producer) : status;
    }
    struct icl_node *next = readers->first[x->index];
    if (readers->count[x->index] != 1 || icl_value_uses(x) != 1 || !next || next->removed ||
        next->graph != producer->graph)
        return status;
    if ((mask & IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_ADD)) &&
        match_add(next, x, producer, &operand)) {
        *taken = true;
        status = attach_add(producer, IMGCLS_EPILOGUE_ADD, operand);
        return status == IMGCLS_OK ? icl_node_take_output(next, producer) : status;
    }
    if ((mask & IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_BIAS)) &&
        match_bias(next, x, producer, &operand)) {
        *taken = true;
        status = attach_add(producer, IMGCLS_EPILOGUE_BIAS, operand);
        return status == IMGCLS_OK ? icl_node_take_output(next, producer) : status;
    }
    for (size_t i = 0; i < sizeof unary / sizeof unary[0]; i++) {
        struct imgcls_epilogue epilogue = {.kind = unary[i].kind, .operand = -1};
        if (!icl_node_is(next, unary[i].type) || icl_node_input(next, 0) != x ||
            !(mask & IMGCLS_EPILOGUE_BIT(unary[i].kind)) ||
            (unary[i].parameters && !unary[i].parameters(next, &epilogue)))
            continue;
        *taken = true;
        status = icl_node_add_epilogue(producer, &epilogue);
        return status == IMGCLS_OK ? icl_node_take_output(next, producer) : status;
    }
    return status;
}

imgcls_status icl_pass_fuse_epilogues(struct imgcls_graph *graph, size_t *changes)
{
    struct icl_registry *registry;
    struct readers readers = {0};
    imgcls_status status = icl_context_registry(graph->ctx, &registry);
    if (status == IMGCLS_OK)
        status = icl_graph_sort(graph);
    /* A residual is added as it is, so shapes must be known to be equal; and kernels have
     * epilogues for floats alone, so types must be known: icl_pass_settle_shapes did that. */
    if (status == IMGCLS_OK)
        status = count_readers(graph, &readers);
    for (size_t i = 0; status == IMGCLS_OK && i < graph->node_count; i++) {
        struct icl_node *producer = graph->nodes[i];
        uint64_t mask = producer->removed ? 0 : mask_of(registry, producer);
        bool taken = mask != 0;
        while (status == IMGCLS_OK && taken && producer->node.epilogue_count < EPILOGUES_MAX) {
            status = take_follower(&readers, producer, mask, &taken);
            *changes += taken;
        }
    }
    free(readers.first);
    free(readers.count);
    if (status == IMGCLS_OK)
        icl_graph_sweep(graph);
    return status;
}
