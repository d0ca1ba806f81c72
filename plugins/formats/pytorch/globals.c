/*
 * plugins/formats/pytorch/globals.c - the names that a pickle may have, as kinds of data
 *
 * A name is known by module and name together, exactly: no prefixes, no submodules. What
 * follows a name (REDUCE, NEWOBJ, BUILD) is read as the data that its writer meant by it;
 * there is nothing here that could run. To admit a name, add a row.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/pytorch/pickle.h"

#include <stdio.h>
#include <string.h>

enum meaning {
    AS_STORAGE,     /* class of a storage; type is its elements' */
    AS_DTYPE,       /* an element type */
    AS_WORD,        /* a constant, as text: torch.strided */
    AS_TENSOR,      /* (storage, offset, size, stride, ...) */
    AS_TYPED,       /* the same with a dtype at 6 */
    AS_FIRST,       /* what its first argument is: parameters, int(), str() */
    AS_SUBCLASS,    /* (inner name, type, arguments, state) */
    AS_TENSOR_TYPE, /* torch.Tensor, as an argument only */
    AS_DICT,        /* () or (list of pairs) */
    AS_DEFAULTDICT, /* (class of what is missing) */
    AS_FIELDS,      /* an object whose state is a dictionary */
    AS_LIST,        /* () or (items) */
    AS_TUPLE,
    AS_OPAQUE,  /* data that nobody here reads */
    AS_GETATTR, /* of an opaque class only: data, too */
    AS_REFUSED, /* known, and not supported: `word` says what it is */
};

struct pickle_rule {
    const char *module, *name;
    enum meaning meaning;
    int32_t type;
    const char *word;
};

#define STORAGE(name, type)                                                                \
    {"torch", name, AS_STORAGE, type, NULL},                                               \
    {                                                                                      \
        "torch.cuda", name, AS_STORAGE, type, NULL                                         \
    }
#define DTYPE(name, type)                                                                  \
    {                                                                                      \
        "torch", name, AS_DTYPE, type, NULL                                                \
    }
#define BUILTIN(name, meaning)                                                             \
    {"builtins", name, meaning, 0, NULL},                                                  \
    {                                                                                      \
        "__builtin__", name, meaning, 0, NULL                                              \
    }
#define NUMPY(module, name)                                                                \
    {"numpy.core." module, name, AS_OPAQUE, 0, NULL},                                      \
    {                                                                                      \
        "numpy._core." module, name, AS_OPAQUE, 0, NULL                                    \
    }

static const struct pickle_rule rules[] = {
    STORAGE("FloatStorage", IMGCLS_F32),
    STORAGE("DoubleStorage", IMGCLS_F64),
    STORAGE("HalfStorage", IMGCLS_F16),
    STORAGE("BFloat16Storage", IMGCLS_BF16),
    STORAGE("LongStorage", IMGCLS_I64),
    STORAGE("IntStorage", IMGCLS_I32),
    STORAGE("ShortStorage", IMGCLS_I16),
    STORAGE("CharStorage", IMGCLS_I8),
    STORAGE("ByteStorage", IMGCLS_U8),
    STORAGE("BoolStorage", IMGCLS_BOOL),
    {"torch.storage", "UntypedStorage", AS_STORAGE, IMGCLS_UNDEFINED, NULL},
    DTYPE("float32", IMGCLS_F32),
    DTYPE("float64", IMGCLS_F64),
    DTYPE("float16", IMGCLS_F16),
    DTYPE("bfloat16", IMGCLS_BF16),
    DTYPE("int64", IMGCLS_I64),
    DTYPE("int32", IMGCLS_I32),
    DTYPE("int16", IMGCLS_I16),
    DTYPE("int8", IMGCLS_I8),
    DTYPE("uint8", IMGCLS_U8),
    DTYPE("uint16", IMGCLS_U16),
    DTYPE("uint32", IMGCLS_U32),
    DTYPE("uint64", IMGCLS_U64),
    DTYPE("bool", IMGCLS_BOOL),
    DTYPE("float8_e4m3fn", IMGCLS_F8E4M3FN),
    DTYPE("float8_e5m2", IMGCLS_F8E5M2),
    {"torch._utils", "_rebuild_tensor", AS_TENSOR, 0, NULL},
    {"torch._utils", "_rebuild_tensor_v2", AS_TENSOR, 0, NULL},
    {"torch._utils", "_rebuild_tensor_v3", AS_TYPED, 0, NULL},
    {"torch._utils", "_rebuild_parameter", AS_FIRST, 0, NULL},
    {"torch._utils", "_rebuild_parameter_with_state", AS_FIRST, 0, NULL},
    {"torch.nn.parameter", "Parameter", AS_FIRST, 0, NULL},
    {"torch.nn.parameter", "Buffer", AS_FIRST, 0, NULL},
    {"torch._tensor", "_rebuild_from_type_v2", AS_SUBCLASS, 0, NULL},
    {"torch", "Tensor", AS_TENSOR_TYPE, 0, NULL},
    {"torch", "Size", AS_TUPLE, 0, NULL},
    {"torch", "device", AS_FIRST, 0, NULL},
    {"torch", "strided", AS_WORD, 0, "strided"},
    {"torch", "per_tensor_affine", AS_WORD, 0, "per_tensor_affine"},
    {"torch.serialization", "_get_layout", AS_FIRST, 0, NULL},
    {"collections", "OrderedDict", AS_DICT, 0, NULL},
    {"collections", "Counter", AS_DICT, 0, NULL},
    {"collections", "defaultdict", AS_DEFAULTDICT, 0, NULL},
    BUILTIN("dict", AS_DICT),
    BUILTIN("set", AS_LIST),
    BUILTIN("frozenset", AS_LIST),
    BUILTIN("list", AS_LIST),
    BUILTIN("tuple", AS_TUPLE),
    BUILTIN("int", AS_FIRST),
    BUILTIN("long", AS_FIRST),
    BUILTIN("float", AS_FIRST),
    BUILTIN("bool", AS_FIRST),
    BUILTIN("str", AS_FIRST),
    BUILTIN("unicode", AS_FIRST),
    BUILTIN("bytes", AS_OPAQUE),
    BUILTIN("bytearray", AS_OPAQUE),
    BUILTIN("complex", AS_OPAQUE),
    BUILTIN("slice", AS_OPAQUE),
    BUILTIN("getattr", AS_GETATTR),
    {"argparse", "Namespace", AS_FIELDS, 0, NULL},
    {"types", "SimpleNamespace", AS_FIELDS, 0, NULL},
    {"yacs.config", "CfgNode", AS_FIELDS, 0, NULL},
    {"easydict", "EasyDict", AS_FIELDS, 0, NULL},
    {"addict.addict", "Dict", AS_FIELDS, 0, NULL},
    {"mmcv.utils.config", "ConfigDict", AS_FIELDS, 0, NULL},
    {"mmengine.config.config", "ConfigDict", AS_FIELDS, 0, NULL},
    {"pytorch_lightning.utilities.parsing", "AttributeDict", AS_FIELDS, 0, NULL},
    {"lightning_fabric.utilities.data", "AttributeDict", AS_FIELDS, 0, NULL},
    {"lightning.fabric.utilities.data", "AttributeDict", AS_FIELDS, 0, NULL},
    {"_codecs", "encode", AS_OPAQUE, 0, NULL},
    {"numpy", "dtype", AS_OPAQUE, 0, NULL},
    {"numpy", "ndarray", AS_OPAQUE, 0, NULL},
    NUMPY("multiarray", "scalar"),
    NUMPY("multiarray", "_reconstruct"),
    NUMPY("numeric", "_frombuffer"),
    {"datetime", "datetime", AS_OPAQUE, 0, NULL},
    {"datetime", "date", AS_OPAQUE, 0, NULL},
    {"datetime", "timedelta", AS_OPAQUE, 0, NULL},
    {"pathlib", "PosixPath", AS_OPAQUE, 0, NULL},
    {"pathlib", "WindowsPath", AS_OPAQUE, 0, NULL},
    {"pathlib", "Path", AS_OPAQUE, 0, NULL},
    {"uuid", "UUID", AS_OPAQUE, 0, NULL},
    {"mmengine.logging.history_buffer", "HistoryBuffer", AS_OPAQUE, 0, NULL},
    {"torch._utils", "_rebuild_qtensor", AS_REFUSED, 0, "a quantised tensor"},
    {"torch._utils", "_rebuild_sparse_tensor", AS_REFUSED, 0, "a sparse tensor"},
    {"torch._utils", "_rebuild_sparse_csr_tensor", AS_REFUSED, 0, "a sparse tensor"},
    {"torch._utils", "_rebuild_meta_tensor_no_storage", AS_REFUSED, 0,
     "a tensor without data"},
    {"torch._utils", "_rebuild_device_tensor_from_numpy", AS_REFUSED, 0,
     "a tensor of another device"},
    {"torch._utils", "_rebuild_wrapper_subclass", AS_REFUSED, 0, "a wrapped tensor"},
    {"torch", "ComplexFloatStorage", AS_REFUSED, 0, "complex numbers"},
    {"torch", "ComplexDoubleStorage", AS_REFUSED, 0, "complex numbers"},
    {"torch", "QInt8Storage", AS_REFUSED, 0, "quantised numbers"},
    {"torch", "QUInt8Storage", AS_REFUSED, 0, "quantised numbers"},
    {"torch", "QInt32Storage", AS_REFUSED, 0, "quantised numbers"},
};
#define RULES (sizeof rules / sizeof *rules)
/* What a refused name stands for while the rest is read. */
static const struct pickle_rule nameless = {"", "", AS_OPAQUE, 0, NULL};
#define REFUSAL_SHOWN 100 /* bytes of a module's and of a name's text */

static bool same(const char *text, const char *bytes, size_t length)
{
    return strlen(text) == length && memcmp(text, bytes, length) == 0;
}

void pickle_rule_text(const struct pickle_rule *rule, char *text, size_t capacity)
{
    snprintf(text, capacity, "%s.%s", rule->module, rule->name);
}

static imgcls_status note(struct pickle *pickle, const struct pickle_rule *rule)
{
    const struct pickle_rule **seen = (const struct pickle_rule **)pickle->rules;
    for (size_t i = 0; i < pickle->rule_count; i++)
        if (seen[i] == rule)
            return IMGCLS_OK;
    if (!seen && !(seen = pickle_alloc(pickle, RULES * sizeof *seen)))
        return IMGCLS_NO_MEMORY;
    seen[pickle->rule_count++] = rule;
    pickle->rules = seen;
    return IMGCLS_OK;
}

static bool same_bytes(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && memcmp(a, b, a_length) == 0;
}

/* Names of classes that a program defined itself: the file holds more than weights. */
static void refuse(struct pickle *pickle, const struct pickle_refusal *name)
{
    for (size_t i = 0; i < pickle->refusal_count; i++) {
        const struct pickle_refusal *known = &pickle->refusals[i];
        if (same_bytes(known->module, known->module_length, name->module,
                       name->module_length) &&
            same_bytes(known->name, known->name_length, name->name, name->name_length))
            return;
    }
    if (pickle->refusal_count < PICKLE_REFUSALS_MAX)
        pickle->refusals[pickle->refusal_count++] = *name;
    else
        pickle->more_refusals = true;
}

static int shown(size_t length)
{
    return length > REFUSAL_SHOWN ? REFUSAL_SHOWN : (int)length;
}

imgcls_status pickle_refuse(struct pickle *pickle)
{
    char names[PICKLE_REFUSALS_MAX * (2 * REFUSAL_SHOWN + 8)];
    const struct pickle_rule *rule = pickle->unsupported;
    size_t at = 0;
    if (!pickle->refusal_count && !rule)
        return IMGCLS_OK;
    if (!pickle->refusal_count)
        return pickle->host->fail(pickle->host, IMGCLS_UNSUPPORTED,
                                  "%s: holds %s (%s.%s), which is not supported",
                                  pickle->path, rule->word, rule->module, rule->name);
    for (size_t i = 0; i < pickle->refusal_count; i++) {
        const struct pickle_refusal *one = &pickle->refusals[i];
        int wrote = snprintf(names + at, sizeof names - at, "%s'%.*s.%.*s'", i ? ", " : "",
                             shown(one->module_length), one->module,
                             shown(one->name_length), one->name);
        at += (size_t)wrote;
    }
    for (char *p = names; *p; p++)
        if ((unsigned char)*p < 0x20)
            *p = '?'; /* a message is one line */
    return pickle->host->fail(
        pickle->host, IMGCLS_BAD_INPUT,
        "%s: the pickle names %s%s, which %s among the kinds of data that are read; nothing "
        "was run (a file of model.state_dict() alone has no such names)",
        pickle->path, names, pickle->more_refusals ? " and more" : "",
        pickle->refusal_count > 1 ? "are not" : "is not");
}

imgcls_status pickle_global(struct pickle *pickle, const char *module, size_t module_length,
                            const char *name, size_t name_length, struct pickle_value **out)
{
    const struct pickle_rule *rule = NULL;
    *out = NULL;
    for (size_t i = 0; !rule && i < RULES; i++)
        if (same(rules[i].name, name, name_length) &&
            same(rules[i].module, module, module_length))
            rule = &rules[i];
    if (!rule) {
        refuse(pickle, &(struct pickle_refusal){module, name, module_length, name_length});
        rule = &nameless;
    }
    if (rule->meaning == AS_REFUSED) {
        pickle->unsupported = pickle->unsupported ? pickle->unsupported : rule;
        rule = &nameless;
    }
    imgcls_status status = rule == &nameless ? IMGCLS_OK : note(pickle, rule);
    struct pickle_value *value =
        status == IMGCLS_OK
            ? pickle_new(pickle, rule->meaning == AS_WORD ? PICKLE_TEXT : PICKLE_GLOBAL)
            : NULL;
    if (!value)
        return IMGCLS_NO_MEMORY;
    if (rule->meaning == AS_WORD) {
        value->u.text.bytes = rule->word;
        value->u.text.length = strlen(rule->word);
    } else {
        value->u.rule = rule;
    }
    *out = value;
    return IMGCLS_OK;
}

/* ---- Tensors --------------------------------------------------------------------------*/

static imgcls_status bad_tensor(struct pickle *pickle, const char *what)
{
    return pickle_fail(pickle, IMGCLS_BAD_INPUT, "a tensor's %s", what);
}

static const struct pickle_value *argument(const struct pickle_value *tuple, size_t index)
{
    return index < tuple->u.list.count ? tuple->u.list.items[index] : NULL;
}

static bool read_sizes(const struct pickle_value *tuple, int64_t *out)
{
    for (size_t i = 0; i < tuple->u.list.count; i++) {
        const struct pickle_value *item = tuple->u.list.items[i];
        if (item->kind != PICKLE_INT || item->u.integer < 0)
            return false;
        out[i] = item->u.integer;
    }
    return true;
}

static imgcls_status make_tensor(struct pickle *pickle, const struct pickle_value *from,
                                 bool typed, struct pickle_value **out)
{
    const struct pickle_value *storage = argument(from, 0), *first = argument(from, 1),
                              *sizes = argument(from, 2), *strides = argument(from, 3),
                              *dtype = typed ? argument(from, 6) : NULL;
    if (!storage || storage->kind != PICKLE_STORAGE)
        return bad_tensor(pickle, "storage is none");
    if (!first || first->kind != PICKLE_INT || first->u.integer < 0)
        return bad_tensor(pickle, "offset is no count of elements");
    if (!sizes || sizes->kind != PICKLE_TUPLE || !strides ||
        strides->kind != PICKLE_TUPLE || sizes->u.list.count != strides->u.list.count)
        return bad_tensor(pickle, "sizes and strides are not two lists of one length");
    if (sizes->u.list.count > IMGCLS_MAX_RANK)
        return bad_tensor(pickle, "rank is above 16");
    if (typed &&
        (!dtype || dtype->kind != PICKLE_GLOBAL || dtype->u.rule->meaning != AS_DTYPE))
        return bad_tensor(pickle, "element type is none");
    if (!typed && storage->u.storage->type == IMGCLS_UNDEFINED)
        return bad_tensor(pickle, "storage has no element type");
    struct pickle_tensor *tensor = pickle_alloc(pickle, sizeof *tensor);
    struct pickle_value *value = tensor ? pickle_new(pickle, PICKLE_TENSOR) : NULL;
    if (!value)
        return IMGCLS_NO_MEMORY;
    tensor->storage = storage->u.storage;
    tensor->type = typed ? dtype->u.rule->type : tensor->storage->type;
    tensor->rank = (int32_t)sizes->u.list.count;
    tensor->first = first->u.integer;
    if (!read_sizes(sizes, tensor->dims) || !read_sizes(strides, tensor->strides))
        return bad_tensor(pickle, "sizes or strides are negative or no numbers");
    value->u.tensor = tensor;
    *out = value;
    return IMGCLS_OK;
}

static imgcls_status make_subclass(struct pickle *pickle, const struct pickle_value *from,
                                   struct pickle_value **out)
{
    const struct pickle_value *inner = argument(from, 0), *arguments = argument(from, 2);
    if (!inner || inner->kind != PICKLE_GLOBAL || !arguments ||
        arguments->kind != PICKLE_TUPLE || inner->u.rule->meaning == AS_SUBCLASS)
        return bad_tensor(pickle, "subclass is not understood");
    return pickle_reduce(pickle, inner, arguments, out);
}

/* ---- Containers and the rest ----------------------------------------------------------*/

static imgcls_status make_dict(struct pickle *pickle, const struct pickle_value *pairs,
                               struct pickle_value **out)
{
    struct pickle_value *dict = *out = pickle_new(pickle, PICKLE_DICT);
    if (!dict)
        return IMGCLS_NO_MEMORY;
    if (!pairs)
        return IMGCLS_OK;
    bool is_dict = pairs->kind == PICKLE_DICT;
    if (!is_dict && pairs->kind != PICKLE_LIST && pairs->kind != PICKLE_TUPLE)
        return pickle_fail(pickle, IMGCLS_BAD_INPUT,
                           "a dictionary made of something else than pairs");
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < pairs->u.list.count && status == IMGCLS_OK; i++) {
        struct pickle_value *pair = pairs->u.list.items[i];
        if (is_dict) {
            status = pickle_append(pickle, dict, pair);
            continue;
        }
        if ((pair->kind != PICKLE_LIST && pair->kind != PICKLE_TUPLE) ||
            pair->u.list.count != 2)
            return pickle_fail(pickle, IMGCLS_BAD_INPUT, "a dictionary's entry is no pair");
        status = pickle_append(pickle, dict, pair->u.list.items[0]);
        if (status == IMGCLS_OK)
            status = pickle_append(pickle, dict, pair->u.list.items[1]);
    }
    return status;
}

static imgcls_status make_list(struct pickle *pickle, enum pickle_kind kind,
                               const struct pickle_value *items, struct pickle_value **out)
{
    struct pickle_value *list = *out = pickle_new(pickle, kind);
    if (!list)
        return IMGCLS_NO_MEMORY;
    if (items && (items->kind == PICKLE_LIST || items->kind == PICKLE_TUPLE))
        list->u.list = items->u.list;
    if (kind == PICKLE_LIST)
        list->u.list.capacity = list->u.list.count; /* appending copies */
    return IMGCLS_OK;
}

imgcls_status pickle_reduce(struct pickle *pickle, const struct pickle_value *callable,
                            const struct pickle_value *arguments, struct pickle_value **out)
{
    const struct pickle_rule *rule = callable->u.rule;
    const struct pickle_value *first = argument(arguments, 0);
    *out = NULL;
    switch (rule->meaning) {
    case AS_TENSOR:
        return make_tensor(pickle, arguments, false, out);
    case AS_TYPED:
        return make_tensor(pickle, arguments, true, out);
    case AS_SUBCLASS:
        return make_subclass(pickle, arguments, out);
    case AS_FIRST:
        *out = (struct pickle_value *)(first ? first : &pickle->none);
        return 0;
    case AS_DICT:
        return make_dict(pickle, first, out);
    case AS_DEFAULTDICT:
    case AS_FIELDS:
        return make_dict(pickle, NULL, out);
    case AS_LIST:
        return make_list(pickle, PICKLE_LIST, first, out);
    case AS_TUPLE:
        return make_list(pickle, PICKLE_TUPLE, first, out);
    case AS_GETATTR:
        if (!first || first->kind != PICKLE_GLOBAL || first->u.rule->meaning != AS_OPAQUE)
            break;
        /* fall through */
    case AS_OPAQUE:
        *out = pickle_new(pickle, PICKLE_OPAQUE);
        return *out ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    default:
        break;
    }
    return pickle_fail(pickle, IMGCLS_BAD_INPUT,
                       "the pickle calls '%s.%s', which stands for no data",
                       rule->module, rule->name);
}

imgcls_status pickle_build(struct pickle *pickle, struct pickle_value *value,
                           const struct pickle_value *state)
{
    if (value->kind == PICKLE_OPAQUE || value->kind == PICKLE_TENSOR)
        return IMGCLS_OK; /* Python attributes of a tensor are not needed */
    if (value->kind != PICKLE_DICT)
        return pickle_fail(pickle, IMGCLS_BAD_INPUT,
                           "the pickle gives a state to a value that has none");
    /* Objects with fields: the state is the fields. An OrderedDict has items already and
     * may get attributes (_metadata), which come under their own names. */
    if (state->kind != PICKLE_DICT || value == state)
        return IMGCLS_OK;
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < state->u.list.count && status == IMGCLS_OK; i++)
        status = pickle_append(pickle, value, state->u.list.items[i]);
    return status;
}

/* ---- Storages -------------------------------------------------------------------------*/

static imgcls_status bad_storage(struct pickle *pickle, const char *what)
{
    return pickle_fail(pickle, IMGCLS_BAD_INPUT, "a storage's %s", what);
}

/* Files of before 0.4: (key, offset, size) of a window into the storage. */
static imgcls_status read_view(struct pickle *pickle, const struct pickle_value *view,
                               struct pickle_storage *storage)
{
    if (!view || view->kind == PICKLE_NONE)
        return IMGCLS_OK;
    const struct pickle_value *first =
        view->kind == PICKLE_TUPLE ? argument(view, 1) : NULL;
    const struct pickle_value *count =
        view->kind == PICKLE_TUPLE ? argument(view, 2) : NULL;
    if (!first || first->kind != PICKLE_INT || first->u.integer < 0 || !count ||
        count->kind != PICKLE_INT || count->u.integer < 0 ||
        first->u.integer > storage->count ||
        count->u.integer > storage->count - first->u.integer)
        return bad_storage(pickle, "view does not lie in it");
    storage->first = first->u.integer;
    return IMGCLS_OK;
}

imgcls_status pickle_persistent(struct pickle *pickle, const struct pickle_value *id,
                                struct pickle_value **out)
{
    *out = NULL;
    if (id->kind != PICKLE_TUPLE || id->u.list.count < 5 || id->u.list.count > 6 ||
        !pickle_text_is(id->u.list.items[0], "storage"))
        return bad_storage(pickle, "identity is not understood (a pickled module is not "
                                   "read; save model.state_dict())");
    const struct pickle_value *class = id->u.list.items[1], *count = id->u.list.items[4];
    if (class->kind != PICKLE_GLOBAL || class->u.rule->meaning != AS_STORAGE)
        return bad_storage(pickle, "class is none of PyTorch's");
    if (count->kind != PICKLE_INT || count->u.integer < 0)
        return bad_storage(pickle, "number of elements is none");
    struct pickle_storage *storage = pickle_alloc(pickle, sizeof *storage);
    struct pickle_value *value = storage ? pickle_new(pickle, PICKLE_STORAGE) : NULL;
    if (!value)
        return IMGCLS_NO_MEMORY;
    storage->key = pickle_text(pickle, id->u.list.items[2]);
    if (!storage->key || !*storage->key)
        return bad_storage(pickle, "key is no text");
    storage->type = class->u.rule->type;
    storage->count = count->u.integer;
    imgcls_status status =
        read_view(pickle, id->u.list.count == 6 ? id->u.list.items[5] : NULL, storage);
    if (status != IMGCLS_OK)
        return status;
    storage->next = pickle->storages;
    pickle->storages = storage;
    value->u.storage = storage;
    *out = value;
    return IMGCLS_OK;
}
