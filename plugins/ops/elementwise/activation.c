/*
 * plugins/ops/elementwise/activation.c - activation functions of one number
 *
 * Those of several steps compute in double and round once: this is the reference, and one
 * formula serves both types. Sigmoid and Gelu have float32 kernels (pointwise.h), and are
 * the reference in float64 alone. Formulas are the specification's, rearranged where subtracting
 * near-equal numbers would lose digits (expm1, erfc, exp of a negative only).
 * The parameters are float32 attributes; in double they are those same float32 numbers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "elementwise.h"
#include "map.h"
#include "pointwise.h"

static double sigmoid(double x)
{
    const double e = exp(-fabs(x)); /* never overflows */
    return (x < 0 ? e : 1) / (1 + e);
}

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double gelu_exact(double x)
{
    return 0.5 * x * erfc(x * -0.70710678118654752440); /* 1 + erf(u) = erfc(-u) */
}

static double gelu_by_tanh(double x)
{
    const double root = 0.79788456080286535588; /* sqrt(2 / pi) */
    const double u = root * (x + 0.044715 * x * x * x);
    return x * sigmoid(2 * u); /* (1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u)) */
}

/* x * s for s the sigmoid: -inf * 0 is taken for its limit. */
static double swish(double x, double alpha)
{
    const double s = sigmoid(alpha * x);
    return s == 0 ? 0 : x * s;
}

static double mish(double x)
{
    return isinf(x) && x < 0 ? 0 : x * tanh(softplus(x));
}

/* clang-format off */
MAP_FLOATS(softplus_portable, BROADCAST_GRAIN_DEAR, 0, 0, softplus(x))
MAP_FLOATS(softsign_portable, BROADCAST_GRAIN_CHEAP, 0, 0, x / (1 + fabs((double)x)))
MAP_FLOATS(mish_portable, BROADCAST_GRAIN_DEAR, 0, 0, mish(x))
MAP_FLOATS(swish_portable, BROADCAST_GRAIN_DEAR, MAP_ATTR("alpha", 1.0f), 0, swish(x, alpha))
MAP_FLOATS(leaky_relu_portable, BROADCAST_GRAIN_CHEAP, MAP_ATTR("alpha", 0.01f), 0,
           x < 0 ? alpha * x : x)
MAP_FLOATS(elu_portable, BROADCAST_GRAIN_DEAR, MAP_ATTR("alpha", 1.0f), 0,
           x < 0 ? alpha * expm1((double)x) : x)
MAP_FLOATS(selu_portable, BROADCAST_GRAIN_DEAR, MAP_ATTR("alpha", 1.67326319217681884765625f),
           MAP_ATTR("gamma", 1.05070102214813232421875f),
           beta * (double)(x > 0 ? x : alpha * expm1((double)x)))
MAP_FLOATS(celu_portable, BROADCAST_GRAIN_DEAR, MAP_ATTR("alpha", 1.0f), 0,
           x < 0 ? alpha * expm1((double)x / alpha) : x)
MAP_FLOATS(hard_sigmoid_portable, BROADCAST_GRAIN_CHEAP, MAP_ATTR("alpha", 0.2f),
           MAP_ATTR("beta", 0.5f),
           alpha * x + beta < 0 ? 0 : alpha * x + beta > 1 ? 1 : alpha * x + beta)
MAP_FLOATS(hard_swish_portable, BROADCAST_GRAIN_CHEAP, 0, 0,
           x <= -3 ? 0 : x >= 3 ? x : x * (x / 6 + (real)0.5))
MAP_FLOATS(thresholded_relu_portable, BROADCAST_GRAIN_CHEAP, MAP_ATTR("alpha", 1.0f), 0,
           x > alpha ? x : 0)

/* One product of two inputs of one shape. */
BROADCAST_BINARY(swiglu_f32, float, float, swish(x, *(const double *)row->parameter) * y)
BROADCAST_BINARY(swiglu_f64, double, double, swish(x, *(const double *)row->parameter) * y)

/* max(x, 0), where NaN stays NaN. */
MAP_EACH_FLOAT(BROADCAST_UNARY, relu, x < 0 ? 0 : x)
MAP_EACH_SIGNED(BROADCAST_UNARY, relu, x < 0 ? 0 : x)
MAP_RUN(relu_portable, BROADCAST_GRAIN_CHEAP, IMGCLS_UNDEFINED, MAP_FLOAT_CASES(relu), MAP_SIGNED_CASES(relu))
/* clang-format on */

/* Gelu is two functions, told apart by an attribute. */
static int32_t gelu_accepts(const struct imgcls_host *host, const struct imgcls_node *node,
                            const char *form, bool f32_only)
{
    const char *approximate = host->attr_string(host, node, "approximate", "none");
    return strcmp(approximate, form) == 0 &&
           broadcast_takes(node, f32_only ? OP_BIT(IMGCLS_F32) : OP_FLOATS);
}

static int32_t gelu_accepts_exact(const struct imgcls_host *host,
                                  const struct imgcls_node *node)
{
    return gelu_accepts(host, node, "none", false);
}

static int32_t gelu_accepts_exact_f32(const struct imgcls_host *host,
                                      const struct imgcls_node *node)
{
    return gelu_accepts(host, node, "none", true);
}

static int32_t gelu_accepts_tanh(const struct imgcls_host *host,
                                 const struct imgcls_node *node)
{
    return gelu_accepts(host, node, "tanh", false);
}

static int32_t gelu_accepts_tanh_f32(const struct imgcls_host *host,
                                     const struct imgcls_node *node)
{
    return gelu_accepts(host, node, "tanh", true);
}

static imgcls_status gelu_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const char *approximate =
        host->attr_string(host, infer->node, "approximate", "none");
    if (strcmp(approximate, "none") != 0 && strcmp(approximate, "tanh") != 0)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "approximate must be none or tanh, not %s", approximate);
    return map_infer(host, infer);
}

POINTWISE_PORTABLE(gelu, gelu_exact(x))
POINTWISE_KERNELS(gelu, gelu_accepts_exact, gelu_accepts_exact_f32)
POINTWISE_PORTABLE(gelu_tanh, gelu_by_tanh(x))
POINTWISE_KERNELS(gelu_tanh, gelu_accepts_tanh, gelu_accepts_tanh_f32)
const struct imgcls_op gelu_op =
    OP_ENTRY("Gelu", 20, MAP_TRAITS, gelu_infer, map_upgrade, POINTWISE_LIST(gelu),
             POINTWISE_LIST(gelu_tanh));

static imgcls_status swiglu_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const double alpha = host->attr_float(host, run->node, "alpha", 1.0f);
    const int32_t type = run->node->inputs[0]->type;
    return broadcast_run(host, run, type, BROADCAST_GRAIN_DEAR,
                         type == IMGCLS_F64 ? swiglu_f64 : swiglu_f32, &alpha);
}

/* Operator set 1 had Selu's constants with fewer digits. */
static imgcls_status selu_upgrade(const struct imgcls_host *host,
                                  struct imgcls_graph *graph, struct imgcls_node *node)
{
    imgcls_status status = map_upgrade(host, graph, node);
    if (status == IMGCLS_OK && node->version < 6 && !host->attr(host, node, "alpha"))
        status = host->node_set_float(host, node, "alpha", 1.6732f);
    if (status == IMGCLS_OK && node->version < 6 && !host->attr(host, node, "gamma"))
        status = host->node_set_float(host, node, "gamma", 1.0507f);
    return status;
}

static int32_t relu_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return broadcast_takes(node, OP_FLOATS | OP_SIGNED);
}

/* clang-format off */
static const struct imgcls_kernel relu_kernel = OP_KERNEL("relu_portable", relu_accepts, relu_portable);
const struct imgcls_op relu_op = OP_ENTRY("Relu", 1, MAP_TRAITS, map_infer, map_upgrade, &relu_kernel);

static const struct imgcls_kernel swiglu_kernel = OP_KERNEL("swiglu_portable", map_accepts_floats, swiglu_portable);
const struct imgcls_op swiglu_op = OP_ENTRY("SwiGLU", 28, MAP_BROADCAST_TRAITS, broadcast_infer_same, NULL, &swiglu_kernel);

#define ACTIVATION(op, kernel, type, since, run)                                               \
    static const struct imgcls_kernel kernel = OP_KERNEL(#run, map_accepts_floats, run);       \
    const struct imgcls_op op = OP_ENTRY(type, since, MAP_TRAITS, map_infer, map_upgrade, &kernel);

POINTWISE_OP(sigmoid_op, "Sigmoid", 1, sigmoid, sigmoid(x))
ACTIVATION(softplus_op, softplus_kernel, "Softplus", 1, softplus_portable)
ACTIVATION(softsign_op, softsign_kernel, "Softsign", 1, softsign_portable)
ACTIVATION(mish_op, mish_kernel, "Mish", 18, mish_portable)
ACTIVATION(swish_op, swish_kernel, "Swish", 24, swish_portable)
ACTIVATION(leaky_relu_op, leaky_relu_kernel, "LeakyRelu", 1, leaky_relu_portable)
ACTIVATION(elu_op, elu_kernel, "Elu", 1, elu_portable)
static const struct imgcls_kernel selu_kernel = OP_KERNEL("selu_portable", map_accepts_floats, selu_portable);
const struct imgcls_op selu_op = OP_ENTRY("Selu", 1, MAP_TRAITS, map_infer, selu_upgrade, &selu_kernel);
ACTIVATION(celu_op, celu_kernel, "Celu", 12, celu_portable)
ACTIVATION(hard_sigmoid_op, hard_sigmoid_kernel, "HardSigmoid", 1, hard_sigmoid_portable)
ACTIVATION(hard_swish_op, hard_swish_kernel, "HardSwish", 14, hard_swish_portable)
ACTIVATION(thresholded_relu_op, thresholded_relu_kernel, "ThresholdedRelu", 1, thresholded_relu_portable)
/* clang-format on */
