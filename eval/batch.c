/*
 * eval/batch.c - pictures of one size gathered, run together, and scored one by one
 *
 * Where only some classes are compared (ImageNet-A, -R), their scores are gathered first,
 * so that softmax, ranking and log-probability are over them alone, as if the model had no
 * others.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of pictures that run together only what they read in common is saved, and what they write no
 * longer stays in a core's cache: most models are as quick or quicker one by one. Not so where
 * fully connected layers of very many weights are read for every picture. */
#define BATCH_FOR_MANY 8
#define MANY_WEIGHTS   ((int64_t)32 * 1024 * 1024)

/* A picture that waits. */
struct waiting {
    size_t index;
    double seconds;
    bool oriented;
};

struct icl_batch {
    struct imgcls_context *ctx;
    struct imgcls_model *model;
    struct icl_evaluation *evaluation;
    float *tensor;           /* capacity pictures of one size; own: icl_free; NULL where one
                              * picture alone is run from where it lies */
    const float *pixels;     /* what is run: the tensor, or that one picture's */
    float *mean;             /* one row, where several views are averaged; own */
    float *gathered;         /* one row of the compared classes; own */
    struct waiting *waiting; /* own */
    size_t capacity, count;
    size_t picture_elements;
    int64_t views, channels, height, width;
};

/* Weights that a picture uses once each. */
static int64_t single_use_weights(const struct imgcls_graph *graph)
{
    int64_t total = 0;
    size_t i;
    for (i = 0; i < graph->node_count; i++) {
        const struct imgcls_node *node = &graph->nodes[i]->node;
        const bool is_layer =
            strcmp(node->type, "Gemm") == 0 ||
            (strcmp(node->type, "MatMul") == 0 && node->input_count > 1 && node->inputs[0] &&
             node->inputs[0]->rank == 2);
        const struct imgcls_tensor *w = NULL;
        int64_t elements;
        if (is_layer && node->input_count > 1 && node->inputs[1])
            w = node->inputs[1]->constant;
        if (w && w->rank == 2 && !__builtin_mul_overflow(w->dims[0], w->dims[1], &elements) &&
            __builtin_add_overflow(total, elements, &total))
            return INT64_MAX;
    }
    return total;
}

imgcls_status icl_batch_capacity(struct imgcls_model *model, int64_t asked,
                                 size_t *capacity)
{
    int64_t views = model->recipe.views > 1 ? model->recipe.views : 1;
    struct imgcls_tensor shape;
    const char *name;
    imgcls_status status = imgcls_model_input(model, 0, &name, &shape);
    *capacity = asked > 0                                              ? (size_t)asked
                : single_use_weights(model->graph) >= MANY_WEIGHTS ? BATCH_FOR_MANY
                                                                   : 1;
    if (status == IMGCLS_OK && asked == 0 && shape.rank == 4 && shape.dims[0] > 0)
        *capacity = (size_t)((shape.dims[0] + views - 1) / views);
    return status;
}

imgcls_status icl_batch_open(struct imgcls_model *model, struct icl_evaluation *evaluation,
                             size_t capacity, struct icl_batch **out)
{
    struct icl_batch *batch = calloc(1, sizeof *batch);
    *out = batch;
    if (batch)
        batch->waiting = calloc(capacity, sizeof *batch->waiting);
    if (!batch || !batch->waiting) {
        free(batch);
        *out = NULL;
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY,
                        "no memory for a batch of %zu pictures", capacity);
    }
    batch->ctx = model->ctx;
    batch->model = model;
    batch->evaluation = evaluation;
    batch->capacity = capacity;
    batch->views = model->recipe.views > 1 ? model->recipe.views : 1;
    batch->channels = icl_recipe_channels(&model->recipe);
    return IMGCLS_OK;
}

void icl_batch_close(struct icl_batch *batch)
{
    if (!batch)
        return;
    icl_free(batch->ctx, batch->tensor);
    free(batch->mean);
    free(batch->gathered);
    free(batch->waiting);
    free(batch);
}

/* Room for pictures of another size. */
static imgcls_status resize(struct icl_batch *batch, int32_t width, int32_t height)
{
    size_t elements = (size_t)batch->views, all;
    icl_free(batch->ctx, batch->tensor);
    batch->tensor = NULL;
    batch->picture_elements = 0;
    batch->width = width;
    batch->height = height;
    if (!icl_mul_size(elements, (size_t)batch->channels, &elements) ||
        !icl_mul_size(elements, (size_t)height, &elements) ||
        !icl_mul_size(elements, (size_t)width, &elements) ||
        !icl_mul_size(elements, batch->capacity, &all))
        return icl_fail(batch->ctx, IMGCLS_LIMIT,
                        "a batch of %zu pictures of %dx%d overflows", batch->capacity,
                        (int)width, (int)height);
    if (batch->capacity > 1) {
        batch->tensor = icl_alloc(batch->ctx, all, sizeof *batch->tensor);
        batch->pixels = batch->tensor;
        if (!batch->tensor)
            return icl_alloc_status(batch->ctx);
    }
    batch->picture_elements = elements;
    return IMGCLS_OK;
}

/* Rows for means and for compared classes, once the width is known. */
static imgcls_status make_rows(struct icl_batch *batch, int64_t classes)
{
    size_t compared = batch->evaluation->set->compared_count;
    if (batch->views > 1 && !batch->mean)
        batch->mean = calloc((size_t)classes, sizeof *batch->mean);
    if (compared > 0 && !batch->gathered)
        batch->gathered = calloc(compared, sizeof *batch->gathered);
    if ((batch->views > 1 && !batch->mean) || (compared > 0 && !batch->gathered))
        return icl_fail(batch->ctx, IMGCLS_NO_MEMORY, "no memory for a row of scores");
    return IMGCLS_OK;
}

/* Mean over the views of picture i, in a fixed order. */
static const float *mean_of_views(struct icl_batch *batch, const float *rows, size_t i,
                                  int64_t classes)
{
    const float *first = rows + (int64_t)i * batch->views * classes;
    int64_t k, v;
    if (batch->views == 1)
        return first;
    for (k = 0; k < classes; k++) {
        double sum = 0;
        for (v = 0; v < batch->views; v++)
            sum += first[v * classes + k];
        batch->mean[k] = (float)(sum / (double)batch->views);
    }
    return batch->mean;
}

/* Position of a class among the compared ones, -1 where it is none. */
static int32_t place_of(const struct icl_dataset *set, int32_t label)
{
    size_t low = 0, high = set->compared_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (set->compared[middle] < label)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->compared_count && set->compared[low] == label ? (int32_t)low : -1;
}

/* Scores a row; with several right classes their probabilities are added. */
static void score(struct icl_batch *batch, const float *row, int64_t classes, size_t index)
{
    struct icl_evaluation *evaluation = batch->evaluation;
    const struct icl_dataset *set = evaluation->set;
    const struct icl_dataset_entry *entry = &set->entries[index];
    struct icl_answer *answer = &evaluation->answers[index];
    int32_t i, label = entry->label;
    if (set->compared_count > 0) {
        icl_answer_restrict(row, classes, set->compared, set->compared_count, batch->gathered);
        row = batch->gathered;
        classes = (int64_t)set->compared_count;
        label = place_of(set, label);
    }
    icl_answer_score(row, classes, label, answer, evaluation->probabilities[index]);
    if (entry->also_count > 0 && !icl_answer_is_nan(answer)) {
        double sum = exp(answer->label_log_probability);
        struct icl_answer other;
        for (i = 0; i < entry->also_count; i++) {
            int32_t also =
                set->compared_count > 0 ? place_of(set, entry->also[i]) : entry->also[i];
            if (also < 0)
                continue;
            icl_answer_score(row, classes, also, &other, NULL);
            sum += exp(other.label_log_probability);
        }
        answer->label_log_probability = (float)log(sum < 1 ? sum : 1);
    }
    for (i = 0; set->compared_count > 0 && i < ICL_ANSWER_TOP; i++)
        if (answer->top[i] >= 0)
            answer->top[i] = set->compared[answer->top[i]];
}

imgcls_status icl_batch_run(struct icl_batch *batch)
{
    double began = icl_seconds(), seconds;
    const float *rows;
    int64_t classes;
    imgcls_status status;
    size_t i;
    if (batch->count == 0)
        return IMGCLS_OK;
    status =
        icl_model_scores(batch->model, batch->pixels, (int64_t)batch->count * batch->views,
                         batch->channels, batch->height, batch->width, &rows, &classes);
    if (status == IMGCLS_OK)
        status = icl_evaluation_settle_classes(batch->evaluation, batch->model, classes);
    if (status == IMGCLS_OK)
        status = make_rows(batch, classes);
    for (i = 0; i < batch->count && status == IMGCLS_OK; i++)
        score(batch, mean_of_views(batch, rows, i, classes), classes,
              batch->waiting[i].index);
    seconds = icl_seconds() - began;
    for (i = 0; i < batch->count && status == IMGCLS_OK; i++) {
        const struct waiting *waiting = &batch->waiting[i];
        if (!icl_evaluation_finish_picture(batch->evaluation, waiting->index,
                                           waiting->seconds + seconds, waiting->oriented,
                                           NULL))
            status = icl_fail(batch->ctx, IMGCLS_NO_MEMORY, "no memory for an answer");
    }
    batch->count = 0;
    return status;
}

imgcls_status icl_batch_add(struct icl_batch *batch, const struct icl_fed *fed)
{
    imgcls_status status = IMGCLS_OK;
    if (!fed->tensor) {
        icl_answer_failed(&batch->evaluation->answers[fed->index]);
        return icl_evaluation_finish_picture(batch->evaluation, fed->index, fed->seconds,
                                             fed->orientation > 1, fed->reason)
                   ? IMGCLS_OK
                   : icl_fail(batch->ctx, IMGCLS_NO_MEMORY, "no memory for a failure");
    }
    if (batch->picture_elements == 0 || fed->width != batch->width || fed->height != batch->height) {
        status = icl_batch_run(batch);
        if (status == IMGCLS_OK)
            status = resize(batch, fed->width, fed->height);
    }
    if (status != IMGCLS_OK)
        return status;
    if (batch->capacity == 1)
        batch->pixels = fed->tensor;
    else
        memcpy(batch->tensor + batch->count * batch->picture_elements, fed->tensor,
               batch->picture_elements * sizeof *fed->tensor);
    batch->waiting[batch->count++] =
        (struct waiting){fed->index, fed->seconds, fed->orientation > 1};
    return batch->count == batch->capacity ? icl_batch_run(batch) : IMGCLS_OK;
}
