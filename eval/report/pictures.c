/*
 * eval/report/pictures.c - thumbnails: a picture of the data set as a small JPEG in the page
 *
 * Sections say where a picture belongs; all are read at the end, at once, since archives are
 * read from front to back only. Whatever cannot be read, decoded or written leaves a box with a
 * word in it: a page about mistakes must not fail because a folder was moved.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/report/report.h"

#include "eval/pictures/picture.h"
#include "eval/report/source.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <nettle/base64.h>

#define SIDE 112 /* pixels of the longer side */
#define QUALITY 72

/* A place in the body where a picture belongs. */
struct icl_picture_mark {
    size_t at;  /* in the body */
    char *file; /* own */
};

imgcls_status icl_report_pictures_of(struct icl_report *report, const char *path,
                                     const char *layout)
{
    report->pictures_path = strdup(path);
    report->pictures_layout = strdup(layout);
    if (!report->pictures_path || !report->pictures_layout)
        return icl_fail(report->board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a path", path);
    return IMGCLS_OK;
}

imgcls_status icl_report_picture(struct icl_report *report, const char *file)
{
    size_t count = report->mark_count;
    struct icl_picture_mark *marks;
    if (report->options->no_pictures)
        return IMGCLS_OK;
    marks = realloc(report->marks, (count + 1) * sizeof *marks);
    if (marks) {
        report->marks = marks;
        marks[count] = (struct icl_picture_mark){report->body.length, strdup(file)};
    }
    if (!marks || !marks[count].file)
        return icl_fail(report->board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a picture",
                        file);
    report->mark_count++;
    return IMGCLS_OK;
}

void icl_report_pictures_clear(struct icl_report *report)
{
    for (size_t i = 0; i < report->mark_count; i++)
        free(report->marks[i].file);
    free(report->marks);
    free(report->pictures_path);
    free(report->pictures_layout);
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

/* The pictures that are wanted, each once, and the HTML that stands for each. */
struct album {
    struct imgcls_context *ctx;
    struct icl_sourced *pictures; /* own; files borrowed from the marks */
    struct icl_text *html;        /* own: parallel */
    size_t count;
};

/* The picture, at most SIDE pixels wide and high; nothing in `out` where it cannot be had. */
static void shrink(struct imgcls_context *ctx, const char *file, const void *bytes, size_t size,
                   struct icl_picture *out)
{
    struct icl_picture whole = {0};
    char reason[256];
    *out = (struct icl_picture){0};
    if (icl_picture_decode(NULL, file, bytes, size, 3, &whole, reason, sizeof reason) ==
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
}

/* The bytes as a data URI; false where memory ran out. */
static bool put_image(struct icl_text *html, const struct icl_picture *picture,
                      const struct writing *w)
{
    size_t length = BASE64_ENCODE_RAW_LENGTH(w->size);
    char *text = malloc(length + 1);
    if (!text)
        return false;
    base64_encode_raw(text, w->size, w->bytes);
    icl_text_format(html,
                    "<img alt=\"\" width=\"%d\" height=\"%d\" "
                    "src=\"data:image/jpeg;base64,",
                    (int)picture->width, (int)picture->height);
    icl_text_append(html, text, length);
    icl_text_format(html, "\">");
    free(text);
    return !html->failed;
}

static imgcls_status take(void *argument, size_t index, const void *bytes, size_t size)
{
    struct album *album = argument;
    const char *file = album->pictures[index].file;
    struct icl_picture picture = {0};
    struct writing *w;
    imgcls_status status = IMGCLS_OK;
    shrink(album->ctx, file, bytes, size, &picture);
    if (!picture.pixels)
        return IMGCLS_OK;
    w = calloc(1, sizeof *w);
    if (!w || !encode(&picture, w) || !put_image(&album->html[index], &picture, w))
        status = icl_fail(album->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a picture", file);
    free(w ? w->bytes : NULL);
    free(w);
    icl_picture_clear(&picture);
    return status;
}

static int by_file(const void *a, const void *b)
{
    return strcmp(((const struct icl_sourced *)a)->file, ((const struct icl_sourced *)b)->file);
}

/* Sorted by name, each once. False where memory ran out. */
static bool open_album(struct album *album, const struct icl_report *report)
{
    size_t i, kept = 0;
    album->ctx = report->board->ctx;
    album->pictures = calloc(report->mark_count + 1, sizeof *album->pictures);
    album->html = calloc(report->mark_count + 1, sizeof *album->html);
    if (!album->pictures || !album->html)
        return false;
    for (i = 0; i < report->mark_count; i++)
        album->pictures[i].file = report->marks[i].file;
    qsort(album->pictures, report->mark_count, sizeof *album->pictures, by_file);
    for (i = 0; i < report->mark_count; i++)
        if (kept == 0 || by_file(&album->pictures[kept - 1], &album->pictures[i]) != 0)
            album->pictures[kept++] = album->pictures[i];
    album->count = kept;
    return true;
}

static void close_album(struct album *album)
{
    for (size_t i = 0; i < album->count; i++)
        icl_text_clear(&album->html[i]);
    free(album->pictures);
    free(album->html);
}

/* The body anew, with a picture at each mark. */
static void put_pictures(struct icl_report *report, const struct album *album)
{
    struct icl_text whole = {0};
    size_t done = 0;
    for (size_t i = 0; i < report->mark_count; i++) {
        const struct icl_picture_mark *mark = &report->marks[i];
        const struct icl_sourced wanted = {.file = mark->file}, *picture;
        const struct icl_text *html;
        picture = bsearch(&wanted, album->pictures, album->count, sizeof *album->pictures,
                          by_file);
        html = &album->html[picture - album->pictures];
        icl_text_append(&whole, report->body.bytes + done, mark->at - done);
        if (html->length > 0)
            icl_text_append(&whole, html->bytes, html->length);
        else
            icl_text_format(&whole, "<span class=\"nopic\">%s</span>",
                            picture->found ? "cannot be read" : "picture not here");
        done = mark->at;
    }
    icl_text_append(&whole, report->body.bytes + done, report->body.length - done);
    whole.failed = whole.failed || report->body.failed;
    icl_text_clear(&report->body);
    report->body = whole;
}

/* A place that was named and has none of the pictures is a mistake; some may be lost. */
static imgcls_status check_place(const struct icl_report *report, const struct album *album)
{
    for (size_t i = 0; i < album->count; i++)
        if (album->pictures[i].found)
            return IMGCLS_OK;
    return icl_fail(album->ctx, IMGCLS_BAD_INPUT,
                    "%s: has none of the pictures for the page, such as '%.100s'",
                    report->options->pictures, album->pictures[0].file);
}

imgcls_status icl_report_put_pictures(struct icl_report *report)
{
    struct album album = {0};
    imgcls_status status = IMGCLS_OK;
    if (report->mark_count == 0 || report->body.failed)
        return IMGCLS_OK;
    if (!open_album(&album, report))
        status = icl_fail(report->board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for pictures",
                          report->board->path);
    if (status == IMGCLS_OK)
        status = icl_source_read(
            report->board->ctx,
            report->options->pictures ? report->options->pictures : report->pictures_path,
            report->pictures_layout, album.pictures, album.count, take, &album);
    if (status == IMGCLS_OK && report->options->pictures && album.count > 0)
        status = check_place(report, &album);
    if (status == IMGCLS_OK)
        put_pictures(report, &album);
    close_album(&album);
    return status;
}
