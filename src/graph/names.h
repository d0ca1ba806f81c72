/*
 * src/graph/names.h - from a name to the item that has it
 *
 * Names are borrowed from their items and must outlive their entries.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_NAMES_H
#define ICL_NAMES_H

#include "src/context/context.h"

struct icl_name_table;

imgcls_status icl_names_create(struct imgcls_context *ctx, struct icl_name_table **out);
void icl_names_destroy(struct imgcls_context *ctx, struct icl_name_table *names);
/* NULL where the name is not there. */
void *icl_names_find(const struct icl_name_table *names, const char *name);
/* The name must not be there yet. */
imgcls_status icl_names_add(struct imgcls_context *ctx, struct icl_name_table *names,
                            const char *name, void *item);
/* Does nothing where the name is not there. */
void icl_names_remove(struct icl_name_table *names, const char *name);

#endif
