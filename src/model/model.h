/*
 * src/model/model.h - a model as the verbs see it: graph, recipe, labels, where it came from
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_MODEL_H
#define ICL_MODEL_H

#include "src/graph/graph.h"
#include "src/recipe/recipe.h"
#include "src/session/session.h"

struct imgcls_model {
    struct imgcls_context *ctx;
    char *path;
    char sha256[65];          /* of the file; of sorted names and contents for a folder */
    const char *format;       /* "onnx", "bundle", ... */
    struct imgcls_graph *graph; /* as read: source names and opset */
    char *recipe_text;        /* canonical, or NULL */
    struct icl_recipe recipe; /* valid where recipe_text is not NULL */
    char **labels;
    size_t label_count;
    struct icl_session *session; /* made on first run */
    struct imgcls_value *result_source; /* reserved for imgcls_model_run */
};

/* Labels from text, one a line (trailing "\r" and an empty last line dropped; "wnid name"
 * lines keep both in the label and the wnid is found by icl_label_wnid). */
imgcls_status icl_labels_parse(struct imgcls_context *ctx, const char *name, const char *text,
                               size_t size, char ***labels, size_t *count);
void icl_labels_free(char **labels, size_t count);

/* The session for ordinary running (best kernels, fused, context's threads). */
imgcls_status icl_model_session(struct imgcls_model *model, struct icl_session **out);
/* Runs a batch of preprocessed pictures, [batch][channels][h][w] float32, and gives the first
 * output as float32 rows; converts to the input's own type where that is float16 or float64.
 * *rows borrowed until the next run. Fails where the model's shape contradicts. */
imgcls_status icl_model_scores(struct imgcls_model *model, const float *pictures,
                               int64_t batch, int64_t channels, int64_t height, int64_t width,
                               const float **rows, int64_t *classes);

/* top-k of one row: probabilities by softmax in double, shifted by the maximum; a row that
 * already is a distribution (all in [0, 1], sum within 1e-3 of 1) is taken as it is. Ties go
 * to the lower index; NaN counts as lowest. Returns the number written. */
size_t icl_top_k(const float *row, int64_t classes, size_t k, int32_t *index,
                 float *probability);

#endif
