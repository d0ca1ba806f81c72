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
    /* Where only a part was decoded: the whole picture's size, and where the part lies in
     * it; width and height are the part's. whole_width 0: the pixels are all of it. */
    int32_t whole_width, whole_height, left, top;
};

/* What the file is, by its first bytes: "jpeg", "png", "webp", "bmp", NULL. */
const char *icl_picture_kind(const void *bytes, size_t size);
/* name is for messages. channels 3 or 1 says what is wanted. A failure is recorded in ctx
 * (where ctx is NULL, only returned) and the reason, short, in reason[capacity]. */
imgcls_status icl_picture_decode(struct imgcls_context *ctx, const char *name,
                                 const void *bytes, size_t size, int32_t channels,
                                 struct icl_picture *out, char *reason, size_t capacity);
/* The same, with no more of the picture than `recipe` uses: icl_preprocess gives the same
 * bits from it. */
imgcls_status icl_picture_decode_for(struct imgcls_context *ctx, const char *name,
                                     const void *bytes, size_t size,
                                     const struct icl_recipe *recipe,
                                     struct icl_picture *out, char *reason,
                                     size_t capacity);
void icl_picture_clear(struct icl_picture *picture);

/* A resize of a whole picture of which only a part of the target is wanted. */
struct icl_resizing {
    int32_t from_width, from_height; /* of the whole source */
    int32_t width, height;           /* of the whole target */
    enum icl_filter filter;
    enum icl_engine engine;
    bool antialias;
    int32_t part_left, part_top, part_width, part_height; /* of the target */
};
/* Source pixels [*first, *past) of an axis that targets [begin, begin + count) need. */
void icl_resize_reach(enum icl_filter filter, bool antialias, int32_t from, int32_t to,
                      int32_t begin, int32_t count, int32_t *first, int32_t *past);
/* Pillow's, of which `in` must hold what the part needs. */
imgcls_status icl_picture_resize_part(struct imgcls_context *ctx,
                                      const struct icl_picture *in,
                                      const struct icl_resizing *how,
                                      struct icl_picture *out);
/* OpenCV's and TensorFlow's; `in` is the whole picture. */
imgcls_status icl_picture_interpolate(struct imgcls_context *ctx,
                                      const struct icl_picture *in,
                                      const struct icl_resizing *how,
                                      struct icl_picture *out);

/* The part of a picture of this size that a recipe uses, as columns [left, left + width).
 */
struct icl_region {
    int32_t left, top, width, height;
};
void icl_recipe_region(const struct icl_recipe *recipe, int32_t width, int32_t height,
                       struct icl_region *region);

/* Pillow's Image.resize((width, height), filter, box=whole picture), bit for bit. */
imgcls_status icl_picture_resize(struct imgcls_context *ctx, const struct icl_picture *in,
                                 int32_t width, int32_t height, enum icl_filter filter,
                                 struct icl_picture *out);

/* The whole recipe: planar float32 tensor [channels][height][width], row-major; *tensor is
 * from icl_alloc (own: icl_free). views > 1 puts the views one after another. */
imgcls_status icl_preprocess(struct imgcls_context *ctx, const struct icl_recipe *recipe,
                             const struct icl_picture *picture, float **tensor,
                             int32_t *out_width, int32_t *out_height);
/* The same into *tensor where its *elements suffice, else into a new one in its place: for many
 * pictures in turn. */
imgcls_status icl_preprocess_into(struct imgcls_context *ctx, const struct icl_recipe *recipe,
                                  const struct icl_picture *picture, float **tensor,
                                  size_t *elements, int32_t *out_width, int32_t *out_height);
/* The recipe's bytes before to-tensor (after resize and crop), for tests and thumbnails. */
imgcls_status icl_preprocess_bytes(struct imgcls_context *ctx,
                                   const struct icl_recipe *recipe,
                                   const struct icl_picture *picture,
                                   struct icl_picture *out);

#endif
