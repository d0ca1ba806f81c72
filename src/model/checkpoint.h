/*
 * src/model/checkpoint.h - from weights without a graph to a graph that says where it came
 * from
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_MODEL_CHECKPOINT_H
#define ICL_MODEL_CHECKPOINT_H

#include "src/model/read.h"
#include "src/registry/registry.h"

/* Reads the source by `format` into an empty graph: checkpoint, architecture, metadata. */
imgcls_status icl_read_checkpoint(struct imgcls_context *ctx, struct icl_registry *registry,
                                  const struct imgcls_format *format,
                                  const struct imgcls_source *source,
                                  const struct icl_read_options *options,
                                  struct imgcls_graph *graph);

/* Puts into the checkpoint's texts how its architecture is known (IMGCLS_META_EVIDENCE), as
 * --arch (or NULL) and the source say; leaves them as they are where nobody knows it. */
imgcls_status icl_checkpoint_recognise(struct imgcls_context *ctx,
                                       struct icl_registry *registry,
                                       struct imgcls_checkpoint *checkpoint,
                                       const char *arch);

#endif
