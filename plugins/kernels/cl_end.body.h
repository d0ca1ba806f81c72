/*
 * plugins/kernels/cl_end.body.h - what follows a sum: bias and steps, on vectors of channels
 *
 * Included once a set, after its lanes.*.h, by bodies whose y is [position, channel].
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdbool.h>

#include "plugins/kernels/cl_part.body.h"
#include "plugins/kernels/end.h"

#define STRIP 8 /* outputs of a row that are computed together */

struct cl_end {
    const float *bias; /* one a channel; NULL: none */
    float *y;
    int32_t step_count;
    const struct gemm_step *steps;
};

/* Bias and steps on `count` vectors, `pitch` floats apart in y, whose first is element `at`
 * and has channel c; then they are stored. */
ALWAYS_INLINE void finish(const struct cl_end *end, int64_t at, int64_t pitch, int64_t c,
                          const bool whole, lane_mask mask, const int count, lanes *x)
{
    int32_t i;
    int t;

    if (end->bias) {
        lanes bias = load(end->bias + c, whole, mask);
        for (t = 0; t < count; t++)
            x[t] = lanes_add(x[t], bias);
    }
    for (i = 0; i < end->step_count; i++) {
        const struct gemm_step *step = &end->steps[i];
        const float *operand = step->operand;
        if (!operand) {
            lanes_pass(step, x, count);
            continue;
        }
        for (t = 0; t < count; t++) {
            bool is_bias = step->kind == IMGCLS_EPILOGUE_BIAS;
            x[t] = lanes_step(step, x[t],
                              load(operand + (is_bias ? c : at + t * pitch), whole, mask));
        }
    }
    for (t = 0; t < count; t++)
        store(end->y + at + t * pitch, whole, mask, x[t]);
}

/* What most networks have: a bias, then bounds or one function. What is missing of a bias and bounds
 * is -0 or infinite and changes no number. */
struct cl_plain_end {
    int32_t kind; /* a CLIP for bounds or none, or the function; 0: there are other steps */
    float low, high;
};

ALWAYS_INLINE struct cl_plain_end plain_end(const struct cl_end *end)
{
    struct gemm_end steps;

    if (gemm_ends(end->steps, end->step_count, true, &steps) && !steps.operand)
        return (struct cl_plain_end){steps.is_hardswish ? IMGCLS_EPILOGUE_HARDSWISH
                                                        : IMGCLS_EPILOGUE_CLIP,
                                     steps.low, steps.high};
    return (struct cl_plain_end){
        .kind = end->step_count == 1 && !end->steps->operand ? end->steps->kind : 0};
}

#define END_PASS(EXPRESSION)                                                               \
    for (; count > 0; count--, sums++, to += pitch) {                                      \
        const lanes x = lanes_add(*sums, bias);                                            \
        store(to, whole, mask, EXPRESSION);                                                \
    }                                                                                      \
    return true;

/* Bias and a function on sums in memory, in one pass whose constants stay in registers; false
 * where it is another one. */
ALWAYS_INLINE bool finish_function(int32_t kind, const lanes *sums, lanes bias, float *to,
                                   int64_t pitch, const bool whole, lane_mask mask, int64_t count)
{
    switch (kind) {
    case IMGCLS_EPILOGUE_SIGMOID:
        END_PASS(lanes_sigmoid(x))
    case IMGCLS_EPILOGUE_SILU:
        END_PASS(lanes_silu(x))
    case IMGCLS_EPILOGUE_GELU:
        END_PASS(lanes_gelu(x))
    case IMGCLS_EPILOGUE_TANH:
        END_PASS(lanes_tanh(x))
    default:
        return false;
    }
}

/* Not inlined: as much code as a strip has. */
static __attribute__((noinline)) bool whole_function(int32_t kind, const lanes *sums, lanes bias,
                                                     float *to, int64_t pitch, int64_t count)
{
    return finish_function(kind, sums, bias, to, pitch, true, lanes_below(LANES), count);
}

static __attribute__((noinline)) bool part_function(int32_t kind, const lanes *sums, lanes bias,
                                                    float *to, int64_t pitch, lane_mask mask,
                                                    int64_t count)
{
    return finish_function(kind, sums, bias, to, pitch, false, mask, count);
}

/* The first `count` of STRIP vectors. Bounds and HardSwish are done on sums that never leave
 * registers. */
ALWAYS_INLINE void finish_strip(const struct cl_end *end, const struct cl_plain_end *plain,
                                int64_t at, int64_t pitch, int64_t c, const bool whole,
                                lane_mask mask, int64_t count, lanes *sums)
{
    const lanes bias = end->bias ? load(end->bias + c, whole, mask) : lanes_all(-0.0f);
    lanes out[STRIP]; /* sums stay in registers, which have no addresses */
    float *to = end->y + at;
    int t;

    if (plain->kind == IMGCLS_EPILOGUE_CLIP) {
#pragma GCC unroll 8
        for (t = 0; t < STRIP; t++, to += pitch)
            if (t < count)
                store(to, whole, mask,
                      lanes_at_most(lanes_at_least(lanes_add(sums[t], bias), plain->low),
                                    plain->high));
        return;
    }
    if (plain->kind == IMGCLS_EPILOGUE_HARDSWISH) {
#pragma GCC unroll 8
        for (t = 0; t < STRIP; t++, to += pitch)
            if (t < count) {
                const lanes x = lanes_add(sums[t], bias);
                store(to, whole, mask, lanes_times(x, lanes_hardsigmoid(x, 1.0f / 6, 0.5f)));
            }
        return;
    }
#pragma GCC unroll 8
    for (t = 0; t < STRIP; t++)
        out[t] = sums[t];
    if (whole ? whole_function(plain->kind, out, bias, to, pitch, count)
              : part_function(plain->kind, out, bias, to, pitch, mask, count))
        return;
    finish(end, at, pitch, c, whole, mask, (int)count, out);
}
