/*
 * plugins/kernels/cl_pool.h - pooling over channels-last images
 *
 * Windows as in gemm.h; window.channels are all channels of the image. Vectors run over
 * channels. A window is clipped to the image, its elements meet in rising order of position:
 * the largest (NaN wins), or a float sum divided by their number. Of a whole image: the
 * largest, or a sum in double, rounded once after the division. The bits are those of
 * plugins/ops/nn/pool_planes.c and global_pool.c.
 *
 * Kernels allocate nothing, know no threads, and check nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KERNELS_CL_POOL_H
#define KERNELS_CL_POOL_H

#include "plugins/kernels/gemm.h"
#include "plugins/kernels/sets.h"

struct cl_pool_job {
    struct gemm_window window;
    int64_t images;
    int64_t pad_end[3];
    int32_t include_pad; /* averages: positions in the padding count, as zeros */
    const float *x;      /* [images, in..., channels] */
    float *y;            /* [images, out..., channels] */
};

/* Output rows begin..end, counted through images, depth and height. */
typedef void cl_pool_kernel(const struct cl_pool_job *job, int64_t begin, int64_t end);

/* Of whole images: blocks begin..end of CL_POOL_BLOCK channels, a line of cache, counted through
 * images; the last of an image may be shorter. in[] alone is looked at. */
#define CL_POOL_BLOCK 16
static inline int64_t cl_pool_blocks(const struct cl_pool_job *job)
{
    return (job->window.channels + CL_POOL_BLOCK - 1) / CL_POOL_BLOCK;
}

struct cl_pool_channels {
    int64_t image, begin, end;
};

/* Takes those of the blocks *begin..end that lie in the first one's image. */
static inline struct cl_pool_channels cl_pool_take(const struct cl_pool_job *job, int64_t *begin,
                                                   int64_t end)
{
    int64_t blocks = cl_pool_blocks(job), image = *begin / blocks, first = *begin % blocks;
    int64_t past = end - image * blocks < blocks ? end - image * blocks : blocks;
    int64_t channels = job->window.channels;

    *begin = image * blocks + past;
    return (struct cl_pool_channels){image, first * CL_POOL_BLOCK,
                                     past == blocks ? channels : past * CL_POOL_BLOCK};
}

/* Every kernel, by what it computes: portable first. A test goes through the lists. */
#define CL_POOL_MAX_FAMILY(KERNEL)                                                         \
    KERNEL(cl_pool_max_f32_portable, 0)                                                    \
    WITH_AVX2(KERNEL(cl_pool_max_f32_avx2, IMGCLS_ISA_AVX2)) \
    WITH_AVX512(KERNEL(cl_pool_max_f32_avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512)) \
    WITH_NEON(KERNEL(cl_pool_max_f32_neon, IMGCLS_ISA_NEON))
#define CL_POOL_AVERAGE_FAMILY(KERNEL)                                                     \
    KERNEL(cl_pool_average_f32_portable, 0)                                                \
    WITH_AVX2(KERNEL(cl_pool_average_f32_avx2, IMGCLS_ISA_AVX2)) \
    WITH_AVX512(KERNEL(cl_pool_average_f32_avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512)) \
    WITH_NEON(KERNEL(cl_pool_average_f32_neon, IMGCLS_ISA_NEON))
#define CL_POOL_GLOBAL_MAX_FAMILY(KERNEL)                                                  \
    KERNEL(cl_pool_global_max_f32_portable, 0)                                             \
    WITH_AVX2(KERNEL(cl_pool_global_max_f32_avx2, IMGCLS_ISA_AVX2)) \
    WITH_AVX512(KERNEL(cl_pool_global_max_f32_avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512)) \
    WITH_NEON(KERNEL(cl_pool_global_max_f32_neon, IMGCLS_ISA_NEON))
#define CL_POOL_GLOBAL_AVERAGE_FAMILY(KERNEL)                                              \
    KERNEL(cl_pool_global_average_f32_portable, 0)                                         \
    WITH_AVX2(KERNEL(cl_pool_global_average_f32_avx2, IMGCLS_ISA_AVX2)) \
    WITH_AVX512(KERNEL(cl_pool_global_average_f32_avx512, IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512)) \
    WITH_NEON(KERNEL(cl_pool_global_average_f32_neon, IMGCLS_ISA_NEON))

cl_pool_kernel cl_pool_max_f32_portable, cl_pool_max_f32_avx2, cl_pool_max_f32_avx512, cl_pool_max_f32_neon;
cl_pool_kernel cl_pool_average_f32_portable, cl_pool_average_f32_avx2,
    cl_pool_average_f32_avx512, cl_pool_average_f32_neon;
cl_pool_kernel cl_pool_global_max_f32_portable, cl_pool_global_max_f32_avx2,
    cl_pool_global_max_f32_avx512, cl_pool_global_max_f32_neon;
cl_pool_kernel cl_pool_global_average_f32_portable, cl_pool_global_average_f32_avx2,
    cl_pool_global_average_f32_avx512, cl_pool_global_average_f32_neon;

/* Positions of a window that lie in the image, along one dimension. */
struct cl_span {
    int64_t begin, end; /* begin, begin + dilation, ... below end */
    int64_t count;
    int64_t padded; /* those in the image or its padding */
};

static inline struct cl_span cl_span_of(const struct cl_pool_job *job, int d, int64_t o)
{
    const struct gemm_window *w = &job->window;
    int64_t first = o * w->stride[d] - w->pad[d], step = w->dilation[d];
    int64_t past = first + (w->kernel[d] - 1) * step + 1, all = w->in[d] + job->pad_end[d];
    struct cl_span span;

    all = past < all ? past : all;
    span.padded = all > first ? (all - first + step - 1) / step : 0;
    span.begin = first < 0 ? first + (-first + step - 1) / step * step : first;
    span.end = past < w->in[d] ? past : w->in[d];
    span.count = span.end > span.begin ? (span.end - span.begin + step - 1) / step : 0;
    return span;
}

/* Where row `index` of the grid of output rows lies. */
struct cl_row {
    const float *image;
    struct cl_span z, y;
    float *to;
};

static inline struct cl_row cl_row_at(const struct cl_pool_job *job, int64_t index)
{
    const struct gemm_window *w = &job->window;
    int64_t oy = index % w->out[1], oz = index / w->out[1] % w->out[0];
    int64_t image = index / w->out[1] / w->out[0];
    struct cl_row row;

    row.image = job->x + image * w->in[0] * w->in[1] * w->in[2] * w->channels;
    row.z = cl_span_of(job, 0, oz);
    row.y = cl_span_of(job, 1, oy);
    row.to = job->y + index * w->out[2] * w->channels;
    return row;
}

#endif
