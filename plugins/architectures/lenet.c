/*
 * plugins/architectures/lenet.c - LeNet-5
 *
 * LeCun et al., "Gradient-Based Learning Applied to Document Recognition" (1998), with tanh
 * and average pools, as mmpretrain has it: pictures of 32 x 32 pixels and one channel.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

enum part { CONV1, CONV2, CONV3, FC1, FC2, PARTS };

static const char *const plain[PARTS] = {
    [CONV1] = "features.0", [CONV2] = "features.3", [CONV3] = "features.6",
    [FC1] = "classifier.0", [FC2] = "classifier.2",
};
static const char *const mm[PARTS] = {
    [CONV1] = "backbone.features.0", [CONV2] = "backbone.features.3",
    [CONV3] = "backbone.features.6", [FC1] = "backbone.classifier.0",
    [FC2] = "backbone.classifier.2",
};
static const struct scheme schemes[] = {
    {.name = "plain", .parts = plain},
    {.name = "mmpretrain", .parts = mm},
};

static void compose(struct net *net)
{
    const struct at at = {0};
    struct value x = net_input(net, net_dim(net, CONV1, at, ".weight", 1), 32);
    x = activate(net, conv_biased(net, x, CONV1, at, 1, 0), TANH);
    x = average_pool(net, x, 2, 2, 0, false);
    x = activate(net, conv_biased(net, x, CONV2, at, 1, 0), TANH);
    x = average_pool(net, x, 2, 2, 0, false);
    x = flatten(net, activate(net, conv_biased(net, x, CONV3, at, 1, 0), TANH));
    x = activate(net, linear(net, x, FC1, at), TANH);
    net_output(net, linear(net, x, FC2, at));
}

static const struct family family = {
    .name = "LeNet-5",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};
static const char *const variants[] = {"lenet5", NULL};
ARCHITECTURE(architecture_lenet, "lenet", variants, family);
