/*
 * eval/report/pictures.c - thumbnails: a picture of the data set as a small JPEG in the page
 *
 * Whatever cannot be read, decoded or written leaves a box with a word in it: a page about
 * mistakes must not fail because a folder was moved.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/report/report.h"

#include "eval/datasets/dataset.h"
#include "eval/pictures/picture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jpeglib.h>
#include <nettle/base64.h>

#define SIDE 112 /* pixels of the longer side */
#define QUALITY 72

void icl_thumbnails_open(struct icl_report *report, const char *path,
                         struct icl_thumbnails *thumbnails)
{
    *thumbnails = (struct icl_thumbnails){.report = report, .folder = -1};
    if (!report->options->no_pictures)
        thumbnails->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void icl_thumbnails_close(struct icl_thumbnails *thumbnails)
{
    if (thumbnails->folder >= 0)
        close(thumbnails->folder);
    thumbnails->folder = -1;
}

/* ---- Writing JPEG -----------------------------------------------------------------------*/

struct writing {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back its address */
    jmp_buf escape;
    struct jpeg_compress_struct jpeg;
    unsigned char *bytes; /* libjpeg's, by malloc; own: free */
    unsigned long size;
};

static void escape(j_common_ptr jpeg)
{
    longjmp(((struct writing *)jpeg->err)->escape, 1);
}

static void say_nothing(j_common_ptr jpeg)
{
    (void)jpeg;
}

/* False where libjpeg failed; bytes own in every case. */
static bool encode(const struct icl_picture *picture, struct writing *w)
{
    w->jpeg.err = jpeg_std_error(&w->errors);
    w->errors.error_exit = escape;
    w->errors.output_message = say_nothing;
    if (setjmp(w->escape)) {
        jpeg_destroy_compress(&w->jpeg);
        return false;
    }
    jpeg_create_compress(&w->jpeg);
    jpeg_mem_dest(&w->jpeg, &w->bytes, &w->size);
    w->jpeg.image_width = (JDIMENSION)picture->width;
    w->jpeg.image_height = (JDIMENSION)picture->height;
    w->jpeg.input_components = 3;
    w->jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&w->jpeg);
    jpeg_set_quality(&w->jpeg, QUALITY, TRUE);
    w->jpeg.optimize_coding = TRUE;
    jpeg_start_compress(&w->jpeg, TRUE);
    while (w->jpeg.next_scanline < w->jpeg.image_height) {
        JSAMPROW row = picture->pixels +
                       (size_t)w->jpeg.next_scanline * (size_t)picture->width * 3;
        jpeg_write_scanlines(&w->jpeg, &row, 1);
    }
    jpeg_finish_compress(&w->jpeg);
    jpeg_destroy_compress(&w->jpeg);
    return true;
}

/* ---- Reading ----------------------------------------------------------------------------*/

/* The picture, at most SIDE pixels wide and high; nothing in `out` where it cannot be had. */
static void load(const struct icl_thumbnails *thumbnails, const char *file,
                 struct icl_picture *out)
{
    struct imgcls_context *ctx = thumbnails->report->board->ctx;
    struct icl_picture whole = {0};
    uint8_t *bytes = NULL;
    size_t size = 0;
    char reason[256];
    *out = (struct icl_picture){0};
    if (icl_read_picture_file(thumbnails->folder, file, &bytes, &size, reason,
                              sizeof reason) == IMGCLS_OK &&
        icl_picture_decode(NULL, file, bytes, size, 3, &whole, reason, sizeof reason) ==
            IMGCLS_OK) {
        int32_t longer = whole.width > whole.height ? whole.width : whole.height;
        int32_t width = whole.width, height = whole.height;
        if (longer > SIDE) {
            width = (int32_t)((int64_t)width * SIDE / longer);
            height = (int32_t)((int64_t)height * SIDE / longer);
        }
        if (icl_picture_resize(ctx, &whole, width > 0 ? width : 1, height > 0 ? height : 1,
                               ICL_FILTER_BILINEAR, out) != IMGCLS_OK)
            icl_forgive(ctx);
    }
    icl_picture_clear(&whole);
    free(bytes);
}

static void put_box(struct icl_text *body, const char *word)
{
    icl_text_format(body, "<span class=\"nopic\">%s</span>", word);
}

/* The bytes as a data URI; false where memory ran out. */
static bool put_image(struct icl_text *body, const struct icl_picture *picture,
                      const struct writing *w)
{
    size_t length = BASE64_ENCODE_RAW_LENGTH(w->size);
    char *text = malloc(length + 1);
    if (!text)
        return false;
    base64_encode_raw(text, w->size, w->bytes);
    icl_text_format(body,
                    "<img alt=\"\" width=\"%d\" height=\"%d\" "
                    "src=\"data:image/jpeg;base64,",
                    (int)picture->width, (int)picture->height);
    icl_text_append(body, text, length);
    icl_text_format(body, "\">");
    free(text);
    return true;
}

imgcls_status icl_thumbnail(struct icl_thumbnails *thumbnails, const char *file)
{
    struct icl_report *report = thumbnails->report;
    struct icl_picture picture = {0};
    struct writing *w;
    imgcls_status status = IMGCLS_OK;
    if (report->options->no_pictures)
        return IMGCLS_OK;
    if (thumbnails->folder < 0) {
        put_box(&report->body, "picture not here");
        thumbnails->missing++;
        return IMGCLS_OK;
    }
    load(thumbnails, file, &picture);
    if (!picture.pixels) {
        put_box(&report->body, "cannot be read");
        thumbnails->missing++;
        return IMGCLS_OK;
    }
    w = calloc(1, sizeof *w);
    if (!w || !encode(&picture, w) || !put_image(&report->body, &picture, w))
        status = icl_fail(report->board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a picture",
                          file);
    thumbnails->shown += status == IMGCLS_OK;
    free(w ? w->bytes : NULL);
    free(w);
    icl_picture_clear(&picture);
    return status;
}
