/*
 * tests/ops/upgrade_test.c - old operator sets mean what they meant: broadcasting by axis
 *
 * Expected values by hand. Attributes that became inputs have rows beside their operators.
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
#define CHECK_SHAPES(rows) op_shape_check(*state, rows, sizeof rows / sizeof rows[0])

/* clang-format off */
static void an_axis_aligns_the_second_operand(void **state)
{
    static const struct op_case rows[] = {
        OLD(6, "Add", "broadcast=1 axis=1", "f32[1,2,2] 1 2 3 4; f32[2] 10 20", "f32[1,2,2] 11 12 23 24"),
        OLD(1, "Mul", "broadcast=1 axis=0", "f32[2,2] 1 2 3 4; f32[2] 10 100", "f32[2,2] 10 20 300 400"),
        OLD(6, "Sub", "broadcast=1 axis=-2", "f32[2,2] 1 2 3 4; f32[2] 1 10", "f32[2,2] 0 1 -7 -6"),
        OLD(6, "Div", "broadcast=1", "f32[2,2] 1 2 3 4; f32[2] 1 2", "f32[2,2] 1 1 3 2"),
        OLD(1, "Less", "broadcast=1 axis=0", "f32[2,1] 1 5; f32[2] 3 3", "bool[2,1] 1 0"),
        OLD(1, "And", "broadcast=1 axis=0", "bool[2,2] 1 1 1 1; bool[2] 0 1", "bool[2,2] 0 0 1 1"),
        OLD(1, "Pow", "broadcast=1 axis=0", "f32[2,2] 1 2 3 4; f32[2] 1 2", "f32[2,2] 1 2 9 16"),
        OLD(1, "Relu", "consumed_inputs=0,0", "f32[2] -1 1", "f32[2] 0 1"),
        OLD(1, "Sum", "", "f32[2] -1 1; f32[2] 1 1", "f32[2] 0 2"),
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
        cmocka_unit_test(an_axis_aligns_the_second_operand),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
