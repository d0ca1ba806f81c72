/*
 * src/recipe/words.c - the words that recipe texts are made of
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/recipe/words.h"

#include <stddef.h>

const char *const icl_recipe_key_names[] = {
    "resize", "filter", "antialias", "engine", "crop", "offset", "pad",
    "views",  "color",  "range",     "mean",   "std",  NULL,
};
const char *const icl_recipe_filter_names[] = {
    "nearest", "box", "bilinear", "bicubic", "hamming", "lanczos", "area", NULL,
};
const char *const icl_recipe_engine_names[] = {"pillow", "opencv", "tf", NULL};
const char *const icl_recipe_offset_names[] = {"even", "floor", "halfup", NULL};
const char *const icl_recipe_color_names[] = {"rgb", "bgr", "gray", NULL};
