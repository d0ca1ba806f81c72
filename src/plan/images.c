/*
 * src/plan/images.c - what a graph does with the images of a batch
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/images.h"

#include "src/passes/rows.h"
#include "src/plan/image_rows.h"
#include "src/plan/shapes.h"
#include "src/plan/step.h"
#include "src/tensor/tensor.h"

#define LARGE_BATCH 65521 /* a prime, exact as a float, for Resize scales by one */

struct look {
    struct icl_images *images;
    size_t count; /* of values; infos has so many */
    bool begun;
};

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

/* The batch to look at; 0 where inputs leave in doubt what a batch is. *open: it is not fixed. */
static int64_t choose_batch(const struct imgcls_graph *graph, const struct imgcls_graph *source,
                            bool *open)
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
    *open = first < 0;
    return count == 0 ? 0 : first < 0 ? LARGE_BATCH : first;
}

/* ---- Looking -----------------------------------------------------------------------------*/

static void keep(struct look *look, const struct imgcls_value_info *info)
{
    size_t index = icl_value_of(info)->index;
    if (index >= look->count)
        return;
    look->images->infos[index] = *info;
    look->images->infos[index].constant = NULL;
}

/* Images of half bytes may meet within a byte; texts have no size. */
static bool has_whole_bytes(const struct imgcls_value_info *info)
{
    return icl_type_bits(info->type) >= 8 && info->type != IMGCLS_STRING;
}

/* What an input gives is one image after another. */
static void begin(struct look *look, const struct imgcls_graph *graph)
{
    for (size_t i = 0; i < graph->input_count; i++) {
        const struct imgcls_value_info *info = &graph->inputs[i]->info;
        int64_t size = imgcls_count(info->rank - 1, info->dims + 1);
        if (!is_given(graph->inputs[i]))
            continue;
        look->images->strides.of[graph->inputs[i]->index] =
            size < 1 || !has_whole_bytes(info) ? ICL_STRIDE_MIXED : size;
        keep(look, info);
    }
    look->begun = true;
}

static imgcls_status see(void *argument, struct icl_node *node, imgcls_status status, bool *again)
{
    struct look *look = argument;
    struct icl_strides *strides = &look->images->strides;
    (void)again;
    if (status == IMGCLS_OK)
        status = icl_strides_cover(strides, node->graph);
    if (status != IMGCLS_OK)
        return status;
    if (!look->begun)
        begin(look, node->graph);
    icl_strides_find(strides, node);
    for (size_t o = 0; o < node->node.output_count; o++)
        if (node->outputs[o])
            keep(look, node->outputs[o]);
    return icl_node_is(node, "MatMul") ? icl_rows_mark(strides, node) : IMGCLS_OK;
}

int64_t icl_image_bytes(const struct icl_images *images, const struct icl_value *value)
{
    const struct imgcls_value_info *info = &images->infos[value->index];
    size_t bytes;
    if (icl_stride_of(&images->strides, &value->info) < 1 || info->rank < 0 ||
        !icl_type_size(info->type, imgcls_count(info->rank, info->dims), &bytes))
        return 0;
    return (int64_t)(bytes / (size_t)images->strides.batch);
}

bool icl_images_come_first(const struct icl_images *images, const struct icl_value *value)
{
    const struct imgcls_value_info *info = &images->infos[value->index];
    int64_t stride = icl_stride_of(&images->strides, &value->info), all;
    return stride > 0 && info->kind == IMGCLS_KIND_TENSOR && icl_info_is_static(info) &&
           has_whole_bytes(info) && info->rank > 0 && info->dims[0] % images->strides.batch == 0 &&
           !__builtin_mul_overflow(stride, images->strides.batch, &all) &&
           imgcls_count(info->rank, info->dims) == all;
}

static bool are_apart(const struct icl_images *images, const struct imgcls_graph *graph)
{
    bool apart = images->strides.open && graph->output_count > 0;
    for (size_t i = 0; i < graph->output_count && apart; i++)
        apart = !graph->outputs[i]->info.constant &&
                icl_images_come_first(images, graph->outputs[i]);
    return apart;
}

static imgcls_status make_infos(struct imgcls_graph *graph, struct look *look)
{
    look->count = graph->value_count;
    look->images->infos = icl_alloc(graph->ctx, look->count + 1, sizeof *look->images->infos);
    if (!look->images->infos)
        return icl_alloc_status(graph->ctx);
    for (size_t i = 0; i < look->count; i++)
        look->images->infos[i].rank = -1;
    return icl_strides_cover(&look->images->strides, graph);
}

static bool is_fatal(imgcls_status status)
{
    return status == IMGCLS_INTERRUPTED || status == IMGCLS_NO_MEMORY;
}

imgcls_status icl_images_look(struct imgcls_graph *graph, const struct imgcls_graph *source,
                              bool apart, struct icl_images *images)
{
    struct look look = {.images = images};
    struct icl_strides *strides = &images->strides;
    icl_rows_forget(graph);
    if (!apart && !icl_rows_wanted(graph))
        return IMGCLS_OK;
    strides->ctx = graph->ctx;
    strides->batch = choose_batch(graph, source, &strides->open);
    if (strides->batch < 1)
        return IMGCLS_OK;
    imgcls_status status = icl_context_registry(graph->ctx, &strides->registry);
    if (status == IMGCLS_OK)
        status = icl_graph_sort(graph);
    if (status == IMGCLS_OK)
        status = make_infos(graph, &look);
    if (status == IMGCLS_OK)
        status = icl_graph_try_batch(graph, strides->batch, see, &look);
    if (status == IMGCLS_OK)
        images->apart = are_apart(images, graph);
    if (status == IMGCLS_OK || is_fatal(status))
        return status;
    icl_forgive(graph->ctx);
    icl_rows_forget(graph);
    return IMGCLS_OK;
}

void icl_images_clear(struct icl_images *images)
{
    if (images->infos)
        icl_free(images->strides.ctx, images->infos);
    icl_strides_clear(&images->strides);
    *images = (struct icl_images){0};
}
