/*
 * programs/eval_names.c - class names that are one too many or one too few, mended
 *
 * Models with a class for background are as common as files of names without it, and whoever
 * opens the model refuses the two together. For --diagnose a file with such a name in front,
 * or without the first one, takes their place.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/eval_names.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A regular file for reading; NULL: none. */
static FILE *open_names(const char *path)
{
    int descriptor = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    struct stat info;
    FILE *file = NULL;
    if (descriptor >= 0 && fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode))
        file = fdopen(descriptor, "r");
    if (!file && descriptor >= 0)
        close(descriptor);
    return file;
}

/* Copies class names to a file of its own, with one more in front or without the first. */
static bool copy_names(FILE *from, FILE *to, int background)
{
    char *line = NULL;
    size_t capacity = 0;
    bool first = true;
    if (background > 0)
        fputs("background\n", to);
    for (; getline(&line, &capacity, from) >= 0; first = false)
        if (!first || background >= 0)
            fputs(line, to);
    free(line);
    return !ferror(from) && !ferror(to);
}

static size_t count_lines(FILE *file)
{
    size_t count = 0, capacity = 0;
    char *line = NULL;
    while (getline(&line, &capacity, file) >= 0)
        count++;
    free(line);
    rewind(file);
    return count;
}

/* Of the model without its names; 0: it cannot be opened so either. */
static size_t count_classes(struct imgcls_context *ctx, const char *path,
                            const struct imgcls_model_options *options)
{
    struct imgcls_model_options how = *options;
    struct imgcls_model *model = NULL;
    size_t classes = 0;
    how.labels = NULL;
    if (imgcls_model_open_with(ctx, path, &how, &model) == IMGCLS_OK)
        classes = imgcls_model_class_count(model);
    imgcls_model_close(model);
    return classes;
}

/* The mended file under a name of its own; false: there is none. */
static bool write_names(FILE *names, int background, char file[EVAL_NAMES_PATH])
{
    const char *folder = getenv("TMPDIR");
    FILE *to;
    bool written;
    int descriptor;
    snprintf(file, EVAL_NAMES_PATH, "%s/imgcls-labels-XXXXXX",
             folder && *folder ? folder : "/tmp");
    descriptor = mkstemp(file);
    if (descriptor < 0)
        return false;
    to = fdopen(descriptor, "w");
    written = to && copy_names(names, to, background);
    if (to)
        written &= fclose(to) == 0;
    else
        close(descriptor);
    if (!written)
        unlink(file);
    return written;
}

int eval_names_mend(struct imgcls_context *ctx, const char *path,
                    const struct imgcls_model_options *options, char file[EVAL_NAMES_PATH])
{
    FILE *names = open_names(options->labels);
    size_t count, classes;
    int background = 0;
    if (names) {
        count = count_lines(names);
        classes = count_classes(ctx, path, options);
        if (count > 0 && (count + 1 == classes || count == classes + 1))
            background = count < classes ? 1 : -1;
        if (background && !write_names(names, background, file))
            background = 0;
        fclose(names);
    }
    if (!background)
        file[0] = '\0';
    return background;
}
