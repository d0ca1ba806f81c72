/*
 * tests/kernels/rows_test.c - softmax and layer normalisation: portable against double,
 * other kernels against portable bit by bit; fused multiply-add against fma()
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/rows.h"

#include <imgcls/plugin.h>

#include "plugins/kernels/fused.h"
#include "tests/kernels/drawn.h"
#include "tests/kernels/offered.h"

struct softmax_entry {
    const char *name;
    uint64_t isa;
    softmax_kernel *run;
};
struct layernorm_entry {
    const char *name;
    uint64_t isa;
    layernorm_kernel *run;
};
#define ENTRY(function, set) {#function, set, function},
static const struct softmax_entry softmaxes[] = {SOFTMAX_FAMILY(ENTRY)};
static const struct layernorm_entry layernorms[] = {LAYERNORM_FAMILY(ENTRY)};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const int64_t lengths[] = {1,  2,  7,  8,   9,   15,  16,  17,
                                  31, 33, 97, 197, 384, 768, 1000};

/* The portable row against double, with the bound n * eps on the sum. */
static void softmax_is_true(const float *x, const float *y, int64_t n, int64_t stride,
                            int32_t logarithm)
{
    double most = -INFINITY, sum = 0, want;
    int64_t i;

    for (i = 0; i < n; i++)
        most = x[i * stride] > most ? x[i * stride] : most;
    for (i = 0; i < n; i++)
        sum += exp(x[i * stride] - most);
    for (i = 0; i < n; i++) {
        want = exp(x[i * stride] - most) / sum;
        if (logarithm)
            want = x[i * stride] - most - log(sum);
        if (fabs(y[i * stride] - want) >
            ((double)n / 16 + 16 + fabs(x[i * stride] - most)) * 0x1p-24 *
                    (logarithm ? 1 + fabs(want) : want) +
                1e-44)
            fail_msg("n %lld, element %lld: %.9g, should be %.9g", (long long)n,
                     (long long)i, y[i * stride], want);
    }
}

static void softmax_rows_agree(void **state)
{
    size_t l, e;
    int stride, round;
    int32_t logarithm;
    (void)state;
    draw_begin();
    for (l = 0; l < COUNT(lengths); l++)
        for (stride = 1; stride <= 3; stride += 2)
            for (logarithm = 0; logarithm <= 1; logarithm++)
                for (round = 0; round < 3; round++) {
                    int64_t n = lengths[l], count = (n - 1) * stride + 1, i, where;
                    float *x = guarded_drawn(count), *want = between_canaries(count);
                    for (i = 0; i < count; i++)
                        x[i] *= round == 0 ? 1 : round == 1 ? 30 : 200;
                    softmax_f32_portable(x, want, n, stride, logarithm);
                    softmax_is_true(x, want, n, stride, logarithm);
                    if (round == 2 && n > 2) { /* what has no number: infinities, NaN */
                        x[0] = -INFINITY;
                        x[(n - 1) * stride] = l % 2 ? NAN : -INFINITY;
                        softmax_f32_portable(x, want, n, stride, logarithm);
                    }
                    for (e = 1; e < COUNT(softmaxes); e++) {
                        float *got = between_canaries(count);
                        if (!offered(softmaxes[e].isa)) {
                            print_message("skipped %s\n", softmaxes[e].name);
                            canary_free(got, count);
                            continue;
                        }
                        softmaxes[e].run(x, got, n, stride, logarithm);
                        if (!same_bits(got, want, count, &where))
                            fail_msg(
                                "%s, n %lld, stride %d: element %lld is %a, portable %a",
                                softmaxes[e].name, (long long)n, stride, (long long)where,
                                got[where], want[where]);
                        memcpy(got, x, (size_t)count * sizeof *got); /* in place */
                        softmaxes[e].run(got, got, n, stride, logarithm);
                        for (i = 0; i < n; i++)
                            assert_true(
                                same_bits(got + i * stride, want + i * stride, 1, &where));
                        canary_free(got, count);
                    }
                    guarded_free(x, count);
                    canary_free(want, count);
                }
}

static void layernorm_rows_agree(void **state)
{
    size_t l, e;
    int variant;
    (void)state;
    draw_begin();
    for (l = 0; l < COUNT(lengths); l++)
        for (variant = 0; variant < 8; variant++) {
            int64_t n = lengths[l], i, where;
            float *x = guarded_drawn(n), *scale = guarded_drawn(n),
                  *bias = guarded_drawn(n);
            float *want = between_canaries(n), *got = between_canaries(n);
            float mean[2], inverse[2];
            double middle = 0, square = 0;
            struct layernorm_row row = {
                .n = n, .centre = variant & 1, .epsilon = 1e-5, .scale = scale};
            row.bias = variant & 2 ? bias : NULL;
            for (i = 0; i < n && variant & 4; i++)
                x[i] += 100; /* a mean far from zero */
            layernorm_f32_portable(&row, x, want, &mean[0], &inverse[0]);
            for (i = 0; i < n; i++)
                middle += row.centre ? (double)x[i] / (double)n : 0;
            for (i = 0; i < n; i++)
                square += (x[i] - middle) * (x[i] - middle) / (double)n;
            for (i = 0; i < n; i++) {
                /* the mean is off by about n / 16 roundings of 100; the rest is relative */
                double factor = 1 / sqrt(square + 1e-5);
                double value =
                    (x[i] - middle) * factor * scale[i] + (row.bias ? bias[i] : 0);
                double bound = ((double)n / 16 + 24) * 0x1p-24 *
                               (fabs(value) + 1 + (fabs(x[i]) + fabs(middle)) * factor);
                if (!(fabs(want[i] - value) <= bound))
                    fail_msg("n %lld, variant %d: element %lld is %.9g, should be %.9g",
                             (long long)n, variant, (long long)i, want[i], value);
            }
            for (e = 1; e < COUNT(layernorms); e++) {
                if (!offered(layernorms[e].isa)) {
                    print_message("skipped %s\n", layernorms[e].name);
                    continue;
                }
                layernorms[e].run(&row, x, got, &mean[1], &inverse[1]);
                if (!same_bits(got, want, n, &where) ||
                    !same_bits(&mean[0], &mean[1], 1, &where) ||
                    !same_bits(&inverse[0], &inverse[1], 1, &where))
                    fail_msg("%s, n %lld, variant %d: not the portable bits",
                             layernorms[e].name, (long long)n, variant);
                layernorms[e].run(&row, x, got, NULL, NULL);
                assert_true(same_bits(got, want, n, &where));
            }
            guarded_free(x, n);
            guarded_free(scale, n);
            guarded_free(bias, n);
            canary_free(want, n);
            canary_free(got, n);
        }
}

/* fused_f32 against the C library's fmaf, which rounds once by definition. */
static void fused_rounds_once(void **state)
{
    const int all = draw_rounds(3000000);
    int i;
    (void)state;
    draw_begin();
    for (i = 0; i < all; i++) {
        float v[3], is, want;
        int64_t where;
        int j;
        for (j = 0; j < 3; j++) {
            uint32_t bits = (uint32_t)(draw() >> 32);
            memcpy(&v[j], &bits, sizeof bits);
        }
        if (i % 2) /* of sizes that meet */
            v[2] = (float)((double)v[0] * v[1] *
                           (draw_float() * pow(2, draw_between(-30, 30))));
        if (i % 5 == 0)
            v[2] = -v[0] * v[1];
        is = fused_f32(v[0], v[1], v[2]);
        want = fmaf(v[0], v[1], v[2]);
        if (!same_bits(&is, &want, 1, &where))
            fail_msg("%a * %a + %a is %a, should be %a", v[0], v[1], v[2], is, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_rows_agree),
        cmocka_unit_test(layernorm_rows_agree),
        cmocka_unit_test(fused_rounds_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
