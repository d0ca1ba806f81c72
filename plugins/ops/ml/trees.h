/*
 * plugins/ops/ml/trees.h - what both forms of decision trees share: questions, how weights come
 * together, and the proof that every road ends
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_ML_TREES_H
#define OPS_ML_TREES_H

#include <math.h>

#include "plugins/ops/op.h"

#define TREE_END SIZE_MAX /* of a road: a leaf */

/* In the order of TreeEnsemble's numbers, as all of these. */
enum tree_kind { TREE_LEQ, TREE_LT, TREE_GTE, TREE_GT, TREE_EQ, TREE_NEQ, TREE_QUESTIONS };
enum tree_together { TREE_AVERAGE, TREE_SUM, TREE_MIN, TREE_MAX, TREE_TOGETHERS };

struct tree_question {
    enum tree_kind kind;
    bool missing_is_true; /* NaN is answered with yes */
    double split;
};

/* Questions of other kinds are not asked here, but what NaN is answered with is the same. */
static inline bool tree_answer(const struct tree_question *question, double x)
{
    if (isnan(x) && question->missing_is_true)
        return true;
    switch (question->kind) {
    case TREE_LEQ:
        return x <= question->split;
    case TREE_LT:
        return x < question->split;
    case TREE_GTE:
        return x >= question->split;
    case TREE_GT:
        return x > question->split;
    case TREE_EQ:
        return x == question->split;
    default:
        return x != question->split;
    }
}

/* Is a score one of the weights, and not a sum of them? */
static inline bool tree_keeps_one(enum tree_together together)
{
    return together == TREE_MIN || together == TREE_MAX;
}

/* A leaf's weight joins the score of its target; reached: whether another did before. Averages
 * are divided at the end. */
static inline void tree_join(enum tree_together together, double weight, double *score,
                             unsigned char *reached)
{
    if (together == TREE_MIN)
        *score = *reached && *score <= weight ? *score : weight;
    else if (together == TREE_MAX)
        *score = *reached && *score >= weight ? *score : weight;
    else
        *score += weight;
    *reached = 1;
}

/* Fails where a road from one of the roots leads back to where it came from. roads_from gives
 * the two nodes to which node `at` of `nodes` leads, TREE_END for a leaf; both answers may lead
 * to the same. Roots and roads are below count. */
imgcls_status trees_check_roads(const struct imgcls_host *host, const struct imgcls_node *node,
                                const void *nodes, size_t count,
                                void (*roads_from)(const void *nodes, size_t at, size_t next[2]),
                                const size_t *roots, size_t root_count);

#endif
