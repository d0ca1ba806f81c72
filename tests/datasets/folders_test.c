/*
 * tests/datasets/folders_test.c - class folders on disk: order, litter, strays, hash
 *
 * Builds small trees in a folder of its own. The expected hash is made by hand below with
 * sha256sum of the lines that dataset.h describes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/dataset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct imgcls_context *ctx;
    char root[64];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f || imgcls_context_create(NULL, &f->ctx) != IMGCLS_OK)
        return -1;
    strcpy(f->root, "/tmp/icl-folders-XXXXXX");
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

/* Writes a file and the folders above it. */
static void put(const struct fixture *f, const char *name, const char *content)
{
    char path[512], *slash;
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    for (slash = strchr(path + strlen(f->root) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    file = fopen(path, "wb");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static const char *const labels[] = {"ant", "bee", "cat"};
static const struct icl_class_space space = {labels, 3, 3};

static imgcls_status open_at(struct fixture *f, const char *path, const char *layout,
                             struct icl_dataset **set)
{
    struct icl_dataset_options options = {.path = path, .layout = layout,
                                          .label_base = ICL_LABEL_BASE_AUTO,
                                          .present_only = -1};
    return icl_dataset_open(f->ctx, &options, &space, set);
}

static struct icl_dataset *open_set(struct fixture *f)
{
    struct icl_dataset *set;
    if (open_at(f, f->root, NULL, &set) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(f->ctx));
    return set;
}

static void expect_refusal(struct fixture *f, const char *part)
{
    struct icl_dataset *set;
    imgcls_status status = open_at(f, f->root, NULL, &set);
    assert_null(set);
    if (status == IMGCLS_OK || !strstr(imgcls_error(f->ctx), part))
        fail_msg("'%s' lacks '%s'", imgcls_error(f->ctx), part);
    icl_forgive(f->ctx);
}

static void pictures_come_in_bytewise_order_with_their_class(void **state)
{
    static const struct {
        const char *file;
        int32_t label;
    } want[] = {{"bee/B.jpg", 1}, {"bee/a.jpg", 1}, {"bee/deep/er/x.PNG", 1}, {"cat/1.jpeg", 2}};
    struct fixture *f = *state;
    struct icl_dataset *set;
    size_t i;
    put(f, "cat/1.jpeg", "1");
    put(f, "bee/deep/er/x.PNG", "x");
    put(f, "bee/a.jpg", "a");
    put(f, "bee/B.jpg", "b");
    set = open_set(f);
    assert_int_equal(set->count, 4);
    for (i = 0; i < 4; i++) {
        assert_string_equal(set->entries[i].file, want[i].file);
        assert_int_equal(set->entries[i].label, want[i].label);
    }
    assert_int_equal(set->classes, 3);
    assert_non_null(strstr(set->evidence[0], "2 folders by name in 3 classes, 4 pictures"));
    assert_non_null(strstr(set->evidence[1], "bee/B.jpg is class 1: bee"));
    assert_int_equal(set->evidence_count, 4); /* three pictures shown */
    icl_dataset_close(set);
}

static void litter_is_counted_and_no_class(void **state)
{
    struct fixture *f = *state;
    struct icl_dataset *set;
    put(f, "ant/1.jpg", "1");
    put(f, "ant/.DS_Store", "");
    put(f, "ant/._1.jpg", "");
    put(f, "ant/Thumbs.db", "");
    put(f, "__MACOSX/ant/1.jpg", "");
    put(f, ".cache/x/1.jpg", "");
    put(f, "ant/notes.txt", "not a picture");
    put(f, "labels.txt", "ant\nbee\n");
    put(f, "cat/nothing.md", "");
    set = open_set(f);
    assert_int_equal(set->count, 1);
    assert_int_equal(set->place->ignored, 5);
    assert_int_equal(set->others, 3);
    icl_dataset_close(set);
}

static void a_picture_without_an_ending_is_looked_into(void **state)
{
    struct fixture *f = *state;
    struct icl_dataset *set;
    put(f, "ant/8f3a", "\x89PNG\r\n\x1a\n and more");
    put(f, "ant/8f3b", "words");
    set = open_set(f);
    assert_int_equal(set->count, 1);
    assert_string_equal(set->entries[0].file, "ant/8f3a");
    assert_string_equal(set->first_other, "ant/8f3b");
    icl_dataset_close(set);
}

static void what_has_no_label_is_refused(void **state)
{
    struct fixture *f = *state;
    expect_refusal(f, "no data set is recognised");
    put(f, "ant/.DS_Store", "");
    expect_refusal(f, "no picture");
    put(f, "ant/1.jpg", "1");
    put(f, "stray.jpg", "s");
    expect_refusal(f, "first: stray.jpg");
}

static void the_folder_above_is_pointed_out(void **state)
{
    struct fixture *f = *state;
    put(f, "val/ant/1.jpg", "1");
    put(f, "train/ant/1.jpg", "1");
    expect_refusal(f, "/val is meant");
}

static void paths_that_are_no_folder_are_refused(void **state)
{
    struct fixture *f = *state;
    struct icl_dataset *set;
    char path[128];
    put(f, "file", "");
    snprintf(path, sizeof path, "%s/file", f->root);
    assert_int_equal(open_at(f, path, NULL, &set), IMGCLS_BAD_INPUT);
    icl_forgive(f->ctx);
    snprintf(path, sizeof path, "%s/none", f->root);
    assert_int_equal(open_at(f, path, NULL, &set), IMGCLS_IO);
    icl_forgive(f->ctx);
    assert_int_equal(open_at(f, f->root, "idx", &set),
                     IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(f->ctx), "folders"));
}

static void a_limit_spreads_over_the_set(void **state)
{
    struct fixture *f = *state;
    struct icl_dataset *set;
    char name[32];
    int i;
    for (i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "%s/%d.jpg", labels[i / 4], i);
        put(f, name, "x");
    }
    set = open_set(f);
    icl_dataset_limit(set, 4, -1); /* floor(i * 10 / 4): 0, 2, 5, 7 */
    assert_int_equal(set->count, 4);
    assert_string_equal(set->entries[0].file, "ant/0.jpg");
    assert_string_equal(set->entries[1].file, "ant/2.jpg");
    assert_string_equal(set->entries[2].file, "bee/5.jpg");
    assert_string_equal(set->entries[3].file, "bee/7.jpg");
    icl_dataset_limit(set, 100, -1);
    assert_int_equal(set->count, 4);
    icl_dataset_close(set);
}

static void the_hash_covers_names_labels_and_bytes(void **state)
{
    struct fixture *f = *state;
    struct icl_dataset *set;
    uint8_t *bytes;
    size_t size;
    char reason[128], text[65];
    put(f, "ant/1.jpg", "abc");
    put(f, "bee/2.jpg", "");
    put(f, "cat/3.jpg", "x");
    set = open_set(f);
    assert_int_equal(icl_dataset_read(set, NULL, 0, &bytes, &size, reason, sizeof reason), 0);
    assert_int_equal(size, 3);
    free(bytes);
    assert_int_equal(icl_dataset_read(set, NULL, 1, &bytes, &size, reason, sizeof reason), 0);
    assert_int_equal(size, 0);
    free(bytes);
    snprintf(reason, sizeof reason, "%s/cat/3.jpg", f->root);
    unlink(reason);
    assert_int_not_equal(icl_dataset_read(set, NULL, 2, &bytes, &size, reason, sizeof reason), 0);
    assert_string_equal(reason, "No such file or directory");
    assert_int_equal(icl_dataset_sha256(set, text), IMGCLS_OK);
    /* printf 'ant/1.jpg\t0\t%s\nbee/2.jpg\t1\t%s\ncat/3.jpg\t2\t-\n' $(printf abc | sha256sum |
     * cut -c-64) $(sha256sum </dev/null | cut -c-64) | sha256sum */
    assert_string_equal(text, "8588a778ffdef7aa13f63e87d3c3a61b6bf0f0ccff86282b81223734a3fe73ec");
    icl_dataset_close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pictures_come_in_bytewise_order_with_their_class,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(litter_is_counted_and_no_class, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_picture_without_an_ending_is_looked_into, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_has_no_label_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_folder_above_is_pointed_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(paths_that_are_no_folder_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_limit_spreads_over_the_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_hash_covers_names_labels_and_bytes, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
