/*
 * plugins/formats/pytorch/storages.c - each storage's bytes, found once a key
 *
 * Several tensors may view one storage, and the pickle then says the storage several times.
 * All must say the same size, and it must be the size that the container has: a lie there
 * is what reads past a buffer in readers that believe it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/pytorch/weights.h"

#include <stdlib.h>
#include <string.h>

static int by_key(const void *a, const void *b)
{
    const struct pickle_storage *x = *(struct pickle_storage *const *)a;
    const struct pickle_storage *y = *(struct pickle_storage *const *)b;
    return strcmp(x->key, y->key);
}

static imgcls_status bytes_of(const struct pickle *pickle,
                              const struct pickle_storage *storage, size_t *bytes)
{
    int32_t type = storage->type == IMGCLS_UNDEFINED ? IMGCLS_U8 : storage->type;
    return pickle->host->size_of(pickle->host, type, storage->count, bytes);
}

static imgcls_status find_one(struct pickle *pickle, const struct storage_finder *finder,
                              struct pickle_storage *storage)
{
    size_t bytes;
    struct stored *stored = pickle_alloc(pickle, sizeof *stored);
    imgcls_status status = stored ? bytes_of(pickle, storage, &bytes) : IMGCLS_NO_MEMORY;
    if (status == IMGCLS_OK)
        status = finder->find(finder->owner, storage, bytes, stored);
    if (status == IMGCLS_OK)
        storage->owner = stored;
    return status;
}

static imgcls_status share(struct pickle *pickle, const struct pickle_storage *first,
                           struct pickle_storage *storage)
{
    size_t bytes;
    imgcls_status status = bytes_of(pickle, storage, &bytes);
    if (status == IMGCLS_OK && bytes != ((const struct stored *)first->owner)->size)
        status = pickle->host->fail(pickle->host, IMGCLS_BAD_INPUT,
                                    "%s: storage '%s' has %zu bytes in one place and %zu "
                                    "in another",
                                    pickle->path, storage->key,
                                    ((const struct stored *)first->owner)->size, bytes);
    storage->owner = first->owner;
    return status;
}

imgcls_status storages_find(struct pickle *pickle, const struct storage_finder *finder)
{
    size_t count = 0;
    for (struct pickle_storage *s = pickle->storages; s; s = s->next)
        count++;
    struct pickle_storage **sorted =
        pickle->host->alloc(pickle->host, count + 1, sizeof *sorted);
    if (!sorted)
        return IMGCLS_NO_MEMORY;
    for (struct pickle_storage *s = pickle->storages; s; s = s->next)
        sorted[--count] = s;
    for (struct pickle_storage *s = pickle->storages; s; s = s->next)
        count++;
    if (count)
        qsort(sorted, count, sizeof *sorted, by_key);
    imgcls_status status = IMGCLS_OK;
    size_t first = 0;
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++) {
        if (i == 0 || strcmp(sorted[first]->key, sorted[i]->key) != 0) {
            first = i;
            status = find_one(pickle, finder, sorted[i]);
        } else {
            status = share(pickle, sorted[first], sorted[i]);
        }
    }
    pickle->host->release(pickle->host, sorted);
    return status;
}
