/*
 * src/session/pool.c - threads that share the pieces of a loop
 *
 * A loop is cut into pieces of equal size; who is free takes the next number. Which thread
 * computes a piece is left to chance, what it computes is not: kernels write disjoint
 * outputs and never add across pieces, so results are the same for any number of threads.
 *
 * Waking: `round` counts loops. A worker waits for it to change: first by looking again and
 * again for SPIN_NS, then on a condition. The caller waits likewise for `busy` to reach
 * zero. A worker that still looks at an old round cannot take a piece of a new one, for the
 * caller leaves no loop before all workers have signed off from it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/session/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

/* Longer than most steps that run alone: waking a thread takes as long. */
#define SPIN_NS           50000
#define PIECES_PER_THREAD 4

struct worker {
    struct icl_pool *pool;
    pthread_t thread;
    int32_t number;
};

struct icl_pool {
    struct imgcls_context *ctx;
    int32_t threads; /* as asked for */
    int32_t started; /* workers that run, <= threads - 1 */
    bool tried;
    struct worker *workers;

    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    _Atomic uint64_t round;
    _Atomic int32_t busy; /* workers that have not signed off from this round */
    bool stop;            /* under lock */

    /* The loop of this round; written before `round` is. */
    void (*body)(void *argument, int64_t begin, int64_t end, int32_t thread);
    void *argument;
    int64_t count, piece;
    int32_t limit; /* threads that may take part */
    _Atomic int64_t next;
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void take_pieces(struct icl_pool *pool, int32_t number)
{
    for (;;) {
        int64_t begin =
            atomic_fetch_add_explicit(&pool->next, pool->piece, memory_order_relaxed);
        if (begin >= pool->count)
            return;
        int64_t end = pool->count - begin > pool->piece ? begin + pool->piece : pool->count;
        pool->body(pool->argument, begin, end, number);
    }
}

/* Waits until `round` is not `seen`; false where the pool ends. */
static bool wait_for_round(struct icl_pool *pool, uint64_t seen)
{
    int64_t until = now_ns() + SPIN_NS;
    do {
        for (int i = 0; i < 64; i++) {
            if (atomic_load_explicit(&pool->round, memory_order_acquire) != seen)
                return true;
            relax();
        }
    } while (now_ns() < until);
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->round) == seen && !pool->stop)
        pthread_cond_wait(&pool->wake, &pool->lock);
    bool go = atomic_load(&pool->round) != seen;
    pthread_mutex_unlock(&pool->lock);
    return go;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct icl_pool *pool = worker->pool;
    for (uint64_t seen = 0; wait_for_round(pool, seen); seen++) {
        if (worker->number < pool->limit)
            take_pieces(pool, worker->number);
        if (atomic_fetch_sub(&pool->busy, 1) == 1) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->done);
            pthread_mutex_unlock(&pool->lock);
        }
    }
    return NULL;
}

imgcls_status icl_pool_create(struct imgcls_context *ctx, int32_t threads,
                              struct icl_pool **out)
{
    *out = NULL;
    struct icl_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for the thread pool");
    pool->ctx = ctx;
    pool->threads = threads < 1 ? 1 : threads;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    *out = pool;
    return IMGCLS_OK;
}

/* Workers take no signals: the program's handlers run on its own threads. */
static void start_workers(struct icl_pool *pool)
{
    sigset_t all, before;
    pool->tried = true;
    pool->workers = calloc((size_t)pool->threads - 1, sizeof *pool->workers);
    if (!pool->workers)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int32_t i = 0; i < pool->threads - 1; i++) {
        struct worker *worker = &pool->workers[i];
        worker->pool = pool;
        worker->number = i + 1;
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
            icl_log(pool->ctx, IMGCLS_LOG_WARNING, "only %d of %d threads could be started",
                    (int)i + 1, (int)pool->threads);
            break;
        }
        pool->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void icl_pool_destroy(struct icl_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int32_t i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

int32_t icl_pool_threads(const struct icl_pool *pool)
{
    return pool ? pool->threads : 1;
}

static void wait_for_workers(struct icl_pool *pool)
{
    int64_t until = now_ns() + SPIN_NS;
    do {
        for (int i = 0; i < 64; i++) {
            if (atomic_load_explicit(&pool->busy, memory_order_acquire) == 0)
                return;
            relax();
        }
    } while (now_ns() < until);
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->busy) != 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void icl_pool_run(struct icl_pool *pool, int32_t threads, int64_t count, int64_t grain,
                  void (*body)(void *argument, int64_t begin, int64_t end, int32_t thread),
                  void *argument)
{
    if (count <= 0)
        return;
    if (grain < 1)
        grain = 1;
    if (threads > icl_pool_threads(pool))
        threads = icl_pool_threads(pool);
    if (threads <= 1 || count <= grain) {
        body(argument, 0, count, 0);
        return;
    }
    if (!pool->tried)
        start_workers(pool);
    if (pool->started == 0) {
        body(argument, 0, count, 0);
        return;
    }
    int64_t pieces = (int64_t)threads * PIECES_PER_THREAD;
    int64_t piece = count / pieces + (count % pieces != 0);
    pool->piece = piece > grain ? piece : grain;
    pool->body = body;
    pool->argument = argument;
    pool->count = count;
    pool->limit = threads;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->busy, pool->started);
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->round, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    take_pieces(pool, 0);
    wait_for_workers(pool);
}
