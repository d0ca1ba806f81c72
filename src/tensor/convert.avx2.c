/*
 * src/tensor/convert.avx2.c - float16 and float32 into one another by the F16C instructions
 *
 * The bits are those of convert.c, NaN's payload included. The rounding is in the
 * instruction, so that no mode of the CPU matters. (The level AVX2 asks for F16C too.)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/tensor/tensor.h"

#include <string.h>

#include <immintrin.h>

void icl_f16_to_f32_avx2(const unsigned char *from, unsigned char *to, size_t count)
{
    size_t i;
    for (i = 0; i + 8 <= count; i += 8) {
        __m128i half = _mm_loadu_si128((const __m128i *)(from + 2 * i));
        _mm256_storeu_ps((float *)(to + 4 * i), _mm256_cvtph_ps(half));
    }
    for (; i < count; i++) {
        uint16_t half;
        memcpy(&half, from + 2 * i, sizeof half);
        float single = icl_f16_to_f32(half);
        memcpy(to + 4 * i, &single, sizeof single);
    }
}

void icl_f32_to_f16_avx2(const unsigned char *from, unsigned char *to, size_t count)
{
    size_t i;
    for (i = 0; i + 8 <= count; i += 8) {
        __m256 single = _mm256_loadu_ps((const float *)(from + 4 * i));
        _mm_storeu_si128((__m128i *)(to + 2 * i),
                         _mm256_cvtps_ph(single, _MM_FROUND_TO_NEAREST_INT));
    }
    for (; i < count; i++) {
        float single;
        memcpy(&single, from + 4 * i, sizeof single);
        uint16_t half = icl_f32_to_f16(single);
        memcpy(to + 2 * i, &half, sizeof half);
    }
}
