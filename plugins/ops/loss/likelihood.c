/*
 * plugins/ops/loss/likelihood.c - NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss
 *
 * Scores are [N, C, d...] and targets [N, d...]: a column is one target and its C scores,
 * `inner` apart. A column's loss is -weight[target] * log-probability[target], 0 where the
 * target is ignore_index; the mean divides by the weights that took part.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "loss.h"
#include "plugins/ops/element.h"

enum reduction { NONE, SUM, MEAN };

static imgcls_status reduction_of(const struct imgcls_host *host,
                                  const struct imgcls_node *node, enum reduction *out)
{
    const char *word = host->attr_string(host, node, "reduction", "mean");
    *out = MEAN;
    if (strcmp(word, "none") == 0)
        *out = NONE;
    else if (strcmp(word, "sum") == 0)
        *out = SUM;
    else if (strcmp(word, "mean") != 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "reduction is '%s', allowed are none, sum, mean", word);
    return IMGCLS_OK;
}

/* Whether three shapes go together, as far as they are known; target's dims, completed by
 * the scores', come out. weight_dims NULL: no weights. */
static imgcls_status match(const struct imgcls_host *host, const struct imgcls_node *node,
                           int32_t rank, const int64_t *dims, int32_t target_rank,
                           const int64_t *target_dims, int32_t weight_rank,
                           const int64_t *weight_dims, int64_t *out)
{
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    int64_t classes;
    bool good = rank >= 2 && target_rank == rank - 1 &&
                op_merge_dim(dims[0], target_dims[0], &out[0]);
    int32_t i;
    for (i = 1; good && i < target_rank; i++)
        good = op_merge_dim(dims[i + 1], target_dims[i], &out[i]);
    if (!good)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "targets %s do not go with scores %s, [N,d...] and [N,C,d...] do",
                       op_shape_text(target_rank, target_dims, a, sizeof a),
                       op_shape_text(rank, dims, b, sizeof b));
    if (weight_dims &&
        (weight_rank != 1 || !op_merge_dim(weight_dims[0], dims[1], &classes)))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "weights %s do not go with scores %s, one for each class is needed",
                       op_shape_text(weight_rank, weight_dims, a, sizeof a),
                       op_shape_text(rank, dims, b, sizeof b));
    return IMGCLS_OK;
}

static imgcls_status loss_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *x = op_in(node, 0), *target = op_in(node, 1),
                                   *weight = op_in(node, 2);
    int64_t dims[IMGCLS_MAX_RANK];
    enum reduction reduction;
    imgcls_status status = reduction_of(host, node, &reduction);
    if (status != IMGCLS_OK)
        return status;
    if (!x || !target)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "scores and targets are needed");
    if (op_has_output(node, 1))
        status = host->infer_like(host, infer, 1, 0);
    if (status == IMGCLS_OK && x->rank >= 0 && target->rank >= 0) {
        const bool weighted = weight && weight->rank >= 0;
        status = match(host, node, x->rank, x->dims, target->rank, target->dims,
                       weighted ? weight->rank : 0, weighted ? weight->dims : NULL, dims);
        if (status == IMGCLS_OK && reduction == NONE)
            return host->infer_output(host, infer, 0, x->type, target->rank, dims);
    } else if (status == IMGCLS_OK && reduction == NONE) {
        return host->infer_output(host, infer, 0, x->type, target->rank, target->dims);
    }
    return status == IMGCLS_OK ? host->infer_output(host, infer, 0, x->type, 0, NULL)
                               : status;
}

static int32_t loss_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, ELEMENT_FLOATS) && op_takes(node, 1, OP_INDEXES) &&
           (!op_in(node, 2) || op_takes(node, 2, ELEMENT_FLOATS)) && op_is_plain(node) &&
           op_has_output(node, 0) && op_type_in(node->outputs[0]->type, ELEMENT_FLOATS);
}

struct loss {
    const struct imgcls_tensor *x, *target, *weight;
    struct imgcls_tensor *out, *log_prob; /* NULL where not wanted */
    bool softmax, ignores;
    int64_t ignored, classes, inner;
    enum reduction reduction;
};

/* A column's log-probabilities are (score - most) - log_sum, in this order, so that large
 * scores cost no digits. Without softmax the scores are the log-probabilities. */
struct shift {
    double most, log_sum;
};

/* Of the column that begins at element `at`. */
static struct shift shift_of(const struct loss *loss, int64_t at)
{
    struct shift shift = {0};
    double sum = 0;
    int64_t c;
    if (!loss->softmax || loss->classes == 0)
        return shift;
    shift.most = element_real(loss->x, at);
    for (c = 1; c < loss->classes; c++) {
        const double value = element_real(loss->x, at + c * loss->inner);
        shift.most = value > shift.most || isnan(value) ? value : shift.most;
    }
    for (c = 0; c < loss->classes; c++)
        sum += exp(element_real(loss->x, at + c * loss->inner) - shift.most);
    shift.log_sum = log(sum);
    return shift;
}

static double log_probability(const struct loss *loss, const struct shift *shift,
                              int64_t at)
{
    return element_real(loss->x, at) - shift->most - shift->log_sum;
}

static imgcls_status loss_columns(const struct imgcls_host *host,
                                  const struct imgcls_node *node, const struct loss *loss)
{
    const int64_t count = op_count(loss->target);
    double total = 0, weights = 0;
    int64_t i, c;
    for (i = 0; i < count; i++) {
        const int64_t at =
            i / loss->inner * loss->classes * loss->inner + i % loss->inner;
        const int64_t target = op_int_at(loss->target, i);
        const bool ignored = loss->ignores && target == loss->ignored;
        const struct shift shift = shift_of(loss, at);
        double weight = 0, value = 0;
        if (!ignored && (target < 0 || target >= loss->classes))
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "target %lld is outside 0..%lld",
                           (long long)target, (long long)(loss->classes - 1));
        for (c = 0; loss->log_prob && c < loss->classes; c++)
            element_set_real(loss->log_prob, at + c * loss->inner,
                             log_probability(loss, &shift, at + c * loss->inner));
        if (!ignored) {
            weight = loss->weight ? element_real(loss->weight, target) : 1;
            value = -weight * log_probability(loss, &shift, at + target * loss->inner);
        }
        total += value;
        weights += weight;
        if (loss->reduction == NONE)
            element_set_real(loss->out, i, value);
    }
    if (loss->reduction != NONE)
        element_set_real(loss->out, 0,
                         loss->reduction == MEAN ? total / weights : total);
    return IMGCLS_OK;
}

static imgcls_status loss_run(const struct imgcls_host *host, const struct imgcls_run *run,
                              bool softmax)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0), *target = imgcls_input(run, 1),
                               *weight = imgcls_input(run, 2);
    const struct imgcls_attr *ignore = host->attr(host, run->node, "ignore_index");
    struct loss loss = {.x = x,
                        .target = target,
                        .weight = weight,
                        .softmax = softmax,
                        .ignores = ignore != NULL,
                        .ignored = ignore ? ignore->i : 0};
    int64_t dims[IMGCLS_MAX_RANK];
    imgcls_status status = reduction_of(host, run->node, &loss.reduction);
    if (status == IMGCLS_OK)
        status = match(host, run->node, x->rank, x->dims, target->rank, target->dims,
                       weight ? weight->rank : 0, weight ? weight->dims : NULL, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, run->node->outputs[0]->type,
                               loss.reduction == NONE ? target->rank : 0, dims);
    if (status == IMGCLS_OK && softmax)
        status = op_set_output(host, run, 1, x->type, x->rank, x->dims);
    if (status != IMGCLS_OK)
        return status;
    loss.out = imgcls_output(run, 0);
    loss.log_prob = softmax ? imgcls_output(run, 1) : NULL;
    loss.classes = x->dims[1];
    loss.inner = imgcls_count(x->rank - 2, x->dims + 2);
    return loss_columns(host, run->node, &loss);
}

static imgcls_status nll_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    return loss_run(host, run, false);
}

static imgcls_status cross_entropy_portable(const struct imgcls_host *host,
                                            const struct imgcls_run *run)
{
    return loss_run(host, run, true);
}

static const struct imgcls_kernel nll_kernel =
    OP_KERNEL("nll_loss_portable", loss_accepts, nll_portable);
static const struct imgcls_kernel cross_entropy_kernel =
    OP_KERNEL("cross_entropy_portable", loss_accepts, cross_entropy_portable);
const struct imgcls_op negative_log_likelihood_op =
    OP_ENTRY("NegativeLogLikelihoodLoss", 12, 0, loss_infer, NULL, &nll_kernel);
const struct imgcls_op softmax_cross_entropy_op =
    OP_ENTRY("SoftmaxCrossEntropyLoss", 12, 0, loss_infer, NULL, &cross_entropy_kernel);
