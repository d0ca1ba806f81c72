/*
 * eval/pictures/png.c - PNG through libpng, to the bit as Pillow converts it
 *
 * libpng does the unpacking only; what a sample means is decided here after Pillow's modes:
 * gray of 1, 2 and 4 bits is scaled to 8; colour of 16 bits keeps its high byte; gray of 16
 * bits (Pillow's mode I;16) is cut off at 255, not scaled; a palette index past the palette
 * is black; all transparency is dropped.
 *
 * Checksums of the chunks before the data are looked at, those of the data are not, as in
 * Pillow. What follows the last row is not needed, so a missing end is forgiven, as there; other
 * data in its place is not, where zlib sees it together with the last row.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/decoder.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/* What Pillow hands zlib at once. What is wrong with the data behind the last row is found, and the
 * picture refused, where it is in one piece with it. */
#define PILLOW_BLOCK 65536

struct reading {
    struct decoding *in;
    size_t at;
    png_structp png;
    png_infop info;
    uint8_t *rows; /* own: the whole picture where interlaced, else one row */
    uint8_t palette[256][3];
    size_t row_bytes;
    int type, depth, passes;
    size_t cut;    /* where the chunk begins that goes on past the end of the file; 0: none does */
    bool complete; /* every row is there */
    imgcls_status status;
};

/* libpng walks to the end of the data when it has the last row, before it hands it out. That the
 * end is missing is not the picture's fault. */
static bool is_complete(const struct reading *reading)
{
    if (!reading->rows)
        return false;
    return reading->passes > 1
               ? png_get_current_pass_number(reading->png) >= PNG_INTERLACE_ADAM7_PASSES
               : png_get_current_row_number(reading->png) >=
                     (png_uint_32)reading->in->out->height;
}

static void fail_by_libpng(png_structp png, png_const_charp text)
{
    struct reading *reading = png_get_error_ptr(png);
    reading->complete = is_complete(reading);
    if (reading->status == IMGCLS_OK && !reading->complete)
        reading->status =
            icl_decoder_refuse(reading->in, IMGCLS_BAD_INPUT, "broken PNG: %s", text);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void give_up(struct reading *reading, imgcls_status status)
{
    reading->status = status;
    png_longjmp(reading->png, 1);
}

/* Where the chunk begins in which the file ends; 0 where none does. */
static size_t find_cut(const struct decoding *in)
{
    size_t at = 8, length;
    for (; in->size - at >= 12; at += 12 + length) {
        length = png_get_uint_32(in->bytes + at);
        if (length > in->size - at - 12)
            return at;
    }
    return at < in->size ? at : 0;
}

/* The length of the chunk in which the file ends is what is there of it: libpng hands zlib all of
 * that before it asks for more, as Pillow does. */
static void shorten(const struct reading *reading, png_bytep header)
{
    size_t rest = reading->in->size - reading->cut - 8;
    if (png_get_uint_32(header) > rest)
        png_save_uint_32(header, (png_uint_32)rest);
}

static void take(png_structp png, png_bytep to, size_t count)
{
    struct reading *reading = png_get_io_ptr(png);
    if (count > reading->in->size - reading->at && is_complete(reading))
        png_error(png, "no end");
    if (count > reading->in->size - reading->at)
        give_up(reading, icl_decoder_refuse(reading->in, IMGCLS_BAD_INPUT,
                                            "truncated PNG: ends before its last row"));
    memcpy(to, reading->in->bytes + reading->at, count);
    if (reading->cut && reading->at == reading->cut && count == 8)
        shorten(reading, to);
    reading->at += count;
}

static void read_palette(struct reading *reading)
{
    png_colorp colors = NULL;
    int count = 0;
    png_get_PLTE(reading->png, reading->info, &colors, &count);
    for (int i = 0; i < count && i < 256; i++) {
        reading->palette[i][0] = colors[i].red;
        reading->palette[i][1] = colors[i].green;
        reading->palette[i][2] = colors[i].blue;
    }
}

static int32_t orientation_of(struct reading *reading)
{
    png_bytep exif = NULL;
    png_uint_32 size = 0;
    if (!png_get_eXIf_1(reading->png, reading->info, &size, &exif))
        return 0;
    return icl_exif_orientation(exif, size);
}

static void put_row(const struct reading *reading, int32_t y, uint8_t *row)
{
    const int type = reading->type;
    size_t width = (size_t)reading->in->out->width;
    if (type == PNG_COLOR_TYPE_PALETTE) {
        for (size_t x = width; x-- > 0;)
            memmove(row + 3 * x, reading->palette[row[x]], 3);
        icl_decoder_row(reading->in, y, row, 3);
        return;
    }
    if (type == PNG_COLOR_TYPE_GRAY && reading->depth == 16)
        for (size_t x = 0; x < width; x++)
            row[x] = row[2 * x] ? 255 : row[2 * x + 1]; /* big-endian */
    int components = type == PNG_COLOR_TYPE_GRAY         ? 1
                     : type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                     : type == PNG_COLOR_TYPE_RGB        ? 3
                                                         : 4;
    icl_decoder_row(reading->in, y, row, components);
}

static void read_header(struct reading *reading)
{
    png_structp png = reading->png;
    png_uint_32 width, height;
    int interlace;
    png_set_read_fn(png, reading, take);
    png_set_user_limits(png, ICL_PICTURE_PIXELS_MAX, ICL_PICTURE_PIXELS_MAX);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_read_info(png, reading->info);
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE); /* of the data */
    png_set_compression_buffer_size(png, PILLOW_BLOCK);
    png_get_IHDR(png, reading->info, &width, &height, &reading->depth, &reading->type,
                 &interlace, NULL, NULL);
    imgcls_status status = icl_decoder_begin(reading->in, width, height);
    if (status != IMGCLS_OK)
        give_up(reading, status);
    reading->in->out->orientation = orientation_of(reading);
    if (reading->type == PNG_COLOR_TYPE_PALETTE) {
        read_palette(reading);
        png_set_packing(png); /* one index a byte */
    } else if (reading->type == PNG_COLOR_TYPE_GRAY && reading->depth < 8) {
        png_set_expand_gray_1_2_4_to_8(png);
    } else if (reading->depth == 16 && reading->type != PNG_COLOR_TYPE_GRAY) {
        png_set_strip_16(png);
    }
    reading->passes = png_set_interlace_handling(png);
    png_read_update_info(png, reading->info);
}

static uint8_t *row_of(const struct reading *reading, int32_t y)
{
    return reading->rows + (reading->passes > 1 ? (size_t)y * reading->row_bytes : 0);
}

static void read_rows(struct reading *reading)
{
    read_header(reading);
    const int32_t height = reading->in->out->height;
    size_t width = (size_t)reading->in->out->width, bytes;
    size_t kept = reading->passes > 1 ? (size_t)height : 1;
    reading->row_bytes = png_get_rowbytes(reading->png, reading->info);
    if (reading->row_bytes < 3 * width)
        reading->row_bytes = 3 * width; /* room to put colours in the place of indices */
    if (!icl_mul_size(reading->row_bytes, kept, &bytes) || !(reading->rows = malloc(bytes)))
        give_up(reading, icl_decoder_refuse(reading->in, IMGCLS_NO_MEMORY,
                                            "no memory for %zu rows of pixels", kept));
    for (int pass = 0; pass < reading->passes; pass++)
        for (int32_t y = 0; y < height; y++) {
            png_read_row(reading->png, row_of(reading, y), NULL);
            if (pass == reading->passes - 1)
                put_row(reading, y, row_of(reading, y));
        }
}

imgcls_status icl_decode_png(struct decoding *in)
{
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading)
        return icl_decoder_refuse(in, IMGCLS_NO_MEMORY, "no memory for a PNG decoder");
    reading->in = in;
    reading->cut = find_cut(in);
    reading->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reading, fail_by_libpng,
                                          ignore_warning);
    if (reading->png)
        reading->info = png_create_info_struct(reading->png);
    if (!reading->info)
        reading->status =
            icl_decoder_refuse(in, IMGCLS_NO_MEMORY, "no memory for a PNG decoder");
    else if (setjmp(png_jmpbuf(reading->png)) == 0)
        read_rows(reading);
    else if (reading->complete)
        put_row(reading, in->out->height - 1, row_of(reading, in->out->height - 1));
    imgcls_status status = reading->status;
    png_destroy_read_struct(&reading->png, &reading->info, NULL);
    free(reading->rows);
    free(reading);
    return status;
}
