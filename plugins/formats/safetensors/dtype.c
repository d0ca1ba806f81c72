/*
 * plugins/formats/safetensors/dtype.c - names of element types
 *
 * Types of fewer than eight bits (F4, F6_E2M3, F6_E3M2) are not read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <string.h>

#include "plugins/formats/safetensors/safetensors.h"

static const struct {
    const char *dtype;
    int32_t type;
} names[] = {
    {"F32", IMGCLS_F32},        {"F16", IMGCLS_F16},        {"BF16", IMGCLS_BF16},
    {"F64", IMGCLS_F64},        {"I64", IMGCLS_I64},        {"I32", IMGCLS_I32},
    {"I16", IMGCLS_I16},        {"I8", IMGCLS_I8},          {"U8", IMGCLS_U8},
    {"U16", IMGCLS_U16},        {"U32", IMGCLS_U32},        {"U64", IMGCLS_U64},
    {"BOOL", IMGCLS_BOOL},      {"C64", IMGCLS_C64},        {"F8_E4M3", IMGCLS_F8E4M3FN},
    {"F8_E5M2", IMGCLS_F8E5M2}, {"F8_E8M0", IMGCLS_F8E8M0},
};

int32_t safetensors_type(const char *dtype)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].dtype, dtype) == 0)
            return names[i].type;
    return IMGCLS_UNDEFINED;
}

const char *safetensors_dtype(int32_t type)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].type == type)
            return names[i].dtype;
    return NULL;
}
