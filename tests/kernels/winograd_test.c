/*
 * tests/kernels/winograd_test.c - Winograd convolution: portable against the direct sum in
 * double, every other kernel against portable bit by bit
 *
 * Shapes are drawn around what can go wrong: images that tiles do not divide, strides, padding on one
 * side, channels that fill no vector, several images, several blocks. The bound against double
 * is 2^-24 * 64 * sum |x w|: the transforms magnify roundings by less than 20 a sum of 36
 * points (Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd Convolution
 * for Deep Neural Networks", 2020), and short sums are added to that.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/winograd.h"

#include <imgcls/plugin.h>

#include "tests/kernels/drawn.h"
#include "tests/kernels/offered.h"

struct entry {
    const char *name;
    uint64_t isa;
    winograd_kernel *run;
    winograd_pack *pack;
    int64_t out, size, stride, panel;
};
#define ENTRY(function, set, out, size, stride, panel, rate)                               \
    {#function, set, function, function##_weights, out, size, stride, panel},
static const struct entry family[] = {WINOGRAD_FAMILY(ENTRY)};
#define FORMS 4 /* portable ones, which come first */

/* Phase by phase, tiles and points in falling order, some at a time, each in a workspace of its own
 * but for what the phases share. */
static void run_together(const struct entry *entry, struct winograd_job *job, int64_t blocks,
                         size_t bytes)
{
    const int64_t points = winograd_points(job);
    const size_t room = (bytes + 63) / 64 * 64;
    float *common = aligned_alloc(64, room), *own = aligned_alloc(64, room);
    int phase;

    assert_non_null(common);
    assert_non_null(own);
    memset(common, 0xff, room); /* NaN */
    memset(own, 0xff, room);
    job->common = common;
    for (job->at = 0; job->at < blocks; job->at++)
        for (phase = WINOGRAD_IN; phase <= WINOGRAD_OUT; phase++) {
            int64_t end = phase == WINOGRAD_MULTIPLY ? points : winograd_tiles(job, job->at);
            job->phase = (enum winograd_phase)phase;
            for (; end > 0; end -= 5)
                entry->run(job, end > 5 ? end - 5 : 0, end, own);
        }
    job->phase = WINOGRAD_ALONE;
    free(common);
    free(own);
}

/* Blocks of the grid in falling order, in a workspace that holds NaN. */
static void run_kernel(const struct entry *entry, struct winograd_job *job, const float *w,
                       int32_t threads)
{
    int64_t channels = job->window.channels, panel = entry->panel ? entry->panel : job->outputs;
    size_t bytes, weights, i;
    float *workspace, *u;
    int64_t block;

    job->out = entry->out;
    job->panel = entry->panel;
    bytes = winograd_workspace(job, threads);
    weights = (size_t)winograd_weights_size(job, panel) * 4;
    workspace = aligned_alloc(64, (bytes + 63) / 64 * 64);
    u = aligned_alloc(64, (weights + 63) / 64 * 64);
    assert_non_null(workspace);
    assert_non_null(u);
    for (i = 0; i < bytes / sizeof *workspace; i++)
        workspace[i] = NAN;
    entry->pack(w, channels, job->outputs, panel, u);
    job->u = u;
    block = winograd_grid(job, threads);
    if (job->together)
        run_together(entry, job, block, bytes);
    while (!job->together && block-- > 0)
        entry->run(job, block, block + 1, workspace);
    free(workspace);
    free(u);
}

static double direct_sum(const struct winograd_job *job, const float *w, int64_t pixel,
                         int64_t m, double *size)
{
    const struct gemm_window *window = &job->window;
    int64_t channels = window->channels, c;
    int64_t ox = pixel % window->out[2], oy = pixel / window->out[2] % window->out[1];
    int64_t image = pixel / window->out[2] / window->out[1], size_of = window->kernel[1];
    double sum = job->bias ? (double)job->bias[m] : 0;
    int i, j;

    *size = fabs(sum);
    for (i = 0; i < size_of; i++)
        for (j = 0; j < size_of; j++) {
            int64_t y = oy * window->stride[1] + i - window->pad[1];
            int64_t x = ox * window->stride[2] + j - window->pad[2];
            if (y < 0 || x < 0 || y >= window->in[1] || x >= window->in[2])
                continue;
            for (c = 0; c < channels; c++) {
                double product =
                    (double)job->x[((image * window->in[1] + y) * window->in[2] + x) * channels +
                                   c] *
                    (double)w[((m * channels + c) * size_of + i) * size_of + j];
                sum += product;
                *size += fabs(product);
            }
        }
    return sum;
}

/* reference: the portable entry of a size of tile */
static void drawn_case(int with_steps, const struct entry *reference)
{
    static const int64_t counts[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 40, 64, 70, 97};
    struct winograd_job job = {.images = draw_between(1, 3)};
    const int64_t size = reference->size;
    int64_t total, where, i, m, inputs, weights;
    float *x, *w, *bias, *other, *want, *got;
    int32_t threads;
    size_t e;
    int d;

    for (d = 0; d < 3; d++) {
        job.window.kernel[d] = d ? size : 1;
        job.window.dilation[d] = 1;
        job.window.stride[d] = d ? reference->stride : 1;
        job.window.pad[d] = d ? draw_between(0, size - 1) : 0;
        job.window.in[d] = d ? draw_between(size, 12 + 7 * reference->stride) : 1;
        job.window.out[d] = d ? (job.window.in[d] + job.window.pad[d] - size +
                                 draw_between(0, size - 1)) /
                                        reference->stride +
                                    1
                              : 1;
    }
    job.window.channels = counts[draw_between(0, 13)];
    job.outputs = counts[draw_between(0, 13)];
    inputs = job.images * job.window.in[1] * job.window.in[2] * job.window.channels;
    weights = job.outputs * job.window.channels * size * size;
    job.y_row = job.outputs + draw_between(0, 3); /* more than a row between pixels */
    total = job.images * job.window.out[1] * job.window.out[2] * job.y_row;
    job.x = x = guarded_drawn(inputs);
    w = guarded_drawn(weights);
    job.bias = bias = guarded_drawn(job.outputs);
    other = guarded_drawn(total);
    if (with_steps) {
        job.step_count = 3;
        job.steps[0] = (struct gemm_step){.kind = IMGCLS_EPILOGUE_ADD, .operand = other};
        job.steps[1] = (struct gemm_step){.kind = IMGCLS_EPILOGUE_BIAS, .operand = bias};
        job.steps[2] = (struct gemm_step){.kind = IMGCLS_EPILOGUE_SILU};
    }
    job.y = want = between_canaries(total);
    run_kernel(reference, &job, w, 1);
    for (i = 0; !with_steps && i < total / job.y_row; i += 1 + i % 3)
        for (m = 0; m < job.outputs; m += 1 + m % 5) {
            double most, sum = direct_sum(&job, w, i, m, &most);
            float is = want[i * job.y_row + m];
            /* numbers of -1..1: 1/4 a product; the whole tile's roundings meet in each sum */
            most = fmax(most, 0.25 * (double)(size * size * job.window.channels) + 1);
            if (!(fabs((double)is - sum) <= most * 0x1p-24 * 64))
                fail_msg("pixel %lld, channel %lld is %.9g, in double %.9g", (long long)i,
                         (long long)m, (double)is, sum);
        }
    for (e = 0; e < sizeof family / sizeof *family; e++) {
        if (family[e].out != reference->out || family[e].size != size ||
            family[e].stride != reference->stride)
            continue;
        if (!offered(family[e].isa)) {
            print_message("skipped %s: this CPU lacks its instructions\n", family[e].name);
            continue;
        }
        for (threads = 1; threads <= 3; threads++) {
            job.y = got = between_canaries(total);
            run_kernel(&family[e], &job, w, threads);
            if (!same_bits(got, want, total, &where))
                fail_msg("%s, %d threads, %lld to %lld channels: element %lld is %a, portable "
                         "%a",
                         family[e].name, threads, (long long)job.window.channels,
                         (long long)job.outputs, (long long)where, (double)got[where],
                         (double)want[where]);
            canary_free(got, total);
        }
    }
    canary_free(want, total);
    guarded_free(x, inputs);
    guarded_free(w, weights);
    guarded_free(bias, job.outputs);
    guarded_free(other, total);
}

static void convolutions_of_drawn_shapes_agree(void **state)
{
    int i;
    (void)state;
    draw_begin();
    for (i = 0; i < draw_rounds(120); i++)
        drawn_case(0, &family[i % FORMS]);
}

static void steps_after_the_transform_agree(void **state)
{
    int i;
    (void)state;
    draw_begin();
    for (i = 0; i < draw_rounds(60); i++)
        drawn_case(1, &family[i % FORMS]);
}

/* reference: a portable entry, which the others are compared with */
static void batch_case(const struct entry *reference)
{
    struct winograd_job job = {.images = 5, .outputs = 33, .y_row = 33};
    int64_t image, where, pixels;
    float *x, *w, *all, *one;
    int d;

    for (d = 0; d < 3; d++) {
        job.window.kernel[d] = d ? reference->size : 1;
        job.window.stride[d] = d ? reference->stride : 1;
        job.window.dilation[d] = 1;
        job.window.pad[d] = d ? reference->size / 2 : 0;
        job.window.in[d] = d ? 11 : 1;
        job.window.out[d] = d ? (11 - 1) / reference->stride + 1 : 1;
    }
    job.window.channels = 130;
    pixels = job.window.out[1] * job.window.out[2];
    x = guarded_drawn(5 * 121 * 130);
    w = guarded_drawn(33 * 130 * reference->size * reference->size);
    job.x = x;
    job.y = all = between_canaries(5 * pixels * 33);
    run_kernel(reference, &job, w, 1);
    one = between_canaries(pixels * 33);
    job.images = 1;
    job.y = one;
    for (image = 0; image < 5; image++) {
        job.x = x + image * 121 * 130;
        run_kernel(reference, &job, w, 1);
        assert_true(same_bits(one, all + image * pixels * 33, pixels * 33, &where));
    }
    canary_free(all, 5 * pixels * 33);
    canary_free(one, pixels * 33);
    guarded_free(x, 5 * 121 * 130);
    guarded_free(w, 33 * 130 * reference->size * reference->size);
}

static void an_image_of_a_batch_has_the_bits_it_has_alone(void **state)
{
    int i;
    (void)state;
    draw_begin();
    for (i = 0; i < FORMS; i++)
        batch_case(&family[i]);
}

static void it_is_chosen_by_the_shape_of_one_image(void **state)
{
    struct gemm_window window = {.channels = 64,
                                 .in = {1, 56, 56},
                                 .out = {1, 56, 56},
                                 .kernel = {1, 3, 3},
                                 .stride = {1, 1, 1},
                                 .dilation = {1, 1, 1},
                                 .pad = {0, 1, 1}};
    (void)state;
    assert_int_equal(winograd_tile(&window, 64), 2); /* few channels: small tiles */
    assert_int_equal(winograd_tile(&window, 256), 4); /* few channels, many outputs */
    window.channels = 128;
    assert_int_equal(winograd_tile(&window, 128), 4);
    window.stride[2] = 2; /* along one side alone */
    assert_int_equal(winograd_tile(&window, 128), 0);
    window.stride[1] = 2;
    window.out[1] = window.out[2] = 28;
    assert_int_equal(winograd_tile(&window, 128), 2);
    assert_int_equal(winograd_other_tile(&window, 128), 0); /* the direct sum */
    window.channels = 64; /* few gain least */
    assert_int_equal(winograd_tile(&window, 128), 0);
    window.channels = 512;
    window.in[1] = window.in[2] = 14;
    window.out[1] = window.out[2] = 7; /* a quarter of what tiles hold is beside the image */
    assert_int_equal(winograd_tile(&window, 512), 0);
    assert_int_equal(winograd_other_tile(&window, 512), 2);
    window.kernel[1] = window.kernel[2] = 5;
    assert_int_equal(winograd_other_tile(&window, 512), 0);
    window.kernel[1] = window.kernel[2] = 3;
    window.stride[1] = window.stride[2] = 1;
    window.in[1] = window.in[2] = window.out[1] = window.out[2] = 56;
    window.channels = 3;
    assert_int_equal(winograd_tile(&window, 64), 0);
    window.channels = 64;
    window.in[1] = window.in[2] = window.out[1] = window.out[2] = 112;
    assert_int_equal(winograd_tile(&window, 64), 4);
    window.in[1] = window.in[2] = window.out[1] = window.out[2] = 2;
    assert_int_equal(winograd_tile(&window, 64), 0); /* a single tile would read all weights */
    window.in[1] = window.in[2] = window.out[1] = window.out[2] = 27;
    window.kernel[1] = window.kernel[2] = 5;
    assert_int_equal(winograd_tile(&window, 192), 2);
    assert_int_equal(winograd_other_tile(&window, 192), 0); /* the direct sum */
    window.channels = 48; /* early layers lose too much */
    assert_int_equal(winograd_tile(&window, 64), 0);
    assert_int_equal(winograd_other_tile(&window, 64), 2);
    window.kernel[2] = 3;
    assert_int_equal(winograd_other_tile(&window, 192), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_of_drawn_shapes_agree),
        cmocka_unit_test(steps_after_the_transform_agree),
        cmocka_unit_test(an_image_of_a_batch_has_the_bits_it_has_alone),
        cmocka_unit_test(it_is_chosen_by_the_shape_of_one_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
