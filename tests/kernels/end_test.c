/*
 * tests/kernels/end_test.c - which lists of steps are done on sums in registers, and with what
 *
 * Expected by hand, from the steps' meaning.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "plugins/kernels/end.h"

static const float one[1], two[1];

#define BIAS      {.kind = IMGCLS_EPILOGUE_BIAS, .operand = one}
#define ADD       {.kind = IMGCLS_EPILOGUE_ADD, .operand = two}
#define MUL       {.kind = IMGCLS_EPILOGUE_MUL, .operand = two}
#define RELU      {.kind = IMGCLS_EPILOGUE_RELU}
#define RELU6     {.kind = IMGCLS_EPILOGUE_CLIP, .a = 0, .b = 6}
#define HARDSWISH {.kind = IMGCLS_EPILOGUE_HARDSWISH}
#define SILU      {.kind = IMGCLS_EPILOGUE_SILU}

static const struct row {
    const char *name;
    int has_bias;
    int32_t count;
    struct gemm_step steps[4];
    int ends;
    struct gemm_end want;
} rows[] = {
    {"nothing", 0, 0, {{0}}, 1, {.low = -INFINITY, .high = INFINITY}},
    {"a bias", 0, 1, {BIAS}, 1, {.bias = one, .low = -INFINITY, .high = INFINITY}},
    {"all", 0, 3, {BIAS, ADD, RELU}, 1, {one, two, 1, 0, 0, INFINITY}},
    {"bounds", 0, 1, {RELU6}, 1, {NULL, NULL, 1, 0, 0, 6}},
    {"hard swish", 1, 2, {ADD, HARDSWISH}, 1, {NULL, two, 0, 1, -INFINITY, INFINITY}},
    {"a second bias", 1, 1, {BIAS}, 0, {0}},
    {"a bias behind the operand", 0, 2, {ADD, BIAS}, 0, {0}},
    {"two operands", 0, 2, {ADD, ADD}, 0, {0}},
    {"an operand behind bounds", 0, 2, {RELU, ADD}, 0, {0}},
    {"bounds twice", 0, 2, {RELU, RELU6}, 0, {0}},
    {"bounds behind hard swish", 0, 2, {HARDSWISH, RELU}, 0, {0}},
    {"a factor", 0, 1, {MUL}, 0, {0}},
    {"another gate", 0, 2, {BIAS, SILU}, 0, {0}},
};

static void steps_in_the_usual_order_are_recognised(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct gemm_end end;
        memset(&end, 0x55, sizeof end); /* nothing is left from before */
        if (!gemm_ends(row->steps, row->count, row->has_bias, &end) != !row->ends)
            fail_msg("%s", row->name);
        if (!row->ends)
            continue;
        if (end.bias != row->want.bias || end.operand != row->want.operand ||
            end.is_bounded != row->want.is_bounded ||
            end.is_hardswish != row->want.is_hardswish || end.low != row->want.low ||
            end.high != row->want.high)
            fail_msg("%s", row->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_in_the_usual_order_are_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
