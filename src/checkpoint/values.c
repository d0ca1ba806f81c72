/*
 * src/checkpoint/values.c - the values of a data file, by name, in the order of the file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/checkpoint/checkpoint.h"

#include "src/tensor/tensor.h"

imgcls_status icl_named_values_create(struct imgcls_context *ctx,
                                      struct icl_named_values **out)
{
    *out = icl_alloc(ctx, 1, sizeof **out);
    if (!*out)
        return icl_alloc_status(ctx);
    (*out)->ctx = ctx;
    return IMGCLS_OK;
}

void icl_named_values_destroy(struct icl_named_values *list)
{
    if (!list)
        return;
    for (size_t i = 0; i < list->count; i++) {
        icl_free(list->ctx, (char *)list->items[i].name);
        icl_value_release(list->ctx, list->items[i].value);
    }
    icl_free(list->ctx, list->items);
    icl_free(list->ctx, list);
}

imgcls_status icl_named_values_add(struct icl_named_values *list, const char *name,
                                   struct imgcls_value *value)
{
    char *copy = icl_text_copy(list->ctx, name ? name : "");
    if (!copy)
        return icl_alloc_status(list->ctx);
    imgcls_status status = icl_grow(list->ctx, (void **)&list->items, &list->capacity,
                                    list->count + 1, sizeof *list->items);
    if (status != IMGCLS_OK) {
        icl_free(list->ctx, copy);
        return status;
    }
    list->items[list->count++] = (struct imgcls_named_value){
        .struct_size = sizeof(struct imgcls_named_value), .name = copy, .value = value};
    return IMGCLS_OK;
}
