/*
 * src/registry/host.h - the host's functions that have no room of their own
 *
 * Signatures and promises are those of struct imgcls_host (include/imgcls/plugin.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REGISTRY_HOST_H
#define ICL_REGISTRY_HOST_H

#include "src/context/context.h"

static inline struct imgcls_context *icl_host_context(const struct imgcls_host *host)
{
    return (struct imgcls_context *)host->context;
}

const struct imgcls_attr *icl_host_attr(const struct imgcls_host *host,
                                        const struct imgcls_node *node, const char *name);
const struct imgcls_attr *icl_host_attr_at(const struct imgcls_host *host,
                                           const struct imgcls_node *node, size_t index);
int64_t icl_host_attr_int(const struct imgcls_host *host, const struct imgcls_node *node,
                          const char *name, int64_t fallback);
float icl_host_attr_float(const struct imgcls_host *host, const struct imgcls_node *node,
                          const char *name, float fallback);
const char *icl_host_attr_string(const struct imgcls_host *host,
                                 const struct imgcls_node *node, const char *name,
                                 const char *fallback);
size_t icl_host_attr_ints(const struct imgcls_host *host, const struct imgcls_node *node,
                          const char *name, const int64_t **ints);
imgcls_status icl_host_value_tensor(const struct imgcls_host *host, int32_t type,
                                    int32_t rank, const int64_t *dims,
                                    struct imgcls_value **out);
imgcls_status icl_host_value_set_string(const struct imgcls_host *host,
                                        struct imgcls_value *value, size_t index,
                                        const char *bytes, size_t length);
imgcls_status icl_host_value_list(const struct imgcls_host *host, int32_t kind,
                                  int32_t type, size_t count, struct imgcls_value **items,
                                  struct imgcls_value **out);
void icl_host_value_release(const struct imgcls_host *host, struct imgcls_value *value);
imgcls_status icl_host_values_add(const struct imgcls_host *host, void *values,
                                  const char *name, struct imgcls_value *value);
imgcls_status icl_host_size_of(const struct imgcls_host *host, int32_t type, int64_t count,
                               size_t *bytes);
imgcls_status icl_host_graph_set_name(const struct imgcls_host *host,
                                      struct imgcls_graph *graph, const char *name);
imgcls_status icl_host_graph_set_opset(const struct imgcls_host *host,
                                       struct imgcls_graph *graph, const char *domain,
                                       int64_t version);
imgcls_status icl_host_graph_set_meta(const struct imgcls_host *host,
                                      struct imgcls_graph *graph, const char *key,
                                      const char *text);
imgcls_status icl_host_graph_add_input(const struct imgcls_host *host,
                                       struct imgcls_graph *graph, const char *name,
                                       int32_t kind, int32_t type, int32_t rank,
                                       const int64_t *dims, const char *const *dim_names);
imgcls_status icl_host_graph_add_output(const struct imgcls_host *host,
                                        struct imgcls_graph *graph, const char *name,
                                        int32_t kind, int32_t type, int32_t rank,
                                        const int64_t *dims, const char *const *dim_names);
imgcls_status icl_host_graph_add_initializer(const struct imgcls_host *host,
                                             struct imgcls_graph *graph, const char *name,
                                             const struct imgcls_tensor *tensor,
                                             struct imgcls_storage *storage);
imgcls_status icl_host_graph_add_node(const struct imgcls_host *host,
                                      struct imgcls_graph *graph, const char *domain,
                                      const char *type, const char *name,
                                      size_t input_count, const char *const *inputs,
                                      size_t output_count, const char *const *outputs,
                                      struct imgcls_node **node);
imgcls_status icl_host_node_set_attr(const struct imgcls_host *host,
                                     struct imgcls_node *node,
                                     const struct imgcls_attr *attr);
imgcls_status icl_host_node_set_int(const struct imgcls_host *host,
                                    struct imgcls_node *node, const char *name,
                                    int64_t value);
imgcls_status icl_host_node_set_ints(const struct imgcls_host *host,
                                     struct imgcls_node *node, const char *name,
                                     size_t count, const int64_t *values);
imgcls_status icl_host_node_set_float(const struct imgcls_host *host,
                                      struct imgcls_node *node, const char *name,
                                      float value);
imgcls_status icl_host_node_set_string(const struct imgcls_host *host,
                                       struct imgcls_node *node, const char *name,
                                       const char *text);
imgcls_status icl_host_node_remove_attr(const struct imgcls_host *host,
                                        struct imgcls_node *node, const char *name);
imgcls_status icl_host_node_set_type(const struct imgcls_host *host,
                                     struct imgcls_node *node, const char *domain,
                                     const char *type);
imgcls_status icl_host_node_set_input(const struct imgcls_host *host,
                                      struct imgcls_node *node, size_t index,
                                      const char *name);
imgcls_status icl_host_node_set_output(const struct imgcls_host *host,
                                       struct imgcls_node *node, size_t index,
                                       const char *name);
const char *icl_host_graph_unique_name(const struct imgcls_host *host,
                                       struct imgcls_graph *graph, const char *stem);
imgcls_status icl_host_graph_create_inner(const struct imgcls_host *host,
                                          struct imgcls_graph *outer,
                                          struct imgcls_graph **inner);
imgcls_status icl_host_graph_set_golden(const struct imgcls_host *host,
                                        struct imgcls_graph *graph, const char *origin,
                                        size_t input_count,
                                        const struct imgcls_value *const *inputs,
                                        size_t output_count,
                                        const struct imgcls_value *const *outputs);
const char *icl_host_graph_name(const struct imgcls_host *host,
                                const struct imgcls_graph *graph);
const struct imgcls_node *icl_host_graph_node_at(const struct imgcls_host *host,
                                                 const struct imgcls_graph *graph,
                                                 size_t index);
const struct imgcls_value_info *icl_host_graph_input_at(const struct imgcls_host *host,
                                                        const struct imgcls_graph *graph,
                                                        size_t index);
const struct imgcls_value_info *icl_host_graph_output_at(const struct imgcls_host *host,
                                                         const struct imgcls_graph *graph,
                                                         size_t index);
const struct imgcls_value_info *
icl_host_graph_initializer_at(const struct imgcls_host *host,
                              const struct imgcls_graph *graph, size_t index);
const char *icl_host_graph_symbol(const struct imgcls_host *host,
                                  const struct imgcls_graph *graph, int64_t dim);
const char *icl_host_graph_opset_at(const struct imgcls_host *host,
                                    const struct imgcls_graph *graph, size_t index,
                                    int64_t *version);
const char *icl_host_graph_meta(const struct imgcls_host *host,
                                const struct imgcls_graph *graph, const char *key);
const char *icl_host_graph_meta_at(const struct imgcls_host *host,
                                   const struct imgcls_graph *graph, size_t index,
                                   const char **text);
const struct imgcls_value *icl_host_graph_golden(const struct imgcls_host *host,
                                                 const struct imgcls_graph *graph,
                                                 int32_t output, size_t index);
const char *icl_host_graph_golden_origin(const struct imgcls_host *host,
                                         const struct imgcls_graph *graph);
imgcls_status icl_host_checkpoint_add(const struct imgcls_host *host,
                                      struct imgcls_checkpoint *checkpoint,
                                      const char *name, const struct imgcls_tensor *tensor,
                                      struct imgcls_storage *storage);
imgcls_status icl_host_checkpoint_set_text(const struct imgcls_host *host,
                                           struct imgcls_checkpoint *checkpoint,
                                           const char *key, const char *text);
const char *icl_host_checkpoint_text(const struct imgcls_host *host,
                                     const struct imgcls_checkpoint *checkpoint,
                                     const char *key);
const struct imgcls_tensor *
icl_host_checkpoint_find(const struct imgcls_host *host,
                         const struct imgcls_checkpoint *checkpoint, const char *name);
const char *icl_host_checkpoint_at(const struct imgcls_host *host,
                                   const struct imgcls_checkpoint *checkpoint, size_t index,
                                   const struct imgcls_tensor **tensor);
imgcls_status icl_host_graph_add_parameter(const struct imgcls_host *host,
                                           struct imgcls_graph *graph,
                                           const struct imgcls_checkpoint *checkpoint,
                                           const char *name);
void icl_host_checkpoint_missing(const struct imgcls_host *host,
                                 const struct imgcls_checkpoint *checkpoint,
                                 const char *name, const char *why);
void icl_host_checkpoint_use(const struct imgcls_host *host,
                             const struct imgcls_checkpoint *checkpoint, const char *name);
int64_t icl_host_checkpoint_int(const struct imgcls_host *host,
                                const struct imgcls_checkpoint *checkpoint,
                                const char *path, int64_t fallback);
double icl_host_checkpoint_real(const struct imgcls_host *host,
                                const struct imgcls_checkpoint *checkpoint,
                                const char *path, double fallback);
const char *icl_host_checkpoint_string(const struct imgcls_host *host,
                                       const struct imgcls_checkpoint *checkpoint,
                                       const char *path, const char *fallback);
imgcls_status icl_host_source_open_beneath(const struct imgcls_host *host,
                                           const struct imgcls_source *source,
                                           const char *relative,
                                           struct imgcls_source **out);
void icl_host_source_close(const struct imgcls_host *host, struct imgcls_source *source);
int32_t icl_host_source_has(const struct imgcls_host *host,
                            const struct imgcls_source *source, const char *relative);
imgcls_status icl_host_source_of_bytes(const struct imgcls_host *host,
                                       const struct imgcls_source *beside,
                                       const char *path, void *bytes, size_t size,
                                       struct imgcls_source **out);
imgcls_status icl_host_read_checkpoint(const struct imgcls_host *host,
                                       const struct imgcls_source *source,
                                       struct imgcls_checkpoint *checkpoint);
imgcls_status icl_host_read_graph(const struct imgcls_host *host,
                                  const struct imgcls_source *source,
                                  struct imgcls_graph *graph);
imgcls_status icl_host_read_values(const struct imgcls_host *host,
                                   const struct imgcls_source *source, void *values);
imgcls_status icl_host_values_create(const struct imgcls_host *host, void **values);
const struct imgcls_named_value *icl_host_values_at(const struct imgcls_host *host,
                                                    const void *values, size_t index);
void icl_host_values_release(const struct imgcls_host *host, void *values);
imgcls_status icl_host_write_graph(const struct imgcls_host *host, const char *format,
                                   const struct imgcls_graph *graph,
                                   struct imgcls_sink *sink);
imgcls_status icl_host_write_value(const struct imgcls_host *host, const char *format,
                                   const char *name, const struct imgcls_value *value,
                                   struct imgcls_sink *sink);
imgcls_status icl_host_sink_write(const struct imgcls_host *host, struct imgcls_sink *sink,
                                  const void *bytes, size_t size);
#endif
