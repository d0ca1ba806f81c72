/*
 * src/recipe/words.h - the words that recipe texts are made of, for reading and writing
 * alike
 *
 * One list of keys in canonical order and one list of words per enumeration: parse.c and
 * text.c both use these, so that what is written can be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_RECIPE_WORDS_H
#define ICL_RECIPE_WORDS_H

enum recipe_key {
    RECIPE_RESIZE,
    RECIPE_FILTER,
    RECIPE_ANTIALIAS,
    RECIPE_ENGINE,
    RECIPE_CROP,
    RECIPE_OFFSET,
    RECIPE_PAD,
    RECIPE_VIEWS,
    RECIPE_COLOR,
    RECIPE_RANGE,
    RECIPE_MEAN,
    RECIPE_STD,
    RECIPE_KEYS
};

/* Lists end with NULL; index is the enumeration's value (recipe.h). */
extern const char *const icl_recipe_key_names[];
extern const char *const icl_recipe_filter_names[];
extern const char *const icl_recipe_engine_names[];
extern const char *const icl_recipe_offset_names[];
extern const char *const icl_recipe_color_names[];

#endif
