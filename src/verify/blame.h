/*
 * src/verify/blame.h - which node computes something other than what its operator means
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BLAME_H
#define ICL_BLAME_H

#include "src/graph/graph.h"
#include "src/verify/reference.h"

/*
 * Runs the graph once in float64 by portable kernels, unfused, keeping every value; then once
 * as the machine would, unfused, where after each node its outputs are compared with the
 * float64 ones and then replaced by them, so that an error is judged where it is made and not
 * where it arrives. *text (own: free) is one sentence: the first node whose relative L2 is
 * above `limit` (then *found is 1), or that none is and how far the float64 run is from the reference.
 */
imgcls_status icl_blame(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                        const struct icl_reference *set, double limit, char **text,
                        int32_t *found);

#endif
