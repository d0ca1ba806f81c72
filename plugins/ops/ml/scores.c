/*
 * plugins/ops/ml/scores.c - class labels, transforms of a row of scores, outputs of both
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "scores.h"

#include <math.h>

imgcls_status scores_read_transform(const struct imgcls_host *host,
                                    const struct imgcls_node *node, enum transform *out)
{
    static const char *const names[TRANSFORMS] = {[NOTHING] = "NONE",
                                                  [SOFTMAX] = "SOFTMAX",
                                                  [LOGISTIC] = "LOGISTIC",
                                                  [SOFTMAX_ZERO] = "SOFTMAX_ZERO",
                                                  [PROBIT] = "PROBIT"};
    const char *text = host->attr_string(host, node, "post_transform", "NONE");
    int i;
    for (i = 0; i < TRANSFORMS; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (enum transform)i;
            return IMGCLS_OK;
        }
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "post_transform is '%s', known are NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO, "
                   "PROBIT",
                   text);
}

/* Inverse of the normal distribution's integral, by Newton's steps on erf from Winitzki's
 * approximation (2008); scores outside (0, 1) have none. */
static double probit(double p)
{
    const double a = 0.147, log_part = log((2 * p) * (2 - 2 * p));
    const double half = 2 / (M_PI * a) + log_part / 2;
    double z = sqrt(sqrt(half * half - log_part / a) - half) * (p < 0.5 ? -1 : 1);
    int i;
    for (i = 0; i < 4; i++)
        z -= (erf(z) - (2 * p - 1)) * sqrt(M_PI) / 2 * exp(z * z);
    return sqrt(2.0) * z;
}

void scores_transform(enum transform transform, double *scores, int64_t count)
{
    double most = -INFINITY, sum = 0;
    int64_t i;
    for (i = 0; i < count; i++) {
        if (transform == LOGISTIC)
            scores[i] = 1 / (1 + exp(-scores[i]));
        else if (transform == PROBIT)
            scores[i] = probit(scores[i]);
        most = scores[i] > most ? scores[i] : most;
    }
    if (transform != SOFTMAX && transform != SOFTMAX_ZERO)
        return;
    for (i = 0; i < count; i++) {
        if (transform == SOFTMAX_ZERO && scores[i] == 0)
            continue; /* zeros stay zeros */
        scores[i] = exp(scores[i] - most);
        sum += scores[i];
    }
    for (i = 0; i < count && sum > 0; i++)
        scores[i] /= sum;
}

void scores_make_pair(enum transform transform, bool positive, double *scores)
{
    const double score = scores[0];
    scores[1] = score;
    if (positive)
        scores[0] = 1 - score;
    else
        scores[0] = -score;
    if (!positive && transform == LOGISTIC)
        scores_transform(transform, scores, 2);
}

imgcls_status scores_read_reals(const struct imgcls_host *host, const struct imgcls_node *node,
                                const char *list, const char *tensor, double **out,
                                size_t *count)
{
    const struct imgcls_attr *floats = list ? host->attr(host, node, list) : NULL;
    const struct imgcls_attr *held = tensor ? host->attr(host, node, tensor) : NULL;
    const struct imgcls_tensor *from =
        held && held->kind == IMGCLS_ATTR_TENSOR ? held->tensors[0] : NULL;
    size_t i;
    *out = NULL;
    *count = 0;
    if (from && !op_type_in(from->type, ELEMENT_FLOATS))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s must be of floats", tensor);
    if (from && op_count(from) > 0)
        *count = (size_t)op_count(from);
    else if (floats && floats->kind == IMGCLS_ATTR_FLOATS)
        *count = floats->count;
    if (*count == 0)
        return IMGCLS_OK;
    *out = host->alloc(host, *count, sizeof **out);
    if (!*out)
        return IMGCLS_NO_MEMORY;
    for (i = 0; i < *count; i++)
        (*out)[i] = from && op_count(from) > 0 ? element_real(from, (int64_t)i)
                                               : (double)floats->floats[i];
    return IMGCLS_OK;
}

imgcls_status scores_read_ints(const struct imgcls_host *host, const struct imgcls_node *node,
                               const char *name, size_t count, const int64_t **out)
{
    const size_t found = host->attr_ints(host, node, name, out);
    if (found == count)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s has %zu entries, not %zu", name, found,
                   count);
}

imgcls_status labels_read(const struct imgcls_host *host, const struct imgcls_node *node,
                          const char *texts, const char *numbers, struct labels *out)
{
    const struct imgcls_attr *text = host->attr(host, node, texts);
    const struct imgcls_attr *number = host->attr(host, node, numbers);
    *out = (struct labels){0};
    if (text && text->kind == IMGCLS_ATTR_STRINGS && text->count > 0) {
        out->count = text->count;
        out->texts = text->strings;
    } else if (number && number->kind == IMGCLS_ATTR_INTS) {
        out->count = number->count;
        out->numbers = number->ints;
    }
    if (out->count > 0)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s or %s must be there", texts, numbers);
}

int32_t labels_type(const struct labels *labels)
{
    return labels->texts ? IMGCLS_STRING : IMGCLS_I64;
}

imgcls_status labels_write(const struct labels *labels, const struct imgcls_host *host,
                           const struct imgcls_run *run, size_t index, int64_t i,
                           size_t which)
{
    if (!op_has_output(run->node, index))
        return IMGCLS_OK;
    if (labels->texts)
        return host->value_set_string(host, run->outputs[index], (size_t)i,
                                      labels->texts[which].bytes,
                                      labels->texts[which].length);
    ((int64_t *)imgcls_output(run, index)->data)[i] = labels->numbers[which];
    return IMGCLS_OK;
}

imgcls_status scores_rows(const struct imgcls_host *host, const struct imgcls_node *node,
                          int32_t rank, const int64_t *dims, int64_t *rows,
                          int64_t *features)
{
    char text[OP_SHAPE_TEXT];
    *rows = *features = -1;
    if (rank < 0)
        return IMGCLS_OK;
    if (rank != 1 && rank != 2)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input has shape %s, not [N,F]",
                       op_shape_text(rank, dims, text, sizeof text));
    *rows = rank == 2 ? dims[0] : 1;
    *features = dims[rank - 1];
    return IMGCLS_OK;
}

imgcls_status scores_infer(const struct imgcls_host *host, struct imgcls_infer *infer,
                           const struct labels *labels, int64_t columns)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[2] = {0, columns}, features;
    imgcls_status status = scores_rows(host, infer->node, in->rank, in->dims, &dims[0], &features);
    if (status == IMGCLS_OK && labels)
        status = host->infer_output(host, infer, 0, labels_type(labels), 1, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, labels != NULL, IMGCLS_F32, 2, dims)
                               : status;
}

imgcls_status scores_set_outputs(const struct imgcls_host *host, const struct imgcls_run *run,
                                 const struct labels *labels, int64_t rows, int64_t columns)
{
    const int64_t dims[2] = {rows, columns};
    imgcls_status status = IMGCLS_OK;
    if (labels)
        status = op_set_output(host, run, 0, labels_type(labels), 1, dims);
    return status == IMGCLS_OK ? op_set_output(host, run, labels != NULL, IMGCLS_F32, 2, dims)
                               : status;
}

imgcls_status scores_write_row(const struct imgcls_host *host, const struct imgcls_run *run,
                               const struct labels *labels, int64_t row, size_t best,
                               const double *scores, int64_t columns)
{
    const size_t to = labels != NULL;
    int64_t i;
    for (i = 0; i < columns && op_has_output(run->node, to); i++)
        element_set_real(imgcls_output(run, to), row * columns + i, scores[i]);
    return labels ? labels_write(labels, host, run, 0, row, best) : IMGCLS_OK;
}

int32_t scores_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_FLOATS | OP_INDEXES) && op_is_plain(node);
}
