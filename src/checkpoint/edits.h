/*
 * src/checkpoint/edits.h - how near two names are, for "did you mean"
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_CHECKPOINT_EDITS_H
#define ICL_CHECKPOINT_EDITS_H

#include <stddef.h>

#define ICL_EDITS_MOST 255 /* bytes of a name; longer ones are not compared */

/* Least number of characters to insert, remove or replace until a is b; SIZE_MAX where one of the
 * two is too long. */
size_t icl_edits(const char *a, const char *b);

#endif
