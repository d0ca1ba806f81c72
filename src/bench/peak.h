/*
 * src/bench/peak.h - the fused multiply-adds per second that this machine can do
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BENCH_PEAK_H
#define ICL_BENCH_PEAK_H

#include "src/context/context.h"

/* GFLOP/s of float32 fused multiply-adds on that many threads at once with the context's
 * instruction sets, measured now (some 50 ms); NaN where nothing here can measure it. */
double icl_peak_gflops(struct imgcls_context *ctx, int32_t threads);

#endif
