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
    strassen_kernel *run;
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

/* As so many threads would: pieces of the grid, in falling order, each in a workspace of its own but
 * for what phases share. */
static void run_kernel(const struct entry *entry, struct strassen_job *job, int32_t threads)
{
    struct gemm_job *product = &job->product;
    size_t size =
        (size_t)strassen_packed_size(product->k, product->n, entry->columns ? entry->columns : 1);
    size_t bytes = strassen_workspace(product->k, entry->rows, entry->columns);
    float *workspace = floats_of_nan(bytes), *common = floats_of_nan(bytes);
    float *packed = floats_of_nan(size * sizeof *packed);
    int64_t at = strassen_grid(job, entry->rows, entry->columns, threads), piece, pair;

    if (entry->columns)
        strassen_pack(product, entry->columns, packed);
    product->b_packed = packed;
    if (job->together) {
        job->phase = STRASSEN_SUMS;
        job->common = common;
        for (pair = job->pairs; pair > 0; pair -= 5)
            entry->run(job, pair > 5 ? pair - 5 : 0, pair, workspace);
        job->phase = STRASSEN_MULTIPLY;
    }
    for (piece = (at + threads - 1) / threads; at > 0; at -= piece)
        entry->run(job, at > piece ? at - piece : 0, at, workspace);
    product->b_packed = NULL;
    free(packed);
    free(common);
    free(workspace);
}

static double magnitude(const float *x, int64_t at, int64_t across, int64_t down, int has_down)
{
    double sum = fabs((double)x[at]) + fabs((double)x[at + across]);

    return has_down ? sum + fabs((double)x[at + down]) + fabs((double)x[at + down + across]) : sum;
}

/* Element (m, n) in double, and the most that rounding can make of it. */
static double element(const struct strassen_job *job, int64_t m, int64_t n, double *bound)
{
    const struct gemm_job *product = &job->product;
    const float *a = product->a, *b = product->b;
    int64_t half = (job->image_rows + 1) / 2, r = m % job->image_rows, k;
    int64_t upper = r < half ? m : m - half, left = n % (product->n / 2);
    int has_lower = upper % job->image_rows + half < job->image_rows;
    double sum = 0, size = 0;

    for (k = 0; k < product->k; k++)
        sum += (double)a[m * product->a_row + k] * (double)b[k * product->b_row + n * product->b_column];
    for (k = 0; k < product->k / 2; k++)
        size += magnitude(a, upper * product->a_row + k, product->k / 2, half * product->a_row, has_lower) *
                magnitude(b, k * product->b_row + left * product->b_column, product->n / 2 * product->b_column,
                          product->k / 2 * product->b_row, 1);
    *bound = 0x1p-24 * size * 4 * (double)(GEMM_K_BLOCK + product->k / GEMM_K_BLOCK + 6);
    return sum;
}

static void compare(struct strassen_job *job, const char *row)
{
    struct gemm_job *product = &job->product;
    int64_t total = product->m * product->c_row, m, n, where;
    float *want = between_canaries(total), *got;
    const struct entry *entry = family;
    int32_t threads;

    product->c = want;
    run_kernel(entry, job, 1);
    for (m = 0; m < product->m && product->step_count == 0; m++)
        for (n = 0; n < product->n; n++) {
            double bound, sum = element(job, m, n, &bound);
            float is = want[m * product->c_row + n];
            if (!(fabs(is - sum) <= bound))
                fail_msg("%s: element %lld, %lld is %.9g, in double %.9g", row, (long long)m,
                         (long long)n, is, sum);
        }
    for (entry = family; entry < family + sizeof family / sizeof *family; entry++) {
        if (!offered(entry->isa))
            continue;
        for (threads = 1; threads <= 3; threads++) {
            got = between_canaries(total);
            product->c = got;
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
    struct gemm_job job = {.m = images * rows, .n = n, .k = k, .alpha = 1, .beta = 1, .a_column = 1};
    struct strassen_job strassen = {.image_rows = rows};
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
    strassen.product = job;
    compare(&strassen, row);
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
    struct strassen_job job = {.image_rows = rows,
                               .product = {.n = n, .k = k, .alpha = 1, .beta = 1, .a_row = k,
                                           .a_column = 1, .b_row = n, .b_column = 1, .c_row = n}};
    const size_t size = (size_t)(rows * n) * sizeof(float);
    float *a = guarded_drawn(images * rows * k), *b = guarded_drawn(k * n);
    float *all = between_canaries(images * rows * n), *alone = between_canaries(rows * n);
    const struct entry *entry;
    int64_t i;
    (void)state;

    job.product.b = b;
    for (entry = family; entry < family + sizeof family / sizeof *family; entry++) {
        if (!offered(entry->isa))
            continue;
        job.product.a = a;
        job.product.c = all;
        job.product.m = images * rows;
        run_kernel(entry, &job, 2);
        for (i = 0; i < images; i++) {
            job.product.a = a + i * rows * k;
            job.product.c = alone;
            job.product.m = rows;
            run_kernel(entry, &job, 1);
            assert_true(memcmp(alone, all + i * rows * n, size) == 0);
        }
    }
    canary_free(all, images * rows * n);
    canary_free(alone, rows * n);
    guarded_free(a, images * rows * k);
    guarded_free(b, k * n);
}

/* What a file may say of its shapes, and no memory holds. */
static void impossible_shapes_do_not_fit(void **state)
{
    const struct entry *entry;
    (void)state;
    assert_true(strassen_fits(2, 2, 2));
    assert_true(!strassen_fits(1, 2, 2));
    assert_true(!strassen_fits(2, 2, 0));
    assert_true(!strassen_fits(2, 0, 2));
    assert_true(!strassen_fits(2, 2, -2));
    assert_true(!strassen_fits(2, 2, INT64_MAX - 1));
    assert_true(strassen_fits(2, 2, STRASSEN_K_MOST));
    for (entry = family; entry < family + sizeof family / sizeof *family; entry++) {
        size_t most = strassen_workspace(STRASSEN_K_MOST, entry->rows, entry->columns);
        if (entry->columns) /* counted whole: a row of each of seven sums for all rows of a tile */
            assert_true(most / (7 * sizeof(float)) / (size_t)entry->rows >=
                        (size_t)STRASSEN_K_MOST / 2);
        else
            assert_int_equal(most, 0);
        (void)strassen_workspace(0, entry->rows, entry->columns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_of_drawn_shapes_agree),
        cmocka_unit_test(every_step_agrees),
        cmocka_unit_test(images_of_a_batch_have_the_bits_they_have_alone),
        cmocka_unit_test(impossible_shapes_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
