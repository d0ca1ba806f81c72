/*
 * eval/report/report.c - one HTML page that needs nothing besides itself
 *
 * Style, Chart.js, data and script stand in the page. The page's own policy forbids anything
 * from elsewhere and any script but these two, which are named by their hashes: a class name
 * that smuggled a script in would still not run.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/report/report.h"

#include "eval/leaderboard/machine.h"

#include <string.h>

#include <nettle/base64.h>
#include <nettle/sha2.h>

static const char style[] =
#include "eval/report/page.css.h"
    ;
static const char script[] =
#include "eval/report/page.js.h"
    ;
#ifdef HAVE_CHART_JS
static const unsigned char chart_js[] = {
#include "eval/report/chart.js.h"
};
#define CHART_BYTES sizeof chart_js
#else
static const unsigned char chart_js[1];
#define CHART_BYTES 0
#endif

/* "'sha256-...'" of a script, as a content security policy names it. */
static void put_hash(struct icl_text *out, const void *bytes, size_t size)
{
    struct sha256_ctx hash;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE)];
    sha256_init(&hash);
    sha256_update(&hash, size, bytes);
    sha256_digest(&hash, sizeof digest, digest);
    base64_encode_raw(text, sizeof digest, digest);
    icl_text_format(out, " 'sha256-%.*s'", (int)sizeof text, text);
}

/* JSON inside a script element: "<" can only stand in strings, where its escape is the same. */
static void put_data(struct icl_text *out, const struct icl_text *data)
{
    const char *p = data->bytes ? data->bytes : "", *end = p + data->length;
    icl_text_append(out, "{", 1);
    while (p < end) {
        const char *next = memchr(p, '<', (size_t)(end - p));
        icl_text_append(out, p, (size_t)((next ? next : end) - p));
        if (!next)
            break;
        icl_text_append(out, "\\u003c", 6);
        p = next + 1;
    }
    icl_text_format(out, "\"end\": true}");
}

static void put_head(struct icl_text *out, const struct icl_report *report)
{
    icl_text_format(out,
                    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
                    " img-src data:; style-src 'unsafe-inline'; script-src");
    if (CHART_BYTES > 0)
        put_hash(out, chart_js, CHART_BYTES);
    put_hash(out, script, sizeof script - 1);
    icl_text_format(out,
                    "; base-uri 'none'; form-action 'none'\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n"
                    "<meta name=\"generator\" content=\"imgcls %s\">\n<title>",
                    imgcls_version());
    icl_html_text(out, report->title.bytes);
    icl_text_format(out, "</title>\n<style>\n");
    icl_text_append(out, style, sizeof style - 1);
    icl_text_format(out, "</style>\n<noscript><style>tr[hidden] { display: table-row; }"
                         "</style></noscript>\n</head>\n<body>\n"
                         "<a class=\"skip\" href=\"#main\">Skip to the figures</a>\n"
                         "<main id=\"main\">\n");
}

static void put_tail(struct icl_text *out, const struct icl_report *report)
{
    char time[21];
    icl_board_time(time);
    icl_text_format(out,
                    "</main>\n<footer><p>Made by imgcls %s on <time datetime=\"%s\">%.10s</time>"
                    ". Rates are counts over all pictures, those that could not be read "
                    "included; intervals are Wilson\u2019s at 95 %%; differences are judged by "
                    "McNemar\u2019s exact test.</p></footer>\n",
                    imgcls_version(), time, time);
    icl_text_format(out, "<script type=\"application/json\" id=\"data\">");
    put_data(out, &report->data);
    icl_text_format(out, "</script>\n");
    if (CHART_BYTES > 0) {
        icl_text_format(out, "<script>");
        icl_text_append(out, (const char *)chart_js, CHART_BYTES);
        icl_text_format(out, "</script>\n");
    }
    icl_text_format(out, "<script>");
    icl_text_append(out, script, sizeof script - 1);
    icl_text_format(out, "</script>\n</body>\n</html>\n");
}

imgcls_status imgcls_board_report(struct imgcls_board *board,
                                  const struct imgcls_board_report_options *given, char **html)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    struct imgcls_board_report_options options = {0};
    struct icl_report report = {.board = board, .options = &options};
    struct icl_text page = {0};
    imgcls_status status;
    *html = NULL;
    if (given)
        memcpy(&options, given,
               given->struct_size < sizeof options ? given->struct_size : sizeof options);
    if (options.first <= 0)
        status = icl_report_whole(&report);
    else
        status = options.second > 0 ? icl_report_pair(&report) : icl_report_run(&report);
    if (status == IMGCLS_OK)
        status = icl_report_put_pictures(&report);
    if (status == IMGCLS_OK) {
        put_head(&page, &report);
        icl_text_append(&page, report.body.bytes ? report.body.bytes : "", report.body.length);
        put_tail(&page, &report);
        if (page.failed || report.body.failed || report.data.failed || report.title.failed)
            status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for the page",
                              board->path);
    }
    if (status == IMGCLS_OK)
        *html = page.bytes;
    else
        icl_text_clear(&page);
    icl_report_pictures_clear(&report);
    icl_text_clear(&report.title);
    icl_text_clear(&report.body);
    icl_text_clear(&report.data);
    return status;
}
