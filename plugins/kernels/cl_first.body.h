/*
 * plugins/kernels/cl_first.body.h - first-layer convolution, for every instruction set
 *
 * Included behind lanes.*.h. The including file defines FIRST (the name), ROWS (output
 * positions of a micro-tile, all in one output row) and PANELS (panels of sixteen columns
 * that have accumulators beside each other). Whole panels are finished while the sums are in
 * registers. Otherwise steps run over whole output rows, which are contiguous: with six columns no
 * lane is wasted on a function.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

#define VECTORS (CL_FIRST_PANEL / LANES) /* of a panel */
#define TILE    (PANELS * CL_FIRST_PANEL)

/* What the tiles of an image have in common. */
struct first_walk {
    const struct cl_first_job *job;
    const struct cl_first_run *runs; /* of k, the last one's `last` set */
    int64_t k, pitch;                /* pitch: floats from window to window */
};

/* Bias and steps, and whole panels into y. */
static inline __attribute__((always_inline)) void
first_end(const struct cl_first_job *job, int64_t column, float *y, const int rows,
          const int panels, lanes c[ROWS][PANELS * VECTORS])
{
    int r, v;
    int32_t s;

    if (job->bias)
#pragma GCC unroll 4
        for (v = 0; v < panels * VECTORS; v++) {
            const lanes bias = lanes_load(job->bias + column + v * LANES);
#pragma GCC unroll 14
            for (r = 0; r < rows; r++)
                c[r][v] = lanes_add(c[r][v], bias);
        }
    for (s = 0; s < job->step_count; s++)
#pragma GCC unroll 14
        for (r = 0; r < rows; r++)
            lanes_pass(&job->steps[s], c[r], panels * VECTORS);
#pragma GCC unroll 14
    for (r = 0; r < rows; r++, y += job->columns)
#pragma GCC unroll 4
        for (v = 0; v < panels * VECTORS; v++)
            lanes_store(y + v * LANES, c[r][v]);
}

/* `rows` neighbouring windows, the first at `from`, by `panels` panels. y: where whole panels
 * go, finished; NULL: sums[r][column] take them as they are. */
static inline __attribute__((always_inline)) void
first_tile(const struct first_walk *walk, const float *from, const float *weights,
           int64_t column, float *sums, float *y, const int rows, const int panels)
{
    const struct cl_first_run *run = walk->runs;
    const int64_t pitch = walk->pitch;
    int fresh = 1, r, p, v;

    for (;;) {
        lanes c[ROWS][PANELS * VECTORS];
#pragma GCC unroll 14
        for (r = 0; r < rows; r++)
#pragma GCC unroll 4
            for (v = 0; v < panels * VECTORS; v++)
                c[r][v] = lanes_zero();
        for (;; run++) {
            const float *a = from + run->offset, *a_end = a + run->count;
            for (; a < a_end; a++, weights += CL_FIRST_PANEL) {
                lanes b[PANELS * VECTORS];
#pragma GCC unroll 4
                for (p = 0; p < panels; p++)
#pragma GCC unroll 4
                    for (v = 0; v < VECTORS; v++)
                        b[p * VECTORS + v] =
                            lanes_load(weights + p * walk->k * CL_FIRST_PANEL + v * LANES);
#pragma GCC unroll 14
                for (r = 0; r < rows; r++) {
                    const lanes w = lanes_all(a[r * pitch]);
#pragma GCC unroll 4
                    for (v = 0; v < panels * VECTORS; v++)
                        c[r][v] = lanes_fused(w, b[v], c[r][v]);
                }
            }
            if (run->ends_block)
                break;
        }
        if (!fresh)
#pragma GCC unroll 14
            for (r = 0; r < rows; r++)
#pragma GCC unroll 4
                for (v = 0; v < panels * VECTORS; v++)
                    c[r][v] = lanes_add(lanes_load(sums + r * TILE + v * LANES), c[r][v]);
        if (run->last && y) {
            first_end(walk->job, column, y, rows, panels, c);
            return;
        }
#pragma GCC unroll 14
        for (r = 0; r < rows; r++)
#pragma GCC unroll 4
            for (v = 0; v < panels * VECTORS; v++)
                lanes_store(sums + r * TILE + v * LANES, c[r][v]);
        if (run->last)
            return;
        fresh = 0;
        run++;
    }
}

/* Whole tiles, and single positions for what is left of a row. */
static void first_sums(const struct first_walk *walk, const float *from, const float *weights,
                       int64_t column, float *sums, float *y, int64_t rows, int panels)
{
    const int64_t y_row = y ? walk->job->columns : 0;
    int64_t r;

#if PANELS == 2
    if (panels == 2 && rows == ROWS) {
        first_tile(walk, from, weights, column, sums, y, ROWS, 2);
        return;
    }
    if (panels == 2 && rows == ROWS / 2) {
        first_tile(walk, from, weights, column, sums, y, ROWS / 2, 2);
        return;
    }
    for (r = 0; r < rows && panels == 2; r++)
        first_tile(walk, from + r * walk->pitch, weights, column, sums + r * TILE,
                   y ? y + r * y_row : NULL, 1, 2);
    if (panels == 2)
        return;
#endif
    (void)panels;
    if (rows == ROWS) {
        first_tile(walk, from, weights, column, sums, y, ROWS, 1);
        return;
    }
    if (rows == ROWS / 2) {
        first_tile(walk, from, weights, column, sums, y, ROWS / 2, 1);
        return;
    }
    for (r = 0; r < rows; r++)
        first_tile(walk, from + r * walk->pitch, weights, column, sums + r * TILE,
                   y ? y + r * y_row : NULL, 1, 1);
}

/* Bias, and columns to where they belong. */
static void first_deliver(const struct cl_first_job *job, const float *sums, int64_t rows,
                          int64_t column, int64_t count, float *y)
{
    const float *bias = job->bias ? job->bias + column : NULL;
    int64_t r, j;

    for (r = 0; r < rows; r++, sums += TILE, y += job->columns) {
        for (j = 0; j + LANES <= count; j += LANES) {
            lanes x = lanes_load(sums + j);
            lanes_store(y + j, bias ? lanes_add(x, lanes_load(bias + j)) : x);
        }
        for (; j < count; j++)
            y[j] = bias ? sums[j] + bias[j] : sums[j];
    }
}

static void first_steps(const struct cl_first_job *job, float *y, int64_t count)
{
    float rest[LANES] = {0};
    int64_t i;
    int32_t s;

    for (s = 0; s < job->step_count; s++) {
        for (i = 0; i + LANES <= count; i += LANES)
            lanes_store(y + i, lanes_step(&job->steps[s], lanes_load(y + i), lanes_zero()));
        if (i == count)
            continue;
        memcpy(rest, y + i, (size_t)(count - i) * sizeof *y);
        lanes_store(rest, lanes_step(&job->steps[s], lanes_load(rest), lanes_zero()));
        memcpy(y + i, rest, (size_t)(count - i) * sizeof *y);
    }
}

/* How many of the `left` positions of a row the next tile takes. */
static int64_t next_rows(int64_t left)
{
    return left >= ROWS ? ROWS : left >= ROWS / 2 ? ROWS / 2 : left;
}

void FIRST(const struct cl_first_job *job, int64_t begin, int64_t end, void *workspace)
{
    int64_t k = job->kernel[0] * job->kernel[1] * job->channels, line = cl_first_line(job);
    int64_t per = job->units / job->images, column, x, rows, y;
    const int whole = job->columns % CL_FIRST_PANEL == 0; /* finished tile by tile */
    struct cl_first_run *runs = workspace;
    struct first_walk walk = {job, runs, k, job->stride[1] * job->channels};
    float *sums = (float *)(runs + CL_FIRST_RUNS), *padded = sums + 16 * 32;

    cl_first_runs(job, runs);
    for (; begin < end; begin++) {
        int64_t image = begin / per, top = begin % per * job->rows;
        int64_t count = job->out[0] - top < job->rows ? job->out[0] - top : job->rows;
        cl_first_pad(job, job->x + image * job->in[0] * job->in[1] * job->channels, top,
                     count, padded);
        for (y = 0; y < count; y++) {
            const float *from = padded + y * job->stride[0] * line;
            float *to =
                job->y + ((image * job->out[0] + top + y) * job->out[1]) * job->columns;
            for (column = 0; column < job->columns; column += TILE) {
                int64_t some = job->columns - column < TILE ? job->columns - column : TILE;
                for (x = 0; x < job->out[1]; x += rows) {
                    float *at = to + x * job->columns + column;
                    rows = next_rows(job->out[1] - x);
                    first_sums(&walk, from + x * walk.pitch, job->weights + column * k, column,
                               sums, whole ? at : NULL, rows,
                               (int)((some + CL_FIRST_PANEL - 1) / CL_FIRST_PANEL));
                    if (!whole)
                        first_deliver(job, sums, rows, column, some, at);
                }
            }
            if (!whole)
                first_steps(job, to, job->out[1] * job->columns);
        }
    }
}
