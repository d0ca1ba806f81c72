/*
 * eval/report/html.h - pieces of HTML; whatever comes from outside goes through icl_html_text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REPORT_HTML_H
#define ICL_REPORT_HTML_H

#include "eval/leaderboard/board.h"
#include "eval/leaderboard/text.h"

/* As text or as an attribute's value between double quotes. Control characters and what is no
 * UTF-8 become U+FFFD. NULL: nothing. */
void icl_html_text(struct icl_text *out, const char *value);
/* "76.13": digits after the point, whatever the locale; a dash where it is not finite. */
void icl_html_number(struct icl_text *out, double value, int decimals);
/* "50,000". */
void icl_html_count(struct icl_text *out, int64_t value);
/* A number in JSON: null where it is not finite. */
void icl_json_number(struct icl_text *out, double value);
/* "7 seven" of a class: its number where there is no name. A WordNet id before the name, as
 * ImageNet's labels have it, is left out. */
void icl_html_class(struct icl_text *out, int64_t class, const char *name);

#endif
