/*
 * plugins/architectures/densenet.c - DenseNet 121, 161, 169, 201
 *
 * Huang et al., "Densely Connected Convolutional Networks" (2016). Growth, widths and
 * depths show in the weights. Norms come before convolutions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

enum part {
    STEM,
    STEM_BN,
    BN1,
    CONV1,
    BN2,
    CONV2,
    SHRINK_BN, /* between blocks */
    SHRINK,
    LAST_BN,
    FC,
    PARTS
};

#define LAYER "features.denseblock{s+1}.denselayer{b+1}."
#define TORCHVISION_ENDS                                                                   \
    [STEM] = "features.conv0", [STEM_BN] = "features.norm0",                               \
    [SHRINK_BN] = "features.transition{s+1}.norm",                                         \
    [SHRINK] = "features.transition{s+1}.conv", [LAST_BN] = "features.norm5",              \
    [FC] = "classifier"

static const char *const torchvision[PARTS] = {
    TORCHVISION_ENDS,      [BN1] = LAYER "norm1",   [CONV1] = LAYER "conv1",
    [BN2] = LAYER "norm2", [CONV2] = LAYER "conv2",
};
static const char *const old_torchvision[PARTS] = {
    TORCHVISION_ENDS,       [BN1] = LAYER "norm.1",   [CONV1] = LAYER "conv.1",
    [BN2] = LAYER "norm.2", [CONV2] = LAYER "conv.2",
};
#define MM_LAYER "backbone.stages.{s}.block.{b}."
static const char *const mm[PARTS] = {
    [STEM] = "backbone.stem.0",
    [STEM_BN] = "backbone.stem.1",
    [BN1] = MM_LAYER "norm1",
    [CONV1] = MM_LAYER "conv1",
    [BN2] = MM_LAYER "norm2",
    [CONV2] = MM_LAYER "conv2",
    [SHRINK_BN] = "backbone.transitions.{s}.norm",
    [SHRINK] = "backbone.transitions.{s}.conv",
    [LAST_BN] = "backbone.transitions.3.0",
    [FC] = "head.fc",
};
static const struct scheme schemes[] = {
    {.name = "torchvision and timm", .parts = torchvision},
    {.name = "old torchvision", .parts = old_torchvision},
    {.name = "mmpretrain", .parts = mm},
};

static const struct depths depths[] = {
    {"densenet121", {6, 12, 24, 16}},
    {"densenet161", {6, 12, 36, 24}},
    {"densenet169", {6, 12, 32, 32}},
    {"densenet201", {6, 12, 48, 32}},
    {NULL, {0}},
};

static struct value layer(struct net *net, struct value x, struct at at)
{
    struct value y = activate(net, batch_norm(net, x, BN1, at), RELU);
    y = conv_bn(net, y, CONV1, BN2, at, 1, PAD_HALF, RELU);
    y = conv(net, y, CONV2, at, 1, PAD_HALF);
    return concat_channels(net, 2, (const struct value[]){x, y});
}

static void compose(struct net *net)
{
    int counts[4] = {0};
    struct at at = {0};
    struct value x = net_input(net, net_dim(net, STEM, at, ".weight", 1), 224);
    x = conv_bn(net, x, STEM, STEM_BN, at, 2, PAD_HALF, RELU);
    x = max_pool(net, x, 3, 2, 1, false);
    for (at.s = 0; at.s < 4; at.s++) {
        at.b = 0;
        do
            x = layer(net, x, at);
        while (++at.b, net_has(net, CONV1, at, ".weight"));
        counts[at.s] = at.b;
        if (at.s == 3)
            break;
        x = activate(net, batch_norm(net, x, SHRINK_BN, at), RELU);
        x = average_pool(net, conv(net, x, SHRINK, at, 1, 0), 2, 2, 0, false);
    }
    net_expect_depths(net, depths, counts);
    x = activate(net, batch_norm(net, x, LAST_BN, at), RELU);
    net_output(net, linear(net, global_pool(net, x), FC, at));
}

static const struct family family = {
    .name = "DenseNet",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};
static const char *const variants[] = {"densenet121", "densenet161", "densenet169",
                                       "densenet201", NULL};
ARCHITECTURE(architecture_densenet, "densenet", variants, family);
