/*
 * src/convert/golden.c - the example that travels with a converted model
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/convert/golden.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/tensor/tensor.h"

#define BESIDE "test_data_set_0 beside the source"

/* splitmix64 (Steele, Lea, Flood 2014): small, seedable, the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* About normal: twelve uniform numbers have variance one. No libm, so the same bits
 * everywhere. */
static float next_normal(uint64_t *state)
{
    float sum = -6.0f;
    for (int i = 0; i < 12; i++)
        sum += (float)(next_random(state) >> 40) * 0x1p-24f;
    return sum;
}

static imgcls_status fill(struct imgcls_context *ctx, const char *name,
                          struct imgcls_tensor *tensor, uint64_t *state)
{
    int64_t count = imgcls_count(tensor->rank, tensor->dims);
    switch (tensor->type) {
    case IMGCLS_F16:
    case IMGCLS_BF16:
    case IMGCLS_F32:
    case IMGCLS_F64:
        for (int64_t i = 0; i < count; i++) {
            float value = next_normal(state);
            size_t size = icl_type_bits(tensor->type) / 8;
            icl_convert_floats(0, IMGCLS_F32, &value, tensor->type,
                               (char *)tensor->data + (size_t)i * size, 1);
        }
        return IMGCLS_OK;
    case IMGCLS_U8: /* a picture's bytes */
        for (int64_t i = 0; i < count; i++)
            ((uint8_t *)tensor->data)[i] = (uint8_t)(next_random(state) >> 56);
        return IMGCLS_OK;
    case IMGCLS_STRING:
        return icl_fail(ctx, IMGCLS_UNSUPPORTED,
                        "input '%s' takes strings: no example can be made up for it; put a "
                        "test_data_set_0 beside the model or give --no-verify", name);
    default: /* integers and booleans index and switch: zero is always in range */
        return IMGCLS_OK;
    }
}

imgcls_status icl_golden_noise(struct imgcls_context *ctx, const char *name, int32_t type,
                               int32_t rank, const int64_t *dims, struct imgcls_value **out)
{
    uint64_t state = 7;
    imgcls_status status = icl_value_tensor(ctx, type, rank, dims, out);
    return status == IMGCLS_OK ? fill(ctx, name, (*out)->tensor, &state) : status;
}

/* Height and width of what the recipe makes, 0 where it leaves them open. */
static void recipe_size(const struct imgcls_model *model, int64_t *height, int64_t *width)
{
    *height = *width = 0;
    if (!model->recipe_text)
        return;
    if (model->recipe.crop_width) {
        *height = model->recipe.crop_height;
        *width = model->recipe.crop_width;
    } else if (model->recipe.resize == ICL_RESIZE_SQUASH) {
        *height = model->recipe.resize_height;
        *width = model->recipe.resize_width;
    } else if (model->recipe.resize == ICL_RESIZE_SHORT) {
        *height = *width = model->recipe.resize_width; /* of a square picture */
    }
}

imgcls_status icl_golden_shapes(struct imgcls_model *model, struct imgcls_tensor *shapes)
{
    int64_t height, width;
    recipe_size(model, &height, &width);
    for (size_t i = 0; i < model->graph->input_count; i++) {
        const struct imgcls_value_info *info = &model->graph->inputs[i]->info;
        struct imgcls_tensor *shape = &shapes[i];
        *shape = (struct imgcls_tensor){
            .struct_size = sizeof *shape, .type = info->type, .rank = info->rank};
        if (info->rank < 0)
            return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                            "%s: input '%s' has no shape; give --shape %s=DIMS", model->path,
                            info->name, info->name);
        for (int32_t d = 0; d < info->rank; d++) {
            shape->dims[d] = info->dims[d];
            if (shape->dims[d] < 0 && d == 0)
                shape->dims[d] = 1;
            else if (shape->dims[d] < 0 && info->rank == 4 && d == 2)
                shape->dims[d] = height ? height : -1;
            else if (shape->dims[d] < 0 && info->rank == 4 && d == 3)
                shape->dims[d] = width ? width : -1;
            if (shape->dims[d] < 0)
                return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                                "%s: dimension %d of input '%s' is open; give --shape "
                                "%s=DIMS or a recipe with a crop", model->path, d, info->name,
                                info->name);
        }
        icl_strides_of(shape->rank, shape->dims, shape->strides);
    }
    return IMGCLS_OK;
}

/* What an output is said to be, and is: a model that contradicts itself there would be
 * refused when it is read again, without a word of which node it was. */
static imgcls_status check_declared(const struct imgcls_graph *graph, const struct icl_value *output,
                                    const struct imgcls_tensor *got)
{
    const struct imgcls_value_info *info = &output->info;
    char node[256] = "the graph", said[160], found[160];
    bool same = !got || info->rank < 0 || info->rank == got->rank;
    for (int32_t i = 0; same && got && i < info->rank; i++)
        same = info->dims[i] < 0 || info->dims[i] == got->dims[i];
    if (same)
        return IMGCLS_OK;
    if (output->producer)
        icl_node_text(&output->producer->node, node, sizeof node);
    icl_shape_text(graph, info->rank, info->dims, said, sizeof said);
    icl_shape_text(NULL, got->rank, got->dims, found, sizeof found);
    return icl_fail(graph->ctx, IMGCLS_BAD_INPUT,
                    "%s: output '%s' comes out as %s, the model declares %s", node,
                    output->name, found, said);
}

/* Noise for every input, and what the source graph gives, into one set. */
static imgcls_status run_source(struct imgcls_model *model, struct icl_reference *set)
{
    struct imgcls_context *ctx = model->ctx;
    const struct imgcls_graph *graph = model->graph;
    struct imgcls_tensor *shapes = calloc(graph->input_count + 1, sizeof *shapes);
    const struct imgcls_value **got = calloc(graph->output_count + 1, sizeof *got);
    struct icl_plan_options options = {.no_fusion = true, .threads = ctx->threads};
    struct icl_session *session = NULL;
    uint64_t state = 7;
    imgcls_status status = shapes && got
                               ? icl_golden_shapes(model, shapes)
                               : icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for the example");
    for (size_t i = 0; status == IMGCLS_OK && i < graph->input_count; i++) {
        status = icl_value_tensor(ctx, shapes[i].type, shapes[i].rank, shapes[i].dims,
                                  &set->inputs[i]);
        if (status == IMGCLS_OK)
            status = fill(ctx, graph->inputs[i]->name, set->inputs[i]->tensor, &state);
    }
    if (status == IMGCLS_OK)
        status = icl_session_create(ctx, graph, &options, &session);
    if (status == IMGCLS_OK)
        status = icl_session_run(session, (const struct imgcls_value *const *)set->inputs, got);
    for (size_t i = 0; status == IMGCLS_OK && i < graph->output_count; i++)
        status = check_declared(graph, graph->outputs[i], got[i]->tensor);
    for (size_t i = 0; status == IMGCLS_OK && i < graph->output_count; i++)
        status = icl_value_copy(ctx, got[i], &set->outputs[i]);
    icl_session_destroy(session);
    free(got);
    free(shapes);
    return status;
}

static imgcls_status made_up(struct imgcls_model *model, struct icl_references *set)
{
    const struct imgcls_graph *graph = model->graph;
    *set = (struct icl_references){0};
    set->sets = calloc(1, sizeof *set->sets);
    set->origin = strdup("seeded noise run through the unoptimised source graph");
    if (!set->sets || !set->origin)
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for the example");
    set->count = 1;
    set->sets[0] = (struct icl_reference){
        .ctx = model->ctx,
        .name = strdup("source"),
        .input_count = graph->input_count,
        .output_count = graph->output_count,
        .inputs = calloc(graph->input_count + 1, sizeof(void *)),
        .outputs = calloc(graph->output_count + 1, sizeof(void *)),
    };
    if (!set->sets[0].name || !set->sets[0].inputs || !set->sets[0].outputs) {
        set->sets[0].input_count = set->sets[0].output_count = 0;
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for the example");
    }
    return run_source(model, &set->sets[0]);
}

/* All outputs are needed: a golden example is complete. */
static bool is_complete(const struct icl_reference *set)
{
    for (size_t i = 0; i < set->output_count; i++)
        if (!set->outputs[i])
            return false;
    return true;
}

static imgcls_status set_golden(struct imgcls_graph *graph, const char *origin,
                                const struct icl_references *set)
{
    const struct icl_reference *one = &set->sets[0];
    return icl_graph_set_golden(graph, origin, one->input_count,
                                (const struct imgcls_value *const *)one->inputs,
                                one->output_count,
                                (const struct imgcls_value *const *)one->outputs);
}

imgcls_status icl_golden_find(struct imgcls_model *model, struct icl_references *set)
{
    struct imgcls_graph *graph = model->graph;
    *set = (struct icl_references){0};
    if (graph->golden.origin)
        return IMGCLS_OK;
    imgcls_status status = icl_references_beside(model->ctx, graph, model->path, set);
    if (status == IMGCLS_OK && set->count && is_complete(&set->sets[0]))
        status = set_golden(graph, BESIDE, set);
    if (status != IMGCLS_OK)
        icl_references_clear(set);
    return status;
}

imgcls_status icl_golden_make(struct imgcls_model *model, struct icl_references *set)
{
    struct imgcls_graph *graph = model->graph;
    *set = (struct icl_references){0};
    if (graph->golden.origin)
        return icl_references_open(model->ctx, graph, model->path, NULL, set);
    const char *origin = BESIDE;
    imgcls_status status = icl_references_beside(model->ctx, graph, model->path, set);
    if (status == IMGCLS_OK && (set->count == 0 || !is_complete(&set->sets[0]))) {
        icl_references_clear(set);
        status = made_up(model, set);
        origin = set->origin;
    }
    if (status == IMGCLS_OK)
        status = set_golden(graph, origin, set);
    if (status != IMGCLS_OK)
        icl_references_clear(set);
    return status;
}
