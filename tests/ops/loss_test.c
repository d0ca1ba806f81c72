/*
 * tests/ops/loss_test.c - plugins/ops/loss: NegativeLogLikelihoodLoss,
 * SoftmaxCrossEntropyLoss
 *
 * Expected values by hand; log(2) and log(4) to 16 digits.
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
#define NLL "NegativeLogLikelihoodLoss"
#define SCE "SoftmaxCrossEntropyLoss"
#define X "f32[2,2] -1 -2 -3 -4; i64[2] 1 0"
static void likelihoods_are_picked_weighted_and_reduced(void **state)
{
    static const struct op_case rows[] = {
        GIVES(NLL, "reduction=none", X, "f32[2] 2 3"),
        GIVES(NLL, "", X, "f32[] 2.5"),
        GIVES(NLL, "reduction=sum", X, "f32[] 5"),
        GIVES(NLL, "reduction=none", X "; f32[2] 10 1", "f32[2] 2 30"),
        GIVES(NLL, "", X "; f32[2] 10 1", "f32[] 2.909090909"),
        GIVES(NLL, "ignore_index=1", X, "f32[] 3"),
        GIVES(NLL, "ignore_index=-7 reduction=none", "f64[1,2,2] -1 -2 -3 -4; i32[1,2] 1 -7", "f64[1,2] 3 0"),
        GIVES(NLL, "", "f16[1,2] -1 -2; i64[1] 1", "f16[] 2"),
        OLD(12, NLL, "reduction=sum", X, "f32[] 5"),
        FAILS(NLL, "", "f32[1,2] -1 -2; i64[1] 2", "target 2 is outside 0..1"),
        FAILS(NLL, "", "f32[1,2] -1 -2; i64[1] -1", "target -1 is outside 0..1"),
        FAILS(NLL, "", "f32[1,2] -1 -2; i64[2] 0 0", "targets [2] do not go with scores [1,2]"),
        FAILS(NLL, "", X "; f32[3] 1 1 1", "weights [3] do not go with scores [2,2]"),
        FAILS(NLL, "reduction=median", X, "reduction is 'median'"),
    };
    CHECK(rows);
}

#define LOG2 "0.6931471805599453"
#define LOG4 "1.3862943611198906"
static void cross_entropies_are_of_the_softmax(void **state)
{
    static const struct op_case rows[] = {
        GIVES(SCE, "", "f64[1,2] 0 0; i64[1] 1", "f64[] " LOG2 "; f64[1,2] -" LOG2 " -" LOG2),
        GIVES(SCE, "reduction=none", "f64[1,4,1] 900 900 900 900; i64[1,1] 3", "f64[1,1] " LOG4),
        GIVES(SCE, "", "f64[2,2] 0 0 5 5; i64[2] 0 1; f64[2] 1 3", "f64[] " LOG2),
        GIVES(SCE, "reduction=sum", "f64[2,2] 0 0 5 5; i64[2] 0 1; f64[2] 1 3", "f64[] 2.772588722239781"),
        GIVES(SCE, "ignore_index=1", "f64[2,2] 0 0 5 7; i64[2] 0 1", "f64[] " LOG2),
        FAILS(SCE, "", "f32[1,2] 0 0; i64[1] 9", "target 9 is outside 0..1"),
    };
    static const struct op_shape shapes[] = {
        {SCE, "reduction=none", "f32[N,10]; i64[N]", "f32[N]; f32[N,10]", NULL},
        {NLL, "", "f32[N,10,H]; i64[N,H]", "f32[]", NULL},
        {NLL, "", "f32[N,10,3]; i64[N,4]", NULL, "do not go with"},
    };
    CHECK(rows);
    CHECK_SHAPES(shapes);
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
        cmocka_unit_test(likelihoods_are_picked_weighted_and_reduced),
        cmocka_unit_test(cross_entropies_are_of_the_softmax),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
