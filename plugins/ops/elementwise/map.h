/*
 * plugins/ops/elementwise/map.h - kernels of one input, and kernels for every number type
 *
 * MAP_FLOATS defines the portable kernel `name` of a function of one float32 or float64
 * input; in the expression x is the element, `real` its type, and alpha and beta the node's
 * two parameters. Functions are called through <tgmath.h>, so that exp is expf for float32.
 * MAP_NUMBERS does the same for all number types, integers by an expression of their own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_ELEMENTWISE_MAP_H
#define OPS_ELEMENTWISE_MAP_H

#include "broadcast.h"

#define MAP_TRAITS                                                                         \
    (IMGCLS_TRAIT_ELEMENTWISE | IMGCLS_TRAIT_LAYOUT_BLIND | IMGCLS_TRAIT_IN_PLACE)
#define MAP_BROADCAST_TRAITS (IMGCLS_TRAIT_LAYOUT_BLIND | IMGCLS_TRAIT_IN_PLACE)

struct map_parameters {
    double alpha, beta;
};

/* A row function for `real`, which expressions may name. */
#define MAP_ROW(row_name, type, expression)                                                \
    static void row_name(const struct broadcast_row *row)                                  \
    {                                                                                      \
        typedef type real;                                                                 \
        const struct map_parameters *const parameters = row->parameter;                    \
        const real alpha = (real)parameters->alpha, beta = (real)parameters->beta;         \
        const int64_t n = row->count, step = row->step[0];                                 \
        const type *xs = row->in[0];                                                       \
        type *out = row->out;                                                              \
        int64_t i;                                                                         \
        (void)alpha, (void)beta;                                                           \
        if (step == 1) {                                                                   \
            _Pragma("omp simd") for (i = 0; i < n; i++)                                    \
            {                                                                              \
                const real x = xs[i];                                                      \
                out[i] = (real)(expression);                                               \
            }                                                                              \
        } else {                                                                           \
            for (i = 0; i < n; i++) {                                                      \
                const real x = xs[i * step];                                               \
                out[i] = (real)(expression);                                               \
            }                                                                              \
        }                                                                                  \
    }

#define MAP_FLOATS(name, grain, alpha_, beta_, expression)                                 \
    MAP_ROW(name##_f32, float, expression)                                                 \
    MAP_ROW(name##_f64, double, expression)                                                \
    static imgcls_status name(const struct imgcls_host *host,                              \
                              const struct imgcls_run *run)                                \
    {                                                                                      \
        const struct map_parameters parameters = {(alpha_), (beta_)};                      \
        const int32_t type = run->node->inputs[0]->type;                                   \
        return broadcast_run(host, run, type, grain,                                       \
                             type == IMGCLS_F64 ? name##_f64 : name##_f32, &parameters);   \
    }

/* For alpha_ and beta_ above. */
#define MAP_ATTR(name, fallback) host->attr_float(host, run->node, name, fallback)

/* One row function a number type; define is BROADCAST_UNARY or BROADCAST_BINARY. Integers
 * compute in uint64_t where they could overflow: that wraps, as two's complement does. */
#define MAP_EACH_SIGNED(define, name, expression)                                          \
    define(name##_i8, int8_t, int8_t, expression)                                          \
        define(name##_i16, int16_t, int16_t, expression)                                   \
            define(name##_i32, int32_t, int32_t, expression)                               \
                define(name##_i64, int64_t, int64_t, expression)
#define MAP_EACH_UNSIGNED(define, name, expression)                                        \
    define(name##_u8, uint8_t, uint8_t, expression)                                        \
        define(name##_u16, uint16_t, uint16_t, expression)                                 \
            define(name##_u32, uint32_t, uint32_t, expression)                             \
                define(name##_u64, uint64_t, uint64_t, expression)
#define MAP_EACH_INT(define, name, expression)                                             \
    MAP_EACH_SIGNED(define, name, expression)                                              \
    MAP_EACH_UNSIGNED(define, name, expression)
#define MAP_EACH_FLOAT(define, name, expression)                                           \
    define(name##_f32, float, float, expression)                                           \
        define(name##_f64, double, double, expression)
/* The same where the result is a bool. */
#define MAP_EACH_TEST(define, name, expression)                                            \
    define(name##_i8, int8_t, bool, expression)                                            \
        define(name##_i16, int16_t, bool, expression)                                      \
            define(name##_i32, int32_t, bool, expression)                                  \
                define(name##_i64, int64_t, bool, expression)                              \
                    define(name##_u8, uint8_t, bool, expression)                           \
                        define(name##_u16, uint16_t, bool, expression)                     \
                            define(name##_u32, uint32_t, bool, expression)                 \
                                define(name##_u64, uint64_t, bool, expression)             \
                                    define(name##_f32, float, bool, expression)            \
                                        define(name##_f64, double, bool, expression)

#define MAP_SIGNED_CASES(name)                                                             \
    [IMGCLS_I8] = name##_i8, [IMGCLS_I16] = name##_i16, [IMGCLS_I32] = name##_i32,         \
    [IMGCLS_I64] = name##_i64
#define MAP_UNSIGNED_CASES(name)                                                           \
    [IMGCLS_U8] = name##_u8, [IMGCLS_U16] = name##_u16, [IMGCLS_U32] = name##_u32,         \
    [IMGCLS_U64] = name##_u64
#define MAP_INT_CASES(name)   MAP_SIGNED_CASES(name), MAP_UNSIGNED_CASES(name)
#define MAP_FLOAT_CASES(name) [IMGCLS_F32] = name##_f32, [IMGCLS_F64] = name##_f64

/* The portable kernel `name` over a table of row functions by type of input 0. out is the
 * output's type, or IMGCLS_UNDEFINED where it is the input's. */
#define MAP_RUN(name, grain, out, ...)                                                     \
    static imgcls_status name(const struct imgcls_host *host,                              \
                              const struct imgcls_run *run)                                \
    {                                                                                      \
        static void (*const rows[IMGCLS_TYPE_COUNT])(const struct broadcast_row *row) = {  \
            __VA_ARGS__};                                                                  \
        const int32_t type = run->node->inputs[0]->type;                                   \
        return broadcast_run(host, run, out != IMGCLS_UNDEFINED ? out : type, grain,       \
                             rows[type], NULL);                                            \
    }

/* Accepts and infer of the usual kinds; defined in map.c. */
int32_t map_accepts_floats(const struct imgcls_host *host, const struct imgcls_node *node);
int32_t map_accepts_numbers(const struct imgcls_host *host, const struct imgcls_node *node);
int32_t map_accepts_ints(const struct imgcls_host *host, const struct imgcls_node *node);
int32_t map_accepts_bools(const struct imgcls_host *host, const struct imgcls_node *node);
int32_t map_accepts_numbers_or_bools(const struct imgcls_host *host,
                                     const struct imgcls_node *node);
imgcls_status map_infer(const struct imgcls_host *host, struct imgcls_infer *infer);
/* consumed_inputs of operator sets 1..5 says nothing: dropped. */
imgcls_status map_upgrade(const struct imgcls_host *host, struct imgcls_graph *graph,
                          struct imgcls_node *node);
/* Old broadcasting (upgrade.h). */
imgcls_status map_upgrade_broadcast(const struct imgcls_host *host,
                                    struct imgcls_graph *graph, struct imgcls_node *node);

#endif
