/*
 * tests/pictures/planes_test.c - vectorised planes have the bits of dividing each pixel in turn
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/planes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 600 /* more than twice all bytes, no multiple of eight */

struct case_of {
    int32_t range;
    float mean[3], std[3];
};

static const struct case_of cases[] = {
    {1, {0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}}, /* ImageNet's */
    {1, {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}},             /* Inception's */
    {1, {0, 0, 0}, {1, 1, 1}},
    {255, {123.675f, 116.28f, 103.53f}, {58.395f, 57.12f, 57.375f}},
    {255, {104, 117, 123}, {1, 1, 1}},
    {1, {0.1307f, 0.1307f, 0.1307f}, {0.3081f, 0.3081f, 0.3081f}},
    {1, {-0.25f, 0, 2}, {-3, 1e-3f, 1e20f}},
    {1, {0.5f, 0.5f, 0.5f}, {0, 1e-42f, 3e38f}}, /* by zero, by what has no reciprocal */
};

/* What torchvision does, pixel by pixel. volatile: each result is rounded to float32. */
static float by_hand(const struct case_of *of, size_t c, uint8_t byte)
{
    volatile float x = byte;
    if (of->range == 1)
        x = x / 255.0f;
    x = x - of->mean[c];
    x = x / of->std[c];
    return x;
}

/* Elements with other bits; *done: pixels that came from vectors. */
static size_t differing(const struct case_of *of, size_t channels, bool reversed, size_t pixels,
                        bool vectorised, size_t *done)
{
    struct icl_plane planes[3];
    uint8_t *bytes = malloc(pixels * channels); /* exact, so that reading past it is seen */
    float *to = malloc(pixels * channels * sizeof *to);
    size_t wrong = 0;
    *done = 0;
    assert_true(bytes && to);
    for (size_t i = 0; i < pixels * channels; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    for (size_t c = 0; c < channels; c++) {
        planes[c].range = of->range;
        planes[c].mean = of->mean[c];
        planes[c].std = of->std[c];
        planes[c].source = reversed ? channels - 1 - c : c;
        icl_plane_levels(&planes[c]);
    }
#ifdef BUILD_AVX2
    if (vectorised)
        *done = icl_planes_avx2(planes, bytes, channels, pixels, to);
#else
    (void)vectorised;
#endif
    icl_planes_portable(planes, bytes, channels, pixels, *done, to);
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < pixels; i++) {
            float want = by_hand(of, c, bytes[i * channels + planes[c].source]);
            wrong += memcmp(&to[c * pixels + i], &want, sizeof want) != 0;
        }
    free(bytes);
    free(to);
    return wrong;
}

static void expect_equal(bool vectorised)
{
    static const size_t lengths[] = {1, 7, 8, 9, 16, 31, 256, MOST};
    size_t done, all = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++)
            for (size_t kind = 0; kind < 3; kind++) {
                size_t channels = kind == 2 ? 1 : 3;
                size_t wrong = differing(&cases[i], channels, kind == 1, lengths[n],
                                         vectorised, &done);
                if (wrong)
                    fail_msg("case %zu, %zu channels, %zu pixels: %zu differ", i, channels,
                             lengths[n], wrong);
                all += done;
            }
    assert_int_equal(all > 0, vectorised);
}

static void the_portable_ones_divide(void **state)
{
    (void)state;
    expect_equal(false);
}

static void the_vectorised_ones_do_likewise(void **state)
{
    (void)state;
#if defined(BUILD_AVX2) && (defined(__x86_64__) || defined(__i386__))
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        expect_equal(true);
        return;
    }
#endif
    skip();
}

/* Recipes in use are not left to the slow way. */
static void usual_recipes_are_vectorised(void **state)
{
    (void)state;
#if defined(BUILD_AVX2) && (defined(__x86_64__) || defined(__i386__))
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        for (size_t i = 0; i < 6; i++) {
            size_t done;
            assert_int_equal(differing(&cases[i], 3, false, MOST, true, &done), 0);
            assert_int_equal(done, MOST / 8 * 8);
        }
        return;
    }
#endif
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_portable_ones_divide),
        cmocka_unit_test(the_vectorised_ones_do_likewise),
        cmocka_unit_test(usual_recipes_are_vectorised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
