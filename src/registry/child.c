/*
 * src/registry/child.c - runs a function in a child process that may crash or hang
 *
 * The report travels over a pipe as a length and that many bytes. The parent reads until it
 * has them, not until the end of the pipe: a process that the body left behind may hold the
 * pipe open. Whatever happens, the child's whole process group is killed and the child is
 * reaped before icl_child_run returns.
 *
 * Not here: what is run (scan.c, conform.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/context/context.h"

/* How often an interrupt is looked for while nothing arrives. */
#define POLL_MS 200

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* ---- In the child ---------------------------------------------------------------------*/

static void become_harmless(int *pipe_end, int limit_ms)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    /* The parent has a limit of its own; this one holds where the parent was stopped. */
    alarm((unsigned)limit_ms / 1000 + 2);
    /* The pipe may be descriptor 0, 1 or 2 where the parent had closed those. */
    int moved = fcntl(*pipe_end, F_DUPFD_CLOEXEC, 3);
    if (moved >= 0)
        *pipe_end = moved;
    int nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3 && nothing >= 0; fd++)
        dup2(nothing, fd);
}

static bool write_all(int fd, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, bytes, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        bytes += count;
        size -= (size_t)count;
    }
    return true;
}

static _Noreturn void child_main(void (*body)(void *, struct icl_packer *), void *argument,
                                 int pipe_end, int limit_ms)
{
    become_harmless(&pipe_end, limit_ms);
    struct icl_packer report = {.limit = ICL_CHILD_REPORT_MAX};
    body(argument, &report);
    struct icl_packer head = {.limit = 4};
    icl_pack_u32(&head, (uint32_t)report.size);
    bool sent = !report.failed && !head.failed &&
                write_all(pipe_end, head.bytes, head.size) &&
                write_all(pipe_end, report.bytes, report.size);
    _exit(sent ? 0 : 1);
}

/* ---- In the parent --------------------------------------------------------------------*/

/* Reads `size` bytes before the deadline; else says why not. */
static enum icl_child_outcome read_exactly(int fd, unsigned char *bytes, size_t size,
                                           int64_t deadline)
{
    while (size > 0) {
        int64_t left = deadline - now_ms();
        if (icl_interrupted())
            return ICL_CHILD_STOPPED;
        if (left <= 0)
            return ICL_CHILD_TIMED_OUT;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, (int)(left < POLL_MS ? left : POLL_MS)) <= 0)
            continue;
        ssize_t count = read(fd, bytes, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return ICL_CHILD_CRASHED; /* the pipe ended before its report */
        bytes += count;
        size -= (size_t)count;
    }
    return ICL_CHILD_DONE;
}

static void read_report(int fd, int64_t deadline, struct icl_child *child)
{
    unsigned char head[4];
    child->outcome = read_exactly(fd, head, sizeof head, deadline);
    if (child->outcome != ICL_CHILD_DONE)
        return;
    struct icl_unpacker unpacker = {head, head + sizeof head, false};
    uint32_t size = icl_unpack_u32(&unpacker);
    if (size > ICL_CHILD_REPORT_MAX) {
        child->outcome = ICL_CHILD_CRASHED;
        return;
    }
    child->report = malloc((size_t)size + 1);
    if (!child->report) {
        child->outcome = ICL_CHILD_NOT_RUN;
        child->error = ENOMEM;
        return;
    }
    child->report_size = size;
    child->outcome = read_exactly(fd, child->report, size, deadline);
}

/* Waits for a child that has closed its pipe: it is about to end, or it hangs in ending.
 * The group is killed before the child is reaped, while its number cannot mean anybody
 * else. */
static void reap(pid_t pid, bool kill_first, int64_t deadline, struct icl_child *child)
{
    while (!kill_first && now_ms() < deadline) {
        siginfo_t info = {.si_pid = 0};
        int result = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
        if (result == 0 ? info.si_pid == pid : errno != EINTR)
            break;
        poll(NULL, 0, 1);
    }
    /* The child makes itself leader of a group; until then it is in ours. */
    if (kill(-pid, SIGKILL) != 0)
        kill(pid, SIGKILL);
    int status = 0;
    pid_t reaped;
    do
        reaped = waitpid(pid, &status, 0);
    while (reaped < 0 && errno == EINTR);
    child->exit_status = -1;
    if (reaped == pid && WIFSIGNALED(status))
        child->signal = WTERMSIG(status);
    else if (reaped == pid && WIFEXITED(status))
        child->exit_status = WEXITSTATUS(status);
}

void icl_child_run(void (*body)(void *argument, struct icl_packer *out), void *argument,
                   int limit_ms, struct icl_child *child)
{
    *child = (struct icl_child){.outcome = ICL_CHILD_NOT_RUN};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        child->error = errno;
        return;
    }
    int64_t deadline = now_ms() + limit_ms;
    pid_t pid = fork();
    if (pid == 0)
        child_main(body, argument, ends[1], limit_ms);
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        child->error = error;
        close(ends[0]);
        return;
    }
    read_report(ends[0], deadline, child);
    /* With its report here the child has nothing left to do that matters. */
    reap(pid, child->outcome != ICL_CHILD_CRASHED, deadline, child);
    close(ends[0]);
    if (child->outcome != ICL_CHILD_DONE) {
        free(child->report);
        child->report = NULL;
        child->report_size = 0;
    }
}
