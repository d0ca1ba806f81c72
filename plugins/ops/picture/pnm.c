/*
 * plugins/ops/picture/pnm.c - PBM, PGM and PPM, as text and as bytes
 *
 * After the pages pbm(5), pgm(5) and ppm(5) of Netpbm. Samples are scaled to 0..255.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "picture.h"

struct text {
    const struct encoded *file;
    size_t at;
    bool failed;
};

/* A number after blanks and comments; fails at the end and above a million. */
static int64_t next_number(struct text *text)
{
    const unsigned char *bytes = text->file->bytes;
    const size_t size = text->file->size;
    int64_t value = 0;
    bool any = false;
    while (text->at < size && (bytes[text->at] <= ' ' || bytes[text->at] == '#'))
        if (bytes[text->at] == '#')
            while (text->at < size && bytes[text->at] != '\n')
                text->at++;
        else
            text->at++;
    for (; text->at < size && bytes[text->at] >= '0' && bytes[text->at] <= '9'; any = true) {
        value = value * 10 + bytes[text->at++] - '0';
        if (value > 1000000)
            break;
    }
    text->failed = text->failed || !any || value > 1000000;
    return value;
}

/* Digits of a text bitmap may stand without blanks between. */
static int64_t next_bit(struct text *text)
{
    while (text->at < text->file->size && text->file->bytes[text->at] <= ' ')
        text->at++;
    if (text->at == text->file->size || (text->file->bytes[text->at] | 1) != '1') {
        text->failed = true;
        return 0;
    }
    return text->file->bytes[text->at++] - '0';
}

static int64_t next_sample(struct text *text, bool wide)
{
    const unsigned char *bytes = text->file->bytes + text->at;
    if (text->file->size - text->at < (wide ? 2u : 1u)) {
        text->failed = true;
        return 0;
    }
    text->at += wide ? 2 : 1;
    return wide ? bytes[0] << 8 | bytes[1] : bytes[0];
}

static void read_bits(struct text *text, struct picture *out)
{
    const size_t stride = ((size_t)out->width + 7) / 8, start = text->at;
    int64_t x, y;
    if (stride * (size_t)out->height > text->file->size - start) {
        text->failed = true;
        return;
    }
    for (y = 0; y < out->height; y++)
        for (x = 0; x < out->width; x++) {
            const unsigned char byte = text->file->bytes[start + (size_t)y * stride +
                                                         (size_t)x / 8];
            memset(out->pixels + 3 * (y * out->width + x), byte >> (7 - x % 8) & 1 ? 0 : 255,
                   3);
        }
}

imgcls_status picture_read_pnm(const struct encoded *file, struct picture *out)
{
    struct text text = {file, 2, false};
    const int kind = file->bytes[1] - '0';
    const bool bits = kind == 1 || kind == 4, colours = kind == 3 || kind == 6;
    const int64_t width = next_number(&text), height = next_number(&text);
    const int64_t most = bits ? 1 : next_number(&text);
    int64_t i, c;
    imgcls_status status;
    if (text.failed || most < 1 || most > 65535)
        return OP_FAIL(file->host, file->node, IMGCLS_BAD_INPUT, "PNM: the header is damaged");
    text.at += kind >= 4 && text.at < file->size; /* one blank, then bytes */
    status = picture_create(file, width, height, out);
    if (status == IMGCLS_OK && kind == 4)
        read_bits(&text, out);
    for (i = 0; status == IMGCLS_OK && kind != 4 && !text.failed && i < width * height; i++)
        for (c = 0; c < 3; c++) {
            unsigned char *to = out->pixels + 3 * i + c;
            if (c > 0 && !colours)
                *to = to[-1];
            else if (bits)
                *to = next_bit(&text) ? 0 : 255;
            else {
                const int64_t sample =
                    kind < 4 ? next_number(&text) : next_sample(&text, most > 255);
                *to = (unsigned char)((255 * (sample < most ? sample : most) + most / 2) /
                                      most);
            }
        }
    if (status == IMGCLS_OK && text.failed)
        status = OP_FAIL(file->host, file->node, IMGCLS_BAD_INPUT,
                         "PNM: the file ends within %lld x %lld pixels", (long long)width,
                         (long long)height);
    return status;
}
