/*
 * tests/kernels/gemm_test.c - matrix products and convolutions: portable against a sum in
 * double, every other kernel against portable bit by bit
 *
 * Expected values: a plain loop here, in double, over the definition of the operator, with
 * the bound k * eps * sum |a b| that the data themselves give. Shapes are drawn around what
 * can go wrong: tiles, blocks of k, strides, dilation, groups, lopsided padding, no
 * elements.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/gemm.h"

#include <imgcls/plugin.h>

#include "plugins/kernels/direct.h"
#include "plugins/kernels/dwconv.h"
#include "tests/kernels/drawn.h"
#include "tests/kernels/offered.h"

struct entry {
    const char *name;
    uint64_t isa;
    gemm_kernel *run;
};
#define ENTRY(function, set) {#function, set, function},
static const struct entry family[] = {GEMM_FAMILY(ENTRY)};
static const struct entry depthwise[] = {DWCONV_FAMILY(ENTRY){NULL, 0, NULL}};

struct direct_entry {
    const char *name;
    uint64_t isa;
    gemm_kernel *run;
    int64_t rows, columns;
};
#define DIRECT_ENTRY(function, set, rows, columns) {#function, set, function, rows, columns},
static const struct direct_entry direct[] = {
    DIRECT_FAMILY(DIRECT_ENTRY){NULL, 0, NULL, 0, 0}};

static void *workspace_for(size_t bytes)
{
    size_t i;
    float *floats = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
    assert_non_null(floats);
    for (i = 0; i < bytes / sizeof *floats; i++)
        floats[i] = NAN; /* what a kernel reads, it must have written */
    return floats;
}

/* Runs a job as so many threads would: pieces of the grid, in falling order. */
static void run_pieces(gemm_kernel *run, struct gemm_job *job, int64_t tiles,
                       int32_t threads, size_t bytes)
{
    void *workspace = workspace_for(bytes);
    int64_t piece = (tiles + threads - 1) / threads, at;

    for (at = tiles; at > 0; at -= piece)
        run(job, at > piece ? at - piece : 0, at, workspace);
    free(workspace);
}

/* Element (m, k) of a matrix A whose rows are windows over channels-last images. */
static double channels_last(const struct gemm_job *job, const float *a, int64_t m, int64_t k)
{
    const struct gemm_window *w = job->a_window;
    int64_t c = k % w->channels, tap = k / w->channels;
    int64_t kx = tap % w->kernel[2], ky = tap / w->kernel[2] % w->kernel[1];
    int64_t kz = tap / w->kernel[2] / w->kernel[1];
    int64_t image = m / (w->out[0] * w->out[1] * w->out[2]);
    int64_t x = m % w->out[2] * w->stride[2] + kx * w->dilation[2] - w->pad[2];
    int64_t y = m / w->out[2] % w->out[1] * w->stride[1] + ky * w->dilation[1] - w->pad[1];
    int64_t z = m / w->out[2] / w->out[1] % w->out[0] * w->stride[0] + kz * w->dilation[0] -
                w->pad[0];

    if (x < 0 || y < 0 || z < 0 || x >= w->in[2] || y >= w->in[1] || z >= w->in[0])
        return 0;
    return a[image * job->a_image + ((z * w->in[1] + y) * w->in[2] + x) * job->a_row + c];
}

/* Sum of one element in double, and of the products' sizes. */
static double element(const struct gemm_job *job, const struct gemm_tile *tile, int64_t m,
                      int64_t n, double *size)
{
    const float *a = (const float *)job->a + tile->a_index * job->a_size;
    const float *b = (const float *)job->b + tile->b_index * job->b_size;
    const struct gemm_window *w = job->window;
    double sum = 0;
    int64_t k;

    *size = 0;
    for (k = 0; k < job->k; k++) {
        double left, right = 0, product;
        if (w) {
            int64_t c = k % w->channels, tap = k / w->channels;
            int64_t kx = tap % w->kernel[2], ky = tap / w->kernel[2] % w->kernel[1];
            int64_t kz = tap / w->kernel[2] / w->kernel[1];
            int64_t x = n % w->out[2] * w->stride[2] + kx * w->dilation[2] - w->pad[2];
            int64_t y =
                n / w->out[2] % w->out[1] * w->stride[1] + ky * w->dilation[1] - w->pad[1];
            int64_t z =
                n / w->out[2] / w->out[1] * w->stride[0] + kz * w->dilation[0] - w->pad[0];
            /* weights as ONNX has them: [m][channel][kernel] */
            left = a[(m * w->channels + c) * (w->kernel[0] * w->kernel[1] * w->kernel[2]) +
                     tap];
            if (x >= 0 && y >= 0 && z >= 0 && x < w->in[2] && y < w->in[1] && z < w->in[0])
                right = b[((c * w->in[0] + z) * w->in[1] + y) * w->in[2] + x];
        } else {
            left = job->a_window ? channels_last(job, a, m, k)
                                 : a[m * job->a_row + k * job->a_column];
            right = b[k * job->b_row + n * job->b_column];
        }
        product = left * right;
        sum += product;
        *size += fabs(product);
    }
    return sum;
}

/* The job's result by every direct kernel against what portable made of it. */
static void compare_direct(struct gemm_job *job, const float *want, int64_t total,
                           const char *row)
{
    int64_t i, size, b_count = 0, tiles, where;
    const struct direct_entry *entry;
    int32_t threads;
    float *got;

    for (i = 0; i < job->batch_rank; i++)
        b_count += (job->batch_dims[i] - 1) * job->b_step[i];
    for (entry = direct; entry->name; entry++) {
        float *packed;
        if (!offered(entry->isa)) {
            print_message("skipped %s: this CPU lacks its instructions\n", entry->name);
            continue;
        }
        job->b_panel = entry->columns;
        size = gemm_packed_b_size(job->k, job->n, job->b_panel);
        packed = workspace_for((size_t)((b_count + 1) * size) * 4);
        for (i = 0; i <= b_count; i++)
            gemm_pack_b(job, i, packed + i * size);
        job->b_packed = packed;
        for (threads = 1; threads <= 3; threads++) {
            got = between_canaries(total);
            job->c = got;
            tiles = direct_grid(job, entry->rows, entry->columns, threads);
            run_pieces(entry->run, job, tiles, threads, direct_workspace());
            if (!same_bits(got, want, total, &where))
                fail_msg("%s: %s, %d threads: element %lld is %a, portable %a", row,
                         entry->name, threads, (long long)where, got[where], want[where]);
            canary_free(got, total);
        }
        free(packed);
        job->b_packed = NULL;
        job->b_panel = 0;
    }
}

/* The job's result by every kernel of a family, against each other and against double. */
static void compare(struct gemm_job *job, const struct entry *entries, size_t count,
                    int is_depthwise, const char *row)
{
    int64_t total, i, m, n, where, tiles;
    float *want, *got;
    int32_t threads, packing;
    size_t e;

    job->batch = 1;
    for (i = 0; i < job->batch_rank; i++)
        job->batch *= job->batch_dims[i];
    total = job->c_step ? job->m * job->c_row : job->batch * job->m * job->c_row;
    want = between_canaries(total);
    job->c = want;
    tiles = gemm_grid(job, 1);
    run_pieces(gemm_f32_portable, job, tiles, 1, gemm_workspace());

    for (i = 0; i < tiles; i++) {
        struct gemm_tile tile = gemm_tile_at(job, i);
        for (m = tile.m_begin; m < tile.m_end && job->step_count == 0; m++)
            for (n = tile.n_begin; n < tile.n_end; n++) {
                double size, sum = job->alpha * element(job, &tile, m, n, &size), bias = 0;
                float is = want[tile.c_begin + m * job->c_row + n];
                if (job->bias)
                    bias =
                        job->beta *
                        (double)((const float *)
                                     job->bias)[tile.bias_index * job->bias_size +
                                                m * job->bias_row + n * job->bias_column];
                size = fabs(job->alpha) * size * ((double)job->k + 2) + 4 * fabs(bias) +
                       4 * fabs(sum);
                if (!(fabs(is - (sum + bias)) <= size * 0x1p-24 + 1e-40))
                    fail_msg("%s: element %lld, %lld is %.9g, in double %.9g", row,
                             (long long)m, (long long)n, is, sum + bias);
            }
    }
    if (!is_depthwise && direct_takes(job))
        compare_direct(job, want, total, row);
    for (e = 0; e < count && !job->a_window; e++) {
        if (!offered(entries[e].isa)) {
            print_message("skipped %s: this CPU lacks its instructions\n", entries[e].name);
            continue;
        }
        for (packing = 0; packing < (is_depthwise ? 1 : job->window ? 2 : 4); packing++)
            for (threads = 1; threads <= 3; threads++) {
                float *a_packed = NULL, *b_packed = NULL;
                int64_t a_count = 0, b_count = 0;
                if (packing & 1) {
                    for (i = 0; i < job->batch_rank; i++)
                        a_count += (job->batch_dims[i] - 1) * job->a_step[i];
                    a_packed = workspace_for(
                        (size_t)((a_count + 1) * gemm_packed_a_size(job->m, job->k)) * 4);
                    for (i = 0; i <= a_count; i++)
                        gemm_pack_a(job, i,
                                    a_packed + i * gemm_packed_a_size(job->m, job->k));
                }
                if (packing & 2 && !job->window) {
                    for (i = 0; i < job->batch_rank; i++)
                        b_count += (job->batch_dims[i] - 1) * job->b_step[i];
                    b_packed = workspace_for(
                        (size_t)((b_count + 1) * gemm_packed_b_size(job->k, job->n, job->b_panel)) * 4);
                    for (i = 0; i <= b_count; i++)
                        gemm_pack_b(job, i,
                                    b_packed + i * gemm_packed_b_size(job->k, job->n, job->b_panel));
                }
                got = between_canaries(total);
                job->c = got;
                job->a_packed = a_packed;
                job->b_packed = b_packed;
                tiles = is_depthwise ? dwconv_grid(job) : gemm_grid(job, threads);
                run_pieces(entries[e].run, job, tiles, threads,
                           is_depthwise ? dwconv_workspace(job->window) : gemm_workspace());
                if (!same_bits(got, want, total, &where))
                    fail_msg(
                        "%s: %s, packing %d, %d threads: element %lld is %a, portable %a",
                        row, entries[e].name, packing, threads, (long long)where,
                        got[where], want[where]);
                canary_free(got, total);
                free(a_packed);
                free(b_packed);
                job->a_packed = job->b_packed = NULL;
            }
    }
    canary_free(want, total);
}

static const int64_t sizes[] = {0, 1, 2, 5, 6, 7, 12, 13, 15, 16, 17, 31, 33, 48, 67, 97};
static const int64_t depths[] = {0, 1, 2, 3, 27, 64, 95, 96, 97, 193, 385, 1009};
#define PICK(list) list[draw_between(0, (int64_t)(sizeof list / sizeof *list) - 1)]

static void matrix_case(int64_t m, int64_t n, int64_t k, int bias, int32_t kind)
{
    struct gemm_job job = {.m = m, .n = n, .k = k, .alpha = 1, .beta = 1};
    int turn_a = draw_between(0, 1) != 0, turn_b = draw_between(0, 1) != 0;
    int64_t slack = draw_between(0, 3), batch = draw_between(1, 3), a_count, b_count;
    float *a, *b, *c = NULL, *other = NULL, *row_bias = NULL;
    char row[160];

    job.batch_rank = 2;
    job.batch_dims[0] = batch;
    job.batch_dims[1] = draw_between(1, 2);
    job.a_step[0] = 1; /* A is repeated along the second, B along the first */
    job.b_step[1] = 1;
    job.a_row = turn_a ? 1 : k + slack;
    job.a_column = turn_a ? m + slack : 1;
    job.a_size = turn_a ? k * job.a_column : m * job.a_row;
    job.b_row = turn_b ? 1 : n + slack;
    job.b_column = turn_b ? k + slack : 1;
    job.b_size = turn_b ? n * job.b_column : k * job.b_row;
    job.c_row = n;
    a_count = job.a_size * batch;
    b_count = job.b_size * job.batch_dims[1];
    job.a = a = guarded_drawn(a_count);
    job.b = b = guarded_drawn(b_count);
    if (bias) {
        job.alpha = bias == 1 ? 1 : 0.75f;
        job.beta = bias == 1 ? 1 : -1.5f;
        job.bias_row = bias == 2 ? 0 : 1;
        job.bias_column = bias == 2 ? 1 : bias == 3 ? m : 0;
        job.bias = c = guarded_drawn(m * n + m + n + 1);
    }
    if (kind) {
        other = guarded_drawn(job.batch_dims[0] * job.batch_dims[1] * m * n);
        row_bias = guarded_drawn(n);
        job.step_count = 2;
        job.steps[0] = (struct gemm_step){.kind = kind, .a = -0.25f, .b = 0.75f};
        job.steps[1] = (struct gemm_step){.kind = IMGCLS_EPILOGUE_RELU};
        if (kind == IMGCLS_EPILOGUE_ADD || kind == IMGCLS_EPILOGUE_MUL)
            job.steps[0].operand = other;
        if (kind == IMGCLS_EPILOGUE_BIAS)
            job.steps[0].operand = row_bias;
        if (kind == IMGCLS_EPILOGUE_GELU || kind == IMGCLS_EPILOGUE_TANH ||
            kind == IMGCLS_EPILOGUE_HARDSWISH || kind == IMGCLS_EPILOGUE_SILU)
            job.step_count = 1;
    }
    snprintf(row, sizeof row, "m %lld n %lld k %lld turned %d %d bias %d step %d",
             (long long)m, (long long)n, (long long)k, turn_a, turn_b, bias, kind);
    compare(&job, family, sizeof family / sizeof *family, 0, row);
    guarded_free(a, a_count);
    guarded_free(b, b_count);
    if (c)
        guarded_free(c, m * n + m + n + 1);
    if (row_bias)
        guarded_free(row_bias, n);
    if (other)
        guarded_free(other, job.batch_dims[0] * job.batch_dims[1] * m * n);
}

/* Many rows: tiles that are finished while the next one is computed. */
static void sums_of_many_rows_agree(void **state)
{
    static const int64_t rows[] = {28, 45}, columns[] = {7, 16, 24, 30, 40}, k[] = {14, 41, 96, 250};
    static const int32_t kinds[] = {0, IMGCLS_EPILOGUE_ADD, IMGCLS_EPILOGUE_HARDSWISH,
                                    IMGCLS_EPILOGUE_SILU};
    size_t i, cases = 2 * 5 * 4 * 4;
    (void)state;
    draw_begin();
    for (i = 0; i < 2 * cases; i++) /* twice, for half of them have A turned */
        matrix_case(rows[i % 2], columns[i / 2 % 5], k[i / 10 % 4], 0, kinds[i / 40 % 4]);
}

static void matrices_of_drawn_shapes_agree(void **state)
{
    int i;
    (void)state;
    draw_begin();
    for (i = 0; i < draw_rounds(150); i++)
        matrix_case(PICK(sizes), PICK(sizes), PICK(depths), (int)draw_between(0, 3), 0);
    matrix_case(200, 20, 400, 1, 0); /* more rows, more columns than one tile */
    matrix_case(20, 300, 400, 2, 0);
    matrix_case(1, 700, 800, 2, 0);
    matrix_case(1, 4096, 32, 0, 0);
    matrix_case(60, 70, 2000, 1, 0); /* several chunks of k */
    matrix_case(500, 33, 512, 1, 0); /* rows that would share cache sets: gathered */
    for (i = 1; i <= 4; i++) /* few rows: groups of panels, and what is left of them */
        matrix_case(i, 295, 1009, i - 1, i % 2 ? 0 : IMGCLS_EPILOGUE_RELU);
    matrix_case(200, 72, 70, 1, IMGCLS_EPILOGUE_ADD); /* half a panel at the end */
}

static void every_step_agrees(void **state)
{
    int32_t kind;
    int i;
    (void)state;
    draw_begin();
    for (kind = IMGCLS_EPILOGUE_ADD; kind <= IMGCLS_EPILOGUE_BIAS; kind++)
        for (i = 0; i < draw_rounds(6); i++)
            matrix_case(PICK(sizes), PICK(sizes), PICK(depths), (int)draw_between(0, 3),
                        kind);
}

static void window_case(int is_depthwise)
{
    struct gemm_window w;
    struct gemm_job job = {.alpha = 1, .beta = 1};
    int64_t groups = draw_between(1, is_depthwise ? 9 : 3), images = draw_between(1, 2);
    int64_t taps, plane, a_count, b_count, end;
    float *a, *b, *bias, *other;
    char row[240];
    int d, k_most = is_depthwise && draw_between(0, 3) == 0 ? 7 : 3;

    w.channels = is_depthwise ? 1 : PICK(sizes);
    if (w.channels == 0)
        w.channels = draw_between(120, 130); /* 3 x 3 of these pass 2 and 3 blocks */
    for (d = 0; d < 3; d++) {
        int flat = d == 0 && (is_depthwise || draw_between(0, 7) != 0);
        w.kernel[d] = flat ? 1 : draw_between(1, k_most);
        w.stride[d] = flat ? 1 : draw_between(1, 3);
        w.dilation[d] = flat ? 1 : draw_between(1, 2);
        w.pad[d] = flat ? 0 : draw_between(0, w.kernel[d] + 1);
        end = flat ? 0 : draw_between(0, w.kernel[d]);
        do {
            w.in[d] = flat ? 1 : draw_between(1, d == 0 ? 4 : 23);
            w.out[d] = w.in[d] + w.pad[d] + end - (w.kernel[d] - 1) * w.dilation[d] - 1;
            w.out[d] = w.out[d] < 0 ? 0 : w.out[d] / w.stride[d] + 1;
        } while (w.out[d] == 0);
    }
    if (is_depthwise && draw_between(0, 7) == 0) { /* one row of several bands */
        w.in[2] = 3000;
        w.out[2] =
            (w.in[2] + w.pad[2] - (w.kernel[2] - 1) * w.dilation[2] - 1) / w.stride[2] + 1;
    }
    taps = w.kernel[0] * w.kernel[1] * w.kernel[2];
    plane = w.in[0] * w.in[1] * w.in[2];
    job.m = is_depthwise ? draw_between(1, 2) : PICK(sizes);
    job.n = w.out[0] * w.out[1] * w.out[2];
    job.k = w.channels * taps;
    while (groups * images * job.m * job.n * job.k > 1500000 &&
           (groups | images | job.m) > 1) {
        groups = (groups + 1) / 2; /* the sums in double take their time */
        images = 1;
        job.m = (job.m + 1) / 2;
    }
    job.window = &w;
    job.batch_rank = 2;
    job.batch_dims[0] = images;
    job.batch_dims[1] = groups;
    job.a_step[1] = job.b_step[1] = job.bias_step[1] = 1;
    job.b_step[0] = groups;
    job.a_size = job.m * job.k;
    job.a_row = job.k;
    job.a_column = taps;
    job.a_run = w.channels;
    job.a_jump = 1;
    job.b_size = w.channels * plane;
    job.c_row = job.n;
    job.bias_size = job.m;
    job.bias_row = 1;
    a_count = groups * job.a_size;
    b_count = images * groups * job.b_size;
    job.a = a = guarded_drawn(a_count);
    job.b = b = guarded_drawn(b_count);
    job.bias = bias = guarded_drawn(groups * job.m);
    other = guarded_drawn(images * groups * job.m * job.n);
    if (draw_between(0, 1)) {
        job.step_count = 2;
        job.steps[0] = (struct gemm_step){.kind = IMGCLS_EPILOGUE_ADD, .operand = other};
        job.steps[1] = (struct gemm_step){.kind = IMGCLS_EPILOGUE_HARDSWISH};
    }
    snprintf(
        row, sizeof row,
        "%lld images, %lld groups of %lld from %lld channels, image %lld x %lld x %lld, "
        "kernel %lld %lld %lld, stride %lld %lld %lld, dilation %lld %lld %lld, "
        "pad %lld %lld %lld",
        (long long)images, (long long)groups, (long long)job.m, (long long)w.channels,
        (long long)w.in[0], (long long)w.in[1], (long long)w.in[2], (long long)w.kernel[0],
        (long long)w.kernel[1], (long long)w.kernel[2], (long long)w.stride[0],
        (long long)w.stride[1], (long long)w.stride[2], (long long)w.dilation[0],
        (long long)w.dilation[1], (long long)w.dilation[2], (long long)w.pad[0],
        (long long)w.pad[1], (long long)w.pad[2]);
    compare(&job, family, sizeof family / sizeof *family, 0, row);
    if (is_depthwise)
        compare(&job, depthwise, sizeof depthwise / sizeof *depthwise - 1, 1, row);
    guarded_free(a, a_count);
    guarded_free(b, b_count);
    guarded_free(bias, groups * job.m);
    guarded_free(other, images * groups * job.m * job.n);
}

/* Windows over channels-last images, groups side by side in the channels. */
static void channels_last_case(void)
{
    struct gemm_window w;
    struct gemm_job job = {.alpha = 1, .beta = 1, .a_column = 1};
    int64_t groups = draw_between(1, 3), images = draw_between(1, 3), plane, a_count, b_count;
    float *a, *b, *bias, *other, *row_bias;
    char row[240];
    int d;

    w.channels = draw_between(0, 2) ? PICK(sizes) : draw_between(120, 130);
    w.channels += w.channels == 0;
    for (d = 0; d < 3; d++) {
        int flat = d == 0 && draw_between(0, 7) != 0;
        w.kernel[d] = flat ? 1 : draw_between(1, 3);
        w.stride[d] = flat ? 1 : draw_between(1, 3);
        w.dilation[d] = flat ? 1 : draw_between(1, 2);
        w.pad[d] = flat ? 0 : draw_between(0, w.kernel[d] + 1);
        do {
            w.in[d] = flat ? 1 : draw_between(1, d == 0 ? 6 : 12);
            w.out[d] = w.in[d] + w.pad[d] - (w.kernel[d] - 1) * w.dilation[d] - 1;
            w.out[d] = w.out[d] < 0 ? 0 : w.out[d] / w.stride[d] + 1;
        } while (w.out[d] == 0);
    }
    plane = w.in[0] * w.in[1] * w.in[2];
    job.m = images * w.out[0] * w.out[1] * w.out[2];
    job.n = PICK(sizes);
    job.k = w.channels * w.kernel[0] * w.kernel[1] * w.kernel[2];
    while (groups * job.m * job.n * job.k > 1500000 && job.n > 1)
        job.n /= 2; /* the sums in double take their time */
    job.a_window = &w;
    job.a_row = w.channels * groups;
    job.a_image = plane * job.a_row;
    job.a_size = w.channels;
    job.b_size = job.k * job.n;
    job.b_row = 1;
    job.b_column = job.k;
    job.batch_rank = 1;
    job.batch_dims[0] = groups;
    job.a_step[0] = job.b_step[0] = job.bias_step[0] = 1;
    job.bias_size = job.n;
    job.bias_column = 1;
    job.c_step = job.n;
    job.c_row = job.n * groups;
    a_count = images * job.a_image;
    b_count = groups * job.b_size;
    job.a = a = guarded_drawn(a_count);
    job.b = b = guarded_drawn(b_count);
    job.bias = bias = guarded_drawn(groups * job.n);
    other = guarded_drawn(job.m * job.c_row);
    row_bias = guarded_drawn(job.c_row);
    if (draw_between(0, 1)) {
        job.step_count = 3;
        job.steps[0] = (struct gemm_step){.kind = IMGCLS_EPILOGUE_ADD, .operand = other};
        job.steps[1] = (struct gemm_step){.kind = IMGCLS_EPILOGUE_BIAS, .operand = row_bias};
        job.steps[2] = (struct gemm_step){.kind = IMGCLS_EPILOGUE_HARDSWISH};
    }
    snprintf(row, sizeof row,
             "channels last: %lld images, %lld groups of %lld from %lld channels, "
             "image %lld x %lld x %lld, kernel %lld %lld %lld, stride %lld %lld %lld, "
             "dilation %lld %lld %lld, pad %lld %lld %lld",
             (long long)images, (long long)groups, (long long)job.n, (long long)w.channels,
             (long long)w.in[0], (long long)w.in[1], (long long)w.in[2],
             (long long)w.kernel[0], (long long)w.kernel[1], (long long)w.kernel[2],
             (long long)w.stride[0], (long long)w.stride[1], (long long)w.stride[2],
             (long long)w.dilation[0], (long long)w.dilation[1], (long long)w.dilation[2],
             (long long)w.pad[0], (long long)w.pad[1], (long long)w.pad[2]);
    compare(&job, NULL, 0, 0, row);
    guarded_free(a, a_count);
    guarded_free(b, b_count);
    guarded_free(bias, groups * job.n);
    guarded_free(other, job.m * job.c_row);
    guarded_free(row_bias, job.c_row);
}

static void channels_last_convolutions_of_drawn_shapes_agree(void **state)
{
    int i;
    (void)state;
    draw_begin();
    for (i = 0; i < draw_rounds(150); i++)
        channels_last_case();
}

static void convolutions_of_drawn_shapes_agree(void **state)
{
    int i;
    (void)state;
    draw_begin();
    for (i = 0; i < draw_rounds(120); i++)
        window_case(0);
}

static void depthwise_convolutions_of_drawn_shapes_agree(void **state)
{
    int i;
    (void)state;
    draw_begin();
    for (i = 0; i < draw_rounds(120); i++)
        window_case(1);
}

/* Infinities, NaN, zeros of both signs and subnormals reach the result the same way. */
static void odd_values_agree(void **state)
{
    static const float odd[] = {INFINITY, -INFINITY, NAN,   0.0f,   -0.0f,
                                1e-42f,   -1e-42f,   3e38f, -3e38f, 1e-30f};
    struct gemm_job job = {.m = 7, .n = 19, .k = 5, .alpha = 1, .beta = 1, .c_row = 19};
    float a[35], b[95];
    int32_t kind;
    int i, round;
    (void)state;
    draw_begin();
    job.a = a, job.a_row = 5, job.a_column = 1, job.a_size = 35;
    job.b = b, job.b_row = 19, job.b_column = 1, job.b_size = 95;
    for (round = 0; round < draw_rounds(20); round++)
        for (kind = 0; kind <= IMGCLS_EPILOGUE_TANH; kind++) {
            float *want, *got;
            int64_t where, tiles;
            size_t e;
            if (kind == IMGCLS_EPILOGUE_ADD)
                continue;
            for (i = 0; i < 35; i++)
                a[i] = draw_between(0, 3) ? draw_float() * 30 : odd[draw_between(0, 9)];
            for (i = 0; i < 95; i++)
                b[i] = draw_between(0, 9) ? draw_float() * 30 : odd[draw_between(0, 9)];
            job.step_count = kind ? 1 : 0;
            job.steps[0] = (struct gemm_step){.kind = kind, .a = -1, .b = 2};
            want = between_canaries(133);
            got = between_canaries(133);
            job.c = want;
            tiles = gemm_grid(&job, 1);
            run_pieces(gemm_f32_portable, &job, tiles, 1, gemm_workspace());
            for (e = 1; e < sizeof family / sizeof *family; e++)
                if (offered(family[e].isa)) {
                    job.c = got;
                    run_pieces(family[e].run, &job, tiles, 1, gemm_workspace());
                    if (!same_bits(got, want, 133, &where))
                        fail_msg("step %d: %s gives %a, portable %a", kind, family[e].name,
                                 got[where], want[where]);
                }
            canary_free(want, 133);
            canary_free(got, 133);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrices_of_drawn_shapes_agree),
        cmocka_unit_test(sums_of_many_rows_agree),
        cmocka_unit_test(every_step_agrees),
        cmocka_unit_test(convolutions_of_drawn_shapes_agree),
        cmocka_unit_test(channels_last_convolutions_of_drawn_shapes_agree),
        cmocka_unit_test(depthwise_convolutions_of_drawn_shapes_agree),
        cmocka_unit_test(odd_values_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
