/*
 * src/model/open.c - opening a model: source, format, graph, recipe, labels
 *
 * Whatever some plugin reads: a file of a graph, or a checkpoint that an architecture makes
 * a graph of. The graph stays as read (names, opset); it is sorted, which refuses cycles
 * and values that nothing produces, and its inputs get the shapes that were asked for.
 * Recipe and labels come from the options, else from the model itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/model.h"

#include <stdlib.h>
#include <string.h>

#include "src/file/file.h"
#include "src/model/read.h"
#include "src/passes/passes.h"
#include "src/plan/plan.h"
#include "src/registry/registry.h"
#include "src/tensor/tensor.h"

/* Messages name the file; whoever failed below may have done so already. */
static imgcls_status within_path(struct imgcls_model *model, imgcls_status status)
{
    if (status && status != IMGCLS_INTERRUPTED && !strstr(model->ctx->error, model->path))
        return icl_fail_within(model->ctx, status, "%s", model->path);
    return status;
}

static imgcls_status set_recipe(struct imgcls_model *model, const char *option)
{
    const char *text = option ? option : icl_graph_meta(model->graph, IMGCLS_META_RECIPE);
    if (!text)
        return IMGCLS_OK;
    imgcls_status status = icl_recipe_parse(model->ctx, text, &model->recipe);
    if (status)
        return option ? status : within_path(model, status);
    model->recipe_text = icl_recipe_text(model->ctx, &model->recipe);
    return model->recipe_text ? IMGCLS_OK : IMGCLS_NO_MEMORY;
}

static imgcls_status read_label_file(struct imgcls_model *model, const char *path)
{
    struct imgcls_storage *storage;
    imgcls_status status = icl_storage_map(model->ctx, path, &storage);
    if (status)
        return status;
    status =
        icl_labels_parse(model->ctx, path, (const char *)icl_storage_bytes(storage),
                         icl_storage_size(storage), &model->labels, &model->label_count);
    icl_storage_release(storage);
    return status;
}

static imgcls_status set_labels(struct imgcls_model *model, const char *option)
{
    const char *text = icl_graph_meta(model->graph, IMGCLS_META_LABELS);
    imgcls_status status = IMGCLS_OK;
    if (option)
        status = read_label_file(model, option);
    else if (text && *text)
        status = icl_labels_parse(model->ctx, model->path, text, strlen(text),
                                  &model->labels, &model->label_count);
    if (status == IMGCLS_OK && model->label_count > 0 && model->class_count > 0 &&
        model->label_count != model->class_count)
        status = icl_fail(model->ctx, IMGCLS_BAD_INPUT,
                          "%s: %zu class names, but %s has %zu classes",
                          option ? option : "labels", model->label_count, model->path,
                          model->class_count);
    return status;
}

/* Scores of one picture: all dimensions but the batch; 0 where one is open. */
static size_t row_width(const struct imgcls_value_info *info)
{
    if (info->kind != IMGCLS_KIND_TENSOR || info->rank < 1)
        return 0;
    int64_t count = info->rank == 1 ? imgcls_count(1, info->dims)
                                    : imgcls_count(info->rank - 1, info->dims + 1);
    return count > 0 ? (size_t)count : 0;
}

/* What the file declares; where it leaves that open, what inference finds. */
static void find_class_count(struct imgcls_model *model)
{
    if (model->graph->output_count == 0)
        return;
    const struct imgcls_value_info *declared = &model->graph->outputs[0]->info;
    model->class_count = row_width(declared);
    if (model->class_count > 0 || declared->kind != IMGCLS_KIND_TENSOR)
        return;
    struct imgcls_graph *clone;
    if (icl_graph_clone(model->graph, &clone) == IMGCLS_OK) {
        if (icl_graph_infer(clone) == IMGCLS_OK)
            model->class_count = row_width(&clone->outputs[0]->info);
        icl_graph_destroy(clone);
    }
    icl_forgive(model->ctx); /* not known before running, then; running says why */
}

static imgcls_status open_graph(struct imgcls_model *model,
                                const struct imgcls_model_options *options)
{
    const struct icl_read_options how = {options->arch, options->recipe, options->shapes};
    imgcls_status status = icl_source_open(model->ctx, model->path, &model->source);
    if (status == IMGCLS_OK) {
        model->ctx->checks = model->checks;
        status = icl_read_model(model->ctx, model->source, &how, model->graph,
                                &model->format);
        model->ctx->checks = NULL;
    }
    if (status == IMGCLS_OK)
        status = icl_passes_refuse_plan_only(model->graph);
    if (status == IMGCLS_OK)
        status = icl_graph_sort(model->graph);
    if (status == IMGCLS_OK && model->graph->output_count == 0)
        status = icl_fail(model->ctx, IMGCLS_BAD_INPUT, "%s: the graph has no outputs",
                          model->path);
    for (size_t i = 0; status == IMGCLS_OK && options->shapes && options->shapes[i]; i++)
        status = icl_shape_option(model->graph, options->shapes[i]);
    return within_path(model, status);
}

imgcls_status imgcls_model_open(struct imgcls_context *context, const char *path,
                                struct imgcls_model **out)
{
    return imgcls_model_open_with(context, path, NULL, out);
}

/* The caller's struct may be an older, smaller one. */
static struct imgcls_model_options options_of(const struct imgcls_model_options *given)
{
    struct imgcls_model_options options = {.struct_size = sizeof options};
    if (given)
        memcpy(&options, given,
               given->struct_size < sizeof options ? given->struct_size : sizeof options);
    return options;
}

imgcls_status imgcls_model_open_with(struct imgcls_context *context, const char *path,
                                     const struct imgcls_model_options *given,
                                     struct imgcls_model **out)
{
    struct imgcls_model_options options = options_of(given);
    *out = NULL;
    icl_forgive(context); /* what an earlier call left */
    struct imgcls_model *model = calloc(1, sizeof *model);
    if (!model)
        return icl_fail(context, IMGCLS_NO_MEMORY, "%s: no memory for the model", path);
    model->ctx = context;
    model->once = options.once != 0;
    imgcls_status status = IMGCLS_OK;
    model->path = strdup(path);
    if (!model->path)
        status = icl_fail(context, IMGCLS_NO_MEMORY, "%s: no memory for the model", path);
    if (status == IMGCLS_OK)
        status = icl_graph_create(context, NULL, &model->graph);
    if (status == IMGCLS_OK && model->once)
        status = icl_checks_create(context, &model->checks);
    if (status == IMGCLS_OK)
        status = open_graph(model, &options);
    if (status == IMGCLS_OK) {
        find_class_count(model);
        status = set_recipe(model, options.recipe);
    }
    if (status == IMGCLS_OK)
        status = set_labels(model, options.labels);
    if (status) {
        status = icl_checks_finish(model->checks, status);
        imgcls_model_close(model);
        return status;
    }
    *out = model;
    return IMGCLS_OK;
}

void imgcls_model_close(struct imgcls_model *model)
{
    if (!model)
        return;
    icl_session_destroy(model->session);
    icl_model_forget_plans(model);
    icl_graph_destroy(model->graph);
    icl_checks_destroy(model->checks);
    icl_source_close(model->source);
    icl_labels_free(model->labels, model->label_count);
    icl_free(model->ctx, model->feed);
    icl_free(model->ctx, model->rows);
    free(model->run_values);
    free(model->run_inputs);
    free(model->run_outputs);
    free(model->recipe_text);
    free(model->path);
    free(model);
}

/* -- what a model says of itself --------------------------------------------------------*/

const char *imgcls_model_recipe(const struct imgcls_model *model)
{
    return model->recipe_text;
}

size_t imgcls_model_label_count(const struct imgcls_model *model)
{
    return model->label_count;
}

const char *imgcls_model_label(const struct imgcls_model *model, size_t index)
{
    return index < model->label_count ? model->labels[index] : NULL;
}

size_t imgcls_model_class_count(const struct imgcls_model *model)
{
    return model->class_count;
}

const char *imgcls_model_sha256(const struct imgcls_model *asked)
{
    struct imgcls_model *model =
        (struct imgcls_model *)asked; /* what it says is the same */
    if (!model->sha256[0] &&
        icl_source_sha256(model->ctx, model->source, model->sha256) != IMGCLS_OK)
        model->sha256[0] = 0;
    return model->sha256;
}

static imgcls_status describe(const struct imgcls_model *model, const char *what,
                              struct icl_value *const *values, size_t count, size_t index,
                              const char **name, struct imgcls_tensor *shape)
{
    *name = NULL;
    memset(shape, 0, sizeof *shape);
    if (index >= count)
        return icl_fail(model->ctx, IMGCLS_BAD_INPUT, "%s: %s %zu asked for, it has %zu",
                        model->path, what, index, count);
    const struct imgcls_value_info *info = &values[index]->info;
    *name = values[index]->name;
    shape->struct_size = sizeof *shape;
    shape->type = info->type;
    shape->rank = info->rank;
    for (int32_t i = 0; i < info->rank; i++)
        shape->dims[i] = info->dims[i];
    return IMGCLS_OK;
}

imgcls_status imgcls_model_input(const struct imgcls_model *model, size_t index,
                                 const char **name, struct imgcls_tensor *shape)
{
    return describe(model, "input", model->graph->inputs, model->graph->input_count, index,
                    name, shape);
}

imgcls_status imgcls_model_output(const struct imgcls_model *model, size_t index,
                                  const char **name, struct imgcls_tensor *shape)
{
    return describe(model, "output", model->graph->outputs, model->graph->output_count,
                    index, name, shape);
}
