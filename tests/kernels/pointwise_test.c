/*
 * tests/kernels/pointwise_test.c - functions of one number over many: every length and place
 * gives the bits of the portable kernel, in place too
 *
 * How near to the truth they are is approx_test.c's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/pointwise.h"

#include <imgcls/plugin.h>

#include "tests/kernels/drawn.h"

static const struct {
    const char *name;
    uint64_t isa;
    pointwise_kernel *portable, *run;
} kernels[] = {
#if BUILD_AVX2
#define FUNCTION(name, function)                                                           \
    {"pointwise_" #name "_avx2", IMGCLS_ISA_AVX2, pointwise_##name##_portable,             \
     pointwise_##name##_avx2},
    POINTWISE_FUNCTIONS(FUNCTION)
#undef FUNCTION
#endif
#if BUILD_AVX512
#define FUNCTION(name, function)                                                           \
    {"pointwise_" #name "_avx512", IMGCLS_ISA_AVX512, pointwise_##name##_portable,         \
     pointwise_##name##_avx512},
    POINTWISE_FUNCTIONS(FUNCTION)
#undef FUNCTION
#endif
#define FUNCTION(name, function)                                                           \
    {"pointwise_" #name "_portable", 0, pointwise_##name##_portable,                       \
     pointwise_##name##_portable},
        POINTWISE_FUNCTIONS(FUNCTION)
};

static int offered(uint64_t isa)
{
#if BUILD_AVX2
    if (isa & IMGCLS_ISA_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (isa & IMGCLS_ISA_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
#endif
    return isa == 0;
}

static void kernels_agree(void **state)
{
    static const float odd[] = {0,      -0.0f,       INFINITY, -INFINITY, NAN,   1e-40f,
                                -1e-40f, 88.7228394f, 89,       -103.9f,   -104,  0.625f,
                                0.9999999f, 1, 1.4142136f, -1.4142136f, 1e30f, -1e30f};
    const int64_t odds = sizeof odd / sizeof *odd;
    size_t k;
    (void)state;
    draw_begin();
    for (k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        int64_t n, i, where;
        if (!offered(kernels[k].isa)) {
            print_message("skipped %s\n", kernels[k].name);
            continue;
        }
        for (n = 0; n < 120; n++) {
            float *x = guarded(n), *want = between_canaries(n), *got = between_canaries(n);
            for (i = 0; i < n; i++)
                x[i] = draw_between(0, 9) ? draw_float() * 12
                                          : odd[draw_between(0, odds - 1)];
            kernels[k].portable(x, want, n);
            kernels[k].run(x, got, n);
            if (!same_bits(got, want, n, &where))
                fail_msg("%s, %lld numbers: of %a %a, portable %a", kernels[k].name,
                         (long long)n, x[where], got[where], want[where]);
            kernels[k].run(x, x, n); /* in place */
            assert_true(same_bits(x, want, n, &where));
            guarded_free(x, n);
            canary_free(want, n);
            canary_free(got, n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
