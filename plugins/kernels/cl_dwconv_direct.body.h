/*
 * plugins/kernels/cl_dwconv_direct.body.h - strips of outputs whose windows are read in place
 *
 * Included once a set by cl_dwconv.body.h. A line of the image is known by its first pixel and the
 * distance to the next one; padding above and below is a line of one pixel of zeros with no
 * distance, padding at the sides a pixel that is chosen instead. A row's last strip begins early
 * enough to be whole: what it computes again has the same bits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

#define DIRECT_LINES 7           /* most rows of a window */
#define L1_LINE      64          /* bytes */
#define L1_BYTES     (32 * 1024) /* of the CPUs that have least */

/* Channels from c on of an output row, and the lines that its windows meet, from c on. */
struct direct_row {
    const float *lines[DIRECT_LINES];
    int64_t pitches[DIRECT_LINES];
    int64_t row, c;
    lane_mask mask;
    const struct cl_end *end;
    struct cl_plain_end plain;
};

/* Vector v of `size` outputs from ox on. inner: no window of theirs meets padding at the sides. */
ALWAYS_INLINE void direct_strip(const struct cl_dwconv_job *job, const struct direct_row *row,
                                int v, int64_t ox, const int size, const bool whole,
                                const bool inner, const int width, const int stride)
{
    const struct gemm_window *w = &job->window;
    const int64_t channels = w->channels, first = ox * stride - w->pad[2];
    const int64_t past = w->in[2] - first;
    const int pixels = (size - 1) * stride + width;
    const int64_t c = row->c + v * LANES;
    const float *weights = job->weights + c;
    lanes sums[STRIP];
    int64_t l;
    int t, x, k;

#pragma GCC unroll 8
    for (t = 0; t < STRIP; t++)
        sums[t] = lanes_zero();
    for (l = 0; l < w->kernel[1]; l++, weights += width * channels) {
        const int64_t pitch = row->pitches[l];
        const float *four = row->lines[l] + first * pitch + v * LANES;
        int64_t third = 3 * pitch;
        lanes taps[7];
        /* Four pixels to a pointer: their distances are what an instruction can add. */
        __asm__("" : "+r"(third));
#pragma GCC unroll 8
        for (k = 0; k < width; k++)
            taps[k] = load(weights + k * channels, whole, row->mask);
#pragma GCC unroll 32
        for (x = 0; x < pixels; x++) {
            const float *at = x % 4 == 3 ? four + third : four + x % 4 * pitch;
            lanes pixel;
            if (x % 4 == 3) {
                four += 4 * pitch;
                __asm__("" : "+r"(four));
            }
            if (!inner && ((x < width - 1 && x < -first) || (x > pixels - width && x >= past)))
                at = cl_dwconv_zeros;
            pixel = lanes_kept(load(at, whole, row->mask));
#pragma GCC unroll 8
            for (t = 0; t < size; t++)
                if (x - t * stride >= 0 && x - t * stride < width)
                    sums[t] = lanes_fused(pixel, taps[x - t * stride], sums[t]);
        }
    }
    finish_strip(row->end, &row->plain, (row->row * w->out[2] + ox) * channels + c, channels, c,
                 whole, row->mask, size, sums);
}

/* All strips of a row. The vectors of a cache line are computed one after another, while it is
 * near. */
ALWAYS_INLINE void direct_strips(const struct cl_dwconv_job *job, const struct direct_row *row,
                                 const int vectors, const bool whole, const int width,
                                 const int stride, const int size)
{
    const struct gemm_window *w = &job->window;
    const int64_t out = w->out[2];
    /* Where the last strip may begin whose windows are all inside. */
    const int64_t last = w->in[2] + w->pad[2] - width - (size - 1) * stride;
    int64_t ox, next;
    int v;

    for (ox = 0; ox < out; ox = next) {
        next = ox + size;
        if (next > out)
            ox = out - size;
        if (ox * stride >= w->pad[2] && ox * stride <= last)
            for (v = 0; v < vectors; v++)
                direct_strip(job, row, v, ox, size, whole, true, width, stride);
        else
            for (v = 0; v < vectors; v++)
                direct_strip(job, row, v, ox, size, whole, false, width, stride);
    }
}

/* Strips of one fewer than STRIP where they leave less to be computed again. */
static bool is_by_seven(int64_t outputs)
{
    return outputs % STRIP != 0 && outputs % (STRIP - 1) == 0;
}

/* left: channels that there are. Returns how many were computed. */
typedef int64_t direct_kernel(const struct cl_dwconv_job *job, const struct direct_row *row,
                              int64_t left);

#define DIRECT(width, stride)                                                              \
    ALWAYS_INLINE int64_t direct_##width##_##stride##_by(const struct cl_dwconv_job *job,  \
                                                         const struct direct_row *row,     \
                                                         int64_t left, const int size)     \
    {                                                                                      \
        if (left >= GROUP * LANES) {                                                       \
            direct_strips(job, row, GROUP, true, width, stride, size);                     \
            return GROUP * LANES;                                                          \
        }                                                                                  \
        if (GROUP > 1 && left >= LANES)                                                    \
            direct_strips(job, row, 1, true, width, stride, size);                         \
        else                                                                               \
            direct_strips(job, row, 1, false, width, stride, size);                        \
        return LANES;                                                                      \
    }                                                                                      \
    static int64_t direct_##width##_##stride(const struct cl_dwconv_job *job,              \
                                             const struct direct_row *row, int64_t left)   \
    {                                                                                      \
        if (is_by_seven(job->window.out[2]))                                               \
            return direct_##width##_##stride##_by(job, row, left, STRIP - 1);              \
        return direct_##width##_##stride##_by(job, row, left, STRIP);                      \
    }
DIRECT(3, 1)
DIRECT(3, 2)
DIRECT(5, 1)
DIRECT(5, 2)
DIRECT(7, 1)
DIRECT(7, 2)

/* Whether the lines of a strip's windows find room in L1 at the distance that pixels have: its
 * largest power of 2 says how many sets they share. A line is fetched again for each row of windows
 * where there is no room for whole rows; half a line's arithmetic would wait for that. */
static bool is_room(const struct cl_dwconv_job *job)
{
    const struct gemm_window *w = &job->window;
    const int64_t bytes = cl_dwconv_x_channels(job) * (int64_t)sizeof(float);
    const int64_t power = bytes & -bytes;
    const int64_t lines = power < L1_LINE ? L1_BYTES / L1_LINE : L1_BYTES / power;
    const bool is_row = GROUP > 1 && w->stride[2] == 1;

    return w->kernel[1] * (is_row ? w->in[2] : (STRIP - 1) * w->stride[2] + w->kernel[2]) <= lines;
}

/* Strips for these windows, NULL where there are none. */
static direct_kernel *direct_for(const struct cl_dwconv_job *job)
{
    const struct gemm_window *w = &job->window;
    const int64_t right = (w->out[2] - 1) * w->stride[2] + w->kernel[2] - w->pad[2] - w->in[2];

    if (w->kernel[0] != 1 || w->in[0] != 1 || w->out[0] != 1 || w->pad[0] != 0 ||
        w->kernel[1] > DIRECT_LINES || w->dilation[2] != 1 || w->stride[2] > 2 ||
        w->out[2] < STRIP - 1 || w->pad[2] >= w->kernel[2] || right >= w->kernel[2] ||
        !is_room(job))
        return NULL;
    switch (w->kernel[2]) {
    case 3:
        return w->stride[2] == 1 ? direct_3_1 : direct_3_2;
    case 5:
        return w->stride[2] == 1 ? direct_5_1 : direct_5_2;
    case 7:
        return w->stride[2] == 1 ? direct_7_1 : direct_7_2;
    default:
        return NULL;
    }
}

/* All rows of a tile, a cache line of channels at a time. */
static void tile_in_place(const struct cl_dwconv_job *job, const struct cl_dwconv_tile *tile,
                          direct_kernel *kernel)
{
    const struct gemm_window *w = &job->window;
    const int64_t pixel = cl_dwconv_x_channels(job), line = w->in[2] * pixel;
    const struct cl_end end = end_of(job);
    struct direct_row row = {.end = &end, .plain = plain_end(&end)};
    int64_t oy, y, l, c;

    for (c = tile->channel_begin; c < tile->channel_end; c += GROUP * LANES) {
        const float *x = job->x + tile->row_begin / w->out[1] * w->in[1] * line - job->x_first;
        oy = tile->row_begin % w->out[1];
        for (row.row = tile->row_begin; row.row < tile->row_end; row.row++, oy++) {
            if (oy == w->out[1]) {
                oy = 0;
                x += w->in[1] * line;
            }
            row.c = c;
            while (row.c < c + GROUP * LANES && row.c < tile->channel_end) {
                for (l = 0; l < w->kernel[1]; l++) {
                    y = oy * w->stride[1] + l * w->dilation[1] - w->pad[1];
                    row.lines[l] = y >= 0 && y < w->in[1] ? x + y * line + row.c : cl_dwconv_zeros;
                    row.pitches[l] = y >= 0 && y < w->in[1] ? pixel : 0;
                }
                row.mask = lanes_below(tile->channel_end - row.c);
                row.c += kernel(job, &row, tile->channel_end - row.c);
            }
        }
    }
}
