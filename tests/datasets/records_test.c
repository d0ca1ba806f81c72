/*
 * tests/datasets/records_test.c - CIFAR's and MNIST's files: recognised, cut into pictures
 *
 * Files are written here byte by byte after their descriptions; a record's pixels follow
 * from its number, so that a shift by a byte or a plane would be seen.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/dataset.h"
#include "eval/pictures/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

struct fixture {
    struct imgcls_context *ctx;
    char root[64];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f || imgcls_context_create(NULL, &f->ctx) != IMGCLS_OK)
        return -1;
    strcpy(f->root, "/tmp/icl-records-XXXXXX");
    *state = f;
    return mkdtemp(f->root) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char line[128];
    int gone;
    snprintf(line, sizeof line, "rm -rf '%s'", f->root);
    gone = system(line);
    imgcls_context_destroy(f->ctx);
    free(f);
    return gone;
}

static void put(const struct fixture *f, const char *name, const void *bytes, size_t size)
{
    char path[160];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static imgcls_status open_path(struct fixture *f, const char *path, int64_t classes,
                               struct icl_dataset **set)
{
    struct icl_class_space space = {NULL, 0, classes};
    struct icl_dataset_options options = {
        .path = path, .label_base = ICL_LABEL_BASE_AUTO, .present_only = -1};
    return icl_dataset_open(f->ctx, &options, &space, set);
}

static imgcls_status open_set(struct fixture *f, int64_t classes, struct icl_dataset **set)
{
    return open_path(f, f->root, classes, set);
}

/* Record `number`: label, then plane c's pixel i is number + 50 c + i, mod 256. */
static size_t put_record(uint8_t *to, int number, size_t labels, int coarse, int label)
{
    size_t i, c, at = 0;
    if (labels == 2)
        to[at++] = (uint8_t)coarse;
    to[at++] = (uint8_t)label;
    for (c = 0; c < 3; c++)
        for (i = 0; i < 1024; i++)
            to[at++] = (uint8_t)((size_t)number + 50 * c + i);
    return at;
}

static void expect_picture(struct icl_dataset *set, size_t index, int number)
{
    struct icl_picture picture;
    char reason[128] = "";
    uint8_t *bytes;
    size_t size, i, c;
    assert_int_equal(
        icl_dataset_read(set, NULL, index, &bytes, &size, reason, sizeof reason),
        IMGCLS_OK);
    assert_int_equal(icl_picture_decode(set->ctx, "x", bytes, size, 3, &picture, NULL, 0),
                     IMGCLS_OK);
    assert_int_equal(picture.width, 32);
    assert_int_equal(picture.height, 32);
    for (i = 0; i < 1024; i++)
        for (c = 0; c < 3; c++)
            assert_int_equal(picture.pixels[3 * i + c],
                             (uint8_t)((size_t)number + 50 * c + i));
    icl_picture_clear(&picture);
    free(bytes);
}

static void cifar10_takes_the_test_batch(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = malloc(4 * 3074);
    struct icl_dataset *set;
    size_t size = 0;
    int i;
    assert_non_null(bytes);
    for (i = 0; i < 3; i++)
        size += put_record(bytes + size, i, 1, 0, 9 - i);
    put(f, "test_batch.bin", bytes, size);
    put(f, "data_batch_1.bin", bytes, size);
    put(f, "batches.meta.txt", "airplane\n", 9);
    if (open_set(f, 0, &set) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(f->ctx));
    assert_string_equal(set->layout->name, "cifar10");
    assert_int_equal(set->count, 3);
    assert_int_equal(set->classes, 10);
    for (i = 0; i < 3; i++) {
        assert_int_equal(set->entries[i].label, 9 - i);
        expect_picture(set, (size_t)i, i);
    }
    icl_dataset_close(set);
    free(bytes);
}

static void cifar100_takes_the_fine_label(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = malloc(4 * 3074);
    struct icl_dataset *set;
    size_t size = 0;
    assert_non_null(bytes);
    size += put_record(bytes, 5, 2, 19, 99);
    size += put_record(bytes + size, 6, 2, 0, 42);
    put(f, "test.bin", bytes, size);
    if (open_set(f, 100, &set) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(f->ctx));
    assert_string_equal(set->layout->name, "cifar100");
    assert_int_equal(set->count, 2);
    assert_int_equal(set->entries[0].label, 99);
    assert_int_equal(set->entries[1].label, 42);
    expect_picture(set, 1, 6);
    icl_dataset_close(set);
    free(bytes);
}

static void a_label_outside_is_named(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[3074];
    struct icl_dataset *set;
    size_t size = put_record(bytes, 1, 1, 0, 7);
    put(f, "test_batch.bin", bytes, size);
    assert_int_equal(open_set(f, 5, &set), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(f->ctx), "label 7"));
}

/* A damaged file is named, not left out beside whole ones. */
static void a_damaged_file_of_cifar_is_named(void **state)
{
    static const char *const names[] = {"test_batch.bin", "data_batch_2.bin"};
    struct fixture *f = *state;
    uint8_t bytes[2 * 3073];
    struct icl_dataset *set;
    size_t size = put_record(bytes, 1, 1, 0, 7), i;
    size += put_record(bytes + size, 2, 1, 0, 3);
    put(f, "data_batch_1.bin", bytes, size);
    for (i = 0; i < 2; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", f->root, names[i]);
        put(f, names[i], bytes, size - 1);
        assert_int_equal(open_set(f, 10, &set), IMGCLS_BAD_INPUT);
        if (!strstr(imgcls_error(f->ctx), names[i]) || !strstr(imgcls_error(f->ctx), "cut short"))
            fail_msg("%s: %s", names[i], imgcls_error(f->ctx));
        icl_forgive(f->ctx);
        assert_int_equal(open_path(f, path, 10, &set), IMGCLS_BAD_INPUT);
        assert_non_null(strstr(imgcls_error(f->ctx), "cut short"));
        icl_forgive(f->ctx);
        bytes[0] = 77;
        put(f, names[i], bytes, size);
        bytes[0] = 7;
        assert_int_equal(open_set(f, 10, &set), IMGCLS_BAD_INPUT);
        if (!strstr(imgcls_error(f->ctx), "label 77"))
            fail_msg("%s: %s", names[i], imgcls_error(f->ctx));
        icl_forgive(f->ctx);
        unlink(path);
    }
}

static void put_gz(const struct fixture *f, const char *name, const void *bytes,
                   size_t size)
{
    char path[160];
    gzFile file;
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)size), size);
    gzclose(file);
}

static const uint8_t two_pictures[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,  0,  0,
                                       0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const uint8_t two_labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 4, 1};

static void mnist_is_read_plain_and_packed(void **state)
{
    struct fixture *f = *state;
    struct icl_dataset *set;
    struct icl_picture picture;
    char reason[128] = "";
    uint8_t *bytes;
    size_t size;
    int packed;
    for (packed = 0; packed < 2; packed++) {
        char line[200], path[200];
        if (packed) {
            snprintf(line, sizeof line, "rm -f %s/*", f->root);
            assert_int_equal(system(line), 0);
            put_gz(f, "t10k-images-idx3-ubyte.gz", two_pictures, sizeof two_pictures);
            put_gz(f, "t10k-labels-idx1-ubyte.gz", two_labels, sizeof two_labels);
        } else {
            put(f, "t10k-images-idx3-ubyte", two_pictures, sizeof two_pictures);
            put(f, "t10k-labels-idx1-ubyte", two_labels, sizeof two_labels);
        }
        if (open_set(f, 10, &set) != IMGCLS_OK)
            fail_msg("%s", imgcls_error(f->ctx));
        assert_string_equal(set->layout->name, "mnist");
        assert_int_equal(set->count, 2);
        assert_int_equal(set->entries[0].label, 4);
        assert_int_equal(set->entries[1].label, 1);
        assert_int_equal(
            icl_dataset_read(set, NULL, 1, &bytes, &size, reason, sizeof reason),
            IMGCLS_OK);
        assert_int_equal(icl_picture_decode(f->ctx, "x", bytes, size, 1, &picture, NULL, 0),
                         IMGCLS_OK);
        assert_int_equal(picture.width, 3);
        assert_int_equal(picture.height, 2);
        assert_memory_equal(picture.pixels, two_pictures + 22, 6);
        icl_picture_clear(&picture);
        free(bytes);
        icl_dataset_close(set);
        /* By the file of pictures alone: its labels lie beside it. */
        snprintf(path, sizeof path, "%s/t10k-images-idx3-ubyte%s", f->root, packed ? ".gz" : "");
        if (open_path(f, path, 10, &set) != IMGCLS_OK)
            fail_msg("%s", imgcls_error(f->ctx));
        assert_int_equal(set->count, 2);
        assert_int_equal(set->entries[0].label, 4);
        icl_dataset_close(set);
    }
}

/* Under either name, packed or not, in an archive. */
static void mnist_is_read_from_archives(void **state)
{
    static const char *const names[][2] = {{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
                                           {"t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"}};
    struct fixture *f = *state;
    struct icl_dataset *set;
    char line[400], path[160];
    size_t i;
    snprintf(path, sizeof path, "%s/m.tar", f->root);
    for (i = 0; i < 4; i++) {
        const char *const *name = names[i / 2];
        if (i % 2 == 0) {
            put(f, name[0], two_pictures, sizeof two_pictures);
            put(f, name[1], two_labels, sizeof two_labels);
        } else {
            snprintf(line, sizeof line, "gzip %s/t10k-*", f->root);
            assert_int_equal(system(line), 0);
        }
        snprintf(line, sizeof line, "cd %s && tar cf m.tar t10k-*", f->root);
        assert_int_equal(system(line), 0);
        if (open_path(f, path, 10, &set) != IMGCLS_OK)
            fail_msg("%zu: %s", i, imgcls_error(f->ctx));
        assert_string_equal(set->layout->name, "mnist");
        assert_int_equal(set->count, 2);
        assert_int_equal(set->entries[0].label, 4);
        icl_dataset_close(set);
        if (i % 2 == 1) {
            snprintf(line, sizeof line, "rm %s/t10k-*", f->root);
            assert_int_equal(system(line), 0);
        }
    }
}

static void mnist_files_that_disagree_are_refused(void **state)
{
    struct fixture *f = *state;
    struct icl_dataset *set;
    put(f, "t10k-images-idx3-ubyte", two_pictures, sizeof two_pictures - 1);
    put(f, "t10k-labels-idx1-ubyte", two_labels, sizeof two_labels);
    assert_int_equal(open_set(f, 10, &set), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(f->ctx), "do not agree"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cifar10_takes_the_test_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cifar100_takes_the_fine_label, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_label_outside_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_file_of_cifar_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mnist_is_read_from_archives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mnist_is_read_plain_and_packed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mnist_files_that_disagree_are_refused, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
