/*
 * plugins/ops/control/if.c - If: one of two inner graphs
 *
 * The branches may give different shapes, so these are known only when one has run.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "control.h"

static imgcls_status if_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_graph *branches[2];
    size_t i;
    imgcls_status status = pieces_graph(host, node, "then_branch", &branches[0]);
    if (status == IMGCLS_OK)
        status = pieces_graph(host, node, "else_branch", &branches[1]);
    if (status == IMGCLS_OK && !op_in(node, 0))
        status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input 0 is missing");
    for (i = 0; status == IMGCLS_OK && i < node->output_count; i++) {
        const struct imgcls_value_info *yes = host->graph_output_at(host, branches[0], i);
        const struct imgcls_value_info *no = host->graph_output_at(host, branches[1], i);
        if (!yes || !no)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s has no output %zu",
                           yes ? "else_branch" : "then_branch", i);
        if (yes->type != IMGCLS_UNDEFINED && no->type != IMGCLS_UNDEFINED &&
            yes->type != no->type)
            return OP_FAIL(
                host, node, IMGCLS_BAD_INPUT,
                "output %zu is of type %d in then_branch, of type %d in else_branch", i,
                yes->type, no->type);
        status = control_infer(host, infer, i, yes, no);
    }
    return status;
}

static imgcls_status if_portable(const struct imgcls_host *host,
                                 const struct imgcls_run *run)
{
    const struct imgcls_tensor *condition = imgcls_input(run, 0);
    const struct imgcls_graph *branch;
    struct imgcls_value **outputs;
    size_t count, i;
    imgcls_status status;
    if (!condition || condition->type != IMGCLS_BOOL || op_count(condition) != 1)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "the condition must be one bool");
    status = pieces_graph(host, run->node,
                          *(const uint8_t *)condition->data ? "then_branch" : "else_branch",
                          &branch);
    if (status != IMGCLS_OK)
        return status;
    count = pieces_graph_outputs(host, branch);
    outputs = host->alloc(host, count + 1, sizeof *outputs);
    if (!outputs)
        return IMGCLS_NO_MEMORY;
    status = host->run_graph(host, run, branch, 0, NULL, count, outputs);
    for (i = 0; status == IMGCLS_OK && i < run->output_count && i < count; i++)
        status = host->run_copy(host, run, i, outputs[i]);
    for (i = 0; i < count; i++)
        host->value_release(host, outputs[i]);
    host->release(host, outputs);
    return status;
}

static const struct imgcls_kernel if_kernel =
    OP_KERNEL("if_portable", control_accepts, if_portable);

const struct imgcls_op if_op =
    OP_ENTRY("If", 1, IMGCLS_TRAIT_SUBGRAPH, if_infer, NULL, &if_kernel);
