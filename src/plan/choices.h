/*
 * src/plan/choices.h - kernels that measuring found to be faster than the estimate did
 *
 * A choice is the name of a kernel for a key: instruction sets, threads, operator, types,
 * shapes, whole-number attributes and epilogues of a node. Kernels of one operator that accept the same node give the
 * same bits, so a choice changes no result. Choices are kept a CPU model in one text file
 * below $XDG_CACHE_HOME/imgcls, never in a model; a file that is absent, damaged or names
 * kernels that are no more is as good as none.
 *
 * A context has one table, read when the first plan is made. Not thread-safe, as the context.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLAN_CHOICES_H
#define ICL_PLAN_CHOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <imgcls/plugin.h>

struct imgcls_context;
struct icl_choices;

#define ICL_CHOICE_KEY 65 /* hexadecimal digits and NUL */

/* The context's table, made and read on the first call. Borrowed. */
imgcls_status icl_choices_of(struct imgcls_context *ctx, struct icl_choices **out);
void icl_choices_free(struct imgcls_context *ctx, struct icl_choices *choices);

void icl_choices_key(const struct imgcls_context *ctx, int32_t threads,
                     const struct imgcls_node *node, char key[ICL_CHOICE_KEY]);
/* True where nothing was ever chosen: keys need not be made then. */
bool icl_choices_is_empty(const struct icl_choices *choices);
/* Name of the kernel chosen for the key; NULL: none was. Borrowed until the next put. */
const char *icl_choices_find(const struct icl_choices *choices, const char *key);
imgcls_status icl_choices_put(struct imgcls_context *ctx, struct icl_choices *choices,
                              const char *key, const char *kernel);
/* Writes the file whole; *path is its name, borrowed. IMGCLS_IO where it cannot be written. */
imgcls_status icl_choices_save(struct imgcls_context *ctx, struct icl_choices *choices,
                               const char **path);

#endif
