/*
 * tests/kernels/strassen_test.c - Strassen's products: portable against a sum in double, every
 * other kernel against portable bit by bit
 *
 * Shapes are drawn around what can go wrong: images of an odd number of rows, one row, halves that
 * fill no panel, several images in a tile and several tiles in an image, blocks of k. The bound
 * against double follows from the seven products: each sums k / 2 products of sums of quarters,
 * no larger than (|a11| + |a12| + |a21| + |a22|) (|b11| + ... + |b22|), and four of them are
 * added.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/strassen.h"

#include <imgcls/plugin.h>

#include "tests/kernels/drawn.h"
#include "tests/kernels/offered.h"

struct entry {
    const char *name;
    uint64_t isa;
    gemm_kernel *run;
    int64_t rows, columns;
};
#define ENTRY(function, set, rows, columns, rate) {#function, set, function, rows, columns},
static const struct entry family[] = {STRASSEN_FAMILY(ENTRY)};

static float *floats_of_nan(size_t bytes)
{
    float *floats = aligned_alloc(64, (bytes + 127) / 64 * 64);
    size_t i;

    assert_non_null(floats);
    for (i = 0; i < bytes / sizeof *floats; i++)
        floats[i] = NAN; /* what a kernel reads, it must have written */
    return floats;
}

/* As so many threads would: pieces of the grid, in falling order. */
static void run_kernel(const struct entry *entry, struct gemm_job *job, int32_t threads)
{
    size_t size = (size_t)strassen_packed_size(job->k, job->n, entry->columns ? entry->columns : 1);
    float *workspace = floats_of_nan(strassen_workspace(job->k, entry->rows, entry->columns));
    float *packed = floats_of_nan(size * sizeof *packed);
    int64_t at = strassen_grid(job, entry->rows, entry->columns, threads), piece;

    piece = (at + threads - 1) / threads;
    if (entry->columns)
        strassen_pack(job, entry->columns, packed);
    job->b_packed = packed;
    for (; at > 0; at -= piece)
        entry->run(job, at > piece ? at - piece : 0, at, workspace);
    job->b_packed = NULL;
    free(packed);
    free(workspace);
}

static double magnitude(const float *x, int64_t at, int64_t across, int64_t down, int has_down)
{
    double sum = fabs((double)x[at]) + fabs((double)x[at + across]);

    return has_down ? sum + fabs((double)x[at + down]) + fabs((double)x[at + down + across]) : sum;
}

/* Element (m, n) in double, and the most that rounding can make of it. */
static double element(const struct gemm_job *job, int64_t m, int64_t n, double *bound)
{
    const float *a = job->a, *b = job->b;
    int64_t half = (job->image_rows + 1) / 2, r = m % job->image_rows, k;
    int64_t upper = r < half ? m : m - half, left = n % (job->n / 2);
    int has_lower = upper % job->image_rows + half < job->image_rows;
    double sum = 0, size = 0;

    for (k = 0; k < job->k; k++)
        sum += (double)a[m * job->a_row + k] * (double)b[k * job->b_row + n * job->b_column];
    for (k = 0; k < job->k / 2; k++)
        size += magnitude(a, upper * job->a_row + k, job->k / 2, half * job->a_row, has_lower) *
                magnitude(b, k * job->b_row + left * job->b_column, job->n / 2 * job->b_column,
                          job->k / 2 * job->b_row, 1);
    *bound = 0x1p-24 * size * 4 * (double)(GEMM_K_BLOCK + job->k / GEMM_K_BLOCK + 6);
    return sum;
}

static void compare(struct gemm_job *job, const char *row)
{
    int64_t total = job->m * job->c_row, m, n, where;
    float *want = between_canaries(total), *got;
    const struct entry *entry = family;
    int32_t threads;

    job->c = want;
    run_kernel(entry, job, 1);
    for (m = 0; m < job->m && job->step_count == 0; m++)
        for (n = 0; n < job->n; n++) {
            double bound, sum = element(job, m, n, &bound);
            float is = want[m * job->c_row + n];
            if (!(fabs(is - sum) <= bound))
                fail_msg("%s: element %lld, %lld is %.9g, in double %.9g", row, (long long)m,
                         (long long)n, is, sum);
        }
    for (entry = family; entry < family + sizeof family / sizeof *family; entry++) {
        if (!offered(entry->isa))
            continue;
        for (threads = 1; threads <= 3; threads++) {
            got = between_canaries(total);
            job->c = got;
            run_kernel(entry, job, threads);
            if (!same_bits(got, want, total, &where))
                fail_msg("%s: %s, %d threads: element %lld is %a, portable %a", row, entry->name,
                         threads, (long long)where, got[where], want[where]);
            canary_free(got, total);
        }
    }
    canary_free(want, total);
}

static void product_case(int64_t images, int64_t rows, int64_t n, int64_t k, int turned,
                         int32_t kind)
{
    struct gemm_job job = {.m = images * rows, .n = n, .k = k, .image_rows = rows, .alpha = 1,
                           .beta = 1, .a_column = 1};
    int64_t slack = draw_between(0, 3), a_count, b_count;
    float *a, *b, *other, *bias;
    char row[160];

    job.a_row = k + slack;
    job.b_row = turned ? 1 : n + slack;
    job.b_column = turned ? k + slack : 1;
    job.c_row = n;
    a_count = job.m * job.a_row;
    b_count = turned ? n * job.b_column : k * job.b_row;
    job.a = a = guarded_drawn(a_count);
    job.b = b = guarded_drawn(b_count);
    other = guarded_drawn(job.m * n);
    bias = guarded_drawn(n);
    if (kind) {
        job.step_count = 2;
        job.steps[0] = (struct gemm_step){.kind = IMGCLS_EPILOGUE_BIAS, .operand = bias};
        job.steps[1] = (struct gemm_step){.kind = kind, .a = -0.25f, .b = 0.75f};
        if (kind == IMGCLS_EPILOGUE_ADD || kind == IMGCLS_EPILOGUE_MUL)
            job.steps[1].operand = other;
        if (kind == IMGCLS_EPILOGUE_BIAS)
            job.steps[1].operand = bias;
    }
    snprintf(row, sizeof row, "%lld images of %lld rows, n %lld k %lld turned %d step %d",
             (long long)images, (long long)rows, (long long)n, (long long)k, turned, kind);
    compare(&job, row);
    guarded_free(a, a_count);
    guarded_free(b, b_count);
    guarded_free(other, job.m * n);
    guarded_free(bias, n);
}

static void products_of_drawn_shapes_agree(void **state)
{
    static const int64_t images[] = {1, 2, 3, 7}, rows[] = {2, 3, 11, 12, 13, 25, 49, 50};
    static const int64_t columns[] = {2, 6, 16, 30, 32, 34, 64, 66, 96, 128, 202};
    static const int64_t depths[] = {2, 6, 30, 32, 34, 64, 96, 190, 192, 194, 386};
#define PICK(list) list[draw_between(0, (int64_t)(sizeof list / sizeof *list) - 1)]
    size_t i;
    (void)state;
    draw_begin();
    for (i = 0; i < sizeof family / sizeof *family; i++)
        if (!offered(family[i].isa))
            print_message("skipped %s: this CPU lacks its instructions\n", family[i].name);
    for (i = 0; i < (size_t)draw_rounds(60); i++)
        product_case(PICK(images), PICK(rows), PICK(columns), PICK(depths),
                     (int)draw_between(0, 1), 0);
    product_case(1, 1, 6, 8, 0, 0);
    product_case(2, 197, 32, 96, 1, 0);
    if (draw_share() == 1)
        product_case(2, 351, 66, 64, 0, 0); /* several tiles */
}

static void every_step_agrees(void **state)
{
    int32_t kind;
    (void)state;
    draw_begin();
    for (kind = IMGCLS_EPILOGUE_ADD; kind <= IMGCLS_EPILOGUE_BIAS; kind++) {
        product_case(2, draw_between(2, 30), 2 * draw_between(8, 50), 2 * draw_between(1, 60),
                     (int)draw_between(0, 1), kind);
        product_case(1, 13, 128, 64, 1, kind);
    }
}

/* What one image gives does not hang on how many there are, nor on where it stands. */
static void images_of_a_batch_have_the_bits_they_have_alone(void **state)
{
    const int64_t rows = 49, n = 96, k = 64, images = 5;
    struct gemm_job job = {.n = n, .k = k, .image_rows = rows, .alpha = 1, .beta = 1,
                           .a_row = k, .a_column = 1, .b_row = n, .b_column = 1, .c_row = n};
    const size_t size = (size_t)(rows * n) * sizeof(float);
    float *a = guarded_drawn(images * rows * k), *b = guarded_drawn(k * n);
    float *all = between_canaries(images * rows * n), *alone = between_canaries(rows * n);
    const struct entry *entry;
    int64_t i;
    (void)state;

    job.b = b;
    for (entry = family; entry < family + sizeof family / sizeof *family; entry++) {
        if (!offered(entry->isa))
            continue;
        job.a = a;
        job.c = all;
        job.m = images * rows;
        run_kernel(entry, &job, 2);
        for (i = 0; i < images; i++) {
            job.a = a + i * rows * k;
            job.c = alone;
            job.m = rows;
            run_kernel(entry, &job, 1);
            assert_true(memcmp(alone, all + i * rows * n, size) == 0);
        }
    }
    canary_free(all, images * rows * n);
    canary_free(alone, rows * n);
    guarded_free(a, images * rows * k);
    guarded_free(b, k * n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_of_drawn_shapes_agree),
        cmocka_unit_test(every_step_agrees),
        cmocka_unit_test(images_of_a_batch_have_the_bits_they_have_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
