/*
 * eval/pictures/pnm.c - PGM and PPM in their binary forms: what records of a set come as
 *
 * Three numbers in text (width, height, largest level), one white space, then levels of one
 * byte. A largest level below 255 is
 * stretched to it; one above, of two bytes, is refused by name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/decoder.h"

#include <stdlib.h>

/* The next number of the head; -1 where there is none. Comments run to the end of a line.
 */
static int64_t take_number(const struct decoding *in, size_t *at)
{
    int64_t value = 0;
    bool any = false;
    while (*at < in->size) {
        unsigned char c = in->bytes[*at];
        if (c == '#' && !any)
            while (*at < in->size && in->bytes[*at] != '\n')
                (*at)++;
        else if (c >= '0' && c <= '9' && value < INT32_MAX)
            value = value * 10 + (c - '0');
        else if (any || (c != ' ' && c != '\n' && c != '\r' && c != '\t'))
            break;
        any = any || (c >= '0' && c <= '9');
        (*at)++;
    }
    return any ? value : -1;
}

imgcls_status icl_decode_pnm(struct decoding *in)
{
    size_t at = 2, step, row_bytes, x;
    int components = in->bytes[1] == '6' ? 3 : 1;
    int64_t width = take_number(in, &at), height = take_number(in, &at);
    int64_t largest = take_number(in, &at);
    imgcls_status status;
    uint8_t *row;
    int32_t y;
    if (width < 0 || height < 0 || largest < 1 || largest > 255 || at >= in->size)
        return icl_decoder_refuse(
            in, IMGCLS_BAD_INPUT,
            "broken PNM: width, height and a largest level of 1 to 255 "
            "are wanted");
    at++; /* one white space */
    status = icl_decoder_begin(in, (uint64_t)width, (uint64_t)height);
    if (status != IMGCLS_OK)
        return status;
    step = (size_t)components;
    row_bytes = (size_t)width * step;
    if ((in->size - at) / row_bytes < (size_t)height)
        return icl_decoder_refuse(in, IMGCLS_BAD_INPUT, "truncated PNM");
    row = malloc(row_bytes);
    if (!row)
        return icl_decoder_refuse(in, IMGCLS_NO_MEMORY, "no memory for a row of pixels");
    for (y = 0; y < height; y++, at += row_bytes) {
        for (x = 0; x < row_bytes; x++) {
            int64_t level = in->bytes[at + x] > largest ? largest : in->bytes[at + x];
            row[x] =
                (uint8_t)(largest == 255 ? level : (level * 255 + largest / 2) / largest);
        }
        icl_decoder_row(in, y, row, components);
    }
    free(row);
    return IMGCLS_OK;
}
