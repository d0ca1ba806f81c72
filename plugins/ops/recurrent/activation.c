/*
 * plugins/ops/recurrent/activation.c - the activation functions of gates, by name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>
#include <strings.h>

#include "activation.h"

static double relu(double x, double a, double b)
{
    (void)a, (void)b;
    return x < 0 ? 0 : x;
}
static double hyperbolic(double x, double a, double b)
{
    (void)a, (void)b;
    return tanh(x);
}
static double sigmoid(double x, double a, double b)
{
    (void)a, (void)b;
    return 1 / (1 + exp(-x));
}
static double affine(double x, double a, double b)
{
    return a * x + b;
}
static double leaky_relu(double x, double a, double b)
{
    (void)b;
    return x >= 0 ? x : a * x;
}
static double thresholded_relu(double x, double a, double b)
{
    (void)b;
    return x >= a ? x : 0;
}
static double scaled_tanh(double x, double a, double b)
{
    return a * tanh(b * x);
}
static double hard_sigmoid(double x, double a, double b)
{
    return fmin(fmax(a * x + b, 0), 1);
}
static double elu(double x, double a, double b)
{
    (void)b;
    return x >= 0 ? x : a * expm1(x);
}
static double softsign(double x, double a, double b)
{
    (void)a, (void)b;
    return x / (1 + fabs(x));
}
static double softplus(double x, double a, double b)
{
    (void)a, (void)b;
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static const struct {
    const char *name;
    double (*apply)(double x, double alpha, double beta);
    int parameters; /* 0; 1: alpha; 2: alpha and beta */
    double alpha, beta;
} functions[] = {
    {"Relu", relu, 0, 0, 0},
    {"Tanh", hyperbolic, 0, 0, 0},
    {"Sigmoid", sigmoid, 0, 0, 0},
    {"Affine", affine, 2, 1, 0},
    {"LeakyRelu", leaky_relu, 1, 0.01, 0},
    {"ThresholdedRelu", thresholded_relu, 1, 1, 0},
    {"ScaledTanh", scaled_tanh, 2, 1, 1},
    {"HardSigmoid", hard_sigmoid, 2, 0.2, 0.5},
    {"Elu", elu, 1, 1, 0},
    {"Softsign", softsign, 0, 0, 0},
    {"Softplus", softplus, 0, 0, 0},
};

/* One entry of a list of parameters: `used` counts those taken in order. */
static void take(const struct imgcls_attr *list, size_t position, size_t count,
                 size_t *used, double *out)
{
    const size_t at = list && list->count >= count ? position : *used;
    if (list && list->kind == IMGCLS_ATTR_FLOATS && at < list->count)
        *out = (double)list->floats[at];
    ++*used;
}

imgcls_status activation_read(const struct imgcls_host *host,
                              const struct imgcls_node *node, const char *const *defaults,
                              size_t each, size_t count, struct activation *out)
{
    const struct imgcls_attr *names = host->attr(host, node, "activations");
    const struct imgcls_attr *alphas = host->attr(host, node, "activation_alpha");
    const struct imgcls_attr *betas = host->attr(host, node, "activation_beta");
    size_t i, k, alpha = 0, beta = 0;
    if (names && names->count == 0)
        names = NULL;
    if (names && (names->kind != IMGCLS_ATTR_STRINGS || names->count != count))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%zu activations, %zu are needed",
                       names->count, count);
    for (i = 0; i < count; i++) {
        char name[32];
        if (names)
            snprintf(name, sizeof name, "%.*s",
                     (int)(names->strings[i].length < 31 ? names->strings[i].length : 31),
                     names->strings[i].bytes);
        else
            snprintf(name, sizeof name, "%s", defaults[i % each]);
        for (k = 0; k < sizeof functions / sizeof *functions; k++)
            if (strcasecmp(name, functions[k].name) == 0)
                break;
        if (k == sizeof functions / sizeof *functions)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "activation '%s' is not known",
                           name);
        out[i] =
            (struct activation){functions[k].apply, functions[k].alpha, functions[k].beta};
        if (functions[k].parameters >= 1)
            take(alphas, i, count, &alpha, &out[i].alpha);
        if (functions[k].parameters >= 2)
            take(betas, i, count, &beta, &out[i].beta);
    }
    return IMGCLS_OK;
}

void activation_apply(const struct activation *activation, double clip, double *values,
                      int64_t count)
{
    int64_t i;
    for (i = 0; i < count; i++) {
        double x = values[i];
        if (clip > 0)
            x = x > clip ? clip : x < -clip ? -clip : x;
        values[i] = activation->apply(x, activation->alpha, activation->beta);
    }
}
