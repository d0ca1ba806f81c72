/*
 * src/bench/profile.c - runs in which every step is timed
 *
 * The session hands every step's time to an observer, several times a run where the batch goes
 * through in pieces. Kernels are the same times, added up by name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bench/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNS_MIN 3

struct times {
    uint64_t *ns; /* per step, over all runs */
    size_t count;
};

static imgcls_status note_time(void *argument, size_t index, const struct imgcls_node *node,
                               const char *kernel, const struct imgcls_value *const *inputs,
                               struct imgcls_value *const *outputs, uint64_t time_ns)
{
    struct times *times = argument;
    (void)node;
    (void)kernel;
    (void)inputs;
    (void)outputs;
    if (index < times->count)
        times->ns[index] += time_ns;
    return IMGCLS_OK;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static size_t count_steps(const struct icl_plan *plan)
{
    const struct imgcls_node *node;
    const char *kernel;
    size_t count = 0;
    while (icl_plan_step(plan, count, &node, &kernel))
        count++;
    return count;
}

static void fill_steps(const struct icl_plan *plan, const struct times *times, int64_t runs,
                       struct icl_profile *profile)
{
    double total = 0;
    for (size_t i = 0; i < times->count; i++)
        total += (double)times->ns[i];
    for (size_t i = 0; i < times->count; i++) {
        const struct imgcls_node *node;
        struct imgcls_bench_step *step = &profile->steps[i];
        int64_t macs, bytes;
        icl_plan_step(plan, i, &node, &step->kernel);
        icl_plan_step_work(plan, i, &macs, &bytes);
        step->node = node->name;
        step->type = node->type;
        step->ms = (double)times->ns[i] / (double)runs * 1e-6;
        step->share = total > 0 ? (double)times->ns[i] / total : 0;
        step->gflops = macs > 0 && step->ms > 0 ? 2e-6 * (double)macs / step->ms : NAN;
        step->bytes = bytes;
    }
    profile->step_count = times->count;
}

static int by_time(const void *left, const void *right)
{
    const struct imgcls_bench_kernel *a = left, *b = right;
    if (a->ms != b->ms)
        return a->ms > b->ms ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void add_up_kernels(struct icl_profile *profile)
{
    for (size_t i = 0; i < profile->step_count; i++) {
        const struct imgcls_bench_step *step = &profile->steps[i];
        const char *name = step->kernel[0] ? step->kernel : "(chosen when run)";
        size_t k = 0;
        while (k < profile->kernel_count && strcmp(profile->kernels[k].name, name) != 0)
            k++;
        if (k == profile->kernel_count)
            profile->kernels[profile->kernel_count++].name = name;
        profile->kernels[k].count++;
        profile->kernels[k].ms += step->ms;
    }
    if (profile->kernel_count > 0)
        qsort(profile->kernels, profile->kernel_count, sizeof *profile->kernels, by_time);
}

imgcls_status icl_profile_make(struct imgcls_context *ctx, struct icl_session *session,
                               const struct icl_feed *feed,
                               const struct imgcls_value **outputs, double seconds,
                               struct icl_profile *out)
{
    const struct icl_plan *plan = icl_session_plan(session);
    struct times times = {.count = count_steps(plan)};
    memset(out, 0, sizeof *out);
    times.ns = calloc(times.count + 1, sizeof *times.ns);
    out->steps = calloc(times.count + 1, sizeof *out->steps);
    out->kernels = calloc(times.count + 1, sizeof *out->kernels);
    if (!times.ns || !out->steps || !out->kernels) {
        free(times.ns);
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to profile");
    }
    icl_session_observe(session, note_time, &times);
    imgcls_status status = IMGCLS_OK;
    int64_t runs = 0;
    for (double began = now();
         status == IMGCLS_OK && (runs < RUNS_MIN || now() - began < seconds); runs++)
        status = icl_session_run(session, (const struct imgcls_value *const *)feed->values,
                                 outputs);
    icl_session_observe(session, NULL, NULL);
    if (status == IMGCLS_OK) {
        fill_steps(plan, &times, runs, out);
        add_up_kernels(out);
    }
    free(times.ns);
    return status;
}

void icl_profile_clear(struct icl_profile *profile)
{
    free(profile->steps);
    free(profile->kernels);
    memset(profile, 0, sizeof *profile);
}
