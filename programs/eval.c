/*
 * programs/eval.c - imgcls-eval: how often is a classifier right on labelled pictures
 *
 * Options in (eval_options.c), imgcls_evaluate, words and JSON out (eval_outcome.c), for one
 * model after the other. The database is opened before the first picture, so that one that
 * cannot be written costs nobody an hour.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/command.h"
#include "programs/eval_diagnose.h"
#include "programs/eval_options.h"
#include "programs/eval_outcome.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <imgcls/evaluate.h>
#include <imgcls/leaderboard.h>

#define PICTURES_BETWEEN 256 /* two times at which memory is given back */

static const struct command_option options[] = {
    EVAL_OPTION_ROWS,
    {"diagnose", 0, NULL,
     "try mean, channel order, crop, filter and the ways in which classes\n"
     "are numbered on a few hundred pictures (--limit) and say which\n"
     "pipeline fits; leaves no row"},
    {NULL, 0, NULL, NULL},
};

static const struct command command = {
    .name = "imgcls-eval",
    .summary =
        "Measure top-1 and top-5 of image classifiers on a folder of labelled pictures.",
    .synopsis = "[MODEL...] --dataset DIR [OPTION]...",
    .details =
        "MODEL is an .onnx file, an .imgcls bundle, a checkpoint file or folder; without "
        "one,\n"
        "the model that was converted last is taken from the leaderboard.\n"
        "\n"
        "The layout is recognised and printed with the first pictures and their classes.\n"
        "The class of a folder comes from the full list of labels, never from the folders\n"
        "that happen to exist: by wnid (n01440764, where labels read \"n01440764 tench\"), "
        "by\n"
        "name (underscores are spaces), or by\n"
        "class index (0, 1, 2, ...). Without labels there must be exactly as many folders "
        "as\n"
        "classes, and they are taken in sorted order. The first pictures are shown with "
        "their\n"
        "class, so that a shift is seen at once.\n"
        "\n"
        "A picture that cannot be read counts as wrong, is listed by name, and stays in "
        "the\n"
        "denominator; so does one whose scores hold a NaN. Rates come with their 95 %\n"
        "interval (Wilson). In JSON top1 and top5 are fractions from 0 to 1 (top1_percent "
        "and\n"
        "top5_percent beside them); top5 is null where there are 10 classes or fewer.\n"
        "\n"
        "An evaluation that is ended in the middle, in whatever way, goes on where it was\n"
        "when the same command is given again, and ends with the same figures; progress "
        "is\n"
        "kept in the leaderboard once a second. Changed files, another recipe or another\n"
        "version of imgcls begin anew.",
    .options = options,
    .examples =
        "  imgcls-eval --dataset imagenet/val\n"
        "  imgcls-eval resnet50.onnx --preprocess imagenet --labels labels.txt -d val\n"
        "  imgcls-eval a.imgcls b.imgcls -d val --limit 1000 --json\n"
        "  imgcls-eval model.imgcls -d val --predictions p.csv --min-top1 76",
    .positional_min = 0,
    .positional_max = -1,
};

/* What main keeps for one call of the library. */
struct job {
    struct command_line line;
    struct imgcls_context *ctx;
    const char *path; /* of the model in work */
    struct imgcls_model *model;
    struct progress progress;
    bool progressing;
    int64_t given_back; /* pictures done when memory was given back last */
    struct eval_options options;
    struct eval_outcome outcome; /* its board: not yet, before the first model is in order */
};

static void on_note(void *argument, const char *text)
{
    struct job *job = argument;
    if (job->line.quiet)
        return;
    terminal_put(stderr, text); /* names of files are in it */
    fputc('\n', stderr);
}

static void on_progress(void *argument, int64_t done, int64_t total)
{
    struct job *job = argument;
    if (!job->progressing) {
        progress_begin(&job->progress, &job->line, "evaluating", "pictures", total);
        job->given_back = done;
    }
    job->progressing = true;
    progress_show(&job->progress, done);
    if (done - job->given_back < PICTURES_BETWEEN)
        return;
    command_give_memory_back();
    job->given_back = done;
}

/* Model and data set are in order: now is the time to see whether there will be a row, and
 * to say what is going to be done. A bad input has left no database and one line by then.
 */
static imgcls_status on_ready(void *argument)
{
    struct job *job = argument;
    imgcls_status status = IMGCLS_OK;
    if (!job->outcome.board && job->options.record)
        status = imgcls_board_open(job->ctx, command_value(&job->line, "db"),
                                   IMGCLS_BOARD_WRITE, &job->outcome.board);
    if (status == IMGCLS_OK && !job->line.quiet)
        fprintf(stderr, "%s: preprocessing %s\n", job->path,
                imgcls_model_recipe(job->model));
    return status;
}

static imgcls_status evaluate(struct job *job, const char *path)
{
    struct command_line *line = &job->line;
    const struct imgcls_model_options *how = &job->options.model.options;
    const struct imgcls_evaluation_options *what = &job->options.evaluation;
    struct imgcls_model *model = NULL;
    struct imgcls_evaluation *evaluation = NULL;
    imgcls_status status;
    if (command_value(line, "diagnose")) {
        json_t *answer = NULL;
        status = eval_diagnose(job->ctx, path, how, what, line->json ? &answer : NULL);
        if (answer)
            json_array_append_new(job->outcome.runs, answer);
        return status;
    }
    status = imgcls_model_open_with(job->ctx, path, how, &model);
    if (status != IMGCLS_OK)
        return status;
    job->path = path;
    job->model = model;
    status = imgcls_evaluate(model, what, &evaluation);
    if (job->progressing)
        progress_end(&job->progress);
    if (status == IMGCLS_INTERRUPTED && job->progressing && job->outcome.board && !line->quiet)
        fprintf(stderr, "%s: what is done is kept; the same command goes on from there\n", path);
    job->progressing = false;
    if (status == IMGCLS_OK)
        status = eval_outcome_take(&job->outcome, path, model, evaluation);
    imgcls_evaluation_destroy(evaluation);
    imgcls_model_close(model);
    return status;
}

/* Without MODEL: the one that was converted last. Own: free. */
static imgcls_status last_model(struct job *job, char **path)
{
    struct imgcls_board *board = NULL;
    const char *found, *when;
    imgcls_status status = imgcls_board_open(job->ctx, command_value(&job->line, "db"),
                                             IMGCLS_BOARD_READ, &board);
    *path = NULL;
    if (status == IMGCLS_OK)
        status = imgcls_board_last_model(board, &found, &when);
    if (status == IMGCLS_OK) {
        *path = strdup(found);
        status = *path ? IMGCLS_OK : IMGCLS_NO_MEMORY;
        if (!job->line.quiet)
            fprintf(stderr, "%s: converted last (%s)\n", found, when);
    }
    imgcls_board_close(board);
    return status;
}

static imgcls_status evaluate_all(struct job *job)
{
    struct command_line *line = &job->line;
    imgcls_status status = IMGCLS_OK;
    size_t i;
    if (line->positional_count == 0) {
        char *path;
        status = last_model(job, &path);
        if (status == IMGCLS_OK)
            status = evaluate(job, path);
        free(path);
    }
    for (i = 0; i < line->positional_count && status == IMGCLS_OK; i++)
        status = evaluate(job, line->positionals[i]);
    return status;
}

/* What is the same for every model. */
static bool begin(struct job *job)
{
    struct imgcls_evaluation_options *what = &job->options.evaluation;
    if (!eval_options_take(&job->line, &job->options) || !eval_options_may_write(&job->line))
        return false;
    what->board = &job->outcome.board;
    what->note = on_note;
    what->progress = on_progress;
    what->ready = on_ready;
    what->argument = job;
    job->outcome.line = &job->line;
    job->outcome.options = &job->options;
    job->ctx = command_context(&job->line);
    return job->ctx != NULL;
}

int main(int argc, char **argv)
{
    struct job job = {.path = NULL};
    imgcls_status status;
    int end = command_line_parse(&command, argc, argv, &job.line);
    if (end >= 0)
        return end;
    command_keep_memory_steady();
    if (!begin(&job))
        return command_refuse(&job.line);
    job.outcome.runs = json_array();
    status = evaluate_all(&job);
    if (job.line.json && status == IMGCLS_OK)
        eval_outcome_print_json(&job.outcome);
    json_decref(job.outcome.runs);
    imgcls_board_close(job.outcome.board);
    end = command_end(&job.line, job.ctx, status);
    return end == 0 && job.outcome.failed_check ? 1 : end;
}
