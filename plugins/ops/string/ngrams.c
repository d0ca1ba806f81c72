/*
 * plugins/ops/string/ngrams.c - TfIdfVectorizer: how often known n-grams occur in a row
 *
 * The pool is a table by hash, made when the plan is made: each n-gram of a row is looked
 * up once. Tokens are integers or texts; both are hashed alone first, so that an n-gram's
 * hash is made of its tokens'.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "text.h"

#define TOKENS (OP_INDEXES | OP_BIT(IMGCLS_STRING))
#define NONE   SIZE_MAX

enum mode { MODE_TF, MODE_IDF, MODE_TFIDF };

struct pool {
    const struct imgcls_attr *tokens; /* ints or strings */
    const int64_t *starts, *places;   /* ngram_counts, ngram_indexes */
    const float *weights;             /* NULL: all 1 */
    size_t start_count, gram_count;
    int64_t shortest, longest, skips, columns;
    enum mode mode;
    size_t *slots, slot_mask; /* of the table: number of an n-gram, or NONE */
    size_t *first, *length;   /* of n-gram i: its first token, and how many it has */
};

/* -- tokens -------------------------------------------------------------------------*/

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t hash_text(const struct imgcls_string *text)
{
    uint64_t hash = text->length;
    size_t i;
    for (i = 0; i < text->length; i++)
        hash = mix(hash, (unsigned char)text->bytes[i]);
    return hash;
}

static uint64_t pool_hash(const struct pool *pool, size_t token)
{
    return pool->tokens->kind == IMGCLS_ATTR_INTS
               ? (uint64_t)pool->tokens->ints[token]
               : hash_text(&pool->tokens->strings[token]);
}
static uint64_t row_hash(const struct imgcls_tensor *in, int64_t token)
{
    return in->type == IMGCLS_STRING ? hash_text(string_at(in, token))
                                     : (uint64_t)op_int_at(in, token);
}
static bool same_token(const struct pool *pool, size_t a, const struct imgcls_tensor *in,
                       int64_t b)
{
    const struct imgcls_string *x, *y;
    if (in->type != IMGCLS_STRING)
        return pool->tokens->ints[a] == op_int_at(in, b);
    x = &pool->tokens->strings[a];
    y = string_at(in, b);
    return x->length == y->length &&
           (x->length == 0 || !memcmp(x->bytes, y->bytes, x->length));
}

/* -- the pool -----------------------------------------------------------------------*/

static void pool_release(const struct imgcls_host *host, void *state)
{
    struct pool *pool = state;
    if (pool) {
        host->release(host, pool->slots);
        host->release(host, pool->first);
        host->release(host, pool->length);
    }
    host->release(host, pool);
}

/* What the attributes say, checked for sense; no table yet. */
static imgcls_status pool_read(const struct imgcls_host *host,
                               const struct imgcls_node *node, struct pool *pool)
{
    const struct imgcls_attr *ints = host->attr(host, node, "pool_int64s");
    const struct imgcls_attr *strings = host->attr(host, node, "pool_strings");
    const struct imgcls_attr *weights = host->attr(host, node, "weights");
    const char *mode = host->attr_string(host, node, "mode", "");
    size_t i;
    pool->tokens = strings && strings->count > 0 ? strings : ints ? ints : strings;
    pool->start_count = host->attr_ints(host, node, "ngram_counts", &pool->starts);
    pool->gram_count = host->attr_ints(host, node, "ngram_indexes", &pool->places);
    pool->shortest = host->attr_int(host, node, "min_gram_length", 0);
    pool->longest = host->attr_int(host, node, "max_gram_length", 0);
    pool->skips = host->attr_int(host, node, "max_skip_count", 0);
    pool->mode = !strcmp(mode, "TF")    ? MODE_TF
                 : !strcmp(mode, "IDF") ? MODE_IDF
                                        : MODE_TFIDF;
    if (pool->mode == MODE_TFIDF && strcmp(mode, "TFIDF") != 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "mode is '%s', not TF, IDF or TFIDF",
                       mode);
    if (!pool->tokens || (ints && strings && ints->count > 0 && strings->count > 0) ||
        pool->tokens->kind !=
            (pool->tokens == ints ? IMGCLS_ATTR_INTS : IMGCLS_ATTR_STRINGS))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "one of pool_int64s and pool_strings must be there");
    if (pool->shortest < 1 || pool->longest < pool->shortest || pool->skips < 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "n-grams of %lld to %lld with %lld skips", (long long)pool->shortest,
                       (long long)pool->longest, (long long)pool->skips);
    if (weights &&
        (weights->kind != IMGCLS_ATTR_FLOATS || weights->count != pool->gram_count))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%zu weights for %zu n-grams",
                       weights->count, pool->gram_count);
    pool->weights = weights && pool->mode != MODE_TF ? weights->floats : NULL;
    for (i = 0; i < pool->gram_count; i++) {
        if (pool->places[i] < 0 || pool->places[i] == INT64_MAX)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "ngram_indexes[%zu] is %lld", i,
                           (long long)pool->places[i]);
        if (pool->places[i] >= pool->columns)
            pool->columns = pool->places[i] + 1;
    }
    return IMGCLS_OK;
}

/* Where each n-gram lies among the tokens. */
static imgcls_status pool_divide(const struct imgcls_host *host,
                                 const struct imgcls_node *node, struct pool *pool)
{
    size_t length, gram = 0;
    pool->first = host->alloc(host, pool->gram_count + 1, sizeof *pool->first);
    pool->length = host->alloc(host, pool->gram_count + 1, sizeof *pool->length);
    if (!pool->first || !pool->length)
        return IMGCLS_NO_MEMORY;
    for (length = 1; length <= pool->start_count; length++) {
        const int64_t begin = pool->starts[length - 1];
        const int64_t end = length < pool->start_count ? pool->starts[length]
                                                       : (int64_t)pool->tokens->count;
        int64_t at;
        if (begin < 0 || end < begin || end > (int64_t)pool->tokens->count ||
            (end - begin) % (int64_t)length != 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "%zu-grams from %lld to %lld of a pool of %zu", length,
                           (long long)begin, (long long)end, pool->tokens->count);
        for (at = begin; at < end; at += (int64_t)length, gram++) {
            if (gram == pool->gram_count)
                return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                               "ngram_indexes has %zu entries, the pool more n-grams",
                               gram);
            pool->first[gram] = (size_t)at;
            pool->length[gram] = length;
        }
    }
    pool->gram_count = gram;
    return IMGCLS_OK;
}

static imgcls_status pool_fill(const struct imgcls_host *host, struct pool *pool)
{
    size_t room = 16, gram, i;
    while (room < pool->gram_count * 2)
        room *= 2;
    pool->slots = host->alloc(host, room, sizeof *pool->slots);
    if (!pool->slots)
        return IMGCLS_NO_MEMORY;
    pool->slot_mask = room - 1;
    for (i = 0; i < room; i++)
        pool->slots[i] = NONE;
    for (gram = 0; gram < pool->gram_count; gram++) {
        uint64_t hash = pool->length[gram];
        for (i = 0; i < pool->length[gram]; i++)
            hash = mix(hash, pool_hash(pool, pool->first[gram] + i));
        for (i = (size_t)hash & pool->slot_mask; pool->slots[i] != NONE;)
            i = (i + 1) & pool->slot_mask;
        pool->slots[i] = gram;
    }
    return IMGCLS_OK;
}

static imgcls_status pool_prepare(const struct imgcls_host *host,
                                  struct imgcls_prepare *prepare)
{
    struct pool *pool = host->alloc(host, 1, sizeof *pool);
    imgcls_status status;
    if (!pool)
        return IMGCLS_NO_MEMORY;
    prepare->state = pool;
    status = pool_read(host, prepare->node, pool);
    if (status == IMGCLS_OK)
        status = pool_divide(host, prepare->node, pool);
    return status == IMGCLS_OK ? pool_fill(host, pool) : status;
}

/* -- rows ---------------------------------------------------------------------------*/

static bool same_gram(const struct pool *pool, size_t gram, size_t length,
                      const struct imgcls_tensor *in, int64_t at, int64_t step)
{
    size_t i;
    if (pool->length[gram] != length)
        return false;
    for (i = 0; i < length; i++)
        if (!same_token(pool, pool->first[gram] + i, in, at + (int64_t)i * step))
            return false;
    return true;
}

/* Counts the n-gram of tokens at, at + step, ... of the input into its column. */
static void count_gram(const struct pool *pool, const struct imgcls_tensor *in, int64_t at,
                       int64_t step, int64_t length, float *row)
{
    uint64_t hash = (uint64_t)length;
    size_t slot;
    int64_t i;
    for (i = 0; i < length; i++)
        hash = mix(hash, row_hash(in, at + i * step));
    for (slot = (size_t)hash & pool->slot_mask; pool->slots[slot] != NONE;
         slot = (slot + 1) & pool->slot_mask) {
        const size_t gram = pool->slots[slot];
        const float weight = pool->weights ? pool->weights[gram] : 1;
        if (!same_gram(pool, gram, (size_t)length, in, at, step))
            continue;
        if (pool->mode == MODE_IDF)
            row[pool->places[gram]] = weight;
        else
            row[pool->places[gram]] += weight;
    }
}

static void count_row(const struct pool *pool, const struct imgcls_tensor *in,
                      int64_t begin, int64_t count, float *row)
{
    int64_t length, step, at;
    for (length = pool->shortest; length <= pool->longest && length <= count; length++) {
        /* A single token has no gaps: it counts once. */
        const int64_t widest = length == 1 ? 1 : (count - 1) / (length - 1);
        for (step = 1; step <= widest && step - 1 <= pool->skips; step++)
            for (at = 0; at + (length - 1) * step < count; at++)
                count_gram(pool, in, begin + at, step, length, row);
    }
}

static imgcls_status ngrams_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    struct pool pool = {0};
    int64_t dims[IMGCLS_MAX_RANK] = {0};
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->rank == 0 || in->rank > 2)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 must be [C] or [N,C]");
    status = pool_read(host, infer->node, &pool);
    if (status == IMGCLS_OK && in->type != IMGCLS_UNDEFINED &&
        (in->type == IMGCLS_STRING) != (pool.tokens->kind == IMGCLS_ATTR_STRINGS))
        status = OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                         "the pool is of %s, the input is not",
                         pool.tokens->kind == IMGCLS_ATTR_STRINGS ? "texts" : "integers");
    dims[0] = in->dims[0];
    if (in->rank > 0)
        dims[in->rank - 1] = pool.columns;
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, IMGCLS_F32, in->rank, dims)
                               : status;
}

static imgcls_status ngrams_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct pool *pool = run->state;
    const struct imgcls_tensor *in = imgcls_input(run, 0), *out;
    const int64_t rows = in->rank == 2 ? in->dims[0] : 1, length = in->dims[in->rank - 1];
    const int64_t dims[2] = {in->rank == 2 ? rows : pool->columns, pool->columns};
    int64_t i;
    imgcls_status status = op_set_output(host, run, 0, IMGCLS_F32, in->rank, dims);
    out = imgcls_output(run, 0);
    if (status != IMGCLS_OK || !out || op_count(out) == 0)
        return status;
    memset(out->data, 0, (size_t)op_count(out) * sizeof(float));
    for (i = 0; i < rows; i++)
        count_row(pool, in, i * length, length, (float *)out->data + i * pool->columns);
    return IMGCLS_OK;
}

static int32_t ngrams_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, TOKENS) && op_is_plain(node);
}

static const struct imgcls_kernel ngrams_kernel = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "tf_idf_vectorizer_portable",
    .accepts = ngrams_accepts,
    .prepare = pool_prepare,
    .run = ngrams_portable,
    .release = pool_release,
};

const struct imgcls_op tf_idf_vectorizer_op =
    OP_ENTRY("TfIdfVectorizer", 9, 0, ngrams_infer, NULL, &ngrams_kernel);
