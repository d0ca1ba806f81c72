/*
 * tests/pictures/preprocess_test.c - recipes give torchvision's bytes and floats, bit for
 * bit
 *
 * Expected hashes: fixtures/expected.txt and fixtures/imagenet-sample.txt, made by
 * make_fixtures.py with Pillow and torchvision.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/file/file.h"

static int open_context(void **state)
{
    return imgcls_context_create(NULL, (struct imgcls_context **)state);
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

/* The picture of a file under the source tree, in the channels that the recipe wants. */
static imgcls_status open_picture(struct imgcls_context *ctx, const char *path,
                                  int32_t channels, struct icl_picture *picture)
{
    struct imgcls_source *source;
    imgcls_status status = icl_source_open(ctx, path, &source);
    if (status != IMGCLS_OK)
        return status;
    status = icl_picture_decode(ctx, path, source->bytes, source->size, channels, picture,
                                NULL, 0);
    icl_source_close(source);
    return status;
}

/* Hashes of the bytes and the floats; false after printing why there are none. */
static bool hashes(struct imgcls_context *ctx, const char *path, const char *text,
                   int32_t *width, int32_t *height, char bytes_hash[65],
                   char floats_hash[65])
{
    struct icl_recipe recipe;
    struct icl_picture picture = {0}, bytes = {0};
    float *tensor = NULL;
    imgcls_status status = icl_recipe_parse(ctx, text, &recipe);
    if (status == IMGCLS_OK)
        status = open_picture(ctx, path, icl_recipe_channels(&recipe), &picture);
    if (status == IMGCLS_OK)
        status = icl_preprocess_bytes(ctx, &recipe, &picture, &bytes);
    if (status == IMGCLS_OK)
        status = icl_preprocess(ctx, &recipe, &picture, &tensor, width, height);
    if (status != IMGCLS_OK) {
        print_error("%s: %s\n", path, imgcls_error(ctx));
        icl_forgive(ctx);
    } else {
        size_t count = (size_t)bytes.width * (size_t)bytes.height * (size_t)bytes.channels;
        icl_sha256_of(bytes.pixels, count, bytes_hash);
        icl_sha256_of(tensor, (size_t)recipe.views * count * sizeof *tensor, floats_hash);
    }
    icl_picture_clear(&picture);
    icl_picture_clear(&bytes);
    icl_free(ctx, tensor);
    return status == IMGCLS_OK;
}

static void recipes_give_torchvisions_bits(void **state)
{
    const char *top = getenv("ICL_TOP_SRCDIR");
    char path[1024], line[512], name[128], text[256], want_bytes[80], want_floats[80];
    int width, height, rows = 0, wrong = 0;
    snprintf(path, sizeof path, "%s/tests/pictures/fixtures/expected.txt", top);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    while (fgets(line, sizeof line, list)) {
        if (sscanf(line, "recipe %127s %255s %d %d %79s %79s", name, text, &width, &height,
                   want_bytes, want_floats) != 6)
            continue;
        char bytes_hash[65] = "", floats_hash[65] = "";
        int32_t w = 0, h = 0;
        rows++;
        snprintf(path, sizeof path, "%s/tests/pictures/fixtures/%s", top, name);
        bool ok = hashes(*state, path, text, &w, &h, bytes_hash, floats_hash);
        if (!ok || w != width || h != height || strcmp(bytes_hash, want_bytes) != 0 ||
            strcmp(floats_hash, want_floats) != 0) {
            print_error("%s %s: %d x %d, bytes %s, floats %s\n", name, text, w, h,
                        strcmp(bytes_hash, want_bytes) ? "differ" : "equal",
                        strcmp(floats_hash, want_floats) ? "differ" : "equal");
            wrong++;
        }
    }
    fclose(list);
    assert_int_equal(wrong, 0);
    assert_true(rows > 80);
}

static void imagenet_pictures_give_torchvisions_bits(void **state)
{
    const char *top = getenv("ICL_TOP_SRCDIR");
    char path[1024], line[512], name[256], want[80];
    int rows = 0, wrong = 0;
    snprintf(path, sizeof path, "%s/../shared/data/imagenet-sample/val", top);
    if (access(path, R_OK) != 0) {
        print_message("skipped: ../shared is absent\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/tests/pictures/fixtures/imagenet-sample.txt", top);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    while (fgets(line, sizeof line, list)) {
        char bytes_hash[65] = "", floats_hash[65] = "";
        int32_t w, h;
        if (line[0] == '#' || sscanf(line, "%255s %79s", name, want) != 2)
            continue;
        rows++;
        snprintf(path, sizeof path, "%s/../shared/data/imagenet-sample/val/%s", top, name);
        if (!hashes(*state, path, "imagenet", &w, &h, bytes_hash, floats_hash) ||
            strcmp(floats_hash, want) != 0) {
            print_error("%s differs from torchvision's\n", name);
            wrong++;
        }
    }
    fclose(list);
    assert_int_equal(wrong, 0);
    assert_true(rows >= 40);
}

/* By hand: 5 columns, crop of 2 and rules for (5 - 2) / 2 = 1.5; 3 columns, crop of 2: 0.5.
 */
static void offsets_follow_their_rule(void **state)
{
    static const struct {
        int32_t width, crop;
        const char *rule;
        uint8_t want;
    } rows[] = {
        {5, 2, "even", 2},  {5, 2, "floor", 1},  {5, 2, "halfup", 2}, {3, 2, "even", 0},
        {3, 2, "floor", 0}, {3, 2, "halfup", 1}, {6, 2, "even", 2},   {7, 2, "even", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t pixels[] = {0, 1, 2, 3, 4, 5, 6}; /* each pixel is its column */
        struct icl_picture in = {.width = rows[i].width, .height = 1, .channels = 1, .pixels = pixels}, out;
        struct icl_recipe recipe;
        char text[64];
        snprintf(text, sizeof text, "crop=%dx1,offset=%s,color=gray", rows[i].crop,
                 rows[i].rule);
        assert_int_equal(icl_recipe_parse(*state, text, &recipe), IMGCLS_OK);
        assert_int_equal(icl_preprocess_bytes(*state, &recipe, &in, &out), IMGCLS_OK);
        if (out.pixels[0] != rows[i].want)
            fail_msg("%d to %d, %s: begins at %d", rows[i].width, rows[i].crop,
                     rows[i].rule, out.pixels[0]);
        icl_picture_clear(&out);
    }
}

/* By hand: 2 x 1 in 5 x 2 leaves (5 - 2) / 2 = 1 on the left, 2 on the right, 0 above. */
static uint64_t hash_of(const struct icl_picture *picture)
{
    size_t size = (size_t)picture->width * (size_t)picture->height * 3, i;
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (i = 0; i < size; i++)
        hash = (hash ^ picture->pixels[i]) * UINT64_C(1099511628211);
    return hash;
}

/* From version 13 on Pillow sums the rows of tall pictures first, where more rows than twice the
 * columns go: hashes of what Pillow 13.0.0 makes of 41 x 130 pixels, and parts of the same. */
static void tall_pictures_are_summed_by_rows_first(void **state)
{
    static const struct {
        enum icl_filter filter;
        int32_t width, height;
        uint64_t hash;
    } cases[] = {
        {ICL_FILTER_BILINEAR, 20, 20, UINT64_C(0xa4ad7824d78d57ab)}, /* tall */
        {ICL_FILTER_LANCZOS, 60, 50, UINT64_C(0x24e52a61a058bbc6)},  /* tall */
        {ICL_FILTER_BICUBIC, 33, 120, UINT64_C(0xa0cbb8facda99f19)}, /* not */
        {ICL_FILTER_BOX, 20, 89, UINT64_C(0x0849d7ade9580272)},      /* one row short of it */
    };
    uint8_t pixels[130 * 41 * 3];
    struct icl_picture in = {
        .pixels = pixels, .width = 41, .height = 130, .channels = 3};
    for (int32_t i = 0; i < 130 * 41 * 3; i++) {
        int32_t y = i / 3 / 41, x = i / 3 % 41, c = i % 3;
        pixels[i] = (uint8_t)((x * 7 + y * 13 + c * 29 + x * y * (c + 1)) % 251);
    }
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        int32_t width = cases[k].width, height = cases[k].height;
        struct icl_resizing how = {.from_width = 41, .from_height = 130, .width = width,
                                   .height = height, .filter = cases[k].filter,
                                   .antialias = true, .part_left = 3, .part_top = 5,
                                   .part_width = width - 7, .part_height = height - 9};
        struct icl_picture whole, part;
        assert_int_equal(
            icl_picture_resize(*state, &in, width, height, cases[k].filter, &whole), IMGCLS_OK);
        if (hash_of(&whole) != cases[k].hash)
            fail_msg("case %zu has other bits than Pillow's", k);
        assert_int_equal(icl_picture_resize_part(*state, &in, &how, &part), IMGCLS_OK);
        for (int32_t y = 0; y < part.height; y++)
            assert_memory_equal(part.pixels + (size_t)y * (size_t)part.width * 3,
                                whole.pixels + ((size_t)(y + 5) * (size_t)width + 3) * 3,
                                (size_t)part.width * 3);
        icl_picture_clear(&whole);
        icl_picture_clear(&part);
    }
}

static void padding_has_the_given_colour(void **state)
{
    uint8_t pixels[] = {10, 11, 12, 20, 21, 22};
    struct icl_picture in = {.width = 2, .height = 1, .channels = 3, .pixels = pixels}, out;
    struct icl_recipe recipe;
    const uint8_t want[] = {1, 2, 3, 10, 11, 12, 20, 21, 22, 1, 2, 3, 1, 2, 3,
                            1, 2, 3, 1,  2,  3,  1,  2,  3,  1, 2, 3, 1, 2, 3};
    assert_int_equal(icl_recipe_parse(*state, "crop=5x2,pad=1/2/3", &recipe), IMGCLS_OK);
    assert_int_equal(icl_preprocess_bytes(*state, &recipe, &in, &out), IMGCLS_OK);
    assert_memory_equal(out.pixels, want, sizeof want);
    icl_picture_clear(&out);
}

static void a_filter_that_an_engine_lacks_is_named(void **state)
{
    static const struct {
        const char *recipe, *says;
    } rows[] = {
        {"resize=8,filter=hamming,engine=opencv", "engine=opencv"},
        {"resize=8,filter=lanczos,engine=tf", "engine=tf"},
        {"resize=8,filter=area,engine=tf", "engine=tf"},
        {"resize=8,filter=area", "filter=area"},
    };
    uint8_t pixels[12] = {0};
    struct icl_picture in = {.width = 2, .height = 2, .channels = 3, .pixels = pixels};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct icl_recipe recipe;
        float *tensor;
        int32_t w, h;
        assert_int_equal(icl_recipe_parse(*state, rows[i].recipe, &recipe), IMGCLS_OK);
        assert_int_equal(icl_preprocess(*state, &recipe, &in, &tensor, &w, &h),
                         IMGCLS_UNSUPPORTED);
        assert_non_null(strstr(imgcls_error(*state), rows[i].says));
        assert_null(tensor);
        icl_forgive(*state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(recipes_give_torchvisions_bits, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(imagenet_pictures_give_torchvisions_bits,
                                        open_context, close_context),
        cmocka_unit_test_setup_teardown(offsets_follow_their_rule, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(tall_pictures_are_summed_by_rows_first, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(padding_has_the_given_colour, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(a_filter_that_an_engine_lacks_is_named, open_context,
                                        close_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
