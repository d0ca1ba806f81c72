/*
 * src/passes/row_moves.c - several nodes that only move rows become one Gather
 *
 * Windows that are shifted (Swin: Slices and a Concat a direction, a Reshape, a Transpose, and
 * the way back) copy an image three times to put its rows, pixels of many channels, in another
 * order. That order is known when shapes are: the nodes between one value and another are
 * walked once for each row, and what comes out is the index of a Gather.
 *
 * A set of nodes qualifies if it reads one value, only its last node is read outside, and each
 * keeps runs of the last dimension whole. Which operators move elements and how, their `piece`
 * says (imgcls_op), beside Transpose and what renames dimensions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "src/passes/rows.h"
#include "src/passes/view.h"
#include "src/registry/registry.h"
#include "src/tensor/tensor.h"

#define WINDOW    64        /* nodes before the last one that are looked at */
#define ROW_BYTES 64        /* shorter runs are not worth an index each */
#define ROWS_MOST (1 << 22) /* an index takes 8 bytes */
#define PARTS     16        /* pieces of one node */

enum kind { NONE, RENAMES, TURNS, JOINS, PARTS_OF };

/* What a node does to the elements of its first inputs. */
struct move {
    struct icl_node *node;
    enum kind kind;
    size_t inputs; /* that are moved, from the first on; the others only say how */
    int32_t axis;  /* JOINS, PARTS_OF */
    int64_t begins[PARTS];         /* of each input in the output, of each output in the input */
    int64_t perm[IMGCLS_MAX_RANK]; /* TURNS */
};

struct moves {
    struct imgcls_graph *graph;
    struct icl_registry *registry;
    struct move set[WINDOW + 1]; /* the last node first */
    size_t count;
    struct icl_value *source;
    int64_t width; /* elements of a row */
};

/* Asks an operator for the places of its pieces; false where it moves none. */
static bool find_pieces(const struct moves *moves, struct move *move)
{
    const struct icl_node *node = move->node;
    const struct imgcls_op *op = icl_registry_op(moves->registry, node->domain, node->type,
                                                 node->node.version);
    if (!op || !ICL_HAS(op, piece) || !op->piece)
        return false;
    bool joined = op->traits & IMGCLS_TRAIT_JOINS;
    size_t parts = joined ? node->node.input_count : node->node.output_count;
    move->kind = joined ? JOINS : PARTS_OF;
    move->inputs = joined ? parts : 1;
    for (size_t i = 0; i < parts; i++)
        if (i == PARTS || !op->piece(&moves->graph->ctx->host, &node->node, i, &move->axis,
                                     &move->begins[i]))
            return false;
    return parts > 0;
}

/* Fills `move`; false for a node that does more than move elements of float32. */
static bool understand(const struct moves *moves, struct icl_node *node, struct move *move)
{
    const struct icl_value *in = icl_node_input(node, 0);
    *move = (struct move){.node = node, .inputs = 1};
    if (node->removed || node->node.epilogue_count || !icl_value_is_static(in) ||
        in->info.type != IMGCLS_F32 || in->info.rank < 1 || node->domain[0])
        return false;
    move->kind = RENAMES;
    if (icl_node_renames(node))
        return true;
    move->kind = TURNS;
    if (icl_node_is(node, "Transpose"))
        return icl_transpose_perm(node, in->info.rank, move->perm);
    return find_pieces(moves, move);
}

/* The move of the set whose node that is, or NULL. */
static const struct move *move_of(const struct moves *moves, const struct icl_node *node)
{
    for (size_t i = 0; node && i < moves->count; i++)
        if (moves->set[i].node == node)
            return &moves->set[i];
    return NULL;
}

/* Whether nobody but the set reads what the node gives. */
static bool is_read_within(const struct moves *moves, const struct icl_node *node)
{
    bool read = false;
    for (size_t i = 0; i < node->node.output_count; i++) {
        const struct icl_value *out = icl_node_output(node, i);
        if (!out)
            continue;
        if (out->is_output)
            return false;
        for (const struct icl_use *use = out->uses; use; use = use->next, read = true)
            if (!move_of(moves, use->node))
                return false;
    }
    return read;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Narrows the row to what the node leaves whole; false where it takes runs of the last dimension
 * apart, or a shape is open. */
static bool keeps_rows(struct moves *moves, const struct move *move)
{
    int32_t last = move->node->inputs[0]->rank - 1;
    for (size_t i = 0; i < move->inputs; i++)
        if (!icl_value_is_static(icl_node_input(move->node, i)))
            return false;
    for (size_t i = 0; i < move->node->node.output_count; i++) {
        const struct icl_value *out = icl_node_output(move->node, i);
        if (out && (!icl_value_is_static(out) || out->info.rank < 1))
            return false;
    }
    if (move->kind == RENAMES)
        return true;
    moves->width = common_divisor(move->node->inputs[0]->dims[last], moves->width);
    return move->kind == TURNS ? move->perm[last] == last : move->axis != last;
}

/* The one value that the set reads; NULL where there are several. */
static struct icl_value *source_of(const struct moves *moves)
{
    struct icl_value *source = NULL;
    for (size_t n = 0; n < moves->count; n++)
        for (size_t i = 0; i < moves->set[n].inputs; i++) {
            struct icl_value *in = icl_node_input(moves->set[n].node, i);
            if (move_of(moves, in->producer))
                continue;
            if (source && in != source)
                return NULL;
            source = in;
        }
    return source;
}

/* Everything that can be put before `last`; false where one Gather would not be better. */
static bool collect(struct moves *moves, struct icl_node *last)
{
    const struct icl_value *out = icl_node_output(last, 0);
    size_t copies = 0, first = last->index > WINDOW ? last->index - WINDOW : 0;
    moves->count = 0;
    moves->width = 0;
    if (!out || (!out->uses && !out->is_output) || !understand(moves, last, &moves->set[0]))
        return false;
    moves->count = 1;
    for (size_t i = last->index; i-- > first;)
        if (is_read_within(moves, moves->graph->nodes[i]) &&
            understand(moves, moves->graph->nodes[i], &moves->set[moves->count]))
            moves->count++;
    for (size_t i = 0; i < moves->count; i++) {
        if (!keeps_rows(moves, &moves->set[i]))
            return false;
        copies += moves->set[i].kind == TURNS || moves->set[i].kind == JOINS;
    }
    moves->source = source_of(moves);
    if (copies < 2 || !moves->source || moves->width * (int64_t)sizeof(float) < ROW_BYTES)
        return false;
    int64_t rows = imgcls_count(out->info.rank, out->info.dims) / moves->width;
    return rows > 0 && rows <= ROWS_MOST;
}

/* ---- Where a row comes from -------------------------------------------------------------*/

/* Dimensions in rows: the last one holds so many of them. */
static int32_t row_dims(const struct moves *moves, const struct icl_value *value, int64_t *dims)
{
    int32_t rank = value->info.rank;
    memcpy(dims, value->info.dims, sizeof value->info.dims);
    dims[rank - 1] /= moves->width;
    return rank;
}

static void position_of(int64_t row, int32_t rank, const int64_t *dims, int64_t *at)
{
    for (int32_t d = rank - 1; d >= 0; d--) {
        at[d] = row % dims[d];
        row /= dims[d];
    }
}

static int64_t row_at(int32_t rank, const int64_t *dims, const int64_t *at)
{
    int64_t row = 0;
    for (int32_t d = 0; d < rank; d++)
        row = row * dims[d] + at[d];
    return row;
}

/* The input of a joining node that has `at`, which becomes the position in it. */
static const struct icl_value *part_with(const struct move *move, int64_t *at)
{
    size_t i = move->inputs - 1;
    while (i > 0 && (at[move->axis] < move->begins[i] ||
                     icl_node_input(move->node, i)->info.dims[move->axis] == 0))
        i--;
    at[move->axis] -= move->begins[i];
    return icl_node_input(move->node, i);
}

/* One step back: the input, and in *row its row, that becomes row *row of `value`. */
static const struct icl_value *back(const struct moves *moves, const struct move *move,
                                    const struct icl_value *value, int64_t *row)
{
    const struct icl_value *in = icl_node_input(move->node, 0);
    int64_t dims[IMGCLS_MAX_RANK], at[IMGCLS_MAX_RANK], from[IMGCLS_MAX_RANK];
    int32_t rank = row_dims(moves, value, dims);
    size_t output = 0;
    if (move->kind == RENAMES)
        return in;
    position_of(*row, rank, dims, at);
    switch (move->kind) {
    case TURNS:
        for (int32_t d = 0; d < rank; d++)
            from[move->perm[d]] = at[d];
        memcpy(at, from, (size_t)rank * sizeof *at);
        break;
    case JOINS:
        in = part_with(move, at);
        break;
    default:
        while (icl_node_output(move->node, output) != value)
            output++;
        at[move->axis] += move->begins[output];
    }
    row_dims(moves, in, dims);
    *row = row_at(rank, dims, at);
    return in;
}

/* For each row of the last node's output the source's; own, NULL after icl_fail. */
static int64_t *find_rows(const struct moves *moves, int64_t count)
{
    int64_t *index = icl_alloc(moves->graph->ctx, (size_t)count, sizeof *index);
    for (int64_t i = 0; index && i < count; i++) {
        const struct icl_value *value = icl_node_output(moves->set[0].node, 0);
        const struct move *move;
        index[i] = i;
        while (value != moves->source && (move = move_of(moves, value->producer)))
            value = back(moves, move, value, &index[i]);
    }
    return index;
}

/* ---- The new nodes ----------------------------------------------------------------------*/

static imgcls_status add_constant(struct imgcls_graph *graph, const char *stem, int64_t count,
                                  const int64_t *data, const char **name)
{
    struct imgcls_tensor tensor;
    *name = icl_graph_unique_name(graph, stem);
    if (!*name)
        return icl_alloc_status(graph->ctx);
    imgcls_status status =
        icl_tensor_borrow(graph->ctx, IMGCLS_I64, 1, &count, (void *)data, &tensor);
    return status == IMGCLS_OK ? icl_graph_add_initializer(graph, *name, &tensor, NULL) : status;
}

/* A node of two inputs, the second a constant; its output gets that shape. */
static imgcls_status add_step(const struct moves *moves, const char *type, const char *in,
                              const int64_t *numbers, int64_t count, int32_t rank,
                              const int64_t *dims, struct icl_node **made)
{
    struct imgcls_graph *graph = moves->graph;
    const char *stem = moves->set[0].node->outputs[0]->name, *out, *constant;
    imgcls_status status = add_constant(graph, stem, count, numbers, &constant);
    if (status != IMGCLS_OK)
        return status;
    out = icl_graph_unique_name(graph, stem);
    if (!out)
        return icl_alloc_status(graph->ctx);
    const char *inputs[] = {in, constant};
    status = icl_graph_add_node(graph, "", type, moves->set[0].node->name, 2, inputs, 1, &out, made);
    if (status != IMGCLS_OK)
        return status;
    (*made)->node.version = icl_node_version(*made);
    struct imgcls_value_info *info = (*made)->outputs[0];
    info->kind = IMGCLS_KIND_TENSOR;
    info->type = moves->source->info.type;
    info->rank = rank;
    memcpy(info->dims, dims, (size_t)rank * sizeof *dims);
    return IMGCLS_OK;
}

static imgcls_status replace(struct moves *moves, const int64_t *index, int64_t count)
{
    const struct imgcls_value_info *from = &moves->source->info;
    const struct imgcls_value_info *to = moves->set[0].node->outputs[0];
    int64_t before[] = {imgcls_count(from->rank, from->dims) / moves->width, moves->width};
    int64_t after[] = {count, moves->width};
    struct icl_node *rows, *gather, *whole;
    imgcls_status status =
        add_step(moves, "Reshape", from->name, before, 2, 2, before, &rows);
    if (status == IMGCLS_OK)
        status = add_step(moves, "Gather", rows->outputs[0]->name, index, count, 2, after,
                          &gather);
    if (status == IMGCLS_OK)
        status = add_step(moves, "Reshape", gather->outputs[0]->name, to->dims, to->rank,
                          to->rank, to->dims, &whole);
    if (status == IMGCLS_OK)
        status = icl_node_take_output(moves->set[0].node, whole);
    for (size_t i = 1; status == IMGCLS_OK && i < moves->count; i++)
        icl_node_remove(moves->set[i].node);
    return status;
}

imgcls_status icl_pass_gather_rows(struct imgcls_graph *graph, size_t *changes)
{
    struct moves moves = {.graph = graph};
    size_t before = *changes;
    imgcls_status status = icl_context_registry(graph->ctx, &moves.registry);
    for (size_t i = status == IMGCLS_OK ? graph->node_count : 0; i-- > 0;) {
        struct icl_node *node = graph->nodes[i];
        if ((!icl_node_is(node, "Transpose") && !icl_node_is(node, "Concat")) ||
            !collect(&moves, node))
            continue;
        const struct imgcls_value_info *out = node->outputs[0];
        int64_t count = imgcls_count(out->rank, out->dims) / moves.width;
        int64_t *index = find_rows(&moves, count);
        status = index ? replace(&moves, index, count) : icl_alloc_status(graph->ctx);
        icl_free(graph->ctx, index);
        if (status != IMGCLS_OK)
            return status;
        ++*changes;
    }
    if (status == IMGCLS_OK && *changes > before) {
        icl_graph_sweep(graph);
        status = icl_graph_sort(graph);
    }
    return status;
}
