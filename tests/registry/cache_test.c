/*
 * tests/registry/cache_test.c - what is remembered, what is not, and what a bad file does
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/registry/stage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t cached_count(struct icl_registry *registry)
{
    size_t count = 0;
    for (size_t i = 0; i < registry->file_count; i++)
        count += registry->files[i]->from_cache;
    return count;
}

static void a_warm_start_loads_nothing_until_it_is_asked(void **state)
{
    (void)state;
    struct stage stage;
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    stage_put(&stage, "kernels", "kernels.so");
    struct icl_registry *registry = stage_open(&stage, NULL);
    assert_int_equal(cached_count(registry), 0);
    icl_registry_close(registry);

    registry = stage_open(&stage, NULL);
    assert_int_equal(cached_count(registry), 2);
    assert_false(stage_is_mapped(&stage, "good.so"));
    assert_null(icl_registry_op(registry, "org.test", "Nothing", 3));
    assert_int_equal(icl_registry_newest(registry, "org.test"), 4);
    assert_null(icl_registry_format_for_output(registry, "x.other"));
    assert_false(stage_is_mapped(&stage, "good.so"));
    /* The operator's meaning is in one of the two; its kernels are in both. */
    assert_non_null(icl_registry_op(registry, "org.test", "Copy", 3));
    assert_true(stage_is_mapped(&stage, "good.so"));
    assert_false(stage_is_mapped(&stage, "kernels.so"));
    size_t count;
    icl_registry_kernels(registry, "org.test", "Copy", 3, &count);
    assert_int_equal(count, 2);
    assert_true(stage_is_mapped(&stage, "kernels.so"));
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void a_changed_file_is_scanned_again(void **state)
{
    (void)state;
    struct stage stage;
    stage_make(&stage);
    stage_put(&stage, "good", "plugin.so");
    icl_registry_close(stage_open(&stage, NULL));
    stage_put(&stage, "kernels", "plugin.so");
    struct icl_registry *registry = stage_open(&stage, NULL);
    assert_int_equal(cached_count(registry), 0);
    assert_string_equal(stage_file(registry, "plugin.so")->verdict.offers.name,
                        "sample-kernels");
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void refusals_are_remembered_where_only_the_file_decides(void **state)
{
    (void)state;
    struct stage stage;
    stage_make(&stage);
    stage_put(&stage, "minor", "minor.so");
    stage_put(&stage, "crash_load", "crash.so");
    stage_put(&stage, "null", "null.so");       /* may depend on the machine */
    stage_put(&stage, "unbound", "unbound.so"); /* may depend on other libraries */
    icl_registry_close(stage_open(&stage, NULL));
    stage.log[0] = '\0';
    struct icl_registry *registry = stage_open(&stage, NULL);
    static const struct {
        const char *file;
        bool remembered;
    } rows[] = {
        {"minor.so", true}, {"crash.so", true}, {"null.so", false}, {"unbound.so", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct icl_plugin_file *file = stage_file(registry, rows[i].file);
        assert_int_equal(file->state, IMGCLS_PLUGIN_REFUSED);
        if (file->from_cache != rows[i].remembered)
            fail_msg("%s: %s", rows[i].file, file->from_cache ? "remembered" : "forgotten");
        assert_non_null(strstr(stage.log, file->path)); /* said each time */
    }
    icl_registry_close(registry);
    stage_clear(&stage);
}

static unsigned char *read_cache(struct stage *stage, size_t *size)
{
    FILE *file = fopen(stage->cache, "rb");
    assert_non_null(file);
    unsigned char *bytes = malloc(1 << 16);
    assert_non_null(bytes);
    *size = fread(bytes, 1, 1 << 16, file);
    fclose(file);
    return bytes;
}

static void write_cache(struct stage *stage, const unsigned char *bytes, size_t size)
{
    int fd = open(stage->cache, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

/* Every cut and every flipped byte: the registry works all the same, and heals the file. */
static void a_damaged_cache_is_ignored_and_replaced(void **state)
{
    (void)state;
    struct stage stage;
    size_t size, now_size;
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    icl_registry_close(stage_open(&stage, NULL));
    unsigned char *whole = read_cache(&stage, &size);
    for (size_t i = 0; i < size; i += 1 + size / 40) {
        for (int cut = 0; cut < 2; cut++) {
            whole[i] ^= cut ? 0 : 0x41;
            write_cache(&stage, whole, cut ? i : size);
            whole[i] ^= cut ? 0 : 0x41;
            struct icl_registry *registry = stage_open(&stage, NULL);
            if (cached_count(registry) != 0 ||
                !icl_registry_op(registry, "org.test", "Copy", 3))
                fail_msg("%s at byte %zu", cut ? "cut" : "flip", i);
            icl_registry_close(registry);
            unsigned char *now = read_cache(&stage, &now_size);
            assert_int_equal(now_size, size);
            free(now);
        }
    }
    free(whole);
    stage_clear(&stage);
}

/* FNV-1a as published; the test makes its own, so that a hostile file passes the check sum.
 */
static void seal(unsigned char *bytes, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size - 8; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    for (int i = 0; i < 8; i++)
        bytes[size - 8 + (size_t)i] = (unsigned char)(hash >> (8 * i));
}

static void a_hostile_cache_with_a_good_sum_does_no_harm(void **state)
{
    (void)state;
    struct stage stage;
    size_t size;
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    icl_registry_close(stage_open(&stage, NULL));
    unsigned char *whole = read_cache(&stage, &size);
    for (size_t i = 0; i + 8 < size; i++) {
        unsigned char old = whole[i];
        whole[i] = i % 3 ? 0xff : (unsigned char)(old + 1);
        seal(whole, size);
        write_cache(&stage, whole, size);
        whole[i] = old;
        /* What comes of it may be a scan, a wrong offer or a refusal; never a crash, and an
         * operator that is handed out is the one that was asked for. */
        struct icl_registry *registry = stage_open(&stage, NULL);
        const struct imgcls_op *op = icl_registry_op(registry, "org.test", "Copy", 3);
        if (op && (strcmp(op->type, "Copy") != 0 || strcmp(op->domain, "org.test") != 0))
            fail_msg("byte %zu: got %s", i, op->type);
        icl_registry_close(registry);
    }
    free(whole);
    stage_clear(&stage);
}

static void a_lying_record_is_dropped_when_the_plugin_disagrees(void **state)
{
    (void)state;
    struct stage stage;
    size_t size;
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    icl_registry_close(stage_open(&stage, NULL));
    unsigned char *whole = read_cache(&stage, &size);
    unsigned char *at = memmem(whole, size, "Copy", 4);
    assert_non_null(at);
    memcpy(at, "Evil", 4);
    seal(whole, size);
    write_cache(&stage, whole, size);
    free(whole);
    struct icl_registry *registry = stage_open(&stage, NULL);
    assert_int_equal(cached_count(registry), 1);
    assert_null(icl_registry_op(registry, "org.test", "Evil", 3));
    assert_int_equal(stage_file(registry, "good.so")->state, IMGCLS_PLUGIN_REFUSED);
    assert_non_null(strstr(stage.log, "describes itself otherwise"));
    icl_registry_close(registry);
    registry = stage_open(&stage, NULL);
    assert_int_equal(cached_count(registry), 0);
    assert_non_null(icl_registry_op(registry, "org.test", "Copy", 3));
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void a_cache_that_others_may_write_is_not_believed(void **state)
{
    (void)state;
    struct stage stage;
    struct stat info;
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    icl_registry_close(stage_open(&stage, NULL));
    assert_int_equal(stat(stage.cache, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(chmod(stage.cache, 0602), 0);
    struct icl_registry *registry = stage_open(&stage, NULL);
    assert_int_equal(cached_count(registry), 0);
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void a_cache_that_cannot_be_written_is_done_without(void **state)
{
    (void)state;
    struct stage stage;
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    stage_write(&stage, "cache", "a file where the folder should be", 33);
    for (int i = 0; i < 2; i++) {
        struct icl_registry *registry = stage_open(&stage, NULL);
        assert_int_equal(cached_count(registry), 0);
        assert_non_null(icl_registry_op(registry, "org.test", "Copy", 3));
        icl_registry_close(registry);
    }
    assert_non_null(strstr(stage.log, "3 plugins are not remembered: "));
    assert_null(strstr(stage.log, "1 ")); /* no warning */
    stage_clear(&stage);
}

static void many_processes_at_once_agree(void **state)
{
    (void)state;
    enum { PROCESSES = 8, ROUNDS = 4 };
    struct stage stage;
    pid_t children[PROCESSES];
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    stage_put(&stage, "kernels", "kernels.so");
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            bool sound = true;
            for (int round = 0; round < ROUNDS; round++) {
                struct icl_registry *registry = stage_open(&stage, NULL);
                size_t count;
                icl_registry_kernels(registry, "org.test", "Copy", 3, &count);
                sound = sound && count == 2;
                icl_registry_close(registry);
            }
            _exit(sound ? 0 : 1);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    struct icl_registry *registry = stage_open(&stage, NULL);
    assert_int_equal(cached_count(registry), 2);
    icl_registry_close(registry);
    /* No temporary file is left beside it. */
    char command[1200];
    snprintf(command, sizeof command, "test \"$(ls -A '%s/cache/imgcls')\" = plugins.cache",
             stage.folder);
    assert_int_equal(system(command), 0);
    stage_clear(&stage);
}

static void records_of_other_folders_stay(void **state)
{
    (void)state;
    struct stage stage;
    char one[600], two[600];
    stage_make(&stage);
    stage_put(&stage, "good", "one/good.so");
    stage_put(&stage, "kernels", "two/kernels.so");
    snprintf(one, sizeof one, "%s/one", stage.folder);
    snprintf(two, sizeof two, "%s/two", stage.folder);
    const char *const paths[] = {one, two, one, two};
    for (size_t i = 0; i < 4; i++) {
        struct icl_registry *registry;
        struct icl_registry_options options = {
            .path = paths[i], .cache_file = stage.cache, .scan_limit_ms = 20000};
        assert_int_equal(icl_registry_open(stage.ctx, &options, &registry), IMGCLS_OK);
        assert_int_equal(cached_count(registry), i >= 2);
        icl_registry_close(registry);
    }
    stage_clear(&stage);
}

static void the_default_file_follows_the_base_directory_specification(void **state)
{
    (void)state;
    static const struct {
        const char *cache_home, *home, *want;
    } rows[] = {
        {"/c", "/h", "/c/imgcls/plugins.cache"},
        {NULL, "/h", "/h/.cache/imgcls/plugins.cache"},
        {"", "/h", "/h/.cache/imgcls/plugins.cache"},
        {"relative", "/h", "/h/.cache/imgcls/plugins.cache"},
        {NULL, NULL, NULL},
        {NULL, "relative", NULL},
    };
    struct icl_shelf shelf = {NULL};
    char *old_cache = getenv("XDG_CACHE_HOME"), *old_home = getenv("HOME");
    old_cache = old_cache ? strdup(old_cache) : NULL;
    old_home = old_home ? strdup(old_home) : NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rows[i].cache_home ? setenv("XDG_CACHE_HOME", rows[i].cache_home, 1)
                           : unsetenv("XDG_CACHE_HOME");
        rows[i].home ? setenv("HOME", rows[i].home, 1) : unsetenv("HOME");
        const char *file = icl_cache_default_file(&shelf);
        if (rows[i].want)
            assert_string_equal(file, rows[i].want);
        else
            assert_null(file);
    }
    old_cache ? setenv("XDG_CACHE_HOME", old_cache, 1) : unsetenv("XDG_CACHE_HOME");
    old_home ? setenv("HOME", old_home, 1) : unsetenv("HOME");
    free(old_cache);
    free(old_home);
    icl_shelf_clear(&shelf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_warm_start_loads_nothing_until_it_is_asked),
        cmocka_unit_test(a_changed_file_is_scanned_again),
        cmocka_unit_test(refusals_are_remembered_where_only_the_file_decides),
        cmocka_unit_test(a_damaged_cache_is_ignored_and_replaced),
        cmocka_unit_test(a_hostile_cache_with_a_good_sum_does_no_harm),
        cmocka_unit_test(a_lying_record_is_dropped_when_the_plugin_disagrees),
        cmocka_unit_test(a_cache_that_others_may_write_is_not_believed),
        cmocka_unit_test(a_cache_that_cannot_be_written_is_done_without),
        cmocka_unit_test(many_processes_at_once_agree),
        cmocka_unit_test(records_of_other_folders_stay),
        cmocka_unit_test(the_default_file_follows_the_base_directory_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
