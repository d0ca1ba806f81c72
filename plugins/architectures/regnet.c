/*
 * plugins/architectures/regnet.c - RegNet X and Y, all sizes
 *
 * Radosavovic et al., "Designing Network Design Spaces" (2020). Widths, depths and groups
 * show in the weights; so does squeeze and excitation, which makes an X a Y.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

enum part {
    STEM,
    STEM_BN,
    CONV1,
    BN1,
    CONV2,
    BN2,
    SE_REDUCE,
    SE_EXPAND,
    CONV3, /* {j}: 2, or 3 behind a squeeze and excitation */
    BN3,
    DOWN,
    DOWN_BN,
    FC,
    PARTS
};

#define BLOCK "trunk_output.block{s+1}.block{s+1}-{b}."
static const char *const torchvision[PARTS] = {
    [STEM] = "stem.0",
    [STEM_BN] = "stem.1",
    [CONV1] = BLOCK "f.a.0",
    [BN1] = BLOCK "f.a.1",
    [CONV2] = BLOCK "f.b.0",
    [BN2] = BLOCK "f.b.1",
    [SE_REDUCE] = BLOCK "f.se.fc1",
    [SE_EXPAND] = BLOCK "f.se.fc2",
    [CONV3] = BLOCK "f.c.0",
    [BN3] = BLOCK "f.c.1",
    [DOWN] = BLOCK "proj.0",
    [DOWN_BN] = BLOCK "proj.1",
    [FC] = "fc",
};
static const char *const timm[PARTS] = {
    [STEM] = "stem.conv",
    [STEM_BN] = "stem.bn",
    [CONV1] = "s{s+1}.b{b+1}.conv1.conv",
    [BN1] = "s{s+1}.b{b+1}.conv1.bn",
    [CONV2] = "s{s+1}.b{b+1}.conv2.conv",
    [BN2] = "s{s+1}.b{b+1}.conv2.bn",
    [SE_REDUCE] = "s{s+1}.b{b+1}.se.fc1",
    [SE_EXPAND] = "s{s+1}.b{b+1}.se.fc2",
    [CONV3] = "s{s+1}.b{b+1}.conv3.conv",
    [BN3] = "s{s+1}.b{b+1}.conv3.bn",
    [DOWN] = "s{s+1}.b{b+1}.downsample.conv",
    [DOWN_BN] = "s{s+1}.b{b+1}.downsample.bn",
    [FC] = "head.fc",
};
#define HF_BLOCK "regnet.encoder.stages.{s}.layers.{b}."
static const char *const huggingface[PARTS] = {
    [STEM] = "regnet.embedder.embedder.convolution",
    [STEM_BN] = "regnet.embedder.embedder.normalization",
    [CONV1] = HF_BLOCK "layer.0.convolution",
    [BN1] = HF_BLOCK "layer.0.normalization",
    [CONV2] = HF_BLOCK "layer.1.convolution",
    [BN2] = HF_BLOCK "layer.1.normalization",
    [SE_REDUCE] = HF_BLOCK "layer.2.attention.0",
    [SE_EXPAND] = HF_BLOCK "layer.2.attention.2",
    [CONV3] = HF_BLOCK "layer.{j}.convolution",
    [BN3] = HF_BLOCK "layer.{j}.normalization",
    [DOWN] = HF_BLOCK "shortcut.convolution",
    [DOWN_BN] = HF_BLOCK "shortcut.normalization",
    [FC] = "classifier.1",
};
static const char *const mm[PARTS] = {
    [STEM] = "backbone.conv1",
    [STEM_BN] = "backbone.bn1",
    [CONV1] = "backbone.layer{s+1}.{b}.conv1",
    [BN1] = "backbone.layer{s+1}.{b}.bn1",
    [CONV2] = "backbone.layer{s+1}.{b}.conv2",
    [BN2] = "backbone.layer{s+1}.{b}.bn2",
    [CONV3] = "backbone.layer{s+1}.{b}.conv3",
    [BN3] = "backbone.layer{s+1}.{b}.bn3",
    [DOWN] = "backbone.layer{s+1}.{b}.downsample.0",
    [DOWN_BN] = "backbone.layer{s+1}.{b}.downsample.1",
    [FC] = "head.fc",
};
static const struct scheme schemes[] = {
    {.name = "torchvision", .parts = torchvision},
    {.name = "timm", .parts = timm},
    {.name = "Hugging Face", .parts = huggingface},
    {.name = "mmpretrain", .parts = mm},
};

static struct value block(struct net *net, struct value x, struct at at, int stride)
{
    bool excited = net_has(net, SE_REDUCE, at, ".weight");
    enum activation kind = hidden_activation(net, RELU); /* but for the excitation's */
    struct value y = conv_bn(net, x, CONV1, BN1, at, 1, PAD_HALF, kind), short_cut = x;
    at.j = excited ? 3 : 2;
    y = conv_bn(net, y, CONV2, BN2, at, stride, PAD_HALF, kind);
    if (excited)
        y = squeeze_excite(net, y, SE_REDUCE, SE_EXPAND, at, RELU, SIGMOID);
    y = conv_bn(net, y, CONV3, BN3, at, 1, PAD_HALF, LINEAR);
    if (net_has(net, DOWN, at, ".weight"))
        short_cut = conv_bn(net, x, DOWN, DOWN_BN, at, stride, PAD_HALF, LINEAR);
    else
        net_expect(net, stride == 1,
                   "is of a block that halves the map without a shortcut");
    return activate(net, add(net, y, short_cut), kind);
}

static void compose(struct net *net)
{
    struct at at = {0};
    struct value x = net_input(net, net_dim(net, STEM, at, ".weight", 1), 224);
    x = conv_bn(net, x, STEM, STEM_BN, at, 2, PAD_HALF, hidden_activation(net, RELU));
    int64_t kernel = net_dim(net, STEM, at, ".weight", 2);
    net_expect(net, kernel == 3 || kernel < 0, "has kernel %lld, must be 3",
               (long long)kernel);
    net_expect(net,
               !net_variant_begins(net, "regnetz") && !net_variant_begins(net, "regnetv"),
               "is of a %s, supported are RegNet X and Y", net->variant);
    for (at.s = 0; at.s < 4; at.s++) {
        at.b = 0;
        do
            x = block(net, x, at, at.b == 0 ? 2 : 1);
        while (++at.b, net_has(net, CONV1, at, ".weight"));
    }
    net_output(net, linear(net, global_pool(net, x), FC, at));
}

static const struct family family = {
    .name = "RegNet",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};
static const char *const variants[] = {
    "regnet_x_400mf", "regnet_x_800mf", "regnet_x_1_6gf", "regnet_x_3_2gf",
    "regnet_x_8gf",   "regnet_x_16gf",  "regnet_x_32gf",  "regnet_y_400mf",
    "regnet_y_800mf", "regnet_y_1_6gf", "regnet_y_3_2gf", "regnet_y_8gf",
    "regnet_y_16gf",  "regnet_y_32gf",  "regnet_y_128gf", NULL,
};
ARCHITECTURE(architecture_regnet, "regnet", variants, family);
