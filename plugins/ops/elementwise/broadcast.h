/*
 * plugins/ops/elementwise/broadcast.h - one walk over an output and up to three inputs that
 * are broadcast to it
 *
 * The dimensions are put in the order of the output's memory, those of size 1 dropped, and
 * neighbours that all operands step through evenly joined; what is left is a list of rows,
 * in which every input steps by one element, by none, or (rarely) by some other stride. A
 * row function gets one such row, so that its loops are plain and a compiler vectorises
 * them. Short rows of an operand that begins again with each are written out several times, so
 * that a row is long. Because strides lead the walk, any dense layout of the output will do.
 *
 * Large outputs are split among threads by ranges of elements; every element is computed on
 * its own, so the bits never depend on the split. An input may be the output's own buffer
 * where shape and type are the same (each element is read before it is written).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_ELEMENTWISE_BROADCAST_H
#define OPS_ELEMENTWISE_BROADCAST_H

#include "plugins/ops/op.h"

#define BROADCAST_INPUTS 3

struct broadcast_row {
    void *out;
    const void *in[BROADCAST_INPUTS];
    int64_t step[BROADCAST_INPUTS]; /* elements from one to the next; the output's is 1 */
    int64_t count;
    const void *parameter; /* handed through */
};

/* Fewest elements worth a thread: memory-bound arithmetic, and functions of libm. */
#define BROADCAST_GRAIN_CHEAP 32768
#define BROADCAST_GRAIN_DEAR  2048

/* Calls `row` until every element of out is written. in: count tensors that broadcast to
 * out's shape (already checked by inference). */
void broadcast_walk(const struct imgcls_host *host, const struct imgcls_run *run,
                    struct imgcls_tensor *out, size_t count,
                    const struct imgcls_tensor *const *in, int64_t grain,
                    void (*row)(const struct broadcast_row *row), const void *parameter);

/* Output 0 of the node: allocated by now with the inputs' joint shape and `type`, and then
 * walked with all inputs (at most BROADCAST_INPUTS). */
imgcls_status broadcast_run(const struct imgcls_host *host, const struct imgcls_run *run,
                            int32_t type, int64_t grain,
                            void (*row)(const struct broadcast_row *row),
                            const void *parameter);

/* Allocates output 0 with the joint shape of all inputs, where inference left it open. */
imgcls_status broadcast_output(const struct imgcls_host *host, const struct imgcls_run *run,
                               int32_t type);

/* Output 0: the joint shape of inputs first..last, of `type`. */
imgcls_status broadcast_infer(const struct imgcls_host *host, struct imgcls_infer *infer,
                              size_t first, int32_t type);
/* The same with the type that all inputs share; fails where they differ. */
imgcls_status broadcast_infer_same(const struct imgcls_host *host,
                                   struct imgcls_infer *infer);
/* The same with a bool output. */
imgcls_status broadcast_infer_bool(const struct imgcls_host *host,
                                   struct imgcls_infer *infer);

/* All inputs present ones of one type in `types`. */
bool broadcast_takes(const struct imgcls_node *node, uint64_t types);

/* Row functions. x (and y) are the operands' elements in the expression; `real` is their
 * type. omp simd says what the walk promises: no element depends on another. */
#define BROADCAST_UNARY(name, type, result, expression)                                    \
    static void name(const struct broadcast_row *row)                                      \
    {                                                                                      \
        const int64_t n = row->count, sx = row->step[0];                                   \
        const type *xs = row->in[0];                                                       \
        result *out = row->out;                                                            \
        int64_t i;                                                                         \
        if (sx == 1) {                                                                     \
            _Pragma("omp simd") for (i = 0; i < n; i++)                                    \
            {                                                                              \
                const type x = xs[i];                                                      \
                out[i] = (result)(expression);                                             \
            }                                                                              \
        } else {                                                                           \
            for (i = 0; i < n; i++) {                                                      \
                const type x = xs[i * sx];                                                 \
                out[i] = (result)(expression);                                             \
            }                                                                              \
        }                                                                                  \
    }

#define BROADCAST_BINARY(name, type, result, expression)                                   \
    static void name(const struct broadcast_row *row)                                      \
    {                                                                                      \
        const int64_t n = row->count, sx = row->step[0], sy = row->step[1];                \
        const type *xs = row->in[0], *ys = row->in[1];                                     \
        result *out = row->out;                                                            \
        int64_t i;                                                                         \
        if (sx == 1 && sy == 1) {                                                          \
            _Pragma("omp simd") for (i = 0; i < n; i++)                                    \
            {                                                                              \
                const type x = xs[i], y = ys[i];                                           \
                out[i] = (result)(expression);                                             \
            }                                                                              \
        } else if (sx == 1 && sy == 0) {                                                   \
            const type y = *ys;                                                            \
            _Pragma("omp simd") for (i = 0; i < n; i++)                                    \
            {                                                                              \
                const type x = xs[i];                                                      \
                out[i] = (result)(expression);                                             \
            }                                                                              \
        } else if (sx == 0 && sy == 1) {                                                   \
            const type x = *xs;                                                            \
            _Pragma("omp simd") for (i = 0; i < n; i++)                                    \
            {                                                                              \
                const type y = ys[i];                                                      \
                out[i] = (result)(expression);                                             \
            }                                                                              \
        } else {                                                                           \
            for (i = 0; i < n; i++) {                                                      \
                const type x = xs[i * sx], y = ys[i * sy];                                 \
                out[i] = (result)(expression);                                             \
            }                                                                              \
        }                                                                                  \
    }

#endif
