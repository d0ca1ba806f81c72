/*
 * plugins/kernels/peak/peak.h - the service imgcls.peak: fused multiply-adds per second
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_PEAK_H
#define KERNELS_PEAK_H

#include <stddef.h>
#include <stdint.h>

#define IMGCLS_PEAK_NAME    "imgcls.peak"
#define IMGCLS_PEAK_VERSION 1

struct imgcls_peak_service {
    size_t struct_size;
    /* Float32 operations per second of one thread that does nothing but fused multiply-adds
     * for about `seconds`, with the widest of the instruction sets in `isa` (IMGCLS_ISA_
     * bits); 0 where none of them is compiled in. Two operations a multiply-add.
     * Thread-safe. */
    double (*flops_per_second)(uint64_t isa, double seconds);
};

/* `rounds` rounds of PEAK_CHAINS independent chains of vector multiply-adds; returns a
 * number that depends on all of them. */
#define PEAK_CHAINS 12
float peak_fma_avx2(int64_t rounds);
float peak_fma_avx512(int64_t rounds);
float peak_fma_neon(int64_t rounds);

#endif
