/*
 * plugins/ops/picture/webp.c - WebP by libwebp
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <webp/decode.h>

#include "picture.h"

imgcls_status picture_read_webp(const struct encoded *file, struct picture *out)
{
    int width, height;
    imgcls_status status;
    if (!WebPGetInfo(file->bytes, file->size, &width, &height))
        return OP_FAIL(file->host, file->node, IMGCLS_BAD_INPUT, "WebP: the header is damaged");
    status = picture_create(file, width, height, out);
    if (status != IMGCLS_OK)
        return status;
    if (!WebPDecodeRGBInto(file->bytes, file->size, out->pixels,
                           3 * (size_t)width * (size_t)height, 3 * width))
        return OP_FAIL(file->host, file->node, IMGCLS_BAD_INPUT,
                       "WebP: the picture is damaged, or an animation");
    return IMGCLS_OK;
}
