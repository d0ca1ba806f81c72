/*
 * plugins/architectures/swin.c - Swin T to L
 *
 * The body is swin_body.c; here are the names. timm and Microsoft's files differ by whether
 * a merging belongs to the stage after it or before it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/swin.h"

#include "plugins/architectures/list.h"

#define TABLE_NAME "relative_position_bias_table"

static const char *const torchvision[SWIN_PARTS] = {
    [PATCH] = "features.0.0",
    [PATCH_NORM] = "features.0.2",
    [NORM1] = "features.{j+1}.{b}.norm1",
    [QKV_WEIGHT] = "features.{j+1}.{b}.attn.qkv.weight",
    [QKV_BIAS] = "features.{j+1}.{b}.attn.qkv.bias",
    [ATTENTION_OUT] = "features.{j+1}.{b}.attn.proj",
    [TABLE] = "features.{j+1}.{b}.attn." TABLE_NAME,
    [NORM2] = "features.{j+1}.{b}.norm2",
    [MLP_UP] = "features.{j+1}.{b}.mlp.0",
    [MLP_DOWN] = "features.{j+1}.{b}.mlp.3",
    [MERGE_NORM] = "features.{j}.norm",
    [MERGE] = "features.{j}.reduction",
    [NORM] = "norm",
    [HEAD] = "head",
};

#define MICROSOFT                                                                          \
    SWIN_MICROSOFT, [QKV_BIAS] = "layers.{s}.blocks.{b}.attn.qkv.bias",                    \
                    [TABLE] = "layers.{s}.blocks.{b}.attn." TABLE_NAME

static const char *const timm[SWIN_PARTS] = {MICROSOFT, SWIN_MERGES_TIMM};
static const char *const microsoft[SWIN_PARTS] = {MICROSOFT, SWIN_MERGES_BEFORE};

#define HUGGINGFACE                                                                        \
    [PATCH] = "swin.embeddings.patch_embeddings.projection",                               \
    [PATCH_NORM] = "swin.embeddings.norm",                                                 \
    [POSITIONS] = "swin.embeddings.position_embeddings",                                   \
    [NORM1] = "swin.encoder.layers.{s}.blocks.{b}.layernorm_before",                       \
    [NORM2] = "swin.encoder.layers.{s}.blocks.{b}.layernorm_after",                        \
    [MERGE_NORM] = "swin.encoder.layers.{s-1}.downsample.norm",                            \
    [MERGE] = "swin.encoder.layers.{s-1}.downsample.reduction", [NORM] = "swin.layernorm", \
    [HEAD] = "classifier"

static const char *const huggingface[SWIN_PARTS] = {
    HUGGINGFACE,
    [QUERY] = "swin.encoder.layers.{s}.blocks.{b}.attention.self.query",
    [KEY] = "swin.encoder.layers.{s}.blocks.{b}.attention.self.key",
    [VALUE] = "swin.encoder.layers.{s}.blocks.{b}.attention.self.value",
    [ATTENTION_OUT] = "swin.encoder.layers.{s}.blocks.{b}.attention.output.dense",
    [TABLE] = "swin.encoder.layers.{s}.blocks.{b}.attention.self." TABLE_NAME,
    [MLP_UP] = "swin.encoder.layers.{s}.blocks.{b}.intermediate.dense",
    [MLP_DOWN] = "swin.encoder.layers.{s}.blocks.{b}.output.dense",
};
static const char *const huggingface5[SWIN_PARTS] = {
    HUGGINGFACE,
    [QUERY] = "swin.encoder.layers.{s}.blocks.{b}.attention.q_proj",
    [KEY] = "swin.encoder.layers.{s}.blocks.{b}.attention.k_proj",
    [VALUE] = "swin.encoder.layers.{s}.blocks.{b}.attention.v_proj",
    [ATTENTION_OUT] = "swin.encoder.layers.{s}.blocks.{b}.attention.o_proj",
    [TABLE] =
        "swin.encoder.layers.{s}.blocks.{b}.attention.relative_position_bias." TABLE_NAME,
    [MLP_UP] = "swin.encoder.layers.{s}.blocks.{b}.mlp.fc1",
    [MLP_DOWN] = "swin.encoder.layers.{s}.blocks.{b}.mlp.fc2",
};

#define MM                                                                                 \
    SWIN_MM, [QKV_BIAS] = SWIN_MM_BLOCK "attn.w_msa.qkv.bias",                             \
             [TABLE] = SWIN_MM_BLOCK "attn.w_msa." TABLE_NAME,                             \
             [MERGE_NORM] = "backbone.stages.{s-1}.downsample.norm",                       \
             [MERGE] = "backbone.stages.{s-1}.downsample.reduction"

/* mm's norm is called by its stage, in older files not. */
static const char *const mm[SWIN_PARTS] = {MM, [NORM] = "backbone.norm{s}"};
static const char *const mm_old[SWIN_PARTS] = {MM, [NORM] = "backbone.norm"};

static const char *const unused[] = {"*.relative_position_index", "*.attn_mask",
                                     "swin.pooler.*", "*mask_token", NULL};

static const struct scheme schemes[] = {
    {"torchvision", torchvision, unused, BY_TORCHVISION},
    {"timm", timm, unused, BY_TIMM},
    {"Microsoft", microsoft, unused, BY_MICROSOFT},
    {"Hugging Face", huggingface, unused, BY_TRANSFORMERS},
    {"Hugging Face 5", huggingface5, unused, BY_TRANSFORMERS},
    {"mmpretrain", mm, unused, BY_MM},
    {"mmcls", mm_old, unused, BY_MM},
};

static const struct family swin = {
    .name = "Swin",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = swin_compose,
};

static const char *const variants[] = {
    "swin_tiny_patch4_window7_224",
    "swin_small_patch4_window7_224",
    "swin_base_patch4_window7_224",
    "swin_base_patch4_window12_384",
    "swin_large_patch4_window7_224",
    "swin_large_patch4_window12_384",
    "swin_t",
    "swin_s",
    "swin_b",
    NULL,
};

ARCHITECTURE(architecture_swin, "swin", variants, swin);
