/*
 * src/convert/batch.h - a batch that an exporter baked into a model's constants is freed
 *
 * Exporters trace with one picture and write its 1 into Reshape, Expand and Resize constants
 * and into what a class token is joined with. Freeing is three steps: find out where the batch
 * stands in every value (batch_trace.c), change the constants that pin it (batch_edit.c), run
 * both graphs and compare bits (batch_check.c). A graph that does not pass the last step stays
 * as it was.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BATCH_H
#define ICL_BATCH_H

#include "src/model/model.h"

enum icl_batch_kind {
    ICL_BATCH_SHAPE, /* input becomes the constant dims */
    ICL_BATCH_SIZES, /* input becomes the batch, then the constant dims[1..] */
    ICL_BATCH_TILE,  /* input is repeated along axis, once a picture */
    ICL_BATCH_INDEX, /* input, indices of the first picture, is repeated along dimension 0, the
                        picture's number times the dims[0] numbers dims[1], ... added */
};

/* A change of one input of the node that gives the value `output`. */
struct icl_batch_edit {
    char *output; /* own */
    size_t input;
    enum icl_batch_kind kind;
    int32_t rank, axis;
    int64_t dims[IMGCLS_MAX_RANK];
};

struct icl_batch_edits {
    struct imgcls_context *ctx;
    struct icl_batch_edit *list; /* own */
    size_t count, capacity;
};

/* A clone in which an If stands for its branch where no batch decides which; *taken is NULL where
 * there is no such If. Own: icl_graph_destroy. */
imgcls_status icl_batch_branches(const struct imgcls_graph *graph, struct imgcls_graph **taken);
/*
 * Finds the edits that let the graph's one input have any first dimension. batch is what the
 * source has there. inner: where a batch could become a factor of either neighbour, of the
 * inner one. reason is filled, and *possible false, where it cannot be done.
 */
imgcls_status icl_batch_trace(const struct imgcls_graph *graph, int64_t batch, bool inner,
                              struct icl_batch_edits *edits, bool *possible, char *reason,
                              size_t capacity);
/* Adds an edit; a second one of the same input takes the first one's place. */
imgcls_status icl_batch_edit_add(struct icl_batch_edits *edits,
                                 const struct icl_batch_edit *edit);
void icl_batch_edits_clear(struct icl_batch_edits *edits);
/* Applies the edits and gives the input, and what the outputs declare, an open batch. */
imgcls_status icl_batch_apply(struct imgcls_graph *graph, const struct icl_batch_edits *edits);
/* Runs both graphs on the same noise: the freed one must give the source's bits at the source's
 * batch, and at 1, 2 and 3 each picture's row must have the bits that it has alone. */
imgcls_status icl_batch_check(const struct imgcls_graph *source,
                              const struct imgcls_graph *freed, int64_t batch, bool *same,
                              char *reason, size_t capacity);

/* What became of a model's batch. */
struct icl_batch_result {
    bool freed;      /* it was fixed, or pinned by constants, and is open and checked now */
    int64_t batch;   /* of the source; 0 where nothing was to be done */
    size_t edits;
    char reason[256]; /* why it stays, where it does */
};
/* Replaces model->graph by a freed one where that can be shown to be right. Before the first
 * session. */
imgcls_status icl_batch_free(struct imgcls_model *model, struct icl_batch_result *result);

#endif
