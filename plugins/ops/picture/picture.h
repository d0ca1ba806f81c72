/*
 * plugins/ops/picture/picture.h - encoded pictures become rows of red, green and blue
 *
 * Each decoder takes a whole file in memory and trusts nothing in it: sizes are checked before
 * memory is asked for, and reading never passes the end. Failures name the node and the format.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_PICTURE_H
#define OPS_PICTURE_H

#include "plugins/ops/op.h"

extern const struct imgcls_op image_decoder_op;

struct picture {
    int64_t width, height;
    unsigned char *pixels; /* own: host->release; height rows of width RGB triples */
};

/* What a decoder works for and on. */
struct encoded {
    const struct imgcls_host *host;
    const struct imgcls_node *node;
    const unsigned char *bytes;
    size_t size;
};

/* Room for a picture; refuses sides that are not in 1..65535. */
imgcls_status picture_create(const struct encoded *file, int64_t width, int64_t height,
                             struct picture *out);

imgcls_status picture_read_jpeg(const struct encoded *file, struct picture *out);
imgcls_status picture_read_png(const struct encoded *file, struct picture *out);
imgcls_status picture_read_webp(const struct encoded *file, struct picture *out);

#endif
