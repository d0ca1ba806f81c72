/*
 * src/plan/offsets.c - places for blocks of bytes that live for a while
 *
 * Greedy by size, best fit: the largest block first, each into the smallest gap left
 * between the blocks that live at the same time, else behind the last of them. On the
 * networks here that comes within a few percent of the largest sum of live bytes, which
 * bounds it below.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/offsets.h"

#include <stdlib.h>
#include <string.h>

static int by_size(const void *left, const void *right)
{
    const struct icl_interval *a = *(struct icl_interval *const *)left;
    const struct icl_interval *b = *(struct icl_interval *const *)right;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    if (a->born != b->born)
        return a->born < b->born ? -1 : 1;
    return a < b ? -1 : a > b; /* same array: a fixed order */
}

/* The smallest gap that takes `bytes` among placed blocks (sorted by offset) that live
 * while `item` does; false on overflow. */
static bool best_offset(struct icl_interval *const *placed, size_t count,
                        const struct icl_interval *item, size_t bytes, size_t *offset)
{
    size_t cursor = 0, best_gap = SIZE_MAX, best = SIZE_MAX, end;
    for (size_t i = 0; i < count; i++) {
        const struct icl_interval *other = placed[i];
        if (other->last < item->born || item->last < other->born)
            continue;
        size_t gap = other->offset > cursor ? other->offset - cursor : 0;
        if (gap >= bytes && gap < best_gap) {
            best_gap = gap;
            best = cursor;
        }
        end = other->offset + other->bytes;
        if (!icl_add_size(end, ICL_ARENA_ALIGNMENT - 1, &end))
            return false;
        end -= end % ICL_ARENA_ALIGNMENT;
        if (end > cursor)
            cursor = end;
    }
    *offset = best != SIZE_MAX ? best : cursor;
    return icl_add_size(*offset, bytes, &end);
}

imgcls_status icl_offsets_place(struct imgcls_context *ctx, struct icl_interval *intervals,
                                size_t count, size_t *total)
{
    *total = 0;
    struct icl_interval **order = calloc(count + 1, sizeof *order);
    struct icl_interval **placed = calloc(count + 1, sizeof *placed);
    imgcls_status status = IMGCLS_OK;
    if (!order || !placed) {
        status = icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to place %zu values", count);
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        order[i] = &intervals[i];
    qsort(order, count, sizeof *order, by_size);
    for (size_t i = 0; i < count; i++) {
        struct icl_interval *item = order[i];
        if (!best_offset(placed, i, item, item->bytes, &item->offset)) {
            status = icl_fail(ctx, IMGCLS_LIMIT, "the arena is past any memory");
            goto done;
        }
        size_t at = i;
        while (at > 0 && placed[at - 1]->offset > item->offset) {
            placed[at] = placed[at - 1];
            at--;
        }
        placed[at] = item;
        if (item->offset + item->bytes > *total)
            *total = item->offset + item->bytes;
    }
done:
    free(placed);
    free(order);
    return status;
}
