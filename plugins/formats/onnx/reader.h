/*
 * plugins/formats/onnx/reader.h - what reading one file carries along, and the steps of it
 *
 * Steps: strip.c copies the file's messages without their raw_data; protobuf-c unpacks the
 * copy; graph.c, attribute.c, functions.c and tensor.c turn the messages into a host graph.
 * All memory of a reading comes from one arena and goes with it.
 *
 * Errors: the first who notices writes a line into the reader (onnx_fail); plugin.c hands
 * it to the host with the file's name in front. Where a host function fails, the host has
 * the text already and the status alone is passed up.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ONNX_READER_H
#define ONNX_READER_H

#include "schemas/onnx-data.pb-c.h"
#include "schemas/onnx.pb-c.h"

#include <imgcls/plugin.h>

#include "plugins/formats/onnx/arena.h"
#include "plugins/formats/onnx/wire.h"

#include <stdbool.h>

/* Messages inside messages: a graph in an attribute takes three levels, so about 80 graphs.
 * protobuf-c recurses with some 1.5 KB a level; this keeps it below half a megabyte. */
#define ONNX_DEPTH_MAX 256
/* Functions inside functions, and nodes that all calls together may become. */
#define ONNX_CALL_DEPTH_MAX 64
#define ONNX_INLINED_MAX    1000000
/* Bytes of all sparse tensors made dense: a few bytes of file must not become terabytes. */
#define ONNX_SPARSE_MAX (UINT64_C(1) << 31)

#define ONNX_TEXT_CAPACITY 512

/* A file that tensors of the model name as their external data. */
struct onnx_external {
    const char *location;
    struct imgcls_source *source;
    struct onnx_external *next;
};

/* Names known in one place: sorted, each once. */
struct onnx_names {
    size_t count;
    const char **sorted;
};

/*
 * Where a name is looked up while a function is being inlined: formal[i] stands for the
 * value actual[i] of the graph being built. A scope is a call's (function set) or that of a
 * graph in one of the function's attributes (outer leads to the call's). Outside functions
 * there is no scope (NULL) and names stand for themselves.
 */
struct onnx_scope {
    const struct onnx_scope *outer;
    struct onnx_names formal;
    const char **actual;
    const Onnx__FunctionProto *function; /* NULL: a graph's scope */
    const Onnx__NodeProto *call;
    const struct onnx_scope *caller; /* scope that `call` stands in */
};

struct onnx_reader {
    const struct imgcls_host *host;
    const struct imgcls_source *source;
    struct onnx_arena arena;
    imgcls_status status; /* of the text in problem */
    char problem[ONNX_TEXT_CAPACITY];
    char where[ONNX_TEXT_CAPACITY / 2]; /* the tensor or node being read, for messages */
    struct onnx_external *externals;
    const Onnx__FunctionProto **functions; /* sorted by domain, name, overload */
    size_t function_count;
    struct onnx_names
        taken;         /* every name of the main graph; only where there are functions */
    uint64_t instance; /* numbers calls, to make their names unique */
    size_t inlined;
    uint64_t dense_bytes; /* of sparse tensors so far */
};

void onnx_reader_init(struct onnx_reader *reader, const struct imgcls_host *host,
                      const struct imgcls_source *source);
void onnx_reader_clear(struct onnx_reader *reader);

/* Records the text unless there is one already, control characters replaced; returns
 * status. */
imgcls_status onnx_fail(struct onnx_reader *reader, imgcls_status status,
                        const char *format, ...) IMGCLS_PRINTF(3, 4);
/* Sets reader->where. */
void onnx_where(struct onnx_reader *reader, const char *format, ...) IMGCLS_PRINTF(2, 3);
/* Arena memory; the status where it failed. */
imgcls_status onnx_alloc(struct onnx_reader *reader, size_t count, size_t size, void *out);

/* strip.c: unpacks `in`, a message of that kind, without unknown fields, without what
 * inference does not need, and with each raw_data replaced by where it is. Checks lengths,
 * wire types, depth, and that texts have no NUL. *out is of the arena. */
imgcls_status onnx_unpack(struct onnx_reader *reader,
                          const ProtobufCMessageDescriptor *kind, struct onnx_span in,
                          void *out);
/* strip.c: the bytes that a stripped raw_data stands for; false where it is no such thing.
 */
bool onnx_raw_span(const struct onnx_reader *reader, const ProtobufCBinaryData *raw,
                   struct onnx_span *out);

/* tensor.c: checks a tensor and points *out at its bytes. With *storage set they are the
 * storage's and aligned; with NULL they last as long as the reader, may stand anywhere, and
 * are to be copied. reader->where says which tensor it is. */
imgcls_status onnx_tensor_read(struct onnx_reader *reader, const Onnx__TensorProto *proto,
                               struct imgcls_tensor *out, struct imgcls_storage **storage);
/* tensor.c: type, dims and byte count of a tensor or of a sparse one's dense form. */
imgcls_status onnx_shape_read(struct onnx_reader *reader, int32_t data_type, size_t rank,
                              const int64_t *dims, struct imgcls_tensor *out);
/* sparse.c: the same for a sparse tensor, made dense in the arena. */
imgcls_status onnx_sparse_read(struct onnx_reader *reader,
                               const Onnx__SparseTensorProto *proto,
                               struct imgcls_tensor *out);
/* external.c: the bytes that external_data names, `size` of them. */
imgcls_status onnx_external_read(struct onnx_reader *reader, const Onnx__TensorProto *proto,
                                 size_t size, struct onnx_span *out,
                                 struct imgcls_storage **storage);

/* type.c: kind, element type and, for tensors, shape. dims and names have room for
 * IMGCLS_MAX_RANK. A missing type is a tensor of which nothing is known. */
imgcls_status onnx_type_read(struct onnx_reader *reader, const Onnx__TypeProto *type,
                             int32_t *kind, int32_t *element, int32_t *rank, int64_t *dims,
                             const char **dim_names);
/* type.c: ONNX_META_NESTING's text; false where the kind says it all, or it does not fit. */
bool onnx_type_nesting(const Onnx__TypeProto *type, char *text, size_t capacity);

/* model.c: a whole model file. */
imgcls_status onnx_model_read(struct onnx_reader *reader, struct imgcls_graph *graph);
/* model.c: 0..100 for being a ModelProto. */
int32_t onnx_model_bid(const struct imgcls_source *source);

/* graph.c: fills `graph` (main or inner); scope NULL outside functions. */
imgcls_status onnx_graph_read(struct onnx_reader *reader, const Onnx__GraphProto *proto,
                              struct imgcls_graph *graph, const struct onnx_scope *scope);

/* A graph attribute is read after all nodes of the graph around it, so that the names it
 * takes from outside exist whatever the order of nodes. */
struct onnx_deferred {
    struct imgcls_node *node;
    const char *name;
    const Onnx__AttributeProto *attr;
    const struct onnx_scope *scope;
    struct onnx_deferred *next;
};
struct onnx_nodes {
    struct imgcls_graph *graph;
    struct onnx_deferred *first, **last;
};
/* graph.c: adds nodes, functions inlined. */
imgcls_status onnx_nodes_read(struct onnx_reader *reader, struct onnx_nodes *nodes,
                              size_t count, Onnx__NodeProto *const *protos,
                              const struct onnx_scope *scope);

/* attribute.c: sets one attribute of a node, or defers it. */
imgcls_status onnx_attribute_read(struct onnx_reader *reader, struct onnx_nodes *nodes,
                                  struct imgcls_node *node,
                                  const Onnx__AttributeProto *attr,
                                  const struct onnx_scope *scope);
/* attribute.c: the graphs of a deferred attribute. */
imgcls_status onnx_deferred_read(struct onnx_reader *reader, struct imgcls_graph *graph,
                                 const struct onnx_deferred *deferred);

/* functions.c */
imgcls_status onnx_functions_index(struct onnx_reader *reader,
                                   const Onnx__ModelProto *model);
const Onnx__FunctionProto *onnx_function_find(const struct onnx_reader *reader,
                                              const Onnx__NodeProto *node);
imgcls_status onnx_function_inline(struct onnx_reader *reader, struct onnx_nodes *nodes,
                                   const Onnx__FunctionProto *function,
                                   const Onnx__NodeProto *call,
                                   const struct onnx_scope *scope);
/* The attribute that `attr` is, or refers to; *attr becomes NULL where the call leaves it
 * out. *scope becomes the one that its graphs see. */
imgcls_status onnx_attribute_resolve(struct onnx_reader *reader,
                                     const Onnx__AttributeProto **attr,
                                     const struct onnx_scope **scope);
/* What a name stands for; NULL after a message where it stands for nothing. */
const char *onnx_name_resolve(struct onnx_reader *reader, const struct onnx_scope *scope,
                              const char *name);
/* A scope for a graph within a function: its own names get new ones. NULL scope stays. */
imgcls_status onnx_scope_of_graph(struct onnx_reader *reader, const Onnx__GraphProto *proto,
                                  const struct onnx_scope *outer,
                                  const struct onnx_scope **out);

/* names.c */
void onnx_names_sort(struct onnx_names *names);
/* Position, or SIZE_MAX. */
size_t onnx_names_find(const struct onnx_names *names, const char *name);

/* text.c: UTF-8; and that without control characters. */
bool onnx_text_is_utf8(struct onnx_span text);
bool onnx_text_is_name(struct onnx_span text);

/* values.c */
int32_t onnx_values_bid(const struct imgcls_host *host, const struct imgcls_source *source);
imgcls_status onnx_values_read(struct onnx_reader *reader, void *values);

/* protobuf-c leaves an absent text NULL. */
static inline const char *onnx_text(const char *text)
{
    return text ? text : "";
}
/* "ai.onnx" is "". */
const char *onnx_domain(const char *domain);

#endif
