/*
 * src/passes/turned.c - a product by a transposed constant reads the constant as it lies
 *
 * Weights of PyTorch's linear layers have a row for each output, so a graph made from a
 * checkpoint multiplies by Transpose(weight). Folding that would write every weight once
 * more; packing can read it by columns. The product gets the attribute transB, which MatMul
 * has in plans only, with Gemm's meaning.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/passes/rows.h"
#include "src/passes/view.h"

/* The matrix of float32 that `node` turns; NULL where it does something else. */
static struct icl_value *turned_constant(const struct icl_node *node)
{
    int64_t perm[2];
    bool turns = icl_node_is(node, "Transpose") && !node->removed &&
                 icl_transpose_perm(node, 2, perm) && perm[0] == 1;
    struct icl_value *matrix = turns ? icl_node_input(node, 0) : NULL;
    return matrix && matrix->info.constant && matrix->info.type == IMGCLS_F32 &&
                   matrix->info.rank == 2
               ? matrix
               : NULL;
}

imgcls_status icl_pass_read_turned(struct imgcls_graph *graph, size_t *changes)
{
    static const struct imgcls_attr turned = {
        .struct_size = sizeof turned, .name = "transB", .kind = IMGCLS_ATTR_INT, .i = 1};
    imgcls_status status = icl_pass_inner(graph, icl_pass_read_turned, changes);
    for (size_t i = 0; status == IMGCLS_OK && i < graph->node_count; i++) {
        struct icl_node *node = graph->nodes[i];
        if (node->removed || !icl_node_is(node, "MatMul") || node->node.input_count < 2)
            continue;
        struct icl_value *b = icl_node_input(node, 1);
        struct icl_value *matrix = b && b->producer ? turned_constant(b->producer) : NULL;
        if (!matrix)
            continue;
        status = icl_node_set_attr(node, &turned);
        if (status == IMGCLS_OK)
            status = icl_node_set_input_value(node, 1, matrix);
        ++*changes;
    }
    return status;
}
