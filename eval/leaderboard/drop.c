/*
 * eval/leaderboard/drop.c - what lower precision costs: children against their parents
 *
 * A child's parent is the model that it was made from, as convert recorded it; where that says
 * nothing, the model of the same name but for an ending that names a precision. Only newest
 * runs count (those that none supersedes).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/sides.h"
#include "eval/leaderboard/cells.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What tells children and parents, of every newest run. */
static const char wanted[] =
    "run,model,dataset_sha256,model_sha256,parent_sha256,weights_type,precision";
enum { RUN, MODEL, SET, SHA, PARENT, TYPE, PRECISION, WIDTH };

/* What is said of the few that are one or the other. */
static const char told[] = "SELECT dataset, top1, model_bytes, images_per_second, cpu, threads, "
                           "batch FROM leaderboard WHERE run = ?1";
enum { DATASET, TOP1, BYTES, RATE, CPU, THREADS, BATCH };

struct entry {
    const struct imgcls_board_cell *cells;
    char *base; /* own: name in lower case, without a precision's ending */
    int rank;   /* of the narrower of weights and arithmetic */
    /* What is sorted by, for cells lie far apart in memory. */
    const char *set, *sha256;
    int64_t run;
};

/* A listing that is being made. */
struct listing {
    struct imgcls_board *board;
    sqlite3_stmt *tell; /* told */
    struct imgcls_board_rows *rows;
};

static const struct {
    const char *word;
    int rank;
} ranks[] = {
    /* The longer of two that end alike first. */
    {"bfloat16", 2}, {"float16", 2}, {"float32", 3}, {"float64", 4}, {"uint8", 1},
    {"int8", 1},     {"int4", 0},    {"uint4", 0},   {"fp16", 2},    {"fp32", 3},
    {"bf16", 2},     {"half", 2},    {"f16", 2},     {"f32", 3},     {"f64", 4},
    {"i8", 1},       {"u8", 1},      {"q8", 1},      {"q4", 0},
};

#define RANK_MAX 4

static const char *text_of(const struct imgcls_board_cell *cell)
{
    return cell->kind == IMGCLS_CELL_TEXT ? cell->text : "";
}

static int rank_of(const char *word)
{
    size_t i;
    for (i = 0; i < sizeof ranks / sizeof ranks[0]; i++)
        if (strcmp(ranks[i].word, word) == 0)
            return ranks[i].rank;
    return strncmp(word, "float8", 6) == 0 ? 1 : 3;
}

/* May it be a child? */
static bool is_narrow(const struct entry *entry)
{
    return entry->rank < 3 || *text_of(&entry->cells[PARENT]);
}

/* "ResNet50-FP16" becomes "resnet50". Own: free. */
static char *base_of(const char *name)
{
    char *base = strdup(name);
    size_t length, i;
    for (i = 0; base && base[i]; i++)
        base[i] = (char)tolower((unsigned char)base[i]);
    length = base ? strlen(base) : 0;
    for (i = 0; base && i < sizeof ranks / sizeof ranks[0]; i++) {
        size_t size = strlen(ranks[i].word);
        if (length > size + 1 && strcmp(base + length - size, ranks[i].word) == 0 &&
            strchr("-_.", base[length - size - 1])) {
            base[length - size - 1] = '\0';
            break;
        }
    }
    return base;
}

static int text_order(const char *a, const char *b)
{
    return a == b ? 0 : strcmp(a, b); /* equal ones are mostly the same */
}

static int by_set_and_base(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = text_order(x->set, y->set);
    if (order == 0)
        order = strcmp(x->base, y->base);
    if (order == 0)
        order = y->rank - x->rank; /* widest first */
    if (order == 0) /* newest first */
        order = x->run > y->run ? -1 : 1;
    return order;
}

/* Order of entries by hash, then widest first, then as they stand. */
static int by_hash(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a;
    const struct entry *y = *(const struct entry *const *)b;
    int order = text_order(x->sha256, y->sha256);
    if (order == 0)
        order = y->rank - x->rank;
    return order ? order : (x > y) - (x < y);
}

/* The first of the entries of a hash and rank; NULL: none. `hashed` is in the order above. */
static const struct entry *find_made(const struct entry *const *hashed, size_t count,
                                     const char *sha256, int rank)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(hashed[middle]->sha256, sha256);
        if (order < 0 || (order == 0 && hashed[middle]->rank > rank))
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && hashed[low]->rank == rank &&
                   strcmp(hashed[low]->sha256, sha256) == 0
               ? hashed[low]
               : NULL;
}

/* The parent's newest run over the same set: by the recorded hash, else by name; `first` is the
 * first, and thereby widest, of the child's name. */
static const struct entry *find_parent(const struct entry *const *hashed, size_t count,
                                       const struct entry *first, const struct entry *child)
{
    const char *parent = text_of(&child->cells[PARENT]);
    const struct entry *made = NULL;
    for (int rank = child->rank + 1; *parent && rank <= RANK_MAX; rank++) {
        const struct entry *e = find_made(hashed, count, parent, rank);
        if (e && (!made || e < made))
            made = e;
    }
    if (made)
        return made;
    return first->rank > child->rank ? first : NULL;
}

static double number_of(const struct imgcls_board_cell *cell)
{
    if (cell->kind == IMGCLS_CELL_REAL)
        return cell->real;
    return cell->kind == IMGCLS_CELL_INTEGER ? (double)cell->integer : NAN;
}

/* What is told of a run. Own: imgcls_board_rows_destroy. */
static imgcls_status tell(struct listing *listing, const struct entry *entry,
                          struct imgcls_board_rows **out)
{
    imgcls_status status;
    sqlite3_reset(listing->tell);
    sqlite3_bind_int64(listing->tell, 1, entry->run);
    status = icl_board_collect(listing->board, listing->tell, ICL_LIST_BYTES_MAX, out);
    if (status == IMGCLS_OK && (*out)->row_count != 1)
        status = icl_fail(listing->board->ctx, IMGCLS_BAD_INPUT,
                          "%s: damaged: a block names run %lld, which is not there",
                          listing->board->path, (long long)entry->run);
    return status;
}

static bool same_machine(const struct imgcls_board_cell *a, const struct imgcls_board_cell *b)
{
    return strcmp(text_of(&a[CPU]), text_of(&b[CPU])) == 0 &&
           a[THREADS].integer == b[THREADS].integer && a[BATCH].integer == b[BATCH].integer;
}

/* What the narrower of weights and arithmetic is called. */
static const char *precision_of(const struct entry *entry)
{
    const char *weights = text_of(&entry->cells[TYPE]);
    const char *arithmetic = text_of(&entry->cells[PRECISION]);
    return *weights && rank_of(weights) < rank_of(arithmetic) ? weights : arithmetic;
}

static imgcls_status append_told(struct listing *listing, const struct entry *child,
                                 const struct entry *parent, const struct imgcls_board_cell *mine,
                                 const struct imgcls_board_cell *its)
{
    struct imgcls_board_comparison *c = NULL;
    bool timed = same_machine(mine, its);
    imgcls_status status = imgcls_board_compare(listing->board, parent->run, child->run, &c);
    if (status == IMGCLS_BAD_INPUT) /* recorded without answers: the rates still stand */
        icl_forgive(listing->board->ctx);
    else if (status != IMGCLS_OK)
        return status;
    const struct imgcls_board_cell cells[] = {
        child->cells[RUN],
        parent->cells[RUN],
        child->cells[MODEL],
        mine[DATASET],
        icl_cell_text(precision_of(child)),
        icl_cell_text(precision_of(parent)),
        mine[TOP1],
        its[TOP1],
        icl_cell_real(number_of(&mine[TOP1]) - number_of(&its[TOP1])),
        icl_cell_known(c ? c->only_first_right : -1),
        icl_cell_known(c ? c->only_second_right : -1),
        icl_cell_real(c ? c->p_value : NAN),
        icl_cell_real(number_of(&mine[BYTES]) / number_of(&its[BYTES])),
        icl_cell_real(timed ? number_of(&mine[RATE]) / number_of(&its[RATE]) : NAN),
    };
    status = icl_board_rows_append(listing->board, listing->rows, cells);
    imgcls_board_comparison_destroy(c);
    return status;
}

static imgcls_status append(struct listing *listing, const struct entry *child,
                            const struct entry *parent)
{
    struct imgcls_board_rows *mine = NULL, *its = NULL;
    imgcls_status status = tell(listing, child, &mine);
    if (status == IMGCLS_OK)
        status = tell(listing, parent, &its);
    if (status == IMGCLS_OK)
        status = append_told(listing, child, parent, mine->cells, its->cells);
    imgcls_board_rows_destroy(mine);
    imgcls_board_rows_destroy(its);
    return status;
}

/* Children of one data set: each newest run of a model once. */
static imgcls_status list_set(struct listing *listing, const struct entry *entries, size_t count)
{
    const struct entry **hashed = calloc(count + 1, sizeof *hashed);
    const struct entry *first = entries;
    imgcls_status status = IMGCLS_OK;
    size_t i;
    if (!hashed)
        return icl_fail(listing->board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu runs",
                        listing->board->path, count);
    for (i = 0; i < count; i++)
        hashed[i] = &entries[i];
    qsort(hashed, count, sizeof *hashed, by_hash);
    for (i = 0; i < count && status == IMGCLS_OK; i++) {
        const struct entry *parent;
        if (strcmp(first->base, entries[i].base) != 0)
            first = &entries[i];
        if (!is_narrow(&entries[i]))
            continue;
        parent = find_parent(hashed, count, first, &entries[i]);
        if (parent)
            status = append(listing, &entries[i], parent);
    }
    free(hashed);
    return status;
}

static imgcls_status read_entries(struct imgcls_board *board,
                                  const struct imgcls_board_rows *all, struct entry *entries,
                                  bool *any)
{
    *any = false;
    for (size_t i = 0; i < all->row_count; i++) {
        const struct imgcls_board_cell *cells = &all->cells[i * WIDTH];
        int weights = *text_of(&cells[TYPE]) ? rank_of(text_of(&cells[TYPE])) : 3;
        int arithmetic = rank_of(text_of(&cells[PRECISION]));
        entries[i] = (struct entry){.cells = cells,
                                    .base = base_of(text_of(&cells[MODEL])),
                                    .rank = weights < arithmetic ? weights : arithmetic,
                                    .set = text_of(&cells[SET]),
                                    .sha256 = text_of(&cells[SHA]),
                                    .run = cells[RUN].integer};
        if (!entries[i].base)
            return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu runs",
                            board->path, all->row_count);
        *any = *any || is_narrow(&entries[i]);
    }
    return IMGCLS_OK;
}

static imgcls_status list_all(struct listing *listing, const struct imgcls_board_rows *all)
{
    struct entry *entries = calloc(all->row_count + 1, sizeof *entries);
    imgcls_status status;
    size_t i, end;
    bool any;
    if (!entries)
        return icl_fail(listing->board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu runs",
                        listing->board->path, all->row_count);
    status = read_entries(listing->board, all, entries, &any);
    if (status == IMGCLS_OK && any)
        qsort(entries, all->row_count, sizeof *entries, by_set_and_base);
    for (i = 0; i < all->row_count && status == IMGCLS_OK && any; i = end) {
        for (end = i + 1;
             end < all->row_count && text_order(entries[i].set, entries[end].set) == 0;)
            end++;
        status = list_set(listing, entries + i, end - i);
    }
    for (i = 0; i < all->row_count; i++)
        free(entries[i].base);
    free(entries);
    return status;
}

imgcls_status imgcls_board_drop(struct imgcls_board *board, struct imgcls_board_rows **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    static const char *const columns[] = {"run", "parent", "model", "dataset", "precision",
                                          "parent_precision", "top1", "parent_top1", "change",
                                          "only_parent_right", "only_child_right", "p_value",
                                          "size_ratio", "speed_ratio", NULL};
    static const char *const newest[] = {"superseded_by=", NULL};
    struct imgcls_board_selection wish = {
        .struct_size = sizeof wish, .columns = wanted, .where = newest, .sort = "run"};
    struct imgcls_board_rows *all = NULL;
    struct listing listing = {.board = board};
    imgcls_status status = imgcls_board_list(board, &wish, &all);
    *out = NULL;
    if (status == IMGCLS_OK)
        status = icl_board_prepare(board, told, &listing.tell);
    if (status == IMGCLS_OK)
        status = icl_board_rows_create(board, columns, out);
    listing.rows = *out;
    if (status == IMGCLS_OK)
        status = list_all(&listing, all);
    sqlite3_finalize(listing.tell);
    if (status != IMGCLS_OK) {
        imgcls_board_rows_destroy(*out);
        *out = NULL;
    }
    imgcls_board_rows_destroy(all);
    return status;
}
