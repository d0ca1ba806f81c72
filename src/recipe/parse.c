/*
 * src/recipe/parse.c - a recipe's text, or a preset's name, becomes a struct icl_recipe
 *
 * Takes text from a command line, a bundle or an ONNX file's metadata, so nothing in it is
 * trusted. Keys must come in canonical order: a recipe has one spelling, and a key that is
 * given twice or out of order is more likely an editing accident than a wish.
 *
 * Messages name the key, the text found, and what is allowed.
 *
 * Not here: writing (text.c), sizes (size.c), carrying it out (eval/pictures).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/recipe/recipe.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/recipe/words.h"

#define TEXT_MAX      1024
#define NUMBER_MAX    40
#define MAGNITUDE_MAX 1e6 /* of mean and std */
#define STD_MIN       1e-6

static const struct {
    const char *name, *text;
} presets[] = {
    {"imagenet", "resize=256,filter=bilinear,crop=224,color=rgb,range=1,"
                 "mean=0.485/0.456/0.406,std=0.229/0.224/0.225"},
    {"inception", "resize=256,filter=bilinear,crop=224,color=rgb,range=1,"
                  "mean=0.5/0.5/0.5,std=0.5/0.5/0.5"},
    {"caffe", "resize=256,filter=bilinear,crop=224,color=bgr,range=255,"
              "mean=104/117/123,std=1/1/1"},
    {"none", "color=rgb,range=1,mean=0/0/0,std=1/1/1"},
};

const char *icl_recipe_presets(void)
{
    return "imagenet, inception, caffe, none";
}

/* What is known while reading from left to right. */
struct reading {
    struct imgcls_context *ctx;
    struct icl_recipe *recipe;
    locale_t plain; /* the "C" locale: a point is a point */
    bool seen[RECIPE_KEYS];
    double crop_fraction;     /* 0: not given */
    int numbers[RECIPE_KEYS]; /* how many values pad, mean and std had */
};

/* A value is bytes, not a string: it ends at the next comma. */
struct value {
    const char *text;
    size_t length;
};

static imgcls_status refuse(const struct reading *in, const char *key, struct value value,
                            const char *allowed)
{
    return icl_fail(in->ctx, IMGCLS_BAD_INPUT, "recipe: %s='%.*s' is not allowed: %s", key,
                    (int)value.length, value.text, allowed);
}

static bool equals(struct value value, const char *word)
{
    return strlen(word) == value.length && memcmp(value.text, word, value.length) == 0;
}

/* ---- Values ---------------------------------------------------------------------------*/

/* Decimal digits only, at most `max`. */
static bool whole_number(struct value value, int32_t max, int32_t *out)
{
    int32_t n = 0;
    if (value.length == 0 || value.length > 9)
        return false;
    for (size_t i = 0; i < value.length; i++) {
        if (value.text[i] < '0' || value.text[i] > '9')
            return false;
        n = n * 10 + (value.text[i] - '0');
    }
    if (n > max)
        return false;
    *out = n;
    return true;
}

/* Read as double; float32 is rounded from that, as Python's lists of floats are. */
static bool real_number(const struct reading *in, struct value value, double *out)
{
    char text[NUMBER_MAX + 1], *end;
    if (value.length == 0 || value.length > NUMBER_MAX)
        return false;
    for (size_t i = 0; i < value.length; i++)
        if (!strchr("+-.0123456789eE", value.text[i]) || !value.text[i])
            return false; /* no inf, no nan, no hexadecimal */
    memcpy(text, value.text, value.length);
    text[value.length] = '\0';
    *out = strtod_l(text, &end, in->plain);
    return end != text && !*end && isfinite(*out);
}

static struct value next_part(struct value *rest, char separator)
{
    const char *at = memchr(rest->text, separator, rest->length);
    struct value part = {rest->text, at ? (size_t)(at - rest->text) : rest->length};
    size_t used = part.length + (at ? 1 : 0);
    rest->text += used;
    rest->length -= used;
    return part;
}

static int parts_of(struct value value)
{
    int count = 1;
    for (size_t i = 0; i < value.length; i++)
        count += value.text[i] == '/';
    return count;
}

static imgcls_status read_word(const struct reading *in, const char *key,
                               struct value value, const char *const *words, int *out)
{
    char allowed[160] = "";
    for (int i = 0; words[i]; i++) {
        if (equals(value, words[i])) {
            *out = i;
            return IMGCLS_OK;
        }
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, "%s%s", i ? ", " : "", words[i]);
    }
    return refuse(in, key, value, allowed);
}

static bool side(struct value value, int32_t *out)
{
    return whole_number(value, ICL_RECIPE_SIDE_MAX, out) && *out > 0;
}

/* "N" or "WxH" */
static bool sides(struct value value, int32_t *width, int32_t *height)
{
    if (!memchr(value.text, 'x', value.length)) {
        *height = 0;
        return side(value, width);
    }
    struct value first = next_part(&value, 'x');
    return side(first, width) && side(value, height);
}

/* ---- One function a key ---------------------------------------------------------------*/

static imgcls_status read_resize(struct reading *in, struct value value)
{
    struct icl_recipe *recipe = in->recipe;
    struct value given = value;
    bool is_long = value.length > 5 && memcmp(value.text, "long:", 5) == 0;
    if (is_long) {
        value.text += 5;
        value.length -= 5;
    }
    if (!sides(value, &recipe->resize_width, &recipe->resize_height) ||
        (is_long && recipe->resize_height))
        return refuse(in, "resize", given, "N, long:N or WxH, each from 1 to 16384");
    recipe->resize = is_long                 ? ICL_RESIZE_LONG
                     : recipe->resize_height ? ICL_RESIZE_SQUASH
                                             : ICL_RESIZE_SHORT;
    return IMGCLS_OK;
}

static imgcls_status read_crop_fraction(struct reading *in, struct value value)
{
    if (!real_number(in, value, &in->crop_fraction) || in->crop_fraction <= 0.01 ||
        in->crop_fraction > 1)
        return refuse(in, "crop_pct", value, "a fraction above 0.01 and at most 1");
    return IMGCLS_OK;
}

static imgcls_status read_filter(struct reading *in, struct value value)
{
    int word = 0;
    imgcls_status status = read_word(in, "filter", value, icl_recipe_filter_names, &word);
    in->recipe->filter = (enum icl_filter)word;
    return status;
}

static imgcls_status read_antialias(struct reading *in, struct value value)
{
    if (!equals(value, "0") && !equals(value, "1"))
        return refuse(in, "antialias", value, "0, 1");
    in->recipe->antialias = value.text[0] == '1';
    return IMGCLS_OK;
}

static imgcls_status read_engine(struct reading *in, struct value value)
{
    int word = 0;
    imgcls_status status = read_word(in, "engine", value, icl_recipe_engine_names, &word);
    in->recipe->engine = (enum icl_engine)word;
    return status;
}

static imgcls_status read_crop(struct reading *in, struct value value)
{
    struct icl_recipe *recipe = in->recipe;
    if (!sides(value, &recipe->crop_width, &recipe->crop_height))
        return refuse(in, "crop", value, "N or WxH, each from 1 to 16384");
    if (!recipe->crop_height)
        recipe->crop_height = recipe->crop_width;
    return IMGCLS_OK;
}

static imgcls_status read_offset(struct reading *in, struct value value)
{
    int word = 0;
    imgcls_status status = read_word(in, "offset", value, icl_recipe_offset_names, &word);
    in->recipe->offset = (enum icl_offset)word;
    return status;
}

static imgcls_status read_pad(struct reading *in, struct value value)
{
    struct value rest = value;
    in->numbers[RECIPE_PAD] = parts_of(value);
    for (int i = 0; i < in->numbers[RECIPE_PAD]; i++) {
        int32_t level;
        if (i == 3 || !whole_number(next_part(&rest, '/'), 255, &level))
            return refuse(in, "pad", value, "R/G/B (gray: one number), each from 0 to 255");
        in->recipe->pad[i] = (uint8_t)level;
    }
    return IMGCLS_OK;
}

static imgcls_status read_views(struct reading *in, struct value value)
{
    if (!whole_number(value, 10, &in->recipe->views) ||
        (in->recipe->views != 1 && in->recipe->views != 5 && in->recipe->views != 10))
        return refuse(in, "views", value, "1, 5, 10");
    return IMGCLS_OK;
}

static imgcls_status read_color(struct reading *in, struct value value)
{
    int word = 0;
    imgcls_status status = read_word(in, "color", value, icl_recipe_color_names, &word);
    in->recipe->color = (enum icl_color)word;
    return status;
}

static imgcls_status read_range(struct reading *in, struct value value)
{
    if (!equals(value, "1") && !equals(value, "255"))
        return refuse(in, "range", value, "1, 255");
    in->recipe->range = value.text[0] == '1' ? 1 : 255;
    return IMGCLS_OK;
}

static imgcls_status read_mean(struct reading *in, struct value value)
{
    struct value rest = value;
    in->numbers[RECIPE_MEAN] = parts_of(value);
    for (int i = 0; i < in->numbers[RECIPE_MEAN]; i++) {
        double number;
        if (i == 3 || !real_number(in, next_part(&rest, '/'), &number) ||
            fabs(number) > MAGNITUDE_MAX)
            return refuse(in, "mean", value,
                          "a number per channel, separated by '/', each within 1e6 of 0");
        in->recipe->mean[i] = (float)number;
    }
    return IMGCLS_OK;
}

static imgcls_status read_std(struct reading *in, struct value value)
{
    struct value rest = value;
    in->numbers[RECIPE_STD] = parts_of(value);
    for (int i = 0; i < in->numbers[RECIPE_STD]; i++) {
        double number;
        if (i == 3 || !real_number(in, next_part(&rest, '/'), &number) ||
            number < STD_MIN || number > MAGNITUDE_MAX)
            return refuse(in, "std", value,
                          "a number per channel, separated by '/', each from 1e-6 to 1e6");
        in->recipe->std[i] = (float)number;
    }
    return IMGCLS_OK;
}

static imgcls_status (*const readers[RECIPE_KEYS])(struct reading *, struct value) = {
    [RECIPE_RESIZE] = read_resize,
    [RECIPE_FILTER] = read_filter,
    [RECIPE_ANTIALIAS] = read_antialias,
    [RECIPE_ENGINE] = read_engine,
    [RECIPE_CROP] = read_crop,
    [RECIPE_OFFSET] = read_offset,
    [RECIPE_PAD] = read_pad,
    [RECIPE_VIEWS] = read_views,
    [RECIPE_COLOR] = read_color,
    [RECIPE_RANGE] = read_range,
    [RECIPE_MEAN] = read_mean,
    [RECIPE_STD] = read_std,
};

/* ---- The whole ------------------------------------------------------------------------*/

static imgcls_status unknown_key(const struct reading *in, struct value key)
{
    char known[160] = "";
    for (int i = 0; i < RECIPE_KEYS; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                 icl_recipe_key_names[i]);
    }
    return icl_fail(
        in->ctx, IMGCLS_BAD_INPUT,
        "recipe: key '%.*s' is not known; keys, in this order: %s (crop_pct may "
        "stand for resize); presets: %s",
        (int)key.length, key.text, known, icl_recipe_presets());
}

static imgcls_status read_pair(struct reading *in, struct value pair)
{
    const char *equal = memchr(pair.text, '=', pair.length);
    struct value key = {pair.text, equal ? (size_t)(equal - pair.text) : pair.length};
    bool is_fraction = equals(key, "crop_pct");
    int which = is_fraction ? RECIPE_RESIZE : 0;
    while (!is_fraction && which < RECIPE_KEYS && !equals(key, icl_recipe_key_names[which]))
        which++;
    if (which == RECIPE_KEYS)
        return unknown_key(in, key);
    if (!equal)
        return icl_fail(in->ctx, IMGCLS_BAD_INPUT,
                        "recipe: key '%.*s' has no value (KEY=VALUE)", (int)key.length,
                        key.text);
    if (in->seen[which])
        return icl_fail(in->ctx, IMGCLS_BAD_INPUT, "recipe: key '%s' is given twice%s",
                        icl_recipe_key_names[which],
                        which == RECIPE_RESIZE ? " (crop_pct stands for it)" : "");
    for (int later = which + 1; later < RECIPE_KEYS; later++)
        if (in->seen[later])
            return icl_fail(in->ctx, IMGCLS_BAD_INPUT,
                            "recipe: key '%.*s' must stand before '%s'", (int)key.length,
                            key.text, icl_recipe_key_names[later]);
    in->seen[which] = true;
    struct value value = {equal + 1, pair.length - key.length - 1};
    return is_fraction ? read_crop_fraction(in, value) : readers[which](in, value);
}

static imgcls_status apply_crop_fraction(struct reading *in)
{
    struct icl_recipe *recipe = in->recipe;
    if (in->crop_fraction == 0)
        return IMGCLS_OK;
    if (!in->seen[RECIPE_CROP] || recipe->crop_width != recipe->crop_height)
        return icl_fail(
            in->ctx, IMGCLS_BAD_INPUT,
            "recipe: crop_pct needs crop=N: it means resize=floor(N / crop_pct)");
    double resize = floor(recipe->crop_width / in->crop_fraction);
    if (resize > ICL_RECIPE_SIDE_MAX)
        return icl_fail(in->ctx, IMGCLS_BAD_INPUT,
                        "recipe: crop_pct makes resize=%.0f, at most %d is allowed", resize,
                        ICL_RECIPE_SIDE_MAX);
    recipe->resize = ICL_RESIZE_SHORT;
    recipe->resize_width = (int32_t)resize;
    return IMGCLS_OK;
}

/* A key that needs another one is worth a refusal: it would silently do nothing. */
static imgcls_status check_partners(const struct reading *in)
{
    static const struct {
        enum recipe_key key, needs;
    } partners[] = {
        {RECIPE_FILTER, RECIPE_RESIZE}, {RECIPE_ANTIALIAS, RECIPE_RESIZE},
        {RECIPE_OFFSET, RECIPE_CROP},   {RECIPE_PAD, RECIPE_CROP},
        {RECIPE_VIEWS, RECIPE_CROP},
    };
    for (size_t i = 0; i < sizeof partners / sizeof *partners; i++)
        if (in->seen[partners[i].key] && !in->seen[partners[i].needs])
            return icl_fail(in->ctx, IMGCLS_BAD_INPUT,
                            "recipe: key '%s' means nothing without '%s'",
                            icl_recipe_key_names[partners[i].key],
                            icl_recipe_key_names[partners[i].needs]);
    int channels = icl_recipe_channels(in->recipe);
    for (int key = 0; key < RECIPE_KEYS; key++)
        if (in->numbers[key] && in->numbers[key] != channels)
            return icl_fail(in->ctx, IMGCLS_BAD_INPUT,
                            "recipe: %s has %d numbers, color=%s has %d channels",
                            icl_recipe_key_names[key], in->numbers[key],
                            icl_recipe_color_names[in->recipe->color], channels);
    return IMGCLS_OK;
}

static imgcls_status read_text(struct reading *in, const char *text)
{
    struct value rest = {text, strlen(text)};
    imgcls_status status = IMGCLS_OK;
    do {
        bool more = memchr(rest.text, ',', rest.length) != NULL;
        status = read_pair(in, next_part(&rest, ','));
        if (!more)
            break;
    } while (status == IMGCLS_OK);
    if (status == IMGCLS_OK)
        status = apply_crop_fraction(in);
    return status == IMGCLS_OK ? check_partners(in) : status;
}

imgcls_status icl_recipe_parse(struct imgcls_context *ctx, const char *text,
                               struct icl_recipe *out)
{
    struct icl_recipe recipe = {
        .filter = ICL_FILTER_BILINEAR,
        .antialias = true,
        .views = 1,
        .range = 1,
        .std = {1, 1, 1},
    };
    *out = recipe;
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strcmp(text, presets[i].name) == 0)
            text = presets[i].text;
    size_t length = strlen(text);
    if (length == 0 || length > TEXT_MAX)
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "recipe: %zu bytes of text; 1 to %d are allowed, or a preset: %s",
                        length, TEXT_MAX, icl_recipe_presets());
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return icl_fail(ctx, IMGCLS_BAD_INPUT, "recipe: control character at byte %zu",
                            i);
    struct reading in = {.ctx = ctx, .recipe = &recipe};
    in.plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!in.plain)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "recipe: no memory for a locale");
    imgcls_status status = read_text(&in, text);
    freelocale(in.plain);
    if (status == IMGCLS_OK)
        *out = recipe;
    return status;
}
