/*
 * eval/pictures/jpeg.c - JPEG through libjpeg-turbo, to the bit as Pillow decodes it
 *
 * Settings are the library's defaults (accurate integer IDCT, fancy upsampling), which are
 * Pillow's too. Four components are taken as Adobe writes them, inverted, as Pillow does. A
 * file that ends before its last row is decoded is an error, as Pillow's is with
 * LOAD_TRUNCATED_IMAGES off; libjpeg alone would make up the rest in gray. Where all rows
 * are there, the end marker may be missing, as for Pillow. Warnings about damaged data
 * inside are ignored, as Pillow ignores them.
 *
 * Where a recipe needs a part only, columns outside it are neither transformed nor
 * converted and rows outside it are passed over, with a margin of one coded unit on each
 * side, so that upsampling sees the neighbours it would see. What lies below the last row
 * needed is not decoded where an end marker follows; without one, whether the file is cut is
 * seen only by decoding on.
 *
 * libjpeg reports errors by longjmp: everything that must survive it lives in struct
 * reading, and nothing between setjmp and the end owns anything else.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/decoder.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

/* An honest progressive file has about ten scans; each costs a pass over the picture. */
#define SCANS_MAX    500
#define ROWS_AT_ONCE 16

struct reading {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back its address */
    jmp_buf escape;
    struct jpeg_decompress_struct jpeg;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    struct decoding *in;
    JSAMPLE *row;           /* own */
    struct icl_region part; /* of the picture, that is decoded */
    bool complete;          /* all rows are decoded: nothing more is needed of the file */
    imgcls_status status;
};

static void fail_by_libjpeg(j_common_ptr jpeg)
{
    struct reading *reading = (struct reading *)jpeg->err;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    reading->status =
        icl_decoder_refuse(reading->in, IMGCLS_BAD_INPUT, "broken JPEG: %s", text);
    longjmp(reading->escape, 1);
}

static void give_up(struct reading *reading, imgcls_status status)
{
    reading->status = status;
    longjmp(reading->escape, 1);
}

static void ignore_message(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void do_nothing(j_decompress_ptr jpeg)
{
    (void)jpeg;
}

/* All bytes were there from the start: asking for more means the file is cut. */
static boolean no_more(j_decompress_ptr jpeg)
{
    struct reading *reading = (struct reading *)jpeg->err;
    if (reading->complete)
        give_up(reading, IMGCLS_OK);
    give_up(reading, icl_decoder_refuse(reading->in, IMGCLS_BAD_INPUT,
                                        "truncated JPEG: ends before its last row"));
    return FALSE;
}

static void skip(j_decompress_ptr jpeg, long count)
{
    if (count <= 0)
        return;
    if ((size_t)count > jpeg->src->bytes_in_buffer)
        no_more(jpeg);
    jpeg->src->next_input_byte += count;
    jpeg->src->bytes_in_buffer -= (size_t)count;
}

static void count_scans(j_common_ptr jpeg)
{
    struct reading *reading = (struct reading *)jpeg->err;
    if (reading->jpeg.input_scan_number > SCANS_MAX)
        give_up(reading, icl_decoder_refuse(reading->in, IMGCLS_BAD_INPUT,
                                            "broken JPEG: more than %d scans", SCANS_MAX));
}

static void set_up(struct reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    jpeg_create_decompress(jpeg);
    reading->source = (struct jpeg_source_mgr){
        .next_input_byte = reading->in->bytes,
        .bytes_in_buffer = reading->in->size,
        .init_source = do_nothing,
        .fill_input_buffer = no_more,
        .skip_input_data = skip,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = do_nothing,
    };
    jpeg->src = &reading->source;
    reading->progress.progress_monitor = count_scans;
    jpeg->progress = &reading->progress;
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff); /* EXIF */
}

static int32_t orientation_of(const struct jpeg_decompress_struct *jpeg)
{
    int32_t orientation = 0;
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m && !orientation; m = m->next)
        if (m->marker == JPEG_APP0 + 1 && m->data_length >= 6)
            orientation = icl_exif_orientation(m->data, m->data_length);
    return orientation;
}

/* What the recipe needs, widened to whole coded units and one more. A picture in several
 * scans is held whole by libjpeg anyway, and one of few pixels is not worth it. */
static void find_part(struct reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    int32_t width = (int32_t)jpeg->image_width, height = (int32_t)jpeg->image_height;
    int32_t unit_x = 8 * jpeg->max_h_samp_factor, unit_y = 8 * jpeg->max_v_samp_factor;
    struct icl_region *part = &reading->part;
    int32_t right, bottom;
    *part = (struct icl_region){0, 0, width, height};
    if (!reading->in->recipe || jpeg_has_multiple_scans(jpeg) ||
        jpeg->image_width > 65500 || jpeg->image_height > 65500)
        return;
    icl_recipe_region(reading->in->recipe, width, height, part);
    right = part->left + part->width;
    bottom = part->top + part->height;
    part->left = part->left / unit_x * unit_x - unit_x;
    part->left = part->left < 0 ? 0 : part->left;
    part->top = part->top / unit_y * unit_y - unit_y;
    part->top = part->top < 0 ? 0 : part->top;
    right = (right / unit_x + 2) * unit_x;
    part->width = (right > width ? width : right) - part->left;
    part->height = bottom - part->top;
}

static void begin(struct reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->num_components == 1) /* libjpeg writes gray three times as we would */
        jpeg->out_color_space = reading->in->channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    else if (jpeg->num_components == 3)
        jpeg->out_color_space = JCS_RGB;
    else if (jpeg->num_components == 4)
        jpeg->out_color_space = JCS_CMYK;
    else
        give_up(reading, icl_decoder_refuse(reading->in, IMGCLS_UNSUPPORTED,
                                            "JPEG of %d components; 1, 3 and 4 are read",
                                            jpeg->num_components));
    find_part(reading);
    imgcls_status status =
        icl_decoder_check(reading->in, jpeg->image_width, jpeg->image_height);
    if (status == IMGCLS_OK)
        status = icl_decoder_begin_part(reading->in, jpeg->image_width, jpeg->image_height,
                                        &reading->part);
    if (status != IMGCLS_OK)
        give_up(reading, status);
    reading->in->out->orientation = orientation_of(jpeg);
}

/* Does the end marker follow? Within coded data 0xff is followed by 0 or a restart marker, so
 * the first other pair is it. */
static bool has_end(const struct reading *reading)
{
    const struct jpeg_source_mgr *source = reading->jpeg.src;
    return reading->jpeg.unread_marker == JPEG_EOI || /* decoding runs ahead of its rows */
           memmem(source->next_input_byte, source->bytes_in_buffer, "\xff\xd9", 2);
}

/* Rows that come out as they are wanted go where they belong, several at a time. */
static void read_in_place(struct reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    const struct icl_region *part = &reading->part;
    size_t pitch = (size_t)part->width * (size_t)reading->in->channels;
    int32_t y, i;
    while ((y = (int32_t)jpeg->output_scanline - part->top) < part->height) {
        JSAMPROW rows[ROWS_AT_ONCE];
        int32_t count = part->height - y < ROWS_AT_ONCE ? part->height - y : ROWS_AT_ONCE;
        for (i = 0; i < count; i++)
            rows[i] = reading->in->out->pixels + (size_t)(y + i) * pitch;
        jpeg_read_scanlines(jpeg, rows, (JDIMENSION)count);
    }
}

static void take_row(struct reading *reading, int32_t y, size_t row_bytes, size_t skip)
{
    int components = reading->jpeg.output_components;
    if (components == 4) {
        for (size_t i = 0; i < row_bytes; i++)
            reading->row[i] = (JSAMPLE)(255 - reading->row[i]);
        icl_decoder_row_cmyk(reading->in, y, reading->row + skip);
    } else {
        icl_decoder_row(reading->in, y, reading->row + skip, components);
    }
}

static size_t make_row(struct reading *reading)
{
    size_t bytes =
        (size_t)reading->jpeg.output_width * (size_t)reading->jpeg.output_components;
    if (!reading->row)
        reading->row = malloc(bytes);
    if (!reading->row)
        give_up(reading, icl_decoder_refuse(reading->in, IMGCLS_NO_MEMORY,
                                            "no memory for a row of pixels"));
    return bytes;
}

/* Rows that are converted on their way: CMYK, colours to gray. */
static void read_through_a_row(struct reading *reading, size_t skip)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    const struct icl_region *part = &reading->part;
    size_t row_bytes = make_row(reading);
    int32_t bottom = part->top + part->height, y;
    while ((y = (int32_t)jpeg->output_scanline) < bottom) {
        jpeg_read_scanlines(jpeg, &reading->row, 1);
        take_row(reading, y - part->top, row_bytes, skip);
    }
}

/* jpeg_skip_scanlines would take the rest as read. */
static void pass_over_the_rest(struct reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    make_row(reading);
    while (jpeg->output_scanline < jpeg->output_height)
        jpeg_read_scanlines(jpeg, &reading->row, 1);
}

static void read_rows(struct reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    const struct icl_region *part = &reading->part;
    size_t skip = 0;
    jpeg_start_decompress(jpeg);
    if (part->width < (int32_t)jpeg->output_width) {
        JDIMENSION left = (JDIMENSION)part->left, width = (JDIMENSION)part->width;
        jpeg_crop_scanline(jpeg, &left, &width); /* may begin further left */
        skip = (size_t)((JDIMENSION)part->left - left) * (size_t)jpeg->output_components;
    }
    if (part->top > 0)
        jpeg_skip_scanlines(jpeg, (JDIMENSION)part->top);
    if (jpeg->output_components == reading->in->channels && skip == 0 &&
        jpeg->output_width == (JDIMENSION)part->width)
        read_in_place(reading);
    else
        read_through_a_row(reading, skip);
    if (jpeg->output_scanline < jpeg->output_height) {
        if (has_end(reading)) {
            jpeg_abort_decompress(jpeg);
            return;
        }
        pass_over_the_rest(reading);
    }
    reading->complete = true;
    jpeg_finish_decompress(jpeg); /* walks to the end marker, or of the file */
}

imgcls_status icl_decode_jpeg(struct decoding *in)
{
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading)
        return icl_decoder_refuse(in, IMGCLS_NO_MEMORY, "no memory for a JPEG decoder");
    reading->in = in;
    reading->jpeg.err = jpeg_std_error(&reading->errors);
    reading->errors.error_exit = fail_by_libjpeg;
    reading->errors.output_message = ignore_message;
    if (setjmp(reading->escape) == 0) {
        set_up(reading);
        begin(reading);
        read_rows(reading);
    }
    imgcls_status status = reading->status;
    jpeg_destroy_decompress(&reading->jpeg);
    free(reading->row);
    free(reading);
    return status;
}
