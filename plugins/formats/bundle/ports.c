/*
 * plugins/formats/bundle/ports.c - a model's inputs and outputs as JSON, and compared
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/bundle/ports.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const type_names[IMGCLS_TYPE_COUNT] = {
    [IMGCLS_F32] = "float32",
    [IMGCLS_U8] = "uint8",
    [IMGCLS_I8] = "int8",
    [IMGCLS_U16] = "uint16",
    [IMGCLS_I16] = "int16",
    [IMGCLS_I32] = "int32",
    [IMGCLS_I64] = "int64",
    [IMGCLS_STRING] = "string",
    [IMGCLS_BOOL] = "bool",
    [IMGCLS_F16] = "float16",
    [IMGCLS_F64] = "float64",
    [IMGCLS_U32] = "uint32",
    [IMGCLS_U64] = "uint64",
    [IMGCLS_C64] = "complex64",
    [IMGCLS_C128] = "complex128",
    [IMGCLS_BF16] = "bfloat16",
    [IMGCLS_F8E4M3FN] = "float8e4m3fn",
    [IMGCLS_F8E4M3FNUZ] = "float8e4m3fnuz",
    [IMGCLS_F8E5M2] = "float8e5m2",
    [IMGCLS_F8E5M2FNUZ] = "float8e5m2fnuz",
    [IMGCLS_U4] = "uint4",
    [IMGCLS_I4] = "int4",
    [IMGCLS_F4E2M1] = "float4e2m1",
    [IMGCLS_F8E8M0] = "float8e8m0",
    [IMGCLS_U2] = "uint2",
    [IMGCLS_I2] = "int2",
    [IMGCLS_F6E2M3] = "float6e2m3",
    [IMGCLS_F6E3M2] = "float6e3m2",
};

const char *bundle_type_name(int32_t type)
{
    return type > 0 && type < IMGCLS_TYPE_COUNT ? type_names[type] : NULL;
}

const struct imgcls_value_info *bundle_port_at(const struct imgcls_host *host,
                                               const struct imgcls_graph *graph,
                                               bool outputs, size_t index)
{
    return outputs ? host->graph_output_at(host, graph, index)
                   : host->graph_input_at(host, graph, index);
}

size_t bundle_port_count(const struct imgcls_host *host, const struct imgcls_graph *graph,
                         bool outputs)
{
    size_t count = 0;
    while (bundle_port_at(host, graph, outputs, count))
        count++;
    return count;
}

static json_t *shape_of(const struct imgcls_host *host, const struct imgcls_graph *graph,
                        const struct imgcls_value_info *port)
{
    if (port->rank < 0)
        return json_null();
    json_t *shape = json_array();
    for (int32_t i = 0; i < port->rank; i++) {
        int64_t dim = port->dims[i];
        const char *symbol = dim < -1 ? host->graph_symbol(host, graph, dim) : NULL;
        json_t *entry = dim >= 0 ? json_integer(dim)
                        : symbol ? json_string(symbol)
                                 : json_null();
        if (json_array_append_new(shape, entry) != 0) {
            json_decref(shape);
            return NULL;
        }
    }
    return shape;
}

json_t *bundle_ports(const struct imgcls_host *host, const struct imgcls_graph *graph,
                     bool outputs)
{
    const struct imgcls_value_info *port;
    json_t *ports = json_array();
    for (size_t i = 0; (port = bundle_port_at(host, graph, outputs, i)); i++) {
        json_t *entry =
            json_pack("{s:s, s:s?, s:o}", "name", port->name, "type",
                      bundle_type_name(port->type), "shape", shape_of(host, graph, port));
        if (json_array_append_new(ports, entry) != 0) {
            json_decref(ports);
            return NULL;
        }
    }
    return ports;
}

bool bundle_port_takes(const struct imgcls_value_info *port,
                       const struct imgcls_value *value)
{
    if (port->kind != value->kind)
        return false;
    if (value->kind != IMGCLS_KIND_TENSOR)
        return true;
    const struct imgcls_tensor *tensor = value->tensor;
    if (!tensor || (port->type != IMGCLS_UNDEFINED && port->type != tensor->type))
        return false;
    if (port->rank >= 0 && port->rank != tensor->rank)
        return false;
    for (int32_t i = 0; i < port->rank; i++)
        if (port->dims[i] >= 0 && port->dims[i] != tensor->dims[i])
            return false;
    return true;
}

void bundle_shape_text(char *text, size_t capacity, int32_t type, int32_t rank,
                       const int64_t *dims)
{
    const char *name = bundle_type_name(type);
    int used = snprintf(text, capacity, "%s[", name ? name : "?");
    for (int32_t i = 0; i < rank && used > 0 && (size_t)used < capacity; i++) {
        char dim[24] = "?";
        if (dims[i] >= 0)
            snprintf(dim, sizeof dim, "%" PRId64, dims[i]);
        used += snprintf(text + used, capacity - (size_t)used, "%s%s", i ? "," : "", dim);
    }
    if (used > 0 && (size_t)used < capacity)
        snprintf(text + used, capacity - (size_t)used, rank < 0 ? "...]" : "]");
}
