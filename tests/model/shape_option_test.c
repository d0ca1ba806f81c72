/*
 * tests/model/shape_option_test.c - "--shape NAME=DIMS" in all forms, and what is none
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/model/model.h"

static const struct {
    const char *text;
    imgcls_status want;
    int64_t dims[4]; /* of input "x", or of "x:0" where second is set */
    bool second;
    const char *words; /* in the message */
} rows[] = {
    /* clang-format off: a row a line */
    {"x=1,3,224,224", IMGCLS_OK, {1, 3, 224, 224}, false, NULL},
    {"x:1,3,224,224", IMGCLS_OK, {1, 3, 224, 224}, false, NULL},
    {"x=[4,3,32,32]", IMGCLS_OK, {4, 3, 32, 32}, false, NULL},
    {"x:2x3x8x8", IMGCLS_OK, {2, 3, 8, 8}, false, NULL},
    {"x=0,3,8,8", IMGCLS_OK, {0, 3, 8, 8}, false, NULL},
    {"x:0=5,6,7,8", IMGCLS_OK, {5, 6, 7, 8}, true, NULL}, /* the longest name counts */
    {"y=1,3,224,224", IMGCLS_BAD_INPUT, {0}, false, "x, x:0"},
    {"1,3,224,224", IMGCLS_BAD_INPUT, {0}, false, "NAME=DIMS"}, /* there are two inputs */
    {"x=1,3,224", IMGCLS_BAD_INPUT, {0}, false, "3 dimensions, the model's input has 4"},
    {"x=", IMGCLS_BAD_INPUT, {0}, false, "dimensions"},
    {"x=1,,3,4", IMGCLS_BAD_INPUT, {0}, false, "numbers"},
    {"x=1,2,3,", IMGCLS_BAD_INPUT, {0}, false, "numbers"},
    {"x=[1,2,3,4", IMGCLS_BAD_INPUT, {0}, false, "numbers"},
    {"x=1,2,3,4]", IMGCLS_BAD_INPUT, {0}, false, "numbers"},
    {"x=1,2,3,4 ", IMGCLS_BAD_INPUT, {0}, false, "numbers"},
    {"x=-1,2,3,4", IMGCLS_BAD_INPUT, {0}, false, "numbers"},
    {"x=1,2,3,99999999999999999999", IMGCLS_BAD_INPUT, {0}, false, "numbers"},
    {"x=4000000000,4000000000,3,3", IMGCLS_BAD_INPUT, {0}, false, "counted"},
    {"x=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", IMGCLS_BAD_INPUT, {0}, false, "numbers"},
    /* clang-format on */
};

static struct imgcls_graph *make_graph(struct imgcls_context *ctx, bool two)
{
    static const int64_t open[] = {-1, 3, -1, -1};
    struct imgcls_graph *graph;
    assert_int_equal(icl_graph_create(ctx, NULL, &graph), IMGCLS_OK);
    assert_int_equal(
        icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, open, NULL),
        IMGCLS_OK);
    if (two)
        assert_int_equal(icl_graph_add_input(graph, "x:0", IMGCLS_KIND_TENSOR, IMGCLS_F32,
                                             -1, NULL, NULL),
                         IMGCLS_OK);
    return graph;
}

static void forms_and_faults(void **state)
{
    struct imgcls_context *ctx = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct imgcls_graph *graph = make_graph(ctx, true);
        imgcls_status status = icl_shape_option(graph, rows[i].text);
        if (status != rows[i].want)
            fail_msg("'%s': status %d (%s)", rows[i].text, (int)status, imgcls_error(ctx));
        if (rows[i].words && !strstr(imgcls_error(ctx), rows[i].words))
            fail_msg("'%s': '%s' not in '%s'", rows[i].text, rows[i].words,
                     imgcls_error(ctx));
        const struct imgcls_value_info *info = &graph->inputs[rows[i].second]->info;
        if (status == IMGCLS_OK) {
            assert_int_equal(info->rank, 4);
            assert_memory_equal(info->dims, rows[i].dims, sizeof rows[i].dims);
        }
        icl_forgive(ctx);
        icl_graph_destroy(graph);
    }
}

static void one_input_needs_no_name(void **state)
{
    struct imgcls_graph *graph = make_graph(*state, false);
    assert_int_equal(icl_shape_option(graph, "[2,3,4,5]"), IMGCLS_OK);
    assert_int_equal(graph->inputs[0]->info.dims[3], 5);
    assert_int_equal(icl_shape_option(graph, "6,3,4,5"), IMGCLS_OK);
    assert_int_equal(graph->inputs[0]->info.dims[0], 6);
    icl_graph_destroy(graph);
}

static int open_context(void **state)
{
    return imgcls_context_create(NULL, (struct imgcls_context **)state);
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_and_faults),
        cmocka_unit_test(one_input_needs_no_name),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
