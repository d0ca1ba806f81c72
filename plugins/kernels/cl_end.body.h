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

/* What most networks have, a bias and a bound or two, or less: what is missing is -0 or infinite
 * and changes no number. */
struct cl_plain_end {
    bool is_all; /* else there are other steps */
    float low, high;
};

ALWAYS_INLINE struct cl_plain_end plain_end(const struct cl_end *end)
{
    struct gemm_end steps;
    bool is_all = gemm_ends(end->steps, end->step_count, true, &steps) && !steps.operand &&
                  !steps.is_hardswish;

    return (struct cl_plain_end){is_all, steps.low, steps.high};
}

/* The first `count` of STRIP vectors. A plain end is done on sums that never leave registers. */
ALWAYS_INLINE void finish_strip(const struct cl_end *end, const struct cl_plain_end *plain,
                                int64_t at, int64_t pitch, int64_t c, const bool whole,
                                lane_mask mask, int64_t count, lanes *sums)
{
    lanes out[STRIP]; /* sums stay in registers, which have no addresses */
    lanes bias;
    float *to = end->y + at;
    int t;

    if (!plain->is_all) {
#pragma GCC unroll 8
        for (t = 0; t < STRIP; t++)
            out[t] = sums[t];
        finish(end, at, pitch, c, whole, mask, (int)count, out);
        return;
    }
    bias = end->bias ? load(end->bias + c, whole, mask) : lanes_all(-0.0f);
#pragma GCC unroll 8
    for (t = 0; t < STRIP; t++, to += pitch)
        if (t < count)
            store(to, whole, mask,
                  lanes_at_most(lanes_at_least(lanes_add(sums[t], bias), plain->low), plain->high));
}
