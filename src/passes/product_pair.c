/*
 * src/passes/product_pair.c - a product of rows goes into the product of rows that reads it
 *
 *     MatMul by a constant, or channels-last Conv of one pixel -> (an activation) -> another one
 *
 * is the MLP of transformers and of ConvNeXt. Where the value between is large and nobody else's, and
 * the weights are not large, the node imgcls.ProductPair computes so many rows at a time that the
 * value stays in L2. Bits are those of two nodes: products that would take Strassen's method are left
 * alone.
 *
 * Not here: how (plugins/ops/nn/product_pair.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <string.h>

#include "src/passes/channels_last.h"
#include "src/passes/linear.h"
#include "src/passes/rows.h"
#include "src/passes/view.h"
#include "src/registry/registry.h"

#define DOMAIN "imgcls"
#define TYPE   "ProductPair"

#define BETWEEN_BYTES (640 * 1024)  /* less waits in a core's own cache anyway */
#define MATRIX_BYTES  (1536 * 1024) /* below this no product takes Strassen's method */

enum { X, W1, B1, ADDEND, W2, B2, OPERANDS }; /* inputs of the pair */

/* A node that multiplies the rows of input 0 by a constant. */
struct product {
    struct icl_node *node;
    struct icl_value *weights, *bias; /* bias NULL: none of the node's own */
    bool turned;                      /* a row of weights for each column of the result */
    int64_t k, columns;
};

/* ---- Matching ---------------------------------------------------------------------------*/

/* [K, N] or, turned, [N, K]. */
static bool match_matmul(struct product *product, const struct imgcls_tensor *w)
{
    product->turned = icl_attr_int(product->node, "transB", 0);
    return icl_node_is(product->node, "MatMul") && w->rank == 2;
}

/* [N, K, 1, 1], windows of one pixel each. */
static bool match_conv(struct product *product, const struct imgcls_tensor *w)
{
    const struct icl_node *node = product->node;
    product->turned = true;
    product->bias = icl_node_input(node, 2);
    return strcmp(node->domain, ICL_CHANNELS_LAST_DOMAIN) == 0 &&
           strcmp(node->type, "Conv") == 0 && w->rank > 2 &&
           imgcls_count(w->rank - 2, w->dims + 2) == 1 && icl_attr_int(node, "group", 1) == 1 &&
           icl_attr_all(node, "strides", 1) && icl_attr_all(node, "pads", 0);
}

/* Operands of epilogues stand behind what a Conv has itself. */
static bool operands_are_apart(const struct icl_node *node)
{
    for (size_t e = 0; e < node->node.epilogue_count; e++) {
        int32_t operand = node->node.epilogues[e].operand;
        if (operand >= 0 && (operand < 3 || !icl_node_input(node, (size_t)operand)))
            return false;
    }
    return true;
}

static bool match(struct icl_node *node, struct product *out)
{
    *out = (struct product){.node = node};
    const struct imgcls_tensor *w = node && !node->removed ? icl_constant_input(node, 1) : NULL;
    const struct icl_value *x = w ? icl_node_input(node, 0) : NULL;
    if (!x || w->type != IMGCLS_F32 || w->rank < 2 || imgcls_count(w->rank, w->dims) < 1 ||
        !icl_value_is_static(x) || x->info.type != IMGCLS_F32 || x->info.rank < 2 ||
        !icl_node_output(node, 0) || !operands_are_apart(node) ||
        (!match_matmul(out, w) && !match_conv(out, w)))
        return false;
    out->weights = icl_node_input(node, 1);
    out->k = w->dims[out->turned];
    out->columns = w->dims[!out->turned];
    return out->k == x->info.dims[x->info.rank - 1];
}

/* What a first product may end with: a bias, an addend, a step without operand, in this order. */
struct end {
    struct icl_value *bias, *addend;
    const struct imgcls_epilogue *step;
};

static bool match_end(const struct product *product, struct end *end)
{
    const struct icl_node *node = product->node;
    *end = (struct end){.bias = product->bias};
    for (size_t e = 0; e < node->node.epilogue_count; e++) {
        const struct imgcls_epilogue *next = &node->node.epilogues[e];
        struct icl_value *operand =
            next->operand < 0 ? NULL : icl_node_input(node, (size_t)next->operand);
        if (end->step)
            return false;
        if (next->kind == IMGCLS_EPILOGUE_BIAS && !end->bias && !end->addend)
            end->bias = operand;
        else if (next->kind == IMGCLS_EPILOGUE_ADD && !end->addend)
            end->addend = operand;
        else if (!operand)
            end->step = next;
        else
            return false;
    }
    return true;
}

static bool is_small(const struct product *product)
{
    return (double)product->k * (double)product->columns * sizeof(float) < MATRIX_BYTES;
}

/* A large value that one node reads. */
static bool is_between(const struct icl_value *value)
{
    return icl_value_is_static(value) && value->info.type == IMGCLS_F32 && !value->is_output &&
           icl_value_uses(value) == 1 &&
           imgcls_count(value->info.rank, value->info.dims) >=
               BETWEEN_BYTES / (int64_t)sizeof(float);
}

/* ---- Fusing -----------------------------------------------------------------------------*/

static imgcls_status set_attrs(struct icl_node *node, const struct product *first,
                               const struct product *second, const struct imgcls_epilogue *step)
{
    static const struct imgcls_epilogue none = {.kind = 0};
    const struct imgcls_epilogue *end = step ? step : &none;
    const struct imgcls_attr attrs[] = {
        {.name = "first_turned", .kind = IMGCLS_ATTR_INT, .i = first->turned},
        {.name = "second_turned", .kind = IMGCLS_ATTR_INT, .i = second->turned},
        {.name = "first_step", .kind = IMGCLS_ATTR_INT, .i = end->kind},
        {.name = "first_a", .kind = IMGCLS_ATTR_FLOAT, .f = end->a},
        {.name = "first_b", .kind = IMGCLS_ATTR_FLOAT, .f = end->b},
    };
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; status == IMGCLS_OK && i < sizeof attrs / sizeof attrs[0]; i++) {
        struct imgcls_attr attr = attrs[i];
        attr.struct_size = sizeof attr;
        status = icl_node_set_attr(node, &attr);
    }
    return status;
}

/* Operands of the node's own epilogues go to inputs `at`... Their old places are those of others
 * then, or empty. */
static imgcls_status move_operands(struct icl_node *node, size_t at)
{
    struct icl_value *operands[8];
    size_t count = 0;
    for (size_t e = 0; e < node->node.epilogue_count; e++) {
        struct imgcls_epilogue *step = &node->epilogues[e];
        if (step->operand < 0)
            continue;
        if (count == sizeof operands / sizeof operands[0])
            return icl_fail(node->graph->ctx, IMGCLS_INTERNAL, "too many operands");
        operands[count] = icl_node_input(node, (size_t)step->operand);
        step->operand = (int32_t)(at + count++);
    }
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 3; status == IMGCLS_OK && i < node->node.input_count; i++)
        status = icl_node_set_input(node, i, "");
    for (size_t i = 0; status == IMGCLS_OK && i < count; i++)
        status = icl_node_set_input_value(node, at + i, operands[i]);
    return status;
}

static imgcls_status fuse(const struct product *first, const struct product *second,
                          const struct end *end)
{
    struct icl_node *pair = second->node;
    struct icl_value *inputs[OPERANDS] = {
        [X] = icl_node_input(first->node, 0), [W1] = first->weights,  [B1] = end->bias,
        [ADDEND] = end->addend,               [W2] = second->weights, [B2] = second->bias,
    };
    imgcls_status status = set_attrs(pair, first, second, end->step);
    if (status == IMGCLS_OK)
        status = move_operands(pair, OPERANDS);
    for (size_t i = 0; status == IMGCLS_OK && i < OPERANDS; i++)
        status = icl_node_put_input(pair, i, inputs[i]);
    if (status == IMGCLS_OK)
        status = icl_node_set_type(pair, DOMAIN, TYPE);
    if (status != IMGCLS_OK)
        return status;
    pair->node.version = 1;
    icl_node_remove(first->node);
    return IMGCLS_OK;
}

/* The two nodes, where `node` is the second of a pair. */
static bool find(struct icl_node *node, struct product *first, struct product *second,
                 struct end *end)
{
    if (!match(node, second))
        return false;
    struct icl_value *between = icl_node_input(node, 0);
    return between->graph == node->graph && is_between(between) && between->producer &&
           match(between->producer, first) && first->columns == second->k &&
           is_small(first) && is_small(second) && match_end(first, end);
}

imgcls_status icl_pass_fuse_product_pairs(struct imgcls_graph *graph, size_t *changes)
{
    struct icl_registry *registry;
    imgcls_status status = icl_context_registry(graph->ctx, &registry);
    if (status != IMGCLS_OK || !icl_registry_op(registry, DOMAIN, TYPE, 1))
        return status;
    for (size_t i = 0; status == IMGCLS_OK && i < graph->node_count; i++) {
        struct product first, second;
        struct end end;
        if (!find(graph->nodes[i], &first, &second, &end))
            continue;
        status = fuse(&first, &second, &end);
        ++*changes;
    }
    if (status == IMGCLS_OK)
        icl_graph_sweep(graph);
    return status;
}
