/*
 * plugins/architectures/mobilenet_v3.c - MobileNet V3 small and large, all widths
 *
 * Howard et al., "Searching for MobileNetV3" (2019). Batch norm's epsilon is 1e-3 in
 * torchvision and mmpretrain and in timm's "tf_" variants, which also pad as TensorFlow
 * does; timm's own are trained with 1e-5. The weights show none of that. Minimal variants
 * have rectifiers, 3x3 kernels and no squeeze and excitation throughout.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

enum part {
    STEM,
    STEM_BN,
    FIRST_DW, /* of the first block, which does not expand; {j}: place in torchvision's */
    FIRST_DW_BN,
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
    HEAD, /* a convolution in timm, behind the pool as the product of others */
    FC,
    PARTS
};
enum dialect { TORCHVISION, TIMM, MM };

#define BLOCK "features.{k+1}.block.{j}"
static const char *const torchvision[PARTS] = {
    [STEM] = "features.0.0",     [STEM_BN] = "features.0.1",
    [FIRST_DW] = BLOCK ".0",     [FIRST_DW_BN] = BLOCK ".1",
    [FIRST_SHRINK] = BLOCK ".0", [FIRST_SHRINK_BN] = BLOCK ".1",
    [EXPAND] = BLOCK ".0",       [EXPAND_BN] = BLOCK ".1",
    [DW] = BLOCK ".0",           [DW_BN] = BLOCK ".1",
    [SE_REDUCE] = BLOCK ".fc1",  [SE_EXPAND] = BLOCK ".fc2",
    [SHRINK] = BLOCK ".0",       [SHRINK_BN] = BLOCK ".1",
    [LAST] = "features.{k+1}.0", [LAST_BN] = "features.{k+1}.1",
    [HEAD] = "classifier.0",     [FC] = "classifier.3",
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
    [SE_REDUCE] = "blocks.{s}.{b}.se.conv_reduce",
    [SE_EXPAND] = "blocks.{s}.{b}.se.conv_expand",
    [SHRINK] = "blocks.{s}.{b}.conv_pwl",
    [SHRINK_BN] = "blocks.{s}.{b}.bn3",
    [LAST] = "blocks.{s}.0.conv",
    [LAST_BN] = "blocks.{s}.0.bn1",
    [HEAD] = "conv_head",
    [FC] = "classifier",
};
#define MM_BLOCK "backbone.layer{k+1}."
static const char *const mm[PARTS] = {
    [STEM] = "backbone.layer0.conv",
    [STEM_BN] = "backbone.layer0.bn",
    [FIRST_DW] = MM_BLOCK "depthwise_conv.conv",
    [FIRST_DW_BN] = MM_BLOCK "depthwise_conv.bn",
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
    [LAST] = MM_BLOCK "conv",
    [LAST_BN] = MM_BLOCK "bn",
    [HEAD] = "head.layers.0.fc",
    [FC] = "head.layers.1.fc",
};
static const struct scheme schemes[] = {
    {.name = "torchvision", .parts = torchvision, .dialect = TORCHVISION},
    {.name = "timm", .parts = timm, .dialect = TIMM},
    {.name = "mmpretrain", .parts = mm, .dialect = MM},
};

/* A block of the paper's tables; stage as timm counts. */
struct block {
    int stage, kernel, excited, stride;
    enum activation kind;
};
static const struct block small[] = {
    {0, 3, 1, 2, RELU},       {1, 3, 0, 2, RELU},       {1, 3, 0, 1, RELU},
    {2, 5, 1, 2, HARD_SWISH}, {2, 5, 1, 1, HARD_SWISH}, {2, 5, 1, 1, HARD_SWISH},
    {3, 5, 1, 1, HARD_SWISH}, {3, 5, 1, 1, HARD_SWISH}, {4, 5, 1, 2, HARD_SWISH},
    {4, 5, 1, 1, HARD_SWISH}, {4, 5, 1, 1, HARD_SWISH}, {5, 0, 0, 0, LINEAR},
};
static const struct block large[] = {
    {0, 3, 0, 1, RELU},       {1, 3, 0, 2, RELU},       {1, 3, 0, 1, RELU},
    {2, 5, 1, 2, RELU},       {2, 5, 1, 1, RELU},       {2, 5, 1, 1, RELU},
    {3, 3, 0, 2, HARD_SWISH}, {3, 3, 0, 1, HARD_SWISH}, {3, 3, 0, 1, HARD_SWISH},
    {3, 3, 0, 1, HARD_SWISH}, {4, 3, 1, 1, HARD_SWISH}, {4, 3, 1, 1, HARD_SWISH},
    {5, 5, 1, 2, HARD_SWISH}, {5, 5, 1, 1, HARD_SWISH}, {5, 5, 1, 1, HARD_SWISH},
    {6, 0, 0, 0, LINEAR},
};
/* The first block with squeeze and excitation. */
#define SMALL_EXCITED 0
#define LARGE_EXCITED 3

struct manner {
    const struct block *blocks;
    bool minimal;
    int pad;
};

static struct at squeeze_at(const struct manner *manner, int index)
{
    return (struct at){.s = manner->blocks[index].stage, .k = index, .j = index ? 2 : 1};
}

static struct value block(struct net *net, struct value x, struct at at,
                          const struct manner *manner)
{
    const struct block *row = &manner->blocks[at.k];
    bool first = at.k == 0, excited = row->excited && !manner->minimal;
    enum activation kind = manner->minimal ? RELU : row->kind;
    struct value y = x;
    at.j = 0;
    if (!first) {
        y = conv_bn(net, y, EXPAND, EXPAND_BN, at, 1, PAD_HALF, kind);
        at.j++;
    }
    y = conv_bn_sized(net, y, first ? FIRST_DW : DW, first ? FIRST_DW_BN : DW_BN, at,
                      manner->minimal ? 3 : row->kernel, row->stride, manner->pad, kind);
    at.j++;
    if (excited) {
        y = squeeze_excite(net, y, SE_REDUCE, SE_EXPAND, at, RELU, HARD_SIGMOID);
        at.j++;
    }
    y = conv_bn(net, y, first ? FIRST_SHRINK : SHRINK, first ? FIRST_SHRINK_BN : SHRINK_BN,
                at, 1, PAD_HALF, LINEAR);
    return row->stride == 1 && x.channels == y.channels ? add(net, y, x) : y;
}

static struct manner manner_of(struct net *net)
{
    const struct at behind_large = {.s = 6, .k = 15};
    bool is_large = net_has(net, LAST, behind_large, ".weight");
    struct manner manner = {.blocks = is_large ? large : small, .pad = PAD_HALF};
    int excited = is_large ? LARGE_EXCITED : SMALL_EXCITED;
    manner.minimal = !net_has(net, SE_REDUCE, squeeze_at(&manner, excited), ".weight");
    net->eps = 1e-3;
    if (net->scheme->dialect == TIMM && net_variant_begins(net, "tf_")) {
        manner.pad = PAD_SAME;
    } else if (net->scheme->dialect == TIMM) {
        net->eps = 1e-5;
        if (!net->variant)
            net_assume(net,
                       "not a tf_ variant: symmetric padding, batch norm epsilon 1e-5");
    }
    return manner;
}

static void compose(struct net *net)
{
    struct at at = {0};
    const struct manner manner = manner_of(net);
    enum activation kind = manner.minimal ? RELU : HARD_SWISH;
    struct value x = net_input(net, net_dim(net, STEM, at, ".weight", 1), 224);
    x = conv_bn(net, x, STEM, STEM_BN, at, 2, manner.pad, kind);
    for (; manner.blocks[at.k].kernel; at.k++) {
        at.b = at.k > 0 && manner.blocks[at.k].stage == at.s ? at.b + 1 : 0;
        at.s = manner.blocks[at.k].stage;
        x = block(net, x, at, &manner);
    }
    at.s = manner.blocks[at.k].stage;
    x = conv_bn(net, x, LAST, LAST_BN, at, 1, PAD_HALF, kind);
    if (net->scheme->dialect == TIMM) {
        x = conv_biased(net, global_pool_map(net, x), HEAD, at, 1, 0);
        x = flatten(net, activate(net, x, kind));
    } else {
        x = activate(net, linear(net, global_pool(net, x), HEAD, at), kind);
    }
    net_output(net, linear(net, x, FC, at));
}

static const struct family family = {
    .name = "MobileNet V3",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};
static const char *const variants[] = {
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "mobilenetv3_small_050",
    "mobilenetv3_small_075",
    "mobilenetv3_small_100",
    "mobilenetv3_large_075",
    "mobilenetv3_large_100",
    "tf_mobilenetv3_small_075",
    "tf_mobilenetv3_small_100",
    "tf_mobilenetv3_small_minimal_100",
    "tf_mobilenetv3_large_075",
    "tf_mobilenetv3_large_100",
    "tf_mobilenetv3_large_minimal_100",
    NULL,
};
ARCHITECTURE(architecture_mobilenet_v3, "mobilenet_v3", variants, family);
