/*
 * plugins/formats/settings/transformers.c - Hugging Face's config.json and
 * preprocessor_config.json
 *
 * id2label has its numbers as texts: they are put in order as numbers, or class 10 would
 * come before class 2. What a missing key of the preprocessor means depends on the class of
 * the model; defaults here are those of the classes' newest versions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/settings/settings.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES_MAX 1000000
#define SIDE_MOST   16384

/* ---- Class names ----------------------------------------------------------------------*/

static bool is_placeholder(const char *name, size_t index)
{
    char *end;
    return strncmp(name, "LABEL_", 6) == 0 && strtoull(name + 6, &end, 10) == index &&
           !*end;
}

static imgcls_status set_labels(const struct settings *in, const json_t *config)
{
    json_t *map = json_object_get(config, "id2label"), *name;
    size_t count = json_object_size(map), placeholders = 0;
    const char *key;
    if (count == 0 || count > CLASSES_MAX)
        return IMGCLS_OK;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_null());
    imgcls_status status = IMGCLS_OK;
    json_object_foreach(map, key, name)
    {
        char *end;
        errno = 0;
        unsigned long long index = strtoull(key, &end, 10);
        if (errno || !*key || *end || *key == '-' || index >= count ||
            !json_is_string(name)) {
            status = settings_wrong(in, "id2label: '%.32s' is none of the classes 0 to %zu",
                                    key, count - 1);
            break;
        }
        placeholders += is_placeholder(json_string_value(name), (size_t)index);
        json_array_set(list, (size_t)index, name);
    }
    if (status == IMGCLS_OK && placeholders < count)
        status = settings_labels(in, list); /* one that was never set is no text */
    json_decref(list);
    return status;
}

/* ---- Preprocessing --------------------------------------------------------------------*/

struct defaults {
    const char *type; /* of the model, or "" for the others */
    int64_t size;     /* where none is said */
    bool shortest;    /* a bare number is the shorter side */
    int64_t crop;     /* 0: no crop unless said */
    const char *filter;
    bool half; /* mean and std 0.5, else ImageNet's */
};

static const struct defaults known[] = {
    {"vit", 224, false, 0, "bilinear", true},
    {"deit", 256, false, 224, "bicubic", true},
    {"beit", 224, false, 0, "bicubic", true},
    {"swin", 224, false, 0, "bicubic", false},
    {"swinv2", 256, false, 0, "bicubic", false},
    {"convnext", 384, true, 0, "bicubic", false},
    {"convnextv2", 384, true, 0, "bicubic", false},
    {"resnet", 224, true, 0, "bicubic", false},
    {"regnet", 224, true, 0, "bicubic", false},
    {"mobilenet_v1", 256, true, 224, "bilinear", true},
    {"mobilenet_v2", 256, true, 224, "bilinear", true},
    {"efficientnet", 346, false, 0, "bicubic", false},
    {"", 224, false, 0, "bilinear", false},
};

static const struct defaults *defaults_of(const char *type)
{
    size_t i = 0;
    while (known[i].type[0] && (!type || strcmp(known[i].type, type) != 0))
        i++;
    return &known[i];
}

static bool flag(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

static int64_t side(const json_t *value)
{
    double number = json_number_value(value); /* 224.0 is a side, too */
    return number >= 1 && number <= SIDE_MOST && number == floor(number) ? (int64_t)number : 0;
}

/* Convolutional processors resize to a larger picture and crop where the side is small. */
static void by_fraction(struct settings_recipe *recipe, int64_t edge, double fraction)
{
    if (edge >= 384) {
        recipe->squash_w = recipe->squash_h = edge;
        return;
    }
    recipe->resize = (int64_t)((double)edge / fraction);
    recipe->crop_w = recipe->crop_h = edge;
    recipe->floor_offset = true;
}

static bool uses_fraction(const json_t *from, const struct defaults *usual)
{
    const char *name = json_string_value(json_object_get(from, "image_processor_type"));
    if (!name)
        name = json_string_value(json_object_get(from, "feature_extractor_type"));
    if (name)
        return strncmp(name, "ConvNext", 8) == 0;
    return json_object_get(from, "crop_pct") || strncmp(usual->type, "convnext", 8) == 0 ||
           strcmp(usual->type, "resnet") == 0 || strcmp(usual->type, "regnet") == 0;
}

static void set_resize(struct settings_recipe *recipe, const json_t *from,
                       const struct defaults *usual)
{
    const json_t *size = json_object_get(from, "size");
    const json_t *fraction = json_object_get(from, "crop_pct");
    int64_t edge = side(json_object_get(size, "shortest_edge"));
    int64_t height = side(json_object_get(size, "height"));
    int64_t width = side(json_object_get(size, "width"));
    if (json_is_array(size)) { /* an old form: width, height */
        width = side(json_array_get(size, 0));
        height = side(json_array_get(size, 1));
    }
    int64_t bare = json_is_integer(size) ? side(size) : size ? 0 : usual->size;
    if (bare && (usual->shortest || uses_fraction(from, usual)))
        edge = bare;
    else if (bare)
        height = width = bare;
    if (edge && uses_fraction(from, usual)) {
        double part = json_is_number(fraction) ? json_number_value(fraction) : 0.875;
        by_fraction(recipe, edge, part > 0.1 && part <= 1 ? part : 0.875);
    } else if (edge) {
        recipe->resize = edge;
    } else {
        recipe->squash_w = width;
        recipe->squash_h = height;
    }
}

static void set_crop(struct settings_recipe *recipe, const json_t *from,
                     const struct defaults *usual)
{
    const json_t *size = json_object_get(from, "crop_size");
    if (recipe->crop_w || !flag(from, "do_center_crop", usual->crop > 0))
        return;
    int64_t bare = json_is_integer(size) ? side(size) : size ? 0 : usual->crop;
    recipe->crop_h = bare ? bare : side(json_object_get(size, "height"));
    recipe->crop_w = bare ? bare : side(json_object_get(size, "width"));
    recipe->floor_offset = true;
}

/* What is done to the numbers, as mean and std of the recipe's range. */
static imgcls_status set_numbers(const struct settings *in, struct settings_recipe *recipe,
                                 const json_t *from, const struct defaults *usual)
{
    static const double imagenet[2][3] = {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
    const json_t *factor = json_object_get(from, "rescale_factor");
    const json_t *mean = json_object_get(from, "image_mean"),
                 *std = json_object_get(from, "image_std");
    bool rescale = flag(from, "do_rescale", true);
    double scale = json_is_number(factor) ? json_number_value(factor) : 1.0 / 255;
    for (int i = 0; i < 3; i++) {
        recipe->mean[i] = usual->half ? 0.5 : imagenet[0][i];
        recipe->std[i] = usual->half ? 0.5 : imagenet[1][i];
    }
    if ((mean && !json_is_null(mean) && !settings_three(mean, recipe->mean)) ||
        (std && !json_is_null(std) && !settings_three(std, recipe->std)))
        return settings_wrong(in, "image_mean or image_std is no list of numbers");
    if (!flag(from, "do_normalize", true))
        for (int i = 0; i < 3; i++) {
            recipe->mean[i] = 0;
            recipe->std[i] = 1;
        }
    recipe->range = rescale ? 1 : 255;
    for (int i = 0; i < 3 && rescale; i++) {
        double stretch = scale * 255; /* 1 as usual, 2 where x / 127.5 */
        double shift = flag(from, "rescale_offset", false) ? 1 : 0;
        bool large = recipe->mean[i] > 1.5 && stretch == 1; /* old files: on 0..255 */
        if (large) {
            recipe->mean[i] /= 255;
            recipe->std[i] /= 255;
        }
        /* (x * stretch - shift - m) / s = (x - (shift + m) / stretch) / (s / stretch) */
        double first = recipe->std[i];
        recipe->mean[i] = (shift + recipe->mean[i]) / stretch;
        recipe->std[i] = first / stretch * (flag(from, "include_top", false) ? first : 1);
    }
    return IMGCLS_OK;
}

static imgcls_status set_recipe(const struct settings *in, const json_t *from,
                                const char *type)
{
    struct settings_recipe recipe = {.range = 1};
    const struct defaults *usual = defaults_of(type);
    const json_t *filter = json_object_get(from, "resample");
    recipe.filter =
        filter && !json_is_null(filter) ? settings_filter(filter) : usual->filter;
    if (!recipe.filter)
        return settings_wrong(in, "resample is none of the codes 0 to 5");
    if (flag(from, "do_resize", true))
        set_resize(&recipe, from, usual);
    set_crop(&recipe, from, usual);
    recipe.bgr = flag(from, "do_flip_channel_order", false);
    imgcls_status status = set_numbers(in, &recipe, from, usual);
    return status == IMGCLS_OK ? settings_recipe(in, &recipe) : status;
}

/* The configuration, with the number of classes that id2label makes. */
static imgcls_status set_config(const struct settings *in, const json_t *config)
{
    const size_t classes = json_object_size(json_object_get(config, "id2label"));
    if (classes == 0)
        return settings_config(in, config);
    json_t *counted = json_object();
    if (json_object_update(counted, (json_t *)(uintptr_t)config) != 0 ||
        json_object_set_new(counted, "num_labels", json_integer((json_int_t)classes)) != 0) {
        json_decref(counted);
        return settings_wrong(in, "no memory for its configuration");
    }
    imgcls_status status = settings_config(in, counted);
    json_decref(counted);
    return status;
}

/* image_size: N, or [height, width]. Shapes hang on it, so that a number that no picture's side can
 * be is refused; other kinds say nothing. */
static imgcls_status set_size(const struct settings *in, const json_t *config)
{
    const json_t *size = json_object_get(config, "image_size");
    int64_t sides[2];
    for (size_t i = 0; i < 2; i++) {
        const json_t *said = json_is_array(size) ? json_array_get(size, i) : size;
        sides[i] = side(said);
        if (json_is_number(said) && sides[i] == 0)
            return settings_wrong(in,
                                  "image_size of config.json is %.15g, not a whole number from 1 "
                                  "to %d", json_number_value(said), SIDE_MOST);
    }
    return settings_size(in, sides[0], sides[1]);
}

imgcls_status settings_transformers(const struct settings *in, const json_t *config,
                                    const json_t *preprocessor)
{
    const char *type = json_string_value(json_object_get(config, "model_type"));
    const char *problem = json_string_value(json_object_get(config, "problem_type"));
    imgcls_status status = settings_text(in, IMGCLS_META_LIBRARY, "transformers");
    if (status == IMGCLS_OK && type)
        status = settings_text(in, IMGCLS_META_ARCHITECTURE, type);
    if (status == IMGCLS_OK)
        status = set_config(in, config);
    if (status == IMGCLS_OK)
        status = set_size(in, config);
    if (status == IMGCLS_OK)
        status = set_labels(in, config);
    if (status == IMGCLS_OK && problem &&
        strcmp(problem, "multi_label_classification") == 0)
        status = settings_note(in, "a picture may have several of the classes: each score "
                                   "is for a sigmoid of its own, not for one softmax");
    if (status == IMGCLS_OK && preprocessor)
        status = set_recipe(in, preprocessor, type);
    return status;
}
