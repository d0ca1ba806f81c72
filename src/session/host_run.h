/*
 * src/session/host_run.h - what a kernel's run is handed, and may ask of the host
 *
 * Signatures of the icl_host_ functions are those of the table in imgcls/plugin.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_HOST_RUN_H
#define ICL_HOST_RUN_H

#include "src/context/context.h"

struct icl_bodies;
struct icl_pool;
struct icl_value;

/*
 * One call of a kernel. outputs[i] begins as blanks[i] (a value of the caller's, its tensor
 * NULL where the shape is open) or as a value that the caller allocated; run_output,
 * run_items and run_copy may replace it. Afterwards outputs[i] != blanks[i] means: an
 * allocated value, which the caller releases.
 */
struct icl_run {
    struct imgcls_run run; /* first: the host gets back from one to the other */
    struct imgcls_context *ctx;
    struct icl_pool *pool;     /* NULL: alone */
    struct icl_bodies *bodies; /* for run_graph; NULL: there is none */
    struct imgcls_value **outputs;
    struct imgcls_value *const *blanks;
    /* The present value of an outer graph's edge, for bodies. */
    const struct imgcls_value *(*outer)(void *argument, const struct icl_value *value);
    void *outer_argument;
};

void icl_host_parallel_for(const struct imgcls_host *host, const struct imgcls_run *run,
                           int64_t count, int64_t grain,
                           void (*body)(void *argument, int64_t begin, int64_t end,
                                        int32_t thread),
                           void *argument);
imgcls_status icl_host_run_output(const struct imgcls_host *host,
                                  const struct imgcls_run *run, size_t index, int32_t type,
                                  int32_t rank, const int64_t *dims);
imgcls_status icl_host_run_items(const struct imgcls_host *host,
                                 const struct imgcls_run *run, size_t index, size_t count,
                                 const struct imgcls_value *const *items);
imgcls_status icl_host_run_copy(const struct imgcls_host *host,
                                const struct imgcls_run *run, size_t index,
                                const struct imgcls_value *value);
imgcls_status icl_host_run_graph(const struct imgcls_host *host,
                                 const struct imgcls_run *run,
                                 const struct imgcls_graph *graph, size_t input_count,
                                 const struct imgcls_value *const *inputs,
                                 size_t output_count, struct imgcls_value **outputs);

#endif
