/*
 * src/registry/bytes.h - numbers and texts packed into bytes, and read back without trust
 *
 * One packing for two uses: what a scanning child reports over its pipe, and the cache
 * file. Numbers are little-endian; a text is its length (u32), its bytes and a NUL, so that
 * a reader may point into the packed bytes. A writer or reader that failed stays failed and
 * gives zeros and "", so that callers check once at the end.
 *
 * Also here: the shelf, memory that lives as long as the registry.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REGISTRY_BYTES_H
#define ICL_REGISTRY_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest text in a descriptor or a report, in bytes. */
#define ICL_TEXT_MAX 4096

struct icl_packer {
    unsigned char *bytes; /* own: icl_packer_clear */
    size_t size, capacity;
    size_t limit; /* packing past it fails */
    bool failed;
};

void icl_pack_u32(struct icl_packer *packer, uint32_t value);
void icl_pack_u64(struct icl_packer *packer, uint64_t value);
void icl_pack_text(struct icl_packer *packer, const char *text);
void icl_pack_bytes(struct icl_packer *packer, const void *bytes, size_t size);
void icl_packer_clear(struct icl_packer *packer);

struct icl_unpacker {
    const unsigned char *at, *end;
    bool failed;
};

uint32_t icl_unpack_u32(struct icl_unpacker *unpacker);
uint64_t icl_unpack_u64(struct icl_unpacker *unpacker);
/* Borrowed from the packed bytes. Fails on a text past ICL_TEXT_MAX or with a NUL inside.
 */
const char *icl_unpack_text(struct icl_unpacker *unpacker);
/* `size` bytes, borrowed; NULL after failure. */
const unsigned char *icl_unpack_bytes(struct icl_unpacker *unpacker, size_t size);
/* A number of items of at least `item_bytes` packed bytes each; fails above `most` and
 * where the bytes left could not hold them. */
uint32_t icl_unpack_count(struct icl_unpacker *unpacker, uint32_t most, size_t item_bytes);

/* Memory freed all at once. */
struct icl_shelf {
    struct icl_shelf_chunk *chunks;
};

/* count * size zeroed bytes; NULL where that overflows or memory is out. Never 0 bytes. */
void *icl_shelf_take(struct icl_shelf *shelf, size_t count, size_t size);
char *icl_shelf_text(struct icl_shelf *shelf, const char *text);
char *icl_shelf_format(struct icl_shelf *shelf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void icl_shelf_clear(struct icl_shelf *shelf);

#endif
