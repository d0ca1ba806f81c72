/*
 * plugins/architectures/vit.c - ViT of any size, with class token or pooled, DeiT without
 * distillation, DeiT III, registers, CLIP's picture side with a classifier
 *
 * The body is vit_body.c; here are the names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/vit.h"

#include "plugins/architectures/list.h"

#define TORCHVISION_BLOCK                                                                  \
    [PATCH] = "conv_proj", [CLASS_TOKEN] = "class_token",                                  \
    [POSITIONS] = "encoder.pos_embedding",                                                 \
    [NORM1] = "encoder.layers.encoder_layer_{b}.ln_1",                                     \
    [QKV_WEIGHT] = "encoder.layers.encoder_layer_{b}.self_attention.in_proj_weight",       \
    [QKV_BIAS] = "encoder.layers.encoder_layer_{b}.self_attention.in_proj_bias",           \
    [ATTENTION_OUT] = "encoder.layers.encoder_layer_{b}.self_attention.out_proj",          \
    [NORM2] = "encoder.layers.encoder_layer_{b}.ln_2", [NORM] = "encoder.ln",              \
    [PRE_LOGITS] = "heads.pre_logits", [HEAD] = "heads.head"

static const char *const torchvision[VIT_PARTS] = {
    TORCHVISION_BLOCK,
    [MLP_UP] = "encoder.layers.encoder_layer_{b}.mlp.0",
    [MLP_DOWN] = "encoder.layers.encoder_layer_{b}.mlp.3",
};
/* Before version 2 of its MLP. */
static const char *const torchvision_old[VIT_PARTS] = {
    TORCHVISION_BLOCK,
    [MLP_UP] = "encoder.layers.encoder_layer_{b}.mlp.linear_1",
    [MLP_DOWN] = "encoder.layers.encoder_layer_{b}.mlp.linear_2",
};

#define TIMM                                                                               \
    TIMM_BLOCK("blocks.{b}"), [PATCH] = "patch_embed.proj", [CLASS_TOKEN] = "cls_token",   \
                              [REGISTERS] = "reg_token", [POSITIONS] = "pos_embed",        \
                              [NORM_PRE] = "norm_pre", [NORM] = "norm",                    \
                              [POOLED_NORM] = "fc_norm", [PRE_LOGITS] = "pre_logits.fc",   \
                              [HEAD] = "head"

static const char *const timm[VIT_PARTS] = {
    TIMM,
    [SCALE1] = "blocks.{b}.ls1.gamma",
    [SCALE2] = "blocks.{b}.ls2.gamma",
};
/* DeiT III's own files. */
static const char *const deit3[VIT_PARTS] = {
    TIMM,
    [SCALE1] = "blocks.{b}.gamma_1",
    [SCALE2] = "blocks.{b}.gamma_2",
};
static const char *const huggingface[VIT_PARTS] = {
    HF_EMBEDDINGS("vit"),
    HF_BLOCK("vit"),
    [NORM] = "vit.layernorm",
    [HEAD] = "classifier",
};
static const char *const huggingface5[VIT_PARTS] = {
    HF_EMBEDDINGS("vit"),
    HF5_BLOCK("vit"),
    [NORM] = "vit.layernorm",
    [HEAD] = "classifier",
};

#define MM                                                                                 \
    MM_EMBEDDINGS,                                                                         \
        MM_BLOCK, [QKV_BIAS] = "backbone.layers.{b}.attn.qkv.bias",                        \
                  [SCALE1] = "backbone.layers.{b}.attn.gamma1.weight",                     \
                  [SCALE2] = "backbone.layers.{b}.ffn.gamma2.weight",                      \
                  [POOLED_NORM] = "backbone.ln2", [NORM_PRE] = "backbone.pre_norm",        \
                  [PRE_LOGITS] = "head.layers.pre_logits", [HEAD] = "head.layers.head"

static const char *const mm[VIT_PARTS] = {MM, [NORM] = "backbone.ln1"};
static const char *const mm_old[VIT_PARTS] = {MM, [NORM] = "backbone.norm1"};
static const char *const mm_linear[VIT_PARTS] = {
    MM_EMBEDDINGS,
    MM_BLOCK,
    [QKV_BIAS] = "backbone.layers.{b}.attn.qkv.bias",
    [SCALE1] = "backbone.layers.{b}.attn.gamma1.weight",
    [SCALE2] = "backbone.layers.{b}.ffn.gamma2.weight",
    [NORM] = "backbone.ln1",
    [POOLED_NORM] = "backbone.ln2",
    [HEAD] = "head.fc",
};

static const char *const unused[] = {"vit.pooler.dense.*", "vit.embeddings.mask_token",
                                     NULL};

static const struct scheme schemes[] = {
    {.name = "torchvision", .parts = torchvision, .dialect = BY_TORCHVISION},
    {.name = "torchvision's older", .parts = torchvision_old, .dialect = BY_TORCHVISION},
    {.name = "timm", .parts = timm, .dialect = BY_TIMM},
    {.name = "DeiT III's own", .parts = deit3, .dialect = BY_TIMM},
    {"Hugging Face", huggingface, unused, BY_TRANSFORMERS},
    {"Hugging Face 5", huggingface5, unused, BY_TRANSFORMERS},
    {.name = "mmpretrain", .parts = mm, .dialect = BY_MM},
    {.name = "mmcls", .parts = mm_old, .dialect = BY_MM},
    {.name = "mmpretrain, linear head", .parts = mm_linear, .dialect = BY_MM},
};

static const struct family vit = {
    .name = "ViT",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = vit_compose,
};

static const char *const variants[] = {
    "vit_tiny_patch16_224",
    "vit_small_patch16_224",
    "vit_small_patch32_224",
    "vit_base_patch16_224",
    "vit_base_patch16_384",
    "vit_base_patch32_224",
    "vit_base_patch8_224",
    "vit_large_patch16_224",
    "vit_large_patch16_384",
    "vit_huge_patch14_224",
    "deit_tiny_patch16_224",
    "deit_small_patch16_224",
    "deit_base_patch16_224",
    "deit3_small_patch16_224",
    "deit3_base_patch16_224",
    "deit3_large_patch16_224",
    "vit_b_16",
    "vit_b_32",
    "vit_l_16",
    "vit_l_32",
    "vit_h_14",
    NULL,
};

ARCHITECTURE(architecture_vit, "vit", variants, vit);
