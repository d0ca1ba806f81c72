/*
 * programs/eval_results.h - an evaluation's figures as words, and as JSON
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef EVAL_RESULTS_H
#define EVAL_RESULTS_H

#include <imgcls/evaluate.h>

#include <jansson.h>

/* The run as the contract has it; run_id 0: it was not recorded. Own: json_decref. */
json_t *eval_results_json(const char *path, const struct imgcls_model *model,
                          const struct imgcls_evaluation *e, int64_t run_id);
/* On standard output; board: the leaderboard that run_id, where it is not 0, is in. */
void eval_results_print(const char *path, const struct imgcls_evaluation *e, int64_t run_id,
                        const char *board);
/* File names need not be UTF-8; JSON must: what is not becomes "?". */
json_t *eval_json_name(const char *text);

#endif
