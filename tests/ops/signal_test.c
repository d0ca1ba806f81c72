/*
 * tests/ops/signal_test.c - plugins/ops/signal: transforms, windows, determinants
 *
 * Expected values by hand unless a row says otherwise.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/context/context.h"
#include "tests/ops/op_case.h"

#define CHECK(rows)        op_case_check(*state, rows, sizeof rows / sizeof rows[0])

/* clang-format off */
static void signals_are_transformed(void **state)
{
    static const struct op_case rows[] = {
        GIVES("DFT", "", "f64[1,2,1] 1 3", "f64[1,2,2] 4 0 -2 0"),
        {.type = "DFT", .attrs = "onesided=1", .inputs = "f64[1,3,1] 1 1 1", .outputs = "f64[1,2,2] 3 0 0 0", .tolerance = 1e-14},
        GIVES("DFT", "inverse=1", "f64[1,2,2] 4 0 -2 0", "f64[1,2,2] 1 0 3 0"),
        GIVES("DFT", "inverse=1 onesided=1", "f64[1,3,2] 10 0 -2 2 -2 0", "f64[1,4,1] 1 2 3 4"),
        GIVES("DFT", "", "f64[1,2,1] 1 3; i64[] 1", "f64[1,1,2] 1 0"),
        GIVES("DFT", "", "f64[2,1,1] 1 3; -; i64[] 0", "f64[2,1,2] 4 0 -2 0"),
        OLD(17, "DFT", "axis=0", "f64[2,1,1] 1 3", "f64[2,1,2] 4 0 -2 0"),
        OLD(17, "DFT", "", "f64[1,2,1] 1 3", "f64[1,2,2] 4 0 -2 0"),
        FAILS("DFT", "", "f64[1,2,1] 1 3; i64[] 0", "length is 0"),
        FAILS("DFT", "", "f64[1,1,3] 1 3 2", "the last of 3"),
        FAILS("DFT", "", "f64[1,2,1] 1 3; -; i64[] 2", "axis 2 is the one of"),
        GIVES("STFT", "", "f64[1,4,1] 1 3 5 9; i64[] 2; -; i64[] 2", "f64[1,2,2,2] 4 0 -2 0 14 0 -4 0"),
        GIVES("STFT", "", "f64[1,3,1] 1 3 5; i64[] 1; f64[2] 1 0", "f64[1,2,2,2] 1 0 1 0 3 0 3 0"),
        FAILS("STFT", "", "f64[1,3,1] 1 3 5; i64[] 0; -; i64[] 2", "frames of 2 every 0"),
        FAILS("STFT", "", "f64[1,3,1] 1 3 5; i64[] 1; -; i64[] 4", "frames of 4 every 1"),
    };
    CHECK(rows);
}

static void windows_bands_and_determinants(void **state)
{
    static const struct op_case rows[] = {
        {.type = "HannWindow", .attrs = "output_datatype=11", .inputs = "i64[] 4", .outputs = "f64[4] 0 0.5 1 0.5", .tolerance = 1e-15},
        {.type = "HannWindow", .attrs = "output_datatype=11 periodic=0", .inputs = "i64[] 3", .outputs = "f64[3] 0 1 0", .tolerance = 1e-15},
        {.type = "HammingWindow", .attrs = "", .inputs = "i64[] 2", .outputs = "f32[2] 0.08695652174 1"},
        {.type = "BlackmanWindow", .attrs = "periodic=0", .inputs = "i32[] 3", .outputs = "f32[3] 0 1 0", .tolerance = 1e-7},
        GIVES("HannWindow", "periodic=0", "i64[] 1", "f32[1] 1"),
        FAILS("HannWindow", "", "i64[] -1", "size must be one number that is not negative"),
        GIVES("Det", "", "f64[2,2,2] 1 2 3 4 2 0 0 5", "f64[2] -2 10"),
        GIVES("Det", "", "f32[3,3] 0 2 0 1 0 0 0 0 3", "f32[] -6"),
        GIVES("Det", "", "f32[2,2] 1 2 2 4", "f32[] 0"),
        FAILS("Det", "", "f32[2,3] 1 2 3 4 5 6", "input [2,3] is not of square matrices"),
        /* edges at 0, 1 and 2 of the mel scale's thirds: 0, 257 and 609 Hz, so bins 0, 0, 1 */
        GIVES("MelWeightMatrix", "", "i64[] 1; i64[] 2; i64[] 1600; f32[] 0; f32[] 1089.2", "f32[2,1] 1 0"),
        FAILS("MelWeightMatrix", "", "i64[] 1; i64[] 0; i64[] 1600; f32[] 0; f32[] 900", "1 bands of a transform of 0"),
        FAILS("MelWeightMatrix", "", "i64[] 1; i64[] 2; i64[] 0; f32[] 0; f32[] 900", "a sample rate of 0"),
    };
    CHECK(rows);
}
/* clang-format on */

static int set_up(void **state)
{
    *state = op_context(1);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_are_transformed),
        cmocka_unit_test(windows_bands_and_determinants),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
