/*
 * programs/eval.c - imgcls-eval: how often is a classifier right on labelled pictures
 *
 * Options in, imgcls_evaluate and imgcls_board_add_run, words and JSON out. The database is
 * opened before the first picture, so that one that cannot be written costs nobody an hour.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/command.h"
#include "programs/eval_diagnose.h"
#include "programs/eval_results.h"
#include "programs/eval_tables.h"
#include "programs/model_options.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <imgcls/evaluate.h>
#include <imgcls/leaderboard.h>

#define PICTURES_BETWEEN 256 /* two times at which memory is given back */

static const struct command_option options[] = {
    {"dataset", 'd', "PATH",
     "folder, archive (tar, tar.gz, tar.zst, zip), shards\n"
     "(x-{000..012}.tar), file of labelled pictures, or a list that\n"
     "lies beside them (csv, val.txt, real.json); required"},
    MODEL_OPTION_ROWS,
    {"layout", 0, "NAME",
     "how the data set is laid out; default: recognised. folders,\n"
     "imagenet-v2, imagenet-sketch, imagenet-a, imagenet-r,\n"
     "imagenet-c, val-txt, devkit, kaggle, csv, real, webdataset,\n"
     "cifar10, cifar100, mnist"},
    {"truth", 0, "FILE",
     "the labels, where they lie outside the data set: val.txt, the\n"
     "devkit's ground truth, Kaggle's solution, a csv, ReaL's json"},
    {"label-base", 0, "0|1", "lists and folders count classes from 0 or from 1; default:\n"
     "recognised in lists, 0 in folders"},
    {"classes", 0, "all|present",
     "compare the scores of all classes, or of those that have\n"
     "pictures; default: present for ImageNet-A and -R, else all"},
    {"batch", 'b', "N|auto", "pictures a run of the model; figures do not depend on it"},
    {"limit", 'n', "N",
     "only N pictures, spread evenly over the set: picture number\n"
     "floor(i * all / N) for each i from 0"},
    {"shuffle", 0, NULL, "read in an order that is drawn; with --limit, draw the pictures"},
    {"seed", 0, "N", "what drawing begins with; default: 0"},
    {"resume", 0, NULL,
     "go on with an evaluation that was ended; refuse where only one\n"
     "of another model, recipe, engine or data set stands there\n"
     "(without it, such a one is left alone)"},
    {"no-resume", 0, NULL, "begin anew and forget what was done"},
    {"diagnose", 0, NULL,
     "try mean, channel order, crop, filter and the ways in which classes\n"
     "are numbered on a few hundred pictures (--limit) and say which\n"
     "pipeline fits; leaves no row"},
    {"per-class", 0, "CSV", "write every class's counts, accuracy, precision, recall, F1"},
    {"confusion", 0, "CSV", "write which classes were taken for which, a row a pair"},
    {"predictions", 'o', "CSV",
     "write the five best classes of every picture; fields that a\n"
     "picture has not (it failed, or fewer classes) are empty"},
    {"min-top1", 0, "X",
     "exit 1 where top-1 is below X: a fraction up to 1 (0.6), a\n"
     "percentage above it (60)"},
    {"strict", 0, NULL, "exit 1 where a picture could not be read"},
    {"db", 0, "FILE",
     "leaderboard to write to; default: $IMGCLS_DB, else\n"
     "imgcls/leaderboard.db under $XDG_DATA_HOME (~/.local/share)"},
    {"no-record", 0, NULL, "leave no row on the leaderboard"},
    {"memory-limit", 0, "SIZE",
     "stop, with status 3, before using more than SIZE (e.g. 2G)"},
    {"max-iterations", 0, "N",
     "stop, with status 3, a loop that is still going after N rounds\n"
     "(default 1000000)"},
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
    struct imgcls_board *board; /* NULL: nothing is recorded, or not yet */
    const char *path;           /* of the model in work */
    struct imgcls_model *model;
    struct progress progress;
    bool progressing;
    int64_t given_back; /* pictures done when memory was given back last */
    long long batch, limit, seed;
    int32_t label_base, classes;
    double min_top1; /* fraction, -1: not asked */
    json_t *runs;
    bool failed_check; /* below the minimum, or failures with --strict */
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
    if (!job->board && !command_value(&job->line, "no-record"))
        status = imgcls_board_open(job->ctx, command_value(&job->line, "db"),
                                   IMGCLS_BOARD_WRITE, &job->board);
    if (status == IMGCLS_OK && !job->line.quiet)
        fprintf(stderr, "%s: preprocessing %s\n", job->path,
                imgcls_model_recipe(job->model));
    return status;
}

/* What the user asked to be told by the exit status. */
static void judge(struct job *job, const char *path, const struct imgcls_evaluation *e)
{
    if (job->min_top1 >= 0 && e->top1.value < job->min_top1 - 1e-12) {
        command_complain(&job->line,
                         "%s: top-1 is %.4g %%, below the %.4g %% of --min-top1", path,
                         100 * e->top1.value, 100 * job->min_top1);
        job->failed_check = true;
    }
    if (e->failed > 0 && command_value(&job->line, "strict")) {
        command_complain(&job->line, "%s: %lld pictures could not be read (--strict)", path,
                         (long long)e->failed);
        job->failed_check = true;
    }
}

/* Of accuracy that chance explains the pictures are rarely the reason: say what to do. ImageNet-A
 * and -C are meant to be hard. */
static void suggest(const struct job *job, const char *path, const struct imgcls_evaluation *e)
{
    double chance = e->compared_classes > 0 ? 1 / (double)e->compared_classes : 1;
    if (job->line.quiet || e->failed == e->images || e->top1.high >= chance + (1 - chance) / 10 ||
        strcmp(e->layout, "imagenet-a") == 0 || strcmp(e->layout, "imagenet-c") == 0)
        return;
    fprintf(stderr,
            "%s: top-1 of %.2f %% is near chance: --diagnose tries other preprocessing and orders of "
            "classes on a few hundred pictures\n",
            path, 100 * e->top1.value);
}

static imgcls_status evaluate(struct job *job, const char *path)
{
    struct command_line *line = &job->line;
    struct model_options how;
    struct imgcls_evaluation_options what = {
        .struct_size = sizeof what,
        .dataset = command_value(line, "dataset"),
        .layout = command_value(line, "layout"),
        .predictions = command_value(line, "predictions"),
        .batch = job->batch,
        .limit = job->limit,
        .truth = command_value(line, "truth"),
        .label_base = job->label_base,
        .classes = job->classes,
        .shuffle = command_value(line, "shuffle") != NULL,
        .seed = job->seed,
        .resume = command_value(line, "no-resume") ? 2
                  : command_value(line, "resume")  ? 1
                                                   : 0,
        .board = &job->board,
        .note = on_note,
        .progress = on_progress,
        .ready = on_ready,
        .argument = job,
    };
    struct imgcls_model *model = NULL;
    struct imgcls_evaluation *evaluation = NULL;
    int64_t run_id = 0;
    imgcls_status status;
    model_options_take(line, &how);
    if (command_value(line, "diagnose")) {
        json_t *answer = NULL;
        status =
            eval_diagnose(job->ctx, path, &how.options, &what, line->json ? &answer : NULL);
        if (answer)
            json_array_append_new(job->runs, answer);
        return status;
    }
    status = imgcls_model_open_with(job->ctx, path, &how.options, &model);
    if (status != IMGCLS_OK)
        return status;
    job->path = path;
    job->model = model;
    status = imgcls_evaluate(model, &what, &evaluation);
    if (job->progressing)
        progress_end(&job->progress);
    if (status == IMGCLS_INTERRUPTED && job->progressing && job->board && !line->quiet)
        fprintf(stderr, "%s: what is done is kept; the same command goes on from there\n", path);
    job->progressing = false;
    if (status != IMGCLS_OK)
        goto done;
    if (job->board)
        status = imgcls_board_add_run(job->board, model, evaluation, &run_id);
    /* Figures are shown even where they could not be recorded: they took long to get. */
    if (line->json && status == IMGCLS_OK)
        json_array_append_new(job->runs,
                              eval_results_json(path, model, evaluation, run_id));
    else if (!line->json)
        eval_results_print(path, evaluation, run_id,
                           run_id > 0 ? imgcls_board_path(job->board) : NULL);
    if (status == IMGCLS_OK)
        status = eval_write_classes(job->ctx, model, evaluation,
                                    command_value(line, "per-class"));
    if (status == IMGCLS_OK)
        status =
            eval_write_confusion(job->ctx, evaluation, command_value(line, "confusion"));
    suggest(job, path, evaluation);
    judge(job, path, evaluation);
done:
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

static const char *const class_words[] = {"all", "present", NULL};
static const char *const base_words[] = {"0", "1", NULL};

/* An option's value as the number of one of `words`, from 1 on; 0 where it was not given.
 */
static bool take_word(struct command_line *line, const char *name, const char *const *words,
                      int32_t *out)
{
    const char *value = command_value(line, name);
    int32_t i;
    *out = 0;
    for (i = 0; value && words[i]; i++)
        if (strcmp(value, words[i]) == 0)
            *out = i + 1;
    if (value && *out == 0)
        command_complain(line, "--%s %s: %s or %s is wanted", name, value, words[0],
                         words[1]);
    return !value || *out > 0;
}

/* Files that are written at the end: what is wrong with them is better known at the beginning. */
static bool check_files(const struct command_line *line)
{
    static const char *const names[] = {"predictions", "per-class", "confusion"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *path = command_value(line, names[i]), *why;
        if (path && line->positional_count > 1)
            command_complain(line, "--%s %s: holds one model's answers, %zu models named",
                             names[i], path, line->positional_count);
        else if (path && !eval_may_write(path, &why))
            command_complain(line, "%s: %s", path, why);
        else
            continue;
        return false;
    }
    return true;
}

/* Usage that the table cannot check; false after saying what is wrong. */
static bool check_usage(struct job *job)
{
    struct command_line *line = &job->line;
    if (!command_value(line, "dataset")) {
        command_complain(line,
                         "--dataset PATH is needed: a folder with one folder a class, or "
                         "another layout (see --help)");
        return false;
    }
    if (!check_files(line))
        return false;
    if (!take_word(line, "classes", class_words, &job->classes) ||
        !take_word(line, "label-base", base_words, &job->label_base))
        return false;
    job->label_base =
        job->label_base ? 3 - job->label_base : 0; /* 1 from one, 2 from zero */
    if (command_value(line, "batch") && strcmp(command_value(line, "batch"), "auto") == 0)
        job->batch = 0;
    else if (!command_integer(line, "batch", 1, 65536, 0, &job->batch))
        return false;
    if (!command_integer(line, "seed", 0, INT64_MAX, 0, &job->seed) ||
        !command_integer(line, "limit", 1, INT64_MAX, 0, &job->limit) ||
        !command_number(line, "min-top1", 0, 100, -1, &job->min_top1))
        return false;
    if (job->min_top1 > 1)
        job->min_top1 /= 100;
    return true;
}

static void print_json(struct job *job)
{
    json_t *answer =
        json_pack("{s:O,s:o}", "runs", job->runs, "database",
                  job->board ? eval_json_name(imgcls_board_path(job->board)) : json_null());
    json_dumpf(answer, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(answer);
}

int main(int argc, char **argv)
{
    struct job job = {.runs = NULL};
    imgcls_status status;
    int end = command_line_parse(&command, argc, argv, &job.line);
    if (end >= 0)
        return end;
    command_keep_memory_steady();
    if (!check_usage(&job)) {
        command_end(&job.line, NULL, IMGCLS_OK);
        return 2;
    }
    job.ctx = command_context(&job.line);
    if (!job.ctx) {
        command_end(&job.line, NULL, IMGCLS_OK);
        return 2;
    }
    job.runs = json_array();
    status = evaluate_all(&job);
    if (job.line.json && status == IMGCLS_OK)
        print_json(&job);
    json_decref(job.runs);
    imgcls_board_close(job.board);
    end = command_end(&job.line, job.ctx, status);
    return end == 0 && job.failed_check ? 1 : end;
}
