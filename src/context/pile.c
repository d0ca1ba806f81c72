/*
 * src/context/pile.c - chunks of large pages, cut into blocks from front to back
 *
 * What is freed waits for its chunk. So a pile is for what is made and goes together. A chunk
 * whose blocks are gone while its pile rests is cut anew; only there is anything to be cleared.
 *
 * Invariant: a chunk's users are its living blocks, and the pile while it is `now`; bytes of `now`
 * from `written` on are zero.
 * Not here: counting, limits (memory.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/context/pile.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_PAGE ((size_t)2 << 20)
#define CHUNK      (64 * LARGE_PAGE)
#define LEAST      ((size_t)16 << 10) /* smaller blocks: the C library's, which uses them again */
#define WORTH_IT   (4 * LARGE_PAGE)   /* the last page of a pile is cleared for nothing */
#define ALIGNMENT  ((size_t)64)

struct icl_chunk {
    _Atomic size_t users;
    unsigned char *bytes;
    size_t size;
};

/* Blocks beside each other have nothing between them that a sanitizer could watch. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_WATCHED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_WATCHED true
#endif
#endif
#ifndef IS_WATCHED
#define IS_WATCHED false
#endif

void icl_pile_init(struct icl_pile *pile)
{
    pthread_mutex_init(&pile->lock, NULL);
}

void icl_pile_destroy(struct icl_pile *pile)
{
    icl_chunk_release(pile->now);
    pthread_mutex_destroy(&pile->lock);
}

/* Fresh pages from a multiple of a large page on; what lies before and behind goes back. */
static unsigned char *map_aligned(size_t size)
{
    size_t total;
    if (!icl_add_size(size, LARGE_PAGE, &total))
        return NULL;
    unsigned char *raw =
        mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED)
        return NULL;
    size_t before = (LARGE_PAGE - (uintptr_t)raw % LARGE_PAGE) % LARGE_PAGE;
    if (before)
        munmap(raw, before);
    if (before < LARGE_PAGE)
        munmap(raw + before + size, LARGE_PAGE - before);
#ifdef MADV_HUGEPAGE
    madvise(raw + before, size, MADV_HUGEPAGE); /* a refusal changes nothing */
#endif
    return raw + before;
}

static struct icl_chunk *make_chunk(size_t bytes)
{
    size_t size = bytes < CHUNK ? CHUNK : bytes;
    if (!icl_add_size(size, LARGE_PAGE - 1, &size))
        return NULL;
    size = size / LARGE_PAGE * LARGE_PAGE;
    struct icl_chunk *chunk = calloc(1, sizeof *chunk);
    if (!chunk)
        return NULL;
    chunk->bytes = map_aligned(size);
    if (!chunk->bytes) {
        free(chunk);
        return NULL;
    }
    chunk->size = size;
    atomic_init(&chunk->users, 1);
    return chunk;
}

void icl_chunk_release(struct icl_chunk *chunk)
{
    if (!chunk || atomic_fetch_sub_explicit(&chunk->users, 1, memory_order_acq_rel) != 1)
        return;
    munmap(chunk->bytes, chunk->size);
    free(chunk);
}

/* Under the lock. *old: how many bytes at the front may have been written. */
static void *cut(struct icl_pile *pile, size_t bytes, struct icl_chunk **chunk, size_t *old)
{
    if (!pile->now || bytes > pile->now->size - pile->used) {
        struct icl_chunk *fresh = make_chunk(bytes);
        if (!fresh)
            return NULL;
        icl_chunk_release(pile->now);
        pile->now = fresh;
        pile->used = pile->written = 0;
    }
    *old = pile->written - pile->used < bytes ? pile->written - pile->used : bytes;
    unsigned char *block = pile->now->bytes + pile->used;
    pile->used += bytes;
    if (pile->written < pile->used)
        pile->written = pile->used;
    atomic_fetch_add(&pile->now->users, 1);
    *chunk = pile->now;
    return block;
}

void *icl_pile_take(struct icl_pile *pile, size_t bytes, bool clear, struct icl_chunk **chunk)
{
    size_t rounded, old = 0;
    *chunk = NULL;
    if (bytes < LEAST || !icl_add_size(bytes, ALIGNMENT - 1, &rounded))
        return NULL;
    pthread_mutex_lock(&pile->lock);
    void *block =
        pile->is_open ? cut(pile, rounded / ALIGNMENT * ALIGNMENT, chunk, &old) : NULL;
    pthread_mutex_unlock(&pile->lock);
    if (block && clear && old > 0)
        memset(block, 0, old);
    return block;
}

void icl_pile_begin(struct imgcls_context *ctx, size_t expected)
{
    struct icl_pile *pile = &ctx->pile;
    pthread_mutex_lock(&pile->lock);
    pile->is_open = expected >= WORTH_IT && !IS_WATCHED;
    if (pile->now && atomic_load_explicit(&pile->now->users, memory_order_acquire) == 1)
        pile->used = 0;
    pthread_mutex_unlock(&pile->lock);
}

void icl_pile_rest(struct imgcls_context *ctx)
{
    pthread_mutex_lock(&ctx->pile.lock);
    ctx->pile.is_open = false;
    pthread_mutex_unlock(&ctx->pile.lock);
}

void icl_pile_end(struct imgcls_context *ctx)
{
    struct icl_pile *pile = &ctx->pile;
    pthread_mutex_lock(&pile->lock);
    pile->is_open = false;
    icl_chunk_release(pile->now);
    pile->now = NULL;
    pile->used = pile->written = 0;
    pthread_mutex_unlock(&pile->lock);
}
