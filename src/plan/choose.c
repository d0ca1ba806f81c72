/*
 * src/plan/choose.c - which kernel computes a node
 *
 * Among the kernels that the machine can run, that apply the node's epilogues and accept
 * it, the lowest cost wins; equal costs go to the one with more instruction-set bits, then
 * to the one registered first. A kernel without a cost is taken to be slow: any estimate
 * beats it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/step.h"

#include <stdio.h>
#include <string.h>

#include "src/tensor/tensor.h"

#define COST_PORTABLE 1e9
#define COST_OTHER    5e8

static uint64_t epilogue_bits(const struct imgcls_node *node)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < node->epilogue_count; i++)
        bits |= IMGCLS_EPILOGUE_BIT(node->epilogues[i].kind);
    return bits;
}

static bool can_run(const struct imgcls_context *ctx, const struct imgcls_kernel *kernel,
                    const struct imgcls_node *node, bool portable_only)
{
    uint64_t isa = portable_only ? 0 : ctx->isa, wanted = epilogue_bits(node);
    if (!ICL_HAS(kernel, run) || !kernel->run || !kernel->accepts)
        return false;
    if ((kernel->isa & ~isa) != 0 || (wanted & ~kernel->epilogues) != 0)
        return false;
    return kernel->accepts(&ctx->host, node) != 0;
}

static double cost_of(const struct imgcls_context *ctx, const struct imgcls_kernel *kernel,
                      const struct imgcls_node *node)
{
    if (kernel->cost)
        return kernel->cost(&ctx->host, node);
    return kernel->isa ? COST_OTHER : COST_PORTABLE;
}

const struct imgcls_kernel *icl_choose_kernel(const struct icl_plan *plan,
                                              const struct imgcls_node *node,
                                              bool portable_only)
{
    size_t count = 0;
    const struct imgcls_kernel *const *kernels = icl_registry_kernels(
        plan->registry, node->domain, node->type, node->version, &count);
    const struct imgcls_kernel *best = NULL;
    double best_cost = 0;
    for (size_t i = 0; i < count; i++) {
        if (!can_run(plan->ctx, kernels[i], node, portable_only))
            continue;
        double cost = cost_of(plan->ctx, kernels[i], node);
        bool better = !best || cost < best_cost ||
                      (cost == best_cost && __builtin_popcountll(kernels[i]->isa) >
                                                __builtin_popcountll(best->isa));
        if (better) {
            best = kernels[i];
            best_cost = cost;
        }
    }
    return best;
}

bool icl_has_kernels(const struct icl_plan *plan, const struct imgcls_node *node)
{
    size_t count = 0;
    icl_registry_kernels(plan->registry, node->domain, node->type, node->version, &count);
    return count > 0;
}

/* "(float16[1,3], int64[2], -)" into text. */
static void inputs_text(const struct imgcls_node *node, char *text, size_t capacity)
{
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < node->input_count && used < capacity; i++) {
        const struct imgcls_value_info *info = node->inputs[i];
        char shape[160] = "";
        if (info && info->rank >= 0)
            icl_shape_text(NULL, info->rank, info->dims, shape, sizeof shape);
        int wrote = snprintf(text + used, capacity - used, "%s%s%s", i ? ", " : "",
                             info ? icl_type_name(info->type) : "-", shape);
        used += wrote > 0 ? (size_t)wrote : capacity;
    }
}

imgcls_status icl_refuse_node(const struct icl_plan *plan, const struct imgcls_node *node)
{
    char text[256], inputs[1024];
    icl_node_text(node, text, sizeof text);
    inputs_text(node, inputs, sizeof inputs);
    const char *domain = node->domain[0] ? node->domain : "ai.onnx";
    return icl_fail(plan->ctx, IMGCLS_UNSUPPORTED,
                    "%s: no kernel of operator %s %s version %lld takes inputs (%s)%s",
                    text, domain, node->type, (long long)node->version, inputs,
                    node->epilogue_count ? " with its epilogues" : "");
}
