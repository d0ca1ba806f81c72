/*
 * src/plan/choices.c - the table of measured choices and its file
 *
 * The file: a line that names the format, then a line a choice, key and kernel with a blank
 * between, sorted by key. Looking up is a binary search.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/choices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/context/context.h"
#include "src/file/file.h"
#include "src/graph/graph.h"

#define FIRST_LINE  "imgcls choices 1\n"
#define LINES_MOST  100000
#define KERNEL_MOST 128

struct choice {
    char key[ICL_CHOICE_KEY], kernel[KERNEL_MOST];
};

struct icl_choices {
    char *path; /* NULL: there is no place to keep them */
    struct choice *rows;
    size_t count, capacity;
};

/* ---- The file's name ---------------------------------------------------------------------*/

/* The CPU's name as Linux tells it; empty where it does not. */
static void cpu_name(char *name, size_t capacity)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "re");

    name[0] = 0;
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            snprintf(name, capacity, "%s", strchr(line, ':') + 1);
            break;
        }
    if (file)
        fclose(file);
}

static char *file_name(struct imgcls_context *ctx)
{
    const char *base = getenv("XDG_CACHE_HOME"), *below = "";
    char name[256], digest[65], *path;

    if (!base || base[0] != '/') { /* the specification: a relative one is to be ignored */
        base = getenv("HOME");
        below = "/.cache";
    }
    if (!base || base[0] != '/')
        return NULL;
    cpu_name(name, sizeof name);
    icl_sha256_of(name, strlen(name), digest);
    path = icl_alloc(ctx, strlen(base) + 64, 1);
    if (path)
        sprintf(path, "%s%s/imgcls/choices-%.12s.txt", base, below, digest);
    return path;
}

/* The folders above the file, as far as they are missing. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
}

/* ---- The table ---------------------------------------------------------------------------*/

/* Where the key is, or where it would stand. */
static size_t place_of(const struct icl_choices *choices, const char *key)
{
    size_t low = 0, high = choices->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(choices->rows[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool icl_choices_is_empty(const struct icl_choices *choices)
{
    return choices->count == 0;
}

const char *icl_choices_find(const struct icl_choices *choices, const char *key)
{
    size_t at = place_of(choices, key);

    return at < choices->count && strcmp(choices->rows[at].key, key) == 0
               ? choices->rows[at].kernel
               : NULL;
}

imgcls_status icl_choices_put(struct imgcls_context *ctx, struct icl_choices *choices,
                              const char *key, const char *kernel)
{
    size_t at = place_of(choices, key);
    imgcls_status status;

    if (strlen(key) + 1 != ICL_CHOICE_KEY || strlen(kernel) >= KERNEL_MOST)
        return IMGCLS_OK; /* too long to be kept: the estimate decides */
    if (at == choices->count || strcmp(choices->rows[at].key, key) != 0) {
        status = icl_grow(ctx, (void **)&choices->rows, &choices->capacity, choices->count + 1,
                          sizeof *choices->rows);
        if (status != IMGCLS_OK)
            return status;
        memmove(choices->rows + at + 1, choices->rows + at,
                (choices->count - at) * sizeof *choices->rows);
        choices->count++;
        strcpy(choices->rows[at].key, key);
    }
    strcpy(choices->rows[at].kernel, kernel);
    return IMGCLS_OK;
}

static imgcls_status read_file(struct imgcls_context *ctx, struct icl_choices *choices)
{
    char line[256], key[ICL_CHOICE_KEY], kernel[KERNEL_MOST];
    FILE *file = choices->path ? fopen(choices->path, "re") : NULL;
    imgcls_status status = IMGCLS_OK;

    if (file && fgets(line, sizeof line, file) && strcmp(line, FIRST_LINE) == 0)
        while (status == IMGCLS_OK && choices->count < LINES_MOST &&
               fgets(line, sizeof line, file) && sscanf(line, "%64s %127s", key, kernel) == 2)
            status = icl_choices_put(ctx, choices, key, kernel);
    if (file)
        fclose(file);
    return status;
}

imgcls_status icl_choices_of(struct imgcls_context *ctx, struct icl_choices **out)
{
    imgcls_status status = IMGCLS_OK;

    if (!ctx->choices) {
        ctx->choices = icl_alloc(ctx, 1, sizeof *ctx->choices);
        if (!ctx->choices)
            return icl_alloc_status(ctx);
        ctx->choices->path = file_name(ctx);
        status = read_file(ctx, ctx->choices);
    }
    *out = ctx->choices;
    return status;
}

void icl_choices_free(struct imgcls_context *ctx, struct icl_choices *choices)
{
    if (!choices)
        return;
    icl_free(ctx, choices->path);
    icl_free(ctx, choices->rows);
    icl_free(ctx, choices);
}

imgcls_status icl_choices_save(struct imgcls_context *ctx, struct icl_choices *choices,
                               const char **path)
{
    struct icl_output *output;
    char line[ICL_CHOICE_KEY + KERNEL_MOST + 2];
    imgcls_status status;

    *path = choices->path;
    if (!choices->path)
        return icl_fail(ctx, IMGCLS_IO,
                        "nowhere to keep choices: neither XDG_CACHE_HOME nor HOME is set");
    make_folders(choices->path);
    status = icl_output_create(ctx, choices->path, &output);
    if (status != IMGCLS_OK)
        return status;
    status = output->sink.write(&ctx->host, &output->sink, FIRST_LINE, strlen(FIRST_LINE));
    for (size_t i = 0; status == IMGCLS_OK && i < choices->count; i++) {
        int length = snprintf(line, sizeof line, "%s %s\n", choices->rows[i].key,
                              choices->rows[i].kernel);
        status = output->sink.write(&ctx->host, &output->sink, line, (size_t)length);
    }
    return icl_output_finish(output, status);
}

/* ---- Keys --------------------------------------------------------------------------------*/

static size_t add_value(char *text, size_t used, size_t capacity,
                        const struct imgcls_value_info *info)
{
    int wrote;

    if (!info)
        wrote = snprintf(text + used, capacity - used, "-,");
    else
        wrote = snprintf(text + used, capacity - used, "%d%s%d:", info->type,
                         info->constant ? "c" : "v", info->rank);
    used += (size_t)wrote;
    for (int32_t i = 0; info && i < info->rank && used < capacity - 64; i++)
        used += (size_t)snprintf(text + used, capacity - used, "%lld,",
                                 (long long)info->dims[i]);
    return used;
}

/* Whole numbers alone: strides, groups, which rows go together. */
static size_t add_attribute(char *text, size_t used, size_t capacity,
                            const struct imgcls_attr *attr)
{
    const int64_t *ints = attr->kind == IMGCLS_ATTR_INTS ? attr->ints : &attr->i;
    size_t count = attr->kind == IMGCLS_ATTR_INTS ? attr->count : attr->kind == IMGCLS_ATTR_INT;

    if (count)
        used += (size_t)snprintf(text + used, capacity - used, "%.64s=", attr->name);
    for (size_t i = 0; i < count && used < capacity - 64; i++)
        used += (size_t)snprintf(text + used, capacity - used, "%lld,", (long long)ints[i]);
    return used;
}

void icl_choices_key(const struct imgcls_context *ctx, int32_t threads,
                     const struct imgcls_node *node, char key[ICL_CHOICE_KEY])
{
    char text[4096];
    const struct icl_node *own = icl_node_of(node);
    size_t used = (size_t)snprintf(text, sizeof text, "%llx %d %.200s %.200s %lld ",
                                   (unsigned long long)ctx->isa, threads, node->domain,
                                   node->type, (long long)node->version);

    /* What does not fit is left out: two nodes with one key share a choice, no more. */
    for (size_t i = 0; i < node->input_count && used < sizeof text - 256; i++)
        used = add_value(text, used, sizeof text, node->inputs[i]);
    for (size_t i = 0; i < node->output_count && used < sizeof text - 256; i++)
        used = add_value(text, used, sizeof text, node->outputs[i]);
    for (size_t i = 0; i < own->attr_count && used < sizeof text - 256; i++)
        used = add_attribute(text, used, sizeof text, &own->attrs[i]->attr);
    for (size_t i = 0; i < node->epilogue_count && used < sizeof text - 256; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "+%d",
                                 node->epilogues[i].kind);
    icl_sha256_of(text, used, key);
}
