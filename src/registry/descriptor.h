/*
 * src/registry/descriptor.h - what a plugin hands over, copied into structs of the host's
 * size
 *
 * A plugin may have been compiled against an older header (its structs are shorter) or a
 * newer one (longer). Each struct is copied as far as both know it, the rest is zero, and
 * from then on only the copies are read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REGISTRY_DESCRIPTOR_H
#define ICL_REGISTRY_DESCRIPTOR_H

#include <imgcls/plugin.h>

#include "src/registry/bytes.h"

/* Why a file is not used. The numbers stand in cache files: append only. */
enum icl_refusal {
    ICL_ACCEPTED = 0,
    ICL_REFUSED_LOADER = 1,     /* dlopen said no */
    ICL_REFUSED_SYMBOL = 2,     /* no imgcls_plugin_entry */
    ICL_REFUSED_NULL = 3,       /* the entry function returned NULL */
    ICL_REFUSED_ABI = 4,        /* major differs, or a newer minor is needed */
    ICL_REFUSED_DESCRIPTOR = 5, /* a struct too small, a name missing, a list without end */
    ICL_REFUSED_CRASH = 6,      /* the scanning child died */
    ICL_REFUSED_HANG = 7,       /* the scanning child did not finish */
    ICL_REFUSED_WRITABLE = 8,   /* anybody may change the file or its folder */
    ICL_REFUSED_FILE = 9,     /* not a regular file, unreadable, no process to scan it in */
    ICL_REFUSED_CHANGED = 10, /* not what was scanned */
    ICL_REFUSAL_COUNT
};

/* Lists longer than these are taken for lists without their NULL. */
#define ICL_OPS_MAX        4096
#define ICL_KERNELS_MAX    256
#define ICL_FORMATS_MAX    256
#define ICL_NAMES_MAX      256
#define ICL_NAME_BYTES_MAX 255

struct icl_descriptor {
    int32_t abi_major, abi_minor_needed; /* -1 until read */
    const char *name, *version, *licence;
    size_t op_count, format_count, architecture_count, service_count;
    struct imgcls_op
        *ops; /* copies; op->kernels lists copies, too; domain "" for ai.onnx */
    size_t *kernel_counts; /* per op */
    struct imgcls_format *formats;
    struct imgcls_architecture *architectures;
    struct imgcls_service *services;
};

/* Copies the plugin's structs; everything is borrowed from shelf and plugin. Where it
 * refuses, reason says why, without the path. Reads memory as the plugin says it is: do
 * this in a child first. */
enum icl_refusal icl_descriptor_read(const struct imgcls_plugin *plugin,
                                     struct icl_shelf *shelf, struct icl_descriptor *out,
                                     char *reason, size_t capacity);

/* dlopen, find the entry function, call it, read the descriptor. The library is never
 * closed. abi in *out is set as far as it was read, also where it refuses. */
enum icl_refusal icl_descriptor_load(const char *path, const struct imgcls_host *host,
                                     struct icl_shelf *shelf, struct icl_descriptor *out,
                                     char *reason, size_t capacity);

/* Replaces control characters, so that no file's text reaches a terminal as commands. */
void icl_text_make_plain(char *text);

#endif
