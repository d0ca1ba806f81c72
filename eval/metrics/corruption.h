/*
 * eval/metrics/corruption.h - ImageNet-C's corruptions and what AlexNet makes of them
 *
 * A model's corruption error is its error at a corruption, the mean over five severities,
 * divided by AlexNet's; the mean of the fifteen is the mCE (Hendrycks and Dietterich,
 * "Benchmarking Neural Network Robustness to Common Corruptions and Perturbations", 2019).
 * So 1 is as bad as AlexNet, whatever the corruption.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_CORRUPTION_H
#define ICL_CORRUPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ICL_SEVERITIES       5
#define ICL_CORRUPTION_COUNT 19

struct icl_corruption {
    const char *name;     /* of its folder */
    double alexnet_error; /* published: mean over severities, fraction */
    bool in_mean;         /* one of the fifteen; the four others are for development */
};

extern const struct icl_corruption icl_corruptions[ICL_CORRUPTION_COUNT];
/* The corruption of exactly this name, or NULL. */
const struct icl_corruption *icl_corruption_find(const char *name);

/* Mean error over the severities; NaN unless each of the five has pictures. */
double icl_corruption_error(const int64_t images[ICL_SEVERITIES],
                            const int64_t right[ICL_SEVERITIES]);

#endif
