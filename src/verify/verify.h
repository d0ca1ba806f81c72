/*
 * src/verify/verify.h - verifying a model that is open already
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_VERIFY_H
#define ICL_VERIFY_H

#include <imgcls/verify.h>

#include "src/model/model.h"
#include "src/verify/reference.h"

/* As imgcls_verify, for an open model and references that the caller keeps. */
imgcls_status icl_verify_model(struct imgcls_model *model,
                               const struct icl_references *references,
                               const struct imgcls_verify_options *options,
                               struct imgcls_verify_report *report);
/* 2e-5, or 5e-3 where an input, output or weight is float16 or bfloat16. */
double icl_verify_default_l2(const struct imgcls_graph *graph);

#endif
