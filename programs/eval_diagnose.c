/*
 * programs/eval_diagnose.c - which preprocessing, and which order of classes, fits a model
 *
 * Every figure below the published one has a reason, mostly one of a few: mean and
 * deviation, channel order, crop, filter, classes numbered otherwise. Trying all of their
 * combinations would be some hundred runs; they hardly depend on each other, so one is
 * settled after the other, those that move accuracy most first. Every trial is an ordinary
 * evaluation of the same few hundred pictures, without a row.
 *
 * The order of classes comes first, since with a wrong one every pipeline seems to be at
 * chance: in each trial right answers are counted under all orders that are known
 * (eval_orders.c), and once the colours were tried the order that stands out is kept. A
 * model with one class more or less than there are names is tried with names that fit
 * (eval_names.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/eval_diagnose.h"

#include "programs/eval_names.h"
#include "programs/eval_orders.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PICTURES     300
#define SIDE_DEFAULT 224
#define TRIALS_MAX   64
#define STAGE_MAX    24
/* An order is followed where it seems better, and claimed where it is, in the best trial.
 */
#define SEEMS_BETTER 2.0
#define IS_BETTER    3.0

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
    /* from here on for small pictures alone */
    {"CIFAR's mean and deviation",
     "range=1,mean=0.4914/0.4822/0.4465,std=0.247/0.2435/0.2616"},
    {"CIFAR's mean and smaller deviation",
     "range=1,mean=0.4914/0.4822/0.4465,std=0.2023/0.1994/0.201"},
    {"MNIST's mean and deviation", "range=1,mean=0.1307/0.1307/0.1307,std=0.3081/0.3081/0.3081"},
};
#define COLORS_FOR_SMALL 3
#define SIDE_SMALL       64 /* up to this side data sets have pictures of that size: no margin */
static const double fractions[] = {0.875, 0.9, 0.95, 1.0, 0}; /* 0: squashed */
#define WHOLE 3
static const char *const filters[] = {"filter=bilinear",
                                      "filter=bicubic",
                                      "filter=lanczos",
                                      "filter=bilinear,engine=opencv",
                                      "filter=area,engine=opencv",
                                      "filter=bilinear,engine=tf"};

struct trial {
    char recipe[300];
    int64_t images;
    int64_t right[EVAL_ORDER_COUNT]; /* under each order */
    double nll; /* of the labels as they are numbered; INFINITY where it is not finite */
    bool given; /* the model's own recipe, or the user's */
};

struct diagnosis {
    struct imgcls_context *ctx;
    const char *path;
    struct imgcls_model_options model_options;
    struct imgcls_evaluation_options options;
    struct trial trials[TRIALS_MAX];
    size_t count;
    int64_t classes; /* whose scores are compared */
    int side;
    bool gray; /* one channel: its numbers are the first of three */
    void (*note)(void *argument, const char *line);
    void *note_argument;
    struct eval_orders orders;
    enum eval_order order; /* by which trials are compared */
    char labels[EVAL_NAMES_PATH]; /* file that is removed in the end; empty: none */
    int background;               /* names: 1 more, -1 less than the user gave */
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

/* The orders there are for this model, once. */
static bool open_orders(struct diagnosis *d, const struct imgcls_model *model, int64_t classes)
{
    const char **names = NULL;
    bool opened;
    int64_t i;
    if (d->orders.classes > 0)
        return true;
    if (imgcls_model_label_count(model) == (size_t)classes) {
        names = calloc((size_t)classes + 1, sizeof *names);
        if (!names)
            return false;
        for (i = 0; i < classes; i++)
            names[i] = imgcls_model_label(model, (size_t)i);
    }
    opened = eval_orders_open(classes, names, &d->orders);
    free(names);
    return opened;
}

/* Right answers under each order. */
static imgcls_status count_orders(struct diagnosis *d, const struct imgcls_model *model,
                                  const struct imgcls_evaluation *e, struct trial *trial)
{
    int64_t *row, label;
    int order;
    if (!open_orders(d, model, e->classes))
        return IMGCLS_NO_MEMORY;
    row = calloc((size_t)e->classes + 1, sizeof *row);
    if (!row)
        return IMGCLS_NO_MEMORY;
    for (label = 0; label < e->classes && label < d->orders.classes; label++) {
        if (e->class_figures[label].images == 0)
            continue;
        imgcls_evaluation_confusion(e, label, row);
        for (order = 0; order < EVAL_ORDER_COUNT; order++) {
            int32_t answer = d->orders.answers[order][label];
            trial->right[order] += answer >= 0 ? row[answer] : 0;
        }
    }
    free(row);
    return IMGCLS_OK;
}

static double percent(const struct diagnosis *d, const struct trial *trial)
{
    return 100 * (double)trial->right[d->order] / (double)trial->images;
}

/* Trials take seconds each: a line for whoever waits. */
static void tell(const struct diagnosis *d, const struct trial *trial)
{
    char text[360];
    snprintf(text, sizeof text, "tried: top-1 %6.2f %%  %s", percent(d, trial), trial->recipe);
    if (d->note)
        d->note(d->note_argument, text);
}

/* One more trial; *at its number, or TRIALS_MAX where there is no room. A recipe tried before is not
 * run again. */
static imgcls_status try_recipe(struct diagnosis *d, const char *recipe, size_t *at)
{
    struct imgcls_model_options how = d->model_options;
    struct imgcls_evaluation *evaluation = NULL;
    struct imgcls_model *model = NULL;
    imgcls_status status;
    for (*at = 0; *at < d->count; (*at)++)
        if (strcmp(d->trials[*at].recipe, recipe) == 0)
            return IMGCLS_OK;
    if (d->count == TRIALS_MAX)
        return IMGCLS_OK;
    how.recipe = recipe;
    status = imgcls_model_open_with(d->ctx, d->path, &how, &model);
    if (status == IMGCLS_OK)
        status = imgcls_evaluate(model, &d->options, &evaluation);
    if (status == IMGCLS_OK) {
        struct trial *trial = &d->trials[d->count];
        memset(trial, 0, sizeof *trial);
        snprintf(trial->recipe, sizeof trial->recipe, "%s", recipe);
        trial->images = evaluation->images;
        d->classes = evaluation->compared_classes;
        trial->nll = isfinite(evaluation->nll) ? evaluation->nll : INFINITY;
        status = count_orders(d, model, evaluation, trial);
        d->count++;
        if (status == IMGCLS_OK)
            tell(d, trial);
    }
    imgcls_evaluation_destroy(evaluation);
    imgcls_model_close(model);
    return status;
}

/* ---- Which one is best --------------------------------------------------------------------------*/

/* Right answers by which trials of this many differ by chance: one deviation. */
static double by_chance(const struct diagnosis *d, int64_t right)
{
    double images = (double)d->trials[0].images, rate = (double)right / images;
    return sqrt(images * rate * (1 - rate));
}

static int64_t most_right(const struct diagnosis *d, const size_t *trials, size_t count)
{
    int64_t most = 0;
    size_t i;
    for (i = 0; i < count; i++)
        if (d->trials[trials[i]].right[d->order] > most)
            most = d->trials[trials[i]].right[d->order];
    return most;
}

/* Which of these is best: of those that are as right as the rightest but for chance the one by which
 * the labels are likeliest, which tells neighbours apart where counting does not. Under another order
 * the labels' likelihood is not known, and counts alone decide. The first of equals. */
static size_t pick(const struct diagnosis *d, const size_t *trials, size_t count)
{
    int64_t most = most_right(d, trials, count);
    double least = (double)most - (d->order == EVAL_ORDER_SAME ? by_chance(d, most) : 0);
    size_t best = count, i;
    for (i = 0; i < count; i++) {
        const struct trial *trial = &d->trials[trials[i]];
        if ((double)trial->right[d->order] < least)
            continue;
        if (best == count ||
            (d->order == EVAL_ORDER_SAME && trial->nll < d->trials[trials[best]].nll))
            best = i;
    }
    return best;
}

/* What is tried for one part of a pipeline. */
struct stage {
    struct parts parts[STAGE_MAX];
    size_t trials[STAGE_MAX], count;
};

static imgcls_status try_parts(struct diagnosis *d, const struct parts *parts, struct stage *stage)
{
    char text[300];
    size_t at;
    imgcls_status status;
    compose(d, parts, text);
    status = try_recipe(d, text, &at);
    if (status == IMGCLS_OK && at < TRIALS_MAX && stage->count < STAGE_MAX) {
        stage->trials[stage->count] = at;
        stage->parts[stage->count++] = *parts;
    }
    return status;
}

static void settle(const struct diagnosis *d, const struct stage *stage, struct parts *best)
{
    size_t at = pick(d, stage->trials, stage->count);
    if (at < stage->count)
        *best = stage->parts[at];
}

static imgcls_status try_colors(struct diagnosis *d, struct parts *best)
{
    imgcls_status status = IMGCLS_OK;
    size_t count = sizeof colors / sizeof colors[0], i;
    struct stage stage = {.count = 0};
    if (d->side > SIDE_SMALL)
        count -= COLORS_FOR_SMALL;
    for (i = 0; i < 2 * count && status == IMGCLS_OK; i++) {
        struct parts parts = {
            .color = i / 2, .bgr = i % 2, .fraction = d->side > SIDE_SMALL ? 0 : WHOLE};
        if (!d->gray || !parts.bgr)
            status = try_parts(d, &parts, &stage);
    }
    settle(d, &stage, best);
    return status;
}

/* The order that most stands out in one of the trials. */
static enum eval_order settle_order(const struct diagnosis *d)
{
    enum eval_order best = EVAL_ORDER_SAME, order;
    int64_t most = 0;
    size_t i;
    for (i = 0; i < d->count; i++) {
        order = eval_order_judge(d->trials[i].right, SEEMS_BETTER);
        if (d->trials[i].right[order] > most) {
            most = d->trials[i].right[order];
            best = order;
        }
    }
    return best;
}

/* Crop and filter, each with the best of what came before. */
static imgcls_status try_rest(struct diagnosis *d, struct parts *best)
{
    struct stage crops = {.count = 0}, sampling = {.count = 0};
    imgcls_status status = IMGCLS_OK;
    struct parts parts = *best;
    size_t i;
    for (i = 0; i < sizeof fractions / sizeof fractions[0] && status == IMGCLS_OK; i++) {
        parts.fraction = i;
        status = try_parts(d, &parts, &crops);
    }
    settle(d, &crops, best);
    parts = *best;
    for (i = 0; i < sizeof filters / sizeof filters[0] && status == IMGCLS_OK; i++) {
        parts.filter = i;
        status = try_parts(d, &parts, &sampling);
    }
    settle(d, &sampling, best);
    return status;
}

static imgcls_status search_in(struct diagnosis *d, enum eval_order order)
{
    struct parts best = {0};
    imgcls_status status;
    d->order = order;
    status = try_colors(d, &best);
    return status == IMGCLS_OK ? try_rest(d, &best) : status;
}

/* The best one first, the rest by right answers; a tie goes to what was tried first, the model's own
 * recipe before all. */
static void sort_trials(struct diagnosis *d)
{
    size_t all[TRIALS_MAX] = {0}, best, i, k;
    struct trial one;
    for (i = 0; i < d->count; i++)
        all[i] = i;
    best = pick(d, all, d->count);
    if (best >= d->count)
        return;
    one = d->trials[best];
    memmove(&d->trials[1], &d->trials[0], best * sizeof one);
    d->trials[0] = one;
    for (i = 2; i < d->count; i++) {
        one = d->trials[i];
        for (k = i; k > 1 && d->trials[k - 1].right[d->order] < one.right[d->order]; k--)
            d->trials[k] = d->trials[k - 1];
        d->trials[k] = one;
    }
}

static imgcls_status search(struct diagnosis *d)
{
    struct parts best = {0};
    imgcls_status status = try_colors(d, &best);
    if (status == IMGCLS_OK) /* colours are compared anew, not run again */
        status = search_in(d, settle_order(d));
    sort_trials(d);
    if (status != IMGCLS_OK || d->order == EVAL_ORDER_SAME ||
        eval_order_judge(d->trials[0].right, IS_BETTER) == d->order)
        return status;
    status = search_in(d, EVAL_ORDER_SAME);
    sort_trials(d);
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
    size_t at;
    imgcls_status status =
        imgcls_model_open_with(d->ctx, d->path, &d->model_options, &model);
    if (status != IMGCLS_OK)
        d->background = eval_names_mend(d->ctx, d->path, &d->model_options, d->labels);
    if (d->background)
        d->model_options.labels = d->labels;
    if (status != IMGCLS_OK) /* once more, if only for the words that say what is wrong */
        status = imgcls_model_open_with(d->ctx, d->path, &d->model_options, &model);
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
    /* A recipe that the model cannot even take is one of the mistakes to be found. */
    if (status == IMGCLS_OK && text[0] && try_recipe(d, text, &at) == IMGCLS_INTERRUPTED)
        status = IMGCLS_INTERRUPTED;
    d->trials[0].given = d->count > 0;
    return status;
}

/* What is to be done about the names; NULL: nothing. */
static const char *names_words(const struct diagnosis *d)
{
    return d->background > 0
               ? "the model has one class more than there are names: tried "
                 "with a name for background in front of them; --labels wants "
                 "a file with that line"
           : d->background < 0 ? "there is one name more than the model has classes: tried "
                                 "without the first; --labels wants a file without it"
                               : NULL;
}

/* Whether the best one is right more often than guesses are: the binomial's tail, one in 500 for
 * one trial, for there are some thirty. */
static bool stands_out(const struct diagnosis *d)
{
    double images = (double)d->trials[0].images, guess = 1 / (double)d->classes, tail = 0, k;
    if (d->classes < 2)
        return true;
    for (k = (double)d->trials[0].right[d->order]; k <= images; k++)
        tail += exp(lgamma(images + 1) - lgamma(k + 1) - lgamma(images - k + 1) + k * log(guess) +
                    (images - k) * log1p(-guess));
    return tail < 0.002;
}

static json_t *to_json(const struct diagnosis *d)
{
    json_t *list = json_array();
    size_t i;
    for (i = 0; i < d->count; i++)
        json_array_append_new(
            list,
            json_pack("{s:s,s:I,s:I,s:I,s:b,s:o}", "recipe", d->trials[i].recipe, "top1_correct",
                      (json_int_t)d->trials[i].right[d->order], "top1_correct_as_numbered",
                      (json_int_t)d->trials[i].right[EVAL_ORDER_SAME], "images",
                      (json_int_t)d->trials[i].images, "given", d->trials[i].given, "nll",
                      isfinite(d->trials[i].nll) ? json_real(d->trials[i].nll) : json_null()));
    return json_pack("{s:s,s:s,s:b,s:s,s:o,s:i,s:o}", "model", d->path, "recipe",
                     d->trials[0].recipe, "stands_out", stands_out(d), "order_name", eval_order_name(d->order), "order",
                     d->order == EVAL_ORDER_SAME ? json_null()
                                                 : json_string(eval_order_words(d->order)),
                     "background", d->background, "trials", list);
}

/* Whether the best one stands alone. */
static void print_rivals(const struct diagnosis *d)
{
    const struct trial *best = &d->trials[0];
    double chance = by_chance(d, best->right[d->order]);
    size_t rivals = 0, i;
    bool given = false;
    for (i = 1; i < d->count; i++)
        if (fabs((double)(d->trials[i].right[d->order] - best->right[d->order])) <= chance) {
            rivals++;
            given |= d->trials[i].given;
        }
    if (rivals > 0)
        printf("  as far as %lld pictures tell, %zu other%s as good%s%s (more: --limit)\n",
               (long long)best->images, rivals, rivals == 1 ? " is" : "s are",
               given ? ", the one given among them" : "",
               d->order == EVAL_ORDER_SAME ? "; with this one the labels are likeliest" : "");
}

static void print(const struct diagnosis *d)
{
    const struct trial *best = &d->trials[0];
    size_t i;
    printf("%s: %zu pipelines on %lld pictures\n", d->path, d->count,
           (long long)best->images);
    for (i = 0; i < d->count; i++)
        if (i < 8 || d->trials[i].given)
            printf("  top-1 %6.2f %%  %s%s\n", percent(d, &d->trials[i]), d->trials[i].recipe,
                   d->trials[i].given ? "  (as given)" : "");
    if (names_words(d))
        printf("  names: %s\n", names_words(d));
    if (d->order != EVAL_ORDER_SAME)
        printf("  order: %s; as it is, top-1 is %.2f %%\n", eval_order_words(d->order),
               100 * (double)best->right[EVAL_ORDER_SAME] / (double)best->images);
    printf("best: --preprocess %s\n", best->recipe);
    if (stands_out(d))
        print_rivals(d);
    else
        printf("  but none stands out: guesses among %lld classes may be right as often; the model wants "
               "something else, or the labels are not of its classes\n",
               (long long)d->classes);
}

imgcls_status eval_diagnose(struct imgcls_context *ctx, const char *path,
                            const struct imgcls_model_options *model_options,
                            const struct imgcls_evaluation_options *options, json_t **json)
{
    struct diagnosis *d = calloc(1, sizeof *d);
    imgcls_status status;
    if (!d)
        return IMGCLS_NO_MEMORY;
    d->ctx = ctx;
    d->path = path;
    d->model_options = *model_options;
    d->options = *options;
    d->options.limit = options->limit > 0 ? options->limit : PICTURES;
    d->note = options->note;
    d->note_argument = options->argument;
    d->options.note = NULL;
    d->options.progress = NULL;
    d->options.ready = NULL;
    d->options.board = NULL;
    d->options.predictions = NULL;
    status = begin(d);
    if (status == IMGCLS_OK)
        status = search(d);
    if (status == IMGCLS_OK && json)
        *json = to_json(d);
    if (status == IMGCLS_OK && !json)
        print(d);
    if (d->labels[0])
        unlink(d->labels);
    eval_orders_close(&d->orders);
    free(d);
    return status;
}
