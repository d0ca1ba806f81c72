/*
 * src/bench/feed.h - inputs made up for a model's shapes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BENCH_FEED_H
#define ICL_BENCH_FEED_H

#include "src/model/model.h"

struct icl_feed {
    size_t count;
    struct imgcls_value **values; /* one an input, own */
    int64_t batch;                /* first dimension of the first input, 1 for a scalar */
};

/* Open first dimensions become `batch` (0: 1). Own: icl_feed_clear, also after a failure.
 */
imgcls_status icl_feed_make(struct imgcls_model *model, int64_t batch,
                            struct icl_feed *out);
void icl_feed_clear(struct imgcls_context *ctx, struct icl_feed *feed);

#endif
