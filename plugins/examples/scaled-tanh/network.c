/*
 * plugins/examples/scaled-tanh/network.c - an architecture that somebody else wrote
 *
 * Two products with scaled tangents between them, over pictures of one channel: weights
 * hidden.weight (units x pixels), hidden.bias, out.weight (classes x units), out.bias, as
 * PyTorch names and stores the parameters of Linear layers. Everything else is read from
 * their shapes; a picture is square.
 *
 *     imgcls-convert weights.safetensors --arch scaled-tanh-net -o net.imgcls
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "network.h"

#include <stdio.h>

static const char *const names[] = {"hidden.weight", "hidden.bias", "out.weight",
                                    "out.bias"};

/* 100 where all four names are there and nothing else, so that no other architecture's file
 * is taken for one of these. */
static int32_t recognise(const struct imgcls_host *host,
                         const struct imgcls_checkpoint *checkpoint, char *evidence,
                         size_t capacity)
{
    const struct imgcls_tensor *hidden = host->checkpoint_find(host, checkpoint, names[0]);
    for (size_t i = 0; i < 4; i++)
        if (!host->checkpoint_find(host, checkpoint, names[i]))
            return 0;
    if (host->checkpoint_at(host, checkpoint, 4, NULL) || hidden->rank != 2)
        return 0;
    snprintf(evidence, capacity, "hidden.weight is %lld x %lld", (long long)hidden->dims[0],
             (long long)hidden->dims[1]);
    return 100;
}

/* A parameter into the graph; `rank` must be its own, and `last` its last dimension (where
 * that is known). What does not fit is noted: the host refuses the file when build returns,
 * and names all that was noted at once. */
static int64_t parameter(const struct imgcls_host *host,
                         const struct imgcls_checkpoint *checkpoint,
                         struct imgcls_graph *graph, const char *name, int32_t rank,
                         int64_t last)
{
    char why[128];
    const struct imgcls_tensor *tensor = host->checkpoint_find(host, checkpoint, name);
    if (!tensor) {
        host->checkpoint_missing(host, checkpoint, name, NULL);
        return -1;
    }
    if (tensor->rank != rank || tensor->type != IMGCLS_F32 ||
        (last >= 0 && tensor->dims[rank - 1] != last)) {
        snprintf(why, sizeof why, "must be float32 of rank %d, the last dimension %lld",
                 (int)rank, (long long)last);
        host->checkpoint_missing(host, checkpoint, name, why);
        host->checkpoint_use(host, checkpoint, name); /* not left over, too */
        return -1;
    }
    return host->graph_add_parameter(host, graph, checkpoint, name) == IMGCLS_OK
               ? tensor->dims[0]
               : -1;
}

/* y = x W^T + b */
static imgcls_status product(const struct imgcls_host *host, struct imgcls_graph *graph,
                             const char *x, const char *weight, const char *bias,
                             const char *y)
{
    struct imgcls_node *node;
    const char *const inputs[] = {x, weight, bias};
    imgcls_status status =
        host->graph_add_node(host, graph, "", "Gemm", y, 3, inputs, 1, &y, &node);
    return status ? status : host->node_set_int(host, node, "transB", 1);
}

static imgcls_status ends(const struct imgcls_host *host, struct imgcls_graph *graph,
                          int64_t side, int64_t classes)
{
    static const char *const symbols[] = {"N", NULL, NULL, NULL};
    const int64_t in[] = {-1, 1, side, side}, out[] = {-1, classes};
    imgcls_status status = host->graph_set_opset(host, graph, "", 17);
    if (status == IMGCLS_OK)
        status = host->graph_set_opset(host, graph, "org.example", 1);
    if (status == IMGCLS_OK)
        status = host->graph_add_input(host, graph, "input", IMGCLS_KIND_TENSOR, IMGCLS_F32,
                                       4, in, symbols);
    if (status == IMGCLS_OK)
        status = host->graph_add_output(host, graph, "output", IMGCLS_KIND_TENSOR,
                                        IMGCLS_F32, 2, out, symbols);
    return status;
}

static imgcls_status build(const struct imgcls_host *host,
                           const struct imgcls_checkpoint *checkpoint, const char *variant,
                           struct imgcls_graph *graph)
{
    static const char *const input = "input", *const row = "row", *const sum = "sum",
                             *const unit = "unit";
    const struct imgcls_tensor *hidden = host->checkpoint_find(host, checkpoint, names[0]);
    int64_t pixels = hidden && hidden->rank == 2 ? hidden->dims[1] : 0, side = 1;
    (void)variant; /* there is one only */
    while (side * side < pixels && side < 4096)
        side++;
    if (side * side != pixels)
        return host->fail(host, IMGCLS_BAD_INPUT,
                          "hidden.weight: %lld columns are no square picture's pixels",
                          (long long)pixels);
    int64_t units = parameter(host, checkpoint, graph, names[0], 2, pixels);
    parameter(host, checkpoint, graph, names[1], 1, units);
    int64_t classes = parameter(host, checkpoint, graph, names[2], 2, units);
    parameter(host, checkpoint, graph, names[3], 1, classes);
    imgcls_status status = ends(host, graph, side, classes);
    if (status == IMGCLS_OK)
        status =
            host->graph_add_node(host, graph, "", "Flatten", row, 1, &input, 1, &row, NULL);
    if (status == IMGCLS_OK)
        status = product(host, graph, row, names[0], names[1], sum);
    if (status == IMGCLS_OK)
        status = host->graph_add_node(host, graph, "org.example", "ScaledTanh", unit, 1,
                                      &sum, 1, &unit, NULL);
    return status ? status : product(host, graph, unit, names[2], names[3], "output");
}

const struct imgcls_architecture scaled_tanh_net = {
    .struct_size = sizeof(struct imgcls_architecture),
    .name = "scaled-tanh-net",
    .variants = (const char *const[]){"scaled-tanh-net", NULL},
    .recognise = recognise,
    .build = build,
};
