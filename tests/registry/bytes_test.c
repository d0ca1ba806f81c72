/*
 * tests/registry/bytes_test.c - packing and unpacking, honest and hostile
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void numbers_and_texts_come_back(void **state)
{
    (void)state;
    struct icl_packer packer = {.limit = 1 << 20};
    icl_pack_u32(&packer, 0xdeadbeef);
    icl_pack_u64(&packer, UINT64_C(0x0123456789abcdef));
    icl_pack_text(&packer, "café");
    icl_pack_text(&packer, NULL);
    assert_false(packer.failed);
    /* By hand: 4 + 8 + (4 + 5 + 1) + (4 + 0 + 1), little-endian. */
    assert_int_equal(packer.size, 27);
    assert_memory_equal(packer.bytes, "\xef\xbe\xad\xde\xef\xcd\xab\x89\x67\x45\x23\x01",
                        12);
    struct icl_unpacker unpacker = {packer.bytes, packer.bytes + packer.size, false};
    assert_int_equal(icl_unpack_u32(&unpacker), 0xdeadbeef);
    assert_true(icl_unpack_u64(&unpacker) == UINT64_C(0x0123456789abcdef));
    assert_string_equal(icl_unpack_text(&unpacker), "café");
    assert_string_equal(icl_unpack_text(&unpacker), "");
    assert_false(unpacker.failed);
    assert_true(unpacker.at == unpacker.end);
    icl_packer_clear(&packer);
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    struct icl_packer packer = {.limit = 64};
    icl_pack_u32(&packer, 7);
    icl_pack_text(&packer, "abc");
    for (size_t size = 0; size < packer.size; size++) {
        struct icl_unpacker unpacker = {packer.bytes, packer.bytes + size, false};
        icl_unpack_u32(&unpacker);
        assert_string_equal(icl_unpack_text(&unpacker), "");
        assert_true(unpacker.failed);
    }
    icl_packer_clear(&packer);
}

static void hostile_lengths_fail(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *what;
    } rows[] = {
        {"\xff\xff\xff\xff"
         "abc",
         7, "length of 4 GiB"},
        {"\x01\x10\x00\x00"
         "abc",
         7, "one past ICL_TEXT_MAX"},
        {"\x03\x00\x00\x00"
         "abc",
         7, "no room for the NUL"},
        {"\x03\x00\x00\x00"
         "abcd",
         8, "no NUL where it belongs"},
        {"\x03\x00\x00\x00"
         "a\0c",
         8, "a NUL inside"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const unsigned char *bytes = (const unsigned char *)rows[i].bytes;
        struct icl_unpacker unpacker = {bytes, bytes + rows[i].size, false};
        icl_unpack_text(&unpacker);
        if (!unpacker.failed)
            fail_msg("row %zu (%s) was accepted", i, rows[i].what);
    }
    struct icl_unpacker count = {(const unsigned char *)"\x05\x00\x00\x00"
                                                        "12345678",
                                 NULL, false};
    count.end = count.at + 12;
    assert_int_equal(icl_unpack_count(&count, 100, 2), 0); /* 5 * 2 bytes, 8 are left */
    assert_true(count.failed);
}

static void packing_past_the_limit_fails_for_good(void **state)
{
    (void)state;
    struct icl_packer packer = {.limit = 10};
    icl_pack_u64(&packer, 1);
    icl_pack_u32(&packer, 1);
    assert_true(packer.failed);
    icl_pack_bytes(&packer, "", 0);
    assert_true(packer.failed);
    assert_int_equal(packer.size, 8);
    icl_packer_clear(&packer);
}

static void a_shelf_keeps_what_it_was_given(void **state)
{
    (void)state;
    struct icl_shelf shelf = {NULL};
    char *texts[100];
    for (int i = 0; i < 100; i++)
        assert_non_null(texts[i] = icl_shelf_format(&shelf, "%d-%s", i, "text"));
    assert_string_equal(texts[0], "0-text");
    assert_string_equal(texts[99], "99-text");
    assert_null(icl_shelf_take(&shelf, SIZE_MAX / 2, 4));
    assert_non_null(icl_shelf_take(&shelf, 0, 8));
    icl_shelf_clear(&shelf);
    assert_null(shelf.chunks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_texts_come_back),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(hostile_lengths_fail),
        cmocka_unit_test(packing_past_the_limit_fails_for_good),
        cmocka_unit_test(a_shelf_keeps_what_it_was_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
