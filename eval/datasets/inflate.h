/*
 * eval/datasets/inflate.h - compressed bytes within a file that is in memory already
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_INFLATE_H
#define ICL_INFLATE_H

#include <stddef.h>
#include <stdint.h>

/* zlib's form or gzip's. Own: free; NULL where the bytes are damaged or cut short, where they
 * become more than a set's file may have, or without memory. */
uint8_t *icl_inflate(const uint8_t *bytes, size_t size, size_t *inflated_size);

#endif
