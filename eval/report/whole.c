/*
 * eval/report/whole.c - the page of the whole board: a table that sorts and filters, the front
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/report/report.h"

#include <math.h>
#include <string.h>

#define RUNS_DEFAULT 2000
#define CONTEXT_MAX 500
#define ROWS_AT_ONCE 300 /* the rest waits for the page's script, which knows the same number */

static const char wanted[] =
    "run,model,dataset,top1,top1_low,top1_high,top5,images,failed,latency_p50_ms,"
    "images_per_second,model_bytes,parameters,precision,threads,cpu,tier,recorded_at,"
    "superseded_by";
enum { RUN, MODEL, DATASET, TOP1, LOW, HIGH, TOP5, IMAGES, FAILED, LATENCY, RATE, BYTES,
       PARAMETERS, PRECISION, THREADS, CPU, TIER, RECORDED, LATER, WIDTH };

static double number_of(const struct imgcls_board_cell *cell)
{
    if (cell->kind == IMGCLS_CELL_REAL)
        return cell->real;
    return cell->kind == IMGCLS_CELL_INTEGER ? (double)cell->integer : NAN;
}

static const char *text_of(const struct imgcls_board_cell *cell)
{
    return cell->kind == IMGCLS_CELL_TEXT ? cell->text : "";
}

/* A cell with a number to sort by. */
static void put_number(struct icl_text *body, double value, double scale, int decimals)
{
    icl_text_format(body, "<td class=\"num\" data-v=\"");
    icl_json_number(body, value);
    icl_text_format(body, "\">");
    icl_html_number(body, value * scale, decimals);
}

static void put_row(struct icl_text *body, const struct imgcls_board_cell *c, bool waits)
{
    double ms = number_of(&c[LATENCY]), rate = number_of(&c[RATE]);
    if (!isfinite(ms) && rate > 0)
        ms = 1000 / rate;
    icl_text_format(body, "<tr%s><td class=\"num\">%lld<th scope=\"row\">",
                    waits ? " hidden" : "", (long long)c[RUN].integer);
    icl_html_text(body, text_of(&c[MODEL]));
    icl_text_format(body, "<td>");
    icl_html_text(body, text_of(&c[DATASET]));
    icl_text_format(body, "<td class=\"num\" data-v=\"");
    icl_json_number(body, number_of(&c[TOP1]));
    icl_text_format(body, "\">");
    icl_report_rate(body, number_of(&c[TOP1]), number_of(&c[LOW]), number_of(&c[HIGH]));
    put_number(body, number_of(&c[TOP5]), 100, 2);
    icl_text_format(body, "<td class=\"num\" data-v=\"%lld\">", (long long)c[IMAGES].integer);
    icl_html_count(body, c[IMAGES].integer);
    icl_text_format(body, "<td class=\"num\">%lld", (long long)c[FAILED].integer);
    put_number(body, ms, 1, 2);
    put_number(body, number_of(&c[BYTES]), 1e-6, 1);
    put_number(body, number_of(&c[PARAMETERS]), 1e-6, 2);
    icl_text_format(body, "<td>");
    icl_html_text(body, text_of(&c[PRECISION]));
    icl_text_format(body, "<td>%lld \u00d7 ", (long long)c[THREADS].integer);
    icl_html_text(body, text_of(&c[CPU]));
    icl_text_format(body, "<td>");
    icl_html_text(body, text_of(&c[TIER]));
    if (c[LATER].kind == IMGCLS_CELL_INTEGER)
        icl_text_format(body, ", superseded by %lld", (long long)c[LATER].integer);
    icl_text_format(body, "<td>%.10s\n", text_of(&c[RECORDED]));
}

static void put_table(struct icl_text *body, const struct imgcls_board_rows *rows)
{
    size_t i;
    icl_text_format(
        body,
        "<section aria-labelledby=\"h-runs\"><h2 id=\"h-runs\">Runs</h2>\n<div class=\"scroll "
        "tall\"><table class=\"smart\" data-what=\"runs\" id=\"runs\"><caption>Every run, most "
        "accurate first</caption><thead><tr><th scope=\"col\">run<th scope=\"col\">model<th "
        "scope=\"col\">data set<th scope=\"col\">top-1, %%<th scope=\"col\">top-5, %%<th "
        "scope=\"col\">pictures<th scope=\"col\">failed<th scope=\"col\">ms a picture<th "
        "scope=\"col\">MB<th scope=\"col\">parameters, M<th scope=\"col\">precision<th "
        "scope=\"col\">threads, CPU<th scope=\"col\">tier<th scope=\"col\">recorded</thead>"
        "<tbody>\n");
    for (i = 0; i < rows->row_count; i++)
        put_row(body, &rows->cells[i * WIDTH], i >= ROWS_AT_ONCE);
    icl_text_format(body, "</tbody></table></div></section>\n");
}

/* Figures of others, apart from what was measured. */
static imgcls_status put_context(struct icl_report *report)
{
    struct imgcls_board *board = report->board;
    struct icl_text *body = &report->body;
    sqlite3_stmt *statement = NULL;
    int count = 0, code;
    imgcls_status status = icl_board_prepare(
        board,
        "SELECT context.model, context_sources.dataset, context.top1, context.top5,"
        " context.parameters, context_sources.file FROM context"
        " JOIN context_sources ON context_sources.id = context.source_id"
        " ORDER BY context.top1 DESC NULLS LAST, context.model LIMIT ?1",
        &statement);
    if (status != IMGCLS_OK)
        return status;
    sqlite3_bind_int(statement, 1, CONTEXT_MAX);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (count++ == 0)
            icl_text_format(
                body,
                "<section aria-labelledby=\"h-context\"><h2 id=\"h-context\">Figures of others"
                "</h2>\n<p>Imported, not measured here.</p><div class=\"scroll tall\"><table "
                "class=\"smart\" data-what=\"figures\"><caption>Imported figures</caption>"
                "<thead><tr><th scope=\"col\">model<th scope=\"col\">data set<th "
                "scope=\"col\">top-1, %%<th scope=\"col\">top-5, %%<th scope=\"col\">parameters, "
                "M<th scope=\"col\">source</thead><tbody>\n");
        icl_text_format(body, "<tr><th scope=\"row\">");
        icl_html_text(body, (const char *)sqlite3_column_text(statement, 0));
        icl_text_format(body, "<td>");
        icl_html_text(body, (const char *)sqlite3_column_text(statement, 1));
        for (int i = 2; i < 5; i++)
            put_number(body,
                       sqlite3_column_type(statement, i) == SQLITE_NULL
                           ? (double)NAN
                           : sqlite3_column_double(statement, i),
                       i < 4 ? 100 : 1e-6, 2);
        icl_text_format(body, "<td>");
        icl_html_text(body, (const char *)sqlite3_column_text(statement, 5));
        icl_text_format(body, "\n");
    }
    if (count > 0)
        icl_text_format(body, "</tbody></table></div></section>\n");
    if (code != SQLITE_DONE)
        status = icl_board_fail(board, code, "reading figures of others");
    sqlite3_finalize(statement);
    return status;
}

static void put_headline(struct icl_report *report, const struct imgcls_board_rows *rows,
                         int64_t all)
{
    struct icl_text *body = &report->body;
    icl_text_format(&report->title, "Leaderboard");
    icl_text_format(body, "<header><p class=\"kicker\">imgcls</p><h1>Leaderboard</h1></header>\n"
                          "<p>");
    icl_html_count(body, (int64_t)rows->row_count);
    icl_text_format(body, rows->row_count == 1 ? " run" : " runs");
    if ((int64_t)rows->row_count < all) {
        icl_text_format(body, " of ");
        icl_html_count(body, all);
    }
    icl_text_format(body, ", each with the answer to every picture behind it. Brackets hold the "
                          "95 %% interval.</p>\n");
}

imgcls_status icl_report_whole(struct icl_report *report)
{
    const struct imgcls_board_report_options *options = report->options;
    struct imgcls_board_selection wish = {
        .struct_size = sizeof wish, .columns = wanted, .where = options->where,
        .sort = options->sort, .limit = options->limit > 0 ? options->limit : RUNS_DEFAULT};
    struct imgcls_board_rows *rows = NULL;
    int64_t all = 0;
    imgcls_status status = imgcls_board_list(report->board, &wish, &rows);
    if (status == IMGCLS_OK)
        status = icl_board_integer(report->board, "SELECT count(*) FROM runs", 0, &all);
    if (status == IMGCLS_OK) {
        put_headline(report, rows, all);
        status = icl_report_front(report, options->where, wish.limit, 0, 0);
    }
    if (status == IMGCLS_OK) {
        put_table(&report->body, rows);
        status = put_context(report);
    }
    imgcls_board_rows_destroy(rows);
    return status;
}
