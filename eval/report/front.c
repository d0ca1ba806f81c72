/*
 * eval/report/front.c - accuracy against time, with the runs that no other beats
 *
 * Times of different machines do not compare: each point carries its group (data set,
 * processor, threads), and the page shows one group at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_MAX 2000

static const char wanted[] = "run,model,dataset,cpu,threads,top1,top1_low,top1_high,"
                             "latency_p50_ms,images_per_second,model_bytes";
enum { RUN, MODEL, DATASET, CPU, THREADS, TOP1, LOW, HIGH, LATENCY, RATE, BYTES, WIDTH };

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

static void put_point(struct icl_text *data, const struct imgcls_board_cell *cells, bool first)
{
    double ms = number_of(&cells[LATENCY]), rate = number_of(&cells[RATE]);
    struct icl_text group = {0};
    if (!isfinite(ms) && rate > 0)
        ms = 1000 / rate;
    icl_text_format(&group, "%s, %s, %lld %s", text_of(&cells[DATASET]), text_of(&cells[CPU]),
                    (long long)cells[THREADS].integer,
                    cells[THREADS].integer == 1 ? "thread" : "threads");
    icl_text_format(data, "%s\n{\"run\": %lld, \"model\": ", first ? "" : ",",
                    (long long)cells[RUN].integer);
    icl_text_json(data, text_of(&cells[MODEL]));
    icl_text_format(data, ", \"group\": ");
    icl_text_json(data, group.bytes ? group.bytes : "");
    icl_text_format(data, ", \"ms\": ");
    icl_json_number(data, ms);
    icl_text_format(data, ", \"mb\": ");
    icl_json_number(data, number_of(&cells[BYTES]) / 1e6);
    icl_text_format(data, ", \"top1\": ");
    icl_json_number(data, number_of(&cells[TOP1]));
    icl_text_format(data, ", \"low\": ");
    icl_json_number(data, number_of(&cells[LOW]));
    icl_text_format(data, ", \"high\": ");
    icl_json_number(data, number_of(&cells[HIGH]));
    icl_text_append(data, "}", 1);
    data->failed = data->failed || group.failed;
    icl_text_clear(&group);
}

/* The fronts as a table: what the chart's line goes through. */
static void put_table(struct icl_text *body, const struct imgcls_board_rows *front)
{
    size_t i;
    icl_text_format(body, "<details><summary>The front as a table</summary><div "
                          "class=\"scroll\"><table class=\"plain\"><thead><tr><th "
                          "scope=\"col\">run<th scope=\"col\">model<th scope=\"col\">data set, "
                          "machine<th scope=\"col\">top-1<th scope=\"col\">ms a picture<th "
                          "scope=\"col\">MB<th scope=\"col\">unbeaten in</thead><tbody>\n");
    for (i = 0; i < front->row_count && i < POINTS_MAX; i++) {
        const struct imgcls_board_cell *cells = &front->cells[i * front->column_count];
        icl_text_format(body, "<tr><td class=\"num\">%lld<th scope=\"row\">",
                        (long long)cells[0].integer);
        icl_html_text(body, text_of(&cells[1]));
        icl_text_format(body, "<td>");
        icl_html_text(body, text_of(&cells[2]));
        icl_text_format(body, ", ");
        icl_html_text(body, text_of(&cells[3]));
        icl_text_format(body, ", %lld %s<td class=\"num\">", (long long)cells[4].integer,
                        cells[4].integer == 1 ? "thread" : "threads");
        icl_report_rate(body, number_of(&cells[5]), number_of(&cells[6]), number_of(&cells[7]));
        icl_text_format(body, "<td class=\"num\">");
        icl_html_number(body, number_of(&cells[8]), 2);
        icl_text_format(body, "<td class=\"num\">");
        icl_html_number(body, number_of(&cells[9]), 1);
        icl_text_format(body, "<td>");
        icl_html_text(body, text_of(&cells[10]));
        icl_text_format(body, "\n");
    }
    icl_text_format(body, "</tbody></table></div></details>\n");
}

/* `where` and "none supersedes it"; own: free. */
static const char **newest_of(const char *const *where)
{
    size_t count = 0;
    const char **all;
    while (where && where[count])
        count++;
    all = calloc(count + 2, sizeof *all);
    if (all && count > 0)
        memcpy(all + 1, where, count * sizeof *all);
    if (all)
        all[0] = "superseded_by=";
    return all;
}

imgcls_status icl_report_front(struct icl_report *report, const char *const *where,
                               int64_t limit, int64_t first, int64_t second)
{
    struct imgcls_board_selection wish = {.struct_size = sizeof wish, .columns = wanted,
                                          .limit = limit > 0 && limit < POINTS_MAX ? limit
                                                                                   : POINTS_MAX};
    struct imgcls_board_selection narrow = {.struct_size = sizeof narrow, .where = where};
    struct imgcls_board_rows *rows = NULL, *front = NULL;
    const char **newest = newest_of(where);
    imgcls_status status = IMGCLS_OK;
    size_t i;
    if (!newest)
        return icl_fail(report->board->ctx, IMGCLS_NO_MEMORY, "no memory for conditions");
    wish.where = newest;
    status = imgcls_board_list(report->board, &wish, &rows);
    if (status == IMGCLS_OK)
        status = imgcls_board_pareto(report->board, &narrow, &front);
    if (status == IMGCLS_OK) {
        icl_text_format(&report->data, "\"marked\": [%lld, %lld],\n\"points\": [",
                        (long long)first, (long long)second);
        for (i = 0; i < rows->row_count; i++)
            put_point(&report->data, &rows->cells[i * WIDTH], i == 0);
        icl_text_format(&report->data, "],\n");
        icl_text_format(
            &report->body,
            "<section aria-labelledby=\"h-front\"><h2 id=\"h-front\">Accuracy against time</h2>"
            "<p>Newest runs of one data set on one machine. The line joins those that no other "
            "beats: nothing as fast is more accurate.</p>\n"
            "<p class=\"controls\" id=\"front-controls\" hidden><label for=\"group\">Data set "
            "and machine</label> <select id=\"group\"></select> <label for=\"axis\">against"
            "</label> <select id=\"axis\"><option value=\"ms\">milliseconds a picture</option>"
            "<option value=\"mb\">megabytes</option></select></p>\n"
            "<div class=\"chart\"><canvas id=\"chart-front\" role=\"img\" aria-label=\"Top-1 "
            "against milliseconds a picture; the table below has the front\"></canvas></div>\n");
        put_table(&report->body, front);
        icl_text_format(&report->body, "</section>\n");
    }
    imgcls_board_rows_destroy(front);
    imgcls_board_rows_destroy(rows);
    free(newest);
    return status;
}
