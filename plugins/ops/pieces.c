/*
 * plugins/ops/pieces.c - see pieces.h
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "pieces.h"

/* -- moving elements ----------------------------------------------------------------*/

static void move_packed(unsigned char *to, int64_t to_index, const unsigned char *from,
                        int64_t from_index, int64_t count, int bits)
{
    int64_t i;
    for (i = 0; i < count; i++)
        op_packed_set(to, bits, to_index + i, op_packed_at(from, bits, from_index + i));
}

static imgcls_status move_elements(const struct imgcls_host *host, struct imgcls_value *to,
                                   int64_t to_index, const struct imgcls_tensor *from,
                                   int64_t from_index, int64_t count)
{
    const size_t size = op_element_size(from->type);
    imgcls_status status = IMGCLS_OK;
    int64_t i;
    if (from->type == IMGCLS_STRING) {
        const struct imgcls_string *texts =
            (const struct imgcls_string *)from->data + from_index;
        for (i = 0; status == IMGCLS_OK && i < count; i++)
            status = host->value_set_string(host, to, (size_t)(to_index + i),
                                            texts[i].bytes, texts[i].length);
        return status;
    }
    if (size == 0)
        move_packed(to->tensor->data, to_index, from->data, from_index, count,
                    op_packed_bits(from->type));
    else if (count > 0)
        memcpy((char *)to->tensor->data + (size_t)to_index * size,
               (const char *)from->data + (size_t)from_index * size, (size_t)count * size);
    return status;
}

/* Elements before, and behind, an axis; both are parts of a count that was checked. */
static int64_t outer_of(const struct imgcls_tensor *tensor, int32_t axis)
{
    return imgcls_count(axis, tensor->dims);
}
static int64_t inner_of(const struct imgcls_tensor *tensor, int32_t axis)
{
    return imgcls_count(tensor->rank - axis, tensor->dims + axis);
}

imgcls_status pieces_cut(const struct imgcls_host *host, const struct imgcls_tensor *tensor,
                         int32_t axis, int64_t begin, int64_t length, bool keep,
                         struct imgcls_value **out)
{
    int64_t dims[IMGCLS_MAX_RANK + 1] = {0};
    const int64_t inner = inner_of(tensor, axis + 1);
    int64_t outer, o;
    int32_t i, rank = 0;
    imgcls_status status;
    for (i = 0; i < tensor->rank; i++) {
        if (i == axis && !keep)
            continue;
        dims[rank++] = i == axis ? length : tensor->dims[i];
    }
    status = host->value_tensor(host, tensor->type, rank, dims, out);
    outer =
        status == IMGCLS_OK && op_count((*out)->tensor) > 0 ? outer_of(tensor, axis) : 0;
    for (o = 0; status == IMGCLS_OK && o < outer; o++)
        status = move_elements(host, *out, o * length * inner, tensor,
                               (o * tensor->dims[axis] + begin) * inner, length * inner);
    if (status != IMGCLS_OK) {
        host->value_release(host, *out);
        *out = NULL;
    }
    return status;
}

/* -- joining ------------------------------------------------------------------------*/

static imgcls_status check_item(const struct imgcls_host *host,
                                const struct imgcls_node *node,
                                const struct imgcls_value *const *items, size_t i,
                                int32_t axis, bool stack)
{
    const struct imgcls_tensor *first = items[0]->tensor, *item = items[i]->tensor;
    char text[OP_SHAPE_TEXT], first_text[OP_SHAPE_TEXT];
    bool fits;
    int32_t d;
    if (!item || !first)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "item %zu is not a tensor", i);
    fits = item->type == first->type && item->rank == first->rank;
    for (d = 0; fits && d < first->rank; d++)
        fits = (d == axis && !stack) || item->dims[d] == first->dims[d];
    if (fits)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "item %zu is %s of type %d, which does not join %s of type %d", i,
                   op_shape_text(item->rank, item->dims, text, sizeof text), item->type,
                   op_shape_text(first->rank, first->dims, first_text, sizeof first_text),
                   first->type);
}

/* Shape of the joined tensor; length along the axis is the sum of the items'. */
static imgcls_status joined_shape(const struct imgcls_host *host,
                                  const struct imgcls_node *node, size_t count,
                                  const struct imgcls_value *const *items, int32_t axis,
                                  bool stack, int64_t *dims)
{
    const struct imgcls_tensor *first = items[0]->tensor;
    int32_t d, rank = 0;
    size_t i;
    for (d = 0; d < first->rank + stack; d++) {
        if (d == axis)
            dims[d] = stack ? (int64_t)count : 0;
        else
            dims[d] = first->dims[rank];
        rank += !(stack && d == axis);
    }
    for (i = 0; !stack && i < count; i++)
        if (__builtin_add_overflow(dims[axis], items[i]->tensor->dims[axis], &dims[axis]))
            return OP_FAIL(host, node, IMGCLS_LIMIT, "the joined items cannot be counted");
    if (imgcls_count(first->rank + stack, dims) < 0)
        return OP_FAIL(host, node, IMGCLS_LIMIT, "the joined items cannot be counted");
    return IMGCLS_OK;
}

imgcls_status pieces_join(const struct imgcls_host *host, const struct imgcls_run *run,
                          size_t index, size_t count,
                          const struct imgcls_value *const *items, int64_t axis, bool stack,
                          bool reverse)
{
    const struct imgcls_node *node = run->node;
    const struct imgcls_tensor *first = items[0]->tensor;
    int64_t dims[IMGCLS_MAX_RANK + 1] = {0}, at = 0, inner, outer, o;
    int32_t place;
    size_t i;
    imgcls_status status = check_item(host, node, items, 0, 0, true);
    if (status == IMGCLS_OK && first->rank + stack > IMGCLS_MAX_RANK)
        status = OP_FAIL(host, node, IMGCLS_UNSUPPORTED, "more than %d dimensions",
                         IMGCLS_MAX_RANK);
    if (status == IMGCLS_OK)
        status = op_axis(host, node, axis, first->rank + stack, &place);
    for (i = 1; status == IMGCLS_OK && i < count; i++)
        status = check_item(host, node, items, i, place, stack);
    if (status == IMGCLS_OK)
        status = joined_shape(host, node, count, items, place, stack, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, index, first->type, first->rank + stack, dims);
    if (status != IMGCLS_OK || !imgcls_output(run, index))
        return status;
    inner = imgcls_count(first->rank + stack - place - 1, dims + place + 1);
    outer = op_count(imgcls_output(run, index)) > 0 ? imgcls_count(place, dims) : 0;
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        const struct imgcls_tensor *item = items[reverse ? count - 1 - i : i]->tensor;
        const int64_t length = (stack ? 1 : item->dims[place]) * inner;
        for (o = 0; status == IMGCLS_OK && o < outer; o++)
            status = move_elements(host, run->outputs[index], o * dims[place] * inner + at,
                                   item, o * length, length);
        at += length;
    }
    return status;
}

imgcls_status pieces_put(const struct imgcls_host *host, struct imgcls_value *to,
                         int64_t index, const struct imgcls_tensor *item)
{
    return move_elements(host, to, index, item, 0, op_count(item));
}

/* -- lists and graphs ---------------------------------------------------------------*/

imgcls_status pieces_add(const struct imgcls_host *host, struct pieces *list,
                         struct imgcls_value *value)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity ? list->capacity * 2 : 8;
        struct imgcls_value **grown =
            host->alloc(host, capacity, sizeof(struct imgcls_value *));
        if (!grown)
            return IMGCLS_NO_MEMORY;
        if (list->count)
            memcpy(grown, list->values, list->count * sizeof *grown);
        host->release(host, list->values);
        list->values = grown;
        list->capacity = capacity;
    }
    list->values[list->count++] = value;
    return IMGCLS_OK;
}

void pieces_clear(const struct imgcls_host *host, struct pieces *list)
{
    size_t i;
    for (i = 0; i < list->count; i++)
        host->value_release(host, list->values[i]);
    host->release(host, list->values);
    memset(list, 0, sizeof *list);
}

imgcls_status pieces_graph(const struct imgcls_host *host, const struct imgcls_node *node,
                           const char *name, const struct imgcls_graph **out)
{
    const struct imgcls_attr *attr = host->attr(host, node, name);
    *out = NULL;
    if (!attr || attr->kind != IMGCLS_ATTR_GRAPH || attr->count != 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "attribute '%s' must be a graph",
                       name);
    *out = attr->graphs[0];
    return IMGCLS_OK;
}

size_t pieces_graph_inputs(const struct imgcls_host *host, const struct imgcls_graph *graph)
{
    size_t count = 0;
    while (host->graph_input_at(host, graph, count))
        count++;
    return count;
}

size_t pieces_graph_outputs(const struct imgcls_host *host,
                            const struct imgcls_graph *graph)
{
    size_t count = 0;
    while (host->graph_output_at(host, graph, count))
        count++;
    return count;
}
