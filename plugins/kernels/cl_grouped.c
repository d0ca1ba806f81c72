/*
 * plugins/kernels/cl_grouped.c - what the kernels of the family share: vectors, weights, tiles,
 * lines
 *
 * Moves numbers and counts; computes no sum.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/kernels/cl_grouped.h"

#define LINES_FLOATS (6 * 1024)  /* copied lines, less than a 32 KiB L1 */
#define ROOM_FLOATS  (128 * 1024) /* the most that they may take */
#define IMAGE_FLOATS (48 * 1024) /* of x in a band: half an L2 of 384 KiB */

static int64_t taps_of(const struct gemm_window *w)
{
    return w->kernel[0] * w->kernel[1] * w->kernel[2];
}

int64_t cl_grouped_together(const struct cl_grouped_job *job, int64_t lanes)
{
    int64_t widest =
        job->outputs > job->window.channels ? job->outputs : job->window.channels;

    return widest <= lanes / 2 ? lanes / widest : 1;
}

/* Vectors of one group's outputs, where groups do not share any. */
static int64_t parts_of(const struct cl_grouped_job *job, int64_t lanes)
{
    return (job->outputs + lanes - 1) / lanes;
}

static int64_t vectors_of(const struct cl_grouped_job *job, int64_t lanes)
{
    int64_t together = cl_grouped_together(job, lanes);

    return together > 1 ? (job->groups + together - 1) / together
                        : job->groups * parts_of(job, lanes);
}

struct cl_grouped_vector cl_grouped_vector_at(const struct cl_grouped_job *job, int64_t lanes,
                                              int64_t index)
{
    int64_t together = cl_grouped_together(job, lanes), parts = parts_of(job, lanes);
    int64_t group = together > 1 ? index * together : index / parts;
    int64_t part = together > 1 ? 0 : index % parts * lanes;
    int64_t groups = job->groups - group < together ? job->groups - group : together;
    int64_t left = groups * job->outputs - part;
    struct cl_grouped_vector vector = {
        .y_channel = group * job->outputs + part,
        .outputs = left < lanes ? left : lanes,
        .x_channel = group * job->window.channels,
        .inputs = groups * job->window.channels,
    };

    return vector;
}

int64_t cl_grouped_weights(const struct cl_grouped_job *job, int64_t lanes)
{
    int64_t floats = vectors_of(job, lanes);

    return __builtin_mul_overflow(floats, lanes, &floats) ||
                   __builtin_mul_overflow(floats, taps_of(&job->window), &floats) ||
                   __builtin_mul_overflow(floats, job->window.channels, &floats)
               ? -1
               : floats;
}

void cl_grouped_pack(const struct cl_grouped_job *job, int64_t lanes, const float *from,
                     float *to)
{
    int64_t taps = taps_of(&job->window), channels = job->window.channels;
    int64_t vectors = vectors_of(job, lanes), v, t, c, lane;

    for (v = 0; v < vectors; v++) {
        struct cl_grouped_vector vector = cl_grouped_vector_at(job, lanes, v);
        for (t = 0; t < taps; t++)
            for (c = 0; c < channels; c++)
                for (lane = 0; lane < lanes; lane++)
                    *to++ = lane < vector.outputs
                                ? from[((vector.y_channel + lane) * channels + c) * taps + t]
                                : 0;
    }
}

/* Floats of a pixel in a copied line. */
static int64_t pixel_of(const struct cl_grouped_job *job, int64_t lanes)
{
    return job->window.channels * (cl_grouped_together(job, lanes) > 1 ? lanes : 1);
}

int64_t cl_grouped_pixels(const struct cl_grouped_job *job, int64_t piece)
{
    const struct gemm_window *w = &job->window;

    return (piece - 1) * w->stride[2] + (w->kernel[2] - 1) * w->dilation[2] + 1;
}

int64_t cl_grouped_piece(const struct cl_grouped_job *job, int64_t lanes)
{
    const struct gemm_window *w = &job->window;
    int64_t lines = w->kernel[0] * w->kernel[1] + 1, strip = CL_GROUPED_STRIP;
    int64_t whole = (w->out[2] + strip - 1) / strip * strip;
    int64_t pixels = LINES_FLOATS / lines / pixel_of(job, lanes);
    int64_t most = (pixels - (w->kernel[2] - 1) * w->dilation[2] - 1) / w->stride[2] + 1;

    /* Pieces overlap by the windows' width: few are better than all in L1. */
    if (most < 4 * w->kernel[2] || most < strip)
        most = 4 * w->kernel[2] > strip ? 4 * w->kernel[2] : strip;
    most = most / strip * strip;
    return most < whole ? most : whole;
}

size_t cl_grouped_workspace(const struct cl_grouped_job *job, int64_t lanes)
{
    const struct gemm_window *w = &job->window;
    int64_t lines = w->kernel[0] * w->kernel[1] + 1, floats;

    if (lines > CL_GROUPED_LINES + 1 || w->kernel[2] > ROOM_FLOATS ||
        w->dilation[2] > ROOM_FLOATS || w->stride[2] > ROOM_FLOATS ||
        w->channels > ROOM_FLOATS)
        return 0;
    floats = cl_grouped_pixels(job, cl_grouped_piece(job, lanes));
    if (floats > ROOM_FLOATS)
        return 0;
    floats = floats * pixel_of(job, lanes) * lines;
    return floats > ROOM_FLOATS ? 0 : ((size_t)floats * sizeof(float) + 63) / 64 * 64;
}

int64_t cl_grouped_grid(struct cl_grouped_job *job, int64_t lanes, int32_t threads)
{
    const struct gemm_window *w = &job->window;
    int64_t rows = job->images * w->out[0] * w->out[1], most;

    if (rows == 0 || w->out[2] == 0)
        return 0;
    job->piece = cl_grouped_piece(job, lanes);
    job->vectors = vectors_of(job, lanes);
    most = IMAGE_FLOATS / (w->in[2] + 1) / (job->groups * w->channels) / w->stride[1];
    job->band = most < 4 ? 4 : most;
    if (job->band > rows)
        job->band = rows;
    for (;;) {
        job->bands = (rows + job->band - 1) / job->band;
        if (threads <= 1 || job->bands * job->vectors >= 3 * (int64_t)threads ||
            job->band == 1)
            return job->bands * job->vectors;
        job->band = (job->band + 1) / 2;
    }
}

int64_t cl_grouped_line(const struct cl_grouped_job *job, int64_t row, int64_t kz, int64_t ky)
{
    const struct gemm_window *w = &job->window;
    int64_t oy = row % w->out[1], oz = row / w->out[1] % w->out[0];
    int64_t image = row / w->out[1] / w->out[0];
    int64_t z = oz * w->stride[0] + kz * w->dilation[0] - w->pad[0];
    int64_t y = oy * w->stride[1] + ky * w->dilation[1] - w->pad[1];

    if (z < 0 || z >= w->in[0] || y < 0 || y >= w->in[1])
        return -1;
    return (image * w->in[0] + z) * w->in[1] + y;
}
