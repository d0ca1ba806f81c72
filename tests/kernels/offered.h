/*
 * tests/kernels/offered.h - which kernels this CPU can run
 *
 * Asks the compiler, not src/context/isa.c, so that one guards the other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_KERNELS_OFFERED_H
#define TESTS_KERNELS_OFFERED_H

#include <stdint.h>

#include <imgcls/plugin.h>

#define OFFERED_SETS (IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512 | IMGCLS_ISA_NEON)

/* isa: IMGCLS_ISA_ bits, all of which are needed; sets that are not named here are not there. */
static inline int offered(uint64_t isa)
{
    int all = !(isa & ~OFFERED_SETS);

#if defined(__x86_64__) || defined(__i386__)
    if (isa & IMGCLS_ISA_AVX2)
        all = all && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (isa & IMGCLS_ISA_AVX512)
        all = all && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    all = all && !(isa & (IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512));
#endif
#if !defined(__aarch64__)
    all = all && !(isa & IMGCLS_ISA_NEON);
#endif
    return all;
}

#endif
