/*
 * src/registry/offers.c - what a plugin offers, known without having it loaded
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/offers.h"

bool icl_op_claims(const struct imgcls_op *op)
{
    return op->infer || op->upgrade || op->decompose;
}

/* ---- Packing --------------------------------------------------------------------------*/

static void pack_names(struct icl_packer *packer, const char *const *names)
{
    uint32_t count = 0;
    while (names && names[count])
        count++;
    icl_pack_u32(packer, count);
    for (uint32_t i = 0; i < count; i++)
        icl_pack_text(packer, names[i]);
}

static void pack_ops(const struct icl_descriptor *descriptor, struct icl_packer *packer)
{
    icl_pack_u32(packer, (uint32_t)descriptor->op_count);
    for (size_t i = 0; i < descriptor->op_count; i++) {
        const struct imgcls_op *op = &descriptor->ops[i];
        icl_pack_text(packer, op->domain);
        icl_pack_text(packer, op->type);
        icl_pack_u64(packer, (uint64_t)op->since_first);
        icl_pack_u64(packer, (uint64_t)op->since_last);
        icl_pack_u32(packer, icl_op_claims(op));
        icl_pack_u32(packer, (uint32_t)descriptor->kernel_counts[i]);
        for (size_t k = 0; k < descriptor->kernel_counts[i]; k++) {
            icl_pack_text(packer, op->kernels[k]->name);
            icl_pack_u64(packer, op->kernels[k]->isa);
        }
    }
}

static uint32_t abilities(const struct imgcls_format *format)
{
    return (format->bid && format->read ? ICL_FORMAT_READS : 0) |
           (format->bid && format->read_checkpoint ? ICL_FORMAT_READS_CHECKPOINT : 0) |
           (format->write ? ICL_FORMAT_WRITES : 0) |
           (format->bid_values && format->read_values ? ICL_FORMAT_READS_VALUES : 0) |
           (format->write_value ? ICL_FORMAT_WRITES_VALUES : 0);
}

void icl_offers_pack(const struct icl_descriptor *descriptor, struct icl_packer *packer)
{
    icl_pack_text(packer, descriptor->name);
    icl_pack_text(packer, descriptor->version);
    icl_pack_text(packer, descriptor->licence);
    pack_ops(descriptor, packer);
    icl_pack_u32(packer, (uint32_t)descriptor->format_count);
    for (size_t i = 0; i < descriptor->format_count; i++) {
        const struct imgcls_format *format = &descriptor->formats[i];
        icl_pack_text(packer, format->name);
        icl_pack_text(packer, format->description);
        icl_pack_u32(packer, abilities(format));
        pack_names(packer, format->extensions);
    }
    icl_pack_u32(packer, (uint32_t)descriptor->architecture_count);
    for (size_t i = 0; i < descriptor->architecture_count; i++) {
        icl_pack_text(packer, descriptor->architectures[i].name);
        pack_names(packer, descriptor->architectures[i].variants);
    }
    icl_pack_u32(packer, (uint32_t)descriptor->service_count);
    for (size_t i = 0; i < descriptor->service_count; i++) {
        icl_pack_text(packer, descriptor->services[i].name);
        icl_pack_u32(packer, (uint32_t)descriptor->services[i].version);
    }
}

/* ---- Unpacking ------------------------------------------------------------------------*/

/* Texts of descriptors hold no control characters (descriptor.c); a cache file might. */
static const char *unpack_name(struct icl_unpacker *unpacker)
{
    const char *text = icl_unpack_text(unpacker);
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            unpacker->failed = true;
    return text;
}

static const char **unpack_names(struct icl_unpacker *unpacker, struct icl_shelf *shelf,
                                 size_t *count)
{
    size_t length = icl_unpack_count(unpacker, ICL_NAMES_MAX, 5);
    const char **names = icl_shelf_take(shelf, length, sizeof *names);
    if (!names) {
        unpacker->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < length; i++)
        names[i] = unpack_name(unpacker);
    *count = length;
    return names;
}

static void unpack_op(struct icl_unpacker *unpacker, struct icl_shelf *shelf,
                      struct icl_op_offer *op)
{
    op->domain = unpack_name(unpacker);
    op->type = unpack_name(unpacker);
    op->since_first = (int64_t)icl_unpack_u64(unpacker);
    op->since_last = (int64_t)icl_unpack_u64(unpacker);
    op->claims = icl_unpack_u32(unpacker) != 0;
    op->kernel_count = icl_unpack_count(unpacker, ICL_KERNELS_MAX, 13);
    op->kernels = icl_shelf_take(shelf, op->kernel_count, sizeof *op->kernels);
    if (!op->kernels) {
        unpacker->failed = true;
        return;
    }
    for (size_t k = 0; k < op->kernel_count; k++) {
        op->kernels[k].name = unpack_name(unpacker);
        op->kernels[k].isa = icl_unpack_u64(unpacker);
    }
}

static void unpack_formats(struct icl_unpacker *unpacker, struct icl_shelf *shelf,
                           struct icl_offers *out)
{
    out->format_count = icl_unpack_count(unpacker, ICL_FORMATS_MAX, 18);
    out->formats = icl_shelf_take(shelf, out->format_count, sizeof *out->formats);
    for (size_t i = 0; out->formats && i < out->format_count; i++) {
        struct icl_format_offer *format = &out->formats[i];
        format->name = unpack_name(unpacker);
        format->description = unpack_name(unpacker);
        format->can = icl_unpack_u32(unpacker);
        format->extensions = unpack_names(unpacker, shelf, &format->extension_count);
    }
}

bool icl_offers_unpack(struct icl_unpacker *unpacker, struct icl_shelf *shelf,
                       struct icl_offers *out)
{
    *out = (struct icl_offers){.name = unpack_name(unpacker)};
    out->version = unpack_name(unpacker);
    out->licence = unpack_name(unpacker);
    out->op_count = icl_unpack_count(unpacker, ICL_OPS_MAX, 34);
    out->ops = icl_shelf_take(shelf, out->op_count, sizeof *out->ops);
    for (size_t i = 0; out->ops && i < out->op_count; i++)
        unpack_op(unpacker, shelf, &out->ops[i]);
    unpack_formats(unpacker, shelf, out);
    out->architecture_count = icl_unpack_count(unpacker, ICL_FORMATS_MAX, 9);
    out->architectures =
        icl_shelf_take(shelf, out->architecture_count, sizeof *out->architectures);
    for (size_t i = 0; out->architectures && i < out->architecture_count; i++) {
        struct icl_architecture_offer *architecture = &out->architectures[i];
        architecture->name = unpack_name(unpacker);
        architecture->variants =
            unpack_names(unpacker, shelf, &architecture->variant_count);
    }
    out->service_count = icl_unpack_count(unpacker, ICL_FORMATS_MAX, 9);
    out->services = icl_shelf_take(shelf, out->service_count, sizeof *out->services);
    for (size_t i = 0; out->services && i < out->service_count; i++) {
        out->services[i].name = unpack_name(unpacker);
        out->services[i].version = (int32_t)icl_unpack_u32(unpacker);
    }
    return out->ops && out->formats && out->architectures && out->services &&
           !unpacker->failed && *out->name;
}

/* ---- Lines for reports ----------------------------------------------------------------*/

static const char *domain_text(const char *domain)
{
    return *domain ? domain : "ai.onnx";
}

static char *op_line(const struct icl_op_offer *op, struct icl_shelf *shelf)
{
    const char *what = op->claims ? "op" : "kernels-for";
    if (op->since_first == op->since_last)
        return icl_shelf_format(shelf, "%s %s %s %lld", what, domain_text(op->domain),
                                op->type, (long long)op->since_first);
    return icl_shelf_format(shelf, "%s %s %s %lld-%lld", what, domain_text(op->domain),
                            op->type, (long long)op->since_first,
                            (long long)op->since_last);
}

static char *format_line(const struct icl_format_offer *format, struct icl_shelf *shelf)
{
    uint32_t can = format->can;
    return icl_shelf_format(shelf, "format %s%s%s%s%s%s", format->name,
                            can & ICL_FORMAT_READS ? " read" : "",
                            can & ICL_FORMAT_READS_CHECKPOINT ? " read-checkpoint" : "",
                            can & ICL_FORMAT_WRITES ? " write" : "",
                            can & ICL_FORMAT_READS_VALUES ? " read-values" : "",
                            can & ICL_FORMAT_WRITES_VALUES ? " write-values" : "");
}

const char **icl_offers_lines(const struct icl_offers *offers, struct icl_shelf *shelf,
                              size_t *count)
{
    size_t length = offers->op_count + offers->format_count + offers->architecture_count +
                    offers->service_count,
           at = 0;
    for (size_t i = 0; i < offers->op_count; i++)
        length += offers->ops[i].kernel_count;
    const char **lines = icl_shelf_take(shelf, length + 1, sizeof *lines);
    if (!lines)
        return NULL;
    for (size_t i = 0; i < offers->op_count; i++) {
        const struct icl_op_offer *op = &offers->ops[i];
        lines[at++] = op_line(op, shelf);
        for (size_t k = 0; k < op->kernel_count; k++)
            lines[at++] = icl_shelf_format(shelf, "kernel %s of %s %s", op->kernels[k].name,
                                           domain_text(op->domain), op->type);
    }
    for (size_t i = 0; i < offers->format_count; i++)
        lines[at++] = format_line(&offers->formats[i], shelf);
    for (size_t i = 0; i < offers->architecture_count; i++)
        lines[at++] =
            icl_shelf_format(shelf, "architecture %s", offers->architectures[i].name);
    for (size_t i = 0; i < offers->service_count; i++)
        lines[at++] = icl_shelf_format(shelf, "service %s %d", offers->services[i].name,
                                       offers->services[i].version);
    for (size_t i = 0; i < length; i++)
        if (!lines[i])
            return NULL;
    *count = length;
    return lines;
}
