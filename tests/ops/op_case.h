/*
 * tests/ops/op_case.h - one operator on given tensors, through the real registry and
 * session
 *
 * A row names an operator ("domain:type" outside ai.onnx), its attributes and its tensors as text:
 *   attributes  "axis=1 alpha=0.5 perm=1,0 mode=linear value={f32[1] 5}"
 *               a whole number is an INT, a point makes it a FLOAT, commas a list (of
 * floats where one has a point; "1," is a list of one), anything else is a STRING, square
 * brackets hold a list of strings ("[Relu,Tanh]"), braces
 * hold a tensor tensors     "f32[2,2] 1 2 3 4; i64[] 7; -" with "-" for an omitted one;
 * strings in single quotes; types f32 f64 f16 bf16 i8..i64 u8..u64 i4 u4 bool str, and bits of
 * e4m3 e5m2 e2m3 e3m2
 *
 * Each row runs with its inputs given at run time, and again with all of them constant,
 * which the planner folds. Outputs must have the row's types and shapes; floating-point
 * elements may be off by two units in the last place (or the row's own tolerance).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OP_CASE_H
#define OP_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct imgcls_context;

struct op_case {
    const char *type;
    const char *attrs;
    const char *inputs;
    const char *outputs; /* NULL: it must fail with these words: */
    const char *fails;
    int64_t version;  /* operator set; 0: the newest (outside ai.onnx: 1) */
    double tolerance; /* relative to 1 + |expected|; 0: two units in the last place */
};

/* Rows: what comes out, at the newest operator set or an old one; or words of the failure.
 */
#define GIVES(type_, attrs_, inputs_, outputs_)                                            \
    {                                                                                      \
        .type = type_, .attrs = attrs_, .inputs = inputs_, .outputs = outputs_             \
    }
#define OLD(version_, type_, attrs_, inputs_, outputs_)                                    \
    {                                                                                      \
        .type = type_, .attrs = attrs_, .inputs = inputs_, .outputs = outputs_,            \
        .version = version_                                                                \
    }
#define FAILS(type_, attrs_, inputs_, words_)                                              \
    {                                                                                      \
        .type = type_, .attrs = attrs_, .inputs = inputs_, .fails = words_                 \
    }

/* A context over the plugins that were built. Own: imgcls_context_destroy. */
struct imgcls_context *op_context(int32_t threads);

/* Fails the test, printing the row, where one does not hold. */
void op_case_check(struct imgcls_context *ctx, const struct op_case *rows, size_t count);

/* What inference says, with symbols: inputs may have letters as dims and no elements
 * ("f32[N,3]"), or elements, which makes them constant. outputs likewise; "?" is unknown.
 */
struct op_shape {
    const char *type;
    const char *attrs;
    const char *inputs;
    const char *outputs; /* NULL: must fail */
    const char *fails;
};
void op_shape_check(struct imgcls_context *ctx, const struct op_shape *rows, size_t count);

/* Runs the operator on inputs of these shapes ("f32[64,100]; f32[100]") filled with drawn
 * numbers, on one thread and on three: all outputs must be the same bits. */
void op_threads_check(const char *type, const char *attrs, const char *inputs);

#endif
