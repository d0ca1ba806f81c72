/*
 * src/passes/heads.c - multi-head attention written out in nodes becomes
 * imgcls.HeadAttention
 *
 *     MatMul(q, k') [* or / number] [+ addend]... -> Softmax -> MatMul(, v)
 *
 * with reshapes of the batch dimensions anywhere between, as windows with a mask have them.
 * q, k and v are followed back through the Splits, Transposes and Reshapes that made heads
 * of them (view.c), so that the kernel reads the projection's result in place; the result
 * is followed forward through the Transpose and Reshape that make tokens of heads again, so
 * that it writes tokens in place. Scores are never whole in memory.
 *
 * The node's attributes hold numbers that shapes decide: a plan's graph alone has it, never
 * a file. Not here: arithmetic (plugins/kernels/heads.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <string.h>

#include "src/passes/rows.h"
#include "src/passes/view.h"
#include "src/registry/registry.h"
#include "src/tensor/tensor.h"

#define GRID_MAX    6 /* of the operator */
#define ADDENDS_MAX 4
#define CHAIN_MAX   8 /* nodes behind the result */

/* What was found around one Softmax. */
struct match {
    struct icl_node *scores, *softmax, *last; /* last: whose output the new node gives */
    struct icl_view q, k, v, y, addends[ADDENDS_MAX];
    size_t addend_count;
    double scale;
    bool divide;
    int32_t grid_rank;
    int64_t grid[IMGCLS_MAX_RANK];
    int64_t queries, keys, depth, width;
};

/* The value has one reader and is no output. */
static bool is_inner(const struct icl_value *value)
{
    return value && !value->is_output && icl_value_uses(value) == 1 &&
           icl_value_is_static(value);
}

static struct icl_node *reader_of(const struct icl_value *value)
{
    return value->uses ? value->uses->node : NULL;
}

/* The finest batch dimensions that were met become the grid, without dimensions of 1. */
static void offer_grid(struct match *match, const struct icl_value *value)
{
    int32_t rank = 0;
    int64_t dims[IMGCLS_MAX_RANK];
    for (int32_t i = 0; i + 2 < value->info.rank; i++)
        if (value->info.dims[i] != 1)
            dims[rank++] = value->info.dims[i];
    if (rank <= match->grid_rank)
        return;
    match->grid_rank = rank;
    memcpy(match->grid, dims, (size_t)rank * sizeof *dims);
}

/* A matrix at the end, batch dimensions before it: keeps the last two dimensions. */
static bool keeps_matrix(const struct icl_value *from, const struct icl_value *to)
{
    const struct imgcls_value_info *a = &from->info, *b = &to->info;
    return a->rank >= 2 && b->rank >= 2 && a->dims[a->rank - 1] == b->dims[b->rank - 1] &&
           a->dims[a->rank - 2] == b->dims[b->rank - 2];
}

/* One number that the scores are multiplied or divided by: the scores' own value. */
static struct icl_value *take_scale(struct match *match, const struct icl_node *node)
{
    struct icl_value *a = icl_node_input(node, 0), *b = icl_node_input(node, 1);
    bool divides = icl_node_is(node, "Div");
    if ((!divides && !icl_node_is(node, "Mul")) || node->node.input_count != 2 || !a || !b)
        return NULL;
    match->divide = divides;
    if (icl_value_scalar(b, &match->scale))
        return a;
    return !divides && icl_value_scalar(a, &match->scale) ? b : NULL;
}

/* Whether a value is scores: made, through reshapes, numbers and sums, by a MatMul. */
static bool leads_to_product(const struct icl_value *value, int depth)
{
    const struct icl_node *node = value ? value->producer : NULL;
    double number;
    if (!node || depth > CHAIN_MAX || !is_inner(value))
        return false;
    if (icl_node_is(node, "MatMul"))
        return true;
    if (icl_node_renames(node))
        return leads_to_product(icl_node_input(node, 0), depth + 1);
    if (icl_node_is(node, "Mul") || icl_node_is(node, "Div"))
        return leads_to_product(
            icl_node_input(node, icl_value_scalar(icl_node_input(node, 0), &number)),
            depth + 1);
    return icl_node_is(node, "Add") &&
           (leads_to_product(icl_node_input(node, 0), depth + 1) ||
            leads_to_product(icl_node_input(node, 1), depth + 1));
}

static bool take_addend(struct match *match, const struct icl_value *sum,
                        struct icl_value *addend)
{
    if (match->addend_count == ADDENDS_MAX || !icl_value_is_static(addend) ||
        addend->info.type != sum->info.type)
        return false;
    /* met from the last to the first, added the other way round */
    memmove(match->addends + 1, match->addends,
            match->addend_count++ * sizeof *match->addends);
    icl_view_whole(addend, &match->addends[0]);
    return icl_view_broadcast(&match->addends[0], sum->info.rank, sum->info.dims);
}

/* From the Softmax back to the MatMul of q and k. */
static bool find_scores(struct match *match)
{
    struct icl_value *value = icl_node_input(match->softmax, 0);
    bool scaled = false;
    match->scale = 1;
    for (int i = 0; i < 2 * CHAIN_MAX; i++) {
        struct icl_node *node = is_inner(value) ? value->producer : NULL;
        struct icl_value *from = NULL;
        if (!node || node->removed || node->graph != value->graph ||
            !keeps_matrix(value, icl_node_output(match->softmax, 0)))
            return false;
        offer_grid(match, value);
        if (icl_node_is(node, "MatMul")) {
            match->scores = node;
            return node->node.epilogue_count == 0;
        }
        if (icl_node_renames(node)) {
            from = icl_node_input(node, 0);
        } else if (!scaled && icl_node_is(node, "Add") && node->node.input_count == 2) {
            struct icl_value *a = icl_node_input(node, 0), *b = icl_node_input(node, 1);
            bool first = a && b && a != b && leads_to_product(a, 0);
            from = first ? a : b;
            if (!from || !is_inner(from) || !take_addend(match, value, first ? b : a))
                return false;
        } else if (!scaled) {
            scaled = true;
            from = take_scale(match, node);
        }
        /* an addend may be larger than the scores: then they are repeated */
        if (!from || !icl_value_is_static(from) ||
            imgcls_count(from->info.rank, from->info.dims) !=
                imgcls_count(value->info.rank, value->info.dims))
            return false;
        value = from;
    }
    return false;
}

/* From the Softmax on to the MatMul with v. */
static struct icl_node *find_product(struct match *match)
{
    struct icl_value *value = icl_node_output(match->softmax, 0);
    for (int i = 0; i < CHAIN_MAX; i++) {
        struct icl_node *node = is_inner(value) ? reader_of(value) : NULL;
        if (!node || node->removed || node->graph != match->softmax->graph ||
            icl_node_input(node, 0) != value || node->node.epilogue_count > 0)
            return NULL;
        offer_grid(match, value);
        if (icl_node_is(node, "MatMul"))
            return node;
        struct icl_value *next = icl_node_output(node, 0);
        if (!icl_node_renames(node) || !icl_value_is_static(next) ||
            !keeps_matrix(value, next))
            return NULL;
        value = next;
    }
    return NULL;
}

/* Where the elements of `value` are in the output of `chain`'s last node. */
static bool trace_back(struct icl_node *const *chain, int length, struct icl_value *value,
                       struct icl_view *view)
{
    icl_view_whole(length ? icl_node_output(chain[length - 1], 0) : value, view);
    for (int i = length; i-- > 0;) {
        const struct icl_value *from = icl_node_input(chain[i], 0);
        int64_t perm[IMGCLS_MAX_RANK], back[IMGCLS_MAX_RANK];
        if (icl_node_renames(chain[i])) {
            if (!icl_view_reshape(view, from->info.rank, from->info.dims))
                return false;
            continue;
        }
        if (!icl_transpose_perm(chain[i], view->rank, perm))
            return false;
        for (int32_t k = 0; k < view->rank; k++)
            back[perm[k]] = k;
        icl_view_permute(view, back);
    }
    return true;
}

/* Dimensions of the grid, then the matrix. */
static bool onto_grid(const struct match *match, int64_t rows, int64_t columns,
                      struct icl_view *view)
{
    int64_t dims[IMGCLS_MAX_RANK];
    memcpy(dims, match->grid, sizeof dims);
    dims[match->grid_rank] = rows;
    dims[match->grid_rank + 1] = columns;
    return icl_view_reshape(view, match->grid_rank + 2, dims);
}

/* The result, and the renaming behind it as far as it can be written in place. */
static bool find_result(struct match *match, struct icl_node *product)
{
    struct icl_value *value = icl_node_output(product, 0), *result = value;
    struct icl_node *chain[CHAIN_MAX];
    int length = 0;
    while (length < CHAIN_MAX && is_inner(value)) {
        struct icl_node *node = reader_of(value);
        if (node->removed || node->graph != product->graph ||
            (!icl_node_renames(node) && !icl_node_is(node, "Transpose")) ||
            icl_node_input(node, 0) != value ||
            !icl_value_is_static(icl_node_output(node, 0)))
            break;
        chain[length++] = node;
        value = icl_node_output(node, 0);
    }
    for (; length >= 0; length--)
        if (trace_back(chain, length, result, &match->y) &&
            onto_grid(match, match->queries, match->width, &match->y)) {
            match->last = length ? chain[length - 1] : product;
            return true;
        }
    return false;
}

/* An operand of a MatMul as a view over all batch dimensions of its output. */
static bool operand_of(const struct icl_node *product, size_t input, bool scaled,
                       struct icl_view *view)
{
    struct icl_value *value = icl_node_input(product, input);
    const struct imgcls_value_info *out = product->node.outputs[0];
    int64_t dims[IMGCLS_MAX_RANK];
    if (!icl_value_is_static(value) || value->info.rank < 2 || out->rank < 2 ||
        value->info.type != out->type)
        return false;
    icl_view_of(value, scaled, view);
    memcpy(dims, out->dims, sizeof dims);
    dims[out->rank - 2] = value->info.dims[value->info.rank - 2];
    dims[out->rank - 1] = value->info.dims[value->info.rank - 1];
    return icl_view_broadcast(view, out->rank, dims);
}

static bool is_last_axis(const struct icl_node *softmax)
{
    const struct imgcls_attr *axis = icl_node_attr(&softmax->node, "axis");
    const struct icl_value *in = icl_node_input(softmax, 0);
    return in && icl_value_is_static(in) && in->info.rank >= 3 &&
           icl_type_is_float(in->info.type) && softmax->node.epilogue_count == 0 &&
           !icl_node_attr(&softmax->node, "imgcls_flatten") &&
           (!axis || axis->i == -1 || axis->i == in->info.rank - 1);
}

static bool find(struct icl_node *softmax, struct match *match)
{
    memset(match, 0, sizeof *match);
    match->softmax = softmax;
    struct icl_node *product = is_last_axis(softmax) ? find_product(match) : NULL;
    if (!product || !find_scores(match) || !operand_of(match->scores, 0, true, &match->q) ||
        !operand_of(match->scores, 1, true, &match->k) ||
        !operand_of(product, 1, false, &match->v) || product->node.outputs[0]->rank < 3)
        return false;
    offer_grid(match, icl_node_output(product, 0));
    match->queries = match->q.dims[match->q.rank - 2];
    match->depth = match->q.dims[match->q.rank - 1];
    match->keys = match->v.dims[match->v.rank - 2];
    match->width = match->v.dims[match->v.rank - 1];
    if (match->grid_rank > GRID_MAX || match->keys != match->k.dims[match->k.rank - 1] ||
        match->queries < 1 || match->keys < 1 || match->depth < 1 || match->width < 1)
        return false;
    for (size_t i = 0; i < match->addend_count; i++)
        if (!onto_grid(match, match->queries, match->keys, &match->addends[i]))
            return false;
    return onto_grid(match, match->queries, match->depth, &match->q) &&
           onto_grid(match, match->depth, match->keys, &match->k) &&
           onto_grid(match, match->keys, match->width, &match->v) &&
           find_result(match, product);
}

/* ---- The node
 * ---------------------------------------------------------------------------*/

static imgcls_status set_ints(struct icl_node *node, const char *name, size_t count,
                              const int64_t *ints)
{
    struct imgcls_attr attr = {.struct_size = sizeof attr,
                               .name = name,
                               .kind = IMGCLS_ATTR_INTS,
                               .count = count,
                               .ints = ints};
    return icl_node_set_attr(node, &attr);
}

static imgcls_status set_float(struct icl_node *node, const char *name, double number)
{
    struct imgcls_attr attr = {.struct_size = sizeof attr,
                               .name = name,
                               .kind = IMGCLS_ATTR_FLOAT,
                               .f = (float)number};
    return icl_node_set_attr(node, &attr);
}

/* Offset, strides over the grid, and those of the matrix, which k has the other way round.
 */
static imgcls_status set_view(struct icl_node *node, const char *name,
                              const struct icl_view *view, bool turned)
{
    int64_t ints[IMGCLS_MAX_RANK + 1] = {view->offset};
    int32_t rank = view->rank;
    memcpy(ints + 1, view->strides, (size_t)rank * sizeof *ints);
    if (turned) {
        ints[rank] = view->strides[rank - 2];
        ints[rank - 1] = view->strides[rank - 1];
    }
    return set_ints(node, name, (size_t)rank + 1, ints);
}

static imgcls_status describe(const struct match *match, struct icl_node *node)
{
    static const char *const names[ADDENDS_MAX] = {"a0", "a1", "a2", "a3"};
    const struct imgcls_value_info *out = match->last->node.outputs[0];
    int64_t sizes[] = {match->queries, match->keys, match->depth, match->width};
    struct imgcls_attr divide = {.struct_size = sizeof divide,
                                 .name = "divide",
                                 .kind = IMGCLS_ATTR_INT,
                                 .i = match->divide};
    imgcls_status status = set_ints(node, "shape", (size_t)out->rank, out->dims);
    if (status == IMGCLS_OK)
        status = set_ints(node, "batch", (size_t)match->grid_rank, match->grid);
    if (status == IMGCLS_OK)
        status = set_ints(node, "sizes", 4, sizes);
    if (status == IMGCLS_OK)
        status = set_view(node, "q", &match->q, false);
    if (status == IMGCLS_OK)
        status = set_view(node, "k", &match->k, true);
    if (status == IMGCLS_OK)
        status = set_view(node, "v", &match->v, false);
    if (status == IMGCLS_OK)
        status = set_view(node, "y", &match->y, false);
    for (size_t i = 0; status == IMGCLS_OK && i < match->addend_count; i++)
        status = set_view(node, names[i], &match->addends[i], false);
    if (status == IMGCLS_OK)
        status = set_float(node, "q_scale", match->q.scale);
    if (status == IMGCLS_OK)
        status = set_float(node, "k_scale", match->k.scale);
    if (status == IMGCLS_OK)
        status = set_float(node, "scale", match->scale);
    return status == IMGCLS_OK && match->divide ? icl_node_set_attr(node, &divide) : status;
}

static imgcls_status replace(struct imgcls_graph *graph, const struct match *match)
{
    const char *outputs[] = {""},
               *inputs[3 + ADDENDS_MAX] = {match->q.root->name, match->k.root->name,
                                           match->v.root->name};
    struct icl_node *made;
    for (size_t i = 0; i < match->addend_count; i++)
        inputs[3 + i] = match->addends[i].root->name;
    imgcls_status status =
        icl_graph_add_node(graph, "imgcls", "HeadAttention", match->softmax->name,
                           3 + match->addend_count, inputs, 1, outputs, &made);
    if (status != IMGCLS_OK)
        return status;
    made->node.version = 1;
    status = describe(match, made);
    return status == IMGCLS_OK ? icl_node_take_output(match->last, made) : status;
}

/* Asked only where a match was found, for it loads the plugin. Where that is not there, or
 * is disabled, nodes stay as they are. */
static bool is_offered(struct imgcls_graph *graph, imgcls_status *status)
{
    struct icl_registry *registry;
    *status = icl_context_registry(graph->ctx, &registry);
    return *status == IMGCLS_OK &&
           icl_registry_op(registry, "imgcls", "HeadAttention", 1) != NULL;
}

imgcls_status icl_pass_fuse_heads(struct imgcls_graph *graph, size_t *changes)
{
    imgcls_status status = IMGCLS_OK;
    size_t count = graph->node_count, before = *changes;
    for (size_t i = 0; status == IMGCLS_OK && i < count; i++) {
        struct match match;
        if (graph->nodes[i]->removed || !icl_node_is(graph->nodes[i], "Softmax") ||
            !find(graph->nodes[i], &match))
            continue;
        if (*changes == before && !is_offered(graph, &status))
            return status;
        status = replace(graph, &match);
        ++*changes;
    }
    return status == IMGCLS_OK && *changes > before ? icl_graph_drop_dead(graph) : status;
}
