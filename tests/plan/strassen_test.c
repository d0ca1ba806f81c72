/*
 * tests/plan/strassen_test.c - where plans take Strassen's products, and that a picture's bits hang
 * on nothing but itself
 *
 * Expected results: the same graph in double, whose products are direct sums. Numbers are drawn
 * from a fixed seed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "tests/plan/drawn_graph.h"

#define WIDE   1024 /* of the first product; the second goes back */
#define NARROW 384

static const int64_t open_batch[] = {-1, 7, 10, NARROW};

static void count(const struct icl_plan *plan, void *argument)
{
    size_t *steps = argument, i;
    const struct imgcls_node *step;
    const char *kernel;

    for (*steps = i = 0; icl_plan_step(plan, i, &step, &kernel); i++)
        *steps += strstr(kernel, "strassen") != NULL;
}

static void weights(const char *name, int64_t rows, int64_t columns)
{
    const int64_t dims[] = {rows, columns};
    float *data = drawn((size_t)(rows * columns));

    constant(name, IMGCLS_F32, 2, dims, data);
    free(data);
}

/* What transformers have: two layers around an activation, and the input added. */
static void two_layers(const int64_t *dims)
{
    static const int64_t wide = WIDE, narrow = NARROW;
    float *bias = drawn(WIDE);

    begin();
    input(dims);
    weights("w", NARROW, WIDE);
    weights("v", WIDE, NARROW);
    constant("b", IMGCLS_F32, 1, &wide, bias);
    constant("c", IMGCLS_F32, 1, &narrow, bias);
    free(bias);
    node("MatMul", "x w", "p");
    node("Add", "p b", "q");
    node("Relu", "q", "r");
    node("MatMul", "r v", "s");
    node("Add", "s c", "t");
    node("Add", "t x", "y");
    output("y");
}

static void a_picture_keeps_its_bits_in_every_batch(void **state)
{
    static const int64_t one[] = {1, 7, 10, NARROW}, three[] = {3, 7, 10, NARROW};
    struct icl_plan_options options = {0};
    size_t bytes, all, steps;
    float *x;

    (void)state;
    seed = 7;
    two_layers(open_batch);
    x = drawn((size_t)imgcls_count(4, three));
    for (options.threads = 1; options.threads <= 3; options.threads++) {
        char *together = run(&options, three, x, &all, count, &steps);
        assert_int_equal(steps, 2);
        for (int64_t i = 0; i < 3; i++) {
            char *alone = run(&options, one, x + i * imgcls_count(4, one), &bytes, count, &steps);
            assert_int_equal(steps, 2);
            assert_int_equal(3 * bytes, all);
            if (memcmp(alone, together + (size_t)i * bytes, bytes) != 0)
                fail_msg("picture %d, %d threads: other bits alone", (int)i, (int)options.threads);
            free(alone);
        }
        free(together);
    }
    free(x);
    end();
}

/* Portable kernels give the bits of all others; the direct sum those that are nearer to double. */
static void the_error_stays_small(void **state)
{
    static const int64_t one[] = {1, 7, 10, NARROW};
    struct icl_plan_options fast = {.threads = 2}, portable = {.threads = 1, .portable_only = true},
                            exact = {.threads = 1, .portable_only = true, .in_double = true},
                            direct = {.threads = 2, .other_bits = true};
    size_t bytes, steps;
    double error[2] = {0}, size = 0;
    float *x, *got[4];

    (void)state;
    seed = 8;
    two_layers(open_batch);
    x = drawn((size_t)imgcls_count(4, one));
    got[0] = (float *)(void *)run(&fast, one, x, &bytes, count, &steps);
    assert_int_equal(steps, 2);
    got[1] = (float *)(void *)run(&direct, one, x, &bytes, count, &steps);
    assert_int_equal(steps, 0);
    got[2] = (float *)(void *)run(&exact, one, x, &bytes, count, &steps);
    assert_int_equal(steps, 0);
    got[3] = (float *)(void *)run(&portable, one, x, &bytes, count, &steps);
    assert_int_equal(steps, 2);
    assert_memory_equal(got[3], got[0], bytes);
    for (size_t i = 0; i < bytes / sizeof *x; i++) {
        for (int way = 0; way < 2; way++)
            error[way] += pow((double)got[way][i] - (double)got[2][i], 2);
        size += pow((double)got[2][i], 2);
    }
    print_message("relative L2: Strassen %.2e, direct %.2e\n", sqrt(error[0] / size),
                  sqrt(error[1] / size));
    assert_true(error[1] > 0 && error[0] > error[1]);
    assert_true(sqrt(error[0] / size) < 2e-6);
    for (int i = 0; i < 4; i++)
        free(got[i]);
    free(x);
    end();
}

/* Rows that are pictures, or tokens before pictures, are summed directly. */
static void rows_of_several_pictures_are_not_combined(void **state)
{
    static const int64_t one[] = {70, 1, 1, NARROW}, open[] = {-1, 1, 1, NARROW};
    static const int64_t order[] = {1, 2, 0, 3};
    struct icl_plan_options options = {.threads = 1};
    size_t bytes, steps;
    float *x;

    (void)state;
    seed = 9;
    two_layers(open);
    x = drawn(70 * 10 * NARROW);
    free(run(&options, one, x, &bytes, count, &steps));
    assert_int_equal(steps, 0);
    end();

    begin();
    input(open_batch);
    weights("w", NARROW, WIDE);
    set_ints(node("Transpose", "x", "t"), "perm", 4, order);
    node("MatMul", "t w", "y");
    output("y");
    free(run(&options, (const int64_t[]){2, 7, 10, NARROW}, x, &bytes, count, &steps));
    assert_int_equal(steps, 0);
    end();
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_keeps_its_bits_in_every_batch),
        cmocka_unit_test(the_error_stays_small),
        cmocka_unit_test(rows_of_several_pictures_are_not_combined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
