/*
 * plugins/architectures/squeezenet.c - SqueezeNet 1.0 and 1.1
 *
 * Iandola et al., "SqueezeNet" (2016), as torchvision has it. The pools round up. The two
 * versions differ in the stem (7x7 against 3x3) and in where the pools stand.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

enum part { STEM, SQUEEZE, EXPAND1, EXPAND3, HEAD, PARTS };

static const char *const torchvision[PARTS] = {
    [STEM] = "features.0",
    [SQUEEZE] = "features.{k}.squeeze",
    [EXPAND1] = "features.{k}.expand1x1",
    [EXPAND3] = "features.{k}.expand3x3",
    [HEAD] = "classifier.1",
};
static const struct scheme schemes[] = {
    {.name = "torchvision", .parts = torchvision},
};

static struct value fire(struct net *net, struct value x, struct at at)
{
    x = activate(net, conv_biased(net, x, SQUEEZE, at, 1, PAD_HALF), RELU);
    struct value narrow =
        activate(net, conv_biased(net, x, EXPAND1, at, 1, PAD_HALF), RELU);
    struct value wide = activate(net, conv_biased(net, x, EXPAND3, at, 1, PAD_HALF), RELU);
    return concat_channels(net, 2, (const struct value[]){narrow, wide});
}

static void compose(struct net *net)
{
    static const char first[] = "  PFFFPFFFFPF", second[] = "  PFFPFFPFFFF";
    struct at at = {0};
    int64_t kernel = net_dim(net, STEM, at, ".weight", 2);
    const char *layers = kernel == 7 ? first : second;
    struct value x = net_input(net, net_dim(net, STEM, at, ".weight", 1), 224);
    x = activate(net, conv_biased(net, x, STEM, at, 2, 0), RELU);
    net_expect(net, kernel == 7 || kernel == 3 || kernel < 0,
               "has kernel %lld, must be 7 (1.0) or 3 (1.1)", (long long)kernel);
    net_expect(net,
               !net->variant || !net_variant_begins(net, "squeezenet1_") ||
                   net_variant_begins(net, kernel == 7 ? "squeezenet1_0" : "squeezenet1_1"),
               "has kernel %lld, which is not %s's", (long long)kernel, net->variant);
    for (at.k = 2; layers[at.k]; at.k++)
        x = layers[at.k] == 'P' ? max_pool(net, x, 3, 2, 0, true) : fire(net, x, at);
    x = activate(net, conv_biased(net, x, HEAD, at, 1, 0), RELU);
    net_output(net, global_pool(net, x));
}

static const struct family family = {
    .name = "SqueezeNet",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};
static const char *const variants[] = {"squeezenet1_0", "squeezenet1_1", NULL};
ARCHITECTURE(architecture_squeezenet, "squeezenet", variants, family);
