/*
 * plugins/ops/ml/trees.c - every road through a decision tree ends
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "trees.h"

enum mark { UNSEEN, FOLLOWED, ENDED };

imgcls_status trees_check_roads(const struct imgcls_host *host, const struct imgcls_node *node,
                                const void *nodes, size_t count,
                                void (*roads_from)(const void *nodes, size_t at, size_t next[2]),
                                const size_t *roots, size_t root_count)
{
    unsigned char *marks = host->alloc(host, count, 1);
    size_t *stack = host->alloc(host, count + 1, sizeof *stack), depth = 0, r, k;
    imgcls_status status = marks && stack ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    for (r = 0; status == IMGCLS_OK && r < root_count; r++) {
        if (marks[roots[r]] == UNSEEN)
            stack[depth++] = roots[r];
        while (status == IMGCLS_OK && depth > 0) {
            const size_t at = stack[depth - 1], before = depth;
            size_t next[2];
            roads_from(nodes, at, next);
            marks[at] = FOLLOWED;
            for (k = 0; status == IMGCLS_OK && k < 2 && depth == before; k++) {
                if (next[k] == TREE_END)
                    continue;
                if (marks[next[k]] == FOLLOWED)
                    status = OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                                     "entry %zu of the nodes leads back to entry %zu", at,
                                     next[k]);
                else if (marks[next[k]] == UNSEEN)
                    stack[depth++] = next[k];
            }
            if (depth == before) {
                marks[at] = ENDED;
                depth--;
            }
        }
    }
    host->release(host, marks);
    host->release(host, stack);
    return status;
}
