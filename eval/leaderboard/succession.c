/*
 * eval/leaderboard/succession.c - which runs follow each other
 *
 * Every run gets the number of its subject, and of its subject and machine, a column at a time;
 * then one look at the runs finds the two newest of each. Mostly times rise with the numbers of
 * runs, and then they are not kept.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/succession.h"

#include <stdlib.h>
#include <string.h>

static imgcls_status no_memory(struct imgcls_board *board)
{
    return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to follow its runs",
                    board->path);
}

/* ---- Numbers for what is equal ----------------------------------------------------------*/

/* Gives each value a number, in order of appearance. */
struct numbering {
    struct numbered {
        uint64_t value;
        uint32_t number; /* + 1; 0: free */
    } *slots;            /* own; `size` of them, a power of two */
    size_t size, count;
};

static struct numbered *find_slot(const struct numbering *numbering, uint64_t value)
{
    uint64_t hash = value * UINT64_C(0x9e3779b97f4a7c15); /* 2^64 over the golden ratio */
    size_t at = (hash ^ hash >> 32) & (numbering->size - 1);
    while (numbering->slots[at].number && numbering->slots[at].value != value)
        at = (at + 1) & (numbering->size - 1);
    return &numbering->slots[at];
}

static bool grow(struct numbering *numbering)
{
    struct numbering larger = {.size = numbering->size ? 2 * numbering->size : 1024,
                               .count = numbering->count};
    larger.slots = calloc(larger.size, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < numbering->size; i++)
        if (numbering->slots[i].number)
            *find_slot(&larger, numbering->slots[i].value) = numbering->slots[i];
    free(numbering->slots);
    *numbering = larger;
    return true;
}

/* ICL_NO_RUN: no memory. */
static uint32_t number_of(struct numbering *numbering, uint64_t value)
{
    struct numbered *slot;
    if (2 * numbering->count >= numbering->size && !grow(numbering))
        return ICL_NO_RUN;
    slot = find_slot(numbering, value);
    if (!slot->number)
        *slot = (struct numbered){value, (uint32_t)++numbering->count};
    return slot->number - 1;
}

/* Gives each text a number of its own. */
struct lexicon {
    struct entry {
        char *bytes; /* own; NULL: free */
        size_t length;
        uint32_t number;
    } *slots; /* own; `size` of them, a power of two */
    size_t size, count;
};

static void lexicon_clear(struct lexicon *lexicon)
{
    for (size_t i = 0; i < lexicon->size; i++)
        free(lexicon->slots[i].bytes);
    free(lexicon->slots);
}

static struct entry *find_entry(const struct lexicon *lexicon, const char *bytes,
                                size_t length)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a, 64 bits */
    size_t at;
    for (size_t k = 0; k < length; k++)
        hash = (hash ^ (unsigned char)bytes[k]) * UINT64_C(1099511628211);
    at = (hash ^ hash >> 32) & (lexicon->size - 1);
    while (lexicon->slots[at].bytes &&
           (lexicon->slots[at].length != length ||
            memcmp(lexicon->slots[at].bytes, bytes, length) != 0))
        at = (at + 1) & (lexicon->size - 1);
    return &lexicon->slots[at];
}

static bool grow_lexicon(struct lexicon *lexicon)
{
    struct lexicon larger = {.size = lexicon->size ? 2 * lexicon->size : 256,
                             .count = lexicon->count};
    larger.slots = calloc(larger.size, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < lexicon->size; i++)
        if (lexicon->slots[i].bytes)
            *find_entry(&larger, lexicon->slots[i].bytes, lexicon->slots[i].length) =
                lexicon->slots[i];
    free(lexicon->slots);
    *lexicon = larger;
    return true;
}

/* ICL_NO_RUN: no memory. */
static uint32_t look_up(struct lexicon *lexicon, const struct icl_column_text *text)
{
    struct entry *entry;
    if (2 * lexicon->count >= lexicon->size && !grow_lexicon(lexicon))
        return ICL_NO_RUN;
    entry = find_entry(lexicon, text->bytes, text->length);
    if (!entry->bytes) {
        entry->bytes = malloc(text->length + 1);
        if (!entry->bytes)
            return ICL_NO_RUN;
        memcpy(entry->bytes, text->bytes, text->length);
        entry->length = text->length;
        entry->number = (uint32_t)lexicon->count++;
    }
    return entry->number;
}

/* ---- Groups -----------------------------------------------------------------------------*/

/* Runs that agree in the columns so far have the same number, below `range`; ICL_NO_GROUP where one
 * of them has no value. */
struct groups {
    uint64_t *of; /* own; of each run */
    uint64_t range;
};

#define ICL_NO_GROUP UINT64_MAX
#define RANGE_MAX (UINT64_C(1) << 31) /* so that two of them fit */
#define SMALL 4096                    /* numbers below are values of their own */

/* Makes groups finer by one more column. */
struct refining {
    struct imgcls_board *board;
    uint32_t *values; /* of each run: of equal values the same; ICL_NO_RUN: none */
    struct numbering numbers;
    struct lexicon texts;
    uint32_t *words; /* own; numbers of the piece's texts + 1, as far as they were needed */
    size_t word_capacity;
};

static bool prepare_words(struct refining *refining, size_t count)
{
    if (refining->word_capacity < count) {
        free(refining->words);
        refining->word_capacity = 0;
        refining->words = malloc(count * sizeof *refining->words);
        if (!refining->words)
            return false;
        refining->word_capacity = count;
    }
    if (count > 0)
        memset(refining->words, 0, count * sizeof *refining->words);
    return true;
}

/* False: no memory. */
static bool value_of(struct refining *refining, const struct icl_column *piece, size_t i,
                     uint32_t *out)
{
    uint64_t value = (uint64_t)piece->values[i].integer;
    if (piece->kind == ICL_COLUMN_TEXT) {
        uint32_t *word = &refining->words[value];
        if (*word == 0)
            *word = look_up(&refining->texts, &piece->texts[value]) + 1;
        *out = *word - 1;
    } else {
        *out = value < SMALL ? (uint32_t)value : number_of(&refining->numbers, value);
        if (value >= SMALL && *out != ICL_NO_RUN)
            *out += SMALL;
    }
    return *out != ICL_NO_RUN;
}

static imgcls_status value_piece(void *data, const struct icl_column *piece, size_t first)
{
    struct refining *refining = data;
    if (!prepare_words(refining, piece->text_count))
        return no_memory(refining->board);
    for (size_t i = 0; i < piece->count; i++) {
        uint32_t *value = &refining->values[first + i];
        *value = ICL_NO_RUN;
        if (!piece->nulls[i] && !value_of(refining, piece, i, value))
            return no_memory(refining->board);
    }
    return IMGCLS_OK;
}

/* Numbers without gaps, and thereby fewer. */
static imgcls_status renumber(struct imgcls_board *board, struct groups *groups, size_t runs)
{
    struct numbering numbering = {0};
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < runs && status == IMGCLS_OK; i++) {
        uint32_t number;
        if (groups->of[i] == ICL_NO_GROUP)
            continue;
        number = number_of(&numbering, groups->of[i]);
        groups->of[i] = number;
        if (number == ICL_NO_RUN)
            status = no_memory(board);
    }
    groups->range = numbering.count;
    free(numbering.slots);
    return status;
}

static imgcls_status refine(struct imgcls_board *board, struct icl_columns *columns,
                            const char *name, uint32_t *values, struct groups *groups)
{
    struct refining refining = {.board = board, .values = values};
    const struct icl_columns_visitor visitor = {NULL, value_piece, &refining};
    size_t runs = icl_columns_count(columns), i;
    imgcls_status status = icl_columns_walk(columns, name, &visitor);
    uint64_t range = refining.texts.count ? refining.texts.count
                                          : SMALL + refining.numbers.count;
    if (status == IMGCLS_OK && groups->range > RANGE_MAX)
        status = renumber(board, groups, runs);
    for (i = 0; i < runs && status == IMGCLS_OK; i++)
        groups->of[i] = groups->of[i] == ICL_NO_GROUP || values[i] == ICL_NO_RUN
                            ? ICL_NO_GROUP
                            : groups->of[i] * range + values[i];
    groups->range *= range;
    free(refining.numbers.slots);
    free(refining.words);
    lexicon_clear(&refining.texts);
    return status;
}

/* ---- The newest of each -----------------------------------------------------------------*/

struct search {
    struct imgcls_board *board;
    struct icl_column_text since; /* length 0: not asked for */
    int64_t since_run;
    const struct icl_column *runs; /* their numbers */
    /* When runs were recorded, unless times rise with the runs. */
    const struct icl_column *times;
    /* If they do, the last one that was looked at; own. */
    char *last;
    size_t last_length;
    bool rises;
    uint8_t *fresh; /* own; of each run, whether it is new */
};

static int compare_texts(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

/* Looks whether times rise, and which runs are new. */
static imgcls_status visit_times(void *data, const struct icl_column *piece, size_t first)
{
    struct search *search = data;
    const char *last = search->last ? search->last : "";
    size_t length = search->last_length;
    if (piece->kind != ICL_COLUMN_TEXT || memchr(piece->nulls, 1, piece->count))
        return icl_fail(search->board->ctx, IMGCLS_BAD_INPUT,
                        "%s: damaged: a run was recorded at no time", search->board->path);
    for (size_t i = 0; i < piece->count; i++) {
        const struct icl_column_text *time = &piece->texts[piece->values[i].integer];
        int order = 1;
        search->rises =
            search->rises && compare_texts(last, length, time->bytes, time->length) <= 0;
        last = time->bytes;
        length = time->length;
        if (search->since.length > 0)
            order = compare_texts(last, length, search->since.bytes, search->since.length);
        search->fresh[first + i] =
            order > 0 || (order == 0 && search->runs->values[first + i].integer >=
                                            search->since_run);
    }
    last = strndup(last, length); /* its piece goes */
    free(search->last);
    search->last = (char *)last;
    search->last_length = length;
    return last ? IMGCLS_OK : no_memory(search->board);
}

/* The newest run of a group, and the one that it is held against. */
struct latest {
    uint32_t runs[2];
};

/* `run` is the later of the two by number. */
static bool is_newer(const struct search *search, uint32_t run, uint32_t other)
{
    return other == ICL_NO_RUN || !search->times ||
           icl_column_compare(search->times, run, other) >= 0;
}

static void offer(const struct search *search, struct latest *latest, uint32_t run)
{
    uint32_t *runs = latest->runs;
    if (search->since.length > 0) { /* the newest of those that are new, and of the others */
        int place = search->fresh[run] ? 0 : 1;
        if (is_newer(search, run, runs[place]))
            runs[place] = run;
    } else if (is_newer(search, run, runs[0])) {
        runs[1] = runs[0];
        runs[0] = run;
    } else if (is_newer(search, run, runs[1])) {
        runs[1] = run;
    }
}

/* Of every group. Own: free; NULL: no memory. */
static struct latest *find_latest(const struct search *search, const struct groups *groups,
                                  size_t runs)
{
    struct latest *latest = malloc((size_t)(groups->range + 1) * sizeof *latest);
    size_t i;
    for (i = 0; latest && i < groups->range; i++)
        latest[i] = (struct latest){{ICL_NO_RUN, ICL_NO_RUN}};
    for (i = 0; latest && i < runs; i++)
        if (groups->of[i] != ICL_NO_GROUP)
            offer(search, &latest[groups->of[i]], (uint32_t)i);
    return latest;
}

/* groups: subjects, and with machines. */
static imgcls_status pick_pairs(const struct search *search, const struct groups groups[2],
                                size_t runs, struct icl_succession **out, size_t *count)
{
    struct icl_succession *items = calloc((size_t)groups[0].range + 1, sizeof *items);
    struct latest *latest = find_latest(search, &groups[0], runs);
    struct latest *timed = find_latest(search, &groups[1], runs);
    bool room = items && latest && timed;
    *out = items;
    for (size_t i = 0; room && i < groups[0].range; i++) {
        uint32_t now = latest[i].runs[0], before = latest[i].runs[1];
        if (now == ICL_NO_RUN || before == ICL_NO_RUN)
            continue;
        items[*count] = (struct icl_succession){now, before, ICL_NO_RUN};
        if (groups[1].of[now] != ICL_NO_GROUP)
            items[*count].timed = timed[groups[1].of[now]].runs[1];
        ++*count;
    }
    free(latest);
    free(timed);
    return room ? IMGCLS_OK : no_memory(search->board);
}

static imgcls_status find_groups(struct imgcls_board *board, struct icl_columns *columns,
                                 struct groups groups[2])
{
    static const char *const subject[] = {"model", "dataset_id", "recipe", "precision"};
    static const char *const machine[] = {"cpu", "threads", "batch"};
    size_t runs = icl_columns_count(columns), i;
    uint32_t *values = malloc((runs + 1) * sizeof *values);
    imgcls_status status = IMGCLS_OK;
    groups[0].of = calloc(runs + 1, sizeof *groups[0].of);
    groups[1].of = malloc((runs + 1) * sizeof *groups[1].of);
    if (!groups[0].of || !groups[1].of || !values || runs >= RANGE_MAX)
        status = no_memory(board);
    groups[0].range = 1;
    for (i = 0; i < 4 && status == IMGCLS_OK; i++)
        status = refine(board, columns, subject[i], values, &groups[0]);
    if (status == IMGCLS_OK)
        status = renumber(board, &groups[0], runs);
    if (status == IMGCLS_OK)
        memcpy(groups[1].of, groups[0].of, runs * sizeof *groups[0].of);
    groups[1].range = groups[0].range;
    for (i = 0; i < 3 && status == IMGCLS_OK; i++)
        status = refine(board, columns, machine[i], values, &groups[1]);
    if (status == IMGCLS_OK)
        status = renumber(board, &groups[1], runs);
    free(values);
    return status;
}

imgcls_status icl_successions_find(struct imgcls_board *board, struct icl_columns *columns,
                                   const char *time, int64_t run, struct icl_succession **out,
                                   size_t *count)
{
    struct groups groups[2] = {{0}};
    size_t runs = icl_columns_count(columns);
    struct search search = {.board = board, .since = {time, strlen(time)}, .since_run = run,
                            .rises = true, .fresh = malloc(runs + 1)};
    const struct icl_columns_visitor visitor = {NULL, visit_times, &search};
    imgcls_status status = search.fresh ? IMGCLS_OK : no_memory(board);
    *out = NULL;
    *count = 0;
    if (status == IMGCLS_OK)
        status = icl_columns_get(columns, "run", &search.runs);
    if (status == IMGCLS_OK)
        status = icl_columns_walk(columns, "recorded_at", &visitor);
    if (status == IMGCLS_OK && !search.rises)
        status = icl_columns_get(columns, "recorded_at", &search.times);
    if (status == IMGCLS_OK)
        status = find_groups(board, columns, groups);
    if (status == IMGCLS_OK)
        status = pick_pairs(&search, groups, runs, out, count);
    free(groups[0].of);
    free(groups[1].of);
    free(search.fresh);
    free(search.last);
    return status;
}
