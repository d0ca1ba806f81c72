/*
 * src/bench/bench.c - how fast does a model run here
 *
 * One run to plan and pack, some to warm up, then runs timed as a whole until the time is
 * over; the median is what a user sees, p90 and p99 how often he sees worse. Profiling runs
 * come afterwards, so that the clock reads of every step stay out of the figures.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <imgcls/bench.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/bench/feed.h"
#include "src/bench/peak.h"
#include "src/bench/profile.h"
#include "src/model/model.h"

#define SECONDS_DEFAULT 3.0
#define RUNS_MIN        5
#define RUNS_MAX        10000000
#define WARM_UP_SHARE   0.1 /* of the time, before times count, */
#define WARM_UP_MIN     0.3 /* but seconds enough for clocks and caches to settle */
#define PROFILE_SHARE   0.2

struct bench {
    struct imgcls_model *model;
    struct icl_feed feed;
    struct icl_session *session;
    const struct imgcls_value **outputs;
    double *times; /* seconds, of each run */
    size_t count, capacity;
    struct icl_profile profile;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static imgcls_status run_once(struct bench *bench, double *seconds)
{
    double began = now();
    imgcls_status status = icl_session_run(
        bench->session, (const struct imgcls_value *const *)bench->feed.values,
        bench->outputs);
    *seconds = now() - began;
    if (status && status != IMGCLS_INTERRUPTED)
        icl_fail_within(bench->model->ctx, status, "%s", bench->model->path);
    return status;
}

static imgcls_status note(struct bench *bench, double seconds)
{
    if (bench->count == bench->capacity) {
        size_t wanted = bench->capacity ? bench->capacity * 2 : 1024;
        double *grown = realloc(bench->times, wanted * sizeof *grown);
        if (!grown)
            return icl_fail(bench->model->ctx, IMGCLS_NO_MEMORY, "no memory for run times");
        bench->times = grown;
        bench->capacity = wanted;
    }
    bench->times[bench->count++] = seconds;
    return IMGCLS_OK;
}

static imgcls_status run_for(struct bench *bench, double seconds)
{
    double one, began = now();
    imgcls_status status = IMGCLS_OK;
    double warm_up = fmax(seconds * WARM_UP_SHARE, fmin(seconds, WARM_UP_MIN));
    while (status == IMGCLS_OK && now() - began < warm_up)
        status = run_once(bench, &one);
    began = now();
    while (status == IMGCLS_OK && bench->count < RUNS_MAX &&
           (bench->count < RUNS_MIN || now() - began < seconds)) {
        status = run_once(bench, &one);
        if (status == IMGCLS_OK)
            status = note(bench, one);
    }
    return status;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* Value below which a share of the sorted times lies: the nearest rank. */
static double quantile(const struct bench *bench, double share)
{
    size_t rank = (size_t)ceil(share * (double)bench->count);
    return bench->times[rank > 0 ? rank - 1 : 0];
}

static double median(const struct bench *bench)
{
    size_t half = bench->count / 2;
    return bench->count % 2 ? bench->times[half]
                            : (bench->times[half - 1] + bench->times[half]) / 2;
}

static void fill_report(struct bench *bench, struct imgcls_bench_report *out)
{
    struct imgcls_context *ctx = bench->model->ctx;
    struct icl_plan_summary summary;
    icl_plan_summarise(icl_session_plan(bench->session), &summary);
    qsort(bench->times, bench->count, sizeof *bench->times, by_value);
    out->runs = (int64_t)bench->count;
    out->batch = bench->feed.batch;
    out->micro_batch = summary.micro_batch;
    out->threads = ctx->threads;
    out->isa = icl_isa_name(ctx->isa);
    out->median_ms = 1e3 * median(bench);
    out->p90_ms = 1e3 * quantile(bench, 0.9);
    out->p99_ms = 1e3 * quantile(bench, 0.99);
    out->min_ms = 1e3 * bench->times[0];
    out->images_per_second = 1e3 * (double)out->batch / out->median_ms;
    out->macs = summary.macs;
    out->gflops = summary.macs >= 0 ? 2e-6 * (double)summary.macs / out->median_ms : NAN;
    out->peak_gflops = icl_peak_gflops(ctx, ctx->threads);
    out->peak_fraction = out->gflops / out->peak_gflops; /* NaN where either is */
    out->arena_bytes = (int64_t)summary.arena_bytes;
    out->constant_bytes = (int64_t)summary.constant_bytes;
    out->packed_bytes = (int64_t)summary.packed_bytes;
    out->parameters = summary.parameters;
    out->kernels = bench->profile.kernels;
    out->kernel_count = bench->profile.kernel_count;
    out->steps = bench->profile.steps;
    out->step_count = bench->profile.step_count;
}

static imgcls_status measure(struct bench *bench,
                             const struct imgcls_bench_options *options, double *first)
{
    struct imgcls_model *model = bench->model;
    double seconds = options->seconds > 0 ? options->seconds : SECONDS_DEFAULT;
    imgcls_status status = icl_feed_make(model, options->batch, &bench->feed);
    if (status == IMGCLS_OK)
        status = icl_model_session(model, &bench->session);
    bench->outputs = calloc(model->graph->output_count + 1, sizeof *bench->outputs);
    if (status == IMGCLS_OK && !bench->outputs)
        status = icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for outputs");
    if (status == IMGCLS_OK)
        status = run_once(bench, first);
    if (status == IMGCLS_OK)
        status = run_for(bench, seconds);
    if (status == IMGCLS_OK)
        status = icl_profile_make(model->ctx, bench->session, &bench->feed, bench->outputs,
                                  seconds * PROFILE_SHARE, &bench->profile);
    return status;
}

imgcls_status imgcls_bench(struct imgcls_model *model,
                           const struct imgcls_bench_options *given,
                           struct imgcls_bench_report *out)
{
    struct imgcls_bench_options options = {.struct_size = sizeof options};
    if (given)
        memcpy(&options, given,
               given->struct_size < sizeof options ? given->struct_size : sizeof options);
    memset(out, 0, sizeof *out);
    out->struct_size = sizeof *out;
    icl_forgive(model->ctx); /* what an earlier call left */
    struct bench *bench = calloc(1, sizeof *bench);
    if (!bench)
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory to measure");
    bench->model = model;
    out->owner = bench;
    double first = 0;
    imgcls_status status = measure(bench, &options, &first);
    if (status != IMGCLS_OK && status != IMGCLS_INTERRUPTED &&
        !strstr(model->ctx->error, model->path))
        icl_fail_within(model->ctx, status, "%s", model->path);
    out->first_ms = 1e3 * first;
    if (status == IMGCLS_OK)
        fill_report(bench, out);
    return status;
}

void imgcls_bench_report_clear(struct imgcls_bench_report *report)
{
    struct bench *bench = report ? report->owner : NULL;
    if (!bench)
        return;
    icl_profile_clear(&bench->profile);
    icl_feed_clear(bench->model->ctx, &bench->feed);
    free(bench->outputs);
    free(bench->times);
    free(bench);
    memset(report, 0, sizeof *report);
}
