/*
 * src/suite/case.h - one case: a model, its data sets, its tolerance
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_CASE_H
#define ICL_CASE_H

#include <imgcls/suite.h>

#include "src/context/context.h"

#define ICL_CASE_TEXT 2048

struct icl_case_result {
    int32_t result, compared;
    char operators[ICL_CASE_TEXT], reason[ICL_CASE_TEXT];
};

/* Runs the case in `folder` in this process. Never fails: what goes wrong is the result. */
void icl_case_run(struct imgcls_context *ctx, const char *folder,
                  struct icl_case_result *result);

#endif
