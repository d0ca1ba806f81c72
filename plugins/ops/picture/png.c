/*
 * plugins/ops/picture/png.c - PNG by libpng: eight bits a channel, opaque
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <png.h>

#include "picture.h"

struct source {
    const struct encoded *file;
    size_t at;
    char words[128];
};

static void take(png_structp png, png_bytep to, png_size_t count)
{
    struct source *source = png_get_io_ptr(png);
    if (count > source->file->size - source->at)
        png_error(png, "the file ends early");
    memcpy(to, source->file->bytes + source->at, count);
    source->at += count;
}

static void leave(png_structp png, png_const_charp words)
{
    struct source *source = png_get_error_ptr(png);
    snprintf(source->words, sizeof source->words, "%s", words);
    png_longjmp(png, 1);
}

static void say_nothing(png_structp png, png_const_charp words)
{
    (void)png;
    (void)words;
}

imgcls_status picture_read_png(const struct encoded *file, struct picture *out)
{
    struct source source = {.file = file};
    png_bytep *volatile rows = NULL;
    png_infop info = NULL;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, leave,
                                             say_nothing);
    volatile imgcls_status status = IMGCLS_NO_MEMORY;
    png_uint_32 i;
    if (png)
        info = png_create_info_struct(png);
    if (!info) {
        status = OP_FAIL(file->host, file->node, IMGCLS_NO_MEMORY, "PNG: no memory");
        goto done;
    }
    if (setjmp(png_jmpbuf(png))) {
        status = OP_FAIL(file->host, file->node, IMGCLS_BAD_INPUT, "PNG: %s", source.words);
        goto done;
    }
    png_set_read_fn(png, &source, take);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    const png_uint_32 width = png_get_image_width(png, info);
    const png_uint_32 height = png_get_image_height(png, info);
    status = picture_create(file, width, height, out);
    if (status == IMGCLS_OK && png_get_rowbytes(png, info) != 3 * (size_t)width)
        status = OP_FAIL(file->host, file->node, IMGCLS_UNSUPPORTED, "PNG: rows of %zu bytes",
                         png_get_rowbytes(png, info));
    if (status == IMGCLS_OK) {
        rows = file->host->alloc(file->host, height, sizeof *rows);
        if (!rows)
            status = IMGCLS_NO_MEMORY;
    }
    if (status == IMGCLS_OK) {
        for (i = 0; i < height; i++)
            rows[i] = out->pixels + 3 * (size_t)i * width;
        png_read_image(png, rows);
    }
done:
    file->host->release(file->host, rows);
    if (png)
        png_destroy_read_struct(&png, info ? &info : NULL, NULL);
    return status;
}
