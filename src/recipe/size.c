/*
 * src/recipe/size.c - which size a picture has after a recipe's resize and crop
 *
 * The rule for the free side is torchvision's, int(N * long / short): an exact product, one
 * division in double, truncated. Rounding instead moves every pixel of the resized picture.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/recipe/recipe.h"

int32_t icl_recipe_channels(const struct icl_recipe *recipe)
{
    return recipe->color == ICL_COLOR_GRAY ? 1 : 3;
}

/* int(n * part / whole); whole >= 1, n and part below 2^31: the product is exact. */
static int64_t in_proportion(int64_t n, int64_t part, int64_t whole)
{
    return (int64_t)((double)(n * part) / (double)whole);
}

/* The size, before it is asked whether it is too large. */
static void proportion(const struct icl_recipe *recipe, int32_t width, int32_t height,
                       int64_t *out_width, int64_t *out_height)
{
    int64_t w = width, h = height, n = recipe->resize_width;
    bool wide = width > height;
    if (recipe->resize == ICL_RESIZE_SQUASH) {
        w = n;
        h = recipe->resize_height;
    } else if (recipe->resize == ICL_RESIZE_SHORT) {
        w = wide ? in_proportion(n, width, height) : n;
        h = wide ? n : in_proportion(n, height, width);
    } else if (recipe->resize == ICL_RESIZE_LONG) {
        w = wide ? n : in_proportion(n, width, height);
        h = wide ? in_proportion(n, height, width) : n;
        w = w < 1 ? 1 : w;
        h = h < 1 ? 1 : h;
    }
    *out_width = w;
    *out_height = h;
}

bool icl_recipe_fits(const struct icl_recipe *recipe, int32_t width, int32_t height,
                     int32_t *out_width, int32_t *out_height)
{
    int64_t w, h;
    *out_width = *out_height = 0;
    if (width < 1 || height < 1)
        return false;
    proportion(recipe, width, height, &w, &h);
    if (w > ICL_RECIPE_PIXELS_MAX || h > ICL_RECIPE_PIXELS_MAX ||
        w * h > ICL_RECIPE_PIXELS_MAX)
        return false;
    *out_width = (int32_t)w;
    *out_height = (int32_t)h;
    return true;
}

imgcls_status icl_recipe_resized(struct imgcls_context *ctx,
                                 const struct icl_recipe *recipe, int32_t width,
                                 int32_t height, int32_t *out_width, int32_t *out_height)
{
    int64_t w, h;
    if (icl_recipe_fits(recipe, width, height, out_width, out_height))
        return IMGCLS_OK;
    if (width < 1 || height < 1)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "recipe: a picture of %d x %d pixels", width,
                        height);
    proportion(recipe, width, height, &w, &h);
    return icl_fail(ctx, IMGCLS_BAD_INPUT,
                    "recipe: %d x %d would become %lld x %lld pixels, at most %d are "
                    "allowed",
                    width, height, (long long)w, (long long)h, ICL_RECIPE_PIXELS_MAX);
}

bool icl_recipe_fixed_size(const struct icl_recipe *recipe, int32_t *width, int32_t *height)
{
    bool has_crop = recipe->crop_width > 0;
    *width = has_crop ? recipe->crop_width : recipe->resize_width;
    *height = has_crop ? recipe->crop_height : recipe->resize_height;
    return has_crop || recipe->resize == ICL_RESIZE_SQUASH;
}

imgcls_status icl_recipe_size(struct imgcls_context *ctx, const struct icl_recipe *recipe,
                              int32_t width, int32_t height, int32_t *out_width,
                              int32_t *out_height)
{
    imgcls_status status =
        icl_recipe_resized(ctx, recipe, width, height, out_width, out_height);
    if (status == IMGCLS_OK && recipe->crop_width) {
        *out_width = recipe->crop_width;
        *out_height = recipe->crop_height;
    }
    return status;
}
