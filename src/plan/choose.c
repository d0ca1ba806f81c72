/*
 * src/plan/choose.c - which kernel computes a node
 *
 * Among the kernels that the machine can run, that apply the node's epilogues and accept
 * it, the lowest cost wins; equal costs go to the one with more instruction-set bits, then
 * to the one registered first. A kernel without a cost is taken to be slow: any estimate
 * beats it. What was measured (choices.h) goes before what was estimated.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/step.h"

#include <stdio.h>
#include <string.h>

#include "src/plan/choices.h"
#include "src/tensor/tensor.h"

#define COST_PORTABLE 1e9
#define COST_OTHER    5e8

#define CANDIDATES_MOST 16
#define HOPELESS        16.0

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

/* Kernels that can run the node, cheapest first. */
struct candidates {
    const struct imgcls_kernel *kernels[CANDIDATES_MOST];
    double costs[CANDIDATES_MOST];
    size_t count;
};

/* a before b */
static bool is_cheaper(const struct imgcls_kernel *a, double a_cost,
                       const struct imgcls_kernel *b, double b_cost)
{
    return a_cost < b_cost || (a_cost == b_cost && __builtin_popcountll(a->isa) >
                                                       __builtin_popcountll(b->isa));
}

static void add_candidate(struct candidates *list, const struct imgcls_kernel *kernel,
                          double cost)
{
    size_t at = list->count;
    while (at > 0 && is_cheaper(kernel, cost, list->kernels[at - 1], list->costs[at - 1]))
        at--;
    if (at == CANDIDATES_MOST)
        return;
    size_t moved = (list->count < CANDIDATES_MOST ? list->count : CANDIDATES_MOST - 1) - at;
    memmove(&list->kernels[at + 1], &list->kernels[at], moved * sizeof list->kernels[0]);
    memmove(&list->costs[at + 1], &list->costs[at], moved * sizeof list->costs[0]);
    list->kernels[at] = kernel;
    list->costs[at] = cost;
    list->count += list->count < CANDIDATES_MOST;
}

/* What measuring chose comes first, if it is among them. */
static void put_choice_first(const struct icl_plan *plan, const struct imgcls_node *node,
                             struct candidates *list)
{
    struct icl_choices *choices;
    char key[ICL_CHOICE_KEY];
    const char *name;

    if (list->count < 2 || icl_choices_of(plan->ctx, &choices) != IMGCLS_OK ||
        icl_choices_is_empty(choices))
        return;
    icl_choices_key(plan->ctx, plan->options.threads, node, key);
    name = icl_choices_find(choices, key);
    for (size_t i = 1; name && i < list->count; i++)
        if (strcmp(list->kernels[i]->name, name) == 0) {
            const struct imgcls_kernel *chosen = list->kernels[i];
            memmove(&list->kernels[1], &list->kernels[0], i * sizeof list->kernels[0]);
            list->kernels[0] = chosen;
            return;
        }
}

const struct imgcls_kernel *icl_choose_kernel(const struct icl_plan *plan,
                                              const struct imgcls_node *node,
                                              bool portable_only)
{
    struct candidates list = {.count = 0};
    size_t count = 0, wanted = (size_t)plan->options.candidate;
    const struct imgcls_kernel *const *kernels = icl_registry_kernels(
        plan->registry, node->domain, node->type, node->version, &count);
    for (size_t i = 0; i < count; i++)
        if (can_run(plan->ctx, kernels[i], node, portable_only))
            add_candidate(&list, kernels[i], cost_of(plan->ctx, kernels[i], node));
    if (list.count == 0)
        return NULL;
    if (portable_only)
        return list.kernels[0];
    put_choice_first(plan, node, &list);
    /* an estimate so far off is not worth a measurement */
    return wanted < list.count && list.costs[wanted] <= HOPELESS * list.costs[0]
               ? list.kernels[wanted]
               : list.kernels[0];
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
