/*
 * plugins/formats/settings/mm.c - mmcls, mmpretrain, and ModelScope's wrapping of them
 *
 * The model is {"backbone", "neck", "head"}; preprocessing is a list of steps. ModelScope
 * puts both into configuration.json; mmcls into a Python file, or as text into the
 * checkpoint. Steps are taken as their libraries do them: Resize of one number squashes, of
 * (N, -1) makes the shorter side N; Normalize is on 0..255, in RGB order where to_rgb.
 *
 * OpenCV's resize without antialiasing is the default of these libraries: engine=opencv. For
 * the one filter that is not among the engine's, Pillow's stands in, and a note says so.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/settings/settings.h"

#include <string.h>

struct steps {
    struct settings_recipe recipe;
    bool replaced;    /* resized by OpenCV with a filter that is not here */
    bool approximate; /* EfficientNet's crop */
    bool normalised;
    const char *strange; /* a step that is not known */
};

static int64_t whole(const json_t *value)
{
    json_int_t number = json_integer_value(value);
    return json_is_integer(value) && number > 0 && number <= 16384 ? number : 0;
}

static bool is_true(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

static void set_filter(struct steps *steps, const json_t *step)
{
    const char *backend = json_string_value(json_object_get(step, "backend"));
    const json_t *named = json_object_get(step, "interpolation");
    const char *name = json_string_value(named), *filter = settings_filter(named);
    bool opencv = !backend || strcmp(backend, "pillow") != 0;
    if (opencv && name && strcmp(name, "area") == 0)
        filter = "area";
    steps->recipe.filter = filter ? filter : "bilinear";
    steps->recipe.opencv = opencv && settings_opencv_has(steps->recipe.filter);
    steps->replaced = opencv && !steps->recipe.opencv;
}

/* Resize: N, [N, -1], [height, width], (of mmpretrain) scale: width, height. */
static void resize(struct steps *steps, const json_t *step)
{
    const json_t *size = json_object_get(step, "size"),
                 *scale = json_object_get(step, "scale");
    const json_t *said = size ? size : scale;
    set_filter(steps, step);
    if (json_is_integer(said)) {
        steps->recipe.squash_w = steps->recipe.squash_h = whole(said);
    } else if (json_integer_value(json_array_get(said, 1)) == -1) {
        steps->recipe.resize = whole(json_array_get(said, 0));
    } else {
        steps->recipe.squash_h = whole(json_array_get(said, size ? 0 : 1));
        steps->recipe.squash_w = whole(json_array_get(said, size ? 1 : 0));
        if (!steps->recipe.squash_h)
            steps->recipe.squash_h = steps->recipe.squash_w;
    }
}

static void crop(struct steps *steps, const json_t *step, bool efficient)
{
    const json_t *size = json_object_get(step, "crop_size");
    bool list = json_is_array(size);
    steps->recipe.crop_h = whole(list ? json_array_get(size, 0) : size);
    steps->recipe.crop_w = whole(list ? json_array_get(size, 1) : size);
    if (!efficient)
        return;
    json_int_t padding = 32;
    if (json_is_integer(json_object_get(step, "crop_padding")))
        padding = json_integer_value(json_object_get(step, "crop_padding"));
    if (padding < 0 || padding > 4096)
        padding = 32;
    steps->recipe.resize = steps->recipe.crop_h + padding;
    steps->approximate = true;
    set_filter(steps, step);
    if (!json_object_get(step, "interpolation"))
        steps->recipe.filter = "bicubic";
}

static void normalise(struct steps *steps, const json_t *step)
{
    const json_t *mean = json_object_get(step, "mean"), *std = json_object_get(step, "std");
    steps->normalised =
        settings_three(mean, steps->recipe.mean) && settings_three(std, steps->recipe.std);
    steps->recipe.gray = json_array_size(mean) == 1;
    steps->recipe.bgr = !is_true(step, "to_rgb", true);
    steps->recipe.range = 255;
}

static void take_step(struct steps *steps, const json_t *step)
{
    static const char *const harmless[] = {
        "LoadImageFromFile", "ImageToTensor", "ToTensor", "Collect",  "PackInputs",
        "PackClsInputs",     "ToPIL",         "ToNumpy",  "LoadImage"};
    const char *type = json_string_value(json_object_get(step, "type"));
    if (!type)
        return;
    if (strncmp(type, "mmcls.", 6) == 0 || strncmp(type, "mmpretrain.", 11) == 0)
        type = strchr(type, '.') + 1;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(type, harmless[i]) == 0)
            return;
    if (strcmp(type, "Resize") == 0) {
        resize(steps, step);
    } else if (strcmp(type, "ResizeEdge") == 0) {
        steps->recipe.resize = whole(json_object_get(step, "scale"));
        set_filter(steps, step);
        if (json_object_get(step, "edge") &&
            strcmp(json_string_value(json_object_get(step, "edge")), "short") != 0)
            steps->strange = "ResizeEdge of another edge than the short one";
    } else if (strcmp(type, "CenterCrop") == 0) {
        crop(steps, step, is_true(step, "efficientnet_style", false));
    } else if (strcmp(type, "EfficientNetCenterCrop") == 0) {
        crop(steps, step, true);
    } else if (strcmp(type, "Normalize") == 0) {
        normalise(steps, step);
    } else {
        steps->strange = type;
    }
}

static imgcls_status write_recipe(const struct settings *in, struct steps *steps)
{
    struct settings_recipe *recipe = &steps->recipe;
    if (steps->strange)
        return settings_note(in,
                             "preprocessing has a step '%.64s' that is not known, so none "
                             "was taken over: give --preprocess",
                             steps->strange);
    if (!steps->normalised) {
        recipe->range = 255;
        for (int i = 0; i < 3; i++)
            recipe->std[i] = 1;
    }
    imgcls_status status = settings_recipe(in, recipe);
    if (status == IMGCLS_OK && steps->approximate)
        status = settings_note(in, "source crops a part of the picture and resizes that; "
                                   "here it is resized and then cropped, which differs by "
                                   "rounding");
    if (status != IMGCLS_OK || (!recipe->resize && !recipe->squash_w))
        return status;
    if (recipe->opencv)
        status = settings_note(in, "source resizes with OpenCV without antialiasing, and "
                                   "so does engine=opencv of the recipe");
    if (steps->replaced)
        status = settings_note(in,
                               "source resizes with OpenCV without antialiasing; "
                               "filter=%s of Pillow stands in for it",
                               recipe->filter);
    return status;
}

/* The picture's size that the backbone was made for. */
static imgcls_status set_size(const struct settings *in, const json_t *backbone)
{
    const json_t *size = json_object_get(backbone, "img_size");
    bool list = json_is_array(size);
    int64_t height = whole(list ? json_array_get(size, 0) : size);
    int64_t width = whole(list ? json_array_get(size, 1) : size);
    return settings_size(in, height, width ? width : height);
}

imgcls_status settings_mm(const struct settings *in, const json_t *model,
                          const json_t *pipeline, const json_t *normaliser)
{
    struct steps steps = {.recipe = {.range = 255}};
    const json_t *backbone = json_object_get(model, "backbone"), *step;
    const char *type = json_string_value(json_object_get(backbone, "type"));
    size_t i;
    imgcls_status status = settings_text(in, IMGCLS_META_LIBRARY, "mm");
    if (status == IMGCLS_OK) /* what a configuration within the weights gave */
        status = settings_text(in, IMGCLS_META_NOTES, NULL);
    if (status == IMGCLS_OK && json_is_object(model))
        status = settings_config(in, model);
    if (status == IMGCLS_OK && type)
        status = settings_text(in, IMGCLS_META_ARCHITECTURE, type);
    if (status == IMGCLS_OK)
        status = set_size(in, backbone);
    if (status != IMGCLS_OK || (json_array_size(pipeline) == 0 && !normaliser))
        return status;
    json_array_foreach(pipeline, i, step) take_step(&steps, step);
    if (normaliser && json_object_get(normaliser, "mean"))
        normalise(&steps, normaliser);
    return write_recipe(in, &steps);
}

static const json_t *at(const json_t *object, const char *a, const char *b, const char *c)
{
    const json_t *found = json_object_get(object, a);
    found = b ? json_object_get(found, b) : found;
    return c ? json_object_get(found, c) : found;
}

imgcls_status settings_mm_config(const struct settings *in, const json_t *config)
{
    const json_t *pipeline = at(config, "test_pipeline", NULL, NULL);
    if (!json_is_array(pipeline))
        pipeline = at(config, "data", "test", "pipeline");
    if (!json_is_array(pipeline))
        pipeline = at(config, "test_dataloader", "dataset", "pipeline");
    const json_t *normaliser = at(config, "data_preprocessor", NULL, NULL);
    if (!json_is_object(normaliser))
        normaliser = at(config, "model", "data_preprocessor", NULL);
    const json_t *model = at(config, "model", NULL, NULL);
    if (!json_is_object(model) && !json_is_array(pipeline))
        return IMGCLS_OK;
    return settings_mm(in, model, pipeline, json_is_object(normaliser) ? normaliser : NULL);
}

imgcls_status settings_modelscope(const struct settings *in, const json_t *config)
{
    const json_t *model = at(config, "model", "mm_model", NULL);
    const json_t *pipeline = at(config, "preprocessor", "val", NULL);
    const json_t *classes = at(config, "dataset", "classes", NULL);
    const char *type = json_string_value(at(config, "model", "type", NULL));
    if (type && strcmp(type, "EasyRobustModel") == 0)
        return in->host->fail(in->host, IMGCLS_UNSUPPORTED,
                              "%s: model type EasyRobustModel, which normalises within the "
                              "model, is not read",
                              in->path);
    if (!json_is_object(model))
        model = at(config, "model", NULL, NULL);
    imgcls_status status = IMGCLS_OK;
    if (json_array_size(classes) &&
        !in->host->checkpoint_text(in->host, in->checkpoint, IMGCLS_META_LABELS))
        status = settings_labels(in, classes);
    if (status != IMGCLS_OK ||
        (!json_is_object(json_object_get(model, "backbone")) && !json_is_array(pipeline)))
        return status;
    return settings_mm(in, model, pipeline, NULL);
}
