/*
 * src/model/read.h - a source becomes a graph, by whichever plugin reads it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_MODEL_READ_H
#define ICL_MODEL_READ_H

#include "src/graph/graph.h"

/* What a checkpoint's graph depends on besides the checkpoint; NULL where not given. */
struct icl_read_options {
    const char *arch;          /* --arch */
    const char *recipe;        /* --preprocess: its crop is the input's size */
    const char *const *shapes; /* --shape texts, NULL-ended */
};

/* Reads into an empty graph; options may be NULL. *format is the plugin's name for it
 * (borrowed from the plugin). */
imgcls_status icl_read_model(struct imgcls_context *ctx, const struct imgcls_source *source,
                             const struct icl_read_options *options,
                             struct imgcls_graph *graph, const char **format);
/* SHA-256 of a file; of a folder: of each file's name, size and hash, names sorted, hidden
 * files and folders left out. */
imgcls_status icl_source_sha256(struct imgcls_context *ctx,
                                const struct imgcls_source *source, char text[65]);

#endif
