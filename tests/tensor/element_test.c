/*
 * tests/tensor/element_test.c - elements of every numeric type as doubles
 *
 * Values of the small formats are those in the tables of their papers (largest, smallest,
 * special codes), written here by hand.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/tensor/tensor.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    int32_t type;
    unsigned char bytes[16];
    int64_t index;
    double want;
} rows[] = {
    {IMGCLS_F32, {0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0}, 1, -2.5},
    {IMGCLS_F64, {0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, 0, 1.5},
    {IMGCLS_F16, {0, 0, 0x00, 0xc0}, 1, -2},
    {IMGCLS_BF16, {0, 0, 0x40, 0x40}, 1, 3},
    {IMGCLS_U8, {1, 255}, 1, 255},
    {IMGCLS_I8, {1, 255}, 1, -1},
    {IMGCLS_BOOL, {0, 1}, 1, 1},
    {IMGCLS_U16, {0xff, 0xff}, 0, 65535},
    {IMGCLS_I16, {0xfe, 0xff}, 0, -2},
    {IMGCLS_U32, {0xff, 0xff, 0xff, 0xff}, 0, 4294967295.0},
    {IMGCLS_I32, {0xff, 0xff, 0xff, 0xff}, 0, -1},
    {IMGCLS_U64, {0, 0, 0, 0, 0, 0, 0, 0x80}, 0, 0x1p63},
    {IMGCLS_I64, {0, 0, 0, 0, 0, 0, 0, 0x80}, 0, -0x1p63},
    {IMGCLS_C64, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}, 1, 1},
    {IMGCLS_U4, {0x21, 0xf3}, 3, 15},
    {IMGCLS_U4, {0x21, 0xf3}, 2, 3},
    {IMGCLS_I4, {0x21, 0xf8}, 3, -1},
    {IMGCLS_I4, {0x21, 0xf8}, 2, -8},
    {IMGCLS_U2, {0xe4}, 3, 3},
    {IMGCLS_U2, {0xe4}, 1, 1},
    {IMGCLS_I2, {0xe4}, 3, -1},
    {IMGCLS_I2, {0xe4}, 2, -2},
    {IMGCLS_F8E4M3FN, {0x7e}, 0, 448},
    {IMGCLS_F8E4M3FN, {0x01}, 0, 0x1p-9},
    {IMGCLS_F8E4M3FN, {0xff}, 0, NAN},
    {IMGCLS_F8E4M3FNUZ, {0x7f}, 0, 240},
    {IMGCLS_F8E4M3FNUZ, {0x80}, 0, NAN},
    {IMGCLS_F8E4M3FNUZ, {0x81}, 0, -0x1p-10},
    {IMGCLS_F8E5M2, {0x7b}, 0, 57344},
    {IMGCLS_F8E5M2, {0xfc}, 0, -INFINITY},
    {IMGCLS_F8E5M2, {0x7d}, 0, NAN},
    {IMGCLS_F8E5M2FNUZ, {0x7f}, 0, 57344},
    {IMGCLS_F8E5M2FNUZ, {0x80}, 0, NAN},
    {IMGCLS_F8E8M0, {0x7f}, 0, 1},
    {IMGCLS_F8E8M0, {0x00}, 0, 0x1p-127},
    {IMGCLS_F8E8M0, {0xff}, 0, NAN},
    {IMGCLS_F4E2M1, {0x71}, 1, 6},
    {IMGCLS_F4E2M1, {0x71}, 0, 0.5},
    {IMGCLS_F4E2M1, {0xb1}, 1, -1.5},
    {IMGCLS_F6E2M3, {0x08, 0x4c, 0x80}, 0, 1},
    {IMGCLS_F6E2M3, {0x08, 0x4c, 0x80}, 1, -2},
    {IMGCLS_F6E2M3, {0x08, 0x4c, 0x80}, 2, 0.5},
    {IMGCLS_F6E2M3, {0x08, 0x4c, 0x80}, 3, -0.0},
    {IMGCLS_F6E2M3, {0x1f}, 0, 7.5},
    {IMGCLS_F6E3M2, {0x1f, 0x00, 0x00, 0x4c}, 0, 28},
    {IMGCLS_F6E3M2, {0x1f, 0x00, 0x00, 0x4c}, 4, 1},
    {IMGCLS_F6E3M2, {0x01}, 0, 0.0625},
};

static void elements_read_as_defined(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        _Alignas(16) unsigned char bytes[16];
        const struct imgcls_tensor tensor = {.struct_size = sizeof tensor,
                                             .type = rows[i].type,
                                             .rank = 1,
                                             .dims = {2},
                                             .strides = {1},
                                             .data = bytes};
        for (size_t b = 0; b < sizeof bytes; b++)
            bytes[b] = rows[i].bytes[b];
        double got = icl_tensor_get(&tensor, rows[i].index);
        if (isnan(rows[i].want) ? !isnan(got) : got != rows[i].want)
            fail_msg("row %zu (%s): %a, wanted %a", i, icl_type_name(rows[i].type), got,
                     rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(elements_read_as_defined)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
