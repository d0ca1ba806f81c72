/*
 * src/registry/host.c - the table of functions that every plugin is handed
 *
 * Each entry is a thin cover: it goes from the host to its context and calls the room that
 * does the work. What each promises stands in include/imgcls/plugin.h.
 *
 * Here: the table, errors, memory, services. host_graph.c: attributes, graphs. host_data.c:
 * values, checkpoints. host_file.c: sources, sinks, nested files.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/host.h"

#include <stdarg.h>
#include <stdio.h>

#include "src/bundle/zip.h"
#include "src/plan/host_infer.h"
#include "src/registry/registry.h"
#include "src/session/host_run.h"

static imgcls_status host_fail(const struct imgcls_host *host, imgcls_status status,
                               const char *format, ...)
{
    char text[ICL_ERROR_CAPACITY];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        text[0] = '\0';
    va_end(arguments);
    return icl_fail(icl_host_context(host), status, "%s", text);
}

static imgcls_status host_fail_within(const struct imgcls_host *host, imgcls_status status,
                                      const char *format, ...)
{
    char text[ICL_ERROR_CAPACITY];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        text[0] = '\0';
    va_end(arguments);
    return icl_fail_within(icl_host_context(host), status, "%s", text);
}

static void host_log(const struct imgcls_host *host, int32_t level, const char *format, ...)
{
    char text[ICL_ERROR_CAPACITY];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        text[0] = '\0';
    va_end(arguments);
    icl_log(icl_host_context(host), level, "%s", text);
}

static void *host_alloc(const struct imgcls_host *host, size_t count, size_t size)
{
    return icl_alloc(icl_host_context(host), count, size);
}

static void *host_alloc_unset(const struct imgcls_host *host, size_t count, size_t size)
{
    return icl_alloc_unset(icl_host_context(host), count, size);
}

static void host_release(const struct imgcls_host *host, void *pointer)
{
    icl_free(icl_host_context(host), pointer);
}

static uint64_t host_isa(const struct imgcls_host *host)
{
    return icl_host_context(host)->isa;
}

static const void *host_service(const struct imgcls_host *host, const char *name,
                                int32_t version)
{
    struct icl_registry *registry;
    if (icl_context_registry(icl_host_context(host), &registry) != IMGCLS_OK)
        return NULL;
    return icl_registry_service(registry, name, version);
}

static int64_t host_iteration_limit(const struct imgcls_host *host)
{
    return icl_host_context(host)->max_iterations;
}

static const struct imgcls_host table = {
    .struct_size = sizeof(struct imgcls_host),
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor = IMGCLS_ABI_MINOR,
    .version = PACKAGE_VERSION,

    .fail = host_fail,
    .fail_within = host_fail_within,
    .log = host_log,
    .alloc = host_alloc,
    .release = host_release,
    .isa = host_isa,
    .service = host_service,
    .iteration_limit = host_iteration_limit,

    .attr = icl_host_attr,
    .attr_at = icl_host_attr_at,
    .attr_int = icl_host_attr_int,
    .attr_float = icl_host_attr_float,
    .attr_string = icl_host_attr_string,
    .attr_ints = icl_host_attr_ints,

    .infer_output = icl_host_infer_output,
    .infer_like = icl_host_infer_like,
    .infer_kind = icl_host_infer_kind,
    .broadcast = icl_host_broadcast,

    .parallel_for = icl_host_parallel_for,
    .run_output = icl_host_run_output,
    .run_items = icl_host_run_items,
    .run_copy = icl_host_run_copy,
    .run_graph = icl_host_run_graph,

    .value_tensor = icl_host_value_tensor,
    .value_set_string = icl_host_value_set_string,
    .value_list = icl_host_value_list,
    .value_release = icl_host_value_release,
    .values_add = icl_host_values_add,
    .size_of = icl_host_size_of,

    .graph_set_name = icl_host_graph_set_name,
    .graph_set_opset = icl_host_graph_set_opset,
    .graph_set_meta = icl_host_graph_set_meta,
    .graph_add_input = icl_host_graph_add_input,
    .graph_add_output = icl_host_graph_add_output,
    .graph_add_initializer = icl_host_graph_add_initializer,
    .graph_add_node = icl_host_graph_add_node,
    .node_set_attr = icl_host_node_set_attr,
    .node_set_int = icl_host_node_set_int,
    .node_set_ints = icl_host_node_set_ints,
    .node_set_float = icl_host_node_set_float,
    .node_set_string = icl_host_node_set_string,
    .node_remove_attr = icl_host_node_remove_attr,
    .node_set_type = icl_host_node_set_type,
    .node_set_input = icl_host_node_set_input,
    .node_set_output = icl_host_node_set_output,
    .graph_unique_name = icl_host_graph_unique_name,
    .graph_create_inner = icl_host_graph_create_inner,
    .graph_set_golden = icl_host_graph_set_golden,

    .graph_name = icl_host_graph_name,
    .graph_node_at = icl_host_graph_node_at,
    .graph_input_at = icl_host_graph_input_at,
    .graph_output_at = icl_host_graph_output_at,
    .graph_initializer_at = icl_host_graph_initializer_at,
    .graph_symbol = icl_host_graph_symbol,
    .graph_opset_at = icl_host_graph_opset_at,
    .graph_meta = icl_host_graph_meta,
    .graph_meta_at = icl_host_graph_meta_at,
    .graph_golden = icl_host_graph_golden,
    .graph_golden_origin = icl_host_graph_golden_origin,

    .checkpoint_add = icl_host_checkpoint_add,
    .checkpoint_set_text = icl_host_checkpoint_set_text,
    .checkpoint_text = icl_host_checkpoint_text,
    .checkpoint_find = icl_host_checkpoint_find,
    .checkpoint_at = icl_host_checkpoint_at,
    .graph_add_parameter = icl_host_graph_add_parameter,
    .checkpoint_missing = icl_host_checkpoint_missing,
    .checkpoint_use = icl_host_checkpoint_use,
    .checkpoint_int = icl_host_checkpoint_int,
    .checkpoint_real = icl_host_checkpoint_real,
    .checkpoint_string = icl_host_checkpoint_string,

    .source_open_beneath = icl_host_source_open_beneath,
    .source_close = icl_host_source_close,
    .source_has = icl_host_source_has,
    .source_of_bytes = icl_host_source_of_bytes,
    .read_checkpoint = icl_host_read_checkpoint,
    .read_graph = icl_host_read_graph,
    .read_values = icl_host_read_values,
    .values_create = icl_host_values_create,
    .values_at = icl_host_values_at,
    .values_release = icl_host_values_release,
    .write_graph = icl_host_write_graph,
    .write_value = icl_host_write_value,
    .sink_write = icl_host_sink_write,

    .zip_open = icl_zip_open,
    .zip_member_at = icl_zip_member_at,
    .zip_source = icl_zip_source,
    .zip_close = icl_zip_close,
    .zip_create = icl_zip_create,
    .zip_add = icl_zip_add,
    .zip_begin = icl_zip_begin,
    .zip_append = icl_zip_append,
    .zip_finish = icl_zip_finish,

    .alloc_unset = host_alloc_unset,
};

void icl_host_init(struct imgcls_context *ctx)
{
    ctx->host = table;
    ctx->host.context = ctx;
}
