/*
 * plugins/ops/picture/jpeg.c - JPEG by libjpeg, with its default (exact) transform
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "picture.h"

struct failure {
    struct jpeg_error_mgr manager; /* first: libjpeg hands it back */
    jmp_buf back;
    char words[JMSG_LENGTH_MAX];
};

static void leave(j_common_ptr info)
{
    struct failure *failure = (struct failure *)info->err;
    info->err->format_message(info, failure->words);
    longjmp(failure->back, 1);
}

static void say_nothing(j_common_ptr info, int level)
{
    (void)info;
    (void)level;
}

/* CMYK as Adobe writes it, inverted. */
static void from_cmyk(const unsigned char *cmyk, int64_t count, unsigned char *rgb)
{
    int64_t i;
    int c;
    for (i = 0; i < count; i++)
        for (c = 0; c < 3; c++)
            rgb[3 * i + c] = (unsigned char)((cmyk[4 * i + c] * cmyk[4 * i + 3] + 127) / 255);
}

imgcls_status picture_read_jpeg(const struct encoded *file, struct picture *out)
{
    struct jpeg_decompress_struct info = {0};
    struct failure failure;
    unsigned char *volatile row = NULL; /* of four colours */
    volatile imgcls_status status = IMGCLS_OK;
    info.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = leave;
    failure.manager.emit_message = say_nothing;
    if (setjmp(failure.back)) {
        status = OP_FAIL(file->host, file->node, IMGCLS_BAD_INPUT, "JPEG: %s", failure.words);
        goto done;
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, file->bytes, (unsigned long)file->size);
    jpeg_read_header(&info, TRUE);
    const bool four = info.num_components == 4;
    info.out_color_space = four ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&info);
    status = picture_create(file, info.output_width, info.output_height, out);
    if (status == IMGCLS_OK && four) {
        row = file->host->alloc(file->host, info.output_width, 4);
        if (!row)
            status = IMGCLS_NO_MEMORY;
    }
    while (status == IMGCLS_OK && info.output_scanline < info.output_height) {
        unsigned char *to = out->pixels + 3 * (size_t)info.output_scanline * info.output_width;
        JSAMPROW line = four ? row : to;
        jpeg_read_scanlines(&info, &line, 1);
        if (four)
            from_cmyk(row, info.output_width, to);
    }
done:
    jpeg_destroy_decompress(&info);
    file->host->release(file->host, row);
    return status;
}
