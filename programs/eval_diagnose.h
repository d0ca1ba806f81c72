/*
 * programs/eval_diagnose.h - which preprocessing, and which order of classes, fits a model
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef EVAL_DIAGNOSE_H
#define EVAL_DIAGNOSE_H

#include <imgcls/evaluate.h>

#include <jansson.h>

/* Tries pipelines on options->limit pictures (a few hundred where it is 0) and says on
 * standard output, or in *json where it is not NULL, which fits best. model_options' recipe
 * is only one of the candidates. *json: own. */
imgcls_status eval_diagnose(struct imgcls_context *ctx, const char *path,
                            const struct imgcls_model_options *model_options,
                            const struct imgcls_evaluation_options *options, json_t **json);

#endif
