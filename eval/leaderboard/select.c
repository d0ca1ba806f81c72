/*
 * eval/leaderboard/select.c - which runs, in which order
 *
 * Answers as SQLite does to the same conditions (filter.c) and order over the view `leaderboard`:
 * texts are ordered byte by byte, no value comes last. tests/leaderboard/select_test.c asks both.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/select.h"

#include "eval/leaderboard/text.h"

#include <stdlib.h>
#include <string.h>

imgcls_status icl_select_column(struct imgcls_board *board, const char *name, size_t length,
                                const char **out)
{
    struct icl_text all = {0};
    imgcls_status status;
    size_t i;
    while (length > 0 && name[0] == ' ') {
        name++;
        length--;
    }
    while (length > 0 && name[length - 1] == ' ')
        length--;
    *out = icl_columns_name(name, length);
    if (*out)
        return IMGCLS_OK;
    for (i = 0; i < icl_columns_known(); i++)
        icl_text_format(&all, "%s%s", i ? ", " : "", icl_columns_known_name(i));
    status = icl_fail(board->ctx, IMGCLS_BAD_INPUT, "column '%.*s': none of %s",
                      (int)(length < 60 ? length : 60), name,
                      all.bytes ? all.bytes : "the leaderboard's");
    icl_text_clear(&all);
    return status;
}

/* ---- Order ------------------------------------------------------------------------------*/

#define SAMPLES 16

/* A run with what its first column is ordered by, as far as eight bytes tell. */
struct keyed {
    uint64_t key;
    uint32_t row; /* its number among those that were selected */
    bool null;
};

/* By columns of the runs that were selected alone: number 0 is the first of these. */
struct order {
    struct icl_column *columns; /* own, both */
    bool *falls;                /* own */
    size_t count;
    size_t skip; /* bytes that all texts of the first column begin with */
    bool exact;  /* equal keys of the first column are equal values */
};

static void order_clear(struct order *order)
{
    for (size_t i = 0; order->columns && i < order->count; i++)
        icl_column_clear(&order->columns[i]);
    free(order->columns);
    free(order->falls);
}

/* Times of one year begin alike, paths of one machine too. */
static size_t common_beginning(const struct icl_column *column)
{
    size_t common, i, k;
    if (column->kind != ICL_COLUMN_TEXT || column->text_count == 0)
        return 0;
    common = column->texts[0].length;
    for (i = 1; i < column->text_count && common > 0; i++) {
        const struct icl_column_text *text = &column->texts[i];
        common = text->length < common ? text->length : common;
        for (k = 0; k < common && text->bytes[k] == column->texts[0].bytes[k];)
            k++;
        common = k;
    }
    return common;
}

/* "top1,desc;model" */
static imgcls_status read_order(struct imgcls_board *board, struct icl_columns *columns,
                                const char *sort, const struct icl_selected *selected,
                                struct order *order)
{
    size_t most = 1, i;
    for (i = 0; sort[i]; i++)
        most += sort[i] == ';';
    order->columns = calloc(most, sizeof *order->columns);
    order->falls = calloc(most, sizeof *order->falls);
    if (!order->columns || !order->falls)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for an order",
                        board->path);
    while (*sort) {
        size_t length = strcspn(sort, ";"), name_length = strcspn(sort, ",;");
        const char *name, *way = sort + name_length;
        bool falls = false;
        imgcls_status status = icl_select_column(board, sort, name_length, &name);
        if (status == IMGCLS_OK && name_length < length) {
            size_t size = length - name_length;
            falls = size == 5 && strncmp(way, ",desc", 5) == 0;
            if (!falls && !(size == 4 && strncmp(way, ",asc", 4) == 0))
                status = icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                                  "sort '%.*s': a column may be followed by ,asc or ,desc",
                                  (int)(length < 60 ? length : 60), sort);
        }
        if (status != IMGCLS_OK)
            return status;
        order->falls[order->count++] = falls;
        status = icl_columns_pick(board, columns, name, selected->rows, selected->count,
                                  &order->columns[order->count - 1]);
        if (status != IMGCLS_OK)
            return status;
        sort += length + (sort[length] == ';');
    }
    order->exact = order->count > 0 && order->columns[0].kind != ICL_COLUMN_TEXT;
    order->skip = order->count > 0 ? common_beginning(&order->columns[0]) : 0;
    return IMGCLS_OK;
}

/* Rises where the value of the first column does: eight bytes that order like integers, reals, or
 * what texts go on with. */
static uint64_t key_of(const struct order *order, size_t row)
{
    const struct icl_column *column = &order->columns[0];
    const uint64_t sign = UINT64_C(1) << 63;
    union icl_column_value value = column->values[row];
    uint64_t key = 0;
    if (column->kind == ICL_COLUMN_REAL) {
        value.real += 0.0; /* one zero */
        memcpy(&key, &value, sizeof key);
        return key & sign ? ~key : key | sign;
    }
    if (column->kind == ICL_COLUMN_TEXT) {
        const struct icl_column_text *text = &column->texts[value.integer];
        for (size_t i = order->skip; i < order->skip + 8; i++)
            key = key << 8 | (i < text->length ? (unsigned char)text->bytes[i] : 0);
        return key;
    }
    return (uint64_t)value.integer ^ sign;
}

static bool comes_before(const struct order *order, const struct keyed *a,
                         const struct keyed *b)
{
    size_t i;
    if (a->null != b->null)
        return b->null;
    if (a->key != b->key)
        return a->key < b->key;
    for (i = order->exact; i < order->count; i++) {
        const struct icl_column *column = &order->columns[i];
        bool x = column->nulls[a->row], y = column->nulls[b->row];
        int way = x || y ? 0 : icl_column_compare(column, a->row, b->row);
        if (x != y)
            return y;
        if (way != 0)
            return order->falls[i] ? way > 0 : way < 0;
    }
    return a->row < b->row;
}

/* Lets the item at `at` sink to its place in a heap whose root comes last of all. */
static void sink(const struct order *order, struct keyed *heap, size_t count, size_t at)
{
    struct keyed item = heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            break;
        if (child + 1 < count && comes_before(order, &heap[child], &heap[child + 1]))
            child++;
        if (!comes_before(order, &item, &heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = item;
}

static struct keyed keyed_of(const struct order *order, uint32_t row)
{
    const struct icl_column *first = order->count > 0 ? &order->columns[0] : NULL;
    struct keyed item = {.row = row, .null = first && first->nulls[row]};
    if (first && !item.null)
        item.key = order->falls[0] ? ~key_of(order, row) : key_of(order, row);
    return item;
}

/* Whether what comes first is rather found at the end: times rise with the runs, say. Of equal
 * runs the earlier comes first, so that from behind each would take the place of the last. */
static bool is_better_from_behind(const struct order *order,
                                  const struct icl_selected *selected)
{
    size_t step = selected->count / (2 * SAMPLES), i, better = 0;
    for (i = 0; step > 0 && i < SAMPLES; i++) {
        struct keyed early = keyed_of(order, (uint32_t)(i * step));
        struct keyed late = keyed_of(order, (uint32_t)(selected->count - 1 - i * step));
        better += (early.null != late.null || early.key != late.key) &&
                  comes_before(order, &late, &early);
    }
    return better > SAMPLES / 2;
}

/* The first `limit` of the rows in order: a heap holds the best so far, then is taken apart. */
static imgcls_status sort_rows(struct imgcls_board *board, const struct order *order,
                               size_t limit, struct icl_selected *selected)
{
    size_t size = selected->count < limit ? selected->count : limit, i;
    struct keyed *heap = malloc((size + 1) * sizeof *heap);
    uint32_t *sorted = malloc((size + 1) * sizeof *sorted);
    bool back = is_better_from_behind(order, selected);
    if (!heap || !sorted) {
        free(heap);
        free(sorted);
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu runs",
                        board->path, size);
    }
    for (i = 0; i < selected->count && size > 0; i++) {
        struct keyed item =
            keyed_of(order, (uint32_t)(back ? selected->count - 1 - i : i));
        if (i < size) {
            heap[i] = item;
            for (size_t at = size / 2; i + 1 == size && at-- > 0;)
                sink(order, heap, size, at);
        } else if (comes_before(order, &item, &heap[0])) {
            heap[0] = item;
            sink(order, heap, size, 0);
        }
    }
    for (i = size; i-- > 0;) {
        sorted[i] = selected->rows[heap[0].row];
        heap[0] = heap[i];
        sink(order, heap, i, 0);
    }
    free(selected->rows);
    selected->rows = sorted;
    selected->count = size;
    free(heap);
    return IMGCLS_OK;
}

imgcls_status icl_select_runs(struct imgcls_board *board, struct icl_columns *columns,
                              const struct imgcls_board_selection *wish,
                              struct icl_selected *out)
{
    struct order order = {0};
    imgcls_status status;
    *out = (struct icl_selected){0};
    status = icl_filter_runs(board, columns, wish->where, out);
    if (status == IMGCLS_OK)
        status = read_order(board, columns, wish->sort ? wish->sort : "top1,desc", out, &order);
    if (status == IMGCLS_OK)
        status = sort_rows(board, &order, wish->limit > 0 ? (size_t)wish->limit : SIZE_MAX,
                           out);
    order_clear(&order);
    if (status != IMGCLS_OK) {
        free(out->rows);
        *out = (struct icl_selected){0};
    }
    return status;
}
