/*
 * plugins/ops/pieces.h - tensors cut along an axis and joined along one, and lists of
 * values
 *
 * What sequences and loops do to tensors: a part becomes a value of its own, and values
 * become one tensor. Elements are moved, never looked at: any type, strings and packed ones
 * too.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_PIECES_H
#define OPS_PIECES_H

#include "op.h"

/* Elements [begin, begin + length) of an axis; without the axis where keep is false (length
 * is 1 then). Row-major; the caller has checked the range. Own: value_release. */
imgcls_status pieces_cut(const struct imgcls_host *host, const struct imgcls_tensor *tensor,
                         int32_t axis, int64_t begin, int64_t length, bool keep,
                         struct imgcls_value **out);

/* Output `index` becomes the items one behind the other along an axis; stack: along a new
 * one, of one place for each item. Items must be tensors of one type and of fitting shapes,
 * which is checked, and so is the axis. There must be an item. `reverse` puts the last one
 * first. */
imgcls_status pieces_join(const struct imgcls_host *host, const struct imgcls_run *run,
                          size_t index, size_t count,
                          const struct imgcls_value *const *items, int64_t axis, bool stack,
                          bool reverse);

/* Elements [index, index + count of item) of `to` become the item's. Same type; the range
 * has been checked. */
imgcls_status pieces_put(const struct imgcls_host *host, struct imgcls_value *to,
                         int64_t index, const struct imgcls_tensor *item);

/* A list that owns its values; begins as zeros. */
struct pieces {
    struct imgcls_value **values;
    size_t count, capacity;
};
/* Takes the value over on success. */
imgcls_status pieces_add(const struct imgcls_host *host, struct pieces *list,
                         struct imgcls_value *value);
void pieces_clear(const struct imgcls_host *host, struct pieces *list);

/* The inner graph that the attribute holds; a message where there is none. */
imgcls_status pieces_graph(const struct imgcls_host *host, const struct imgcls_node *node,
                           const char *name, const struct imgcls_graph **out);
/* How many inputs or outputs a graph has. */
size_t pieces_graph_inputs(const struct imgcls_host *host,
                           const struct imgcls_graph *graph);
size_t pieces_graph_outputs(const struct imgcls_host *host,
                            const struct imgcls_graph *graph);

#endif
