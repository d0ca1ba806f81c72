/*
 * tests/ops/training_test.c - plugins/ops/training: steps of optimisers
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
#define T "ai.onnx.preview.training:"
static void optimisers_take_a_step(void **state)
{
    static const struct op_case rows[] = {
        GIVES(T "Momentum", "alpha=0.5 beta=0.25 norm_coefficient=0.0 mode=standard", "f32[] 0.1; i64[] 0; f32[1] 1; f32[1] 2; f32[1] 3", "f32[1] 0.65; f32[1] 3.5"),
        GIVES(T "Momentum", "alpha=0.5 beta=0.25 norm_coefficient=0.0 mode=standard", "f32[] 0.1; i64[] 1; f32[1] 1; f32[1] 2; f32[1] 3", "f32[1] 0.8; f32[1] 2"),
        GIVES(T "Momentum", "alpha=0.5 beta=0.25 norm_coefficient=0.0 mode=nesterov", "f32[] 0.1; i64[] 0; f32[1] 1; f32[1] 2; f32[1] 3", "f32[1] 0.625; f32[1] 3.5"),
        GIVES(T "Momentum", "alpha=0.0 beta=1.0 norm_coefficient=0.0 mode=standard", "f32[] 1; i64[] 0; f32[1] 1; f32[2] 5 6; f32[1] 2; f32[2] 1 1; f32[1] 0; f32[2] 0 0", "f32[1] -1; f32[2] 4 5; f32[1] 2; f32[2] 1 1"),
        GIVES(T "Adagrad", "epsilon=0.0", "f32[] 0.1; i64[] 0; f32[1] 1; f32[1] 2; f32[1] 0", "f32[1] 0.9; f32[1] 4"),
        GIVES(T "Adagrad", "epsilon=0.0 decay_factor=1.0", "f32[] 0.1; i64[] 1; f32[1] 1; f32[1] 2; f32[1] 0", "f32[1] 0.95; f32[1] 4"),
        GIVES(T "Adam", "alpha=0.5 beta=0.75 epsilon=0.0", "f32[] 0.1; i64[] 0; f32[1] 1; f32[1] 2; f32[1] 0; f32[1] 0", "f32[1] 0.9; f32[1] 1; f32[1] 1"),
        GIVES(T "Adam", "alpha=0.5 beta=0.75 epsilon=0.0", "f32[] 0.1; i64[] 1; f32[1] 1; f32[1] 2; f32[1] 0; f32[1] 0", "f32[1] 0.9; f32[1] 1; f32[1] 1"),
        FAILS(T "Adagrad", "", "f32[] 0.1; i64[] 0; f32[1] 1; f32[1] 2", "there are 4 inputs"),
        FAILS(T "Adagrad", "", "f32[] 0.1; i64[] 0; f32[1] 1; f32[2] 2 2; f32[1] 0", "tensor 0 is [1], its gradient or state [2]"),
        FAILS(T "Momentum", "mode=heavy", "f32[] 0.1; i64[] 0; f32[1] 1; f32[1] 2; f32[1] 0", "mode is 'heavy'"),
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
        cmocka_unit_test(optimisers_take_a_step),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
