/*
 * plugins/ops/nn/pool.body.h - pooling loops, included once a type by pool_planes.c
 *
 * Defined before: TYPE, and NAME(x) which makes a function's name for the type. A window is
 * clipped to the image first, so that the inner loops meet elements only. Sums run in
 * rising order of position.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

#define LARGER(value, best) ((value) > (best) || IS_NAN(value) ? (value) : (best))

/* An output row of MaxPool without indices: input rows one after another, each kernel
 * column against all outputs, which a compiler turns into vectors. */
static void NAME(max_row)(const struct gemm_window *w, const TYPE *in, int64_t oz,
                          int64_t oy, TYPE *out)
{
    struct span at_z, at_y;
    int64_t z, y, k, o, first, end, from;

    clip(w, 0, oz, &at_z);
    clip(w, 1, oy, &at_y);
    for (o = 0; o < w->out[2]; o++)
        out[o] = LOWEST;
    for (z = at_z.begin; z < at_z.end; z += w->dilation[0])
        for (y = at_y.begin; y < at_y.end; y += w->dilation[1]) {
            const TYPE *row = in + (z * w->in[1] + y) * w->in[2];
            for (k = 0; k < w->kernel[2]; k++) {
                from = k * w->dilation[2] - w->pad[2];
                meets(w, k, &first, &end);
                if (w->stride[2] == 1)
                    _Pragma("omp simd") for (o = first; o < end; o++)
                        out[o] = LARGER(row[o + from], out[o]);
                else if (w->stride[2] == 2)
                    _Pragma("omp simd") for (o = first; o < end; o++)
                        out[o] = LARGER(row[2 * o + from], out[o]);
                else
                    for (o = first; o < end; o++)
                        out[o] = LARGER(row[o * w->stride[2] + from], out[o]);
            }
        }
}

void NAME(max_pool)(const struct pool_job *job, int64_t begin, int64_t end)
{
    const struct gemm_window *w = &job->window;
    int64_t plane = w->in[0] * w->in[1] * w->in[2], i, z, y, x;
    TYPE *out = (TYPE *)job->y + begin * w->out[0] * w->out[1] * w->out[2];
    int64_t *index = job->indices;

    if (!index) {
        for (i = begin; i < end; i++)
            for (z = 0; z < w->out[0]; z++)
                for (y = 0; y < w->out[1]; y++, out += w->out[2])
                    NAME(max_row)(w, (const TYPE *)job->x + i * plane, z, y, out);
        return;
    }
    index += begin * w->out[0] * w->out[1] * w->out[2];
    for (i = begin; i < end; i++) {
        const TYPE *in = (const TYPE *)job->x + i * plane;
        struct span at[3];
        int64_t o[3];
        for (o[0] = 0; o[0] < w->out[0]; o[0]++)
            for (o[1] = 0; o[1] < w->out[1]; o[1]++)
                for (o[2] = 0; o[2] < w->out[2]; o[2]++) {
                    TYPE best = LOWEST;
                    int64_t where = 0;
                    int found = 0;
                    clip(w, 0, o[0], &at[0]);
                    clip(w, 1, o[1], &at[1]);
                    clip(w, 2, o[2], &at[2]);
                    for (z = at[0].begin; z < at[0].end; z += w->dilation[0])
                        for (y = at[1].begin; y < at[1].end; y += w->dilation[1]) {
                            const TYPE *row = in + (z * w->in[1] + y) * w->in[2];
                            for (x = at[2].begin; x < at[2].end; x += w->dilation[2])
                                if (!found || row[x] > best || IS_NAN(row[x])) {
                                    found = 1;
                                    best = row[x];
                                    where = z * job->index_step[0] +
                                            y * job->index_step[1] + x * job->index_step[2];
                                }
                        }
                    *out++ = best;
                    *index++ = i * plane + where;
                }
    }
}

#ifdef POWER
/* An output row of AveragePool: as max_row, so that outputs are summed side by side, each in the
 * order of its window. */
static void NAME(average_row)(const struct pool_job *job, const TYPE *in, int64_t oz,
                              int64_t oy, TYPE *out)
{
    const struct gemm_window *w = &job->window;
    const int64_t stride = w->stride[2];
    struct span at_z, at_y, at_x;
    int64_t z, y, k, o, first, end, lines, count;

    clip(w, 0, oz, &at_z);
    clip(w, 1, oy, &at_y);
    lines = job->include_pad
                ? padded(w, job->pad_end[0], 0, oz) * padded(w, job->pad_end[1], 1, oy)
                : at_z.count * at_y.count;
    for (o = 0; o < w->out[2]; o++)
        out[o] = 0;
    for (z = at_z.begin; z < at_z.end; z += w->dilation[0])
        for (y = at_y.begin; y < at_y.end; y += w->dilation[1])
            for (k = 0; k < w->kernel[2]; k++) {
                const TYPE *row = in + (z * w->in[1] + y) * w->in[2];
                const int64_t from = k * w->dilation[2] - w->pad[2];
                meets(w, k, &first, &end);
                if (stride == 1)
                    _Pragma("omp simd") for (o = first; o < end; o++)
                        out[o] += row[o + from];
                else if (stride == 2)
                    _Pragma("omp simd") for (o = first; o < end; o++)
                        out[o] += row[2 * o + from];
                else
                    for (o = first; o < end; o++)
                        out[o] += row[o * stride + from];
            }
    for (o = 0; o < w->out[2]; o++) {
        clip(w, 2, o, &at_x);
        count = lines * (job->include_pad ? padded(w, job->pad_end[2], 2, o) : at_x.count);
        out[o] = count ? out[o] / (TYPE)count : 0;
    }
}

void NAME(average_pool)(const struct pool_job *job, int64_t begin, int64_t end)
{
    const struct gemm_window *w = &job->window;
    int64_t plane = w->in[0] * w->in[1] * w->in[2], i, z, y;
    TYPE *out = (TYPE *)job->y + begin * w->out[0] * w->out[1] * w->out[2];

    for (i = begin; i < end; i++)
        for (z = 0; z < w->out[0]; z++)
            for (y = 0; y < w->out[1]; y++, out += w->out[2])
                NAME(average_row)(job, (const TYPE *)job->x + i * plane, z, y, out);
}

void NAME(lp_pool)(const struct pool_job *job, int64_t begin, int64_t end)
{
    const struct gemm_window *w = &job->window;
    int64_t plane = w->in[0] * w->in[1] * w->in[2], i, z, y, x;
    TYPE *out = (TYPE *)job->y + begin * w->out[0] * w->out[1] * w->out[2];

    for (i = begin; i < end; i++) {
        const TYPE *in = (const TYPE *)job->x + i * plane;
        struct span at[3];
        int64_t o[3];
        for (o[0] = 0; o[0] < w->out[0]; o[0]++)
            for (o[1] = 0; o[1] < w->out[1]; o[1]++)
                for (o[2] = 0; o[2] < w->out[2]; o[2]++) {
                    double sum = 0;
                    clip(w, 0, o[0], &at[0]);
                    clip(w, 1, o[1], &at[1]);
                    clip(w, 2, o[2], &at[2]);
                    for (z = at[0].begin; z < at[0].end; z += w->dilation[0])
                        for (y = at[1].begin; y < at[1].end; y += w->dilation[1]) {
                            const TYPE *row = in + (z * w->in[1] + y) * w->in[2];
                            for (x = at[2].begin; x < at[2].end; x += w->dilation[2])
                                sum += POWER(row[x], job->power);
                        }
                    *out++ = (TYPE)ROOT(sum, job->power);
                }
    }
}
#endif
#undef LARGER
