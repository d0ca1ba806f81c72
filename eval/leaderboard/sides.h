/*
 * eval/leaderboard/sides.h - runs with their answers, alone and in pairs, and class names
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_SIDES_H
#define ICL_BOARD_SIDES_H

#include "eval/leaderboard/answers.h"

/* Is one of picture i's right classes among the answer's first k? */
bool icl_pictures_is_right(const struct icl_pictures *pictures, size_t i,
                           const struct icl_answer *answer, int k);

/* A run with all that comparing and reporting need. Own: icl_side_clear. */
struct icl_side {
    int64_t run, dataset, classes, label_space; /* label_space 0: no class names */
    char sha256[65]; /* the data set's */
    char *path;      /* the data set's, when first seen */
    struct icl_answer *answers;
};
/* Finds a run; without its answers. IMGCLS_BAD_INPUT where there is none of that number. */
imgcls_status icl_side_find(struct imgcls_board *board, int64_t run, struct icl_side *side);
/* Its answers, and its pictures with file names unless they are loaded already. */
imgcls_status icl_side_load(struct imgcls_board *board, struct icl_side *side,
                            struct icl_pictures *pictures);
/* Both of a pair, which must be over one data set. */
imgcls_status icl_sides_load(struct imgcls_board *board, struct icl_side sides[2],
                             struct icl_pictures *pictures);
void icl_side_clear(struct icl_side *side);

/* Names of classes 0 .. classes - 1, NULL entries where there are none; own: icl_names_free. */
imgcls_status icl_names_load(struct imgcls_board *board, int64_t label_space, int64_t classes,
                             char ***names);
void icl_names_free(char **names, int64_t classes);
/* Those of the first side that knows any. */
imgcls_status icl_sides_names(struct imgcls_board *board, const struct icl_side sides[2],
                              char ***names);
/* NULL for an index without a name. */
const char *icl_name_of(char *const *names, int64_t classes, int64_t index);

/* Counts of a pair of sides. */
struct icl_pairing {
    int64_t both_right, both_wrong, only_first, only_second;
};
void icl_sides_pair(const struct icl_side sides[2], const struct icl_pictures *pictures,
                    struct icl_pairing *pairing);

#endif
