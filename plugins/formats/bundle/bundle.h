/*
 * plugins/formats/bundle/bundle.h - what the files of this plugin share: names, limits, the
 * manifest
 *
 * The layout is described in docs/file-format.md and, for the manifest, by
 * schemas/manifest.schema.json.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BUNDLE_H
#define BUNDLE_H

#include <imgcls/plugin.h>

#include <stdbool.h>

#define BUNDLE_MARKER         "imgcls-bundle"
#define BUNDLE_FORMAT_VERSION 1
#define BUNDLE_ALIGNMENT      64

#define BUNDLE_MANIFEST "manifest.json"
#define BUNDLE_LABELS   "labels.txt"
#define BUNDLE_GRAPH    "model.onnx"
#define BUNDLE_WEIGHTS  "weights.bin"
#define BUNDLE_GOLDEN   "test_data_set_0"

#define BUNDLE_META_PASSES                                                                 \
    "imgcls.passes" /* names of passes applied, separated by spaces */

/* Most bytes that members are read (and, where somebody deflated them, inflated) to. */
#define BUNDLE_MANIFEST_MAX (UINT64_C(4) << 20)
#define BUNDLE_LABELS_MAX   (UINT64_C(64) << 20)
#define BUNDLE_VALUE_MAX    (UINT64_C(2) << 30)
#define BUNDLE_GRAPH_MAX    (UINT64_C(1) << 40) /* weights.bin too: they are beneath it */

/* "input_0.pb" or "output_0.pb" in the golden's folder. */
void bundle_golden_name(char *name, size_t capacity, bool output, size_t index);

/* Text of the manifest; own: free. NULL after host->fail. */
char *bundle_manifest_text(const struct imgcls_host *host, const struct imgcls_graph *graph,
                           const char *path, bool has_weights);

/* What a manifest says, checked as far as it can be alone. Texts are borrowed from json. */
struct bundle_manifest {
    void *json;                /* own: bundle_manifest_clear */
    const char *preprocessing; /* NULL: none */
    bool has_labels, has_golden;
    size_t label_count, golden_inputs, golden_outputs;
    const char *golden_origin;
    char *source, *passes; /* own: texts for the graph's metadata; NULL: none */
};
imgcls_status bundle_manifest_parse(const struct imgcls_host *host,
                                    const struct imgcls_source *source,
                                    struct bundle_manifest *out);
/* Inputs and outputs must be those of the graph that was read. */
imgcls_status bundle_manifest_check(const struct imgcls_host *host,
                                    const struct imgcls_source *source,
                                    const struct bundle_manifest *manifest,
                                    const struct imgcls_graph *graph);
void bundle_manifest_clear(struct bundle_manifest *manifest);

imgcls_status bundle_read(const struct imgcls_host *host,
                          const struct imgcls_source *source, struct imgcls_graph *graph);
imgcls_status bundle_write(const struct imgcls_host *host, const struct imgcls_graph *graph,
                           struct imgcls_sink *sink);

#endif
