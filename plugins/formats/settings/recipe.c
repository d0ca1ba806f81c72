/*
 * plugins/formats/settings/recipe.c - preprocessing settings as a recipe's text
 *
 * The host reads the text with all its checks and makes it canonical; here it is only put
 * together. Numbers are written with a point whatever the locale.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/settings/settings.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TEXT_CAPACITY 512

static void put_numbers(char *text, const char *key, const double *numbers, int count)
{
    for (int i = 0; i < count; i++) {
        char number[40];
        snprintf(number, sizeof number, "%.9g", numbers[i]);
        char *comma = strchr(number, ',');
        if (comma)
            *comma = '.';
        size_t used = strlen(text);
        snprintf(text + used, TEXT_CAPACITY - used, "%s%s%s", i ? "/" : ",", i ? "" : key,
                 number);
    }
}

imgcls_status settings_recipe(const struct settings *in,
                              const struct settings_recipe *recipe)
{
    char text[TEXT_CAPACITY] = "";
    size_t used = 0;
    const char *filter = recipe->filter ? recipe->filter : "bilinear";
    if (recipe->squash_w)
        snprintf(text, sizeof text, "resize=%lldx%lld,filter=%s,",
                 (long long)recipe->squash_w, (long long)recipe->squash_h, filter);
    else if (recipe->resize)
        snprintf(text, sizeof text, "resize=%lld,filter=%s,", (long long)recipe->resize,
                 filter);
    used = strlen(text);
    if (used && recipe->opencv)
        snprintf(text + used, sizeof text - used, "engine=opencv,");
    used = strlen(text);
    if (recipe->crop_w && recipe->crop_w == recipe->crop_h)
        snprintf(text + used, sizeof text - used, "crop=%lld,", (long long)recipe->crop_w);
    else if (recipe->crop_w)
        snprintf(text + used, sizeof text - used, "crop=%lldx%lld,",
                 (long long)recipe->crop_w, (long long)recipe->crop_h);
    used = strlen(text);
    if (recipe->crop_w && recipe->floor_offset)
        snprintf(text + used, sizeof text - used, "offset=floor,");
    used = strlen(text);
    snprintf(text + used, sizeof text - used, "color=%s,range=%d",
             recipe->gray  ? "gray"
             : recipe->bgr ? "bgr"
                           : "rgb",
             recipe->range == 255 ? 255 : 1);
    put_numbers(text, "mean=", recipe->mean, recipe->gray ? 1 : 3);
    put_numbers(text, "std=", recipe->std, recipe->gray ? 1 : 3);
    imgcls_status status = settings_text(in, IMGCLS_META_RECIPE, text);
    int64_t width = recipe->crop_w ? recipe->crop_w : recipe->squash_w;
    int64_t height = recipe->crop_h ? recipe->crop_h : recipe->squash_h;
    return status == IMGCLS_OK ? settings_size(in, height, width) : status;
}

bool settings_three(const json_t *value, double out[3])
{
    if (json_is_number(value)) {
        out[0] = out[1] = out[2] = json_number_value(value);
        return true;
    }
    size_t count = json_array_size(value);
    if (count != 1 && count != 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        const json_t *item = json_array_get(value, count == 1 ? 0 : i);
        if (!json_is_number(item))
            return false;
        out[i] = json_number_value(item);
    }
    return true;
}

bool settings_opencv_has(const char *filter)
{
    static const char *const known[] = {"nearest", "bilinear", "bicubic", "area"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(filter, known[i]) == 0)
            return true;
    return false;
}

const char *settings_filter(const json_t *value)
{
    static const char *const codes[] = {"nearest", "lanczos", "bilinear",
                                        "bicubic", "box",     "hamming"};
    static const char *const others[][2] = {{"linear", "bilinear"},
                                            {"cubic", "bicubic"},
                                            {"random", "bilinear"},
                                            {"lanczos3", "lanczos"}};
    if (json_is_integer(value)) {
        json_int_t code = json_integer_value(value);
        return code >= 0 && code < 6 ? codes[code] : NULL;
    }
    const char *name = json_string_value(value);
    for (size_t i = 0; name && i < 6; i++)
        if (strcasecmp(codes[i], name) == 0)
            return codes[i];
    for (size_t i = 0; name && i < sizeof others / sizeof *others; i++)
        if (strcasecmp(others[i][0], name) == 0)
            return others[i][1];
    return NULL;
}
