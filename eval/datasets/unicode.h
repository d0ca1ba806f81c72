/*
 * eval/datasets/unicode.h - names as they are compared
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_UNICODE_H
#define ICL_UNICODE_H

/*
 * The form in which names of classes are compared: canonically decomposed (NFD; macOS stores
 * names so, other systems composed), underscores as spaces, runs of blanks as one, none at
 * either end. Bytes that are no UTF-8 stay as they are. Own: free; NULL: no memory.
 */
char *icl_name_key(const char *name);

#endif
