/*
 * src/session/host_run.c - what a running kernel may ask of the host
 *
 * An output is either there already (its shape was known) or made by run_output, run_items
 * or run_copy. Asking again replaces what an earlier call made; asking for a shape other
 * than the known one is an error of the plugin, said with both shapes.
 *
 * Not here: who owns the values before and after (src/session/execute.c, src/plan/fold.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/session/host_run.h"

#include <stdlib.h>
#include <string.h>

#include "src/graph/graph.h"
#include "src/session/bodies.h"
#include "src/session/pool.h"
#include "src/tensor/tensor.h"

static struct icl_run *run_of(const struct imgcls_run *run)
{
    return (struct icl_run *)run;
}

void icl_host_parallel_for(const struct imgcls_host *host, const struct imgcls_run *run,
                           int64_t count, int64_t grain,
                           void (*body)(void *argument, int64_t begin, int64_t end,
                                        int32_t thread),
                           void *argument)
{
    (void)host;
    icl_pool_run(run_of(run)->pool, run->threads, count, grain, body, argument);
}

/* Puts an allocated value in place of output `index`, which it takes over. */
static void replace_output(struct icl_run *self, size_t index, struct imgcls_value *value)
{
    if (self->outputs[index] != self->blanks[index])
        icl_value_release(self->ctx, self->outputs[index]);
    self->outputs[index] = value;
}

static bool same_shape(const struct imgcls_tensor *tensor, int32_t type, int32_t rank,
                       const int64_t *dims)
{
    return tensor->type == type && tensor->rank == rank &&
           (rank == 0 || memcmp(tensor->dims, dims, (size_t)rank * sizeof *dims) == 0);
}

static imgcls_status wrong_output(struct icl_run *self, size_t index, int32_t type,
                                  int32_t rank, const int64_t *dims)
{
    const struct imgcls_tensor *known = self->outputs[index]->tensor;
    char text[256], have[256], want[256];
    icl_node_text(self->run.node, text, sizeof text);
    icl_shape_text(NULL, known->rank, known->dims, have, sizeof have);
    icl_shape_text(NULL, rank, dims, want, sizeof want);
    return icl_fail(self->ctx, IMGCLS_BAD_INPUT,
                    "%s: output %zu is %s%s by inference, %s%s "
                    "when run",
                    text, index, icl_type_name(known->type), have, icl_type_name(type),
                    want);
}

static bool wanted(const struct icl_run *self, size_t index)
{
    return index < self->run.output_count && self->outputs[index];
}

imgcls_status icl_host_run_output(const struct imgcls_host *host,
                                  const struct imgcls_run *run, size_t index, int32_t type,
                                  int32_t rank, const int64_t *dims)
{
    (void)host;
    struct icl_run *self = run_of(run);
    if (!wanted(self, index))
        return IMGCLS_OK;
    const struct imgcls_tensor *known = self->outputs[index]->tensor;
    bool ours = self->outputs[index] == self->blanks[index];
    if (known && same_shape(known, type, rank, dims))
        return IMGCLS_OK;
    if (known && ours)
        return wrong_output(self, index, type, rank, dims);
    struct imgcls_value *value;
    imgcls_status status = icl_value_tensor(self->ctx, type, rank, dims, &value);
    if (status == IMGCLS_OK)
        replace_output(self, index, value);
    return status;
}

imgcls_status icl_host_run_items(const struct imgcls_host *host,
                                 const struct imgcls_run *run, size_t index, size_t count,
                                 const struct imgcls_value *const *items)
{
    (void)host;
    struct icl_run *self = run_of(run);
    if (!wanted(self, index))
        return IMGCLS_OK;
    const struct imgcls_value_info *info = run->node->outputs[index];
    int32_t type = info->type;
    if (type == IMGCLS_UNDEFINED && count > 0)
        type = items[0]->tensor ? items[0]->tensor->type : items[0]->type;
    struct imgcls_value **copies = calloc(count ? count : 1, sizeof *copies);
    if (!copies)
        return icl_fail(self->ctx, IMGCLS_NO_MEMORY, "no memory for %zu items", count);
    struct imgcls_value *value = NULL;
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++)
        status = icl_value_item(self->ctx, items[i], &copies[i]);
    if (status == IMGCLS_OK)
        status = icl_value_list(self->ctx, info->kind, type, count, copies, &value);
    if (status == IMGCLS_OK)
        replace_output(self, index, value);
    for (size_t i = 0; i < count && status != IMGCLS_OK; i++)
        icl_value_release(self->ctx, copies[i]);
    free(copies);
    return status;
}

imgcls_status icl_host_run_copy(const struct imgcls_host *host,
                                const struct imgcls_run *run, size_t index,
                                const struct imgcls_value *value)
{
    (void)host;
    struct icl_run *self = run_of(run);
    if (!wanted(self, index))
        return IMGCLS_OK;
    struct imgcls_tensor *known = self->outputs[index]->tensor;
    const struct imgcls_tensor *from = value->tensor;
    if (known && self->outputs[index] == self->blanks[index]) {
        if (!from || !same_shape(known, from->type, from->rank, from->dims))
            return wrong_output(self, index, from ? from->type : value->type,
                                from ? from->rank : -1, from ? from->dims : NULL);
        if (from->size_bytes)
            memmove(known->data, from->data, from->size_bytes);
        return IMGCLS_OK;
    }
    struct imgcls_value *copy;
    imgcls_status status = icl_value_copy(self->ctx, value, &copy);
    if (status == IMGCLS_OK)
        replace_output(self, index, copy);
    return status;
}

imgcls_status icl_host_run_graph(const struct imgcls_host *host,
                                 const struct imgcls_run *run,
                                 const struct imgcls_graph *graph, size_t input_count,
                                 const struct imgcls_value *const *inputs,
                                 size_t output_count, struct imgcls_value **outputs)
{
    (void)host;
    struct icl_run *self = run_of(run);
    for (size_t i = 0; i < output_count; i++)
        outputs[i] = NULL;
    if (!self->bodies)
        return icl_fail(self->ctx, IMGCLS_INTERNAL, "a graph attribute cannot be run here");
    return icl_bodies_run(self->bodies, self, graph, input_count, inputs, output_count,
                          outputs);
}
