/*
 * plugins/formats/onnx/text.c - which bytes are text, and which text may be a name
 *
 * Names end up in messages, JSON and file names: they are UTF-8 without control characters.
 * protobuf asks the first of writers, and no exporter does the second.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/reader.h"

/* Bytes of the character at the front (RFC 3629), 0 where there is none. */
static size_t character(struct onnx_span text)
{
    const unsigned char *b = text.bytes;
    size_t more = b[0] < 0x80 ? 0 : b[0] < 0xe0 ? 1 : b[0] < 0xf0 ? 2 : 3;
    if (more == 0)
        return 1;
    if (b[0] < 0xc2 || b[0] > 0xf4 || text.size <= more)
        return 0;
    for (size_t i = 1; i <= more; i++)
        if ((b[i] & 0xc0) != 0x80)
            return 0;
    /* too long a form, a surrogate, past U+10FFFF */
    if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
        (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
        return 0;
    return more + 1;
}

bool onnx_text_is_utf8(struct onnx_span text)
{
    while (text.size) {
        size_t taken = character(text);
        if (!taken)
            return false;
        text.bytes += taken;
        text.size -= taken;
    }
    return true;
}

bool onnx_text_is_name(struct onnx_span text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.bytes[i] < 0x20 || text.bytes[i] == 0x7f)
            return false;
    return onnx_text_is_utf8(text);
}
