/*
 * src/model/scores.c - preprocessed pictures in, rows of scores out
 *
 * The model's one input says how it wants pictures: N x C x H x W; N x H x W x C where the
 * last dimension is the number of channels and the second is not; C x H x W, one picture at
 * a time; or N x F with F their product. A fixed batch is honoured: larger batches run in
 * pieces, and the last piece is filled up with zeros whose rows are dropped.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/model.h"

#include <stdlib.h>
#include <string.h>

#include "src/tensor/tensor.h"

enum form { FORM_NCHW, FORM_NHWC, FORM_CHW, FORM_FLAT };

struct pictures {
    struct imgcls_model *model;
    const struct icl_value *input;
    const float *pixels;
    int64_t batch, channels, height, width;
    enum form form;
    int64_t fixed;              /* batch of the model, 0 where open */
    struct imgcls_tensor shape; /* of one piece */
};

imgcls_status icl_model_needs_recipe(const struct imgcls_model *model)
{
    if (model->recipe_text)
        return IMGCLS_OK;
    return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                    "%s: does not say how to preprocess pictures; give --preprocess with a "
                    "recipe or one of %s",
                    model->path, icl_recipe_presets());
}

static bool is_color(int64_t dim)
{
    return dim == 1 || dim == 3;
}

static imgcls_status find_form(struct pictures *p)
{
    const struct imgcls_value_info *info = &p->input->info;
    const int64_t *dims = info->dims;
    struct imgcls_model *model = p->model;
    bool known = info->rank < 0 || info->rank == 4;
    p->form = FORM_NCHW;
    if (info->rank == 4 && dims[3] == p->channels && dims[1] != p->channels)
        p->form = FORM_NHWC;
    if (info->rank == 3 && is_color(dims[0]))
        p->form = FORM_CHW;
    if (info->rank == 2)
        p->form = FORM_FLAT;
    if (!known && p->form == FORM_NCHW) {
        char text[256];
        icl_shape_text(model->graph, info->rank, dims, text, sizeof text);
        return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                        "%s: input '%s' of shape %s does not "
                        "take pictures",
                        model->path, p->input->name, text);
    }
    p->fixed = p->form == FORM_CHW ? 1 : info->rank > 0 && dims[0] > 0 ? dims[0] : 0;
    return IMGCLS_OK;
}

/* The shape of one piece of `batch` pictures in the model's form. */
static void set_shape(struct pictures *p, int64_t batch)
{
    const int64_t forms[][4] = {
        [FORM_NCHW] = {batch, p->channels, p->height, p->width},
        [FORM_NHWC] = {batch, p->height, p->width, p->channels},
        [FORM_CHW] = {p->channels, p->height, p->width, 0},
        [FORM_FLAT] = {batch, p->channels * p->height * p->width, 0, 0},
    };
    static const int32_t ranks[] = {
        [FORM_NCHW] = 4, [FORM_NHWC] = 4, [FORM_CHW] = 3, [FORM_FLAT] = 2};
    p->shape = (struct imgcls_tensor){.struct_size = sizeof p->shape,
                                      .type = p->input->info.type,
                                      .rank = ranks[p->form]};
    memcpy(p->shape.dims, forms[p->form], sizeof forms[p->form]);
    icl_strides_of(p->shape.rank, p->shape.dims, p->shape.strides);
}

/* Channels, height and width against what the model declares. */
static imgcls_status check_fit(const struct pictures *p)
{
    const struct imgcls_value_info *info = &p->input->info;
    struct imgcls_model *model = p->model;
    for (int32_t i = 0; i < info->rank; i++) {
        bool is_batch = i == 0 && p->form != FORM_CHW;
        if (is_batch || info->dims[i] < 0 || info->dims[i] == p->shape.dims[i])
            continue;
        char text[256];
        icl_shape_text(model->graph, info->rank, info->dims, text, sizeof text);
        return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                        "%s: input '%s' has shape %s, preprocessing gives pictures of %lld "
                        "channel%s, %lld x %lld",
                        model->path, p->input->name, text, (long long)p->channels,
                        p->channels == 1 ? "" : "s", (long long)p->height,
                        (long long)p->width);
    }
    return IMGCLS_OK;
}

static imgcls_status grow(struct imgcls_model *model, void *buffer, size_t *capacity,
                          size_t bytes)
{
    void **pointer = buffer;
    if (bytes <= *capacity && *pointer)
        return IMGCLS_OK;
    icl_free(model->ctx, *pointer);
    *capacity = 0;
    *pointer = icl_alloc(model->ctx, bytes ? bytes : 1, 1);
    if (!*pointer)
        return icl_alloc_status(model->ctx);
    *capacity = bytes;
    return IMGCLS_OK;
}

/* Planes to interleaved channels, for `count` pictures. */
static void interleave(const struct pictures *p, const float *from, int64_t count,
                       float *to)
{
    int64_t plane = p->height * p->width;
    for (int64_t n = 0; n < count; n++)
        for (int64_t i = 0; i < plane; i++)
            for (int64_t c = 0; c < p->channels; c++)
                to[(n * plane + i) * p->channels + c] =
                    from[(n * p->channels + c) * plane + i];
}

/* Puts `count` pictures from `first` on into p->shape.data, filled up with zeros. */
static imgcls_status feed_piece(struct pictures *p, int64_t first, int64_t count)
{
    struct imgcls_model *model = p->model;
    int64_t each = p->channels * p->height * p->width;
    int64_t total = imgcls_count(p->shape.rank, p->shape.dims);
    const float *from = p->pixels + first * each;
    size_t wide;
    if (!icl_type_size(p->shape.type, total, &p->shape.size_bytes) ||
        !icl_mul_size((size_t)total, sizeof(float), &wide))
        return icl_fail(model->ctx, IMGCLS_LIMIT,
                        "%s: a batch of %lld pictures is too large", model->path,
                        (long long)count);
    if (p->shape.type == IMGCLS_F32 && p->form != FORM_NHWC && count * each == total) {
        p->shape.data = (float *)from; /* as it stands; read only */
        return IMGCLS_OK;
    }
    /* The converted elements, and behind them the float32 ones they are made from. */
    size_t bytes, head = (p->shape.size_bytes + 63) / 64 * 64;
    if (!icl_add_size(head, wide, &bytes))
        return icl_fail(model->ctx, IMGCLS_LIMIT, "%s: a batch is too large", model->path);
    imgcls_status status = grow(model, &model->feed, &model->feed_bytes, bytes);
    if (status)
        return status;
    float *made = (float *)((char *)model->feed + head);
    const float *floats = from;
    if (p->form == FORM_NHWC || count * each != total) {
        size_t filled = (size_t)(count * each);
        if (p->form == FORM_NHWC)
            interleave(p, from, count, made);
        else
            memcpy(made, from, filled * sizeof *made);
        memset(made + filled, 0, ((size_t)total - filled) * sizeof *made);
        floats = made;
    }
    p->shape.data = made;
    if (p->shape.type != IMGCLS_F32) {
        icl_convert_floats(model->ctx->isa, IMGCLS_F32, floats, p->shape.type, model->feed,
                           (size_t)total);
        p->shape.data = model->feed;
    }
    return IMGCLS_OK;
}

/* Rows of one piece's output: width, and whether it is what was expected. */
static imgcls_status row_width(const struct pictures *p, const struct imgcls_tensor *output,
                               int64_t batch, int64_t *classes)
{
    struct imgcls_model *model = p->model;
    int64_t count = imgcls_count(output->rank, output->dims);
    bool batched = output->rank >= 2 ? output->dims[0] == batch : batch == 1;
    char text[256];
    icl_shape_text(NULL, output->rank, output->dims, text, sizeof text);
    if (!batched || count <= 0)
        return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                        "%s: output '%s' has shape %s, not one "
                        "row of scores for each of %lld pictures",
                        model->path, model->graph->outputs[0]->name, text,
                        (long long)batch);
    if (output->type != IMGCLS_F32 && output->type != IMGCLS_F16 &&
        output->type != IMGCLS_BF16 && output->type != IMGCLS_F64)
        return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                        "%s: output '%s' is %s, scores are "
                        "floats",
                        model->path, model->graph->outputs[0]->name,
                        icl_type_name(output->type));
    *classes = count / batch;
    if (model->label_count > 0 && (int64_t)model->label_count != *classes)
        return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                        "%s: %zu class names for %lld classes", model->path,
                        model->label_count, (long long)*classes);
    return IMGCLS_OK;
}

static imgcls_status run_piece(struct pictures *p, int64_t first, int64_t count,
                               const float **rows, int64_t *classes)
{
    struct imgcls_model *model = p->model;
    const struct imgcls_tensor *input = &p->shape, *output;
    imgcls_status status = feed_piece(p, first, count);
    if (status == IMGCLS_OK)
        status = imgcls_model_run(model, 1, &input, 1, &output);
    if (status == IMGCLS_OK)
        status = row_width(p, output, p->fixed ? p->fixed : count, classes);
    if (status)
        return status;
    if (count == p->batch && output->type == IMGCLS_F32) {
        *rows = output->data;
        return IMGCLS_OK;
    }
    size_t bytes;
    if (!icl_mul_size((size_t)*classes, sizeof(float), &bytes) ||
        !icl_mul_size(bytes, (size_t)p->batch, &bytes))
        return icl_fail(model->ctx, IMGCLS_LIMIT, "%s: too many scores", model->path);
    if (first == 0 || bytes <= model->rows_bytes)
        status = grow(model, &model->rows, &model->rows_bytes, bytes);
    else
        status = icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                          "%s: the number of classes changes "
                          "from one run to the next",
                          model->path);
    if (status)
        return status;
    float *to = model->rows + first * *classes;
    if (output->type == IMGCLS_F32)
        memcpy(to, output->data, (size_t)(count * *classes) * sizeof *to);
    else
        icl_convert_floats(model->ctx->isa, output->type, output->data, IMGCLS_F32, to,
                           (size_t)(count * *classes));
    *rows = model->rows;
    return IMGCLS_OK;
}

/* Whether and how the model takes pictures of p's size; p->shape becomes that of one piece. */
static imgcls_status find_shape(struct pictures *p)
{
    struct imgcls_model *model = p->model;
    if (model->graph->input_count != 1 || model->graph->output_count < 1)
        return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                        "%s: %zu inputs and %zu outputs; a classifier of pictures has one "
                        "input",
                        model->path, model->graph->input_count, model->graph->output_count);
    p->input = model->graph->inputs[0];
    int32_t type = p->input->info.type;
    if (type != IMGCLS_F32 && type != IMGCLS_F16 && type != IMGCLS_BF16 &&
        type != IMGCLS_F64)
        return icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                        "%s: input '%s' is %s, pictures come as "
                        "floats",
                        model->path, p->input->name, icl_type_name(type));
    imgcls_status status = find_form(p);
    if (status)
        return status;
    set_shape(p, p->fixed ? p->fixed : p->batch);
    return check_fit(p);
}

imgcls_status icl_model_plan_twins(struct imgcls_model *model, int64_t batch, int64_t channels,
                                   int64_t height, int64_t width, const struct icl_plan **out)
{
    struct pictures p = {
        .model = model, .batch = batch, .channels = channels, .height = height, .width = width};
    struct icl_plans *plans;
    struct icl_plan *plan = NULL;
    imgcls_status status = find_shape(&p);
    p.shape.reserved = IMGCLS_KIND_TENSOR;
    if (status == IMGCLS_OK)
        status = icl_model_plans(model, &plans);
    if (status == IMGCLS_OK)
        status = icl_plans_find(plans, &p.shape, &plan);
    status = icl_checks_finish(model->checks, status);
    icl_plan_release(plan); /* the plans keep it */
    *out = status == IMGCLS_OK ? plan : NULL;
    return status;
}

imgcls_status icl_model_scores(struct imgcls_model *model, const float *pictures,
                               int64_t batch, int64_t channels, int64_t height,
                               int64_t width, const float **rows, int64_t *classes)
{
    struct pictures p = {.model = model,
                         .pixels = pictures,
                         .batch = batch,
                         .channels = channels,
                         .height = height,
                         .width = width};
    imgcls_status status = find_shape(&p);
    int64_t piece = p.fixed ? p.fixed : batch;
    *rows = NULL;
    *classes = 0;
    for (int64_t first = 0; first < batch && status == IMGCLS_OK; first += piece) {
        int64_t count = batch - first < piece ? batch - first : piece;
        status = run_piece(&p, first, count, rows, classes);
    }
    return status;
}
