/*
 * plugins/architectures/swinv2.c - Swin V2 T to G
 *
 * The body is swin_body.c; here are the names. No key has a bias: torchvision keeps one in
 * its files and does not use it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/swin.h"

#include "plugins/architectures/list.h"

static const char *const torchvision[SWIN_PARTS] = {
    [PATCH] = "features.0.0",
    [PATCH_NORM] = "features.0.2",
    [NORM1] = "features.{j+1}.{b}.norm1",
    [QKV_WEIGHT] = "features.{j+1}.{b}.attn.qkv.weight",
    [QKV_BIAS] = "features.{j+1}.{b}.attn.qkv.bias",
    [ATTENTION_OUT] = "features.{j+1}.{b}.attn.proj",
    [LOGIT_SCALE] = "features.{j+1}.{b}.attn.logit_scale",
    [CPB_UP] = "features.{j+1}.{b}.attn.cpb_mlp.0",
    [CPB_DOWN] = "features.{j+1}.{b}.attn.cpb_mlp.2",
    [COORDINATES] = "features.{j+1}.{b}.attn.relative_coords_table",
    [NORM2] = "features.{j+1}.{b}.norm2",
    [MLP_UP] = "features.{j+1}.{b}.mlp.0",
    [MLP_DOWN] = "features.{j+1}.{b}.mlp.3",
    [MERGE_NORM] = "features.{j}.norm",
    [MERGE] = "features.{j}.reduction",
    [NORM] = "norm",
    [HEAD] = "head",
};

#define MICROSOFT                                                                          \
    SWIN_MICROSOFT, [Q_BIAS] = "layers.{s}.blocks.{b}.attn.q_bias",                        \
                    [V_BIAS] = "layers.{s}.blocks.{b}.attn.v_bias",                        \
                    [LOGIT_SCALE] = "layers.{s}.blocks.{b}.attn.logit_scale",              \
                    [CPB_UP] = "layers.{s}.blocks.{b}.attn.cpb_mlp.0",                     \
                    [CPB_DOWN] = "layers.{s}.blocks.{b}.attn.cpb_mlp.2",                   \
                    [COORDINATES] = "layers.{s}.blocks.{b}.attn.relative_coords_table"

static const char *const timm[SWIN_PARTS] = {MICROSOFT, SWIN_MERGES_TIMM};
static const char *const microsoft[SWIN_PARTS] = {MICROSOFT, SWIN_MERGES_BEFORE};

#define HF_LAYER "swinv2.encoder.layers.{s}.blocks.{b}."

static const char *const huggingface[SWIN_PARTS] = {
    [PATCH] = "swinv2.embeddings.patch_embeddings.projection",
    [PATCH_NORM] = "swinv2.embeddings.norm",
    [POSITIONS] = "swinv2.embeddings.position_embeddings",
    [NORM1] = HF_LAYER "layernorm_before",
    [QUERY] = HF_LAYER "attention.self.query",
    [KEY] = HF_LAYER "attention.self.key",
    [VALUE] = HF_LAYER "attention.self.value",
    [ATTENTION_OUT] = HF_LAYER "attention.output.dense",
    [LOGIT_SCALE] = HF_LAYER "attention.self.logit_scale",
    [CPB_UP] = HF_LAYER "attention.self.continuous_position_bias_mlp.0",
    [CPB_DOWN] = HF_LAYER "attention.self.continuous_position_bias_mlp.2",
    [COORDINATES] = HF_LAYER "attention.self.relative_coords_table",
    [NORM2] = HF_LAYER "layernorm_after",
    [MLP_UP] = HF_LAYER "intermediate.dense",
    [MLP_DOWN] = HF_LAYER "output.dense",
    [MERGE_NORM] = "swinv2.encoder.layers.{s-1}.downsample.norm",
    [MERGE] = "swinv2.encoder.layers.{s-1}.downsample.reduction",
    [NORM] = "swinv2.layernorm",
    [HEAD] = "classifier",
};

#define MM                                                                                 \
    SWIN_MM, [Q_BIAS] = SWIN_MM_BLOCK "attn.w_msa.q_bias",                                 \
             [V_BIAS] = SWIN_MM_BLOCK "attn.w_msa.v_bias",                                 \
             [LOGIT_SCALE] = SWIN_MM_BLOCK "attn.w_msa.logit_scale",                       \
             [CPB_UP] = SWIN_MM_BLOCK "attn.w_msa.cpb_mlp.0",                              \
             [CPB_DOWN] = SWIN_MM_BLOCK "attn.w_msa.cpb_mlp.2",                            \
             [COORDINATES] = SWIN_MM_BLOCK "attn.w_msa.relative_coords_table",             \
             [NORM3] = SWIN_MM_BLOCK "norm3",                                              \
             [MERGE_NORM] = "backbone.stages.{s}.downsample.norm",                         \
             [MERGE] = "backbone.stages.{s}.downsample.reduction"

static const char *const mm[SWIN_PARTS] = {MM, [NORM] = "backbone.norm{s}"};
static const char *const mm_old[SWIN_PARTS] = {MM, [NORM] = "backbone.norm"};

static const char *const unused[] = {"*.relative_position_index", "*.attn_mask",
                                     "swinv2.pooler.*", "*mask_token", NULL};

static const struct scheme schemes[] = {
    {"torchvision", torchvision, unused, BY_TORCHVISION},
    {"timm", timm, unused, BY_TIMM},
    {"Microsoft", microsoft, unused, BY_MICROSOFT},
    {"Hugging Face", huggingface, unused, BY_TRANSFORMERS},
    {"mmpretrain", mm, unused, BY_MM},
    {"mmpretrain's older", mm_old, unused, BY_MM},
};

static const struct family swinv2 = {
    .name = "Swin V2",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = swin_compose,
};

static const char *const variants[] = {
    "swinv2_tiny_window8_256",
    "swinv2_tiny_window16_256",
    "swinv2_small_window8_256",
    "swinv2_small_window16_256",
    "swinv2_base_window8_256",
    "swinv2_base_window16_256",
    "swinv2_base_window12to16_192to256",
    "swinv2_base_window12to24_192to384",
    "swinv2_large_window12to16_192to256",
    "swinv2_large_window12to24_192to384",
    "swin_v2_t",
    "swin_v2_s",
    "swin_v2_b",
    NULL,
};

ARCHITECTURE(architecture_swinv2, "swinv2", variants, swinv2);
