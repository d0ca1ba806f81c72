/*
 * tests/ops/ml_test.c - plugins/ops/ml: Binarizer
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
static void numbers_are_told_apart_at_a_threshold(void **state)
{
    static const struct op_case rows[] = {
        GIVES("ai.onnx.ml:Binarizer", "threshold=1.0", "f32[4] 0 1 2 nan", "f32[4] 0 0 1 0"),
        GIVES("ai.onnx.ml:Binarizer", "", "i64[2] -1 3", "i64[2] 0 1"),
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
        cmocka_unit_test(numbers_are_told_apart_at_a_threshold),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
