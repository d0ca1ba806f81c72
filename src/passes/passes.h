/*
 * src/passes/passes.h - changes of a graph that keep what it computes
 *
 * Two lists. The clean passes keep standard ONNX in the source's own opset and touch no
 * weight: what they leave is what a bundle stores. The plan passes run on a clone when a plan
 * is made: they upgrade to the newest meaning, fold, and fuse.
 * Each pass is a row in a table (passes.c) with a name that manifests and reports show.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PASSES_H
#define ICL_PASSES_H

#include "src/graph/graph.h"

struct icl_pass {
    const char *name; /* "drop-identity" */
    imgcls_status (*run)(struct imgcls_graph *graph, size_t *changes);
};

/* Constant nodes to initializers, identities (Identity, Dropout at inference) dropped, dead
 * nodes and unused initializers dropped; warns where Dropout or BatchNormalization stands in
 * training mode. names, where not NULL, gets the space-separated names of passes that changed
 * something (own: free). Inner graphs included. */
imgcls_status icl_passes_clean(struct imgcls_graph *graph, char **names);

/* Refuses a graph just read where a node has an operator, or an attribute, that only passes and
 * upgrades put there (inner graphs included). */
imgcls_status icl_passes_refuse_plan_only(const struct imgcls_graph *graph);

/* Brings each node to the newest meaning its operator knows (imgcls_op.upgrade) and sets the
 * graph's opsets accordingly. Reports all unknown operators at once: counts, first node of
 * each, input types, and what a plugin would have to offer. */
imgcls_status icl_passes_upgrade(struct imgcls_graph *graph);

/* Fusions that need no shapes: batch norms into convolutions, epilogues into producers whose
 * kernels apply them. After icl_passes_upgrade. */
imgcls_status icl_passes_fuse(struct imgcls_graph *graph, char **names);

#endif
