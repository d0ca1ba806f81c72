/*
 * plugins/kernels/panels.h - matrices rearranged into panels, once, when a plan is made
 *
 * A panel is `panel` neighbouring columns of a matrix B [k, n], row after row; columns past n are
 * zeros. Numbers are moved, none is computed. Blocks of a cache line of one column by a cache
 * line of one row go through registers, so that neither side is walked with gaps; what is
 * large is written past the caches, which hold it no longer when it is read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_PANELS_H
#define KERNELS_PANELS_H

#include <stdint.h>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#define PANELS_BLOCK 16 /* floats of a cache line */

/* Panels of B whose rows lie b_row floats apart. to: round_up(n, panel) * k floats. */
void panels_of_rows(const float *b, int64_t b_row, int64_t k, int64_t n, int64_t panel,
                    float *to);

/* Panels of B whose columns lie `step` floats apart, channels * taps floats each in the order
 * (channel, tap), as weights of convolutions do; rows of B come in the order (tap, channel). */
void panels_of_columns(const float *w, int64_t step, int64_t channels, int64_t taps, int64_t n,
                       int64_t panel, float *to);

/* `count` <= 16 floats of each of `columns` <= 16 columns, `step` apart: to[i][j] is float i of
 * column j, 0 for the columns that there are not. */
void panels_turn(const float *from, int64_t step, int64_t columns, int64_t count,
                 float to[][PANELS_BLOCK]);

/* True where so many floats are better written past the caches. */
static inline int panels_stream(int64_t floats)
{
    return floats >= 256 * 1024;
}

/* A cache line's floats, from anywhere, to a multiple of its size. */
static inline void panels_put(float *to, const float *from, int past_caches)
{
    int i;

#if defined(__SSE__)
    if (past_caches) {
        for (i = 0; i < PANELS_BLOCK; i += 4)
            _mm_stream_ps(to + i, _mm_loadu_ps(from + i));
        return;
    }
#endif
    (void)past_caches;
    for (i = 0; i < PANELS_BLOCK; i++)
        to[i] = from[i];
}

/* After the last panels_put past the caches: other threads may read. */
static inline void panels_done(int past_caches)
{
#if defined(__SSE__)
    if (past_caches)
        _mm_sfence();
#endif
    (void)past_caches;
}

#endif
