/*
 * src/convert/weights.c - a checkpoint looked at: tensors and texts, without a graph
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <imgcls/convert.h>

#include <stdlib.h>

#include "src/checkpoint/checkpoint.h"
#include "src/file/file.h"
#include "src/model/checkpoint.h"

struct imgcls_weights {
    struct imgcls_source *source;
    struct imgcls_checkpoint *checkpoint;
    const char *format;
    char sha256[65];
};

void imgcls_weights_close(struct imgcls_weights *weights)
{
    if (!weights)
        return;
    icl_checkpoint_destroy(weights->checkpoint);
    icl_source_close(weights->source);
    free(weights);
}

static imgcls_status read_weights(struct imgcls_context *ctx, struct icl_registry *registry,
                                  const struct imgcls_format *format, const char *arch,
                                  struct imgcls_weights *weights)
{
    weights->format = format->name;
    imgcls_status status = icl_checkpoint_create(ctx, &weights->checkpoint);
    if (status == IMGCLS_OK)
        status = format->read_checkpoint(&ctx->host, weights->source, weights->checkpoint);
    if (status == IMGCLS_OK)
        status = icl_checkpoint_unwrap(weights->checkpoint);
    if (status == IMGCLS_OK)
        status = icl_checkpoint_recognise(ctx, registry, weights->checkpoint, arch);
    if (status == IMGCLS_OK)
        status = icl_source_sha256(ctx, weights->source, weights->sha256);
    return status;
}

imgcls_status imgcls_weights_open(struct imgcls_context *context, const char *path,
                                  const char *arch, struct imgcls_weights **out)
{
    struct icl_registry *registry;
    const struct imgcls_format *format = NULL;
    *out = NULL;
    icl_forgive(context);
    struct imgcls_weights *weights = calloc(1, sizeof *weights);
    if (!weights)
        return icl_fail(context, IMGCLS_NO_MEMORY, "%s: no memory to read it", path);
    imgcls_status status = icl_source_open(context, path, &weights->source);
    if (status == IMGCLS_OK)
        status = icl_context_registry(context, &registry);
    if (status == IMGCLS_OK)
        status = icl_registry_format(registry, weights->source, false, &format);
    if (status == IMGCLS_OK && !format->read && format->read_checkpoint) {
        status = read_weights(context, registry, format, arch, weights);
        if (status == IMGCLS_OK) {
            *out = weights;
            weights = NULL;
        }
    }
    imgcls_weights_close(weights);
    return status;
}

const char *imgcls_weights_tensor(const struct imgcls_weights *weights, size_t index,
                                  const struct imgcls_tensor **tensor)
{
    return icl_checkpoint_at(weights->checkpoint, index, tensor);
}

const char *imgcls_weights_text(const struct imgcls_weights *weights, const char *key)
{
    return icl_checkpoint_text(weights->checkpoint, key);
}

const char *imgcls_weights_format(const struct imgcls_weights *weights)
{
    return weights->format;
}

const char *imgcls_weights_sha256(const struct imgcls_weights *weights)
{
    return weights->sha256;
}
