/*
 * plugins/ops/channels_last/pool.c - MaxPool, AveragePool and their global kin over
 * channels-last images
 *
 * Threads share output rows, or blocks of channels of a whole image.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "channels_last.h"
#include "image.h"
#include "plugins/kernels/cl_pool.h"
#include "plugins/ops/threads.h"

static imgcls_status window_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    struct window window;
    struct image image;
    imgcls_status status = image_read(host, infer->node, &image);

    if (status == IMGCLS_OK)
        status = window_read(host, infer->node, image.spatial, image.sizes, NULL, &window);
    return status == IMGCLS_OK
               ? image_infer(host, infer, &image, window.out, image.channels)
               : status;
}

static imgcls_status global_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    static const int64_t ones[] = {1, 1, 1};
    struct image image;
    imgcls_status status = image_read(host, infer->node, &image);

    return status == IMGCLS_OK ? image_infer(host, infer, &image, ones, image.channels)
                               : status;
}

/* Indices of maxima count in the other order: the pass leaves such nodes alone. */
static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return image_is_float(node) && !op_has_output(node, 1);
}

OP_THREADS_PLAIN(share, struct cl_pool_job, cl_pool_kernel)

static imgcls_status window_run(const struct imgcls_host *host, const struct imgcls_run *run,
                                cl_pool_kernel *kernel)
{
    struct cl_pool_job job = {0};
    struct window window;
    struct image image;
    double work;
    int64_t rows;
    int32_t d, i;
    imgcls_status status = image_read(host, run->node, &image);

    if (status == IMGCLS_OK)
        status = window_read(host, run->node, image.spatial, image.sizes, NULL, &window);
    if (status != IMGCLS_OK)
        return status;
    window_widen(&window, image.channels, &job.window);
    for (d = 0; d < 3; d++) {
        i = d - (3 - window.count);
        job.pad_end[d] = i < 0 ? 0 : window.pad_end[i];
    }
    job.images = image.count;
    job.include_pad = host->attr_int(host, run->node, "count_include_pad", 0) != 0;
    job.x = imgcls_input(run, 0)->data;
    job.y = imgcls_output(run, 0)->data;
    rows = image.count * job.window.out[0] * job.window.out[1];
    work = (double)job.window.out[2] * (double)image.channels *
           (double)imgcls_count(3, job.window.kernel);
    if (rows > 0 && work > 0)
        share(host, run, &job, kernel, rows, (int64_t)(100000 / work) + 1);
    return IMGCLS_OK;
}

static imgcls_status global_run(const struct imgcls_host *host, const struct imgcls_run *run,
                                cl_pool_kernel *kernel)
{
    struct cl_pool_job job = {0};
    struct image image;
    int32_t d;
    imgcls_status status = image_read(host, run->node, &image);

    if (status != IMGCLS_OK)
        return status;
    for (d = 0; d < 3; d++)
        job.window.in[d] = d < image.spatial ? image.sizes[d] : 1;
    job.window.channels = image.channels;
    job.images = image.count;
    job.x = imgcls_input(run, 0)->data;
    job.y = imgcls_output(run, 0)->data;
    share(host, run, &job, kernel, image.count * cl_pool_blocks(&job),
          40000 / CL_POOL_BLOCK / (image.pixels + 1) + 1);
    return IMGCLS_OK;
}

/* A function of the plugin's boundary, and its entry, around a kernel. */
#define POOL_RUN(name, how)                                                                \
    static imgcls_status run_##name(const struct imgcls_host *host,                        \
                                    const struct imgcls_run *run)                          \
    {                                                                                      \
        return how(host, run, name);                                                       \
    }

#define WINDOW_RUN(name, set) POOL_RUN(name, window_run)
#define GLOBAL_RUN(name, set) POOL_RUN(name, global_run)
#define POOL_KERNEL(name_, set_)                                                           \
    &(const struct imgcls_kernel){.struct_size = sizeof(struct imgcls_kernel),             \
                                  .name = #name_,                                          \
                                  .isa = set_,                                             \
                                  .accepts = accepts,                                      \
                                  .run = run_##name_},
#define POOL_OP(symbol, type_, infer_, family)                                             \
    const struct imgcls_op symbol = {                                                      \
        .struct_size = sizeof(struct imgcls_op),                                           \
        .domain = CHANNELS_LAST_DOMAIN,                                                    \
        .type = type_,                                                                     \
        .since_first = 1,                                                                  \
        .since_last = 1,                                                                   \
        .infer = infer_,                                                                   \
        .kernels = (const struct imgcls_kernel *const[]){family(POOL_KERNEL) NULL},        \
    };

CL_POOL_MAX_FAMILY(WINDOW_RUN)
CL_POOL_AVERAGE_FAMILY(WINDOW_RUN)
CL_POOL_GLOBAL_MAX_FAMILY(GLOBAL_RUN)
CL_POOL_GLOBAL_AVERAGE_FAMILY(GLOBAL_RUN)

POOL_OP(channels_last_max_pool_op, "MaxPool", window_infer, CL_POOL_MAX_FAMILY)
POOL_OP(channels_last_average_pool_op, "AveragePool", window_infer, CL_POOL_AVERAGE_FAMILY)
POOL_OP(channels_last_global_max_pool_op, "GlobalMaxPool", global_infer,
        CL_POOL_GLOBAL_MAX_FAMILY)
POOL_OP(channels_last_global_average_pool_op, "GlobalAveragePool", global_infer,
        CL_POOL_GLOBAL_AVERAGE_FAMILY)
