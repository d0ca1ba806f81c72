/*
 * src/raster/pnm.c - PBM, PGM and PPM, as text and as bytes
 *
 * After the pages pbm(5), pgm(5) and ppm(5) of Netpbm, with Pillow's meaning of levels: a
 * largest level other than 255 is stretched to it, but gray of more than 255 levels is
 * stretched to 65535 and cut off at 255.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/raster/raster.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define NUMBER_MAX INT32_MAX

struct reading {
    struct icl_raster *file;
    size_t at;
    int kind; /* the digit after P */
    int64_t width, height, largest;
};

static bool is_blank(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_comment(struct reading *in)
{
    while (in->at < in->file->size && in->file->bytes[in->at] != '\n' &&
           in->file->bytes[in->at] != '\r')
        in->at++;
}

/* The next number and the one blank after it; -1 where there is none. */
static int64_t take_number(struct reading *in)
{
    int64_t value = -1;
    for (; in->at < in->file->size; in->at++) {
        const unsigned char c = in->file->bytes[in->at];
        if (c == '#') {
            skip_comment(in);
            if (in->at == in->file->size)
                break;
        } else if (is_blank(c)) {
            if (value < 0)
                continue;
            in->at++;
            break;
        } else if (c < '0' || c > '9' || value > NUMBER_MAX / 10) {
            return -1;
        } else {
            value = (value < 0 ? 0 : value * 10) + (c - '0');
        }
    }
    return value;
}

/* Digits of a text bitmap may stand without blanks between: 0 white, 1 black, -1 neither.
 */
static int take_bit(struct reading *in)
{
    for (; in->at < in->file->size; in->at++) {
        const unsigned char c = in->file->bytes[in->at];
        if (c == '#')
            skip_comment(in);
        else if (!is_blank(c))
            break;
    }
    if (in->at == in->file->size || (in->file->bytes[in->at] | 1) != '1')
        return -1;
    return in->file->bytes[in->at++] - '0';
}

/* The next sample as it stands in the file; -1 at its end. */
static int64_t take_sample(struct reading *in)
{
    const unsigned char *bytes = in->file->bytes + in->at;
    const size_t size = in->largest > 255 ? 2 : 1;
    if (in->kind <= 3)
        return take_number(in);
    if (in->file->size - in->at < size)
        return -1;
    in->at += size;
    return size == 2 ? bytes[0] << 8 | bytes[1] : bytes[0];
}

static uint8_t level_of(const struct reading *in, int64_t sample)
{
    const bool gray = in->kind == 2 || in->kind == 5;
    const double most = gray && in->largest > 255 ? 65535 : 255;
    double level = (double)sample;
    if ((int64_t)most != in->largest)
        level = rint((double)sample / (double)in->largest * most);
    return (uint8_t)(level > 255 ? 255 : level);
}

static bool read_levels(struct reading *in, uint8_t *row, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t sample = take_sample(in);
        if (sample > in->largest && in->kind > 3)
            sample = in->largest;
        if (sample < 0 || sample > in->largest)
            return false;
        row[i] = level_of(in, sample);
    }
    return true;
}

static bool read_bits(struct reading *in, uint8_t *row)
{
    const int64_t bytes = (in->width + 7) / 8;
    const unsigned char *from = in->file->bytes + in->at;
    if (in->kind == 4 && (int64_t)(in->file->size - in->at) < bytes)
        return false;
    for (int64_t x = 0; x < in->width; x++) {
        const int bit = in->kind == 1 ? take_bit(in) : from[x / 8] >> (7 - x % 8) & 1;
        if (bit < 0)
            return false;
        row[x] = bit ? 0 : 255;
    }
    in->at += in->kind == 4 ? (size_t)bytes : 0;
    return true;
}

static imgcls_status read_rows(struct reading *in)
{
    const bool bits = in->kind == 1 || in->kind == 4;
    const int samples = in->kind == 3 || in->kind == 6 ? 3 : 1;
    const uint64_t pixels = (uint64_t)in->width * (uint64_t)in->height;
    imgcls_status status;
    uint8_t *row;
    /* Before there is memory for them: no pixel takes less than a bit, no level a byte. */
    if (pixels / (in->kind == 4 ? 8 : 1) > in->file->size)
        return icl_raster_refuse(in->file, IMGCLS_BAD_INPUT,
                                 "truncated PNM: %zu bytes for %lld x %lld pixels",
                                 in->file->size, (long long)in->width,
                                 (long long)in->height);
    status = in->file->begin(in->file, (uint64_t)in->width, (uint64_t)in->height);
    if (status != IMGCLS_OK)
        return status;
    row = malloc((size_t)in->width * (size_t)samples);
    if (!row)
        return icl_raster_refuse(in->file, IMGCLS_NO_MEMORY, "no memory for a row");
    for (int64_t y = 0; status == IMGCLS_OK && y < in->height; y++) {
        if (bits ? read_bits(in, row) : read_levels(in, row, in->width * samples))
            in->file->row(in->file, (uint64_t)y, row, samples);
        else
            status = icl_raster_refuse(in->file, IMGCLS_BAD_INPUT,
                                       "truncated or broken PNM: row %lld of %lld",
                                       (long long)y, (long long)in->height);
    }
    free(row);
    return status;
}

imgcls_status icl_raster_read_pnm(struct icl_raster *file)
{
    struct reading in = {.file = file, .at = 2, .kind = file->bytes[1] - '0'};
    in.width = take_number(&in);
    in.height = take_number(&in);
    in.largest = in.kind == 1 || in.kind == 4 ? 1 : take_number(&in);
    if (in.width < 0 || in.height < 0 || in.largest < 1 || in.largest > 65535)
        return icl_raster_refuse(file, IMGCLS_BAD_INPUT,
                                 "broken PNM: width, height and a largest level of 1 to "
                                 "65535 are wanted");
    return read_rows(&in);
}
