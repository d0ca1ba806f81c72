/*
 * src/model/model.h - a model as the verbs see it: graph, recipe, labels, origin
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_MODEL_H
#define ICL_MODEL_H

#include "src/bundle/checks.h"
#include "src/graph/graph.h"
#include "src/recipe/recipe.h"
#include "src/session/session.h"

struct imgcls_model {
    struct imgcls_context *ctx;
    char *path;
    struct imgcls_source *source; /* own: what path names, kept open */
    char sha256[65];    /* "" until imgcls_model_sha256 was asked: hashing takes its time */
    const char *format; /* "onnx", "bundle", ... */
    struct imgcls_graph *graph; /* as read: source names and opset */
    char *recipe_text;          /* canonical, or NULL */
    struct icl_recipe recipe;   /* valid where recipe_text is not NULL */
    char **labels;
    size_t label_count;
    size_t class_count;          /* 0: not known before running */
    struct icl_session *session; /* made on first run */
    struct imgcls_model *original; /* whose twin it is; NULL: it is none */
    struct icl_plans *plans;       /* own: what its twins run; NULL: none yet */
    bool once;                   /* one run is expected of the session */
    struct icl_checks *checks;   /* own: what is verified by the first run; NULL: all was */
    /* For one run, grown as needed: values around tensors, converted input, rows. */
    struct imgcls_value *run_values;
    const struct imgcls_value **run_inputs, **run_outputs;
    void *feed;
    float *rows;
    size_t feed_bytes, rows_bytes;
};

/* -- labels.c -- */

/* Labels from text, one a line (trailing "\r" and an empty last line dropped; "wnid name"
 * lines keep both in the label and the wnid is found by icl_label_wnid). */
imgcls_status icl_labels_parse(struct imgcls_context *ctx, const char *name,
                               const char *text, size_t size, char ***labels,
                               size_t *count);
void icl_labels_free(char **labels, size_t count);

/* -- shape_option.c -- */

/* Sets the shape of a graph input from "name=1,3,224,224" or "name:[1,3,224,224]"; the name
 * may be left out where there is one input. */
imgcls_status icl_shape_option(struct imgcls_graph *graph, const char *text);

/* -- run.c -- */

/* The session for ordinary running (best kernels, fused, context's threads). */
imgcls_status icl_model_session(struct imgcls_model *model, struct icl_session **out);

/* The plans of the model's twins, made at the first call. Borrowed. */
imgcls_status icl_model_plans(struct imgcls_model *model, struct icl_plans **out);
/* Gives these plans back; no twin may be left. */
void icl_model_forget_plans(struct imgcls_model *model);
/* Another model over the same graph, recipe and labels, with a session of its own that runs on one
 * thread: twins may run while the others run, over the same plans and packed weights, but for graphs
 * whose plans are not settled (icl_plan_is_settled). The first must outlive it. One twin at a time
 * is made. Own: icl_model_twin_close. */
imgcls_status icl_model_twin(struct imgcls_model *model, struct imgcls_model **out);
void icl_model_twin_close(struct imgcls_model *twin);

/* -- scores.c -- */

/* Runs a batch of preprocessed pictures, [batch][channels][h][w] float32, and gives the
 * first output as float32 rows; converts to the input's own type where that is float16 or
 * float64, to channels last where the input is N x H x W x C, and runs in pieces where the
 * model's batch is fixed. *rows borrowed until the next run. Fails where the model's shape
 * contradicts. */
imgcls_status icl_model_scores(struct imgcls_model *model, const float *pictures,
                               int64_t batch, int64_t channels, int64_t height,
                               int64_t width, const float **rows, int64_t *classes);
/* Makes the plan that twins of the model run for such batches, its weights packed by all of the
 * context's threads. *out: borrowed, while the model lives and no other plan is made. */
imgcls_status icl_model_plan_twins(struct imgcls_model *model, int64_t batch, int64_t channels,
                                   int64_t height, int64_t width, const struct icl_plan **out);
/* IMGCLS_BAD_INPUT where the model has no recipe, naming --preprocess and the presets. */
imgcls_status icl_model_needs_recipe(const struct imgcls_model *model);

/* -- top.c -- */

/* Whether a row of scores already is a distribution: all in [0, 1], sum within 1e-3 of 1. */
bool icl_is_distribution(const float *row, int64_t classes);
/* top-k of one row: probabilities by softmax in double, shifted by the maximum; a row that
 * already is a distribution is taken as it is. Ties
 * go to the lower index; NaN counts as lowest. Returns the number written. */
size_t icl_top_k(const float *row, int64_t classes, size_t k, int32_t *index,
                 float *probability);

#endif
