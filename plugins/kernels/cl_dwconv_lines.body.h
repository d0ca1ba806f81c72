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

#define LINES       16           /* most rows of a window, depth and height together */
#define HELD_PIXELS 768          /* 48 KiB */

struct held {
    _Alignas(64) float floats[HELD_PIXELS * 16];
    const float *from[LINES]; /* the line of the image that a slot holds; NULL: none */
    int64_t slots;            /* a power of 2; one more is a line of zeros */
    int64_t first, pixels;    /* the part of each line; it may begin before the line does */
    int64_t before, past;     /* pixels of the part that are the image's; the others stay zero */
    int64_t pixel, line;      /* floats of the image from pixel to pixel and from line to line */
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

static int64_t within(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Nothing is held yet. */
static void held_open(const struct cl_dwconv_job *job, struct held *held)
{
    held->slots = held_slots(&job->window);
    held->pixels = 0;
    held->pixel = cl_dwconv_x_channels(job);
    held->line = job->window.in[2] * held->pixel;
}

/* Begins a part of the lines, of other channels or other pixels. Padding is written only where it
 * was another part's. */
static void held_begin(const struct cl_dwconv_job *job, struct held *held, int64_t first,
                       int64_t pixels)
{
    int64_t slot;

    if (pixels != held->pixels || first != held->first) {
        held->pixels = pixels;
        held->first = first;
        held->before = within(-first, 0, pixels);
        held->past = within(job->window.in[2] - first, held->before, pixels);
        memset(held->floats, 0, (size_t)((held->slots + 1) * pixels) * 16 * sizeof(float));
    }
    for (slot = 0; slot < held->slots; slot++)
        held->from[slot] = NULL;
}

/* Copies `count` vectors of channels of the pixels that are there, from vector v of the slot on.
 * from: the part's first pixel that is. */
ALWAYS_INLINE void hold_vectors(struct held *held, int64_t slot, const float *from, int v,
                                const int count, const bool whole, lane_mask mask)
{
    const int64_t pixel = held->pixel, apart = held->pixels * LANES;
    float *to = held_line(held, slot, v) + held->before * LANES;
    float *const end = held_line(held, slot, v) + held->past * LANES;
    int i;

    for (; to < end; to += LANES, from += pixel)
#pragma GCC unroll 4
        for (i = 0; i < count; i++)
            lanes_store(to + i * apart, load(from + i * LANES, whole, mask));
}

/* Channels of a line of the image into a slot, `left` of them; skip: floats from the line's first to
 * the part's. */
static void hold(struct held *held, int64_t slot, const float *line, int64_t skip, int64_t left)
{
    int v;

    held->from[slot] = line;
    if (left >= 16)
        hold_vectors(held, slot, line + skip, 0, GROUP, true, lanes_below(LANES));
    else
        for (v = 0; v * LANES < left; v++)
            hold_vectors(held, slot, line + skip + v * LANES, v, 1, false,
                         lanes_below(left - v * LANES));
}

/* The windows of an output row: an image, and in it the first line of theirs; counted on from row to
 * row, for a division takes as long as a strip. */
struct windows {
    const float *image;
    int64_t oz, oy;
};

static struct windows windows_at(const struct cl_dwconv_job *job, const struct held *held,
                                 int64_t row)
{
    const struct gemm_window *w = &job->window;
    const int64_t planes = row / w->out[1];

    return (struct windows){
        .image = job->x + planes / w->out[0] * w->in[0] * w->in[1] * held->line,
        .oz = planes % w->out[0],
        .oy = row % w->out[1],
    };
}

static void windows_advance(const struct cl_dwconv_job *job, const struct held *held,
                            struct windows *at)
{
    const struct gemm_window *w = &job->window;

    if (++at->oy < w->out[1])
        return;
    at->oy = 0;
    if (++at->oz < w->out[0])
        return;
    at->oz = 0;
    at->image += w->in[0] * w->in[1] * held->line;
}

/* Where the windows find their lines, first vectors of them. */
static void hold_windows(const struct cl_dwconv_job *job, struct held *held,
                         const struct windows *at, int64_t c, int64_t left,
                         const float *lines[LINES])
{
    const struct gemm_window *w = &job->window;
    const int64_t skip = (held->first + held->before) * held->pixel + c - job->x_first;
    const int64_t y_first = at->oy * w->stride[1] - w->pad[1];
    int64_t z = at->oz * w->stride[0] - w->pad[0], l = 0, kz, ky;

    for (kz = 0; kz < w->kernel[0]; kz++, z += w->dilation[0]) {
        const bool is_there = z >= 0 && z < w->in[0];
        int64_t y = y_first;
        for (ky = 0; ky < w->kernel[1]; ky++, l++, y += w->dilation[1]) {
            int64_t slot = w->kernel[0] > 1 ? l : y & (held->slots - 1);
            if (!is_there || y < 0 || y >= w->in[1]) {
                slot = held->slots;
            } else {
                const float *line = at->image + (z * w->in[1] + y) * held->line;
                if (held->from[slot] != line)
                    hold(held, slot, line, skip, left);
            }
            lines[l] = held_line(held, slot, 0);
        }
    }
}
