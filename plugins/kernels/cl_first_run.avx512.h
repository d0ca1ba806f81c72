/*
 * plugins/kernels/cl_first_run.avx512.h - tiles of a first layer one behind another, each finished while
 * the next is computed
 *
 * As direct_run.avx512.h does for products: sums of 27 products are soon done, and no multiply-adds begin
 * while a burst of 512-bit stores goes out. Tiles are 7 positions by two vectors of columns, or 14 by
 * one; the first steps of k of the next one finish a vector each. Windows are multiply-adds' own operands.
 *
 * Included by cl_first.body.h, behind struct first_walk.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

#define RUN_VECTORS          14 /* of a tile; as many steps of k finish the tile before */
#define RUN_POSITIONS(width) ((width) > 1 ? RUN_VECTORS / 2 : RUN_VECTORS)

/* Outputs in lines: rows of an image, or columns of it. Distances in floats. */
struct first_area {
    const float *from; /* the first output's window */
    float *to;
    int64_t lines, line_from, line_to;
    int64_t positions, from_pitch, to_pitch; /* positions: of a line */
};

/* Seven positions to a pointer; distances in bytes. */
struct first_windows {
    const char *first, *eighth;
    int64_t pitch, pitch3, pitch5;
};

/* c += the floats at `at` bytes of each window times a row of weights. */
static inline __attribute__((always_inline)) void
run_step(const int width, const struct first_windows *windows, int64_t at, const float *b, int64_t panel,
         __m512 c[RUN_VECTORS])
{
    const __m512 b0 = _mm512_loadu_ps(b), b1 = width > 1 ? _mm512_loadu_ps(b + panel) : b0;
    const char *first = windows->first + at, *eighth = windows->eighth + at;
    const int positions = RUN_POSITIONS(width);
    int r;

    __asm__("" : "+r"(first), "+r"(eighth)); /* pitches are added by operands, not before */

#pragma GCC unroll 14
    for (r = 0; r < positions; r++) {
        const char *window = r < 7 ? first : eighth;
        const float *w;
        window += r % 7 == 3   ? windows->pitch3
                  : r % 7 == 5 ? windows->pitch5
                  : r % 7 == 6 ? 2 * windows->pitch3
                               : r % 7 * windows->pitch;
        w = (const float *)(const void *)window;
        c[r * width] = fused_avx512(w, b0, c[r * width]);
        if (width > 1)
            c[r * width + 1] = fused_avx512(w, b1, c[r * width + 1]);
    }
}

/* Where a tile goes, from the next vector to be finished on. */
struct first_place {
    float *to;
    const float *bias;
    __mmask16 lanes; /* of its last vector */
};

/* Vector s of a tile to its place. */
static inline __attribute__((always_inline)) void
run_finish(const int width, const int function, const int s, const struct cl_plain_end *end,
           const struct silu_constants *silu, struct first_place *place, int64_t pitch, __m512 x)
{
    const int v = s % width;

    __asm__ volatile("" : "+v"(x)); /* now and not sooner: registers are short */
    if (width > 1)
        x = _mm512_add_ps(x, _mm512_loadu_ps(place->bias + 16 * v));
    else
        x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(place->lanes, place->bias));
    if (function == IMGCLS_EPILOGUE_SILU)
        x = silu_by_avx512(silu, x);
    else if (function == IMGCLS_EPILOGUE_HARDSWISH)
        x = lanes_times(x, lanes_hardsigmoid(x, 1.0f / 6, 0.5f));
    else
        x = lanes_at_most(lanes_at_least(x, end->low), end->high);
    if (width > 1)
        _mm512_storeu_ps(place->to + 16 * v, x);
    else
        _mm512_mask_storeu_ps(place->to, place->lanes, x);
    if (v == width - 1)
        place->to += pitch;
}

#define NONE_4 -0.0f, -0.0f, -0.0f, -0.0f
/* adds nothing */
static const float first_no_bias[32] = {NONE_4, NONE_4, NONE_4, NONE_4, NONE_4, NONE_4, NONE_4, NONE_4};

/* Which tile of an area is next: all columns of some positions before the next positions. */
struct first_turn {
    int64_t line, position, column;
};

static inline __attribute__((always_inline)) void next_turn(const int width, int64_t columns,
                                                            int64_t positions,
                                                            struct first_turn *turn)
{
    turn->column += 16 * width;
    if (turn->column < columns)
        return;
    turn->column = 0;
    turn->position += RUN_POSITIONS(width);
    if (turn->position >= positions) {
        turn->position = 0;
        turn->line++;
    } else if (turn->position > positions - RUN_POSITIONS(width))
        turn->position = positions - RUN_POSITIONS(width); /* so early that it is whole */
}

static inline __attribute__((always_inline)) void run_area(const int width, const int function,
                                                           const struct first_walk *walk,
                                                           const int32_t *offsets,
                                                           const struct first_area *area)
{
    const struct cl_first_job *job = walk->job;
    const int64_t k = walk->k, panel = k * CL_FIRST_PANEL, to_pitch = area->to_pitch;
    const int64_t pitch = area->from_pitch * (int64_t)sizeof(float);
    struct first_windows windows = {.pitch = pitch, .pitch3 = 3 * pitch, .pitch5 = 5 * pitch};
    const struct cl_plain_end *end = &walk->plain;
    struct silu_constants silu;
    struct first_turn turn = {0};
    struct first_place place = {0};
    __m512 c[RUN_VECTORS], before[RUN_VECTORS]; /* sums of a block; of all blocks, until they are in y */
    int s, is_first = 1;

    if (function == IMGCLS_EPILOGUE_SILU)
        silu_constants_avx512(&silu);
#pragma GCC unroll 14
    for (s = 0; s < RUN_VECTORS; s++)
        before[s] = _mm512_set1_ps(-0.0f); /* which changes no bit */
    while (turn.line < area->lines) {
        const struct first_place here = {
            .to = area->to + turn.line * area->line_to + turn.position * to_pitch + turn.column,
            .bias = job->bias ? job->bias + turn.column : first_no_bias,
            .lanes = lanes_below(job->columns - turn.column),
        };
        const float *b = job->weights + turn.column * k, *next = here.to;
        int64_t i = 0, block_end = k < GEMM_K_BLOCK ? k : GEMM_K_BLOCK;

        windows.first = (const char *)(area->from + turn.line * area->line_from +
                                       turn.position * area->from_pitch);
        windows.eighth = windows.first + (width > 1 ? 0 : 7 * pitch);
        next_turn(width, job->columns, area->positions, &turn);
#pragma GCC unroll 14
        for (s = 0; s < RUN_VECTORS; s++)
            c[s] = _mm512_setzero_ps();
        if (!is_first) {
#pragma GCC unroll 14
            for (s = 0; s < RUN_VECTORS; s++) {
                run_finish(width, function, s, end, &silu, &place, to_pitch, before[s]);
                __builtin_prefetch(next + s % width * 16, 1);
                next += s % width == width - 1 ? to_pitch : 0;
                run_step(width, &windows, offsets[s], b + s * CL_FIRST_PANEL, panel, c);
                /* compilers add up too much */
                __asm__ volatile("" : "+r"(windows.pitch), "+r"(windows.pitch3), "+r"(windows.pitch5),
                                 "+r"(next));
            }
            i = RUN_VECTORS;
        }
        is_first = 0;
#pragma GCC unroll 14
        for (s = 0; s < RUN_VECTORS; s++)
            before[s] = _mm512_set1_ps(-0.0f);
        for (;;) {
            for (; i < block_end; i++)
                run_step(width, &windows, offsets[i], b + i * CL_FIRST_PANEL, panel, c);
#pragma GCC unroll 14
            for (s = 0; s < RUN_VECTORS; s++)
                before[s] = function ? c[s] : _mm512_add_ps(before[s], c[s]);
            if (function || i == k) /* a function's constants take the registers of more blocks */
                break;
            block_end = k - i < GEMM_K_BLOCK ? k : i + GEMM_K_BLOCK;
#pragma GCC unroll 14
            for (s = 0; s < RUN_VECTORS; s++)
                c[s] = _mm512_setzero_ps();
        }
        place = here;
    }
#pragma GCC unroll 14
    for (s = 0; s < RUN_VECTORS; s++)
        run_finish(width, function, s, end, &silu, &place, to_pitch, before[s]);
}

typedef void first_run(const struct first_walk *walk, const int32_t *offsets,
                       const struct first_area *area);

#define RUN_AS(NAME, WIDTH, FUNCTION)                                                      \
    static void NAME(const struct first_walk *walk, const int32_t *offsets,                \
                     const struct first_area *area)                                        \
    {                                                                                      \
        run_area(WIDTH, FUNCTION, walk, offsets, area);                                    \
    }
RUN_AS(run_14_bounds, 1, 0)
RUN_AS(run_14_hardswish, 1, IMGCLS_EPILOGUE_HARDSWISH)
RUN_AS(run_14_silu, 1, IMGCLS_EPILOGUE_SILU)
RUN_AS(run_7_bounds, 2, 0)
RUN_AS(run_7_hardswish, 2, IMGCLS_EPILOGUE_HARDSWISH)
RUN_AS(run_7_silu, 2, IMGCLS_EPILOGUE_SILU)

/* NULL where there is none. */
static first_run *run_for(const struct first_walk *walk, const int is_wide)
{
    if (walk->plain.kind == IMGCLS_EPILOGUE_CLIP)
        return is_wide ? run_7_bounds : run_14_bounds;
    if (walk->k > GEMM_K_BLOCK)
        return NULL;
    if (walk->plain.kind == IMGCLS_EPILOGUE_HARDSWISH)
        return is_wide ? run_7_hardswish : run_14_hardswish;
    if (walk->plain.kind == IMGCLS_EPILOGUE_SILU)
        return is_wide ? run_7_silu : run_14_silu;
    return NULL;
}

/* `rows` output rows, whose padded input begins at `from`; false where tiles do not run. What a row has
 * left over runs down the rows where that leaves fewer outputs computed twice. */
static int run_rows(const struct first_walk *walk, const float *from, int64_t rows, float *to)
{
    const struct cl_first_job *job = walk->job;
    const int is_wide = job->columns % 32 == 0;
    const int64_t tile = RUN_POSITIONS(1 + is_wide), rest = job->out[1] % tile;
    const int64_t is_down = rows >= tile && rest * ((rows + tile - 1) / tile) < rows;
    struct first_area area = {.from = from,
                              .to = to,
                              .lines = rows,
                              .line_from = job->stride[0] * cl_first_line(job),
                              .line_to = job->out[1] * job->columns,
                              .positions = job->out[1] - (is_down ? rest : 0),
                              .from_pitch = walk->pitch,
                              .to_pitch = job->columns};
    first_run *const run = run_for(walk, is_wide);
    const struct cl_first_run *part;
    int32_t offsets[CL_FIRST_K], *offset = offsets, i;

    if (!run || area.positions < tile || walk->k < RUN_VECTORS ||
        job->columns * walk->k > CL_FIRST_NEAR)
        return 0;
    for (part = walk->runs; part == walk->runs || !part[-1].last; part++)
        for (i = 0; i < part->count; i++)
            *offset++ = (part->offset + i) * (int32_t)sizeof(float);
    run(walk, offsets, &area);
    if (!is_down || rest == 0)
        return 1;
    run(walk, offsets,
        &(struct first_area){.from = from + area.positions * walk->pitch,
                             .to = to + area.positions * job->columns,
                             .lines = rest,
                             .line_from = walk->pitch,
                             .line_to = job->columns,
                             .positions = rows,
                             .from_pitch = area.line_from,
                             .to_pitch = area.line_to});
    return 1;
}
