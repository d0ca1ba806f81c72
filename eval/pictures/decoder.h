/*
 * eval/pictures/decoder.h - what the decoders of one file type each share
 *
 * A decoder reads bytes that nobody trusts, fills decoding->out, and on failure leaves a
 * short reason ("is truncated") and a status; decode.c makes the message. It leaves
 * out->pixels NULL or owned by out in every case, so that the caller can clear it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_DECODER_H
#define ICL_DECODER_H

#include "eval/pictures/picture.h"
#include "src/raster/raster.h"

#define DECODER_REASON_CAPACITY 256

struct decoding {
    const unsigned char *bytes;
    size_t size;
    int32_t channels;                /* wanted: 3 or 1 */
    const struct icl_recipe *recipe; /* what is needed of it; NULL: all */
    struct icl_picture *out;
    char reason[DECODER_REASON_CAPACITY];
};

/* Records the reason and returns status. */
imgcls_status icl_decoder_refuse(struct decoding *in, imgcls_status status,
                                 const char *format, ...) IMGCLS_PRINTF(3, 4);
/* Is it a size that may be decoded? */
imgcls_status icl_decoder_check(struct decoding *in, uint64_t width, uint64_t height);
/* Checks the size against ICL_PICTURE_PIXELS_MAX, sets it and allocates the pixels. */
imgcls_status icl_decoder_begin(struct decoding *in, uint64_t width, uint64_t height);
/* The same for a part of a picture, whose place the caller has set in out. */
imgcls_status icl_decoder_begin_part(struct decoding *in, uint64_t width, uint64_t height,
                                     const struct icl_region *part);

/* Fills row `y` of the picture from a row of that many interleaved components: 1 gray,
 * 2 gray and alpha, 3 RGB, 4 RGB and alpha. Alpha is dropped, as Pillow's convert does. */
void icl_decoder_row(const struct decoding *in, int32_t y, const uint8_t *row,
                     int components);
/* The same from cyan, magenta, yellow and black. */
void icl_decoder_row_cmyk(const struct decoding *in, int32_t y, const uint8_t *row);

imgcls_status icl_decode_jpeg(struct decoding *in);
imgcls_status icl_decode_png(struct decoding *in);
imgcls_status icl_decode_webp(struct decoding *in);

/* The orientation in a block of EXIF data (from its TIFF header on, "Exif\0\0" before it
 * allowed): 1..8, 0 where there is none. Reads within the block only. */
int32_t icl_exif_orientation(const unsigned char *bytes, size_t size);

#endif
