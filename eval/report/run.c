/*
 * eval/report/run.c - the page of one run: how good, where it errs, how sure it is
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/report/report.h"

#include "eval/leaderboard/cells.h"
#include "eval/leaderboard/classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_SHOWN 12
#define PICTURES_A_PAIR 4
#define MISTAKES_SHOWN 24
#define FAILURES_SHOWN 200
#define BINS 15 /* Guo et al. 2017 */

/* What the sections of a run's page share. */
struct page {
    struct icl_report *report;
    struct imgcls_board_rows *record;
    struct icl_side side;
    struct icl_pictures pictures;
    char **names;
    size_t *mistakes; /* pictures with a wrong answer, the surest first; own */
    size_t mistake_count;
};

static const char *name_of(const struct page *page, int64_t class)
{
    return icl_name_of(page->names, page->side.classes, class);
}

/* ---- The headline -----------------------------------------------------------------------*/

static void put_card(struct icl_text *body, const char *what)
{
    icl_text_format(body, "<div class=\"card\"><dt>%s</dt><dd>", what);
}

static void put_headline(struct page *page)
{
    struct icl_text *body = &page->report->body;
    const struct imgcls_board_rows *r = page->record;
    double top5 = icl_record_number(r, "top5"), p50 = icl_record_number(r, "latency_p50_ms");
    double peak = icl_record_number(r, "peak_memory_bytes"), ece = icl_record_number(r, "ece");
    double failed = icl_record_number(r, "failed");
    icl_text_format(&page->report->title, "%s on %s", icl_record_text(r, "model"),
                    icl_record_text(r, "dataset"));
    icl_text_format(body, "<header><p class=\"kicker\">Run %lld, ", (long long)page->side.run);
    icl_html_text(body, icl_record_text(r, "tier"));
    icl_text_format(body, " ");
    icl_text_format(body, "<time datetime=\"%.20s\">%.10s</time>",
                    icl_record_text(r, "recorded_at"), icl_record_text(r, "recorded_at"));
    icl_text_format(body, "</p><h1>");
    icl_html_text(body, icl_record_text(r, "model"));
    icl_text_format(body, " <span>on ");
    icl_html_text(body, icl_record_text(r, "dataset"));
    icl_text_format(body, "</span></h1></header>\n<dl class=\"cards\">\n");
    put_card(body, "Right first time (top-1)");
    icl_report_rate(body, icl_record_number(r, "top1"), icl_record_number(r, "top1_low"),
                    icl_record_number(r, "top1_high"));
    icl_text_format(body, "</dd></div>\n");
    if (isfinite(top5)) {
        put_card(body, "Among the first five (top-5)");
        icl_report_rate(body, top5, icl_record_number(r, "top5_low"),
                        icl_record_number(r, "top5_high"));
        icl_text_format(body, "</dd></div>\n");
    }
    put_card(body, "Pictures");
    icl_html_count(body, (int64_t)icl_record_number(r, "images"));
    icl_text_format(body, " <span class=\"iv\">(%lld could not be read)</span></dd></div>\n",
                    isfinite(failed) ? (long long)failed : 0);
    put_card(body, isfinite(p50) ? "Milliseconds, median" : "Milliseconds a picture");
    icl_html_number(body,
                    isfinite(p50) ? p50 : 1000 / icl_record_number(r, "images_per_second"), 2);
    icl_text_format(body, " <span class=\"iv\">(%lld threads)</span></dd></div>\n",
                    (long long)icl_record_number(r, "threads"));
    if (isfinite(peak)) {
        put_card(body, "Peak memory");
        icl_html_number(body, peak / 1e6, 0);
        icl_text_format(body, " MB</dd></div>\n");
    }
    if (isfinite(ece)) {
        put_card(body, "Calibration error (ECE)");
        icl_html_number(body, 100 * ece, 2);
        icl_text_format(body, " %%</dd></div>\n");
    }
    icl_text_format(body, "</dl>\n");
}

/* ---- Classes ----------------------------------------------------------------------------*/

static void put_class_row(struct page *page, const struct icl_class_count *c, bool first)
{
    struct icl_text *body = &page->report->body, *data = &page->report->data;
    struct imgcls_rate rate = icl_wilson(c->right, c->images);
    icl_text_format(body, "<tr><td class=\"num\">%lld<th scope=\"row\">", (long long)c->class);
    icl_html_text(body, name_of(page, c->class));
    icl_text_format(body, "<td class=\"num\">%lld<td class=\"num\">%lld<td class=\"num\" "
                          "data-v=\"",
                    (long long)c->images, (long long)c->right);
    icl_json_number(body, rate.value);
    icl_text_format(body, "\">");
    icl_report_rate(body, rate.value, rate.low, rate.high);
    icl_text_format(body, "<td>");
    if (c->said >= 0) {
        icl_html_class(body, c->said, name_of(page, c->said));
        icl_text_format(body, " <span class=\"iv\">(%lld)</span>", (long long)c->said_count);
    }
    icl_text_format(body, "\n");
    icl_text_format(data, "%s\n[%lld, %lld, %lld, ", first ? "" : ",", (long long)c->class,
                    (long long)c->images, (long long)c->right);
    icl_text_json(data, name_of(page, c->class) ? name_of(page, c->class) : "");
    icl_text_append(data, "]", 1);
}

static imgcls_status put_classes(struct page *page)
{
    struct icl_text *body = &page->report->body;
    struct icl_class_count *counts;
    int64_t k;
    bool first = true;
    if (!icl_class_counts(&page->side, &page->pictures, &counts))
        return icl_fail(page->report->board->ctx, IMGCLS_NO_MEMORY, "no memory for classes");
    icl_text_format(&page->report->data, "\"classes\": [");
    icl_text_format(
        body,
        "<section aria-labelledby=\"h-classes\"><h2 id=\"h-classes\">Class by class</h2>\n"
        "<p>The classes that do worst, with their 95 %% intervals; the table has all.</p>"
        "<div class=\"chart\" id=\"box-classes\"><canvas id=\"chart-classes\" role=\"img\" "
        "aria-label=\"Top-1 of the classes that do worst; the table below has all of them\">"
        "</canvas></div>\n"
        "<details%s><summary>All classes</summary><div class=\"scroll tall\"><table "
        "class=\"smart\" data-what=\"classes\"><caption>Top-1 class by class</caption><thead>"
        "<tr><th scope=\"col\">class<th scope=\"col\">name<th scope=\"col\">pictures<th "
        "scope=\"col\">right<th scope=\"col\">top-1<th scope=\"col\">most taken for</thead>"
        "<tbody>\n",
        page->side.classes <= 20 ? " open" : "");
    for (k = 0; k < page->side.classes; k++) {
        if (counts[k].images == 0)
            continue;
        put_class_row(page, &counts[k], first);
        first = false;
    }
    icl_text_format(body, "</tbody></table></div></details></section>\n");
    icl_text_format(&page->report->data, "],\n");
    free(counts);
    return IMGCLS_OK;
}

/* ---- Mistakes ---------------------------------------------------------------------------*/

struct sure {
    size_t picture;
    float probability;
};

static int by_sureness(const void *a, const void *b)
{
    const struct sure *x = a, *y = b;
    if (x->probability != y->probability)
        return x->probability < y->probability ? 1 : -1;
    return x->picture < y->picture ? -1 : 1;
}

static imgcls_status find_mistakes(struct page *page)
{
    size_t count = page->pictures.count, i, n = 0;
    struct sure *list = calloc(count + 1, sizeof *list);
    page->mistakes = calloc(count + 1, sizeof *page->mistakes);
    for (i = 0; list && i < count; i++) {
        const struct icl_answer *answer = &page->side.answers[i];
        if (answer->top[0] >= 0 && !icl_pictures_is_right(&page->pictures, i, answer, 1))
            list[n++] = (struct sure){i, icl_answer_probability(answer, 0)};
    }
    if (list)
        qsort(list, n, sizeof *list, by_sureness);
    for (i = 0; list && page->mistakes && i < n; i++)
        page->mistakes[i] = list[i].picture;
    page->mistake_count = n;
    if (!list || !page->mistakes) {
        free(list);
        return icl_fail(page->report->board->ctx, IMGCLS_NO_MEMORY, "no memory for mistakes");
    }
    free(list);
    return IMGCLS_OK;
}

static imgcls_status put_figure(struct page *page, size_t i, bool with_label)
{
    struct icl_text *body = &page->report->body;
    const struct icl_answer *answer = &page->side.answers[i];
    imgcls_status status;
    icl_text_format(body, "<figure>");
    status = icl_report_picture(page->report, page->pictures.files[i]);
    icl_text_format(body, "<figcaption>");
    if (with_label) {
        icl_text_format(body, "is ");
        icl_html_class(body, page->pictures.labels[i], name_of(page, page->pictures.labels[i]));
        icl_text_format(body, "<br>said ");
        icl_html_class(body, answer->top[0], name_of(page, answer->top[0]));
        icl_text_append(body, " ", 1);
    }
    icl_text_format(body, "<span class=\"num\">");
    icl_html_number(body, 100 * (double)icl_answer_probability(answer, 0), 1);
    icl_text_format(body, " %%</span><br><span class=\"file\">");
    icl_html_text(body, page->pictures.files[i]);
    icl_text_format(body, "</span></figcaption></figure>\n");
    return status;
}

static imgcls_status put_pair(struct page *page, const struct icl_confusion *pair)
{
    struct icl_text *body = &page->report->body;
    imgcls_status status = IMGCLS_OK;
    size_t i, shown = 0;
    icl_text_format(body, "<li><h3>");
    icl_html_class(body, pair->label, name_of(page, pair->label));
    icl_text_format(body, " <span class=\"iv\">taken for</span> ");
    icl_html_class(body, pair->said, name_of(page, pair->said));
    icl_text_format(body, " <span class=\"iv\">%lld %s</span></h3><div class=\"pics\">",
                    (long long)pair->count, pair->count == 1 ? "time" : "times");
    for (i = 0; i < page->mistake_count && shown < PICTURES_A_PAIR && status == IMGCLS_OK; i++) {
        size_t at = page->mistakes[i];
        if (page->pictures.labels[at] != pair->label ||
            page->side.answers[at].top[0] != pair->said)
            continue;
        status = put_figure(page, at, false);
        shown++;
    }
    icl_text_format(body, "</div></li>\n");
    return status;
}

static imgcls_status put_confusions(struct page *page)
{
    struct icl_text *body = &page->report->body;
    struct icl_confusion *pairs;
    imgcls_status status = IMGCLS_OK;
    size_t count, i;
    if (!icl_confusions(&page->side, &page->pictures, &pairs, &count))
        return icl_fail(page->report->board->ctx, IMGCLS_NO_MEMORY, "no memory for mistakes");
    while (count > 0 && pairs[count - 1].count < 2) /* what happened once is no habit */
        count--;
    if (count > 0)
        icl_text_format(body,
                        "<section aria-labelledby=\"h-pairs\"><h2 id=\"h-pairs\">What it takes "
                        "for what</h2>\n<p>The most frequent confusions, each with the pictures "
                        "where it was surest.</p><ol class=\"pairs\">\n");
    for (i = 0; i < count && i < PAIRS_SHOWN && status == IMGCLS_OK; i++)
        status = put_pair(page, &pairs[i]);
    if (count > 0)
        icl_text_format(body, "</ol></section>\n");
    free(pairs);
    return status;
}

static imgcls_status put_mistakes(struct page *page)
{
    struct icl_text *body = &page->report->body;
    imgcls_status status = IMGCLS_OK;
    size_t i;
    if (page->mistake_count == 0)
        return IMGCLS_OK;
    icl_text_format(body,
                    "<section aria-labelledby=\"h-sure\"><h2 id=\"h-sure\">Its surest mistakes"
                    "</h2>\n<p>Of %zu wrong answers those it gave with the highest probability; "
                    "wrong labels of the data set tend to be among them.</p><div class=\"pics\">"
                    "\n",
                    page->mistake_count);
    for (i = 0; i < page->mistake_count && i < MISTAKES_SHOWN && status == IMGCLS_OK; i++)
        status = put_figure(page, page->mistakes[i], true);
    icl_text_format(body, "</div></section>\n");
    return status;
}

/* ---- Calibration ------------------------------------------------------------------------*/

static void put_reliability(struct page *page)
{
    struct icl_text *body = &page->report->body, *data = &page->report->data;
    struct {
        int64_t count, right;
        double sure;
    } bins[BINS] = {{0}};
    size_t i;
    int k;
    for (i = 0; i < page->pictures.count; i++) {
        const struct icl_answer *answer = &page->side.answers[i];
        double p = (double)icl_answer_probability(answer, 0);
        if (answer->top[0] < 0)
            continue;
        k = (int)ceil(p * BINS) - 1; /* bins are open below, as (0.2, 0.267] */
        k = k < 0 ? 0 : k >= BINS ? BINS - 1 : k;
        bins[k].count++;
        bins[k].right += icl_pictures_is_right(&page->pictures, i, answer, 1);
        bins[k].sure += p;
    }
    icl_text_format(
        body,
        "<section aria-labelledby=\"h-rel\"><h2 id=\"h-rel\">How sure, and how often right</h2>"
        "\n<p>Pictures by the probability of the first answer, in %d bins. On the dashed line, "
        "of answers given with 80 %% probability 80 %% are right; bars below it mean too sure.</p>"
        "<div class=\"chart square\"><canvas id=\"chart-reliability\" role=\"img\" aria-label="
        "\"Reliability diagram; the table below has its numbers\"></canvas></div>\n<details>"
        "<summary>The bins as a table</summary><div class=\"scroll\"><table class=\"plain\">"
        "<thead><tr><th scope=\"col\">probability<th scope=\"col\">pictures<th scope=\"col\">"
        "mean probability<th scope=\"col\">right</thead><tbody>\n",
        BINS);
    icl_text_format(data, "\"reliability\": [");
    for (k = 0; k < BINS; k++) {
        double n = (double)bins[k].count;
        icl_text_format(body, "<tr><th scope=\"row\" class=\"num\">");
        icl_html_number(body, 100.0 * k / BINS, 1);
        icl_text_format(body, " to ");
        icl_html_number(body, 100.0 * (k + 1) / BINS, 1);
        icl_text_format(body, " %%<td class=\"num\">%lld<td class=\"num\">",
                        (long long)bins[k].count);
        icl_html_number(body, bins[k].count ? 100 * bins[k].sure / n : NAN, 1);
        icl_text_format(body, "<td class=\"num\">");
        icl_html_number(body, bins[k].count ? 100 * (double)bins[k].right / n : NAN, 1);
        icl_text_format(body, "\n");
        icl_text_format(data, "%s[%lld, %lld, ", k ? ", " : "", (long long)bins[k].count,
                        (long long)bins[k].right);
        icl_json_number(data, bins[k].count ? bins[k].sure / n : NAN);
        icl_text_append(data, "]", 1);
    }
    icl_text_format(body, "</tbody></table></div></details></section>\n");
    icl_text_format(data, "],\n");
}

/* ---- Failures ---------------------------------------------------------------------------*/

static imgcls_status put_failures(struct page *page)
{
    struct icl_text *body = &page->report->body;
    struct imgcls_board *board = page->report->board;
    sqlite3_stmt *statement = NULL;
    int count = 0, code;
    imgcls_status status = icl_board_prepare(
        board, "SELECT file, reason FROM run_failures WHERE run = ?1", &statement);
    if (status != IMGCLS_OK)
        return status;
    sqlite3_bind_int64(statement, 1, page->side.run);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && count < FAILURES_SHOWN) {
        if (count++ == 0)
            icl_text_format(body, "<section aria-labelledby=\"h-fail\"><h2 id=\"h-fail\">"
                                  "Pictures without an answer</h2>\n<p>They count as wrong."
                                  "</p><ul class=\"failures\">\n");
        icl_text_format(body, "<li><span class=\"file\">");
        icl_html_text(body, (const char *)sqlite3_column_text(statement, 0));
        icl_text_format(body, "</span>: ");
        icl_html_text(body, (const char *)sqlite3_column_text(statement, 1));
        icl_text_format(body, "</li>\n");
    }
    if (count > 0)
        icl_text_format(body, "</ul>%s</section>\n",
                        code == SQLITE_ROW ? "<p>And more.</p>" : "");
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        status = icl_board_fail(board, code, "reading failures");
    sqlite3_finalize(statement);
    return status;
}

/* ---- The page ---------------------------------------------------------------------------*/

/* Runs of the same data set on the same machine, for the chart around this one. */
static imgcls_status put_front(struct page *page)
{
    struct icl_text set = {0}, cpu = {0}, threads = {0};
    const char *where[4] = {NULL};
    imgcls_status status = IMGCLS_OK;
    icl_text_format(&set, "dataset_sha256=%s", icl_record_text(page->record, "dataset_sha256"));
    icl_text_format(&cpu, "cpu=%s", icl_record_text(page->record, "cpu"));
    icl_text_format(&threads, "threads=%lld",
                    (long long)icl_record_cell(page->record, "threads")->integer);
    if (set.failed || cpu.failed || threads.failed)
        status = icl_fail(page->report->board->ctx, IMGCLS_NO_MEMORY, "no memory for a page");
    where[0] = set.bytes;
    where[1] = cpu.bytes;
    where[2] = threads.bytes;
    if (status == IMGCLS_OK)
        status = icl_report_front(page->report, where, 500, page->side.run, 0);
    icl_text_clear(&set);
    icl_text_clear(&cpu);
    icl_text_clear(&threads);
    return status;
}

static imgcls_status put_sections(struct page *page)
{
    static imgcls_status (*const sections[])(struct page *) = {
        put_classes, put_confusions, put_mistakes, put_front, put_failures};
    imgcls_status status = find_mistakes(page);
    size_t i;
    put_headline(page);
    for (i = 0; i < sizeof sections / sizeof sections[0] && status == IMGCLS_OK; i++) {
        status = sections[i](page);
        if (i == 2)
            put_reliability(page);
    }
    return status;
}

imgcls_status icl_report_run(struct icl_report *report)
{
    struct page page = {.report = report};
    struct imgcls_board *board = report->board;
    imgcls_status status = imgcls_board_show(board, report->options->first, &page.record);
    if (status == IMGCLS_OK)
        status = icl_side_find(board, report->options->first, &page.side);
    if (status == IMGCLS_OK)
        status = icl_side_load(board, &page.side, &page.pictures);
    if (status == IMGCLS_OK)
        status = icl_names_load(board, page.side.label_space, page.side.classes, &page.names);
    if (status == IMGCLS_OK)
        status = icl_report_pictures_of(report, page.side.path,
                                        icl_record_text(page.record, "layout"));
    if (status == IMGCLS_OK)
        status = put_sections(&page);
    if (status == IMGCLS_OK)
        status = icl_report_provenance(report, &page.record, 1);
    icl_names_free(page.names, page.side.classes);
    icl_pictures_clear(&page.pictures);
    icl_side_clear(&page.side);
    imgcls_board_rows_destroy(page.record);
    free(page.mistakes);
    return status;
}
