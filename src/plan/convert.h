/*
 * src/plan/convert.h - the step that the planner itself adds: copy and convert a value
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLAN_CONVERT_H
#define ICL_PLAN_CONVERT_H

#include "src/plan/step.h"

/* Copies input 0 to output 0; types equal, or both of f16, bf16, f32, f64. */
extern const struct imgcls_kernel icl_convert_kernel;

#endif
