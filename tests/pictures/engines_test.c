/*
 * tests/pictures/engines_test.c - engine=opencv and engine=tf give the pixels of the libraries
 *
 * Expected: fixtures/opencv.txt and fixtures/tf.txt, which resize_peers.py wrote with OpenCV
 * and TensorFlow. OpenCV's bicubic sums columns in float32 where it has vectors: a level of
 * difference is allowed there, none elsewhere.
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

#include <cmocka.h>

#include "src/file/file.h"

static int digit(int c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* The largest difference of levels between a recipe's bytes and those in hexadecimal. */
static int difference(struct imgcls_context *ctx, const char *path, const char *text,
                      int width, int height, const char *hex)
{
    struct imgcls_source *source;
    struct icl_recipe recipe;
    struct icl_picture picture = {0}, bytes = {0};
    char reason[256];
    int most = 0;
    assert_int_equal(icl_recipe_parse(ctx, text, &recipe), IMGCLS_OK);
    assert_int_equal(icl_source_open(ctx, path, &source), IMGCLS_OK);
    assert_int_equal(icl_picture_decode(ctx, path, source->bytes, source->size, 3, &picture,
                                        reason, sizeof reason),
                     IMGCLS_OK);
    assert_int_equal(icl_preprocess_bytes(ctx, &recipe, &picture, &bytes), IMGCLS_OK);
    assert_int_equal(bytes.width, width);
    assert_int_equal(bytes.height, height);
    assert_int_equal(strlen(hex), (size_t)width * (size_t)height * 6);
    for (size_t i = 0; hex[2 * i]; i++) {
        const int apart = abs(digit(hex[2 * i]) * 16 + digit(hex[2 * i + 1]) - bytes.pixels[i]);
        most = apart > most ? apart : most;
    }
    icl_picture_clear(&picture);
    icl_picture_clear(&bytes);
    icl_source_close(source);
    return most;
}

/* Rows of a list that are further off than allowed; *rows counts them all. */
static int wrong_rows(struct imgcls_context *ctx, const char *list_name, int *rows)
{
    const char *fixtures = "tests/pictures/fixtures", *top = getenv("ICL_TOP_SRCDIR");
    char path[1024], name[128], recipe[128], *line = NULL;
    size_t capacity = 0;
    int wrong = 0, width, height, at;
    snprintf(path, sizeof path, "%s/%s/%s", top, fixtures, list_name);
    FILE *list = fopen(path, "r");
    if (!list)
        fail_msg("%s cannot be opened", path);
    while (getline(&line, &capacity, list) > 0) {
        if (line[0] == '#' ||
            sscanf(line, "%127s %127s %d %d %n", name, recipe, &width, &height, &at) != 4)
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(path, sizeof path, "%s/%s/%s", top, fixtures, name);
        const int apart = difference(ctx, path, recipe, width, height, line + at);
        const bool loose = strstr(recipe, "bicubic") && strstr(recipe, "opencv");
        if (apart > (loose ? 1 : 0)) {
            print_error("%s: a level differs by %d\n", recipe, apart);
            wrong++;
        }
        (*rows)++;
    }
    free(line);
    fclose(list);
    return wrong;
}

static void opencv_and_tensorflow_give_these_pixels(void **state)
{
    struct imgcls_context *ctx;
    int opencv = 0, tf = 0;
    (void)state;
    assert_int_equal(imgcls_context_create(NULL, &ctx), IMGCLS_OK);
    assert_int_equal(wrong_rows(ctx, "opencv.txt", &opencv), 0);
    assert_int_equal(wrong_rows(ctx, "tf.txt", &tf), 0);
    assert_int_equal(opencv, 20);
    assert_int_equal(tf, 15);
    imgcls_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opencv_and_tensorflow_give_these_pixels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
