/*
 * eval/report/pair.c - the page of two runs compared: a verdict, flips as pictures, classes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FLIPS_SHOWN 48 /* with pictures, as many of each side as there are up to half */
#define FLIPS_LISTED 2000
#define CLASSES_SHOWN 400

enum { FILE_NAME, LABEL, FIRST, SECOND, RIGHT, NAME, FIRST_NAME, SECOND_NAME, FIRST_P,
       SECOND_P };

static const char *text_of(const struct imgcls_board_cell *cell)
{
    return cell->kind == IMGCLS_CELL_TEXT ? cell->text : NULL;
}

static int64_t class_of(const struct imgcls_board_cell *cell)
{
    return cell->kind == IMGCLS_CELL_INTEGER ? cell->integer : -1;
}

static void put_rate_card(struct icl_text *body, const struct imgcls_board_rows *r,
                          long long run)
{
    icl_text_format(body, "<div class=\"card\"><dt>Run %lld: ", run);
    icl_html_text(body, icl_record_text(r, "model"));
    icl_text_format(body, "</dt><dd>");
    icl_report_rate(body, icl_record_number(r, "top1"), icl_record_number(r, "top1_low"),
                    icl_record_number(r, "top1_high"));
    icl_text_format(body, "</dd></div>\n");
}

static void put_headline(struct icl_report *report, struct imgcls_board_rows *const records[2],
                         const struct imgcls_board_comparison *c)
{
    struct icl_text *body = &report->body;
    long long first = report->options->first, second = report->options->second;
    icl_text_format(&report->title, "%s against %s on %s", icl_record_text(records[0], "model"),
                    icl_record_text(records[1], "model"),
                    icl_record_text(records[0], "dataset"));
    icl_text_format(body, "<header><p class=\"kicker\">Runs %lld and %lld over the same ",
                    first, second);
    icl_html_count(body, c->images);
    icl_text_format(body, " pictures</p><h1>");
    icl_html_text(body, icl_record_text(records[0], "model"));
    icl_text_format(body, " <span>against</span> ");
    icl_html_text(body, icl_record_text(records[1], "model"));
    icl_text_format(body, " <span>on ");
    icl_html_text(body, icl_record_text(records[0], "dataset"));
    icl_text_format(body, "</span></h1></header>\n<p class=\"verdict\">");
    icl_html_text(body, c->verdict);
    icl_text_format(body, "</p>\n<dl class=\"cards\">\n");
    put_rate_card(body, records[0], first);
    put_rate_card(body, records[1], second);
    icl_text_format(body, "<div class=\"card\"><dt>Difference, in points</dt><dd>");
    icl_html_number(body, 100 * c->difference, 2);
    icl_text_format(body, " <span class=\"iv\">(");
    icl_html_number(body, 100 * c->difference_low, 2);
    icl_text_format(body, " to ");
    icl_html_number(body, 100 * c->difference_high, 2);
    icl_text_format(body, ")</span></dd></div>\n<div class=\"card\"><dt>McNemar\u2019s exact "
                          "p-value</dt><dd>");
    if (c->p_value < 0.0001)
        icl_text_format(body, "below 0.0001");
    else
        icl_html_number(body, c->p_value, 4);
    icl_text_format(body,
                    "</dd></div>\n</dl>\n<div class=\"scroll\"><table class=\"plain four\">"
                    "<caption>Pictures by who is right</caption><thead><tr><td><th "
                    "scope=\"col\">run %lld right<th scope=\"col\">run %lld wrong</thead><tbody>"
                    "<tr><th scope=\"row\">run %lld right<td class=\"num\">",
                    second, second, first);
    icl_html_count(body, c->both_right);
    icl_text_format(body, "<td class=\"num\">");
    icl_html_count(body, c->only_first_right);
    icl_text_format(body, "<tr><th scope=\"row\">run %lld wrong<td class=\"num\">", first);
    icl_html_count(body, c->only_second_right);
    icl_text_format(body, "<td class=\"num\">");
    icl_html_count(body, c->both_wrong);
    icl_text_format(body, "</tbody></table></div>\n");
}

/* ---- Flips ------------------------------------------------------------------------------*/

static void put_said(struct icl_text *body, long long run, const struct imgcls_board_cell *cells,
                     int class, int name, int probability, bool right)
{
    icl_text_format(body, "<span class=\"said %s\">run %lld: ", right ? "right" : "wrong", run);
    icl_html_class(body, class_of(&cells[class]), text_of(&cells[name]));
    if (cells[probability].kind == IMGCLS_CELL_REAL) {
        icl_text_format(body, " <span class=\"num\">");
        icl_html_number(body, 100 * cells[probability].real, 1);
        icl_text_format(body, " %%</span>");
    }
    icl_text_format(body, " <b>%s</b></span>", right ? "right" : "wrong");
}

static imgcls_status put_flip(struct icl_report *report, const struct imgcls_board_cell *cells)
{
    struct icl_text *body = &report->body;
    bool first = cells[RIGHT].integer == 1;
    imgcls_status status;
    icl_text_format(body, "<figure class=\"flip\">");
    status = icl_report_picture(report, text_of(&cells[FILE_NAME]));
    icl_text_format(body, "<figcaption>is ");
    icl_html_class(body, class_of(&cells[LABEL]), text_of(&cells[NAME]));
    put_said(body, report->options->first, cells, FIRST, FIRST_NAME, FIRST_P, first);
    put_said(body, report->options->second, cells, SECOND, SECOND_NAME, SECOND_P, !first);
    icl_text_format(body, "<span class=\"file\">");
    icl_html_text(body, text_of(&cells[FILE_NAME]));
    icl_text_format(body, "</span></figcaption></figure>\n");
    return status;
}

static imgcls_status put_side(struct icl_report *report, const struct imgcls_board_rows *flips,
                              int right, size_t count)
{
    size_t i, seen = 0, shown = 0, room = FLIPS_SHOWN / 2;
    imgcls_status status = IMGCLS_OK;
    icl_text_format(&report->body, "<h3>Only run %lld is right <span class=\"iv\">%zu picture%s"
                                   "</span></h3><div class=\"pics\">\n",
                    (long long)(right == 1 ? report->options->first : report->options->second),
                    count, count == 1 ? "" : "s");
    for (i = 0; i < flips->row_count && shown < room && status == IMGCLS_OK; i++) {
        const struct imgcls_board_cell *cells = &flips->cells[i * flips->column_count];
        if (cells[RIGHT].integer != right)
            continue;
        /* Spread evenly over the set, which stands in the order of its classes. */
        if (count > room && seen++ * room / count < shown)
            continue;
        status = put_flip(report, cells);
        shown++;
    }
    icl_text_format(&report->body, "</div>\n");
    return status;
}

static void put_flip_table(struct icl_report *report, const struct imgcls_board_rows *flips)
{
    struct icl_text *body = &report->body;
    size_t i;
    icl_text_format(body,
                    "<details><summary>All flips as a table%s</summary><div class=\"scroll "
                    "tall\"><table class=\"smart\" data-what=\"flips\"><caption>Pictures that "
                    "one of the two has right</caption><thead><tr><th scope=\"col\">file<th "
                    "scope=\"col\">is<th scope=\"col\">run %lld said<th scope=\"col\">run %lld "
                    "said<th scope=\"col\">right</thead><tbody>\n",
                    flips->row_count > FLIPS_LISTED ? " (the first 2000)" : "",
                    (long long)report->options->first, (long long)report->options->second);
    for (i = 0; i < flips->row_count && i < FLIPS_LISTED; i++) {
        const struct imgcls_board_cell *cells = &flips->cells[i * flips->column_count];
        icl_text_format(body, "<tr><th scope=\"row\" class=\"file\">");
        icl_html_text(body, text_of(&cells[FILE_NAME]));
        icl_text_format(body, "<td>");
        icl_html_class(body, class_of(&cells[LABEL]), text_of(&cells[NAME]));
        icl_text_format(body, "<td>");
        icl_html_class(body, class_of(&cells[FIRST]), text_of(&cells[FIRST_NAME]));
        icl_text_format(body, "<td>");
        icl_html_class(body, class_of(&cells[SECOND]), text_of(&cells[SECOND_NAME]));
        icl_text_format(body, "<td class=\"num\">%lld\n",
                        (long long)(cells[RIGHT].integer == 1 ? report->options->first
                                                              : report->options->second));
    }
    icl_text_format(body, "</tbody></table></div></details>\n");
}

static imgcls_status put_flips(struct icl_report *report,
                               const struct imgcls_board_comparison *c)
{
    imgcls_status status = IMGCLS_OK;
    if (c->flips->row_count == 0)
        return IMGCLS_OK;
    icl_text_format(&report->body,
                    "<section aria-labelledby=\"h-flips\"><h2 id=\"h-flips\">Pictures that make "
                    "the difference</h2>\n");
    if (c->only_first_right > 0)
        status = put_side(report, c->flips, 1, (size_t)c->only_first_right);
    if (status == IMGCLS_OK && c->only_second_right > 0)
        status = put_side(report, c->flips, 2, (size_t)c->only_second_right);
    put_flip_table(report, c->flips);
    icl_text_format(&report->body, "</section>\n");
    return status;
}

/* ---- Classes ----------------------------------------------------------------------------*/

static void put_classes(struct icl_report *report, const struct imgcls_board_rows *classes)
{
    struct icl_text *body = &report->body, *data = &report->data;
    size_t i;
    if (classes->row_count == 0)
        return;
    icl_text_format(
        body,
        "<section aria-labelledby=\"h-gain\"><h2 id=\"h-gain\">Classes gained and lost</h2>\n"
        "<p>Pictures that run %lld has right more (or fewer) than run %lld, class by class.</p>"
        "<div class=\"chart\" id=\"box-changes\"><canvas id=\"chart-changes\" role=\"img\" "
        "aria-label=\"Classes that changed most; the table below has all\"></canvas></div>\n"
        "<details%s><summary>%zu %s changed</summary><div class=\"scroll tall\"><table "
        "class=\"smart\" data-what=\"classes\"><caption>Classes that changed</caption><thead>"
        "<tr><th scope=\"col\">class<th scope=\"col\">name<th scope=\"col\">pictures<th "
        "scope=\"col\">run %lld right<th scope=\"col\">run %lld right<th scope=\"col\">change"
        "</thead><tbody>\n",
        (long long)report->options->second, (long long)report->options->first,
        classes->row_count <= 12 ? " open" : "", classes->row_count,
        classes->row_count == 1 ? "class" : "classes", (long long)report->options->first,
        (long long)report->options->second);
    icl_text_format(data, "\"changes\": [");
    for (i = 0; i < classes->row_count; i++) {
        const struct imgcls_board_cell *cells = &classes->cells[i * classes->column_count];
        icl_text_format(body, "<tr><td class=\"num\">%lld<th scope=\"row\">",
                        (long long)cells[0].integer);
        icl_html_text(body, text_of(&cells[1]));
        icl_text_format(body,
                        "<td class=\"num\">%lld<td class=\"num\">%lld<td class=\"num\">%lld<td "
                        "class=\"num\">%+lld\n",
                        (long long)cells[2].integer, (long long)cells[3].integer,
                        (long long)cells[4].integer, (long long)cells[5].integer);
        if (i >= CLASSES_SHOWN)
            continue;
        icl_text_format(data, "%s\n[%lld, %lld, ", i ? "," : "", (long long)cells[0].integer,
                        (long long)cells[5].integer);
        icl_text_json(data, text_of(&cells[1]) ? text_of(&cells[1]) : "");
        icl_text_append(data, "]", 1);
    }
    icl_text_format(body, "</tbody></table></div></details></section>\n");
    icl_text_format(data, "],\n");
}

imgcls_status icl_report_pair(struct icl_report *report)
{
    struct imgcls_board *board = report->board;
    struct imgcls_board_rows *records[2] = {NULL, NULL};
    struct imgcls_board_comparison *c = NULL;
    imgcls_status status = imgcls_board_show(board, report->options->first, &records[0]);
    if (status == IMGCLS_OK)
        status = imgcls_board_show(board, report->options->second, &records[1]);
    if (status == IMGCLS_OK)
        status = imgcls_board_compare(board, report->options->first, report->options->second,
                                      &c);
    if (status == IMGCLS_OK)
        status = icl_report_pictures_of(report, icl_record_text(records[0], "dataset_path"),
                                        icl_record_text(records[0], "layout"));
    if (status == IMGCLS_OK) {
        put_headline(report, records, c);
        put_classes(report, c->classes);
        status = put_flips(report, c);
    }
    if (status == IMGCLS_OK)
        status = icl_report_provenance(report, records, 2);
    imgcls_board_comparison_destroy(c);
    imgcls_board_rows_destroy(records[0]);
    imgcls_board_rows_destroy(records[1]);
    return status;
}
