/*
 * src/bench/peak.c - the fused multiply-adds per second that this machine can do
 *
 * The loop itself is a kernel and lives in a plugin (plugins/kernels/peak), which offers it
 * as the service imgcls.peak. Here it runs on as many threads as the model had, at once,
 * since clocks fall when all cores work.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bench/peak.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "plugins/kernels/peak/peak.h"
#include "src/registry/registry.h"

#define MEASURE_SECONDS 0.05

struct measurement {
    const struct imgcls_peak_service *service;
    uint64_t isa;
    double flops; /* per second */
};

static void *measure(void *argument)
{
    struct measurement *m = argument;
    m->flops = m->service->flops_per_second(m->isa, MEASURE_SECONDS);
    return NULL;
}

double icl_peak_gflops(struct imgcls_context *ctx, int32_t threads)
{
    struct icl_registry *registry;
    const struct imgcls_peak_service *service = NULL;
    if (icl_context_registry(ctx, &registry) == IMGCLS_OK)
        service = icl_registry_service(registry, IMGCLS_PEAK_NAME, IMGCLS_PEAK_VERSION);
    icl_forgive(ctx); /* a machine without the plugin has no peak, and that is all */
    struct measurement *all = service ? calloc((size_t)threads, sizeof *all) : NULL;
    pthread_t *ids = all ? calloc((size_t)threads, sizeof *ids) : NULL;
    int32_t started = 0;
    double sum = 0;
    for (int32_t i = 0; ids && i < threads; i++)
        all[i] = (struct measurement){service, ctx->isa, 0};
    while (ids && started < threads - 1 &&
           pthread_create(&ids[started], NULL, measure, &all[started]) == 0)
        started++;
    if (ids)
        measure(&all[threads - 1]);
    for (int32_t i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    for (int32_t i = 0; ids && i < threads; i++)
        sum += all[i].flops;
    bool complete = ids && started == threads - 1 && sum > 0;
    free(ids);
    free(all);
    return complete ? sum / 1e9 : NAN;
}
