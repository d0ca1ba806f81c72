/*
 * plugins/architectures/nextvit.c - Next-ViT XS to L
 *
 * Li et al., "Next-ViT: Next Generation Vision Transformer for Efficient Deployment in
 * Realistic Industrial Scenarios" (2022). Convolutional blocks (NCB), and in places blocks
 * (NTB) of which three quarters of the channels go through an attention whose keys and
 * values are means over stretches of tokens, and one quarter through a convolution. Which
 * block is which shows in the names; the widths of the four stages are the same in all
 * sizes, and say where a stage begins in files that number the blocks through.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "plugins/architectures/list.h"
#include "plugins/architectures/tokens.h"

#define DEPTH 32 /* of a head, and channels of a group */

enum part {
    STEM,
    STEM_BN,
    EMBED, /* 1x1, where the map is halved or its channels change */
    EMBED_BN,
    GROUPED, /* 3x3 */
    GROUPED_BN,
    GROUPED_OUT,
    NCB_BN,
    MLP_UP,
    MLP_DOWN,
    NTB_BN1,
    QUERY,
    KEY,
    VALUE,
    MEANS_BN,
    ATTENTION_OUT,
    PROJECTION, /* from the attention's channels to the convolution's */
    PROJECTION_BN,
    NTB_BN2,
    NORM,
    HEAD,
    PARTS
};

#define BLOCK(prefix, up, down)                                                            \
    [EMBED] = prefix "patch_embed.conv", [EMBED_BN] = prefix "patch_embed.norm",           \
    [GROUPED] = prefix "mhca.group_conv3x3", [GROUPED_BN] = prefix "mhca.norm",            \
    [GROUPED_OUT] = prefix "mhca.projection", [NCB_BN] = prefix "norm",                    \
    [MLP_UP] = prefix up, [MLP_DOWN] = prefix down, [NTB_BN1] = prefix "norm1",            \
    [QUERY] = prefix "e_mhsa.q", [KEY] = prefix "e_mhsa.k", [VALUE] = prefix "e_mhsa.v",   \
    [MEANS_BN] = prefix "e_mhsa.norm", [ATTENTION_OUT] = prefix "e_mhsa.proj",             \
    [PROJECTION] = prefix "projection.conv", [PROJECTION_BN] = prefix "projection.norm",   \
    [NTB_BN2] = prefix "norm2"

static const char *const timm[PARTS] = {
    BLOCK("stages.{s}.blocks.{b}.", "mlp.fc1", "mlp.fc2"),
    [STEM] = "stem.{j}.conv",
    [STEM_BN] = "stem.{j}.norm",
    [NORM] = "norm",
    [HEAD] = "head.fc",
};
static const char *const modelscope[PARTS] = {
    BLOCK("backbone.features.{k}.", "mlp.conv1", "mlp.conv2"),
    [STEM] = "backbone.stem.{j}.conv",
    [STEM_BN] = "backbone.stem.{j}.norm",
    [NORM] = "backbone.norm",
    [HEAD] = "head.fc",
};
static const char *const bytedance[PARTS] = {
    BLOCK("features.{k}.", "mlp.conv1", "mlp.conv2"),
    [STEM] = "stem.{j}.conv",
    [STEM_BN] = "stem.{j}.norm",
    [NORM] = "norm",
    [HEAD] = "proj_head.0",
};

static const struct scheme schemes[] = {
    {.name = "timm", .parts = timm},
    {.name = "ModelScope", .parts = modelscope},
    {.name = "ByteDance", .parts = bytedance},
};

/* ---- Parts of blocks ------------------------------------------------------------------*/

/* Where the map is halved or gets other channels: a mean of 2 x 2, a 1x1, a norm. */
static struct value embed(struct net *net, struct value x, int part, int norm, struct at at,
                          int64_t channels, int stride)
{
    if (stride == 1 && (x.channels == channels || x.channels < 0))
        return x;
    if (stride == 2)
        x = average_pool(net, x, 2, 2, 0, true);
    return conv_bn(net, x, part, norm, at, 1, 0, LINEAR);
}

/* x + 1x1(relu(norm(grouped 3x3 of x))) */
static struct value with_grouped(struct net *net, struct value x, struct at at)
{
    struct value y = conv_bn(net, x, GROUPED, GROUPED_BN, at, 1, PAD_HALF, RELU);
    return add(net, x, conv(net, y, GROUPED_OUT, at, 1, 0));
}

static struct value with_perceptron(struct net *net, struct value x, int norm, struct at at)
{
    struct value y = conv(net, batch_norm(net, x, norm, at), MLP_UP, at, 1, 0);
    return add(net, x, conv(net, activate(net, y, RELU), MLP_DOWN, at, 1, 0));
}

/* Tokens of which each stands for `stretch` of the picture's, their mean, normalised. */
static struct value means(struct net *net, struct value picture, struct at at,
                          int64_t stretch)
{
    static const int64_t order[] = {0, 2, 1};
    const int64_t line[] = {0, picture.channels, picture.height * picture.width};
    picture = net_reshape(net, picture, 3, line);
    if (stretch > 1) {
        const char *const inputs[] = {picture.name, NULL};
        struct imgcls_node *node = net_node(net, "AveragePool", inputs, &picture.name);
        net_ints(net, node, "kernel_shape", 1, &stretch);
        net_ints(net, node, "strides", 1, &stretch);
        picture = batch_norm(net, picture, MEANS_BN, at);
    }
    picture = net_transpose(net, picture, 3, order);
    picture.height = line[2] / stretch;
    picture.width = 0;
    return picture;
}

static struct value attend(struct net *net, struct value x, struct at at)
{
    static const int64_t stretches[] = {64, 16, 4, 1};
    const int64_t stretch = stretches[at.s < 3 ? at.s : 3];
    const int64_t height = x.height, width = x.width, count = x.channels / DEPTH;
    struct value few = means(net, x, at, stretch), tokens = tokens_of_picture(net, x);
    net_expect(net, height * width >= stretch,
               "is over a map of %lldx%lld, at least %lld tokens are needed",
               (long long)height, (long long)width, (long long)stretch);
    if (count <= 0 || height * width < stretch)
        return x;
    struct heads heads = {.count = count, .depth = DEPTH, .tokens = tokens.height};
    heads.q = split_heads(net, dense(net, tokens, QUERY, at), count);
    heads.k = split_heads(net, dense(net, few, KEY, at), count);
    heads.v = split_heads(net, dense(net, few, VALUE, at), count);
    heads.q = by_number(net, heads.q, 1.0 / sqrt((double)DEPTH));
    x = attention_apply(net, attention_scores(net, &heads), &heads);
    return picture_of_tokens(net, dense(net, x, ATTENTION_OUT, at), height, width);
}

/* ---- Blocks ---------------------------------------------------------------------------*/

static struct value convolutional(struct net *net, struct value x, struct at at, int stride)
{
    int64_t channels = net_dim(net, GROUPED, at, ".weight", 0);
    x = embed(net, x, EMBED, EMBED_BN, at, channels, stride);
    return with_perceptron(net, with_grouped(net, x, at), NCB_BN, at);
}

static struct value transformer(struct net *net, struct value x, struct at at, int stride)
{
    int64_t attended = net_dim(net, QUERY, at, ".weight", 0);
    int64_t convolved = net_dim(net, GROUPED, at, ".weight", 0);
    struct value parts[2];
    x = embed(net, x, EMBED, EMBED_BN, at, attended, stride);
    net_expect(net, x.channels < 0 || x.channels % DEPTH == 0,
               "gives %lld channels, must give a multiple of %d", (long long)x.channels,
               DEPTH);
    if (x.channels <= 0 || x.height <= 0 || x.width <= 0 || x.channels % DEPTH)
        return x;
    parts[0] = add(net, x, attend(net, batch_norm(net, x, NTB_BN1, at), at));
    parts[1] = embed(net, parts[0], PROJECTION, PROJECTION_BN, at, convolved, 1);
    parts[1] = with_grouped(net, parts[1], at);
    return with_perceptron(net, concat_channels(net, 2, parts), NTB_BN2, at);
}

/* ---- The network ----------------------------------------------------------------------*/

static bool is_transformer(const struct net *net, struct at at)
{
    return net_has(net, QUERY, at, ".weight");
}

/* Channels that leave a block; -1 where there is no such block. */
static int64_t width_of(const struct net *net, struct at at)
{
    int64_t convolved = net_dim(net, GROUPED, at, ".weight", 0);
    return convolved > 0 && is_transformer(net, at)
               ? convolved + net_dim(net, QUERY, at, ".weight", 0)
               : convolved;
}

static int stage_of(int64_t width)
{
    return width <= 96 ? 0 : width <= 256 ? 1 : width <= 512 ? 2 : 3;
}

static struct value stem(struct net *net)
{
    static const int strides[] = {2, 1, 1, 2};
    struct at at = {0};
    struct value x = net_input(net, net_dim(net, STEM, at, ".weight", 1), 224);
    for (; at.j < 4; at.j++)
        x = conv_bn(net, x, STEM, STEM_BN, at, strides[at.j], PAD_HALF, RELU);
    return x;
}

static void compose(struct net *net)
{
    struct at at = {0};
    net->eps = 1e-5;
    struct value x = stem(net);
    for (int stage = 0;; at.k++, at.b++) {
        int64_t width = width_of(net, at);
        if (width <= 0) { /* of a file that numbers stages, too: the next one */
            at.b = 0;
            at.s = stage + 1;
            width = at.k > 0 ? width_of(net, at) : -1;
        }
        if (width <= 0 || at.s > 3)
            break;
        int of = stage_of(width), stride = of > stage ? 2 : 1;
        net_expect(net, of == stage || of == stage + 1,
                   "gives %lld channels, which no block here does", (long long)width);
        at.b = of > stage ? 0 : at.b;
        at.s = stage = of;
        x = is_transformer(net, at) ? transformer(net, x, at, stride)
                                    : convolutional(net, x, at, stride);
    }
    net_expect(net, at.k > 0, "is of a network without blocks");
    x = global_pool(net, batch_norm(net, x, NORM, at));
    net_output(net, classify(net, x, HEAD));
}

static const struct family nextvit = {
    .name = "Next-ViT",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};

static const char *const variants[] = {
    "nextvit_small",
    "nextvit_base",
    "nextvit_large",
    NULL,
};

ARCHITECTURE(architecture_nextvit, "nextvit", variants, nextvit);
