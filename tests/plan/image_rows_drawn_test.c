/*
 * tests/plan/image_rows_drawn_test.c - drawn chains of operators, which move the batch through all
 * dimensions: a group of rows that a plan names changes with one image at most, and a plan that
 * divides the batch gives what the whole batch gives
 *
 * Whether rows change is found out by running the graph as it stands (rows_graph.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/plan/rows_graph.h"

#define DRAWN 300

/* A value on the way: dims[axis] holds the batch as a factor of before * batch * behind. */
struct chain {
    char name[16];
    int32_t rank, axis;
    int64_t dims[6]; /* -1: the batch's */
    int64_t before, behind;
    int length;
};

static const char *next_name(struct chain *chain)
{
    snprintf(chain->name, sizeof chain->name, "v%d", ++chain->length);
    return chain->name;
}

/* Splits the batch from its factors, a dimension in two, or joins two. */
static void draw_reshape(struct chain *chain)
{
    char from[16];
    int32_t at = (int32_t)between(0, chain->rank - 1);

    strcpy(from, chain->name);
    if (at == chain->axis && (chain->behind > 1 || chain->before > 1) && chain->rank < 6) {
        bool behind = chain->behind > 1;
        memmove(&chain->dims[at + 1], &chain->dims[at],
                (size_t)(chain->rank - at) * sizeof chain->dims[0]);
        chain->dims[behind ? at + 1 : at] = behind ? chain->behind : chain->before;
        chain->axis += !behind;
        *(behind ? &chain->behind : &chain->before) = 1;
        chain->rank++;
    } else if (at != chain->axis && chain->dims[at] % 2 == 0 && chain->rank < 6 &&
               between(0, 1)) {
        memmove(&chain->dims[at + 1], &chain->dims[at],
                (size_t)(chain->rank - at) * sizeof chain->dims[0]);
        chain->dims[at] /= 2;
        chain->dims[at + 1] = 2;
        chain->axis += chain->axis > at;
        chain->rank++;
    } else if (at + 1 < chain->rank && chain->rank > 2) {
        int64_t joined = chain->dims[at] * chain->dims[at + 1];
        if (chain->axis == at)
            chain->behind *= chain->dims[at + 1];
        else if (chain->axis == at + 1)
            chain->before *= chain->dims[at];
        chain->dims[at] = chain->axis == at || chain->axis == at + 1 ? -1 : joined;
        chain->axis -= chain->axis > at;
        memmove(&chain->dims[at + 1], &chain->dims[at + 2],
                (size_t)(chain->rank - at - 2) * sizeof chain->dims[0]);
        chain->rank--;
    }
    reshape(from, next_name(chain), (size_t)chain->rank, chain->dims);
}

static void draw_transpose(struct chain *chain)
{
    int64_t perm[6], dims[6];
    char from[16];
    int32_t axis = chain->axis;

    strcpy(from, chain->name);
    memcpy(dims, chain->dims, sizeof dims);
    for (int32_t i = 0; i < chain->rank; i++)
        perm[i] = i;
    for (int32_t i = chain->rank - 1; i > 0; i--) {
        int32_t k = (int32_t)between(0, i);
        int64_t kept = perm[i];
        perm[i] = perm[k];
        perm[k] = kept;
    }
    for (int32_t i = 0; i < chain->rank; i++) {
        chain->dims[i] = dims[perm[i]];
        if (perm[i] == axis)
            chain->axis = i;
    }
    transpose(from, next_name(chain), (size_t)chain->rank, perm);
}

static void draw_rest(struct chain *chain)
{
    int32_t at = (int32_t)between(0, chain->rank - 1);
    char from[16], both[40];

    strcpy(from, chain->name);
    snprintf(both, sizeof both, "%s %s", from, from);
    switch (between(0, 5)) {
    case 0:
        on_axis("Softmax", from, next_name(chain), at);
        break;
    case 1:
        node("Sin", from, next_name(chain));
        break;
    case 2:
        node("Add", both, next_name(chain));
        break;
    case 3:
        roll(from, next_name(chain), at, 1);
        break;
    case 4:
        on_axis("LpNormalization", from, next_name(chain), at);
        break;
    default:
        if (at == chain->axis)
            break;
        on_axis("Concat", both, next_name(chain), at);
        chain->dims[at] *= 2;
    }
}

/* The last value is called "a", a matrix of C columns. */
static void build_drawn(unsigned number)
{
    struct chain chain = {.name = "x", .rank = 4, .dims = {-1, H, W, C}, .before = 1, .behind = 1};

    seed = number;
    begin();
    input(open_dims);
    for (int i = (int)between(2, 9); i > 0; i--) {
        int64_t kind = between(0, 3);
        if (kind == 0)
            draw_transpose(&chain);
        else if (kind == 1)
            draw_rest(&chain);
        else
            draw_reshape(&chain);
    }
    RESHAPE(chain.name, "a", -1, C);
}

static void groups_of_drawn_chains_are_of_one_image_each(void **state)
{
    const struct icl_plan_options options = {.threads = 1};
    int named = 0;
    (void)state;

    for (unsigned number = 1; number <= DRAWN; number++) {
        char what[40];
        snprintf(what, sizeof what, "chain %u", number);
        build_drawn(number);
        product("a", C);
        output("m");
        int64_t rows = planned(&options, 1);
        assert_int_equal(planned(&options, 2), rows);
        assert_int_equal(planned(&options, 5), rows);
        end();
        if (rows == 0)
            continue;
        named++;
        build_drawn(number);
        output("a");
        check_rows(what, rows);
        end();
    }
    if (named < DRAWN / 4 || named > DRAWN * 19 / 20)
        fail_msg("%d of %d chains have groups: the others, or these, are hardly tested", named,
                 DRAWN);
}

static void take_summary(const struct icl_plan *plan, void *argument)
{
    icl_plan_summarise(plan, argument);
}

static void drawn_chains_are_divided_where_the_results_are_the_same(void **state)
{
    const struct icl_plan_options whole = {.threads = 1, .whole_batch = true},
                                  parts = {.threads = 1, .part_bytes = 1};
    const int64_t dims[] = {IMAGES, H, W, C};
    int divided = 0;
    (void)state;

    for (unsigned number = 1; number <= DRAWN; number++) {
        struct icl_plan_summary summary;
        size_t bytes, want_bytes;
        build_drawn(number);
        product("a", C);
        output("m");
        float *x = drawn(IMAGES * H * W * C);
        char *got = run(&parts, dims, x, &bytes, take_summary, &summary);
        char *want = run(&whole, dims, x, &want_bytes, NULL, NULL);
        if (bytes != want_bytes || memcmp(got, want, bytes) != 0)
            fail_msg("chain %u: other results, %d images of %d at a time", number,
                     (int)summary.micro_batch, (int)summary.batch);
        divided += summary.micro_batch < summary.batch;
        free(got);
        free(want);
        free(x);
        end();
    }
    if (divided < DRAWN / 5 || divided > DRAWN * 19 / 20)
        fail_msg("%d of %d chains are divided: the others, or these, are hardly tested", divided,
                 DRAWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_chains_are_divided_where_the_results_are_the_same),
        cmocka_unit_test(groups_of_drawn_chains_are_of_one_image_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
