/*
 * src/verify/compare.h - how far two tensors are apart
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_COMPARE_H
#define ICL_COMPARE_H

#include "src/context/context.h"

#include <imgcls/verify.h>

struct icl_tolerance {
    bool elementwise;
    double l2, rtol, atol;
};

/* Fills the figures and `passed` (name and set are the caller's). Shapes must be equal and
 * types comparable: IMGCLS_MISMATCH with the two shapes in words otherwise. Values that are
 * NaN, or the same infinity, on both sides agree and leave the sums. */
imgcls_status icl_compare(struct imgcls_context *ctx, const char *name,
                          const struct imgcls_tensor *got, const struct imgcls_tensor *want,
                          const struct icl_tolerance *tolerance,
                          struct imgcls_verify_output *out);

#endif
