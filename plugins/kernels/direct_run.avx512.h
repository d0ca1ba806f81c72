/*
 * plugins/kernels/direct_run.avx512.h - tiles one behind another, each finished while the next is computed
 *
 * Sums are soon done, and a whole tile of them waits for its way to C: a 512-bit store takes two
 * cycles, and while a burst of them goes out no multiply-adds begin. So a tile here has half of the
 * registers, 7 rows of two vectors or 14 of one, and each of the next tile's first steps of k finishes
 * one vector of the tile before. Bounds cost nothing there; SiLU costs its multiply-adds. A last vector
 * of up to eight columns is multiplied by half.
 *
 * Included by direct.avx512.c, behind end_vector.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

#define RUN_VECTORS     14 /* of a tile; as many steps of k finish the tile before */
#define RUN_ROWS(width) ((width) > 1 ? RUN_VECTORS / 2 : RUN_VECTORS)
#define RUN_ASKING      4 /* tiles that ask for the next panel, half a line a step */

/* What vectors end with. It comes from memory each time, for sums have the registers. */
struct run_end {
    float bias[32], low, high;
    float sixth, half, one; /* HardSwish's */
    struct silu_constants silu;
};

static inline __attribute__((always_inline)) __m512 run_hardswish(const struct run_end *end, __m512 x)
{
    __m512 y;

    __asm__ volatile("" : "+r"(end)); /* they come from there each time */
    y = _mm512_add_ps(_mm512_mul_ps(_mm512_set1_ps(end->sixth), x), _mm512_set1_ps(end->half));
    y = _mm512_max_ps(_mm512_setzero_ps(), y);
    return _mm512_mul_ps(x, _mm512_min_ps(_mm512_set1_ps(end->one), y));
}

/* Seven rows to a pointer; distances in bytes. */
struct run_rows {
    const char *first, *eighth;
    int64_t row, row3, row5;
};

static inline __attribute__((always_inline)) const char *run_row(const struct run_rows *a, const int r)
{
    const char *from = r < 7 ? a->first : a->eighth;

    return from + (r % 7 == 3   ? a->row3
                   : r % 7 == 5 ? a->row5
                   : r % 7 == 6 ? 2 * a->row3
                                : r % 7 * a->row);
}

/* The same for eight columns, which takes half as long; the others become 0. */
static inline __attribute__((always_inline)) __m512 fused_low_avx512(const float *w, __m512 b,
                                                                     __m512 c)
{
    __asm__("vfmadd231ps %1%{1to8%}, %t2, %t0" : "+v"(c) : "m"(*w), "v"(b));
    return c;
}

/* c += element `at` of each row times a row of B; is_low: of the last vector, eight columns alone. */
static inline __attribute__((always_inline)) void
run_step(const int width, const int is_low, const struct run_rows *a, const int at, const float *b,
         __m512 c[RUN_VECTORS])
{
    const __m512 b0 = _mm512_load_ps(b), b1 = width > 1 ? _mm512_load_ps(b + 16) : b0;
    const int rows = RUN_ROWS(width);
    int r;

#pragma GCC unroll 14
    for (r = 0; r < rows; r++) {
        const float *w = (const float *)(const void *)run_row(a, r) + at;
        if (width > 1 || !is_low)
            c[r * width] = fused_avx512(w, b0, c[r * width]);
        else
            c[r * width] = fused_low_avx512(w, b0, c[r * width]);
        if (width > 1 && !is_low)
            c[r * width + 1] = fused_avx512(w, b1, c[r * width + 1]);
        else if (width > 1)
            c[r * width + 1] = fused_low_avx512(w, b1, c[r * width + 1]);
    }
}

/* Where the next vector to be finished goes. */
struct run_place {
    float *to;
    const float *operand;
};

/* Vector s of a tile into C; returns where the next one goes. */
static inline __attribute__((always_inline)) struct run_place
run_finish(const int width, const int has_operand, const int function, const int s,
           const struct run_end *end, const __mmask16 lanes, struct run_place place, int64_t c_row,
           __m512 x)
{
    const int v = s % width;

    __asm__ volatile("" : "+v"(x)); /* now and not sooner: registers are short */
    if (!function)
        end_vector(0, x, _mm512_load_ps(end->bias + 16 * v), _mm512_set1_ps(end->low),
                   _mm512_set1_ps(end->high), lanes, has_operand ? place.operand + 16 * v : NULL,
                   place.to + 16 * v);
    else {
        x = _mm512_add_ps(x, _mm512_load_ps(end->bias + 16 * v));
        x = function == IMGCLS_EPILOGUE_SILU ? silu_by_avx512(&end->silu, x) : run_hardswish(end, x);
        _mm512_mask_storeu_ps(place.to + 16 * v, lanes, x);
    }
    if (v == width - 1) {
        place.to += c_row;
        place.operand += has_operand ? c_row : 0;
    }
    return place;
}

/* `tiles` tiles from the first row of `a` on, by a panel. The first steps of a tile finish the one
 * before and ask for this one's place in C. The first tiles ask for the next panel. */
static inline __attribute__((always_inline)) void
run_tiles(const int width, const int is_low, const int has_operand, const int function, int64_t k, int64_t block,
          int64_t tiles, const float *a, int64_t a_row, const float *b, const struct direct_end *end)
{
    const __mmask16 lanes[] = {lanes_avx512(end->columns), lanes_avx512(end->columns - 16)};
    const int64_t row = a_row * (int64_t)sizeof *a, c_row = end->c_row;
    _Alignas(64) struct run_end kept = {
        .low = end->low, .high = end->high, .sixth = 1.0f / 6, .half = 0.5f, .one = 1};
    const struct run_end *ends = &kept;
    struct run_rows rows = {.row = row, .row3 = 3 * row, .row5 = 5 * row};
    struct run_place place = {end->c, end->operand};
    __m512 c[RUN_VECTORS], before[RUN_VECTORS]; /* sums of a block; of all blocks, until they are in C */
    const float *row_of_b, *asked = b + k * COLUMNS;
    int64_t t, n, left, half = 8; /* of a line */
    int s;

    if (function == IMGCLS_EPILOGUE_SILU)
        silu_constants_avx512(&kept.silu);
    for (s = 0; s < width; s++)
        _mm512_store_ps(kept.bias + 16 * s,
                        end->bias ? _mm512_maskz_loadu_ps(lanes[s], end->bias + 16 * s)
                                  : _mm512_set1_ps(-0.0f));
    __asm__ volatile("" : "+r"(ends) : : "memory");
#pragma GCC unroll 14
    for (s = 0; s < RUN_VECTORS; s++)
        before[s] = _mm512_set1_ps(-0.0f); /* which changes no bit */
    for (t = 0; t < tiles; t++, a += RUN_ROWS(width) * a_row) {
        rows.first = (const char *)a;
        rows.eighth = rows.first + (RUN_ROWS(width) > 7 ? 7 * row : 0);
#pragma GCC unroll 14
        for (s = 0; s < RUN_VECTORS; s++)
            c[s] = _mm512_setzero_ps();
        row_of_b = b;
        if (t == RUN_ASKING) {
            asked = b; /* what is there costs nothing */
            half = 0;
        }
        n = k < block ? k : block;
        left = k - n;
        if (t > 0) {
            float *next = place.to + RUN_ROWS(width) * c_row;
#pragma GCC unroll 14
            for (s = 0; s < RUN_VECTORS; s++) {
                place = run_finish(width, has_operand, function, s, ends, lanes[s % width], place,
                                   c_row, before[s]);
                __builtin_prefetch(next + s % width * 16, 1);
                next += s % width == width - 1 ? c_row : 0;
                if (s % 2 == 0)
                    _mm_prefetch((const char *)(asked + 8 * s), _MM_HINT_T1);
                run_step(width, is_low, &rows, s, row_of_b + COLUMNS * s, c);
                /* compilers add up too much */
                __asm__ volatile("" : "+r"(rows.row), "+r"(rows.row3), "+r"(rows.row5), "+r"(next));
            }
#pragma GCC unroll 14
            for (s = 0; s < RUN_VECTORS; s++)
                before[s] = _mm512_set1_ps(-0.0f);
            asked += RUN_VECTORS * half;
            rows.first += RUN_VECTORS * sizeof *a;
            rows.eighth += RUN_VECTORS * sizeof *a;
            row_of_b += RUN_VECTORS * COLUMNS;
            n -= RUN_VECTORS;
        }
        for (;;) {
            for (; n > 0; n--, asked += half) {
                _mm_prefetch((const char *)asked, _MM_HINT_T1);
                run_step(width, is_low, &rows, 0, row_of_b, c);
                rows.first += sizeof *a;
                rows.eighth += sizeof *a;
                row_of_b += COLUMNS;
            }
#pragma GCC unroll 14
            for (s = 0; s < RUN_VECTORS; s++)
                before[s] = _mm512_add_ps(before[s], c[s]);
            if (left == 0)
                break;
            n = left < block ? left : block;
            left -= n;
#pragma GCC unroll 14
            for (s = 0; s < RUN_VECTORS; s++)
                c[s] = _mm512_setzero_ps();
        }
    }
#pragma GCC unroll 14
    for (s = 0; s < RUN_VECTORS; s++)
        place = run_finish(width, has_operand, function, s, ends, lanes[s % width], place, c_row,
                           before[s]);
}

typedef void direct_run(int64_t k, int64_t block, int64_t tiles, const float *a, int64_t a_row,
                        const float *b, const struct direct_end *end);

#define RUN_AS(NAME, WIDTH, IS_LOW, HAS_OPERAND, FUNCTION)                                 \
    static void NAME(int64_t k, int64_t block, int64_t tiles, const float *a, int64_t a_row, \
                     const float *b, const struct direct_end *end)                         \
    {                                                                                      \
        run_tiles(WIDTH, IS_LOW, HAS_OPERAND, FUNCTION, k, block, tiles, a, a_row, b, end);        \
    }
#define RUNS(NAME, WIDTH, IS_LOW)                                                          \
    RUN_AS(NAME##_bounds, WIDTH, IS_LOW, 0, 0)                                             \
    RUN_AS(NAME##_added, WIDTH, IS_LOW, 1, 0)                                              \
    RUN_AS(NAME##_hardswish, WIDTH, IS_LOW, 0, IMGCLS_EPILOGUE_HARDSWISH)                  \
    RUN_AS(NAME##_silu, WIDTH, IS_LOW, 0, IMGCLS_EPILOGUE_SILU)                            \
    static direct_run *const NAME[] = {NAME##_bounds, NAME##_added, NAME##_hardswish, NAME##_silu};
RUNS(run_8, 1, 1)
RUNS(run_16, 1, 0)
RUNS(run_24, 2, 1)
RUNS(run_32, 2, 0)

/* NULL where there is none. */
static direct_run *run_for(const struct direct_end *end)
{
    direct_run *const *of = end->columns <= 8    ? run_8
                            : end->columns <= 16 ? run_16
                            : end->columns <= 24 ? run_24
                                                 : run_32;

    if (end->is_silu)
        return of[3];
    if (end->is_hardswish)
        return end->operand ? NULL : of[2];
    return of[end->operand ? 1 : 0];
}

/* As many of `count` rows by a panel as there are whole tiles of, or none; returns how many. What is
 * left is never a tile of a row or two, whose sums would wait for themselves. */
static int64_t run(int64_t k, int64_t block, int64_t count, const float *a, int64_t a_row,
                   const float *b, const struct direct_end *end)
{
    const int64_t rows = end->columns <= 16 ? RUN_ROWS(1) : RUN_ROWS(2);
    const int64_t tiles = count % rows ? count / rows - 1 : count / rows;
    direct_run *kernel = run_for(end);

    if (k < RUN_VECTORS || block < RUN_VECTORS || tiles < 2 || !kernel)
        return 0;
    kernel(k, block, tiles, a, a_row, b, end);
    return tiles * rows;
}
