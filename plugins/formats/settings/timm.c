/*
 * plugins/formats/settings/timm.c - timm's config.json
 *
 * {"architecture", "num_classes", "pretrained_cfg": {...}}; old files have the fields of
 * pretrained_cfg at the top. What is null was left out on saving: bicubic, 0.875, center,
 * ImageNet's mean and std. A tag behind a dot of the architecture's name is cut off.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/settings/settings.h"

#include <math.h>
#include <string.h>

struct pretrained {
    const json_t *nested, *top;
};

static const json_t *field(const struct pretrained *from, const char *key)
{
    const json_t *value = json_object_get(from->nested, key);
    if (!value || json_is_null(value))
        value = json_object_get(from->top, key);
    return json_is_null(value) ? NULL : value;
}

static imgcls_status set_recipe(const struct settings *in, const struct pretrained *from)
{
    struct settings_recipe recipe = {.range = 1,
                                     .filter = "bicubic",
                                     .mean = {0.485, 0.456, 0.406},
                                     .std = {0.229, 0.224, 0.225}};
    const json_t *size = field(from, "input_size"), *filter = field(from, "interpolation"),
                 *fraction = field(from, "crop_pct");
    const char *mode = json_string_value(field(from, "crop_mode"));
    int64_t height = json_integer_value(json_array_get(size, 1));
    int64_t width = json_integer_value(json_array_get(size, 2));
    double part = json_is_number(fraction) ? json_number_value(fraction) : 0.875;
    if (height < 1 || width < 1 || height > 16384 || width > 16384)
        return IMGCLS_OK; /* no picture's size: nothing to go by */
    if (!(part >= 0.1 && part <= 1))
        return settings_wrong(in, "crop_pct is %g, from 0.1 to 1 is allowed", part);
    if (filter && !(recipe.filter = settings_filter(filter)))
        return settings_wrong(in, "interpolation '%.32s' is not known",
                              json_string_value(filter) ? json_string_value(filter) : "?");
    if ((field(from, "mean") && !settings_three(field(from, "mean"), recipe.mean)) ||
        (field(from, "std") && !settings_three(field(from, "std"), recipe.std)))
        return settings_wrong(in, "mean or std is no list of numbers");
    imgcls_status status = settings_size(in, height, width);
    bool squash = mode && strcmp(mode, "squash") == 0;
    if (status != IMGCLS_OK)
        return status;
    if ((mode && !squash && strcmp(mode, "center") != 0) || (!squash && height != width))
        return settings_note(
            in,
            "preprocessing (crop_mode '%.16s', %lld x %lld) cannot be said "
            "in a recipe: give --preprocess",
            mode ? mode : "center", (long long)width, (long long)height);
    recipe.gray = json_integer_value(json_array_get(size, 0)) == 1;
    recipe.crop_w = width;
    recipe.crop_h = height;
    if (squash) {
        recipe.squash_w = (int64_t)floor((double)width / part);
        recipe.squash_h = (int64_t)floor((double)height / part);
    } else {
        recipe.resize = (int64_t)floor((double)height / part);
    }
    return settings_recipe(in, &recipe);
}

/* label_names with, where there are, label_descriptions[name] in their place. */
static imgcls_status set_labels(const struct settings *in, const json_t *config,
                                const struct pretrained *from)
{
    const json_t *names = json_object_get(config, "label_names"), *name;
    const json_t *words = json_object_get(config, "label_descriptions");
    size_t i;
    if (!json_array_size(names))
        names = field(from, "label_names");
    if (!json_is_object(words))
        words = field(from, "label_descriptions");
    if (!json_array_size(names))
        return IMGCLS_OK;
    json_t *list = json_array();
    json_array_foreach(names, i, name)
    {
        json_t *said =
            json_is_string(name) ? json_object_get(words, json_string_value(name)) : NULL;
        json_array_append(list, json_is_string(said) ? said : (json_t *)name);
    }
    imgcls_status status = settings_labels(in, list);
    json_decref(list);
    return status;
}

imgcls_status settings_timm(const struct settings *in, const json_t *config)
{
    const struct pretrained from = {json_object_get(config, "pretrained_cfg"), config};
    const char *said = json_string_value(json_object_get(config, "architecture"));
    char name[128];
    size_t length = said ? strcspn(said, ".") : 0;
    imgcls_status status = settings_text(in, IMGCLS_META_LIBRARY, "timm");
    if (length == 0 || length >= sizeof name)
        return settings_wrong(in, "'architecture' is no name");
    memcpy(name, said, length);
    name[length] = 0;
    if (status == IMGCLS_OK)
        status = settings_text(in, IMGCLS_META_ARCHITECTURE, name);
    if (status == IMGCLS_OK)
        status = settings_config(in, config);
    if (status == IMGCLS_OK)
        status = set_recipe(in, &from);
    return status == IMGCLS_OK ? set_labels(in, config, &from) : status;
}
