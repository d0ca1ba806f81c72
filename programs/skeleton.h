/*
 * programs/skeleton.h - the files that imgcls-plugin new writes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SKELETON_H
#define SKELETON_H

#include <stdbool.h>

#include "programs/command.h"

/* A lower-case letter, then letters, digits and hyphens, at most 63: good as a file's, a
 * plugin's and (hyphens as underscores) a C function's name. */
bool skeleton_name_is_good(const char *name);
/* Makes the folder `name` with an operator plugin that compiles and works. False after
 * complaining, with nothing left behind; a folder that exists is left alone. */
bool skeleton_write(const struct command_line *line, const char *name);

#endif
