/*
 * plugins/architectures/deit.c - DeiT distilled: a second token, and a second head whose
 * logits count as much as the first one's
 *
 * Touvron et al., "Training data-efficient image transformers & distillation through
 * attention" (2020). A DeiT without distillation is a ViT (vit.c). transformers' files of a
 * student without its teacher's head have the token and one head, which reads the class
 * token alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/vit.h"

#include "plugins/architectures/list.h"

static const char *const timm[VIT_PARTS] = {
    TIMM_BLOCK("blocks.{b}"),
    [PATCH] = "patch_embed.proj",
    [CLASS_TOKEN] = "cls_token",
    [DIST_TOKEN] = "dist_token",
    [POSITIONS] = "pos_embed",
    [NORM] = "norm",
    [HEAD] = "head",
    [HEAD_DIST] = "head_dist",
};

#define TEACHER [HEAD] = "cls_classifier", [HEAD_DIST] = "distillation_classifier"
#define DEIT_EMBEDDINGS                                                                    \
    HF_EMBEDDINGS("deit"), [DIST_TOKEN] = "deit.embeddings.distillation_token",            \
                           [NORM] = "deit.layernorm"

static const char *const teacher[VIT_PARTS] = {DEIT_EMBEDDINGS, HF_BLOCK("deit"), TEACHER};
static const char *const teacher5[VIT_PARTS] = {DEIT_EMBEDDINGS, HF5_BLOCK("deit"),
                                                TEACHER};
static const char *const student[VIT_PARTS] = {DEIT_EMBEDDINGS,
                                               HF_BLOCK("deit"), [HEAD] = "classifier"};
static const char *const student5[VIT_PARTS] = {DEIT_EMBEDDINGS,
                                                HF5_BLOCK("deit"), [HEAD] = "classifier"};
static const char *const mm[VIT_PARTS] = {
    MM_EMBEDDINGS,
    MM_BLOCK,
    [QKV_BIAS] = "backbone.layers.{b}.attn.qkv.bias",
    [DIST_TOKEN] = "backbone.dist_token",
    [NORM] = "backbone.ln1",
    [HEAD] = "head.layers.head",
    [HEAD_DIST] = "head.layers.head_dist",
};
static const char *const mm_old[VIT_PARTS] = {
    MM_EMBEDDINGS,
    MM_BLOCK,
    [QKV_BIAS] = "backbone.layers.{b}.attn.qkv.bias",
    [DIST_TOKEN] = "backbone.dist_token",
    [NORM] = "backbone.norm1",
    [HEAD] = "head.layers.head",
    [HEAD_DIST] = "head.layers.head_dist",
};

static const char *const unused[] = {"deit.pooler.dense.*", "deit.embeddings.mask_token",
                                     NULL};

static const struct scheme schemes[] = {
    {.name = "timm", .parts = timm, .dialect = BY_TIMM},
    {"Hugging Face, with teacher", teacher, unused, BY_TRANSFORMERS},
    {"Hugging Face 5, with teacher", teacher5, unused, BY_TRANSFORMERS},
    {"Hugging Face", student, unused, BY_TRANSFORMERS},
    {"Hugging Face 5", student5, unused, BY_TRANSFORMERS},
    {.name = "mmpretrain", .parts = mm, .dialect = BY_MM},
    {.name = "mmcls", .parts = mm_old, .dialect = BY_MM},
};

static const struct family deit = {
    .name = "distilled DeiT",
    .schemes = schemes,
    .scheme_count = sizeof schemes / sizeof *schemes,
    .compose = vit_compose,
};

static const char *const variants[] = {
    "deit_tiny_distilled_patch16_224",
    "deit_small_distilled_patch16_224",
    "deit_base_distilled_patch16_224",
    "deit_base_distilled_patch16_384",
    NULL,
};

ARCHITECTURE(architecture_deit, "deit", variants, deit);
