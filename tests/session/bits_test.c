/*
 * tests/session/bits_test.c - the same bits for any threads, batch, place in it, and run
 *
 * Runs the sample's two models with the operators that ship, fifty times each way, batches divided
 * (parts.h) and not, and compares with memcmp. ICL_ZOO=FOLDER does the same for FOLDER/MODEL/model.onnx, which takes minutes;
 * ICL_REPEATS is how many times.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/model/model.h"

#define BATCH   5
#define THREADS 3
#define REPEATS 50

/* whole: no plan divides a batch, which then goes through every kernel at once. */
static struct imgcls_model *open_model(int32_t threads, bool whole, const char *path)
{
    struct imgcls_context_options options = {.struct_size = sizeof options,
                                             .threads = threads};
    struct imgcls_context *ctx;
    struct imgcls_model *model;
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    if (imgcls_model_open(ctx, path, &model) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    const struct icl_plan_options plan = {.threads = threads, .whole_batch = whole};
    if (icl_session_create(ctx, model->graph, &plan, &model->session) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    return model;
}

static void close_model(struct imgcls_model *model)
{
    struct imgcls_context *ctx = model->ctx;
    imgcls_model_close(model);
    imgcls_context_destroy(ctx);
}

static size_t pixels_of(const struct imgcls_model *model)
{
    const int64_t *dims = model->graph->inputs[0]->info.dims;
    return (size_t)(dims[1] * dims[2] * dims[3]);
}

/* Scores of `batch` pictures, from picture `first` of those drawn on; they live until the next
 * call. */
static const float *score(struct imgcls_model *model, const float *pictures, int64_t first,
                          int64_t batch, int64_t *classes)
{
    const int64_t *dims = model->graph->inputs[0]->info.dims;
    const float *got;
    if (icl_model_scores(model, pictures + (size_t)first * pixels_of(model), batch, dims[1],
                         dims[2], dims[3], &got, classes) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(model->ctx));
    return got;
}

/* Every batch's pictures are the last ones of those drawn, so the last has every place. */
static void check_batch(struct imgcls_model *model, const float *pictures, int64_t batch,
                        const float *want, int64_t classes, const char *path, int threads,
                        bool whole)
{
    int64_t is;
    const float *got = score(model, pictures, BATCH - batch, batch, &is);
    assert_int_equal(is, classes);
    if (memcmp(got, want + (BATCH - batch) * classes,
               (size_t)(batch * classes) * sizeof *got) != 0)
        fail_msg("%s: other bits with %d threads, batch %d%s", path, threads, (int)batch,
                 whole ? ", undivided" : "");
}

/* step: from batch to batch, 1 for all of them */
static void check_model(const char *path, int repeats, int64_t step)
{
    struct imgcls_model *alone = open_model(1, false, path);
    size_t pixels = pixels_of(alone) * BATCH;
    float *pictures = malloc(pixels * sizeof *pictures), *want = NULL;
    int64_t classes = 0;
    unsigned seed = 5;
    assert_non_null(pictures);
    for (size_t i = 0; i < pixels; i++)
        pictures[i] = (float)rand_r(&seed) / (float)RAND_MAX * 4 - 2;
    for (int64_t n = 0; n < BATCH; n++) {
        const float *row = score(alone, pictures, n, 1, &classes);
        want = want ? want : malloc((size_t)(BATCH * classes) * sizeof *want);
        assert_non_null(want);
        memcpy(want + n * classes, row, (size_t)classes * sizeof *row);
    }
    close_model(alone);
    /* pictures that all score alike would pass whatever happened */
    assert_memory_not_equal(want, want + classes, (size_t)classes * sizeof *want);
    for (int way = 0; way < 2 * THREADS; way++) {
        int threads = way / 2 + 1;
        bool whole = way % 2;
        struct imgcls_model *model = open_model(threads, whole, path);
        for (int repeat = 0; repeat < repeats; repeat++)
            for (int64_t batch = BATCH; batch >= 1; batch -= step)
                check_batch(model, pictures, batch, want, classes, path, threads, whole);
        close_model(model);
    }
    free(pictures);
    free(want);
}

static int repeats(void)
{
    const char *wish = getenv("ICL_REPEATS");
    int value = wish ? atoi(wish) : REPEATS;
    return value < 1 ? 1 : value;
}

static void same_bits_however_it_runs(void **state)
{
    static const char *const names[] = {"lenet5", "vit_tiny"};
    const char *top = getenv("ICL_TOP_SRCDIR");
    char path[4096];
    (void)state;
    assert_non_null(top);
    for (size_t m = 0; m < sizeof names / sizeof names[0]; m++) {
        snprintf(path, sizeof path, "%s/eval/sample/%s/model.onnx", top, names[m]);
        check_model(path, repeats(), 1);
    }
}

/* Alone and as the last of five. */
static void same_bits_in_a_zoo(void **state)
{
    const char *zoo = getenv("ICL_ZOO");
    char pattern[4096];
    glob_t found;
    (void)state;
    if (!zoo) {
        print_message("skipped: ICL_ZOO names no folder of models\n");
        skip();
    }
    snprintf(pattern, sizeof pattern, "%s/*/model.onnx", zoo);
    if (glob(pattern, 0, NULL, &found) != 0)
        fail_msg("there is no %s", pattern);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        check_model(found.gl_pathv[i], repeats(), BATCH - 1);
        print_message("%s: the same bits\n", found.gl_pathv[i]);
    }
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_however_it_runs),
        cmocka_unit_test(same_bits_in_a_zoo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
