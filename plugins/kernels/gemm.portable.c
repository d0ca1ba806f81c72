/*
 * plugins/kernels/gemm.portable.c - the family in plain C, float32 and float64
 *
 * One body, two types. float64 is the yardstick that models are verified against and has no
 * other kernel, so its products are rounded before they are added: without the instruction
 * fma() is a slow call, and 2^-53 matters to nobody here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/gemm.h"

#include <math.h>
#include <string.h>

#include <imgcls/plugin.h>

#include "plugins/kernels/approx.h"
#include "plugins/kernels/fused.h"
#include "plugins/kernels/strassen.h"

/* Where pixel number `pixel` of a_window's images begins. */
static int64_t pixel_at(const struct gemm_job *job, int64_t pixel)
{
    const int64_t *in = job->a_window->in;
    int64_t plane = in[0] * in[1] * in[2];

    return pixel / plane * job->a_image + pixel % plane * job->a_row;
}

#define REAL    float
#define FUSED   fused_f32
#define SIXTH   (1.0f / 6)
#define SIGMOID sigmoid_f32
#define SILU    silu_f32
#define GELU    gelu_f32
#define TANH    tanh_f32
#define GATHER  gather_f32
#define STEP    step_f32
#define FINISH  finish_f32
#define ROW     row_f32
#define BLOCK   block_f32
#define KERNEL  gemm_f32_portable
#include "plugins/kernels/gemm.portable.body.h"

#include "plugins/kernels/strassen.portable.body.h"
#undef REAL
#undef FUSED
#undef SIXTH
#undef SIGMOID
#undef SILU
#undef GELU
#undef TANH
#undef GATHER
#undef STEP
#undef FINISH
#undef ROW
#undef BLOCK
#undef KERNEL

static double sigmoid_f64(double x)
{
    return 1 / (1 + exp(-x));
}

static double silu_f64(double x)
{
    return x / (1 + exp(-x));
}

static double gelu_f64(double x)
{
    return x / 2 * erfc(-x * M_SQRT1_2);
}

#define REAL           double
#define FUSED(a, b, c) ((a) * (b) + (c))
#define SIXTH          (1.0 / 6)
#define SIGMOID        sigmoid_f64
#define SILU           silu_f64
#define GELU           gelu_f64
#define TANH           tanh
#define GATHER         gather_f64
#define STEP           step_f64
#define FINISH         finish_f64
#define ROW            row_f64
#define BLOCK          block_f64
#define KERNEL         gemm_f64_portable
#include "plugins/kernels/gemm.portable.body.h"
