/*
 * include/imgcls/registry.h - which plugins there are, what they offer, why one is refused
 *
 * Threads: as the context's. Texts are borrowed from the context.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IMGCLS_REGISTRY_H
#define IMGCLS_REGISTRY_H

#include <imgcls/imgcls.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMGCLS_PLUGIN_READY    0 /* accepted; loaded once something of it is asked for */
#define IMGCLS_PLUGIN_LOADED   1 /* accepted, and loaded in this process */
#define IMGCLS_PLUGIN_REFUSED  2 /* broken, unsafe, or made for another version */
#define IMGCLS_PLUGIN_DISABLED 3 /* switched off by IMGCLS_PLUGIN_DISABLE */
#define IMGCLS_PLUGIN_SHADOWED 4 /* another of this name was found before */

/* What is known of one plugin file. Everything is borrowed from the context. */
struct imgcls_plugin_info {
    size_t struct_size;
    const char *path;
    const char *name, *version, *licence; /* NULL where it was not described */
    int32_t abi_major, abi_minor_needed;  /* -1 where not read */
    int32_t state;                        /* IMGCLS_PLUGIN_READY ... */
    int32_t reserved;
    const char *reason; /* why it is refused, disabled or shadowed; else NULL */
    const char *sha256; /* of the file; NULL where it cannot be read */
    size_t offer_count;
    const char *const *offers; /* "op ai.onnx Conv 1-28", "format onnx read write", ... */
};

/* Number of plugin files found in the searched folders, refused ones included; 0 with a
 * message in the context where the folders could not be searched at all. */
IMGCLS_API size_t imgcls_plugin_count(struct imgcls_context *context);
/* Plugin file `index`, in search order. info->struct_size is the caller's; IMGCLS_BAD_INPUT
 * past the last. */
IMGCLS_API imgcls_status imgcls_plugin_at(struct imgcls_context *context, size_t index,
                                          struct imgcls_plugin_info *info);
/* Folder `index` of the search path as given, NULL past the last; *note (NULL: not wanted)
 * says what became of it. */
IMGCLS_API const char *imgcls_plugin_folder(struct imgcls_context *context, size_t index,
                                            const char **note);
/* Scans one file in a child process whatever the cache says, loads it where it is sound,
 * and has it among the plugins from then on. A refusal is no failure: see info->state. */
IMGCLS_API imgcls_status imgcls_plugin_check(struct imgcls_context *context,
                                             const char *path,
                                             struct imgcls_plugin_info *info);
/*
 * Loads plugin `index` and asks it what every plugin must answer (docs/plugin-guide.md
 * lists the rules). report is called for each rule: subject is what was looked at, problem
 * is NULL where it holds. IMGCLS_MISMATCH where some rule does not hold.
 */
IMGCLS_API imgcls_status imgcls_plugin_test(struct imgcls_context *context, size_t index,
                                            void (*report)(void *argument, const char *rule,
                                                           const char *subject,
                                                           const char *problem),
                                            void *argument);

#ifdef __cplusplus
}
#endif

#endif
