/*
 * tests/registry/registry_test.c - lookups: versions, kernels of several plugins, formats,
 * services; structs of other ages; shadowed and disabled plugins
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/registry/stage.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void operators_are_found_by_domain_type_and_version(void **state)
{
    (void)state;
    static const struct {
        const char *domain, *type;
        int64_t version;
        bool found;
    } rows[] = {
        {"org.test", "Copy", 1, false},
        {"org.test", "Copy", 2, true},
        {"org.test", "Copy", 4, true},
        {"org.test", "Copy", 5, false},
        {"org.test", "copy", 3, false},
        {"org.tes", "Copy", 3, false},
        {"", "Copy", 3, false},
        {"", "Frobnicate", 28, true},
        {"ai.onnx", "Frobnicate", 1, true},
        {"ai.onnx", "Frobnicate", 29, false},
        {"", "Frobnicat", 1, false},
        {"", "", 1, false},
    };
    struct stage stage;
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    struct icl_registry *registry = stage_open(&stage, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct imgcls_op *op =
            icl_registry_op(registry, rows[i].domain, rows[i].type, rows[i].version);
        if ((op != NULL) != rows[i].found || (op && strcmp(op->type, rows[i].type) != 0))
            fail_msg("%s %s %lld: %s", rows[i].domain, rows[i].type,
                     (long long)rows[i].version, op ? "found" : "not found");
    }
    assert_string_equal(icl_registry_op(registry, "ai.onnx", "Frobnicate", 7)->domain, "");
    assert_int_equal(icl_registry_newest(registry, "org.test"), 4);
    assert_int_equal(icl_registry_newest(registry, "ai.onnx"), 28);
    assert_int_equal(icl_registry_newest(registry, "org.nobody"), 0);
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void kernels_of_two_plugins_stand_in_the_order_of_registration(void **state)
{
    (void)state;
    struct stage stage;
    size_t count;
    stage_make(&stage);
    stage_put(&stage, "good", "b.so");
    stage_put(&stage, "kernels", "a.so"); /* before b: by file name */
    struct icl_registry *registry = stage_open(&stage, NULL);
    const struct imgcls_kernel *const *kernels =
        icl_registry_kernels(registry, "org.test", "Copy", 3, &count);
    assert_int_equal(count, 2);
    assert_string_equal(kernels[0]->name, "sample-kernels_copy_portable");
    assert_string_equal(kernels[1]->name, "sample_copy_portable");
    /* The entry without infer adds kernels; it does not say what the operator means. */
    assert_non_null(icl_registry_op(registry, "org.test", "Copy", 3)->infer);
    /* Asked again, the same list; another version, none. */
    assert_ptr_equal(icl_registry_kernels(registry, "org.test", "Copy", 3, &count),
                     kernels);
    icl_registry_kernels(registry, "org.test", "Copy", 9, &count);
    assert_int_equal(count, 0);
    icl_registry_kernels(registry, "org.test", "Nothing", 3, &count);
    assert_int_equal(count, 0);
    icl_registry_close(registry);
    stage_clear(&stage);
}

/* A struct of an older header ends early: its missing fields are zero, whatever stands
 * behind it (the sample has address 1 there). One of a newer header is longer, and works.
 */
static void structs_of_other_ages_are_read_as_far_as_both_know_them(void **state)
{
    (void)state;
    struct stage stage;
    size_t count;
    stage_make(&stage);
    stage_put(&stage, "older", "older.so");
    struct icl_registry *registry = stage_open(&stage, NULL);
    const struct imgcls_op *op = icl_registry_op(registry, "org.test", "Copy", 2);
    assert_non_null(op);
    assert_non_null(op->infer);
    assert_int_equal(op->struct_size, sizeof *op);
    assert_null(op->kernels[0]); /* the host's own empty list */
    const struct imgcls_kernel *const *short_kernels =
        icl_registry_kernels(registry, "", "Frobnicate", 2, &count);
    assert_int_equal(count, 1);
    assert_non_null(short_kernels[0]->run);
    assert_null(short_kernels[0]->release);
    assert_null(icl_registry_service(registry, "org.test.answer", 2));
    const struct imgcls_format *format = icl_registry_format_named(registry, "sample");
    assert_non_null(format->read);
    assert_null(format->write);
    assert_null(format->bid_values);
    icl_registry_close(registry);
    stage_clear(&stage);

    stage_make(&stage);
    stage_put(&stage, "newer", "newer.so");
    registry = stage_open(&stage, NULL);
    op = icl_registry_op(registry, "org.test", "Copy", 2);
    assert_non_null(op);
    assert_int_equal(op->struct_size, sizeof *op);
    const struct imgcls_kernel *const *kernels =
        icl_registry_kernels(registry, "org.test", "Copy", 2, &count);
    assert_int_equal(count, 1);
    assert_int_equal(kernels[0]->struct_size, sizeof *kernels[0]);
    assert_non_null(kernels[0]->run);
    assert_non_null(icl_registry_service(registry, "org.test.answer", 2));
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void formats_are_found_by_bid_name_and_extension(void **state)
{
    (void)state;
    struct stage stage;
    const struct imgcls_format *format;
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    struct icl_registry *registry = stage_open(&stage, NULL);
    assert_null(icl_registry_format_named(registry, "sampl"));
    assert_null(icl_registry_format_for_output(registry, "model.other"));
    assert_null(icl_registry_format_for_output(registry, "model"));
    assert_null(
        icl_registry_format_for_output(registry, ".smpl")); /* a hidden file's name */
    assert_string_equal(icl_registry_format_for_output(registry, "a/b.SAMPLE")->name,
                        "sample");
    struct imgcls_source source = {.struct_size = sizeof source,
                                   .path = "x.smpl",
                                   .bytes = (const unsigned char *)"SMPL",
                                   .size = 4};
    assert_int_equal(icl_registry_format(registry, &source, false, &format), IMGCLS_OK);
    assert_string_equal(format->name, "sample");
    assert_int_equal(icl_registry_format(registry, &source, true, &format),
                     IMGCLS_UNSUPPORTED);
    assert_null(format);
    icl_forgive(stage.ctx);
    source.bytes = (const unsigned char *)"\x7f"
                                          "ELF";
    assert_int_equal(icl_registry_format(registry, &source, false, &format),
                     IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(stage.ctx),
                        "x.smpl: not a model that any format knows "
                        "(tried sample; it begins with 7f 45 4c 46)");
    icl_forgive(stage.ctx);
    source.size = 0;
    assert_int_equal(icl_registry_format(registry, &source, false, &format),
                     IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(stage.ctx), "x.smpl: the file is empty");
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void architectures_and_services_are_found(void **state)
{
    (void)state;
    struct stage stage;
    size_t count;
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    struct icl_registry *registry = stage_open(&stage, NULL);
    assert_null(icl_registry_service(registry, "org.test.answer", 1));
    assert_null(icl_registry_service(registry, "org.test.question", 2));
    assert_int_equal(stage_file(registry, "good.so")->state, IMGCLS_PLUGIN_READY);
    const struct imgcls_architecture *const *list =
        icl_registry_architectures(registry, &count);
    assert_int_equal(count, 1);
    assert_string_equal(list[0]->name, "samplenet");
    assert_int_equal(stage_file(registry, "good.so")->state, IMGCLS_PLUGIN_LOADED);
    assert_int_equal(*(const int *)icl_registry_service(registry, "org.test.answer", 2),
                     42);
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void the_first_of_a_name_wins_unless_it_is_broken(void **state)
{
    (void)state;
    struct stage stage;
    char path[4096];
    struct icl_registry *registry;
    stage_make(&stage);
    stage_put(&stage, "good", "one/sample.so");
    stage_put(&stage, "good", "two/sample.so");
    struct icl_registry_options options = {.path = path, .scan_limit_ms = 20000};
    /* Empty parts, a folder that is not there, and one that is named twice. */
    snprintf(path, sizeof path, ":%s/none::%s/one:%s/one:%s/two:", stage.folder,
             stage.folder, stage.folder, stage.folder);
    assert_int_equal(icl_registry_open(stage.ctx, &options, &registry), IMGCLS_OK);
    assert_int_equal(registry->folder_count, 4);
    const char *note;
    icl_registry_folder_at(registry, 0, &note);
    assert_string_equal(note, "No such file or directory");
    icl_registry_folder_at(registry, 1, &note);
    assert_string_equal(note, "1 plugin file");
    icl_registry_folder_at(registry, 2, &note);
    assert_string_equal(note, "searched already");
    assert_int_equal(registry->file_count, 2);
    assert_int_equal(registry->files[0]->state, IMGCLS_PLUGIN_READY);
    assert_int_equal(registry->files[1]->state, IMGCLS_PLUGIN_SHADOWED);
    assert_non_null(strstr(registry->files[1]->reason, "/one/sample.so"));
    icl_registry_close(registry);

    stage_put(&stage, "minor", "one/sample.so");
    assert_int_equal(icl_registry_open(stage.ctx, &options, &registry), IMGCLS_OK);
    assert_int_equal(registry->files[0]->state, IMGCLS_PLUGIN_REFUSED);
    assert_int_equal(registry->files[1]->state, IMGCLS_PLUGIN_READY);
    assert_non_null(icl_registry_op(registry, "org.test", "Copy", 3));
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void the_current_folder_is_never_searched_by_itself(void **state)
{
    (void)state;
    static const char *const paths[] = {"", ":", "::", NULL};
    struct stage stage;
    char before[1024];
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(stage.folder), 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct icl_registry *registry;
        struct icl_registry_options options = {.path = paths[i], .scan_limit_ms = 20000};
        assert_int_equal(icl_registry_open(stage.ctx, &options, &registry), IMGCLS_OK);
        assert_int_equal(registry->file_count, 0);
        icl_registry_close(registry);
    }
    assert_int_equal(chdir(before), 0);
    stage_clear(&stage);
}

static void plugins_are_switched_off_by_globs(void **state)
{
    (void)state;
    static const struct {
        const char *globs;
        bool off;
    } rows[] = {
        {"sample", true},
        {"file", true},
        {"file.so", true},
        {"sam*", true},
        {"other,sample", true},
        {"other:f?le", true},
        {"*", true},
        {"", false},
        {"samples", false},
        {",:,", false},
        {"org.test", false},
        {"SAMPLE", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stage stage;
        stage_make(&stage);
        stage_put(&stage, "good", "file.so");
        struct icl_registry *registry = stage_open(&stage, rows[i].globs);
        const struct icl_plugin_file *file = stage_file(registry, "file.so");
        bool off = file->state == IMGCLS_PLUGIN_DISABLED;
        if (off != rows[i].off ||
            off == (icl_registry_op(registry, "org.test", "Copy", 3) != 0))
            fail_msg("'%s': state %d", rows[i].globs, file->state);
        if (off)
            assert_non_null(strstr(file->reason, "IMGCLS_PLUGIN_DISABLE has '"));
        icl_registry_close(registry);
        stage_clear(&stage);
    }
}

static void a_report_has_offers_in_words_and_the_files_hash(void **state)
{
    (void)state;
    struct stage stage;
    struct imgcls_plugin_info info;
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    stage_write(&stage, "abc.so", "abc", 3);
    struct icl_registry *registry = stage_open(&stage, NULL);
    assert_int_equal(icl_registry_plugin_count(registry), 2);
    assert_int_equal(icl_registry_plugin_at(registry, 0, &info), IMGCLS_OK);
    assert_null(info.name);
    assert_int_equal(info.state, IMGCLS_PLUGIN_REFUSED);
    assert_int_equal(info.abi_major, -1);
    /* FIPS 180-4's example. */
    assert_string_equal(info.sha256,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(icl_registry_plugin_at(registry, 1, &info), IMGCLS_OK);
    assert_string_equal(info.name, "sample");
    assert_string_equal(info.version, "1.2.3");
    assert_string_equal(info.licence, "Apache-2.0");
    assert_null(info.reason);
    static const char *const lines[] = {
        "op org.test Copy 2-4",       "kernel sample_copy_portable of org.test Copy",
        "op ai.onnx Frobnicate 1-28", "kernel sample_copy_portable of ai.onnx Frobnicate",
        "format sample read write",   "architecture samplenet",
        "service org.test.answer 2",
    };
    assert_int_equal(info.offer_count, sizeof lines / sizeof lines[0]);
    for (size_t i = 0; i < info.offer_count; i++)
        assert_string_equal(info.offers[i], lines[i]);
    assert_int_equal(icl_registry_plugin_at(registry, 2, &info), IMGCLS_BAD_INPUT);
    assert_int_equal(icl_registry_find(registry, "sample"), 1);
    assert_true(icl_registry_find(registry, "simple") == SIZE_MAX);
    icl_registry_close(registry);
    stage_clear(&stage);
}

static void a_file_may_be_added_from_anywhere(void **state)
{
    (void)state;
    struct stage stage;
    struct imgcls_plugin_info info;
    char path[600];
    size_t index;
    stage_make(&stage);
    stage_put(&stage, "good", "elsewhere/good.so");
    stage_put(&stage, "null", "elsewhere/null.so");
    struct icl_registry *registry = stage_open(&stage, NULL);
    assert_null(icl_registry_op(registry, "org.test", "Copy", 3));
    snprintf(path, sizeof path, "%s/elsewhere/good.so", stage.folder);
    assert_int_equal(icl_registry_add(registry, path, &index), IMGCLS_OK);
    assert_int_equal(icl_registry_plugin_at(registry, index, &info), IMGCLS_OK);
    assert_int_equal(info.state, IMGCLS_PLUGIN_LOADED);
    assert_non_null(icl_registry_op(registry, "org.test", "Copy", 3));
    snprintf(path, sizeof path, "%s/elsewhere/null.so", stage.folder);
    assert_int_equal(icl_registry_add(registry, path, &index), IMGCLS_OK);
    assert_int_equal(icl_registry_plugin_at(registry, index, &info), IMGCLS_OK);
    assert_int_equal(info.state, IMGCLS_PLUGIN_REFUSED);
    snprintf(path, sizeof path, "%s/elsewhere/none.so", stage.folder);
    assert_int_equal(icl_registry_add(registry, path, &index), IMGCLS_IO);
    icl_registry_close(registry);
    stage_clear(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_are_found_by_domain_type_and_version),
        cmocka_unit_test(kernels_of_two_plugins_stand_in_the_order_of_registration),
        cmocka_unit_test(structs_of_other_ages_are_read_as_far_as_both_know_them),
        cmocka_unit_test(formats_are_found_by_bid_name_and_extension),
        cmocka_unit_test(architectures_and_services_are_found),
        cmocka_unit_test(the_first_of_a_name_wins_unless_it_is_broken),
        cmocka_unit_test(the_current_folder_is_never_searched_by_itself),
        cmocka_unit_test(plugins_are_switched_off_by_globs),
        cmocka_unit_test(a_report_has_offers_in_words_and_the_files_hash),
        cmocka_unit_test(a_file_may_be_added_from_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
