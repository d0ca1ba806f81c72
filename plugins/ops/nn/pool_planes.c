/*
 * plugins/ops/nn/pool_planes.c - pooling loops for every type
 *
 * NaN wins in MaxPool, as it does in the frameworks that models come from.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "pool.h"

#include <math.h>

/* Positions of a window that lie in the image: begin, begin + dilation, ... below end. */
struct span {
    int64_t begin, end, count;
};

static void clip(const struct gemm_window *w, int d, int64_t o, struct span *out)
{
    int64_t first = o * w->stride[d] - w->pad[d], step = w->dilation[d];
    int64_t last = first + (w->kernel[d] - 1) * step; /* included */

    if (first < 0)
        first += (-first + step - 1) / step * step;
    out->begin = first;
    out->end = last < w->in[d] ? last + 1 : w->in[d];
    out->count = out->end > first ? (out->end - first + step - 1) / step : 0;
}

/* Outputs [*first, *end) of a row whose windows have their column k in the image. */
static void meets(const struct gemm_window *w, int64_t k, int64_t *first, int64_t *end)
{
    const int64_t from = k * w->dilation[2] - w->pad[2], stride = w->stride[2];

    *first = from >= 0 ? 0 : (-from + stride - 1) / stride;
    *end = from >= w->in[2] ? 0 : (w->in[2] - 1 - from) / stride + 1;
    *end = *end < w->out[2] ? *end : w->out[2];
}

/* Positions of a window that lie in the image or its padding. */
static int64_t padded(const struct gemm_window *w, int64_t pad_end, int d, int64_t o)
{
    int64_t first = o * w->stride[d] - w->pad[d], step = w->dilation[d];
    int64_t end = first + (w->kernel[d] - 1) * step + 1;

    if (end > w->in[d] + pad_end)
        end = w->in[d] + pad_end;
    return end > first ? (end - first + step - 1) / step : 0;
}

static double power_of(double x, int32_t p)
{
    return p == 1 ? fabs(x) : p == 2 ? x * x : pow(fabs(x), p);
}

static double root_of(double sum, int32_t p)
{
    return p == 1 ? sum : p == 2 ? sqrt(sum) : pow(sum, 1.0 / p);
}

#define POWER     power_of
#define ROOT      root_of
#define IS_NAN(x) ((x) != (x))
#define LOWEST    (-INFINITY)

#define TYPE    float
#define NAME(x) x##_f32
#include "pool.body.h"
#undef TYPE
#undef NAME

#define TYPE    double
#define NAME(x) x##_f64
#include "pool.body.h"
#undef TYPE
#undef NAME

#undef POWER
#undef IS_NAN
#undef LOWEST
#define IS_NAN(x) 0

#define TYPE    int8_t
#define LOWEST  INT8_MIN
#define NAME(x) x##_i8
#include "pool.body.h"
#undef TYPE
#undef LOWEST
#undef NAME

#define TYPE    uint8_t
#define LOWEST  0
#define NAME(x) x##_u8
#include "pool.body.h"
