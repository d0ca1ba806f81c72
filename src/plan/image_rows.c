/*
 * src/plan/image_rows.c - which rows of a product belong to one image
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/image_rows.h"

#include <stdlib.h>

#include "imgcls/plugin.h"
#include "src/passes/linear.h"
#include "src/passes/rows.h"
#include "src/plan/image_stride.h"
#include "src/plan/shapes.h"

#define LARGE_BATCH 65521 /* a prime, exact as a float, for Resize scales by one */
#define SMALL_SIDE  64    /* of the constant matrix: no kernel combines rows for less */
#define HOPS        4     /* from a product back to its constant */

struct marking {
    struct icl_strides strides;
    bool begun;
};

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

/* ---- The batch ---------------------------------------------------------------------------*/

/* (Old models list initializers as inputs, too.) */
static bool is_given(const struct icl_value *input)
{
    return !input->info.constant;
}

/* First dimension as the source has it: a number, a symbol, or -1. */
static int64_t first_of(const struct icl_value *input)
{
    return input->info.rank < 1 ? -1 : input->info.dims[0];
}

/* The batch to look at; 0 where inputs leave in doubt what a batch is. */
static int64_t choose_batch(const struct imgcls_graph *graph, const struct imgcls_graph *source)
{
    int64_t first = 0;
    size_t count = 0;
    for (size_t i = 0; i < source->input_count; i++) {
        if (!is_given(source->inputs[i]))
            continue;
        int64_t own = first_of(source->inputs[i]);
        const struct imgcls_value_info *info = &graph->inputs[i]->info;
        if (info->kind != IMGCLS_KIND_TENSOR || info->rank < 1 || own == 0 ||
            (count && (own == -1 || own != first)))
            return 0;
        for (int32_t d = 1; d < info->rank; d++)
            if (info->dims[d] % LARGE_BATCH == 0)
                return 0; /* it could be taken for the batch */
        first = own;
        count++;
    }
    return count == 0 ? 0 : first < 0 ? LARGE_BATCH : first;
}

/* ---- Marking -----------------------------------------------------------------------------*/

static imgcls_status mark(const struct icl_strides *strides, struct icl_node *node)
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

/* What an input gives is one image after another. */
static void begin(struct marking *marking, const struct imgcls_graph *graph)
{
    for (size_t i = 0; i < graph->input_count; i++) {
        const struct imgcls_value_info *info = &graph->inputs[i]->info;
        int64_t size = imgcls_count(info->rank - 1, info->dims + 1);
        if (is_given(graph->inputs[i]))
            marking->strides.of[graph->inputs[i]->index] = size < 1 ? ICL_STRIDE_MIXED : size;
    }
    marking->begun = true;
}

static imgcls_status see(void *argument, struct icl_node *node, imgcls_status status, bool *again)
{
    struct marking *marking = argument;
    (void)again;
    if (status == IMGCLS_OK)
        status = icl_strides_cover(&marking->strides, node->graph);
    if (status != IMGCLS_OK)
        return status;
    if (!marking->begun)
        begin(marking, node->graph);
    icl_strides_find(&marking->strides, node);
    return icl_node_is(node, "MatMul") ? mark(&marking->strides, node) : IMGCLS_OK;
}

static void remove_marks(struct imgcls_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++)
        if (icl_node_is(graph->nodes[i], "MatMul"))
            icl_node_remove_attr(graph->nodes[i], IMGCLS_ATTR_IMAGE_ROWS);
}

imgcls_status icl_plan_mark_image_rows(struct imgcls_graph *graph,
                                       const struct imgcls_graph *source)
{
    struct marking marking = {.strides = {.ctx = graph->ctx}};
    bool wanted = false;
    remove_marks(graph); /* a file may not say it */
    for (size_t i = 0; i < graph->node_count && !wanted; i++)
        wanted = may_qualify(graph->nodes[i]);
    marking.strides.batch = wanted ? choose_batch(graph, source) : 0;
    if (marking.strides.batch < 1)
        return IMGCLS_OK;
    imgcls_status status = icl_context_registry(graph->ctx, &marking.strides.registry);
    if (status == IMGCLS_OK)
        status = icl_graph_try_batch(graph, marking.strides.batch, see, &marking);
    free(marking.strides.of);
    if (status == IMGCLS_OK || status == IMGCLS_INTERRUPTED || status == IMGCLS_NO_MEMORY)
        return status;
    icl_forgive(graph->ctx);
    remove_marks(graph);
    return IMGCLS_OK;
}
