/*
 * tests/ops/recurrent_test.c - plugins/ops/recurrent: cells, directions, layouts, lengths
 *
 * Expected values by hand: with Affine (the identity)
 * for all activations a cell is a polynomial.
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
#define X3 "f32[3,1,1] 1 2 3; "

static void a_cell_follows_its_equations(void **state)
{
    static const struct op_case rows[] = {
        /* h = 2x + 3h + 1 (biases 0.25 + 0.75) */
        GIVES("RNN", "activations=[Affine]", X3 "f32[1,1,1] 2; f32[1,1,1] 3; f32[1,2] 0.25 0.75", "f32[3,1,1,1] 3 14 49; f32[1,1,1] 49"),
        GIVES("RNN", "activations=[Affine] activation_alpha=2.0, activation_beta=1.0,", "f32[1,1,1] 3; f32[1,1,1] 1; f32[1,1,1] 1", "f32[1,1,1,1] 7"),
        GIVES("RNN", "activations=[Affine] clip=5.0", X3 "f32[1,1,1] 2; f32[1,1,1] 3", "f32[3,1,1,1] 2 5 5"),
        GIVES("RNN", "activations=[Relu]", "f32[2,1,1] 1 -2; f32[1,1,1] 1; f32[1,1,1] 1", "f32[2,1,1,1] 1 0"),
        {.type = "RNN", .inputs = "f64[1,1,1] 1; f64[1,1,1] 1; f64[1,1,1] 1", .outputs = "f64[1,1,1,1] 0.7615941559557649", .tolerance = 1e-14},
        /* z = x, r = 2x, c = 3x + r h; h = (1 - z) c + z h, from h = 2: z 1, r 2 -> h = 2;
         * then x 2: z 2, r 4, c = 6 + 8 = 14, h = -14 + 4 */
        GIVES("GRU", "activations=[Affine,Affine]", "f32[2,1,1] 1 2; f32[1,3,1] 1 2 3; f32[1,3,1] 0 0 1; -; -; f32[1,1,1] 2", "f32[2,1,1,1] 2 -10; f32[1,1,1] -10"),
        /* c = x + r (h + 5), against x + r h + 5 */
        GIVES("GRU", "activations=[Affine,Affine] linear_before_reset=1", "f32[1,1,1] 2; f32[1,3,1] 0 1 1; f32[1,3,1] 0 0 1; f32[1,6] 0 0 0 0 0 5; -; f32[1,1,1] 3", "f32[1,1,1,1] 18"),
        GIVES("GRU", "activations=[Affine,Affine]", "f32[1,1,1] 2; f32[1,3,1] 0 1 1; f32[1,3,1] 0 0 1; f32[1,6] 0 0 0 0 0 5; -; f32[1,1,1] 3", "f32[1,1,1,1] 13"),
        /* i = x, o = 2x, f = 3x, c~ = 4x: c = f c + i c~, h = o c, from c = 1: 7, 14 */
        GIVES("LSTM", "activations=[Affine,Affine,Affine]", "f32[1,1,1] 1; f32[1,4,1] 1 2 3 4; f32[1,4,1] 0 0 0 0; -; -; -; f32[1,1,1] 1", "f32[1,1,1,1] 14; f32[1,1,1] 14; f32[1,1,1] 7"),
        /* peepholes i 1, o 2, f 3: i = 1 + 1, f = 3 + 3, c = 6 + 8, o = 2 + 28 */
        GIVES("LSTM", "activations=[Affine,Affine,Affine]", "f32[1,1,1] 1; f32[1,4,1] 1 2 3 4; f32[1,4,1] 0 0 0 0; -; -; -; f32[1,1,1] 1; f32[1,3] 1 2 3", "f32[1,1,1,1] 420; f32[1,1,1] 420; f32[1,1,1] 14"),
        /* f = 1 - i = -1: c = -1 + 2 * 4 */
        GIVES("LSTM", "activations=[Affine,Affine,Affine] input_forget=1", "f32[1,1,1] 1; f32[1,4,1] 2 2 3 4; f32[1,4,1] 0 0 0 0; -; -; -; f32[1,1,1] 1", "f32[1,1,1,1] 14; f32[1,1,1] 14; f32[1,1,1] 7"),
        OLD(1, "GRU", "output_sequence=1 activations=[Affine,Affine]", "f32[1,1,1] 2; f32[1,3,1] 0 1 1; f32[1,3,1] 0 0 1", "f32[1,1,1,1] 2"),
        FAILS("RNN", "activations=[Wave]", X3 "f32[1,1,1] 2; f32[1,1,1] 3", "activation 'Wave' is not known"),
        FAILS("GRU", "activations=[Tanh]", X3 "f32[1,3,1] 1 1 1; f32[1,3,1] 1 1 1", "1 activations, 2 are needed"),
        FAILS("RNN", "", X3 "f32[1,2,1] 2 2; f32[1,1,1] 3", "W is [1,2,1] where [1,1,1] is needed"),
    };
    CHECK(rows);
}

static void sequences_go_both_ways(void **state)
{
    static const struct op_case rows[] = {
        GIVES("RNN", "activations=[Affine] direction=reverse", X3 "f32[1,1,1] 1; f32[1,1,1] 10", "f32[3,1,1,1] 321 32 3; f32[1,1,1] 321"),
        GIVES("RNN", "activations=[Affine,Affine] direction=bidirectional", X3 "f32[2,1,1] 1 1; f32[2,1,1] 10 10", "f32[3,2,1,1] 1 321 12 32 123 3; f32[2,1,1] 123 321"),
        GIVES("RNN", "activations=[Affine] layout=1", "f32[1,3,1] 1 2 3; f32[1,1,1] 1; f32[1,1,1] 10", "f32[1,3,1,1] 1 12 123; f32[1,1,1] 123"),
        /* two sequences, the second of one step */
        GIVES("RNN", "activations=[Affine]", "f32[2,2,1] 1 3 2 4; f32[1,1,1] 1; f32[1,1,1] 10; -; i32[2] 2 1", "f32[2,1,2,1] 1 3 12 0; f32[1,2,1] 12 3"),
        GIVES("RNN", "activations=[Affine] direction=reverse", "f32[2,2,1] 1 3 2 4; f32[1,1,1] 1; f32[1,1,1] 10; -; i32[2] 2 1", "f32[2,1,2,1] 21 3 2 0; f32[1,2,1] 21 3"),
        FAILS("RNN", "", X3 "f32[1,1,1] 1; f32[1,1,1] 1; -; i32[1] 4", "sequence length 4 is outside 0..3"),
        FAILS("RNN", "direction=up", X3 "f32[1,1,1] 1; f32[1,1,1] 1", "direction 'up'"),
        FAILS("RNN", "direction=bidirectional", X3 "f32[1,1,1] 1; f32[1,1,1] 1", "W is [1,1,1] where [2,1,1] is needed"),
    };
    CHECK(rows);
}

static void shapes_are_known_beforehand(void **state)
{
    static const struct op_shape rows[] = {
        {"LSTM", "hidden_size=5", "f32[S,N,3]; f32[1,20,3]; f32[1,20,5]", "f32[S,1,N,5]; f32[1,N,5]; f32[1,N,5]", NULL},
        {"GRU", "layout=1 direction=bidirectional", "f32[N,S,3]; f32[2,15,3]; f32[2,15,5]", "f32[N,S,2,5]; f32[N,2,5]", NULL},
    };
    CHECK_SHAPES(rows);
}
/* clang-format on */

static void threads_change_no_bit(void **state)
{
    (void)state;
    op_threads_check("LSTM", "direction=bidirectional",
                     "f32[9,5,7]; f32[2,24,7]; f32[2,24,6]");
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
        cmocka_unit_test(a_cell_follows_its_equations),
        cmocka_unit_test(sequences_go_both_ways),
        cmocka_unit_test(shapes_are_known_beforehand),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
