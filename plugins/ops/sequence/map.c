/*
 * plugins/ops/sequence/map.c - SequenceMap: an inner graph for each item
 *
 * Sequences behind the first are walked along with it and must be as long; tensors go into
 * every round as they are.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/ops/pieces.h"

#include "sequence.h"

static imgcls_status map_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_graph *body;
    size_t i;
    imgcls_status status = pieces_graph(host, node, "body", &body);
    if (status == IMGCLS_OK && !op_in(node, 0))
        status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input 0 is missing");
    for (i = 0; status == IMGCLS_OK && i < node->output_count; i++) {
        const struct imgcls_value_info *out = host->graph_output_at(host, body, i);
        if (!out)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "the body has no output %zu", i);
        status = host->infer_kind(host, infer, i, IMGCLS_KIND_SEQUENCE, out->type);
    }
    return status;
}

/* What one run of the node works with. */
struct map {
    const struct imgcls_graph *body;
    const struct imgcls_value **inputs; /* of one round */
    struct imgcls_value **outputs;      /* of one round, one an output of the body */
    struct pieces *results;             /* one an output of the body */
    size_t output_count;
};

static imgcls_status round_inputs(const struct imgcls_host *host,
                                  const struct imgcls_run *run, size_t round, size_t rounds,
                                  struct map *map)
{
    size_t i;
    for (i = 0; i < run->input_count; i++) {
        const struct imgcls_value *value = run->inputs[i];
        if (!value)
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "input %zu is missing", i);
        if (value->kind == IMGCLS_KIND_SEQUENCE && value->count != rounds)
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "input %zu has %zu items where input 0 has %zu", i, value->count,
                           rounds);
        map->inputs[i] = value->kind == IMGCLS_KIND_SEQUENCE ? value->items[round] : value;
    }
    return IMGCLS_OK;
}

static imgcls_status one_round(const struct imgcls_host *host, const struct imgcls_run *run,
                               struct map *map)
{
    size_t i;
    imgcls_status status = host->run_graph(host, run, map->body, run->input_count,
                                           map->inputs, map->output_count, map->outputs);
    for (i = 0; status == IMGCLS_OK && i < map->output_count; i++) {
        status = pieces_add(host, &map->results[i], map->outputs[i]);
        if (status == IMGCLS_OK)
            map->outputs[i] = NULL;
    }
    for (i = 0; i < map->output_count; i++) {
        host->value_release(host, map->outputs[i]);
        map->outputs[i] = NULL;
    }
    return status;
}

static imgcls_status map_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    struct map map = {0};
    const struct imgcls_value *first;
    size_t i;
    imgcls_status status = sequence_input(host, run, 0, &first);
    if (status == IMGCLS_OK)
        status = pieces_graph(host, run->node, "body", &map.body);
    if (status != IMGCLS_OK)
        return status;
    map.output_count = pieces_graph_outputs(host, map.body);
    map.inputs = host->alloc(host, run->input_count, sizeof *map.inputs);
    map.outputs = host->alloc(host, map.output_count, sizeof *map.outputs);
    map.results = host->alloc(host, map.output_count, sizeof *map.results);
    if (!map.inputs || !map.outputs || !map.results)
        status = IMGCLS_NO_MEMORY;
    for (i = 0; status == IMGCLS_OK && i < first->count; i++) {
        status = round_inputs(host, run, i, first->count, &map);
        if (status == IMGCLS_OK)
            status = one_round(host, run, &map);
    }
    for (i = 0; status == IMGCLS_OK && i < run->output_count; i++)
        status = host->run_items(host, run, i, map.results[i].count,
                                 (const struct imgcls_value *const *)map.results[i].values);
    for (i = 0; map.results && i < map.output_count; i++)
        pieces_clear(host, &map.results[i]);
    host->release(host, map.results);
    host->release(host, map.outputs);
    host->release(host, (void *)map.inputs);
    return status;
}

static const struct imgcls_kernel map_kernel =
    OP_KERNEL("sequence_map_portable", sequence_accepts, map_portable);

const struct imgcls_op sequence_map_op =
    OP_ENTRY("SequenceMap", 17, IMGCLS_TRAIT_SUBGRAPH, map_infer, NULL, &map_kernel);
