/*
 * plugins/ops/threads.h - a kernel's job on the host's threads
 *
 * A family of kernels has a job of its own type, so that what hands parts of it to threads is
 * made for each from one text:
 *
 *     OP_THREADS(share, struct gemm_job, gemm_kernel)
 *
 * defines share(host, run, job, kernel, workspace, bytes, count, grain): units [0, count) of the
 * job in calls of the kernel, at least `grain` units each; each thread has `bytes` of its own
 * behind `workspace` (0: it is given NULL). OP_THREADS_PLAIN is for kernels without a workspace.
 * Neither calls anything where there is no unit.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_THREADS_H
#define OPS_THREADS_H

#include "op.h"

#define OP_THREADS(NAME, JOB, KERNEL)                                                      \
    struct NAME##_parts {                                                                  \
        const JOB *job;                                                                    \
        KERNEL *kernel;                                                                    \
        char *workspace;                                                                   \
        size_t bytes;                                                                      \
    };                                                                                     \
    static void NAME##_part(void *argument, int64_t begin, int64_t end, int32_t thread)    \
    {                                                                                      \
        const struct NAME##_parts *parts = argument;                                       \
        void *own =                                                                        \
            parts->bytes ? parts->workspace + (size_t)thread * parts->bytes : NULL;        \
        parts->kernel(parts->job, begin, end, own);                                        \
    }                                                                                      \
    static void NAME(const struct imgcls_host *host, const struct imgcls_run *run,         \
                     const JOB *job, KERNEL *kernel, void *workspace, size_t bytes,        \
                     int64_t count, int64_t grain)                                         \
    {                                                                                      \
        struct NAME##_parts parts = {job, kernel, workspace, bytes};                       \
        if (count > 0)                                                                     \
            host->parallel_for(host, run, count, grain, NAME##_part, &parts);              \
    }

#define OP_THREADS_PLAIN(NAME, JOB, KERNEL)                                                \
    struct NAME##_parts {                                                                  \
        const JOB *job;                                                                    \
        KERNEL *kernel;                                                                    \
    };                                                                                     \
    static void NAME##_part(void *argument, int64_t begin, int64_t end, int32_t thread)    \
    {                                                                                      \
        const struct NAME##_parts *parts = argument;                                       \
        (void)thread;                                                                      \
        parts->kernel(parts->job, begin, end);                                             \
    }                                                                                      \
    static void NAME(const struct imgcls_host *host, const struct imgcls_run *run,         \
                     const JOB *job, KERNEL *kernel, int64_t count, int64_t grain)         \
    {                                                                                      \
        struct NAME##_parts parts = {job, kernel};                                         \
        if (count > 0)                                                                     \
            host->parallel_for(host, run, count, grain, NAME##_part, &parts);              \
    }

/* For run: prepare asked for `bytes` a thread; OK where all threads have them. */
static inline imgcls_status op_workspace_fits(const struct imgcls_host *host,
                                              const struct imgcls_run *run, size_t bytes)
{
    int32_t threads = run->threads < 1 ? 1 : run->threads;

    if (bytes == 0 || run->workspace_bytes / bytes >= (size_t)threads)
        return IMGCLS_OK;
    return OP_FAIL(host, run->node, IMGCLS_INTERNAL,
                   "%zu bytes of workspace for %d threads that need %zu each",
                   run->workspace_bytes, threads, bytes);
}

#endif
