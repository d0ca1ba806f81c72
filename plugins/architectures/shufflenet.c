/*
 * plugins/architectures/shufflenet.c - ShuffleNet V2, all widths
 *
 * Ma et al., "ShuffleNet V2" (2018). A block that keeps the map's size works on the second
 * half of the channels and passes the first; then the two halves are interleaved.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

enum part {
    STEM,
    STEM_BN,
    SIDE_DW, /* branch 1, of blocks that halve the map */
    SIDE_DW_BN,
    SIDE,
    SIDE_BN,
    CONV1, /* branch 2 */
    BN1,
    DW,
    DW_BN,
    CONV2,
    BN2,
    LAST,
    LAST_BN,
    FC,
    PARTS
};

static const char *const torchvision[PARTS] = {
    [STEM] = "conv1.0",
    [STEM_BN] = "conv1.1",
    [SIDE_DW] = "stage{s+2}.{b}.branch1.0",
    [SIDE_DW_BN] = "stage{s+2}.{b}.branch1.1",
    [SIDE] = "stage{s+2}.{b}.branch1.2",
    [SIDE_BN] = "stage{s+2}.{b}.branch1.3",
    [CONV1] = "stage{s+2}.{b}.branch2.0",
    [BN1] = "stage{s+2}.{b}.branch2.1",
    [DW] = "stage{s+2}.{b}.branch2.3",
    [DW_BN] = "stage{s+2}.{b}.branch2.4",
    [CONV2] = "stage{s+2}.{b}.branch2.5",
    [BN2] = "stage{s+2}.{b}.branch2.6",
    [LAST] = "conv5.0",
    [LAST_BN] = "conv5.1",
    [FC] = "fc",
};
static const char *const mm[PARTS] = {
    [STEM] = "backbone.conv1.conv",
    [STEM_BN] = "backbone.conv1.bn",
    [SIDE_DW] = "backbone.layers.{s}.{b}.branch1.0.conv",
    [SIDE_DW_BN] = "backbone.layers.{s}.{b}.branch1.0.bn",
    [SIDE] = "backbone.layers.{s}.{b}.branch1.1.conv",
    [SIDE_BN] = "backbone.layers.{s}.{b}.branch1.1.bn",
    [CONV1] = "backbone.layers.{s}.{b}.branch2.0.conv",
    [BN1] = "backbone.layers.{s}.{b}.branch2.0.bn",
    [DW] = "backbone.layers.{s}.{b}.branch2.1.conv",
    [DW_BN] = "backbone.layers.{s}.{b}.branch2.1.bn",
    [CONV2] = "backbone.layers.{s}.{b}.branch2.2.conv",
    [BN2] = "backbone.layers.{s}.{b}.branch2.2.bn",
    [LAST] = "backbone.layers.3.conv",
    [LAST_BN] = "backbone.layers.3.bn",
    [FC] = "head.fc",
};
static const struct scheme schemes[] = {
    {.name = "torchvision", .parts = torchvision},
    {.name = "mmpretrain", .parts = mm},
};

/* Channels [begin, end). */
static struct value channels(struct net *net, struct value x, int64_t begin, int64_t end)
{
    const int64_t axis = 1;
    const char *const inputs[] = {x.name, net_constant_ints(net, 1, &begin),
                                  net_constant_ints(net, 1, &end),
                                  net_constant_ints(net, 1, &axis), NULL};
    net_node(net, "Slice", inputs, &x.name);
    x.channels = end - begin;
    return x;
}

/* Channels of the two halves in turn. */
static struct value shuffle(struct net *net, struct value x)
{
    const int64_t apart[] = {0, 2, x.channels / 2, x.height, x.width};
    const int64_t together[] = {0, x.channels, x.height, x.width};
    static const int64_t order[] = {0, 2, 1, 3, 4};
    x = net_reshape(net, x, 5, apart);
    x = net_transpose(net, x, 5, order);
    return net_reshape(net, x, 4, together);
}

static struct value branch(struct net *net, struct value x, struct at at, int stride)
{
    x = conv_bn(net, x, CONV1, BN1, at, 1, PAD_HALF, RELU);
    x = conv_bn(net, x, DW, DW_BN, at, stride, PAD_HALF, LINEAR);
    return conv_bn(net, x, CONV2, BN2, at, 1, PAD_HALF, RELU);
}

static struct value block(struct net *net, struct value x, struct at at)
{
    struct value halves[2];
    if (at.b == 0) {
        halves[0] = conv_bn(net, x, SIDE_DW, SIDE_DW_BN, at, 2, PAD_HALF, LINEAR);
        halves[0] = conv_bn(net, halves[0], SIDE, SIDE_BN, at, 1, PAD_HALF, RELU);
        halves[1] = branch(net, x, at, 2);
    } else {
        int64_t half = x.channels < 0 ? -1 : x.channels / 2;
        halves[0] = channels(net, x, 0, half);
        halves[1] = channels(net, x, half, x.channels);
        halves[0].channels = halves[1].channels = half;
        halves[1] = branch(net, halves[1], at, 1);
    }
    return shuffle(net, concat_channels(net, 2, halves));
}

static void compose(struct net *net)
{
    struct at at = {0};
    struct value x = net_input(net, net_dim(net, STEM, at, ".weight", 1), 224);
    x = conv_bn(net, x, STEM, STEM_BN, at, 2, PAD_HALF, RELU);
    x = max_pool(net, x, 3, 2, 1, false);
    for (at.s = 0; at.s < 3; at.s++) {
        at.b = 0;
        do
            x = block(net, x, at);
        while (++at.b, net_has(net, CONV1, at, ".weight"));
    }
    x = conv_bn(net, x, LAST, LAST_BN, at, 1, PAD_HALF, RELU);
    net_output(net, linear(net, global_pool(net, x), FC, at));
}

static const struct family family = {
    .name = "ShuffleNet V2",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};
static const char *const variants[] = {"shufflenet_v2_x0_5", "shufflenet_v2_x1_0",
                                       "shufflenet_v2_x1_5", "shufflenet_v2_x2_0", NULL};
ARCHITECTURE(architecture_shufflenet, "shufflenet_v2", variants, family);
