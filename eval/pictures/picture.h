/*
 * eval/pictures/picture.h - a picture file becomes the tensor that a recipe describes
 *
 * decode -> RGB (or gray) bytes as Pillow's convert("RGB") ("L") gives them -> resize ->
 * crop -> float32 planes. Every step is bit-identical to Pillow + torchvision.
 * Thread-safe: no state outside the arguments (ctx only takes messages).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PICTURE_H
#define ICL_PICTURE_H

#include "src/recipe/recipe.h"

#define ICL_PICTURE_PIXELS_MAX 178956970 /* Pillow's bomb limit: 2 * 89478485 */

struct icl_picture {
    int32_t width, height;
    int32_t channels;    /* 3: RGB, 1: gray */
    uint8_t *pixels;     /* own: rows without padding, channels interleaved */
    int32_t orientation; /* EXIF tag, 0 where there is none; never applied here */
};

/* What the file is, by its first bytes: "jpeg", "png", "webp", "bmp", NULL. */
const char *icl_picture_kind(const void *bytes, size_t size);
/* name is for messages. channels 3 or 1 says what is wanted. A failure is recorded in ctx
 * (where ctx is NULL, only returned) and the reason, short, in reason[capacity]. */
imgcls_status icl_picture_decode(struct imgcls_context *ctx, const char *name,
                                 const void *bytes, size_t size, int32_t channels,
                                 struct icl_picture *out, char *reason, size_t capacity);
void icl_picture_clear(struct icl_picture *picture);

/* Pillow's Image.resize((width, height), filter, box=whole picture), bit for bit. */
imgcls_status icl_picture_resize(struct imgcls_context *ctx, const struct icl_picture *in,
                                 int32_t width, int32_t height, enum icl_filter filter,
                                 struct icl_picture *out);

/* The whole recipe: planar float32 tensor [channels][height][width], row-major; *tensor is
 * from icl_alloc (own: icl_free). views > 1 puts the views one after another. */
imgcls_status icl_preprocess(struct imgcls_context *ctx, const struct icl_recipe *recipe,
                             const struct icl_picture *picture, float **tensor,
                             int32_t *out_width, int32_t *out_height);
/* The recipe's bytes before to-tensor (after resize and crop), for tests and thumbnails. */
imgcls_status icl_preprocess_bytes(struct imgcls_context *ctx,
                                   const struct icl_recipe *recipe,
                                   const struct icl_picture *picture,
                                   struct icl_picture *out);

#endif
