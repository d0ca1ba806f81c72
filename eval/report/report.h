/*
 * eval/report/report.h - a page on its way: what its sections share
 *
 * Sections append HTML to `body` and members to `data`, the JSON that the page's script draws
 * charts from. Everything that a chart shows stands in a table, too.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REPORT_H
#define ICL_REPORT_H

#include "eval/leaderboard/sides.h"
#include "eval/report/html.h"

struct icl_report {
    struct imgcls_board *board;
    const struct imgcls_board_report_options *options;
    struct icl_text title; /* plain text */
    struct icl_text body;  /* HTML */
    struct icl_text data;  /* members of a JSON object, each followed by a comma */
    struct icl_picture_mark *marks; /* pictures.c: where pictures belong, in order; own */
    size_t mark_count;
    char *pictures_path, *pictures_layout; /* of the data set; own */
};

/* -- record.c -- */

/* A run as the leaderboard shows it. Own: imgcls_board_rows_destroy. */
const struct imgcls_board_cell *icl_record_cell(const struct imgcls_board_rows *rows,
                                                const char *column);
const char *icl_record_text(const struct imgcls_board_rows *rows, const char *column);
double icl_record_number(const struct imgcls_board_rows *rows, const char *column);
/* Everything that is recorded of one or two runs, side by side, and their plugins. */
imgcls_status icl_report_provenance(struct icl_report *report,
                                    struct imgcls_board_rows *const *records, size_t count);
/* "76.13 % (74.9 to 77.3)". */
void icl_report_rate(struct icl_text *out, double value, double low, double high);

/* -- front.c -- */

/* Accuracy against milliseconds of the runs that `where` selects, with the front; the runs
 * `first` and `second` (0: none) are marked. */
imgcls_status icl_report_front(struct icl_report *report, const char *const *where,
                               int64_t limit, int64_t first, int64_t second);

/* -- pictures.c -- */

/* Where the pictures of the page's data set lie: its path and layout. Once, before any. */
imgcls_status icl_report_pictures_of(struct icl_report *report, const char *path,
                                     const char *layout);
/* A picture belongs here in the body: an <img>, or a box that says that it is not there. */
imgcls_status icl_report_picture(struct icl_report *report, const char *file);
/* Reads all that are wanted and puts them into the body, which ends there. */
imgcls_status icl_report_put_pictures(struct icl_report *report);
void icl_report_pictures_clear(struct icl_report *report);

/* -- run.c, pair.c, whole.c -- */

imgcls_status icl_report_run(struct icl_report *report);
imgcls_status icl_report_pair(struct icl_report *report);
imgcls_status icl_report_whole(struct icl_report *report);

#endif
