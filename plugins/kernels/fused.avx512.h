/*
 * plugins/kernels/fused.avx512.h - a multiply-add that spreads one of its operands itself
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FUSED_AVX512_H
#define FUSED_AVX512_H

#include <immintrin.h>

/* c + b times *w, which the instruction spreads over a vector: one that does nothing else takes turns
 * from the units that multiply, add and compare. */
static inline __attribute__((always_inline)) __m512 fused_avx512(const float *w, __m512 b, __m512 c)
{
    __asm__("vfmadd231ps %1%{1to16%}, %2, %0" : "+v"(c) : "m"(*w), "v"(b));
    return c;
}

#endif
