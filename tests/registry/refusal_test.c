/*
 * tests/registry/refusal_test.c - broken plugins are refused, with words, and harm nobody
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/registry/stage.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SHORT_LIMIT_MS 1500

static const struct {
    const char *sample;
    enum icl_refusal refusal;
    const char *says; /* must be in the reason */
    int32_t abi_major, abi_minor_needed;
} rows[] = {
    {"crash_load", ICL_REFUSED_CRASH, "signal 11", -1, -1},
    {"crash_entry", ICL_REFUSED_CRASH, "signal 11", -1, -1},
    {"hang_load", ICL_REFUSED_HANG, "did not finish within 1.5 s", -1, -1},
    {"hang_entry", ICL_REFUSED_HANG, "did not finish within 1.5 s", -1, -1},
    {"exit", ICL_REFUSED_CRASH, "exit status 3", -1, -1},
    {"major", ICL_REFUSED_ABI, "major version 7 of the plugin ABI, this library has 0", 7,
     0},
    {"minor", ICL_REFUSED_ABI, "needs plugin ABI 0.3, this library has 0.2", 0, 3},
    {"small", ICL_REFUSED_DESCRIPTOR, "16 bytes, at least 40", 0, 0},
    {"null", ICL_REFUSED_NULL, "returned NULL: only on Tuesdays", -1, -1},
    {"no_symbol", ICL_REFUSED_SYMBOL, "no symbol imgcls_plugin_entry", -1, -1},
    {"wild", ICL_REFUSED_CRASH, "signal 11", -1, -1},
    {"endless", ICL_REFUSED_DESCRIPTOR, "without end", 0, 0},
    {"nameless", ICL_REFUSED_DESCRIPTOR, "name, version and licence", 0, 0},
    {"escape", ICL_REFUSED_DESCRIPTOR, "name, version and licence", 0, 0},
    {"unbound", ICL_REFUSED_LOADER, "undefined symbol: imgcls_sample_missing_function", -1,
     -1},
    {"range", ICL_REFUSED_DESCRIPTOR, "Copy: versions since_first to since_last", 0, 0},
};

static struct icl_registry *open_in(struct stage *stage, int limit_ms)
{
    struct icl_registry *registry;
    struct icl_registry_options options = {.path = stage->folder,
                                           .scan_limit_ms = limit_ms};
    assert_int_equal(icl_registry_open(stage->ctx, &options, &registry), IMGCLS_OK);
    return registry;
}

static void each_broken_plugin_is_refused_in_its_own_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stage stage;
        stage_make(&stage);
        stage_put(&stage, rows[i].sample, "broken.so");
        struct icl_registry *registry = open_in(&stage, SHORT_LIMIT_MS);
        const struct icl_plugin_file *file = stage_file(registry, "broken.so");
        if (file->state != IMGCLS_PLUGIN_REFUSED ||
            file->verdict.refusal != rows[i].refusal ||
            !strstr(file->reason, rows[i].says) ||
            file->verdict.abi_major != rows[i].abi_major ||
            file->verdict.abi_minor_needed != rows[i].abi_minor_needed)
            fail_msg("%s: state %d, refusal %d, ABI %d.%d: %s", rows[i].sample, file->state,
                     file->verdict.refusal, file->verdict.abi_major,
                     file->verdict.abi_minor_needed,
                     file->reason ? file->reason : "accepted");
        /* The warning has path, reason and the host's version; and no file is loaded. */
        assert_non_null(strstr(stage.log, file->path));
        assert_non_null(strstr(stage.log, file->reason));
        assert_non_null(strstr(stage.log, "host ABI 0.2)"));
        assert_false(stage_is_mapped(&stage, "broken.so"));
        icl_registry_close(registry);
        stage_clear(&stage);
    }
}

/* Where the last part that is loaded lies: half of it gone, the library is cut for certain,
 * though debug information may make up most of the file. */
static size_t middle_of_last_segment(const unsigned char *bytes)
{
    ElfW(Ehdr) head;
    ElfW(Phdr) segment;
    size_t cut = 0;
    memcpy(&head, bytes, sizeof head);
    for (size_t i = 0; i < head.e_phnum; i++) {
        memcpy(&segment, bytes + head.e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type == PT_LOAD)
            cut = segment.p_offset + segment.p_filesz / 2;
    }
    return cut;
}

static void files_that_are_no_library_are_refused(void **state)
{
    (void)state;
    struct stage stage;
    size_t size;
    stage_make(&stage);
    unsigned char *bytes = stage_sample("good", &size);
    stage_write(&stage, "text.so", "hello\n", 6);
    stage_write(&stage, "empty.so", "", 0);
    stage_write(&stage, "head.so", bytes, 40);
    stage_write(&stage, "cut.so", bytes, middle_of_last_segment(bytes));
    bytes[18] ^= 0x55; /* e_machine: a processor that this one is not */
    stage_write(&stage, "machine.so", bytes, size);
    bytes[18] ^= 0x55;
    bytes[4] = 1; /* EI_CLASS: 32 bits */
    stage_write(&stage, "class.so", bytes, size);
    free(bytes);
    char folder[600];
    snprintf(folder, sizeof folder, "%s/folder.so", stage.folder);
    assert_int_equal(mkdir(folder, 0755), 0);
    struct icl_registry *registry = open_in(&stage, SHORT_LIMIT_MS);
    static const struct {
        const char *file, *says;
    } files[] = {
        {"text.so", "the loader says: "},  {"empty.so", "the loader says: "},
        {"head.so", "the loader says: "},  {"machine.so", "the loader says: "},
        {"class.so", "the loader says: "}, {"folder.so", "not a regular file"},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const struct icl_plugin_file *file = stage_file(registry, files[i].file);
        assert_int_equal(file->state, IMGCLS_PLUGIN_REFUSED);
        if (!strstr(file->reason, files[i].says))
            fail_msg("%s: %s", files[i].file, file->reason);
    }
    /* Part of a library may kill the loader or be noticed by it. */
    assert_int_equal(stage_file(registry, "cut.so")->state, IMGCLS_PLUGIN_REFUSED);
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void what_anybody_may_write_is_refused(void **state)
{
    (void)state;
    struct stage stage;
    char path[600];
    stage_make(&stage);
    stage_put(&stage, "good", "open.so");
    snprintf(path, sizeof path, "%s/open.so", stage.folder);
    assert_int_equal(chmod(path, 0757), 0);
    struct icl_registry *registry = open_in(&stage, SHORT_LIMIT_MS);
    const struct icl_plugin_file *file = stage_file(registry, "open.so");
    assert_int_equal(file->verdict.refusal, ICL_REFUSED_WRITABLE);
    assert_string_equal(file->reason, "anybody may write to it (mode 0757, o-w is needed)");
    icl_registry_close(registry);

    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(chmod(stage.folder, 01777),
                     0); /* sticky is no help: files can be added */
    registry = open_in(&stage, SHORT_LIMIT_MS);
    file = stage_file(registry, "open.so");
    assert_int_equal(file->verdict.refusal, ICL_REFUSED_WRITABLE);
    assert_non_null(strstr(file->reason, "its folder (mode 1777"));
    icl_registry_close(registry);

    /* A link to a file in such a folder is no way around it. */
    stage_put(&stage, "good", "other/good.so");
    assert_int_equal(chmod(stage.folder, 0755), 0);
    char link[600], other[600];
    snprintf(other, sizeof other, "%s/other", stage.folder);
    assert_int_equal(chmod(other, 0777), 0);
    snprintf(link, sizeof link, "%s/link.so", stage.folder);
    assert_int_equal(symlink("other/good.so", link), 0);
    registry = open_in(&stage, SHORT_LIMIT_MS);
    assert_int_equal(stage_file(registry, "link.so")->verdict.refusal,
                     ICL_REFUSED_WRITABLE);
    assert_int_equal(stage_file(registry, "open.so")->state, IMGCLS_PLUGIN_READY);
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void one_sound_plugin_among_broken_ones_works(void **state)
{
    (void)state;
    struct stage stage;
    stage_make(&stage);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.so", rows[i].sample);
        if (rows[i].refusal != ICL_REFUSED_HANG)
            stage_put(&stage, rows[i].sample, name);
    }
    stage_put(&stage, "good", "good.so");
    struct icl_registry *registry = open_in(&stage, SHORT_LIMIT_MS);
    const struct imgcls_op *op = icl_registry_op(registry, "org.test", "Copy", 3);
    assert_non_null(op);
    assert_string_equal(op->type, "Copy");
    assert_int_equal(*(const int *)icl_registry_service(registry, "org.test.answer", 2),
                     42);
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void a_hanging_plugin_costs_its_limit_and_no_more(void **state)
{
    (void)state;
    struct stage stage;
    struct timespec begin, end;
    stage_make(&stage);
    stage_put(&stage, "hang_load", "hang.so");
    clock_gettime(CLOCK_MONOTONIC, &begin);
    struct icl_registry *registry = open_in(&stage, 300);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds =
        (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    assert_int_equal(stage_file(registry, "hang.so")->verdict.refusal, ICL_REFUSED_HANG);
    assert_true(seconds > 0.29);
    assert_true(seconds < 10); /* a loaded machine may be late, but not wait for an alarm */
    icl_registry_close(registry);
    stage_clear(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_broken_plugin_is_refused_in_its_own_words),
        cmocka_unit_test(files_that_are_no_library_are_refused),
        cmocka_unit_test(what_anybody_may_write_is_refused),
        cmocka_unit_test(one_sound_plugin_among_broken_ones_works),
        cmocka_unit_test(a_hanging_plugin_costs_its_limit_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
