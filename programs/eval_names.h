/*
 * programs/eval_names.h - class names that are one too many or one too few, mended
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef EVAL_NAMES_H
#define EVAL_NAMES_H

#include <imgcls/imgcls.h>

#define EVAL_NAMES_PATH 4096

/* Where there is one name less in options->labels than the model has classes: 1, and `file` is
 * one with a name for background in front; one more: -1, and it is without the first; the file
 * is the caller's to remove. Else 0, and file is "". */
int eval_names_mend(struct imgcls_context *ctx, const char *path,
                    const struct imgcls_model_options *options, char file[EVAL_NAMES_PATH]);

#endif
