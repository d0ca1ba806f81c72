/*
 * src/registry/descriptor.c - what a plugin hands over, copied into structs of the host's
 * size
 *
 * Order matters in the head: major, minor and size stand at fixed places for ever, and
 * nothing else is read before they are found to fit.
 *
 * Not here: judging whether callbacks make sense together (conform.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/descriptor.h"

#include <stdio.h>
#include <string.h>

/* Bytes of a struct up to and including a field. */
#define UP_TO(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))

struct reader {
    struct icl_shelf *shelf;
    struct icl_descriptor *out;
    char *reason;
    size_t capacity;
};

static enum icl_refusal refuse(struct reader *reader, const char *what, const char *of)
{
    snprintf(reader->reason, reader->capacity, "%s%s%s", of, *of ? ": " : "", what);
    icl_text_make_plain(reader->reason);
    return ICL_REFUSED_DESCRIPTOR;
}

static enum icl_refusal no_memory(struct reader *reader)
{
    snprintf(reader->reason, reader->capacity, "no memory for its description");
    return ICL_REFUSED_FILE;
}

void icl_text_make_plain(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
}

static bool is_name(const char *text)
{
    if (!text || !*text || strnlen(text, ICL_NAME_BYTES_MAX + 1) > ICL_NAME_BYTES_MAX)
        return false;
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

/* Items before the NULL, or SIZE_MAX where there are more than `most`. */
static size_t list_length(const void *list, size_t most)
{
    const void *const *items = list;
    size_t count = 0;
    while (items && items[count])
        if (++count > most)
            return SIZE_MAX;
    return count;
}

/* Their struct into ours, both beginning with their size. False: shorter than `least`. */
static bool copy_struct(const void *theirs, size_t least, void *ours, size_t own_size)
{
    size_t size;
    memcpy(&size, theirs, sizeof size);
    if (size < least)
        return false;
    memcpy(ours, theirs, size < own_size ? size : own_size);
    memcpy(ours, &own_size, sizeof own_size);
    return true;
}

static enum icl_refusal read_kernels(struct reader *reader, struct imgcls_op *op,
                                     size_t *count)
{
    size_t length = list_length(op->kernels, ICL_KERNELS_MAX);
    if (length == SIZE_MAX)
        return refuse(reader, "a list of kernels without end", op->type);
    const struct imgcls_kernel **list =
        icl_shelf_take(reader->shelf, length + 1, sizeof *list);
    struct imgcls_kernel *copies = icl_shelf_take(reader->shelf, length, sizeof *copies);
    if (!list || !copies)
        return no_memory(reader);
    for (size_t i = 0; i < length; i++) {
        if (!copy_struct(op->kernels[i], UP_TO(struct imgcls_kernel, run), &copies[i],
                         sizeof copies[i]))
            return refuse(reader, "a kernel's struct is too small", op->type);
        if (!is_name(copies[i].name))
            return refuse(reader, "a kernel without a name", op->type);
        list[i] = &copies[i];
    }
    op->kernels = list;
    *count = length;
    return ICL_ACCEPTED;
}

static enum icl_refusal read_ops(struct reader *reader, const struct imgcls_op *const *list)
{
    struct icl_descriptor *out = reader->out;
    size_t length = list_length(list, ICL_OPS_MAX);
    if (length == SIZE_MAX)
        return refuse(reader, "a list of operators without end", "");
    out->ops = icl_shelf_take(reader->shelf, length, sizeof *out->ops);
    out->kernel_counts = icl_shelf_take(reader->shelf, length, sizeof *out->kernel_counts);
    if (!out->ops || !out->kernel_counts)
        return no_memory(reader);
    for (size_t i = 0; i < length; i++) {
        struct imgcls_op *op = &out->ops[i];
        if (!copy_struct(list[i], UP_TO(struct imgcls_op, since_last), op, sizeof *op))
            return refuse(reader, "an operator's struct is too small", "");
        if (!is_name(op->type))
            return refuse(reader, "an operator without a type", "");
        if (op->domain && *op->domain && !is_name(op->domain))
            return refuse(reader, "not a domain's name", op->type);
        if (op->since_first < 1 || op->since_last < op->since_first)
            return refuse(reader, "versions since_first to since_last are no range",
                          op->type);
        if (!op->domain || strcmp(op->domain, "ai.onnx") == 0)
            op->domain = "";
        enum icl_refusal refusal = read_kernels(reader, op, &out->kernel_counts[i]);
        if (refusal)
            return refusal;
        out->op_count = i + 1;
    }
    return ICL_ACCEPTED;
}

static enum icl_refusal check_names(struct reader *reader, const char *const *names,
                                    const char *what, const char *of)
{
    size_t length = list_length(names, ICL_NAMES_MAX);
    if (length == SIZE_MAX)
        return refuse(reader, what, of);
    for (size_t i = 0; i < length; i++)
        if (!is_name(names[i]))
            return refuse(reader, what, of);
    return ICL_ACCEPTED;
}

static enum icl_refusal read_formats(struct reader *reader,
                                     const struct imgcls_format *const *list)
{
    struct icl_descriptor *out = reader->out;
    size_t length = list_length(list, ICL_FORMATS_MAX);
    if (length == SIZE_MAX)
        return refuse(reader, "a list of formats without end", "");
    out->formats = icl_shelf_take(reader->shelf, length, sizeof *out->formats);
    if (!out->formats)
        return no_memory(reader);
    for (size_t i = 0; i < length; i++) {
        struct imgcls_format *format = &out->formats[i];
        if (!copy_struct(list[i], UP_TO(struct imgcls_format, name), format,
                         sizeof *format))
            return refuse(reader, "a format's struct is too small", "");
        if (!is_name(format->name))
            return refuse(reader, "a format without a name", "");
        if (format->description && !is_name(format->description))
            return refuse(reader, "a description that is not one line", format->name);
        enum icl_refusal refusal = check_names(
            reader, format->extensions, "extensions that are no names", format->name);
        if (refusal)
            return refusal;
        out->format_count = i + 1;
    }
    return ICL_ACCEPTED;
}

static enum icl_refusal read_architectures(struct reader *reader,
                                           const struct imgcls_architecture *const *list)
{
    struct icl_descriptor *out = reader->out;
    size_t length = list_length(list, ICL_FORMATS_MAX);
    if (length == SIZE_MAX)
        return refuse(reader, "a list of architectures without end", "");
    out->architectures = icl_shelf_take(reader->shelf, length, sizeof *out->architectures);
    if (!out->architectures)
        return no_memory(reader);
    for (size_t i = 0; i < length; i++) {
        struct imgcls_architecture *architecture = &out->architectures[i];
        if (!copy_struct(list[i], UP_TO(struct imgcls_architecture, name), architecture,
                         sizeof *architecture))
            return refuse(reader, "an architecture's struct is too small", "");
        if (!is_name(architecture->name))
            return refuse(reader, "an architecture without a name", "");
        enum icl_refusal refusal =
            check_names(reader, architecture->variants, "variants that are no names",
                        architecture->name);
        if (refusal)
            return refusal;
        out->architecture_count = i + 1;
    }
    return ICL_ACCEPTED;
}

static enum icl_refusal read_services(struct reader *reader,
                                      const struct imgcls_service *const *list)
{
    struct icl_descriptor *out = reader->out;
    size_t length = list_length(list, ICL_FORMATS_MAX);
    if (length == SIZE_MAX)
        return refuse(reader, "a list of services without end", "");
    out->services = icl_shelf_take(reader->shelf, length, sizeof *out->services);
    if (!out->services)
        return no_memory(reader);
    for (size_t i = 0; i < length; i++) {
        struct imgcls_service *service = &out->services[i];
        if (!copy_struct(list[i], UP_TO(struct imgcls_service, table), service,
                         sizeof *service))
            return refuse(reader, "a service's struct is too small", "");
        if (!is_name(service->name))
            return refuse(reader, "a service without a name", "");
        if (!service->table)
            return refuse(reader, "a service without its table", service->name);
        out->service_count = i + 1;
    }
    return ICL_ACCEPTED;
}

/* Major, minor, size: the three fields that never move. */
static enum icl_refusal read_head(struct reader *reader, const struct imgcls_plugin *plugin)
{
    struct icl_descriptor *out = reader->out;
    out->abi_major = plugin->abi_major;
    out->abi_minor_needed = plugin->abi_minor_needed;
    if (plugin->abi_major != IMGCLS_ABI_MAJOR) {
        snprintf(reader->reason, reader->capacity,
                 "made for major version %d of the plugin ABI, this library has %d",
                 plugin->abi_major, IMGCLS_ABI_MAJOR);
        return ICL_REFUSED_ABI;
    }
    if (plugin->abi_minor_needed > IMGCLS_ABI_MINOR || plugin->abi_minor_needed < 0) {
        snprintf(reader->reason, reader->capacity,
                 "needs plugin ABI %d.%d, this library has %d.%d", plugin->abi_major,
                 plugin->abi_minor_needed, IMGCLS_ABI_MAJOR, IMGCLS_ABI_MINOR);
        return ICL_REFUSED_ABI;
    }
    if (plugin->struct_size < UP_TO(struct imgcls_plugin, licence)) {
        snprintf(reader->reason, reader->capacity,
                 "its descriptor has %zu bytes, at least %zu are needed",
                 plugin->struct_size, UP_TO(struct imgcls_plugin, licence));
        return ICL_REFUSED_DESCRIPTOR;
    }
    return ICL_ACCEPTED;
}

enum icl_refusal icl_descriptor_read(const struct imgcls_plugin *plugin,
                                     struct icl_shelf *shelf, struct icl_descriptor *out,
                                     char *reason, size_t capacity)
{
    struct reader reader = {shelf, out, reason, capacity};
    *out = (struct icl_descriptor){.abi_major = -1, .abi_minor_needed = -1};
    enum icl_refusal refusal = read_head(&reader, plugin);
    if (refusal)
        return refusal;
    struct imgcls_plugin own = {.abi_major = 0};
    memcpy(&own, plugin,
           plugin->struct_size < sizeof own ? plugin->struct_size : sizeof own);
    if (!is_name(own.name) || !is_name(own.version) || !is_name(own.licence))
        return refuse(&reader, "name, version and licence must all be given", "");
    out->name = own.name;
    out->version = own.version;
    out->licence = own.licence;
    refusal = read_ops(&reader, own.ops);
    if (!refusal)
        refusal = read_formats(&reader, own.formats);
    if (!refusal)
        refusal = read_architectures(&reader, own.architectures);
    if (!refusal)
        refusal = read_services(&reader, own.services);
    return refusal;
}
