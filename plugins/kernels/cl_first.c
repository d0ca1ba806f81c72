/*
 * plugins/kernels/cl_first.c - units, padded rows and offsets of first-layer convolutions
 *
 * Moves numbers and counts; computes no sum.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_first.h"

#include <string.h>

int64_t cl_first_grid(struct cl_first_job *job, int32_t threads)
{
    int64_t each = job->out[0];

    if (threads > 1) /* about four units a thread */
        each = job->images * job->out[0] / (4 * (int64_t)threads);
    job->rows = each < 1 ? 1 : each > CL_FIRST_ROWS ? CL_FIRST_ROWS : each;
    job->units = job->images * ((job->out[0] + job->rows - 1) / job->rows);
    return job->units;
}

static int64_t padded_floats(const struct cl_first_job *job)
{
    int64_t lines = (CL_FIRST_ROWS - 1) * job->stride[0] + job->kernel[0];

    return (lines * cl_first_line(job) + 15) / 16 * 16;
}

size_t cl_first_workspace(const struct cl_first_job *job)
{
    return CL_FIRST_RUNS * sizeof(struct cl_first_run) +
           (size_t)(padded_floats(job) + 16 * 32) * sizeof(float);
}

void cl_first_runs(const struct cl_first_job *job, struct cl_first_run *runs)
{
    int64_t width = job->kernel[1] * job->channels, k = job->kernel[0] * width, i = 0, end;

    for (; i < k; i = end, runs++) {
        int64_t line_end = (i / width + 1) * width;
        int64_t block_end = (i / GEMM_K_BLOCK + 1) * GEMM_K_BLOCK;
        end = line_end < block_end ? line_end : block_end;
        runs->offset = (int32_t)(i / width * cl_first_line(job) + i % width);
        runs->count = (int32_t)(end - i);
        runs->last = end == k;
        runs->ends_block = end == block_end || runs->last;
    }
}

void cl_first_pad(const struct cl_first_job *job, const float *image, int64_t row,
                  int64_t count, float *to)
{
    int64_t line = cl_first_line(job), width = job->in[1] * job->channels;
    int64_t before = job->pad[1] * job->channels, there = line - before;
    int64_t y = row * job->stride[0] - job->pad[0];
    int64_t end = y + (count - 1) * job->stride[0] + job->kernel[0];

    if (before > line)
        before = line;
    there = there < 0 ? 0 : there > width ? width : there;
    for (; y < end; y++, to += line) {
        if (y < 0 || y >= job->in[0]) {
            memset(to, 0, (size_t)line * sizeof *to);
            continue;
        }
        memset(to, 0, (size_t)before * sizeof *to);
        memcpy(to + before, image + y * width, (size_t)there * sizeof *to);
        memset(to + before + there, 0, (size_t)(line - before - there) * sizeof *to);
    }
}
