/*
 * programs/eval_options.c - what an evaluation is to be, and what is to come of it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/eval_options.h"

#include "programs/eval_tables.h"

#include <string.h>

static const char *const class_words[] = {"all", "present", NULL};
static const char *const base_words[] = {"0", "1", NULL};

/* An option's value as the number of one of `words`, from 1 on; 0 where it was not given.
 */
static bool take_word(const struct command_line *line, const char *name,
                      const char *const *words, int32_t *out)
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

/* Numbers and words, which may be wrong. */
static bool take_values(const struct command_line *line, struct eval_options *out)
{
    struct imgcls_evaluation_options *what = &out->evaluation;
    const char *size = command_value(line, "batch");
    long long batch = 0, limit, seed;
    int32_t base;
    if (!take_word(line, "classes", class_words, &what->classes) ||
        !take_word(line, "label-base", base_words, &base))
        return false;
    if (!(size && strcmp(size, "auto") == 0) &&
        !command_integer(line, "batch", 1, 65536, 0, &batch))
        return false;
    if (!command_integer(line, "seed", 0, INT64_MAX, 0, &seed) ||
        !command_integer(line, "limit", 1, INT64_MAX, 0, &limit) ||
        !command_number(line, "min-top1", 0, 100, -1, &out->min_top1))
        return false;
    if (out->min_top1 > 1)
        out->min_top1 /= 100;
    what->label_base = base ? 3 - base : 0; /* 1 from one, 2 from zero */
    what->batch = batch;
    what->limit = limit;
    what->seed = seed;
    return true;
}

bool eval_options_take(struct command_line *line, struct eval_options *out)
{
    *out = (struct eval_options){
        .evaluation = {.struct_size = sizeof out->evaluation,
                       .dataset = command_value(line, "dataset"),
                       .layout = command_value(line, "layout"),
                       .truth = command_value(line, "truth"),
                       .predictions = command_value(line, "predictions"),
                       .shuffle = command_value(line, "shuffle") != NULL,
                       .resume = command_value(line, "no-resume") ? 2
                                 : command_value(line, "resume")  ? 1
                                                                  : 0},
        .per_class = command_value(line, "per-class"),
        .confusion = command_value(line, "confusion"),
        .strict = command_value(line, "strict") != NULL,
        .record = command_value(line, "no-record") == NULL,
    };
    if (!out->evaluation.dataset) {
        command_complain(line,
                         "--dataset PATH is needed: a folder with one folder a class, or "
                         "another layout (see --help)");
        return false;
    }
    model_options_take(line, &out->model);
    return take_values(line, out);
}

bool eval_options_may_write(const struct command_line *line)
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
