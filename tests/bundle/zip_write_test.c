/*
 * tests/bundle/zip_write_test.c - what is written opens elsewhere, aligned, always the same
 *
 * The independent reader is libarchive, which checks names, sizes and checksums on its own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bundle/zip.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "tests/bundle/memory.h"

static int open_context(void **state)
{
    return imgcls_context_create(NULL, (struct imgcls_context **)state);
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

static const char text[] = "all work and no play makes a dull test";

/* Three members: whole, empty, streamed in two pieces. */
static imgcls_status write_three(struct imgcls_context *ctx, struct imgcls_sink *sink)
{
    const struct imgcls_host *host = &ctx->host;
    struct imgcls_zip_writer *zip;
    imgcls_status status = icl_zip_create(host, sink, 64, &zip);
    if (status != IMGCLS_OK)
        return status;
    status = icl_zip_add(host, zip, "whole.txt", text, sizeof text);
    if (status == IMGCLS_OK)
        status = icl_zip_add(host, zip, "folder/empty", NULL, 0);
    if (status == IMGCLS_OK)
        status = icl_zip_begin(host, zip, "n\xc3\xa4me.bin", sizeof text);
    if (status == IMGCLS_OK)
        status = icl_zip_append(host, zip, text, 10);
    if (status == IMGCLS_OK)
        status = icl_zip_append(host, zip, text + 10, sizeof text - 10);
    return icl_zip_finish(host, zip, status);
}

static void data_are_aligned_and_read_back(void **state)
{
    struct imgcls_context *ctx = *state;
    struct memory memory;
    struct imgcls_source source, *member;
    struct imgcls_zip *zip;
    static const struct {
        const char *name;
        size_t size;
    } want[] = {
        {"whole.txt", sizeof text}, {"folder/empty", 0}, {"n\xc3\xa4me.bin", sizeof text}};
    memory_init(&memory);
    assert_int_equal(write_three(ctx, &memory.sink), IMGCLS_OK);
    assert_int_equal(memory_source(ctx, memory.bytes, memory.size, &source), IMGCLS_OK);
    assert_int_equal(icl_zip_open(&ctx->host, &source, &zip), IMGCLS_OK);
    for (size_t i = 0; i < 3; i++) {
        const struct imgcls_zip_member *listed = icl_zip_member_at(&ctx->host, zip, i);
        assert_string_equal(listed->name, want[i].name);
        assert_int_equal(listed->offset % 64, 0);
        assert_int_equal(listed->method, 0);
        assert_int_equal(icl_zip_source(&ctx->host, zip, want[i].name, 0, &member),
                         IMGCLS_OK);
        assert_int_equal(member->size, want[i].size);
        assert_memory_equal(member->bytes, text, want[i].size);
        icl_source_close(member);
    }
    assert_null(icl_zip_member_at(&ctx->host, zip, 3));
    icl_zip_close(&ctx->host, zip);
    memory_source_clear(&source);
    free(memory.bytes);
}

static void libarchive_reads_the_same(void **state)
{
    static const char *const names[] = {"whole.txt", "folder/empty"};
    struct memory memory;
    struct archive_entry *entry;
    char buffer[256];
    memory_init(&memory);
    assert_int_equal(write_three(*state, &memory.sink), IMGCLS_OK);
    struct archive *archive = archive_read_new();
    archive_read_support_format_zip_seekable(archive);
    assert_int_equal(archive_read_open_memory(archive, memory.bytes, memory.size),
                     ARCHIVE_OK);
    for (size_t i = 0; i < 3; i++) {
        /* In the C locale libarchive cannot turn the umlaut into a wide string and warns.
         */
        int result = archive_read_next_header(archive, &entry);
        assert_int_equal(result, i == 2 ? ARCHIVE_WARN : ARCHIVE_OK);
        if (i < 2)
            assert_string_equal(archive_entry_pathname(entry), names[i]);
        assert_int_equal(archive_entry_mode(entry), 0100644);
        la_ssize_t got = archive_read_data(archive, buffer, sizeof buffer);
        assert_int_equal(got, i == 1 ? 0 : sizeof text);
        assert_memory_equal(buffer, text, (size_t)got);
    }
    assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_EOF);
    archive_read_free(archive);
    free(memory.bytes);
}

static void the_same_members_give_the_same_bytes(void **state)
{
    struct memory a, b;
    memory_init(&a);
    memory_init(&b);
    assert_int_equal(write_three(*state, &a.sink), IMGCLS_OK);
    assert_int_equal(write_three(*state, &b.sink), IMGCLS_OK);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    free(a.bytes);
    free(b.bytes);
}

static void a_full_disk_is_told_wherever_it_strikes(void **state)
{
    struct memory whole;
    memory_init(&whole);
    assert_int_equal(write_three(*state, &whole.sink), IMGCLS_OK);
    for (size_t limit = 1; limit < whole.size; limit += 7) {
        struct memory memory;
        memory_init(&memory);
        memory.limit = limit;
        assert_int_equal(write_three(*state, &memory.sink), IMGCLS_IO);
        assert_string_equal(imgcls_error(*state), "disk full");
        icl_forgive(*state);
        free(memory.bytes);
    }
    free(whole.bytes);
}

static void names_that_would_be_refused_are_not_written(void **state)
{
    static const char *const names[] = {"",        "/a",   "../a", "a\\b",
                                        "folder/", "a\nb", "taken"};
    struct imgcls_context *ctx = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct memory memory;
        struct imgcls_zip_writer *zip;
        memory_init(&memory);
        assert_int_equal(icl_zip_create(&ctx->host, &memory.sink, 64, &zip), IMGCLS_OK);
        assert_int_equal(icl_zip_add(&ctx->host, zip, "taken", "x", 1), IMGCLS_OK);
        assert_int_equal(icl_zip_add(&ctx->host, zip, names[i], "x", 1), IMGCLS_BAD_INPUT);
        /* The failure sticks: no archive comes out of it by accident. */
        assert_int_equal(icl_zip_finish(&ctx->host, zip, IMGCLS_OK), IMGCLS_BAD_INPUT);
        icl_forgive(ctx);
        free(memory.bytes);
    }
}

static void a_member_gets_exactly_its_bytes(void **state)
{
    struct imgcls_context *ctx = *state;
    for (int fault = 0; fault < 3; fault++) {
        struct memory memory;
        struct imgcls_zip_writer *zip;
        memory_init(&memory);
        assert_int_equal(icl_zip_create(&ctx->host, &memory.sink, 1, &zip), IMGCLS_OK);
        assert_int_equal(icl_zip_begin(&ctx->host, zip, "m", 4), IMGCLS_OK);
        assert_int_equal(icl_zip_append(&ctx->host, zip, "abc", 3), IMGCLS_OK);
        if (fault == 0) /* too many */
            assert_int_equal(icl_zip_append(&ctx->host, zip, "de", 2), IMGCLS_INTERNAL);
        if (fault == 1) /* too few before the next */
            assert_int_equal(icl_zip_add(&ctx->host, zip, "n", "x", 1), IMGCLS_INTERNAL);
        assert_int_equal(icl_zip_finish(&ctx->host, zip, IMGCLS_OK), IMGCLS_INTERNAL);
        assert_non_null(strstr(imgcls_error(ctx), "zip member"));
        icl_forgive(ctx);
        free(memory.bytes);
    }
}

/* ---- Past 4 GiB -----------------------------------------------------------------------*/

/* A file in which long runs (all zeros here) are left as holes. */
struct sparse {
    struct imgcls_sink sink; /* first */
    int fd;
};

static imgcls_status sparse_write(const struct imgcls_host *host, struct imgcls_sink *sink,
                                  const void *bytes, size_t size)
{
    struct sparse *sparse = (struct sparse *)sink;
    if (size < 65536 &&
        pwrite(sparse->fd, bytes, size, (off_t)sink->position) != (ssize_t)size)
        return icl_fail(host->context, IMGCLS_IO, "cannot write");
    sink->position += size;
    return IMGCLS_OK;
}

static void check_with_libarchive(const char *path, uint64_t size)
{
    struct archive_entry *entry;
    struct archive *archive = archive_read_new();
    archive_read_support_format_zip_seekable(archive);
    assert_int_equal(archive_read_open_filename(archive, path, 65536), ARCHIVE_OK);
    assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_OK);
    assert_string_equal(archive_entry_pathname(entry), "large");
    assert_true((uint64_t)archive_entry_size(entry) == size);
    assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_OK);
    assert_string_equal(archive_entry_pathname(entry), "behind");
    char byte[2] = "";
    assert_int_equal(archive_read_data(archive, byte, 2), 1);
    assert_int_equal(byte[0], 'x');
    archive_read_free(archive);
}

static void sizes_and_offsets_past_4_gib_are_written_and_read(void **state)
{
    struct imgcls_context *ctx = *state;
    const struct imgcls_host *host = &ctx->host;
    const uint64_t size = (UINT64_C(4) << 30) + 5;
    const size_t piece = 64u << 20;
    char path[] = "zip_write_test.XXXXXX";
    struct sparse sparse = {
        .sink = {.struct_size = sizeof sparse.sink, .path = path, .write = sparse_write}};
    struct imgcls_zip_writer *zip;
    sparse.fd = mkstemp(path);
    assert_true(sparse.fd >= 0);
    unsigned char *zeros = calloc(piece, 1);
    assert_non_null(zeros);
    assert_int_equal(icl_zip_create(host, &sparse.sink, 64, &zip), IMGCLS_OK);
    assert_int_equal(icl_zip_begin(host, zip, "large", size), IMGCLS_OK);
    for (uint64_t left = size; left;) {
        size_t now = left < piece ? (size_t)left : piece;
        assert_int_equal(icl_zip_append(host, zip, zeros, now), IMGCLS_OK);
        left -= now;
    }
    assert_int_equal(icl_zip_add(host, zip, "behind", "x", 1), IMGCLS_OK);
    assert_int_equal(icl_zip_finish(host, zip, IMGCLS_OK), IMGCLS_OK);
    close(sparse.fd);
    free(zeros);

    struct imgcls_source *source, *member;
    struct imgcls_zip *opened;
    assert_int_equal(icl_source_open(ctx, path, &source), IMGCLS_OK);
    assert_int_equal(icl_zip_open(host, source, &opened), IMGCLS_OK);
    assert_true(icl_zip_member_at(host, opened, 0)->size == size);
    assert_true(icl_zip_member_at(host, opened, 1)->offset > size);
    assert_int_equal(icl_zip_source(host, opened, "behind", 0, &member), IMGCLS_OK);
    assert_int_equal(member->bytes[0], 'x');
    icl_source_close(member);
    icl_zip_close(host, opened);
    icl_source_close(source);
    check_with_libarchive(path, size);
    unlink(path);
}

static void a_full_count_is_looked_up_in_zip64(void **state)
{
    struct imgcls_context *ctx = *state;
    struct memory memory;
    struct imgcls_zip *zip;
    struct imgcls_source source;
    /* By hand: the end record of an empty archive whose 16-bit count is full, with the
     * zip64 records before it that say 0 members. */
    static const unsigned char bytes[] =
        "PK\6\6\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "PK\6\7\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0"
        "PK\5\6\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0";
    assert_int_equal(memory_source(ctx, bytes, sizeof bytes - 1, &source), IMGCLS_OK);
    if (icl_zip_open(&ctx->host, &source, &zip) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    assert_null(icl_zip_member_at(&ctx->host, zip, 0));
    icl_zip_close(&ctx->host, zip);
    memory_source_clear(&source);
    /* An archive without members needs none of that: 22 bytes. */
    struct imgcls_zip_writer *writer;
    memory_init(&memory);
    assert_int_equal(icl_zip_create(&ctx->host, &memory.sink, 64, &writer), IMGCLS_OK);
    assert_int_equal(icl_zip_finish(&ctx->host, writer, IMGCLS_OK), IMGCLS_OK);
    assert_int_equal(memory.size, 22);
    free(memory.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(data_are_aligned_and_read_back, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(libarchive_reads_the_same, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(the_same_members_give_the_same_bytes, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(a_full_disk_is_told_wherever_it_strikes,
                                        open_context, close_context),
        cmocka_unit_test_setup_teardown(names_that_would_be_refused_are_not_written,
                                        open_context, close_context),
        cmocka_unit_test_setup_teardown(a_member_gets_exactly_its_bytes, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(sizes_and_offsets_past_4_gib_are_written_and_read,
                                        open_context, close_context),
        cmocka_unit_test_setup_teardown(a_full_count_is_looked_up_in_zip64, open_context,
                                        close_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
