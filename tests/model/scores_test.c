/*
 * tests/model/scores_test.c - pictures fed in the form, type and batch that a model wants
 *
 * The models are one product each (operators of tests/plan/fixture.c); weights are chosen
 * so that results can be written down by hand.
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
#include "src/tensor/tensor.h"
#include "tests/plan/sketch.h"

/* Pictures of 3 channels, 1 x 2: picture n has 100 n + 10 channel + column. */
#define EACH 6
static void draw(float *pictures, int64_t batch)
{
    for (int64_t n = 0; n < batch; n++)
        for (int i = 0; i < EACH; i++)
            pictures[n * EACH + i] = (float)(100 * n + 10 * (i / 2) + i % 2);
}

/* Scores are the six numbers that arrive, in their order. */
static struct imgcls_model *make_model(struct imgcls_context *ctx, int32_t type,
                                       const int64_t *dims, const int64_t *flat)
{
    struct imgcls_model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    float identity[EACH * EACH] = {0};
    for (int i = 0; i < EACH; i++)
        identity[i * EACH + i] = 1;
    model->ctx = ctx;
    model->path = strdup("the model");
    model->graph = sketch_graph(ctx);
    sketch_input(model->graph, "x", type, dims);
    sketch_floats(model->graph, "w", SHAPE(EACH, EACH), identity);
    if (flat) {
        sketch_ints(model->graph, "flat", SHAPE(2), flat);
        sketch_node(model->graph, "Reshape", "x flat", "rows");
        sketch_node(model->graph, type == IMGCLS_F32 ? "MatMul" : "Move",
                    type == IMGCLS_F32 ? "rows w" : "rows", "y");
    } else {
        sketch_node(model->graph, "MatMul", "x w", "y");
    }
    sketch_output(model->graph, "y", type);
    return model;
}

static void check_rows(const float *rows, int64_t batch, const int *order)
{
    float pictures[8 * EACH];
    draw(pictures, batch);
    for (int64_t n = 0; n < batch; n++)
        for (int i = 0; i < EACH; i++)
            if (rows[n * EACH + i] != pictures[n * EACH + order[i]])
                fail_msg("picture %d, score %d is %g", (int)n, i,
                         (double)rows[n * EACH + i]);
}

static const int planar[EACH] = {0, 1, 2, 3, 4, 5};
static const int interleaved[EACH] = {0, 2, 4, 1, 3, 5}; /* by hand: column, then channel */

static void pictures_come_in_the_form_the_model_wants(void **state)
{
    static const struct {
        const char *what;
        int32_t type;
        int64_t dims[5], flat[2];
        bool reshape;
        int64_t batch;
        const int *order;
    } rows[] = {
        /* clang-format off: a row a line */
        {"fixed batch of 1, five pictures",
         IMGCLS_F32,
         {1, 3, 1, 2, -9},
         {1, 6},
         true,
         5,
         planar},
        {"fixed batch of 2, five pictures",
         IMGCLS_F32,
         {2, 3, 1, 2, -9},
         {2, 6},
         true,
         5,
         planar},
        {"fixed batch of 2, one picture",
         IMGCLS_F32,
         {2, 3, 1, 2, -9},
         {2, 6},
         true,
         1,
         planar},
        {"open batch, flat", IMGCLS_F32, {-1, 6, -9}, {0}, false, 3, planar},
        {"channels last", IMGCLS_F32, {1, 1, 2, 3, -9}, {1, 6}, true, 3, interleaved},
        {"no batch", IMGCLS_F32, {3, 1, 2, -9}, {1, 6}, true, 2, planar},
        {"float16", IMGCLS_F16, {2, 3, 1, 2, -9}, {2, 6}, true, 3, planar},
        {"float64", IMGCLS_F64, {1, 3, 1, 2, -9}, {1, 6}, true, 2, planar},
        {"float16, channels last",
         IMGCLS_F16,
         {1, 1, 2, 3, -9},
         {1, 6},
         true,
         2,
         interleaved},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct imgcls_model *model = make_model(*state, rows[i].type, rows[i].dims,
                                                rows[i].reshape ? rows[i].flat : NULL);
        float pictures[8 * EACH];
        const float *got;
        int64_t classes;
        draw(pictures, rows[i].batch);
        for (int repeat = 0; repeat < 2; repeat++) {
            imgcls_status status =
                icl_model_scores(model, pictures, rows[i].batch, 3, 1, 2, &got, &classes);
            if (status)
                fail_msg("%s: %s", rows[i].what, imgcls_error(*state));
            assert_int_equal(classes, EACH);
            check_rows(got, rows[i].batch, rows[i].order);
        }
        imgcls_model_close(model);
    }
}

static void pictures_that_do_not_fit_are_refused(void **state)
{
    static const struct {
        int64_t dims[6], channels, height, width;
        const char *words;
    } rows[] = {
        /* clang-format off: a row a line */
        {{1, 1, 1, 2, -9}, 3, 1, 2, "3 channels"},
        {{1, 3, 1, 2, -9}, 1, 1, 2, "1 channel,"},
        {{1, 3, 1, 2, -9}, 3, 2, 2, "2 x 2"},
        {{-1, 5, -9}, 3, 1, 2, "3 channels"},
        {{1, 1, 3, 1, 2, -9}, 3, 1, 2, "does not take pictures"},
        /* clang-format on */
    };
    struct imgcls_context *ctx = *state;
    const float pictures[16] = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct imgcls_model *model =
            make_model(ctx, IMGCLS_F32, rows[i].dims, (int64_t[]){1, EACH});
        const float *got;
        int64_t classes;
        assert_int_equal(icl_model_scores(model, pictures, 1, rows[i].channels,
                                          rows[i].height, rows[i].width, &got, &classes),
                         IMGCLS_BAD_INPUT);
        if (!strstr(imgcls_error(ctx), rows[i].words))
            fail_msg("'%s' not in '%s'", rows[i].words, imgcls_error(ctx));
        assert_non_null(strstr(imgcls_error(ctx), "the model"));
        icl_forgive(ctx);
        imgcls_model_close(model);
    }
}

static void as_many_names_as_classes(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_model *model = make_model(ctx, IMGCLS_F32, SHAPE(-1, EACH), NULL);
    const float pictures[EACH] = {0};
    const float *got;
    int64_t classes;
    assert_int_equal(
        icl_labels_parse(ctx, "f", "a\nb\n", 4, &model->labels, &model->label_count),
        IMGCLS_OK);
    assert_int_equal(icl_model_scores(model, pictures, 1, 3, 1, 2, &got, &classes),
                     IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(ctx), "2 class names for 6 classes"));
    icl_forgive(ctx);
    imgcls_model_close(model);
}

static void a_model_without_recipe_asks_for_one(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_model *model = make_model(ctx, IMGCLS_F32, SHAPE(-1, EACH), NULL);
    struct imgcls_prediction best[1];
    size_t count;
    assert_int_equal(imgcls_model_classify(model, "any.png", 1, best, &count),
                     IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(ctx), "--preprocess"));
    assert_non_null(strstr(imgcls_error(ctx), "imagenet"));
    icl_forgive(ctx);
    imgcls_model_close(model);
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
        cmocka_unit_test(pictures_come_in_the_form_the_model_wants),
        cmocka_unit_test(pictures_that_do_not_fit_are_refused),
        cmocka_unit_test(as_many_names_as_classes),
        cmocka_unit_test(a_model_without_recipe_asks_for_one),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
