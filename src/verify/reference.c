/*
 * src/verify/reference.c - data sets with inputs and the outputs they should give
 *
 * Files are read by whichever plugin bids for them. A file's value goes by its name inside
 * where the graph has an input (output) of that name, else by the number in the file's name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/verify/reference.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/file/file.h"
#include "src/registry/registry.h"
#include "src/tensor/tensor.h"

#define SETS_MAX 10000 /* folders named test_data_set_N beside one model */

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", folder, name);
    return path;
}

static imgcls_status no_memory(struct imgcls_context *ctx, const char *what)
{
    return icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory for the reference values", what);
}

/* ---- One set ----------------------------------------------------------------------------*/

static void clear_set(struct icl_reference *set)
{
    for (size_t i = 0; i < set->input_count; i++)
        icl_value_release(set->ctx, set->inputs[i]);
    for (size_t i = 0; i < set->output_count; i++)
        icl_value_release(set->ctx, set->outputs[i]);
    free(set->inputs);
    free(set->outputs);
    free(set->name);
    *set = (struct icl_reference){0};
}

static imgcls_status init_set(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                              const char *name, struct icl_reference *set)
{
    *set = (struct icl_reference){.ctx = ctx, .name = strdup(name)};
    set->inputs = calloc(graph->input_count + 1, sizeof(void *));
    set->outputs = calloc(graph->output_count + 1, sizeof(void *));
    if (!set->name || !set->inputs || !set->outputs) {
        clear_set(set);
        return no_memory(ctx, name);
    }
    set->input_count = graph->input_count;
    set->output_count = graph->output_count;
    return IMGCLS_OK;
}

static size_t position_of(struct icl_value *const *values, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i]->name, name) == 0)
            return i;
    return count;
}

/* An optional of what the file holds. The bytes of an optional are those of a sequence with
 * its value as the only item, or with none, and are read as that: the graph alone knows. */
static imgcls_status place_optional(struct icl_reference *set,
                                    const struct imgcls_value *value,
                                    struct imgcls_value **slot)
{
    bool same_bytes = value->kind == IMGCLS_KIND_SEQUENCE && value->count <= 1;
    size_t count = same_bytes ? value->count : 1;
    const struct imgcls_value *item = same_bytes && count ? value->items[0] : value;
    struct imgcls_value *copy = NULL;
    imgcls_status status = count ? icl_value_copy(set->ctx, item, &copy) : IMGCLS_OK;
    if (status == IMGCLS_OK)
        status = icl_value_list(set->ctx, IMGCLS_KIND_OPTIONAL, value->type, count, &copy,
                                slot);
    if (status != IMGCLS_OK)
        icl_value_release(set->ctx, copy);
    return status;
}

/* Copies a value into its place, of the kind that the graph declares; a second one for the
 * same place is refused. */
static imgcls_status place(struct icl_reference *set, const char *file, int32_t kind,
                           struct imgcls_value **slot, const struct imgcls_value *value)
{
    if (*slot)
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s: a second value for the same place",
                        file);
    if (kind == IMGCLS_KIND_OPTIONAL && value->kind != IMGCLS_KIND_OPTIONAL)
        return place_optional(set, value, slot);
    return icl_value_copy(set->ctx, value, slot);
}

/* Every named value of a .npz goes to the input or output of that name. */
static imgcls_status take_by_name(const struct imgcls_graph *graph, struct icl_reference *set,
                                  const char *file, const struct imgcls_named_value *value)
{
    size_t i = position_of(graph->inputs, graph->input_count, value->name);
    if (i < graph->input_count)
        return place(set, file, graph->inputs[i]->info.kind, &set->inputs[i],
                     value->value);
    i = position_of(graph->outputs, graph->output_count, value->name);
    if (i < graph->output_count)
        return place(set, file, graph->outputs[i]->info.kind, &set->outputs[i],
                     value->value);
    return icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                    "%s: array '%s' is neither an input nor an output of the model", file,
                    value->name);
}

/* input_K or output_K: by the name inside where the graph has it, else by K. */
static imgcls_status take_numbered(const struct imgcls_graph *graph, struct icl_reference *set,
                                   const char *file, bool output, size_t number,
                                   const struct imgcls_named_value *value)
{
    struct icl_value *const *values = output ? graph->outputs : graph->inputs;
    struct imgcls_value **slots = output ? set->outputs : set->inputs;
    size_t count = output ? graph->output_count : graph->input_count;
    size_t i = value->name ? position_of(values, count, value->name) : count;
    if (i == count)
        i = number;
    if (i >= count)
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s: the model has only %zu %s%s", file,
                        count, output ? "output" : "input", count == 1 ? "" : "s");
    return place(set, file, values[i]->info.kind, &slots[i], value->value);
}

static imgcls_status read_file(struct imgcls_context *ctx, const struct imgcls_source *source,
                               void **values)
{
    *values = NULL;
    imgcls_status status = ctx->host.values_create(&ctx->host, values);
    if (status == IMGCLS_OK)
        status = ctx->host.read_values(&ctx->host, source, *values);
    return status;
}

static imgcls_status take_file(const struct imgcls_graph *graph, struct icl_reference *set,
                               const struct imgcls_source *folder, const char *file)
{
    struct imgcls_context *ctx = set->ctx;
    bool output = file[0] == 'o';
    size_t number = strtoul(strchr(file, '_') + 1, NULL, 10);
    struct imgcls_source *source = NULL;
    void *values = NULL;
    imgcls_status status = icl_source_open_beneath(ctx, folder, file, &source);
    if (status == IMGCLS_OK)
        status = read_file(ctx, source, &values);
    if (status == IMGCLS_OK) {
        const struct imgcls_named_value *value = ctx->host.values_at(&ctx->host, values, 0);
        if (value)
            status = take_numbered(graph, set, source->path, output, number, value);
        else
            status = icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: no value inside", source->path);
    }
    if (values)
        ctx->host.values_release(&ctx->host, values);
    icl_source_close(source);
    return status;
}

/* True for input_K.EXT and output_K.EXT. */
static bool is_value_file(const char *name)
{
    const char *rest = strncmp(name, "input_", 6) == 0    ? name + 6
                       : strncmp(name, "output_", 7) == 0 ? name + 7
                                                          : NULL;
    if (!rest || *rest < '0' || *rest > '9')
        return false;
    char *end;
    unsigned long number = strtoul(rest, &end, 10);
    return number < 100000 && (strcmp(end, ".pb") == 0 || strcmp(end, ".npy") == 0);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* Names in a folder that pass a test, sorted bytewise. Own: free_names. */
static imgcls_status list_folder(struct imgcls_context *ctx, const char *path,
                                 bool (*wanted)(const char *name), char ***out, size_t *count)
{
    *out = NULL;
    *count = 0;
    DIR *folder = opendir(path);
    if (!folder)
        return icl_fail(ctx, IMGCLS_IO, "%s: %s", path, strerror(errno));
    char **names = NULL;
    size_t held = 0, capacity = 0;
    imgcls_status status = IMGCLS_OK;
    for (struct dirent *entry; status == IMGCLS_OK && (entry = readdir(folder));) {
        if (!wanted(entry->d_name))
            continue;
        if (held == capacity) {
            size_t larger = capacity ? 2 * capacity : 16;
            char **grown = larger > SETS_MAX * 2 ? NULL
                                                 : realloc(names, larger * sizeof *names);
            if (!grown) {
                status = no_memory(ctx, path);
                break;
            }
            names = grown;
            capacity = larger;
        }
        names[held] = strdup(entry->d_name);
        if (names[held])
            held++;
        else
            status = no_memory(ctx, path);
    }
    closedir(folder);
    if (status != IMGCLS_OK) {
        free_names(names, held);
        return status;
    }
    if (held)
        qsort(names, held, sizeof *names, by_name);
    *out = names;
    *count = held;
    return IMGCLS_OK;
}

/* All inputs must be there; of the outputs at least one. */
static imgcls_status check_set(const struct imgcls_graph *graph, const struct icl_reference *set,
                               const char *path)
{
    size_t outputs = 0;
    for (size_t i = 0; i < set->input_count; i++)
        if (!set->inputs[i])
            return icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s: no value for input '%s'", path,
                            graph->inputs[i]->name);
    for (size_t i = 0; i < set->output_count; i++)
        outputs += set->outputs[i] != NULL;
    if (outputs == 0)
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s: no expected output", path);
    return IMGCLS_OK;
}

static imgcls_status read_folder_set(struct imgcls_context *ctx,
                                     const struct imgcls_graph *graph, const char *path,
                                     const char *name, struct icl_reference *set)
{
    struct imgcls_source *folder = NULL;
    char **files = NULL;
    size_t count = 0;
    imgcls_status status = init_set(ctx, graph, name, set);
    if (status == IMGCLS_OK)
        status = icl_source_open(ctx, path, &folder);
    if (status == IMGCLS_OK)
        status = list_folder(ctx, path, is_value_file, &files, &count);
    for (size_t i = 0; status == IMGCLS_OK && i < count; i++)
        status = take_file(graph, set, folder, files[i]);
    if (status == IMGCLS_OK)
        status = check_set(graph, set, path);
    free_names(files, count);
    icl_source_close(folder);
    if (status != IMGCLS_OK)
        clear_set(set);
    return status;
}

static imgcls_status read_archive_set(struct imgcls_context *ctx,
                                      const struct imgcls_graph *graph, const char *path,
                                      struct icl_reference *set)
{
    const char *slash = strrchr(path, '/');
    struct imgcls_source *source = NULL;
    void *values = NULL;
    imgcls_status status = init_set(ctx, graph, slash ? slash + 1 : path, set);
    if (status == IMGCLS_OK)
        status = icl_source_open(ctx, path, &source);
    if (status == IMGCLS_OK)
        status = read_file(ctx, source, &values);
    const struct imgcls_named_value *value;
    for (size_t i = 0; status == IMGCLS_OK &&
                       (value = ctx->host.values_at(&ctx->host, values, i)) != NULL;
         i++)
        status = take_by_name(graph, set, path, value);
    if (status == IMGCLS_OK)
        status = check_set(graph, set, path);
    if (values)
        ctx->host.values_release(&ctx->host, values);
    icl_source_close(source);
    if (status != IMGCLS_OK)
        clear_set(set);
    return status;
}

/* ---- All sets ---------------------------------------------------------------------------*/

void icl_references_clear(struct icl_references *references)
{
    for (size_t i = 0; i < references->count; i++)
        clear_set(&references->sets[i]);
    free(references->sets);
    free(references->origin);
    *references = (struct icl_references){0};
}

static imgcls_status make_room(struct imgcls_context *ctx, size_t count, const char *origin,
                               struct icl_references *out)
{
    out->sets = calloc(count + 1, sizeof *out->sets);
    out->origin = strdup(origin);
    if (!out->sets || !out->origin)
        return no_memory(ctx, origin);
    return IMGCLS_OK;
}

static bool is_set_folder(const char *name)
{
    return strncmp(name, "test_data_set_", 14) == 0 && name[14] >= '0' && name[14] <= '9';
}

/* The test_data_set_N of a folder; count 0 where there is none. */
static imgcls_status read_sets(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                               const char *folder, struct icl_references *out)
{
    char **names;
    size_t count;
    imgcls_status status = list_folder(ctx, folder, is_set_folder, &names, &count);
    if (status != IMGCLS_OK || count == 0)
        return status;
    status = make_room(ctx, count, folder, out);
    for (size_t i = 0; status == IMGCLS_OK && i < count; i++) {
        char *path = join(folder, names[i]);
        if (!path)
            status = no_memory(ctx, folder);
        else if (is_folder(path))
            status = read_folder_set(ctx, graph, path, names[i], &out->sets[out->count]);
        if (status == IMGCLS_OK && path && is_folder(path))
            out->count++;
        free(path);
    }
    free_names(names, count);
    if (status != IMGCLS_OK)
        icl_references_clear(out);
    return status;
}

imgcls_status icl_references_beside(struct imgcls_context *ctx,
                                    const struct imgcls_graph *graph, const char *model_path,
                                    struct icl_references *out)
{
    *out = (struct icl_references){0};
    char *folder = strdup(model_path);
    if (!folder)
        return no_memory(ctx, model_path);
    if (!is_folder(folder)) {
        char *slash = strrchr(folder, '/');
        if (slash == folder)
            slash[1] = '\0';
        else if (slash)
            *slash = '\0';
        else
            strcpy(folder, "."); /* a name has one character at least */
    }
    imgcls_status status = read_sets(ctx, graph, folder, out);
    free(folder);
    return status;
}

static imgcls_status golden_set(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                                struct icl_references *out)
{
    const struct icl_golden *golden = &graph->golden;
    imgcls_status status = make_room(ctx, 1, golden->origin, out);
    if (status == IMGCLS_OK)
        status = init_set(ctx, graph, "golden", &out->sets[0]);
    if (status != IMGCLS_OK)
        goto done;
    out->count = 1;
    if (golden->input_count != graph->input_count ||
        golden->output_count != graph->output_count) {
        status = icl_fail(ctx, IMGCLS_BAD_INPUT,
                          "the golden example has %zu inputs and %zu outputs, the graph %zu and "
                          "%zu", golden->input_count, golden->output_count,
                          graph->input_count, graph->output_count);
        goto done;
    }
    for (size_t i = 0; status == IMGCLS_OK && i < golden->input_count; i++)
        status = icl_value_copy(ctx, golden->inputs[i], &out->sets[0].inputs[i]);
    for (size_t i = 0; status == IMGCLS_OK && i < golden->output_count; i++)
        status = icl_value_copy(ctx, golden->outputs[i], &out->sets[0].outputs[i]);
done:
    if (status != IMGCLS_OK)
        icl_references_clear(out);
    return status;
}

static imgcls_status named_reference(struct imgcls_context *ctx,
                                     const struct imgcls_graph *graph, const char *path,
                                     struct icl_references *out)
{
    imgcls_status status = is_folder(path) ? read_sets(ctx, graph, path, out) : IMGCLS_OK;
    if (status != IMGCLS_OK || out->count)
        return status;
    status = make_room(ctx, 1, path, out);
    if (status == IMGCLS_OK && is_folder(path)) {
        const char *slash = strrchr(path, '/');
        status = read_folder_set(ctx, graph, path, slash && slash[1] ? slash + 1 : path,
                                 &out->sets[0]);
    } else if (status == IMGCLS_OK) {
        status = read_archive_set(ctx, graph, path, &out->sets[0]);
    }
    out->count = status == IMGCLS_OK;
    if (status != IMGCLS_OK)
        icl_references_clear(out);
    return status;
}

imgcls_status icl_references_open(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                                  const char *model_path, const char *path,
                                  struct icl_references *out)
{
    *out = (struct icl_references){0};
    if (path)
        return named_reference(ctx, graph, path, out);
    /* A bundle is complete in itself: what lies beside it may belong to another model. */
    if (graph->golden.origin)
        return golden_set(ctx, graph, out);
    imgcls_status status = icl_references_beside(ctx, graph, model_path, out);
    if (status == IMGCLS_OK && out->count == 0)
        status = icl_fail(ctx, IMGCLS_BAD_INPUT,
                          "%s: nothing to compare with: no test_data_set_0 beside it and no "
                          "golden example inside; give --reference FOLDER or FILE.npz",
                          model_path);
    return status;
}
