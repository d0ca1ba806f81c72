/*
 * src/graph/attr.c - attributes of nodes: copied in, shared among clones
 *
 * An attribute is one block: the struct, its list, its texts. Tensor bytes stand apart in
 * counted storages, so that neither cloning a graph nor turning a Constant into an initializer
 * copies them. Graphs belong to the attribute.
 *
 * Invariant: an attribute's graph has node->graph as outer and the node as owner.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/graph/graph.h"

#include <string.h>

#include "src/file/file.h"
#include "src/graph/link.h"

/* Where the parts of the block lie; 0 is nowhere. */
struct layout {
    size_t list, storages, tensors, texts, total;
};

/* Bytes of one list element of a kind; 0 for kinds that have no list. */
static size_t element_bytes(int32_t kind)
{
    switch (kind) {
    case IMGCLS_ATTR_FLOATS:
        return sizeof(float);
    case IMGCLS_ATTR_INTS:
        return sizeof(int64_t);
    case IMGCLS_ATTR_STRINGS:
        return sizeof(struct imgcls_string);
    case IMGCLS_ATTR_TENSOR:
    case IMGCLS_ATTR_TENSORS:
        return sizeof(struct imgcls_tensor *);
    case IMGCLS_ATTR_GRAPH:
    case IMGCLS_ATTR_GRAPHS:
        return sizeof(struct imgcls_graph *);
    default:
        return 0;
    }
}

static bool has_tensors(int32_t kind)
{
    return kind == IMGCLS_ATTR_TENSOR || kind == IMGCLS_ATTR_TENSORS;
}

static bool has_graphs(int32_t kind)
{
    return kind == IMGCLS_ATTR_GRAPH || kind == IMGCLS_ATTR_GRAPHS;
}

static bool has_text(int32_t kind)
{
    return kind == IMGCLS_ATTR_STRING || kind == IMGCLS_ATTR_TYPE;
}

/* Appends count * size bytes, rounded up to 8, to the block. */
static bool place(size_t *total, size_t count, size_t size, size_t *at)
{
    size_t bytes, padded;
    *at = *total;
    if (!icl_mul_size(count, size, &bytes) || !icl_add_size(bytes, 7, &padded))
        return false;
    return icl_add_size(*total, padded / 8 * 8, total);
}

static bool measure(const struct imgcls_attr *given, struct layout *layout)
{
    size_t text = strlen(given->name) + 1;
    size_t tensors = has_tensors(given->kind) ? given->count : 0;
    layout->total = (sizeof(struct icl_attr) + 7) / 8 * 8;
    if (has_text(given->kind) &&
        (!icl_add_size(text, given->s.length, &text) || !icl_add_size(text, 1, &text)))
        return false;
    for (size_t i = 0; given->kind == IMGCLS_ATTR_STRINGS && i < given->count; i++)
        if (!icl_add_size(text, given->strings[i].length, &text) ||
            !icl_add_size(text, 1, &text))
            return false;
    return place(&layout->total, given->count, element_bytes(given->kind), &layout->list) &&
           place(&layout->total, tensors, sizeof(struct imgcls_storage *),
                 &layout->storages) &&
           place(&layout->total, tensors, sizeof(struct imgcls_tensor), &layout->tensors) &&
           place(&layout->total, text, 1, &layout->texts);
}

/* Copies a text to *at, ends it by NUL and moves *at behind it. */
static const char *put_text(char **at, const char *text, size_t length)
{
    char *copy = *at;
    if (length)
        memcpy(copy, text, length);
    copy[length] = '\0';
    *at = copy + length + 1;
    return copy;
}

static void put_strings(struct icl_attr *attr, struct imgcls_string *list, char **texts,
                        const struct imgcls_attr *given)
{
    for (size_t i = 0; i < given->count; i++) {
        list[i].length = given->strings[i].length;
        list[i].bytes = put_text(texts, given->strings[i].bytes, given->strings[i].length);
    }
    attr->attr.strings = list;
}

static imgcls_status put_tensors(struct imgcls_context *ctx, struct icl_attr *attr,
                                 unsigned char *block, const struct layout *layout,
                                 const struct imgcls_attr *given,
                                 struct imgcls_storage *const *storages)
{
    const struct imgcls_tensor **list = (const struct imgcls_tensor **)(block + layout->list);
    struct imgcls_tensor *tensors = (struct imgcls_tensor *)(block + layout->tensors);
    imgcls_status status = IMGCLS_OK;
    attr->storages = (struct imgcls_storage **)(block + layout->storages);
    for (size_t i = 0; i < given->count && status == IMGCLS_OK; i++) {
        status = icl_tensor_keep(ctx, given->tensors[i], storages ? storages[i] : NULL,
                                 &tensors[i], &attr->storages[i]);
        list[i] = &tensors[i];
    }
    attr->attr.tensors = list;
    return status;
}

/* An attribute of its own for the node, without the graphs. */
static imgcls_status build(struct icl_node *node, const struct imgcls_attr *given,
                           struct imgcls_storage *const *storages, struct icl_attr **out)
{
    struct imgcls_context *ctx = node->graph->ctx;
    struct layout layout = {0};
    imgcls_status status = IMGCLS_OK;
    *out = NULL;
    if (!measure(given, &layout))
        return icl_fail(ctx, IMGCLS_LIMIT, "attribute '%s' is larger than any memory",
                        given->name);
    unsigned char *block = icl_alloc(ctx, layout.total, 1);
    if (!block)
        return icl_alloc_status(ctx);
    struct icl_attr *attr = (struct icl_attr *)block;
    char *texts = (char *)block + layout.texts;
    attr->attr.struct_size = sizeof attr->attr;
    attr->attr.name = put_text(&texts, given->name, strlen(given->name));
    attr->attr.kind = given->kind;
    attr->attr.f = given->f;
    attr->attr.i = given->i;
    attr->attr.count = given->count;
    if (has_text(given->kind)) {
        attr->attr.s.length = given->s.length;
        attr->attr.s.bytes = put_text(&texts, given->s.bytes, given->s.length);
    } else if (given->kind == IMGCLS_ATTR_FLOATS) {
        attr->attr.floats = (float *)(block + layout.list);
        if (given->count)
            memcpy(block + layout.list, given->floats, given->count * sizeof(float));
    } else if (given->kind == IMGCLS_ATTR_INTS) {
        attr->attr.ints = (int64_t *)(block + layout.list);
        if (given->count)
            memcpy(block + layout.list, given->ints, given->count * sizeof(int64_t));
    } else if (given->kind == IMGCLS_ATTR_STRINGS) {
        put_strings(attr, (struct imgcls_string *)(block + layout.list), &texts, given);
    } else if (has_tensors(given->kind)) {
        status = put_tensors(ctx, attr, block, &layout, given, storages);
    } else if (has_graphs(given->kind)) {
        attr->attr.graphs = (struct imgcls_graph **)(block + layout.list);
    }
    if (status != IMGCLS_OK) {
        icl_attr_destroy(ctx, attr);
        return icl_fail_within(ctx, status, "attribute '%s'", given->name);
    }
    *out = attr;
    return IMGCLS_OK;
}

void icl_attr_destroy(struct imgcls_context *ctx, struct icl_attr *attr)
{
    if (!attr)
        return;
    for (size_t i = 0; attr->storages && i < attr->attr.count; i++)
        icl_storage_release(attr->storages[i]);
    for (size_t i = 0; attr->attr.graphs && i < attr->attr.count; i++)
        icl_graph_destroy(attr->attr.graphs[i]);
    icl_free(ctx, attr);
}

static size_t position_of(const struct icl_node *node, const char *name)
{
    size_t i = 0;
    while (i < node->attr_count && strcmp(node->attrs[i]->attr.name, name))
        i++;
    return i;
}

/* Puts a finished attribute in, in place of one of the same name. */
static imgcls_status put(struct icl_node *node, struct icl_attr *attr)
{
    struct imgcls_context *ctx = node->graph->ctx;
    size_t at = position_of(node, attr->attr.name);
    if (at < node->attr_count) {
        icl_attr_destroy(ctx, node->attrs[at]);
        node->attrs[at] = attr;
        return IMGCLS_OK;
    }
    if (at >= ICL_NODE_ATTRS)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "node '%s': more than %d attributes", node->name,
                        ICL_NODE_ATTRS);
    imgcls_status status = icl_grow(ctx, (void **)&node->attrs, &node->attr_capacity,
                                    node->attr_count + 1, sizeof *node->attrs);
    if (status == IMGCLS_OK)
        node->attrs[node->attr_count++] = attr;
    return status;
}

/* What a plugin handed in, in full length, with the count that its kind implies. */
static imgcls_status complete(struct icl_node *node, const struct imgcls_attr *attr,
                              struct imgcls_attr *given)
{
    struct imgcls_context *ctx = node->graph->ctx;
    memset(given, 0, sizeof *given);
    memcpy(given, attr, attr->struct_size < sizeof *given ? attr->struct_size : sizeof *given);
    if (!given->name)
        return icl_fail(ctx, IMGCLS_INTERNAL, "node '%s': an attribute without a name",
                        node->name);
    if (given->kind == IMGCLS_ATTR_TENSOR || given->kind == IMGCLS_ATTR_GRAPH)
        given->count = 1;
    else if (!element_bytes(given->kind))
        given->count = 0;
    if (given->kind < IMGCLS_ATTR_FLOAT || given->kind > IMGCLS_ATTR_TYPE ||
        (given->kind > IMGCLS_ATTR_GRAPHS && given->kind < IMGCLS_ATTR_TYPE))
        return icl_fail(ctx, IMGCLS_UNSUPPORTED,
                        "node '%s': attribute '%s' is of unknown kind %d", node->name,
                        given->name, (int)given->kind);
    if ((has_tensors(given->kind) && given->count && !given->tensors) ||
        (has_graphs(given->kind) && given->count && !given->graphs))
        return icl_fail(ctx, IMGCLS_INTERNAL, "node '%s': attribute '%s' has no content",
                        node->name, given->name);
    for (size_t i = 0; has_graphs(given->kind) && i < given->count; i++)
        if (!given->graphs[i] || given->graphs[i]->owner ||
            given->graphs[i]->outer != node->graph)
            return icl_fail(ctx, IMGCLS_INTERNAL,
                            "node '%s': attribute '%s' has a graph that was made for another",
                            node->name, given->name);
    return IMGCLS_OK;
}

imgcls_status icl_node_set_attr(struct icl_node *node, const struct imgcls_attr *attr)
{
    struct imgcls_attr given;
    struct icl_attr *own;
    imgcls_status status = complete(node, attr, &given);
    if (status == IMGCLS_OK)
        status = build(node, &given, NULL, &own);
    if (status != IMGCLS_OK)
        return status;
    status = put(node, own);
    if (status != IMGCLS_OK) {
        own->attr.graphs = NULL; /* still the caller's */
        icl_attr_destroy(node->graph->ctx, own);
        return status;
    }
    for (size_t i = 0; has_graphs(given.kind) && i < given.count; i++) {
        ((struct imgcls_graph **)own->attr.graphs)[i] = given.graphs[i];
        given.graphs[i]->owner = node;
    }
    return IMGCLS_OK;
}

imgcls_status icl_node_set_attr_tensor(struct icl_node *node, const char *name,
                                       const struct imgcls_tensor *tensor,
                                       struct imgcls_storage *storage)
{
    const struct imgcls_attr given = {.struct_size = sizeof given,
                                      .name = name,
                                      .kind = IMGCLS_ATTR_TENSOR,
                                      .count = 1,
                                      .tensors = &tensor};
    struct icl_attr *own;
    imgcls_status status = build(node, &given, &storage, &own);
    if (status != IMGCLS_OK)
        return status;
    status = put(node, own);
    if (status != IMGCLS_OK)
        icl_attr_destroy(node->graph->ctx, own);
    return status;
}

imgcls_status icl_attr_clone(struct icl_node *node, const struct icl_attr *from)
{
    struct imgcls_context *ctx = node->graph->ctx;
    struct icl_attr *own;
    imgcls_status status = build(node, &from->attr, from->storages, &own);
    if (status != IMGCLS_OK)
        return status;
    for (size_t i = 0; own->attr.graphs && i < own->attr.count; i++) {
        struct imgcls_graph **slot = &((struct imgcls_graph **)own->attr.graphs)[i];
        status = icl_graph_clone_under(from->attr.graphs[i], node->graph, slot);
        if (status != IMGCLS_OK)
            goto failed;
        (*slot)->owner = node;
    }
    status = put(node, own);
    if (status == IMGCLS_OK)
        return IMGCLS_OK;
failed:
    icl_attr_destroy(ctx, own);
    return status;
}

imgcls_status icl_node_copy_attrs(struct icl_node *node, const struct icl_node *from)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < from->attr_count && status == IMGCLS_OK; i++)
        status = icl_attr_clone(node, from->attrs[i]);
    return status;
}

void icl_node_remove_attr(struct icl_node *node, const char *name)
{
    size_t at = position_of(node, name);
    if (at == node->attr_count)
        return;
    icl_attr_destroy(node->graph->ctx, node->attrs[at]);
    node->attr_count--;
    memmove(&node->attrs[at], &node->attrs[at + 1],
            (node->attr_count - at) * sizeof node->attrs[0]);
}

const struct imgcls_attr *icl_node_attr(const struct imgcls_node *node, const char *name)
{
    const struct icl_node *own = icl_node_of(node);
    size_t at = position_of(own, name);
    return at < own->attr_count ? &own->attrs[at]->attr : NULL;
}
