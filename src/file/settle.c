/*
 * src/file/settle.c - a file goes to the disk while it grows
 *
 * An fsync at the end waits for two things: until the system has given the disk every page, and
 * until the disk has emptied a cache of its own, which takes as long again and which nothing but
 * an fsync begins. A thread asks for both while the writer still writes, so that the last fsync
 * has little left to wait for. Where there is no second thread, the last one does it all.
 *
 * Invariant: an error of the disk is told to one fsync only, and this one may be it; so the thread
 * keeps the first, and whoever waits for the file must ask icl_settle_finish, too.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/file/file.h"

#define STEP_BYTES ((uint64_t)16 << 20) /* a smaller step has more to wait for than to write */

struct icl_settle {
    int fd;
    int error; /* the thread's until it was joined */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t grown;
    uint64_t written; /* under the lock */
    bool ended;       /* under the lock */
};

static void *settle_file(void *argument)
{
    struct icl_settle *settle = argument;
    uint64_t settled = 0;
    for (;;) {
        pthread_mutex_lock(&settle->lock);
        while (settle->written - settled < STEP_BYTES && !settle->ended)
            pthread_cond_wait(&settle->grown, &settle->lock);
        settled = settle->written;
        bool ended = settle->ended;
        pthread_mutex_unlock(&settle->lock);
        if (ended)
            return NULL;
        if (fdatasync(settle->fd) != 0 && errno != EINTR) {
            settle->error = errno == EINVAL ? 0 : errno; /* EINVAL: no file that could be synced */
            return NULL;
        }
    }
}

struct icl_settle *icl_settle_start(int fd)
{
    struct icl_settle *settle = calloc(1, sizeof *settle);
    if (!settle)
        return NULL;
    settle->fd = fd;
    pthread_mutex_init(&settle->lock, NULL);
    pthread_cond_init(&settle->grown, NULL);
    if (pthread_create(&settle->thread, NULL, settle_file, settle) == 0)
        return settle;
    pthread_cond_destroy(&settle->grown);
    pthread_mutex_destroy(&settle->lock);
    free(settle);
    return NULL;
}

void icl_settle_grown(struct icl_settle *settle, size_t bytes)
{
    if (!settle)
        return;
    pthread_mutex_lock(&settle->lock);
    settle->written += bytes;
    if (settle->written >= STEP_BYTES)
        pthread_cond_signal(&settle->grown);
    pthread_mutex_unlock(&settle->lock);
}

int icl_settle_finish(struct icl_settle *settle)
{
    if (!settle)
        return 0;
    pthread_mutex_lock(&settle->lock);
    settle->ended = true;
    pthread_cond_signal(&settle->grown);
    pthread_mutex_unlock(&settle->lock);
    pthread_join(settle->thread, NULL);
    int error = settle->error;
    pthread_cond_destroy(&settle->grown);
    pthread_mutex_destroy(&settle->lock);
    free(settle);
    return error;
}
