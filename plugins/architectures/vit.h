/*
 * plugins/architectures/vit.h - plain transformers: one body for ViT, DeiT and BEiT
 *
 * The three differ in what is put before the patches, how positions come in, and what reads
 * the last tokens. What a file has says which; a family's tables say what it must have.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ARCHITECTURES_VIT_H
#define ARCHITECTURES_VIT_H

#include "plugins/architectures/net.h"

/* Parts marked * are whole names, without .weight or .bias behind them. */
enum vit_part {
    PATCH,
    CLASS_TOKEN, /* * */
    DIST_TOKEN,  /* * */
    REGISTERS,   /* * */
    POSITIONS,   /* * */
    NORM_PRE,
    NORM1,
    QKV_WEIGHT, /* * */
    QKV_BIAS,   /* * */
    Q_BIAS,     /* * */
    V_BIAS,     /* * */
    QUERY,
    KEY,
    VALUE,
    ATTENTION_OUT,
    SCALE1, /* * */
    NORM2,
    MLP_UP,
    MLP_DOWN,
    SCALE2,      /* * */
    NORM,        /* of all tokens, after the last block */
    POOLED_NORM, /* of the mean of the patch tokens */
    PRE_LOGITS,
    HEAD,
    HEAD_DIST,
    TABLE,        /* * relative positions, of a block */
    SHARED_TABLE, /* * and of all blocks */
    VIT_PARTS
};

/* Whose conventions: epsilons, widths of heads, resampling. */
enum vit_dialect { BY_TORCHVISION, BY_TIMM, BY_TRANSFORMERS, BY_MM };

/* Parts of a block of timm, DeiT's and BEiT's own code, with another word before them. */
#define TIMM_BLOCK(prefix)                                                                 \
    [NORM1] = prefix ".norm1", [QKV_WEIGHT] = prefix ".attn.qkv.weight",                   \
    [QKV_BIAS] = prefix ".attn.qkv.bias", [ATTENTION_OUT] = prefix ".attn.proj",           \
    [NORM2] = prefix ".norm2", [MLP_UP] = prefix ".mlp.fc1",                               \
    [MLP_DOWN] = prefix ".mlp.fc2"
/* The same of transformers' files, and of its models in memory since version 5. */
#define HF_BLOCK(model)                                                                    \
    [NORM1] = model ".encoder.layer.{b}.layernorm_before",                                 \
    [QUERY] = model ".encoder.layer.{b}.attention.attention.query",                        \
    [KEY] = model ".encoder.layer.{b}.attention.attention.key",                            \
    [VALUE] = model ".encoder.layer.{b}.attention.attention.value",                        \
    [ATTENTION_OUT] = model ".encoder.layer.{b}.attention.output.dense",                   \
    [NORM2] = model ".encoder.layer.{b}.layernorm_after",                                  \
    [MLP_UP] = model ".encoder.layer.{b}.intermediate.dense",                              \
    [MLP_DOWN] = model ".encoder.layer.{b}.output.dense"
#define HF5_BLOCK(model)                                                                   \
    [NORM1] = model ".layers.{b}.layernorm_before",                                        \
    [QUERY] = model ".layers.{b}.attention.q_proj",                                        \
    [KEY] = model ".layers.{b}.attention.k_proj",                                          \
    [VALUE] = model ".layers.{b}.attention.v_proj",                                        \
    [ATTENTION_OUT] = model ".layers.{b}.attention.o_proj",                                \
    [NORM2] = model ".layers.{b}.layernorm_after", [MLP_UP] = model ".layers.{b}.mlp.fc1", \
    [MLP_DOWN] = model ".layers.{b}.mlp.fc2"
#define HF_EMBEDDINGS(model)                                                               \
    [PATCH] = model ".embeddings.patch_embeddings.projection",                             \
    [CLASS_TOKEN] = model ".embeddings.cls_token",                                         \
    [POSITIONS] = model ".embeddings.position_embeddings"
#define MM_BLOCK                                                                           \
    [NORM1] = "backbone.layers.{b}.ln1",                                                   \
    [QKV_WEIGHT] = "backbone.layers.{b}.attn.qkv.weight",                                  \
    [ATTENTION_OUT] = "backbone.layers.{b}.attn.proj",                                     \
    [NORM2] = "backbone.layers.{b}.ln2", [MLP_UP] = "backbone.layers.{b}.ffn.layers.0.0",  \
    [MLP_DOWN] = "backbone.layers.{b}.ffn.layers.1"
#define MM_EMBEDDINGS                                                                      \
    [PATCH] = "backbone.patch_embed.projection", [CLASS_TOKEN] = "backbone.cls_token",     \
    [POSITIONS] = "backbone.pos_embed"

/* From picture to logits. */
void vit_compose(struct net *net);

#endif
