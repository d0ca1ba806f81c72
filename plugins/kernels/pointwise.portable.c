/*
 * plugins/kernels/pointwise.portable.c - functions of one number, the reference
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/pointwise.h"

#include "plugins/kernels/approx.h"

#define FUNCTION(name, function)                                                           \
    void pointwise_##name##_portable(const float *x, float *y, int64_t n)                  \
    {                                                                                      \
        int64_t i;                                                                         \
        for (i = 0; i < n; i++)                                                            \
            y[i] = function(x[i]);                                                         \
    }
POINTWISE_FUNCTIONS(FUNCTION)
