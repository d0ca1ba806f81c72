/*
 * src/checkpoint/entries.h - what the files of this folder share about a checkpoint
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_CHECKPOINT_ENTRIES_H
#define ICL_CHECKPOINT_ENTRIES_H

#include "src/checkpoint/checkpoint.h"

#include <jansson.h>

struct icl_entry {
    char *memory; /* own: the name as it was added; name points into it */
    const char *name;
    struct imgcls_tensor tensor;
    struct imgcls_storage *storage; /* NULL where there are no bytes */
    struct imgcls_value *copy;      /* instead of a storage: the tensor's bytes are in it */
    bool used;                      /* by the builder of a graph */
};

struct icl_checkpoint_text {
    char *key, *text;
};

/* A parameter that a builder looked for. */
struct icl_missing {
    char *name, *why; /* why: own, NULL where it is simply not there */
};

struct imgcls_checkpoint {
    struct imgcls_context *ctx;
    struct icl_entry **entries;
    size_t count, capacity;
    struct icl_name_table *names;
    struct icl_checkpoint_text *texts;
    size_t text_count, text_capacity;
    json_t *config; /* IMGCLS_META_CONFIG, parsed; NULL where there is none */
    struct icl_missing *missing;
    size_t missing_count, missing_capacity;
};

#endif
