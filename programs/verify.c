/*
 * programs/verify.c - imgcls-verify: options in, imgcls_verify, words out
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/command.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <imgcls/verify.h>

#include "programs/model_options.h"
#include "programs/suite.h"

static const struct command_option options[] = {
    {"reference", 'r', "PATH", "expected values: a folder of test_data_set_N or of input_K and\n"
                               "output_K (.pb, .npy), or an .npz named by inputs and outputs;\n"
                               "default: the example inside a bundle, else test_data_set_N\n"
                               "beside the model"},
    {"l2", 0, "X", "largest relative L2 of an output (default 2e-5; 5e-3 for float16\n"
                   "models)"},
    {"rtol", 0, "X", "decide element by element instead: |got - want| <= atol + rtol*|want|"},
    {"atol", 0, "X", "see --rtol"},
    {"db", 0, "FILE", "with --suite: keep the result as rows of this leaderboard"},
    {"suite", 0, "DIR", "run every case below DIR instead of one model"},
    {"baseline", 0, "FILE", "with --suite: fail only where a case that passed in FILE (the\n"
                            "--json of an earlier run) does not pass now"},
    {"no-blame", 0, NULL, "after a mismatch, do not look for the node at fault"},
    MODEL_OPTION_ROWS,
    {"memory-limit", 0, "SIZE", "stop, with status 3, before using more than SIZE (e.g. 2G)"},
    {"max-iterations", 0, "N", "stop, with status 3, a loop that is still going after N rounds\n"
                               "(default 1000000)"},
    {NULL, 0, NULL, NULL},
};

static const struct command command = {
    .name = "imgcls-verify",
    .summary = "Check that a model computes what its reference says.",
    .synopsis = "MODEL [--reference FOLDER|FILE.npz] [--l2 X] [--rtol X --atol X]\n"
                "--suite DIR [--baseline FILE] [--db FILE]",
    .details =
        "For every output it prints the largest absolute difference, the relative L2 norm of\n"
        "the difference, the cosine, how often the largest element agrees (top-1), and the\n"
        "tolerance that would have been needed. On a mismatch every node is fed the values of\n"
        "a float64 run, and the first whose own error is too large is named.\n"
        "A suite's case is a folder with model.onnx, test_data_set_N and tolerance.txt (rtol\n"
        "and atol), as in the ONNX backend suite; each runs in a process of its own, so that a\n"
        "crash is one case's failure.\n"
        "Counterparts: polygraphy run --onnxrt --validate, numpy's assert_allclose.",
    .options = options,
    .examples = "  imgcls-verify resnet50/model.onnx\n"
                "  imgcls-verify resnet50.imgcls\n"
                "  imgcls-verify vit.onnx --reference answers.npz --rtol 1e-3 --atol 1e-5",
    .positional_min = 0,
    .positional_max = 1,
};

static void print_figure(double value)
{
    if (isnan(value))
        printf("%12s", "-");
    else
        printf("%12.3g", value);
}

static int name_width(const struct imgcls_verify_report *report)
{
    int width = 8;
    for (size_t i = 0; i < report->output_count; i++) {
        int own = terminal_width_of(report->outputs[i].set) + 1 +
                  terminal_width_of(report->outputs[i].name);
        width = own > width ? own : width;
    }
    return width;
}

static void print_words(const struct imgcls_verify_report *report)
{
    int width = name_width(report);
    printf("reference: %s\n", report->reference);
    terminal_pad(stdout, "output", width);
    printf("%12s%12s%12s%12s%12s\n", "max abs", "rel L2", "cosine", "top-1", "needed");
    for (size_t i = 0; i < report->output_count; i++) {
        const struct imgcls_verify_output *row = &report->outputs[i];
        char name[512];
        snprintf(name, sizeof name, "%s/%s", row->set, row->name);
        terminal_pad(stdout, name, width);
        print_figure(row->max_abs);
        print_figure(row->l2_relative);
        if (isnan(row->cosine))
            printf("%12s", "-");
        else
            printf("%12.9f", row->cosine);
        if (isnan(row->top1_agreement))
            printf("%12s", "-");
        else
            printf("%11.4g%%", 100 * row->top1_agreement);
        print_figure(row->needed);
        printf("  %s\n", row->passed ? "ok" : "MISMATCH");
        if (!row->passed && row->worst_index >= 0)
            printf("  worst at element %" PRId64 ": %.9g, expected %.9g\n", row->worst_index,
                   row->worst_got, row->worst_want);
        if (row->nan_got || row->nan_want || row->inf_got || row->inf_want)
            printf("  NaN: %" PRId64 ", expected %" PRId64 "; infinite: %" PRId64
                   ", expected %" PRId64 "\n", row->nan_got, row->nan_want, row->inf_got,
                   row->inf_want);
    }
    printf("%s (tolerance %.3g)\n", report->passed ? "passed" : "FAILED", report->tolerance);
}

/* JSON has no NaN and no infinity: null stands for them. */
static json_t *figure(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *row_json(const struct imgcls_verify_output *row)
{
    return json_pack("{s:s, s:s, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:b}",
                     "set", row->set, "name", row->name, "max_abs", figure(row->max_abs),
                     "max_index", (json_int_t)row->max_index, "worst_index",
                     (json_int_t)row->worst_index, "max_rel", figure(row->max_rel),
                     "l2_relative", figure(row->l2_relative), "cosine", figure(row->cosine),
                     "top1_agreement", figure(row->top1_agreement), "needed",
                     figure(row->needed), "elements", (json_int_t)row->count, "nan",
                     (json_int_t)row->nan_got, "nan_expected", (json_int_t)row->nan_want,
                     "inf", (json_int_t)row->inf_got, "inf_expected",
                     (json_int_t)row->inf_want, "passed", row->passed);
}

static bool print_json(const struct imgcls_verify_report *report)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->output_count; i++)
        json_array_append_new(rows, row_json(&report->outputs[i]));
    json_t *object = json_pack("{s:b, s:s, s:o, s:s?, s:o}", "passed", report->passed,
                               "reference", report->reference, "tolerance",
                               figure(report->tolerance), "blame", report->blame, "outputs",
                               rows);
    if (!object)
        return false;
    int result = json_dumpf(object, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(object);
    return result == 0;
}

int main(int argc, char **argv)
{
    struct command_line line;
    int exit_status = command_line_parse(&command, argc, argv, &line);
    if (exit_status >= 0)
        return exit_status;
    if ((line.positional_count == 0) == (command_value(&line, "suite") == NULL)) {
        command_complain(&line, "one model, or --suite DIR, is wanted");
        fprintf(stderr, "Try 'imgcls-verify --help'.\n");
        return command_refuse(&line);
    }
    struct model_options given;
    model_options_take(&line, &given);
    struct imgcls_verify_options what = {
        .struct_size = sizeof what,
        .model = line.positionals[0],
        .reference = command_value(&line, "reference"),
        .elementwise = command_value(&line, "rtol") || command_value(&line, "atol"),
        .keep_going = command_value(&line, "no-blame") != NULL,
        .model_options = &given.options,
    };
    struct imgcls_context *ctx = NULL;
    if (!command_number(&line, "l2", 0, 1e9, 0, &what.l2) ||
        !command_number(&line, "rtol", 0, 1e9, 0, &what.rtol) ||
        !command_number(&line, "atol", 0, 1e9, 0, &what.atol) ||
        !(ctx = command_context(&line)))
        return command_refuse(&line);
    if (command_value(&line, "suite")) {
        exit_status = 0;
        int suite_end = command_end(&line, ctx, run_suite(ctx, &line, &exit_status));
        return suite_end ? suite_end : exit_status;
    }
    if (command_value(&line, "l2") && what.l2 == 0)
        what.l2 = DBL_MIN; /* 0 would mean the default: only equal outputs pass */
    struct imgcls_verify_report report;
    imgcls_status status = imgcls_verify(ctx, &what, &report);
    if (status == IMGCLS_OK) {
        bool printed = true;
        if (line.json)
            printed = print_json(&report);
        else if (!line.quiet || !report.passed)
            print_words(&report);
        if (report.blame && !line.json)
            command_complain(&line, "%s: %s", what.model, report.blame);
        exit_status = report.passed ? 0 : 1;
        if (!printed)
            status = IMGCLS_NO_MEMORY;
    }
    imgcls_verify_report_clear(&report);
    int end = command_end(&line, ctx, status);
    return end ? end : exit_status;
}
