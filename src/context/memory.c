/*
 * src/context/memory.c - zeroed, aligned, counted memory
 *
 * A block begins with a head of 64 bytes that remembers what the C library gave and how much was
 * counted; what the caller gets lies behind it on a multiple of 64. calloc rather than
 * aligned_alloc plus memset: large blocks come from the kernel as zero pages and are touched
 * first by the thread that uses them. While a pile is open, larger blocks are its pieces.
 *
 * Invariant: memory_used is the sum over living blocks, and never passes memory_limit.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/context/pile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT 64u
#define PAGE      65536u /* a multiple of every page size in use */
#define LARGE     ((size_t)1 << 20)

struct head {
    void *raw;               /* what the C library gave; NULL: the block is a piece of `chunk` */
    uint64_t bytes;          /* counted in memory_used */
    struct icl_chunk *chunk; /* pile.h */
};
_Static_assert(sizeof(struct head) <= ALIGNMENT, "the head fits before an aligned block");

/* Counts the bytes in; false where that would pass the limit. */
static bool take(struct imgcls_context *ctx, uint64_t bytes)
{
    uint64_t used = atomic_load(&ctx->memory_used), after;
    do {
        if (__builtin_add_overflow(used, bytes, &after))
            return false;
        if (ctx->memory_limit && after > ctx->memory_limit)
            return false;
    } while (!atomic_compare_exchange_weak(&ctx->memory_used, &used, after));

    uint64_t peak = atomic_load(&ctx->memory_peak);
    while (peak < after && !atomic_compare_exchange_weak(&ctx->memory_peak, &peak, after))
        ;
    return true;
}

/* True for the one allocation that a test asked to fail. */
static bool fails_on_request(struct imgcls_context *ctx)
{
    uint64_t left = atomic_load(&ctx->fail_allocation);
    while (left && !atomic_compare_exchange_weak(&ctx->fail_allocation, &left, left - 1))
        ;
    return left == 1;
}

/* Weights are packed into fresh memory: a page fault for each 4 KiB of it took a tenth of the
 * time from start to first result. Fresh memory alone; a refusal changes nothing. */
static void ask_for_large_pages(unsigned char *raw, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    uintptr_t begin = ((uintptr_t)raw + PAGE - 1) / PAGE * PAGE, end = (uintptr_t)raw + bytes;
    if (bytes >= LARGE && begin < end)
        madvise((void *)begin, (end - begin) / PAGE * PAGE, MADV_HUGEPAGE);
#else
    (void)raw;
    (void)bytes;
#endif
}

static void *allocate(struct imgcls_context *ctx, size_t count, size_t size, bool clear)
{
    size_t bytes, total;
    if (!icl_mul_size(count, size, &bytes) || !icl_add_size(bytes, 2 * ALIGNMENT, &total) ||
        total > PTRDIFF_MAX) {
        icl_fail(ctx, IMGCLS_LIMIT, "memory: %zu elements of %zu bytes are more than there is",
                 count, size);
        return NULL;
    }
    if (fails_on_request(ctx)) {
        icl_fail(ctx, IMGCLS_NO_MEMORY, "memory: no %zu bytes to be had (on request)", bytes);
        return NULL;
    }
    if (!take(ctx, bytes)) {
        icl_fail(ctx, IMGCLS_LIMIT,
                 "memory: %zu bytes more would make %" PRIu64 ", past the limit of %" PRIu64,
                 bytes, atomic_load(&ctx->memory_used) + bytes, ctx->memory_limit);
        return NULL;
    }
    struct head head = {.bytes = bytes};
    unsigned char *raw = icl_pile_take(&ctx->pile, total, clear, &head.chunk);
    if (!raw)
        raw = head.raw = clear ? calloc(1, total) : malloc(total);
    if (!raw) {
        atomic_fetch_sub(&ctx->memory_used, bytes);
        icl_fail(ctx, IMGCLS_NO_MEMORY, "memory: no %zu bytes to be had", bytes);
        return NULL;
    }
    if (head.raw)
        ask_for_large_pages(raw, total);
    uintptr_t past_head = (uintptr_t)raw + sizeof(struct head);
    size_t skip = sizeof(struct head) + (ALIGNMENT - past_head % ALIGNMENT) % ALIGNMENT;
    unsigned char *block = raw + skip;
    memcpy(block - sizeof head, &head, sizeof head);
    return block;
}

void *icl_alloc(struct imgcls_context *ctx, size_t count, size_t size)
{
    return allocate(ctx, count, size, true);
}

void *icl_alloc_unset(struct imgcls_context *ctx, size_t count, size_t size)
{
    return allocate(ctx, count, size, false);
}

void icl_free(struct imgcls_context *ctx, void *pointer)
{
    struct head head;
    if (!pointer)
        return;
    memcpy(&head, (unsigned char *)pointer - sizeof head, sizeof head);
    atomic_fetch_sub(&ctx->memory_used, head.bytes);
    if (head.chunk)
        icl_chunk_release(head.chunk);
    else
        free(head.raw);
}

imgcls_status icl_alloc_status(const struct imgcls_context *ctx)
{
    struct imgcls_context *locked = (struct imgcls_context *)ctx; /* the mutex is not const */
    pthread_mutex_lock(&locked->lock);
    imgcls_status status = locked->status;
    pthread_mutex_unlock(&locked->lock);
    return status == IMGCLS_LIMIT ? IMGCLS_LIMIT : IMGCLS_NO_MEMORY;
}

char *icl_text_copy(struct imgcls_context *ctx, const char *text)
{
    size_t length = strlen(text);
    char *copy = icl_alloc(ctx, length + 1, 1);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

imgcls_status icl_grow(struct imgcls_context *ctx, void **array, size_t *capacity, size_t need,
                       size_t size)
{
    if (need <= *capacity)
        return IMGCLS_OK;
    size_t wanted = *capacity ? *capacity : 4;
    while (wanted < need)
        if (!icl_mul_size(wanted, 2, &wanted))
            wanted = need;
    void *grown = icl_alloc(ctx, wanted, size);
    if (!grown)
        return icl_alloc_status(ctx);
    if (*array)
        memcpy(grown, *array, *capacity * size);
    icl_free(ctx, *array);
    *array = grown;
    *capacity = wanted;
    return IMGCLS_OK;
}
