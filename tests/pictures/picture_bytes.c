/*
 * tests/pictures/picture_bytes.c - a picture after a recipe's resize and crop, as bytes
 *
 *     picture_bytes RECIPE FILE > PIXELS
 *
 * Rows from the top, channels interleaved. With the recipe "none" what was decoded. Not a
 * test: a script compares it with other libraries (resize_peers.py).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/file/file.h"

int main(int argc, char **argv)
{
    struct imgcls_context *ctx;
    struct imgcls_source *source = NULL;
    struct icl_recipe recipe;
    struct icl_picture picture = {0}, bytes = {0};
    char reason[256];
    if (argc != 3 || imgcls_context_create(NULL, &ctx) != IMGCLS_OK) {
        fprintf(stderr, "usage: picture_bytes RECIPE FILE > PIXELS\n");
        return 2;
    }
    imgcls_status status = icl_recipe_parse(ctx, argv[1], &recipe);
    if (status == IMGCLS_OK)
        status = icl_source_open(ctx, argv[2], &source);
    if (status == IMGCLS_OK)
        status = icl_picture_decode(ctx, argv[2], source->bytes, source->size,
                                    icl_recipe_channels(&recipe), &picture, reason,
                                    sizeof reason);
    if (status == IMGCLS_OK)
        status = icl_preprocess_bytes(ctx, &recipe, &picture, &bytes);
    if (status == IMGCLS_OK) {
        size_t size = (size_t)bytes.width * (size_t)bytes.height * (size_t)bytes.channels;
        if (fwrite(bytes.pixels, 1, size, stdout) != size)
            status = IMGCLS_INTERNAL;
    } else {
        fprintf(stderr, "%s\n", imgcls_error(ctx));
    }
    icl_picture_clear(&picture);
    icl_picture_clear(&bytes);
    if (source)
        icl_source_close(source);
    imgcls_context_destroy(ctx);
    return status == IMGCLS_OK ? 0 : 2;
}
