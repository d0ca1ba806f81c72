/*
 * tests/context/isa_test.c - instruction sets as the kernel reports them, masked from above
 *
 * The reference is the flags line of /proc/cpuinfo, which Linux writes by its own reading of
 * CPUID and XCR0.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/context/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    struct imgcls_context *ctx;
    unsetenv("IMGCLS_ISA");
    if (imgcls_context_create(NULL, &ctx))
        return -1;
    *state = ctx;
    return 0;
}

static int teardown(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

/* True where every word stands in the flags line. */
static bool kernel_has(const char *flags, const char *const *words)
{
    char padded[64];
    for (; *words; words++) {
        snprintf(padded, sizeof padded, " %s ", *words);
        if (!strstr(flags, padded))
            return false;
    }
    return true;
}

static void bits_are_what_the_kernel_says(void **state)
{
    struct imgcls_context *ctx = *state;
    static const struct {
        uint64_t bit;
        const char *const words[6];
    } rows[] = {
        {IMGCLS_ISA_AVX2, {"avx2", "fma", "f16c"}},
        {IMGCLS_ISA_AVX512, {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"}},
        {IMGCLS_ISA_AVX512_VNNI, {"avx512_vnni", "avx512f"}},
        {IMGCLS_ISA_AVX512_BF16, {"avx512_bf16", "avx512f"}},
        {IMGCLS_ISA_AVX_VNNI, {"avx_vnni"}},
        {IMGCLS_ISA_AMX_INT8, {"amx_int8"}},
        {IMGCLS_ISA_AMX_BF16, {"amx_bf16"}},
    };
    char line[16384] = "";
    uint64_t isa;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(line, sizeof line, file) && strncmp(line, "flags", 5))
        ;
    if (file)
        fclose(file);
    if (strncmp(line, "flags", 5)) {
        print_message("skipped: /proc/cpuinfo has no flags line here\n");
        skip();
    }
    line[strcspn(line, "\n")] = ' ';
    assert_int_equal(icl_cpu_isa(ctx, &isa), IMGCLS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (((isa & rows[i].bit) != 0) != kernel_has(line, rows[i].words))
            fail_msg("%s: the kernel and isa.c disagree", rows[i].words[0]);
}

static void variable_masks_from_above(void **state)
{
    struct imgcls_context *ctx = *state;
    uint64_t all, isa;
    assert_int_equal(icl_cpu_isa(ctx, &all), IMGCLS_OK);
    setenv("IMGCLS_ISA", "portable", 1);
    assert_int_equal(icl_cpu_isa(ctx, &isa), IMGCLS_OK);
    assert_int_equal(isa, 0);
    setenv("IMGCLS_ISA", "", 1);
    assert_int_equal(icl_cpu_isa(ctx, &isa), IMGCLS_OK);
    assert_int_equal(isa, all);
    setenv("IMGCLS_ISA", "avx2", 1);
    if (all & IMGCLS_ISA_AVX2) {
        assert_int_equal(icl_cpu_isa(ctx, &isa), IMGCLS_OK);
        assert_int_equal(isa, all & (IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX_VNNI));
    } else {
        assert_int_equal(icl_cpu_isa(ctx, &isa), IMGCLS_BAD_INPUT);
    }
    setenv("IMGCLS_ISA", "avx512", 1);
    assert_int_equal(icl_cpu_isa(ctx, &isa),
                     all & IMGCLS_ISA_AVX512 ? IMGCLS_OK : IMGCLS_BAD_INPUT);
    icl_forgive(ctx);
    setenv("IMGCLS_ISA", "neon", 1);
    if (all & IMGCLS_ISA_NEON) {
        assert_int_equal(icl_cpu_isa(ctx, &isa), IMGCLS_OK);
        assert_int_equal(isa & (IMGCLS_ISA_NEON | IMGCLS_ISA_SVE), IMGCLS_ISA_NEON);
    } else {
        assert_int_equal(icl_cpu_isa(ctx, &isa), IMGCLS_BAD_INPUT);
        assert_non_null(strstr(imgcls_error(ctx), ", not neon"));
    }
    icl_forgive(ctx);
    setenv("IMGCLS_ISA", "AVX2", 1);
    assert_int_equal(icl_cpu_isa(ctx, &isa), IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(ctx),
                        "IMGCLS_ISA: 'AVX2' is not one of portable, avx2, avx512, neon");
    unsetenv("IMGCLS_ISA");
}

static void names_say_the_level(void **state)
{
    (void)state;
    assert_string_equal(icl_isa_name(0), "portable");
    assert_string_equal(icl_isa_name(IMGCLS_ISA_AVX2), "avx2");
    assert_string_equal(icl_isa_name(IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512), "avx512");
    assert_string_equal(icl_isa_name(IMGCLS_ISA_NEON), "neon");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bits_are_what_the_kernel_says, setup, teardown),
        cmocka_unit_test_setup_teardown(variable_masks_from_above, setup, teardown),
        cmocka_unit_test(names_say_the_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
