/*
 * eval/leaderboard/describe.c - hashes and counts of an open model, for its row
 *
 * Everything that goes into a hash is preceded by its length or ended by a byte that cannot
 * occur in it, so that two different graphs never give the same stream of bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/provenance.h"

#include "src/file/file.h"
#include "src/model/model.h"
#include "src/tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sys/stat.h>

/* ---- The graph --------------------------------------------------------------------------*/

static void put_number(struct icl_sha256 *hash, int64_t value)
{
    uint8_t bytes[8];
    size_t i;
    for (i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((uint64_t)value >> (8 * i));
    icl_sha256_update(hash, bytes, sizeof bytes);
}

static void put_bytes(struct icl_sha256 *hash, const void *bytes, size_t size)
{
    put_number(hash, (int64_t)size);
    if (size > 0)
        icl_sha256_update(hash, bytes, size);
}

static void put_text(struct icl_sha256 *hash, const char *text)
{
    put_bytes(hash, text ? text : "", text ? strlen(text) : 0);
}

static void put_tensor(struct icl_sha256 *hash, const struct imgcls_tensor *tensor)
{
    int32_t i;
    put_number(hash, tensor->type);
    put_number(hash, tensor->rank);
    for (i = 0; i < tensor->rank; i++)
        put_number(hash, tensor->dims[i]);
    if (tensor->type != IMGCLS_STRING && tensor->data)
        put_bytes(hash, tensor->data, tensor->size_bytes);
}

static void put_graph(struct icl_sha256 *hash, const struct imgcls_graph *graph);

static void put_attr(struct icl_sha256 *hash, const struct imgcls_attr *attr)
{
    size_t i;
    put_text(hash, attr->name);
    put_number(hash, attr->kind);
    put_number(hash, attr->i);
    put_bytes(hash, &attr->f, sizeof attr->f);
    put_bytes(hash, attr->s.bytes, attr->s.length);
    put_number(hash, (int64_t)attr->count);
    for (i = 0; i < attr->count; i++) {
        if (attr->floats)
            put_bytes(hash, &attr->floats[i], sizeof attr->floats[i]);
        if (attr->ints)
            put_number(hash, attr->ints[i]);
        if (attr->strings)
            put_bytes(hash, attr->strings[i].bytes, attr->strings[i].length);
        if (attr->tensors && attr->tensors[i])
            put_tensor(hash, attr->tensors[i]);
        if (attr->graphs && attr->graphs[i])
            put_graph(hash, attr->graphs[i]);
    }
}

static void put_values(struct icl_sha256 *hash, struct icl_value *const *values, size_t count)
{
    size_t i;
    put_number(hash, (int64_t)count);
    for (i = 0; i < count; i++)
        put_text(hash, values[i]->name);
}

static void put_infos(struct icl_sha256 *hash, const struct imgcls_value_info *const *infos,
                      size_t count)
{
    size_t i;
    put_number(hash, (int64_t)count);
    for (i = 0; i < count; i++)
        put_text(hash, infos[i] ? infos[i]->name : NULL);
}

static void put_graph(struct icl_sha256 *hash, const struct imgcls_graph *graph)
{
    size_t i, k;
    put_number(hash, (int64_t)graph->opset_count);
    for (i = 0; i < graph->opset_count; i++) {
        put_text(hash, graph->opsets[i].domain);
        put_number(hash, graph->opsets[i].version);
    }
    put_values(hash, graph->inputs, graph->input_count);
    put_values(hash, graph->outputs, graph->output_count);
    put_number(hash, (int64_t)graph->node_count);
    for (i = 0; i < graph->node_count; i++) {
        const struct icl_node *node = graph->nodes[i];
        put_text(hash, node->domain);
        put_text(hash, node->type);
        put_infos(hash, node->node.inputs, node->node.input_count);
        put_infos(hash, node->node.outputs, node->node.output_count);
        put_number(hash, (int64_t)node->attr_count);
        for (k = 0; k < node->attr_count; k++)
            put_attr(hash, &node->attrs[k]->attr);
    }
}

/* ---- The weights ------------------------------------------------------------------------*/

static int by_name(const void *a, const void *b)
{
    const struct icl_value *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static imgcls_status hash_weights(const struct imgcls_model *model, char text[65])
{
    const struct imgcls_graph *graph = model->graph;
    struct icl_sha256 *hash = NULL;
    imgcls_status status;
    size_t i;
    struct icl_value **sorted = calloc(graph->initializer_count + 1, sizeof *sorted);
    if (!sorted)
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "%s: no memory to hash its weights",
                        model->path);
    for (i = 0; i < graph->initializer_count; i++)
        sorted[i] = graph->initializers[i];
    qsort(sorted, graph->initializer_count, sizeof *sorted, by_name);
    status = icl_sha256_create(model->ctx, &hash);
    for (i = 0; i < graph->initializer_count && status == IMGCLS_OK; i++) {
        put_text(hash, sorted[i]->name);
        put_tensor(hash, &sorted[i]->tensor);
        if (sorted[i]->storage)
            icl_storage_forget(sorted[i]->storage, sorted[i]->tensor.data,
                               sorted[i]->tensor.size_bytes);
    }
    if (status == IMGCLS_OK)
        icl_sha256_finish(hash, text);
    free(sorted);
    return status;
}

/* The element type of most weight bytes; NULL where there are none. */
static const char *weights_type(const struct imgcls_graph *graph)
{
    uint64_t bytes[64] = {0};
    size_t i, most = 0;
    for (i = 0; i < graph->initializer_count; i++) {
        const struct imgcls_tensor *tensor = &graph->initializers[i]->tensor;
        if (tensor->type > 0 && tensor->type < 64)
            bytes[tensor->type] += tensor->size_bytes;
    }
    for (i = 1; i < 64; i++)
        if (bytes[i] > bytes[most])
            most = i;
    return bytes[most] > 0 ? icl_type_name((int32_t)most) : NULL;
}

/* ---- The rest ---------------------------------------------------------------------------*/

/* SHA-256 of the source in a bundle's metadata; nothing where there is none. */
static void find_parent(const struct imgcls_graph *graph, char text[65])
{
    const char *source = icl_graph_meta(graph, IMGCLS_META_SOURCE), *sha256;
    json_t *object = source ? json_loads(source, 0, NULL) : NULL;
    sha256 = json_string_value(json_object_get(object, "sha256"));
    if (sha256 && strlen(sha256) == 64 && strspn(sha256, "0123456789abcdef") == 64)
        memcpy(text, sha256, 65);
    json_decref(object);
}

/* Multiply-adds of the last run, for one picture of it. */
static int64_t count_macs(const struct imgcls_model *model)
{
    const struct icl_plan *plan = model->session ? icl_session_plan(model->session) : NULL;
    struct icl_plan_summary summary;
    if (!plan)
        return -1;
    icl_plan_summarise(plan, &summary);
    return summary.batch > 0 && summary.macs > 0 ? summary.macs / summary.batch : -1;
}

imgcls_status icl_board_describe(const struct imgcls_model *model,
                                 struct icl_board_model *out, struct icl_board_texts *texts)
{
    const struct imgcls_graph *graph = model->graph;
    struct icl_sha256 *hash = NULL;
    struct stat file;
    imgcls_status status;
    memset(texts, 0, sizeof *texts);
    if (stat(model->path, &file) == 0 && S_ISREG(file.st_mode))
        out->bytes = file.st_size;
    if (!graph)
        return IMGCLS_OK;
    status = hash_weights(model, texts->weights_sha256);
    if (status == IMGCLS_OK)
        status = icl_sha256_create(model->ctx, &hash);
    if (status != IMGCLS_OK)
        return status;
    put_graph(hash, graph);
    icl_sha256_finish(hash, texts->graph_sha256);
    find_parent(graph, texts->parent_sha256);
    out->graph_sha256 = texts->graph_sha256;
    out->weights_sha256 = texts->weights_sha256;
    if (texts->parent_sha256[0] && (!out->sha256 || strcmp(texts->parent_sha256, out->sha256)))
        out->parent_sha256 = texts->parent_sha256;
    out->producer = icl_graph_meta(graph, IMGCLS_META_PRODUCER);
    out->weights_type = weights_type(graph);
    out->opset = icl_graph_opset(graph, "");
    if (out->parameters < 0)
        out->parameters = icl_graph_parameters(graph);
    if (out->nodes < 0)
        out->nodes = (int64_t)graph->node_count;
    if (out->macs < 0)
        out->macs = count_macs(model);
    return IMGCLS_OK;
}
