/*
 * plugins/architectures/layers.c - what convolutional networks are made of
 *
 * Shapes are carried along so that a weight of another width is found where it stands, and
 * so that pooling to a fixed size (AlexNet, VGG) knows its windows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ADAPTIVE_MAX 4096 /* sides of a map that is pooled to a fixed size */

/* ---- Convolutions
 * -------------------------------------------------------------------------*/

struct padding {
    int64_t before, after;
    bool same; /* left to auto_pad */
};

static struct padding padding_of(int64_t kernel, int stride, int pad)
{
    if (pad >= 0)
        return (struct padding){pad, pad, false};
    if (pad == PAD_LATE)
        return (struct padding){kernel / 2 - 1, kernel / 2, false};
    /* With stride 1 and an odd kernel SAME is half on each side. */
    if (pad == PAD_HALF || (stride == 1 && kernel % 2))
        return (struct padding){kernel / 2, kernel / 2, false};
    return (struct padding){0, 0, true};
}

/* Side of a map after a window has gone over it; -1 stays unknown. */
static int64_t side(int64_t in, int64_t kernel, int stride, struct padding pad)
{
    if (in < 0)
        return -1;
    if (pad.same)
        return (in + stride - 1) / stride;
    int64_t room = in + pad.before + pad.after - kernel;
    return room < 0 ? 0 : room / stride + 1;
}

static void conv_attributes(struct net *net, struct imgcls_node *node,
                            const int64_t *kernel, int stride, const struct padding *pads,
                            int64_t groups)
{
    const int64_t strides[] = {stride, stride};
    const int64_t around[] = {pads[0].before, pads[1].before, pads[0].after, pads[1].after};
    net_ints(net, node, "kernel_shape", 2, kernel);
    net_ints(net, node, "strides", 2, strides);
    net_int(net, node, "group", groups);
    if (pads[0].same || pads[1].same)
        net_string(net, node, "auto_pad", "SAME_UPPER");
    else
        net_ints(net, node, "pads", 4, around);
}

struct value conv(struct net *net, struct value x, int part, struct at at, int stride,
                  int pad)
{
    static const int64_t any[] = {-1, -1, -1, -1};
    const int64_t kernel[] = {net_dim(net, part, at, ".weight", 2),
                              net_dim(net, part, at, ".weight", 3)};
    int64_t in = net_dim(net, part, at, ".weight", 1);
    int64_t out = net_dim(net, part, at, ".weight", 0);
    const char *weight = net_parameter(net, part, at, ".weight", 4, any);
    const char *bias = net_has(net, part, at, ".bias")
                           ? net_parameter(net, part, at, ".bias", 1, &out)
                           : NULL;
    if (in <= 0 || out <= 0 || kernel[0] <= 0 || kernel[1] <= 0) {
        x.channels = x.height = x.width = -1;
        return x;
    }
    int64_t groups = x.channels > 0 ? x.channels / in : 1;
    bool fits = x.channels < 0 || (x.channels % in == 0 && out % groups == 0);
    net_expect(net, fits, "takes %lld channels in groups of %lld, must take %lld",
               (long long)(in * groups), (long long)in, (long long)x.channels);
    const struct padding pads[] = {padding_of(kernel[0], stride, pad),
                                   padding_of(kernel[1], stride, pad)};
    x.height = side(x.height, kernel[0], stride, pads[0]);
    x.width = side(x.width, kernel[1], stride, pads[1]);
    net_expect(net, x.height && x.width, "is larger than the map it goes over");
    x.channels = out;
    const char *const inputs[] = {x.name, weight, bias, NULL};
    struct imgcls_node *node = net_node(net, "Conv", inputs, &x.name);
    conv_attributes(net, node, kernel, stride, pads, groups);
    return x;
}

struct value conv_biased(struct net *net, struct value x, int part, struct at at,
                         int stride, int pad)
{
    int64_t out = net_dim(net, part, at, ".weight", 0);
    bool there = net_has(net, part, at, ".bias");
    x = conv(net, x, part, at, stride, pad);
    if (!there) /* asked for, so that it is named as missing */
        net_parameter(net, part, at, ".bias", 1, &out);
    return x;
}

struct value batch_norm(struct net *net, struct value x, int part, struct at at)
{
    const char *inputs[] = {x.name, NULL, NULL, NULL, NULL, NULL};
    static const char *const suffixes[] = {".weight", ".bias", ".running_mean",
                                           ".running_var"};
    for (int i = 0; i < 4; i++)
        inputs[i + 1] = net_parameter(net, part, at, suffixes[i], 1, &x.channels);
    struct imgcls_node *node = net_node(net, "BatchNormalization", inputs, &x.name);
    net_float(net, node, "epsilon", net->eps);
    return x;
}

struct value conv_bn(struct net *net, struct value x, int conv_part, int norm_part,
                     struct at at, int stride, int pad, enum activation kind)
{
    x = conv(net, x, conv_part, at, stride, pad);
    return activate(net, batch_norm(net, x, norm_part, at), kind);
}

struct value conv_bn_sized(struct net *net, struct value x, int conv_part, int norm_part,
                           struct at at, int kernel, int stride, int pad, enum activation kind)
{
    const int64_t rows = net_dim(net, conv_part, at, ".weight", 2);
    x = conv(net, x, conv_part, at, stride, pad);
    net_expect(net, rows == kernel || rows < 0, "has kernel %lld, must be %d", (long long)rows,
               kernel);
    return activate(net, batch_norm(net, x, norm_part, at), kind);
}

struct value layer_norm(struct net *net, struct value x, int part, struct at at)
{
    const char *weight = net_parameter(net, part, at, ".weight", 1, &x.channels);
    const char *bias = net_parameter(net, part, at, ".bias", 1, &x.channels);
    const char *const inputs[] = {x.name, weight, bias, NULL};
    struct imgcls_node *node = net_node(net, "LayerNormalization", inputs, &x.name);
    net_int(net, node, "axis", -1);
    net_float(net, node, "epsilon", net->eps);
    return x;
}

/* ---- Activations
 * --------------------------------------------------------------------------*/

static struct value with_number(struct net *net, const char *type, struct value x,
                                double number)
{
    const char *const inputs[] = {x.name, net_constant_float(net, number), NULL};
    net_node(net, type, inputs, &x.name);
    return x;
}

static struct value clip(struct net *net, struct value x, double low, double high)
{
    const char *const inputs[] = {x.name, net_constant_float(net, low),
                                  net_constant_float(net, high), NULL};
    net_node(net, "Clip", inputs, &x.name);
    return x;
}

/* x / 2 * (1 + erf(x / sqrt(2))), in the form that exporters write and src/passes knows. */
static struct value gelu(struct net *net, struct value x)
{
    struct value erf_of = net_unary(net, "Erf", with_number(net, "Div", x, sqrt(2.0)));
    struct value product = net_binary(net, "Mul", x, with_number(net, "Add", erf_of, 1.0));
    return with_number(net, "Mul", product, 0.5);
}

/* x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) */
static struct value gelu_tanh(struct net *net, struct value x)
{
    struct value cube = net_binary(net, "Mul", net_binary(net, "Mul", x, x), x);
    struct value inner = net_binary(net, "Add", x, with_number(net, "Mul", cube, 0.044715));
    struct value curve =
        net_unary(net, "Tanh", with_number(net, "Mul", inner, sqrt(2.0 / acos(-1.0))));
    struct value product = net_binary(net, "Mul", x, with_number(net, "Add", curve, 1.0));
    return with_number(net, "Mul", product, 0.5);
}

struct value activate(struct net *net, struct value x, enum activation kind)
{
    switch (kind) {
    case LINEAR:
        return x;
    case RELU:
        return net_unary(net, "Relu", x);
    case RELU6:
        return clip(net, x, 0.0, 6.0);
    case SILU:
        return net_binary(net, "Mul", x, net_unary(net, "Sigmoid", x));
    case SIGMOID:
        return net_unary(net, "Sigmoid", x);
    case TANH:
        return net_unary(net, "Tanh", x);
    case HARD_SWISH:
        return net_unary(net, "HardSwish", x);
    case GELU:
        return gelu(net, x);
    case GELU_TANH:
        return gelu_tanh(net, x);
    case QUICK_GELU:
        return net_binary(net, "Mul", x,
                          net_unary(net, "Sigmoid", with_number(net, "Mul", x, 1.702)));
    case HARD_SIGMOID:
        break;
    }
    const char *const inputs[] = {x.name, NULL};
    struct imgcls_node *node = net_node(net, "HardSigmoid", inputs, &x.name);
    net_float(net, node, "alpha", 1.0 / 6.0);
    net_float(net, node, "beta", 0.5);
    return x;
}

/* ---- Pooling
 * ------------------------------------------------------------------------------*/

static int64_t pooled_side(int64_t in, int kernel, int stride, int pad, bool ceil_mode)
{
    if (in < 0)
        return -1;
    int64_t room = in + 2 * pad - kernel, out;
    if (room < 0)
        return ceil_mode && in > 0 ? 1 : 0;
    out = (ceil_mode ? (room + stride - 1) / stride : room / stride) + 1;
    /* A window that would begin in the padding behind the map is left out. */
    return ceil_mode && (out - 1) * stride >= in + pad ? out - 1 : out;
}

static struct value pool(struct net *net, const char *type, struct value x, int kernel,
                         int stride, int pad, bool ceil_mode)
{
    const int64_t kernels[] = {kernel, kernel}, strides[] = {stride, stride};
    const int64_t pads[] = {pad, pad, pad, pad};
    const char *const inputs[] = {x.name, NULL};
    struct imgcls_node *node = net_node(net, type, inputs, &x.name);
    net_ints(net, node, "kernel_shape", 2, kernels);
    net_ints(net, node, "strides", 2, strides);
    net_ints(net, node, "pads", 4, pads);
    net_int(net, node, "ceil_mode", ceil_mode);
    x.height = pooled_side(x.height, kernel, stride, pad, ceil_mode);
    x.width = pooled_side(x.width, kernel, stride, pad, ceil_mode);
    net_expect(net, x.height && x.width, "is pooled by windows larger than its map");
    return x;
}

struct value max_pool(struct net *net, struct value x, int kernel, int stride, int pad,
                      bool ceil_mode)
{
    return pool(net, "MaxPool", x, kernel, stride, pad, ceil_mode);
}

struct value average_pool(struct net *net, struct value x, int kernel, int stride, int pad,
                          bool ceil_mode)
{
    return pool(net, "AveragePool", x, kernel, stride, pad, ceil_mode);
}

/* A matrix of `out` rows (or columns) whose entries are the weights of the means. */
static const char *means(struct net *net, int64_t in, int64_t out, bool by_column)
{
    float *matrix = net->host->alloc(net->host, (size_t)(in * out), sizeof *matrix);
    if (!matrix) {
        net_try(net, IMGCLS_NO_MEMORY);
        return "";
    }
    for (int64_t o = 0; o < out; o++) {
        int64_t first = o * in / out, end = ((o + 1) * in + out - 1) / out;
        for (int64_t i = first; i < end; i++)
            matrix[by_column ? i * out + o : o * in + i] = 1.0f / (float)(end - first);
    }
    const int64_t dims[] = {by_column ? in : out, by_column ? out : in};
    const char *name = net_constant_floats(net, 2, dims, matrix);
    net->host->release(net->host, matrix);
    return name;
}

struct value adaptive_pool(struct net *net, struct value x, int height, int width)
{
    if (x.height == height && x.width == width)
        return x;
    net_expect(net, x.height <= ADAPTIVE_MAX && x.width <= ADAPTIVE_MAX,
               "gives a map of %lldx%lld, at most %d are pooled", (long long)x.height,
               (long long)x.width, ADAPTIVE_MAX);
    if (net->graph && net->status == IMGCLS_OK && x.height > 0 && x.width > 0 &&
        x.height <= ADAPTIVE_MAX && x.width <= ADAPTIVE_MAX) {
        const char *const rows[] = {means(net, x.height, height, false), x.name, NULL};
        net_node(net, "MatMul", rows, &x.name);
        const char *const columns[] = {x.name, means(net, x.width, width, true), NULL};
        net_node(net, "MatMul", columns, &x.name);
    }
    x.height = height;
    x.width = width;
    return x;
}

struct value global_pool_map(struct net *net, struct value x)
{
    x = net_unary(net, "GlobalAveragePool", x);
    x.height = x.width = 1;
    return x;
}

struct value global_pool(struct net *net, struct value x)
{
    return flatten(net, global_pool_map(net, x));
}

struct value flatten(struct net *net, struct value x)
{
    bool known = x.channels > 0 && x.height > 0 && x.width > 0;
    const char *const inputs[] = {x.name, NULL};
    struct imgcls_node *node = net_node(net, "Flatten", inputs, &x.name);
    net_int(net, node, "axis", 1);
    x.channels = known ? x.channels * x.height * x.width : -1;
    x.height = x.width = 0;
    return x;
}

/* ---- Products
 * -----------------------------------------------------------------------------*/

struct value linear(struct net *net, struct value x, int part, struct at at)
{
    const int64_t dims[] = {-1, x.channels};
    int64_t out = net_dim(net, part, at, ".weight", 0);
    const char *weight = net_parameter(net, part, at, ".weight", 2, dims);
    const char *bias = net_parameter(net, part, at, ".bias", 1, &out);
    const char *const inputs[] = {x.name, weight, bias, NULL};
    struct imgcls_node *node = net_node(net, "Gemm", inputs, &x.name);
    net_int(net, node, "transB", 1);
    x.channels = out;
    return x;
}

struct value project(struct net *net, struct value x, int part, struct at at)
{
    const int64_t dims[] = {-1, x.channels}, order[] = {1, 0};
    int64_t out = net_dim(net, part, at, ".weight", 0);
    struct value weight = {.name = net_parameter(net, part, at, ".weight", 2, dims)};
    weight = net_transpose(net, weight, 2, order);
    x = net_binary(net, "MatMul", x, weight);
    if (net_has(net, part, at, ".bias")) {
        struct value bias = {.name = net_parameter(net, part, at, ".bias", 1, &out)};
        x = net_binary(net, "Add", x, bias);
    }
    x.channels = out;
    return x;
}

struct value add(struct net *net, struct value x, struct value y)
{
    net_expect(net, x.channels == y.channels || x.channels < 0 || y.channels < 0,
               "gives %lld channels, must give %lld to be added", (long long)y.channels,
               (long long)x.channels);
    return net_binary(net, "Add", x, y);
}

struct value multiply(struct net *net, struct value x, struct value y)
{
    return net_binary(net, "Mul", x, y);
}

struct value concat_channels(struct net *net, size_t count, const struct value *values)
{
    struct value all = values[0];
    const char *inputs[8] = {NULL};
    all.channels = 0;
    for (size_t i = 0; i < count && i + 1 < sizeof inputs / sizeof *inputs; i++) {
        inputs[i] = values[i].name;
        all.channels = values[i].channels < 0 || all.channels < 0
                           ? -1
                           : all.channels + values[i].channels;
    }
    struct imgcls_node *node = net_node(net, "Concat", inputs, &all.name);
    net_int(net, node, "axis", 1);
    return all;
}

struct value squeeze_excite(struct net *net, struct value x, int reduce, int expand,
                            struct at at, enum activation inner, enum activation gate)
{
    struct value scale = conv_biased(net, global_pool_map(net, x), reduce, at, 1, 0);
    scale = conv_biased(net, activate(net, scale, inner), expand, at, 1, 0);
    scale = activate(net, scale, gate);
    net_expect(net, scale.channels == x.channels || scale.channels < 0 || x.channels < 0,
               "gives %lld channels, must give %lld", (long long)scale.channels,
               (long long)x.channels);
    return multiply(net, x, scale);
}

static enum activation activation_named(struct net *net, const char *setting, enum activation fallback)
{
    static const struct {
        const char *text;
        enum activation kind;
    } known[] = {
        {"gelu", GELU},
        {"gelu_fast", GELU_TANH},
        {"gelu_new", GELU_TANH},
        {"gelu_python", GELU},
        {"gelu_python_tanh", GELU_TANH},
        {"gelu_pytorch_tanh", GELU_TANH},
        {"gelu_tanh", GELU_TANH},
        {"hard_swish", HARD_SWISH},
        {"hardswish", HARD_SWISH},
        {"linear", LINEAR},
        {"quick_gelu", QUICK_GELU},
        {"relu", RELU},
        {"relu6", RELU6},
        {"sigmoid", SIGMOID},
        {"silu", SILU},
        {"swish", SILU},
        {"tanh", TANH},
    };
    const char *text = net_setting_text(net, setting, NULL);
    char words[256] = "";
    if (!text)
        return fallback;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(text, known[i].text) == 0)
            return known[i].kind;
        size_t used = strlen(words);
        snprintf(words + used, sizeof words - used, "%s%s", i ? ", " : "", known[i].text);
    }
    if (net->graph)
        net_try(net, net->host->fail(net->host, IMGCLS_UNSUPPORTED,
                                     "setting '%s' is '%s', known are %s", setting, text,
                                     words));
    return fallback;
}

/* timm's argument, which is that of all layers. */
#define ACT_LAYER "model_args.act_layer"

enum activation hidden_activation(struct net *net, enum activation fallback)
{
    if (activation_named(net, ACT_LAYER, fallback) != fallback && net->graph)
        net_try(net, net->host->fail(net->host, IMGCLS_UNSUPPORTED,
                                     "setting '" ACT_LAYER "' is '%s', which %s is not built with",
                                     net_setting_text(net, ACT_LAYER, ""), net->family->name));
    return activation_named(net, "hidden_act", fallback);
}

enum activation any_activation(struct net *net, enum activation fallback)
{
    return activation_named(net, ACT_LAYER, activation_named(net, "hidden_act", fallback));
}
