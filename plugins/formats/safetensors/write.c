/*
 * plugins/formats/safetensors/write.c - a graph's parameters under their source's names
 *
 * Where the graph came from a checkpoint, the parameters are those it was built from
 * (IMGCLS_META_PARAMETERS), with what was cut off their names put back; else they are all
 * initializers. Order as the reference writes: larger elements first, then by name, so that
 * every tensor is aligned.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "plugins/formats/safetensors/safetensors.h"

#define ALIGNMENT 8

struct item {
    const char *name;
    const struct imgcls_tensor *tensor;
    size_t element; /* bytes */
};

struct writing {
    const struct imgcls_host *host;
    const struct imgcls_graph *graph;
    struct imgcls_sink *sink;
    char *parameters; /* lines, each ended by NUL; sorted pointers in names */
    const char **names;
    size_t name_count;
    struct item *items;
    size_t count;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The metadata's list, to be searched; nothing where there is none. */
static imgcls_status list_parameters(struct writing *out)
{
    const struct imgcls_host *host = out->host;
    const char *text = host->graph_meta(host, out->graph, IMGCLS_META_PARAMETERS);
    if (!text)
        return IMGCLS_OK;
    size_t size = strlen(text) + 1, lines = 1;
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    out->parameters = host->alloc(host, size, 1);
    out->names = host->alloc(host, lines, sizeof *out->names);
    if (!out->parameters || !out->names)
        return IMGCLS_NO_MEMORY;
    memcpy(out->parameters, text, size);
    for (char *p = out->parameters, *end; *p; p = end) {
        size_t length = strcspn(p, "\n");
        end = p + length + (p[length] == '\n');
        p[length] = 0;
        out->names[out->name_count++] = p;
    }
    if (out->name_count)
        qsort(out->names, out->name_count, sizeof *out->names, by_text);
    return IMGCLS_OK;
}

static bool is_wanted(const struct writing *out, const char *name)
{
    return !out->names || (out->name_count && bsearch(&name, out->names, out->name_count,
                                                      sizeof *out->names, by_text));
}

static int by_element(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->element != y->element)
        return x->element > y->element ? -1 : 1;
    return strcmp(x->name, y->name);
}

static imgcls_status collect(struct writing *out)
{
    const struct imgcls_host *host = out->host;
    const struct imgcls_value_info *info;
    size_t total = 0;
    while (host->graph_initializer_at(host, out->graph, total))
        total++;
    out->items = host->alloc(host, total + 1, sizeof *out->items);
    if (!out->items)
        return IMGCLS_NO_MEMORY;
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < total && status == IMGCLS_OK; i++) {
        info = host->graph_initializer_at(host, out->graph, i);
        if (!info->constant || !is_wanted(out, info->name))
            continue;
        struct item *item = &out->items[out->count];
        *item = (struct item){.name = info->name, .tensor = info->constant};
        if (!safetensors_dtype(item->tensor->type))
            return host->fail(host, IMGCLS_UNSUPPORTED,
                              "%s: '%s' has an element type that safetensors has not",
                              out->sink->path, info->name);
        status = host->size_of(host, item->tensor->type, 1, &item->element);
        out->count++;
    }
    if (status == IMGCLS_OK && out->count == 0)
        status = host->fail(host, IMGCLS_BAD_INPUT,
                            "%s: the model has no parameters to write", out->sink->path);
    if (status == IMGCLS_OK)
        qsort(out->items, out->count, sizeof *out->items, by_element);
    return status;
}

static json_t *describe(const struct imgcls_tensor *tensor, uint64_t begin)
{
    json_t *shape = json_array();
    for (int32_t i = 0; i < tensor->rank; i++)
        json_array_append_new(shape, json_integer(tensor->dims[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", safetensors_dtype(tensor->type),
                     "shape", shape, "data_offsets", (json_int_t)begin,
                     (json_int_t)(begin + tensor->size_bytes));
}

/* The source's name: what wrappers had put before it is put back. */
static imgcls_status add_entry(const struct writing *out, json_t *header,
                               const struct item *item, uint64_t begin)
{
    const char *prefix = out->host->graph_meta(out->host, out->graph, IMGCLS_META_PREFIX);
    size_t length = prefix ? strlen(prefix) : 0, size = strlen(item->name) + 1;
    char *name = out->host->alloc(out->host, length + size, 1);
    if (!name)
        return IMGCLS_NO_MEMORY;
    if (length)
        memcpy(name, prefix, length);
    memcpy(name + length, item->name, size);
    bool done = json_object_set_new(header, name, describe(item->tensor, begin)) == 0;
    out->host->release(out->host, name);
    return done ? IMGCLS_OK
                : out->host->fail(out->host, IMGCLS_BAD_INPUT,
                                  "%s: the name '%s' is no UTF-8", out->sink->path,
                                  item->name);
}

static imgcls_status write_header(const struct writing *out)
{
    static const char spaces[ALIGNMENT + 1] = "        ";
    const struct imgcls_host *host = out->host;
    json_t *header = json_pack("{s:{s:s}}", "__metadata__", "format", "pt");
    uint64_t at = 0;
    imgcls_status status = header ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    for (size_t i = 0; i < out->count && status == IMGCLS_OK; i++) {
        status = add_entry(out, header, &out->items[i], at);
        at += out->items[i].tensor->size_bytes;
    }
    char *text = status == IMGCLS_OK ? json_dumps(header, JSON_COMPACT) : NULL;
    if (status == IMGCLS_OK && !text)
        status = host->fail(host, IMGCLS_NO_MEMORY, "%s: no memory for its header",
                            out->sink->path);
    if (status == IMGCLS_OK) {
        size_t length = strlen(text), pad = (ALIGNMENT - length % ALIGNMENT) % ALIGNMENT;
        unsigned char number[8];
        for (int i = 0; i < 8; i++)
            number[i] = (unsigned char)((uint64_t)(length + pad) >> (8 * i));
        status = host->sink_write(host, out->sink, number, sizeof number);
        if (status == IMGCLS_OK)
            status = host->sink_write(host, out->sink, text, length);
        if (status == IMGCLS_OK)
            status = host->sink_write(host, out->sink, spaces, pad);
    }
    free(text);
    json_decref(header);
    return status;
}

imgcls_status safetensors_write(const struct imgcls_host *host,
                                const struct imgcls_graph *graph, struct imgcls_sink *sink)
{
    struct writing out = {.host = host, .graph = graph, .sink = sink};
    imgcls_status status = list_parameters(&out);
    if (status == IMGCLS_OK)
        status = collect(&out);
    if (status == IMGCLS_OK)
        status = write_header(&out);
    for (size_t i = 0; i < out.count && status == IMGCLS_OK; i++)
        status = host->sink_write(host, sink, out.items[i].tensor->data,
                                  out.items[i].tensor->size_bytes);
    host->release(host, out.items);
    host->release(host, (void *)out.names);
    host->release(host, out.parameters);
    return status;
}
