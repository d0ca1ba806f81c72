/*
 * tests/bundle/checks_test.c - checksums that wait find what a checksum taken at once finds
 *
 * Archives are written by the project's writer into a file, so that they are mapped as models are;
 * the member that waits is larger than a mebibyte and has bytes drawn from a fixed seed. What is
 * expected: the writer's own checksum, over all bytes in order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/bundle/checks.h"
#include "tests/bundle/memory.h"

#define SIZE  ((size_t)3 << 20 | 77)
#define PATH  "checks-test.zip"
#define DRAWS 40

static struct imgcls_context *ctx;
static struct memory archive;
static size_t begin; /* of the member's data in the archive */
static struct imgcls_source *source, *member;
static struct imgcls_zip *zip;

static void ok(imgcls_status status)
{
    if (status != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
}

static void write_file(size_t flipped)
{
    FILE *file = fopen(PATH, "wb");
    assert_non_null(file);
    if (flipped != SIZE_MAX)
        archive.bytes[begin + flipped] ^= 0x10;
    assert_int_equal(fwrite(archive.bytes, 1, archive.size, file), archive.size);
    assert_int_equal(fclose(file), 0);
    if (flipped != SIZE_MAX)
        archive.bytes[begin + flipped] ^= 0x10;
}

static int make_archive(void **state)
{
    struct imgcls_zip_writer *writer;
    unsigned char *bytes = malloc(SIZE);
    uint32_t drawn = 7;
    (void)state;
    assert_non_null(bytes);
    ok(imgcls_context_create(NULL, &ctx));
    for (size_t i = 0; i < SIZE; i++) {
        drawn = drawn * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(drawn >> 24);
    }
    memory_init(&archive);
    ok(icl_zip_create(&ctx->host, &archive.sink, 64, &writer));
    ok(icl_zip_add(&ctx->host, writer, "few", "abc", 3));
    ok(icl_zip_add(&ctx->host, writer, "many", bytes, SIZE));
    ok(icl_zip_finish(&ctx->host, writer, IMGCLS_OK));
    for (begin = 0; memcmp(archive.bytes + begin, bytes, 64) != 0;)
        begin++;
    free(bytes);
    return 0;
}

static int drop_archive(void **state)
{
    (void)state;
    remove(PATH);
    free(archive.bytes);
    imgcls_context_destroy(ctx);
    return 0;
}

/* The member, of which bit 4 of byte `flipped` is wrong, opened as a model for one run is. */
static struct icl_checks *open_damaged(size_t flipped)
{
    struct icl_checks *checks;
    write_file(flipped);
    ok(icl_checks_create(ctx, &checks));
    ok(icl_source_open(ctx, PATH, &source));
    ok(icl_zip_open(&ctx->host, source, &zip));
    ctx->checks = checks;
    ok(icl_zip_source(&ctx->host, zip, "many", 0, &member));
    ctx->checks = NULL;
    return checks;
}

static void close_all(struct icl_checks *checks)
{
    icl_source_close(member);
    icl_zip_close(&ctx->host, zip);
    icl_source_close(source);
    icl_checks_destroy(checks);
}

static void expect(struct icl_checks *checks, bool damaged, const char *how, unsigned draw)
{
    imgcls_status status = icl_checks_finish(checks, IMGCLS_OK);
    if (status != (damaged ? IMGCLS_BAD_INPUT : IMGCLS_OK))
        fail_msg("%s, draw %u: %s", how, draw, status ? imgcls_error(ctx) : "damage not found");
    if (damaged)
        assert_string_equal(imgcls_error(ctx), PATH ": broken zip file: member 'many' is damaged "
                                                    "(its checksum differs)");
    icl_forgive(ctx);
    assert_int_equal(icl_checks_finish(checks, IMGCLS_LIMIT), IMGCLS_LIMIT); /* nothing waits */
}

/* Stretches of all lengths, in any order, over one another, or past the end. */
static void read_drawn(struct icl_checks *checks, unsigned draw)
{
    unsigned seed = draw;
    size_t most = (size_t)1 << (4 + draw % 18);
    for (unsigned i = 0; i < 300; i++) {
        size_t at = (size_t)rand_r(&seed) % SIZE, size = 1 + (size_t)rand_r(&seed) % most;
        if (at + size <= SIZE || draw % 2) /* whoever has other bytes may hand them in */
            icl_checks_read(checks, member->bytes + at, at + size <= SIZE ? size : SIZE - at);
    }
}

static void pieces_in_any_order_give_the_whole(void **state)
{
    (void)state;
    for (unsigned draw = 0; draw < DRAWS; draw++) {
        struct icl_checks *checks = open_damaged(SIZE_MAX);
        read_drawn(checks, draw);
        expect(checks, false, "pieces", draw);
        close_all(checks);
    }
}

static void one_flipped_bit_is_found_wherever_it_is(void **state)
{
    (void)state;
    for (unsigned draw = 0; draw < DRAWS; draw++) {
        unsigned seed = 1000 + draw;
        size_t at = draw == 0 ? 0 : draw == 1 ? SIZE - 1 : (size_t)rand_r(&seed) % SIZE;
        struct icl_checks *checks = open_damaged(at);
        if (draw % 4) /* or nobody reads any of it */
            read_drawn(checks, draw);
        if (draw % 4 == 2) /* or somebody that very byte */
            icl_checks_read(checks, member->bytes + at, 1);
        expect(checks, true, "flipped", draw);
        close_all(checks);
    }
}

static void the_whole_at_once_and_twice(void **state)
{
    (void)state;
    for (int damaged = 0; damaged < 2; damaged++) {
        struct icl_checks *checks = open_damaged(damaged ? 12345 : SIZE_MAX);
        icl_checks_read(checks, member->bytes, SIZE);
        icl_checks_read(checks, member->bytes, SIZE);
        icl_checks_read(checks, member->bytes + 5, 0);
        icl_checks_read(checks, "elsewhere", 9);
        icl_checks_read(checks, member->bytes + 5, SIZE); /* past the end: not its bytes */
        expect(checks, damaged, "whole", 0);
        close_all(checks);
    }
}

static void damage_is_said_instead_of_what_came_of_it(void **state)
{
    struct icl_checks *checks = open_damaged(99);
    (void)state;
    assert_int_equal(icl_checks_finish(checks, IMGCLS_INTERRUPTED), IMGCLS_INTERRUPTED);
    icl_fail(ctx, IMGCLS_LIMIT, "a node asks for a terabyte");
    assert_int_equal(icl_checks_finish(checks, IMGCLS_LIMIT), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(ctx), "is damaged"));
    icl_forgive(ctx);
    close_all(checks);
    /* and a failure that damage has no part in stays */
    checks = open_damaged(SIZE_MAX);
    icl_fail(ctx, IMGCLS_LIMIT, "a node asks for a terabyte");
    assert_int_equal(icl_checks_finish(checks, IMGCLS_LIMIT), IMGCLS_LIMIT);
    assert_string_equal(imgcls_error(ctx), "a node asks for a terabyte");
    icl_forgive(ctx);
    close_all(checks);
}

static void without_leave_to_wait_damage_is_found_at_once(void **state)
{
    (void)state;
    write_file(SIZE / 2);
    ok(icl_source_open(ctx, PATH, &source));
    ok(icl_zip_open(&ctx->host, source, &zip));
    assert_int_equal(icl_zip_source(&ctx->host, zip, "many", 0, &member), IMGCLS_BAD_INPUT);
    icl_forgive(ctx);
    icl_zip_close(&ctx->host, zip);
    icl_source_close(source);
}

static void the_archive_outlives_its_other_users(void **state)
{
    struct icl_checks *checks = open_damaged(SIZE - 7);
    (void)state;
    icl_source_close(member);
    icl_zip_close(&ctx->host, zip);
    icl_source_close(source);
    expect(checks, true, "alone", 0);
    icl_checks_destroy(checks);
    assert_int_equal(icl_checks_finish(NULL, IMGCLS_IO), IMGCLS_IO);
    icl_checks_read(NULL, "abc", 3);
    icl_checks_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_in_any_order_give_the_whole),
        cmocka_unit_test(one_flipped_bit_is_found_wherever_it_is),
        cmocka_unit_test(the_whole_at_once_and_twice),
        cmocka_unit_test(damage_is_said_instead_of_what_came_of_it),
        cmocka_unit_test(without_leave_to_wait_damage_is_found_at_once),
        cmocka_unit_test(the_archive_outlives_its_other_users),
    };
    return cmocka_run_group_tests(tests, make_archive, drop_archive);
}
