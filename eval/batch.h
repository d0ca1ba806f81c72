/*
 * eval/batch.h - pictures of one size gathered, run together, and scored one by one
 *
 * One batch belongs to one thread and one model (or twin). What a picture gets does not
 * depend on the others in its batch.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BATCH_H
#define ICL_BATCH_H

#include "eval/evaluate.h"
#include "eval/feeder.h"
#include "src/model/model.h"

struct icl_batch;

/* capacity pictures at most. Own: icl_batch_close. */
imgcls_status icl_batch_open(struct imgcls_model *model, struct icl_evaluation *evaluation,
                             size_t capacity, struct icl_batch **out);
void icl_batch_close(struct icl_batch *batch);
/* Takes a picture (copied, unless it is run at once), or its failure; runs where the batch is
 * full. */
imgcls_status icl_batch_add(struct icl_batch *batch, const struct icl_fed *fed);
/* Runs what waits. */
imgcls_status icl_batch_run(struct icl_batch *batch);
/* Pictures a run: as asked; else as the model's first dimension fixes it; else one, or several
 * where fully connected layers hold most of what is read. */
imgcls_status icl_batch_capacity(struct imgcls_model *model, int64_t asked,
                                 size_t *capacity);

#endif
