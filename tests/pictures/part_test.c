/*
 * tests/pictures/part_test.c - decoding and resizing a part gives the bits of the whole
 *
 * Every fixture and, where it is, the ImageNet sample: the recipe's tensor from a picture
 * that was decoded for it equals the one from the whole picture; and the vectorised sums
 * equal the portable ones for random weights, sizes and channels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/picture.h"
#include "eval/pictures/resize.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/file/file.h"

static const char *const recipes[] = {
    "imagenet",
    "caffe",
    "resize=235,filter=bicubic,crop=224",
    "resize=64x48,filter=lanczos",
    "resize=40,filter=box,crop=60,pad=1/2/3",
    "resize=96,filter=hamming,crop=33x70",
    "resize=256,filter=nearest,crop=224",
    "resize=128,filter=bilinear,antialias=0,crop=112",
    "resize=128,filter=bicubic,engine=opencv,crop=112",
    "resize=128,filter=bilinear,crop=112,views=10",
    "crop=31",
};

/* The whole and the part give the same tensor; failures are the same, too. */
static void expect_same(struct imgcls_context *ctx, const char *path,
                        const struct icl_recipe *recipe, const char *text)
{
    struct imgcls_source *source;
    struct icl_picture whole, part;
    float *a = NULL, *b = NULL;
    int32_t aw = 0, ah = 0, bw = 0, bh = 0;
    imgcls_status first, second;
    char reasons[2][256] = {"", ""};
    assert_int_equal(icl_source_open(ctx, path, &source), IMGCLS_OK);
    first = icl_picture_decode(ctx, path, source->bytes, source->size,
                               icl_recipe_channels(recipe), &whole, reasons[0], 256);
    icl_forgive(ctx);
    second = icl_picture_decode_for(ctx, path, source->bytes, source->size, recipe, &part,
                                    reasons[1], 256);
    icl_forgive(ctx);
    icl_source_close(source);
    if (first != second)
        fail_msg("%s: %s: '%s' and '%s'", path, text, reasons[0], reasons[1]);
    if (first != IMGCLS_OK)
        return;
    first = icl_preprocess(ctx, recipe, &whole, &a, &aw, &ah);
    second = icl_preprocess(ctx, recipe, &part, &b, &bw, &bh);
    icl_forgive(ctx);
    assert_int_equal(first, second);
    assert_int_equal(aw, bw);
    assert_int_equal(ah, bh);
    if (first == IMGCLS_OK &&
        memcmp(a, b,
               (size_t)recipe->views * (size_t)aw * (size_t)ah *
                   (size_t)icl_recipe_channels(recipe) * sizeof *a) != 0)
        fail_msg("%s: %s: other bits", path, text);
    icl_free(ctx, a);
    icl_free(ctx, b);
    icl_picture_clear(&whole);
    icl_picture_clear(&part);
}

static size_t walk(struct imgcls_context *ctx, const char *folder, int depth)
{
    DIR *open_folder = opendir(folder);
    struct dirent *item;
    size_t count = 0, i;
    while (open_folder && (item = readdir(open_folder)) != NULL) {
        char path[1024];
        if (item->d_name[0] == '.' || strstr(item->d_name, ".txt"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, item->d_name);
        if (item->d_type == DT_DIR) {
            if (depth > 0)
                count += walk(ctx, path, depth - 1);
            continue;
        }
        for (i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
            struct icl_recipe recipe;
            if (depth == 0 && i > 2) /* the large set: three recipes are enough */
                continue;
            if (icl_recipe_parse(ctx, recipes[i], &recipe) != IMGCLS_OK)
                fail_msg("%s", imgcls_error(ctx));
            expect_same(ctx, path, &recipe, recipes[i]);
        }
        count++;
    }
    if (open_folder)
        closedir(open_folder);
    return count;
}

static void a_part_gives_the_bits_of_the_whole(void **state)
{
    struct imgcls_context *ctx;
    char path[1024];
    (void)state;
    assert_int_equal(imgcls_context_create(NULL, &ctx), IMGCLS_OK);
    snprintf(path, sizeof path, "%s/tests/pictures/fixtures", getenv("ICL_TOP_SRCDIR"));
    assert_true(walk(ctx, path, 1) > 40);
    snprintf(path, sizeof path, "%s/../shared/data/imagenet-sample/val",
             getenv("ICL_TOP_SRCDIR"));
    if (walk(ctx, path, 1) == 0)
        print_message("skipped: ../shared is absent\n");
    imgcls_context_destroy(ctx);
}

#ifdef BUILD_AVX2
static uint32_t draw(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void vectors_give_the_portable_bits(void **state)
{
    struct imgcls_context *ctx;
    uint32_t seed = 7;
    int round;
    (void)state;
    assert_int_equal(imgcls_context_create(NULL, &ctx), IMGCLS_OK);
    if (!(ctx->isa & IMGCLS_ISA_AVX2)) {
        print_message("skipped: no AVX2 here\n");
        imgcls_context_destroy(ctx);
        return;
    }
    for (round = 0; round < 200; round++) {
        size_t channels = round % 4 ? 3 : 1, i, k;
        int32_t width = (int32_t)(draw(&seed) % 90) + 1,
                targets = (int32_t)(draw(&seed) % 40) + 1;
        int32_t rows = (int32_t)(draw(&seed) % 12) + 1;
        size_t pitch = (size_t)width * channels, bytes = pitch * (size_t)rows;
        size_t to_pitch = (size_t)targets * channels + (size_t)(round % 3);
        uint8_t *source = malloc(bytes), got[12 * 128], want[12 * 128];
        int32_t windows[40][2], weights[40][96];
        struct icl_axis axis = {windows, weights[0], 96, targets};
        struct icl_rows from = {source, source + bytes, pitch, channels,
                                want,   to_pitch,       rows};
        memset(weights, 0, sizeof weights);
        memset(got, 77, sizeof got);
        memset(want, 77, sizeof want); /* what lies between rows stays */
        assert_non_null(source);
        for (i = 0; i < bytes; i++)
            source[i] = round % 3 ? (uint8_t)draw(&seed) : 255;
        for (i = 0; i < (size_t)targets; i++) {
            windows[i][0] = (int32_t)(draw(&seed) % (uint32_t)width);
            if (i > 0 && windows[i][0] < windows[i - 1][0]) /* they only move on */
                windows[i][0] = windows[i - 1][0];
            windows[i][1] = 1 + (int32_t)(draw(&seed) % (uint32_t)(width - windows[i][0]));
            for (k = 0; k < (size_t)windows[i][1]; k++)
                /* as real ones: together within 2^23, so that no sum overflows */
                weights[i][k] =
                    ((int32_t)(draw(&seed) % (1u << 23)) - (1 << 21)) / windows[i][1];
        }
        icl_resize_row_portable(&axis, &from);
        from.to = got;
        icl_resize_row_avx2(&axis, &from);
        assert_memory_equal(got, want, sizeof got);
        icl_resize_column_portable(source, pitch, weights[0], rows, pitch, want);
        icl_resize_column_avx2(source, pitch, weights[0], rows, pitch, got);
        assert_memory_equal(got, want, pitch);
        free(source);
    }
    imgcls_context_destroy(ctx);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_gives_the_bits_of_the_whole),
#ifdef BUILD_AVX2
        cmocka_unit_test(vectors_give_the_portable_bits),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
