/*
 * src/plan/convert.c - copy a value into another slot, converting between float types
 *
 * Used between the forms of a value, and where a graph output is a graph input, whose bytes
 * the caller may take away. A step like any other, so that a profile shows what it costs;
 * its node is called Convert in the domain imgcls and belongs to the step alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/convert.h"

#include <stdlib.h>
#include <string.h>

#include "src/session/host_run.h"
#include "src/tensor/tensor.h"

#define GRAIN 32768

struct job {
    const struct imgcls_tensor *from;
    struct imgcls_tensor *to;
    size_t from_bytes, to_bytes; /* of one element */
    uint64_t isa;
};

static void convert_piece(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct job *job = argument;
    (void)thread;
    icl_convert_floats(job->isa, job->from->type,
                       (const char *)job->from->data + (size_t)begin * job->from_bytes,
                       job->to->type, (char *)job->to->data + (size_t)begin * job->to_bytes,
                       (size_t)(end - begin));
}

static imgcls_status convert_floats_portable(const struct imgcls_host *host,
                                             const struct imgcls_run *run)
{
    const struct imgcls_tensor *from = imgcls_input(run, 0);
    int32_t type = run->node->outputs[0]->type;
    if (!from || from->type == type || type == IMGCLS_UNDEFINED)
        return icl_host_run_copy(host, run, 0, run->inputs[0]);
    imgcls_status status = icl_host_run_output(host, run, 0, type, from->rank, from->dims);
    if (status)
        return status;
    struct job job = {from, imgcls_output(run, 0), icl_type_bits(from->type) / 8,
                      icl_type_bits(type) / 8, host->isa(host)};
    icl_host_parallel_for(host, run, imgcls_count(from->rank, from->dims), GRAIN,
                          convert_piece, &job);
    return IMGCLS_OK;
}

const struct imgcls_kernel icl_convert_kernel = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "convert_floats_portable",
    .run = convert_floats_portable,
};

/* The node and its two lists, in one block that icl_adapted_destroy frees. */
struct convert_node {
    struct icl_node node; /* first */
    struct imgcls_value_info *inputs[1], *outputs[1];
};

imgcls_status icl_plan_add_convert(struct icl_plan *plan, size_t from, size_t to)
{
    static char domain[] = "imgcls", type[] = "Convert";
    struct convert_node *made = calloc(1, sizeof *made);
    if (!made)
        return icl_fail(plan->ctx, IMGCLS_NO_MEMORY, "no memory for a conversion");
    made->inputs[0] = plan->slots[from].info;
    made->outputs[0] = plan->slots[to].info;
    made->node.graph = plan->graph;
    made->node.domain = domain;
    made->node.type = type;
    made->node.name = plan->slots[from].value->name;
    made->node.inputs = made->inputs;
    made->node.outputs = made->outputs;
    made->node.node = (struct imgcls_node){
        .struct_size = sizeof(struct imgcls_node),
        .domain = domain,
        .type = type,
        .name = made->node.name,
        .version = 1,
        .input_count = 1,
        .output_count = 1,
        .inputs = (const struct imgcls_value_info *const *)made->inputs,
        .outputs = (const struct imgcls_value_info *const *)made->outputs,
        .graph = plan->graph,
    };
    struct icl_step *step;
    imgcls_status status = icl_plan_add_step(plan, &made->node.node, 1, 1, &step);
    if (status) {
        free(made);
        return status;
    }
    step->adapted = &made->node;
    step->kernel = &icl_convert_kernel;
    step->inputs[0] = from;
    step->outputs[0] = to;
    return IMGCLS_OK;
}
