/*
 * plugins/ops/ml/scores.h - what classifiers of this domain share: class labels, what is done to
 * the scores of a row at the end, and the outputs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_ML_SCORES_H
#define OPS_ML_SCORES_H

#include "plugins/ops/element.h"

/* In the order of TreeEnsemble's numbers. */
enum transform { NOTHING, SOFTMAX, LOGISTIC, SOFTMAX_ZERO, PROBIT, TRANSFORMS };

/* The attribute post_transform as text; NONE where it is absent. */
imgcls_status scores_read_transform(const struct imgcls_host *host,
                                    const struct imgcls_node *node, enum transform *out);
/* In place, in double. */
void scores_transform(enum transform transform, double *scores, int64_t count);

/* The one score of two classes becomes two: `positive` says whether it is a share of 1, so
 * that the other class has the rest, or a decision around 0. ONNX Runtime's rules, since the
 * specification has none. scores has room for two. */
void scores_make_pair(enum transform transform, bool positive, double *scores);

/* Numbers of a list of floats or of a tensor, whichever the node has; own (release), NULL
 * where it has none. Either name may be NULL. */
imgcls_status scores_read_reals(const struct imgcls_host *host, const struct imgcls_node *node,
                                const char *list, const char *tensor, double **out,
                                size_t *count);

/* A list of integers that must have `count` entries; borrowed from the node. */
imgcls_status scores_read_ints(const struct imgcls_host *host, const struct imgcls_node *node,
                               const char *name, size_t count, const int64_t **out);

/* Class labels: texts or integers. */
struct labels {
    size_t count;
    const struct imgcls_string *texts; /* NULL: integers */
    const int64_t *numbers;
};
imgcls_status labels_read(const struct imgcls_host *host, const struct imgcls_node *node,
                          const char *texts, const char *numbers, struct labels *out);
int32_t labels_type(const struct labels *labels);
/* Output `index`, element i, gets label `which`. */
imgcls_status labels_write(const struct labels *labels, const struct imgcls_host *host,
                           const struct imgcls_run *run, size_t index, int64_t i,
                           size_t which);

/* Rows and features of [N,F], or of [F] as one row; fails for other ranks. rank -1: unknown
 * rows and features. */
imgcls_status scores_rows(const struct imgcls_host *host, const struct imgcls_node *node,
                          int32_t rank, const int64_t *dims, int64_t *rows,
                          int64_t *features);

/* What the classifiers and regressors of this domain have in common: rows of features become
 * rows of `columns` scores, and before them, with labels (else NULL), a label each. */
imgcls_status scores_infer(const struct imgcls_host *host, struct imgcls_infer *infer,
                           const struct labels *labels, int64_t columns);
imgcls_status scores_set_outputs(const struct imgcls_host *host, const struct imgcls_run *run,
                                 const struct labels *labels, int64_t rows, int64_t columns);
imgcls_status scores_write_row(const struct imgcls_host *host, const struct imgcls_run *run,
                               const struct labels *labels, int64_t row, size_t best,
                               const double *scores, int64_t columns);
int32_t scores_accepts(const struct imgcls_host *host, const struct imgcls_node *node);

/* Defines operator `symbol`, of the first five versions; what it does is the file's model_infer,
 * model_prepare, model_run and model_release. */
#define SCORES_MODEL(symbol, type_, kernel_)                                               \
    static const struct imgcls_kernel symbol##_kernel = {                                  \
        .struct_size = sizeof(struct imgcls_kernel),                                       \
        .name = kernel_,                                                                   \
        .accepts = scores_accepts,                                                         \
        .prepare = model_prepare,                                                          \
        .run = model_run,                                                                  \
        .release = model_release,                                                          \
    };                                                                                     \
    const struct imgcls_op symbol = {                                                      \
        .struct_size = sizeof(struct imgcls_op),                                           \
        .domain = "ai.onnx.ml",                                                            \
        .type = type_,                                                                     \
        .since_first = 1,                                                                  \
        .since_last = 5,                                                                   \
        .infer = model_infer,                                                              \
        .kernels = (const struct imgcls_kernel *const[]){&symbol##_kernel, NULL},          \
    }

#endif
