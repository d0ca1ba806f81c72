/*
 * src/registry/registry.h - which plugins there are, what they offer, and loading them
 *
 * Search: each folder of the context's plugin path (IMGCLS_PLUGIN_PATH), then the installed
 * one. A file is scanned in a child process first (time limit 10 s); what it offers is
 * cached under $XDG_CACHE_HOME/imgcls by path, size, time and ABI, so that an ordinary
 * start loads only the plugins it uses. Handles are never closed.
 *
 * Thread-safe after icl_registry_open: loading takes a mutex.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REGISTRY_H
#define ICL_REGISTRY_H

#include <imgcls/registry.h>

#include "src/context/context.h"

struct icl_registry;

/* Whether a plugin's struct is large enough to hold a field (else it reads as zero). */
#define ICL_HAS(pointer, field)                                                            \
    ((pointer)->struct_size >=                                                             \
     (size_t)((const char *)(&(pointer)->field + 1) - (const char *)(pointer)))

/* The context's registry, opened (folders read, cache consulted) on first use. */
imgcls_status icl_context_registry(struct imgcls_context *ctx, struct icl_registry **out);
void icl_registry_close(struct icl_registry *registry);

/* Fills ctx->host (src/registry/host.c). */
void icl_host_init(struct imgcls_context *ctx);

/* The operator's meaning for that version: infer, traits, upgrade, macs. NULL where no
 * plugin claims it. Loads the plugin. */
const struct imgcls_op *icl_registry_op(struct icl_registry *registry, const char *domain,
                                        const char *type, int64_t version);
/* All kernels for it, of all plugins, registration order; *count of them. Borrowed. */
const struct imgcls_kernel *const *icl_registry_kernels(struct icl_registry *registry,
                                                        const char *domain,
                                                        const char *type, int64_t version,
                                                        size_t *count);
/* Newest version that any plugin knows for a domain; 0 for unknown domains. */
int64_t icl_registry_newest(struct icl_registry *registry, const char *domain);
/* Highest bidder for reading (values: for bid_values); NULL with a message that lists what
 * was tried where nobody bids. */
imgcls_status icl_registry_format(struct icl_registry *registry,
                                  const struct imgcls_source *source, bool values,
                                  const struct imgcls_format **out);
/* By name or by extension of a path to be written. NULL where none. */
const struct imgcls_format *icl_registry_format_named(struct icl_registry *registry,
                                                      const char *name);
const struct imgcls_format *icl_registry_format_for_output(struct icl_registry *registry,
                                                           const char *path);
const struct imgcls_architecture *const *
icl_registry_architectures(struct icl_registry *registry, size_t *count);
const void *icl_registry_service(struct icl_registry *registry, const char *name,
                                 int32_t version);

/* For reports: every file found, loaded or refused (struct imgcls_plugin_info). */
size_t icl_registry_plugin_count(struct icl_registry *registry);
/* Borrowed until the registry is closed. Computes the file's SHA-256. */
imgcls_status icl_registry_plugin_at(struct icl_registry *registry, size_t index,
                                     struct imgcls_plugin_info *out);
/* Folder `index` of the search path and what became of it, NULL past the last. */
const char *icl_registry_folder_at(struct icl_registry *registry, size_t index,
                                   const char **note);
/* Scans a file whatever the cache says, and has it among the plugins from now on even where
 * it is in no folder of the path. Where it is accepted it is loaded, too. */
imgcls_status icl_registry_add(struct icl_registry *registry, const char *path,
                               size_t *index);
/* Index of a plugin by its name (or by the path of its file), SIZE_MAX where there is none.
 */
size_t icl_registry_find(struct icl_registry *registry, const char *name);

/* What opening depends on, for tests; a context opens with the environment's. */
struct icl_registry_options {
    const char *path;       /* colon-separated folders; NULL: none */
    const char *installed;  /* searched last; NULL: none */
    const char *disable;    /* globs separated by commas or colons; NULL: none */
    const char *cache_file; /* NULL: no cache */
    int scan_limit_ms;
};
imgcls_status icl_registry_open(struct imgcls_context *ctx,
                                const struct icl_registry_options *options,
                                struct icl_registry **out);

#endif
