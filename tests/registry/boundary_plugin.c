/*
 * tests/registry/boundary_plugin.c - three things that the plugin boundary must carry
 *
 * A throw-away plugin, never installed, that includes the public header alone: a kernel for
 * somebody else's operator with epilogues fused into it (Conv + Add + Relu), an operator
 * whose output's shape depends on the data, and an architecture of three nodes with a
 * checkpoint format of its own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <imgcls/plugin.h>

#include <string.h>

/* ---- A fused kernel for Conv ----------------------------------------------------------*/

#define FUSED                                                                              \
    (IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_ADD) | IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_RELU))

/* Only what the test's model needs: float32, row-major, stride 1, no padding, one group. */
static int32_t conv_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    const int64_t *list;
    size_t count;
    for (size_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] && (node->inputs[i]->type != IMGCLS_F32 ||
                                node->inputs[i]->layout != IMGCLS_LAYOUT_PLAIN))
            return 0;
    if (node->outputs[0]->layout != IMGCLS_LAYOUT_PLAIN || node->inputs[0]->rank != 4 ||
        host->attr_int(host, node, "group", 1) != 1)
        return 0;
    static const char *const names[] = {"pads", "strides", "dilations"};
    for (size_t n = 0; n < 3; n++) {
        count = host->attr_ints(host, node, names[n], &list);
        for (size_t i = 0; i < count; i++)
            if (list[i] != (n == 0 ? 0 : 1))
                return 0;
    }
    return 1;
}

static double conv_cost(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    (void)node;
    return 0; /* no promise of speed: it must win, or the test tests nothing */
}

static float finish(const struct imgcls_run *run, double sum, size_t at)
{
    float value = (float)sum;
    for (size_t e = 0; e < run->node->epilogue_count; e++) {
        const struct imgcls_epilogue *epilogue = &run->node->epilogues[e];
        if (epilogue->kind == IMGCLS_EPILOGUE_ADD) {
            const struct imgcls_tensor *other =
                imgcls_input(run, (size_t)epilogue->operand);
            value += ((const float *)other->data)[at];
        } else if (value < 0) {
            value = 0;
        }
    }
    return value;
}

static imgcls_status conv_add_relu_f32_boundary(const struct imgcls_host *host,
                                                const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0), *w = imgcls_input(run, 1);
    const struct imgcls_tensor *b = imgcls_input(run, 2);
    struct imgcls_tensor *y = imgcls_output(run, 0);
    const float *xs = x->data, *ws = w->data, *bs = b ? b->data : NULL;
    float *ys = y->data;
    size_t at = 0;
    (void)host;
    for (int64_t n = 0; n < y->dims[0]; n++)
        for (int64_t m = 0; m < y->dims[1]; m++)
            for (int64_t h = 0; h < y->dims[2]; h++)
                for (int64_t v = 0; v < y->dims[3]; v++, at++) {
                    double sum = bs ? (double)bs[m] : 0.0;
                    for (int64_t c = 0; c < w->dims[1]; c++)
                        for (int64_t i = 0; i < w->dims[2]; i++)
                            for (int64_t j = 0; j < w->dims[3]; j++)
                                sum +=
                                    (double)xs[((n * x->dims[1] + c) * x->dims[2] + h + i) *
                                                   x->dims[3] +
                                               v + j] *
                                    (double)ws[((m * w->dims[1] + c) * w->dims[2] + i) *
                                                   w->dims[3] +
                                               j];
                    ys[at] = finish(run, sum, at);
                }
    return IMGCLS_OK;
}

static const struct imgcls_kernel fused = {
    .struct_size = sizeof fused,
    .name = "conv_add_relu_f32_boundary",
    .epilogues = FUSED,
    .accepts = conv_accepts,
    .cost = conv_cost,
    .run = conv_add_relu_f32_boundary,
};

static const struct imgcls_op conv = {
    .struct_size = sizeof conv,
    .domain = "",
    .type = "Conv",
    .since_first = 1,
    .since_last = 28,
    .kernels = (const struct imgcls_kernel *const[]){&fused, NULL}, /* no infer: not ours */
};

/* ---- A shape that depends on data -----------------------------------------------------*/

static imgcls_status positives_infer(const struct imgcls_host *host,
                                     struct imgcls_infer *infer)
{
    static const int64_t open = -1;
    return host->infer_output(host, infer, 0, IMGCLS_F32, 1, &open);
}

static int32_t positives_accepts(const struct imgcls_host *host,
                                 const struct imgcls_node *node)
{
    (void)host;
    return node->inputs[0]->type == IMGCLS_F32 &&
           node->inputs[0]->layout == IMGCLS_LAYOUT_PLAIN;
}

static imgcls_status positives_f32_portable(const struct imgcls_host *host,
                                            const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    const float *xs = x->data;
    int64_t count = imgcls_count(x->rank, x->dims), kept = 0;
    for (int64_t i = 0; i < count; i++)
        kept += xs[i] > 0;
    imgcls_status status = host->run_output(host, run, 0, IMGCLS_F32, 1, &kept);
    if (status != IMGCLS_OK)
        return status;
    float *ys = imgcls_output(run, 0)->data;
    for (int64_t i = 0; i < count; i++)
        if (xs[i] > 0)
            *ys++ = xs[i];
    return IMGCLS_OK;
}

static const struct imgcls_kernel positives_kernel = {
    .struct_size = sizeof positives_kernel,
    .name = "positives_f32_portable",
    .accepts = positives_accepts,
    .run = positives_f32_portable,
};

static const struct imgcls_op positives = {
    .struct_size = sizeof positives,
    .domain = "org.boundary",
    .type = "Positives",
    .since_first = 1,
    .since_last = 1,
    .infer = positives_infer,
    .kernels = (const struct imgcls_kernel *const[]){&positives_kernel, NULL},
};

/* ---- A checkpoint format: "TINY", classes, features (bytes), weight, bias (float32)
 * -------*/

static int32_t tiny_bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    (void)host;
    return source->size >= 8 && memcmp(source->bytes, "TINYCKPT", 8) == 0 ? 90 : 0;
}

static imgcls_status tiny_read(const struct imgcls_host *host,
                               const struct imgcls_source *source,
                               struct imgcls_checkpoint *checkpoint)
{
    if (source->size < 16)
        return host->fail(host, IMGCLS_BAD_INPUT, "%s: %zu bytes, at least 16 are needed",
                          source->path, source->size);
    int64_t classes = source->bytes[8], features = source->bytes[9];
    size_t floats = (size_t)(classes * features + classes);
    if (source->size != 16 + 4 * floats)
        return host->fail(host, IMGCLS_BAD_INPUT, "%s: %zu bytes, %zu are needed",
                          source->path, source->size, 16 + 4 * floats);
    struct imgcls_tensor weight = {
        .struct_size = sizeof weight,
        .type = IMGCLS_F32,
        .rank = 2,
        .dims = {classes, features},
        .strides = {features, 1},
        .data = (void *)(source->bytes + 16),
        .size_bytes = (size_t)(4 * classes * features),
    };
    struct imgcls_tensor bias = {
        .struct_size = sizeof bias,
        .type = IMGCLS_F32,
        .rank = 1,
        .dims = {classes},
        .strides = {1},
        .data = (void *)(source->bytes + 16 + 4 * classes * features),
        .size_bytes = (size_t)(4 * classes),
    };
    imgcls_status status =
        host->checkpoint_add(host, checkpoint, "fc.weight", &weight, source->storage);
    if (status == IMGCLS_OK)
        status = host->checkpoint_add(host, checkpoint, "fc.bias", &bias, source->storage);
    if (status == IMGCLS_OK)
        status = host->checkpoint_set_text(host, checkpoint, IMGCLS_META_LABELS,
                                           "cat\ndog\nowl\n");
    return status;
}

static const struct imgcls_format tiny = {
    .struct_size = sizeof tiny,
    .name = "tiny",
    .description = "one linear layer, for the boundary's test",
    .extensions = (const char *const[]){".tiny", NULL},
    .bid = tiny_bid,
    .read_checkpoint = tiny_read,
};

/* ---- An architecture of three nodes ---------------------------------------------------*/

static int32_t recognise(const struct imgcls_host *host,
                         const struct imgcls_checkpoint *checkpoint, char *evidence,
                         size_t capacity)
{
    static const char found[] = "fc.weight is a matrix";
    const struct imgcls_tensor *weight =
        host->checkpoint_find(host, checkpoint, "fc.weight");
    if (!weight || weight->rank != 2)
        return 0;
    if (capacity) {
        size_t length = sizeof found < capacity ? sizeof found : capacity;
        memcpy(evidence, found, length);
        evidence[length - 1] = '\0';
    }
    return 80;
}

static imgcls_status add_node(const struct imgcls_host *host, struct imgcls_graph *graph,
                              const char *type, size_t inputs, const char *const *names,
                              const char *output, struct imgcls_node **node)
{
    return host->graph_add_node(host, graph, "", type, output, inputs, names, 1, &output,
                                node);
}

static imgcls_status build(const struct imgcls_host *host,
                           const struct imgcls_checkpoint *checkpoint, const char *variant,
                           struct imgcls_graph *graph)
{
    const struct imgcls_tensor *weight =
        host->checkpoint_find(host, checkpoint, "fc.weight");
    struct imgcls_node *gemm;
    (void)variant;
    if (!weight)
        return host->fail(host, IMGCLS_BAD_INPUT, "tinynet: no tensor fc.weight");
    const int64_t in[] = {-1, weight->dims[1], 1, 1}, out[] = {-1, weight->dims[0]};
    imgcls_status status = host->graph_set_opset(host, graph, "", 17);
    if (status == IMGCLS_OK)
        status =
            host->graph_add_input(host, graph, "pixels", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4,
                                  in, (const char *const[]){"N", NULL, NULL, NULL});
    if (status == IMGCLS_OK)
        status = host->graph_add_parameter(host, graph, checkpoint, "fc.weight");
    if (status == IMGCLS_OK)
        status = host->graph_add_parameter(host, graph, checkpoint, "fc.bias");
    if (status == IMGCLS_OK)
        status = add_node(host, graph, "Flatten", 1, (const char *const[]){"pixels"},
                          "flat", NULL);
    if (status == IMGCLS_OK)
        status = add_node(host, graph, "Gemm", 3,
                          (const char *const[]){"flat", "fc.weight", "fc.bias"}, "logits",
                          &gemm);
    if (status == IMGCLS_OK)
        status = host->node_set_int(host, gemm, "transB", 1);
    if (status == IMGCLS_OK)
        status = add_node(host, graph, "Relu", 1, (const char *const[]){"logits"}, "scores",
                          NULL);
    if (status == IMGCLS_OK)
        status =
            host->graph_add_output(host, graph, "scores", IMGCLS_KIND_TENSOR, IMGCLS_F32, 2,
                                   out, (const char *const[]){"N", NULL});
    return status;
}

static const struct imgcls_architecture tinynet = {
    .struct_size = sizeof tinynet,
    .name = "tinynet",
    .variants = (const char *const[]){"tinynet3", NULL},
    .recognise = recognise,
    .build = build,
};

static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1,
    .struct_size = sizeof plugin,
    .name = "boundary",
    .version = "1.0.0",
    .licence = "Apache-2.0",
    .ops = (const struct imgcls_op *const[]){&conv, &positives, NULL},
    .formats = (const struct imgcls_format *const[]){&tiny, NULL},
    .architectures = (const struct imgcls_architecture *const[]){&tinynet, NULL},
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host;
    return &plugin;
}
