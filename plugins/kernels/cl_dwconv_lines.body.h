/*
 * plugins/kernels/cl_dwconv_lines.body.h - lines of an image on their way through windows
 *
 * Included once a set by cl_dwconv.body.h. Windows of neighbouring outputs overlap, and their edges
 * hang over the image. So the lines that a row of windows meets are kept side by side in L1,
 * sixteen channels of them, padding as zeros: a pixel is fetched once, and the sums ask no pixel
 * whether it is there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

#define GROUP       (16 / LANES) /* vectors of a cache line of channels */
#define LINES       16           /* most rows of a window, depth and height together */
#define HELD_PIXELS 768          /* 48 KiB */

struct held {
    _Alignas(64) float floats[HELD_PIXELS * 16];
    const float *from[LINES]; /* the line of the image that a slot holds; NULL: none */
    int64_t slots;            /* a power of 2; one more is a line of zeros */
    int64_t first, pixels;    /* the part of each line; it may begin before the line does */
};

/* Where a vector of channels of a slot's first pixel is. */
ALWAYS_INLINE float *held_line(struct held *held, int64_t slot, int vector)
{
    return held->floats + (slot * GROUP + vector) * held->pixels * LANES;
}

/* Slots for these windows; 0 where there are too many. Lines of one window never share one. */
static int64_t held_slots(const struct gemm_window *w)
{
    int64_t span = w->kernel[0] > 1 ? w->kernel[0] * w->kernel[1]
                                    : (w->kernel[1] - 1) * w->dilation[1] + 1;
    int64_t slots = 1;

    while (slots < span)
        slots *= 2;
    return slots <= LINES ? slots : 0;
}

/* Most pixels of a line that there is room for. */
static int64_t held_room(int64_t slots)
{
    return HELD_PIXELS / (slots + 1);
}

/* Begins a part of the lines, of other channels or other pixels. */
static void held_begin(struct held *held, int64_t first, int64_t pixels)
{
    int64_t slot;

    if (pixels != held->pixels) {
        held->pixels = pixels;
        memset(held_line(held, held->slots, 0), 0, (size_t)pixels * 16 * sizeof(float));
    }
    held->first = first;
    for (slot = 0; slot < held->slots; slot++)
        held->from[slot] = NULL;
}

ALWAYS_INLINE void hold_zeros(float *to, int64_t begin, int64_t end, int64_t pixels,
                              const int count)
{
    int v;

    for (; begin < end; begin++)
        for (v = 0; v < count; v++)
            lanes_store(to + (v * pixels + begin) * LANES, lanes_zero());
}

/* Copies `count` vectors of channels of a line, from vector v on. */
ALWAYS_INLINE void hold_vectors(const struct cl_dwconv_job *job, struct held *held, int64_t slot,
                                const float *line, int v, const int count, const bool whole,
                                lane_mask mask)
{
    const int64_t step = cl_dwconv_x_channels(job), pixels = held->pixels, first = held->first;
    const int64_t before = first < 0 ? -first < pixels ? -first : pixels : 0;
    const int64_t room = job->window.in[2] - first, inside = room < pixels ? room : pixels;
    float *to = held_line(held, slot, v), *at = to + before * LANES;
    const float *from = line + (first + before) * step;
    int64_t x;
    int i;

    hold_zeros(to, 0, before, pixels, count);
    for (x = before; x < inside; x++, from += step, at += LANES)
#pragma GCC unroll 4
        for (i = 0; i < count; i++)
            lanes_store(at + i * pixels * LANES, load(from + i * LANES, whole, mask));
    hold_zeros(to, inside > before ? inside : before, pixels, pixels, count);
}

/* Channels c.. of a line of the image into a slot, `left` of them. */
static void hold(const struct cl_dwconv_job *job, struct held *held, int64_t slot,
                 const float *line, int64_t c, int64_t left)
{
    const float *from = line + c - job->x_first;
    int v;

    held->from[slot] = line;
    if (left >= 16)
        hold_vectors(job, held, slot, from, 0, GROUP, true, lanes_below(LANES));
    else
        for (v = 0; v * LANES < left; v++)
            hold_vectors(job, held, slot, from + v * LANES, v, 1, false,
                         lanes_below(left - v * LANES));
}

/* Where the output row's windows find their lines, first vectors of them. */
static void hold_window(const struct cl_dwconv_job *job, struct held *held, int64_t row, int64_t c,
                        int64_t left, const float *lines[LINES])
{
    const struct gemm_window *w = &job->window;
    const int64_t out = row / w->out[1], z = out % w->out[0] * w->stride[0] - w->pad[0];
    const int64_t y = (row - out * w->out[1]) * w->stride[1] - w->pad[1];
    const float *image = job->x + out / w->out[0] * w->in[0] * w->in[1] * w->in[2] *
                                      cl_dwconv_x_channels(job);
    int64_t kz, ky, l = 0;

    for (kz = 0; kz < w->kernel[0]; kz++)
        for (ky = 0; ky < w->kernel[1]; ky++, l++) {
            int64_t at_z = z + kz * w->dilation[0], at_y = y + ky * w->dilation[1];
            int64_t slot = w->kernel[0] > 1 ? l : at_y & (held->slots - 1);
            if (at_z < 0 || at_z >= w->in[0] || at_y < 0 || at_y >= w->in[1]) {
                lines[l] = held_line(held, held->slots, 0);
                continue;
            }
            const float *line = image + (at_z * w->in[1] + at_y) * w->in[2] *
                                            cl_dwconv_x_channels(job);
            if (held->from[slot] != line)
                hold(job, held, slot, line, c, left);
            lines[l] = held_line(held, slot, 0);
        }
}
