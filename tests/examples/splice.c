/*
 * tests/examples/splice.c - puts the example's operator into a real model, meaning
 * unchanged
 *
 *     splice IN.onnx OUT.onnx
 *
 * Every Tanh(x) becomes 0.5 * ScaledTanh(2 * x) with alpha = 2 and beta = 0.5. Factors are
 * powers of two, so the numbers stay those of the source to the last bit of what tanh
 * gives, and the source's own reference judges the plugin, both attributes included.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "src/file/file.h"
#include "src/graph/graph.h"
#include "src/registry/registry.h"
#include "src/tensor/tensor.h"

static imgcls_status add_factor(struct imgcls_graph *graph, const char *name, float factor)
{
    struct imgcls_tensor scalar;
    imgcls_status status =
        icl_tensor_borrow(graph->ctx, IMGCLS_F32, 0, NULL, &factor, &scalar);
    return status == IMGCLS_OK ? icl_graph_add_initializer(graph, name, &scalar, NULL)
                               : status;
}

static imgcls_status set_float(struct icl_node *node, const char *name, float value)
{
    const struct imgcls_attr attr = {
        .struct_size = sizeof attr, .name = name, .kind = IMGCLS_ATTR_FLOAT, .f = value};
    return icl_node_set_attr(node, &attr);
}

/* x -> Mul 2 -> ScaledTanh -> Mul 0.5 -> y */
static imgcls_status splice(struct imgcls_graph *graph, struct icl_node *tanh)
{
    char y[512], x[512], in[520], out[520];
    snprintf(x, sizeof x, "%s", tanh->node.inputs[0]->name);
    snprintf(y, sizeof y, "%s", tanh->node.outputs[0]->name);
    snprintf(in, sizeof in, "%s_twice", x);
    snprintf(out, sizeof out, "%s_twice", y);
    imgcls_status status = icl_node_set_type(tanh, "org.example", "ScaledTanh");
    if (status == IMGCLS_OK)
        status = set_float(tanh, "alpha", 2.0f);
    if (status == IMGCLS_OK)
        status = set_float(tanh, "beta", 0.5f);
    if (status == IMGCLS_OK)
        status = icl_node_set_output(tanh, 0, out);
    if (status == IMGCLS_OK)
        status =
            icl_graph_add_node(graph, "", "Mul", in, 2, (const char *const[]){x, "two"}, 1,
                               (const char *const[]){in}, NULL);
    if (status == IMGCLS_OK)
        status = icl_node_set_input(tanh, 0, in);
    if (status == IMGCLS_OK)
        status =
            icl_graph_add_node(graph, "", "Mul", out, 2, (const char *const[]){out, "half"},
                               1, (const char *const[]){y}, NULL);
    return status;
}

static imgcls_status splice_all(struct imgcls_graph *graph)
{
    size_t count = graph->node_count, spliced = 0;
    imgcls_status status = add_factor(graph, "two", 2.0f);
    if (status == IMGCLS_OK)
        status = add_factor(graph, "half", 0.5f);
    if (status == IMGCLS_OK)
        status = icl_graph_set_opset(graph, "org.example", 1);
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++) {
        if (strcmp(graph->nodes[i]->type, "Tanh") != 0)
            continue;
        status = splice(graph, graph->nodes[i]);
        spliced++;
    }
    if (status == IMGCLS_OK && spliced == 0)
        status = icl_fail(graph->ctx, IMGCLS_BAD_INPUT, "no Tanh in the model");
    return status == IMGCLS_OK ? icl_graph_sort(graph) : status;
}

static imgcls_status write_model(struct imgcls_context *ctx,
                                 const struct imgcls_graph *graph, const char *path)
{
    struct icl_output *output;
    imgcls_status status = icl_output_create(ctx, path, &output);
    if (status != IMGCLS_OK)
        return status;
    status = ctx->host.write_graph(&ctx->host, "onnx", graph, &output->sink);
    return icl_output_finish(output, status);
}

int main(int argc, char **argv)
{
    struct imgcls_context *ctx;
    struct imgcls_graph *graph = NULL;
    struct imgcls_source *source = NULL;
    if (argc != 3)
        return 99;
    imgcls_status status = imgcls_context_create(NULL, &ctx);
    if (status == IMGCLS_OK)
        status = icl_graph_create(ctx, NULL, &graph);
    if (status == IMGCLS_OK)
        status = icl_source_open(ctx, argv[1], &source);
    if (status == IMGCLS_OK)
        status = ctx->host.read_graph(&ctx->host, source, graph);
    if (status == IMGCLS_OK)
        status = splice_all(graph);
    if (status == IMGCLS_OK)
        status = write_model(ctx, graph, argv[2]);
    if (status != IMGCLS_OK)
        fprintf(stderr, "splice: %s\n", imgcls_error(ctx));
    icl_graph_destroy(graph);
    if (source)
        icl_source_close(source);
    imgcls_context_destroy(ctx);
    return status == IMGCLS_OK ? 0 : 1;
}
