/*
 * tests/session/bits_test.c - the same bits for any threads, batch, place in it, and run
 *
 * Runs the sample's two models with the operators that ship; compares with memcmp.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/model/model.h"

#define BATCH      5
#define CLASSES    10
#define PIXELS_MAX (BATCH * 3 * 64 * 64)

static struct imgcls_model *open_model(int32_t threads, const char *name)
{
    const char *top = getenv("ICL_TOP_SRCDIR");
    char path[4096];
    struct imgcls_context_options options = {.struct_size = sizeof options,
                                             .threads = threads};
    struct imgcls_context *ctx;
    struct imgcls_model *model;
    assert_non_null(top);
    snprintf(path, sizeof path, "%s/eval/sample/%s/model.onnx", top, name);
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    if (imgcls_model_open(ctx, path, &model) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    return model;
}

static void close_model(struct imgcls_model *model)
{
    struct imgcls_context *ctx = model->ctx;
    imgcls_model_close(model);
    imgcls_context_destroy(ctx);
}

/* Scores of `batch` pictures, of which the first is picture `first` of those drawn. */
static void score(struct imgcls_model *model, const float *pictures, int64_t first,
                  int64_t batch, float *rows)
{
    const int64_t *dims = model->graph->inputs[0]->info.dims;
    const float *got;
    int64_t classes;
    if (icl_model_scores(model, pictures + first * dims[1] * dims[2] * dims[3], batch,
                         dims[1], dims[2], dims[3], &got, &classes) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(model->ctx));
    assert_int_equal(classes, CLASSES);
    memcpy(rows, got, (size_t)(batch * classes) * sizeof *rows);
}

static void same_bits_however_it_runs(void **state)
{
    static const char *const names[] = {"lenet5", "vit_tiny"};
    static float pictures[PIXELS_MAX];
    unsigned seed = 5;
    (void)state;
    for (size_t i = 0; i < PIXELS_MAX; i++)
        pictures[i] = (float)rand_r(&seed) / (float)RAND_MAX * 4 - 2;
    for (size_t m = 0; m < 2; m++) {
        float want[BATCH * CLASSES], got[BATCH * CLASSES];
        struct imgcls_model *alone = open_model(1, names[m]);
        for (int64_t n = 0; n < BATCH; n++)
            score(alone, pictures, n, 1, want + n * CLASSES);
        for (int32_t threads = 1; threads <= 4; threads++) {
            struct imgcls_model *model = open_model(threads, names[m]);
            for (int repeat = 0; repeat < 3; repeat++)
                for (int64_t batch = BATCH; batch >= 1; batch--) {
                    score(model, pictures, BATCH - batch, batch, got);
                    if (memcmp(got, want + (BATCH - batch) * CLASSES,
                               (size_t)batch * CLASSES * sizeof *got) != 0)
                        fail_msg("%s: %d threads, batch %d", names[m], (int)threads,
                                 (int)batch);
                }
            close_model(model);
        }
        close_model(alone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_however_it_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
