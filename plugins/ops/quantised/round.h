/*
 * plugins/ops/quantised/round.h - from a real number to an integer type that saturates
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_QUANTISED_ROUND_H
#define OPS_QUANTISED_ROUND_H

#include <math.h>

#include "plugins/ops/op.h"

/* Smallest and largest number of an integer type of at most 16 bits; false for others. */
static inline bool round_range(int32_t type, double *least, double *most)
{
    static const struct {
        int32_t type;
        double least, most;
    } ranges[] = {
        {IMGCLS_U8, 0, 255},      {IMGCLS_I8, -128, 127}, {IMGCLS_U16, 0, 65535},
        {IMGCLS_I16, -32768, 32767}, {IMGCLS_U4, 0, 15},  {IMGCLS_I4, -8, 7},
        {IMGCLS_U2, 0, 3},        {IMGCLS_I2, -2, 1},
    };
    size_t i;
    for (i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (ranges[i].type == type) {
            *least = ranges[i].least;
            *most = ranges[i].most;
            return true;
        }
    return false;
}

/* Nearest, ties to even, then the zero point, then the range. NaN gives the zero point. */
static inline double round_into(double value, double zero, double least, double most)
{
    const double shifted = (isnan(value) ? 0 : rint(value)) + zero;
    return shifted < least ? least : shifted > most ? most : shifted;
}

#endif
