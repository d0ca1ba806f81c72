/*
 * plugins/formats/pytorch/weights.c - which dictionary holds the weights, and its tensors
 *
 * Libraries save a state dictionary bare, or under a key beside optimizers and settings, or
 * two levels down. The dictionary taken is the first that has tensors among its own values,
 * in the order of the keys below; how deep is bounded, since a pickle may contain itself.
 *
 * Invariant: a tensor's offset, sizes and strides are checked against the number of
 * elements of its own storage, not against the file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/pytorch/weights.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 4

/* Where libraries put the state dictionary; averaged copies (EMA) come last. */
static const char *const holders[] = {
    "state_dict", "model_state_dict", "model",     "model_state",    "module",
    "net",        "network",          "weights",   "params",         "teacher",
    "student",    "state_dict_ema",   "model_ema", "ema_state_dict", "ema",
};

static bool has_tensors(const struct pickle_value *dict)
{
    for (size_t i = 1; i < dict->u.list.count; i += 2)
        if (dict->u.list.items[i]->kind == PICKLE_TENSOR)
            return true;
    return false;
}

static const struct pickle_value *weights_in(const struct pickle_value *value, int depth)
{
    if (!value || value->kind != PICKLE_DICT || depth > DEPTH_MAX)
        return NULL;
    if (has_tensors(value))
        return value;
    const struct pickle_value *found = NULL;
    for (size_t i = 0; !found && i < sizeof holders / sizeof *holders; i++)
        found = weights_in(pickle_get(value, holders[i]), depth + 1);
    return found;
}

/* ---- One tensor -----------------------------------------------------------------------*/

/* Elements from the storage's beginning to the last one reached; false on overflow. */
static bool reach_of(const struct pickle_tensor *tensor, int64_t *reach)
{
    int64_t last = tensor->first, step;
    for (int32_t i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] == 0) {
            *reach = 0;
            return true;
        }
        if (__builtin_mul_overflow(tensor->dims[i] - 1, tensor->strides[i], &step) ||
            __builtin_add_overflow(last, step, &last))
            return false;
    }
    return !__builtin_add_overflow(last, 1, reach);
}

static imgcls_status wrong(struct pickle *pickle, const char *name, const char *what)
{
    return pickle->host->fail(pickle->host, IMGCLS_BAD_INPUT, "%s: tensor '%s' %s",
                              pickle->path, name, what);
}

static imgcls_status add_tensor(struct pickle *pickle, const char *name,
                                const struct pickle_tensor *from, size_t limit,
                                struct imgcls_checkpoint *checkpoint)
{
    const struct imgcls_host *host = pickle->host;
    const struct stored *stored = from->storage->owner;
    struct imgcls_tensor tensor = {
        .struct_size = sizeof tensor, .type = from->type, .rank = from->rank};
    int64_t reach, begin, count = imgcls_count(from->rank, from->dims);
    size_t one, skipped;
    memcpy(tensor.dims, from->dims, sizeof tensor.dims);
    memcpy(tensor.strides, from->strides, sizeof tensor.strides);
    imgcls_status status = host->size_of(host, from->type, 1, &one);
    if (status != IMGCLS_OK)
        return status;
    if (!reach_of(from, &reach) ||
        __builtin_add_overflow(reach, from->storage->first, &begin) ||
        (reach && (uint64_t)begin > stored->size / one))
        return wrong(pickle, name, "reaches past the end of its storage");
    if (count < 0 || (uint64_t)count > limit / one)
        return wrong(pickle, name, "has more elements than the file has bytes for");
    skipped = reach ? (size_t)(from->first + from->storage->first) * one : 0;
    tensor.size_bytes = (size_t)count * one;
    tensor.data = (void *)(stored->bytes + skipped);
    /* Data of the old stream begin anywhere; elements must lie at multiples of their size.
     */
    bool aligned = (uintptr_t)tensor.data % one == 0;
    return host->checkpoint_add(host, checkpoint, name, &tensor,
                                aligned ? stored->storage : NULL);
}

imgcls_status weights_add(struct pickle *pickle, const struct pickle_value *top,
                          size_t limit, struct imgcls_checkpoint *checkpoint)
{
    const struct imgcls_host *host = pickle->host;
    const struct pickle_value *dict = weights_in(top, 0);
    if (!dict)
        return host->fail(host, IMGCLS_BAD_INPUT,
                          "%s: no dictionary of tensors in it (looked at the top and under "
                          "state_dict, model, ...)",
                          pickle->path);
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i + 1 < dict->u.list.count && status == IMGCLS_OK; i += 2) {
        const struct pickle_value *key = dict->u.list.items[i],
                                  *value = dict->u.list.items[i + 1];
        if (value->kind != PICKLE_TENSOR)
            continue;
        const char *name = pickle_text(pickle, key);
        if (!name || !*name)
            return host->fail(host, IMGCLS_BAD_INPUT,
                              "%s: the name of tensor %zu is no text", pickle->path, i / 2);
        status = add_tensor(pickle, name, value->u.tensor, limit, checkpoint);
    }
    return status;
}
