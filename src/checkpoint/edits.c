/*
 * src/checkpoint/edits.c - how near two names are, for "did you mean"
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/checkpoint/edits.h"

#include <stdint.h>
#include <string.h>

size_t icl_edits(const char *a, const char *b)
{
    size_t row[ICL_EDITS_MOST + 1], n = strlen(a), m = strlen(b);
    if (n > ICL_EDITS_MOST || m > ICL_EDITS_MOST)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            size_t shorter = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = changed < shorter ? changed : shorter;
        }
    }
    return row[m];
}
