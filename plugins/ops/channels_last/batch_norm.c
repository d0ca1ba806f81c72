/*
 * plugins/ops/channels_last/batch_norm.c - BatchNormalization of channels-last images, at
 * inference
 *
 * Normalisations behind a convolution went into its weights (src/passes/batch_norm.c); what
 * is left stands before one. y = (x - mean) * factor + bias, factor = scale / sqrt(variance +
 * epsilon), each operation rounded, as the twin does it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "channels_last.h"
#include "image.h"

static imgcls_status norm_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    struct image image;
    imgcls_status status = image_read(host, infer->node, &image);

    return status == IMGCLS_OK
               ? image_infer(host, infer, &image, image.sizes, image.channels)
               : status;
}

static int32_t norm_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    size_t i;

    (void)host;
    if (!image_is_float(node) || op_has_output(node, 1))
        return 0;
    for (i = 1; i < 5; i++)
        if (!op_takes(node, i, OP_BIT(IMGCLS_F32)))
            return 0;
    return 1;
}

static imgcls_status norm_prepare(const struct imgcls_host *host,
                                  struct imgcls_prepare *prepare)
{
    struct image image;
    imgcls_status status = image_read(host, prepare->node, &image);

    if (status == IMGCLS_OK)
        prepare->workspace_bytes = (size_t)image.channels * sizeof(float);
    return status;
}

struct norm_job {
    int64_t channels;
    const float *x, *mean, *factor, *bias;
    float *y;
};

/* Pixels begin..end. */
static void body(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct norm_job *job = argument;
    const float *mean = job->mean, *factor = job->factor, *bias = job->bias;
    int64_t channels = job->channels, c;

    (void)thread;
    for (; begin < end; begin++) {
        const float *x = job->x + begin * channels;
        float *y = job->y + begin * channels;
        _Pragma("omp simd") for (c = 0; c < channels; c++)
            y[c] = (x[c] - mean[c]) * factor[c] + bias[c];
    }
}

static imgcls_status channels_last_batch_norm_portable(const struct imgcls_host *host,
                                                       const struct imgcls_run *run)
{
    float epsilon = host->attr_float(host, run->node, "epsilon", 1e-5f);
    float *factor = run->workspace;
    const float *parameter[4];
    struct norm_job job;
    struct image image;
    int64_t c;
    size_t i;
    imgcls_status status = image_read(host, run->node, &image);

    if (status != IMGCLS_OK)
        return status;
    for (i = 0; i < 4; i++) {
        const struct imgcls_tensor *p = imgcls_input(run, i + 1);
        if (op_count(p) != image.channels)
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "input %zu has %lld elements where %lld are needed", i + 1,
                           (long long)op_count(p), (long long)image.channels);
        parameter[i] = p->data;
    }
    for (c = 0; c < image.channels; c++)
        factor[c] = parameter[0][c] / sqrtf(parameter[3][c] + epsilon);
    job = (struct norm_job){image.channels, imgcls_input(run, 0)->data, parameter[2], factor,
                            parameter[1],   imgcls_output(run, 0)->data};
    if (image.count * image.pixels > 0)
        host->parallel_for(host, run, image.count * image.pixels, 16384 / (image.channels + 1) + 1,
                           body, &job);
    return IMGCLS_OK;
}

static const struct imgcls_kernel kernel = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "channels_last_batch_norm_portable",
    .accepts = norm_accepts,
    .prepare = norm_prepare,
    .run = channels_last_batch_norm_portable,
};

const struct imgcls_op channels_last_batch_normalization_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = CHANNELS_LAST_DOMAIN,
    .type = "BatchNormalization",
    .since_first = 1,
    .since_last = 1,
    .traits = IMGCLS_TRAIT_IN_PLACE,
    .infer = norm_infer,
    .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},
};
