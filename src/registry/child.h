/*
 * src/registry/child.h - runs a function in a child process that may crash or hang
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REGISTRY_CHILD_H
#define ICL_REGISTRY_CHILD_H

#include "src/registry/bytes.h"

/* Most bytes that a child may report. */
#define ICL_CHILD_REPORT_MAX (4u << 20)

enum icl_child_outcome {
    ICL_CHILD_DONE,      /* report holds what the body packed */
    ICL_CHILD_CRASHED,   /* ended by a signal, or by an exit before its report */
    ICL_CHILD_TIMED_OUT, /* killed at the limit */
    ICL_CHILD_STOPPED,   /* killed because the process was interrupted */
    ICL_CHILD_NOT_RUN    /* no process, no pipe, no memory: error has errno */
};

struct icl_child {
    enum icl_child_outcome outcome;
    int signal;      /* CRASHED: the signal, 0 where it exited */
    int exit_status; /* CRASHED without a signal; -1 where somebody else reaped it */
    int error;
    unsigned char *report; /* own: free */
    size_t report_size;
};

/*
 * Forks, and in the child calls body with a packer; what it packs is the report. The child
 * has default signal handlers, no core file, no standard input or output, and ends with
 * _exit, so that nothing of the parent's is flushed or run twice. Thread-safe; in a process
 * with other threads body may call what only needs malloc and the loader, both of which the
 * C library makes usable after fork.
 */
void icl_child_run(void (*body)(void *argument, struct icl_packer *out), void *argument,
                   int limit_ms, struct icl_child *child);

#endif
