/*
 * src/raster/raster.h - BMP, PNM and TIFF files become rows of 8-bit samples
 *
 * For the library, which decodes data sets, and for the plugin that computes ImageDecoder:
 * both compile these files, so that there is one meaning of each file type. It is that of
 * Pillow's Image.open(...).convert("RGB"). Nothing here knows contexts or hosts: what a
 * reader needs of its surroundings are the two functions in the struct.
 *
 * Bytes are trusted in nothing. Thread-safe: no state but the struct.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_RASTER_H
#define ICL_RASTER_H

#include <stdbool.h>
#include <stdint.h>

#include <imgcls/plugin.h>

struct icl_raster {
    const unsigned char *bytes; /* borrowed: the whole file */
    size_t size;
    void *owner; /* for the functions */
    bool gray;   /* wanted: where a file has brightness beside colours, that alone */
    /* Checks the size and makes room; called once, before the first row. */
    imgcls_status (*begin)(struct icl_raster *raster, uint64_t width, uint64_t height);
    /* Row y: so many samples a pixel, 1 gray, 3 red, green, blue, 4 cyan to black. Rows
     * may come in any order, each once. */
    void (*row)(struct icl_raster *raster, uint64_t y, const uint8_t *samples, int count);
    char reason[256]; /* out: where a reader refused, why; empty where begin did */
};

imgcls_status icl_raster_read_bmp(struct icl_raster *raster);
imgcls_status icl_raster_read_pnm(struct icl_raster *raster);
/* By libtiff, loaded when the first such file is met; refused by name where it is not. */
imgcls_status icl_raster_read_tiff(struct icl_raster *raster);

/* Notes the reason, without control characters, and returns status. */
imgcls_status icl_raster_refuse(struct icl_raster *raster, imgcls_status status,
                                const char *format, ...) IMGCLS_PRINTF(3, 4);
/* Red, green and blue of cyan, magenta, yellow and black, as Pillow converts them. */
void icl_raster_rgb_of_cmyk(const uint8_t cmyk[4], uint8_t rgb[3]);

#endif
