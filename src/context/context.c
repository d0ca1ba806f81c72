/*
 * src/context/context.c - making and ending a context; failures, log lines, the interrupt flag
 *
 * The failure text is written once, by whoever notices, and stands until it is forgiven; the
 * mutex lets worker threads race for being first. Text that came out of a file may carry
 * control characters, which are replaced before they can reach a terminal.
 *
 * Invariant: status is IMGCLS_OK exactly where error is "".
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/context/pile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/plan/choices.h"
#include "src/registry/registry.h"

#define MAX_ITERATIONS 1000000 /* by default: no picture needs as many, and it ends soon */

static atomic_int interrupted; /* set by signal handlers, hence outside any context */

void imgcls_interrupt(void)
{
    atomic_store_explicit(&interrupted, 1, memory_order_relaxed);
}

bool icl_interrupted(void)
{
    return atomic_load_explicit(&interrupted, memory_order_relaxed) != 0;
}

/* What the user's environment asks for by default: OMP_NUM_THREADS, "4" or "4,2". */
static int32_t threads_by_default(void)
{
    int32_t cpus = icl_cpu_count();
    const char *wish = getenv("OMP_NUM_THREADS");
    if (wish) {
        long cap = strtol(wish, NULL, 10);
        if (cap >= 1 && cap < cpus)
            return (int32_t)cap;
    }
    return cpus;
}

imgcls_status imgcls_context_create(const struct imgcls_context_options *options,
                                    struct imgcls_context **out)
{
    struct imgcls_context_options given;
    *out = NULL;
    memset(&given, 0, sizeof given);
    if (options)
        memcpy(&given, options,
               options->struct_size < sizeof given ? options->struct_size : sizeof given);

    struct imgcls_context *ctx = calloc(1, sizeof *ctx);
    if (!ctx)
        return IMGCLS_NO_MEMORY;
    if (pthread_mutex_init(&ctx->lock, NULL)) {
        free(ctx);
        return IMGCLS_NO_MEMORY;
    }
    icl_pile_init(&ctx->pile);
    ctx->log = given.log;
    ctx->log_argument = given.log_argument;
    ctx->memory_limit = given.memory_limit;
    ctx->max_iterations = given.max_iterations > 0 ? given.max_iterations : MAX_ITERATIONS;
    ctx->threads = given.threads > 0 ? given.threads : threads_by_default();
    icl_host_init(ctx);
    /* From here on the context can carry the text of its own failure. */
    *out = ctx;

    const char *path = given.plugin_path ? given.plugin_path : getenv("IMGCLS_PLUGIN_PATH");
    if (path) {
        ctx->plugin_path = icl_text_copy(ctx, path);
        if (!ctx->plugin_path)
            return icl_alloc_status(ctx);
    }
    return icl_cpu_isa(ctx, &ctx->isa);
}

void imgcls_context_destroy(struct imgcls_context *ctx)
{
    if (!ctx)
        return;
    icl_registry_close(ctx->registry);
    icl_choices_free(ctx, ctx->choices);
    icl_free(ctx, ctx->plugin_path);
    icl_pile_destroy(&ctx->pile);
    pthread_mutex_destroy(&ctx->lock);
    free(ctx);
}

const char *imgcls_error(const struct imgcls_context *ctx)
{
    return ctx ? ctx->error : "no memory for a context";
}

/* Keeps newlines (advice on a second line), UTF-8 and printable ASCII. */
static void defuse(char *text)
{
    for (char *p = text; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f)
            *p = '?';
}

static imgcls_status record(struct imgcls_context *ctx, imgcls_status status,
                            const char *suffix, const char *format, va_list arguments)
{
    pthread_mutex_lock(&ctx->lock);
    if (ctx->status == IMGCLS_OK && status != IMGCLS_OK) {
        int length = vsnprintf(ctx->error, sizeof ctx->error, format, arguments);
        if (length < 0)
            ctx->error[0] = '\0';
        if (suffix) {
            size_t used = strlen(ctx->error);
            snprintf(ctx->error + used, sizeof ctx->error - used, ": %s", suffix);
        }
        if (!ctx->error[0])
            snprintf(ctx->error, sizeof ctx->error, "%s", imgcls_status_text(status));
        defuse(ctx->error);
        ctx->status = status;
    }
    pthread_mutex_unlock(&ctx->lock);
    return status;
}

imgcls_status icl_fail(struct imgcls_context *ctx, imgcls_status status, const char *format,
                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    record(ctx, status, NULL, format, arguments);
    va_end(arguments);
    return status;
}

imgcls_status icl_fail_errno(struct imgcls_context *ctx, int error, const char *format, ...)
{
    char buffer[128];
    imgcls_status status = error == ENOMEM ? IMGCLS_NO_MEMORY : IMGCLS_IO;
    const char *words = strerror_r(error, buffer, sizeof buffer);
    va_list arguments;
    va_start(arguments, format);
    record(ctx, status, words, format, arguments);
    va_end(arguments);
    return status;
}

imgcls_status icl_fail_within(struct imgcls_context *ctx, imgcls_status status,
                              const char *format, ...)
{
    char prefix[ICL_ERROR_CAPACITY];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(prefix, sizeof prefix, format, arguments) < 0)
        prefix[0] = '\0';
    va_end(arguments);
    defuse(prefix);

    pthread_mutex_lock(&ctx->lock);
    if (status != IMGCLS_OK) {
        if (ctx->status == IMGCLS_OK) {
            snprintf(ctx->error, sizeof ctx->error, "%s", imgcls_status_text(status));
            ctx->status = status;
        }
        size_t before = strnlen(prefix, sizeof ctx->error - 3);
        size_t room = sizeof ctx->error - 1 - before - 2;
        size_t kept = strnlen(ctx->error, room);
        memmove(ctx->error + before + 2, ctx->error, kept);
        memcpy(ctx->error, prefix, before);
        memcpy(ctx->error + before, ": ", 2);
        ctx->error[before + 2 + kept] = '\0';
    }
    pthread_mutex_unlock(&ctx->lock);
    return status;
}

void icl_forgive(struct imgcls_context *ctx)
{
    pthread_mutex_lock(&ctx->lock);
    ctx->status = IMGCLS_OK;
    ctx->error[0] = '\0';
    pthread_mutex_unlock(&ctx->lock);
}

void icl_log(struct imgcls_context *ctx, int32_t level, const char *format, ...)
{
    char text[ICL_ERROR_CAPACITY];
    va_list arguments;
    if (!ctx->log)
        return;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    defuse(text);
    ctx->log(ctx->log_argument, level, text);
}
