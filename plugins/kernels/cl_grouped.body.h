/*
 * plugins/kernels/cl_grouped.body.h - convolution of channels-last images in many groups of few
 * channels, a vector of output channels at a time
 *
 * Included once a set, after its lanes.*.h, with GROUPED defined as the kernel's name.
 *
 * A strip of eight outputs is computed at once: a vector of weights is loaded once for all eight,
 * and each multiplies what its own window has. Lines of the image are copied with their padding
 * once for all rows of the window that meet them; where a vector holds several groups, channel c
 * of each group stands in the lanes of that group then.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "plugins/kernels/cl_end.body.h"
#include "plugins/kernels/cl_grouped.h"

#define AHEAD 12 /* pixels of a line: they lie too far apart for the hardware to ask for them */

/* One vector of output channels, and the copied lines that it reads. */
struct grouped {
    const struct cl_grouped_job *job;
    struct cl_end end;
    struct cl_grouped_vector vector;
    int64_t pixel, unit;               /* floats of a pixel in a line, of a channel in a pixel */
    int64_t pixels, first;             /* of a line; place of its first one in the image */
    lane_places places[LANES];         /* of channel c: where in a loaded vector lanes find it */
    int64_t held[CL_GROUPED_LINES];    /* lines of the image that are in the room, -1: none */
    float *room;                       /* lines, and one of zeros behind them */
    const float *lines[CL_GROUPED_LINES]; /* of the output row that is computed */
};

/* Where in a loaded vector the lanes of each group find the group's channel c. */
static void find_places(struct grouped *g)
{
    const int64_t channels = g->job->window.channels;
    int32_t at[LANES];
    int64_t c, lane;

    for (c = 0; g->unit > 1 && c < channels; c++) {
        for (lane = 0; lane < LANES; lane++)
            at[lane] = lane < g->vector.outputs
                           ? (int32_t)(lane / g->job->outputs * channels + c)
                           : 0;
        g->places[c] = lanes_places(at);
    }
}

/* Line `line` of the image, from g->first on, to `to`. */
static void copy_line(const struct grouped *g, int64_t line, float *to)
{
    const struct gemm_window *w = &g->job->window;
    const int64_t all = g->job->groups * w->channels, channels = w->channels;
    const lane_mask mask = lanes_below(g->vector.inputs);
    const float *row = g->job->x + line * w->in[2] * all + g->vector.x_channel;
    int64_t p, c;

    for (p = 0; p < g->pixels; p++, to += g->pixel) {
        const int64_t x = g->first + p;
        const float *from;
        if (x < 0 || x >= w->in[2]) {
            memset(to, 0, (size_t)g->pixel * sizeof *to);
            continue;
        }
        from = row + x * all;
        if (x + AHEAD < w->in[2])
            __builtin_prefetch(from + AHEAD * all);
        if (g->unit == 1) {
            for (c = 0; c + LANES <= channels; c += LANES)
                lanes_store(to + c, lanes_load(from + c));
            for (; c < channels; c++)
                to[c] = from[c];
        } else {
            const lanes both = load(from, g->vector.inputs == LANES, mask);
            for (c = 0; c < channels; c++)
                lanes_store(to + c * LANES, lanes_pick(both, g->places[c]));
        }
    }
}

/* Sees to it that the lines of one output row's window are there. */
static void fetch_lines(struct grouped *g, int64_t row)
{
    const struct gemm_window *w = &g->job->window;
    const int64_t count = w->kernel[0] * w->kernel[1], size = g->pixels * g->pixel;
    int64_t wanted[CL_GROUPED_LINES], l, slot, other;

    for (l = 0; l < count; l++)
        wanted[l] = cl_grouped_line(g->job, row, l / w->kernel[1], l % w->kernel[1]);
    for (l = 0; l < count; l++) {
        for (slot = 0; slot < count && g->held[slot] != wanted[l]; slot++)
            ;
        if (wanted[l] < 0)
            slot = count; /* the line of zeros */
        else if (slot == count) { /* in place of one that this row does not want */
            for (slot = 0; slot < count; slot++) {
                for (other = 0; other < count && wanted[other] != g->held[slot]; other++)
                    ;
                if (g->held[slot] < 0 || other == count)
                    break;
            }
            g->held[slot] = wanted[l];
            copy_line(g, wanted[l], g->room + slot * size);
        }
        g->lines[l] = g->room + slot * size;
    }
}

/* STRIP chains over `count` of k; outputs are `step` floats apart. */
ALWAYS_INLINE void chains(const float *from, int64_t step, const float *weights, int64_t count,
                          const bool shared, lanes *sums)
{
    const float *third = from + 3 * step, *sixth = third + 3 * step;
    const int64_t unit = shared ? 1 : LANES;
    int64_t k;

#define MEETS(at) (shared ? lanes_all(*(at)) : lanes_load(at))
    for (k = 0; k < count; k++, from += unit, third += unit, sixth += unit) {
        const lanes w = lanes_load(weights + k * LANES);
        sums[0] = lanes_fused(MEETS(from), w, sums[0]);
        sums[1] = lanes_fused(MEETS(from + step), w, sums[1]);
        sums[2] = lanes_fused(MEETS(from + 2 * step), w, sums[2]);
        sums[3] = lanes_fused(MEETS(third), w, sums[3]);
        sums[4] = lanes_fused(MEETS(third + step), w, sums[4]);
        sums[5] = lanes_fused(MEETS(third + 2 * step), w, sums[5]);
        sums[6] = lanes_fused(MEETS(sixth), w, sums[6]);
        sums[7] = lanes_fused(MEETS(sixth + step), w, sums[7]);
    }
#undef MEETS
}

/* The strip whose first output is `o` outputs behind the piece's first: sums of blocks of k, in
 * order. */
ALWAYS_INLINE void strip_sums(const struct grouped *g, int64_t o, const float *weights,
                              const bool shared, lanes *sums)
{
    const struct gemm_window *w = &g->job->window;
    const int64_t line_count = w->kernel[0] * w->kernel[1];
    const int64_t dense = w->dilation[2] == 1, runs = dense ? 1 : w->kernel[2];
    const int64_t run = dense ? w->kernel[2] * w->channels : w->channels;
    const int64_t step = w->stride[2] * g->pixel;
    int64_t l, r, left = GEMM_K_BLOCK;
    bool is_first = true;
    lanes total[STRIP];
    int t;

#pragma GCC unroll 8
    for (t = 0; t < STRIP; t++)
        total[t] = sums[t] = lanes_zero();
    for (l = 0; l < line_count; l++)
        for (r = 0; r < runs; r++) {
            const float *from = g->lines[l] + o * step + r * w->dilation[2] * g->pixel;
            int64_t rest = run;
            while (rest > 0) {
                int64_t count;
                if (left == 0) {
#pragma GCC unroll 8
                    for (t = 0; t < STRIP; t++) {
                        total[t] = is_first ? sums[t] : lanes_add(total[t], sums[t]);
                        sums[t] = lanes_zero();
                    }
                    is_first = false;
                    left = GEMM_K_BLOCK;
                }
                count = rest < left ? rest : left;
                chains(from, step, weights, count, shared, sums);
                from += count * g->unit;
                weights += count * LANES;
                rest -= count;
                left -= count;
            }
        }
    if (!is_first)
#pragma GCC unroll 8
        for (t = 0; t < STRIP; t++)
            sums[t] = lanes_add(total[t], sums[t]);
}

ALWAYS_INLINE void piece_of_row(const struct grouped *g, int64_t row, int64_t begin, int64_t end,
                                const float *weights, const bool shared)
{
    const int64_t pitch = g->job->groups * g->job->outputs, c = g->vector.y_channel;
    const lane_mask mask = lanes_below(g->vector.outputs);
    const struct cl_plain_end plain = plain_end(&g->end);
    int64_t ox;

    for (ox = begin; ox < end; ox += STRIP) {
        const int64_t count = end - ox < STRIP ? end - ox : STRIP;
        const int64_t at = (row * g->job->window.out[2] + ox) * pitch + c;
        lanes sums[STRIP];
        strip_sums(g, ox - begin, weights, shared, sums);
        if (g->vector.outputs == LANES)
            finish_strip(&g->end, &plain, at, pitch, c, true, mask, count, sums);
        else
            finish_strip(&g->end, &plain, at, pitch, c, false, mask, count, sums);
    }
}

static void piece_of_row_shared(const struct grouped *g, int64_t row, int64_t begin,
                                int64_t end, const float *weights)
{
    piece_of_row(g, row, begin, end, weights, true);
}

static void piece_of_row_spread(const struct grouped *g, int64_t row, int64_t begin,
                                int64_t end, const float *weights)
{
    piece_of_row(g, row, begin, end, weights, false);
}

void GROUPED(const struct cl_grouped_job *job, int64_t begin, int64_t end, void *workspace)
{
    const struct gemm_window *w = &job->window;
    const int64_t rows = job->images * w->out[0] * w->out[1];
    const int64_t lines = w->kernel[0] * w->kernel[1];
    const int64_t k = lines * w->kernel[2] * w->channels;
    struct grouped g = {.job = job,
                        .end = {job->bias, job->y, job->step_count, job->steps},
                        .room = workspace};
    int64_t row, ox, l;

    g.unit = cl_grouped_together(job, LANES) > 1 ? LANES : 1;
    g.pixel = w->channels * g.unit;
    g.pixels = cl_grouped_pixels(job, job->piece);
    memset(g.room + lines * g.pixels * g.pixel, 0,
           (size_t)(g.pixels * g.pixel) * sizeof *g.room);
    for (; begin < end; begin++) {
        const int64_t index = begin % job->vectors, first = begin / job->vectors * job->band;
        const int64_t past = first + job->band < rows ? first + job->band : rows;
        const float *weights = job->weights + index * k * LANES;
        g.vector = cl_grouped_vector_at(job, LANES, index);
        find_places(&g);
        for (ox = 0; ox < w->out[2]; ox += job->piece) {
            const int64_t stop = ox + job->piece < w->out[2] ? ox + job->piece : w->out[2];
            g.first = ox * w->stride[2] - w->pad[2];
            for (l = 0; l < lines; l++)
                g.held[l] = -1;
            for (row = first; row < past; row++) {
                fetch_lines(&g, row);
                if (g.unit == 1)
                    piece_of_row_shared(&g, row, ox, stop, weights);
                else
                    piece_of_row_spread(&g, row, ox, stop, weights);
            }
        }
    }
}
