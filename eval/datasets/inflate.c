/*
 * eval/datasets/inflate.c - compressed bytes within a file that is in memory already
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/inflate.h"

#include <limits.h>
#include <stdlib.h>

#include <zlib.h>

#define INFLATED_MAX ((size_t)256 << 20)
#define WINDOW       (15 + 32) /* the largest; zlib or gzip, by the first bytes */

uint8_t *icl_inflate(const uint8_t *bytes, size_t size, size_t *inflated_size)
{
    z_stream stream = {.next_in = (Bytef *)bytes, .avail_in = (uInt)size};
    size_t capacity = size * 4 + 4096, used = 0;
    uint8_t *inflated = size <= INFLATED_MAX ? malloc(capacity) : NULL;
    int code = Z_OK;
    if (!inflated || inflateInit2(&stream, WINDOW) != Z_OK) {
        free(inflated);
        return NULL;
    }
    while (code == Z_OK && used < INFLATED_MAX) {
        if (used == capacity) {
            uint8_t *grown = realloc(inflated, capacity *= 2);
            if (!grown)
                break;
            inflated = grown;
        }
        stream.next_out = inflated + used;
        stream.avail_out = (uInt)(capacity - used);
        code = inflate(&stream, Z_NO_FLUSH);
        used = capacity - stream.avail_out;
    }
    inflateEnd(&stream);
    *inflated_size = used;
    if (code == Z_STREAM_END)
        return inflated;
    free(inflated);
    return NULL;
}
