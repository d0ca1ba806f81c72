/*
 * plugins/ops/channels_last/image.h - an image's dimensions and windows, read from a node
 *
 * All static inline. Ranks 3 to 5, as the pass that makes these nodes has them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_CHANNELS_LAST_IMAGE_H
#define OPS_CHANNELS_LAST_IMAGE_H

#include "plugins/ops/nn/window.h"
#include "plugins/ops/op.h"

struct image {
    int64_t count, channels, pixels; /* pixels: of one image */
    int32_t spatial;                 /* dimensions between N and C */
    const int64_t *sizes;            /* theirs */
};

/* False where the rank is another or a dimension is not known. */
static inline bool image_of(int32_t rank, const int64_t *dims, struct image *out)
{
    *out = (struct image){0};
    if (rank < 3 || rank > 5 || imgcls_count(rank, dims) < 0)
        return false;
    out->count = dims[0];
    out->channels = dims[rank - 1];
    out->spatial = rank - 2;
    out->sizes = dims + 1;
    out->pixels = imgcls_count(rank - 2, dims + 1);
    return true;
}

/* The image that input 0 is; a message where it is none. */
static inline imgcls_status image_read(const struct imgcls_host *host,
                                       const struct imgcls_node *node, struct image *out)
{
    const struct imgcls_value_info *x = op_in(node, 0);
    char text[OP_SHAPE_TEXT];

    if (x && image_of(x->rank, x->dims, out))
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                   "input is %s, an image of 3 to 5 known dimensions is needed",
                   x && x->rank >= 0 ? op_shape_text(x->rank, x->dims, text, sizeof text)
                                     : "not there");
}

/* Output 0: the same images with other pixels and channels. */
static inline imgcls_status image_infer(const struct imgcls_host *host,
                                        struct imgcls_infer *infer, const struct image *image,
                                        const int64_t *sizes, int64_t channels)
{
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t i;

    dims[0] = image->count;
    for (i = 0; i < image->spatial; i++)
        dims[1 + i] = sizes[i];
    dims[1 + i] = channels;
    return op_infer_shape(host, infer, 0, infer->node->inputs[0]->type, image->spatial + 2,
                          dims);
}

/* For accepts: plain, one output, all of float32, and an image. */
static inline bool image_is_float(const struct imgcls_node *node)
{
    const struct imgcls_value_info *x = op_in(node, 0);
    struct image image;

    return op_takes(node, 0, OP_BIT(IMGCLS_F32)) && op_is_plain(node) &&
           op_has_output(node, 0) && node->outputs[0]->type == IMGCLS_F32 &&
           image_of(x->rank, x->dims, &image);
}

#endif
