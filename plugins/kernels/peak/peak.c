/*
 * plugins/kernels/peak/peak.c - the plugin that measures what the machine could do
 *
 * The loops are in files of their own with their own flags; here the widest that CPU and
 * host allow is timed in slices until the time is over, and the best slice counts: a slice
 * that another process disturbed says nothing about the machine.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <imgcls/plugin.h>

#include <time.h>

#include "plugins/kernels/peak/peak.h"

#define SLICE_ROUNDS 200000 /* about 1 ms */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double best_slice(float (*loop)(int64_t rounds), int width, double seconds)
{
    volatile float sink;
    double began = now(), best = 0;
    for (double at = began; at - began < seconds;) {
        sink = loop(SLICE_ROUNDS);
        double end = now();
        double rate = 2.0 * width * PEAK_CHAINS * SLICE_ROUNDS / (end - at);
        if (end > at && rate > best)
            best = rate;
        at = end;
    }
    (void)sink;
    return best;
}

static double flops_per_second(uint64_t isa, double seconds)
{
    double best = 0;
#ifdef BUILD_AVX2
    if (isa & IMGCLS_ISA_AVX2)
        best = best_slice(peak_fma_avx2, 8, seconds);
#endif
#ifdef BUILD_AVX512
    if (isa & IMGCLS_ISA_AVX512) {
        double wide = best_slice(peak_fma_avx512, 16, seconds);
        best = wide > best ? wide : best;
    }
#endif
#ifdef BUILD_NEON
    if (isa & IMGCLS_ISA_NEON)
        best = best_slice(peak_fma_neon, 4, seconds);
#endif
    (void)best_slice;
    (void)isa;
    (void)seconds;
    return best;
}

static const struct imgcls_peak_service table = {
    .struct_size = sizeof(struct imgcls_peak_service),
    .flops_per_second = flops_per_second,
};

static const struct imgcls_service service = {
    .struct_size = sizeof(struct imgcls_service),
    .name = IMGCLS_PEAK_NAME,
    .version = IMGCLS_PEAK_VERSION,
    .table = &table,
};

static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "peak",
    .version = "1.0.0",
    .licence = "Apache-2.0",
    .services = (const struct imgcls_service *const[]){&service, NULL},
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}
