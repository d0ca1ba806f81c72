/*
 * eval/datasets/class_names.h - which class is meant by the name of a folder
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_CLASS_NAMES_H
#define ICL_CLASS_NAMES_H

#include "eval/datasets/dataset.h"

/* How names were understood. */
enum icl_naming {
    ICL_NAMING_WNID,    /* "n01440764", found in the labels */
    ICL_NAMING_NAME,    /* a label's name */
    ICL_NAMING_NUMBER,  /* "0" .. "999": the index itself */
    ICL_NAMING_SORTED   /* no labels: rank among all names, exactly one a class */
};

/*
 * Gives each of `count` names (sorted bytewise) a class index. All names are understood in one
 * way: the first of wnid, name, number in which every name has a class; without labels number,
 * else rank, and then there must be as many names as classes. Names are compared without
 * regard to underscores and to Unicode's composed and decomposed forms. The failure names what
 * does not fit and how the labels look. place is the data set, for messages.
 */
imgcls_status icl_class_indices(struct imgcls_context *ctx, const char *place,
                                const char *const *names, size_t count,
                                const struct icl_class_space *space, int32_t *indices,
                                enum icl_naming *naming);
/* "by wnid", "by name", ... */
const char *icl_naming_text(enum icl_naming naming);
/* "n" and 8 digits at the start of text? */
bool icl_is_wnid(const char *text);
/* A label without its wnid. Borrowed from it. */
const char *icl_label_name(const char *label);

#endif
