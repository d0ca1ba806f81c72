/*
 * programs/progress.c - how far long work has come: a bar on a terminal, lines elsewhere
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/command.h"

#include <time.h>
#include <unistd.h>

#define BAR_CELLS 24
#define TERMINAL_INTERVAL 0.1 /* seconds between drawings */
#define LINE_INTERVAL 10.0    /* seconds between plain lines */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void progress_begin(struct progress *progress, const struct command_line *line,
                    const char *what, const char *unit, long long total)
{
    *progress = (struct progress){
        .what = what,
        .unit = unit,
        .total = total,
        .terminal = isatty(STDERR_FILENO) == 1,
        .began = now(),
    };
    progress->silent = line->quiet || (line->json && !progress->terminal);
    progress->shown = progress->terminal ? 0 : progress->began;
}

static void time_left(double seconds, char *text, size_t capacity)
{
    long whole = (long)(seconds + 0.5);
    if (whole >= 3600)
        snprintf(text, capacity, "%ld h %02ld min left", whole / 3600, whole / 60 % 60);
    else if (whole >= 60)
        snprintf(text, capacity, "%ld min %02ld s left", whole / 60, whole % 60);
    else
        snprintf(text, capacity, "%ld s left", whole);
}

static void draw(const struct progress *progress, double time)
{
    double spent = time - progress->began;
    double rate = spent > 0 ? (double)progress->done / spent : 0;
    char left[48] = "";
    if (rate > 0 && progress->total > 0)
        time_left((double)(progress->total - progress->done) / rate, left, sizeof left);
    if (!progress->terminal) {
        fprintf(stderr, "%s: %lld of %lld %s, %.1f/s, %s\n", progress->what, progress->done,
                progress->total, progress->unit, rate, left);
        return;
    }
    int full = progress->total > 0
                   ? (int)(BAR_CELLS * progress->done / progress->total)
                   : 0;
    fprintf(stderr, "\r\033[K%s [", progress->what);
    for (int i = 0; i < BAR_CELLS; i++)
        fputs(i < full ? "=" : " ", stderr);
    fprintf(stderr, "] %lld/%lld %s, %.1f/s, %s", progress->done, progress->total,
            progress->unit, rate, left);
    fflush(stderr);
}

void progress_show(struct progress *progress, long long done)
{
    progress->done = done;
    if (progress->silent)
        return;
    double time = now();
    if (time - progress->shown < (progress->terminal ? TERMINAL_INTERVAL : LINE_INTERVAL))
        return;
    progress->shown = time;
    draw(progress, time);
}

void progress_end(struct progress *progress)
{
    if (!progress->silent && progress->terminal && progress->shown > 0)
        fputs("\r\033[K", stderr);
    progress->silent = true;
}
