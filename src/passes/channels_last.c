/*
 * src/passes/channels_last.c - whole regions of a graph compute with channels last
 *
 * Kernels run over channels, which are many and whole vectors, where they lie next to each
 * other; ONNX puts them before the pixels. So convolutions and what stands between them are
 * rewritten to work on [N, H, W, C], and a Transpose remains only where a region begins or
 * ends, and vanishes where the graph has the opposite one there already.
 *
 * How: in topological order every node of the table that can is chosen: convolutions begin
 * regions, others join where an image is channels-last already. Chosen nodes that share an
 * image form a region. A region stays where its nodes save more than its borders cost. Then
 * nodes are rewritten one by one, and forms that are wanted and not there are added.
 *
 * Invariants: every graph output keeps name, shape and order of elements; every sum is taken
 * in the same order as before, so that not a bit of a result changes (README.md of
 * plugins/kernels). Runs only where shapes are known.
 *
 * Not here: which operator goes how (channels_last_rows.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/passes/channels_last.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/file/file.h"
#include "src/tensor/tensor.h"

#define MOVE_NS 0.6 /* to transpose one element (docs/performance.md) */

static bool is_known(const struct icl_layout *layout, const struct icl_value *value)
{
    return value && value->graph == layout->graph && value->index < layout->value_count;
}

bool icl_is_image(const struct imgcls_graph *graph, const struct icl_value *value)
{
    if (!value || value->graph != graph || value->info.kind != IMGCLS_KIND_TENSOR ||
        value->info.rank < 3 || value->info.rank > 5)
        return false;
    int32_t type = value->info.type;
    if (type != IMGCLS_F32 && type != IMGCLS_F16 && type != IMGCLS_BF16)
        return false;
    return imgcls_count(value->info.rank, value->info.dims) > 0;
}

double icl_layout_move_ns(const struct icl_value *value)
{
    const struct imgcls_value_info *info = &value->info;
    double pixels = 1;
    for (int32_t d = 2; d < info->rank; d++)
        pixels *= (double)info->dims[d];
    if (pixels == 1 || info->dims[1] == 1)
        return 0;
    return MOVE_NS * (double)info->dims[0] * (double)info->dims[1] * pixels;
}

/* ---- Choosing ---------------------------------------------------------------------------*/

static size_t root_of(const struct icl_layout *layout, size_t i)
{
    while (layout->region[i] != i)
        i = layout->region[i] = layout->region[layout->region[i]];
    return i;
}

static void join(const struct icl_layout *layout, size_t *with, const struct icl_value *value)
{
    size_t root = root_of(layout, value->index);
    if (*with != SIZE_MAX)
        layout->region[root] = *with;
    *with = root_of(layout, root);
}

/* Input i of a node is an image that has to be channels-last, and no constant. */
static bool reads_last(const struct icl_layout *layout, const struct icl_layout_row *row,
                       const struct icl_node *node, size_t i)
{
    const struct icl_value *value = icl_node_input(node, i);
    return icl_is_image(layout->graph, value) && !value->info.constant &&
           row->reads_image(node, i);
}

static bool joins(const struct icl_layout *layout, const struct icl_layout_row *row,
                  const struct icl_node *node)
{
    for (size_t i = 0; i < node->node.input_count; i++)
        if (reads_last(layout, row, node, i) &&
            layout->at_hand[icl_node_input(node, i)->index])
            return true;
    return false;
}

/* Marks the node and joins its images to one region. */
static void choose(struct icl_layout *layout, const struct icl_layout_row *row,
                     const struct icl_node *node, enum icl_fit fit)
{
    size_t region = SIZE_MAX;
    layout->chosen[node->index] = true;
    for (size_t i = 0; i < node->node.input_count; i++) {
        if (!reads_last(layout, row, node, i))
            continue;
        layout->at_hand[icl_node_input(node, i)->index] = true;
        join(layout, &region, icl_node_input(node, i));
    }
    for (size_t i = 0; fit == ICL_FIT_LAST && i < node->node.output_count; i++) {
        const struct icl_value *value = icl_node_output(node, i);
        if (!is_known(layout, value))
            continue;
        layout->at_hand[value->index] = layout->moved[value->index] = true;
        join(layout, &region, value);
    }
}

static void choose_nodes(struct icl_layout *layout)
{
    for (size_t i = 0; i < layout->node_count; i++) {
        const struct icl_node *node = layout->graph->nodes[i];
        const struct icl_layout_row *row = icl_layout_row_of(layout, node);
        enum icl_fit fit = row ? row->fits(layout, node) : ICL_FIT_NOT;
        if (fit != ICL_FIT_NOT && (row->starts || joins(layout, row, node)))
            choose(layout, row, node, fit);
        else if (icl_layout_provides(layout, node))
            layout->at_hand[icl_node_output(node, 0)->index] = true;
    }
}

/* ---- Judging ----------------------------------------------------------------------------*/

/* True where somebody reads the value as it was: nodes that are not chosen, inner graphs, the
 * graph's caller, or a chosen node as no image. */
static bool is_read_plain(const struct icl_layout *layout, const struct icl_value *value)
{
    if (value->is_output)
        return true;
    for (const struct icl_use *use = value->uses; use; use = use->next) {
        const struct icl_node *node = use->node;
        if (node->graph != layout->graph || !layout->chosen[node->index])
            return true;
        const struct icl_layout_row *row = icl_layout_row_of(layout, node);
        if (!row || !row->reads_image(node, (size_t)(use - node->uses)))
            return true;
    }
    return false;
}

/* Gains less costs, by the region's root. */
static void weigh(const struct icl_layout *layout, double *gain)
{
    const struct imgcls_graph *graph = layout->graph;
    for (size_t i = 0; i < layout->node_count; i++) {
        const struct icl_node *node = graph->nodes[i];
        const struct icl_layout_row *row = icl_layout_row_of(layout, node);
        if (!layout->chosen[i] || !row->saves)
            continue;
        for (size_t k = 0; k < node->node.input_count; k++)
            if (reads_last(layout, row, node, k)) {
                gain[root_of(layout, icl_node_input(node, k)->index)] += row->saves(node);
                break;
            }
    }
    for (size_t i = 0; i < layout->value_count; i++) {
        const struct icl_value *value = graph->values[i];
        if (!layout->at_hand[i] || !icl_is_image(graph, value))
            continue;
        bool provided =
            !layout->moved[i] && value->producer && icl_layout_provides(layout, value->producer);
        if (provided && !is_read_plain(layout, value)) /* a Transpose that goes */
            gain[root_of(layout, i)] += icl_layout_move_ns(value);
        if (!provided && (!layout->moved[i] || is_read_plain(layout, value)))
            gain[root_of(layout, i)] -= icl_layout_move_ns(value);
    }
}

/* Nodes of regions that do not pay are taken back. */
static imgcls_status drop_poor_regions(struct icl_layout *layout)
{
    double *gain = calloc(layout->value_count + 1, sizeof *gain);
    if (!gain)
        return icl_fail(layout->graph->ctx, IMGCLS_NO_MEMORY, "no memory to weigh layouts");
    weigh(layout, gain);
    for (size_t i = 0; i < layout->node_count; i++) {
        const struct icl_node *node = layout->graph->nodes[i];
        const struct icl_layout_row *row = icl_layout_row_of(layout, node);
        if (!layout->chosen[i])
            continue;
        for (size_t k = 0; k < node->node.input_count; k++)
            if (reads_last(layout, row, node, k)) {
                layout->chosen[i] =
                    gain[root_of(layout, icl_node_input(node, k)->index)] > 0;
                break;
            }
        for (size_t k = 0; !layout->chosen[i] && k < node->node.output_count; k++)
            if (is_known(layout, icl_node_output(node, k)))
                layout->moved[icl_node_output(node, k)->index] = false;
    }
    free(gain);
    return IMGCLS_OK;
}

/* ---- Rewriting --------------------------------------------------------------------------*/

static const char *name_like(struct icl_layout *layout, const char *stem)
{
    char text[256];
    snprintf(text, sizeof text, "%.200s/last", stem);
    return icl_graph_unique_name(layout->graph, text);
}

/* A new initializer over bytes from icl_alloc, which are taken over in any case. */
static imgcls_status add_constant(struct icl_layout *layout, const char *stem, int32_t type,
                                  int32_t rank, const int64_t *dims, void *bytes,
                                  struct icl_value **out)
{
    struct imgcls_context *ctx = layout->graph->ctx;
    struct imgcls_storage *storage = NULL;
    struct imgcls_tensor tensor;
    imgcls_status status = icl_tensor_borrow(ctx, type, rank, dims, bytes, &tensor);
    if (status == IMGCLS_OK)
        status = icl_storage_own(ctx, bytes, tensor.size_bytes, &storage);
    if (status != IMGCLS_OK) {
        icl_free(ctx, bytes);
        return status;
    }
    const char *name = name_like(layout, stem);
    status = name ? icl_graph_add_initializer(layout->graph, name, &tensor, storage)
                  : icl_alloc_status(ctx);
    if (status == IMGCLS_OK)
        *out = icl_graph_find(layout->graph, name);
    icl_storage_release(storage);
    return status;
}

static imgcls_status add_ints(struct icl_layout *layout, const char *stem, int32_t count,
                              const int64_t *ints, struct icl_value **out)
{
    int64_t *bytes = icl_alloc(layout->graph->ctx, (size_t)count + 1, sizeof *bytes);
    int64_t dims[1] = {count};
    if (!bytes)
        return icl_alloc_status(layout->graph->ctx);
    memcpy(bytes, ints, (size_t)count * sizeof *bytes);
    return add_constant(layout, stem, IMGCLS_I64, 1, dims, bytes, out);
}

/* The constant's elements, its dimensions taken as dims[rank], in channels-last order. */
static imgcls_status turn(struct icl_layout *layout, const struct icl_value *value,
                          int32_t rank, const int64_t *dims, struct icl_value **out)
{
    const struct imgcls_tensor *from = value->info.constant;
    size_t size = icl_type_bits(from->type) / 8;
    char *to = icl_alloc(layout->graph->ctx, from->size_bytes ? from->size_bytes : 1, 1);
    if (!to)
        return icl_alloc_status(layout->graph->ctx);
    int64_t pixels = 1, turned[IMGCLS_MAX_RANK];
    for (int32_t d = 0; d < rank; d++) {
        turned[d] = dims[icl_axis_first(rank, d)];
        pixels *= d >= 2 ? dims[d] : 1;
    }
    const char *bytes = from->data;
    for (int64_t n = 0; n < dims[0]; n++)
        for (int64_t c = 0; c < dims[1]; c++)
            for (int64_t p = 0; p < pixels; p++)
                memcpy(to + (size_t)((n * pixels + p) * dims[1] + c) * size,
                       bytes + (size_t)((n * dims[1] + c) * pixels + p) * size, size);
    return add_constant(layout, value->name, from->type, rank, turned, to, out);
}

/* A form of the image has its type, and its dimensions in the form's order. */
static void set_shape(struct icl_value *form, const struct icl_value *image, bool last)
{
    int32_t rank = image->info.rank;
    form->info.kind = image->info.kind;
    form->info.type = image->info.type;
    form->info.rank = rank;
    for (int32_t d = 0; d < rank; d++)
        form->info.dims[d] = image->info.dims[last ? icl_axis_first(rank, d) : d];
}

/* A Transpose between the two forms of an image of these NCHW dims; a Reshape where it moves
 * nothing. name NULL: a new one. */
static imgcls_status add_border(struct icl_layout *layout, const struct icl_value *from,
                                const struct icl_value *image, bool to_last, const char *name,
                                struct icl_value **out)
{
    struct imgcls_graph *graph = layout->graph;
    int32_t rank = image->info.rank;
    int64_t perm[IMGCLS_MAX_RANK], dims[IMGCLS_MAX_RANK];
    struct icl_value *shape = NULL;
    struct icl_node *node;
    bool moves = icl_layout_move_ns(image) > 0;
    imgcls_status status = IMGCLS_OK;
    for (int32_t d = 0; d < rank; d++) {
        perm[d] = to_last ? icl_axis_first(rank, d) : icl_axis_last(rank, d);
        dims[d] = to_last ? image->info.dims[perm[d]] : image->info.dims[d];
    }
    if (!name && !(name = name_like(layout, image->name)))
        return icl_alloc_status(graph->ctx);
    if (!moves)
        status = add_ints(layout, image->name, rank, dims, &shape);
    if (status == IMGCLS_OK) {
        const char *inputs[] = {from->name, moves ? NULL : shape->name};
        const char *outputs[] = {name};
        status = icl_graph_add_node(graph, "", moves ? "Transpose" : "Reshape", image->name,
                                    moves ? 1 : 2, inputs, 1, outputs, &node);
    }
    if (status == IMGCLS_OK && moves) {
        struct imgcls_attr attr = {.struct_size = sizeof attr, .name = "perm",
                                   .kind = IMGCLS_ATTR_INTS, .count = (size_t)rank,
                                   .ints = perm};
        status = icl_node_set_attr(node, &attr);
    }
    if (status == IMGCLS_OK) {
        *out = icl_node_output(node, 0);
        set_shape(*out, image, to_last);
    }
    return status;
}

imgcls_status icl_layout_last(struct icl_layout *layout, struct icl_value *value,
                              struct icl_value **out)
{
    imgcls_status status = IMGCLS_OK;
    *out = layout->last[value->index];
    if (*out)
        return status;
    if (value->info.constant)
        status = turn(layout, value, value->info.rank, value->info.dims, out);
    else
        status = add_border(layout, value, value, true, NULL, out);
    if (status == IMGCLS_OK)
        layout->last[value->index] = *out;
    return status;
}

imgcls_status icl_layout_take(struct icl_layout *layout, struct icl_node *node, size_t i)
{
    struct icl_value *last;
    imgcls_status status = icl_layout_last(layout, icl_node_input(node, i), &last);
    return status == IMGCLS_OK ? icl_node_set_input_value(node, i, last) : status;
}

imgcls_status icl_layout_give(struct icl_layout *layout, struct icl_node *node, size_t i)
{
    struct icl_value *value = icl_node_output(node, i);
    const char *name = name_like(layout, value->name);
    if (!name)
        return icl_alloc_status(layout->graph->ctx);
    imgcls_status status = icl_node_set_output(node, i, name);
    if (status == IMGCLS_OK) {
        layout->last[value->index] = icl_node_output(node, i);
        set_shape(layout->last[value->index], value, true);
    }
    return status;
}

imgcls_status icl_layout_set_ints(struct icl_layout *layout, struct icl_node *node, size_t i,
                                  int32_t count, const int64_t *ints)
{
    struct icl_value *list;
    imgcls_status status = add_ints(layout, node->name, count, ints, &list);
    return status == IMGCLS_OK ? icl_node_set_input_value(node, i, list) : status;
}

imgcls_status icl_layout_turn_constant(struct icl_layout *layout, struct icl_node *node,
                                       size_t i, int32_t rank)
{
    const struct icl_value *value = icl_node_input(node, i);
    struct icl_value *turned;
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t before = rank - value->info.rank;
    for (int32_t d = 0; d < rank; d++)
        dims[d] = d < before ? 1 : value->info.dims[d - before];
    imgcls_status status = turn(layout, value, rank, dims, &turned);
    return status == IMGCLS_OK ? icl_node_set_input_value(node, i, turned) : status;
}

imgcls_status icl_layout_turn_list(struct icl_layout *layout, struct icl_node *node, size_t i,
                                   const struct imgcls_tensor *list)
{
    size_t size = icl_type_bits(list->type) / 8;
    int32_t rank = (int32_t)list->dims[0];
    struct icl_value *turned;
    char *bytes = icl_alloc(layout->graph->ctx, (size_t)rank, size);
    if (!bytes)
        return icl_alloc_status(layout->graph->ctx);
    for (int32_t d = 0; d < rank; d++)
        memcpy(bytes + (size_t)d * size,
               (const char *)list->data + (size_t)icl_axis_first(rank, d) * size, size);
    imgcls_status status =
        add_constant(layout, node->name, list->type, 1, list->dims, bytes, &turned);
    return status == IMGCLS_OK ? icl_node_set_input_value(node, i, turned) : status;
}

static imgcls_status rewrite_nodes(struct icl_layout *layout, size_t *changes)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; status == IMGCLS_OK && i < layout->node_count; i++) {
        struct icl_node *node = layout->graph->nodes[i];
        if (layout->chosen[i]) {
            status = icl_layout_row_of(layout, node)->rewrite(layout, node);
            ++*changes;
        } else if (icl_layout_provides(layout, node)) {
            layout->last[icl_node_output(node, 0)->index] = icl_node_input(node, 0);
        }
    }
    return status;
}

/* Values whose producer gives the other form now, for those who still want them as they were. */
static imgcls_status close_borders(struct icl_layout *layout)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; status == IMGCLS_OK && i < layout->value_count; i++) {
        struct icl_value *value = layout->graph->values[i], *plain;
        if (layout->moved[i] && layout->last[i] && icl_value_uses(value))
            status = add_border(layout, layout->last[i], value, false, value->name, &plain);
    }
    return status;
}

/* New nodes have the newest meaning, as those that were there have it already. */
static void set_versions(struct icl_layout *layout)
{
    struct imgcls_graph *graph = layout->graph;
    for (size_t i = layout->node_count; i < graph->node_count; i++)
        graph->nodes[i]->node.version =
            icl_registry_newest(layout->registry, graph->nodes[i]->domain);
}

static imgcls_status prepare(struct icl_layout *layout, struct imgcls_graph *graph)
{
    imgcls_status status = icl_context_registry(graph->ctx, &layout->registry);
    if (status == IMGCLS_OK)
        status = icl_graph_sort(graph);
    if (status != IMGCLS_OK)
        return status;
    layout->graph = graph;
    layout->value_count = graph->value_count;
    layout->node_count = graph->node_count;
    layout->last = calloc(graph->value_count + 1, sizeof *layout->last);
    layout->at_hand = calloc(graph->value_count + 1, sizeof *layout->at_hand);
    layout->moved = calloc(graph->value_count + 1, sizeof *layout->moved);
    layout->chosen = calloc(graph->node_count + 1, sizeof *layout->chosen);
    layout->region = calloc(graph->value_count + 1, sizeof *layout->region);
    if (!layout->last || !layout->at_hand || !layout->moved || !layout->chosen ||
        !layout->region)
        return icl_fail(graph->ctx, IMGCLS_NO_MEMORY, "no memory to choose layouts");
    for (size_t i = 0; i < graph->value_count; i++)
        layout->region[i] = graph->values[i]->index = i;
    return IMGCLS_OK;
}

imgcls_status icl_pass_channels_last(struct imgcls_graph *graph, size_t *changes)
{
    struct icl_layout layout = {0};
    imgcls_status status = prepare(&layout, graph);
    if (status == IMGCLS_OK) {
        choose_nodes(&layout);
        status = drop_poor_regions(&layout);
    }
    if (status == IMGCLS_OK)
        status = rewrite_nodes(&layout, changes);
    if (status == IMGCLS_OK)
        status = close_borders(&layout);
    if (status == IMGCLS_OK) {
        set_versions(&layout);
        if (*changes)
            status = icl_graph_sort(graph);
    }
    if (status == IMGCLS_OK)
        icl_graph_sweep(graph);
    free(layout.last);
    free(layout.at_hand);
    free(layout.moved);
    free(layout.chosen);
    free(layout.region);
    return status;
}
