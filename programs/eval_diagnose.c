/*
 * programs/eval_diagnose.c - which preprocessing, and which order of classes, fits a model
 *
 * Every figure below the published one has a reason, mostly one of a few: mean and
 * deviation, channel order, crop, filter, classes numbered otherwise. Trying all of their
 * combinations would be some hundred runs; they hardly depend on each other, so one is
 * settled after the other, those that move accuracy most first. Every trial is an ordinary
 * evaluation of the same few hundred pictures, without a row.
 *
 * The order of classes is read off the first trial's confusion: pictures of class k that
 * are taken for k + 1 or k - 1 mean labels that are counted from elsewhere.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/eval_diagnose.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PICTURES     300
#define SIDE_DEFAULT 224
#define TRIALS_MAX   64

static const struct {
    const char *name, *text;
} colors[] = {
    {"ImageNet's mean and deviation",
     "range=1,mean=0.485/0.456/0.406,std=0.229/0.224/0.225"},
    {"-1 to 1", "range=1,mean=0.5/0.5/0.5,std=0.5/0.5/0.5"},
    {"CLIP's mean and deviation", "range=1,mean=0.48145466/0.4578275/0.40821073,"
                                  "std=0.26862954/0.26130258/0.27577711"},
    {"0 to 1", "range=1,mean=0/0/0,std=1/1/1"},
    {"0 to 255", "range=255,mean=0/0/0,std=1/1/1"},
    {"caffe's mean, 0 to 255", "range=255,mean=104/117/123,std=1/1/1"},
    {"RGB mean, 0 to 255", "range=255,mean=123.68/116.78/103.94,std=1/1/1"},
};
static const double fractions[] = {0.875, 0.9, 0.95, 1.0, 0}; /* 0: squashed */
static const char *const filters[] = {"filter=bilinear",
                                      "filter=bicubic",
                                      "filter=lanczos",
                                      "filter=bilinear,engine=opencv",
                                      "filter=area,engine=opencv",
                                      "filter=bilinear,engine=tf"};

struct trial {
    char recipe[300];
    int64_t images, right, up,
        down; /* taken for the class itself, the next, the one before */
};

struct diagnosis {
    struct imgcls_context *ctx;
    const char *path;
    struct imgcls_model_options model_options;
    struct imgcls_evaluation_options options;
    struct trial trials[TRIALS_MAX];
    size_t count;
    int side;
    bool gray; /* one channel: its numbers are the first of three */
};

/* A pipeline by its parts. */
struct parts {
    size_t color, fraction, filter;
    bool bgr;
};

/* "mean=1/2/3,std=4/5/6" becomes "mean=1,std=4". */
static void keep_first_of_three(char *text)
{
    char *to = text;
    bool skipping = false;
    for (; *text; text++) {
        skipping = *text == '/' || (skipping && *text != ',');
        if (!skipping)
            *to++ = *text;
    }
    *to = '\0';
}

static void compose(const struct diagnosis *d, const struct parts *parts, char text[300])
{
    char resize[64], numbers[160];
    double fraction = fractions[parts->fraction];
    if (fraction == 0)
        snprintf(resize, sizeof resize, "resize=%dx%d", d->side, d->side);
    else
        snprintf(resize, sizeof resize, "resize=%d", (int)floor(d->side / fraction + 1e-9));
    snprintf(numbers, sizeof numbers, "%s", colors[parts->color].text);
    if (d->gray)
        keep_first_of_three(numbers);
    snprintf(text, 300, "%s,%s,crop=%d,color=%s,%s", resize, filters[parts->filter],
             d->side,
             d->gray      ? "gray"
             : parts->bgr ? "bgr"
                          : "rgb",
             numbers);
}

static imgcls_status count_neighbours(const struct imgcls_evaluation *e,
                                      struct trial *trial)
{
    int64_t *row = calloc((size_t)e->classes + 1, sizeof *row), label;
    if (!row)
        return IMGCLS_NO_MEMORY;
    for (label = 0; label < e->classes; label++) {
        if (e->class_figures[label].images == 0)
            continue;
        imgcls_evaluation_confusion(e, label, row);
        trial->up += label + 1 < e->classes ? row[label + 1] : 0;
        trial->down += label > 0 ? row[label - 1] : 0;
    }
    free(row);
    return IMGCLS_OK;
}

/* One more trial; *right its number of right answers. A recipe tried before is not run
 * again. */
static imgcls_status try_recipe(struct diagnosis *d, const char *recipe, int64_t *right)
{
    struct imgcls_model_options how = d->model_options;
    struct imgcls_evaluation *evaluation = NULL;
    struct imgcls_model *model = NULL;
    struct trial *trial = &d->trials[d->count];
    imgcls_status status;
    size_t i;
    *right = -1;
    for (i = 0; i < d->count; i++)
        if (strcmp(d->trials[i].recipe, recipe) == 0) {
            *right = d->trials[i].right;
            return IMGCLS_OK;
        }
    if (d->count == TRIALS_MAX)
        return IMGCLS_OK;
    how.recipe = recipe;
    status = imgcls_model_open_with(d->ctx, d->path, &how, &model);
    if (status == IMGCLS_OK)
        status = imgcls_evaluate(model, &d->options, &evaluation);
    if (status == IMGCLS_OK) {
        memset(trial, 0, sizeof *trial);
        snprintf(trial->recipe, sizeof trial->recipe, "%s", recipe);
        trial->images = evaluation->images;
        trial->right = evaluation->top1_correct;
        status = count_neighbours(evaluation, trial);
        *right = trial->right;
        d->count++;
    }
    imgcls_evaluation_destroy(evaluation);
    imgcls_model_close(model);
    return status;
}

static imgcls_status try_parts(struct diagnosis *d, const struct parts *parts,
                               int64_t *best, struct parts *chosen)
{
    char text[300];
    int64_t right;
    imgcls_status status;
    compose(d, parts, text);
    status = try_recipe(d, text, &right);
    if (status == IMGCLS_OK && right > *best) {
        *best = right;
        *chosen = *parts;
    }
    return status;
}

static imgcls_status search(struct diagnosis *d)
{
    struct parts best = {0}, parts;
    int64_t right = -1;
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; i < 2 * sizeof colors / sizeof colors[0] && status == IMGCLS_OK; i++) {
        parts = (struct parts){.color = i / 2, .bgr = i % 2};
        status = try_parts(d, &parts, &right, &best);
    }
    for (i = 1; i < sizeof fractions / sizeof fractions[0] && status == IMGCLS_OK; i++) {
        parts = best;
        parts.fraction = i;
        status = try_parts(d, &parts, &right, &best);
    }
    for (i = 1; i < sizeof filters / sizeof filters[0] && status == IMGCLS_OK; i++) {
        parts = best;
        parts.filter = i;
        status = try_parts(d, &parts, &right, &best);
    }
    return status;
}

/* Side of the pictures that the model takes; its own recipe is tried first where it has
 * one. */
static imgcls_status begin(struct diagnosis *d)
{
    struct imgcls_model *model;
    struct imgcls_tensor shape;
    const char *name, *own;
    char text[300] = "";
    int64_t right;
    imgcls_status status =
        imgcls_model_open_with(d->ctx, d->path, &d->model_options, &model);
    if (status != IMGCLS_OK)
        return status;
    status = imgcls_model_input(model, 0, &name, &shape);
    d->side = SIDE_DEFAULT;
    if (status == IMGCLS_OK && shape.rank == 4 && shape.dims[2] > 3 &&
        shape.dims[2] < 16384)
        d->side = (int)shape.dims[2];
    d->gray = status == IMGCLS_OK && shape.rank == 4 && shape.dims[1] == 1;
    own = imgcls_model_recipe(model);
    if (own)
        snprintf(text, sizeof text, "%s", own);
    imgcls_model_close(model);
    return status == IMGCLS_OK && text[0] ? try_recipe(d, text, &right) : status;
}

static int by_right(const void *a, const void *b)
{
    const struct trial *x = a, *y = b;
    return (x->right < y->right) - (x->right > y->right);
}

/* What the neighbours say about the order of classes; NULL: nothing. */
static const char *order_of(const struct trial *trial)
{
    int64_t few = trial->right > 5 ? trial->right : 5;
    if (trial->up > 2 * few)
        return "most answers are one class too high: labels that count from 1, or a model "
               "with "
               "a class for background in front (--label-base)";
    if (trial->down > 2 * few)
        return "most answers are one class too low: labels that are taken as counting from "
               "1 "
               "and count from 0 (--label-base)";
    return NULL;
}

static json_t *to_json(const struct diagnosis *d, const char *order)
{
    json_t *list = json_array();
    size_t i;
    for (i = 0; i < d->count; i++)
        json_array_append_new(list,
                              json_pack("{s:s,s:I,s:I}", "recipe", d->trials[i].recipe,
                                        "top1_correct", (json_int_t)d->trials[i].right,
                                        "images", (json_int_t)d->trials[i].images));
    return json_pack("{s:s,s:s,s:o,s:o}", "model", d->path, "recipe", d->trials[0].recipe,
                     "order", order ? json_string(order) : json_null(), "trials", list);
}

imgcls_status eval_diagnose(struct imgcls_context *ctx, const char *path,
                            const struct imgcls_model_options *model_options,
                            const struct imgcls_evaluation_options *options, json_t **json)
{
    struct diagnosis *d = calloc(1, sizeof *d);
    const char *order = NULL;
    imgcls_status status;
    size_t i;
    if (!d)
        return IMGCLS_NO_MEMORY;
    d->ctx = ctx;
    d->path = path;
    d->model_options = *model_options;
    d->options = *options;
    d->options.limit = options->limit > 0 ? options->limit : PICTURES;
    d->options.note = NULL;
    d->options.progress = NULL;
    d->options.ready = NULL;
    d->options.board = NULL;
    d->options.predictions = NULL;
    status = begin(d);
    if (status == IMGCLS_OK)
        status = search(d);
    for (i = 0; i < d->count && !order; i++)
        order = order_of(&d->trials[i]);
    qsort(d->trials, d->count, sizeof d->trials[0], by_right);
    if (status == IMGCLS_OK && json)
        *json = to_json(d, order);
    if (status == IMGCLS_OK && !json) {
        printf("%s: %zu pipelines on %lld pictures\n", path, d->count,
               (long long)d->trials[0].images);
        for (i = 0; i < d->count && i < 8; i++)
            printf("  top-1 %6.2f %%  %s\n",
                   100 * (double)d->trials[i].right / (double)d->trials[i].images,
                   d->trials[i].recipe);
        if (order)
            printf("  %s\n", order);
        printf("best: --preprocess %s\n", d->trials[0].recipe);
    }
    free(d);
    return status;
}
