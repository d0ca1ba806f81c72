/*
 * tests/tensor/type_test.c - names, widths and sizes of element types
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/tensor/tensor.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_type_has_name_and_width(void **state)
{
    (void)state;
    for (int32_t type = 1; type < IMGCLS_TYPE_COUNT; type++) {
        assert_true(icl_type_bits(type) > 0);
        assert_string_not_equal(icl_type_name(type), "unknown type");
        for (int32_t other = 1; other < type; other++)
            assert_string_not_equal(icl_type_name(type), icl_type_name(other));
    }
    assert_string_equal(icl_type_name(IMGCLS_UNDEFINED), "undefined");
    assert_int_equal(icl_type_bits(IMGCLS_UNDEFINED), 0);
}

static void unknown_types_have_no_size(void **state)
{
    (void)state;
    static const int32_t rows[] = {-1, 0, IMGCLS_TYPE_COUNT, INT32_MAX, INT32_MIN};
    size_t bytes = 77;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(icl_type_bits(rows[i]), 0);
        assert_false(icl_type_is_float(rows[i]));
        assert_false(icl_type_size(rows[i], 1, &bytes));
        assert_int_equal(bytes, 77);
    }
    assert_string_equal(icl_type_name(IMGCLS_TYPE_COUNT), "unknown type");
}

static void sizes_round_up_and_never_overflow(void **state)
{
    (void)state;
    static const struct {
        int32_t type;
        int64_t count;
        bool fits;
        size_t bytes;
    } rows[] = {
        {IMGCLS_F32, 0, true, 0},
        {IMGCLS_F32, 3, true, 12},
        {IMGCLS_C128, 3, true, 48},
        {IMGCLS_BOOL, 5, true, 5},
        {IMGCLS_I4, 1, true, 1},
        {IMGCLS_I4, 3, true, 2},
        {IMGCLS_U2, 4, true, 1},
        {IMGCLS_U2, 5, true, 2},
        {IMGCLS_F4E2M1, 8, true, 4},
        {IMGCLS_F6E2M3, 3, true, 3},
        {IMGCLS_F6E2M3, 4, true, 3},
        {IMGCLS_F6E3M2, 13, true, 10},
        {IMGCLS_F6E3M2, INT64_MAX, true, (size_t)INT64_MAX / 8 * 6 + 6},
        {IMGCLS_U4, INT64_MAX, true, (size_t)INT64_MAX / 2 + 1},
        {IMGCLS_STRING, 2, true, 32},
        {IMGCLS_F32, -1, false, 0},
        {IMGCLS_F32, INT64_MAX, false, 0},
        {IMGCLS_F64, (int64_t)1 << 61, false, 0},
        {IMGCLS_U8, INT64_MAX, true, (size_t)INT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t bytes = 0;
        bool fits = icl_type_size(rows[i].type, rows[i].count, &bytes);
        if (fits != rows[i].fits || bytes != rows[i].bytes)
            fail_msg("row %zu: %d, %zu bytes", i, fits, bytes);
    }
}

static void floats_are_told_from_others(void **state)
{
    (void)state;
    static const int32_t floats[] = {
        IMGCLS_F32,    IMGCLS_F64,        IMGCLS_F16,    IMGCLS_BF16,      IMGCLS_F8E4M3FN,
        IMGCLS_F8E5M2, IMGCLS_F8E4M3FNUZ, IMGCLS_F4E2M1, IMGCLS_F8E5M2FNUZ, IMGCLS_F8E8M0,
        IMGCLS_F6E2M3, IMGCLS_F6E3M2};
    int count = 0;
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++)
        assert_true(icl_type_is_float(floats[i]));
    for (int32_t type = 0; type < IMGCLS_TYPE_COUNT; type++)
        count += icl_type_is_float(type);
    assert_int_equal(count, sizeof floats / sizeof floats[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_name_and_width),
        cmocka_unit_test(unknown_types_have_no_size),
        cmocka_unit_test(sizes_round_up_and_never_overflow),
        cmocka_unit_test(floats_are_told_from_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
