/*
 * tests/plan/host_infer_test.c - broadcasting, and knowledge that only grows
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/plan/host_infer.h"
#include "tests/plan/sketch.h"

#define N    (-2) /* a symbol */
#define M    (-3) /* another */
#define OPEN (-1)

/* Shapes as ONNX's Broadcasting.md has them; symbols by the rule of plugin.h. */
static const struct {
    int32_t rank_a, rank_b;
    int64_t a[3], b[3];
    imgcls_status want;
    int32_t rank;
    int64_t out[3];
} broadcasts[] = {
    /* clang-format off: a row a line */
    {2, 2, {2, 3}, {2, 3}, IMGCLS_OK, 2, {2, 3}},
    {2, 1, {2, 3}, {3}, IMGCLS_OK, 2, {2, 3}},
    {0, 2, {0}, {4, 5}, IMGCLS_OK, 2, {4, 5}},
    {3, 3, {1, 4, 1}, {5, 1, 6}, IMGCLS_OK, 3, {5, 4, 6}},
    {1, 1, {0}, {1}, IMGCLS_OK, 1, {0}}, /* nothing, once */
    {1, 1, {2}, {3}, IMGCLS_BAD_INPUT, 0, {0}},
    {1, 1, {0}, {2}, IMGCLS_BAD_INPUT, 0, {0}},
    {2, 2, {N, 3}, {N, 3}, IMGCLS_OK, 2, {N, 3}},
    {2, 2, {N, 3}, {1, 3}, IMGCLS_OK, 2, {N, 3}},
    {1, 1, {N}, {7}, IMGCLS_OK, 1, {7}}, /* 1 or 7: 7 either way */
    {1, 1, {N}, {M}, IMGCLS_OK, 1, {OPEN}},
    {1, 1, {OPEN}, {1}, IMGCLS_OK, 1, {OPEN}},
    {-1, 2, {0}, {2, 3}, IMGCLS_OK, -1, {0}},
    /* clang-format on */
};

struct scene {
    struct imgcls_context *ctx;
    struct imgcls_graph *graph;
    struct icl_node *node;
    struct imgcls_infer infer;
};

static struct scene open_scene(struct imgcls_context *ctx)
{
    struct scene scene = {.ctx = ctx, .graph = sketch_graph(ctx)};
    sketch_input(scene.graph, "x", IMGCLS_F32, SHAPE(2, 3));
    scene.node = sketch_node(scene.graph, "Add", "x x", "y");
    scene.infer = (struct imgcls_infer){sizeof scene.infer, &scene.node->node};
    return scene;
}

static void shapes_broadcast(void **state)
{
    struct scene scene = open_scene(*state);
    for (size_t i = 0; i < sizeof broadcasts / sizeof *broadcasts; i++) {
        int64_t out[IMGCLS_MAX_RANK];
        int32_t rank;
        imgcls_status status = icl_host_broadcast(
            &scene.ctx->host, &scene.node->node, broadcasts[i].rank_a, broadcasts[i].a,
            broadcasts[i].rank_b, broadcasts[i].b, &rank, out);
        if (status != broadcasts[i].want)
            fail_msg("row %zu: status %d", i, (int)status);
        if (status == IMGCLS_OK) {
            assert_int_equal(rank, broadcasts[i].rank);
            for (int32_t d = 0; d < rank; d++)
                if (out[d] != broadcasts[i].out[d])
                    fail_msg("row %zu: dimension %d is %lld", i, (int)d, (long long)out[d]);
        }
        icl_forgive(scene.ctx);
    }
    icl_graph_destroy(scene.graph);
}

static void knowledge_grows_and_contradictions_fail(void **state)
{
    static const struct {
        int32_t type, rank;
        int64_t dims[2];
        imgcls_status want;
        int32_t known_rank;
        int64_t known[2];
    } steps[] = {
        /* clang-format off: a row a line */
        {IMGCLS_UNDEFINED, -1, {0}, IMGCLS_OK, -1, {0}},
        {IMGCLS_F32, 2, {OPEN, N}, IMGCLS_OK, 2, {OPEN, N}},
        {IMGCLS_F32, 2, {4, OPEN}, IMGCLS_OK, 2, {4, N}},
        {IMGCLS_F32, 2, {M, 5}, IMGCLS_OK, 2, {4, 5}}, /* a number stays, a symbol goes */
        {IMGCLS_F32, -1, {0}, IMGCLS_OK, 2, {4, 5}},
        {IMGCLS_F32, 2, {4, 6}, IMGCLS_BAD_INPUT, 2, {4, 5}},
        {IMGCLS_F32, 1, {4}, IMGCLS_BAD_INPUT, 2, {4, 5}},
        {IMGCLS_I64, 2, {4, 5}, IMGCLS_BAD_INPUT, 2, {4, 5}},
        {IMGCLS_F32, IMGCLS_MAX_RANK + 1, {0}, IMGCLS_UNSUPPORTED, 2, {4, 5}},
        /* clang-format on */
    };
    struct scene scene = open_scene(*state);
    const struct imgcls_value_info *y = scene.node->node.outputs[0];
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        imgcls_status status = icl_host_infer_output(
            &scene.ctx->host, &scene.infer, 0, steps[i].type, steps[i].rank, steps[i].dims);
        if (status != steps[i].want)
            fail_msg("step %zu: status %d", i, (int)status);
        if (status)
            assert_non_null(strstr(imgcls_error(scene.ctx), "y"));
        assert_int_equal(y->rank, steps[i].known_rank);
        for (int32_t d = 0; d < y->rank; d++)
            assert_int_equal(y->dims[d], steps[i].known[d]);
        icl_forgive(scene.ctx);
    }
    icl_graph_destroy(scene.graph);
}

static void outputs_that_are_not_there_are_passed_over(void **state)
{
    struct scene scene = open_scene(*state);
    const int64_t dims[] = {1};
    assert_int_equal(
        icl_host_infer_output(&scene.ctx->host, &scene.infer, 1, IMGCLS_F32, 1, dims),
        IMGCLS_OK);
    assert_int_equal(icl_host_infer_kind(&scene.ctx->host, &scene.infer, 7,
                                         IMGCLS_KIND_SEQUENCE, IMGCLS_F32),
                     IMGCLS_OK);
    assert_int_equal(icl_host_infer_like(&scene.ctx->host, &scene.infer, 0, 5),
                     IMGCLS_BAD_INPUT); /* there is no such input */
    icl_forgive(scene.ctx);
    assert_int_equal(icl_host_infer_like(&scene.ctx->host, &scene.infer, 0, 1), IMGCLS_OK);
    assert_int_equal(scene.node->node.outputs[0]->dims[1], 3);
    icl_graph_destroy(scene.graph);
}

static void a_sequence_keeps_its_kind_along(void **state)
{
    struct scene scene = open_scene(*state);
    struct imgcls_value_info *x = scene.node->inputs[0];
    x->kind = IMGCLS_KIND_SEQUENCE;
    x->rank = -1;
    assert_int_equal(icl_host_infer_like(&scene.ctx->host, &scene.infer, 0, 0), IMGCLS_OK);
    assert_int_equal(scene.node->outputs[0]->kind, IMGCLS_KIND_SEQUENCE);
    assert_int_equal(scene.node->outputs[0]->type, IMGCLS_F32);
    icl_graph_destroy(scene.graph);
}

static int open_context(void **state)
{
    *state = sketch_context();
    return 0;
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_broadcast),
        cmocka_unit_test(knowledge_grows_and_contradictions_fail),
        cmocka_unit_test(outputs_that_are_not_there_are_passed_over),
        cmocka_unit_test(a_sequence_keeps_its_kind_along),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
