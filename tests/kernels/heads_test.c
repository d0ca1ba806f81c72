/*
 * tests/kernels/heads_test.c - attention of one head: portable against double, other
 * kernels against portable bit by bit, at shapes and strides that are drawn
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/heads.h"

#include <imgcls/plugin.h>

#include "tests/kernels/drawn.h"
#include "tests/kernels/offered.h"

#define ENTRY(function, set) {#function, set, function},
static const struct {
    const char *name;
    uint64_t isa;
    heads_kernel *run;
} kernels[] = {HEADS_FAMILY(ENTRY)};
#define KERNELS (sizeof kernels / sizeof *kernels)

/* A matrix of drawn numbers, somewhere in which rows and columns lie. */
struct matrix {
    float *data;
    int64_t count;
    struct heads_strides strides;
};

static struct matrix drawn_matrix(int64_t rows, int64_t columns, int turned)
{
    struct matrix m;
    int64_t gap = draw_between(0, 3);
    m.strides.row = turned ? 1 : columns + gap;
    m.strides.column = turned ? rows + gap : 1;
    m.count = (rows - 1) * m.strides.row + (columns - 1) * m.strides.column + 1;
    m.data = guarded_drawn(m.count);
    return m;
}

static double at(const struct matrix *m, int64_t row, int64_t column)
{
    return m->data[row * m->strides.row + column * m->strides.column];
}

/* The definition in double, from inputs as they are. */
static void check_truth(const struct heads_job *job, const struct matrix *q,
                        const struct matrix *k, const struct matrix *v,
                        const struct matrix *addends, const float *y)
{
    double *powers = malloc((size_t)job->keys * sizeof *powers);
    int64_t t, s, d;
    assert_non_null(powers);
    for (t = 0; t < job->queries; t++) {
        double most = -INFINITY, sum = 0, size = 0;
        for (s = 0; s < job->keys; s++) {
            double score = 0, parts = 0;
            for (d = 0; d < job->depth; d++) {
                double part = at(q, t, d) * job->q_scale * at(k, s, d) * job->k_scale;
                score += part;
                parts += fabs(part);
            }
            score = job->divide ? score / job->scale : score * job->scale;
            parts = job->divide ? parts / job->scale : parts * job->scale;
            for (int32_t a = 0; a < job->addend_count; a++) {
                score += at(&addends[a], t, s);
                parts += fabs(at(&addends[a], t, s));
            }
            powers[s] = score;
            size = parts > size ? parts : size;
            most = score > most ? score : most;
        }
        for (s = 0; s < job->keys; s++)
            sum += powers[s] = exp(powers[s] - most);
        for (d = 0; d < job->width; d++) {
            double want = 0, parts = 0, is;
            for (s = 0; s < job->keys; s++) {
                want += powers[s] / sum * at(v, s, d);
                parts += powers[s] / sum * fabs(at(v, s, d));
            }
            is = y[t * job->y.row + d * job->y.column];
            /* roundings of a score move its power by as much; sums of keys and of depth */
            double bound =
                parts * 0x1p-24 *
                (2 * (double)(job->depth + 8) * (size + 1) + (double)job->keys + 16);
            if (!(fabs(is - want) <= bound))
                fail_msg("query %lld, column %lld: %.9g, should be %.9g", (long long)t,
                         (long long)d, is, want);
        }
    }
    free(powers);
}

static void check(const struct heads_job *shape, int turned, int addends, int special)
{
    struct heads_job job = *shape;
    struct matrix q = drawn_matrix(job.queries, job.depth, turned & 1);
    struct matrix k = drawn_matrix(job.keys, job.depth, turned & 2);
    struct matrix v = drawn_matrix(job.keys, job.width, turned & 8);
    struct matrix added[2];
    struct heads_head head = {.q = q.data, .k = k.data, .v = v.data};
    int64_t count, where, cut;
    size_t bytes, i;
    int a;

    job.q = q.strides, job.k = k.strides, job.v = v.strides;
    job.y.column = turned & 4 ? job.queries : 1;
    job.y.row = turned & 4 ? 1 : job.width + 2;
    job.addend_count = addends;
    for (a = 0; a < addends; a++) {
        added[a] = drawn_matrix(a ? 1 : job.queries, job.keys, a == 0 && (turned & 2));
        if (a)
            added[a].strides.row = 0;
        job.addends[a] = added[a].strides;
        head.addends[a] = added[a].data;
    }
    count = (job.queries - 1) * job.y.row + (job.width - 1) * job.y.column + 1;
    bytes = heads_workspace(&job, sizeof(float));
    assert_true(bytes > 0 && bytes % 64 == 0);
    void *space = aligned_alloc(64, bytes);
    float *want = between_canaries(count);
    assert_non_null(space);
    if (special && addends) { /* a mask: some keys, for one query all of them */
        for (int64_t s = 0; s < job.keys; s += 2)
            added[0].data[s * added[0].strides.column] = -INFINITY;
        if (special > 1)
            for (int64_t s = 0; s < job.keys; s++)
                added[0].data[s * added[0].strides.column] = -INFINITY;
    }
    heads_f32_portable(&job, &head, 0, 0, space);
    head.y = want;
    heads_f32_portable(&job, &head, 0, job.queries, space);
    if (!special)
        check_truth(&job, &q, &k, &v, added, want);
    for (i = 0; i < KERNELS; i++) {
        float *got = between_canaries(count);
        if (!offered(kernels[i].isa)) {
            print_message("skipped %s\n", kernels[i].name);
            canary_free(got, count);
            continue;
        }
        memset(space, 0xff, bytes);
        head.y = got;
        cut = draw_between(0, job.queries); /* where it is cut changes nothing */
        kernels[i].run(&job, &head, cut, job.queries, space);
        kernels[i].run(&job, &head, 0, cut, space);
        if (!same_bits(got, want, count, &where))
            fail_msg("%s, %lld queries, %lld keys, depth %lld, width %lld, turned %d, %d "
                     "addends: element %lld is %a, portable %a",
                     kernels[i].name, (long long)job.queries, (long long)job.keys,
                     (long long)job.depth, (long long)job.width, turned, addends,
                     (long long)where, got[where], want[where]);
        canary_free(got, count);
    }
    canary_free(want, count);
    free(space);
    for (a = 0; a < addends; a++)
        guarded_free(added[a].data, added[a].count);
    guarded_free(q.data, q.count);
    guarded_free(k.data, k.count);
    guarded_free(v.data, v.count);
}

static void named_shapes_agree(void **state)
{
    static const struct {
        int64_t queries, keys, depth, width;
    } shapes[] = {
        {197, 197, 64, 64}, /* ViT */
        {49, 49, 32, 32},   /* Swin */
        {1, 1, 1, 1},       {6, 16, 8, 16},    {7, 17, 9, 17}, {32, 32, 196, 784}, /* channels attend: DaViT */
         {25, 64, 96, 48},
        {13, 97, 97, 33},   {24, 192, 193, 1}, {5, 63, 40, 80}, {2, 300, 3, 130},
    };
    (void)state;
    draw_begin();
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int turned = 0; turned < 16; turned++) {
            struct heads_job job = {.queries = shapes[i].queries,
                                    .keys = shapes[i].keys,
                                    .depth = shapes[i].depth,
                                    .width = shapes[i].width,
                                    .q_scale = 0.353553391f,
                                    .k_scale = 0.353553391f,
                                    .scale = 1};
            if (turned % 3 == 1)
                job.scale = 5.65685425f, job.divide = 1, job.q_scale = 1;
            check(&job, turned, turned % 3, 0);
        }
}

static void drawn_shapes_agree(void **state)
{
    (void)state;
    draw_begin();
    for (int i = 0; i < draw_rounds(150); i++) {
        struct heads_job job = {.queries = draw_between(1, 60),
                                .keys = draw_between(1, 120),
                                .depth = draw_between(1, 110),
                                .width = draw_between(1, 90),
                                .q_scale = draw_float(),
                                .k_scale = 1,
                                .scale = 0.25};
        check(&job, (int)draw_between(0, 15), (int)draw_between(0, 2), 0);
    }
}

/* Keys that a mask takes out, and a query that sees none. */
static void masked_keys_agree(void **state)
{
    (void)state;
    draw_begin();
    for (int i = 0; i < draw_rounds(30); i++) {
        struct heads_job job = {.queries = draw_between(1, 30),
                                .keys = draw_between(1, 70),
                                .depth = draw_between(1, 40),
                                .width = draw_between(1, 40),
                                .q_scale = 1,
                                .k_scale = 1,
                                .scale = 1};
        check(&job, i % 16, 1 + i % 2, 1 + i / 2 % 2);
    }
}

static void sizes_past_memory_need_no_workspace(void **state)
{
    struct heads_job job = {.queries = 1, .keys = INT64_MAX / 2, .depth = 64, .width = 1};
    (void)state;
    assert_int_equal(heads_workspace(&job, 4), 0);
    job.keys = INT64_MAX;
    assert_int_equal(heads_workspace(&job, 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_shapes_agree),
        cmocka_unit_test(drawn_shapes_agree),
        cmocka_unit_test(masked_keys_agree),
        cmocka_unit_test(sizes_past_memory_need_no_workspace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
