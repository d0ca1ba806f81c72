/*
 * src/convert/operators.h - how many nodes of which operator, before and after
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_OPERATORS_H
#define ICL_OPERATORS_H

#include <imgcls/convert.h>

#include "src/graph/graph.h"
#include "src/plan/plan.h"

struct icl_operator_counts {
    struct imgcls_operator_count *rows; /* own, with the names in them */
    size_t count, capacity;
    int64_t before, after; /* sums */
};

/* Adds the nodes of a graph (inner graphs too) to `before`, the steps of a plan to `after`. */
imgcls_status icl_operators_count_graph(struct icl_operator_counts *counts,
                                        const struct imgcls_graph *graph);
imgcls_status icl_operators_count_plan(struct icl_operator_counts *counts,
                                       struct imgcls_context *ctx,
                                       const struct icl_plan *plan);
/* The graph's own copies of a row's names, which live as long as the graph. */
bool icl_operators_names(const struct imgcls_graph *graph,
                         const struct imgcls_operator_count *row, const char **domain,
                         const char **type);
void icl_operators_sort(struct icl_operator_counts *counts);
void icl_operators_clear(struct icl_operator_counts *counts);

#endif
