/*
 * src/bundle/checks.c - checksums of members put together from pieces read in any order
 *
 * Of two neighbouring stretches with known checksums, zlib computes that of both. Stretches that
 * nobody read are read here, and so is what was handed in but overlaps with what came before.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bundle/checks.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "src/bundle/crc32.h"
#include "src/bundle/zip_archive.h"
#include "src/file/file.h"

struct stretch {
    size_t at, size; /* from the member's first byte */
    uint32_t crc32;
};

struct waiting {
    struct imgcls_zip *zip; /* own: one use */
    const struct zip_member *member;
    const unsigned char *bytes;
    size_t size;
    struct stretch *known; /* in order, none over another; own: free */
    size_t count, capacity;
};

struct icl_checks {
    struct imgcls_context *ctx;
    pthread_mutex_t lock;  /* guards what is known */
    struct waiting *items; /* own: free */
    size_t count;
};

imgcls_status icl_checks_create(struct imgcls_context *ctx, struct icl_checks **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out || pthread_mutex_init(&(*out)->lock, NULL)) {
        free(*out);
        *out = NULL;
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for checksums");
    }
    (*out)->ctx = ctx;
    return IMGCLS_OK;
}

static void clear(struct icl_checks *checks)
{
    for (size_t i = 0; i < checks->count; i++) {
        icl_zip_release(checks->items[i].zip);
        free(checks->items[i].known);
    }
    free(checks->items);
    checks->items = NULL;
    checks->count = 0;
}

void icl_checks_destroy(struct icl_checks *checks)
{
    if (!checks)
        return;
    clear(checks);
    pthread_mutex_destroy(&checks->lock);
    free(checks);
}

imgcls_status icl_checks_defer(struct icl_checks *checks, struct imgcls_zip *zip,
                               const struct zip_member *member)
{
    const unsigned char *bytes = zip->bytes + member->shown.offset;
    size_t size = (size_t)member->shown.size, count = checks->count, total;
    for (size_t i = 0; i < count; i++)
        if (checks->items[i].bytes == bytes && checks->items[i].size == size &&
            checks->items[i].member->shown.crc32 == member->shown.crc32)
            return IMGCLS_OK;
    struct waiting *items = icl_mul_size(count + 1, sizeof *items, &total)
                                ? realloc(checks->items, total)
                                : NULL;
    if (!items)
        return icl_fail(checks->ctx, IMGCLS_NO_MEMORY, "no memory for checksums");
    checks->items = items;
    items[checks->count++] =
        (struct waiting){.zip = zip, .member = member, .bytes = bytes, .size = size};
    atomic_fetch_add(&zip->users, 1);
    return IMGCLS_OK;
}

/* -- pieces -----------------------------------------------------------------------------*/

static struct waiting *find(struct icl_checks *checks, const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < checks->count; i++) {
        struct waiting *item = &checks->items[i];
        if ((uintptr_t)bytes >= (uintptr_t)item->bytes &&
            (uintptr_t)bytes - (uintptr_t)item->bytes <= item->size &&
            size <= item->size - (size_t)(bytes - item->bytes))
            return item;
    }
    return NULL;
}

/* Where a stretch would stand; false where some of it is known. */
static bool find_place(const struct waiting *item, size_t at, size_t size, size_t *place)
{
    size_t low = 0, high = item->count;
    while (low < high) { /* the first that begins behind `at` */
        size_t middle = low + (high - low) / 2;
        if (item->known[middle].at > at)
            high = middle;
        else
            low = middle + 1;
    }
    *place = low;
    if (low > 0 && item->known[low - 1].at + item->known[low - 1].size > at)
        return false;
    return low == item->count || at + size <= item->known[low].at;
}

/* Without memory the stretch stays unknown. */
static void insert(struct waiting *item, size_t place, struct stretch one)
{
    if (item->count == item->capacity) {
        size_t capacity = item->capacity ? 2 * item->capacity : 64, total;
        struct stretch *grown = icl_mul_size(capacity, sizeof *grown, &total)
                                    ? realloc(item->known, total)
                                    : NULL;
        if (!grown)
            return;
        item->known = grown;
        item->capacity = capacity;
    }
    memmove(item->known + place + 1, item->known + place,
            (item->count - place) * sizeof *item->known);
    item->known[place] = one;
    item->count++;
}

void icl_checks_read(struct icl_checks *checks, const void *bytes, size_t size)
{
    struct waiting *item = checks && size ? find(checks, bytes, size) : NULL;
    if (!item)
        return;
    size_t place, at = (size_t)((const unsigned char *)bytes - item->bytes);
    pthread_mutex_lock(&checks->lock);
    bool is_new = find_place(item, at, size, &place);
    pthread_mutex_unlock(&checks->lock);
    if (!is_new)
        return;
    struct stretch one = {at, size, icl_crc32(0, bytes, size)};
    pthread_mutex_lock(&checks->lock);
    if (find_place(item, at, size, &place)) /* unless another thread was faster */
        insert(item, place, one);
    pthread_mutex_unlock(&checks->lock);
}

/* -- the end ----------------------------------------------------------------------------*/

static bool is_undamaged(const struct waiting *item)
{
    uLong crc = 0;
    size_t at = 0;
    for (size_t i = 0; i < item->count; i++) {
        const struct stretch *one = &item->known[i];
        crc = icl_zip_checksum((uint32_t)crc, item->zip->storage, item->bytes + at, one->at - at);
        crc = crc32_combine(crc, one->crc32, (z_off_t)one->size);
        at = one->at + one->size;
    }
    crc = icl_zip_checksum((uint32_t)crc, item->zip->storage, item->bytes + at, item->size - at);
    return crc == item->member->shown.crc32;
}

imgcls_status icl_checks_finish(struct icl_checks *checks, imgcls_status status)
{
    if (!checks || status == IMGCLS_INTERRUPTED) /* who runs again after that still waits */
        return status;
    for (size_t i = 0; i < checks->count; i++) {
        const struct waiting *item = &checks->items[i];
        if (is_undamaged(item))
            continue;
        icl_forgive(checks->ctx); /* what came of damaged bytes */
        status = icl_zip_is_damaged(item->zip, item->member);
        break;
    }
    clear(checks);
    return status;
}
