/*
 * plugins/ops/string/text.h - the operators of this plugin, and UTF-8
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_STRING_TEXT_H
#define OPS_STRING_TEXT_H

#include "plugins/ops/op.h"

#define STRING_OP(name) extern const struct imgcls_op name;
#include "string.list.h"
#undef STRING_OP

/* Inputs are row-major tensors of text. */
static inline int32_t string_accepts(const struct imgcls_host *host,
                                     const struct imgcls_node *node)
{
    size_t i;
    (void)host;
    for (i = 0; i < node->input_count; i++)
        if (!op_takes(node, i, OP_BIT(IMGCLS_STRING)))
            return 0;
    return node->input_count > 0 && op_is_plain(node);
}

static inline const struct imgcls_string *string_at(const struct imgcls_tensor *tensor,
                                                    int64_t i)
{
    return (const struct imgcls_string *)tensor->data + i;
}

/* The character at bytes[*at], which is below length, and moves *at behind it. A byte that
 * begins no character is U+FFFD on its own. */
uint32_t string_next(const char *bytes, size_t length, size_t *at);
/* Writes a character's bytes, at most 4; returns how many. */
size_t string_put(uint32_t character, char *bytes);

#endif
