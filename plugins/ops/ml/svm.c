/*
 * plugins/ops/ml/svm.c - SVMClassifier, SVMRegressor: support vector machines
 *
 * With support vectors a kernel of the row and each vector is weighted and summed; without,
 * the coefficients are planes. A classifier of k classes with vectors has k (k - 1) / 2
 * machines, one a pair of classes, which vote; with prob_a and prob_b their decisions become
 * probabilities by Platt's logistic and the coupling of Wu, Lin and Weng (2004). How many scores there
 * are, and how one score serves two classes, is ONNX Runtime's way, since the specification
 * leaves it open. Sums run in double, by features and vectors in order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "ml.h"
#include "scores.h"

#define ROUNDS      100    /* of coupling probabilities, at least; as many as classes */
#define SURELY      1e-7   /* a probability of a pair stays this far from 0 and 1 */
#define CLOSE       0.005  /* coupled probabilities are right to this, shared among classes */
#define MOST_LABELS 32768  /* whose pairs can still be counted in 32 bits */

enum kernel_kind { LINEAR, POLY, RBF, SIGMOID, KERNELS };

struct list {
    double *values;
    size_t count;
};

struct svm {
    enum kernel_kind kind;
    enum transform transform;
    double gamma, coef0, degree;
    struct list coefficients, vectors, rho, prob_a, prob_b;
    size_t vector_count, pairs; /* pairs of classes */
    const int64_t *per_class;   /* support vectors of each class */
    bool one_class, split;      /* split: one score becomes two */
    struct labels labels;
};

static void model_release(const struct imgcls_host *host, void *state)
{
    struct svm *svm = state;
    if (svm) {
        host->release(host, svm->coefficients.values);
        host->release(host, svm->vectors.values);
        host->release(host, svm->rho.values);
        host->release(host, svm->prob_a.values);
        host->release(host, svm->prob_b.values);
    }
    host->release(host, svm);
}

static bool is_classifier(const struct imgcls_node *node)
{
    return strcmp(node->type, "SVMClassifier") == 0;
}

/* Attributes that decide the shape: labels, and how many vectors there are. */
static imgcls_status read_sizes(const struct imgcls_host *host, const struct imgcls_node *node,
                                struct svm *svm)
{
    const struct imgcls_attr *rho = host->attr(host, node, "rho");
    int64_t total = 0;
    size_t count, i;
    imgcls_status status;
    if (!is_classifier(node)) {
        total = host->attr_int(host, node, "n_supports", 0);
        if (total < 0 || total > INT32_MAX)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "n_supports is %lld",
                           (long long)total);
        svm->vector_count = (size_t)total;
        return IMGCLS_OK;
    }
    status = labels_read(host, node, "classlabels_strings", "classlabels_ints", &svm->labels);
    if (status != IMGCLS_OK)
        return status;
    if (svm->labels.count > MOST_LABELS)
        return OP_FAIL(host, node, IMGCLS_LIMIT, "%zu classes, at most %d are supported",
                       svm->labels.count, MOST_LABELS);
    count = host->attr_ints(host, node, "vectors_per_class", &svm->per_class);
    for (i = 0; i < count; i++) {
        if (svm->per_class[i] < 0 || svm->per_class[i] > INT32_MAX - total)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "vectors_per_class[%zu] is %lld", i,
                           (long long)svm->per_class[i]);
        total += svm->per_class[i];
    }
    svm->vector_count = (size_t)total;
    if (total > 0 && count != svm->labels.count)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "vectors_per_class is for %zu of %zu classes",
                       count, svm->labels.count);
    svm->pairs = svm->labels.count * (svm->labels.count - 1) / 2;
    svm->split = svm->labels.count == 2 && rho && rho->kind == IMGCLS_ATTR_FLOATS &&
                 rho->count == 1;
    return IMGCLS_OK;
}

/* Scores of a row before one becomes two. */
static size_t score_count(const struct svm *svm, bool has_probabilities)
{
    if (svm->labels.count == 0)
        return 1;
    return svm->vector_count > 0 && !has_probabilities ? svm->pairs : svm->labels.count;
}

static size_t width_of(const struct svm *svm, bool has_probabilities)
{
    const size_t count = score_count(svm, has_probabilities);
    return count == 1 && svm->split ? 2 : count;
}

static imgcls_status read_kernel(const struct imgcls_host *host, const struct imgcls_node *node,
                                 struct svm *svm)
{
    static const char *const names[KERNELS] = {
        [LINEAR] = "LINEAR", [POLY] = "POLY", [RBF] = "RBF", [SIGMOID] = "SIGMOID"};
    const char *text = host->attr_string(host, node, "kernel_type", "LINEAR");
    const struct imgcls_attr *params = host->attr(host, node, "kernel_params");
    int i;
    if (params && params->kind == IMGCLS_ATTR_FLOATS && params->count > 0) {
        if (params->count != 3)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "kernel_params has %zu numbers, needed are gamma, coef0, degree",
                           params->count);
        svm->gamma = (double)params->floats[0];
        svm->coef0 = (double)params->floats[1];
        svm->degree = (double)params->floats[2];
    }
    for (i = 0; i < KERNELS; i++)
        if (strcmp(text, names[i]) == 0) {
            svm->kind = svm->vector_count > 0 ? (enum kernel_kind)i : LINEAR;
            return IMGCLS_OK;
        }
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "kernel_type is '%s', known are LINEAR, POLY, RBF, SIGMOID", text);
}

/* How many numbers each list must have, as far as that does not depend on the features. */
static imgcls_status check_lists(const struct imgcls_host *host, const struct imgcls_node *node,
                                 const struct svm *svm)
{
    const bool pairwise = svm->labels.count > 0 && svm->vector_count > 0;
    const size_t machines = pairwise ? svm->pairs : 1;
    if (svm->rho.count < (pairwise ? svm->pairs : 1))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "rho has %zu numbers for %zu machines",
                       svm->rho.count, machines);
    if (pairwise && svm->labels.count < 2)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "support vectors of only one class");
    if (svm->vector_count > 0 &&
        svm->coefficients.count !=
            svm->vector_count * (pairwise ? svm->labels.count - 1 : 1))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "%zu coefficients for %zu support vectors of %zu classes",
                       svm->coefficients.count, svm->vector_count, svm->labels.count);
    if (svm->prob_a.count != svm->prob_b.count ||
        (pairwise && svm->prob_a.count > 0 && svm->prob_a.count < svm->pairs))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "prob_a has %zu and prob_b %zu numbers for %zu pairs of classes",
                       svm->prob_a.count, svm->prob_b.count, svm->pairs);
    return IMGCLS_OK;
}

static bool couples(const struct svm *svm)
{
    return svm->vector_count > 0 && svm->prob_a.count > 0;
}

static imgcls_status model_prepare(const struct imgcls_host *host,
                                 struct imgcls_prepare *prepare)
{
    const struct imgcls_node *node = prepare->node;
    struct svm *svm = host->alloc(host, 1, sizeof *svm);
    imgcls_status status;
    size_t i, classes;
    if (!svm)
        return IMGCLS_NO_MEMORY;
    prepare->state = svm;
    const struct {
        const char *name;
        struct list *list;
    } lists[] = {{"coefficients", &svm->coefficients},
                 {"support_vectors", &svm->vectors},
                 {"rho", &svm->rho},
                 {"prob_a", &svm->prob_a},
                 {"prob_b", &svm->prob_b}};
    status = read_sizes(host, node, svm);
    if (status == IMGCLS_OK)
        status = read_kernel(host, node, svm);
    if (status == IMGCLS_OK)
        status = scores_read_transform(host, node, &svm->transform);
    for (i = 0; status == IMGCLS_OK && i < sizeof lists / sizeof lists[0]; i++)
        status = scores_read_reals(host, node, lists[i].name, NULL, &lists[i].list->values,
                                   &lists[i].list->count);
    if (status == IMGCLS_OK)
        status = check_lists(host, node, svm);
    if (status != IMGCLS_OK)
        return status;
    svm->one_class = host->attr_int(host, node, "one_class", 0) != 0;
    classes = svm->labels.count;
    /* kernels, votes, scores (one may become two), probabilities of pairs, the rest of
     * coupling; every factor was compared with the length of a list in the file */
    prepare->workspace_bytes =
        (svm->vector_count + classes + (svm->vector_count > 0 ? svm->pairs : 0) + classes + 2 +
         (couples(svm) ? 2 * classes * classes + classes : 0)) *
        sizeof(double);
    return status;
}

static double kernel_of(const struct svm *svm, const struct imgcls_tensor *x, int64_t begin,
                        const double *vector, int64_t features)
{
    double sum = 0;
    int64_t f;
    for (f = 0; f < features; f++) {
        const double value = element_real(x, begin + f);
        const double apart = value - vector[f];
        sum += svm->kind == RBF ? apart * apart : value * vector[f];
    }
    switch (svm->kind) {
    case POLY:
        return pow(svm->gamma * sum + svm->coef0, svm->degree);
    case RBF:
        return exp(-svm->gamma * sum);
    case SIGMOID:
        return tanh(svm->gamma * sum + svm->coef0);
    default:
        return sum;
    }
}

/* Each pair of classes decides; a decision above 0 is a vote for the first of them. */
static void decide_pairs(const struct svm *svm, const double *kernels, double *scores,
                         double *votes)
{
    const size_t classes = svm->labels.count;
    size_t i, j, k, at_i = 0, at_j, pair = 0;
    for (i = 0; i < classes; i++)
        votes[i] = 0;
    for (i = 0; i < classes; i++) {
        at_j = at_i + (size_t)svm->per_class[i];
        for (j = i + 1; j < classes; j++, pair++) {
            const double *of_i = svm->coefficients.values + (j - 1) * svm->vector_count;
            const double *of_j = svm->coefficients.values + i * svm->vector_count;
            double sum = 0;
            for (k = at_i; k < at_i + (size_t)svm->per_class[i]; k++)
                sum += of_i[k] * kernels[k];
            for (k = at_j; k < at_j + (size_t)svm->per_class[j]; k++)
                sum += of_j[k] * kernels[k];
            scores[pair] = sum + svm->rho.values[pair];
            votes[scores[pair] > 0 ? i : j] += 1;
            at_j += (size_t)svm->per_class[j];
        }
        at_i += (size_t)svm->per_class[i];
    }
}

/* Probabilities of the classes from those of pairs: p minimises the sum over pairs of
 * (r[j][i] p[i] - r[i][j] p[j])^2, found by coordinate steps. q and slope are scratch. */
static void couple(size_t classes, const double *r, double *q, double *slope, double *p)
{
    const size_t rounds = classes > ROUNDS ? classes : ROUNDS;
    size_t round, t, j;
    for (t = 0; t < classes; t++) {
        p[t] = 1.0 / (double)classes;
        q[t * classes + t] = 0;
        for (j = 0; j < classes; j++) {
            if (j == t)
                continue;
            q[t * classes + t] += r[j * classes + t] * r[j * classes + t];
            q[t * classes + j] = -r[j * classes + t] * r[t * classes + j];
        }
    }
    for (round = 0; round < rounds; round++) {
        double value = 0, worst = 0;
        for (t = 0; t < classes; t++) {
            slope[t] = 0;
            for (j = 0; j < classes; j++)
                slope[t] += q[t * classes + j] * p[j];
            value += p[t] * slope[t];
        }
        for (t = 0; t < classes; t++)
            worst = fmax(worst, fabs(slope[t] - value));
        if (worst < CLOSE / (double)classes)
            return;
        for (t = 0; t < classes; t++) {
            const double own = q[t * classes + t], step = (value - slope[t]) / own;
            p[t] += step;
            value = (value + step * (step * own + 2 * slope[t])) / ((1 + step) * (1 + step));
            for (j = 0; j < classes; j++) {
                slope[j] = (slope[j] + step * q[t * classes + j]) / (1 + step);
                p[j] /= 1 + step;
            }
        }
    }
}

/* Decisions of pairs become probabilities of classes, in place. */
static void probabilities(const struct svm *svm, double *scores, double *room)
{
    const size_t classes = svm->labels.count;
    double *r = room, *q = r + classes * classes, *slope = q + classes * classes;
    size_t i, j, pair = 0;
    for (i = 0; i < classes; i++)
        for (j = i + 1; j < classes; j++, pair++) {
            const double at = scores[pair] * svm->prob_a.values[pair] + svm->prob_b.values[pair];
            double p = 1 / (1 + exp(at));
            p = p < SURELY ? SURELY : p > 1 - SURELY ? 1 - SURELY : p;
            r[i * classes + j] = p;
            r[j * classes + i] = 1 - p;
        }
    couple(classes, r, q, slope, scores);
}

static size_t greatest(const double *values, size_t count)
{
    size_t best = 0, i;
    for (i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

/* Scores of a row; the position of its class. */
static size_t score_row(const struct svm *svm, const struct imgcls_tensor *x, int64_t row,
                        int64_t features, double *kernels)
{
    const size_t classes = svm->labels.count;
    double *votes = kernels + svm->vector_count, *scores = votes + classes;
    const double *planes = svm->vector_count > 0 ? svm->vectors.values
                                                 : svm->coefficients.values;
    double *to = svm->vector_count > 0 ? kernels : scores;
    const size_t sums = svm->vector_count > 0 ? svm->vector_count : score_count(svm, false);
    size_t i, best;
    for (i = 0; i < sums; i++)
        to[i] = kernel_of(svm, x, row * features, planes + i * (size_t)features, features);
    if (svm->vector_count == 0) {
        for (i = 0; i < sums; i++)
            scores[i] += svm->rho.values[0];
        return greatest(scores, sums);
    }
    if (classes == 0) {
        scores[0] = svm->rho.values[0];
        for (i = 0; i < svm->vector_count; i++)
            scores[0] += svm->coefficients.values[i] * kernels[i];
        return 0;
    }
    decide_pairs(svm, kernels, scores, votes);
    best = greatest(votes, classes);
    if (couples(svm))
        probabilities(svm, scores, scores + svm->pairs + classes + 2);
    return best;
}

static imgcls_status check_features(const struct imgcls_host *host,
                                    const struct imgcls_node *node, const struct svm *svm,
                                    int64_t features)
{
    const size_t planes = svm->vector_count > 0 ? svm->vector_count : score_count(svm, false);
    const struct list *list = svm->vector_count > 0 ? &svm->vectors : &svm->coefficients;
    if (features > 0 && list->count / (size_t)features == planes &&
        list->count % (size_t)features == 0)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%zu %s for %zu %s of %lld features",
                   list->count, svm->vector_count > 0 ? "support_vectors" : "coefficients",
                   planes, svm->vector_count > 0 ? "vectors" : "scores", (long long)features);
}

static imgcls_status model_run(const struct imgcls_host *host, const struct imgcls_run *run)
{
    const struct svm *svm = run->state;
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    const size_t to = svm->labels.count > 0;
    const size_t count = score_count(svm, couples(svm)), width = width_of(svm, couples(svm));
    double *kernels = run->workspace;
    double *scores = kernels + svm->vector_count + svm->labels.count;
    int64_t dims[2], features, row;
    size_t i;
    imgcls_status status = scores_rows(host, run->node, x->rank, x->dims, &dims[0], &features);
    dims[1] = (int64_t)width;
    if (status == IMGCLS_OK)
        status = check_features(host, run->node, svm, features);
    if (status == IMGCLS_OK && to > 0)
        status = op_set_output(host, run, 0, labels_type(&svm->labels), 1, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, to, IMGCLS_F32, 2, dims);
    for (row = 0; status == IMGCLS_OK && row < dims[0]; row++) {
        const size_t best = score_row(svm, x, row, features, kernels);
        if (to > 0)
            status = labels_write(&svm->labels, host, run, 0, row, best);
        if (svm->one_class)
            scores[0] = scores[0] > 0 ? 1 : -1;
        if (width > count)
            scores_make_pair(svm->transform,
                             svm->transform != NOTHING && svm->transform != LOGISTIC, scores);
        if (to > 0 && (width == count || svm->transform == PROBIT))
            scores_transform(svm->transform, scores, (int64_t)width);
        for (i = 0; i < width && op_has_output(run->node, to); i++)
            element_set_real(imgcls_output(run, to), row * (int64_t)width + (int64_t)i,
                             scores[i]);
    }
    return status;
}

static imgcls_status model_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    const struct imgcls_attr *prob_a = host->attr(host, infer->node, "prob_a");
    struct svm svm = {0};
    int64_t dims[2], features;
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    status = read_sizes(host, infer->node, &svm);
    if (status == IMGCLS_OK)
        status = scores_rows(host, infer->node, in->rank, in->dims, &dims[0], &features);
    dims[1] = (int64_t)width_of(&svm, prob_a && prob_a->kind == IMGCLS_ATTR_FLOATS &&
                                          prob_a->count > 0);
    if (status == IMGCLS_OK && svm.labels.count > 0)
        status = host->infer_output(host, infer, 0, labels_type(&svm.labels), 1, dims);
    return status == IMGCLS_OK
               ? op_infer_shape(host, infer, svm.labels.count > 0, IMGCLS_F32, 2, dims)
               : status;
}

SCORES_MODEL(svm_classifier_op, "SVMClassifier", "svm_classifier_portable");
SCORES_MODEL(svm_regressor_op, "SVMRegressor", "svm_regressor_portable");
