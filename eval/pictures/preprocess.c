/*
 * eval/pictures/preprocess.c - a recipe carried out: resize, crop, float32 planes
 *
 * Each step is torchvision's on Pillow pictures: Resize, CenterCrop (which pads with `pad`
 * first where the crop is larger, less on the left and top), ToTensor (x / 255 in float32),
 * Normalize ((x - mean) / std in float32). A byte has 256 values, so the arithmetic is done
 * once per value and channel, and the bits are those of doing it per pixel.
 *
 * What a recipe may say and this cannot do yet is refused by name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/picture.h"

#include <stdlib.h>
#include <string.h>

static imgcls_status check_supported(struct imgcls_context *ctx,
                                     const struct icl_recipe *recipe)
{
    if (recipe->engine != ICL_ENGINE_PILLOW)
        return icl_fail(ctx, IMGCLS_UNSUPPORTED,
                        "recipe: engine=%s is not available yet, only engine=pillow",
                        recipe->engine == ICL_ENGINE_OPENCV ? "opencv" : "tf");
    if (!recipe->antialias)
        return icl_fail(
            ctx, IMGCLS_UNSUPPORTED,
            "recipe: antialias=0 is not available yet (Pillow has no such resize)");
    if (recipe->views != 1)
        return icl_fail(ctx, IMGCLS_UNSUPPORTED,
                        "recipe: views=%d is not available yet, only views=1",
                        recipe->views);
    return IMGCLS_OK;
}

/* Where a window of `crop` begins in `size` pixels; negative where padding comes first. */
static int32_t crop_offset(int32_t size, int32_t crop, enum icl_offset rule)
{
    if (crop > size)
        return -((crop - size) / 2);
    int32_t twice = size - crop, half = twice / 2;
    if (twice % 2 == 0 || rule == ICL_OFFSET_FLOOR)
        return half;
    return rule == ICL_OFFSET_HALFUP ? half + 1 : half + half % 2; /* ties to even */
}

static bool crop(const struct icl_recipe *recipe, const struct icl_picture *in,
                 struct icl_picture *out)
{
    int32_t width = recipe->crop_width, height = recipe->crop_height;
    int32_t left = crop_offset(in->width, width, recipe->offset);
    int32_t top = crop_offset(in->height, height, recipe->offset);
    size_t step = (size_t)in->channels;
    *out = (struct icl_picture){.width = width,
                                .height = height,
                                .channels = in->channels,
                                .orientation = in->orientation};
    out->pixels = malloc((size_t)width * (size_t)height * step); /* sides are below 2^15 */
    if (!out->pixels)
        return false;
    int32_t first = left < 0 ? -left : 0; /* target columns [first, past) have a source */
    int32_t past = in->width - left < width ? in->width - left : width;
    for (int32_t y = 0; y < height; y++) {
        uint8_t *row = out->pixels + (size_t)y * (size_t)width * step;
        int32_t from_y = top + y;
        bool inside = from_y >= 0 && from_y < in->height;
        if (!inside || first > 0 || past < width)
            for (size_t x = 0; x < (size_t)width; x++)
                memcpy(row + x * step, recipe->pad, step);
        if (inside)
            memcpy(row + (size_t)first * step,
                   in->pixels +
                       ((size_t)from_y * (size_t)in->width + (size_t)(left + first)) * step,
                   (size_t)(past - first) * step);
    }
    return true;
}

imgcls_status icl_preprocess_bytes(struct imgcls_context *ctx,
                                   const struct icl_recipe *recipe,
                                   const struct icl_picture *picture,
                                   struct icl_picture *out)
{
    int32_t width, height;
    *out = (struct icl_picture){0};
    imgcls_status status = check_supported(ctx, recipe);
    if (status == IMGCLS_OK && picture->channels != icl_recipe_channels(recipe))
        status =
            icl_fail(ctx, IMGCLS_INTERNAL, "a picture of %d channels for a recipe of %d",
                     picture->channels, icl_recipe_channels(recipe));
    if (status == IMGCLS_OK)
        status = icl_recipe_resized(ctx, recipe, picture->width, picture->height, &width,
                                    &height);
    struct icl_picture resized = {0};
    if (status == IMGCLS_OK)
        status = icl_picture_resize(ctx, picture, width, height, recipe->filter, &resized);
    if (status != IMGCLS_OK)
        return status;
    if (!recipe->crop_width) {
        *out = resized;
        return IMGCLS_OK;
    }
    if (!crop(recipe, &resized, out))
        status = icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to crop to %d x %d pixels",
                          recipe->crop_width, recipe->crop_height);
    icl_picture_clear(&resized);
    return status;
}

/* One byte's value in each channel of the tensor. */
static void fill_levels(const struct icl_recipe *recipe, int32_t channel, float levels[256])
{
    for (int byte = 0; byte < 256; byte++) {
        float x = (float)byte;
        if (recipe->range == 1)
            x /= 255.0f;
        levels[byte] = (x - recipe->mean[channel]) / recipe->std[channel];
    }
}

static void fill_plane(const float levels[256], const uint8_t *from, size_t step,
                       size_t count, float *plane)
{
    for (size_t i = 0; i < count; i++)
        plane[i] = levels[from[i * step]];
}

imgcls_status icl_preprocess(struct imgcls_context *ctx, const struct icl_recipe *recipe,
                             const struct icl_picture *picture, float **tensor,
                             int32_t *out_width, int32_t *out_height)
{
    struct icl_picture bytes;
    *tensor = NULL;
    imgcls_status status = icl_preprocess_bytes(ctx, recipe, picture, &bytes);
    if (status != IMGCLS_OK)
        return status;
    size_t pixels = (size_t)bytes.width * (size_t)bytes.height;
    size_t step = (size_t)bytes.channels;
    float levels[256];
    *tensor = icl_alloc(ctx, pixels * step, sizeof **tensor);
    if (!*tensor)
        status = icl_alloc_status(ctx);
    for (int32_t c = 0; status == IMGCLS_OK && c < bytes.channels; c++) {
        size_t source = recipe->color == ICL_COLOR_BGR ? 2 - (size_t)c : (size_t)c;
        fill_levels(recipe, c, levels);
        fill_plane(levels, bytes.pixels + source, step, pixels,
                   *tensor + (size_t)c * pixels);
    }
    *out_width = bytes.width;
    *out_height = bytes.height;
    icl_picture_clear(&bytes);
    return status;
}
