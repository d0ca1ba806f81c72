/*
 * eval/leaderboard/provenance.h - what a row says about model, plugins and machine
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_PROVENANCE_H
#define ICL_BOARD_PROVENANCE_H

#include "eval/leaderboard/board.h"

/* Texts behind the pointers that icl_board_describe sets. */
struct icl_board_texts {
    char graph_sha256[65], weights_sha256[65], parent_sha256[65];
};

/*
 * Fills what the open model itself says: hashes of graph and of weights, parameters, nodes,
 * opset, producer, type of the weights, size of the file, the model that it was made from;
 * multiply-adds for one picture where it has run. What is known already (macs >= 0, ...) stays.
 * The texts must live as long as *out.
 *
 * graph_sha256 is over operators, their attributes and who feeds whom, with the names of
 * values, without weights; weights_sha256 over names, types, dimensions and bytes of weights
 * sorted by name. Neither depends on the container, so a bundle and the .onnx file that it was
 * written from agree unless converting changed something.
 */
imgcls_status icl_board_describe(const struct imgcls_model *model,
                                 struct icl_board_model *out, struct icl_board_texts *texts);

/* The rows for the plugins that this process has loaded, and for the model's class names,
 * inside the caller's transaction. *id 0: there are none. */
imgcls_status icl_board_hash_plugins(struct imgcls_board *board); /* before: takes its time */
imgcls_status icl_board_keep_plugins(struct imgcls_board *board, int64_t *id);
imgcls_status icl_board_keep_labels(struct imgcls_board *board,
                                    const struct imgcls_model *model, int64_t *id);

#endif
