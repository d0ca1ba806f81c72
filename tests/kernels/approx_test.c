/*
 * tests/kernels/approx_test.c - exp, tanh, sigmoid, erf: how far from the truth, and the
 * same bits eight at a time
 *
 * The truth is libm in double, rounded. The bounds are what was measured over these samples
 * (every 257th float of a range), plus a little: they guard against a coefficient mistyped.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/approx.h"

#include "tests/kernels/drawn.h"
#include "tests/kernels/lanes.h"

static double exact_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double exact_silu(double x)
{
    return x / (1 + exp(-x));
}

static double exact_gelu(double x)
{
    return x / 2 * erfc(-x * M_SQRT1_2);
}

static double exact_twice_normal(double x)
{
    return erfc(-x * M_SQRT1_2);
}

static double exact_gelu_tanh(double x)
{
    /* (1 + tanh u) / 2 = 1 / (1 + exp(-2 u)), without a difference of near-equal numbers */
    return x / (1 + exp(-2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

static const struct {
    const char *name;
    float (*near)(float x);
    double (*exact)(double x);
    int lanes;
    float low, high;
    double ulps;     /* relative, in units of 2^-24 */
    double absolute; /* what the result may be off besides */
} rows[] = {
    {"exp", exp_f32, exp, LANES_EXP, -87.3f, 88.72f, 3.2, 0},
    {"exp", exp_f32, exp, LANES_EXP, -104, -87.3f, 0, 0x1p-148},
    {"exp as a weight", exp_weight_f32, exp, LANES_EXP_WEIGHT, -20, 0, 2.5, 0},
    {"exp as a weight", exp_weight_f32, exp, LANES_EXP_WEIGHT, -87, -20, 6, 0},
    {"exp as a weight", exp_weight_f32, exp, LANES_EXP_WEIGHT, -120, -87, 0, 2e-38},
    {"sigmoid", sigmoid_f32, exact_sigmoid, LANES_SIGMOID, -87, 100, 5.5, 1e-38},
    {"silu", silu_f32, exact_silu, LANES_SILU, -87, 100, 6.5, 1e-36},
    {"silu by constants in memory", silu_f32, exact_silu, LANES_SILU_BY, -87, 100, 6.5, 1e-36},
    {"tanh", tanh_f32, tanh, LANES_TANH, -12, 12, 4, 0},
    {"gelu", gelu_f32, exact_gelu, LANES_GELU, 0, 12, 8, 1e-44},
    {"gelu", gelu_f32, exact_gelu, LANES_GELU, -1.4142f, 0, 8,
     1.2e-7}, /* 1 + erf cancels */
    {"gelu", gelu_f32, exact_gelu, LANES_GELU, -12, -1.4143f, 0, 1e-6},
    {"1 + erf", twice_normal_f32, exact_twice_normal, LANES_TWICE_NORMAL, -1.4142f, 12, 4,
     2e-7},
    {"1 + erf", twice_normal_f32, exact_twice_normal, LANES_TWICE_NORMAL, -12, -1.4143f, 0,
     4e-7},
    {"erf", erf_f32, erf, LANES_ERF, -12, 12, 6, 0x1p-148},
    {"gelu by tanh", gelu_tanh_f32, exact_gelu_tanh, LANES_GELU_TANH, -0.5f, 12, 8, 1e-44},
    {"gelu by tanh", gelu_tanh_f32, exact_gelu_tanh, LANES_GELU_TANH, -9, -0.5f, 250, 1e-36},
};

static void results_are_near_the_truth(void **state)
{
    const uint32_t step = 257u * (uint32_t)draw_share();
    size_t r;
    (void)state;
    for (r = 0; r < sizeof rows / sizeof *rows; r++) {
        double worst = 0;
        uint32_t bits;
        for (bits = 0; bits < 0x7f800000u; bits += step) {
            int sign;
            for (sign = 0; sign < 2; sign++) {
                uint32_t both = bits | (sign ? 0x80000000u : 0);
                double want, off;
                float x, is;
                memcpy(&x, &both, sizeof x);
                if (!(x >= rows[r].low && x <= rows[r].high))
                    continue;
                is = rows[r].near(x);
                want = rows[r].exact(x);
                off = fabs(is - want);
                if (off > rows[r].ulps * 0x1p-24 * fabs(want) + rows[r].absolute)
                    fail_msg("%s(%a) is %.9g, should be %.9g: %.2f of 2^-24 away",
                             rows[r].name, x, is, want, off / fabs(want) * 0x1p24);
                off = off <= rows[r].absolute
                          ? 0
                          : (off - rows[r].absolute) / fabs(want) * 0x1p24;
                worst = off > worst ? off : worst;
            }
        }
        print_message("%s on %g..%g: at most %.2f of 2^-24\n", rows[r].name, rows[r].low,
                      rows[r].high, worst);
    }
}

static void ends_of_the_range_are_kept(void **state)
{
    (void)state;
    assert_true(exp_f32(INFINITY) == INFINITY && exp_f32(89) == INFINITY);
    assert_true(exp_f32(-INFINITY) == 0 && exp_f32(-105) == 0 && exp_f32(0) == 1);
    assert_true(exp_weight_f32(-INFINITY) == 0 && exp_weight_f32(0) == 1);
    assert_true(isnan(exp_weight_f32(NAN)));
    assert_true(isnan(exp_f32(NAN)) && isnan(tanh_f32(NAN)) && isnan(gelu_f32(NAN)));
    assert_true(tanh_f32(INFINITY) == 1 && tanh_f32(-INFINITY) == -1);
    assert_true(sigmoid_f32(-INFINITY) == 0 && sigmoid_f32(INFINITY) == 1);
    assert_true(gelu_f32(100) == 100 && gelu_f32(-100) == 0);
    assert_true(tanh_f32(-0.0f) == 0);
}

static void lanes_have_the_scalar_bits(void **state)
{
    static const float odd[] = {0,      -0.0f,       INFINITY,   -INFINITY, NAN,
                                1e-40f, 88.7228394f, 89,         -103.9f,   -104,
                                0.625f, 1.4142136f,  -1.4142136f};
    const struct lanes *lanes = *state;
    const int all = draw_rounds(200000);
    size_t r;
    int i, j;
    if (!lanes->offered()) {
        print_message("skipped: this CPU or build lacks %s\n", lanes->name);
        skip();
    }
    draw_begin();
    for (r = 0; r < sizeof rows / sizeof *rows; r++)
        for (i = 0; i < all && lanes->functions[rows[r].lanes]; i++) {
            float x[LANES_MOST], is[LANES_MOST], want[LANES_MOST];
            int64_t where;
            for (j = 0; j < lanes->width; j++) {
                uint32_t bits = (uint32_t)(draw() >> 32);
                memcpy(&x[j], &bits, sizeof bits);
                if (i % 2)
                    x[j] = draw_float() * (i % 4 == 1 ? 12 : 110);
                if (i < 40)
                    x[j] = odd[(i + j) % (int)(sizeof odd / sizeof *odd)];
                want[j] = rows[r].near(x[j]);
            }
            lanes->functions[rows[r].lanes](x, is);
            if (!same_bits(is, want, lanes->width, &where))
                fail_msg("%s(%a): a lane of %s gives %a, the scalar %a", rows[r].name,
                         x[where], lanes->name, is[where], want[where]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_near_the_truth),
        cmocka_unit_test(ends_of_the_range_are_kept),
        cmocka_unit_test_prestate(lanes_have_the_scalar_bits, (void *)&lanes_avx2),
        cmocka_unit_test_prestate(lanes_have_the_scalar_bits, (void *)&lanes_avx512),
        cmocka_unit_test_prestate(lanes_have_the_scalar_bits, (void *)&lanes_neon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
