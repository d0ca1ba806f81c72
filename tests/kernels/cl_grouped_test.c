/*
 * tests/kernels/cl_grouped_test.c - convolution in many groups of few channels: every kernel
 * against gemm_f32_portable, bit by bit
 *
 * The same convolution as one product a group, whose columns the definition of ONNX's weights
 * gives, is what must come out; tests/kernels/gemm_test.c holds that one against sums in double.
 * Shapes are drawn around groups that share vectors of 4, 8 and 16 lanes, that fill one, or that
 * need several; strips of 8 outputs, pieces of rows, padding wider than the image, blocks of 96
 * of k, steps with and without operands.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <imgcls/plugin.h>

#include "plugins/kernels/cl_grouped.h"
#include "tests/kernels/drawn.h"
#include "tests/kernels/offered.h"

#define ENTRY(function, set, lanes) {#function, set, lanes, function},

static const struct {
    const char *name;
    uint64_t isa;
    int64_t lanes;
    cl_grouped_kernel *run;
} kernels[] = {CL_GROUPED_FAMILY(ENTRY){NULL, 0, 0, NULL}};

static int64_t volume(const int64_t dims[3])
{
    return dims[0] * dims[1] * dims[2];
}

static const char *text_of(const struct cl_grouped_job *job)
{
    static char text[300];
    const struct gemm_window *w = &job->window;

    snprintf(text, sizeof text,
             "%lld images of %lld x %lld x %lld, %lld groups of %lld to %lld, kernel %lld %lld "
             "%lld, stride %lld %lld %lld, dilation %lld %lld %lld, pad %lld %lld %lld",
             (long long)job->images, (long long)w->in[0], (long long)w->in[1],
             (long long)w->in[2], (long long)job->groups, (long long)w->channels,
             (long long)job->outputs, (long long)w->kernel[0], (long long)w->kernel[1],
             (long long)w->kernel[2], (long long)w->stride[0], (long long)w->stride[1],
             (long long)w->stride[2], (long long)w->dilation[0], (long long)w->dilation[1],
             (long long)w->dilation[2], (long long)w->pad[0], (long long)w->pad[1],
             (long long)w->pad[2]);
    return text;
}

static void fit(struct gemm_window *w, int d, int64_t pad_end)
{
    int64_t room = w->in[d] + w->pad[d] + pad_end - (w->kernel[d] - 1) * w->dilation[d];

    w->out[d] = room < 1 ? 0 : (room - 1) / w->stride[d] + 1;
}

static void draw_shape(struct cl_grouped_job *job, int64_t widest)
{
    static const int64_t few[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 24, 33};
    struct gemm_window *w = &job->window;
    int d;

    job->images = draw_between(1, 2);
    job->groups = draw_between(1, 11);
    w->channels = few[draw_between(0, widest > 7 ? 3 : 12)];
    job->outputs = draw_between(0, 2) ? w->channels : few[draw_between(0, 12)];
    for (d = 0; d < 3; d++) {
        int flat = d == 0 && draw_between(0, 5) != 0;
        do {
            w->kernel[d] = flat ? 1 : draw_between(1, d == 0 ? 3 : widest);
            w->stride[d] = flat ? 1 : draw_between(1, 3);
            w->dilation[d] = d == 0 || draw_between(0, 3) ? 1 : 2;
            w->pad[d] = flat ? 0 : draw_between(0, w->kernel[d] + 1);
            w->in[d] = flat ? 1 : draw_between(1, d == 0 ? 4 : d == 1 ? 13 : 41);
            fit(w, d, flat ? 0 : draw_between(0, w->kernel[d]));
        } while (w->out[d] == 0);
    }
}

/* What must come out, by one product a group. */
static void by_products(const struct cl_grouped_job *job, const float *weights, float *y)
{
    const struct gemm_window *w = &job->window;
    int64_t taps = volume(w->kernel), k = taps * w->channels, n = job->outputs, g, o, t, c;
    float *columns = malloc((size_t)(job->groups * k * n) * sizeof *columns);
    void *workspace = malloc(gemm_workspace());
    struct gemm_job product = {
        .m = job->images * volume(w->out),
        .n = n,
        .k = k,
        .batch_rank = 1,
        .batch_dims = {job->groups},
        .a_step = {1},
        .b_step = {1},
        .bias_step = {1},
        .a = job->x,
        .a_window = w,
        .a_row = job->groups * w->channels,
        .a_column = 1,
        .a_image = volume(w->in) * job->groups * w->channels,
        .a_size = w->channels,
        .b = columns,
        .b_size = k * n,
        .b_row = n,
        .b_column = 1,
        .c = y,
        .c_row = job->groups * n,
        .c_step = n,
        .alpha = 1,
        .beta = 1,
        .bias = job->bias,
        .bias_size = n,
        .bias_column = 1,
        .step_count = job->step_count,
    };

    assert_true(columns && workspace);
    memcpy(product.steps, job->steps, sizeof product.steps);
    for (g = 0; g < job->groups; g++)
        for (o = 0; o < n; o++)
            for (c = 0; c < w->channels; c++)
                for (t = 0; t < taps; t++)
                    columns[(g * k + t * w->channels + c) * n + o] =
                        weights[((g * n + o) * w->channels + c) * taps + t];
    gemm_f32_portable(&product, 0, gemm_grid(&product, 1), workspace);
    free(columns);
    free(workspace);
}

static void check_kernel(size_t e, struct cl_grouped_job *job, const float *weights,
                         const float *want, int64_t y_count)
{
    const int64_t lanes = kernels[e].lanes, floats = cl_grouped_weights(job, lanes);
    const int64_t room = (int64_t)(cl_grouped_workspace(job, lanes) / sizeof(float));
    float *packed = between_canaries(floats);
    int32_t threads;

    assert_true(room > 0);
    cl_grouped_pack(job, lanes, weights, packed);
    job->weights = packed;
    for (threads = 1; threads <= 3; threads++) {
        float *got = between_canaries(y_count), *workspace = between_canaries(room);
        int64_t tiles = cl_grouped_grid(job, lanes, threads), at, where;
        int64_t piece = (tiles + threads - 1) / threads;
        job->y = got;
        for (at = tiles; at > 0; at -= piece)
            kernels[e].run(job, at > piece ? at - piece : 0, at, workspace);
        if (!same_bits(got, want, y_count, &where))
            fail_msg("%s: %s, %d threads: element %lld is %a, by products %a", text_of(job),
                     kernels[e].name, threads, (long long)where, got[where], want[where]);
        canary_free(got, y_count);
        canary_free(workspace, room);
    }
    canary_free(packed, floats);
}

static void check_job(struct cl_grouped_job *job, int32_t kind)
{
    const struct gemm_window *w = &job->window;
    int64_t x_count = job->images * volume(w->in) * job->groups * w->channels;
    int64_t y_count = job->images * volume(w->out) * job->groups * job->outputs;
    int64_t w_count = job->groups * job->outputs * w->channels * volume(w->kernel);
    float *x = guarded_drawn(x_count), *weights = guarded_drawn(w_count);
    float *bias = guarded_drawn(job->groups * job->outputs), *other = guarded_drawn(y_count);
    float *want = between_canaries(y_count);
    size_t e;

    job->x = x;
    if (draw_between(0, 1))
        job->bias = bias;
    if (kind) {
        job->step_count = draw_between(1, 2);
        job->steps[0] = (struct gemm_step){.kind = kind, .a = -0.25f, .b = 0.75f};
        job->steps[1] = (struct gemm_step){.kind = IMGCLS_EPILOGUE_RELU};
        if (kind == IMGCLS_EPILOGUE_ADD || kind == IMGCLS_EPILOGUE_MUL)
            job->steps[0].operand = other;
        if (kind == IMGCLS_EPILOGUE_BIAS)
            job->steps[0].operand = bias;
    }
    by_products(job, weights, want);
    for (e = 0; kernels[e].name; e++)
        if (offered(kernels[e].isa))
            check_kernel(e, job, weights, want, y_count);
    canary_free(want, y_count);
    guarded_free(x, x_count);
    guarded_free(weights, w_count);
    guarded_free(bias, job->groups * job->outputs);
    guarded_free(other, y_count);
}

static void groups_of_drawn_shapes_agree(void **state)
{
    int i;

    (void)state;
    draw_begin();
    for (i = 0; i < draw_rounds(300); i++) {
        struct cl_grouped_job job = {0};
        draw_shape(&job, i % 10 == 0 ? 13 : i % 2 ? 3 : 5);
        check_job(&job, 0);
    }
}

static void steps_agree(void **state)
{
    int32_t kind;
    int i;

    (void)state;
    draw_begin();
    for (kind = IMGCLS_EPILOGUE_ADD; kind <= IMGCLS_EPILOGUE_BIAS; kind++)
        for (i = 0; i < draw_rounds(5); i++) {
            struct cl_grouped_job job = {0};
            draw_shape(&job, 3);
            check_job(&job, kind);
        }
}

/* DLA-46x, DPN-48b and RegNetX-002: whole vectors on rows of several pieces. */
static void groups_of_networks_agree(void **state)
{
    static const int64_t rows[][5] = {/* size, groups, channels, outputs, stride */
                                      {112, 32, 2, 2, 2}, {56, 32, 4, 4, 1}, {28, 32, 8, 8, 1},
                                      {56, 3, 8, 8, 2},   {14, 32, 16, 16, 1}, {14, 7, 8, 8, 1}};
    size_t i, e;

    (void)state;
    draw_begin();
    for (e = 0; kernels[e].name; e++)
        if (!offered(kernels[e].isa))
            print_message("skipped %s: this CPU lacks its instructions\n", kernels[e].name);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cl_grouped_job job = {
            .images = 1,
            .groups = rows[i][1],
            .outputs = rows[i][3],
            .window = {.channels = rows[i][2],
                       .in = {1, rows[i][0], rows[i][0]},
                       .out = {1, 0, 0},
                       .kernel = {1, 3, 3},
                       .stride = {1, rows[i][4], rows[i][4]},
                       .dilation = {1, 1, 1},
                       .pad = {0, 1, 1}}};
        fit(&job.window, 1, 1);
        fit(&job.window, 2, 1);
        check_job(&job, IMGCLS_EPILOGUE_RELU);
    }
}

/* What is too large for a thread's room is refused, not wrapped around. */
static void windows_past_any_room_are_refused(void **state)
{
    struct cl_grouped_job job = {.images = 1,
                                 .groups = 2,
                                 .outputs = 4,
                                 .window = {.channels = 4,
                                            .in = {1, 64, 64},
                                            .out = {1, 64, 64},
                                            .kernel = {1, 3, 3},
                                            .stride = {1, 1, 1},
                                            .dilation = {1, 1, 1}}};

    (void)state;
    assert_true(cl_grouped_workspace(&job, 8) > 0);
    job.window.dilation[2] = (int64_t)1 << 40;
    assert_int_equal(cl_grouped_workspace(&job, 8), 0);
    job.window.dilation[2] = 100000;
    assert_int_equal(cl_grouped_workspace(&job, 8), 0);
    job.window.dilation[2] = 1;
    job.window.stride[2] = INT64_MAX;
    assert_int_equal(cl_grouped_workspace(&job, 8), 0);
    job.window.stride[2] = 1;
    job.window.kernel[1] = 64;
    assert_int_equal(cl_grouped_workspace(&job, 8), 0);
    job.window.kernel[1] = 3;
    job.window.channels = (int64_t)1 << 40;
    assert_int_equal(cl_grouped_workspace(&job, 8), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_of_drawn_shapes_agree),
        cmocka_unit_test(steps_agree),
        cmocka_unit_test(groups_of_networks_agree),
        cmocka_unit_test(windows_past_any_room_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
