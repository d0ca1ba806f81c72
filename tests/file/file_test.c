/*
 * tests/file/file_test.c - mappings, folders that may not be left, files written whole
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/file/file.h"

struct fixture {
    struct imgcls_context *ctx;
    char folder[64], model[64], outside[64];
};

/* In front of the C library's: counts, and may say once what a broken disk says once. */
static atomic_int data_syncs, broken_syncs;

int fdatasync(int fd)
{
    int expected = 1;
    atomic_fetch_add(&data_syncs, 1);
    if (atomic_compare_exchange_strong(&broken_syncs, &expected, 0)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static void path_in(char *out, size_t capacity, const char *folder, const char *name)
{
    assert_true((size_t)snprintf(out, capacity, "%s/%s", folder, name) < capacity);
}

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->folder, "/tmp/icl-file-test.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    path_in(f->model, sizeof f->model, f->folder, "model");
    path_in(f->outside, sizeof f->outside, f->folder, "secret");
    assert_int_equal(mkdir(f->model, 0755), 0);
    put_file(f->outside, "secret");
    assert_int_equal(imgcls_context_create(NULL, &f->ctx), IMGCLS_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];
    imgcls_context_destroy(f->ctx);
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void a_mapped_file_has_its_bytes(void **state)
{
    struct fixture *f = *state;
    struct imgcls_storage *storage;
    assert_int_equal(icl_storage_map(f->ctx, f->outside, &storage), IMGCLS_OK);
    assert_int_equal(icl_storage_size(storage), 6);
    assert_memory_equal(icl_storage_bytes(storage), "secret", 6);
    assert_ptr_equal(icl_storage_retain(storage), storage);
    icl_storage_release(storage);
    assert_memory_equal(icl_storage_bytes(storage), "secret", 6);
    icl_storage_release(storage);
}

static void an_empty_file_has_bytes_that_are_not_null(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct imgcls_storage *storage;
    path_in(path, sizeof path, f->folder, "empty");
    put_file(path, "");
    assert_int_equal(icl_storage_map(f->ctx, path, &storage), IMGCLS_OK);
    assert_int_equal(icl_storage_size(storage), 0);
    assert_non_null(icl_storage_bytes(storage));
    icl_storage_release(storage);
}

static void folders_pipes_and_missing_files_are_refused_without_waiting(void **state)
{
    struct fixture *f = *state;
    char pipe[128], missing[128];
    struct imgcls_storage *storage;
    path_in(pipe, sizeof pipe, f->folder, "pipe");
    path_in(missing, sizeof missing, f->folder, "missing");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    const char *const paths[] = {pipe, f->model, missing, "/dev/zero"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(icl_storage_map(f->ctx, paths[i], &storage), IMGCLS_BAD_INPUT);
        assert_null(storage);
        assert_non_null(strstr(imgcls_error(f->ctx), paths[i]));
        icl_forgive(f->ctx);
    }
}

static void names_that_leave_a_folder_are_known_by_their_text(void **state)
{
    static const struct {
        const char *text;
        bool beneath;
    } rows[] = {
        {"w.bin", true},      {"a/b/w.bin", true}, {"..", false},     {"../w.bin", false},
        {"a/../w.bin", false}, {"/etc/passwd", false}, {"", false},   {"a//b", false},
        {"a/", false},        {"a/..", false},     {"..w.bin", true}, {"a/...", true},
        {"./w.bin", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (icl_path_is_beneath(rows[i].text) != rows[i].beneath)
            fail_msg("'%s'", rows[i].text);
}

/* Opens `name` beneath the model's folder and gives the status. */
static imgcls_status open_name(struct fixture *f, const char *name)
{
    struct imgcls_source *model, *source;
    char path[128];
    path_in(path, sizeof path, f->model, "model.onnx");
    put_file(path, "model");
    assert_int_equal(icl_source_open(f->ctx, path, &model), IMGCLS_OK);
    imgcls_status status = icl_source_open_beneath(f->ctx, model, name, &source);
    if (status == IMGCLS_OK)
        assert_memory_equal(source->bytes, "weights", 7);
    else
        assert_null(source);
    icl_source_close(source);
    icl_source_close(model);
    icl_forgive(f->ctx);
    return status;
}

static void siblings_open_and_links_out_do_not(void **state)
{
    struct fixture *f = *state;
    char path[128], inner[128];
    path_in(path, sizeof path, f->model, "w.bin");
    put_file(path, "weights");
    path_in(inner, sizeof inner, f->model, "sub");
    assert_int_equal(mkdir(inner, 0755), 0);
    path_in(path, sizeof path, inner, "w.bin");
    put_file(path, "weights");
    path_in(path, sizeof path, f->model, "out");
    assert_int_equal(symlink("../secret", path), 0);
    path_in(path, sizeof path, f->model, "absolute");
    assert_int_equal(symlink("/etc/passwd", path), 0);
    path_in(path, sizeof path, f->model, "up");
    assert_int_equal(symlink("..", path), 0);
    path_in(path, sizeof path, f->model, "within");
    assert_int_equal(symlink("sub/w.bin", path), 0);

    assert_int_equal(open_name(f, "w.bin"), IMGCLS_OK);
    assert_int_equal(open_name(f, "sub/w.bin"), IMGCLS_OK);
    assert_int_equal(open_name(f, "../secret"), IMGCLS_BAD_INPUT);
    assert_int_equal(open_name(f, "/etc/passwd"), IMGCLS_BAD_INPUT);
    assert_int_equal(open_name(f, "out"), IMGCLS_BAD_INPUT);
    assert_int_equal(open_name(f, "absolute"), IMGCLS_BAD_INPUT);
    assert_int_equal(open_name(f, "up/secret"), IMGCLS_BAD_INPUT);
    assert_int_equal(open_name(f, "missing"), IMGCLS_BAD_INPUT);
    assert_int_equal(open_name(f, "sub"), IMGCLS_BAD_INPUT);
}

/* The cache of huggingface_hub: links of a snapshot lead to blobs that snapshots share. */
static void links_of_a_hub_cache_open_and_others_beside_them_do_not(void **state)
{
    static const char make[] =
        "set -e; cd %s; for m in models--a--b models--c--d other--a--b; do "
        "mkdir -p $m/blobs $m/snapshots/rev/onnx $m/snapshots/rev/far; "
        "printf weights >$m/blobs/abc; cd $m/snapshots/rev; "
        "ln -s ../../blobs/abc w.bin; ln -s ../../../blobs/abc onnx/w.bin; cd ../../..; done; "
        "cd models--a--b/snapshots/rev; mkdir ../../blobs/inner; "
        "printf weights >../../blobs/inner/w; ln -s /etc/passwd ../../blobs/link; "
        "ln -s ../../../models--c--d/blobs/abc neighbour; ln -s ../../refs/main refs; "
        "mkdir ../../refs; printf weights >../../refs/main; ln -s ../../blobs/.. up; "
        "ln -s ../../blobs/inner/w deep; ln -s ../../blobs/link chain; "
        "ln -s ../../blobs/inner folder; ln -s ../../blobs/gone gone; "
        "ln -s $PWD/../../blobs/abc absolute; ln -s ../../../blobs/abc ups; "
        "ln -s ../../blobs way; ln -s ../onnx far/onnx";
    static const struct {
        const char *folder, *name;
        imgcls_status want;
    } rows[] = {
        {"models--a--b/snapshots/rev", "w.bin", IMGCLS_OK},
        {"models--a--b/snapshots/rev", "onnx/w.bin", IMGCLS_OK},
        {"models--c--d/snapshots/rev", "w.bin", IMGCLS_OK},
        {"models--a--b/snapshots/rev", "neighbour", IMGCLS_BAD_INPUT},
        {"models--a--b/snapshots/rev", "refs", IMGCLS_BAD_INPUT},
        {"models--a--b/snapshots/rev", "up", IMGCLS_BAD_INPUT},
        {"models--a--b/snapshots/rev", "deep", IMGCLS_BAD_INPUT},
        {"models--a--b/snapshots/rev", "chain", IMGCLS_BAD_INPUT},
        {"models--a--b/snapshots/rev", "folder", IMGCLS_BAD_INPUT},
        {"models--a--b/snapshots/rev", "gone", IMGCLS_BAD_INPUT},
        {"models--a--b/snapshots/rev", "absolute", IMGCLS_BAD_INPUT},
        {"models--a--b/snapshots/rev", "ups", IMGCLS_BAD_INPUT},
        {"models--a--b/snapshots/rev", "way/abc", IMGCLS_BAD_INPUT},
        {"models--a--b/snapshots/rev", "far/onnx/w.bin", IMGCLS_BAD_INPUT},
        {"models--a--b/snapshots", "rev/w.bin", IMGCLS_BAD_INPUT},
        {"other--a--b/snapshots/rev", "w.bin", IMGCLS_BAD_INPUT},
    };
    struct fixture *f = *state;
    char command[2048];
    snprintf(command, sizeof command, make, f->folder);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct imgcls_source *model, *source = NULL;
        char path[160];
        path_in(path, sizeof path, f->folder, rows[i].folder);
        assert_int_equal(icl_source_open(f->ctx, path, &model), IMGCLS_OK);
        imgcls_status status = icl_source_open_beneath(f->ctx, model, rows[i].name, &source);
        if (status != rows[i].want)
            fail_msg("%s, %s: status %d, %s", rows[i].folder, rows[i].name, (int)status,
                     imgcls_error(f->ctx));
        if (source)
            assert_memory_equal(source->bytes, "weights", 7);
        icl_source_close(source);
        icl_source_close(model);
        icl_forgive(f->ctx);
    }
}

static size_t count_files(const char *folder)
{
    char command[160];
    snprintf(command, sizeof command, "ls -A %s | wc -l", folder);
    FILE *pipe = popen(command, "r");
    size_t count = 0;
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%zu", &count), 1);
    pclose(pipe);
    return count;
}

static void an_output_appears_whole_under_its_name(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct icl_output *output;
    path_in(path, sizeof path, f->model, "out.bin");
    assert_int_equal(icl_output_create(f->ctx, path, &output), IMGCLS_OK);
    size_t size = 200000;
    char *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, 'x', size);
    assert_int_equal(output->sink.write(&f->ctx->host, &output->sink, "head", 4), IMGCLS_OK);
    assert_int_equal(output->sink.write(&f->ctx->host, &output->sink, bytes, size), IMGCLS_OK);
    assert_int_equal(output->sink.write(&f->ctx->host, &output->sink, "tail", 4), IMGCLS_OK);
    assert_int_equal(output->sink.position, size + 8);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(icl_output_finish(output, IMGCLS_OK), IMGCLS_OK);
    struct imgcls_storage *storage;
    assert_int_equal(icl_storage_map(f->ctx, path, &storage), IMGCLS_OK);
    assert_int_equal(icl_storage_size(storage), size + 8);
    assert_memory_equal(icl_storage_bytes(storage), "headxx", 6);
    assert_memory_equal(icl_storage_bytes(storage) + size + 2, "xxtail", 6);
    icl_storage_release(storage);
    free(bytes);
    assert_int_equal(count_files(f->model), 1);
}

/* Hashed while it grows, whatever the writes are: gathered ones, large ones, none. */
static void an_output_knows_its_hash_when_it_is_written(void **state)
{
    static const struct {
        size_t size, piece;
    } rows[] = {{0, 1}, {1, 1}, {200000, 17}, {300000, 65536}, {20u << 20, 20u << 20}};
    struct fixture *f = *state;
    char path[128], found[65], wanted[65];
    path_in(path, sizeof path, f->model, "out.bin");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct icl_output *output;
        unsigned char *bytes = malloc(rows[i].size + 1);
        assert_non_null(bytes);
        for (size_t k = 0; k < rows[i].size; k++)
            bytes[k] = (unsigned char)(k * 2654435761u >> 24);
        assert_int_equal(icl_output_create(f->ctx, path, &output), IMGCLS_OK);
        assert_int_equal(icl_output_hash(output), IMGCLS_OK);
        for (size_t at = 0; at < rows[i].size; at += rows[i].piece) {
            size_t left = rows[i].size - at;
            assert_int_equal(output->sink.write(&f->ctx->host, &output->sink, bytes + at,
                                                left < rows[i].piece ? left : rows[i].piece),
                             IMGCLS_OK);
        }
        assert_int_equal(icl_output_flush(output), IMGCLS_OK);
        assert_int_equal(icl_output_hashed(output, found), IMGCLS_OK);
        icl_sha256_of(bytes, rows[i].size, wanted);
        assert_string_equal(found, wanted);
        assert_int_equal(icl_output_finish(output, IMGCLS_OK), IMGCLS_OK);
        free(bytes);
    }
    /* One that is given up while it is hashed, and one that was never to be hashed. */
    struct icl_output *output;
    assert_int_equal(icl_output_create(f->ctx, path, &output), IMGCLS_OK);
    assert_int_equal(icl_output_hash(output), IMGCLS_OK);
    assert_int_equal(output->sink.write(&f->ctx->host, &output->sink, "x", 1), IMGCLS_OK);
    assert_int_equal(icl_output_finish(output, IMGCLS_BAD_INPUT), IMGCLS_BAD_INPUT);
    assert_int_equal(icl_output_create(f->ctx, path, &output), IMGCLS_OK);
    assert_int_equal(icl_output_hashed(output, found), IMGCLS_OK);
    assert_string_equal(found, "");
    assert_int_equal(icl_output_finish(output, IMGCLS_OK), IMGCLS_OK);
}

static void an_output_that_fails_leaves_nothing_and_spares_the_old(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct icl_output *output;
    struct imgcls_storage *storage;
    path_in(path, sizeof path, f->model, "out.bin");
    put_file(path, "old");
    assert_int_equal(icl_output_create(f->ctx, path, &output), IMGCLS_OK);
    assert_int_equal(output->sink.write(&f->ctx->host, &output->sink, "new", 3), IMGCLS_OK);
    assert_int_equal(icl_output_finish(output, IMGCLS_MISMATCH), IMGCLS_MISMATCH);
    assert_int_equal(count_files(f->model), 1);
    assert_int_equal(icl_storage_map(f->ctx, path, &storage), IMGCLS_OK);
    assert_memory_equal(icl_storage_bytes(storage), "old", 3);
    icl_storage_release(storage);
}

static void a_full_disk_is_named(void **state)
{
    struct fixture *f = *state;
    if (access("/dev/full", W_OK) != 0) {
        print_message("skipped: /dev/full is absent\n");
        skip();
    }
    /* The sink's own descriptor is pointed at a device that is always full. */
    char path[128];
    struct icl_output *output;
    path_in(path, sizeof path, f->model, "out.bin");
    assert_int_equal(icl_output_create(f->ctx, path, &output), IMGCLS_OK);
    int full = open("/dev/full", O_WRONLY);
    assert_true(full >= 0);
    assert_true(dup2(full, output->fd) >= 0);
    close(full);
    assert_int_equal(output->sink.write(&f->ctx->host, &output->sink, "x", 1), IMGCLS_OK);
    assert_int_equal(icl_output_finish(output, IMGCLS_OK), IMGCLS_IO);
    assert_non_null(strstr(imgcls_error(f->ctx), "out.bin: No space left"));
    assert_int_equal(count_files(f->model), 0);
}

static imgcls_status write_long(struct fixture *f, const char *path, size_t megabytes, imgcls_status end)
{
    struct icl_output *output;
    size_t piece = (size_t)1 << 20;
    unsigned char *bytes = calloc(1, piece);
    assert_non_null(bytes);
    assert_int_equal(icl_output_create(f->ctx, path, &output), IMGCLS_OK);
    for (size_t i = 0; i < megabytes; i++)
        assert_int_equal(output->sink.write(&f->ctx->host, &output->sink, bytes, piece), IMGCLS_OK);
    free(bytes);
    return icl_output_finish(output, end);
}

/* A long file is on its way to the disk before its end, a short one is left to the last fsync; and
 * what the disk says meanwhile, which it says once, is not lost. */
static void an_output_that_the_disk_refuses_meanwhile_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[128];
    path_in(path, sizeof path, f->model, "out.bin");
    data_syncs = 0;
    assert_int_equal(write_long(f, path, 2, IMGCLS_OK), IMGCLS_OK);
    assert_int_equal(data_syncs, 0);
    /* The thread may come late: then the last fsync has done it all. */
    for (int i = 0; i < 20 && data_syncs == 0; i++)
        assert_int_equal(write_long(f, path, 64, IMGCLS_OK), IMGCLS_OK);
    assert_true(data_syncs > 0);
    assert_int_equal(write_long(f, path, 64, IMGCLS_MISMATCH), IMGCLS_MISMATCH);
    remove(path);
    imgcls_status status = IMGCLS_OK;
    broken_syncs = 1;
    for (int i = 0; i < 20 && broken_syncs; i++)
        status = write_long(f, path, 64, IMGCLS_OK);
    assert_int_equal(status, IMGCLS_IO);
    assert_non_null(strstr(imgcls_error(f->ctx), "out.bin: Input/output error"));
    remove(path); /* of a round in which the thread came late */
    assert_int_equal(count_files(f->model), 0);
}

static void outputs_that_cannot_be_are_refused_at_once(void **state)
{
    struct fixture *f = *state;
    char missing[128];
    struct icl_output *output;
    path_in(missing, sizeof missing, f->folder, "no/such/out.bin");
    assert_int_equal(icl_output_create(f->ctx, missing, &output), IMGCLS_IO);
    icl_forgive(f->ctx);
    assert_int_equal(icl_output_create(f->ctx, f->model, &output), IMGCLS_BAD_INPUT);
    icl_forgive(f->ctx);
    assert_int_equal(icl_output_create(f->ctx, "", &output), IMGCLS_BAD_INPUT);
    assert_null(output);
}

static void sha256_gives_the_published_digests(void **state)
{
    (void)state;
    char text[65];
    /* FIPS 180-4 examples: the empty message and "abc" */
    icl_sha256_of("", 0, text);
    assert_string_equal(text,
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    icl_sha256_of("abc", 3, text);
    assert_string_equal(text,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_mapped_file_has_its_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_file_has_bytes_that_are_not_null, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            folders_pipes_and_missing_files_are_refused_without_waiting, set_up, tear_down),
        cmocka_unit_test(names_that_leave_a_folder_are_known_by_their_text),
        cmocka_unit_test_setup_teardown(siblings_open_and_links_out_do_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_of_a_hub_cache_open_and_others_beside_them_do_not,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_output_appears_whole_under_its_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_output_knows_its_hash_when_it_is_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_output_that_fails_leaves_nothing_and_spares_the_old,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_output_that_the_disk_refuses_meanwhile_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(outputs_that_cannot_be_are_refused_at_once, set_up,
                                        tear_down),
        cmocka_unit_test(sha256_gives_the_published_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
