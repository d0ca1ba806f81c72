/*
 * programs/eval_tables.h - an evaluation's tables as csv files
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef EVAL_TABLES_H
#define EVAL_TABLES_H

#include "programs/command.h"

#include <imgcls/evaluate.h>

#include <stdbool.h>

/* Can a file be written there? Files go to another name and are renamed, which would put a file in
 * the place of a device or pipe: those are refused. *why is static, NULL where it can. */
bool eval_may_write(const char *path, const char **why);
/* path NULL: nothing is written. A failure has been said on standard error. */
imgcls_status eval_write_classes(const struct command_line *line,
                                 const struct imgcls_model *model,
                                 const struct imgcls_evaluation *evaluation,
                                 const char *path);
imgcls_status eval_write_confusion(const struct command_line *line,
                                   const struct imgcls_evaluation *evaluation,
                                   const char *path);

#endif
