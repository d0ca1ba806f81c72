/*
 * plugins/ops/ml/linear_model.c - LinearClassifier, LinearRegressor: x times coefficients plus
 * intercepts
 *
 * A classifier with one row of coefficients and two labels decides at 0 and gives 1 - s and s
 * (with LOGISTIC their logistics): ONNX Runtime's way, since the specification leaves it open.
 * Sums run in double, by features in order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "ml.h"
#include "scores.h"

struct model {
    double *coefficients, *intercepts;
    size_t coefficient_count, intercept_count;
    int64_t targets; /* rows of coefficients */
    enum transform transform;
    bool classifies, pairs; /* pairs: one score for two classes */
    struct labels labels;
};

/* NULL for a regressor. */
static const struct labels *labels_of(const struct model *model)
{
    return model->classifies ? &model->labels : NULL;
}

static void model_release(const struct imgcls_host *host, void *state)
{
    struct model *model = state;
    if (model) {
        host->release(host, model->coefficients);
        host->release(host, model->intercepts);
    }
    host->release(host, model);
}

/* Labels and the number of scores of a classifier. */
static imgcls_status read_shape(const struct imgcls_host *host, const struct imgcls_node *node,
                                struct model *model)
{
    const struct imgcls_attr *intercepts = host->attr(host, node, "intercepts");
    imgcls_status status;
    model->classifies = strcmp(node->type, "LinearClassifier") == 0;
    if (!model->classifies) {
        model->targets = host->attr_int(host, node, "targets", 1);
        if (model->targets < 1 || model->targets > INT32_MAX)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "targets is %lld",
                           (long long)model->targets);
        return IMGCLS_OK;
    }
    status = labels_read(host, node, "classlabels_strings", "classlabels_ints",
                         &model->labels);
    if (status != IMGCLS_OK)
        return status;
    model->targets = (int64_t)model->labels.count;
    if (intercepts && intercepts->kind == IMGCLS_ATTR_FLOATS && intercepts->count == 1 &&
        model->labels.count == 2) {
        model->targets = 1;
        model->pairs = true;
    }
    return IMGCLS_OK;
}

static imgcls_status model_prepare(const struct imgcls_host *host,
                                   struct imgcls_prepare *prepare)
{
    const struct imgcls_node *node = prepare->node;
    struct model *model = host->alloc(host, 1, sizeof *model);
    imgcls_status status;
    if (!model)
        return IMGCLS_NO_MEMORY;
    prepare->state = model;
    status = read_shape(host, node, model);
    if (status == IMGCLS_OK)
        status = scores_read_transform(host, node, &model->transform);
    if (status == IMGCLS_OK)
        status = scores_read_reals(host, node, "coefficients", NULL, &model->coefficients,
                                   &model->coefficient_count);
    if (status == IMGCLS_OK)
        status = scores_read_reals(host, node, "intercepts", NULL, &model->intercepts,
                                   &model->intercept_count);
    if (status == IMGCLS_OK && model->intercept_count > 0 &&
        model->intercept_count != (size_t)model->targets)
        status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%zu intercepts for %lld scores",
                         model->intercept_count, (long long)model->targets);
    prepare->workspace_bytes = ((size_t)model->targets + 1) * sizeof(double);
    return status;
}

static size_t score_row(const struct model *model, const struct imgcls_tensor *x, int64_t row,
                        int64_t features, double *scores)
{
    size_t best = 0;
    int64_t t, f;
    for (t = 0; t < model->targets; t++) {
        double sum = 0;
        for (f = 0; f < features; f++)
            sum += element_real(x, row * features + f) *
                   model->coefficients[t * features + f];
        scores[t] = sum + (model->intercept_count ? model->intercepts[t] : 0);
        if (scores[t] > scores[best])
            best = (size_t)t;
    }
    if (!model->pairs)
        return best;
    best = scores[0] > 0;
    scores_make_pair(model->transform, model->transform != LOGISTIC, scores);
    return best;
}

static imgcls_status model_run(const struct imgcls_host *host, const struct imgcls_run *run)
{
    const struct model *model = run->state;
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    const int64_t width = model->targets + model->pairs;
    double *scores = run->workspace;
    int64_t rows, features, row;
    imgcls_status status = scores_rows(host, run->node, x->rank, x->dims, &rows, &features);
    if (status == IMGCLS_OK && (features < 1 || model->coefficient_count / (size_t)features !=
                                                    (size_t)model->targets ||
                                model->coefficient_count % (size_t)features != 0))
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                         "%zu coefficients for %lld scores of %lld features",
                         model->coefficient_count, (long long)model->targets,
                         (long long)features);
    if (status == IMGCLS_OK)
        status = scores_set_outputs(host, run, labels_of(model), rows, width);
    for (row = 0; status == IMGCLS_OK && row < rows; row++) {
        const size_t best = score_row(model, x, row, features, scores);
        if (model->targets > 1 || model->transform == PROBIT)
            scores_transform(model->transform, scores, width);
        status = scores_write_row(host, run, labels_of(model), row, best, scores, width);
    }
    return status;
}

static imgcls_status model_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    struct model model = {0};
    imgcls_status status;
    if (!op_in(infer->node, 0))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    status = read_shape(host, infer->node, &model);
    return status == IMGCLS_OK ? scores_infer(host, infer, labels_of(&model), model.targets + model.pairs)
                               : status;
}

SCORES_MODEL(linear_classifier_op, "LinearClassifier", "linear_classifier_portable");
SCORES_MODEL(linear_regressor_op, "LinearRegressor", "linear_regressor_portable");
