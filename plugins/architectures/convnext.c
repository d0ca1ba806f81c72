/*
 * plugins/architectures/convnext.c - ConvNeXt, atto to extra large
 *
 * Liu et al., "A ConvNet for the 2020s" (2022). Norms are over channels, so a block goes to
 * channels last and back; its two products are Linear layers or, in timm's small ones, 1x1
 * convolutions. The last norm comes after the pool. Epsilon is 1e-6, but Hugging Face's
 * last norm has its setting's (1e-12 where that is absent).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/tokens.h"

enum part {
    STEM,
    STEM_LN,
    DOWN_LN, /* before stages 1, 2, 3; {j}: 2s in torchvision's sequence */
    DOWN,
    DW, /* {j}: 2s + 1 */
    LN,
    UP,
    BACK,
    SCALE, /* the whole name */
    LAST_LN,
    FC,
    PARTS
};
enum dialect { OTHER, HUGGING_FACE };

static const char *const torchvision[PARTS] = {
    [STEM] = "features.0.0",
    [STEM_LN] = "features.0.1",
    [DOWN_LN] = "features.{j}.0",
    [DOWN] = "features.{j}.1",
    [DW] = "features.{j}.{b}.block.0",
    [LN] = "features.{j}.{b}.block.2",
    [UP] = "features.{j}.{b}.block.3",
    [BACK] = "features.{j}.{b}.block.5",
    [SCALE] = "features.{j}.{b}.layer_scale",
    [LAST_LN] = "classifier.0",
    [FC] = "classifier.2",
};
static const char *const timm[PARTS] = {
    [STEM] = "stem.0",
    [STEM_LN] = "stem.1",
    [DOWN_LN] = "stages.{s}.downsample.0",
    [DOWN] = "stages.{s}.downsample.1",
    [DW] = "stages.{s}.blocks.{b}.conv_dw",
    [LN] = "stages.{s}.blocks.{b}.norm",
    [UP] = "stages.{s}.blocks.{b}.mlp.fc1",
    [BACK] = "stages.{s}.blocks.{b}.mlp.fc2",
    [SCALE] = "stages.{s}.blocks.{b}.gamma",
    [LAST_LN] = "head.norm",
    [FC] = "head.fc",
};
static const char *const original[PARTS] = {
    [STEM] = "downsample_layers.0.0",
    [STEM_LN] = "downsample_layers.0.1",
    [DOWN_LN] = "downsample_layers.{s}.0",
    [DOWN] = "downsample_layers.{s}.1",
    [DW] = "stages.{s}.{b}.dwconv",
    [LN] = "stages.{s}.{b}.norm",
    [UP] = "stages.{s}.{b}.pwconv1",
    [BACK] = "stages.{s}.{b}.pwconv2",
    [SCALE] = "stages.{s}.{b}.gamma",
    [LAST_LN] = "norm",
    [FC] = "head",
};
static const char *const mm[PARTS] = {
    [STEM] = "backbone.downsample_layers.0.0",
    [STEM_LN] = "backbone.downsample_layers.0.1",
    [DOWN_LN] = "backbone.downsample_layers.{s}.0",
    [DOWN] = "backbone.downsample_layers.{s}.1",
    [DW] = "backbone.stages.{s}.{b}.depthwise_conv",
    [LN] = "backbone.stages.{s}.{b}.norm",
    [UP] = "backbone.stages.{s}.{b}.pointwise_conv1",
    [BACK] = "backbone.stages.{s}.{b}.pointwise_conv2",
    [SCALE] = "backbone.stages.{s}.{b}.gamma",
    [LAST_LN] = "backbone.norm3",
    [FC] = "head.fc",
};
#define HF_BLOCK "convnext.encoder.stages.{s}.layers.{b}."
static const char *const huggingface[PARTS] = {
    [STEM] = "convnext.embeddings.patch_embeddings",
    [STEM_LN] = "convnext.embeddings.layernorm",
    [DOWN_LN] = "convnext.encoder.stages.{s}.downsampling_layer.0",
    [DOWN] = "convnext.encoder.stages.{s}.downsampling_layer.1",
    [DW] = HF_BLOCK "dwconv",
    [LN] = HF_BLOCK "layernorm",
    [UP] = HF_BLOCK "pwconv1",
    [BACK] = HF_BLOCK "pwconv2",
    [SCALE] = HF_BLOCK "layer_scale_parameter",
    [LAST_LN] = "convnext.layernorm",
    [FC] = "classifier",
};
static const struct scheme schemes[] = {
    {.name = "torchvision", .parts = torchvision},
    {.name = "timm", .parts = timm},
    {.name = "original", .parts = original},
    {.name = "mmpretrain", .parts = mm},
    {.name = "Hugging Face", .parts = huggingface, .dialect = HUGGING_FACE},
};

static const struct depths depths[] = {
    {"convnext_tiny", {3, 3, 9, 3}},    {"convnext_small", {3, 3, 27, 3}},
    {"convnext_base", {3, 3, 27, 3}},   {"convnext_large", {3, 3, 27, 3}},
    {"convnext_xlarge", {3, 3, 27, 3}}, {"convnext_atto", {2, 2, 6, 2}},
    {"convnext_femto", {2, 2, 6, 2}},   {"convnext_pico", {2, 2, 6, 2}},
    {"convnext_nano", {2, 2, 8, 2}},    {NULL, {0}},
};

static const int64_t to_last[] = {0, 2, 3, 1}, to_first[] = {0, 3, 1, 2};

/* Layer normalisation of a map over its channels. */
static struct value map_norm(struct net *net, struct value x, int part, struct at at)
{
    x = layer_norm(net, net_transpose(net, x, 4, to_last), part, at);
    return net_transpose(net, x, 4, to_first);
}

/* Whether blocks have scales: one that lacks it where others have one is not whole. */
static bool has_scales(const struct net *net)
{
    static const struct at any[] = {{.j = 1}, {.j = 1, .b = 1}, {.s = 1, .j = 3}};
    return net_has(net, SCALE, any[0], "") || net_has(net, SCALE, any[1], "") ||
           net_has(net, SCALE, any[2], "");
}

/* The scale of a block's result, which is a map with channels last, or first for 1x1
 * convolutions. */
static struct value scaled_map(struct net *net, struct value x, struct at at, bool last)
{
    const struct imgcls_tensor *scale = net_peek(net, SCALE, at, "");
    bool wanted = has_scales(net);
    int rank = scale && scale->rank == 3 ? 3 : 1;
    const int64_t dims[] = {x.channels, 1, 1};
    struct value factor = {.name = ""};
    if (scale || wanted)
        factor.name = net_parameter(net, SCALE, at, "", rank, dims);
    if (scale && rank == 1 && last)
        x = net_binary(net, "Mul", x, factor);
    if (last)
        x = net_transpose(net, x, 4, to_first);
    if (scale && rank == 1 && !last)
        factor = net_reshape(net, factor, 3, (const int64_t[]){-1, 1, 1});
    return scale && (rank == 3 || !last) ? net_binary(net, "Mul", x, factor) : x;
}

/* timm's tests of itself. */
static enum activation variant_activation(const struct net *net)
{
    if (net_variant_begins(net, "test_convnext3"))
        return SILU;
    return net_variant_begins(net, "test_convnext") ? GELU_TANH : GELU;
}

static struct value block(struct net *net, struct value x, struct at at)
{
    const struct imgcls_tensor *up = net_peek(net, UP, at, ".weight");
    bool last = !up || up->rank == 2;
    const enum activation kind = any_activation(net, variant_activation(net));
    struct value y = conv_biased(net, x, DW, at, 1, PAD_HALF);
    if (last) {
        y = layer_norm(net, net_transpose(net, y, 4, to_last), LN, at);
        y = dense(net, activate(net, dense(net, y, UP, at), kind), BACK, at);
    } else {
        y = map_norm(net, y, LN, at);
        y = conv_biased(net, activate(net, conv_biased(net, y, UP, at, 1, 0), kind), BACK,
                        at, 1, 0);
    }
    return add(net, x, scaled_map(net, y, at, last));
}

static void compose(struct net *net)
{
    int counts[4] = {0};
    struct at at = {0};
    bool wide_eps = net_variant_begins(net, "convnext_xxlarge") || net_variant_begins(net, "test_convnext");
    net->eps = net_setting_epsilon(net, "model_args.norm_eps", wide_eps ? 1e-5 : 1e-6);
    struct value x = net_input(net, net_dim(net, STEM, at, ".weight", 1), 224);
    int64_t kernel = net_dim(net, STEM, at, ".weight", 2);
    x = conv_biased(net, x, STEM, at, 4, 0);
    net_expect(net, kernel == 4 || kernel < 0, "has kernel %lld, must be 4",
               (long long)kernel);
    x = map_norm(net, x, STEM_LN, at);
    for (at.s = 0; at.s < 4; at.s++) {
        at.j = 2 * at.s;
        if (at.s > 0)
            x = conv_biased(net, map_norm(net, x, DOWN_LN, at), DOWN, at, 2, 0);
        at.j++;
        at.b = 0;
        do
            x = block(net, x, at);
        while (++at.b, net_has(net, DW, at, ".weight"));
        counts[at.s] = at.b;
    }
    net_expect_depths(net, depths, counts);
    if (net->scheme->dialect == HUGGING_FACE)
        net->eps = net_setting_epsilon(net, "layer_norm_eps", 1e-12);
    x = layer_norm(net, global_pool(net, x), LAST_LN, at);
    net_output(net, linear(net, x, FC, at));
}

static const struct family family = {
    .name = "ConvNeXt",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = compose,
};
static const char *const variants[] = {
    "convnext_tiny", "convnext_small", "convnext_base", "convnext_large", "convnext_xlarge",
    "convnext_atto", "convnext_femto", "convnext_pico", "convnext_nano",  NULL,
};
ARCHITECTURE(architecture_convnext, "convnext", variants, family);
