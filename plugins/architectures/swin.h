/*
 * plugins/architectures/swin.h - one body for Swin and Swin V2
 *
 * The versions differ inside a block and a merging; what a stage, a window and a shift are
 * is the same. Which one it is follows from the family's tables: only Swin V2 has
 * LOGIT_SCALE.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ARCHITECTURES_SWIN_H
#define ARCHITECTURES_SWIN_H

#include "plugins/architectures/net.h"

/* Parts marked * are whole names, without .weight or .bias behind them. In names {s} is the
 * stage, {b} the block in it; {j} is s where blocks have their stage at 2s + 1. */
enum swin_part {
    PATCH,
    PATCH_NORM,
    POSITIONS, /* * absolute ones; no file of a classifier that is public has them */
    NORM1,
    QKV_WEIGHT, /* * */
    QKV_BIAS,   /* * */
    Q_BIAS,     /* * */
    V_BIAS,     /* * */
    QUERY,
    KEY,
    VALUE,
    ATTENTION_OUT,
    TABLE, /* * Swin: a bias for each displacement in a window */
    LOGIT_SCALE,
    CPB_UP, /* Swin V2: the perceptron that gives that bias */
    CPB_DOWN,
    COORDINATES, /* * Swin V2: what goes into it; a buffer that only some files have */
    NORM2,
    MLP_UP,
    MLP_DOWN,
    NORM3, /* Swin V2 huge and giant: behind every sixth block */
    MERGE_NORM,
    MERGE, /* of the maps before stage s */
    NORM,
    HEAD,
    SWIN_PARTS
};

/* What both versions are called in Microsoft's files, of which timm's are a variation, and in
 * mm's; a table of theirs adds what only its version has. */
#define SWIN_MICROSOFT                                                                     \
    [PATCH] = "patch_embed.proj", [PATCH_NORM] = "patch_embed.norm",                       \
    [POSITIONS] = "absolute_pos_embed", [NORM1] = "layers.{s}.blocks.{b}.norm1",           \
    [QKV_WEIGHT] = "layers.{s}.blocks.{b}.attn.qkv.weight",                                \
    [ATTENTION_OUT] = "layers.{s}.blocks.{b}.attn.proj",                                   \
    [NORM2] = "layers.{s}.blocks.{b}.norm2", [MLP_UP] = "layers.{s}.blocks.{b}.mlp.fc1",   \
    [MLP_DOWN] = "layers.{s}.blocks.{b}.mlp.fc2", [NORM] = "norm"
#define SWIN_MERGES_BEFORE                                                                 \
    [MERGE_NORM] = "layers.{s-1}.downsample.norm",                                         \
    [MERGE] = "layers.{s-1}.downsample.reduction", [HEAD] = "head"
#define SWIN_MERGES_TIMM                                                                   \
    [MERGE_NORM] = "layers.{s}.downsample.norm",                                           \
    [MERGE] = "layers.{s}.downsample.reduction", [HEAD] = "head.fc"
#define SWIN_MM_BLOCK "backbone.stages.{s}.blocks.{b}."
#define SWIN_MM                                                                            \
    [PATCH] = "backbone.patch_embed.projection",                                           \
    [PATCH_NORM] = "backbone.patch_embed.norm",                                            \
    [POSITIONS] = "backbone.absolute_pos_embed", [NORM1] = SWIN_MM_BLOCK "norm1",          \
    [QKV_WEIGHT] = SWIN_MM_BLOCK "attn.w_msa.qkv.weight",                                  \
    [ATTENTION_OUT] = SWIN_MM_BLOCK "attn.w_msa.proj", [NORM2] = SWIN_MM_BLOCK "norm2",    \
    [MLP_UP] = SWIN_MM_BLOCK "ffn.layers.0.0",                                             \
    [MLP_DOWN] = SWIN_MM_BLOCK "ffn.layers.1", [HEAD] = "head.fc"

enum swin_dialect { BY_TORCHVISION, BY_TIMM, BY_MICROSOFT, BY_TRANSFORMERS, BY_MM };

/* From picture to logits. */
void swin_compose(struct net *net);

/* ---- windows.c: maps with channels last, cut into windows -----------------------------*/

/* How the maps of a stage are cut, and what was computed for one block and serves others.
 */
struct windows {
    int64_t height, width; /* of the map */
    int64_t down, right;   /* size of a window */
    int64_t shift_down, shift_right;
    bool pads_after_shift; /* timm; others pad and then shift */
    const char *mask;      /* shifted blocks: 1 x windows x 1 x tokens x tokens, or NULL */
    const char *index;     /* constant: rows of a table for every pair of tokens, or NULL */
};

/* The map as a list of windows, each a token list; and the other way. */
struct value to_windows(struct net *net, const struct windows *windows, struct value map);
struct value from_windows(struct net *net, const struct windows *windows,
                          struct value list);
/* Scores of tokens that were no neighbours before the shift sink by 100. Makes the mask on
 * first use. */
struct value mask_scores(struct net *net, struct windows *windows, struct value scores,
                         int64_t heads);
/* A constant: the rows of a table of (2 down - 1) * (2 right - 1) for every pair of tokens.
 */
const char *displacements(struct net *net, struct windows *windows);
/* Neighbours 2 x 2 beside each other: N x h/2 x w/2 x 4C, in rows after columns, channels
 * innermost, or (mm) outermost. */
struct value gather_neighbours(struct net *net, struct value map, bool channels_outermost);

#endif
