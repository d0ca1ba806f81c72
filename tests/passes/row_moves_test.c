/*
 * tests/passes/row_moves_test.c - nodes that only move rows become one Gather, which moves them
 * the same way
 *
 * Expected results: the same graph without fusion. Numbers are drawn from a fixed seed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/passes/passes.h"
#include "tests/plan/drawn_graph.h"

static size_t nodes_of(const char *type)
{
    struct imgcls_graph *passed;
    size_t count = 0;

    ok(icl_graph_clone(graph, &passed));
    ok(icl_passes_upgrade(passed));
    ok(icl_passes_fuse(passed, NULL));
    for (size_t i = 0; i < passed->node_count; i++)
        count += strcmp(passed->nodes[i]->type, type) == 0;
    icl_graph_destroy(passed);
    return count;
}

/* Compares with the graph as it stands and ends it; how many Gathers it came to. */
static size_t check(const char *what, const int64_t *dims)
{
    struct icl_plan_options plain = {.threads = 1, .no_fusion = true}, fused = {.threads = 3};
    float *x = drawn((size_t)imgcls_count(4, dims));
    size_t bytes, got_bytes, gathers = nodes_of("Gather");
    char *want = run(&plain, dims, x, &bytes, NULL, NULL);
    char *got = run(&fused, dims, x, &got_bytes, NULL, NULL);

    assert_int_equal(got_bytes, bytes);
    if (memcmp(want, got, bytes) != 0)
        fail_msg("%s: other rows", what);
    free(want);
    free(got);
    free(x);
    end();
    return gathers;
}

static void reshape(const char *in, const char *out, size_t rank, const int64_t *dims)
{
    const int64_t count = (int64_t)rank;
    char shape[40], inputs[80];

    snprintf(shape, sizeof shape, "%s.shape", out);
    snprintf(inputs, sizeof inputs, "%s %s", in, shape);
    constant(shape, IMGCLS_I64, 1, &count, dims);
    node("Reshape", inputs, out);
}

static void transpose(const char *in, const char *out, size_t rank, const int64_t *perm)
{
    set_ints(node("Transpose", in, out), "perm", rank, perm);
}

/* Rows of an axis from `at` on, then those before it. */
static void roll(const char *in, const char *out, int64_t axis, int64_t size, int64_t at)
{
    char a[20], b[20], both[60];

    snprintf(a, sizeof a, "%s.a", out);
    snprintf(b, sizeof b, "%s.b", out);
    snprintf(both, sizeof both, "%s %s", a, b);
    slice(in, a, axis, at, size);
    slice(in, b, axis, 0, at);
    set_int(node("Concat", both, out), "axis", axis);
}

static const int64_t windowed[] = {0, 1, 3, 2, 4, 5};

/* Swin: 14 x 14 pixels of 32 channels, rolled by 3, in windows of 7 x 7, and back. */
static void shifted_windows_are_one_gather_there_and_one_back(void **state)
{
    (void)state;
    for (int64_t images = 1; images <= 2; images++) {
        const int64_t dims[] = {images, 14, 14, 32}, split[] = {images, 2, 7, 2, 7, 32};
        const int64_t windows[] = {images * 4, 49, 32}, back[] = {images, 2, 2, 7, 7, 32};

        seed = 1;
        begin();
        input(dims);
        node("Sin", "x", "n");
        roll("n", "a", 1, 14, 3);
        roll("a", "b", 2, 14, 3);
        reshape("b", "c", 6, split);
        transpose("c", "d", 6, windowed);
        reshape("d", "e", 3, windows);
        node("Sin", "e", "f");
        reshape("f", "g", 6, back);
        transpose("g", "h", 6, windowed);
        reshape("h", "i", 4, dims);
        roll("i", "j", 1, 14, 11);
        roll("j", "k", 2, 14, 11);
        node("Add", "k n", "y");
        output("y");
        assert_int_equal(nodes_of("Slice") + nodes_of("Concat") + nodes_of("Transpose"), 0);
        assert_int_equal(check("windows", dims), 2);
    }
}

/* A value that something else reads, one move alone, short rows, and rows that are taken
 * apart stay as they are. */
static void others_stay(void **state)
{
    static const int64_t dims[] = {1, 8, 8, 32}, narrow[] = {1, 8, 8, 8}, perm[] = {0, 2, 1, 3};
    static const int64_t apart[] = {0, 3, 1, 2};

    (void)state;
    seed = 2;
    begin();
    input(dims);
    roll("x", "a", 1, 8, 3);
    roll("a", "y", 2, 8, 3);
    output("y");
    output("a"); /* each roll by itself is one copy */
    assert_int_equal(check("read outside", dims), 0);

    begin();
    input(narrow);
    roll("x", "a", 1, 8, 3);
    roll("a", "y", 2, 8, 3);
    output("y");
    assert_int_equal(check("32 bytes", narrow), 0);

    begin();
    input(dims);
    transpose("x", "a", 4, perm);
    transpose("a", "y", 4, apart);
    output("y");
    assert_int_equal(check("channels apart", dims), 0);
}

/* Chains and diamonds of moves on [n, h, w, 32], which only the last value leaves. */
static void drawn_moves_agree(void **state)
{
    size_t gathers = 0;

    (void)state;
    seed = 3;
    for (int round = 0; round < 120; round++) {
        const int64_t dims[] = {between(1, 3), between(2, 6), between(2, 6), 16 * between(1, 2)};
        int64_t shape[] = {dims[0], dims[1], dims[2], dims[3]};
        char in[16] = "x", out[16], what[24], halves[40];
        int steps = (int)between(2, 6);

        begin();
        input(dims);
        for (int i = 0; i < steps; i++) {
            int64_t axis = between(0, 2), perm[] = {0, 1, 2, 3};
            snprintf(out, sizeof out, "v%d", i);
            switch (between(0, 3)) {
            case 0: {
                int64_t other = (axis + 1) % 3, size = shape[axis];
                perm[axis] = other;
                perm[other] = axis;
                shape[axis] = shape[other];
                shape[other] = size;
                transpose(in, out, 4, perm);
                break;
            }
            case 1:
                shape[0] *= shape[1];
                shape[1] = shape[2];
                shape[2] = 1;
                reshape(in, out, 4, shape);
                break;
            case 2: { /* the same value several times */
                snprintf(halves, sizeof halves, "%s %s", in, in);
                if (shape[axis] * 2 * shape[(axis + 1) % 3] * shape[(axis + 2) % 3] > 4000)
                    snprintf(halves, sizeof halves, "%s", in);
                else
                    shape[axis] *= 2;
                set_int(node("Concat", halves, out), "axis", axis);
                break;
            }
            default:
                roll(in, out, axis, shape[axis], between(0, shape[axis]));
            }
            snprintf(in, sizeof in, "%s", out);
        }
        output(out);
        snprintf(what, sizeof what, "graph %d", round);
        gathers += check(what, dims);
    }
    assert_true(gathers > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shifted_windows_are_one_gather_there_and_one_back),
        cmocka_unit_test(others_stay),
        cmocka_unit_test(drawn_moves_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
