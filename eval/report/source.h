/*
 * eval/report/source.h - pictures of a data set by name, wherever they lie
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REPORT_SOURCE_H
#define ICL_REPORT_SOURCE_H

#include "src/context/context.h"

#include <stdbool.h>

/* A picture that is wanted. */
struct icl_sourced {
    const char *file; /* as the leaderboard names it; borrowed */
    bool found;       /* the data set still has such a file, readable or not */
};

/*
 * Hands the bytes of each picture to `take`, in an order that suits where they lie: one after
 * another from a folder, front to back through archives, by number from files of records
 * (layout says so: cifar10, mnist, ...). Pictures are sorted bytewise by file, each once.
 * Whatever cannot be had is left out; `found` says why. Fails where `take` does, and where the
 * user asked to stop.
 */
imgcls_status icl_source_read(struct imgcls_context *ctx, const char *path, const char *layout,
                              struct icl_sourced *pictures, size_t count,
                              imgcls_status (*take)(void *argument, size_t index,
                                                    const void *bytes, size_t size),
                              void *argument);

#endif
