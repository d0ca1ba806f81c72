/*
 * tests/ops/conv_transpose_test.c - plugins/ops/nn/conv_transpose_f32.c: float32 by products
 *
 * The definition, every input position sending to every output in double, says what must come out,
 * within the rounding of the sums; the bits must be the same with the portable kernel, with all
 * that this machine has, with constant weights and with weights given at run time, on one thread
 * and on three, and for an image that runs alone. Rows: one to three dimensions, groups, strides,
 * dilations, padding at either end, output_padding, outputs of several chunks, kernels that leave
 * outputs to which nothing is sent.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "src/context/context.h"
#include "tests/ops/flow.h"
#include "tests/ops/op_case.h"

struct row {
    int32_t count; /* dimensions of space */
    int64_t images, groups, channels, outputs; /* both of a group */
    int64_t in[3], kernel[3], stride[3], dilation[3], begin[3], end[3], extra[3];
    bool has_bias;
};

static const struct row rows[] = {
    {2, 2, 1, 5, 7, {6, 7}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {0}, true},
    {2, 1, 1, 64, 24, {7, 9}, {4, 4}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, {0}, true},
    {2, 3, 4, 3, 2, {5, 4}, {3, 2}, {3, 2}, {1, 1}, {0, 1}, {1, 0}, {2, 1}, true},
    {2, 2, 2, 100, 13, {4, 5}, {2, 3}, {1, 2}, {2, 3}, {1, 2}, {0, 3}, {0}, false},
    {2, 2, 1, 3, 83, {41, 40}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, true},
    {2, 1, 1, 4, 3, {5, 5}, {1, 1}, {3, 4}, {1, 1}, {0, 0}, {0, 0}, {1, 2}, true},
    {1, 2, 3, 4, 5, {19}, {5}, {2}, {2}, {3}, {1}, {1}, true},
    {3, 2, 2, 2, 3, {3, 2, 4}, {2, 3, 2}, {2, 1, 2}, {1, 1, 2}, {1, 0, 1}, {0, 1, 1}, {1}, true},
    {2, 1, 7, 1, 1, {9, 9}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, false},
};

struct tensors {
    float *x, *w, *b;
    int64_t x_count, w_count, b_count, y_count, out[3];
};

static float *drawn(int64_t count, unsigned *seed)
{
    float *floats = malloc((size_t)count * sizeof *floats);
    assert_non_null(floats);
    for (int64_t i = 0; i < count; i++)
        floats[i] = 2 * (float)rand_r(seed) / (float)RAND_MAX - 1;
    return floats;
}

static int64_t at(const int64_t *list, const struct row *row, int d)
{
    return d < row->count ? list[d] : 1;
}

static void draw(const struct row *row, struct tensors *t)
{
    unsigned seed = 11;
    int64_t in = 1, taps = 1, out = 1;
    for (int d = 0; d < 3; d++) {
        t->out[d] = d >= row->count ? 1
                                    : row->stride[d] * (row->in[d] - 1) + row->extra[d] +
                                          (row->kernel[d] - 1) * row->dilation[d] + 1 -
                                          row->begin[d] - row->end[d];
        in *= at(row->in, row, d);
        taps *= at(row->kernel, row, d);
        out *= t->out[d];
    }
    t->x_count = row->images * row->groups * row->channels * in;
    t->w_count = row->groups * row->channels * row->outputs * taps;
    t->b_count = row->groups * row->outputs;
    t->y_count = row->images * t->b_count * out;
    t->x = drawn(t->x_count, &seed);
    t->w = drawn(t->w_count, &seed);
    t->b = drawn(t->b_count, &seed);
}

/* ---- The definition ---------------------------------------------------------------------*/

/* One input position of one input channel sends to all outputs of its group. */
static void send(const struct row *row, const struct tensors *t, int64_t image, int64_t channel,
                 const int64_t i[3], double *y, double *size)
{
    const int64_t group = channel / row->channels;
    int64_t place = image * row->groups * row->channels + channel, k[3], o[3];
    for (int d = 0; d < 3; d++)
        place = place * at(row->in, row, d) + i[d];
    const double x = (double)t->x[place];
    for (int64_t m = 0; m < row->outputs; m++) {
        const float *w = t->w + (channel * row->outputs + m) * at(row->kernel, row, 0) *
                                    at(row->kernel, row, 1) * at(row->kernel, row, 2);
        for (k[0] = 0; k[0] < at(row->kernel, row, 0); k[0]++)
            for (k[1] = 0; k[1] < at(row->kernel, row, 1); k[1]++)
                for (k[2] = 0; k[2] < at(row->kernel, row, 2); k[2]++, w++) {
                    int64_t to = (image * row->groups + group) * row->outputs + m;
                    bool inside = true;
                    for (int d = 0; d < 3; d++) {
                        o[d] = d < row->count ? i[d] * row->stride[d] +
                                                    k[d] * row->dilation[d] - row->begin[d]
                                              : 0;
                        inside = inside && o[d] >= 0 && o[d] < t->out[d];
                        to = to * t->out[d] + o[d];
                    }
                    if (inside) {
                        y[to] += x * (double)*w;
                        size[to] += fabs(x * (double)*w);
                    }
                }
    }
}

static void expect_defined(const struct row *row, const struct tensors *t, const float *found)
{
    double *y = calloc((size_t)t->y_count, sizeof *y);
    double *size = calloc((size_t)t->y_count, sizeof *size);
    const int64_t pixels = t->out[0] * t->out[1] * t->out[2];
    int64_t i[3];
    assert_true(y && size);
    for (int64_t image = 0; image < row->images; image++)
        for (int64_t c = 0; c < row->groups * row->channels; c++)
            for (i[0] = 0; i[0] < at(row->in, row, 0); i[0]++)
                for (i[1] = 0; i[1] < at(row->in, row, 1); i[1]++)
                    for (i[2] = 0; i[2] < at(row->in, row, 2); i[2]++)
                        send(row, t, image, c, i, y, size);
    for (int64_t k = 0; k < t->y_count; k++) {
        const double bias =
            row->has_bias ? (double)t->b[k / pixels % (row->groups * row->outputs)] : 0;
        const double bound = (size[k] + fabs(bias)) * 0x1p-24 *
                             (double)(row->channels + 4 + at(row->kernel, row, 0) *
                                                              at(row->kernel, row, 1));
        if (!(fabs((double)found[k] - y[k] - bias) <= bound))
            fail_msg("row %zu, element %lld: %.9g where %.9g is right",
                     (size_t)(row - rows), (long long)k, (double)found[k], y[k] + bias);
    }
    free(y);
    free(size);
}

/* ---- Runs -------------------------------------------------------------------------------*/

static void set_list(struct icl_node *node, const char *name, const struct row *row,
                     const int64_t *values)
{
    flow_ints(node, name, (size_t)row->count, values);
}

/* x: of `images` images. Own: the result. */
static float *run(const struct row *row, const struct tensors *t, const float *x,
                  int64_t images, const char *isa, int32_t threads, bool is_constant)
{
    if (isa)
        setenv("IMGCLS_ISA", isa, 1);
    else
        unsetenv("IMGCLS_ISA");
    struct imgcls_context *ctx = op_context(threads);
    const struct icl_plan_options options = {.threads = threads};
    struct imgcls_graph *graph = flow_graph(ctx, 22);
    int64_t x_dims[5] = {images, row->groups * row->channels};
    int64_t w_dims[5] = {row->groups * row->channels, row->outputs}, pads[6];
    struct imgcls_value *given[2];
    const struct imgcls_value *output = NULL;
    struct icl_session *session;

    for (int32_t d = 0; d < row->count; d++) {
        x_dims[2 + d] = row->in[d];
        w_dims[2 + d] = row->kernel[d];
        pads[d] = row->begin[d];
        pads[row->count + d] = row->end[d];
    }
    assert_int_equal(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32,
                                         row->count + 2, x_dims, NULL),
                     IMGCLS_OK);
    if (is_constant)
        flow_tensor(graph, "w", IMGCLS_F32, row->count + 2, w_dims, t->w);
    else
        assert_int_equal(icl_graph_add_input(graph, "w", IMGCLS_KIND_TENSOR, IMGCLS_F32,
                                             row->count + 2, w_dims, NULL),
                         IMGCLS_OK);
    flow_tensor(graph, "b", IMGCLS_F32, 1, &t->b_count, t->b);
    struct icl_node *node =
        flow_node(graph, row->has_bias ? "ConvTranspose x w b -> y" : "ConvTranspose x w -> y");
    flow_int(node, "group", row->groups);
    set_list(node, "strides", row, row->stride);
    set_list(node, "dilations", row, row->dilation);
    set_list(node, "output_padding", row, row->extra);
    flow_ints(node, "pads", 2 * (size_t)row->count, pads);
    flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_F32);

    assert_int_equal(
        icl_value_tensor(ctx, IMGCLS_F32, row->count + 2, x_dims, &given[0]), IMGCLS_OK);
    memcpy(given[0]->tensor->data, x, given[0]->tensor->size_bytes);
    assert_int_equal(
        icl_value_tensor(ctx, IMGCLS_F32, row->count + 2, w_dims, &given[1]), IMGCLS_OK);
    memcpy(given[1]->tensor->data, t->w, given[1]->tensor->size_bytes);
    if (icl_session_create(ctx, graph, &options, &session) != IMGCLS_OK ||
        icl_session_run(session, (const struct imgcls_value *const *)given, &output) !=
            IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    assert_int_equal(output->tensor->size_bytes / sizeof(float),
                     t->y_count / row->images * images);
    float *found = malloc(output->tensor->size_bytes);
    assert_non_null(found);
    memcpy(found, output->tensor->data, output->tensor->size_bytes);
    icl_session_destroy(session);
    icl_graph_destroy(graph);
    icl_value_release(ctx, given[0]);
    icl_value_release(ctx, given[1]);
    imgcls_context_destroy(ctx);
    return found;
}

static void expect_same(const struct row *row, const char *what, float *found,
                        const float *want, int64_t count)
{
    if (memcmp(found, want, (size_t)count * sizeof *found) != 0)
        fail_msg("row %zu: %s gives other bits", (size_t)(row - rows), what);
    free(found);
}

static void follows_the_definition_bit_for_bit_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct tensors t;
        draw(row, &t);
        const int64_t one_x = t.x_count / row->images, one_y = t.y_count / row->images;
        float *found = run(row, &t, t.x, row->images, NULL, 1, true);
        expect_defined(row, &t, found);
        expect_same(row, "the portable kernel",
                    run(row, &t, t.x, row->images, "portable", 1, true), found, t.y_count);
        expect_same(row, "a weight given at run time",
                    run(row, &t, t.x, row->images, NULL, 1, false), found, t.y_count);
        expect_same(row, "a number of threads", run(row, &t, t.x, row->images, NULL, 3, true),
                    found, t.y_count);
        expect_same(row, "the last image alone",
                    run(row, &t, t.x + (row->images - 1) * one_x, 1, NULL, 1, true),
                    found + (row->images - 1) * one_y, one_y);
        free(found);
        free(t.x);
        free(t.w);
        free(t.b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_definition_bit_for_bit_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
