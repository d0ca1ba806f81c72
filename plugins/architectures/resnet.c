/*
 * plugins/architectures/resnet.c - ResNet 18 to 152, wide ResNet, ResNeXt, SE-ResNet,
 * ResNet-D
 *
 * He et al., "Deep Residual Learning for Image Recognition" (2015), with the stride in the
 * 3x3 convolution (V1.5) unless the configuration says otherwise. Widths, groups and
 * whether blocks are basic or bottlenecks show in the weights. The D variant (He et al.,
 * "Bag of Tricks", 2018) shows too: three 3x3 convolutions for a stem, and a shortcut whose
 * convolution comes after an average pool.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

#include <string.h>

enum part {
    STEM,    /* 7x7 */
    STEM_BN, /* its norm, and in timm the last one of a deep stem */
    DEEP1,   /* the three 3x3 of a deep stem */
    DEEP1_BN,
    DEEP2,
    DEEP2_BN,
    DEEP3,
    DEEP3_BN,
    CONV1,
    BN1,
    CONV2,
    BN2,
    CONV3,
    BN3,
    SE_REDUCE,
    SE_EXPAND,
    DOWN,
    DOWN_BN,
    DOWN_POOLED, /* behind an average pool, which takes the first index */
    DOWN_POOLED_BN,
    FC,
    PARTS
};

#define BLOCKS(prefix)                                                                     \
    [CONV1] = prefix ".conv1", [BN1] = prefix ".bn1", [CONV2] = prefix ".conv2",           \
    [BN2] = prefix ".bn2", [CONV3] = prefix ".conv3", [BN3] = prefix ".bn3",               \
    [DOWN] = prefix ".downsample.0", [DOWN_BN] = prefix ".downsample.1",                   \
    [DOWN_POOLED] = prefix ".downsample.1", [DOWN_POOLED_BN] = prefix ".downsample.2"

static const char *const torchvision[PARTS] = {
    BLOCKS("layer{s+1}.{b}"),
    [STEM] = "conv1",
    [STEM_BN] = "bn1",
    [DEEP1] = "conv1.0",
    [DEEP1_BN] = "conv1.1",
    [DEEP2] = "conv1.3",
    [DEEP2_BN] = "conv1.4",
    [DEEP3] = "conv1.6",
    [DEEP3_BN] = "bn1",
    [SE_REDUCE] = "layer{s+1}.{b}.se.fc1",
    [SE_EXPAND] = "layer{s+1}.{b}.se.fc2",
    [FC] = "fc",
};
static const char *const mm[PARTS] = {
    BLOCKS("backbone.layer{s+1}.{b}"),
    [STEM] = "backbone.conv1",
    [STEM_BN] = "backbone.bn1",
    [DEEP1] = "backbone.stem.0.conv",
    [DEEP1_BN] = "backbone.stem.0.bn",
    [DEEP2] = "backbone.stem.1.conv",
    [DEEP2_BN] = "backbone.stem.1.bn",
    [DEEP3] = "backbone.stem.2.conv",
    [DEEP3_BN] = "backbone.stem.2.bn",
    [SE_REDUCE] = "backbone.layer{s+1}.{b}.se_layer.conv1.conv",
    [SE_EXPAND] = "backbone.layer{s+1}.{b}.se_layer.conv2.conv",
    [FC] = "head.fc",
};
#define HF_BLOCK "resnet.encoder.stages.{s}.layers.{b}."
static const char *const huggingface[PARTS] = {
    [STEM] = "resnet.embedder.embedder.convolution",
    [STEM_BN] = "resnet.embedder.embedder.normalization",
    [CONV1] = HF_BLOCK "layer.0.convolution",
    [BN1] = HF_BLOCK "layer.0.normalization",
    [CONV2] = HF_BLOCK "layer.1.convolution",
    [BN2] = HF_BLOCK "layer.1.normalization",
    [CONV3] = HF_BLOCK "layer.2.convolution",
    [BN3] = HF_BLOCK "layer.2.normalization",
    [DOWN] = HF_BLOCK "shortcut.convolution",
    [DOWN_BN] = HF_BLOCK "shortcut.normalization",
    [FC] = "classifier.1",
};
static const struct scheme schemes[] = {
    {.name = "torchvision and timm", .parts = torchvision},
    {.name = "Hugging Face", .parts = huggingface},
    {.name = "mmpretrain", .parts = mm},
};

static const struct depths depths[] = {
    {"resnet18", {2, 2, 2, 2}},
    {"resnet34", {3, 4, 6, 3}},
    {"resnet50", {3, 4, 6, 3}},
    {"resnet101", {3, 4, 23, 3}},
    {"resnet152", {3, 8, 36, 3}},
    {"resnext50_32x4d", {3, 4, 6, 3}},
    {"resnext101_32x8d", {3, 4, 23, 3}},
    {"resnext101_64x4d", {3, 4, 23, 3}},
    {"wide_resnet50_2", {3, 4, 6, 3}},
    {"wide_resnet101_2", {3, 4, 23, 3}},
    {NULL, {0}},
};

/* The stride sits in the first 1x1 of a bottleneck in Caffe's style only. */
static bool stride_comes_first(const struct net *net)
{
    return net_setting(net, "downsample_in_bottleneck", 0) != 0 ||
           strcmp(net_setting_text(net, "backbone.style", ""), "caffe") == 0;
}

/* timm's "aa" (resnetaa50d, seresnextaa101d_32x8d): where a 3x3 would skip pixels, an average pool
 * behind it does, and another stands for the first pool. Weights do not show it, names do. */
static bool averages(const struct net *net)
{
    return net->variant &&
           (strstr(net->variant, "resnetaa") || strstr(net->variant, "resnextaa"));
}

static struct value stem(struct net *net)
{
    const struct at at = {0};
    if (net_has(net, DEEP1, at, ".weight")) {
        struct value x = net_input(net, net_dim(net, DEEP1, at, ".weight", 1), 224);
        x = conv_bn(net, x, DEEP1, DEEP1_BN, at, 2, PAD_HALF, RELU);
        x = conv_bn(net, x, DEEP2, DEEP2_BN, at, 1, PAD_HALF, RELU);
        return conv_bn(net, x, DEEP3, DEEP3_BN, at, 1, PAD_HALF, RELU);
    }
    struct value x = net_input(net, net_dim(net, STEM, at, ".weight", 1), 224);
    x = conv_bn(net, x, STEM, STEM_BN, at, 2, PAD_HALF, hidden_activation(net, RELU));
    int64_t kernel = net_dim(net, STEM, at, ".weight", 2);
    net_expect(net, kernel == 7 || kernel < 0,
               "belongs to a stem of kernel %lld, must be 7", (long long)kernel);
    return x;
}

static struct value shortcut(struct net *net, struct value x, struct at at, int stride)
{
    const struct imgcls_tensor *second = net_peek(net, DOWN_POOLED, at, ".weight");
    if (second && second->rank == 4) {
        if (stride > 1)
            x = average_pool(net, x, stride, stride, 0, true);
        return conv_bn(net, x, DOWN_POOLED, DOWN_POOLED_BN, at, 1, PAD_HALF, LINEAR);
    }
    if (net_has(net, DOWN, at, ".weight"))
        return conv_bn(net, x, DOWN, DOWN_BN, at, stride, PAD_HALF, LINEAR);
    net_expect(net, stride == 1, "is of a block that halves the map without a shortcut");
    return x;
}

/* Hugging Face's hidden_act is that of the stem and behind the sum, never the one within. */
static struct value block(struct net *net, struct value x, struct at at, int stride)
{
    bool bottleneck = net_has(net, CONV3, at, ".weight");
    int skip = averages(net) ? 1 : stride;
    int first = !bottleneck || stride_comes_first(net) ? skip : 1;
    struct value y = conv_bn(net, x, CONV1, BN1, at, first, PAD_HALF, RELU);
    if (skip < stride && !bottleneck)
        y = average_pool(net, y, stride, stride, 0, false);
    y = conv_bn(net, y, CONV2, BN2, at, skip / first, PAD_HALF,
                bottleneck ? RELU : LINEAR);
    if (skip < stride && bottleneck)
        y = average_pool(net, y, stride, stride, 0, false);
    if (bottleneck)
        y = conv_bn(net, y, CONV3, BN3, at, 1, PAD_HALF, LINEAR);
    if (net_has(net, SE_REDUCE, at, ".weight"))
        y = squeeze_excite(net, y, SE_REDUCE, SE_EXPAND, at, RELU, SIGMOID);
    return activate(net, add(net, y, shortcut(net, x, at, stride)),
                    hidden_activation(net, RELU));
}

static void compose(struct net *net)
{
    int counts[4] = {0};
    struct value x = stem(net);
    x = averages(net) ? average_pool(net, x, 2, 2, 0, false) : max_pool(net, x, 3, 2, 1, false);
    bool early = net_setting(net, "downsample_in_first_stage", 0) != 0;
    for (int s = 0; s < 4; s++) {
        struct at at = {.s = s};
        do {
            x = block(net, x, at, at.b == 0 && (s > 0 || early) ? 2 : 1);
            counts[s] = ++at.b;
        } while (net_has(net, CONV1, at, ".weight"));
    }
    net_expect_depths(net, depths, counts);
    net_expect(net, !net->variant || !strstr(net->variant, "blur"),
               "is of a network with blurred pools, which are not supported");
    net_output(net, linear(net, global_pool(net, x), FC, (struct at){0}));
}

static const struct family family = {
    .name = "ResNet",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};
static const char *const variants[] = {
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "wide_resnet50_2",
    "wide_resnet101_2",
    "resnet18d",
    "resnet34d",
    "resnet50d",
    "resnet101d",
    "resnet152d",
    "seresnet50",
    NULL,
};
ARCHITECTURE(architecture_resnet, "resnet", variants, family);
