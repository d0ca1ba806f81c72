/*
 * eval/leaderboard/filter.c - which runs conditions select
 *
 * As SQLite does with the same conditions over the view `leaderboard`: a value is compared with a
 * column of numbers as a number where it reads as one, and stands above all numbers where it does
 * not; texts are ordered byte by byte; no value passes no comparison.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/select.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_CAPACITY 64
#define WRITTEN_BITS 12 /* numbers whose text was looked at and is remembered */

enum operator { UNEQUAL, AT_MOST, AT_LEAST, EQUAL, BELOW, ABOVE, CONTAINS };
static const char *const operators[] = {"!=", "<=", ">=", "=", "<", ">", "~"};
#define OPERATORS (sizeof operators / sizeof operators[0])

struct condition {
    const char *name;                /* of the column; static */
    const struct icl_column *column; /* the piece of it that is looked at */
    enum operator operator;
    const char *value; /* borrowed from the wish */
    size_t length;
    int value_type; /* as a number where it reads as one: SQLITE_INTEGER, FLOAT or TEXT */
    union icl_column_value number;
    uint8_t *verdicts; /* of the piece's texts: 0 not asked yet, else 1 + whether it passes */
    size_t verdict_capacity;
    /* Of numbers looked for as texts, which takes long to write, and many runs share. */
    struct {
        uint64_t bits;
        uint8_t verdict;
    } *written; /* 2^WRITTEN_BITS of them */
};

/* Whether the value reads as a number, in SQLite's own judgement. */
static imgcls_status read_value(struct imgcls_board *board, struct condition *condition)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_value *value = NULL;
    imgcls_status status = icl_board_prepare(board, "SELECT ?1", &statement);
    if (status != IMGCLS_OK)
        return status;
    icl_bind_text(statement, 1, condition->value);
    if (sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_value_dup(sqlite3_column_value(statement, 0));
    if (value) {
        condition->value_type = sqlite3_value_numeric_type(value);
        if (condition->value_type == SQLITE_INTEGER)
            condition->number.integer = sqlite3_value_int64(value);
        else if (condition->value_type == SQLITE_FLOAT)
            condition->number.real = sqlite3_value_double(value);
    } else {
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a condition",
                          board->path);
    }
    sqlite3_value_free(value);
    sqlite3_finalize(statement);
    return status;
}

static imgcls_status read_condition(struct imgcls_board *board, const char *text,
                                    struct condition *out)
{
    size_t at = strcspn(text, "!<>=~"), i;
    imgcls_status status;
    for (i = 0; i < OPERATORS; i++) /* longer ones stand first where one begins another */
        if (strncmp(text + at, operators[i], strlen(operators[i])) == 0)
            break;
    if (i == OPERATORS)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT,
                        "condition '%.60s': not of the form column=value (or !=, <, <=, >, "
                        ">=, ~)",
                        text);
    out->operator = (enum operator)i;
    out->value = text + at + strlen(operators[i]);
    out->length = strlen(out->value);
    status = icl_select_column(board, text, at, &out->name);
    return status == IMGCLS_OK ? read_value(board, out) : status;
}

static unsigned char folded(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool begins_here(const char *text, const struct condition *condition)
{
    for (size_t k = 0; k < condition->length; k++)
        if (folded(text[k]) != folded(condition->value[k]))
            return false;
    return true;
}

/* Whether eight bytes may hold one that is folded to `first`, which stands in each byte of
 * `wanted`. Bit 5 tells small letters from capitals; other characters that it tells apart are
 * looked at for nothing. */
static bool may_begin(const char *text, uint64_t wanted)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t bytes;
    memcpy(&bytes, text, sizeof bytes);
    bytes = (bytes | ones << 5) ^ wanted;
    return ((bytes - ones) & ~bytes & tops) != 0;
}

static bool contains(const char *text, size_t length, const struct condition *condition)
{
    uint64_t wanted = UINT64_C(0x0101010101010101);
    size_t at = 0, end = length < condition->length ? 0 : length - condition->length + 1;
    if (condition->length == 0)
        return true;
    wanted *= (unsigned char)(*condition->value | 0x20);
    while (at < end) {
        size_t next = at + 8;
        if (next <= length && !may_begin(text + at, wanted)) {
            at = next;
            continue;
        }
        for (; at < end && at < next; at++)
            if (begins_here(text + at, condition))
                return true;
    }
    return false;
}

/* Exactly, where converting one to the other's type would round. */
static int compare_mixed(int64_t integer, double real)
{
    int64_t whole;
    if (real >= 9223372036854775808.0)
        return -1;
    if (real < -9223372036854775808.0)
        return 1;
    whole = (int64_t)real;
    if (integer != whole)
        return integer < whole ? -1 : 1;
    return (real < (double)whole) - (real > (double)whole);
}

static int compare_number(const struct condition *condition, union icl_column_value value)
{
    bool real = condition->column->kind == ICL_COLUMN_REAL;
    switch (condition->value_type) {
    case SQLITE_INTEGER:
        if (real)
            return -compare_mixed(condition->number.integer, value.real);
        return (value.integer > condition->number.integer) -
               (value.integer < condition->number.integer);
    case SQLITE_FLOAT:
        if (real)
            return (value.real > condition->number.real) -
                   (value.real < condition->number.real);
        return compare_mixed(value.integer, condition->number.real);
    default:
        return -1; /* every number comes before every text */
    }
}

/* Bit 0: what is less passes, bit 1: what is equal, bit 2: what is greater. */
static const unsigned char passing[OPERATORS] = {[UNEQUAL] = 5, [AT_MOST] = 3, [AT_LEAST] = 6,
                                                 [EQUAL] = 2,   [BELOW] = 1,   [ABOVE] = 4};

static bool order_passes(enum operator operator, int order)
{
    return passing[operator] >> (1 + (order > 0) - (order < 0)) & 1;
}

static bool text_passes(const struct condition *condition, const struct icl_column_text *text)
{
    size_t shorter = text->length < condition->length ? text->length : condition->length;
    int order;
    if (condition->operator == CONTAINS)
        return contains(text->bytes, text->length, condition);
    order = memcmp(text->bytes, condition->value, shorter);
    if (order == 0)
        order = (text->length > condition->length) - (text->length < condition->length);
    return order_passes(condition->operator, order);
}

/* As SQLite writes a number that is asked for as a text. */
static bool written_passes(const struct condition *condition, union icl_column_value value)
{
    char text[NUMBER_CAPACITY];
    uint64_t bits;
    size_t at;
    memcpy(&bits, &value, sizeof bits);
    at = bits * UINT64_C(0x9e3779b97f4a7c15) >> (64 - WRITTEN_BITS); /* 2^64 over the golden ratio */
    if (condition->written[at].verdict && condition->written[at].bits == bits)
        return condition->written[at].verdict == 2;
    if (condition->column->kind == ICL_COLUMN_REAL)
        sqlite3_snprintf(sizeof text, text, "%!.15g", value.real);
    else
        sqlite3_snprintf(sizeof text, text, "%lld", (long long)value.integer);
    condition->written[at].bits = bits;
    condition->written[at].verdict = (uint8_t)(1 + contains(text, strlen(text), condition));
    return condition->written[at].verdict == 2;
}

static bool number_passes(const struct condition *condition, union icl_column_value value)
{
    if (condition->operator == CONTAINS)
        return written_passes(condition, value);
    return order_passes(condition->operator, compare_number(condition, value));
}

static bool passes(struct condition *condition, size_t row)
{
    const struct icl_column *column = condition->column;
    union icl_column_value value = column->values[row];
    bool null = column->nulls[row];
    if (!*condition->value && condition->operator == EQUAL) /* where there is none */
        return null;
    if (!*condition->value && condition->operator == UNEQUAL)
        return !null;
    if (null)
        return false;
    if (column->kind != ICL_COLUMN_TEXT)
        return number_passes(condition, value);
    if (condition->verdicts[value.integer] == 0)
        condition->verdicts[value.integer] =
            (uint8_t)(1 + text_passes(condition, &column->texts[value.integer]));
    return condition->verdicts[value.integer] == 2;
}

/* A condition at work on what the ones before it left. */
struct filter {
    struct imgcls_board *board;
    struct condition *condition;
    struct icl_selected *selected;
    size_t seen, kept; /* of the selected runs */
};

static bool filter_wants(void *data, size_t first, size_t count)
{
    const struct filter *filter = data;
    return filter->seen < filter->selected->count &&
           filter->selected->rows[filter->seen] < first + count;
}

/* Memory for what is known of a piece's values. */
static bool prepare(struct condition *condition)
{
    const struct icl_column *piece = condition->column;
    if (piece->kind != ICL_COLUMN_TEXT) {
        if (condition->operator == CONTAINS && !condition->written)
            condition->written = calloc((size_t)1 << WRITTEN_BITS, sizeof *condition->written);
        return condition->operator != CONTAINS || condition->written;
    }
    if (condition->verdict_capacity <= piece->text_count) {
        free(condition->verdicts);
        condition->verdict_capacity = 2 * piece->text_count + 1;
        condition->verdicts = malloc(condition->verdict_capacity);
    }
    if (condition->verdicts)
        memset(condition->verdicts, 0, piece->text_count);
    else
        condition->verdict_capacity = 0;
    return condition->verdicts;
}

/* Whether a value may be compared with the condition's as two integers or two reals, and by
 * which real: most conditions on numbers, whose runs then take a few instructions each. */
static bool is_plain(const struct condition *condition, double *real)
{
    const int64_t integer = condition->number.integer, exact = INT64_C(1) << 53;
    if (condition->operator == CONTAINS || !*condition->value)
        return false;
    if (condition->column->kind == ICL_COLUMN_INTEGER)
        return condition->value_type == SQLITE_INTEGER;
    if (condition->column->kind != ICL_COLUMN_REAL)
        return false;
    if (condition->value_type == SQLITE_FLOAT)
        *real = condition->number.real;
    else if (condition->value_type == SQLITE_INTEGER && integer >= -exact && integer <= exact)
        *real = (double)integer; /* exactly */
    else
        return false;
    return true;
}

/* What is kept of the runs of a piece, without a jump that depends on them. */
static void keep_plain(struct filter *filter, const struct icl_column *piece, size_t first,
                       double real)
{
    const union icl_column_value *values = piece->values;
    const int64_t integer = filter->condition->number.integer;
    const unsigned pass = passing[filter->condition->operator];
    const bool reals = piece->kind == ICL_COLUMN_REAL;
    uint32_t *rows = filter->selected->rows;
    size_t kept = filter->kept, seen = filter->seen;
    for (; seen < filter->selected->count && rows[seen] < first + piece->count; seen++) {
        size_t at = rows[seen] - first;
        int order = reals ? (values[at].real > real) - (values[at].real < real)
                          : (values[at].integer > integer) - (values[at].integer < integer);
        rows[kept] = rows[seen];
        kept += (pass >> (1 + order) & 1) & !piece->nulls[at];
    }
    filter->kept = kept;
    filter->seen = seen;
}

static imgcls_status filter_visit(void *data, const struct icl_column *piece, size_t first)
{
    struct filter *filter = data;
    struct icl_selected *selected = filter->selected;
    double real = 0;
    filter->condition->column = piece;
    if (is_plain(filter->condition, &real)) {
        keep_plain(filter, piece, first, real);
        return IMGCLS_OK;
    }
    if (!prepare(filter->condition))
        return icl_fail(filter->board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a condition",
                        filter->board->path);
    for (; filter_wants(filter, first, piece->count); filter->seen++) {
        uint32_t row = selected->rows[filter->seen];
        selected->rows[filter->kept] = row;
        filter->kept += passes(filter->condition, row - first);
    }
    return IMGCLS_OK;
}

static imgcls_status apply(struct imgcls_board *board, struct icl_columns *columns,
                           struct condition *condition, struct icl_selected *selected)
{
    struct filter filter = {board, condition, selected, 0, 0};
    const struct icl_columns_visitor visitor = {filter_wants, filter_visit, &filter};
    imgcls_status status = icl_columns_walk(columns, condition->name, &visitor);
    selected->count = filter.kept;
    return status;
}

/* Conditions in two rounds: looking for a part of a text takes longest, and is done when the
 * others have left few. */
static imgcls_status apply_all(struct imgcls_board *board, struct icl_columns *columns,
                               struct condition *conditions, size_t count,
                               struct icl_selected *selected)
{
    imgcls_status status = IMGCLS_OK;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < count && status == IMGCLS_OK; i++)
            if ((conditions[i].operator == CONTAINS) == (round == 1))
                status = apply(board, columns, &conditions[i], selected);
    return status;
}

imgcls_status icl_filter_runs(struct imgcls_board *board, struct icl_columns *columns,
                              const char *const *where, struct icl_selected *out)
{
    size_t count = icl_columns_count(columns), condition_count = 0, i;
    struct condition *conditions;
    imgcls_status status = IMGCLS_OK;
    if (count >= UINT32_MAX)
        return icl_fail(board->ctx, IMGCLS_BAD_INPUT, "%s: %zu runs are more than can be listed",
                        board->path, count);
    while (where && where[condition_count])
        condition_count++;
    out->rows = malloc((count + 1) * sizeof *out->rows);
    conditions = calloc(condition_count + 1, sizeof *conditions);
    if (!out->rows || !conditions) {
        free(conditions);
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu runs",
                        board->path, count);
    }
    for (i = 0; i < count; i++)
        out->rows[i] = (uint32_t)i;
    out->count = count;
    for (i = 0; i < condition_count && status == IMGCLS_OK; i++)
        status = read_condition(board, where[i], &conditions[i]);
    if (status == IMGCLS_OK)
        status = apply_all(board, columns, conditions, condition_count, out);
    for (i = 0; i < condition_count; i++) {
        free(conditions[i].verdicts);
        free(conditions[i].written);
    }
    free(conditions);
    return status;
}
