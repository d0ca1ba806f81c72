/*
 * plugins/architectures/beit.c - BEiT and BEiT v2: biases by relative position, no bias for
 * keys, a scale on each branch
 *
 * Bao et al., "BEiT: BERT Pre-Training of Image Transformers" (2021); Peng et al., "BEiT
 * v2" (2022), which is the same network. The body is vit_body.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/vit.h"

#include "plugins/architectures/list.h"

/* Microsoft's names, which timm keeps and ModelScope puts behind "backbone.". */
#define MICROSOFT(prefix)                                                                  \
    [NORM1] = prefix "blocks.{b}.norm1", [NORM2] = prefix "blocks.{b}.norm2",              \
    [QKV_WEIGHT] = prefix "blocks.{b}.attn.qkv.weight",                                    \
    [Q_BIAS] = prefix "blocks.{b}.attn.q_bias",                                            \
    [V_BIAS] = prefix "blocks.{b}.attn.v_bias",                                            \
    [ATTENTION_OUT] = prefix "blocks.{b}.attn.proj",                                       \
    [TABLE] = prefix "blocks.{b}.attn.relative_position_bias_table",                       \
    [SHARED_TABLE] = prefix "rel_pos_bias.relative_position_bias_table",                   \
    [MLP_UP] = prefix "blocks.{b}.mlp.fc1", [MLP_DOWN] = prefix "blocks.{b}.mlp.fc2",      \
    [SCALE1] = prefix "blocks.{b}.gamma_1", [SCALE2] = prefix "blocks.{b}.gamma_2",        \
    [PATCH] = prefix "patch_embed.proj", [CLASS_TOKEN] = prefix "cls_token",               \
    [POSITIONS] = prefix "pos_embed", [NORM] = prefix "norm",                              \
    [POOLED_NORM] = prefix "fc_norm"

static const char *const timm[VIT_PARTS] = {MICROSOFT(""), [HEAD] = "head"};
static const char *const modelscope[VIT_PARTS] = {MICROSOFT("backbone."), [HEAD] =
                                                                              "head.fc"};

#define HUGGINGFACE                                                                        \
    HF_EMBEDDINGS("beit"), [NORM] = "beit.layernorm",                                      \
                           [POOLED_NORM] = "beit.pooler.layernorm", [HEAD] = "classifier"

static const char *const huggingface[VIT_PARTS] = {
    HUGGINGFACE,
    HF_BLOCK("beit"),
    [TABLE] = "beit.encoder.layer.{b}.attention.attention.relative_position_bias."
              "relative_position_bias_table",
    [SHARED_TABLE] = "beit.encoder.relative_position_bias.relative_position_bias_table",
    [SCALE1] = "beit.encoder.layer.{b}.lambda_1",
    [SCALE2] = "beit.encoder.layer.{b}.lambda_2",
};
static const char *const huggingface5[VIT_PARTS] = {
    HUGGINGFACE,
    HF5_BLOCK("beit"),
    [TABLE] = "beit.layers.{b}.relative_position_bias.relative_position_bias_table",
    [SHARED_TABLE] = "beit.shared_position_bias.relative_position_bias_table",
    [SCALE1] = "beit.layers.{b}.lambda_1",
    [SCALE2] = "beit.layers.{b}.lambda_2",
};

#define MM                                                                                 \
    MM_EMBEDDINGS,                                                                         \
        MM_BLOCK, [Q_BIAS] = "backbone.layers.{b}.attn.q_bias",                            \
                  [V_BIAS] = "backbone.layers.{b}.attn.v_bias",                            \
                  [TABLE] = "backbone.layers.{b}.attn.relative_position_bias_table",       \
                  [SHARED_TABLE] = "backbone.rel_pos_bias.relative_position_bias_table",   \
                  [SCALE1] = "backbone.layers.{b}.gamma_1",                                \
                  [SCALE2] = "backbone.layers.{b}.gamma_2", [NORM] = "backbone.ln1",       \
                  [POOLED_NORM] = "backbone.ln2"

static const char *const mm[VIT_PARTS] = {MM, [HEAD] = "head.fc"};
static const char *const mm_layers[VIT_PARTS] = {MM, [HEAD] = "head.layers.head"};

static const char *const unused[] = {"*.relative_position_index",
                                     "*relative_position_index", "*mask_token", NULL};

static const struct scheme schemes[] = {
    {"timm", timm, unused, BY_TIMM},
    {"ModelScope", modelscope, unused, BY_MM},
    {"mmpretrain", mm, unused, BY_MM},
    {"mmpretrain, layered head", mm_layers, unused, BY_MM},
    {"Hugging Face", huggingface, unused, BY_TRANSFORMERS},
    {"Hugging Face 5", huggingface5, unused, BY_TRANSFORMERS},
};

static const struct family beit = {
    .name = "BEiT",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = vit_compose,
};

static const char *const variants[] = {
    "beit_base_patch16_224",    "beit_base_patch16_384",
    "beit_large_patch16_224",   "beit_large_patch16_384",
    "beit_large_patch16_512",   "beitv2_base_patch16_224",
    "beitv2_large_patch16_224", NULL,
};

ARCHITECTURE(architecture_beit, "beit", variants, beit);
