/*
 * eval/metrics/corruption.c - ImageNet-C's corruptions and what AlexNet makes of them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/metrics/corruption.h"

#include <math.h>
#include <string.h>

const struct icl_corruption icl_corruptions[ICL_CORRUPTION_COUNT] = {
    {"gaussian_noise", 0.886428, true},
    {"shot_noise", 0.894468, true},
    {"impulse_noise", 0.922640, true},
    {"defocus_blur", 0.819880, true},
    {"glass_blur", 0.826268, true},
    {"motion_blur", 0.785948, true},
    {"zoom_blur", 0.798360, true},
    {"snow", 0.866816, true},
    {"frost", 0.826572, true},
    {"fog", 0.819324, true},
    {"brightness", 0.564592, true},
    {"contrast", 0.853204, true},
    {"elastic_transform", 0.646056, true},
    {"pixelate", 0.717840, true},
    {"jpeg_compression", 0.606500, true},
    {"speckle_noise", 0.845388, false},
    {"gaussian_blur", 0.787108, false},
    {"spatter", 0.717512, false},
    {"saturate", 0.658248, false},
};

const struct icl_corruption *icl_corruption_find(const char *name)
{
    size_t i;
    for (i = 0; i < ICL_CORRUPTION_COUNT; i++)
        if (strcmp(icl_corruptions[i].name, name) == 0)
            return &icl_corruptions[i];
    return NULL;
}

double icl_corruption_error(const int64_t images[ICL_SEVERITIES],
                            const int64_t right[ICL_SEVERITIES])
{
    double sum = 0;
    int i;
    for (i = 0; i < ICL_SEVERITIES; i++) {
        if (images[i] == 0)
            return NAN;
        sum += (double)(images[i] - right[i]) / (double)images[i];
    }
    return sum / ICL_SEVERITIES;
}
