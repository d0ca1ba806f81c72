/*
 * tests/bundle/crc32_test.c - the folded checksum is zlib's, at every length and place
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "src/bundle/crc32.h"

#define MOST 5000

static void the_standard_s_example(void **state)
{
    (void)state;
    /* the check value that every description of CRC-32 gives */
    assert_int_equal(icl_crc32(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(icl_crc32(0, "", 0), 0);
}

static void every_length_gives_what_zlib_gives(void **state)
{
    unsigned char *bytes = malloc(MOST + 16);
    uint32_t drawn = 1;
    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < MOST + 16; i++) {
        drawn = drawn * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(drawn >> 24);
    }
    for (size_t size = 0; size <= MOST; size++) {
        const unsigned char *at = bytes + size % 16; /* aligned in every way */
        uint32_t before = size % 3 ? drawn + (uint32_t)size : 0;
        if (icl_crc32(before, at, size) != crc32(before, at, (uInt)size))
            fail_msg("%zu bytes after %08x: %08x, zlib has %08lx", size, before,
                     icl_crc32(before, at, size), crc32(before, at, (uInt)size));
    }
    free(bytes);
}

static void pieces_give_what_the_whole_gives(void **state)
{
    unsigned char bytes[2000];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * i + i / 7);
    uint32_t whole = icl_crc32(0, bytes, sizeof bytes);
    for (size_t cut = 0; cut <= sizeof bytes; cut += 13)
        assert_int_equal(
            icl_crc32(icl_crc32(0, bytes, cut), bytes + cut, sizeof bytes - cut), whole);
}

/* Lengths from which on stretches are taken side by side, and their ends of all kinds. */
static void long_ones_give_what_zlib_gives(void **state)
{
    const size_t most = (size_t)1 << 20;
    unsigned char *bytes = malloc(most + 1024);
    uint32_t drawn = 5;
    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < most + 1024; i++) {
        drawn = drawn * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(drawn >> 24);
    }
    for (size_t i = 0; i < 600; i++) {
        size_t size = i < 560 ? ((size_t)64 << 10) - 270 + i : most - 20 + i;
        const unsigned char *at = bytes + i % 19;
        uint32_t before = i % 3 ? drawn + (uint32_t)i : 0;
        if (icl_crc32(before, at, size) != crc32(before, at, (uInt)size))
            fail_msg("%zu bytes after %08x: %08x, zlib has %08lx", size, before,
                     icl_crc32(before, at, size), crc32(before, at, (uInt)size));
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standard_s_example),
        cmocka_unit_test(every_length_gives_what_zlib_gives),
        cmocka_unit_test(long_ones_give_what_zlib_gives),
        cmocka_unit_test(pieces_give_what_the_whole_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
