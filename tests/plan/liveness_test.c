/*
 * tests/plan/liveness_test.c - sums take the place of what is added to them, where nobody needs that
 * any more, and no bit changes by it
 *
 * Expected results: the same graph where every value keeps bytes of its own. Numbers are drawn
 * from a fixed seed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/step.h"
#include "tests/plan/drawn_graph.h"

/* Steps with an operand: those that may be written over it, and those that are. */
struct found {
    size_t may, are;
};

static void find(const struct icl_plan *plan, void *argument)
{
    struct found *found = argument;

    *found = (struct found){0};
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct icl_step *step = &plan->steps[i];
        for (size_t e = 0; e < step->node->epilogue_count; e++) {
            int32_t operand = step->node->epilogues[e].operand;
            if (operand < 0 || !step->kernel->writes_over)
                continue;
            found->may += step->kernel->writes_over(&plan->ctx->host, step->node, (size_t)operand) != 0;
            found->are += icl_slot_root(plan, step->outputs[0]) ==
                          icl_slot_root(plan, step->inputs[operand]);
        }
    }
}

static struct found check(const char *what, const int64_t *dims)
{
    struct found apart, found;

    same_bits(what, dims, find, &apart, &found);
    assert_int_equal(apart.are, 0);
    return found;
}

/* A residual block: x -> r -> Conv -> Conv, + r -> y. type: of the sum. */
static void block(const int64_t *dims, int64_t wide, int64_t size, const char *type)
{
    begin();
    input(dims);
    conv("x", "a", dims[1], wide, 1);
    node("Relu", "a", "r");
    conv("r", "b", wide, dims[1], 1);
    node("Relu", "b", "c");
    conv("c", "d", dims[1], wide, size);
    node(type, "d r", "e");
    node("Relu", "e", "f");
    conv("f", "y", wide, 16, 1);
    output("y");
}

static void a_block_writes_over_what_it_began_with(void **state)
{
    static const int64_t all[][6] = {
        {1, 64, 14, 14, 256, 1}, {2, 64, 28, 28, 64, 3}, {1, 32, 20, 21, 128, 3},
        {3, 17, 9, 11, 37, 1},   {2, 5, 7, 5, 9, 3},     {1, 24, 5, 3, 131, 5},
    };
    size_t are = 0;

    (void)state;
    seed = 3;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        for (int mul = 0; mul < 2; mul++) {
            block(all[i], all[i][4], all[i][5], mul ? "Mul" : "Add");
            struct found found = check("block", all[i]);
            assert_int_equal(found.are, found.may);
            are += found.are;
        }
    assert_true(are > 0); /* Winograd's kernels do on every CPU */
}

/* Sums of more products than one pass takes lie in the result's place before they are finished. */
static void sums_that_wait_in_their_place_leave_the_operand_alone(void **state)
{
    static const int64_t dims[] = {1, 800, 5, 7};

    (void)state;
    seed = 4;
    block(dims, 48, 1, "Add");
    assert_int_equal(check("long sums", dims).are, 0);
}

static void what_is_read_later_is_left_alone(void **state)
{
    static const int64_t dims[] = {2, 64, 12, 12};

    (void)state;
    seed = 5;
    block(dims, 128, 3, "Add");
    output("r");
    struct found found = check("an output", dims);
    assert_true(found.may > 0);
    assert_int_equal(found.are, 0);

    block(dims, 128, 3, "Add");
    conv("f", "g", 128, 128, 1);
    node("Add", "g r", "z"); /* the later sum may, the earlier may not */
    output("z");
    found = check("read twice", dims);
    assert_true(found.are < found.may);
}

/* x W1 + x: the product reads its own operand as rows. */
static void an_operand_that_is_multiplied_too_is_left_alone(void **state)
{
    static const int64_t dims[] = {1, 64, 12, 12};

    (void)state;
    seed = 6;
    begin();
    input(dims);
    conv("x", "a", 64, 128, 1);
    node("Relu", "a", "r");
    conv("r", "b", 128, 128, 1);
    node("Add", "b r", "c");
    conv("c", "y", 128, 16, 1);
    output("y");
    struct found found = check("its own rows", dims);
    assert_int_equal(found.are, 0);
}

/* Rows of a matrix, the second product of two narrow enough for one pass and no Strassen's. */
static void a_matrix_product_writes_over_its_addend(void **state)
{
    static const int64_t dims[] = {2, 3, 21, 40}, wide[] = {40, 72}, narrow[] = {72, 40};
    float *w = drawn(40 * 72);

    (void)state;
    seed = 7;
    begin();
    input(dims);
    constant("w", IMGCLS_F32, 2, wide, w);
    constant("v", IMGCLS_F32, 2, narrow, w);
    node("Sin", "x", "r");
    node("MatMul", "r w", "a");
    node("Relu", "a", "b");
    node("MatMul", "b v", "c");
    node("Add", "c r", "y");
    output("y");
    struct found found = check("matrices", dims);
    assert_int_equal(found.are, found.may);
    free(w);
}

static void drawn_chains_of_blocks_agree(void **state)
{
    size_t are = 0;

    (void)state;
    seed = 8;
    for (int round = 0; round < 80; round++) {
        int64_t wide = between(1, 140), blocks = between(1, 4);
        const int64_t dims[] = {between(1, 3), between(1, 70), between(1, 17), between(1, 17)};
        char from[16] = "r0", names[4][16], inputs[40];

        begin();
        input(dims);
        conv("x", "r0", dims[1], wide, 1);
        for (int64_t i = 1; i <= blocks; i++) {
            for (int k = 0; k < 4; k++)
                snprintf(names[k], sizeof names[k], "%c%d", "abcr"[k], (int)i);
            conv(from, names[0], wide, dims[1], 1);
            node("Relu", names[0], names[1]);
            conv(names[1], names[2], dims[1], wide, between(0, 1) * 2 + 1);
            snprintf(inputs, sizeof inputs, "%s %s", names[2], from);
            node("Add", inputs, names[3]);
            snprintf(from, sizeof from, "%s", names[3]);
        }
        output(from);
        are += check("a chain", dims).are;
    }
    print_message("%zu written over\n", are);
    assert_true(are > 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        CASE(a_block_writes_over_what_it_began_with),
        CASE(sums_that_wait_in_their_place_leave_the_operand_alone),
        CASE(what_is_read_later_is_left_alone),
        CASE(an_operand_that_is_multiplied_too_is_left_alone),
        CASE(a_matrix_product_writes_over_its_addend),
        CASE(drawn_chains_of_blocks_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
