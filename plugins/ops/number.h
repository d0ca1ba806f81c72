/*
 * plugins/ops/number.h - elements of any numeric type, read and written in blocks
 *
 * Floating-point elements pass through double, which holds all of their types exactly, and
 * integers (bool among them) through int64_t, whose bits are also those of uint64_t; a
 * conversion therefore rounds once. Blocks keep the choice of type out of the loops.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_NUMBER_H
#define OPS_NUMBER_H

#include "op.h"

/* How values that a narrow floating-point type cannot hold come out. */
#define NUMBER_SATURATE 1 /* largest finite number; else infinity or NaN */
#define NUMBER_UP       2 /* float8e8m0: away from zero */
#define NUMBER_DOWN     4 /* float8e8m0: towards zero; neither: nearest, ties up */

bool number_is_real(int32_t type);
bool number_is_whole(int32_t type);

/* Elements [begin, begin + count) of the row-major array at data; types as the two
 * questions above say. Packed types are low bits first. */
void number_read_reals(int32_t type, const void *data, int64_t begin, int64_t count,
                       double *out);
void number_read_wholes(int32_t type, const void *data, int64_t begin, int64_t count,
                        int64_t *out);
/* Writes to any numeric type. Reals become integers by truncation, then their low bits
 * (past int64's or uint64's range: the nearest end; NaN: 0). */
void number_write_reals(int32_t type, void *data, int64_t begin, int64_t count,
                        const double *in, int flags);
/* is_u64: the int64_t are the bits of uint64_t. */
void number_write_wholes(int32_t type, void *data, int64_t begin, int64_t count,
                         const int64_t *in, bool is_u64, int flags);

#endif
