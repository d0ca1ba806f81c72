/*
 * src/registry/offers.h - what a plugin offers, known without having it loaded
 *
 * Packed by the scanning child from the descriptor, unpacked in the parent, kept in the
 * cache. A loaded plugin's offers packed anew must equal these bytes, or it is not what was
 * scanned.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REGISTRY_OFFERS_H
#define ICL_REGISTRY_OFFERS_H

#include "src/registry/descriptor.h"

struct icl_kernel_offer {
    const char *name;
    uint64_t isa;
};

struct icl_op_offer {
    const char *domain, *type;
    int64_t since_first, since_last;
    bool claims; /* says what the operator means, rather than adding kernels alone */
    size_t kernel_count;
    struct icl_kernel_offer *kernels;
};

#define ICL_FORMAT_READS            1u
#define ICL_FORMAT_READS_CHECKPOINT 2u
#define ICL_FORMAT_WRITES           4u
#define ICL_FORMAT_READS_VALUES     8u
#define ICL_FORMAT_WRITES_VALUES    16u

struct icl_format_offer {
    const char *name, *description;
    uint32_t can; /* ICL_FORMAT_ bits */
    size_t extension_count;
    const char **extensions;
};

struct icl_architecture_offer {
    const char *name;
    size_t variant_count;
    const char **variants;
};

struct icl_service_offer {
    const char *name;
    int32_t version;
};

struct icl_offers {
    const char *name, *version, *licence;
    size_t op_count, format_count, architecture_count, service_count;
    struct icl_op_offer *ops;
    struct icl_format_offer *formats;
    struct icl_architecture_offer *architectures;
    struct icl_service_offer *services;
};

/* True where an entry defines the operator (infer, upgrade or decompose) and does not just
 * add kernels to somebody else's. */
bool icl_op_claims(const struct imgcls_op *op);

void icl_offers_pack(const struct icl_descriptor *descriptor, struct icl_packer *packer);
/* Strings are borrowed from the packed bytes, arrays from the shelf. False where the bytes
 * are not a description or memory is out. */
bool icl_offers_unpack(struct icl_unpacker *unpacker, struct icl_shelf *shelf,
                       struct icl_offers *out);

/* One line an offer: "op ai.onnx Conv 1-28", "kernel conv_f32_avx2 of ai.onnx Conv", ...;
 * the list is in the shelf, ended by NULL. NULL where memory is out. */
const char **icl_offers_lines(const struct icl_offers *offers, struct icl_shelf *shelf,
                              size_t *count);

#endif
