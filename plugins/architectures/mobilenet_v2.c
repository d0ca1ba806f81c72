/*
 * plugins/architectures/mobilenet_v2.c - MobileNet V2, all widths
 *
 * Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018). Hugging
 * Face's pads as TensorFlow does (setting tf_padding) and divides by an epsilon of 1e-3
 * (layer_norm_eps) unless its configuration says otherwise.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

#include <string.h>

enum part {
    STEM,
    STEM_BN,
    FIRST_DW, /* the first block does not expand */
    FIRST_DW_BN,
    FIRST_SHRINK,
    FIRST_SHRINK_BN,
    EXPAND,
    EXPAND_BN,
    DW,
    DW_BN,
    SHRINK,
    SHRINK_BN,
    LAST,
    LAST_BN,
    FC,
    PARTS
};
enum dialect {
    NUMBERED, /* blocks are numbered through: stages do not show */
    STAGED,
    HUGGING_FACE
};

static const char *const torchvision[PARTS] = {
    [STEM] = "features.0.0",
    [STEM_BN] = "features.0.1",
    [FIRST_DW] = "features.1.conv.0.0",
    [FIRST_DW_BN] = "features.1.conv.0.1",
    [FIRST_SHRINK] = "features.1.conv.1",
    [FIRST_SHRINK_BN] = "features.1.conv.2",
    [EXPAND] = "features.{k+1}.conv.0.0",
    [EXPAND_BN] = "features.{k+1}.conv.0.1",
    [DW] = "features.{k+1}.conv.1.0",
    [DW_BN] = "features.{k+1}.conv.1.1",
    [SHRINK] = "features.{k+1}.conv.2",
    [SHRINK_BN] = "features.{k+1}.conv.3",
    [LAST] = "features.{k+1}.0",
    [LAST_BN] = "features.{k+1}.1",
    [FC] = "classifier.1",
};
static const char *const timm[PARTS] = {
    [STEM] = "conv_stem",
    [STEM_BN] = "bn1",
    [FIRST_DW] = "blocks.0.0.conv_dw",
    [FIRST_DW_BN] = "blocks.0.0.bn1",
    [FIRST_SHRINK] = "blocks.0.0.conv_pw",
    [FIRST_SHRINK_BN] = "blocks.0.0.bn2",
    [EXPAND] = "blocks.{s}.{b}.conv_pw",
    [EXPAND_BN] = "blocks.{s}.{b}.bn1",
    [DW] = "blocks.{s}.{b}.conv_dw",
    [DW_BN] = "blocks.{s}.{b}.bn2",
    [SHRINK] = "blocks.{s}.{b}.conv_pwl",
    [SHRINK_BN] = "blocks.{s}.{b}.bn3",
    [LAST] = "conv_head",
    [LAST_BN] = "bn2",
    [FC] = "classifier",
};
#define MM_BLOCK "backbone.layer{s+1}.{b}.conv."
static const char *const mm[PARTS] = {
    [STEM] = "backbone.conv1.conv",
    [STEM_BN] = "backbone.conv1.bn",
    [FIRST_DW] = "backbone.layer1.0.conv.0.conv",
    [FIRST_DW_BN] = "backbone.layer1.0.conv.0.bn",
    [FIRST_SHRINK] = "backbone.layer1.0.conv.1.conv",
    [FIRST_SHRINK_BN] = "backbone.layer1.0.conv.1.bn",
    [EXPAND] = MM_BLOCK "0.conv",
    [EXPAND_BN] = MM_BLOCK "0.bn",
    [DW] = MM_BLOCK "1.conv",
    [DW_BN] = MM_BLOCK "1.bn",
    [SHRINK] = MM_BLOCK "2.conv",
    [SHRINK_BN] = MM_BLOCK "2.bn",
    [LAST] = "backbone.conv2.conv",
    [LAST_BN] = "backbone.conv2.bn",
    [FC] = "head.fc",
};
#define HF_STEM  "mobilenet_v2.conv_stem."
#define HF_BLOCK "mobilenet_v2.layer.{k-1}."
static const char *const huggingface[PARTS] = {
    [STEM] = HF_STEM "first_conv.convolution",
    [STEM_BN] = HF_STEM "first_conv.normalization",
    [FIRST_DW] = HF_STEM "conv_3x3.convolution",
    [FIRST_DW_BN] = HF_STEM "conv_3x3.normalization",
    [FIRST_SHRINK] = HF_STEM "reduce_1x1.convolution",
    [FIRST_SHRINK_BN] = HF_STEM "reduce_1x1.normalization",
    [EXPAND] = HF_BLOCK "expand_1x1.convolution",
    [EXPAND_BN] = HF_BLOCK "expand_1x1.normalization",
    [DW] = HF_BLOCK "conv_3x3.convolution",
    [DW_BN] = HF_BLOCK "conv_3x3.normalization",
    [SHRINK] = HF_BLOCK "reduce_1x1.convolution",
    [SHRINK_BN] = HF_BLOCK "reduce_1x1.normalization",
    [LAST] = "mobilenet_v2.conv_1x1.convolution",
    [LAST_BN] = "mobilenet_v2.conv_1x1.normalization",
    [FC] = "classifier",
};
static const struct scheme schemes[] = {
    {.name = "torchvision", .parts = torchvision, .dialect = NUMBERED},
    {.name = "timm", .parts = timm, .dialect = STAGED},
    {.name = "mmpretrain", .parts = mm, .dialect = STAGED},
    {.name = "Hugging Face", .parts = huggingface, .dialect = HUGGING_FACE},
};

#define STAGES 7
static const int counts[STAGES] = {1, 2, 3, 4, 3, 3, 1};
static const int strides[STAGES] = {1, 2, 2, 2, 1, 2, 1};

static struct value block(struct net *net, struct value x, struct at at, int stride,
                          int pad, enum activation kind)
{
    struct value y;
    if (at.k == 0) {
        y = conv_bn(net, x, FIRST_DW, FIRST_DW_BN, at, stride, pad, kind);
        y = conv_bn(net, y, FIRST_SHRINK, FIRST_SHRINK_BN, at, 1, pad, LINEAR);
    } else {
        y = conv_bn(net, x, EXPAND, EXPAND_BN, at, 1, pad, kind);
        y = conv_bn_sized(net, y, DW, DW_BN, at, 3, stride, pad, kind);
        y = conv_bn(net, y, SHRINK, SHRINK_BN, at, 1, pad, LINEAR);
    }
    bool passes = stride == 1 && x.channels == y.channels;
    if (at.k == 0 && net->scheme->dialect == HUGGING_FACE)
        passes = false; /* there the first block is a part of the stem */
    return passes ? add(net, y, x) : y;
}

static void compose(struct net *net)
{
    struct at at = {0};
    bool staged = net->scheme->dialect == STAGED;
    int pad = PAD_HALF;
    const enum activation kind = hidden_activation(net, RELU6);
    if (net->scheme->dialect == HUGGING_FACE) {
        net->eps = net_setting_epsilon(net, "layer_norm_eps", 1e-3);
        pad = net_setting(net, "tf_padding", 1) ? PAD_SAME : PAD_HALF;
        if (!net_is_from(net, "transformers"))
            net_assume(net, "TensorFlow's padding, batch norm epsilon 1e-3");
    }
    struct value x = net_input(net, net_dim(net, STEM, at, ".weight", 1), 224);
    x = conv_bn(net, x, STEM, STEM_BN, at, 2, pad, kind);
    for (at.s = 0; at.s < STAGES; at.s++) {
        at.b = 0;
        do {
            x = block(net, x, at, at.b == 0 ? strides[at.s] : 1, pad, kind);
            at.b++;
            at.k++;
        } while (staged ? net_has(net, DW, at, ".weight") : at.b < counts[at.s]);
    }
    x = conv_bn(net, x, LAST, LAST_BN, at, 1, pad, kind);
    net_output(net, linear(net, global_pool(net, x), FC, at));
}

static const struct family family = {
    .name = "MobileNet V2",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};
static const char *const variants[] = {"mobilenet_v2",
                                       "mobilenetv2_050",
                                       "mobilenetv2_100",
                                       "mobilenetv2_110d",
                                       "mobilenetv2_120d",
                                       "mobilenetv2_140",
                                       NULL};
ARCHITECTURE(architecture_mobilenet_v2, "mobilenet_v2", variants, family);
