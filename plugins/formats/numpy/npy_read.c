/*
 * plugins/formats/numpy/npy_read.c - a .npy file as a value
 *
 * Elements become row-major and little-endian; text becomes UTF-8.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/numpy/npy.h"

#include <string.h>

/* Swaps the bytes of numbers; of complex ones each half. */
static void swap(const struct npy_header *header, unsigned char *element)
{
    bool pair = header->type == IMGCLS_C64 || header->type == IMGCLS_C128;
    size_t width = pair ? header->width / 2 : header->width;
    for (size_t at = 0; at < header->width; at += width) {
        for (size_t i = 0; i < width / 2; i++) {
            unsigned char byte = element[at + i];
            element[at + i] = element[at + width - 1 - i];
            element[at + width - 1 - i] = byte;
        }
    }
}

static size_t utf8(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(lead[more] | code >> (6 * more));
    for (size_t i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (code >> (6 * (more - i)) & 0x3f));
    return more + 1;
}

static imgcls_status set_text(const struct imgcls_host *host,
                              const struct imgcls_source *source,
                              const struct npy_header *header, const unsigned char *element,
                              char *room, struct imgcls_value *value, size_t index)
{
    size_t used = 0;
    if (header->form == NPY_BYTES) {
        size_t length = header->width;
        while (length > 0 && !element[length - 1])
            length--;
        return host->value_set_string(host, value, index, (const char *)element, length);
    }
    size_t length = header->width / 4;
    uint32_t code;
    for (; length > 0; length--) { /* NULs at the end are padding */
        memcpy(&code, element + 4 * (length - 1), sizeof code);
        if (code)
            break;
    }
    for (size_t i = 0; i < length; i++) {
        memcpy(&code, element + 4 * i, sizeof code);
        code = header->swapped ? __builtin_bswap32(code) : code;
        if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return host->fail(host, IMGCLS_BAD_INPUT,
                              "%s: text with U+%X, which is no character", source->path,
                              (unsigned)code);
        used += utf8(code, room + used);
    }
    return host->value_set_string(host, value, index, room, used);
}

/* Position in the file of element `index` (row-major) of an array with the first index
 * fastest. */
static size_t fortran_position(const struct npy_header *header, size_t index)
{
    size_t position = 0, stride = header->count;
    for (int32_t d = header->rank; d-- > 0;) {
        size_t dim = (size_t)header->dims[d];
        stride /= dim;
        position += index % dim * stride;
        index /= dim;
    }
    return position;
}

static imgcls_status copy_elements(const struct imgcls_host *host,
                                   const struct imgcls_source *source,
                                   const struct npy_header *header,
                                   struct imgcls_value *value)
{
    const unsigned char *data = source->bytes + header->data_offset;
    unsigned char *out = value->tensor->data;
    if (header->form == NPY_PLAIN && !header->swapped && !header->fortran) {
        if (header->count)
            memcpy(out, data, header->count * header->width);
        return IMGCLS_OK;
    }
    char *room = header->form == NPY_UNICODE ? host->alloc(host, 1, header->width) : NULL;
    if (header->form == NPY_UNICODE && !room)
        return IMGCLS_NO_MEMORY;
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < header->count && status == IMGCLS_OK; i++) {
        size_t from = header->fortran ? fortran_position(header, i) : i;
        const unsigned char *element = data + from * header->width;
        if (header->form != NPY_PLAIN) {
            status = set_text(host, source, header, element, room, value, i);
            continue;
        }
        memcpy(out + i * header->width, element, header->width);
        if (header->swapped)
            swap(header, out + i * header->width);
    }
    host->release(host, room);
    return status;
}

imgcls_status npy_read(const struct imgcls_host *host, const struct imgcls_source *source,
                       struct imgcls_value **out)
{
    struct npy_header header;
    struct imgcls_value *value = NULL;
    *out = NULL;
    imgcls_status status = npy_header_read(host, source, &header);
    if (status == IMGCLS_OK)
        status = host->value_tensor(host, header.type, header.rank, header.dims, &value);
    if (status != IMGCLS_OK)
        return status;
    status = copy_elements(host, source, &header, value);
    if (status != IMGCLS_OK) {
        host->value_release(host, value);
        return status;
    }
    *out = value;
    return IMGCLS_OK;
}
