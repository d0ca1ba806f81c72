/*
 * plugins/formats/pytorch/pickle.h - a pickle as plain data
 *
 * Python's pickle is a program for a stack machine that may call anything. Here it is read
 * as data: a fixed set of opcodes, a fixed list of names (globals.c) that stand for kinds
 * of data, and no calls, for there is nothing that could be called. Whatever is not on the
 * two lists is refused by name.
 *
 * Values live in an arena that the pickle owns; texts and bytes point into the mapped file.
 * A value may be reached on many ways (and from itself): whoever walks counts his steps.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PYTORCH_PICKLE_H
#define PYTORCH_PICKLE_H

#include <imgcls/plugin.h>

#include <stdbool.h>

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_REAL,
    PICKLE_TEXT,
    PICKLE_BYTES,
    PICKLE_LIST,  /* list, set: may be appended to */
    PICKLE_TUPLE, /* tuple, frozenset, torch.Size */
    PICKLE_DICT,  /* items: key, value, key, value, ... */
    PICKLE_GLOBAL,
    PICKLE_STORAGE,
    PICKLE_TENSOR,
    PICKLE_OPAQUE, /* data that nobody here reads: dates, NumPy arrays */
};

struct pickle_rule;

/* A persistent id: elements in the file under a key. */
struct pickle_storage {
    const char *key; /* NUL-ended, in the arena; of a view: its root's */
    int32_t type;    /* IMGCLS_UNDEFINED: untyped, counted in bytes */
    int64_t first;   /* of a view (legacy): element of the root that it begins at */
    int64_t count;   /* elements, as the pickle says */
    struct pickle_storage *next; /* all of a pickle, the latest first */
    void *owner;                 /* the reader's: where the bytes are */
};

struct pickle_tensor {
    struct pickle_storage *storage;
    int32_t type, rank;
    int64_t first; /* element of the storage */
    int64_t dims[IMGCLS_MAX_RANK], strides[IMGCLS_MAX_RANK];
};

struct pickle_value {
    enum pickle_kind kind;
    union {
        int64_t integer; /* BOOL, INT */
        double real;
        struct {
            const char *bytes; /* not NUL-ended */
            size_t length;
        } text; /* TEXT, BYTES; an INT of more than 64 bits is BYTES */
        struct {
            struct pickle_value **items;
            size_t count, capacity;
        } list;
        const struct pickle_rule *rule; /* GLOBAL */
        struct pickle_storage *storage;
        struct pickle_tensor *tensor;
    } u;
};

struct pickle_chunk;

/* A name that is not read, where it lies in the mapped file. */
struct pickle_refusal {
    const char *module, *name;
    size_t module_length, name_length;
};
#define PICKLE_REFUSALS_MAX 16 /* that are kept, all different */

struct pickle {
    const struct imgcls_host *host;
    const char *path; /* for messages */
    struct pickle_chunk *chunks;
    size_t allocated; /* bytes of all chunks' pieces */
    bool exceeded;    /* it wanted more than it may have */
    size_t read;      /* bytes of pickles so far: what allocated is measured against */
    struct pickle_value none, yes, no;
    struct pickle_storage *storages;
    const struct pickle_rule *const *rules; /* seen, in the order of appearance */
    size_t rule_count;
    /* What makes the whole pickle refused. Reading goes on, for all such names are told. */
    struct pickle_refusal refusals[PICKLE_REFUSALS_MAX];
    size_t refusal_count;
    bool more_refusals; /* than fit */
    const struct pickle_rule *unsupported; /* the first that is known and not supported */
};

/* -- pickle.c -- */

void pickle_init(struct pickle *pickle, const struct imgcls_host *host, const char *path);
void pickle_clear(struct pickle *pickle);
/* Reads one pickle from bytes + *at, moves *at behind its STOP. The value lives until
 * pickle_clear. */
imgcls_status pickle_read(struct pickle *pickle, const unsigned char *bytes, size_t size,
                          size_t *at, struct pickle_value **out);

/* -- values.c: the arena, lists, and asking a value -- */

/* Records a failure; once a name was refused the refusal is what pickle_read will tell, and
 * other failures only end the reading. Returns the status. */
imgcls_status pickle_fail(struct pickle *pickle, imgcls_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Zeroed; NULL after a failure was recorded. */
void *pickle_alloc(struct pickle *pickle, size_t size);
struct pickle_value *pickle_new(struct pickle *pickle, enum pickle_kind kind);
imgcls_status pickle_append(struct pickle *pickle, struct pickle_value *list,
                            struct pickle_value *item);
/* Value under a text key; NULL where `dict` is no dict or has none. */
struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key);
bool pickle_text_is(const struct pickle_value *value, const char *text);
/* A NUL-ended copy in the arena of a TEXT that is UTF-8 without NUL; NULL where it is none
 * (no failure recorded then) or no memory (recorded). */
const char *pickle_text(struct pickle *pickle, const struct pickle_value *value);

/* -- globals.c: the names that are known, and what they make of their arguments -- */

/* The value that a name stands for. One that is not known is kept among the refusals, and stands
 * for data that nobody reads. */
imgcls_status pickle_global(struct pickle *pickle, const char *module, size_t module_length,
                            const char *name, size_t name_length,
                            struct pickle_value **out);
/* Fails with all names that were refused; IMGCLS_OK where none was. */
imgcls_status pickle_refuse(struct pickle *pickle);
/* "collections.OrderedDict". */
void pickle_rule_text(const struct pickle_rule *rule, char *text, size_t capacity);
/* REDUCE and NEWOBJ: data that a name and a tuple of arguments stand for. */
imgcls_status pickle_reduce(struct pickle *pickle, const struct pickle_value *callable,
                            const struct pickle_value *arguments,
                            struct pickle_value **out);
/* BUILD: what a state adds to a value. */
imgcls_status pickle_build(struct pickle *pickle, struct pickle_value *value,
                           const struct pickle_value *state);
/* BINPERSID: a storage. */
imgcls_status pickle_persistent(struct pickle *pickle, const struct pickle_value *id,
                                struct pickle_value **out);

#endif
