/*
 * src/registry/plugins.h - the registry from inside: its files, its index
 *
 * Only for the .c files of this folder.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REGISTRY_PLUGINS_H
#define ICL_REGISTRY_PLUGINS_H

#include "src/registry/cache.h"
#include "src/registry/registry.h"

struct icl_plugin_file {
    const char *path; /* absolute */
    struct icl_file_mark mark;
    struct icl_verdict verdict;
    int32_t state;      /* IMGCLS_PLUGIN_READY ... */
    const char *reason; /* NULL where ready or loaded */
    size_t order;       /* position in the registry: earlier ones come first everywhere */
    bool judged;        /* verdict is set */
    bool described;     /* verdict.offers are set */
    bool from_cache;
    struct icl_descriptor loaded; /* state LOADED */
    const char **lines;           /* offers in words, made when asked for */
    size_t line_count;
    char sha256[65];
};

struct icl_folder {
    const char *given; /* as the path names it */
    const char *note;  /* "3 plugins", "no such folder", ... */
};

/* One operator entry of one plugin; sorted by domain, type, then registration order. */
struct icl_op_index {
    const char *domain, *type;
    struct icl_plugin_file *file;
    size_t op; /* index into the file's offers and, once loaded, descriptor */
};

/* Kernels found for one operator version, kept for the next question. */
struct icl_kernel_list {
    struct icl_kernel_list *next;
    const char *domain, *type;
    int64_t version;
    const struct imgcls_kernel **kernels;
    size_t count;
};

struct icl_registry {
    struct imgcls_context *ctx;
    pthread_mutex_t lock; /* guards all below but ctx; held while a plugin is loaded */
    struct icl_shelf shelf;
    struct icl_folder *folders;
    size_t folder_count, folder_capacity;
    struct icl_plugin_file **files;
    size_t file_count, file_capacity;
    struct icl_op_index *ops;
    size_t op_count;
    struct icl_kernel_list *kernel_lists;
    const struct imgcls_architecture **architectures; /* NULL until asked for */
    size_t architecture_count;
    const char *disable;
    struct icl_cache cache;
    int scan_limit_ms;
};

/* Finds folders and files; each file gets its path and order, nothing else (folders.c). */
bool icl_registry_search(struct icl_registry *registry,
                         const struct icl_registry_options *options);
/* Appends a file; NULL where memory is out. */
struct icl_plugin_file *icl_registry_append(struct icl_registry *registry,
                                            const char *path);
/* True where a glob of `globs` matches the file's name, with or without ".so", or `name`
 * (NULL: not known); *glob (in the shelf) is the one. */
bool icl_registry_is_disabled(struct icl_shelf *shelf, const char *globs, const char *path,
                              const char *name, const char **glob);

/* Makes the index of operators anew (index.c). */
bool icl_registry_index(struct icl_registry *registry);

/* Loads a READY file in this process; true where it is LOADED afterwards. Lock held. A file
 * that turns out not to be what was scanned becomes REFUSED, with a warning (registry.c).
 */
bool icl_registry_load(struct icl_registry *registry, struct icl_plugin_file *file);

#endif
