/*
 * eval/pictures/tiff.c - TIFF: the first picture, 8 bits a sample, in strips
 *
 * After TIFF 6.0 (Adobe, 1992): sections 2 to 9 and 14 without tiles. Strips may be plain,
 * PackBits or Deflate; gray of either polarity, palette, RGB, with further samples ignored.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/decoder.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { PLAIN = 1, DEFLATE = 8, PACKBITS = 32773, DEFLATE_OLD = 32946 };
enum { WHITE_IS_0, BLACK_IS_0, RGB, PALETTE };

struct tiff {
    struct decoding *file;
    bool big; /* bytes of numbers, most significant first */
    uint32_t width, height, bits, compression, kind, samples, rows, planar, predictor;
    uint32_t orientation;
    uint32_t offsets_at, offsets_type, offsets_count; /* of the strips */
    uint32_t counts_at, counts_type, counts_count;
    uint32_t palette_at, palette_count;
};

static imgcls_status refuse(const struct tiff *tiff, const char *why)
{
    return icl_decoder_refuse(tiff->file, IMGCLS_BAD_INPUT, "TIFF: %s", why);
}

static bool number_at(const struct tiff *tiff, uint64_t at, int size, uint32_t *out)
{
    int i;
    *out = 0;
    if (at > tiff->file->size || (uint64_t)size > tiff->file->size - at)
        return false;
    for (i = 0; i < size; i++)
        *out = *out << 8 | tiff->file->bytes[at + (uint64_t)(tiff->big ? i : size - 1 - i)];
    return true;
}

/* Entry i of a list of shorts (3) or longs (4). */
static bool entry_at(const struct tiff *tiff, uint32_t at, uint32_t type, uint32_t i,
                     uint32_t *out)
{
    const int size = type == 3 ? 2 : 4;
    return (type == 3 || type == 4) &&
           number_at(tiff, (uint64_t)at + (uint64_t)i * (uint64_t)size, size, out);
}

static bool take_tag(struct tiff *tiff, uint64_t at)
{
    uint32_t tag, type, count, place, first, *to = NULL;
    if (!number_at(tiff, at, 2, &tag) || !number_at(tiff, at + 2, 2, &type) ||
        !number_at(tiff, at + 4, 4, &count) || !number_at(tiff, at + 8, 4, &place))
        return false;
    const uint32_t size = type == 3 ? 2 : type == 4 ? 4 : 1;
    if ((uint64_t)size * count <= 4)
        place = (uint32_t)(at + 8); /* short lists lie in the entry itself */
    switch (tag) {
    case 256:
        to = &tiff->width;
        break;
    case 257:
        to = &tiff->height;
        break;
    case 258:
        to = &tiff->bits;
        break;
    case 259:
        to = &tiff->compression;
        break;
    case 262:
        to = &tiff->kind;
        break;
    case 274:
        to = &tiff->orientation;
        break;
    case 277:
        to = &tiff->samples;
        break;
    case 278:
        to = &tiff->rows;
        break;
    case 284:
        to = &tiff->planar;
        break;
    case 317:
        to = &tiff->predictor;
        break;
    case 273:
        tiff->offsets_at = place;
        tiff->offsets_type = type;
        tiff->offsets_count = count;
        return true;
    case 279:
        tiff->counts_at = place;
        tiff->counts_type = type;
        tiff->counts_count = count;
        return true;
    case 320:
        tiff->palette_at = place;
        tiff->palette_count = count;
        return true;
    default:
        return true;
    }
    if (!entry_at(tiff, place, type, 0, &first))
        return false;
    *to = first;
    return true;
}

static imgcls_status read_tags(struct tiff *tiff)
{
    uint32_t at, count, i;
    if (!number_at(tiff, 4, 4, &at) || !number_at(tiff, at, 2, &count))
        return refuse(tiff, "the directory is past the end");
    for (i = 0; i < count; i++)
        if (!take_tag(tiff, (uint64_t)at + 2 + 12 * (uint64_t)i))
            return refuse(tiff, "an entry is past the end");
    return IMGCLS_OK;
}

static imgcls_status check_form(const struct tiff *tiff)
{
    struct decoding *file = tiff->file;
    const bool samples = tiff->kind == RGB ? tiff->samples >= 3 && tiff->samples <= 8
                                           : tiff->samples >= 1 && tiff->samples <= 8;
    if (tiff->bits != 8 || tiff->kind > PALETTE || !samples || tiff->planar != 1 ||
        tiff->predictor != 1)
        return icl_decoder_refuse(
            file, IMGCLS_UNSUPPORTED,
            "TIFF: %u samples of %u bits, kind %u, planes %u, predictor %u; "
            "8 bits, kinds 0 to 3, planes 1 and predictor 1 are supported",
            tiff->samples, tiff->bits, tiff->kind, tiff->planar, tiff->predictor);
    if (tiff->compression != PLAIN && tiff->compression != PACKBITS &&
        tiff->compression != DEFLATE && tiff->compression != DEFLATE_OLD)
        return icl_decoder_refuse(
            file, IMGCLS_UNSUPPORTED,
            "TIFF: compression %u; 1, 8, 32773 and 32946 are supported", tiff->compression);
    if (tiff->kind == PALETTE && tiff->palette_count < 768)
        return refuse(tiff, "the palette is too short");
    return IMGCLS_OK;
}

/* n + 1 bytes follow, or one that stands 1 - n times (section 9). */
static bool unpack_bits(const unsigned char *from, size_t count, unsigned char *to,
                        size_t size)
{
    size_t at = 0, done = 0;
    while (done < size) {
        if (at == count)
            return false;
        const int n = (signed char)from[at++];
        const size_t length = n >= 0 ? (size_t)n + 1 : n == -128 ? 0 : (size_t)(1 - n);
        const size_t taken = n >= 0 ? length : length != 0;
        if (length > size - done || taken > count - at)
            return false;
        if (n >= 0)
            memcpy(to + done, from + at, length);
        else if (length)
            memset(to + done, from[at], length);
        at += taken;
        done += length;
    }
    return true;
}

static bool unpack(const struct tiff *tiff, const unsigned char *from, size_t count,
                   unsigned char *to, size_t size)
{
    uLongf room = size;
    if (tiff->compression == PACKBITS)
        return unpack_bits(from, count, to, size);
    if (tiff->compression != PLAIN)
        return uncompress(to, &room, from, count) == Z_OK && room == size;
    if (count < size)
        return false;
    memcpy(to, from, size);
    return true;
}

static void put_row(const struct tiff *tiff, const unsigned char *row, unsigned char *rgb)
{
    uint32_t x, c, entry;
    for (x = 0; x < tiff->width; x++, row += tiff->samples, rgb += 3)
        for (c = 0; c < 3; c++) {
            if (tiff->kind == RGB) {
                rgb[c] = row[c];
            } else if (tiff->kind == PALETTE) {
                entry_at(tiff, tiff->palette_at, 3, c * 256 + row[0], &entry);
                rgb[c] = (unsigned char)(entry >> 8);
            } else {
                rgb[c] = tiff->kind == BLACK_IS_0 ? row[0] : (unsigned char)(255 - row[0]);
            }
        }
}

static imgcls_status read_strips(const struct tiff *tiff)
{
    struct decoding *file = tiff->file;
    const size_t stride = (size_t)tiff->width * tiff->samples;
    const uint32_t rows =
        tiff->rows && tiff->rows < tiff->height ? tiff->rows : tiff->height;
    unsigned char *strip = NULL, *rgb = malloc((size_t)tiff->width * 3);
    imgcls_status status = IMGCLS_OK;
    size_t bytes;
    uint32_t first = 0, i, y;
    if (icl_mul_size(rows, stride, &bytes))
        strip = malloc(bytes);
    if (!strip || !rgb)
        status = icl_decoder_refuse(file, IMGCLS_NO_MEMORY, "no memory for a strip");
    for (i = 0; status == IMGCLS_OK && first < tiff->height; i++, first += rows) {
        const uint32_t here = tiff->height - first < rows ? tiff->height - first : rows;
        uint32_t at, count;
        if (i >= tiff->offsets_count || i >= tiff->counts_count ||
            !entry_at(tiff, tiff->offsets_at, tiff->offsets_type, i, &at) ||
            !entry_at(tiff, tiff->counts_at, tiff->counts_type, i, &count) ||
            at > file->size || count > file->size - at)
            status = refuse(tiff, "a strip is past the end");
        else if (!unpack(tiff, file->bytes + at, count, strip, here * stride))
            status = refuse(tiff, "a strip is damaged");
        for (y = 0; status == IMGCLS_OK && y < here; y++) {
            put_row(tiff, strip + y * stride, rgb);
            icl_decoder_row(file, (int32_t)(first + y), rgb, 3);
        }
    }
    free(strip);
    free(rgb);
    return status;
}

imgcls_status icl_decode_tiff(struct decoding *in)
{
    struct tiff tiff = {.file = in,
                        .big = in->bytes[0] == 'M',
                        .bits = 1,
                        .compression = PLAIN,
                        .samples = 1,
                        .planar = 1,
                        .predictor = 1};
    imgcls_status status = read_tags(&tiff);
    if (status == IMGCLS_OK)
        status = check_form(&tiff);
    if (status == IMGCLS_OK)
        status = icl_decoder_begin(in, tiff.width, tiff.height);
    in->out->orientation = (int32_t)tiff.orientation;
    return status == IMGCLS_OK ? read_strips(&tiff) : status;
}
