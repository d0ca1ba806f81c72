/*
 * src/plan/parts.h - a batch in parts that stay in the caches
 *
 * Where images are apart (images.h), steps need not take the whole batch at once: what one leaves
 * for the next would fill the arena, and the arena the memory behind the caches. So the graph is
 * run for a micro-batch at a time, as many images as keep the values around one product within a
 * limit that was measured. What is small for an image and comes last, a classifier's large matrices
 * above all, is a part of its own for the whole batch: its weights are read once a batch.
 *
 * The results are the same: they do not depend on what else is in a batch.
 *
 * Private to src/plan.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLAN_PARTS_H
#define ICL_PLAN_PARTS_H

#include "src/plan/images.h"

/* Looks for a way through `batch` images. part_bytes: of icl_plan_options. *micro, a divisor of batch, is how many `graph` takes at
 * a time (its inputs still say batch). *tail is NULL, or the part behind it, own: its inputs are
 * those of the graph before, and then the graph's new outputs, for the whole batch. */
imgcls_status icl_parts_make(struct imgcls_graph *graph, const struct icl_images *images,
                             int64_t batch, int64_t part_bytes, int64_t *micro,
                             struct imgcls_graph **tail);

#endif
