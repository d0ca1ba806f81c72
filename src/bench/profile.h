/*
 * src/bench/profile.h - runs in which every step is timed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BENCH_PROFILE_H
#define ICL_BENCH_PROFILE_H

#include <imgcls/bench.h>

#include "src/bench/feed.h"
#include "src/session/session.h"

struct icl_profile {
    struct imgcls_bench_step *steps; /* texts borrowed from the plan */
    size_t step_count;
    struct imgcls_bench_kernel *kernels;
    size_t kernel_count;
};

/* Runs for about `seconds`, three times at least, and gives the mean of each step. The plan
 * of the session's last run must stay the session's. Own: icl_profile_clear. */
imgcls_status icl_profile_make(struct imgcls_context *ctx, struct icl_session *session,
                               const struct icl_feed *feed,
                               const struct imgcls_value **outputs, double seconds,
                               struct icl_profile *out);
void icl_profile_clear(struct icl_profile *profile);

#endif
