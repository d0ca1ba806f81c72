/*
 * src/model/classify.c - a picture file in, names and probabilities out
 *
 * Recipes with several views run them as one batch and average the rows of scores.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/model.h"

#include <stdlib.h>
#include <string.h>

#include "eval/pictures/picture.h"
#include "src/file/file.h"

static imgcls_status read_picture(struct imgcls_model *model, const char *path,
                                  struct icl_picture *out)
{
    struct imgcls_storage *storage;
    char reason[256];
    memset(out, 0, sizeof *out);
    imgcls_status status = icl_storage_map(model->ctx, path, &storage);
    if (status)
        return status;
    status = icl_picture_decode(
        model->ctx, path, icl_storage_bytes(storage), icl_storage_size(storage),
        icl_recipe_channels(&model->recipe), out, reason, sizeof reason);
    icl_storage_release(storage);
    return status;
}

static imgcls_status mean_row(struct imgcls_model *model, const float *rows, int64_t views,
                              int64_t classes, float **out)
{
    float *row = icl_alloc(model->ctx, (size_t)classes, sizeof *row);
    *out = row;
    if (!row)
        return icl_alloc_status(model->ctx);
    for (int64_t c = 0; c < classes; c++) {
        double sum = 0;
        for (int64_t v = 0; v < views; v++)
            sum += rows[v * classes + c];
        row[c] = (float)(sum / (double)views);
    }
    return IMGCLS_OK;
}

static imgcls_status rank_classes(struct imgcls_model *model, const float *row,
                                  int64_t classes, size_t top,
                                  struct imgcls_prediction *best, size_t *count)
{
    size_t k = top < (size_t)classes ? top : (size_t)classes;
    int32_t *index = calloc(k + 1, sizeof *index);
    float *probability = calloc(k + 1, sizeof *probability);
    imgcls_status status = IMGCLS_OK;
    if (index && probability)
        *count = icl_top_k(row, classes, k, index, probability);
    else
        status = icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for %zu classes", k);
    for (size_t i = 0; i < *count; i++)
        best[i] = (struct imgcls_prediction){
            .index = index[i],
            .probability = probability[i],
            .label = imgcls_model_label(model, (size_t)index[i]),
        };
    free(index);
    free(probability);
    return status;
}

imgcls_status imgcls_model_classify(struct imgcls_model *model, const char *picture,
                                    size_t top, struct imgcls_prediction *best,
                                    size_t *count)
{
    struct icl_picture pixels;
    float *tensor = NULL, *mean = NULL;
    const float *rows;
    int32_t width, height;
    int64_t classes, views;
    *count = 0;
    icl_forgive(model->ctx); /* what an earlier call left */
    imgcls_status status = icl_model_needs_recipe(model);
    if (status)
        return status;
    status = read_picture(model, picture, &pixels);
    if (status)
        return status;
    status = icl_preprocess(model->ctx, &model->recipe, &pixels, &tensor, &width, &height);
    icl_picture_clear(&pixels);
    if (status)
        return icl_fail_within(model->ctx, status, "%s", picture);
    views = model->recipe.views > 1 ? model->recipe.views : 1;
    if (status == IMGCLS_OK)
        status = icl_model_scores(model, tensor, views, icl_recipe_channels(&model->recipe),
                                  height, width, &rows, &classes);
    if (status == IMGCLS_OK && views > 1) {
        status = mean_row(model, rows, views, classes, &mean);
        rows = mean;
    }
    if (status == IMGCLS_OK)
        status = rank_classes(model, rows, classes, top, best, count);
    icl_free(model->ctx, mean);
    icl_free(model->ctx, tensor);
    return status;
}
