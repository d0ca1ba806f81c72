/*
 * tests/kernels/cl_first_test.c - first-layer convolution against the product over windows
 * that is its reference, bit by bit, at drawn sizes, strides, paddings, thread counts
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_first.h"

#include <imgcls/plugin.h>

#include "tests/kernels/drawn.h"
#include "tests/kernels/offered.h"

#define ENTRY(function, set) {#function, set, function},
static const struct {
    const char *name;
    uint64_t isa;
    cl_first_kernel *run;
} kernels[] = {CL_FIRST_FAMILY(ENTRY){NULL, 0, NULL}};

/* The product over windows: weights [k][columns]. */
static void reference(const struct cl_first_job *job, const float *plain, float *y)
{
    struct gemm_window window = {.channels = job->channels,
                                 .in = {1, job->in[0], job->in[1]},
                                 .out = {1, job->out[0], job->out[1]},
                                 .kernel = {1, job->kernel[0], job->kernel[1]},
                                 .stride = {1, job->stride[0], job->stride[1]},
                                 .dilation = {1, 1, 1},
                                 .pad = {0, job->pad[0], job->pad[1]}};
    struct gemm_job product = {.m = job->images * job->out[0] * job->out[1],
                               .n = job->columns,
                               .k = job->kernel[0] * job->kernel[1] * job->channels,
                               .a = job->x,
                               .a_row = job->channels,
                               .a_column = 1,
                               .a_window = &window,
                               .a_image = job->in[0] * job->in[1] * job->channels,
                               .b = plain,
                               .b_row = job->columns,
                               .b_column = 1,
                               .c = y,
                               .c_row = job->columns,
                               .alpha = 1,
                               .beta = 1,
                               .bias = job->bias,
                               .bias_column = 1,
                               .step_count = job->step_count};
    memcpy(product.steps, job->steps, sizeof product.steps);
    void *space = aligned_alloc(64, gemm_workspace());
    assert_non_null(space);
    gemm_f32_portable(&product, 0, gemm_grid(&product, 1), space);
    free(space);
}

static void check(struct cl_first_job *job, int32_t threads)
{
    int64_t k = job->kernel[0] * job->kernel[1] * job->channels, panel, i, j, where;
    int64_t panels = (job->columns + CL_FIRST_PANEL - 1) / CL_FIRST_PANEL;
    int64_t xs = job->images * job->in[0] * job->in[1] * job->channels;
    int64_t ys = job->images * job->out[0] * job->out[1] * job->columns;
    float *x = guarded_drawn(xs), *plain = guarded_drawn(k * job->columns);
    float *weights = guarded(panels * CL_FIRST_PANEL * k),
          *bias = guarded_drawn(job->columns);
    float *want = between_canaries(ys);

    for (panel = 0; panel < panels; panel++)
        for (i = 0; i < k; i++)
            for (j = 0; j < CL_FIRST_PANEL; j++) {
                int64_t column = panel * CL_FIRST_PANEL + j;
                weights[(panel * k + i) * CL_FIRST_PANEL + j] =
                    column < job->columns ? plain[i * job->columns + column] : 0;
            }
    job->x = x;
    job->weights = weights;
    job->bias = job->bias ? bias : NULL;
    reference(job, plain, want);
    for (size_t e = 0; kernels[e].run; e++) {
        float *got = between_canaries(ys);
        if (!offered(kernels[e].isa)) {
            print_message("skipped %s\n", kernels[e].name);
            canary_free(got, ys);
            continue;
        }
        int64_t units = cl_first_grid(job, threads);
        size_t bytes = (cl_first_workspace(job) + 63) / 64 * 64;
        void *space = aligned_alloc(64, bytes);
        assert_non_null(space);
        memset(space, 0xff, bytes); /* NaN everywhere */
        job->y = got;
        for (i = units; i-- > 0;)
            kernels[e].run(job, i, i + 1, space);
        if (!same_bits(got, want, ys, &where))
            fail_msg(
                "%s, %lld x %lld x %lld to %lld x %lld x %lld, kernel %lld x %lld: element "
                "%lld is %a, portable %a",
                kernels[e].name, (long long)job->in[0], (long long)job->in[1],
                (long long)job->channels, (long long)job->out[0], (long long)job->out[1],
                (long long)job->columns, (long long)job->kernel[0],
                (long long)job->kernel[1], (long long)where, got[where], want[where]);
        free(space);
        canary_free(got, ys);
    }
    canary_free(want, ys);
    guarded_free(x, xs);
    guarded_free(plain, k * job->columns);
    guarded_free(weights, panels * CL_FIRST_PANEL * k);
    guarded_free(bias, job->columns);
}

static void drawn_layers_agree(void **state)
{
    static const int32_t kinds[] = {IMGCLS_EPILOGUE_RELU, IMGCLS_EPILOGUE_TANH,
                                    IMGCLS_EPILOGUE_HARDSWISH, IMGCLS_EPILOGUE_SILU};
    (void)state;
    draw_begin();
    for (int round = 0; round < draw_rounds(120); round++) {
        struct cl_first_job job = {.images = draw_between(1, 3),
                                   .channels = draw_between(1, CL_FIRST_CHANNELS),
                                   .columns = draw_between(1, draw_between(0, 2) ? 70 : 9)};
        for (int d = 0; d < 2; d++) {
            job.kernel[d] = draw_between(1, 7);
            job.stride[d] = draw_between(1, 3);
            job.pad[d] = draw_between(0, job.kernel[d] - 1);
            job.in[d] = draw_between(job.kernel[d], 40);
            int64_t room = job.in[d] + job.pad[d] + draw_between(0, job.kernel[d] - 1);
            job.out[d] = (room - job.kernel[d]) / job.stride[d] + 1;
        }
        job.bias = round % 3 ? (const float *)&job : NULL; /* check() draws it */
        job.step_count = round % 4 == 3 ? 2 : round % 2;
        for (int s = 0; s < job.step_count; s++)
            job.steps[s].kind = kinds[(round / 2 + s) % 4];
        check(&job, (int32_t)draw_between(1, 4));
    }
}

/* LeNet's, MobileNet's, ResNet's, ViT's, SqueezeNet's and EfficientNet-B3's, on smaller pictures. */
static void known_layers_agree(void **state)
{
    static const struct {
        int64_t channels, in, out, kernel, stride, pad, columns;
    } rows[] = {
        {1, 28, 28, 5, 1, 2, 6},   {3, 32, 16, 3, 2, 1, 16},  {3, 38, 19, 7, 2, 3, 64},
        {3, 48, 3, 16, 16, 0, 40}, {3, 47, 10, 11, 4, 2, 64}, {4, 30, 30, 3, 1, 1, 32},
        {3, 45, 22, 3, 2, 0, 64},  {3, 64, 32, 3, 2, 1, 40},
    };
    (void)state;
    draw_begin();
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct cl_first_job job = {.images = 2,
                                   .channels = rows[r].channels,
                                   .columns = rows[r].columns,
                                   .in = {rows[r].in, rows[r].in},
                                   .out = {rows[r].out, rows[r].out},
                                   .kernel = {rows[r].kernel, rows[r].kernel},
                                   .stride = {rows[r].stride, rows[r].stride},
                                   .pad = {rows[r].pad, rows[r].pad}};
        job.bias = (const float *)&job;
        job.step_count = 1;
        job.steps[0].kind = IMGCLS_EPILOGUE_RELU;
        check(&job, 1);
        check(&job, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_layers_agree),
        cmocka_unit_test(known_layers_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
