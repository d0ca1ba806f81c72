/*
 * src/suite/suite.c - many cases side by side, each in a process of its own
 *
 * A case that crashes, hangs or eats memory must be that case's failure and nothing more, so
 * each runs in a forked child that hands its result back through a pipe. The parent has read
 * the plugin folders before, and the children inherit what it knows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <imgcls/suite.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/registry/registry.h"
#include "src/suite/case.h"

#define DEPTH_MAX 6       /* folders below the suite's own */
#define CASES_MAX 1000000
#define SECONDS 120
#define PROCESSES_MAX 256

struct owner {
    struct imgcls_case *cases;
    size_t count, capacity;
};

struct child {
    pid_t process;
    int pipe;
    size_t which, received; /* case; bytes of its result so far */
    double deadline;
    struct icl_case_result result;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void imgcls_suite_report_clear(struct imgcls_suite_report *report)
{
    struct owner *owner = report ? report->owner : NULL;
    if (!owner)
        return;
    for (size_t i = 0; i < owner->count; i++) {
        free((char *)owner->cases[i].name);
        free((char *)owner->cases[i].operators);
        free((char *)owner->cases[i].reason);
    }
    free(owner->cases);
    free(owner);
    *report = (struct imgcls_suite_report){.struct_size = report->struct_size};
}

/* ---- Finding cases ----------------------------------------------------------------------*/

static imgcls_status add_case(struct imgcls_context *ctx, struct owner *owner, const char *name)
{
    if (owner->count == owner->capacity) {
        size_t larger = owner->capacity ? 2 * owner->capacity : 256;
        struct imgcls_case *grown =
            larger > CASES_MAX ? NULL : realloc(owner->cases, larger * sizeof *grown);
        if (!grown)
            return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for more than %zu cases",
                            owner->count);
        owner->cases = grown;
        owner->capacity = larger;
    }
    char *copy = strdup(name);
    if (!copy)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for a case's name");
    owner->cases[owner->count++] = (struct imgcls_case){.name = copy};
    return IMGCLS_OK;
}

/* Adds every folder below root/relative that holds a model.onnx. */
static imgcls_status find_cases(struct imgcls_context *ctx, struct owner *owner,
                                const char *root, const char *relative, int depth)
{
    char path[4096];
    struct stat info;
    if ((size_t)snprintf(path, sizeof path, "%s/%s/model.onnx", root, relative) >= sizeof path)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: path too long", relative);
    if (*relative && stat(path, &info) == 0)
        return add_case(ctx, owner, relative);
    path[strlen(path) - sizeof "model.onnx" + 1] = '\0';
    DIR *folder = opendir(path);
    if (!folder)
        return icl_fail(ctx, *relative ? IMGCLS_IO : IMGCLS_BAD_INPUT, "%s: %s",
                        *relative ? path : root, strerror(errno));
    imgcls_status status = IMGCLS_OK;
    for (struct dirent *entry; status == IMGCLS_OK && (entry = readdir(folder));) {
        char below[4096], full[8192];
        if (entry->d_name[0] == '.' || depth == DEPTH_MAX)
            continue;
        if ((size_t)snprintf(below, sizeof below, "%s%s%s", relative, *relative ? "/" : "",
                             entry->d_name) >= sizeof below)
            continue;
        snprintf(full, sizeof full, "%s/%s", root, below);
        if (stat(full, &info) == 0 && S_ISDIR(info.st_mode))
            status = find_cases(ctx, owner, root, below, depth + 1);
    }
    closedir(folder);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct imgcls_case *)a)->name, ((const struct imgcls_case *)b)->name);
}

/* ---- Running them -----------------------------------------------------------------------*/

/* In the child: nothing of the parent's is touched, nothing is printed. */
static void run_in_child(struct imgcls_context *ctx, const char *root, const char *name,
                         int pipe)
{
    struct icl_case_result result;
    struct rlimit none = {0, 0};
    char folder[8192];
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    ctx->threads = 1;
    ctx->log = NULL;
    snprintf(folder, sizeof folder, "%s/%s", root, name);
    icl_case_run(ctx, folder, &result);
    const char *bytes = (const char *)&result;
    for (size_t at = 0; at < sizeof result;) {
        ssize_t wrote = write(pipe, bytes + at, sizeof result - at);
        if (wrote <= 0 && errno != EINTR)
            break;
        at += wrote > 0 ? (size_t)wrote : 0;
    }
    _exit(0);
}

static imgcls_status start(struct imgcls_context *ctx, const char *root,
                           const struct imgcls_case *which, size_t index, int seconds,
                           struct child *child)
{
    int ends[2];
    if (pipe(ends) != 0)
        return icl_fail(ctx, IMGCLS_IO, "no pipe for a case: %s", strerror(errno));
    pid_t process = fork();
    if (process < 0) {
        close(ends[0]);
        close(ends[1]);
        return icl_fail(ctx, IMGCLS_IO, "no process for a case: %s", strerror(errno));
    }
    if (process == 0) {
        close(ends[0]);
        run_in_child(ctx, root, which->name, ends[1]);
    }
    close(ends[1]);
    *child = (struct child){.process = process, .pipe = ends[0], .which = index,
                            .deadline = now() + seconds};
    return IMGCLS_OK;
}

static const char *last_words(int status, bool late, char *text, size_t capacity)
{
    if (late)
        snprintf(text, capacity, "took longer than the limit and was ended");
    else if (WIFSIGNALED(status))
        snprintf(text, capacity, "crashed with signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(text, capacity, "ended with status %d before it had a result",
                 WEXITSTATUS(status));
    return text;
}

static imgcls_status settle(struct imgcls_context *ctx, struct child *child, bool late,
                            struct imgcls_suite_report *report)
{
    struct owner *owner = report->owner;
    struct imgcls_case *row = &owner->cases[child->which];
    struct icl_case_result *result = &child->result;
    char words[128];
    int status;
    if (late)
        kill(child->process, SIGKILL);
    while (waitpid(child->process, &status, 0) < 0 && errno == EINTR)
        ;
    close(child->pipe);
    child->process = 0;
    if (late || child->received != sizeof *result) {
        *result = (struct icl_case_result){.result = IMGCLS_CASE_FAILED};
        snprintf(result->reason, sizeof result->reason, "%s",
                 last_words(status, late, words, sizeof words));
    }
    row->result = result->result;
    row->compared = result->compared;
    row->operators = strdup(result->operators);
    row->reason = strdup(result->reason);
    report->passed += row->result == IMGCLS_CASE_PASSED;
    report->failed += row->result == IMGCLS_CASE_FAILED;
    report->unsupported += row->result == IMGCLS_CASE_UNSUPPORTED;
    return row->operators && row->reason
               ? IMGCLS_OK
               : icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for a case's result");
}

/* Takes what a child has written; true when it has closed its end. */
static bool receive(struct child *child)
{
    char *bytes = (char *)&child->result;
    size_t room = sizeof child->result - child->received;
    char beyond;
    ssize_t got = read(child->pipe, room ? bytes + child->received : &beyond, room ? room : 1);
    if (got > 0)
        child->received += room ? (size_t)got : 0;
    return got == 0 || (got < 0 && errno != EINTR);
}

static void end_all(struct child *children, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!children[i].process)
            continue;
        kill(children[i].process, SIGKILL);
        waitpid(children[i].process, NULL, 0);
        close(children[i].pipe);
    }
}

static imgcls_status wait_for_some(struct imgcls_context *ctx, struct child *children,
                                   size_t count, struct imgcls_suite_report *report,
                                   size_t *done)
{
    struct pollfd waiting[PROCESSES_MAX];
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < count; i++)
        waiting[i] = (struct pollfd){.fd = children[i].process ? children[i].pipe : -1,
                                     .events = POLLIN};
    poll(waiting, count, 200);
    for (size_t i = 0; status == IMGCLS_OK && i < count; i++) {
        struct child *child = &children[i];
        if (!child->process)
            continue;
        bool closed = waiting[i].revents && receive(child);
        bool late = !closed && now() > child->deadline;
        if (closed || late) {
            status = settle(ctx, child, late, report);
            ++*done;
        }
    }
    return status;
}

static imgcls_status run_all(struct imgcls_context *ctx,
                             const struct imgcls_suite_options *options,
                             struct imgcls_suite_report *report)
{
    struct owner *owner = report->owner;
    size_t slots = options->processes > 0 ? (size_t)options->processes : (size_t)ctx->threads;
    slots = slots < PROCESSES_MAX ? slots : PROCESSES_MAX;
    struct child *children = calloc(slots, sizeof *children);
    if (!children)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for %zu processes", slots);
    size_t next = 0, done = 0;
    imgcls_status status = IMGCLS_OK;
    while (status == IMGCLS_OK && done < owner->count) {
        for (size_t i = 0; status == IMGCLS_OK && i < slots && next < owner->count; i++)
            if (!children[i].process) {
                status = start(ctx, options->folder, &owner->cases[next], next,
                               options->seconds > 0 ? options->seconds : SECONDS, &children[i]);
                next++;
            }
        if (status == IMGCLS_OK)
            status = wait_for_some(ctx, children, slots, report, &done);
        if (status == IMGCLS_OK && icl_interrupted())
            status = icl_fail(ctx, IMGCLS_INTERRUPTED, "interrupted after %zu of %zu cases",
                              done, owner->count);
        if (options->progress)
            options->progress(options->progress_argument, done, owner->count);
    }
    end_all(children, slots);
    free(children);
    return status;
}

imgcls_status imgcls_suite(struct imgcls_context *context,
                           const struct imgcls_suite_options *options,
                           struct imgcls_suite_report *report)
{
    struct owner *owner = calloc(1, sizeof *owner);
    struct icl_registry *registry;
    *report = (struct imgcls_suite_report){.struct_size = sizeof *report, .owner = owner};
    icl_forgive(context);
    if (!owner)
        return icl_fail(context, IMGCLS_NO_MEMORY, "no memory for the report");
    imgcls_status status = icl_context_registry(context, &registry);
    if (status == IMGCLS_OK)
        status = find_cases(context, owner, options->folder, "", 0);
    if (status == IMGCLS_OK && owner->count == 0)
        status = icl_fail(context, IMGCLS_BAD_INPUT,
                          "%s: no folder below it holds a model.onnx", options->folder);
    if (status == IMGCLS_OK) {
        qsort(owner->cases, owner->count, sizeof *owner->cases, by_name);
        status = run_all(context, options, report);
    }
    report->cases = owner->cases;
    report->count = owner->count;
    if (status != IMGCLS_OK)
        imgcls_suite_report_clear(report);
    return status;
}
