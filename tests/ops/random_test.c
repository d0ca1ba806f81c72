/*
 * tests/ops/random_test.c - plugins/ops/random, and Dropout in training mode
 *
 * Expected numbers are numpy.random.RandomState(seed)'s (numpy 2): random_sample for uniform
 * ones, standard_normal for normal ones; comparisons with them by hand.
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
#include "tests/ops/flow.h"
#include "tests/ops/op_case.h"

#define CHECK(rows)        op_case_check(*state, rows, sizeof rows / sizeof rows[0])

/* clang-format off */
static void a_seed_decides_every_number(void **state)
{
    static const struct op_case rows[] = {
        GIVES("RandomUniform", "seed=1.0 shape=5,", "",
              "f32[5] 0.41702199 0.720324516 0.000114374816 0.30233258 0.146755889"),
        GIVES("RandomUniform", "seed=7.0 shape=2,2 low=2.0 high=5.0", "",
              "f32[2,2] 2.22892475 4.33975649 3.31522775 4.17039537"),
        GIVES("RandomNormal", "seed=3.0 shape=5,", "",
              "f32[5] 1.78862846 0.436509848 0.0964974687 -1.86349273 -0.277388215"),
        GIVES("RandomNormal", "seed=3.0 shape=3, mean=1.0 scale=0.5 dtype=11", "",
              "f64[3] 1.8943142367151593 1.2182549252559947 1.0482487340360043"),
        GIVES("RandomUniformLike", "seed=7.0 low=2.0 high=5.0 dtype=1", "i64[2,2] 1 2 3 4",
              "f32[2,2] 2.22892475 4.33975649 3.31522775 4.17039537"),
        GIVES("RandomNormalLike", "seed=3.0", "f32[5] 0 0 0 0 0",
              "f32[5] 1.78862846 0.436509848 0.0964974687 -1.86349273 -0.277388215"),
        /* past 2^31, and -1 is 2^32 - 1 */
        GIVES("RandomUniform", "seed=3000000000.0 shape=2,", "", "f32[2] 0.537431598 0.372693956"),
        GIVES("RandomUniform", "seed=-1.0 shape=2,", "", "f32[2] 0.0976320282 0.912382841"),
        GIVES("RandomUniform", "seed=1.0 shape=0,", "", "f32[0]"),
        FAILS("RandomUniform", "seed=1.0 shape=-2,", "", "entry 0 of the shape is -2"),
        FAILS("RandomUniform", "seed=1.0 shape=2, dtype=7", "", "dtype is 7"),
    };
    CHECK(rows);
}

static void draws_follow_their_probabilities(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Bernoulli", "seed=11.0", "f64[6] 0.1 0.5 0.9 0 1 0.3", "f64[6] 0 1 1 0 1 0"),
        GIVES("Bernoulli", "seed=11.0 dtype=9", "f32[6] 0.1 0.5 0.9 0 1 0.3", "bool[6] 0 1 1 0 1 0"),
        FAILS("Bernoulli", "seed=11.0", "f32[1] 1.5", "element 0 is 1.5, no probability"),
        FAILS("Bernoulli", "seed=11.0", "f32[1] nan", "no probability"),
        GIVES("Multinomial", "seed=5.0 sample_size=4",
              "f64[2,3] -1.6094379124341003 -1.2039728043259361 -0.6931471805599453 0 -inf -inf",
              "i32[2,4] 1 2 1 2 0 0 0 0"),
        GIVES("Multinomial", "seed=5.0 sample_size=2 dtype=7", "f32[1,1] 3", "i64[1,2] 0 0"),
        FAILS("Multinomial", "seed=5.0", "f32[1,2] -inf -inf", "row 0 has no probabilities"),
        FAILS("Multinomial", "seed=5.0", "f32[2] 0 0", "not [N,classes]"),
    };
    CHECK(rows);
}

static void dropout_drops_when_training(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Dropout", "seed=9", "f32[6] 1 2 3 4 5 6; f32[] 0.5; bool[] 1",
              "f32[6] 0 4 0 0 0 0; bool[6] 0 1 0 0 0 0"),
        GIVES("Dropout", "seed=9", "f32[2] 1 2; f32[] 0; bool[] 1", "f32[2] 1 2; bool[2] 1 1"),
        GIVES("Dropout", "seed=9", "f32[2] 1 2; f32[] 0.5; bool[] 0", "f32[2] 1 2; bool[2] 1 1"),
        FAILS("Dropout", "seed=9", "f32[2] 1 2; f32[] 1.5; bool[] 1", "ratio is 1.5"),
    };
    CHECK(rows);
}
/* clang-format on */

/* Without a seed: nodes differ from each other, runs do not. */
static void without_a_seed_the_name_decides(void **state)
{
    float seen[3];
    for (int i = 0; i < 3; i++) {
        static const struct icl_plan_options options = {.threads = 1};
        static const char *const lines[] = {"RandomUniform -> one", "RandomUniform -> two",
                                            "RandomUniform -> one"};
        struct imgcls_graph *graph = flow_graph(*state, 22);
        const struct imgcls_value *output;
        struct icl_session *session;
        flow_ints(flow_node(graph, lines[i]), "shape", 1, (const int64_t[]){1});
        flow_output(graph, i == 1 ? "two" : "one", IMGCLS_KIND_TENSOR, IMGCLS_F32);
        assert_int_equal(icl_session_create(*state, graph, &options, &session), IMGCLS_OK);
        assert_int_equal(icl_session_run(session, NULL, &output), IMGCLS_OK);
        seen[i] = *(const float *)output->tensor->data;
        assert_int_equal(icl_session_run(session, NULL, &output), IMGCLS_OK);
        assert_true(seen[i] == *(const float *)output->tensor->data);
        icl_session_destroy(session);
        icl_graph_destroy(graph);
    }
    assert_true(seen[0] == seen[2]);
    assert_true(seen[0] != seen[1]);
}

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
        cmocka_unit_test(a_seed_decides_every_number),
        cmocka_unit_test(draws_follow_their_probabilities),
        cmocka_unit_test(dropout_drops_when_training),
        cmocka_unit_test(without_a_seed_the_name_decides),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
