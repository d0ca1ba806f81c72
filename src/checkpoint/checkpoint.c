/*
 * src/checkpoint/checkpoint.c - named tensors over storages, and texts
 *
 * Invariant: every byte that a tensor's dims and strides reach lies in the entry's storage;
 * whoever reads through a view needs no further check.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/checkpoint/checkpoint.h"

#include <string.h>

#include "src/checkpoint/entries.h"
#include "src/file/file.h"
#include "src/graph/graph.h"
#include "src/graph/names.h"
#include "src/tensor/tensor.h"

imgcls_status icl_checkpoint_create(struct imgcls_context *ctx,
                                    struct imgcls_checkpoint **out)
{
    *out = NULL;
    struct imgcls_checkpoint *checkpoint = icl_alloc(ctx, 1, sizeof *checkpoint);
    if (!checkpoint)
        return icl_alloc_status(ctx);
    checkpoint->ctx = ctx;
    imgcls_status status = icl_names_create(ctx, &checkpoint->names);
    if (status == IMGCLS_OK) {
        *out = checkpoint;
        checkpoint = NULL;
    }
    icl_checkpoint_destroy(checkpoint);
    return status;
}

static void destroy_entry(struct imgcls_context *ctx, struct icl_entry *entry)
{
    if (!entry)
        return;
    if (entry->storage)
        icl_storage_release(entry->storage);
    if (entry->copy)
        icl_value_release(ctx, entry->copy);
    icl_free(ctx, entry->memory);
    icl_free(ctx, entry);
}

void icl_checkpoint_destroy(struct imgcls_checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    struct imgcls_context *ctx = checkpoint->ctx;
    for (size_t i = 0; i < checkpoint->count; i++)
        destroy_entry(ctx, checkpoint->entries[i]);
    for (size_t i = 0; i < checkpoint->text_count; i++) {
        icl_free(ctx, checkpoint->texts[i].key);
        icl_free(ctx, checkpoint->texts[i].text);
    }
    for (size_t i = 0; i < checkpoint->missing_count; i++) {
        icl_free(ctx, checkpoint->missing[i].name);
        icl_free(ctx, checkpoint->missing[i].why);
    }
    icl_names_destroy(ctx, checkpoint->names);
    json_decref(checkpoint->config);
    icl_free(ctx, checkpoint->missing);
    icl_free(ctx, checkpoint->entries);
    icl_free(ctx, checkpoint->texts);
    icl_free(ctx, checkpoint);
}

/* ---- Tensors --------------------------------------------------------------------------*/

/* Elements from the first to the last that dims and strides reach, both included; false
 * where a dimension or stride is negative or the number overflows. No elements: 0. */
static bool span_of(const struct imgcls_tensor *tensor, int64_t *span)
{
    int64_t last = 0, step;
    bool empty = false;
    for (int32_t i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] < 0 || tensor->strides[i] < 0)
            return false;
        empty = empty || tensor->dims[i] == 0;
        if (tensor->dims[i] > 1 &&
            (__builtin_mul_overflow(tensor->dims[i] - 1, tensor->strides[i], &step) ||
             __builtin_add_overflow(last, step, &last)))
            return false;
    }
    if (last == INT64_MAX)
        return false;
    *span = empty ? 0 : last + 1;
    return true;
}

static imgcls_status check(struct imgcls_context *ctx, const char *name,
                           const struct imgcls_tensor *tensor,
                           const struct imgcls_storage *storage)
{
    int64_t span;
    size_t bytes;
    if (tensor->rank < 0 || tensor->rank > IMGCLS_MAX_RANK)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "tensor '%s': rank %d, allowed are 0 to %d",
                        name, tensor->rank, IMGCLS_MAX_RANK);
    if (icl_type_bits(tensor->type) == 0)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "tensor '%s': unknown element type %d", name,
                        tensor->type);
    if (!span_of(tensor, &span) || !icl_type_size(tensor->type, span, &bytes))
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "tensor '%s': its dimensions or strides are no memory's", name);
    if (storage && tensor->type == IMGCLS_STRING)
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "tensor '%s': strings are copied, not borrowed from a storage",
                        name);
    if (!storage || bytes == 0)
        return IMGCLS_OK;
    /* Compared as numbers: a pointer from a file's offset need not point into anything. */
    uintptr_t begin = (uintptr_t)icl_storage_bytes(storage), at = (uintptr_t)tensor->data;
    size_t size = icl_storage_size(storage);
    if (at < begin || at - begin > size || bytes > size - (at - begin))
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "tensor '%s': %zu bytes reach past the end of its storage of %zu",
                        name, bytes, size);
    return IMGCLS_OK;
}

/* What the entry's tensor points to: the storage, or a copy. */
static imgcls_status fill(struct imgcls_context *ctx, struct icl_entry *entry,
                          const struct imgcls_tensor *tensor,
                          struct imgcls_storage *storage)
{
    entry->tensor = *tensor;
    entry->tensor.struct_size = sizeof entry->tensor;
    /* What the plugin says its size is need not be true; dims were checked. */
    if (!icl_type_size(tensor->type, imgcls_count(tensor->rank, tensor->dims),
                       &entry->tensor.size_bytes))
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "tensor '%s': its size overflows",
                        entry->name);
    if (storage) {
        entry->storage = icl_storage_retain(storage);
        return IMGCLS_OK;
    }
    const struct imgcls_value value = {.struct_size = sizeof value,
                                       .kind = IMGCLS_KIND_TENSOR,
                                       .type = tensor->type,
                                       .tensor = &entry->tensor};
    imgcls_status status = icl_value_copy(ctx, &value, &entry->copy);
    if (status == IMGCLS_OK)
        entry->tensor = *entry->copy->tensor;
    return status;
}

imgcls_status icl_checkpoint_add(struct imgcls_checkpoint *checkpoint, const char *name,
                                 const struct imgcls_tensor *tensor,
                                 struct imgcls_storage *storage)
{
    struct imgcls_context *ctx = checkpoint->ctx;
    if (icl_names_find(checkpoint->names, name))
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "tensor '%s': the checkpoint has it twice",
                        name);
    imgcls_status status = check(ctx, name, tensor, storage);
    if (status != IMGCLS_OK)
        return status;
    struct icl_entry *entry = icl_alloc(ctx, 1, sizeof *entry);
    if (!entry)
        return icl_alloc_status(ctx);
    entry->name = entry->memory = icl_text_copy(ctx, name);
    status = entry->memory ? fill(ctx, entry, tensor, storage) : icl_alloc_status(ctx);
    if (status == IMGCLS_OK)
        status = icl_grow(ctx, (void **)&checkpoint->entries, &checkpoint->capacity,
                          checkpoint->count + 1, sizeof *checkpoint->entries);
    if (status == IMGCLS_OK)
        status = icl_names_add(ctx, checkpoint->names, entry->name, entry);
    if (status == IMGCLS_OK) {
        checkpoint->entries[checkpoint->count++] = entry;
        entry = NULL;
    }
    destroy_entry(ctx, entry);
    return status;
}

const struct imgcls_tensor *icl_checkpoint_find(const struct imgcls_checkpoint *checkpoint,
                                                const char *name)
{
    const struct icl_entry *entry = icl_names_find(checkpoint->names, name);
    return entry ? &entry->tensor : NULL;
}

const char *icl_checkpoint_at(const struct imgcls_checkpoint *checkpoint, size_t index,
                              const struct imgcls_tensor **tensor)
{
    bool known = index < checkpoint->count;
    if (tensor)
        *tensor = known ? &checkpoint->entries[index]->tensor : NULL;
    return known ? checkpoint->entries[index]->name : NULL;
}

size_t icl_checkpoint_count(const struct imgcls_checkpoint *checkpoint)
{
    return checkpoint->count;
}

imgcls_status icl_checkpoint_to_graph(const struct imgcls_checkpoint *checkpoint,
                                      const char *name, struct imgcls_graph *graph)
{
    struct imgcls_context *ctx = checkpoint->ctx;
    struct icl_entry *entry = icl_names_find(checkpoint->names, name);
    if (!entry) {
        icl_checkpoint_missing(checkpoint, name, NULL);
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "tensor '%s': not in the checkpoint of %zu tensors", name,
                        checkpoint->count);
    }
    entry->used = true;
    if (icl_tensor_is_row_major(&entry->tensor))
        return icl_graph_add_initializer(graph, name, &entry->tensor, entry->storage);
    const struct imgcls_value view = {.struct_size = sizeof view,
                                      .kind = IMGCLS_KIND_TENSOR,
                                      .type = entry->tensor.type,
                                      .tensor = &entry->tensor};
    struct imgcls_value *copy;
    imgcls_status status = icl_value_copy(ctx, &view, &copy);
    if (status != IMGCLS_OK)
        return status;
    status = icl_graph_add_initializer(graph, name, copy->tensor, NULL);
    icl_value_release(ctx, copy);
    return status;
}

/* ---- Texts ----------------------------------------------------------------------------*/

static struct icl_checkpoint_text *find_text(const struct imgcls_checkpoint *checkpoint,
                                             const char *key)
{
    for (size_t i = 0; i < checkpoint->text_count; i++)
        if (strcmp(checkpoint->texts[i].key, key) == 0)
            return &checkpoint->texts[i];
    return NULL;
}

const char *icl_checkpoint_text(const struct imgcls_checkpoint *checkpoint, const char *key)
{
    const struct icl_checkpoint_text *found = find_text(checkpoint, key);
    return found ? found->text : NULL;
}

static imgcls_status append_text(struct imgcls_checkpoint *checkpoint, const char *key,
                                 char *text)
{
    struct imgcls_context *ctx = checkpoint->ctx;
    char *own_key = icl_text_copy(ctx, key);
    if (!own_key)
        return icl_alloc_status(ctx);
    imgcls_status status =
        icl_grow(ctx, (void **)&checkpoint->texts, &checkpoint->text_capacity,
                 checkpoint->text_count + 1, sizeof *checkpoint->texts);
    if (status == IMGCLS_OK)
        checkpoint->texts[checkpoint->text_count++] =
            (struct icl_checkpoint_text){own_key, text};
    else
        icl_free(ctx, own_key);
    return status;
}

imgcls_status icl_checkpoint_set_text(struct imgcls_checkpoint *checkpoint, const char *key,
                                      const char *text)
{
    struct imgcls_context *ctx = checkpoint->ctx;
    struct icl_checkpoint_text *found = find_text(checkpoint, key);
    if (strcmp(key, IMGCLS_META_CONFIG) == 0) {
        imgcls_status parsed = icl_checkpoint_set_config(checkpoint, text);
        if (parsed != IMGCLS_OK)
            return parsed;
    }
    if (!text) {
        if (found) {
            icl_free(ctx, found->key);
            icl_free(ctx, found->text);
            *found = checkpoint->texts[--checkpoint->text_count];
        }
        return IMGCLS_OK;
    }
    char *copy = icl_text_copy(ctx, text);
    if (!copy)
        return icl_alloc_status(ctx);
    imgcls_status status = IMGCLS_OK;
    if (found) {
        icl_free(ctx, found->text);
        found->text = copy;
    } else {
        status = append_text(checkpoint, key, copy);
    }
    if (status != IMGCLS_OK)
        icl_free(ctx, copy);
    return status;
}
