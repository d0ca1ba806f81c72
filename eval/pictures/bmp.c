/*
 * eval/pictures/bmp.c - BMP without compression: 1, 4, 8, 24 or 32 bits a pixel
 *
 * After Microsoft's description of BITMAPFILEHEADER, BITMAPCOREHEADER and BITMAPINFOHEADER.
 * Rows are padded to four bytes and stand upside down unless the height is negative.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/decoder.h"

#include <stdlib.h>
#include <string.h>

static uint32_t little(const unsigned char *bytes, int count)
{
    uint32_t value = 0;
    while (count-- > 0)
        value = value << 8 | bytes[count];
    return value;
}

struct bitmap {
    int64_t width, height, bits, pixels_at, palette_at, palette_entry, colours;
    bool upright;
};

static imgcls_status read_header(struct decoding *file, struct bitmap *map)
{
    const unsigned char *at = file->bytes;
    uint32_t header, compression = 0;
    if (file->size < 26)
        return icl_decoder_refuse(file, IMGCLS_BAD_INPUT, "BMP: %zu bytes, too short",
                                  file->size);
    header = little(at + 14, 4);
    map->pixels_at = little(at + 10, 4);
    map->palette_at = 14 + (int64_t)header;
    map->palette_entry = header == 12 ? 3 : 4;
    if (header == 12) {
        map->width = little(at + 18, 2);
        map->height = little(at + 20, 2);
        map->bits = little(at + 24, 2);
    } else if (header >= 40 && header <= file->size - 14) {
        map->width = (int32_t)little(at + 18, 4);
        map->height = (int32_t)little(at + 22, 4);
        map->bits = little(at + 28, 2);
        compression = little(at + 30, 4);
        map->colours = little(at + 46, 4);
    } else {
        return icl_decoder_refuse(file, IMGCLS_BAD_INPUT, "BMP: a header of %u bytes",
                                  header);
    }
    if (compression != 0)
        return icl_decoder_refuse(file, IMGCLS_UNSUPPORTED,
                                  "BMP: compression %u, only 0 is supported", compression);
    map->upright = map->height < 0;
    map->height = map->upright ? -map->height : map->height;
    return IMGCLS_OK;
}

static void put(const struct decoding *file, const struct bitmap *map,
                const unsigned char *row, int64_t x, unsigned char *rgb)
{
    const unsigned char *bgr = row + x * map->bits / 8;
    if (map->bits < 24) {
        const int shift = (int)(8 - map->bits - x * map->bits % 8);
        const int64_t index = bgr[0] >> shift & ((1 << map->bits) - 1);
        if (index >= map->colours) { /* black, as what is not there */
            memset(rgb, 0, 3);
            return;
        }
        bgr = file->bytes + map->palette_at + index * map->palette_entry;
    }
    rgb[0] = bgr[2];
    rgb[1] = bgr[1];
    rgb[2] = bgr[0];
}

imgcls_status icl_decode_bmp(struct decoding *file)
{
    struct bitmap map = {0};
    int64_t stride, x, y;
    uint8_t *rgb;
    imgcls_status status = read_header(file, &map);
    if (status != IMGCLS_OK)
        return status;
    if (map.bits != 1 && map.bits != 4 && map.bits != 8 && map.bits != 24 && map.bits != 32)
        return icl_decoder_refuse(
            file, IMGCLS_UNSUPPORTED,
            "BMP: %lld bits a pixel, 1, 4, 8, 24 and 32 are supported",
            (long long)map.bits);
    if (map.width < 0)
        return icl_decoder_refuse(file, IMGCLS_BAD_INPUT, "BMP: a width of %lld",
                                  (long long)map.width);
    status = icl_decoder_check(file, (uint64_t)map.width, (uint64_t)map.height);
    if (status != IMGCLS_OK)
        return status;
    stride = (map.width * map.bits + 31) / 32 * 4;
    if (map.colours == 0 || map.colours > 256)
        map.colours = map.bits < 24 ? (int64_t)1 << map.bits : 0;
    if (map.pixels_at > (int64_t)file->size ||
        stride * map.height > (int64_t)file->size - map.pixels_at ||
        (map.bits < 24 &&
         map.palette_at + map.colours * map.palette_entry > (int64_t)file->size))
        return icl_decoder_refuse(file, IMGCLS_BAD_INPUT,
                                  "truncated BMP: %zu bytes for %lld x %lld pixels",
                                  file->size, (long long)map.width, (long long)map.height);
    status = icl_decoder_begin(file, (uint64_t)map.width, (uint64_t)map.height);
    if (status != IMGCLS_OK)
        return status;
    rgb = malloc((size_t)map.width * 3);
    if (!rgb)
        return icl_decoder_refuse(file, IMGCLS_NO_MEMORY, "no memory for a row of pixels");
    for (y = 0; y < map.height; y++) {
        const unsigned char *row =
            file->bytes + map.pixels_at + stride * (map.upright ? y : map.height - 1 - y);
        for (x = 0; x < map.width; x++)
            put(file, &map, row, x, rgb + 3 * x);
        icl_decoder_row(file, (int32_t)y, rgb, 3);
    }
    free(rgb);
    return IMGCLS_OK;
}
