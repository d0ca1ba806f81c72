/*
 * eval/pictures/preprocess.c - a recipe carried out: resize, crop, float32 planes
 *
 * Each step is torchvision's on Pillow pictures: Resize, CenterCrop (which pads with `pad`
 * first where the crop is larger, less on the left and top), ToTensor (x / 255 in float32),
 * Normalize ((x - mean) / std in float32; planes.c).
 *
 * Only what the crop uses is resized. Five views are the corners and the centre, ten the
 * same and those of the mirrored picture, as torchvision's TenCrop has them: its top left is
 * the top right mirrored, and its centre may lie one pixel beside the centre mirrored.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/picture.h"
#include "eval/pictures/planes.h"

#include <stdlib.h>
#include <string.h>

static imgcls_status check_supported(struct imgcls_context *ctx,
                                     const struct icl_recipe *recipe)
{
    bool pillow = recipe->engine == ICL_ENGINE_PILLOW;
    bool known = recipe->filter == ICL_FILTER_NEAREST ||
                 recipe->filter == ICL_FILTER_BILINEAR ||
                 recipe->filter == ICL_FILTER_BICUBIC ||
                 (recipe->engine == ICL_ENGINE_OPENCV && recipe->filter == ICL_FILTER_AREA);
    if (recipe->resize == ICL_RESIZE_NONE)
        return IMGCLS_OK;
    if (pillow && recipe->filter == ICL_FILTER_AREA)
        return icl_fail(ctx, IMGCLS_UNSUPPORTED,
                        "recipe: filter=area is OpenCV's; engine=opencv has it");
    if (!pillow && !known)
        return icl_fail(
            ctx, IMGCLS_UNSUPPORTED,
            "recipe: this filter is not engine=%s's; nearest, bilinear and bicubic "
            "are%s",
            recipe->engine == ICL_ENGINE_OPENCV ? "opencv" : "tf",
            recipe->engine == ICL_ENGINE_OPENCV ? ", and area" : "");
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

/* Where view `view` of a recipe begins in a picture of `size` pixels: the centre for one
 * view; with five, the corners from the top left on, by rows, and the centre last. */
static int32_t view_offset(const struct icl_recipe *recipe, int32_t view, bool horizontal,
                           int32_t size, int32_t crop)
{
    int32_t corner = view % 5;
    bool far_side = horizontal ? corner & 1 : corner & 2;
    if (recipe->views == 1 || corner == 4 || crop > size)
        return crop_offset(size, crop, recipe->offset);
    return far_side ? size - crop : 0;
}

/* What of the resized picture all views use: [*first, *past) of an axis. */
static void used_of(const struct icl_recipe *recipe, bool horizontal, int32_t size,
                    int32_t *first, int32_t *past)
{
    int32_t crop = horizontal ? recipe->crop_width : recipe->crop_height, offset;
    *first = 0;
    *past = size;
    if (!recipe->crop_width || recipe->views > 1)
        return;
    offset = crop_offset(size, crop, recipe->offset);
    *first = offset < 0 ? 0 : offset;
    *past = offset + crop > size ? size : offset + crop;
}

void icl_recipe_region(const struct icl_recipe *recipe, int32_t width, int32_t height,
                       struct icl_region *region)
{
    int32_t to_width, to_height, first, past, left, top, right, bottom;
    *region = (struct icl_region){0, 0, width, height};
    if (recipe->engine != ICL_ENGINE_PILLOW ||
        !icl_recipe_fits(recipe, width, height, &to_width, &to_height))
        return; /* all of it, or what is wrong is said later */
    used_of(recipe, true, to_width, &first, &past);
    icl_resize_reach(recipe->filter, recipe->antialias, width, to_width, first,
                     past - first, &left, &right);
    used_of(recipe, false, to_height, &first, &past);
    icl_resize_reach(recipe->filter, recipe->antialias, height, to_height, first,
                     past - first, &top, &bottom);
    *region = (struct icl_region){left, top, right - left, bottom - top};
}

/* The window of `size` at (left, top) of the resized picture, of which `in` is the part
 * that begins at (at_x, at_y); what lies outside is padding. */
static bool cut(const struct icl_recipe *recipe, const struct icl_picture *in, int32_t at_x,
                int32_t at_y, int32_t left, int32_t top, struct icl_picture *out)
{
    int32_t width = recipe->crop_width, height = recipe->crop_height;
    size_t step = (size_t)in->channels;
    *out = (struct icl_picture){.width = width,
                                .height = height,
                                .channels = in->channels,
                                .orientation = in->orientation};
    out->pixels = malloc((size_t)width * (size_t)height * step); /* sides are below 2^15 */
    if (!out->pixels)
        return false;
    left -= at_x;
    top -= at_y;
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

static void mirror(struct icl_picture *picture)
{
    size_t step = (size_t)picture->channels, width = (size_t)picture->width;
    for (int32_t y = 0; y < picture->height; y++) {
        uint8_t *row = picture->pixels + (size_t)y * width * step;
        for (size_t x = 0; x < width / 2; x++)
            for (size_t c = 0; c < step; c++) {
                uint8_t held = row[x * step + c];
                row[x * step + c] = row[(width - 1 - x) * step + c];
                row[(width - 1 - x) * step + c] = held;
            }
    }
}

/* A picture after its resize: as much of it as the views use. */
struct resized {
    struct icl_picture part;
    int32_t left, top;     /* of the part */
    int32_t width, height; /* of the whole */
};

static imgcls_status resize(struct imgcls_context *ctx, const struct icl_recipe *recipe,
                            const struct icl_picture *picture, struct resized *out)
{
    struct icl_picture in = *picture; /* its pixels are borrowed */
    struct icl_resizing how = {
        .filter = recipe->filter, .engine = recipe->engine, .antialias = recipe->antialias};
    int32_t right, bottom;
    imgcls_status status = check_supported(ctx, recipe);
    if (!in.whole_width) {
        in.whole_width = in.width;
        in.whole_height = in.height;
    }
    if (status == IMGCLS_OK && picture->channels != icl_recipe_channels(recipe))
        status =
            icl_fail(ctx, IMGCLS_INTERNAL, "a picture of %d channels for a recipe of %d",
                     picture->channels, icl_recipe_channels(recipe));
    if (status == IMGCLS_OK)
        status = icl_recipe_resized(ctx, recipe, in.whole_width, in.whole_height,
                                    &out->width, &out->height);
    if (status != IMGCLS_OK)
        return status;
    used_of(recipe, true, out->width, &out->left, &right);
    used_of(recipe, false, out->height, &out->top, &bottom);
    how.from_width = in.whole_width;
    how.from_height = in.whole_height;
    how.width = out->width;
    how.height = out->height;
    how.part_left = out->left;
    how.part_top = out->top;
    how.part_width = right - out->left;
    how.part_height = bottom - out->top;
    if (recipe->engine != ICL_ENGINE_PILLOW && recipe->resize != ICL_RESIZE_NONE &&
        (how.width != how.from_width || how.height != how.from_height))
        return icl_picture_interpolate(ctx, &in, &how, &out->part);
    return icl_picture_resize_part(ctx, &in, &how, &out->part);
}

/* View `view` of a resized picture as bytes. */
static imgcls_status take_view(struct imgcls_context *ctx, const struct icl_recipe *recipe,
                               const struct resized *resized, int32_t view,
                               struct icl_picture *out)
{
    int32_t left = view_offset(recipe, view, true, resized->width, recipe->crop_width);
    int32_t top = view_offset(recipe, view, false, resized->height, recipe->crop_height);
    if (view >= 5) /* a window of the mirrored picture, seen in the picture itself */
        left = resized->width - recipe->crop_width - left;
    if (!cut(recipe, &resized->part, resized->left, resized->top, left, top, out))
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to crop to %d x %d pixels",
                        recipe->crop_width, recipe->crop_height);
    if (view >= 5)
        mirror(out);
    return IMGCLS_OK;
}

/* Whether what was resized is the only view, from edge to edge. */
static bool is_view(const struct icl_recipe *recipe, const struct resized *resized)
{
    const struct icl_picture *part = &resized->part;
    return !recipe->crop_width ||
           (recipe->views == 1 && part->width == recipe->crop_width &&
            part->height == recipe->crop_height);
}

imgcls_status icl_preprocess_bytes(struct imgcls_context *ctx,
                                   const struct icl_recipe *recipe,
                                   const struct icl_picture *picture,
                                   struct icl_picture *out)
{
    struct resized resized = {.part = {0}};
    *out = (struct icl_picture){0};
    imgcls_status status = resize(ctx, recipe, picture, &resized);
    if (status != IMGCLS_OK)
        return status;
    if (is_view(recipe, &resized)) {
        *out = resized.part;
        return IMGCLS_OK;
    }
    status = take_view(ctx, recipe, &resized, recipe->views == 1 ? 0 : 4, out);
    icl_picture_clear(&resized.part);
    return status;
}

/* What bytes become in each plane of the tensor. */
static void make_planes(const struct icl_recipe *recipe, size_t channels,
                        struct icl_plane planes[3])
{
    for (size_t c = 0; c < channels; c++) {
        planes[c].range = recipe->range;
        planes[c].mean = recipe->mean[c];
        planes[c].std = recipe->std[c];
        planes[c].source = recipe->color == ICL_COLOR_BGR ? 2 - c : c;
        icl_plane_levels(&planes[c]);
    }
}

/* Planes of one view. */
static void fill_view(const struct imgcls_context *ctx, const struct icl_recipe *recipe,
                      const struct icl_picture *bytes, float *tensor)
{
    size_t pixels = (size_t)bytes->width * (size_t)bytes->height, done = 0;
    size_t channels = (size_t)bytes->channels;
    struct icl_plane planes[3];
    make_planes(recipe, channels, planes);
#ifdef BUILD_AVX2
    if (ctx->isa & IMGCLS_ISA_AVX2)
        done = icl_planes_avx2(planes, bytes->pixels, channels, pixels, tensor);
#else
    (void)ctx;
#endif
    icl_planes_portable(planes, bytes->pixels, channels, pixels, done, tensor);
}

/* Room for `views` of `each` elements. */
static imgcls_status make_room(struct imgcls_context *ctx, size_t each, size_t views,
                               float **tensor, size_t *elements)
{
    size_t needed;
    if (!icl_mul_size(each, views, &needed))
        return icl_fail(ctx, IMGCLS_LIMIT, "%zu views of a picture are too many", views);
    if (*tensor && *elements >= needed)
        return IMGCLS_OK;
    icl_free(ctx, *tensor);
    *elements = needed;
    *tensor = icl_alloc(ctx, needed, sizeof **tensor);
    return *tensor ? IMGCLS_OK : icl_alloc_status(ctx);
}

imgcls_status icl_preprocess_into(struct imgcls_context *ctx, const struct icl_recipe *recipe,
                                  const struct icl_picture *picture, float **tensor,
                                  size_t *elements, int32_t *out_width, int32_t *out_height)
{
    struct resized resized = {.part = {0}};
    int32_t views = recipe->crop_width ? recipe->views : 1;
    imgcls_status status = resize(ctx, recipe, picture, &resized);
    for (int32_t view = 0; view < views && status == IMGCLS_OK; view++) {
        struct icl_picture bytes = {0};
        size_t each = 0;
        bool as_it_is = is_view(recipe, &resized);
        if (!as_it_is)
            status = take_view(ctx, recipe, &resized, view, &bytes);
        const struct icl_picture *from = as_it_is ? &resized.part : &bytes;
        if (status == IMGCLS_OK) {
            each = (size_t)from->width * (size_t)from->height * (size_t)from->channels;
            *out_width = from->width;
            *out_height = from->height;
        }
        if (status == IMGCLS_OK && view == 0)
            status = make_room(ctx, each, (size_t)views, tensor, elements);
        if (status == IMGCLS_OK)
            fill_view(ctx, recipe, from, *tensor + (size_t)view * each);
        icl_picture_clear(&bytes);
    }
    icl_picture_clear(&resized.part);
    return status;
}

imgcls_status icl_preprocess(struct imgcls_context *ctx, const struct icl_recipe *recipe,
                             const struct icl_picture *picture, float **tensor,
                             int32_t *out_width, int32_t *out_height)
{
    size_t elements = 0;
    *tensor = NULL;
    imgcls_status status = icl_preprocess_into(ctx, recipe, picture, tensor, &elements, out_width,
                                               out_height);
    if (status != IMGCLS_OK) {
        icl_free(ctx, *tensor);
        *tensor = NULL;
    }
    return status;
}
