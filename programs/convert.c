/*
 * programs/convert.c - imgcls-convert: options in, imgcls_convert, words out
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/command.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <imgcls/convert.h>

#include "programs/inspect.h"
#include "programs/model_options.h"

static const struct command_option options[] = {
    {"output", 'o', "OUT", "file to write: .imgcls (a bundle), .onnx, or .safetensors (the\n"
                           "weights alone); default: the model's name with .imgcls, in the\n"
                           "current folder"},
    MODEL_OPTION_ROWS,
    {"inspect", 0, NULL, "show what is in MODEL (inputs, operators, weights; of a checkpoint\n"
                         "also each tensor and the names in its pickle) and write nothing"},
    {"keep-batch", 0, NULL, "leave a batch that is fixed in MODEL as it is; so do\n"
                               "--shape and --no-verify"},
    {"no-verify", 0, NULL, "run nothing: neither compare the written file with the source nor\n"
                           "make an example to put inside"},
    {"no-register", 0, NULL, "do not enter the model into the database"},
    {"db", 0, "FILE", "database (default: $IMGCLS_DB, else imgcls/leaderboard.db under\n"
                      "$XDG_DATA_HOME)"},
    {"memory-limit", 0, "SIZE", "stop, with status 3, before using more than SIZE (e.g. 2G)"},
    {"max-iterations", 0, "N", "stop, with status 3, a loop that is still going after N rounds\n"
                               "(default 1000000)"},
    {NULL, 0, NULL, NULL},
};

static const struct command command = {
    .name = "imgcls-convert",
    .summary = "Turn an image classifier into one checked file that carries its preprocessing "
               "and class names.",
    .synopsis = "MODEL [-o OUT.imgcls|OUT.onnx|OUT.safetensors] [--arch NAME] [--labels FILE]\n"
                "[--preprocess RECIPE]\n"
                "MODEL --inspect",
    .details =
        "MODEL is an .onnx file, an .imgcls bundle, weights without a graph (PyTorch's .pt,\n"
        ".pth and .bin, .safetensors, .npz), a folder of ModelScope, Hugging Face or timm, or\n"
        "whatever else an installed plugin reads. No code of a checkpoint is run. The output keeps the source's graph, weights and names; what inference does\n"
        "not need is dropped; a batch that an exporter baked into it becomes open where every\n"
        "picture keeps its answer, bit for bit. The file is opened again and compared with\n"
        "test_data_set_0 beside the model, or with the source's own answer where there is\n"
        "none, and kept only if it agrees. imgcls-eval without a model named takes the one\n"
        "converted last.\n"
        "Counterparts: ovc model.onnx, onnxsim in.onnx out.onnx, pnnx model.pt.",
    .options = options,
    .examples = "  imgcls-convert resnet50.onnx --labels imagenet.txt --preprocess imagenet\n"
                "  imgcls-convert vit.onnx -o vit.imgcls --shape input=1,3,224,224\n"
                "  imgcls-convert vit.imgcls -o vit.onnx\n"
                "  imgcls-convert --inspect pytorch_model.bin\n"
                "  imgcls-convert cv_vit-base_image-classification_Dailylife-labels/",
    .positional_min = 1,
    .positional_max = 1,
};

static void print_thousands(FILE *file, long long value, int width)
{
    char digits[32], text[48];
    int length = snprintf(digits, sizeof digits, "%lld", value < 0 ? -value : value), at = 0;
    if (value < 0)
        text[at++] = '-';
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    fprintf(file, "%*s", width, text);
}

static void print_row(const char *name, long long before, long long after)
{
    printf("  %-28s", name);
    print_thousands(stdout, before, 16);
    print_thousands(stdout, after, 16);
    putchar('\n');
}

static void print_table(const struct imgcls_convert_report *report)
{
    printf("  %-28s%16s%16s\n", "operator", "before", "after");
    for (size_t i = 0; i < report->operator_count; i++) {
        const struct imgcls_operator_count *row = &report->operators[i];
        char name[160];
        snprintf(name, sizeof name, "%s%s%s", row->domain, row->domain[0] ? "." : "",
                 row->type);
        print_row(name, row->before, row->after);
    }
    print_row("all nodes", report->nodes_before, report->nodes_after);
    printf("  %-28s", "parameters");
    print_thousands(stdout, report->parameters, 32);
    printf("\n  %-28s", "multiply-accumulates");
    if (report->macs >= 0)
        print_thousands(stdout, report->macs, 32);
    else
        printf("%32s", "not known");
    putchar('\n');
}

static void print_words(const struct imgcls_convert_report *report)
{
    if (report->evidence)
        printf("architecture: %s\n", report->evidence);
    for (const char *line = report->notes ? report->notes : ""; *line;) {
        size_t length = strcspn(line, "\n");
        printf("note: %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    if (report->operator_count)
        print_table(report);
    if (report->passes[0])
        printf("passes: %s\n", report->passes);
    if (report->batch_freed)
        printf("batch: any, was %lld (1, 2 and 3 checked)\n", (long long)report->batch);
    else if (report->batch && report->batch_reason[0])
        printf("batch: stays %lld: %s\n", (long long)report->batch, report->batch_reason);
    printf("example inside: %s\n", report->golden);
    if (report->verified) {
        const struct imgcls_verify_report *check = &report->check;
        double worst = 0;
        for (size_t i = 0; i < check->output_count; i++)
            worst = fmax(worst, check->outputs[i].l2_relative);
        printf("verified: relative L2 %.2g (allowed %.2g)\n", worst, check->tolerance);
    } else {
        printf("not verified\n");
    }
    printf("%s: %lld bytes, sha256 %s%s\n", report->output, (long long)report->bytes,
           report->sha256, report->registered ? ", registered" : "");
}

static json_t *operators_json(const struct imgcls_convert_report *report)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->operator_count; i++) {
        const struct imgcls_operator_count *row = &report->operators[i];
        json_array_append_new(rows, json_pack("{s:s, s:s, s:I, s:I}", "domain", row->domain,
                                              "type", row->type, "before",
                                              (json_int_t)row->before, "after",
                                              (json_int_t)row->after));
    }
    return rows;
}

static bool print_json(const struct imgcls_convert_report *report)
{
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:b, s:b, s:I, s:b, s:s, s:s?, "
        "s:s?, s:o}",
        "output",
        report->output, "sha256", report->sha256, "source_sha256", report->source_sha256,
        "nodes_before", (json_int_t)report->nodes_before, "nodes_after",
        (json_int_t)report->nodes_after, "parameters", (json_int_t)report->parameters, "macs",
        (json_int_t)report->macs, "bytes", (json_int_t)report->bytes, "passes",
        report->passes, "golden", report->golden, "verified", report->verified, "registered",
        report->registered, "batch", (json_int_t)report->batch, "batch_freed",
        report->batch_freed, "batch_reason", report->batch_reason,
        "architecture", report->evidence, "notes", report->notes, "operators",
        operators_json(report));
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
    struct imgcls_context *ctx = command_context(&line);
    if (!ctx)
        return command_refuse(&line);
    struct model_options given;
    model_options_take(&line, &given);
    if (command_value(&line, "inspect"))
        return command_end(&line, ctx, inspect_model(ctx, &line, &given.options));
    struct imgcls_convert_options what = {
        .struct_size = sizeof what,
        .model = line.positionals[0],
        .output = command_value(&line, "output"),
        .keep_batch = command_value(&line, "keep-batch") != NULL,
        .no_verify = command_value(&line, "no-verify") != NULL,
        .no_register = command_value(&line, "no-register") != NULL,
        .database = command_value(&line, "db"),
        .model_options = &given.options,
    };
    struct imgcls_convert_report report;
    imgcls_status status = imgcls_convert(ctx, &what, &report);
    if (status == IMGCLS_OK && line.json) {
        if (!print_json(&report))
            status = IMGCLS_NO_MEMORY;
    } else if (status == IMGCLS_OK && !line.quiet) {
        print_words(&report);
    } else if (status == IMGCLS_MISMATCH && report.check.blame) {
        command_complain(&line, "%s: %s", what.model, report.check.blame);
    }
    imgcls_convert_report_clear(&report);
    return command_end(&line, ctx, status);
}
