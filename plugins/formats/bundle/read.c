/*
 * plugins/formats/bundle/read.c - a bundle becomes a graph again, nothing in it believed
 *
 * The graph is read by the ONNX plugin from its member; the weights, being a sibling in the
 * archive, are borrowed from the mapping. Recipe, labels, source and passes come from the
 * manifest and labels.txt: where the ONNX file's own metadata says otherwise, these win,
 * for they are what a person sees and edits. The golden example must fit the graph.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/bundle/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/formats/bundle/ports.h"

#define PORTS_MAX 65536 /* inputs or outputs of a golden example */

struct reading {
    const struct imgcls_host *host;
    const struct imgcls_source *source;
    struct imgcls_graph *graph;
    struct imgcls_zip *zip;
    struct bundle_manifest manifest;
};

static imgcls_status read_manifest(struct reading *in)
{
    const struct imgcls_host *host = in->host;
    struct imgcls_source *member = NULL;
    imgcls_status status =
        host->zip_source(host, in->zip, BUNDLE_MANIFEST, BUNDLE_MANIFEST_MAX, &member);
    if (status == IMGCLS_OK)
        status = bundle_manifest_parse(host, member, &in->manifest);
    host->source_close(host, member);
    return status;
}

static imgcls_status read_graph(struct reading *in)
{
    const struct imgcls_host *host = in->host;
    struct imgcls_source *member = NULL;
    imgcls_status status =
        host->zip_source(host, in->zip, BUNDLE_GRAPH, BUNDLE_GRAPH_MAX, &member);
    if (status == IMGCLS_OK)
        status = host->read_graph(host, member, in->graph);
    host->source_close(host, member);
    return status == IMGCLS_OK
               ? bundle_manifest_check(host, in->source, &in->manifest, in->graph)
               : status;
}

/* ---- Texts ----------------------------------------------------------------------------*/

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n' || !text[1];
    return lines;
}

static imgcls_status set_labels(struct reading *in, const char *text, size_t size)
{
    const struct imgcls_host *host = in->host;
    if (strlen(text) != size)
        return host->fail(host, IMGCLS_BAD_INPUT, "%s: %s has a NUL byte", in->source->path,
                          BUNDLE_LABELS);
    if (lines_of(text) != in->manifest.label_count)
        return host->fail(host, IMGCLS_BAD_INPUT, "%s: %s says %zu labels, %s has %zu",
                          in->source->path, BUNDLE_MANIFEST, in->manifest.label_count,
                          BUNDLE_LABELS, lines_of(text));
    return host->graph_set_meta(host, in->graph, IMGCLS_META_LABELS, text);
}

static imgcls_status read_labels(struct reading *in)
{
    const struct imgcls_host *host = in->host;
    struct imgcls_source *member = NULL;
    if (!in->manifest.has_labels)
        return IMGCLS_OK;
    imgcls_status status =
        host->zip_source(host, in->zip, BUNDLE_LABELS, BUNDLE_LABELS_MAX, &member);
    if (status != IMGCLS_OK)
        return status;
    char *text = NULL;
    if (member->size > BUNDLE_LABELS_MAX)
        status =
            host->fail(host, IMGCLS_BAD_INPUT, "%s: %zu bytes, at most %llu are read",
                       member->path, member->size, (unsigned long long)BUNDLE_LABELS_MAX);
    else if (!(text = host->alloc(host, member->size + 1, 1)))
        status = IMGCLS_NO_MEMORY;
    if (text) {
        memcpy(text, member->bytes, member->size);
        status = set_labels(in, text, member->size);
    }
    host->release(host, text);
    host->source_close(host, member);
    return status;
}

static imgcls_status set_texts(struct reading *in)
{
    const struct {
        const char *key, *text;
    } texts[] = {
        {IMGCLS_META_RECIPE, in->manifest.preprocessing},
        {IMGCLS_META_SOURCE, in->manifest.source},
        {BUNDLE_META_PASSES, in->manifest.passes},
    };
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && status == IMGCLS_OK; i++)
        if (texts[i].text)
            status =
                in->host->graph_set_meta(in->host, in->graph, texts[i].key, texts[i].text);
    return status;
}

/* ---- The golden example ---------------------------------------------------------------*/

/* One side of it: the lists of values that keep the values alive, and the values. */
struct side {
    bool output;
    size_t count;
    void **lists;
    const struct imgcls_value **values;
};

static imgcls_status refuse_value(struct reading *in, const struct side *side, size_t index,
                                  const struct imgcls_value_info *port,
                                  const struct imgcls_value *value)
{
    char wanted[160], found[160] = "no tensor";
    bundle_shape_text(wanted, sizeof wanted, port->type, port->rank, port->dims);
    if (value->tensor)
        bundle_shape_text(found, sizeof found, value->tensor->type, value->tensor->rank,
                          value->tensor->dims);
    return in->host->fail(in->host, IMGCLS_BAD_INPUT,
                          "%s: golden %s %zu is %s, the graph's '%s' is %s",
                          in->source->path, side->output ? "output" : "input", index, found,
                          port->name, wanted);
}

static imgcls_status read_value(struct reading *in, struct side *side, size_t index)
{
    const struct imgcls_host *host = in->host;
    struct imgcls_source *member = NULL;
    char name[64];
    bundle_golden_name(name, sizeof name, side->output, index);
    imgcls_status status = host->zip_source(host, in->zip, name, BUNDLE_VALUE_MAX, &member);
    if (status == IMGCLS_OK)
        status = host->values_create(host, &side->lists[index]);
    if (status == IMGCLS_OK)
        status = host->read_values(host, member, side->lists[index]);
    host->source_close(host, member);
    if (status != IMGCLS_OK)
        return status;
    const struct imgcls_named_value *named = host->values_at(host, side->lists[index], 0);
    if (!named || host->values_at(host, side->lists[index], 1))
        return host->fail(host, IMGCLS_BAD_INPUT, "%s: %s does not hold one value",
                          in->source->path, name);
    const struct imgcls_value_info *port =
        bundle_port_at(host, in->graph, side->output, index);
    side->values[index] = named->value;
    return bundle_port_takes(port, named->value)
               ? IMGCLS_OK
               : refuse_value(in, side, index, port, named->value);
}

static imgcls_status read_side(struct reading *in, size_t said, struct side *side)
{
    const struct imgcls_host *host = in->host;
    size_t has = bundle_port_count(host, in->graph, side->output);
    if (said != has || said > PORTS_MAX)
        return host->fail(host, IMGCLS_BAD_INPUT,
                          "%s: the golden example has %zu %ss, the graph has %zu",
                          in->source->path, said, side->output ? "output" : "input", has);
    side->lists = host->alloc(host, said + 1, sizeof *side->lists);
    side->values = host->alloc(host, said + 1, sizeof *side->values);
    if (!side->lists || !side->values)
        return IMGCLS_NO_MEMORY;
    side->count = said;
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < said && status == IMGCLS_OK; i++)
        status = read_value(in, side, i);
    return status;
}

static void clear_side(const struct imgcls_host *host, struct side *side)
{
    for (size_t i = 0; i < side->count; i++)
        if (side->lists[i])
            host->values_release(host, side->lists[i]);
    host->release(host, side->lists);
    host->release(host, (void *)side->values);
}

static imgcls_status read_golden(struct reading *in)
{
    struct side inputs = {.output = false}, outputs = {.output = true};
    if (!in->manifest.has_golden)
        return IMGCLS_OK;
    imgcls_status status = read_side(in, in->manifest.golden_inputs, &inputs);
    if (status == IMGCLS_OK)
        status = read_side(in, in->manifest.golden_outputs, &outputs);
    if (status == IMGCLS_OK)
        status = in->host->graph_set_golden(in->host, in->graph, in->manifest.golden_origin,
                                            inputs.count, inputs.values, outputs.count,
                                            outputs.values);
    clear_side(in->host, &inputs);
    clear_side(in->host, &outputs);
    return status;
}

imgcls_status bundle_read(const struct imgcls_host *host,
                          const struct imgcls_source *source, struct imgcls_graph *graph)
{
    struct reading in = {.host = host, .source = source, .graph = graph};
    imgcls_status status = host->zip_open(host, source, &in.zip);
    if (status == IMGCLS_OK)
        status = read_manifest(&in);
    if (status == IMGCLS_OK)
        status = read_graph(&in);
    if (status == IMGCLS_OK)
        status = set_texts(&in);
    if (status == IMGCLS_OK)
        status = read_labels(&in);
    if (status == IMGCLS_OK)
        status = read_golden(&in);
    bundle_manifest_clear(&in.manifest);
    if (in.zip)
        host->zip_close(host, in.zip);
    return status;
}
