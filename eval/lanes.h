/*
 * eval/lanes.h - evaluating a plan of pictures with threads
 *
 * Two ways, with the same bits. Lanes: each thread takes whole pictures, from the file to
 * the scores, with a session of its own over the same plan; nothing waits for anything. Shared:
 * threads decode ahead (feeder.c) and one session runs on all of them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_LANES_H
#define ICL_LANES_H

#include "eval/batch.h"

struct icl_lanes_options {
    const size_t *plan; /* pictures to do, in reading order */
    size_t count;
    struct icl_place_stream *stream; /* of a set that is one, else NULL */
    size_t batch;
    int32_t threads;
    /* Called on the caller's thread now and then with pictures that were finished, and once
     * at the end. Other than IMGCLS_OK ends the evaluation. */
    imgcls_status (*news)(void *argument, const size_t *indices, size_t count);
    void *argument;
};

/* Evaluates all pictures of the plan. *lanes says in how many lanes; 0: shared. */
imgcls_status icl_lanes_run(struct imgcls_model *model, struct icl_evaluation *evaluation,
                            const struct icl_lanes_options *options, int32_t *lanes);

#endif
