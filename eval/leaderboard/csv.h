/*
 * eval/leaderboard/csv.h - a csv file, field by field
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_BOARD_CSV_H
#define ICL_BOARD_CSV_H

#include "src/context/context.h"

/* A file's text on its way: fields are cut out of `bytes` in place. */
struct icl_csv {
    struct imgcls_context *ctx;
    const char *name; /* for messages */
    char *at, *end;   /* what is left */
    size_t line;      /* of the row that was read last, from 1 */
    char **fields;    /* own; the entries point into the text */
    size_t count, capacity;
};

/* bytes[size] must be writable and hold a NUL. A byte order mark is dropped. */
void icl_csv_begin(struct icl_csv *csv, struct imgcls_context *ctx, const char *name,
                   char *bytes, size_t size);
/* The next row that is not empty, into fields and count; *more false at the end. RFC 4180:
 * fields may be quoted, a quoted one may hold commas, line ends and doubled quotes. */
imgcls_status icl_csv_row(struct icl_csv *csv, bool *more);
void icl_csv_end(struct icl_csv *csv);

#endif
