/*
 * src/context/isa.c - which instruction sets kernels may use
 *
 * A set counts only where the CPU has it and the operating system saves its registers: CPUID
 * says the first, XGETBV the second (Intel SDM vol. 1, 13.3 and 14.3). IMGCLS_ISA masks from
 * above, so that one machine can test every level below its own. AMX needs a permission
 * besides (arch_prctl), which the kernel that uses it asks for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/context/context.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

#define LEVEL_AVX2 (IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX_VNNI)
#define LEVEL_AVX512                                                                           \
    (LEVEL_AVX2 | IMGCLS_ISA_AVX512 | IMGCLS_ISA_AVX512_VNNI | IMGCLS_ISA_AVX512_BF16 |         \
     IMGCLS_ISA_AMX_INT8 | IMGCLS_ISA_AMX_BF16)

#define LEVEL_NEON (IMGCLS_ISA_NEON | IMGCLS_ISA_NEON_DOTPROD | IMGCLS_ISA_NEON_BF16)

#if defined(__x86_64__) || defined(__i386__)

/* Registers that the operating system saves (XCR0). Only after CPUID said OSXSAVE. */
static uint64_t saved_registers(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool has(uint32_t word, unsigned bit)
{
    return word >> bit & 1;
}

static uint64_t offered(void)
{
    unsigned a, b, c, d, ext_b, ext_c, ext_d, more_a = 0, more_b, more_c, more_d;
    const uint64_t ymm = 0x6, zmm = 0xe6, tiles = 0x60000;
    uint64_t isa = 0;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !has(c, 27) /* OSXSAVE */)
        return 0;
    uint64_t saved = saved_registers();
    bool fma = has(c, 12), avx = has(c, 28), f16c = has(c, 29);
    if (!__get_cpuid_count(7, 0, &a, &ext_b, &ext_c, &ext_d))
        return 0;
    if (a >= 1 && !__get_cpuid_count(7, 1, &more_a, &more_b, &more_c, &more_d))
        more_a = 0;
    if (!avx || !fma || !f16c || !has(ext_b, 5) /* AVX2 */ || (saved & ymm) != ymm)
        return 0;
    isa |= IMGCLS_ISA_AVX2;
    if (has(more_a, 4))
        isa |= IMGCLS_ISA_AVX_VNNI;
    if ((saved & zmm) == zmm && has(ext_b, 16) /* F */ && has(ext_b, 17) /* DQ */ &&
        has(ext_b, 28) /* CD */ && has(ext_b, 30) /* BW */ && has(ext_b, 31) /* VL */) {
        isa |= IMGCLS_ISA_AVX512;
        if (has(ext_c, 11))
            isa |= IMGCLS_ISA_AVX512_VNNI;
        if (has(more_a, 5))
            isa |= IMGCLS_ISA_AVX512_BF16;
    }
    if ((saved & tiles) == tiles && has(ext_d, 24) /* AMX-TILE */) {
        if (has(ext_d, 25))
            isa |= IMGCLS_ISA_AMX_INT8;
        if (has(ext_d, 22))
            isa |= IMGCLS_ISA_AMX_BF16;
    }
    return isa;
}

#elif defined(__aarch64__)

/* Bits of the kernel's auxiliary vector (Linux Documentation/arch/arm64/elf_hwcaps.rst). */
static uint64_t offered(void)
{
    unsigned long words = getauxval(AT_HWCAP), more = getauxval(AT_HWCAP2);
    uint64_t isa = 0;
    if (words >> 1 & 1)
        isa |= IMGCLS_ISA_NEON;
    if (words >> 20 & 1)
        isa |= IMGCLS_ISA_NEON_DOTPROD;
    if (words >> 22 & 1)
        isa |= IMGCLS_ISA_SVE;
    if (more >> 14 & 1)
        isa |= IMGCLS_ISA_NEON_BF16;
    return isa;
}

#else

static uint64_t offered(void)
{
    return 0;
}

#endif

imgcls_status icl_cpu_isa(struct imgcls_context *ctx, uint64_t *isa)
{
    static const struct {
        const char *name;
        uint64_t needs, allows;
    } levels[] = {
        {"portable", 0, 0},
        {"avx2", IMGCLS_ISA_AVX2, LEVEL_AVX2},
        {"avx512", IMGCLS_ISA_AVX512, LEVEL_AVX512},
        {"neon", IMGCLS_ISA_NEON, LEVEL_NEON},
    };
    const char *wish = getenv("IMGCLS_ISA");
    uint64_t all = offered();
    *isa = all;
    if (!wish || !wish[0])
        return IMGCLS_OK;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(wish, levels[i].name))
            continue;
        if ((all & levels[i].needs) != levels[i].needs)
            return icl_fail(ctx, IMGCLS_BAD_INPUT, "IMGCLS_ISA: this machine has %s, not %s",
                            icl_isa_name(all), wish);
        *isa = all & levels[i].allows;
        return IMGCLS_OK;
    }
    return icl_fail(ctx, IMGCLS_BAD_INPUT,
                    "IMGCLS_ISA: '%s' is not one of portable, avx2, avx512, neon", wish);
}

const char *icl_isa_name(uint64_t isa)
{
    if (isa & IMGCLS_ISA_AVX512)
        return "avx512";
    if (isa & IMGCLS_ISA_AVX2)
        return "avx2";
    if (isa & IMGCLS_ISA_NEON)
        return "neon";
    return "portable";
}
