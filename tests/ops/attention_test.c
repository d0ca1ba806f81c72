/*
 * tests/ops/attention_test.c - plugins/ops/attention: masks, caches, windows, states
 *
 * Expected values by hand: scores of 0 give equal
 * weights, a score of ln 3 against 0 gives 3/4 against 1/4.
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
#define Q1 "f32[1,1,1,1] 0; "
#define Q3 "f32[1,1,3,1] 0 0 0; "
#define K3 "f32[1,1,3,1] 5 6 7; "
#define V3 "f32[1,1,3,1] 3 6 9"
#define LN3 "1.0986122886681098"

static void scores_become_weights(void **state)
{
    static const struct op_case rows[] = {
        {.type = "Attention", .attrs = "scale=1.0",
         .inputs = "f64[1,1,1,1] 1; f64[1,1,2,1] 0 " LN3 "; f64[1,1,2,1] 4 8",
         .outputs = "f64[1,1,1,1] 7", .tolerance = 1e-12},
        /* scale 1/sqrt(4) = 1/2 */
        {.type = "Attention", .inputs = "f64[1,1,1,4] 1 1 0 0; f64[1,1,2,4] 0 0 0 0 " LN3 " " LN3 " 9 9; f64[1,1,2,1] 4 8",
         .outputs = "f64[1,1,1,1] 7", .tolerance = 1e-12},
        /* tanh(0.5493...) = 0.5; 1/(1 + exp(-0.5)) */
        {.type = "Attention", .attrs = "scale=1.0 softcap=1.0",
         .inputs = "f64[1,1,1,1] 1; f64[1,1,2,1] 0 0.5493061443340549; f64[1,1,2,1] 0 1",
         .outputs = "f64[1,1,1,1] 0.6224593312018546", .tolerance = 1e-12},
        GIVES("Attention", "", Q1 K3 V3, "f32[1,1,1,1] 6"),
        GIVES("Attention", "", "f16[1,1,1,1] 0; f16[1,1,2,1] 1 2; f16[1,1,2,1] 1 2", "f16[1,1,1,1] 1.5"),
        GIVES("Attention", "is_causal=1", Q3 K3 V3, "f32[1,1,3,1] 3 4.5 6"),
        GIVES("Attention", "q_num_heads=2 kv_num_heads=1", "f32[1,1,2] 0 0; f32[1,2,1] 1 2; f32[1,2,1] 2 4", "f32[1,1,2] 3 3"),
        GIVES("Attention", "q_num_heads=2 kv_num_heads=2", "f32[1,1,2] 0 0; f32[1,2,2] 1 2 3 4; f32[1,2,2] 1 10 3 30", "f32[1,1,2] 2 20"),
    };
    CHECK(rows);
}

static void masks_keep_keys_out(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Attention", "", Q1 K3 V3 "; bool[1,3] 1 0 1", "f32[1,1,1,1] 6"),
        GIVES("Attention", "", Q1 K3 V3 "; bool[1,2] 1 1", "f32[1,1,1,1] 4.5"), /* shorter */
        GIVES("Attention", "", Q1 K3 V3 "; bool[1,3] 0 0 0", "f32[1,1,1,1] 0"),
        GIVES("Attention", "", Q1 "f32[1,1,2,1] 1 nan; f32[1,1,2,1] 5 nan; bool[1,2] 1 0", "f32[1,1,1,1] 5"),
        {.type = "Attention", .inputs = "f64[1,1,1,1] 0; f64[1,1,2,1] 1 2; f64[1,1,2,1] 4 8; f64[1,2] 0 " LN3,
         .outputs = "f64[1,1,1,1] 7", .tolerance = 1e-12},
        /* one mask a head */
        GIVES("Attention", "", "f32[1,2,1,1] 0 0; f32[1,1,2,1] 1 2; f32[1,1,2,1] 4 8; bool[2,1,2] 1 0 0 1", "f32[1,2,1,1] 4 8"),
        GIVES("Attention", "left_window_size=1 right_window_size=0", Q3 K3 V3, "f32[1,1,3,1] 3 4.5 7.5"),
        GIVES("Attention", "left_window_size=0", Q3 K3 V3, "f32[1,1,3,1] 6 7.5 9"),
        GIVES("Attention", "", Q1 K3 V3 "; -; -; -; i64[1] 2", "f32[1,1,1,1] 4.5"),
        /* the last of two valid keys belongs to the one query */
        GIVES("Attention", "is_causal=1", "f32[1,1,2,1] 0 0; " K3 V3 "; -; -; -; i64[1] 1", "f32[1,1,2,1] 0 3"),
        FAILS("Attention", "", Q1 K3 V3 "; bool[2,3] 1 1 1 1 1 1", "attn_mask [2,3] does not broadcast to [1,1,1,3]"),
        FAILS("Attention", "", Q1 K3 V3 "; -; -; -; i64[1] 4", "nonpad_kv_seqlen 4 is outside 0..3"),
        FAILS("Attention", "left_window_size=-2", Q1 K3 V3, "must be -1 or more"),
        FAILS("Attention", "", Q3 "f32[1,2,1,1] 1 1; f32[1,2,1,1] 1 1", "no multiple"),
        FAILS("Attention", "", "f32[1,1,2] 0 0; f32[1,2,1] 1 2; f32[1,2,1] 2 4", "number of its heads"),
        FAILS("Attention", "", Q1 K3 "f32[1,1,2,1] 1 2", "lengths of K and V differ: 3 and 2"),
    };
    CHECK(rows);
}

static void caches_grow_and_scores_are_shown(void **state)
{
    static const struct op_case rows[] = {
        GIVES("Attention", "is_causal=1", Q1 "f32[1,1,1,1] 7; f32[1,1,1,1] 9; -; f32[1,1,2,1] 5 6; f32[1,1,2,1] 3 6",
              "f32[1,1,1,1] 6; f32[1,1,3,1] 5 6 7; f32[1,1,3,1] 3 6 9"),
        GIVES("Attention", "q_num_heads=2 kv_num_heads=2", "f32[1,1,2] 0 0; f32[1,2,2] 1 2 3 4; f32[1,2,2] 1 10 3 30",
              "f32[1,1,2] 2 20; f32[1,2,2,1] 1 3 2 4; f32[1,2,2,1] 1 3 10 30"),
        GIVES("Attention", "scale=1.0", "f32[1,1,1,1] 2; f32[1,1,1,1] 3; f32[1,1,1,1] 1; f32[1,1] 4",
              "f32[1,1,1,1] 1; f32[1,1,1,1] 3; f32[1,1,1,1] 1; f32[1,1,1,1] 6"),
        GIVES("Attention", "scale=1.0 qk_matmul_output_mode=2", "f32[1,1,1,1] 2; f32[1,1,1,1] 3; f32[1,1,1,1] 1; f32[1,1] 4",
              "f32[1,1,1,1] 1; f32[1,1,1,1] 3; f32[1,1,1,1] 1; f32[1,1,1,1] 10"),
        GIVES("Attention", "qk_matmul_output_mode=3", Q1 "f32[1,1,2,1] 5 6; f32[1,1,2,1] 3 6",
              "f32[1,1,1,1] 4.5; f32[1,1,2,1] 5 6; f32[1,1,2,1] 3 6; f32[1,1,1,2] 0.5 0.5"),
        FAILS("Attention", "", Q1 K3 V3 "; -; f32[1,1,2,1] 5 6", "come together"),
        FAILS("Attention", "qk_matmul_output_mode=4", Q1 K3 V3, "is not 0, 1, 2 or 3"),
    };
    CHECK(rows);
}

static void flexible_attention_without_modifiers(void **state)
{
#define FLEX "ai.onnx.preview:FlexAttention"
    static const struct op_case rows[] = {
        {.type = FLEX, .attrs = "scale=1.0",
         .inputs = "f64[1,1,1,1] 1; f64[1,1,2,1] 0 " LN3 "; f64[1,1,2,1] 4 8",
         .outputs = "f64[1,1,1,1] 7", .tolerance = 1e-12},
        /* query heads 0 and 1 share the first head of keys */
        GIVES(FLEX, "", "f32[1,4,1,1] 0 0 0 0; f32[1,2,1,1] 1 1; f32[1,2,1,2] 1 2 3 4", "f32[1,4,1,2] 1 2 1 2 3 4 3 4"),
        GIVES(FLEX, "softmax_precision=1", "f16[1,1,1,1] 0; f16[1,1,2,1] 1 2; f16[1,1,2,1] 1 2", "f16[1,1,1,1] 1.5"),
        FAILS(FLEX, "", "f32[1,1,1] 0; f32[1,1,1] 0; f32[1,1,1] 0", "Q has 3 dimensions, not 4"),
        FAILS(FLEX, "softmax_precision=7", Q1 K3 V3, "softmax_precision 7 is not"),
    };
    CHECK(rows);
}

static void columns_are_turned(void **state)
{
#define CACHES "f32[2,1] 1 0.5; f32[2,1] 0 2"
    static const struct op_case rows[] = {
        /* 0.5 * 1 - 2 * 2; 2 * 1 + 0.5 * 2 */
        GIVES("RotaryEmbedding", "", "f32[1,1,1,2] 1 2; " CACHES "; i64[1,1] 1", "f32[1,1,1,2] -3.5 3"),
        GIVES("RotaryEmbedding", "rotary_embedding_dim=2", "f32[1,1,1,4] 1 2 3 4; " CACHES "; i64[1,1] 1", "f32[1,1,1,4] -3.5 3 3 4"),
        GIVES("RotaryEmbedding", "", "f32[1,1,1,4] 1 3 2 4; f32[1,1,2] 0.5 2; f32[1,1,2] 2 1", "f32[1,1,1,4] -3.5 2 3 11"),
        GIVES("RotaryEmbedding", "interleaved=1", "f32[1,1,1,4] 1 2 3 4; f32[1,1,2] 0.5 2; f32[1,1,2] 2 1", "f32[1,1,1,4] -3.5 3 2 11"),
        GIVES("RotaryEmbedding", "num_heads=2", "f32[1,1,4] 1 2 1 2; " CACHES "; i64[1,1] 1", "f32[1,1,4] -3.5 3 -3.5 3"),
        FAILS("RotaryEmbedding", "", "f32[1,1,1,2] 1 2; " CACHES "; i64[1,1] 2", "position 2 is outside 0..1"),
        FAILS("RotaryEmbedding", "", "f32[1,1,1,2] 1 2; f32[2,2] 1 1 1 1; f32[2,1] 0 1; i64[1,1] 0", "cos_cache is [2,2] where [?,1] is needed"),
        FAILS("RotaryEmbedding", "", "f32[1,1,1,3] 1 2 3; " CACHES "; i64[1,1] 1", "must be even"),
    };
    CHECK(rows);
}

static void states_go_on(void **state)
{
#define ONE_HEAD "q_num_heads=1 kv_num_heads=1 scale=1.0 update_rule="
#define QKV "f32[1,2,1] 1 1; f32[1,2,1] 1 2; f32[1,2,1] 3 4"
    static const struct op_case rows[] = {
        GIVES("LinearAttention", ONE_HEAD "linear", QKV, "f32[1,2,1] 3 11; f32[1,1,1,1] 11"),
        GIVES("LinearAttention", ONE_HEAD "linear", QKV "; f32[1,1,1,1] 2", "f32[1,2,1] 5 13; f32[1,1,1,1] 13"),
        GIVES("LinearAttention", ONE_HEAD "gated", QKV "; -; f32[1,2,1] 5 0", "f32[1,2,1] 3 11; f32[1,1,1,1] 11"),
        GIVES("LinearAttention", ONE_HEAD "gated", QKV "; -; f32[1,2,1] 0 -inf", "f32[1,2,1] 3 8; f32[1,1,1,1] 8"),
        /* 1/2 * 3 = 1.5; 1.5 + 2 * 1/2 * (4 - 3) = 2.5 */
        GIVES("LinearAttention", ONE_HEAD "delta", QKV "; -; -; f32[1,2,1] 0.5 0.5", "f32[1,2,1] 1.5 2.5; f32[1,1,1,1] 2.5"),
        GIVES("LinearAttention", "q_num_heads=2 kv_num_heads=1 scale=0.5 update_rule=linear", "f32[1,1,2] 1 2; f32[1,1,1] 3; f32[1,1,1] 4", "f32[1,1,2] 6 12; f32[1,1,1,1] 12"),
        FAILS("LinearAttention", ONE_HEAD "gated", QKV, "needs decay"),
        FAILS("LinearAttention", ONE_HEAD "other", QKV, "update_rule 'other'"),
        FAILS("LinearAttention", "q_num_heads=3 kv_num_heads=2", QKV, "no multiple"),
        GIVES("CausalConvWithState", "", "f32[1,1,3] 1 2 3; f32[1,1,2] 10 1", "f32[1,1,3] 1 12 23; f32[1,1,1] 3"),
        GIVES("CausalConvWithState", "", "f32[1,1,3] 1 2 3; f32[1,1,2] 10 1; f32[1] 100; f32[1,1,1] 5", "f32[1,1,3] 151 112 123; f32[1,1,1] 3"),
        GIVES("CausalConvWithState", "", "f32[1,2,1] 1 2; f32[2,1,4] 1 1 1 2 1 1 1 3", "f32[1,2,1] 2 6; f32[1,2,3] 0 0 1 0 0 2"),
        {.type = "CausalConvWithState", .attrs = "activation=silu", .inputs = "f32[1,1,1] 1; f32[1,1,1] 1",
         .outputs = "f32[1,1,1] 0.731058579; f32[1,1,0]", .tolerance = 1e-6},
        FAILS("CausalConvWithState", "", "f32[1,1,1] 1; f32[2,1,1] 1 1", "channels of input and weight differ: 1 and 2"),
        FAILS("CausalConvWithState", "activation=relu", "f32[1,1,1] 1; f32[1,1,1] 1", "activation 'relu'"),
    };
    CHECK(rows);
}

static void shapes_are_known_beforehand(void **state)
{
    static const struct op_shape rows[] = {
        {"Attention", "", "f32[N,8,S,64]; f32[N,2,T,64]; f32[N,2,T,32]", "f32[N,8,S,32]", NULL},
        {"Attention", "q_num_heads=8 kv_num_heads=2", "f32[N,S,512]; f32[N,T,128]; f32[N,T,64]", "f32[N,S,256]; f32[N,2,T,64]; f32[N,2,T,32]; f32[N,8,S,T]", NULL},
        {"Attention", "", "f32[N,8,S,64]; f32[N,2,T,32]; f32[N,2,T,32]", NULL, "head sizes of Q and K differ: 64 and 32"},
        {"RotaryEmbedding", "", "f32[N,8,S,64]; f32[9,32]; f32[9,32]", "f32[N,8,S,64]", NULL},
        {"CausalConvWithState", "", "f32[N,4,L]; f32[4,1,3]", "f32[N,4,L]; f32[N,4,2]", NULL},
        {"LinearAttention", "q_num_heads=4 kv_num_heads=2 update_rule=linear", "f32[N,S,32]; f32[N,S,16]; f32[N,S,8]", "f32[N,S,16]; f32[N,2,8,4]", NULL},
    };
    CHECK_SHAPES(rows);
}
/* clang-format on */

static void threads_change_no_bit(void **state)
{
    (void)state;
    op_threads_check("Attention", "is_causal=1",
                     "f32[2,4,33,17]; f32[2,2,33,17]; f32[2,2,33,9]");
    op_threads_check("LinearAttention", "q_num_heads=6 kv_num_heads=3 update_rule=linear",
                     "f32[2,9,48]; f32[2,9,24]; f32[2,9,12]");
    op_threads_check("CausalConvWithState", "", "f32[3,50,21]; f32[50,1,4]");
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
        cmocka_unit_test(scores_become_weights),
        cmocka_unit_test(masks_keep_keys_out),
        cmocka_unit_test(caches_grow_and_scores_are_shown),
        cmocka_unit_test(flexible_attention_without_modifiers),
        cmocka_unit_test(columns_are_turned),
        cmocka_unit_test(states_go_on),
        cmocka_unit_test(shapes_are_known_beforehand),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
