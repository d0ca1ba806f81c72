/*
 * src/tensor/tensor.h - element types, tensors and values as the library handles them
 *
 * A value made here owns everything beneath it: its tensor's bytes, the texts of a string
 * tensor, the items of a sequence, which several sequences may hold together. What merely
 * looks at bytes (icl_tensor_borrow) owns nothing and needs no release.
 *
 * Not here: shapes by inference (src/plan/), bytes that several share (src/file/).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_TENSOR_H
#define ICL_TENSOR_H

#include "src/context/context.h"

/* How deep sequences, optionals and maps may nest. */
#define ICL_VALUE_DEPTH 32

/* Bits of one element; strings count as struct imgcls_string. 0 for unknown types. */
uint32_t icl_type_bits(int32_t type);
/* "float32", "int64", ...; "unknown type" never NULL. */
const char *icl_type_name(int32_t type);
bool icl_type_is_float(int32_t type); /* f16, bf16, f32, f64, f8s, f4 */
/* Bytes of `count` elements; false on overflow or unknown type. */
bool icl_type_size(int32_t type, int64_t count, size_t *bytes);

/* Row-major strides over dims. */
void icl_strides_of(int32_t rank, const int64_t *dims, int64_t *strides);
bool icl_tensor_is_row_major(const struct imgcls_tensor *tensor);
/* Fills a row-major tensor struct over bytes that stay the caller's. Refuses a rank above
 * IMGCLS_MAX_RANK, negative dimensions, unknown types and sizes that overflow. */
imgcls_status icl_tensor_borrow(struct imgcls_context *ctx, int32_t type, int32_t rank,
                                const int64_t *dims, void *bytes, struct imgcls_tensor *out);
/* "[1,3,224,224]" into a buffer; "?" for an unknown dimension, a symbol by its name where
 * graph is not NULL and it has one, else as "s0"; "[...]" for an unknown rank. What does not
 * fit ends in "...". */
void icl_shape_text(const struct imgcls_graph *graph, int32_t rank, const int64_t *dims,
                    char *text, size_t capacity);

/* Values: see the host functions of the same names in plugin.h. A copy of a tensor is row-major
 * whatever the strides of the original, and can be written; one of a list is the list itself
 * with one more holder, where it was made here in the same context, since nobody writes to
 * lists. Each copy wants its own icl_value_release. Nesting past ICL_VALUE_DEPTH is refused. */
imgcls_status icl_value_tensor(struct imgcls_context *ctx, int32_t type, int32_t rank,
                               const int64_t *dims, struct imgcls_value **out);
imgcls_status icl_value_set_string(struct imgcls_context *ctx, struct imgcls_value *value,
                                   size_t index, const char *bytes, size_t length);
imgcls_status icl_value_list(struct imgcls_context *ctx, int32_t kind, int32_t type,
                             size_t count, struct imgcls_value **items,
                             struct imgcls_value **out);
imgcls_status icl_value_copy(struct imgcls_context *ctx, const struct imgcls_value *value,
                             struct imgcls_value **out);
/* What can be given to icl_value_list: as icl_value_copy, but a tensor that stands in a list
 * already is shared, too. */
imgcls_status icl_value_item(struct imgcls_context *ctx, const struct imgcls_value *value,
                             struct imgcls_value **out);
void icl_value_release(struct imgcls_context *ctx, struct imgcls_value *value);

/* Conversions, round to nearest, ties to even (IEEE 754; bfloat16 is its upper half). NaN stays
 * NaN, made quiet, with the upper bits of its payload, as the F16C instructions do. */
float icl_f16_to_f32(uint16_t bits);
uint16_t icl_f32_to_f16(float value);
float icl_bf16_to_f32(uint16_t bits);
uint16_t icl_f32_to_bf16(float value);
/* Converts `count` elements between f16, bf16, f32 and f64 in any direction, rounding once.
 * False for other types. from and to do not overlap, or are the same with equal widths.
 * isa: IMGCLS_ISA_ bits that may be used; the result does not depend on them. */
bool icl_convert_floats(uint64_t isa, int32_t from_type, const void *from, int32_t to_type,
                        void *to, size_t count);
#ifdef BUILD_AVX2
/* Addresses need not be aligned. */
void icl_f16_to_f32_avx2(const unsigned char *from, unsigned char *to, size_t count);
void icl_f32_to_f16_avx2(const unsigned char *from, unsigned char *to, size_t count);
#endif
/* Reads element `index` of a numeric row-major tensor as double (for reports): the real part
 * of a complex one, NaN for strings. 64-bit integers past 2^53 are rounded. */
double icl_tensor_get(const struct imgcls_tensor *tensor, int64_t index);

#endif
