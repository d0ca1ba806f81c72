/*
 * programs/inspect.h - what is in a model, without converting it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INSPECT_H
#define INSPECT_H

#include "programs/command.h"

imgcls_status inspect_model(struct imgcls_context *ctx, const struct command_line *line,
                            const struct imgcls_model_options *options);
/* weights.c: the same for weights without a graph; *done is false where the file has one. */
imgcls_status inspect_weights(struct imgcls_context *ctx, const struct command_line *line,
                              const char *arch, bool *done);

#endif
