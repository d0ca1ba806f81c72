#!/usr/bin/env python3
# tests/metrics/significance_reference.py - writes significance.csv: what SciPy and statsmodels say
#
#   significance_reference.py > significance.csv      (needs scipy and statsmodels)
#
# Rows "wilson,correct,total,low,high" and "mcnemar,only_first,only_second,p,". A value is kept
# only where both packages agree to 1e-12; Wilson's bounds at 0 and at all are set to 0 and 1, as
# SciPy does and the formula gives but for rounding.
#
# SPDX-License-Identifier: Apache-2.0
import random

import scipy
import statsmodels
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint


def near(a, b):
    return abs(a - b) <= 1e-12 * max(abs(a), abs(b)) + 1e-15


random.seed(9)
rates = [(0, 1), (1, 1), (50, 100), (300, 500), (410, 500), (0, 500), (500, 500), (38000, 50000),
         (1, 10**6)]
rates += [(random.randint(0, n), n) for n in [2, 7, 10, 33, 100, 355, 1000, 5000, 10000, 50000]
          for _ in range(4)]
splits = [(0, 0), (1, 9), (9, 1), (0, 1), (0, 5), (0, 6), (5, 5), (12, 30), (181, 61),
          (1000, 1100), (2, 1)]
splits += [(random.randint(0, n), random.randint(0, n)) for n in [3, 10, 40, 150, 700, 3000]
           for _ in range(5)]

print(f'# by significance_reference.py with SciPy {scipy.__version__}, '
      f'statsmodels {statsmodels.__version__}')
for k, n in rates:
    one = binomtest(k, n).proportion_ci(0.95, 'wilson')
    two = proportion_confint(k, n, 0.05, 'wilson')
    assert near(one.low, max(0, two[0])) and near(one.high, min(1, two[1])), (k, n, one, two)
    print(f'wilson,{k},{n},{one.low!r},{one.high!r}'.replace('np.float64(', '').replace(')', ''))
for a, b in splits:
    one = binomtest(min(a, b), a + b, 0.5).pvalue if a + b else 1.0
    two = min(1.0, mcnemar([[10, a], [b, 20]], exact=True).pvalue) if a + b else 1.0
    assert abs(one - two) <= 1e-9 * one, (a, b, one, two)
    print(f'mcnemar,{a},{b},{float(one)!r},')
