/*
 * plugins/kernels/pointwise.body.h - functions of one number over vectors of sixteen lanes
 *
 * Included by pointwise.avx2.c and pointwise.avx512.c behind lanes16.*.h; they define
 * POINTWISE(name), the name of a kernel of their set.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

#define FUNCTION(name, function)                                                           \
    void POINTWISE(name)(const float *x, float *y, int64_t n)                              \
    {                                                                                      \
        int64_t i;                                                                         \
        for (i = 0; i + 16 <= n; i += 16)                                                  \
            store16(y + i, name##16(load16(x + i)));                                       \
        if (i < n)                                                                         \
            store_part16(y + i, name##16(part16(x + i, n - i)), n - i);                    \
    }
POINTWISE_FUNCTIONS(FUNCTION)
