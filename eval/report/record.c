/*
 * eval/report/record.c - one run's row on the page: every column, and the plugins behind it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/report/report.h"

#include "eval/number_text.h"

#include <math.h>
#include <string.h>

const struct imgcls_board_cell *icl_record_cell(const struct imgcls_board_rows *rows,
                                                const char *column)
{
    static const struct imgcls_board_cell nothing = {.kind = IMGCLS_CELL_NULL};
    size_t i;
    for (i = 0; i < rows->column_count; i++)
        if (strcmp(rows->columns[i], column) == 0)
            return &rows->cells[i];
    return &nothing;
}

const char *icl_record_text(const struct imgcls_board_rows *rows, const char *column)
{
    const struct imgcls_board_cell *cell = icl_record_cell(rows, column);
    return cell->kind == IMGCLS_CELL_TEXT ? cell->text : "";
}

double icl_record_number(const struct imgcls_board_rows *rows, const char *column)
{
    const struct imgcls_board_cell *cell = icl_record_cell(rows, column);
    if (cell->kind == IMGCLS_CELL_REAL)
        return cell->real;
    return cell->kind == IMGCLS_CELL_INTEGER ? (double)cell->integer : NAN;
}

void icl_report_rate(struct icl_text *out, double value, double low, double high)
{
    icl_html_number(out, 100 * value, 2);
    icl_text_format(out, " %% <span class=\"iv\">(");
    icl_html_number(out, 100 * low, 1);
    icl_text_format(out, " to ");
    icl_html_number(out, 100 * high, 1);
    icl_text_format(out, ")</span>");
}

static void put_value(struct icl_text *out, const struct imgcls_board_cell *cell)
{
    char number[40];
    if (cell->kind == IMGCLS_CELL_INTEGER)
        icl_html_count(out, cell->integer);
    else if (cell->kind == IMGCLS_CELL_REAL)
        icl_text_append(out, number, icl_number_text(cell->real, 9, number, sizeof number));
    else if (cell->kind == IMGCLS_CELL_TEXT)
        icl_html_text(out, cell->text);
    else
        icl_text_format(out, "\u2013");
}

static bool is_same(const struct imgcls_board_cell *a, const struct imgcls_board_cell *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == IMGCLS_CELL_TEXT)
        return strcmp(a->text, b->text) == 0;
    return a->kind == IMGCLS_CELL_INTEGER ? a->integer == b->integer
                                          : a->kind != IMGCLS_CELL_REAL || a->real == b->real;
}

static imgcls_status list_plugins(struct icl_report *report, int64_t run)
{
    struct imgcls_board *board = report->board;
    sqlite3_stmt *statement = NULL;
    bool any = false;
    int code;
    imgcls_status status = icl_board_prepare(
        board, "SELECT name, version, sha256 FROM run_plugins WHERE run = ?1 ORDER BY name",
        &statement);
    if (status != IMGCLS_OK)
        return status;
    sqlite3_bind_int64(statement, 1, run);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (!any)
            icl_text_format(&report->body,
                            "<details><summary>Plugins loaded in run %lld</summary><div "
                            "class=\"scroll\"><table class=\"plain\"><thead><tr><th "
                            "scope=\"col\">plugin<th scope=\"col\">version<th scope=\"col\">"
                            "SHA-256 of its file</thead><tbody>\n",
                            (long long)run);
        any = true;
        icl_text_format(&report->body, "<tr><th scope=\"row\">");
        icl_html_text(&report->body, (const char *)sqlite3_column_text(statement, 0));
        icl_text_format(&report->body, "<td>");
        icl_html_text(&report->body, (const char *)sqlite3_column_text(statement, 1));
        icl_text_format(&report->body, "<td class=\"hash\">");
        icl_html_text(&report->body, (const char *)sqlite3_column_text(statement, 2));
        icl_text_format(&report->body, "\n");
    }
    if (any)
        icl_text_format(&report->body, "</tbody></table></div></details>\n");
    if (code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading plugins");
    sqlite3_finalize(statement);
    return status;
}

/* A column's name, which a narrow page breaks behind an underscore. */
static void put_name(struct icl_text *body, const char *name)
{
    while (*name) {
        size_t length = strcspn(name, "_");
        length += name[length] == '_';
        icl_text_append(body, name, length);
        icl_text_append(body, "<wbr>", name[length] ? 5 : 0);
        name += length;
    }
}

imgcls_status icl_report_provenance(struct icl_report *report,
                                    struct imgcls_board_rows *const *records, size_t count)
{
    imgcls_status status = IMGCLS_OK;
    size_t i, k;
    icl_text_format(&report->body,
                    "<section aria-labelledby=\"h-prov\"><h2 id=\"h-prov\">What exactly was "
                    "measured</h2>\n<p>Rates here are fractions from 0 to 1; a dash means that "
                    "it is not known.%s</p><div class=\"scroll\"><table class=\"plain "
                    "record\"><thead><tr><th scope=\"col\">column",
                    count > 1 ? " Rows in which the two differ are marked." : "");
    for (k = 0; k < count; k++)
        icl_text_format(&report->body, "<th scope=\"col\">run %lld",
                        (long long)icl_record_cell(records[k], "run")->integer);
    icl_text_format(&report->body, "</thead><tbody>\n");
    for (i = 0; i < records[0]->column_count; i++) {
        bool differs = count > 1 && !is_same(&records[0]->cells[i], &records[1]->cells[i]);
        icl_text_format(&report->body, "<tr%s><th scope=\"row\">",
                        differs ? " class=\"differs\"" : "");
        put_name(&report->body, records[0]->columns[i]);
        if (differs)
            icl_text_format(&report->body, " <span class=\"mark\">differs</span>");
        for (k = 0; k < count; k++) {
            icl_text_format(&report->body, "<td>");
            put_value(&report->body, &records[k]->cells[i]);
        }
        icl_text_format(&report->body, "\n");
    }
    icl_text_format(&report->body, "</tbody></table></div>\n");
    for (k = 0; k < count && status == IMGCLS_OK; k++)
        status = list_plugins(report, icl_record_cell(records[k], "run")->integer);
    icl_text_format(&report->body, "</section>\n");
    return status;
}
