/*
 * src/plan/parts.c - a batch in parts that stay in the caches
 *
 * Figures behind the limits are in docs/performance.md, "Batches".
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/parts.h"

#include "src/passes/rows.h"
#include "src/tensor/tensor.h"

#define PART_BYTES ((int64_t)10 << 20) /* what a product of a micro-batch reads and writes */
#define TAIL_SHARE 64 /* a 64th of them, at most, is moved by a node of the tail, of one image */
#define WORTH      8  /* an 8th of them are the least weights of a tail */
#define FEW_ROWS   64 /* of one image: a product by weights that waits for them to come */

/* Bytes of one image in what the node reads and writes. */
static int64_t moved_by(const struct icl_images *images, const struct icl_node *node)
{
    int64_t sum = 0;
    for (size_t i = 0; i < node->node.input_count; i++)
        if (icl_node_input(node, i))
            sum += icl_image_bytes(images, icl_node_input(node, i));
    for (size_t o = 0; o < node->node.output_count; o++)
        if (icl_node_output(node, o))
            sum += icl_image_bytes(images, icl_node_output(node, o));
    return sum;
}

/* Bytes of the constant that images are multiplied by; 0 where the node is no such product, or
 * leaves its result out. */
static int64_t weights_of(const struct icl_images *images, const struct icl_node *node)
{
    const struct icl_value *weight = icl_node_input(node, 1);
    bool product = icl_node_is(node, "Conv") || icl_node_is(node, "MatMul") ||
                   icl_node_is(node, "Gemm");
    size_t bytes;
    if (!product || !weight || !icl_node_output(node, 0) ||
        icl_stride_of(&images->strides, &weight->info) != ICL_STRIDE_NONE)
        return 0;
    const struct imgcls_value_info *info =
        weight->info.constant ? &weight->info : &images->infos[weight->index];
    return info->rank >= 0 &&
                   icl_type_size(info->type, imgcls_count(info->rank, info->dims), &bytes)
               ? (int64_t)bytes
               : 0;
}

/* Rows that such a product has of one image: pixels, tokens. */
static int64_t rows_of(const struct icl_images *images, const struct icl_node *node)
{
    const struct imgcls_value_info *out = &images->infos[icl_node_output(node, 0)->index];
    int32_t channels = icl_node_is(node, "Conv") ? 1 : out->rank - 1;
    int64_t count = out->rank < 2 ? 0 : imgcls_count(out->rank, out->dims);
    return count < 1 || out->dims[channels] < 1
               ? 0
               : count / images->strides.batch / out->dims[channels];
}

/* Whether the node computes with images, in known places or not. */
static bool sees_images(const struct icl_images *images, const struct icl_node *node)
{
    for (size_t o = 0; o < node->node.output_count; o++)
        if (icl_node_output(node, o) &&
            icl_stride_of(&images->strides, node->outputs[o]) != ICL_STRIDE_NONE)
            return true;
    return false;
}

/* ---- Where the tail begins ---------------------------------------------------------------*/

/* Whether all that reads the node's results is in the tail, nodes that see shapes alone aside. */
static bool leads_to_tail(const struct icl_images *images, const struct icl_node *node,
                          const bool *tail)
{
    for (size_t o = 0; o < node->node.output_count; o++) {
        const struct icl_value *value = icl_node_output(node, o);
        for (const struct icl_use *use = value ? value->uses : NULL; use; use = use->next)
            if (use->node->graph != node->graph ||
                (sees_images(images, use->node) && !tail[use->node->index]))
                return false;
    }
    return true;
}

/* What a graph's products move and weigh, before the tail and in it. */
struct weighing {
    int64_t widest; /* bytes that one product moves of one image */
    int64_t moved;  /* all of them, before the tail */
    int64_t thin;   /* bytes of weights before the tail that few rows of an image share */
    int64_t tail_weights;
};

/* Marks the nodes of the tail, from the last node to the first; nodes are sorted. most: bytes that
 * one of them may move of one image. */
static void find_tail(const struct imgcls_graph *graph, const struct icl_images *images,
                      int64_t most, bool *tail, struct weighing *sums)
{
    *sums = (struct weighing){0};
    for (size_t n = graph->node_count; n-- > 0;) {
        const struct icl_node *node = graph->nodes[n];
        int64_t moved = moved_by(images, node), weights = weights_of(images, node);
        tail[n] = sees_images(images, node) && moved > 0 && moved <= most &&
                  leads_to_tail(images, node, tail);
        if (tail[n])
            sums->tail_weights += weights;
        if (tail[n] || weights == 0)
            continue;
        sums->moved += moved;
        if (rows_of(images, node) < FEW_ROWS)
            sums->thin += weights;
        sums->widest = moved > sums->widest ? moved : sums->widest;
    }
}

/* ---- Cutting -----------------------------------------------------------------------------*/

/* Every output of the graph is computed in the tail. */
static bool ends_in_tail(const struct imgcls_graph *graph, const bool *tail)
{
    for (size_t i = 0; i < graph->output_count; i++)
        if (!graph->outputs[i]->producer || !tail[graph->outputs[i]->producer->index])
            return false;
    return true;
}

/* A clone without the nodes before the tail; values that they gave are given by nobody. */
static imgcls_status clone_tail(const struct imgcls_graph *graph, const struct icl_images *images,
                                const bool *in_tail, struct imgcls_graph **out)
{
    imgcls_status status = icl_graph_clone(graph, out);
    for (size_t n = 0; status == IMGCLS_OK && n < graph->node_count; n++)
        if (!in_tail[n] && sees_images(images, graph->nodes[n]))
            icl_node_remove((*out)->nodes[n]);
    return status == IMGCLS_OK ? icl_graph_drop_dead(*out) : status;
}

static bool is_missing(const struct icl_value *value)
{
    return !value->producer && !value->is_input && !value->info.constant && value->use_count > 0;
}

/* The missing values of the tail become its inputs, with the shapes of that batch; *taken is false
 * where one of them has more than `most` bytes an image, or is not one image after another. */
static imgcls_status add_inputs(const struct imgcls_graph *graph, const struct icl_images *images,
                                int64_t batch, int64_t most, struct imgcls_graph *tail,
                                bool *taken)
{
    imgcls_status status = IMGCLS_OK;
    size_t count = tail->value_count;
    *taken = true;
    for (size_t i = 0; i < count && *taken && status == IMGCLS_OK; i++) {
        if (!is_missing(tail->values[i]))
            continue;
        const char *name = tail->values[i]->name;
        const struct icl_value *value = icl_graph_find(graph, name);
        *taken = value && value->graph == graph && icl_images_come_first(images, value) &&
                 icl_image_bytes(images, value) <= most;
        if (!*taken)
            break;
        struct imgcls_value_info info = images->infos[value->index];
        info.dims[0] = info.dims[0] / images->strides.batch * batch;
        status = icl_graph_add_input(tail, name, IMGCLS_KIND_TENSOR, info.type, info.rank,
                                     info.dims, NULL);
    }
    *taken = *taken && tail->input_count > graph->input_count;
    return status;
}

/* The graph ends where the tail begins. */
static imgcls_status end_head(struct imgcls_graph *graph, const struct imgcls_graph *tail)
{
    imgcls_status status = IMGCLS_OK;
    size_t given = graph->input_count;
    icl_graph_clear_outputs(graph);
    for (size_t i = given; i < tail->input_count && status == IMGCLS_OK; i++)
        status = icl_graph_add_output(graph, tail->inputs[i]->name, IMGCLS_KIND_TENSOR,
                                      tail->inputs[i]->info.type, -1, NULL, NULL);
    return status == IMGCLS_OK ? icl_graph_drop_dead(graph) : status;
}

/* *out stays NULL where the tail's inputs do not let it be cut off. */
static imgcls_status cut(struct imgcls_graph *graph, const struct icl_images *images,
                         const bool *in_tail, int64_t batch, int64_t most,
                         struct imgcls_graph **out)
{
    struct imgcls_graph *tail = NULL;
    bool taken = false;
    imgcls_status status = clone_tail(graph, images, in_tail, &tail);
    if (status == IMGCLS_OK)
        status = add_inputs(graph, images, batch, most, tail, &taken);
    if (status == IMGCLS_OK && taken)
        status = end_head(graph, tail);
    if (status == IMGCLS_OK && taken)
        *out = tail;
    else
        icl_graph_destroy(tail);
    return status;
}

/* ---- How many at a time ------------------------------------------------------------------*/

/* The largest divisor of the batch with which a product moves no more than the limit. */
static int64_t images_at_a_time(int64_t widest, int64_t batch, int64_t part_bytes)
{
    int64_t most = widest > 0 ? part_bytes / widest : batch;
    if (most >= batch)
        return batch;
    for (most = most < 1 ? 1 : most; batch % most != 0;)
        most--;
    return most;
}

imgcls_status icl_parts_make(struct imgcls_graph *graph, const struct icl_images *images,
                             int64_t batch, int64_t part_bytes, int64_t *micro,
                             struct imgcls_graph **tail)
{
    struct weighing sums;
    *micro = batch;
    *tail = NULL;
    part_bytes = part_bytes > 0 ? part_bytes : PART_BYTES;
    if (!images->apart || batch < 2)
        return IMGCLS_OK;
    bool *in_tail = icl_alloc(graph->ctx, graph->node_count + 1, sizeof *in_tail);
    if (!in_tail)
        return icl_alloc_status(graph->ctx);
    int64_t most = part_bytes / TAIL_SHARE;
    find_tail(graph, images, most, in_tail, &sums);
    imgcls_status status = IMGCLS_OK;
    int64_t at_a_time = images_at_a_time(sums.widest, batch, part_bytes);
    /* In pieces, weights are read again for each. */
    if (at_a_time < batch && sums.thin < sums.moved &&
        sums.tail_weights >= part_bytes / WORTH && ends_in_tail(graph, in_tail))
        status = cut(graph, images, in_tail, batch, most, tail);
    if (*tail || sums.thin + sums.tail_weights < sums.moved)
        *micro = at_a_time;
    icl_free(graph->ctx, in_tail);
    return status;
}
