/*
 * programs/eval_tables.c - an evaluation's tables as csv files: classes, confusion
 *
 * Written under another name and renamed, so that a full disk leaves no half table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/eval_tables.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool eval_may_write(const char *path, const char **why)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    struct stat info;
    *why = NULL;
    if (!folder || access(folder, W_OK) != 0)
        *why = strerror(folder ? errno : ENOMEM);
    else if (!*path || (slash && !slash[1]) ||
             (stat(path, &info) == 0 && !S_ISREG(info.st_mode)))
        *why = "is no file that could be written";
    free(folder);
    return !*why;
}

/* A file on its way to its name. */
struct table {
    const struct command_line *line;
    const char *path;
    char *temporary; /* own */
    FILE *file;
};

static imgcls_status fail(const struct table *table)
{
    command_complain(table->line, "%s: %s", table->path, strerror(errno));
    return IMGCLS_IO;
}

static imgcls_status table_open(struct table *table, const struct command_line *line,
                                const char *path)
{
    table->line = line;
    table->path = path;
    table->file = NULL;
    if (asprintf(&table->temporary, "%s.%ld.tmp", path, (long)getpid()) < 0)
        table->temporary = NULL;
    if (table->temporary)
        table->file = fopen(table->temporary, "wx");
    if (table->file)
        return IMGCLS_OK;
    fail(table);
    free(table->temporary);
    return IMGCLS_IO;
}

static imgcls_status table_close(struct table *table)
{
    imgcls_status status = IMGCLS_OK;
    bool bad =
        ferror(table->file) || fflush(table->file) != 0 || fsync(fileno(table->file)) != 0;
    bad = fclose(table->file) != 0 || bad;
    if (bad || rename(table->temporary, table->path) != 0) {
        status = fail(table);
        unlink(table->temporary);
    }
    free(table->temporary);
    return status;
}

/* A rate with six digits behind a point, whatever the locale. */
static void put_rate(FILE *file, int64_t part, int64_t whole)
{
    long long millionths = whole ? (long long)((part * 2000000 + whole) / (2 * whole)) : 0;
    fprintf(file, ",%lld.%06lld", millionths / 1000000, millionths % 1000000);
}

static void put_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

imgcls_status eval_write_classes(const struct command_line *line,
                                 const struct imgcls_model *model,
                                 const struct imgcls_evaluation *e, const char *path)
{
    struct table table;
    imgcls_status status;
    int64_t i;
    if (!path)
        return IMGCLS_OK;
    status = table_open(&table, line, path);
    if (status != IMGCLS_OK)
        return status;
    fprintf(table.file, "class,label,images,top1_correct,top5_correct,predicted,accuracy,"
                        "precision,recall,f1\n");
    for (i = 0; i < e->classes; i++) {
        const struct imgcls_class_figures *c = &e->class_figures[i];
        const char *label = imgcls_model_label(model, (size_t)i);
        fprintf(table.file, "%lld,", (long long)i);
        put_text(table.file, label ? label : "");
        fprintf(table.file, ",%lld,%lld,%lld,%lld", (long long)c->images,
                (long long)c->top1_correct, (long long)c->top5_correct,
                (long long)c->predicted);
        put_rate(table.file, c->top1_correct, c->images);
        put_rate(table.file, c->top1_correct, c->predicted);
        put_rate(table.file, c->top1_correct, c->images);
        put_rate(table.file, 2 * c->top1_correct, c->images + c->predicted);
        fputc('\n', table.file);
    }
    return table_close(&table);
}

imgcls_status eval_write_confusion(const struct command_line *line,
                                   const struct imgcls_evaluation *e, const char *path)
{
    struct table table;
    imgcls_status status;
    int64_t *row, label, k;
    if (!path)
        return IMGCLS_OK;
    row = calloc((size_t)e->classes + 1, sizeof *row);
    if (!row)
        return IMGCLS_NO_MEMORY;
    status = table_open(&table, line, path);
    if (status != IMGCLS_OK) {
        free(row);
        return status;
    }
    fprintf(table.file, "label,predicted,images\n");
    for (label = 0; label < e->classes; label++) {
        if (e->class_figures[label].images == 0)
            continue;
        imgcls_evaluation_confusion(e, label, row);
        for (k = 0; k <= e->classes; k++)
            if (row[k] > 0 && k < e->classes)
                fprintf(table.file, "%lld,%lld,%lld\n", (long long)label, (long long)k,
                        (long long)row[k]);
            else if (row[k] > 0) /* failed, or a NaN: no class */
                fprintf(table.file, "%lld,,%lld\n", (long long)label, (long long)row[k]);
    }
    free(row);
    return table_close(&table);
}
