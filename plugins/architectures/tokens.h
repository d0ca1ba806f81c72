/*
 * plugins/architectures/tokens.h - what transformers are made of
 *
 * Token lists are N x tokens x channels: struct value with tokens in `height` and width 0.
 * Windows of a map are a longer list of shorter token lists. Maps with channels last, as
 * Swin has them, are N x height x width x channels; the layers of net.h that work on the
 * last axis (project, layer_norm, activate) take both.
 *
 * Attention is written as PyTorch's exporters write it (MatMul, Softmax, MatMul between
 * transposes of a reshaped product), which is the form that plans recognise and fuse.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ARCHITECTURES_TOKENS_H
#define ARCHITECTURES_TOKENS_H

#include "plugins/architectures/net.h"

/* ---- tokens.c: lists ------------------------------------------------------------------*/

/* A picture's pixels as a list, row by row. */
struct value tokens_of_picture(struct net *net, struct value picture);
/* The list as a picture again. */
struct value picture_of_tokens(struct net *net, struct value tokens, int64_t height,
                               int64_t width);
/* A constant computed from parameters (1 x count x channels) for each picture of the batch
 * that `like` has. */
struct value token_for_each(struct net *net, struct value token, struct value like);
/* One list behind the other. */
struct value tokens_join(struct net *net, size_t count, const struct value *lists);
/* Tokens [begin, end). */
struct value tokens_between(struct net *net, struct value tokens, int64_t begin,
                            int64_t end);
/* One token, and the mean of all, as vectors. */
struct value token_at(struct net *net, struct value tokens, int64_t index);
struct value tokens_mean(struct net *net, struct value tokens);

/* ---- Parameters of other forms --------------------------------------------------------*/

/* A parameter whose pattern is its whole name, as a value with `channels` numbers in its
 * last dimension. */
struct value whole(struct net *net, int part, struct at at, int rank, const int64_t *dims);
/* x times a parameter of x.channels numbers; x where the scheme or the file has none. */
struct value scaled(struct net *net, struct value x, int part, struct at at);
/* x by a number. */
struct value by_number(struct net *net, struct value x, double number);
/* Layer normalisation where the file has one; else x. */
struct value layer_norm_if(struct net *net, struct value x, int part, struct at at);
/* Whether a file that is whole has this parameter, which not every network of the kind has:
 * it does where it has it here, or in one of the first blocks. So one that is lost is
 * missed and not taken for a network without. */
bool awaited(const struct net *net, int part, struct at at, const char *suffix);
/* project (net.h) with a bias that must be there. */
struct value dense(struct net *net, struct value x, int part, struct at at);
/* dense, or project without a bias where none is awaited. */
struct value dense_if(struct net *net, struct value x, int part, struct at at);
/* The logits: a vector through a layer that must have a bias. */
struct value classify(struct net *net, struct value x, int part);
/* up, activation, down. */
struct value perceptron(struct net *net, struct value x, int up, int down, struct at at,
                        enum activation kind);
/* A constant as float32; count numbers of any rank. NULL data in a survey. */
struct value numbers(struct net *net, int rank, const int64_t *dims, const float *values);
/* Rows of a table of n x columns; index: a constant's name. */
struct value rows_of(struct net *net, struct value table, const char *index);

/* ---- attention.c ----------------------------------------------------------------------*/

/* Which parts hold the products of an attention: one of rows q, k, v (whole names, for they
 * are not always called .weight), or three layers. A bias may be whole too, or of q and v
 * alone. Parts that an architecture does not have are NO_PART. */
#define NO_PART (-1)
struct qkv {
    int weight, bias;    /* 3D x D and 3D, whole names */
    int q_bias, v_bias;  /* D, whole names; the bias of k is 0 */
    int q, k, v;         /* layers */
    bool k_bias_is_zero; /* the middle third of `bias` is not used */
};

/* Each N x heads x tokens x depth. */
struct heads {
    struct value q, k, v;
    int64_t count, depth, tokens;
};

/* The products of x, split into heads. */
struct heads attention_heads(struct net *net, struct value x, const struct qkv *parts,
                             struct at at, int64_t count);
/* One tensor N x tokens x (count * depth) as N x count x tokens x depth. */
struct value split_heads(struct net *net, struct value x, int64_t count);
/* q * k transposed: N x heads x tokens x tokens. */
struct value attention_scores(struct net *net, const struct heads *heads);
/* softmax(scores) * v, heads beside each other again: N x tokens x channels. */
struct value attention_apply(struct net *net, struct value scores,
                             const struct heads *heads);
/* Rows of a bias table as 1 x heads x tokens x tokens; index: a constant of tokens *
 * tokens. */
struct value bias_of_table(struct net *net, struct value table, int64_t tokens,
                           const char *index);
/* Every element over the length of its vector along the last axis, at least 1e-12. */
struct value to_unit_length(struct net *net, struct value x);

/* ---- resample.c: position tables for another size -------------------------------------*/

enum resampling {
    CUBIC_ANTIALIASED, /* timm: a = -0.5, a support that widens when shrinking */
    CUBIC_CORNERS,     /* torchvision: a = -0.75, corners on corners */
    CUBIC,             /* transformers, mm: a = -0.75, pixels as areas */
    BILINEAR,          /* transformers' BEiT tables */
    GEOMETRIC_LINEAR,  /* timm's tables: source positions in geometric progression */
    GEOMETRIC_SPLINE   /* mm's BEiT tables: the same by a cubic spline */
};

/* weights[out * in + i]: share of source position i in target position out. False where the
 * sizes cannot be resampled (a geometric grid of too few positions) or memory is short. */
bool resample_weights(const struct imgcls_host *host, enum resampling kind, int64_t in,
                      int64_t out, double *weights);
/* A table of (old_height * old_width) x channels as (height * width) x channels; rank 2.
 * The table itself where sizes agree. */
struct value resampled(struct net *net, struct value table, enum resampling kind,
                       int64_t old_height, int64_t old_width, int64_t height,
                       int64_t width);

/* ---- Configuration --------------------------------------------------------------------*/

/* True where the variant's name contains `word`. */
bool variant_has(const struct net *net, const char *word);

#endif
