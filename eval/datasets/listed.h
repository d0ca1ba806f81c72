/*
 * eval/datasets/listed.h - what the layouts with a list are made of: the list, and the
 * pictures that its names mean
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_LISTED_H
#define ICL_LISTED_H

#include "eval/datasets/dataset.h"
#include "eval/datasets/truth.h"

/* A list and where it was found. */
struct icl_label_list {
    char *place; /* own: path for messages */
    char *text;  /* own until parsed */
    size_t size;
    const struct icl_member *member; /* where it lies in the place */
};

/* The user's list, else one in the set, else one beside it. Own: icl_label_list_clear. */
imgcls_status icl_label_list_find(struct icl_dataset *set, enum icl_truth_kind kind,
                                  struct icl_label_list *found);
void icl_label_list_clear(struct icl_label_list *found);
/* What a layout with such a list bids, where it lies inside the set, and beside it. */
int32_t icl_label_list_bid(const struct icl_dataset *set, enum icl_truth_kind kind,
                           int32_t inside, int32_t outside);
/* The wnids of the devkit's numbers, from the set, or from beside it; see icl_synsets_read.
 */
imgcls_status icl_label_list_synsets(struct icl_dataset *set,
                                     const struct icl_label_list *list, char (**wnids)[10],
                                     size_t *count);

/* Pictures by the name without folders and ending. */
struct icl_picture_stem {
    const struct icl_member *member;
    size_t length;
};

struct icl_picture_finder {
    struct icl_picture_stem *stems; /* own, sorted */
    size_t count;
    bool *used; /* own: by stem, labelled already */
};

/* Own: icl_picture_finder_close, also where it fails. */
imgcls_status icl_picture_finder_open(struct icl_dataset *set,
                                      struct icl_picture_finder *finder);
void icl_picture_finder_close(struct icl_picture_finder *finder);
#define ICL_PICTURE_NOT_THERE SIZE_MAX
#define ICL_PICTURE_AMBIGUOUS (SIZE_MAX - 1)
/* Number of the stem that is meant, or one of the two above. */
size_t icl_picture_find(const struct icl_picture_finder *finder, const char *name);

#endif
