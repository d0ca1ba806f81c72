/*
 * programs/bench.c - imgcls-bench: options in, imgcls_bench, figures out
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/command.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <jansson.h>

#include <imgcls/bench.h>

#include "programs/model_options.h"

#define STEP_NAME_WIDTH 44

static const struct command_option options[] = {
    {"batch", 'b', "N", "pictures a run, where the model leaves it open (default 1)"},
    {"precision", 'p', "P",
     "f32 (the default); bf16 and int8 are not available in this\n"
     "version"},
    {"seconds", 's', "S", "how long to repeat (default 3; at least 5 runs)"},
    {"profile", 0, NULL, "print a table per node: kernel, time, share, GFLOP/s, bytes"},
    {"trace", 0, "FILE",
     "write one run as a Chrome trace (chrome://tracing, ui.perfetto.dev)"},
    {"check-choice", 0, NULL,
     "measure every kernel that could compute each node; status 1 where\n"
     "the chosen one is more than 5 % slower than the best of the same\n"
     "bits; says where other bits would be faster"},
    {"tune", 0, NULL,
     "measure the same, and keep what wins for this CPU, below\n"
     "$XDG_CACHE_HOME/imgcls; results keep their bits"},
    MODEL_OPTION_ROWS,
    {"memory-limit", 0, "SIZE",
     "stop, with status 3, before using more than SIZE (e.g. 2G)"},
    {"max-iterations", 0, "N",
     "stop, with status 3, a loop that is still going after N rounds\n"
     "(default 1000000)"},
    {NULL, 0, NULL, NULL},
};

static const struct command command = {
    .name = "imgcls-bench",
    .summary = "Measure how fast a model runs on this machine.",
    .synopsis =
        "MODEL [--batch N] [--precision f32] [--seconds S] [--profile] [--trace FILE]\n"
        "       [--check-choice] [--tune] [--threads N]",
    .details = "Runs the model on made-up pictures, always the same, and prints the median "
               "time of a\n"
               "run, how slow one in ten and one in a hundred were, pictures per second, "
               "GFLOP/s (two\n"
               "operations a multiply-add, counted on the graph that runs) and the share "
               "of the fused\n"
               "multiply-adds that this machine was measured to do on as many threads. "
               "Planning and\n"
               "packing weights happen in the first run, which is reported apart.\n"
               "Counterparts: onnxruntime_perf_test, benchmark_app, benchncnn.",
    .options = options,
    .examples = "  imgcls-bench resnet50.imgcls\n"
                "  imgcls-bench vit.onnx --batch 8 --threads 2 --profile\n"
                "  IMGCLS_ISA=avx2 imgcls-bench resnet50.onnx --json\n"
                "  imgcls-bench resnet50.onnx --tune --threads 1",
    .positional_min = 1,
    .positional_max = 1,
};

static void print_steps(const struct imgcls_bench_report *report)
{
    printf("\n%9s %6s %9s %10s  %-*s %s\n", "ms", "share", "GFLOP/s", "MB", STEP_NAME_WIDTH,
           "node", "kernel");
    for (size_t i = 0; i < report->step_count; i++) {
        const struct imgcls_bench_step *step = &report->steps[i];
        char name[512];
        snprintf(name, sizeof name, "%s%s%s", step->node, step->node[0] ? " " : "",
                 step->type);
        printf("%9.3f %5.1f%% ", step->ms, 100 * step->share);
        if (isnan(step->gflops))
            printf("%9s ", "-");
        else
            printf("%9.1f ", step->gflops);
        if (step->bytes < 0)
            printf("%10s  ", "-");
        else
            printf("%10.3f  ", (double)step->bytes * 1e-6);
        terminal_pad(stdout, name, STEP_NAME_WIDTH);
        printf(" %s\n", step->kernel[0] ? step->kernel : "(chosen when run)");
    }
}

static void print_words(const struct imgcls_bench_report *report, bool profile)
{
    printf("%" PRId64 " runs, batch %" PRId64, report->runs, report->batch);
    if (report->micro_batch < report->batch)
        printf(" (%" PRId64 " at a time)", report->micro_batch);
    printf(", %d thread%s, %s, float32\n", (int)report->threads,
           report->threads == 1 ? "" : "s", report->isa);
    printf("median %.3f ms   p90 %.3f   p99 %.3f   best %.3f   first %.1f\n",
           report->median_ms, report->p90_ms, report->p99_ms, report->min_ms,
           report->first_ms);
    printf("%.4g images/s", report->images_per_second);
    if (!isnan(report->gflops))
        printf(", %.4g GFLOP/s", report->gflops);
    if (!isnan(report->peak_fraction))
        printf(", %.1f%% of the measured peak (%.4g GFLOP/s)", 100 * report->peak_fraction,
               report->peak_gflops);
    printf("\nmemory: arena %.1f MB, weights as stored %.1f MB, packed %.1f MB\n",
           (double)report->arena_bytes * 1e-6, (double)report->constant_bytes * 1e-6,
           (double)report->packed_bytes * 1e-6);
    printf("\n%9s %6s  %s\n", "ms", "steps", "kernel");
    for (size_t i = 0; i < report->kernel_count; i++)
        printf("%9.3f %6" PRId64 "  %s\n", report->kernels[i].ms, report->kernels[i].count,
               report->kernels[i].name);
    if (profile)
        print_steps(report);
}

/* JSON has no NaN: null stands for what was not measured. */
static json_t *figure(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *kernels_json(const struct imgcls_bench_report *report)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->kernel_count; i++)
        json_array_append_new(rows,
                              json_pack("{s:s, s:I, s:f}", "name", report->kernels[i].name,
                                        "count", (json_int_t)report->kernels[i].count, "ms",
                                        report->kernels[i].ms));
    return rows;
}

static json_t *steps_json(const struct imgcls_bench_report *report)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->step_count; i++) {
        const struct imgcls_bench_step *step = &report->steps[i];
        json_array_append_new(
            rows, json_pack("{s:s, s:s, s:s, s:f, s:f, s:o, s:o}", "node", step->node,
                            "type", step->type, "kernel", step->kernel, "ms", step->ms,
                            "share", step->share, "gflops", figure(step->gflops), "bytes",
                            step->bytes < 0 ? json_null() : json_integer(step->bytes)));
    }
    return rows;
}

static bool print_json(const char *model, const struct imgcls_bench_report *report,
                       bool profile)
{
    json_t *object = json_pack(
        "{s:s, s:s, s:I, s:I, s:i, s:s, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:o, s:o, s:o, "
        "s:I,"
        " s:I, s:I, s:o}",
        "model", model, "precision", "f32", "batch", (json_int_t)report->batch,
        "micro_batch", (json_int_t)report->micro_batch, "threads",
        (int)report->threads, "isa", report->isa, "runs", (json_int_t)report->runs,
        "median_ms", report->median_ms, "p90_ms", report->p90_ms, "p99_ms", report->p99_ms,
        "min_ms", report->min_ms, "first_ms", report->first_ms, "images_per_second",
        report->images_per_second, "macs",
        report->macs < 0 ? json_null() : json_integer(report->macs), "gflops",
        figure(report->gflops), "peak_gflops", figure(report->peak_gflops), "peak_fraction",
        figure(report->peak_fraction), "arena_bytes", (json_int_t)report->arena_bytes,
        "constant_bytes", (json_int_t)report->constant_bytes, "packed_bytes",
        (json_int_t)report->packed_bytes, "kernels", kernels_json(report));
    if (!object)
        return false;
    if (profile)
        json_object_set_new(object, "steps", steps_json(report));
    int result = json_dumpf(object, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(object);
    return result == 0;
}

/* One run, step after step, as complete events; times in microseconds (Trace Event Format). */
static bool write_trace(const char *path, const struct imgcls_bench_report *report)
{
    json_t *events = json_array();
    double at = 0;
    for (size_t i = 0; i < report->step_count; i++) {
        const struct imgcls_bench_step *step = &report->steps[i];
        json_array_append_new(
            events,
            json_pack("{s:s, s:s, s:s, s:f, s:f, s:i, s:i, s:{s:s, s:o, s:o}}", "name",
                      step->node[0] ? step->node : step->type, "cat", step->type, "ph", "X",
                      "ts", at, "dur", 1e3 * step->ms, "pid", 1, "tid", 1, "args", "kernel",
                      step->kernel, "gflops", figure(step->gflops), "bytes",
                      step->bytes < 0 ? json_null() : json_integer(step->bytes)));
        at += 1e3 * step->ms;
    }
    json_t *object = json_pack("{s:o, s:s}", "traceEvents", events, "displayTimeUnit", "ms");
    FILE *file = object ? fopen(path, "we") : NULL;
    bool written = file && json_dumpf(object, file, JSON_INDENT(1)) == 0;
    if (file && fclose(file) != 0)
        written = false;
    json_decref(object);
    return written;
}

/* False after a usage error. */
static bool precision_is_known(const struct command_line *line)
{
    const char *precision = command_value(line, "precision");
    if (!precision || strcmp(precision, "f32") == 0)
        return true;
    bool planned = strcmp(precision, "bf16") == 0 || strcmp(precision, "int8") == 0;
    command_complain(line, "--precision %s: %s", precision,
                     planned ? "not available in this version, only f32"
                             : "not one of f32, bf16, int8");
    return false;
}

static imgcls_status bench(const struct command_line *line, struct imgcls_context *ctx,
                           const struct imgcls_bench_options *how)
{
    struct model_options given;
    struct imgcls_model *model;
    struct imgcls_bench_report report = {.struct_size = sizeof report};
    bool profile = command_value(line, "profile") != NULL;
    model_options_take(line, &given);
    imgcls_status status =
        imgcls_model_open_with(ctx, line->positionals[0], &given.options, &model);
    if (status == IMGCLS_OK)
        status = imgcls_bench(model, how, &report);
    if (status == IMGCLS_OK && line->json) {
        if (!print_json(line->positionals[0], &report, profile))
            status = IMGCLS_NO_MEMORY;
    } else if (status == IMGCLS_OK) {
        print_words(&report, profile);
    }
    const char *trace = command_value(line, "trace");
    if (status == IMGCLS_OK && trace && !write_trace(trace, &report)) {
        command_complain(line, "%s: the trace cannot be written: %s", trace, strerror(errno));
        status = IMGCLS_IO;
    }
    imgcls_bench_report_clear(&report);
    imgcls_model_close(model);
    return status;
}

static json_t *choices_json(const char *model, const struct imgcls_bench_choices *choices)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < choices->row_count; i++) {
        const struct imgcls_bench_choice *row = &choices->rows[i];
        json_array_append_new(
            rows,
            json_pack("{s:s, s:s, s:s, s:f, s:s, s:f, s:b, s:s?, s:o, s:b}", "node", row->node,
                      "type", row->type, "chosen", row->chosen, "chosen_ms", row->chosen_ms,
                      "best", row->best, "best_ms", row->best_ms, "slow", row->is_slow, "other",
                      row->other, "other_ms",
                      row->other_ms < 0 ? json_null() : json_real(row->other_ms),
                      "other_faster", row->other_is_faster));
    }
    return json_pack("{s:s, s:I, s:I, s:s?, s:o}", "model", model, "slow",
                     (json_int_t)choices->slow_count, "other_faster",
                     (json_int_t)choices->other_count, "kept_in", choices->kept_in, "nodes",
                     rows);
}

static void print_choices(const struct imgcls_bench_choices *choices)
{
    for (size_t i = 0; i < choices->row_count; i++) {
        const struct imgcls_bench_choice *row = &choices->rows[i];
        if (row->is_slow)
            printf("slow   %9.3f ms  %s %s: %s takes %.3f ms, %s\n", row->best_ms, row->node,
                   row->type, row->chosen, row->chosen_ms, row->best);
        if (row->other_is_faster)
            printf("other  %9.3f ms  %s %s: %s takes %.3f ms; other bits by %s\n",
                   row->other_ms, row->node, row->type, row->best, row->best_ms, row->other);
    }
    printf("%zu nodes: %zu more than 5 %% slower than the best kernel of the same bits, %zu "
           "faster with other bits\n",
           choices->row_count, choices->slow_count, choices->other_count);
    if (choices->kept_in)
        printf("kept in %s\n", choices->kept_in);
}

/* *slow: nodes that have a faster kernel. */
static imgcls_status compare_choices(const struct command_line *line,
                                     struct imgcls_context *ctx,
                                     const struct imgcls_bench_options *how, size_t *slow)
{
    struct model_options given;
    struct imgcls_model *model;
    struct imgcls_bench_choices choices = {.struct_size = sizeof choices};
    model_options_take(line, &given);
    imgcls_status status =
        imgcls_model_open_with(ctx, line->positionals[0], &given.options, &model);
    if (status == IMGCLS_OK)
        status = imgcls_bench_choices(model, how, command_value(line, "tune") != NULL, &choices);
    if (status == IMGCLS_OK && line->json) {
        json_t *object = choices_json(line->positionals[0], &choices);
        if (!object || json_dumpf(object, stdout, JSON_INDENT(1)) != 0)
            status = IMGCLS_NO_MEMORY;
        putchar('\n');
        json_decref(object);
    } else if (status == IMGCLS_OK) {
        print_choices(&choices);
    }
    *slow = choices.slow_count;
    imgcls_bench_choices_clear(&choices);
    imgcls_model_close(model);
    return status;
}

int main(int argc, char **argv)
{
    struct command_line line;
    struct imgcls_bench_options how = {.struct_size = sizeof how};
    long long batch;
    int exit_status = command_line_parse(&command, argc, argv, &line);
    if (exit_status >= 0)
        return exit_status;
    struct imgcls_context *ctx = NULL;
    if (!command_integer(&line, "batch", 1, 1000000, 0, &batch) ||
        !command_number(&line, "seconds", 0.001, 86400, 3, &how.seconds) ||
        !precision_is_known(&line) || !(ctx = command_context(&line)))
        return command_refuse(&line);
    how.batch = batch;
    bool check = command_value(&line, "check-choice") != NULL;
    if (!check && !command_value(&line, "tune"))
        return command_end(&line, ctx, bench(&line, ctx, &how));
    size_t slow = 0;
    exit_status = command_end(&line, ctx, compare_choices(&line, ctx, &how, &slow));
    return exit_status == 0 && check && slow > 0 ? 1 : exit_status;
}
