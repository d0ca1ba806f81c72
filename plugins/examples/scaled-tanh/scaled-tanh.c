/*
 * plugins/examples/scaled-tanh/scaled-tanh.c - an operator for imgcls that somebody else
 * wrote
 *
 * org.example ScaledTanh, version 1: y = alpha * tanh(beta * x), element by element,
 * attributes alpha (default 1.7159) and beta (default 2/3): the activation of the original
 * LeNet-5 (LeCun et al., "Gradient-based learning applied to document recognition", 1998,
 * appendix A).
 *
 * It includes <imgcls/plugin.h> and links nothing of imgcls:
 *
 *     cc -std=c17 -shared -fPIC $(pkg-config --cflags imgcls) *.c -o scaled-tanh.so -lm
 *     imgcls-plugin check ./scaled-tanh.so
 *     IMGCLS_PLUGIN_PATH=$PWD imgcls-verify model.onnx
 *
 * network.c adds an architecture that uses it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <imgcls/plugin.h>

#include <math.h>

#include "network.h"

/* Type and shape of the output are those of the input. Called again when an input becomes
 * better known; must not assume that anything is known yet. */
static imgcls_status infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    if (node->input_count != 1 || !node->inputs[0])
        return host->fail(host, IMGCLS_BAD_INPUT, "%zu inputs, ScaledTanh takes 1",
                          node->input_count);
    return host->infer_like(host, infer, 0, 0);
}

/* Whether run below can compute this node as it stands. Element by element, so any layout
 * will do as long as both sides have the same. No epilogues: none is promised below. */
static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return node->inputs[0]->type == IMGCLS_F32 &&
           node->inputs[0]->layout == node->outputs[0]->layout && node->epilogue_count == 0;
}

struct job {
    const float *x;
    float *y;
    float alpha, beta;
};

/* Elements [begin, end): called on several threads at once. */
static void compute(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct job *job = argument;
    (void)thread;
    for (int64_t i = begin; i < end; i++)
        job->y[i] = job->alpha * tanhf(job->beta * job->x[i]);
}

static imgcls_status scaled_tanh_f32_portable(const struct imgcls_host *host,
                                              const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    struct job job = {
        .x = x->data,
        .y = imgcls_output(run, 0)->data,
        .alpha = host->attr_float(host, run->node, "alpha", 1.7159f),
        .beta = host->attr_float(host, run->node, "beta", 2.0f / 3.0f),
    };
    host->parallel_for(host, run, imgcls_count(x->rank, x->dims), 4096, compute, &job);
    return IMGCLS_OK;
}

static const struct imgcls_kernel portable = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "scaled_tanh_f32_portable",
    .accepts = accepts,
    .run = scaled_tanh_f32_portable,
};

static const struct imgcls_op scaled_tanh = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "org.example",
    .type = "ScaledTanh",
    .since_first = 1,
    .since_last = 1,
    .traits = IMGCLS_TRAIT_ELEMENTWISE | IMGCLS_TRAIT_LAYOUT_BLIND | IMGCLS_TRAIT_IN_PLACE,
    .infer = infer,
    .kernels = (const struct imgcls_kernel *const[]){&portable, NULL},
};

static const struct imgcls_plugin plugin = {
    .abi_major = IMGCLS_ABI_MAJOR,
    .abi_minor_needed = 1, /* a literal, the lowest that will do: see docs/abi.md */
    .struct_size = sizeof(struct imgcls_plugin),
    .name = "scaled-tanh",
    .version = "1.0.0",
    .licence = "Apache-2.0",
    .ops = (const struct imgcls_op *const[]){&scaled_tanh, NULL},
    .architectures = (const struct imgcls_architecture *const[]){&scaled_tanh_net, NULL},
};

const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
    (void)host; /* must not be kept: every function is handed the host again */
    return &plugin;
}
