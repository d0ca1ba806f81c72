/*
 * plugins/kernels/cl_first.body.h - first-layer convolution, for every instruction set
 *
 * Included behind lanes.*.h. The including file defines FIRST (the name), ROWS (output
 * positions of a micro-tile, all in one output row) and PANELS (panels of sixteen columns
 * that have accumulators beside each other). Whole panels are finished while the sums are in
 * registers. Otherwise steps run over whole output rows, which are contiguous: with six columns no
 * lane is wasted on a function. Where all columns are in half a panel, a tile is one vector wide and
 * twice as many positions high. FIRST_RUN may name a header whose run_rows does whole units by tiles of
 * its own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

#include "plugins/kernels/cl_end.body.h"

#define VECTORS (CL_FIRST_PANEL / LANES) /* of a panel */
#define TILE    (PANELS * CL_FIRST_PANEL)

/* What the tiles of an image have in common. */
struct first_walk {
    const struct cl_first_job *job;
    const struct cl_first_run *runs; /* of k, the last one's `last` set */
    int64_t k, pitch;                /* pitch: floats from window to window */
    struct cl_plain_end plain;
};

#ifdef FIRST_RUN
#include FIRST_RUN
#endif

/* Bias and steps on whole panels of sums in memory, vector by vector of columns, and into y. */
static void first_steps_of_tile(const struct first_walk *walk, int64_t column, float *y, int rows,
                                int vectors, lanes sums[PANELS * VECTORS][ROWS])
{
    const struct cl_first_job *job = walk->job;
    int32_t s;
    int r, v;

    for (v = 0; v < vectors; v++) {
        const lanes bias =
            job->bias ? lanes_load(job->bias + column + v * LANES) : lanes_all(-0.0f);
        if (whole_function(walk->plain.kind, sums[v], bias, y + v * LANES, job->columns, rows))
            continue;
        for (r = 0; r < rows; r++)
            sums[v][r] = lanes_add(sums[v][r], bias);
        for (s = 0; s < job->step_count; s++)
            lanes_pass(&job->steps[s], sums[v], rows);
        for (r = 0; r < rows; r++)
            lanes_store(y + v * LANES + r * job->columns, sums[v][r]);
    }
}

/* Bias and steps, and whole panels into y. Bounds and HardSwish are done in registers. */
static inline __attribute__((always_inline)) void
first_end(const struct first_walk *walk, int64_t column, float *y, const int rows,
          const int panels, lanes c[ROWS][PANELS * VECTORS])
{
    const struct cl_first_job *job = walk->job;
    const int32_t kind = walk->plain.kind;
    lanes out[PANELS * VECTORS][ROWS]; /* sums stay in registers, which have no addresses */
    int r, v;

    if (kind == IMGCLS_EPILOGUE_CLIP || kind == IMGCLS_EPILOGUE_HARDSWISH) {
#pragma GCC unroll 4
        for (v = 0; v < panels * VECTORS; v++) {
            const lanes bias =
                job->bias ? lanes_load(job->bias + column + v * LANES) : lanes_all(-0.0f);
#pragma GCC unroll 14
            for (r = 0; r < rows; r++)
                c[r][v] = lanes_add(c[r][v], bias);
        }
        if (kind == IMGCLS_EPILOGUE_HARDSWISH)
#pragma GCC unroll 14
            for (r = 0; r < rows; r++)
#pragma GCC unroll 4
                for (v = 0; v < panels * VECTORS; v++)
                    lanes_store(y + r * job->columns + v * LANES,
                                lanes_times(c[r][v], lanes_hardsigmoid(c[r][v], 1.0f / 6, 0.5f)));
        else
#pragma GCC unroll 14
            for (r = 0; r < rows; r++)
#pragma GCC unroll 4
                for (v = 0; v < panels * VECTORS; v++)
                    lanes_store(y + r * job->columns + v * LANES,
                                lanes_at_most(lanes_at_least(c[r][v], walk->plain.low),
                                              walk->plain.high));
        return;
    }
#pragma GCC unroll 14
    for (r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (v = 0; v < panels * VECTORS; v++)
            out[v][r] = c[r][v];
    first_steps_of_tile(walk, column, y, rows, panels * VECTORS, out);
}

/* One element of k: c += a float of each window times a row of each panel. */
static inline __attribute__((always_inline)) void
first_step(const struct first_walk *walk, const float *a, const float *weights, const int rows,
           const int panels, lanes c[ROWS][PANELS * VECTORS])
{
    const int64_t pitch = walk->pitch;
    const float *third = a + 3 * pitch;
    lanes b[PANELS * VECTORS];
    int r, p, v;

#pragma GCC unroll 4
    for (p = 0; p < panels; p++)
#pragma GCC unroll 4
        for (v = 0; v < VECTORS; v++)
            b[p * VECTORS + v] = lanes_load(weights + p * walk->k * CL_FIRST_PANEL + v * LANES);
#pragma GCC unroll 14
    for (r = 0; r < rows; r++) {
        const lanes w =
            lanes_all(r < 3 || r > 5 ? a[r * pitch] : third[(r - 3) * pitch]);
#pragma GCC unroll 4
        for (v = 0; v < panels * VECTORS; v++)
            c[r][v] = lanes_fused(w, b[v], c[r][v]);
    }
}

/* Asks for the place of the next tile's row: sums of few products cannot wait for it. */
static inline __attribute__((always_inline)) void first_expect(const struct cl_first_job *job,
                                                               float *y, int64_t row,
                                                               const int panels)
{
    int p;

#pragma GCC unroll 2
    for (p = 0; p < panels; p++)
        __builtin_prefetch(y + (ROWS + row) * job->columns + p * CL_FIRST_PANEL, 1);
}

/* `rows` neighbouring windows, the first at `from`, by `panels` panels. y: where whole panels
 * go, finished; NULL: sums[r][column] take them as they are. */
static inline __attribute__((always_inline)) void
first_tile(const struct first_walk *walk, const float *from, const float *weights,
           int64_t column, float *sums, float *y, const int rows, const int panels)
{
    const struct cl_first_run *run = walk->runs;
    int fresh = 1, expected = y ? 0 : rows, r, v;

    for (;;) {
        lanes c[ROWS][PANELS * VECTORS];
#pragma GCC unroll 14
        for (r = 0; r < rows; r++)
#pragma GCC unroll 4
            for (v = 0; v < panels * VECTORS; v++)
                c[r][v] = lanes_zero();
        for (;; run++) {
            const float *a = from + run->offset;
            int64_t count = run->count;
            for (; count >= 3; count -= 3, a += 3, weights += 3 * CL_FIRST_PANEL) {
                if (expected < rows) { /* a few at a time: a core waits for so many lines only */
                    first_expect(walk->job, y, expected++, panels);
                    first_expect(walk->job, y, expected++, panels);
                }
                first_step(walk, a, weights, rows, panels, c);
                first_step(walk, a + 1, weights + CL_FIRST_PANEL, rows, panels, c);
                first_step(walk, a + 2, weights + 2 * CL_FIRST_PANEL, rows, panels, c);
            }
            for (; count > 0; count--, a++, weights += CL_FIRST_PANEL)
                first_step(walk, a, weights, rows, panels, c);
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
            first_end(walk, column, y, rows, panels, c);
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

#if VECTORS == 2
#define NARROW (2 * ROWS) /* positions of a tile of a single vector of columns */

/* One block of k of NARROW neighbouring windows; returns the run that ends it. */
static inline __attribute__((always_inline)) const struct cl_first_run *
narrow_block(const struct first_walk *walk, const struct cl_first_run *run, const float *from,
             const float **weights, lanes c[NARROW])
{
    const int64_t pitch = walk->pitch;
    int r;

#pragma GCC unroll 12
    for (r = 0; r < NARROW; r++)
        c[r] = lanes_zero();
    for (;; run++) {
        const float *a = from + run->offset;
        int64_t count;
        for (count = run->count; count > 0; count--, a++, *weights += CL_FIRST_PANEL) {
            const float *const thirds[] = {a, a + 3 * pitch, a + 6 * pitch, a + 9 * pitch};
            const lanes b = lanes_load(*weights);
#pragma GCC unroll 12
            for (r = 0; r < NARROW; r++)
                c[r] = lanes_fused(lanes_all(thirds[r / 3][r % 3 * pitch]), b, c[r]);
        }
        if (run->ends_block)
            return run;
    }
}

/* NARROW windows by at most LANES columns, with their bias to y. A vector's lanes past the columns
 * fall on the next positions, which are written after it; the last ones get their own alone. Not
 * inlined: its registers are all there are. */
static __attribute__((noinline)) void narrow_tile(const struct first_walk *walk,
                                                  const float *from, lanes bias, float *sums,
                                                  float *y)
{
    const float *weights = walk->job->weights;
    const int64_t columns = walk->job->columns;
    const struct cl_first_run *run = walk->runs;
    float part[LANES];
    lanes c[NARROW];
    int fresh = 1, r;

    for (;; run++, fresh = 0) {
        run = narrow_block(walk, run, from, &weights, c);
        if (!fresh)
#pragma GCC unroll 12
            for (r = 0; r < NARROW; r++)
                c[r] = lanes_add(lanes_load(sums + r * LANES), c[r]);
        if (run->last)
            break;
#pragma GCC unroll 12
        for (r = 0; r < NARROW; r++)
            lanes_store(sums + r * LANES, c[r]);
    }
#pragma GCC unroll 12
    for (r = 0; r < NARROW; r++) {
        const lanes x = lanes_add(c[r], bias);
        if ((NARROW - r) * columns >= LANES) {
            lanes_store(y + r * columns, x);
            continue;
        }
        lanes_store(part, x);
        memcpy(y + r * columns, part, (size_t)columns * sizeof *y);
    }
}

/* A row in tiles of NARROW positions, the last of which begins early enough to be whole; false
 * where columns or positions are others. */
static int narrow_row(const struct first_walk *walk, const float *from, float *sums, float *to)
{
    const struct cl_first_job *job = walk->job;
    float padded[LANES] = {0};
    int64_t x;
    lanes bias = lanes_all(-0.0f); /* adds nothing */

    if (job->columns > LANES || job->out[1] < NARROW)
        return 0;
    if (job->bias) {
        memcpy(padded, job->bias, (size_t)job->columns * sizeof *padded);
        bias = lanes_load(padded);
    }
    for (x = 0; x < job->out[1]; x += NARROW) {
        if (x > job->out[1] - NARROW)
            x = job->out[1] - NARROW;
        narrow_tile(walk, from + x * walk->pitch, bias, sums, to + x * job->columns);
    }
    return 1;
}
#endif

/* A tile of so many positions, one of the counts that cl_first_positions gives. */
static inline __attribute__((always_inline)) void
first_rows(const struct first_walk *walk, const float *from, const float *weights,
           int64_t column, float *sums, float *y, int64_t rows, const int panels)
{
    if (rows == ROWS)
        first_tile(walk, from, weights, column, sums, y, ROWS, panels);
    else if (rows == ROWS / 2)
        first_tile(walk, from, weights, column, sums, y, ROWS / 2, panels);
    else
        first_tile(walk, from, weights, column, sums, y, 1, panels);
}

static void first_sums(const struct first_walk *walk, const float *from, const float *weights,
                       int64_t column, float *sums, float *y, int64_t rows, int panels)
{
    if (panels < PANELS)
        first_rows(walk, from, weights, column, sums, y, rows, 1);
    else
        first_rows(walk, from, weights, column, sums, y, rows, PANELS);
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

/* The tile of positions x.. and columns column.. of the output row that begins at `to`. */
static void one_tile(const struct first_walk *walk, const float *from, int64_t x, int64_t rows,
                     int64_t column, float *sums, float *to)
{
    const struct cl_first_job *job = walk->job;
    int64_t some = job->columns - column < TILE ? job->columns - column : TILE;
    float *at = to + x * job->columns + column;
    const int whole = job->columns % CL_FIRST_PANEL == 0; /* finished tile by tile */

    first_sums(walk, from + x * walk->pitch, job->weights + column * walk->k, column, sums,
               whole ? at : NULL, rows, (int)((some + CL_FIRST_PANEL - 1) / CL_FIRST_PANEL));
    if (!whole)
        first_deliver(job, sums, rows, column, some, at);
}

/* All columns of some positions before the next positions, so that outputs are written one after
 * another, where the weights stay near meanwhile. */
static void one_row(const struct first_walk *walk, const float *from, float *sums, float *to)
{
    const struct cl_first_job *job = walk->job;
    int64_t column, x, rows;

#if VECTORS == 2
    if (narrow_row(walk, from, sums, to)) {
        first_steps(job, to, job->out[1] * job->columns);
        return;
    }
#endif
    if (job->columns * walk->k <= CL_FIRST_NEAR)
        for (x = 0; x < job->out[1]; x += rows) {
            rows = cl_first_positions(ROWS, job->out[1], &x);
            for (column = 0; column < job->columns; column += TILE)
                one_tile(walk, from, x, rows, column, sums, to);
        }
    else
        for (column = 0; column < job->columns; column += TILE)
            for (x = 0; x < job->out[1]; x += rows) {
                rows = cl_first_positions(ROWS, job->out[1], &x);
                one_tile(walk, from, x, rows, column, sums, to);
            }
    if (job->columns % CL_FIRST_PANEL != 0)
        first_steps(job, to, job->out[1] * job->columns);
}

void FIRST(const struct cl_first_job *job, int64_t begin, int64_t end, void *workspace)
{
    int64_t k = job->kernel[0] * job->kernel[1] * job->channels, line = cl_first_line(job);
    int64_t per = job->units / job->images, y;
    struct cl_first_run *runs = workspace;
    const struct cl_end steps = {.step_count = job->step_count, .steps = job->steps};
    struct first_walk walk = {job, runs, k, job->stride[1] * job->channels, plain_end(&steps)};
    float *sums = (float *)(runs + CL_FIRST_RUNS), *padded = sums + 16 * 32;

    cl_first_runs(job, runs);
    for (; begin < end; begin++) {
        int64_t image = begin / per, top = begin % per * job->rows;
        int64_t count = job->out[0] - top < job->rows ? job->out[0] - top : job->rows;
        float *to = job->y + (image * job->out[0] + top) * job->out[1] * job->columns;
        cl_first_pad(job, job->x + image * job->in[0] * job->in[1] * job->channels, top,
                     count, padded);
#ifdef FIRST_RUN
        if (run_rows(&walk, padded, count, to))
            continue;
#endif
        for (y = 0; y < count; y++)
            one_row(&walk, padded + y * job->stride[0] * line, sums,
                    to + y * job->out[1] * job->columns);
    }
}
