/*
 * src/registry/load.c - dlopen of one file and the call of its entry function
 *
 * Used twice for each plugin: in a child when it is scanned, and in the process itself once
 * something of it is asked for. RTLD_NOW, so that a missing symbol is found here and not in
 * the middle of a run; RTLD_LOCAL, so that plugins do not see each other's symbols. A
 * handle is never closed: descriptors and kernels are used until the process ends.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/descriptor.h"

#include <dlfcn.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ENTRY_SYMBOL "imgcls_plugin_entry"

/* The entry function's host: failures are caught here, and services are not to be had,
 * since they are what is just being loaded. */
struct entry_host {
    struct imgcls_host host; /* first */
    char text[512];
};

static imgcls_status entry_fail(const struct imgcls_host *host, imgcls_status status,
                                const char *format, ...)
{
    struct entry_host *own = (struct entry_host *)host;
    if (!own->text[0]) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(own->text, sizeof own->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

static const void *entry_service(const struct imgcls_host *host, const char *name,
                                 int32_t version)
{
    (void)host;
    (void)name;
    (void)version;
    return NULL;
}

/* dlsym looks into the libraries that a library needs, too; the entry must be its own. */
static bool is_of(void *handle, void *symbol)
{
    struct link_map *map = NULL, *owner = NULL;
    Dl_info info;
    return dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 &&
           dladdr1(symbol, &info, (void **)&owner, RTLD_DL_LINKMAP) != 0 && map == owner;
}

static const char *last_words(void)
{
    const char *text = dlerror();
    return text ? text : "no reason given";
}

enum icl_refusal icl_descriptor_load(const char *path, const struct imgcls_host *host,
                                     struct icl_shelf *shelf, struct icl_descriptor *out,
                                     char *reason, size_t capacity)
{
    *out = (struct icl_descriptor){.abi_major = -1, .abi_minor_needed = -1};
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(reason, capacity, "the loader says: %s", last_words());
        icl_text_make_plain(reason);
        return ICL_REFUSED_LOADER;
    }
    void *symbol = dlsym(handle, ENTRY_SYMBOL);
    if (!symbol || !is_of(handle, symbol)) {
        snprintf(reason, capacity,
                 "no plugin of imgcls: it has no symbol " ENTRY_SYMBOL "%s%s",
                 symbol ? "" : "; the loader says: ", symbol ? "" : last_words());
        icl_text_make_plain(reason);
        return ICL_REFUSED_SYMBOL;
    }
    const struct imgcls_plugin *(*entry)(const struct imgcls_host *);
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from object to function */
    struct entry_host guarded = {.host = *host};
    guarded.host.fail = entry_fail;
    guarded.host.service = entry_service;
    const struct imgcls_plugin *plugin = entry(&guarded.host);
    if (!plugin) {
        snprintf(reason, capacity, "%s returned NULL%s%s", ENTRY_SYMBOL,
                 guarded.text[0] ? ": " : " and gave no reason", guarded.text);
        icl_text_make_plain(reason);
        return ICL_REFUSED_NULL;
    }
    return icl_descriptor_read(plugin, shelf, out, reason, capacity);
}
