/*
 * eval/pictures/decode.c - a picture file becomes RGB or gray bytes, whatever its type
 *
 * The type is read from the first bytes, never from the name: data sets carry PNGs named
 * .JPEG. The result is that of Pillow's Image.open(...).convert("RGB") (or "L"): gray is
 * spread over three channels, alpha and palette transparency are dropped, CMYK goes through
 * Pillow's integer formula, and colour becomes gray by 19595/38470/7471 over 65536.
 *
 * Not here: the file types themselves (jpeg.c, png.c, webp.c, src/raster), resizing
 * (resize.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/decoder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kind {
    const char *kind;
    size_t offset, length;
    const char *magic;
    imgcls_status (*decode)(struct decoding *in); /* NULL: by raster, or not at all */
    imgcls_status (*raster)(struct icl_raster *raster);
    bool blank; /* white space must follow */
} kinds[] = {
    {.kind = "jpeg", 0, 3, "\xff\xd8\xff", .decode = icl_decode_jpeg},
    {.kind = "png", 0, 8, "\x89PNG\r\n\x1a\n", .decode = icl_decode_png},
    {.kind = "webp", 8, 4, "WEBP", .decode = icl_decode_webp}, /* after "RIFF" and a size */
    {.kind = "pbm", 0, 2, "P1", .raster = icl_raster_read_pnm, .blank = true},
    {.kind = "pgm", 0, 2, "P2", .raster = icl_raster_read_pnm, .blank = true},
    {.kind = "ppm", 0, 2, "P3", .raster = icl_raster_read_pnm, .blank = true},
    {.kind = "pbm", 0, 2, "P4", .raster = icl_raster_read_pnm, .blank = true},
    {.kind = "pgm", 0, 2, "P5", .raster = icl_raster_read_pnm, .blank = true},
    {.kind = "ppm", 0, 2, "P6", .raster = icl_raster_read_pnm, .blank = true},
    {.kind = "gif", 0, 4, "GIF8"},
    {.kind = "tiff", 0, 4, "II*\0", .raster = icl_raster_read_tiff},
    {.kind = "tiff", 0, 4, "MM\0*", .raster = icl_raster_read_tiff},
    {.kind = "tiff", 0, 4, "II+\0", .raster = icl_raster_read_tiff}, /* of 64 bits */
    {.kind = "tiff", 0, 4, "MM\0+", .raster = icl_raster_read_tiff},
    {.kind = "bmp", 0, 2, "BM", .raster = icl_raster_read_bmp},
};

static bool is_of_kind(const struct kind *kind, const unsigned char *bytes, size_t size)
{
    const size_t end = kind->offset + kind->length;
    if (size < end || memcmp(bytes + kind->offset, kind->magic, kind->length) != 0 ||
        (kind->offset == 8 && memcmp(bytes, "RIFF", 4) != 0))
        return false;
    return !kind->blank || (size > end && (bytes[end] == ' ' ||
                                           (bytes[end] >= '\t' && bytes[end] <= '\r')));
}

static size_t find_kind(const unsigned char *bytes, size_t size)
{
    size_t i = 0;
    while (i < sizeof kinds / sizeof *kinds && !is_of_kind(&kinds[i], bytes, size))
        i++;
    return i;
}

const char *icl_picture_kind(const void *bytes, size_t size)
{
    size_t kind = find_kind(bytes, size);
    return kind < sizeof kinds / sizeof *kinds ? kinds[kind].kind : NULL;
}

void icl_picture_clear(struct icl_picture *picture)
{
    if (!picture)
        return;
    free(picture->pixels);
    *picture = (struct icl_picture){0};
}

/* ---- For the decoders -----------------------------------------------------------------*/

imgcls_status icl_decoder_refuse(struct decoding *in, imgcls_status status,
                                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(in->reason, sizeof in->reason, format, args);
    va_end(args);
    for (char *p = in->reason; *p; p++)
        if ((unsigned char)*p < 0x20)
            *p = ' '; /* a library's text may have a line break */
    return status;
}

imgcls_status icl_decoder_check(struct decoding *in, uint64_t width, uint64_t height)
{
    if (width == 0 || height == 0)
        return icl_decoder_refuse(in, IMGCLS_BAD_INPUT, "has no pixels (%llu x %llu)",
                                  (unsigned long long)width, (unsigned long long)height);
    if (width > ICL_PICTURE_PIXELS_MAX || height > ICL_PICTURE_PIXELS_MAX ||
        width * height > ICL_PICTURE_PIXELS_MAX)
        return icl_decoder_refuse(
            in, IMGCLS_BAD_INPUT,
            "is %llu x %llu pixels large, at most %d in all are allowed",
            (unsigned long long)width, (unsigned long long)height, ICL_PICTURE_PIXELS_MAX);
    return IMGCLS_OK;
}

imgcls_status icl_decoder_begin(struct decoding *in, uint64_t width, uint64_t height)
{
    imgcls_status status = icl_decoder_check(in, width, height);
    if (status != IMGCLS_OK)
        return status;
    const struct icl_region whole = {0, 0, (int32_t)width, (int32_t)height};
    return icl_decoder_begin_part(in, width, height, &whole);
}

imgcls_status icl_decoder_begin_part(struct decoding *in, uint64_t width, uint64_t height,
                                     const struct icl_region *part)
{
    in->out->pixels =
        malloc((size_t)part->width * (size_t)part->height * (size_t)in->channels);
    if (!in->out->pixels)
        return icl_decoder_refuse(in, IMGCLS_NO_MEMORY, "no memory for %llu x %llu pixels",
                                  (unsigned long long)width, (unsigned long long)height);
    in->out->width = part->width;
    in->out->height = part->height;
    in->out->whole_width = (int32_t)width;
    in->out->whole_height = (int32_t)height;
    in->out->left = part->left;
    in->out->top = part->top;
    in->out->channels = in->channels;
    return IMGCLS_OK;
}

static uint8_t gray_of(uint32_t r, uint32_t g, uint32_t b)
{
    return (uint8_t)((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16);
}

void icl_decoder_row(const struct decoding *in, int32_t y, const uint8_t *row,
                     int components)
{
    size_t width = (size_t)in->out->width;
    uint8_t *to = in->out->pixels + (size_t)y * width * (size_t)in->channels;
    for (size_t x = 0; x < width; x++, row += components) {
        const uint8_t *green = components > 2 ? row + 1 : row;
        const uint8_t *blue = components > 2 ? row + 2 : row;
        if (in->channels == 1) {
            to[x] = components > 2 ? gray_of(*row, *green, *blue) : *row;
        } else {
            to[3 * x] = *row;
            to[3 * x + 1] = *green;
            to[3 * x + 2] = *blue;
        }
    }
}

void icl_decoder_row_cmyk(const struct decoding *in, int32_t y, const uint8_t *row)
{
    size_t width = (size_t)in->out->width;
    uint8_t *to = in->out->pixels + (size_t)y * width * (size_t)in->channels;
    for (size_t x = 0; x < width; x++, row += 4) {
        uint8_t rgb[3];
        icl_raster_rgb_of_cmyk(row, rgb);
        if (in->channels == 1)
            to[x] = gray_of(rgb[0], rgb[1], rgb[2]);
        else
            memcpy(to + 3 * x, rgb, 3);
    }
}

/* ---- The readers that know no contexts ------------------------------------------------*/

static imgcls_status begin_raster(struct icl_raster *raster, uint64_t width,
                                  uint64_t height)
{
    return icl_decoder_begin(raster->owner, width, height);
}

static void take_raster_row(struct icl_raster *raster, uint64_t y, const uint8_t *samples,
                            int count)
{
    const struct decoding *in = raster->owner;
    if (count == 4)
        icl_decoder_row_cmyk(in, (int32_t)y, samples);
    else
        icl_decoder_row(in, (int32_t)y, samples, count);
}

static imgcls_status decode_raster(struct decoding *in,
                                   imgcls_status (*read)(struct icl_raster *raster))
{
    struct icl_raster raster = {.bytes = in->bytes,
                                .size = in->size,
                                .owner = in,
                                .gray = in->channels == 1,
                                .begin = begin_raster,
                                .row = take_raster_row};
    const imgcls_status status = read(&raster);
    if (status != IMGCLS_OK && !in->reason[0])
        icl_decoder_refuse(in, status, "%s", raster.reason);
    return status;
}

/* ---- The whole ------------------------------------------------------------------------*/

static imgcls_status not_read(struct decoding *in, size_t kind)
{
    if (in->size == 0)
        return icl_decoder_refuse(in, IMGCLS_BAD_INPUT, "is empty");
    if (kind < sizeof kinds / sizeof *kinds)
        return icl_decoder_refuse(
            in, IMGCLS_UNSUPPORTED,
            "is a %s picture; jpeg, png, webp, bmp, tiff, pbm, pgm and ppm are read",
            kinds[kind].kind);
    return icl_decoder_refuse(
        in, IMGCLS_BAD_INPUT,
        "is no picture (jpeg, png, webp, bmp, tiff, pbm, pgm and ppm are read)");
}

static imgcls_status decode(struct imgcls_context *ctx, const char *name, const void *bytes,
                            size_t size, int32_t channels, const struct icl_recipe *recipe,
                            struct icl_picture *out, char *reason, size_t capacity)
{
    struct decoding in = {
        .bytes = bytes, .size = size, .channels = channels, .recipe = recipe, .out = out};
    *out = (struct icl_picture){0};
    size_t kind = find_kind(bytes, size);
    const bool known = kind < sizeof kinds / sizeof *kinds;
    imgcls_status status =
        known && kinds[kind].decode   ? kinds[kind].decode(&in)
        : known && kinds[kind].raster ? decode_raster(&in, kinds[kind].raster)
                                      : not_read(&in, kind);
    if (status == IMGCLS_OK)
        return IMGCLS_OK;
    icl_picture_clear(out);
    if (reason && capacity)
        snprintf(reason, capacity, "%s", in.reason);
    if (ctx)
        icl_fail(ctx, status, "%s: %s", name, in.reason);
    return status;
}

imgcls_status icl_picture_decode(struct imgcls_context *ctx, const char *name,
                                 const void *bytes, size_t size, int32_t channels,
                                 struct icl_picture *out, char *reason, size_t capacity)
{
    return decode(ctx, name, bytes, size, channels, NULL, out, reason, capacity);
}

imgcls_status icl_picture_decode_for(struct imgcls_context *ctx, const char *name,
                                     const void *bytes, size_t size,
                                     const struct icl_recipe *recipe,
                                     struct icl_picture *out, char *reason, size_t capacity)
{
    return decode(ctx, name, bytes, size, icl_recipe_channels(recipe), recipe, out, reason,
                  capacity);
}
