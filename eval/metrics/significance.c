/*
 * eval/metrics/significance.c - how sure is a rate, and is one model really better
 *
 * Wilson (1927): the interval of a rate that behaves near 0 and 1, where the normal one does
 * not. McNemar's test in its exact form: two models over the same pictures differ only where
 * exactly one is right; if they were equal, each such picture would fall to either by a fair
 * coin, so the split is binomial with 1/2.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/metrics/metrics.h"

#include <math.h>

#define Z95 1.959963984540054 /* the normal distribution's 97.5 % quantile */

struct imgcls_rate icl_wilson(int64_t correct, int64_t total)
{
    struct imgcls_rate rate = {0, 0, 0};
    double n = (double)total, p, middle, half, scale;
    if (total <= 0)
        return rate;
    p = (double)correct / n;
    scale = 1 + Z95 * Z95 / n;
    middle = (p + Z95 * Z95 / (2 * n)) / scale;
    half = Z95 * sqrt(p * (1 - p) / n + Z95 * Z95 / (4 * n * n)) / scale;
    rate.value = p;
    rate.low = correct == 0 ? 0 : fmax(0, middle - half);
    rate.high = correct == total ? 1 : fmin(1, middle + half);
    return rate;
}

/* P(X <= k) of a binomial(n, 1/2), by the ratio of neighbours: C(n, i-1)/C(n, i) =
 * i/(n-i+1). Starting at k, the largest term, the rest only adds smaller ones. */
static double tail(int64_t k, int64_t n)
{
    int sign;
    double top = lgamma_r((double)n + 1, &sign) - lgamma_r((double)k + 1, &sign) -
                 lgamma_r((double)(n - k) + 1, &sign) - (double)n * M_LN2;
    double term = 1, sum = 1;
    int64_t i;
    for (i = k; i > 0 && term > sum * 1e-18; i--) {
        term *= (double)i / (double)(n - i + 1);
        sum += term;
    }
    return exp(top) * sum;
}

double icl_mcnemar(int64_t a, int64_t b)
{
    int64_t less = a < b ? a : b;
    double p;
    if (a == b) /* also none at all: nothing speaks for a difference */
        return 1;
    p = 2 * tail(less, a + b);
    return p < 1 ? p : 1;
}
