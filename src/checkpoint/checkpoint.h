/*
 * src/checkpoint/checkpoint.h - what a format reads other than a graph
 *
 * A checkpoint: named tensors over storages that they keep alive, in the order of the file,
 * and texts (configuration, labels, recipe) by key. A value list: what a data file holds.
 *
 * Threads: reading is free, changing is for one thread at a time.
 *
 * Not here: making a graph of a checkpoint (architectures, by way of src/model).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_CHECKPOINT_H
#define ICL_CHECKPOINT_H

#include "src/context/context.h"

/* Own: icl_checkpoint_destroy, which accepts NULL. */
imgcls_status icl_checkpoint_create(struct imgcls_context *ctx,
                                    struct imgcls_checkpoint **out);
void icl_checkpoint_destroy(struct imgcls_checkpoint *checkpoint);

/* Adds a tensor, which may be a view with strides >= 0. With a storage its bytes must lie
 * in it (checked) and are borrowed; without they are copied, row-major. A name that is
 * there already is IMGCLS_BAD_INPUT. */
imgcls_status icl_checkpoint_add(struct imgcls_checkpoint *checkpoint, const char *name,
                                 const struct imgcls_tensor *tensor,
                                 struct imgcls_storage *storage);
/* NULL where there is none of that name. Borrowed from the checkpoint. */
const struct imgcls_tensor *icl_checkpoint_find(const struct imgcls_checkpoint *checkpoint,
                                                const char *name);
/* Name and tensor of entry `index`; NULL past the end. */
const char *icl_checkpoint_at(const struct imgcls_checkpoint *checkpoint, size_t index,
                              const struct imgcls_tensor **tensor);
size_t icl_checkpoint_count(const struct imgcls_checkpoint *checkpoint);

/* Sets or replaces a text; NULL removes it. */
imgcls_status icl_checkpoint_set_text(struct imgcls_checkpoint *checkpoint, const char *key,
                                      const char *text);
const char *icl_checkpoint_text(const struct imgcls_checkpoint *checkpoint,
                                const char *key);

/* Adds the tensor as initializer of the same name: shared where it is row-major, else a
 * row-major copy. A name that is not there is IMGCLS_BAD_INPUT. */
imgcls_status icl_checkpoint_to_graph(const struct imgcls_checkpoint *checkpoint,
                                      const char *name, struct imgcls_graph *graph);

/* -- settings.c: the host's functions of the same names; text NULL removes -- */

/* IMGCLS_META_CONFIG is parsed when it is set. */
imgcls_status icl_checkpoint_set_config(struct imgcls_checkpoint *checkpoint,
                                        const char *text);
int64_t icl_checkpoint_int(const struct imgcls_checkpoint *checkpoint, const char *path,
                           int64_t fallback);
double icl_checkpoint_real(const struct imgcls_checkpoint *checkpoint, const char *path,
                           double fallback);
const char *icl_checkpoint_string(const struct imgcls_checkpoint *checkpoint,
                                  const char *path, const char *fallback);

/* -- match.c: what a builder looked for and took -- */

void icl_checkpoint_missing(const struct imgcls_checkpoint *checkpoint, const char *name,
                            const char *why);
void icl_checkpoint_use(const struct imgcls_checkpoint *checkpoint, const char *name);
/* After build: BAD_INPUT, naming all, where parameters are missing or (built OK) left over;
 * else `built` itself. */
imgcls_status icl_checkpoint_settle(const struct imgcls_checkpoint *checkpoint,
                                    const char *architecture, imgcls_status built);

/* -- prefix.c -- */

/* Cuts off the words of wrappers ("module.") that all names begin with. */
imgcls_status icl_checkpoint_unwrap(struct imgcls_checkpoint *checkpoint);

/* ---- Values of a data file ------------------------------------------------------------*/

struct icl_named_values {
    struct imgcls_context *ctx;
    struct imgcls_named_value *items;
    size_t count, capacity;
};

imgcls_status icl_named_values_create(struct imgcls_context *ctx,
                                      struct icl_named_values **out);
void icl_named_values_destroy(struct icl_named_values *list);
/* Takes the value over on success; name NULL is "". */
imgcls_status icl_named_values_add(struct icl_named_values *list, const char *name,
                                   struct imgcls_value *value);

#endif
