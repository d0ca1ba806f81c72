/*
 * plugins/architectures/alexnet.c - AlexNet
 *
 * Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014), as
 * torchvision has it: five convolutions, three pools, pooling to 6 x 6, three products.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

enum part { CONV1, CONV2, CONV3, CONV4, CONV5, FC1, FC2, FC3, PARTS };

static const char *const torchvision[PARTS] = {
    [CONV1] = "features.0", [CONV2] = "features.3",  [CONV3] = "features.6",
    [CONV4] = "features.8", [CONV5] = "features.10", [FC1] = "classifier.1",
    [FC2] = "classifier.4", [FC3] = "classifier.6",
};
static const char *const mm[PARTS] = {
    [CONV1] = "backbone.features.0",  [CONV2] = "backbone.features.3",
    [CONV3] = "backbone.features.6",  [CONV4] = "backbone.features.8",
    [CONV5] = "backbone.features.10", [FC1] = "backbone.classifier.1",
    [FC2] = "backbone.classifier.4",  [FC3] = "backbone.classifier.6",
};
static const struct scheme schemes[] = {
    {.name = "torchvision", .parts = torchvision},
    {.name = "mmpretrain", .parts = mm},
};

static void compose(struct net *net)
{
    const struct at at = {0};
    struct value x = net_input(net, net_dim(net, CONV1, at, ".weight", 1), 224);
    x = activate(net, conv_biased(net, x, CONV1, at, 4, 2), RELU);
    x = max_pool(net, x, 3, 2, 0, false);
    x = activate(net, conv_biased(net, x, CONV2, at, 1, PAD_HALF), RELU);
    x = max_pool(net, x, 3, 2, 0, false);
    x = activate(net, conv_biased(net, x, CONV3, at, 1, PAD_HALF), RELU);
    x = activate(net, conv_biased(net, x, CONV4, at, 1, PAD_HALF), RELU);
    x = activate(net, conv_biased(net, x, CONV5, at, 1, PAD_HALF), RELU);
    x = max_pool(net, x, 3, 2, 0, false);
    x = flatten(net, adaptive_pool(net, x, 6, 6));
    x = activate(net, linear(net, x, FC1, at), RELU);
    x = activate(net, linear(net, x, FC2, at), RELU);
    net_output(net, linear(net, x, FC3, at));
}

static const struct family family = {
    .name = "AlexNet",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};
static const char *const variants[] = {"alexnet", NULL};
ARCHITECTURE(architecture_alexnet, "alexnet", variants, family);
