/*
 * src/plan/image_rows.c - which rows of a product belong to one image
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/image_rows.h"

#include "imgcls/plugin.h"
#include "src/passes/linear.h"
#include "src/passes/rows.h"

#define SMALL_SIDE  64    /* of the constant matrix: no kernel combines rows for less */
#define HOPS        4     /* from a product back to its constant */

static bool is_large(const struct imgcls_value_info *matrix)
{
    return matrix->rank == 2 && matrix->dims[0] >= SMALL_SIDE && matrix->dims[1] >= SMALL_SIDE;
}

/* Whether B may be a constant matrix: exporters write it through Transpose, Identity, Cast. */
static bool may_qualify(const struct icl_node *node)
{
    const struct icl_value *b = icl_node_is(node, "MatMul") ? icl_node_input(node, 1) : NULL;
    for (int hop = 0; b && hop < HOPS; hop++) {
        if (b->info.constant)
            return is_large(&b->info);
        if (!b->producer)
            return false;
        if (b->producer->node.input_count == 0)
            return icl_node_is(b->producer, "Constant");
        b = icl_node_input(b->producer, 0);
    }
    return false;
}

bool icl_rows_wanted(const struct imgcls_graph *graph)
{
    bool wanted = false;
    for (size_t i = 0; i < graph->node_count && !wanted; i++)
        wanted = may_qualify(graph->nodes[i]);
    return wanted;
}

imgcls_status icl_rows_mark(const struct icl_strides *strides, struct icl_node *node)
{
    const struct imgcls_value_info *a = node->inputs[0], *b = node->inputs[1];
    int64_t stride = icl_stride_of(strides, a), sum = a->rank < 2 ? 0 : a->dims[a->rank - 1];
    if (stride < 1 || sum < 1 || stride % sum != 0 || stride == sum || !is_large(b) ||
        icl_stride_of(strides, b) != ICL_STRIDE_NONE)
        return IMGCLS_OK;
    const struct imgcls_attr rows = {.struct_size = sizeof rows,
                                     .name = IMGCLS_ATTR_IMAGE_ROWS,
                                     .kind = IMGCLS_ATTR_INT,
                                     .i = stride / sum};
    return icl_node_set_attr(node, &rows);
}

void icl_rows_forget(struct imgcls_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++)
        if (icl_node_is(graph->nodes[i], "MatMul"))
            icl_node_remove_attr(graph->nodes[i], IMGCLS_ATTR_IMAGE_ROWS);
}
