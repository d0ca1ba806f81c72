/*
 * src/convert/convert.c - from whatever some plugin reads to a bundle or an ONNX file
 *
 * read -> count -> clean passes -> golden example -> write beside the target -> open what was
 * written and compare it with the example -> rename -> register. What is written is the
 * source's graph in the source's opset and names; folding and fusion happen when a plan is
 * made, so the way back stays open.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <imgcls/convert.h>

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "eval/leaderboard/provenance.h"
#include "src/convert/batch.h"
#include "src/convert/golden.h"
#include "src/convert/operators.h"
#include "src/file/file.h"
#include "src/model/read.h"
#include "src/passes/passes.h"
#include "src/registry/registry.h"
#include "src/verify/verify.h"

/* Protobuf messages end at 2 GiB; from here on weights go into a file beside the .onnx. */
#define ONNX_INLINE_MAX UINT64_C(1900000000)
/* How far the errors of many nodes may add up where each of them is as good as float32 lets it
 * be. Some networks amplify rounding: ONNX Runtime is 5e-4 off, too (docs/models.md). */
#define AMPLIFIED_L2_MAX 5e-4

struct work {
    struct imgcls_context *ctx;
    const struct imgcls_convert_options *options;
    struct imgcls_convert_report *report;
    struct imgcls_model *model;
    const struct imgcls_format *format;
    struct icl_references golden;
    struct icl_output *output;
    char *data_path; /* of external weights, where there are any */
};

/* What the report's pointers point into. */
struct owner {
    struct icl_operator_counts counts;
    char *output, *passes, *golden, *batch_reason, *evidence, *notes;
};

void imgcls_convert_report_clear(struct imgcls_convert_report *report)
{
    struct owner *owner = report ? report->owner : NULL;
    if (!owner)
        return;
    imgcls_verify_report_clear(&report->check);
    icl_operators_clear(&owner->counts);
    free(owner->output);
    free(owner->passes);
    free(owner->golden);
    free(owner->evidence);
    free(owner->notes);
    free(owner->batch_reason);
    free(owner);
    *report = (struct imgcls_convert_report){.struct_size = report->struct_size};
}

/* "resnet50.imgcls" for "models/resnet50.onnx" and for the folder "models/resnet50/". */
static char *default_output(const char *model)
{
    size_t end = strlen(model);
    while (end > 1 && model[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && model[begin - 1] != '/')
        begin--;
    size_t stem = end;
    for (size_t i = end; i > begin + 1; i--)
        if (model[i - 1] == '.') {
            stem = i - 1;
            break;
        }
    char *name = malloc(stem - begin + sizeof ".imgcls");
    if (name) {
        memcpy(name, model + begin, stem - begin);
        strcpy(name + (stem - begin), ".imgcls");
    }
    return name;
}

static imgcls_status choose_output(struct work *work, struct owner *owner)
{
    const char *given = work->options->output;
    struct imgcls_context *ctx = work->ctx;
    owner->output = given ? strdup(given) : default_output(work->options->model);
    if (!owner->output)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for the output's name");
    work->report->output = owner->output;
    struct icl_registry *registry;
    imgcls_status status = icl_context_registry(ctx, &registry);
    if (status != IMGCLS_OK)
        return status;
    work->format = icl_registry_format_for_output(registry, owner->output);
    if (!work->format || !work->format->write)
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "%s: no plugin writes files that end so; .imgcls, .onnx and "
                        ".safetensors are usual",
                        owner->output);
    struct stat source, target;
    if (stat(work->options->model, &source) == 0 && stat(owner->output, &target) == 0 &&
        source.st_dev == target.st_dev && source.st_ino == target.st_ino)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: the output would replace the model itself",
                        owner->output);
    return IMGCLS_OK;
}

/* What a checkpoint's reader wants to tell; the graph is replaced on the way. */
static imgcls_status tell_origin(struct work *work, struct owner *owner)
{
    const struct {
        const char *key;
        char **own;
        const char **told;
    } texts[] = {
        {IMGCLS_META_EVIDENCE, &owner->evidence, &work->report->evidence},
        {IMGCLS_META_NOTES, &owner->notes, &work->report->notes},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = icl_graph_meta(work->model->graph, texts[i].key);
        if (text && !(*texts[i].own = strdup(text)))
            return icl_fail(work->ctx, IMGCLS_NO_MEMORY, "no memory for the report");
        *texts[i].told = *texts[i].own;
    }
    return IMGCLS_OK;
}

/* Metadata that travels: recipe, labels, and what the source was. */
static imgcls_status describe_source(struct imgcls_model *model)
{
    struct imgcls_graph *graph = model->graph;
    imgcls_status status = IMGCLS_OK;
    if (model->recipe_text)
        status = icl_graph_set_meta(graph, IMGCLS_META_RECIPE, model->recipe_text);
    if (status == IMGCLS_OK && model->label_count) {
        size_t size = 1;
        for (size_t i = 0; i < model->label_count; i++)
            size += strlen(model->labels[i]) + 1;
        char *text = malloc(size), *end = text;
        if (!text)
            return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for %zu labels",
                            model->label_count);
        for (size_t i = 0; i < model->label_count; i++)
            end += sprintf(end, "%s\n", model->labels[i]);
        status = icl_graph_set_meta(graph, IMGCLS_META_LABELS, text);
        free(text);
    }
    if (status != IMGCLS_OK || icl_graph_meta(graph, IMGCLS_META_SOURCE))
        return status;
    const char *slash = strrchr(model->path, '/');
    json_t *source = json_pack("{s:s, s:s, s:s}", "file",
                               slash && slash[1] ? slash + 1 : model->path, "sha256",
                               imgcls_model_sha256(model), "format", model->format);
    char *text = source ? json_dumps(source, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (text)
        status = icl_graph_set_meta(graph, IMGCLS_META_SOURCE, text);
    else
        status = icl_fail(model->ctx, IMGCLS_BAD_INPUT, "%s: the name is no UTF-8",
                          model->path);
    free(text);
    json_decref(source);
    return status;
}

static imgcls_status add_pass(struct work *work, struct owner *owner, const char *name)
{
    size_t before = owner->passes ? strlen(owner->passes) : 0;
    char *longer = realloc(owner->passes, before + strlen(name) + 2);
    if (!longer)
        return icl_fail(work->ctx, IMGCLS_NO_MEMORY, "no memory for the names of passes");
    sprintf(longer + before, "%s%s", before ? " " : "", name);
    owner->passes = longer;
    return IMGCLS_OK;
}

/* Weights alone are no model to be run again, so there is nothing to compare. */
static bool is_checked(const struct work *work)
{
    return !work->options->no_verify && work->format->read;
}

/* Unless a shape was asked for: then it shall stay. Where nothing is checked nothing is run, so
 * nothing can be shown to be right. */
static imgcls_status free_batch(struct work *work, struct owner *owner)
{
    const struct imgcls_model_options *given = work->options->model_options;
    struct icl_batch_result result;
    work->report->batch_reason = "";
    if (!is_checked(work) || work->options->keep_batch || (given && given->shapes && given->shapes[0]))
        return IMGCLS_OK;
    imgcls_status status = icl_batch_free(work->model, &result);
    if (status != IMGCLS_OK)
        return status;
    owner->batch_reason = strdup(result.reason);
    if (!owner->batch_reason)
        return icl_fail(work->ctx, IMGCLS_NO_MEMORY, "no memory for the report");
    work->report->batch = result.batch;
    work->report->batch_freed = result.freed;
    work->report->batch_reason = owner->batch_reason;
    return result.freed ? add_pass(work, owner, "free-batch") : IMGCLS_OK;
}

static imgcls_status clean(struct work *work, struct owner *owner)
{
    struct imgcls_graph *graph = work->model->graph;
    imgcls_status status = icl_operators_count_graph(&owner->counts, graph);
    if (status == IMGCLS_OK)
        status = icl_passes_clean(graph, &owner->passes);
    if (status == IMGCLS_OK)
        status = free_batch(work, owner);
    graph = work->model->graph;
    if (status == IMGCLS_OK && owner->passes && owner->passes[0])
        status = icl_graph_set_meta(graph, "imgcls.passes", owner->passes);
    work->report->passes = owner->passes ? owner->passes : "";
    return status;
}

/* What the plan will run, for the table: of the golden example's shapes. */
static imgcls_status count_plan(struct work *work, struct owner *owner)
{
    struct imgcls_context *ctx = work->ctx;
    const struct icl_reference *set = &work->golden.sets[0];
    struct imgcls_tensor *shapes = calloc(set->input_count + 1, sizeof *shapes);
    if (!shapes)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for %zu shapes", set->input_count);
    for (size_t i = 0; i < set->input_count; i++)
        if (set->inputs[i]->tensor)
            shapes[i] = *set->inputs[i]->tensor;
    struct icl_plan_options options = {.threads = ctx->threads};
    struct icl_plan *plan = NULL;
    imgcls_status status = icl_plan_build(ctx, work->model->graph, shapes, &options, &plan);
    if (status == IMGCLS_OK)
        status = icl_operators_count_plan(&owner->counts, ctx, plan);
    if (status == IMGCLS_OK) {
        struct icl_plan_summary summary;
        icl_plan_summarise(plan, &summary);
        work->report->parameters = summary.parameters;
        work->report->macs = summary.macs;
        icl_operators_sort(&owner->counts);
        work->report->operators = owner->counts.rows;
        work->report->operator_count = owner->counts.count;
        work->report->nodes_before = owner->counts.before;
        work->report->nodes_after = owner->counts.after;
    }
    icl_plan_release(plan);
    free(shapes);
    return status;
}

/* ---- Writing ----------------------------------------------------------------------------*/

static uint64_t weight_bytes(const struct imgcls_graph *graph)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < graph->initializer_count; i++)
        bytes += graph->initializers[i]->tensor.size_bytes;
    return bytes;
}

/* Weights past what one message holds go to OUT.onnx.data, which must be in place before the
 * model can be opened again. */
static imgcls_status write_with_data(struct work *work)
{
    struct imgcls_context *ctx = work->ctx;
    size_t size = strlen(work->report->output) + sizeof ".data";
    work->data_path = malloc(size);
    if (!work->data_path)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for a file name");
    snprintf(work->data_path, size, "%s.data", work->report->output);
    struct icl_output *data;
    imgcls_status status = icl_output_create(ctx, work->data_path, &data);
    if (status != IMGCLS_OK) {
        free(work->data_path);
        work->data_path = NULL;
        return status;
    }
    const char *slash = strrchr(work->data_path, '/');
    work->output->sink.external = &data->sink;
    work->output->sink.external_location = slash ? slash + 1 : work->data_path;
    status = work->format->write(&ctx->host, work->model->graph, &work->output->sink);
    work->output->sink.external = NULL;
    return icl_output_finish(data, status);
}

static imgcls_status write_output(struct work *work)
{
    struct imgcls_context *ctx = work->ctx;
    imgcls_status status = icl_output_create(ctx, work->report->output, &work->output);
    if (status == IMGCLS_OK)
        status = icl_output_hash(work->output);
    if (status != IMGCLS_OK)
        return status;
    if (strcmp(work->format->name, "onnx") == 0 &&
        weight_bytes(work->model->graph) > ONNX_INLINE_MAX)
        return write_with_data(work);
    return work->format->write(&ctx->host, work->model->graph, &work->output->sink);
}

/* Opens the file under its temporary name and compares it with the example. */
static imgcls_status check_output(struct work *work)
{
    struct imgcls_context *ctx = work->ctx;
    struct imgcls_verify_options options = {.struct_size = sizeof options};
    struct imgcls_model *written = NULL;
    imgcls_status status = imgcls_model_open(ctx, work->output->temporary, &written);
    if (status == IMGCLS_OK)
        status = icl_verify_model(written, &work->golden, &options, &work->report->check);
    double worst = 0;
    for (size_t i = 0; status == IMGCLS_OK && !isnan(worst) && i < work->report->check.output_count; i++)
        if (!(work->report->check.outputs[i].l2_relative <= worst)) /* NaN stays */
            worst = work->report->check.outputs[i].l2_relative;
    if (status == IMGCLS_OK && !work->report->check.passed &&
        worst <= AMPLIFIED_L2_MAX && !work->report->check.at_fault) {
        icl_log(ctx, IMGCLS_LOG_WARNING,
                "%s: relative L2 %.2g to its reference, %.2g is usual: the model amplifies "
                "rounding (%s); kept, for no node is at fault", work->options->model, worst,
                work->report->check.tolerance, work->report->check.blame);
        work->report->check.tolerance = AMPLIFIED_L2_MAX;
        work->report->check.passed = 1;
    } else if (status == IMGCLS_OK && isnan(worst)) {
        status = icl_fail(ctx, IMGCLS_MISMATCH,
                          "%s: does not compute numbers that could be checked; nothing was kept",
                          work->options->model);
    } else if (status == IMGCLS_OK && !work->report->check.passed) {
        status = icl_fail(ctx, IMGCLS_MISMATCH,
                          "%s: does not compute what its reference says: relative L2 %.3g, "
                          "%.3g is allowed; nothing was kept", work->options->model, worst,
                          work->report->check.tolerance);
    }
    work->report->verified = status == IMGCLS_OK;
    imgcls_model_close(written);
    return status;
}

struct hashing {
    struct imgcls_context *ctx;
    const struct imgcls_source *source;
    char *text;
};

/* The hash followed the writing; it ends while the system takes the rest to the disk. */
static imgcls_status hash_output(struct work *work)
{
    imgcls_status status = icl_output_sync(work->output);
    if (status == IMGCLS_OK)
        status = icl_output_hashed(work->output, work->report->sha256);
    work->report->bytes = (int64_t)work->output->sink.position;
    return status;
}

/* A board that cannot be written takes nothing away from the conversion. */
static void enter_into_board(struct work *work)
{
    struct imgcls_context *ctx = work->ctx;
    struct imgcls_board *board = NULL;
    struct icl_board_model model = {
        .path = work->report->output,
        .sha256 = work->report->sha256,
        .format = work->format->name,
        .parameters = work->report->parameters,
        .macs = work->report->macs,
        .nodes = work->report->nodes_after,
        .classes = (int64_t)imgcls_model_class_count(work->model),
        .recipe = work->model->recipe_text,
    };
    struct icl_board_texts texts;
    if (model.classes == 0)
        model.classes = -1;
    imgcls_status status = icl_board_describe(work->model, &model, &texts);
    model.bytes = work->report->bytes; /* of what was written, not of the source */
    if (status == IMGCLS_OK)
        status = imgcls_board_open(ctx, work->options->database, IMGCLS_BOARD_WRITE, &board);
    if (status == IMGCLS_OK)
        status = icl_board_add_model(board, &model, NULL);
    imgcls_board_close(board);
    work->report->registered = status == IMGCLS_OK;
    if (status != IMGCLS_OK) {
        char text[ICL_ERROR_CAPACITY];
        snprintf(text, sizeof text, "%s", ctx->error);
        icl_forgive(ctx);
        icl_log(ctx, IMGCLS_LOG_WARNING, "%s; the model was converted but not registered",
                text);
    }
}

static void *hash_model(void *argument)
{
    struct hashing *hashing = argument;
    if (icl_source_sha256(hashing->ctx, hashing->source, hashing->text) != IMGCLS_OK)
        hashing->text[0] = '\0'; /* asked for again, and refused, where it is needed */
    return NULL;
}

/* The source is hashed while it is read: both walk through all of it. */
static imgcls_status open_model(struct work *work)
{
    struct imgcls_context *ctx = work->ctx;
    struct imgcls_source *source = NULL;
    char text[65] = "";
    imgcls_status status = icl_source_open(ctx, work->options->model, &source);
    if (status != IMGCLS_OK)
        return status;
    struct hashing hashing = {ctx, source, text};
    pthread_t thread;
    bool beside = pthread_create(&thread, NULL, hash_model, &hashing) == 0;
    status = imgcls_model_open_with(ctx, work->options->model, work->options->model_options,
                                    &work->model);
    if (beside)
        pthread_join(thread, NULL);
    icl_source_close(source);
    if (status == IMGCLS_OK)
        strcpy(work->model->sha256, text);
    return status;
}

/* The example inside, and what the plan does. Without a check nothing is run and no plan is
 * made: both would take the weights into memory, which writing them does not need. */
static imgcls_status make_example(struct work *work, struct owner *owner)
{
    struct imgcls_graph *graph = work->model->graph;
    imgcls_status status = is_checked(work) ? icl_golden_make(work->model, &work->golden)
                                            : icl_golden_find(work->model, &work->golden);
    if (status != IMGCLS_OK)
        return status;
    owner->golden = strdup(graph->golden.origin ? graph->golden.origin : "none");
    if (!owner->golden)
        return icl_fail(work->ctx, IMGCLS_NO_MEMORY, "no memory for the report");
    work->report->golden = owner->golden;
    if (is_checked(work))
        return count_plan(work, owner);
    work->report->parameters = icl_graph_parameters(graph);
    work->report->macs = -1;
    work->report->nodes_before = owner->counts.before;
    work->report->nodes_after = (int64_t)graph->node_count;
    return IMGCLS_OK;
}

/* All that happens to the model before a byte is written. */
static imgcls_status understand(struct work *work, struct owner *owner)
{
    imgcls_status status = describe_source(work->model);
    if (status == IMGCLS_OK)
        status = tell_origin(work, owner);
    if (status == IMGCLS_OK)
        status = clean(work, owner);
    if (status == IMGCLS_OK)
        status = make_example(work, owner);
    if (status != IMGCLS_OK && status != IMGCLS_INTERRUPTED &&
        !strstr(work->ctx->error, work->options->model))
        icl_fail_within(work->ctx, status, "%s", work->options->model);
    return status;
}

static imgcls_status convert(struct work *work, struct owner *owner)
{
    imgcls_status status = open_model(work);
    if (status == IMGCLS_OK)
        status = choose_output(work, owner);
    if (status != IMGCLS_OK)
        return status;
    strcpy(work->report->source_sha256, imgcls_model_sha256(work->model));
    status = understand(work, owner);
    if (status == IMGCLS_OK)
        status = write_output(work);
    if (status == IMGCLS_OK)
        status = icl_output_flush(work->output);
    if (status == IMGCLS_OK && is_checked(work))
        status = check_output(work);
    if (status == IMGCLS_OK)
        status = hash_output(work);
    return status;
}

imgcls_status imgcls_convert(struct imgcls_context *context,
                             const struct imgcls_convert_options *options,
                             struct imgcls_convert_report *report)
{
    struct owner *owner = calloc(1, sizeof *owner);
    *report = (struct imgcls_convert_report){.struct_size = sizeof *report, .owner = owner};
    struct work work = {.ctx = context, .options = options, .report = report};
    icl_forgive(context);
    if (!owner)
        return icl_fail(context, IMGCLS_NO_MEMORY, "no memory for the report");
    imgcls_status status = convert(&work, owner);
    if (work.output) {
        imgcls_status finished = icl_output_finish(work.output, status);
        if (status == IMGCLS_OK)
            status = finished;
    }
    if (status != IMGCLS_OK && work.data_path)
        remove(work.data_path);
    if (status == IMGCLS_OK && !options->no_register)
        enter_into_board(&work);
    icl_references_clear(&work.golden);
    imgcls_model_close(work.model);
    free(work.data_path);
    return status;
}
