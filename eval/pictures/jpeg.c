/*
 * eval/pictures/jpeg.c - JPEG through libjpeg-turbo, to the bit as Pillow decodes it
 *
 * Settings are the library's defaults (accurate integer IDCT, fancy upsampling), which are
 * Pillow's too. Four components are taken as Adobe writes them, inverted, as Pillow does. A
 * file that ends before its end marker is an error, as Pillow's is with
 * LOAD_TRUNCATED_IMAGES off; libjpeg alone would make up the rest in gray. Warnings about
 * damaged data inside are ignored, as Pillow ignores them.
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

#include <jpeglib.h>

/* An honest progressive file has about ten scans; each costs a pass over the picture. */
#define SCANS_MAX 500

struct reading {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back its address */
    jmp_buf escape;
    struct jpeg_decompress_struct jpeg;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    struct decoding *in;
    JSAMPLE *row; /* own */
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
    give_up(reading, icl_decoder_refuse(reading->in, IMGCLS_BAD_INPUT,
                                        "truncated JPEG: ends before its end marker"));
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

static void begin(struct reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->num_components == 1)
        jpeg->out_color_space = JCS_GRAYSCALE;
    else if (jpeg->num_components == 3)
        jpeg->out_color_space = JCS_RGB;
    else if (jpeg->num_components == 4)
        jpeg->out_color_space = JCS_CMYK;
    else
        give_up(reading, icl_decoder_refuse(reading->in, IMGCLS_UNSUPPORTED,
                                            "JPEG of %d components; 1, 3 and 4 are read",
                                            jpeg->num_components));
    imgcls_status status =
        icl_decoder_begin(reading->in, jpeg->image_width, jpeg->image_height);
    if (status != IMGCLS_OK)
        give_up(reading, status);
    reading->in->out->orientation = orientation_of(jpeg);
    reading->row = malloc((size_t)jpeg->image_width * (size_t)jpeg->num_components);
    if (!reading->row)
        give_up(reading, icl_decoder_refuse(reading->in, IMGCLS_NO_MEMORY,
                                            "no memory for a row of pixels"));
}

static void read_rows(struct reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    jpeg_start_decompress(jpeg);
    size_t row_bytes = (size_t)jpeg->output_width * (size_t)jpeg->output_components;
    while (jpeg->output_scanline < jpeg->output_height) {
        int32_t y = (int32_t)jpeg->output_scanline;
        jpeg_read_scanlines(jpeg, &reading->row, 1);
        if (jpeg->output_components == 4) {
            for (size_t i = 0; i < row_bytes; i++)
                reading->row[i] = (JSAMPLE)(255 - reading->row[i]);
            icl_decoder_row_cmyk(reading->in, y, reading->row);
        } else {
            icl_decoder_row(reading->in, y, reading->row, jpeg->output_components);
        }
    }
    jpeg_finish_decompress(jpeg); /* walks to the end marker */
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
