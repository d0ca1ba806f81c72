/*
 * src/raster/bmp.c - BMP: palettes of 1, 4 and 8 bits, 16, 24 and 32 bits, run lengths
 *
 * After Microsoft's description of BITMAPFILEHEADER, BITMAPCOREHEADER and BITMAPINFOHEADER
 * and its successors. Rows are padded to four bytes and stand upside down unless the height
 * is negative. Of masks (BI_BITFIELDS) those are read that programs write; alpha is dropped.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/raster/raster.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BI_RGB = 0, BI_RLE8 = 1, BI_RLE4 = 2, BI_BITFIELDS = 3 };

/* Which bytes or bits of a pixel are red, green, blue. */
static const struct layout {
    int bits;
    uint32_t masks[3];
    int at[3]; /* byte of each colour; unused for 16 bits */
} layouts[] = {
    {16, {0x7c00, 0x3e0, 0x1f}, {0}},
    {16, {0xf800, 0x7e0, 0x1f}, {0}},
    {24, {0xff0000, 0xff00, 0xff}, {2, 1, 0}},
    {32, {0xff0000, 0xff00, 0xff}, {2, 1, 0}},
    {32, {0xff000000, 0xff0000, 0xff00}, {3, 2, 1}},
    {32, {0xff000000, 0xff00, 0xff}, {3, 1, 0}},
    {32, {0xff, 0xff00, 0xff0000}, {0, 1, 2}},
    {32, {0, 0, 0}, {2, 1, 0}}, /* none given */
};

struct bitmap {
    struct icl_raster *file;
    int64_t width, height, bits, pixels_at, palette_at, palette_entry, colours;
    uint32_t header, compression;
    bool upright;
    const struct layout *layout; /* from 16 bits on */
};

static uint32_t little(const unsigned char *bytes, int count)
{
    uint32_t value = 0;
    while (count-- > 0)
        value = value << 8 | bytes[count];
    return value;
}

static imgcls_status refuse_truncated(const struct bitmap *map)
{
    return icl_raster_refuse(map->file, IMGCLS_BAD_INPUT,
                             "truncated BMP: %zu bytes for %lld x %lld pixels",
                             map->file->size, (long long)map->width,
                             (long long)map->height);
}

static imgcls_status find_layout(struct bitmap *map)
{
    const uint64_t masks_at = 14 + 40;
    uint32_t masks[3] = {0};
    size_t i, count = sizeof layouts / sizeof layouts[0];
    if (map->compression == BI_BITFIELDS) {
        if (map->file->size < masks_at + 12)
            return refuse_truncated(map);
        for (i = 0; i < 3; i++)
            masks[i] = little(map->file->bytes + masks_at + 4 * i, 4);
    }
    for (i = 0; i < count; i++)
        if (layouts[i].bits == map->bits &&
            (map->compression == BI_RGB ||
             memcmp(layouts[i].masks, masks, sizeof masks) == 0))
            break;
    if (i == count)
        return icl_raster_refuse(map->file, IMGCLS_UNSUPPORTED,
                                 "BMP: masks %x, %x, %x of %lld bits are not supported",
                                 masks[0], masks[1], masks[2], (long long)map->bits);
    map->layout = &layouts[i];
    return IMGCLS_OK;
}

static imgcls_status check_form(struct bitmap *map)
{
    const bool palette = map->bits == 1 || map->bits == 4 || map->bits == 8;
    if (!palette && map->bits != 16 && map->bits != 24 && map->bits != 32)
        return icl_raster_refuse(map->file, IMGCLS_UNSUPPORTED,
                                 "BMP: %lld bits a pixel, 1, 4, 8, 16, 24 and 32 are "
                                 "supported",
                                 (long long)map->bits);
    if (map->compression > BI_BITFIELDS)
        return icl_raster_refuse(map->file, IMGCLS_UNSUPPORTED,
                                 "BMP: compression %u, 0 to 3 are supported",
                                 map->compression);
    if ((map->compression == BI_RLE8 && map->bits != 8) ||
        (map->compression == BI_RLE4 && map->bits != 4) ||
        (map->compression == BI_BITFIELDS && palette))
        return icl_raster_refuse(map->file, IMGCLS_BAD_INPUT,
                                 "BMP: compression %u of %lld bits a pixel",
                                 map->compression, (long long)map->bits);
    return palette ? IMGCLS_OK : find_layout(map);
}

static imgcls_status read_header(struct bitmap *map)
{
    const unsigned char *at = map->file->bytes;
    if (map->file->size < 26)
        return icl_raster_refuse(map->file, IMGCLS_BAD_INPUT, "BMP: %zu bytes, too short",
                                 map->file->size);
    map->header = little(at + 14, 4);
    map->pixels_at = little(at + 10, 4);
    map->palette_at = 14 + (int64_t)map->header;
    map->palette_entry = map->header == 12 ? 3 : 4;
    if (map->header == 12) {
        map->width = little(at + 18, 2);
        map->height = little(at + 20, 2);
        map->bits = little(at + 24, 2);
    } else if (map->header >= 40 && map->header <= map->file->size - 14) {
        map->width = (int32_t)little(at + 18, 4);
        map->height = (int32_t)little(at + 22, 4);
        map->bits = little(at + 28, 2);
        map->compression = little(at + 30, 4);
        map->colours = little(at + 46, 4);
    } else {
        return icl_raster_refuse(map->file, IMGCLS_BAD_INPUT, "BMP: a header of %u bytes",
                                 map->header);
    }
    map->upright = map->height < 0;
    map->height = map->upright ? -map->height : map->height;
    if (map->width < 0)
        return icl_raster_refuse(map->file, IMGCLS_BAD_INPUT, "BMP: a width of %lld",
                                 (long long)map->width);
    return check_form(map);
}

/* Where palette and pixels lie; the palette must be there, as in Pillow. */
static imgcls_status place_parts(struct bitmap *map)
{
    if (map->bits > 8)
        return IMGCLS_OK;
    if (map->colours == 0)
        map->colours = (int64_t)1 << map->bits;
    if (map->colours > 65536)
        return icl_raster_refuse(map->file, IMGCLS_BAD_INPUT, "BMP: a palette of %lld",
                                 (long long)map->colours);
    /* Some writers forget that the palette stands before the pixels. */
    if (map->pixels_at == map->palette_at)
        map->pixels_at += map->colours * map->palette_entry;
    if (map->colours > 256)
        map->colours = 256;
    if (map->palette_at + map->colours * map->palette_entry > (int64_t)map->file->size)
        return refuse_truncated(map);
    return IMGCLS_OK;
}

static void put_index(const struct bitmap *map, int64_t index, uint8_t *rgb)
{
    const unsigned char *bgr =
        map->file->bytes + map->palette_at + index * map->palette_entry;
    for (int c = 0; c < 3; c++) /* what is not there is black */
        rgb[c] = index < map->colours ? bgr[2 - c] : 0;
}

static void put(const struct bitmap *map, const unsigned char *row, int64_t x, uint8_t *rgb)
{
    const unsigned char *pixel = row + x * map->bits / 8;
    if (map->bits < 16) {
        const int shift = (int)(8 - map->bits - x * map->bits % 8);
        put_index(map, pixel[0] >> shift & ((1 << map->bits) - 1), rgb);
    } else if (map->bits == 16) {
        const uint32_t value = little(pixel, 2);
        const uint32_t green = map->layout->masks[1] == 0x7e0 ? 63 : 31;
        rgb[0] = (uint8_t)((value >> (green == 63 ? 11 : 10) & 31) * 255 / 31);
        rgb[1] = (uint8_t)((value >> 5 & green) * 255 / green);
        rgb[2] = (uint8_t)((value & 31) * 255 / 31);
    } else {
        for (int c = 0; c < 3; c++)
            rgb[c] = pixel[map->layout->at[c]];
    }
}

static void give_row(const struct bitmap *map, int64_t y, const uint8_t *rgb)
{
    map->file->row(map->file, (uint64_t)(map->upright ? y : map->height - 1 - y), rgb, 3);
}

static imgcls_status read_rows(const struct bitmap *map)
{
    const int64_t stride = (map->width * map->bits + 31) / 32 * 4;
    imgcls_status status;
    uint8_t *rgb;
    int64_t x, y;
    if (map->pixels_at > (int64_t)map->file->size ||
        stride * map->height > (int64_t)map->file->size - map->pixels_at)
        return refuse_truncated(map);
    status = map->file->begin(map->file, (uint64_t)map->width, (uint64_t)map->height);
    if (status != IMGCLS_OK)
        return status;
    rgb = malloc((size_t)map->width * 3);
    if (!rgb)
        return icl_raster_refuse(map->file, IMGCLS_NO_MEMORY, "no memory for a row");
    for (y = 0; y < map->height; y++) {
        const unsigned char *row = map->file->bytes + map->pixels_at + stride * y;
        for (x = 0; x < map->width; x++)
            put(map, row, x, rgb + 3 * x);
        give_row(map, y, rgb);
    }
    free(rgb);
    return IMGCLS_OK;
}

/* ---- Run lengths ----------------------------------------------------------------------*/

/* Writes indices one after another over the ends of rows: Pillow's understanding. */
struct runs {
    const struct bitmap *map;
    size_t at, done, total;
    int64_t x; /* within the row, for the limit of an encoded run */
    uint8_t *indices;
};

static void repeat(struct runs *runs, size_t count, uint8_t byte)
{
    const int64_t room = runs->map->width - runs->x;
    if ((int64_t)count > room)
        count = room > 0 ? (size_t)room : 0;
    runs->x += (int64_t)count;
    for (size_t i = 0; i < count && runs->done < runs->total; i++)
        runs->indices[runs->done++] = runs->map->bits == 8 ? byte
                                      : i % 2              ? byte & 15
                                                           : byte >> 4;
}

/* false: the file ends within. */
static bool copy(struct runs *runs, size_t given)
{
    const size_t left = runs->total - runs->done, count = given < left ? given : left;
    const size_t bytes = runs->map->bits == 8 ? count : (count + 1) / 2;
    const unsigned char *from = runs->map->file->bytes + runs->at;
    if (bytes > runs->map->file->size - runs->at)
        return false;
    for (size_t i = 0; i < count; i++)
        runs->indices[runs->done++] = runs->map->bits == 8 ? from[i]
                                      : i % 2              ? from[i / 2] & 15
                                                           : from[i / 2] >> 4;
    runs->x += (int64_t)given;
    runs->at += bytes + (runs->at + bytes) % 2; /* to an even place in the file */
    return true;
}

/* One code and what belongs to it; false at the end of the picture or of the file. */
static bool take_code(struct runs *runs)
{
    const size_t width = (size_t)runs->map->width, size = runs->map->file->size;
    const unsigned char *bytes = runs->map->file->bytes;
    if (runs->done == runs->total || runs->at + 2 > size)
        return false;
    const uint8_t count = bytes[runs->at], byte = bytes[runs->at + 1];
    runs->at += 2;
    if (count) {
        repeat(runs, count, byte);
    } else if (byte == 0) { /* the row ends */
        runs->done = (runs->done + width - 1) / width * width;
        runs->x = 0;
    } else if (byte == 2) { /* right and up */
        size_t skipped;
        if (runs->at + 2 > size)
            return false;
        skipped = bytes[runs->at] + bytes[runs->at + 1] * width;
        runs->at += 2;
        runs->done += skipped < runs->total - runs->done ? skipped
                                                         : runs->total - runs->done;
        runs->x = (int64_t)(runs->done % width);
    } else {
        return byte != 1 && copy(runs, byte);
    }
    return true;
}

static imgcls_status read_runs(const struct bitmap *map)
{
    struct runs runs = {.map = map, .at = (size_t)map->pixels_at};
    const size_t width = (size_t)map->width;
    uint8_t *rgb = NULL;
    imgcls_status status =
        map->file->begin(map->file, (uint64_t)map->width, (uint64_t)map->height);
    if (status != IMGCLS_OK)
        return status;
    runs.total = width * (size_t)map->height;
    runs.indices = calloc(runs.total, 1);
    rgb = malloc(width * 3);
    if (!runs.indices || !rgb)
        status = icl_raster_refuse(map->file, IMGCLS_NO_MEMORY, "no memory for a row");
    while (status == IMGCLS_OK && take_code(&runs))
        ;
    if (status == IMGCLS_OK && runs.done < runs.total)
        status = refuse_truncated(map);
    for (int64_t y = 0; status == IMGCLS_OK && y < map->height; y++) {
        for (size_t x = 0; x < width; x++)
            put_index(map, runs.indices[(size_t)y * width + x], rgb + 3 * x);
        give_row(map, y, rgb);
    }
    free(runs.indices);
    free(rgb);
    return status;
}

imgcls_status icl_raster_read_bmp(struct icl_raster *file)
{
    struct bitmap map = {.file = file};
    imgcls_status status = read_header(&map);
    if (status == IMGCLS_OK)
        status = place_parts(&map);
    if (status != IMGCLS_OK)
        return status;
    return map.compression == BI_RLE8 || map.compression == BI_RLE4 ? read_runs(&map)
                                                                   : read_rows(&map);
}
