/*
 * programs/suite.h - imgcls-verify --suite
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SUITE_H
#define SUITE_H

#include "programs/command.h"

/* Runs the suite and prints. *exit_status is 0, or 1 where a case failed (with --baseline:
 * where a case that passed there does not pass here). */
imgcls_status run_suite(struct imgcls_context *ctx, const struct command_line *line,
                        int *exit_status);

#endif
