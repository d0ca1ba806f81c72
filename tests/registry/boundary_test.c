/*
 * tests/registry/boundary_test.c - the three things of boundary_plugin.c, in real models
 *
 * Values are computed by hand or by the few lines of double arithmetic here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/registry/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/graph/graph.h"
#include "src/session/session.h"
#include "src/tensor/tensor.h"

/* The stage's folder with boundary.so in it, before the plugins that were built. */
static void make_stage(struct stage *stage)
{
    char path[2048];
    const char *build = getenv("ICL_TOP_BUILDDIR");
    stage_make(stage);
    stage_put(stage, "boundary", "boundary.so");
    imgcls_context_destroy(stage->ctx);
    snprintf(path, sizeof path, "%s:%s/plugins/.libs", stage->folder, build ? build : ".");
    struct imgcls_context_options options = {
        .struct_size = sizeof options, .plugin_path = path, .threads = 2};
    assert_int_equal(imgcls_context_create(&options, &stage->ctx), IMGCLS_OK);
}

static void done(const struct stage *stage, imgcls_status status)
{
    if (status != IMGCLS_OK)
        fail_msg("%s", imgcls_error(stage->ctx));
}

static struct imgcls_value *floats(struct stage *stage, int32_t rank, const int64_t *dims,
                                   const float *from)
{
    struct imgcls_value *value;
    done(stage, icl_value_tensor(stage->ctx, IMGCLS_F32, rank, dims, &value));
    memcpy(value->tensor->data, from, value->tensor->size_bytes);
    return value;
}

static void add_node(struct stage *stage, struct imgcls_graph *graph, const char *domain,
                     const char *type, size_t count, const char *const *inputs,
                     const char *output)
{
    struct icl_node *node;
    done(stage,
         icl_graph_add_node(graph, domain, type, output, count, inputs, 1, &output, &node));
}

#define SIDE     6
#define OUT      (SIDE - 2)
#define CHANNELS 2
#define MAPS     3

/* y = Relu(Conv(x, w, b) + r), by the definition, in double. */
static void reference(const float *x, const float *w, const float *b, const float *r,
                      double *y)
{
    for (int m = 0; m < MAPS; m++)
        for (int h = 0; h < OUT; h++)
            for (int v = 0; v < OUT; v++) {
                double sum = b[m];
                for (int c = 0; c < CHANNELS; c++)
                    for (int i = 0; i < 3; i++)
                        for (int j = 0; j < 3; j++)
                            sum += (double)x[(c * SIDE + h + i) * SIDE + v + j] *
                                   (double)w[((m * CHANNELS + c) * 3 + i) * 3 + j];
                sum += r[(m * OUT + h) * OUT + v];
                y[(m * OUT + h) * OUT + v] = sum > 0 ? sum : 0;
            }
}

static void fill(float *to, size_t count, uint32_t seed)
{
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        to[i] = (float)(seed >> 8) / 8388608.0f - 1.0f; /* [-1, 1) */
    }
}

static void conv_add_and_relu_run_in_one_foreign_kernel(void **state)
{
    (void)state;
    static const int64_t in[] = {1, CHANNELS, SIDE, SIDE}, out[] = {1, MAPS, OUT, OUT},
                         filter[] = {MAPS, CHANNELS, 3, 3}, bias[] = {MAPS};
    float x[CHANNELS * SIDE * SIDE], w[MAPS * CHANNELS * 9], b[MAPS], r[MAPS * OUT * OUT];
    double want[MAPS * OUT * OUT];
    struct stage stage;
    struct imgcls_graph *graph;
    struct icl_session *session;
    fill(x, sizeof x / sizeof *x, 1);
    fill(w, sizeof w / sizeof *w, 2);
    fill(b, sizeof b / sizeof *b, 3);
    fill(r, sizeof r / sizeof *r, 4);
    make_stage(&stage);
    done(&stage, icl_graph_create(stage.ctx, NULL, &graph));
    done(&stage, icl_graph_set_opset(graph, "", 17));
    done(&stage,
         icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, in, NULL));
    done(&stage,
         icl_graph_add_input(graph, "r", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, out, NULL));
    struct imgcls_value *ws = floats(&stage, 4, filter, w),
                        *bs = floats(&stage, 1, bias, b);
    done(&stage, icl_graph_add_initializer(graph, "w", ws->tensor, NULL));
    done(&stage, icl_graph_add_initializer(graph, "b", bs->tensor, NULL));
    add_node(&stage, graph, "", "Conv", 3, (const char *const[]){"x", "w", "b"}, "c");
    add_node(&stage, graph, "", "Add", 2, (const char *const[]){"c", "r"}, "a");
    add_node(&stage, graph, "", "Relu", 1, (const char *const[]){"a"}, "y");
    done(&stage,
         icl_graph_add_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, out, NULL));
    done(&stage, icl_graph_sort(graph));

    struct icl_plan_options options = {.threads = 2};
    done(&stage, icl_session_create(stage.ctx, graph, &options, &session));
    struct imgcls_value *xs = floats(&stage, 4, in, x), *rs = floats(&stage, 4, out, r);
    const struct imgcls_value *result;
    done(&stage,
         icl_session_run(session, (const struct imgcls_value *const[]){xs, rs}, &result));

    const struct imgcls_node *node;
    const char *kernel;
    bool found = false;
    for (size_t i = 0; icl_plan_step(icl_session_plan(session), i, &node, &kernel); i++) {
        if (kernel && strcmp(kernel, "conv_add_relu_f32_boundary") == 0) {
            found = true;
            assert_int_equal(node->epilogue_count, 2);
            assert_int_equal(node->epilogues[0].kind, IMGCLS_EPILOGUE_ADD);
            assert_int_equal(node->epilogues[1].kind, IMGCLS_EPILOGUE_RELU);
        }
        assert_string_not_equal(node->type, "Add");
        assert_string_not_equal(node->type, "Relu");
    }
    assert_true(found);
    reference(x, w, b, r, want);
    const float *got = result->tensor->data;
    bool some_zero = false, some_more = false;
    for (size_t i = 0; i < MAPS * OUT * OUT; i++) {
        /* 18 products below 1 in double, then two roundings to float of sums below 20. */
        if (got[i] - want[i] > 4e-6 || want[i] - got[i] > 4e-6)
            fail_msg("element %zu: %.9g, wanted %.9g", i, (double)got[i], want[i]);
        some_zero = some_zero || want[i] == 0;
        some_more = some_more || want[i] > 0;
    }
    assert_true(some_zero && some_more); /* or Relu was not tested */

    icl_session_destroy(session);
    struct imgcls_value *const all[] = {ws, bs, xs, rs};
    for (size_t i = 0; i < 4; i++)
        icl_value_release(stage.ctx, all[i]);
    icl_graph_destroy(graph);
    stage_clear(&stage);
}

static void a_shape_may_depend_on_the_data(void **state)
{
    (void)state;
    static const struct {
        float x[4];
        int64_t count;
        float want[4]; /* by hand: -(what is positive), in order */
    } rows[] = {
        {{1, -2, 3, -4}, 2, {-1, -3}},
        {{-1, -2, -3, 0}, 0, {0}},
        {{5, 6, 7, 8}, 4, {-5, -6, -7, -8}},
    };
    static const int64_t in[] = {2, 2}, open[] = {-1};
    struct stage stage;
    struct imgcls_graph *graph;
    struct icl_session *session;
    make_stage(&stage);
    done(&stage, icl_graph_create(stage.ctx, NULL, &graph));
    done(&stage, icl_graph_set_opset(graph, "", 17));
    done(&stage, icl_graph_set_opset(graph, "org.boundary", 1));
    done(&stage,
         icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 2, in, NULL));
    add_node(&stage, graph, "org.boundary", "Positives", 1, (const char *const[]){"x"},
             "p");
    add_node(&stage, graph, "", "Neg", 1, (const char *const[]){"p"}, "y");
    done(&stage,
         icl_graph_add_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_F32, 1, open, NULL));
    done(&stage, icl_graph_sort(graph));
    struct icl_plan_options options = {.threads = 1};
    done(&stage, icl_session_create(stage.ctx, graph, &options, &session));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct imgcls_value *x = floats(&stage, 2, in, rows[i].x);
        const struct imgcls_value *result;
        done(&stage,
             icl_session_run(session, (const struct imgcls_value *const[]){x}, &result));
        assert_int_equal(result->tensor->rank, 1);
        assert_int_equal(result->tensor->dims[0], rows[i].count);
        const float *got = result->tensor->data;
        for (int64_t k = 0; k < rows[i].count; k++)
            assert_true(got[k] == rows[i].want[k]);
        icl_value_release(stage.ctx, x);
    }
    icl_session_destroy(session);
    icl_graph_destroy(graph);
    stage_clear(&stage);
}

/* Two classes more than features, so that a transposed weight would not even fit. */
static const float weights[] = {1, 2, -3, -4, 0.5f, 0.25f}, biases[] = {0.5f, 1, -1};

static void write_checkpoint(struct stage *stage, size_t cut)
{
    unsigned char bytes[16 + sizeof weights + sizeof biases] = "TINYCKPT";
    bytes[8] = 3; /* classes */
    bytes[9] = 2; /* features */
    memcpy(bytes + 16, weights, sizeof weights);
    memcpy(bytes + 16 + sizeof weights, biases, sizeof biases);
    stage_write(stage, "model.tiny", bytes, sizeof bytes - cut);
}

static void a_checkpoint_becomes_a_model_by_its_architecture(void **state)
{
    (void)state;
    struct stage stage;
    struct imgcls_model *model;
    char path[700];
    make_stage(&stage);
    write_checkpoint(&stage, 0);
    snprintf(path, sizeof path, "%s/model.tiny", stage.folder);
    done(&stage, imgcls_model_open(stage.ctx, path, &model));
    assert_int_equal(imgcls_model_label_count(model), 3);
    assert_string_equal(imgcls_model_label(model, 2), "owl");
    float x[4] = {2, 4, -1, 1};
    struct imgcls_tensor input = {.struct_size = sizeof input,
                                  .type = IMGCLS_F32,
                                  .rank = 4,
                                  .dims = {2, 2, 1, 1},
                                  .strides = {2, 1, 1, 1},
                                  .data = x,
                                  .size_bytes = sizeof x};
    const struct imgcls_tensor *output;
    done(&stage, imgcls_model_run(model, 1, (const struct imgcls_tensor *const[]){&input},
                                  1, &output));
    /* By hand: w.(2,4)+b = 10.5, -21, 1 -> Relu; w.(-1,1)+b = 1.5, 0, -1.25 -> Relu. */
    static const float want[] = {10.5f, 0, 1, 1.5f, 0, 0};
    assert_int_equal(output->dims[0], 2);
    assert_int_equal(output->dims[1], 3);
    assert_memory_equal(output->data, want, sizeof want);
    imgcls_model_close(model);

    /* A cut file is refused in the plugin's own words. */
    write_checkpoint(&stage, 4);
    assert_int_equal(imgcls_model_open(stage.ctx, path, &model), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(stage.ctx), "model.tiny: 48 bytes, 52 are needed"));
    stage_clear(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_add_and_relu_run_in_one_foreign_kernel),
        cmocka_unit_test(a_shape_may_depend_on_the_data),
        cmocka_unit_test(a_checkpoint_becomes_a_model_by_its_architecture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
