/*
 * plugins/architectures/nodes.c - nodes of any kind, constants, the graph's ends
 *
 * Names of nodes and values begin with the part that was used last ("layer1.0.conv1/Relu"),
 * so that a profile can be read beside the source's own module names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

#include <stdio.h>
#include <string.h>

#define SIDE_MAX 65536 /* pixels */

struct value net_input(struct net *net, int64_t channels, int64_t size)
{
    struct value image = {.name = "", .channels = channels};
    image.height = net_setting(net, IMGCLS_META_HEIGHT, size);
    image.width = net_setting(net, IMGCLS_META_WIDTH, image.height);
    const int64_t dims[] = {-1, channels, image.height, image.width};
    const char *const symbols[] = {"N", NULL, NULL, NULL};
    bool sound = image.height > 0 && image.width > 0 && image.height <= SIDE_MAX &&
                 image.width <= SIDE_MAX;
    if (!net->graph || net->status != IMGCLS_OK || channels <= 0)
        return image;
    if (!sound)
        net_try(net,
                net->host->fail(net->host, IMGCLS_BAD_INPUT,
                                "input size %lldx%lld, allowed are 1 to %d",
                                (long long)image.width, (long long)image.height, SIDE_MAX));
    if (!sound)
        return image;
    image.name = "input";
    net_try(net,
            net->host->graph_add_input(net->host, net->graph, "input", IMGCLS_KIND_TENSOR,
                                       IMGCLS_F32, 4, dims, symbols));
    return image;
}

void net_output(struct net *net, struct value value)
{
    const char *inputs[] = {value.name}, *outputs[] = {"output"};
    const int64_t dims[] = {-1, value.channels};
    const char *const symbols[] = {"N", NULL};
    if (!net->graph || net->status != IMGCLS_OK)
        return;
    net_try(net, net->host->graph_add_node(net->host, net->graph, "", "Identity", "output",
                                           1, inputs, 1, outputs, NULL));
    net_try(net,
            net->host->graph_add_output(net->host, net->graph, "output", IMGCLS_KIND_TENSOR,
                                        IMGCLS_F32, 2, dims, symbols));
}

struct imgcls_node *net_node(struct net *net, const char *type, const char *const *inputs,
                             const char **out)
{
    char stem[NAME_CAPACITY + 32];
    struct imgcls_node *node = NULL;
    size_t count = 0;
    *out = "";
    if (!net->graph || net->status != IMGCLS_OK)
        return NULL;
    while (inputs[count])
        count++;
    snprintf(stem, sizeof stem, "%s%s%s", net->where, *net->where ? "/" : "", type);
    const char *name = net->host->graph_unique_name(net->host, net->graph, stem);
    net_try(net, name ? IMGCLS_OK : IMGCLS_NO_MEMORY);
    if (!name)
        return NULL;
    net_try(net, net->host->graph_add_node(net->host, net->graph, "", type, name, count,
                                           inputs, 1, &name, &node));
    *out = name;
    return net->status == IMGCLS_OK ? node : NULL;
}

/* ---- Attributes
 * ---------------------------------------------------------------------------*/

void net_int(struct net *net, struct imgcls_node *node, const char *name, int64_t value)
{
    if (node)
        net_try(net, net->host->node_set_int(net->host, node, name, value));
}

void net_ints(struct net *net, struct imgcls_node *node, const char *name, size_t count,
              const int64_t *values)
{
    if (node)
        net_try(net, net->host->node_set_ints(net->host, node, name, count, values));
}

void net_float(struct net *net, struct imgcls_node *node, const char *name, double value)
{
    if (node)
        net_try(net, net->host->node_set_float(net->host, node, name, (float)value));
}

void net_string(struct net *net, struct imgcls_node *node, const char *name,
                const char *value)
{
    if (node)
        net_try(net, net->host->node_set_string(net->host, node, name, value));
}

/* ---- Simple nodes
 * -------------------------------------------------------------------------*/

struct value net_unary(struct net *net, const char *type, struct value x)
{
    const char *const inputs[] = {x.name, NULL};
    net_node(net, type, inputs, &x.name);
    return x;
}

struct value net_binary(struct net *net, const char *type, struct value x, struct value y)
{
    const char *const inputs[] = {x.name, y.name, NULL};
    net_node(net, type, inputs, &x.name);
    return x;
}

struct value net_reshape(struct net *net, struct value x, size_t count, const int64_t *dims)
{
    const char *const inputs[] = {x.name, net_constant_ints(net, count, dims), NULL};
    net_node(net, "Reshape", inputs, &x.name);
    return x;
}

struct value net_transpose(struct net *net, struct value x, size_t count,
                           const int64_t *order)
{
    const char *const inputs[] = {x.name, NULL};
    struct imgcls_node *node = net_node(net, "Transpose", inputs, &x.name);
    net_ints(net, node, "perm", count, order);
    return x;
}

/* ---- Constants
 * ----------------------------------------------------------------------------*/

const char *net_constant_ints(struct net *net, size_t count, const int64_t *values)
{
    static const char *const none[] = {NULL};
    const char *name;
    struct imgcls_node *node = net_node(net, "Constant", none, &name);
    net_ints(net, node, "value_ints", count, values);
    return name;
}

const char *net_constant_float(struct net *net, double value)
{
    static const char *const none[] = {NULL};
    const char *name;
    struct imgcls_node *node = net_node(net, "Constant", none, &name);
    net_float(net, node, "value_float", value);
    return name;
}

const char *net_constant_floats(struct net *net, int rank, const int64_t *dims,
                                const float *values)
{
    static const char *const none[] = {NULL};
    const char *name;
    struct imgcls_node *node = net_node(net, "Constant", none, &name);
    struct imgcls_tensor tensor = {.struct_size = sizeof tensor,
                                   .type = IMGCLS_F32,
                                   .rank = rank,
                                   .data = (void *)(uintptr_t)values};
    int64_t stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        tensor.dims[i] = dims[i];
        tensor.strides[i] = stride;
        stride *= dims[i];
    }
    tensor.size_bytes = (size_t)stride * sizeof *values;
    const struct imgcls_tensor *const list[] = {&tensor};
    const struct imgcls_attr attr = {.struct_size = sizeof attr,
                                     .name = "value",
                                     .kind = IMGCLS_ATTR_TENSOR,
                                     .count = 1,
                                     .tensors = list};
    if (node)
        net_try(net, net->host->node_set_attr(net->host, node, &attr));
    return name;
}
