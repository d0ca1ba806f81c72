/*
 * src/registry/registry.h - which plugins there are, what they offer, and loading them
 *
 * Search: each folder of the context's plugin path (IMGCLS_PLUGIN_PATH), then the installed
 * one. A file is scanned in a child process first (time limit 10 s); what it offers is cached
 * under $XDG_CACHE_HOME/imgcls by path, size, time and ABI, refusals included, so that an
 * ordinary start loads only the plugins it uses. Handles are never closed.
 *
 * Thread-safe after icl_registry_open: loading takes a mutex.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REGISTRY_H
#define ICL_REGISTRY_H

#include "src/context/context.h"

struct icl_registry;

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
                                                        const char *domain, const char *type,
                                                        int64_t version, size_t *count);
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

/* For reports: every file found, loaded or refused. */
struct icl_plugin_report {
    const char *path;
    const char *name, *version, *licence; /* NULL where refused */
    int32_t abi_major, abi_minor_needed;
    const char *refused; /* NULL: fine; else the reason, loader's own words included */
    const char *sha256;  /* of the file; computed when asked */
    bool loaded;         /* in this process, by now */
    size_t offer_count;
    const char *const *offers; /* "op ai.onnx Conv 1-28", "kernel conv_f32_portable", ... */
};
size_t icl_registry_plugin_count(struct icl_registry *registry);
imgcls_status icl_registry_plugin_at(struct icl_registry *registry, size_t index,
                                     struct icl_plugin_report *out);

#endif
