/*
 * src/file/follow.c - the hash of a file that is being written, taken while it grows
 *
 * A thread reads behind the writer what is in the system's cache anyway, so that hashing costs
 * no time of its own: it overlaps with writing, and with the wait for the disk. Where there is
 * no second thread, all of it happens in icl_follow_finish.
 *
 * Invariant: what is below `written` never changes (an output only ever grows), so the thread
 * reads it without holding the lock.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/file/file.h"

#define PIECE ((size_t)256 << 10) /* stays in the second cache between reading and hashing */

struct icl_follow {
    struct imgcls_context *ctx;
    struct icl_sha256 *hash;
    int fd;
    uint64_t hashed; /* the thread's */
    int error;       /* the thread's until it was joined */
    unsigned char *piece;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;
    pthread_cond_t grown;
    uint64_t written; /* under the lock */
    bool ended;       /* under the lock: written is the whole size */
};

static void hash_up_to(struct icl_follow *follow, uint64_t end)
{
    while (!follow->error && follow->hashed < end) {
        uint64_t left = end - follow->hashed;
        ssize_t got = pread(follow->fd, follow->piece, left < PIECE ? (size_t)left : PIECE,
                            (off_t)follow->hashed);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            follow->error = got < 0 ? errno : EIO;
            break;
        }
        icl_sha256_update(follow->hash, follow->piece, (size_t)got);
        follow->hashed += (uint64_t)got;
    }
}

static void *follow_file(void *argument)
{
    struct icl_follow *follow = argument;
    bool ended;
    do {
        pthread_mutex_lock(&follow->lock);
        while (follow->written == follow->hashed && !follow->ended)
            pthread_cond_wait(&follow->grown, &follow->lock);
        uint64_t end = follow->written;
        ended = follow->ended;
        pthread_mutex_unlock(&follow->lock);
        hash_up_to(follow, end);
    } while (!ended && !follow->error);
    return NULL;
}

imgcls_status icl_follow_start(struct imgcls_context *ctx, int fd, struct icl_follow **out)
{
    struct icl_follow *follow = calloc(1, sizeof *follow);
    *out = NULL;
    if (!follow || !(follow->piece = malloc(PIECE))) {
        free(follow);
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for hashing");
    }
    imgcls_status status = icl_sha256_create(ctx, &follow->hash);
    if (status != IMGCLS_OK) {
        free(follow->piece);
        free(follow);
        return status;
    }
    follow->ctx = ctx;
    follow->fd = fd;
    pthread_mutex_init(&follow->lock, NULL);
    pthread_cond_init(&follow->grown, NULL);
    follow->running = pthread_create(&follow->thread, NULL, follow_file, follow) == 0;
    *out = follow;
    return IMGCLS_OK;
}

void icl_follow_grown(struct icl_follow *follow, size_t bytes)
{
    if (!follow)
        return;
    pthread_mutex_lock(&follow->lock);
    follow->written += bytes;
    pthread_cond_signal(&follow->grown);
    pthread_mutex_unlock(&follow->lock);
}

imgcls_status icl_follow_finish(struct icl_follow *follow, char text[65])
{
    if (!follow)
        return IMGCLS_OK;
    struct imgcls_context *ctx = follow->ctx;
    pthread_mutex_lock(&follow->lock);
    follow->ended = true;
    pthread_cond_signal(&follow->grown);
    pthread_mutex_unlock(&follow->lock);
    if (follow->running)
        pthread_join(follow->thread, NULL);
    else
        hash_up_to(follow, follow->written);
    int error = follow->error;
    icl_sha256_finish(follow->hash, text);
    pthread_cond_destroy(&follow->grown);
    pthread_mutex_destroy(&follow->lock);
    free(follow->piece);
    free(follow);
    return error ? icl_fail(ctx, IMGCLS_IO, "cannot read back what was written: %s",
                            strerror(error))
                 : IMGCLS_OK;
}
