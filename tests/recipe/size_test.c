/*
 * tests/recipe/size_test.c - the size a picture has after resize and crop
 *
 * Expected values from Python: int(size * long / short) as torchvision writes it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/recipe/recipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *recipe;
    int32_t w, h, want_w, want_h;
    imgcls_status want;
} rows[] = {
    {"resize=256", 500, 375, 341, 256, IMGCLS_OK},
    {"resize=256", 375, 500, 256, 341, IMGCLS_OK},
    {"resize=256", 500, 333, 384, 256, IMGCLS_OK}, /* 384.38: truncated */
    {"resize=256", 333, 334, 256, 256, IMGCLS_OK}, /* 256.77: truncated, not rounded */
    {"resize=256", 256, 999, 256, 999, IMGCLS_OK},
    {"resize=8", 3, 3, 8, 8, IMGCLS_OK},
    {"resize=7", 49, 29, 11, 7, IMGCLS_OK},
    {"resize=32x48", 500, 375, 32, 48, IMGCLS_OK},
    {"resize=long:64", 500, 375, 64, 48, IMGCLS_OK},
    {"resize=long:64", 1, 1000, 1, 64, IMGCLS_OK}, /* never below 1 */
    {"crop=24", 10, 10, 24, 24, IMGCLS_OK},
    {"resize=32,crop=24x16", 100, 50, 24, 16, IMGCLS_OK},
    {"none", 17, 19, 17, 19, IMGCLS_OK},
    {"resize=16384", 1, 20000, 0, 0, IMGCLS_BAD_INPUT},
    {"none", 0, 5, 0, 0, IMGCLS_BAD_INPUT},
};

static void sizes_follow_torchvision(void **state)
{
    struct imgcls_context *ctx;
    (void)state;
    assert_int_equal(imgcls_context_create(NULL, &ctx), IMGCLS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct icl_recipe recipe;
        int32_t w = -1, h = -1;
        assert_int_equal(icl_recipe_parse(ctx, rows[i].recipe, &recipe), IMGCLS_OK);
        imgcls_status status = icl_recipe_size(ctx, &recipe, rows[i].w, rows[i].h, &w, &h);
        if (status != rows[i].want || w != rows[i].want_w || h != rows[i].want_h)
            fail_msg("%s on %d x %d: status %d, %d x %d", rows[i].recipe, rows[i].w,
                     rows[i].h, status, w, h);
        icl_forgive(ctx);
    }
    imgcls_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sizes_follow_torchvision)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
