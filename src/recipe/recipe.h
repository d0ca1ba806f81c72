/*
 * src/recipe/recipe.h - preprocessing in canonical text
 *
 *     resize=256,filter=bilinear,crop=224,color=rgb,range=1,mean=0.485/0.456/0.406,std=...
 *
 * Keys stand in one fixed order: resize, filter, antialias, engine, crop, offset, pad,
 * views, color, range, mean, std. Those with their default value are left out of the
 * canonical text except filter (where there is a resize), color, range, mean and std, which
 * always stand. Numbers are read and written without regard to the locale; mean and std
 * keep the shortest text that gives the same float32. Gray recipes have one number in mean,
 * std and pad.
 *
 * Input may say crop_pct=F in the place of resize, with crop=N: it means
 * resize=floor(N / F) and is written so. Keys left out take their defaults: no resize, no
 * crop, filter=bilinear, color=rgb, range=1, mean 0, std 1.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_RECIPE_H
#define ICL_RECIPE_H

#include "src/context/context.h"

#define ICL_RECIPE_SIDE_MAX   16384     /* largest resize and crop */
#define ICL_RECIPE_PIXELS_MAX 178956970 /* most pixels a resized picture may have */

/* In the order of the words in words.c; so are the enums below. */
enum icl_filter {
    ICL_FILTER_NEAREST,
    ICL_FILTER_BOX,
    ICL_FILTER_BILINEAR,
    ICL_FILTER_BICUBIC,
    ICL_FILTER_HAMMING,
    ICL_FILTER_LANCZOS,
    ICL_FILTER_AREA
};
enum icl_resize { ICL_RESIZE_NONE, ICL_RESIZE_SHORT, ICL_RESIZE_LONG, ICL_RESIZE_SQUASH };
enum icl_color { ICL_COLOR_RGB, ICL_COLOR_BGR, ICL_COLOR_GRAY };
enum icl_engine { ICL_ENGINE_PILLOW, ICL_ENGINE_OPENCV, ICL_ENGINE_TF };
enum icl_offset { ICL_OFFSET_EVEN, ICL_OFFSET_FLOOR, ICL_OFFSET_HALFUP };

struct icl_recipe {
    enum icl_resize resize;
    int32_t resize_width, resize_height; /* SHORT, LONG: width alone */
    enum icl_filter filter;
    bool antialias;
    enum icl_engine engine;
    int32_t crop_width, crop_height; /* 0: none */
    enum icl_offset offset;
    uint8_t pad[3];
    int32_t views; /* 1, 5, 10 */
    enum icl_color color;
    int32_t range; /* 1 or 255 */
    float mean[3], std[3];
};

/* Parses a preset's name or a recipe's text. Names the key and what is allowed on error. */
imgcls_status icl_recipe_parse(struct imgcls_context *ctx, const char *text,
                               struct icl_recipe *out);
/* Canonical text; own: free. NULL after icl_fail. */
char *icl_recipe_text(struct imgcls_context *ctx, const struct icl_recipe *recipe);
/* "imagenet, inception, caffe, none": for messages. */
const char *icl_recipe_presets(void);
/* Channels of the tensor: 3, or 1 for gray. */
int32_t icl_recipe_channels(const struct icl_recipe *recipe);
/* Size that a picture gets by the resize alone: torchvision's rule, the long side is
 * int(N * long / short). Fails where that is more than ICL_RECIPE_PIXELS_MAX pixels. */
imgcls_status icl_recipe_resized(struct imgcls_context *ctx,
                                 const struct icl_recipe *recipe, int32_t width,
                                 int32_t height, int32_t *out_width, int32_t *out_height);
/* The same without words: false where it fails. */
bool icl_recipe_fits(const struct icl_recipe *recipe, int32_t width, int32_t height,
                     int32_t *out_width, int32_t *out_height);
/* Whether all pictures come out in one size, and in which. */
bool icl_recipe_fixed_size(const struct icl_recipe *recipe, int32_t *width, int32_t *height);
/* Size of the tensor for a picture of that size, after resize and crop. */
imgcls_status icl_recipe_size(struct imgcls_context *ctx, const struct icl_recipe *recipe,
                              int32_t width, int32_t height, int32_t *out_width,
                              int32_t *out_height);

#endif
