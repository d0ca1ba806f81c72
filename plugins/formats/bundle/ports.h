/*
 * plugins/formats/bundle/ports.h - a model's inputs and outputs as JSON, and compared
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BUNDLE_PORTS_H
#define BUNDLE_PORTS_H

#include <imgcls/plugin.h>

#include <stdbool.h>

#include <jansson.h>

/* "float32"; NULL for types that have no name. */
const char *bundle_type_name(int32_t type);

/* [{"name", "type", "shape": [1, "N", null]}, ...]; new reference, NULL where memory is out
 * or a name is no UTF-8. */
json_t *bundle_ports(const struct imgcls_host *host, const struct imgcls_graph *graph,
                     bool outputs);

/* Number of inputs (outputs) of a graph. */
size_t bundle_port_count(const struct imgcls_host *host, const struct imgcls_graph *graph,
                         bool outputs);
const struct imgcls_value_info *bundle_port_at(const struct imgcls_host *host,
                                               const struct imgcls_graph *graph,
                                               bool outputs, size_t index);

/* Whether a value could stand at that input or output: kind, type, rank and known sizes. */
bool bundle_port_takes(const struct imgcls_value_info *port,
                       const struct imgcls_value *value);

/* "float32[1,3,224,224]" with '?' for what is open; NUL-ended. */
void bundle_shape_text(char *text, size_t capacity, int32_t type, int32_t rank,
                       const int64_t *dims);

#endif
