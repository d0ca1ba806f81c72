/*
 * programs/eval_outcome.c - what becomes of an evaluation: a row, words or JSON, tables, a verdict
 *
 * The same for one process and for many (imgcls-eval, imgcls-eval-mpi).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/eval_outcome.h"

#include "programs/eval_results.h"
#include "programs/eval_tables.h"

#include <string.h>

/* What the user asked to be told by the exit status. */
static void judge(struct eval_outcome *outcome, const char *path,
                  const struct imgcls_evaluation *e)
{
    const double least = outcome->options->min_top1;
    if (least >= 0 && e->top1.value < least - 1e-12) {
        command_complain(outcome->line,
                         "%s: top-1 is %.4g %%, below the %.4g %% of --min-top1", path,
                         100 * e->top1.value, 100 * least);
        outcome->failed_check = true;
    }
    if (e->failed > 0 && outcome->options->strict) {
        command_complain(outcome->line, "%s: %lld pictures could not be read (--strict)", path,
                         (long long)e->failed);
        outcome->failed_check = true;
    }
}

/* Of accuracy that chance explains the pictures are rarely the reason: say what to do. ImageNet-A
 * and -C are meant to be hard. */
static void suggest(const struct eval_outcome *outcome, const char *path,
                    const struct imgcls_evaluation *e)
{
    double chance = e->compared_classes > 0 ? 1 / (double)e->compared_classes : 1;
    if (outcome->line->quiet || e->failed == e->images ||
        e->top1.high >= chance + (1 - chance) / 10 || strcmp(e->layout, "imagenet-a") == 0 ||
        strcmp(e->layout, "imagenet-c") == 0)
        return;
    fprintf(stderr,
            "%s: top-1 of %.2f %% is near chance: imgcls-eval --diagnose tries other preprocessing "
            "and orders of classes on a few hundred pictures\n",
            path, 100 * e->top1.value);
}

imgcls_status eval_outcome_take(struct eval_outcome *outcome, const char *path,
                                struct imgcls_model *model,
                                const struct imgcls_evaluation *evaluation)
{
    const struct command_line *line = outcome->line;
    int64_t run_id = 0;
    imgcls_status status = IMGCLS_OK;
    if (outcome->board)
        status = imgcls_board_add_run(outcome->board, model, evaluation, &run_id);
    /* Figures are shown even where they could not be recorded: they took long to get. */
    if (line->json && status == IMGCLS_OK)
        json_array_append_new(outcome->runs,
                              eval_results_json(path, model, evaluation, run_id));
    else if (!line->json)
        eval_results_print(path, evaluation, run_id,
                           run_id > 0 ? imgcls_board_path(outcome->board) : NULL);
    if (status == IMGCLS_OK)
        status = eval_write_classes(line, model, evaluation, outcome->options->per_class);
    if (status == IMGCLS_OK)
        status = eval_write_confusion(line, evaluation, outcome->options->confusion);
    suggest(outcome, path, evaluation);
    judge(outcome, path, evaluation);
    return status;
}

void eval_outcome_print_json(const struct eval_outcome *outcome)
{
    json_t *answer = json_pack(
        "{s:O,s:o}", "runs", outcome->runs, "database",
        outcome->board ? eval_json_name(imgcls_board_path(outcome->board)) : json_null());
    json_dumpf(answer, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(answer);
}
