/*
 * plugins/ops/ml/map.c - CastMap, DictVectorizer: a map becomes a tensor
 *
 * A map is a tensor of keys and its values, a tensor or a sequence of scalars. CastMap orders
 * them by key, in a row [1,N] as ONNX Runtime does, since the specification names no shape;
 * DictVectorizer gives a value the place of its key in a vocabulary, and 0 (or no text) to
 * what has no value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "ml.h"
#include "plugins/ops/element.h"

#define VALUES    (OP_FLOATS | OP_BIT(IMGCLS_I64) | OP_BIT(IMGCLS_STRING))
#define ROOM      64            /* for a number as text */
#define MOST_WIDE (INT64_C(1) << 31) /* max_map */

struct map {
    const struct imgcls_tensor *keys;
    const struct imgcls_value *values;
    size_t count;
};

static imgcls_status read_map(const struct imgcls_host *host, const struct imgcls_run *run,
                              struct map *map)
{
    const struct imgcls_value *value = run->inputs[0];
    size_t i;
    if (!value || value->kind != IMGCLS_KIND_MAP)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "input 0 must be a map");
    map->keys = value->items[0]->tensor;
    map->values = value->items[1];
    map->count = (size_t)op_count(map->keys);
    if (map->values->kind != IMGCLS_KIND_TENSOR && map->values->kind != IMGCLS_KIND_SEQUENCE)
        return OP_FAIL(host, run->node, IMGCLS_UNSUPPORTED, "values must be tensors");
    for (i = 0; map->values->kind == IMGCLS_KIND_SEQUENCE && i < map->values->count; i++)
        if (map->values->items[i]->kind != IMGCLS_KIND_TENSOR ||
            op_count(map->values->items[i]->tensor) != 1)
            return OP_FAIL(host, run->node, IMGCLS_UNSUPPORTED, "value %zu is not a scalar", i);
    i = map->values->kind == IMGCLS_KIND_SEQUENCE ? map->values->count
                                                  : (size_t)op_count(map->values->tensor);
    if (i != map->count)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "a map has %zu keys and %zu values",
                       map->count, i);
    if (!op_type_in(map->keys->type, OP_INTS | OP_BIT(IMGCLS_STRING)) ||
        (map->count > 0 && !op_type_in(map->values->type, VALUES)))
        return OP_FAIL(host, run->node, IMGCLS_UNSUPPORTED,
                       "keys must be integers or strings, values float, double, int64 or string");
    return IMGCLS_OK;
}

/* The tensor that holds value i, and where in it. */
static const struct imgcls_tensor *value_at(const struct map *map, size_t i, int64_t *at)
{
    *at = map->values->kind == IMGCLS_KIND_SEQUENCE ? 0 : (int64_t)i;
    return map->values->kind == IMGCLS_KIND_SEQUENCE ? map->values->items[i]->tensor
                                                     : map->values->tensor;
}

static imgcls_status parse(const struct imgcls_host *host, const struct imgcls_node *node,
                           const struct imgcls_string *text, bool whole, double *real,
                           int64_t *number)
{
    char copy[ROOM], *end = copy;
    const size_t length = text->length < ROOM ? text->length : ROOM - 1;
    memcpy(copy, text->length ? text->bytes : "", length);
    copy[length] = '\0';
    errno = 0;
    if (whole)
        *number = strtoll(copy, &end, 10);
    else
        *real = (double)strtof(copy, &end);
    if (text->length == length && length > 0 && *end == '\0' && (!whole || errno == 0))
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "value '%s' is not a number", copy);
}

/* Value i becomes element `at` of the output, in the output's type. */
static imgcls_status store(const struct imgcls_host *host, const struct imgcls_run *run,
                           const struct map *map, size_t i, int64_t at)
{
    struct imgcls_tensor *out = imgcls_output(run, 0);
    int64_t from_at, whole = 0;
    const struct imgcls_tensor *from = value_at(map, i, &from_at);
    const struct imgcls_string *text =
        from->type == IMGCLS_STRING ? (const struct imgcls_string *)from->data + from_at : NULL;
    char shown[ROOM * 8];
    double real = 0;
    imgcls_status status;
    if (out->type == IMGCLS_STRING) {
        if (text)
            return host->value_set_string(host, run->outputs[0], (size_t)at, text->bytes,
                                          text->length);
        if (from->type == IMGCLS_I64)
            snprintf(shown, sizeof shown, "%" PRId64, element_whole(from, from_at));
        else
            snprintf(shown, sizeof shown, "%f", element_real(from, from_at));
        return host->value_set_string(host, run->outputs[0], (size_t)at, shown, strlen(shown));
    }
    if (text) {
        status = parse(host, run->node, text, out->type == IMGCLS_I64, &real, &whole);
        if (status != IMGCLS_OK)
            return status;
        if (out->type == IMGCLS_I64)
            element_set_whole(out, at, whole);
        else
            element_set_real(out, at, real);
    } else if (from->type == IMGCLS_I64 && out->type == IMGCLS_I64) {
        element_set_whole(out, at, element_whole(from, from_at));
    } else {
        element_set_real(out, at, element_real(from, from_at));
    }
    return IMGCLS_OK;
}

static imgcls_status make_output(const struct imgcls_host *host, const struct imgcls_run *run,
                                 int32_t type, int32_t rank, const int64_t *dims)
{
    const imgcls_status status = op_set_output(host, run, 0, type, rank, dims);
    struct imgcls_tensor *out = imgcls_output(run, 0);
    if (status == IMGCLS_OK && type != IMGCLS_STRING && op_count(out) > 0)
        memset(out->data, 0, out->size_bytes);
    return status;
}

/* -- CastMap -------------------------------------------------------------------------*/

struct cast {
    int32_t type;
    bool sparse;
    int64_t width;
};

static imgcls_status read_cast(const struct imgcls_host *host, const struct imgcls_node *node,
                               struct cast *cast)
{
    static const struct {
        const char *name;
        int32_t type;
    } types[] = {{"TO_FLOAT", IMGCLS_F32}, {"TO_INT64", IMGCLS_I64}, {"TO_STRING", IMGCLS_STRING}};
    const char *to = host->attr_string(host, node, "cast_to", "TO_FLOAT");
    const char *form = host->attr_string(host, node, "map_form", "DENSE");
    size_t i;
    cast->type = IMGCLS_UNDEFINED;
    for (i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(to, types[i].name) == 0)
            cast->type = types[i].type;
    cast->sparse = strcmp(form, "SPARSE") == 0;
    cast->width = host->attr_int(host, node, "max_map", 1);
    if (cast->type == IMGCLS_UNDEFINED || (!cast->sparse && strcmp(form, "DENSE") != 0))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "cast_to '%s' with map_form '%s', known are TO_FLOAT, TO_INT64, "
                       "TO_STRING with DENSE, SPARSE",
                       to, form);
    if (cast->sparse && (cast->width < 1 || cast->width > MOST_WIDE))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "max_map is %lld",
                       (long long)cast->width);
    return IMGCLS_OK;
}

static imgcls_status cast_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    struct cast cast;
    const imgcls_status status = read_cast(host, infer->node, &cast);
    const int64_t dims[] = {1, status == IMGCLS_OK && cast.sparse ? cast.width : -1};
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, cast.type, 2, dims) : status;
}

/* An entry of a map, to be put in order of keys. */
struct entry {
    int64_t key;
    size_t at;
};
static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key)
                            : (x->at > y->at) - (x->at < y->at);
}

static imgcls_status cast_portable(const struct imgcls_host *host, const struct imgcls_run *run)
{
    struct entry *entries = NULL;
    struct cast cast;
    struct map map;
    int64_t dims[2] = {1, 0};
    size_t i;
    imgcls_status status = read_cast(host, run->node, &cast);
    if (status == IMGCLS_OK)
        status = read_map(host, run, &map);
    if (status == IMGCLS_OK && map.keys->type == IMGCLS_STRING)
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "keys must be integers");
    if (status != IMGCLS_OK)
        return status;
    dims[1] = cast.sparse ? cast.width : (int64_t)map.count;
    status = make_output(host, run, cast.type, 2, dims);
    if (status != IMGCLS_OK)
        return status;
    entries = host->alloc(host, map.count + 1, sizeof *entries);
    if (!entries)
        return IMGCLS_NO_MEMORY;
    for (i = 0; i < map.count; i++)
        entries[i] = (struct entry){element_whole(map.keys, (int64_t)i), i};
    qsort(entries, map.count, sizeof *entries, by_key);
    for (i = 0; status == IMGCLS_OK && i < map.count; i++) {
        const int64_t at = cast.sparse ? entries[i].key : (int64_t)i;
        if (at < 0 || at >= dims[1])
            status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "key %lld is outside 0..%lld",
                             (long long)at, (long long)dims[1] - 1);
        else
            status = store(host, run, &map, entries[i].at, at);
    }
    host->release(host, entries);
    return status;
}

/* -- DictVectorizer ------------------------------------------------------------------*/

struct vocabulary {
    const struct imgcls_string *texts; /* NULL: integers */
    const int64_t *numbers;
    size_t count;
};

static imgcls_status read_vocabulary(const struct imgcls_host *host,
                                     const struct imgcls_node *node, struct vocabulary *out)
{
    const struct imgcls_attr *texts = host->attr(host, node, "string_vocabulary");
    *out = (struct vocabulary){0};
    if (texts && texts->kind == IMGCLS_ATTR_STRINGS) {
        out->texts = texts->strings;
        out->count = texts->count;
    } else {
        out->count = host->attr_ints(host, node, "int64_vocabulary", &out->numbers);
    }
    if (out->count > 0)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "string_vocabulary or int64_vocabulary must be there");
}

static imgcls_status vectorizer_infer(const struct imgcls_host *host,
                                      struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    struct vocabulary vocabulary;
    int64_t dims[1];
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    status = read_vocabulary(host, infer->node, &vocabulary);
    dims[0] = (int64_t)vocabulary.count;
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, in->type, 1, dims) : status;
}

/* Position of key i in the vocabulary; its count where it has none. */
static size_t place_of(const struct vocabulary *vocabulary, const struct imgcls_tensor *keys,
                       int64_t i)
{
    size_t k;
    for (k = 0; k < vocabulary->count; k++) {
        if (vocabulary->texts) {
            const struct imgcls_string *key = (const struct imgcls_string *)keys->data + i;
            if (key->length == vocabulary->texts[k].length &&
                (key->length == 0 ||
                 memcmp(key->bytes, vocabulary->texts[k].bytes, key->length) == 0))
                break;
        } else if (element_whole(keys, i) == vocabulary->numbers[k]) {
            break;
        }
    }
    return k;
}

static imgcls_status vectorizer_portable(const struct imgcls_host *host,
                                         const struct imgcls_run *run)
{
    struct vocabulary vocabulary;
    struct map map;
    int64_t dims[1];
    size_t i;
    imgcls_status status = read_vocabulary(host, run->node, &vocabulary);
    if (status == IMGCLS_OK)
        status = read_map(host, run, &map);
    if (status == IMGCLS_OK &&
        (map.keys->type == IMGCLS_STRING) != (vocabulary.texts != NULL))
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "the vocabulary is of %s, the keys are not",
                         vocabulary.texts ? "strings" : "integers");
    dims[0] = (int64_t)vocabulary.count;
    if (status == IMGCLS_OK)
        status = make_output(host, run, map.values->type, 1, dims);
    for (i = 0; status == IMGCLS_OK && i < map.count; i++) {
        const size_t at = place_of(&vocabulary, map.keys, (int64_t)i);
        if (at == vocabulary.count)
            status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                             "key %zu of the map is not in the vocabulary", i);
        else
            status = store(host, run, &map, i, (int64_t)at);
    }
    return status;
}

static int32_t map_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_in(node, 0) != NULL && op_has_output(node, 0);
}

#define MAP(symbol, type_, infer_, kernel_, run_)                                          \
    static const struct imgcls_kernel symbol##_kernel = OP_KERNEL(kernel_, map_accepts, run_); \
    const struct imgcls_op symbol = {                                                      \
        .struct_size = sizeof(struct imgcls_op),                                           \
        .domain = "ai.onnx.ml",                                                            \
        .type = type_,                                                                     \
        .since_first = 1,                                                                  \
        .since_last = 5,                                                                   \
        .infer = infer_,                                                                   \
        .kernels = (const struct imgcls_kernel *const[]){&symbol##_kernel, NULL},          \
    }
MAP(cast_map_op, "CastMap", cast_infer, "cast_map_portable", cast_portable);
MAP(dict_vectorizer_op, "DictVectorizer", vectorizer_infer, "dict_vectorizer_portable",
    vectorizer_portable);
