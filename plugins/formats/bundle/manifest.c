/*
 * plugins/formats/bundle/manifest.c - manifest.json: written from a graph, read and checked
 *
 * The manifest says in words what a reader wants to know before anything is loaded: where
 * the model came from, how pictures are prepared, what goes in and out, what was done to
 * it. It has no time stamp: the same input gives the same bytes.
 *
 * A manifest is as little to be trusted as the rest of a file. What it says of the graph is
 * compared with the graph; keys that are not known are passed over, for a later minor
 * change may add some.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/bundle/bundle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "plugins/formats/bundle/ports.h"

void bundle_golden_name(char *name, size_t capacity, bool output, size_t index)
{
    snprintf(name, capacity, "%s/%s_%zu.pb", BUNDLE_GOLDEN, output ? "output" : "input",
             index);
}

/* ---- Writing --------------------------------------------------------------------------*/

/* The metadata's JSON object, or null where it has none (or something else). */
static json_t *source_of(const struct imgcls_host *host, const struct imgcls_graph *graph)
{
    const char *text = host->graph_meta(host, graph, IMGCLS_META_SOURCE);
    json_t *source = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_is_object(source))
        return source;
    json_decref(source);
    return json_null();
}

static json_t *passes_of(const struct imgcls_host *host, const struct imgcls_graph *graph)
{
    const char *text = host->graph_meta(host, graph, BUNDLE_META_PASSES);
    json_t *passes = json_array();
    while (text && *text) {
        size_t length = strcspn(text, " ");
        if (length && json_array_append_new(passes, json_stringn(text, length)) != 0) {
            json_decref(passes);
            return NULL;
        }
        text += length + (text[length] == ' ');
    }
    return passes;
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n' || !text[1];
    return lines;
}

static json_t *labels_of(const struct imgcls_host *host, const struct imgcls_graph *graph)
{
    const char *text = host->graph_meta(host, graph, IMGCLS_META_LABELS);
    if (!text || !*text)
        return json_null();
    return json_pack("{s:s, s:I}", "file", BUNDLE_LABELS, "count",
                     (json_int_t)lines_of(text));
}

static size_t golden_count(const struct imgcls_host *host, const struct imgcls_graph *graph,
                           int32_t output)
{
    size_t count = 0;
    while (host->graph_golden(host, graph, output, count))
        count++;
    return count;
}

static json_t *golden_of(const struct imgcls_host *host, const struct imgcls_graph *graph)
{
    const char *origin = host->graph_golden_origin(host, graph);
    if (!origin)
        return json_null();
    return json_pack("{s:s, s:s, s:I, s:I}", "origin", origin, "folder", BUNDLE_GOLDEN,
                     "inputs", (json_int_t)golden_count(host, graph, 0), "outputs",
                     (json_int_t)golden_count(host, graph, 1));
}

char *bundle_manifest_text(const struct imgcls_host *host, const struct imgcls_graph *graph,
                           const char *path, bool has_weights)
{
    char abi[32];
    snprintf(abi, sizeof abi, "%d.%d", host->abi_major, host->abi_minor);
    /* clang-format off: a pair a line */
    json_t *manifest = json_pack(
        "{s:s, s:i, s:{s:s, s:s, s:s}, s:o, s:{s:s, s:s?}, s:s?, s:o, s:o, s:o, s:o, s:o}",
        "format", BUNDLE_MARKER, "format_version", BUNDLE_FORMAT_VERSION, "tool", "name",
        "imgcls", "version", host->version, "abi", abi, "source", source_of(host, graph),
        "graph", "file", BUNDLE_GRAPH, "weights", has_weights ? BUNDLE_WEIGHTS : NULL,
        "preprocessing", host->graph_meta(host, graph, IMGCLS_META_RECIPE), "labels",
        labels_of(host, graph), "inputs", bundle_ports(host, graph, false), "outputs",
        bundle_ports(host, graph, true), "passes", passes_of(host, graph), "golden",
        golden_of(host, graph));
    /* clang-format on */
    /* Twice, to end with a line break without another copy: the size is known first. */
    size_t size = manifest ? json_dumpb(manifest, NULL, 0, JSON_INDENT(2)) : 0;
    char *text = size ? malloc(size + 2) : NULL;
    if (text) {
        json_dumpb(manifest, text, size, JSON_INDENT(2));
        memcpy(text + size, "\n", 2);
    }
    json_decref(manifest);
    if (!text)
        host->fail(
            host, IMGCLS_BAD_INPUT,
            "%s: the model cannot be described in JSON (a name that is no UTF-8, or no "
            "memory)",
            path);
    return text;
}

/* ---- Reading --------------------------------------------------------------------------*/

struct checking {
    const struct imgcls_host *host;
    const char *path;
};

static imgcls_status wrong(const struct checking *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static imgcls_status wrong(const struct checking *in, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return in->host->fail(in->host, IMGCLS_BAD_INPUT, "%s: %s", in->path, text);
}

/* A member of an object that is null or absent gives NULL; of another type, a failure. */
static imgcls_status member(const struct checking *in, json_t *object, const char *key,
                            json_type type, json_t **out)
{
    json_t *value = json_object_get(object, key);
    *out = json_is_null(value) ? NULL : value;
    if (*out && json_typeof(*out) != type)
        return wrong(in, "'%s' is of the wrong type", key);
    return IMGCLS_OK;
}

static imgcls_status text_member(const struct checking *in, json_t *object, const char *key,
                                 const char **out)
{
    json_t *value;
    imgcls_status status = member(in, object, key, JSON_STRING, &value);
    *out = status == IMGCLS_OK && value ? json_string_value(value) : NULL;
    return status;
}

static imgcls_status count_member(const struct checking *in, json_t *object,
                                  const char *key, size_t *out)
{
    json_t *value;
    imgcls_status status = member(in, object, key, JSON_INTEGER, &value);
    json_int_t count = value ? json_integer_value(value) : -1;
    *out = 0;
    if (status == IMGCLS_OK && (count < 0 || count > INT32_MAX))
        return wrong(in, "'%s' is no count", key);
    if (status == IMGCLS_OK)
        *out = (size_t)count;
    return status;
}

/* Only the names that this version writes: a path from a manifest is never followed. */
static imgcls_status fixed_member(const struct checking *in, json_t *object,
                                  const char *key, const char *expected)
{
    const char *text;
    imgcls_status status = text_member(in, object, key, &text);
    if (status == IMGCLS_OK && (!text || strcmp(text, expected) != 0))
        return wrong(in, "'%s' is '%s', it must be '%s'", key, text ? text : "", expected);
    return status;
}

static imgcls_status read_version(const struct checking *in, json_t *json)
{
    size_t version;
    imgcls_status status = fixed_member(in, json, "format", BUNDLE_MARKER);
    if (status == IMGCLS_OK)
        status = count_member(in, json, "format_version", &version);
    if (status == IMGCLS_OK && version != BUNDLE_FORMAT_VERSION)
        return in->host->fail(in->host, IMGCLS_UNSUPPORTED,
                              "%s: bundle format %zu, this version reads format %d",
                              in->path, version, BUNDLE_FORMAT_VERSION);
    return status;
}

static imgcls_status read_labels(const struct checking *in, struct bundle_manifest *out)
{
    json_t *labels;
    imgcls_status status = member(in, out->json, "labels", JSON_OBJECT, &labels);
    if (status != IMGCLS_OK || !labels)
        return status;
    out->has_labels = true;
    status = fixed_member(in, labels, "file", BUNDLE_LABELS);
    return status == IMGCLS_OK ? count_member(in, labels, "count", &out->label_count)
                               : status;
}

static imgcls_status read_golden(const struct checking *in, struct bundle_manifest *out)
{
    json_t *golden;
    imgcls_status status = member(in, out->json, "golden", JSON_OBJECT, &golden);
    if (status != IMGCLS_OK || !golden)
        return status;
    out->has_golden = true;
    status = fixed_member(in, golden, "folder", BUNDLE_GOLDEN);
    if (status == IMGCLS_OK)
        status = count_member(in, golden, "inputs", &out->golden_inputs);
    if (status == IMGCLS_OK)
        status = count_member(in, golden, "outputs", &out->golden_outputs);
    if (status == IMGCLS_OK)
        status = text_member(in, golden, "origin", &out->golden_origin);
    if (status == IMGCLS_OK && !out->golden_origin)
        status = wrong(in, "the golden example has no 'origin'");
    return status;
}

static imgcls_status read_source(const struct checking *in, struct bundle_manifest *out)
{
    json_t *source;
    imgcls_status status = member(in, out->json, "source", JSON_OBJECT, &source);
    if (status != IMGCLS_OK || !source)
        return status;
    out->source = json_dumps(source, JSON_COMPACT | JSON_SORT_KEYS);
    return out->source ? IMGCLS_OK
                       : in->host->fail(in->host, IMGCLS_NO_MEMORY,
                                        "%s: no memory for its source", in->path);
}

static imgcls_status read_passes(const struct checking *in, struct bundle_manifest *out)
{
    json_t *passes, *name;
    size_t i, size = 1;
    imgcls_status status = member(in, out->json, "passes", JSON_ARRAY, &passes);
    if (status != IMGCLS_OK || json_array_size(passes) == 0)
        return status;
    json_array_foreach(passes, i, name)
    {
        if (!json_is_string(name) || strchr(json_string_value(name), ' '))
            return wrong(in, "'passes' is no list of names");
        size += json_string_length(name) + 1;
    }
    out->passes = calloc(size, 1);
    if (!out->passes)
        return in->host->fail(in->host, IMGCLS_NO_MEMORY, "%s: no memory for its passes",
                              in->path);
    char *end = out->passes;
    json_array_foreach(passes, i, name) end +=
        sprintf(end, "%s%s", i ? " " : "", json_string_value(name));
    return IMGCLS_OK;
}

imgcls_status bundle_manifest_parse(const struct imgcls_host *host,
                                    const struct imgcls_source *source,
                                    struct bundle_manifest *out)
{
    struct checking in = {host, source->path};
    json_error_t error;
    *out = (struct bundle_manifest){0};
    if (source->size > BUNDLE_MANIFEST_MAX)
        return wrong(&in, "%zu bytes, at most %llu are read", source->size,
                     (unsigned long long)BUNDLE_MANIFEST_MAX);
    json_t *json = json_loadb((const char *)source->bytes, source->size,
                              JSON_REJECT_DUPLICATES, &error);
    out->json = json;
    if (!json_is_object(json))
        return wrong(&in, "no JSON object (line %d: %s)", json ? 1 : error.line,
                     json ? "something else" : error.text);
    imgcls_status status = read_version(&in, json);
    if (status == IMGCLS_OK)
        status = text_member(&in, json, "preprocessing", &out->preprocessing);
    if (status == IMGCLS_OK)
        status = read_labels(&in, out);
    if (status == IMGCLS_OK)
        status = read_golden(&in, out);
    if (status == IMGCLS_OK)
        status = read_source(&in, out);
    return status == IMGCLS_OK ? read_passes(&in, out) : status;
}

void bundle_manifest_clear(struct bundle_manifest *manifest)
{
    json_decref(manifest->json);
    free(manifest->source);
    free(manifest->passes);
}

/* Sizes agree where both are numbers. */
static bool shapes_agree(json_t *a, json_t *b)
{
    if (!json_is_array(a) || !json_is_array(b))
        return true;
    if (json_array_size(a) != json_array_size(b))
        return false;
    for (size_t i = 0; i < json_array_size(a); i++) {
        json_t *x = json_array_get(a, i), *y = json_array_get(b, i);
        if (json_is_integer(x) && json_is_integer(y) && !json_equal(x, y))
            return false;
    }
    return true;
}

static imgcls_status check_port(const struct checking *in, const char *what, size_t index,
                                json_t *said, json_t *real)
{
    const char *said_name = json_string_value(json_object_get(said, "name"));
    const char *real_name = json_string_value(json_object_get(real, "name"));
    const char *said_type = json_string_value(json_object_get(said, "type"));
    const char *real_type = json_string_value(json_object_get(real, "type"));
    if (!said_name || strcmp(said_name, real_name) != 0)
        return wrong(in, "%s says %s %zu is '%s', %s has '%s'", BUNDLE_MANIFEST, what,
                     index, said_name ? said_name : "", BUNDLE_GRAPH, real_name);
    if (said_type && real_type && strcmp(said_type, real_type) != 0)
        return wrong(in, "%s says %s '%s' is %s, %s has %s", BUNDLE_MANIFEST, what,
                     said_name, said_type, BUNDLE_GRAPH, real_type);
    if (!shapes_agree(json_object_get(said, "shape"), json_object_get(real, "shape")))
        return wrong(in, "%s and %s give %s '%s' different shapes", BUNDLE_MANIFEST,
                     BUNDLE_GRAPH, what, said_name);
    return IMGCLS_OK;
}

static imgcls_status check_ports(const struct checking *in,
                                 const struct bundle_manifest *manifest,
                                 const struct imgcls_graph *graph, bool outputs)
{
    const char *what = outputs ? "output" : "input";
    json_t *said = json_object_get(manifest->json, outputs ? "outputs" : "inputs");
    json_t *real = bundle_ports(in->host, graph, outputs);
    imgcls_status status = IMGCLS_OK;
    if (!real)
        return wrong(in, "%s has %ss that cannot be described in JSON", BUNDLE_GRAPH, what);
    if (!json_is_array(said) || json_array_size(said) != json_array_size(real))
        status = wrong(in, "%s lists %zu %ss, %s has %zu", BUNDLE_MANIFEST,
                       json_array_size(said), what, BUNDLE_GRAPH, json_array_size(real));
    for (size_t i = 0; i < json_array_size(real) && status == IMGCLS_OK; i++)
        status = check_port(in, what, i, json_array_get(said, i), json_array_get(real, i));
    json_decref(real);
    return status;
}

imgcls_status bundle_manifest_check(const struct imgcls_host *host,
                                    const struct imgcls_source *source,
                                    const struct bundle_manifest *manifest,
                                    const struct imgcls_graph *graph)
{
    struct checking in = {host, source->path};
    imgcls_status status = check_ports(&in, manifest, graph, false);
    return status == IMGCLS_OK ? check_ports(&in, manifest, graph, true) : status;
}
