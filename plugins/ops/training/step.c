/*
 * plugins/ops/training/step.c - Adagrad, Adam, Momentum: one step of an optimiser
 *
 * Inputs are R (learning rate), T (steps so far), then `lists` lists of n tensors each: X,
 * gradients, states. Outputs are the lists without the gradients. A rule changes one
 * element: values[] are X, gradient, states, and come back new.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "plugins/ops/element.h"
#include "training.h"

#define LISTS 4 /* most lists */

struct rule {
    double rate, norm, norm_post, alpha, beta, epsilon;
    bool nesterov;
    void (*element)(const struct rule *rule, double *values);
};

static void adagrad(const struct rule *rule, double *v)
{
    const double gradient = rule->norm * v[0] + v[1];
    v[2] += gradient * gradient;
    v[0] -= rule->rate * gradient / (sqrt(v[2]) + rule->epsilon);
}

static void adam(const struct rule *rule, double *v)
{
    const double gradient = rule->norm * v[0] + v[1];
    v[2] = rule->alpha * v[2] + (1 - rule->alpha) * gradient;
    v[3] = rule->beta * v[3] + (1 - rule->beta) * gradient * gradient;
    v[0] -= rule->rate * (v[2] / (sqrt(v[3]) + rule->epsilon));
    v[0] *= 1 - rule->norm_post;
}

static void momentum(const struct rule *rule, double *v)
{
    const double gradient = rule->norm * v[0] + v[1];
    v[2] = rule->alpha * v[2] + rule->beta * gradient;
    v[0] -= rule->rate * (rule->nesterov ? gradient + rule->alpha * v[2] : v[2]);
}

/* Number of tensors a list has. */
static imgcls_status count_of(const struct imgcls_host *host,
                              const struct imgcls_node *node, size_t lists, size_t *out)
{
    size_t i;
    *out = 0;
    for (i = 0; i < node->input_count; i++)
        if (!op_in(node, i))
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input %zu is missing", i);
    if (node->input_count < 2 + lists || (node->input_count - 2) % lists != 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "there are %zu inputs, 2 and a multiple of %zu are needed",
                       node->input_count, lists);
    *out = (node->input_count - 2) / lists;
    return IMGCLS_OK;
}

/* Input of list `list` (gradients are list 1) behind output list. */
static size_t input_of(size_t list, size_t n, size_t i)
{
    return 2 + list * n + i;
}

static imgcls_status step_infer(const struct imgcls_host *host, struct imgcls_infer *infer,
                                size_t lists)
{
    size_t n, i, list;
    imgcls_status status = count_of(host, infer->node, lists, &n);
    for (list = 0; status == IMGCLS_OK && list + 1 < lists; list++)
        for (i = 0; status == IMGCLS_OK && i < n; i++)
            status = host->infer_like(host, infer, list * n + i,
                                      input_of(list ? list + 1 : 0, n, i));
    return status;
}

static imgcls_status step_tensor(const struct imgcls_host *host,
                                 const struct imgcls_run *run, const struct rule *rule,
                                 size_t lists, size_t n, size_t i)
{
    const struct imgcls_tensor *in[LISTS] = {imgcls_input(run, input_of(0, n, i))};
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    imgcls_status status = IMGCLS_OK;
    int64_t at, count;
    size_t list;
    for (list = 0; list < lists; list++) {
        in[list] = imgcls_input(run, input_of(list, n, i));
        if (in[list]->rank != in[0]->rank ||
            memcmp(in[list]->dims, in[0]->dims, (size_t)in[0]->rank * sizeof(int64_t)) != 0)
            return OP_FAIL(
                host, run->node, IMGCLS_BAD_INPUT, "tensor %zu is %s, its gradient or state %s",
                i, op_shape_text(in[0]->rank, in[0]->dims, a, sizeof a),
                op_shape_text(in[list]->rank, in[list]->dims, b, sizeof b));
        if (list != 1 && status == IMGCLS_OK)
            status = op_set_output(host, run, (list ? list - 1 : 0) * n + i, in[list]->type,
                                   in[list]->rank, in[list]->dims);
    }
    count = op_count(in[0]);
    for (at = 0; status == IMGCLS_OK && at < count; at++) {
        double values[LISTS];
        for (list = 0; list < lists; list++)
            values[list] = element_real(in[list], at);
        rule->element(rule, values);
        for (list = 0; list < lists; list++) {
            struct imgcls_tensor *out =
                list == 1 ? NULL : imgcls_output(run, (list ? list - 1 : 0) * n + i);
            if (out)
                element_set_real(out, at, values[list]);
        }
    }
    return status;
}

static imgcls_status step_run(const struct imgcls_host *host, const struct imgcls_run *run,
                              const struct rule *rule, size_t lists)
{
    size_t n, i;
    imgcls_status status = count_of(host, run->node, lists, &n);
    for (i = 0; status == IMGCLS_OK && i < n; i++)
        status = step_tensor(host, run, rule, lists, n, i);
    return status;
}

/* R and T, which are one number each, and the attributes. */
static imgcls_status rule_of(const struct imgcls_host *host, const struct imgcls_run *run,
                             struct rule *rule, int64_t *steps)
{
    const struct imgcls_node *node = run->node;
    if (op_count(imgcls_input(run, 0)) != 1 || op_count(imgcls_input(run, 1)) != 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "R and T must be one number each");
    rule->rate = element_real(imgcls_input(run, 0), 0);
    *steps = op_int_at(imgcls_input(run, 1), 0);
    rule->norm = (double)host->attr_float(host, node, "norm_coefficient", 0);
    rule->norm_post = (double)host->attr_float(host, node, "norm_coefficient_post", 0);
    return IMGCLS_OK;
}

static imgcls_status adagrad_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    struct rule rule = {.element = adagrad};
    int64_t steps;
    imgcls_status status = rule_of(host, run, &rule, &steps);
    if (status != IMGCLS_OK)
        return status;
    rule.epsilon = (double)host->attr_float(host, run->node, "epsilon", 1e-6f);
    rule.rate /= 1 + (double)steps * (double)host->attr_float(host, run->node,
                                                              "decay_factor", 0);
    return step_run(host, run, &rule, 3);
}

static imgcls_status adam_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    struct rule rule = {.element = adam};
    int64_t steps;
    imgcls_status status = rule_of(host, run, &rule, &steps);
    if (status != IMGCLS_OK)
        return status;
    rule.alpha = (double)host->attr_float(host, run->node, "alpha", 0.9f);
    rule.beta = (double)host->attr_float(host, run->node, "beta", 0.999f);
    rule.epsilon = (double)host->attr_float(host, run->node, "epsilon", 1e-6f);
    if (steps > 0)
        rule.rate *= sqrt(1 - pow(rule.beta, (double)steps)) /
                     (1 - pow(rule.alpha, (double)steps));
    return step_run(host, run, &rule, 4);
}

static imgcls_status momentum_portable(const struct imgcls_host *host,
                                       const struct imgcls_run *run)
{
    const char *mode = host->attr_string(host, run->node, "mode", "standard");
    struct rule rule = {.element = momentum, .nesterov = strcmp(mode, "nesterov") == 0};
    int64_t steps;
    imgcls_status status = rule_of(host, run, &rule, &steps);
    if (status != IMGCLS_OK)
        return status;
    if (!rule.nesterov && strcmp(mode, "standard") != 0)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "mode is '%s', allowed are standard, nesterov", mode);
    rule.alpha = (double)host->attr_float(host, run->node, "alpha", 0);
    rule.beta = steps > 0 ? (double)host->attr_float(host, run->node, "beta", 0) : 1;
    return step_run(host, run, &rule, 3);
}

static imgcls_status three_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    return step_infer(host, infer, 3);
}

static imgcls_status four_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    return step_infer(host, infer, 4);
}

static int32_t step_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    size_t i;
    (void)host;
    for (i = 0; i < node->input_count; i++)
        if (!op_takes(node, i, i == 1 ? OP_BIT(IMGCLS_I64) : OP_FLOATS))
            return 0;
    return node->input_count > 2 && op_is_plain(node);
}

#define TRAINING_ENTRY(type_, infer_, kernel_)                                             \
    {                                                                                      \
        .struct_size = sizeof(struct imgcls_op), .domain = "ai.onnx.preview.training",     \
        .type = type_, .since_first = 1, .since_last = 1, .infer = infer_,                 \
        .kernels = (const struct imgcls_kernel *const[]){kernel_, NULL},                   \
    }
static const struct imgcls_kernel adagrad_kernel =
    OP_KERNEL("adagrad_portable", step_accepts, adagrad_portable);
static const struct imgcls_kernel adam_kernel =
    OP_KERNEL("adam_portable", step_accepts, adam_portable);
static const struct imgcls_kernel momentum_kernel =
    OP_KERNEL("momentum_portable", step_accepts, momentum_portable);
const struct imgcls_op adagrad_op = TRAINING_ENTRY("Adagrad", three_infer, &adagrad_kernel);
const struct imgcls_op adam_op = TRAINING_ENTRY("Adam", four_infer, &adam_kernel);
const struct imgcls_op momentum_op =
    TRAINING_ENTRY("Momentum", three_infer, &momentum_kernel);
