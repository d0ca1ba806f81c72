/*
 * src/recipe/text.c - a recipe as its one canonical text
 *
 * Two recipes that do the same have the same text, so texts can be compared and hashed: it
 * is what leaderboard rows and bundles store. Default values are left out, except those a
 * reader should always see (filter, color, range, mean, std).
 *
 * Numbers are put together from their digits, so no locale can turn the point into a comma.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/recipe/recipe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/recipe/words.h"

#define TEXT_CAPACITY 512 /* 12 keys, 9 numbers of at most 17 bytes: far below */
#define DIGITS_MAX    9   /* enough to tell any two float32 apart */

struct writing {
    char text[TEXT_CAPACITY];
    size_t used;
};

static void put(struct writing *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct writing *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(out->text + out->used, sizeof out->text - out->used, format, args);
    va_end(args);
    if (n > 0)
        out->used += (size_t)n;
    if (out->used >= sizeof out->text)
        out->used = sizeof out->text - 1;
}

/* "key=" with a comma before it where something stands already. */
static void put_key(struct writing *out, enum recipe_key key)
{
    put(out, "%s%s=", out->used ? "," : "", icl_recipe_key_names[key]);
}

/* The digits of value, and the power of ten of the first; as few as give the same float. */
static int shortest_digits(float value, char digits[DIGITS_MAX + 1], int *exponent)
{
    for (int count = 1;; count++) {
        char text[64];
        snprintf(text, sizeof text, "%.*e", count - 1, (double)value);
        int n = 0;
        const char *p = text;
        for (; *p && *p != 'e'; p++)
            if (*p >= '0' && *p <= '9' && n < DIGITS_MAX)
                digits[n++] = *p; /* whatever stands for the point is skipped */
        digits[n] = '\0';
        *exponent = (int)strtol(p + 1, NULL, 10);
        /* The same number without a point, for strtof under any locale. */
        char plain[64];
        snprintf(plain, sizeof plain, "%s%se%d", value < 0 ? "-" : "", digits,
                 *exponent - (n - 1));
        if (n == DIGITS_MAX || (float)strtod(plain, NULL) == value)
            return n;
    }
}

static void put_number(struct writing *out, float value)
{
    char digits[DIGITS_MAX + 1];
    int exponent, count = shortest_digits(value, digits, &exponent);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    if (value == 0) {
        put(out, "0");
        return;
    }
    put(out, "%s", value < 0 ? "-" : "");
    if (exponent < 0) {
        static const char zeros[] = "0000000000000000000000000000000000000000000000";
        put(out, "0.%.*s%.*s", -exponent - 1, zeros, count, digits);
        return;
    }
    for (int i = 0; i < count || i <= exponent; i++)
        put(out, "%s%c", i == exponent + 1 ? "." : "", i < count ? digits[i] : '0');
}

static void put_numbers(struct writing *out, enum recipe_key key, int count,
                        const float *numbers)
{
    put_key(out, key);
    for (int i = 0; i < count; i++) {
        put(out, "%s", i ? "/" : "");
        put_number(out, numbers[i]);
    }
}

static void put_resize(struct writing *out, const struct icl_recipe *recipe)
{
    if (recipe->resize == ICL_RESIZE_NONE)
        return;
    put_key(out, RECIPE_RESIZE);
    if (recipe->resize == ICL_RESIZE_SQUASH)
        put(out, "%dx%d", recipe->resize_width, recipe->resize_height);
    else
        put(out, "%s%d", recipe->resize == ICL_RESIZE_LONG ? "long:" : "",
            recipe->resize_width);
    put_key(out, RECIPE_FILTER);
    put(out, "%s", icl_recipe_filter_names[recipe->filter]);
    if (!recipe->antialias) {
        put_key(out, RECIPE_ANTIALIAS);
        put(out, "0");
    }
}

static void put_crop(struct writing *out, const struct icl_recipe *recipe, int channels)
{
    if (!recipe->crop_width)
        return;
    put_key(out, RECIPE_CROP);
    if (recipe->crop_width == recipe->crop_height)
        put(out, "%d", recipe->crop_width);
    else
        put(out, "%dx%d", recipe->crop_width, recipe->crop_height);
    if (recipe->offset != ICL_OFFSET_EVEN) {
        put_key(out, RECIPE_OFFSET);
        put(out, "%s", icl_recipe_offset_names[recipe->offset]);
    }
    bool padded = false;
    for (int i = 0; i < channels; i++)
        padded = padded || recipe->pad[i];
    if (padded)
        put_key(out, RECIPE_PAD);
    for (int i = 0; padded && i < channels; i++)
        put(out, "%s%d", i ? "/" : "", recipe->pad[i]);
    if (recipe->views != 1) {
        put_key(out, RECIPE_VIEWS);
        put(out, "%d", recipe->views);
    }
}

char *icl_recipe_text(struct imgcls_context *ctx, const struct icl_recipe *recipe)
{
    struct writing out = {.used = 0};
    int channels = icl_recipe_channels(recipe);
    put_resize(&out, recipe);
    if (recipe->engine != ICL_ENGINE_PILLOW) {
        put_key(&out, RECIPE_ENGINE);
        put(&out, "%s", icl_recipe_engine_names[recipe->engine]);
    }
    put_crop(&out, recipe, channels);
    put_key(&out, RECIPE_COLOR);
    put(&out, "%s", icl_recipe_color_names[recipe->color]);
    put_key(&out, RECIPE_RANGE);
    put(&out, "%d", recipe->range);
    put_numbers(&out, RECIPE_MEAN, channels, recipe->mean);
    put_numbers(&out, RECIPE_STD, channels, recipe->std);
    char *text = strdup(out.text);
    if (!text)
        icl_fail(ctx, IMGCLS_NO_MEMORY, "recipe: no memory for its text");
    return text;
}
