/*
 * src/context/context.h - what every call carries: error text, log, memory limit, registry
 *
 * One context a thread of the caller; inside, worker threads may call icl_fail, icl_log and
 * icl_alloc at once (a mutex guards the text, atomics the byte count).
 *
 * Not here: the table of functions that plugins get (src/registry/host.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_CONTEXT_H
#define ICL_CONTEXT_H

#include <imgcls/imgcls.h>
#include <imgcls/plugin.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define ICL_ERROR_CAPACITY 4096

struct icl_registry;
struct icl_choices;
struct icl_chunk;
struct icl_checks;

/* Large blocks that are made together (pile.c). */
struct icl_pile {
    pthread_mutex_t lock;
    bool is_open;          /* between icl_pile_begin and icl_pile_end */
    struct icl_chunk *now; /* where the next block goes; one user; NULL: none yet */
    size_t used;           /* bytes of it */
    size_t written;        /* bytes of it that may have been written, >= used */
};

struct imgcls_context {
    pthread_mutex_t lock; /* guards error and status */
    char error[ICL_ERROR_CAPACITY];
    imgcls_status status; /* of the text in error; IMGCLS_OK where there is none */
    void (*log)(void *argument, int32_t level, const char *text);
    void *log_argument;
    int32_t threads; /* resolved: >= 1 */
    uint64_t memory_limit;
    int64_t max_iterations; /* of one loop; resolved: >= 1 */
    _Atomic uint64_t memory_used, memory_peak;
    /* Fault injection for tests: the n-th allocation from now fails, once; 0: none does. */
    _Atomic uint64_t fail_allocation;
    struct icl_pile pile;
    uint64_t isa; /* IMGCLS_ISA_ bits offered and allowed */
    char *plugin_path;
    /* Of the model that is being opened, where checksums of its members may wait; NULL: they are
     * verified when a member is opened. */
    struct icl_checks *checks;
    struct icl_registry *registry; /* created on first use (icl_context_registry) */
    struct icl_choices *choices;   /* created on first use (icl_choices_of) */
    struct imgcls_host host;       /* host.context is this context */
};

/* Records the text unless a failure stands already (the one who notices first says it; it
 * stands until icl_forgive) and returns status. Control characters become '?', so that no
 * name in a file can steer a terminal; a newline stays (advice goes on a second line) and in
 * file-provided parts is the caller's to avoid. */
imgcls_status icl_fail(struct imgcls_context *ctx, imgcls_status status, const char *format,
                       ...) IMGCLS_PRINTF(3, 4);
/* Puts "prefix: " before the recorded text: for the one thing only the caller knows. */
imgcls_status icl_fail_within(struct imgcls_context *ctx, imgcls_status status,
                              const char *format, ...) IMGCLS_PRINTF(3, 4);
/* icl_fail(IMGCLS_IO) with ": " and the system's words for the errno value behind the text. */
imgcls_status icl_fail_errno(struct imgcls_context *ctx, int error, const char *format, ...)
    IMGCLS_PRINTF(3, 4);
/* Forgets a recorded failure that was handled. */
void icl_forgive(struct imgcls_context *ctx);
void icl_log(struct imgcls_context *ctx, int32_t level, const char *format, ...)
    IMGCLS_PRINTF(3, 4);

/* count * size zeroed bytes aligned to 64, counted against the limit; NULL after icl_fail
 * (IMGCLS_NO_MEMORY or IMGCLS_LIMIT; icl_alloc_status tells). 0 bytes give a pointer that is
 * not NULL. Own: icl_free, which accepts NULL. Thread-safe. */
void *icl_alloc(struct imgcls_context *ctx, size_t count, size_t size);
/* The same for what is written whole before it is read: the bytes may be anything. */
void *icl_alloc_unset(struct imgcls_context *ctx, size_t count, size_t size);
void icl_free(struct imgcls_context *ctx, void *pointer);
/* Status to return after icl_alloc gave NULL. */
imgcls_status icl_alloc_status(const struct imgcls_context *ctx);

/* From here to icl_pile_end larger blocks from icl_alloc, about `expected` bytes in all, lie
 * together in large pages, which go back when all of their blocks have been freed: for what is
 * made and freed together. Not nested; while no other thread allocates. Few bytes: no effect. */
void icl_pile_begin(struct imgcls_context *ctx, size_t expected);
void icl_pile_end(struct imgcls_context *ctx);
/* Instead of icl_pile_end: the next icl_pile_begin finds the memory again, from its front on if
 * all of its blocks were freed meanwhile. icl_pile_end gives it back, too. */
void icl_pile_rest(struct imgcls_context *ctx);

/* A copy of the text; NULL like icl_alloc. Own: icl_free. */
char *icl_text_copy(struct imgcls_context *ctx, const char *text);
/* Makes room for `need` elements of `size` bytes in an array from icl_alloc (*array may be
 * NULL, then *capacity is 0), doubling; old elements are kept, new ones are zero. On failure
 * nothing has changed. */
imgcls_status icl_grow(struct imgcls_context *ctx, void **array, size_t *capacity, size_t need,
                       size_t size);

/* True once imgcls_interrupt was called; long loops ask and return IMGCLS_INTERRUPTED. */
bool icl_interrupted(void);

/* Number of CPUs that affinity mask and cgroup (v1 and v2) quota leave, at least 1. */
int32_t icl_cpu_count(void);
/* CPUs that the cgroup of `self` (a file like /proc/self/cgroup) may use by the quotas found
 * beneath `mount` (like /sys/fs/cgroup), rounded up; 0 where there is no quota. */
int32_t icl_cgroup_cpus(const char *self, const char *mount);
/* IMGCLS_ISA_ bits of this CPU and OS, masked by $IMGCLS_ISA (portable|avx2|avx512|neon). A name
 * that is not known, or asks for more than the machine has, is IMGCLS_BAD_INPUT. */
imgcls_status icl_cpu_isa(struct imgcls_context *ctx, uint64_t *isa);
/* "avx512", "avx2", "neon" or "portable", for rows and reports. */
const char *icl_isa_name(uint64_t isa);

/* Checked arithmetic: false, and *out untouched, on overflow. */
static inline bool icl_mul_size(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_mul_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}
static inline bool icl_add_size(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_add_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

#endif
