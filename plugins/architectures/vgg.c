/*
 * plugins/architectures/vgg.c - VGG 11, 13, 16, 19, with and without batch normalisation
 *
 * Simonyan, Zisserman, "Very Deep Convolutional Networks" (2014). Layers are numbered as
 * they stand in a sequence: torchvision and timm count convolution, norm, rectifier and
 * pool; mmpretrain counts a convolution with all that belongs to it as one. timm writes the
 * first two products as convolutions (7x7, then 1x1) and pools behind them, which is the
 * same for pictures of 224 pixels and not for others.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

enum part { CONV, NORM, FC1, FC2, FC3, PARTS };
enum dialect { TORCHVISION, TIMM, MM };

static const char *const torchvision[PARTS] = {
    [CONV] = "features.{k}", [NORM] = "features.{k+1}", [FC1] = "classifier.0",
    [FC2] = "classifier.3",  [FC3] = "classifier.6",
};
static const char *const timm[PARTS] = {
    [CONV] = "features.{k}",  [NORM] = "features.{k+1}", [FC1] = "pre_logits.fc1",
    [FC2] = "pre_logits.fc2", [FC3] = "head.fc",
};
static const char *const mm[PARTS] = {
    [CONV] = "backbone.features.{k}.conv", [NORM] = "backbone.features.{k}.bn",
    [FC1] = "backbone.classifier.0",       [FC2] = "backbone.classifier.3",
    [FC3] = "backbone.classifier.6",
};
static const struct scheme schemes[] = {
    {.name = "torchvision", .parts = torchvision, .dialect = TORCHVISION},
    {.name = "timm", .parts = timm, .dialect = TIMM},
    {.name = "mmpretrain", .parts = mm, .dialect = MM},
};

#define STAGES      5
#define LAST_NUMBER 49 /* of a convolution: VGG 19 with norms */

static const struct depths depths[] = {
    {"vgg11", {1, 1, 2, 2, 2}},
    {"vgg13", {2, 2, 2, 2, 2}},
    {"vgg16", {2, 2, 3, 3, 3}},
    {"vgg19", {2, 2, 4, 4, 4}},
    {"vgg11_bn", {1, 1, 2, 2, 2}},
    {"vgg13_bn", {2, 2, 2, 2, 2}},
    {"vgg16_bn", {2, 2, 3, 3, 3}},
    {"vgg19_bn", {2, 2, 4, 4, 4}},
    {NULL, {0}},
};

/* The network whose last convolution has the highest number that is there: four pools and
 * all other convolutions, `step` layers each, stand before it. */
static const int *counts_of(struct net *net, int step)
{
    int last = LAST_NUMBER;
    while (last > 0 && net_dim(net, CONV, (struct at){.k = last}, ".weight", 3) < 0)
        last--;
    for (int i = 0; i < 4; i++) {
        int convolutions = 0;
        for (int s = 0; s < STAGES; s++)
            convolutions += depths[i].counts[s];
        if (last == step * (convolutions - 1) + STAGES - 1)
            return depths[i].counts;
    }
    net_expect(net, false, "ends with convolution number %d, which is of no VGG", last);
    return depths[0].counts;
}

static struct value features(struct net *net)
{
    struct at at = {0};
    bool norms = net_has(net, NORM, at, ".running_mean");
    bool biased = !norms || net_has(net, CONV, at, ".bias") ||
                  net_has(net, CONV, (struct at){.k = 3}, ".bias");
    int step = net->scheme->dialect == MM ? 1 : norms ? 3 : 2;
    const int *counts = counts_of(net, step);
    struct value x = net_input(net, net_dim(net, CONV, at, ".weight", 1), 224);
    for (int s = 0; s < STAGES; s++, at.k++) {
        for (int b = 0; b < counts[s]; b++, at.k += step) {
            x = biased ? conv_biased(net, x, CONV, at, 1, PAD_HALF)
                       : conv(net, x, CONV, at, 1, PAD_HALF);
            if (norms)
                x = batch_norm(net, x, NORM, at);
            x = activate(net, x, RELU);
        }
        x = max_pool(net, x, 2, 2, 0, false);
    }
    net_expect_depths(net, depths, counts);
    return x;
}

static void compose(struct net *net)
{
    const struct at at = {0};
    struct value x = features(net);
    if (net->scheme->dialect == TIMM) {
        if (x.height < 7 || x.width < 7)
            x = adaptive_pool(net, x, x.height < 7 ? 7 : (int)x.height,
                              x.width < 7 ? 7 : (int)x.width);
        x = activate(net, conv_biased(net, x, FC1, at, 1, 0), RELU);
        x = activate(net, conv_biased(net, x, FC2, at, 1, 0), RELU);
        x = global_pool(net, x);
    } else {
        x = flatten(net, adaptive_pool(net, x, 7, 7));
        x = activate(net, linear(net, x, FC1, at), RELU);
        x = activate(net, linear(net, x, FC2, at), RELU);
    }
    net_output(net, linear(net, x, FC3, at));
}

static const struct family family = {
    .name = "VGG",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};
static const char *const variants[] = {"vgg11",    "vgg13",    "vgg16",
                                       "vgg19",    "vgg11_bn", "vgg13_bn",
                                       "vgg16_bn", "vgg19_bn", NULL};
ARCHITECTURE(architecture_vgg, "vgg", variants, family);
