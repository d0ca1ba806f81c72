/*
 * plugins/kernels/cl_part.body.h - a vector of channels, or what is left of one
 *
 * Included once a set, after its lanes.*.h, by bodies over channels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdbool.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Whole vectors as such: masked stores are slow on many CPUs, microcode on some. */
ALWAYS_INLINE lanes load(const float *from, const bool whole, lane_mask mask)
{
    return whole ? lanes_load(from) : lanes_load_part(from, mask);
}

ALWAYS_INLINE void store(float *to, const bool whole, lane_mask mask, lanes x)
{
    if (whole)
        lanes_store(to, x);
    else
        lanes_store_part(to, mask, x);
}
