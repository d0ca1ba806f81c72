/*
 * tests/model/open_test.c - the embedded sample opens, runs, classifies; faults are said
 *
 * eval/sample has a LeNet-5 that was trained on handwritten digits, pictures that it never
 * saw, and reference.csv with what PyTorch answers for them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/model/model.h"
#include "src/model/read.h"

static const char *sample(const char *relative)
{
    static char paths[4][4096];
    static int next;
    const char *top = getenv("ICL_TOP_SRCDIR");
    char *path = paths[next++ % 4];
    assert_non_null(top);
    snprintf(path, sizeof paths[0], "%s/eval/sample/%s", top, relative);
    return path;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct imgcls_model *open_with(struct imgcls_context *ctx,
                                      const struct imgcls_model_options *options)
{
    struct imgcls_model *model;
    imgcls_status status =
        imgcls_model_open_with(ctx, sample("lenet5/model.onnx"), options, &model);
    if (status)
        fail_msg("%s", imgcls_error(ctx));
    return model;
}

static void a_model_says_what_it_is(void **state)
{
    struct imgcls_model *model = open_with(*state, NULL);
    const char *name;
    struct imgcls_tensor shape;
    assert_int_equal(imgcls_model_class_count(model), 10);
    assert_int_equal(strlen(imgcls_model_sha256(model)), 64);
    assert_int_equal(imgcls_model_input(model, 0, &name, &shape), IMGCLS_OK);
    assert_int_equal(shape.type, IMGCLS_F32);
    assert_int_equal(shape.rank, 4);
    assert_int_equal(imgcls_model_output(model, 0, &name, &shape), IMGCLS_OK);
    assert_int_equal(imgcls_model_input(model, 1, &name, &shape), IMGCLS_BAD_INPUT);
    assert_null(name);
    imgcls_model_close(model);
}

static char *recipe_text(void)
{
    static char text[512];
    FILE *file = fopen(sample("lenet5/recipe.txt"), "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    text[strcspn(text, "\r\n")] = 0;
    fclose(file);
    return text;
}

static void pictures_get_the_reference_answer(void **state)
{
    struct imgcls_model_options options = {.struct_size = sizeof options,
                                           .recipe = recipe_text(),
                                           .labels = sample("labels.txt")};
    struct imgcls_model *model = open_with(*state, &options);
    FILE *reference = fopen(sample("reference.csv"), "r");
    char line[1024], file[256], picture[300];
    int checked = 0, top1;
    assert_non_null(reference);
    while (checked < 40 && fgets(line, sizeof line, reference)) {
        struct imgcls_prediction best[3];
        size_t count;
        if (sscanf(line, "lenet5,%255[^,],%d", file, &top1) != 2)
            continue;
        snprintf(picture, sizeof picture, "val/%s", file);
        imgcls_status status =
            imgcls_model_classify(model, sample(picture), 3, best, &count);
        if (status)
            fail_msg("%s", imgcls_error(*state));
        assert_int_equal(count, 3);
        if (best[0].index != top1)
            fail_msg("%s: class %d, the reference says %d", file, (int)best[0].index, top1);
        assert_string_equal(best[0].label, imgcls_model_label(model, (size_t)top1));
        assert_true(best[0].probability >= best[1].probability);
        checked++;
    }
    assert_int_equal(checked, 40);
    fclose(reference);
    imgcls_model_close(model);
}

static void wrong_options_are_named(void **state)
{
    struct imgcls_context *ctx = *state;
    static const char two[] = "a\nb\n", none[] = "";
    const char *const bad_shapes[] = {"nothing=1,1,32,32", NULL};
    char labels[] = "labels-XXXXXX";
    int fd = mkstemp(labels);
    assert_true(fd >= 0);
    close(fd);
    const struct {
        const char *recipe, *labels, *text, *arch;
        const char *const *shapes;
        imgcls_status want;
        const char *words[2];
    } rows[] = {
        /* clang-format off: a row a line */
        {"resize=0", NULL, none, NULL, NULL, IMGCLS_BAD_INPUT, {"resize", "0"}},
        {NULL, labels, two, NULL, NULL, IMGCLS_BAD_INPUT, {"2 class names", "10 classes"}},
        {NULL, labels, none, NULL, NULL, IMGCLS_BAD_INPUT, {labels, "no class names"}},
        {NULL, "no/such/file", none, NULL, NULL, IMGCLS_BAD_INPUT, {"no/such/file", "o"}},
        {NULL, NULL, none, NULL, bad_shapes, IMGCLS_BAD_INPUT, {"nothing", "model.onnx"}},
        {NULL,
         NULL,
         none,
         "resnet18",
         NULL,
         IMGCLS_BAD_INPUT,
         {"architecture", "model.onnx"}},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct imgcls_model_options options = {.struct_size = sizeof options,
                                               .recipe = rows[i].recipe,
                                               .labels = rows[i].labels,
                                               .arch = rows[i].arch,
                                               .shapes = rows[i].shapes};
        struct imgcls_model *model;
        write_text(labels, rows[i].text);
        imgcls_status status =
            imgcls_model_open_with(ctx, sample("lenet5/model.onnx"), &options, &model);
        if (status != rows[i].want)
            fail_msg("row %zu: status %d (%s)", i, (int)status, imgcls_error(ctx));
        assert_null(model);
        for (int w = 0; w < 2; w++)
            if (!strstr(imgcls_error(ctx), rows[i].words[w]))
                fail_msg("row %zu: '%s' not in '%s'", i, rows[i].words[w],
                         imgcls_error(ctx));
    }
    unlink(labels);
}

static void files_that_are_no_models_are_refused(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_model *model;
    char path[] = "model-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_not_equal(imgcls_model_open(ctx, "no/such/model.onnx", &model), IMGCLS_OK);
    assert_non_null(strstr(imgcls_error(ctx), "no/such/model.onnx"));
    assert_int_not_equal(imgcls_model_open(ctx, path, &model), IMGCLS_OK); /* empty */
    assert_non_null(strstr(imgcls_error(ctx), path));
    write_text(path, "this is a letter, not a model\n");
    assert_int_not_equal(imgcls_model_open(ctx, path, &model), IMGCLS_OK);
    assert_non_null(strstr(imgcls_error(ctx), path));
    assert_null(model);
    imgcls_model_close(NULL);
    unlink(path);
}

/* The hash of a folder by hand: one line "path size sha256" a file, paths in byte order. */
static void a_folder_has_a_hash_that_ignores_order_and_place(void **state)
{
    struct imgcls_context *ctx = *state;
    char first[65], second[65], third[65];
    char folder[] = "folder-XXXXXX", path[4][64];
    assert_non_null(mkdtemp(folder));
    const char *const names[] = {"b.txt", "a.txt", ".hidden"};
    for (int i = 0; i < 3; i++)
        snprintf(path[i], sizeof path[i], "%s/%s", folder, names[i]);
    struct imgcls_source source = {
        .struct_size = sizeof source, .path = folder, .is_folder = 1};
    write_text(path[0], "two");
    write_text(path[1], "one");
    assert_int_equal(icl_source_sha256(ctx, &source, first), IMGCLS_OK);
    /* printf 'a.txt 3 %s\nb.txt 3 %s\n' $(printf one | sha256sum | cut -c-64) \
     *     $(printf two | sha256sum | cut -c-64) | sha256sum */
    assert_string_equal(first,
                        "a78a59632771f4b8e40bf7c75657e5ff1bbdbf8f786a6d48af416087904cb1c2");
    write_text(path[2], "does not count");
    assert_int_equal(icl_source_sha256(ctx, &source, second), IMGCLS_OK);
    assert_string_equal(first, second);
    write_text(path[1], "One");
    assert_int_equal(icl_source_sha256(ctx, &source, third), IMGCLS_OK);
    assert_string_not_equal(first, third);
    for (int i = 0; i < 3; i++)
        unlink(path[i]);
    rmdir(folder);
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
        cmocka_unit_test(a_model_says_what_it_is),
        cmocka_unit_test(pictures_get_the_reference_answer),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(files_that_are_no_models_are_refused),
        cmocka_unit_test(a_folder_has_a_hash_that_ignores_order_and_place),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
