/*
 * src/model/top.c - the most probable classes of one row of scores
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/model.h"

#include <math.h>

#define SUM_TOLERANCE 1e-3

bool icl_is_distribution(const float *row, int64_t classes)
{
    double sum = 0;
    for (int64_t i = 0; i < classes; i++) {
        if (!(row[i] >= 0 && row[i] <= 1))
            return false;
        sum += row[i];
    }
    return fabs(sum - 1) <= SUM_TOLERANCE;
}

/* NaN is lower than everything; equal scores keep the order of the classes. */
static bool is_above(const float *row, int64_t a, int64_t b)
{
    if (isnan(row[a]) || isnan(row[b]))
        return !isnan(row[a]) && isnan(row[b]);
    return row[a] > row[b];
}

static size_t find_best(const float *row, int64_t classes, size_t k, int32_t *index)
{
    size_t count = 0;
    for (int64_t i = 0; i < classes; i++) {
        size_t at = count;
        while (at > 0 && is_above(row, i, index[at - 1]))
            at--;
        if (at >= k)
            continue;
        if (count < k)
            count++;
        for (size_t j = count - 1; j > at; j--)
            index[j] = index[j - 1];
        index[at] = (int32_t)i;
    }
    return count;
}

/* Softmax of one score. An infinite score takes everything, shared among its equals. */
static double probability_of(float score, double best, double sum)
{
    if (isnan(score))
        return 0;
    if (isinf(best))
        return score == best ? 1 / sum : 0;
    return exp((double)score - best) / sum;
}

size_t icl_top_k(const float *row, int64_t classes, size_t k, int32_t *index,
                 float *probability)
{
    if (classes <= 0 || classes > INT32_MAX || k == 0)
        return 0;
    size_t count = find_best(row, classes, k, index);
    if (icl_is_distribution(row, classes)) {
        for (size_t i = 0; i < count; i++)
            probability[i] = row[index[i]];
        return count;
    }
    double best = row[index[0]], sum = 0;
    for (int64_t i = 0; i < classes; i++)
        if (!isnan(row[i]))
            sum += isinf(best) ? row[i] == best : exp((double)row[i] - best);
    for (size_t i = 0; i < count; i++)
        probability[i] = (float)probability_of(row[index[i]], best, sum);
    return count;
}
