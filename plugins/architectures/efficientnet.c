/*
 * plugins/architectures/efficientnet.c - EfficientNet B0 to B7
 *
 * Tan, Le, "EfficientNet" (2019). Two kinds of weights have the same shapes: those trained
 * in PyTorch (torchvision, timm's efficientnet_*) pad symmetrically and divide by an
 * epsilon of 1e-5; those ported from TensorFlow (timm's tf_efficientnet_*, mmpretrain,
 * Hugging Face) pad as TensorFlow does and divide by 1e-3, as torchvision's b5 to b7 do.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

#include <stdio.h>
#include <string.h>

enum part {
    STEM,
    STEM_BN,
    FIRST_DW, /* of the first stage, whose blocks do not expand */
    FIRST_DW_BN,
    FIRST_SE_REDUCE,
    FIRST_SE_EXPAND,
    FIRST_SHRINK,
    FIRST_SHRINK_BN,
    EXPAND,
    EXPAND_BN,
    DW,
    DW_BN,
    SE_REDUCE,
    SE_EXPAND,
    SHRINK,
    SHRINK_BN,
    LAST,
    LAST_BN,
    FC,
    PARTS
};
enum dialect { TORCHVISION, TIMM, HUGGING_FACE, MM };

#define BLOCK "features.{s+1}.{b}.block."
static const char *const torchvision[PARTS] = {
    [STEM] = "features.0.0",
    [STEM_BN] = "features.0.1",
    [FIRST_DW] = BLOCK "0.0",
    [FIRST_DW_BN] = BLOCK "0.1",
    [FIRST_SE_REDUCE] = BLOCK "1.fc1",
    [FIRST_SE_EXPAND] = BLOCK "1.fc2",
    [FIRST_SHRINK] = BLOCK "2.0",
    [FIRST_SHRINK_BN] = BLOCK "2.1",
    [EXPAND] = BLOCK "0.0",
    [EXPAND_BN] = BLOCK "0.1",
    [DW] = BLOCK "1.0",
    [DW_BN] = BLOCK "1.1",
    [SE_REDUCE] = BLOCK "2.fc1",
    [SE_EXPAND] = BLOCK "2.fc2",
    [SHRINK] = BLOCK "3.0",
    [SHRINK_BN] = BLOCK "3.1",
    [LAST] = "features.8.0",
    [LAST_BN] = "features.8.1",
    [FC] = "classifier.1",
};
#define TIMM_BLOCK "blocks.{s}.{b}."
static const char *const timm[PARTS] = {
    [STEM] = "conv_stem",
    [STEM_BN] = "bn1",
    [FIRST_DW] = TIMM_BLOCK "conv_dw",
    [FIRST_DW_BN] = TIMM_BLOCK "bn1",
    [FIRST_SE_REDUCE] = TIMM_BLOCK "se.conv_reduce",
    [FIRST_SE_EXPAND] = TIMM_BLOCK "se.conv_expand",
    [FIRST_SHRINK] = TIMM_BLOCK "conv_pw",
    [FIRST_SHRINK_BN] = TIMM_BLOCK "bn2",
    [EXPAND] = TIMM_BLOCK "conv_pw",
    [EXPAND_BN] = TIMM_BLOCK "bn1",
    [DW] = TIMM_BLOCK "conv_dw",
    [DW_BN] = TIMM_BLOCK "bn2",
    [SE_REDUCE] = TIMM_BLOCK "se.conv_reduce",
    [SE_EXPAND] = TIMM_BLOCK "se.conv_expand",
    [SHRINK] = TIMM_BLOCK "conv_pwl",
    [SHRINK_BN] = TIMM_BLOCK "bn3",
    [LAST] = "conv_head",
    [LAST_BN] = "bn2",
    [FC] = "classifier",
};
#define HF_BLOCK "efficientnet.encoder.blocks.{k}."
static const char *const huggingface[PARTS] = {
    [STEM] = "efficientnet.embeddings.convolution",
    [STEM_BN] = "efficientnet.embeddings.batchnorm",
    [FIRST_DW] = HF_BLOCK "depthwise_conv.depthwise_conv",
    [FIRST_DW_BN] = HF_BLOCK "depthwise_conv.depthwise_norm",
    [FIRST_SE_REDUCE] = HF_BLOCK "squeeze_excite.reduce",
    [FIRST_SE_EXPAND] = HF_BLOCK "squeeze_excite.expand",
    [FIRST_SHRINK] = HF_BLOCK "projection.project_conv",
    [FIRST_SHRINK_BN] = HF_BLOCK "projection.project_bn",
    [EXPAND] = HF_BLOCK "expansion.expand_conv",
    [EXPAND_BN] = HF_BLOCK "expansion.expand_bn",
    [DW] = HF_BLOCK "depthwise_conv.depthwise_conv",
    [DW_BN] = HF_BLOCK "depthwise_conv.depthwise_norm",
    [SE_REDUCE] = HF_BLOCK "squeeze_excite.reduce",
    [SE_EXPAND] = HF_BLOCK "squeeze_excite.expand",
    [SHRINK] = HF_BLOCK "projection.project_conv",
    [SHRINK_BN] = HF_BLOCK "projection.project_bn",
    [LAST] = "efficientnet.encoder.top_conv",
    [LAST_BN] = "efficientnet.encoder.top_bn",
    [FC] = "classifier",
};
/* {s} and {b} are of mmpretrain's five groups here: see group_at. */
#define MM_BLOCK "backbone.layers.{s+1}.{b}."
static const char *const mm[PARTS] = {
    [STEM] = "backbone.layers.0.conv",
    [STEM_BN] = "backbone.layers.0.bn",
    [FIRST_DW] = MM_BLOCK "depthwise_conv.conv",
    [FIRST_DW_BN] = MM_BLOCK "depthwise_conv.bn",
    [FIRST_SE_REDUCE] = MM_BLOCK "se.conv1.conv",
    [FIRST_SE_EXPAND] = MM_BLOCK "se.conv2.conv",
    [FIRST_SHRINK] = MM_BLOCK "linear_conv.conv",
    [FIRST_SHRINK_BN] = MM_BLOCK "linear_conv.bn",
    [EXPAND] = MM_BLOCK "expand_conv.conv",
    [EXPAND_BN] = MM_BLOCK "expand_conv.bn",
    [DW] = MM_BLOCK "depthwise_conv.conv",
    [DW_BN] = MM_BLOCK "depthwise_conv.bn",
    [SE_REDUCE] = MM_BLOCK "se.conv1.conv",
    [SE_EXPAND] = MM_BLOCK "se.conv2.conv",
    [SHRINK] = MM_BLOCK "linear_conv.conv",
    [SHRINK_BN] = MM_BLOCK "linear_conv.bn",
    [LAST] = "backbone.layers.6.conv",
    [LAST_BN] = "backbone.layers.6.bn",
    [FC] = "head.fc",
};
static const struct scheme schemes[] = {
    {.name = "torchvision", .parts = torchvision, .dialect = TORCHVISION},
    {.name = "timm", .parts = timm, .dialect = TIMM},
    {.name = "Hugging Face", .parts = huggingface, .dialect = HUGGING_FACE},
    {.name = "mmpretrain", .parts = mm, .dialect = MM},
};

#define STAGES 7
static const int strides[STAGES] = {1, 2, 2, 2, 1, 2, 1};
static const int kernels[STAGES] = {3, 3, 5, 3, 5, 5, 3};

/* Depths and native sizes. */
static const struct size {
    int side, counts[STAGES];
} sizes[] = {
    {224, {1, 2, 2, 3, 3, 4, 1}},  {240, {2, 3, 3, 4, 4, 5, 2}},
    {260, {2, 3, 3, 4, 4, 5, 2}},  {300, {2, 3, 3, 5, 5, 6, 2}},
    {380, {2, 4, 4, 6, 6, 8, 2}},  {456, {3, 5, 5, 7, 7, 9, 3}},
    {528, {3, 6, 6, 8, 8, 11, 3}}, {600, {4, 7, 7, 10, 10, 13, 4}},
};
#define SIZES 8
#define B2    2
#define B5    5

/* mmpretrain puts stages with the same expansion and map into one group. */
static struct at group_at(const struct net *net, struct at at, const int *counts)
{
    if (net->scheme->dialect != MM || at.s < 3)
        return at;
    if (at.s == 4)
        at.b += counts[3];
    else if (at.s == 6)
        at.b += counts[5];
    at.s = at.s < 5 ? 3 : 4;
    return at;
}

static int blocks_of(const struct size *size)
{
    int blocks = 0;
    for (int s = 0; s < STAGES; s++)
        blocks += size->counts[s];
    return blocks;
}

/* Whether all blocks of this size are there, and no more. */
static bool has_depths(const struct net *net, const struct size *size)
{
    struct at at = {0};
    for (; at.s < STAGES; at.s++)
        for (at.b = 0; at.b < size->counts[at.s]; at.b++, at.k++)
            if (!net_has(net, at.s ? DW_BN : FIRST_DW_BN, group_at(net, at, size->counts),
                         ".weight"))
                return false;
    at.s = STAGES - 1;
    return !net_has(net, DW_BN, group_at(net, at, size->counts), ".weight");
}

/* The size with these depths; b1 and b2 have the same and differ in width. */
static int size_of(struct net *net)
{
    int found = 0;
    for (int i = 0; i < SIZES; i++)
        if (has_depths(net, &sizes[i]))
            found = i;
    if (found == B2 && net_dim(net, LAST, (struct at){0}, ".weight", 0) <= 1280)
        found = 1;
    const char *named = net->variant ? strstr(net->variant, "net_b") : NULL;
    int want = named && named[5] >= '0' && named[5] <= '7' ? named[5] - '0' : found;
    net_expect(net, blocks_of(&sizes[want]) == blocks_of(&sizes[found]),
               "is of a network with %d blocks, %s has %d", blocks_of(&sizes[found]),
               net->variant ? net->variant : "", blocks_of(&sizes[want]));
    return found;
}

/* What the weights do not show. */
static int padding(struct net *net, int size)
{
    bool ported =
        net_variant_begins(net, "tf_") || (net->variant && strstr(net->variant, "_pruned"));
    switch ((enum dialect)net->scheme->dialect) {
    case TORCHVISION:
        net->eps = size >= B5 ? 1e-3 : 1e-5;
        return PAD_HALF;
    case TIMM:
        net->eps = ported ? 1e-3 : 1e-5;
        if (!net->variant)
            net_assume(net,
                       "not a tf_ variant: symmetric padding, batch norm epsilon 1e-5");
        return ported ? PAD_SAME : PAD_HALF;
    case HUGGING_FACE:
        net->eps = net_setting_epsilon(net, "batch_norm_eps", 1e-3);
        return PAD_LATE;
    case MM:
        break;
    }
    net->eps = net_setting_epsilon(net, "backbone.norm_cfg.eps", 1e-3);
    return PAD_SAME;
}

/* Hugging Face pads the depthwise convolutions of these blocks symmetrically. */
static bool is_even(const struct net *net, int index)
{
    char path[64];
    for (int i = 0;; i++) {
        snprintf(path, sizeof path, "depthwise_padding.%d", i);
        int64_t block = net_setting(net, path, -1);
        if (block < 0 || block == index)
            return block == index;
    }
}

static struct value block(struct net *net, struct value x, struct at at, int stage, int pad,
                          enum activation kind)
{
    bool first = stage == 0;
    int stride = at.j;
    struct value y = x;
    if (!first)
        y = conv_bn(net, y, EXPAND, EXPAND_BN, at, 1, PAD_HALF, kind);
    if (pad == PAD_LATE && (stride == 1 || is_even(net, at.k)))
        pad = PAD_HALF;
    y = conv_bn_sized(net, y, first ? FIRST_DW : DW, first ? FIRST_DW_BN : DW_BN, at,
                      kernels[stage], stride, pad, kind);
    y = squeeze_excite(net, y, first ? FIRST_SE_REDUCE : SE_REDUCE,
                       first ? FIRST_SE_EXPAND : SE_EXPAND, at, kind, SIGMOID);
    y = conv_bn(net, y, first ? FIRST_SHRINK : SHRINK, first ? FIRST_SHRINK_BN : SHRINK_BN,
                at, 1, PAD_HALF, LINEAR);
    bool passes = stride == 1 && x.channels == y.channels;
    if (at.b == 0 && net->scheme->dialect == HUGGING_FACE)
        passes = false; /* nothing passes by the first block of a stage there */
    return passes ? add(net, y, x) : y;
}

static void compose(struct net *net)
{
    struct at at = {0};
    struct value x = {.name = ""};
    int size = size_of(net), pad = padding(net, size);
    const int *counts = sizes[size].counts;
    const enum activation kind = hidden_activation(net, SILU);
    x = net_input(net, net_dim(net, STEM, at, ".weight", 1), sizes[size].side);
    x = conv_bn(net, x, STEM, STEM_BN, at, 2, pad, kind);
    for (at.s = 0; at.s < STAGES; at.s++)
        for (at.b = 0; at.b < counts[at.s]; at.b++, at.k++) {
            struct at place = group_at(net, at, counts);
            place.j = at.b == 0 ? strides[at.s] : 1;
            x = block(net, x, place, at.s, pad, kind);
        }
    x = conv_bn(net, x, LAST, LAST_BN, at, 1, PAD_HALF, kind);
    net_expect(net, !net->variant || !strstr(net->variant, "blur"),
               "is of a network with blurred pools, which are not supported");
    net_output(net, linear(net, global_pool(net, x), FC, at));
}

static const struct family family = {
    .name = "EfficientNet",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};
static const char *const variants[] = {
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "efficientnet_b3",
    "efficientnet_b4",
    "efficientnet_b5",
    "efficientnet_b6",
    "efficientnet_b7",
    "tf_efficientnet_b0",
    "tf_efficientnet_b1",
    "tf_efficientnet_b2",
    "tf_efficientnet_b3",
    "tf_efficientnet_b4",
    "tf_efficientnet_b5",
    "tf_efficientnet_b6",
    "tf_efficientnet_b7",
    NULL,
};
ARCHITECTURE(architecture_efficientnet, "efficientnet", variants, family);
