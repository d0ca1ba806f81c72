/*
 * eval/leaderboard/classes.h - counts of a run class by class, and of what it confuses
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_CLASSES_H
#define ICL_BOARD_CLASSES_H

#include "eval/leaderboard/sides.h"

struct icl_class_count {
    int64_t class, images, right;
    int64_t said, said_count; /* the wrong class that was said most, and how often; said -1: none */
};

struct icl_confusion {
    int32_t label, said;
    int64_t count;
};

/* Both: false where memory ran out. *out own: free. One entry a class, in order. */
bool icl_class_counts(const struct icl_side *side, const struct icl_pictures *pictures,
                      struct icl_class_count **out);
/* Pairs of label and wrong first answer, the most frequent first. */
bool icl_confusions(const struct icl_side *side, const struct icl_pictures *pictures,
                    struct icl_confusion **out, size_t *count);

#endif
