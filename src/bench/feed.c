/*
 * src/bench/feed.c - inputs made up for a model's shapes
 *
 * Floats are drawn from [-1, 1) by a fixed generator: zeros would run faster than pictures
 * where a kernel skips them, and denormals slower. Whole numbers are 0, which is an index
 * of every table; truth values are true.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bench/feed.h"

#include <stdlib.h>
#include <string.h>

#include "src/tensor/tensor.h"

/* Height and width from the recipe's crop where the model leaves them open. */
static int64_t crop_of(const struct imgcls_model *model,
                       const struct imgcls_value_info *info, int32_t dim)
{
    if (!model->recipe_text || info->rank != 4)
        return -1;
    bool last = info->dims[3] == 1 || info->dims[3] == 3; /* N x H x W x C */
    int32_t height = last ? 1 : 2;
    if (dim == height && model->recipe.crop_height > 0)
        return model->recipe.crop_height;
    if (dim == height + 1 && model->recipe.crop_width > 0)
        return model->recipe.crop_width;
    return -1;
}

static imgcls_status settle_dims(const struct imgcls_model *model,
                                 const struct icl_value *input, int64_t batch,
                                 int64_t *dims)
{
    const struct imgcls_value_info *info = &input->info;
    if (info->kind != IMGCLS_KIND_TENSOR || info->type == IMGCLS_STRING || info->rank < 0)
        return icl_fail(model->ctx, IMGCLS_UNSUPPORTED,
                        "%s: input '%s' is nothing to make numbers up for; give --shape",
                        model->path, input->name);
    for (int32_t i = 0; i < info->rank; i++) {
        dims[i] = info->dims[i];
        if (i == 0 && dims[i] >= 0 && batch > 0 && dims[i] != batch && info->rank > 1)
            return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                            "%s: input '%s' has a batch of "
                            "%lld, not %lld",
                            model->path, input->name, (long long)dims[i], (long long)batch);
        if (dims[i] < 0)
            dims[i] = i == 0 ? (batch > 0 ? batch : 1) : crop_of(model, info, i);
        if (dims[i] >= 0)
            continue;
        const char *symbol = icl_graph_symbol(model->graph, info->dims[i]);
        return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                        "%s: dimension %d%s%s%s of input '%s' is "
                        "open; fix it as in --shape %s=1,3,224,224",
                        model->path, (int)i, symbol ? " (" : "", symbol ? symbol : "",
                        symbol ? ")" : "", input->name, input->name);
    }
    return IMGCLS_OK;
}

/* A linear congruential generator (Knuth's MMIX constants); the upper bits are used. */
static float draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)(*state >> 40) / (float)(1 << 23) - 1;
}

static void fill(struct imgcls_tensor *tensor, uint64_t *state)
{
    int64_t count = imgcls_count(tensor->rank, tensor->dims);
    size_t width = icl_type_bits(tensor->type) / 8;
    if (tensor->type == IMGCLS_BOOL)
        memset(tensor->data, 1, (size_t)count);
    bool known = tensor->type == IMGCLS_F32 || tensor->type == IMGCLS_F64 ||
                 tensor->type == IMGCLS_F16 || tensor->type == IMGCLS_BF16;
    for (int64_t i = 0; known && i < count; i++) {
        float value = draw(state);
        char *to = (char *)tensor->data + (size_t)i * width;
        if (tensor->type == IMGCLS_F32)
            memcpy(to, &value, sizeof value);
        else
            icl_convert_floats(0, IMGCLS_F32, &value, tensor->type, to, 1);
    }
}

imgcls_status icl_feed_make(struct imgcls_model *model, int64_t batch, struct icl_feed *out)
{
    const struct imgcls_graph *graph = model->graph;
    uint64_t state = 20240229;
    memset(out, 0, sizeof *out);
    out->batch = 1;
    out->values = calloc(graph->input_count + 1, sizeof *out->values);
    if (!out->values)
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "%s: no memory for inputs",
                        model->path);
    for (size_t i = 0; i < graph->input_count; i++) {
        int64_t dims[IMGCLS_MAX_RANK];
        const struct imgcls_value_info *info = &graph->inputs[i]->info;
        imgcls_status status = settle_dims(model, graph->inputs[i], batch, dims);
        if (status == IMGCLS_OK)
            status =
                icl_value_tensor(model->ctx, info->type, info->rank, dims, &out->values[i]);
        if (status)
            return status;
        out->count++;
        fill(out->values[i]->tensor, &state);
        if (i == 0 && info->rank > 1)
            out->batch = dims[0];
    }
    return IMGCLS_OK;
}

void icl_feed_clear(struct imgcls_context *ctx, struct icl_feed *feed)
{
    for (size_t i = 0; i < feed->count; i++)
        icl_value_release(ctx, feed->values[i]);
    free(feed->values);
    memset(feed, 0, sizeof *feed);
}
