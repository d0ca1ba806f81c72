/*
 * src/verify/finite.h - outputs that are no numbers, and the weights that make them so
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_FINITE_H
#define ICL_FINITE_H

#include "src/graph/graph.h"

#include <imgcls/verify.h>

/* Whether all elements of both sides of a row are numbers. */
bool icl_row_is_finite(const struct imgcls_verify_output *row);

/* One sentence on a row that is not: how many elements of it, of the reference, and which
 * parameters of the graph hold such values themselves. Own: free; NULL: no memory. */
char *icl_not_finite_text(const struct imgcls_graph *graph,
                          const struct imgcls_verify_output *row);

#endif
