/*
 * plugins/kernels/heads.body.h - attention of one head over vectors of sixteen lanes
 *
 * Included by heads.avx2.c and its likes, behind lanes16.*.h; they define HEADS, the name,
 * and WIDE, the panels of sixteen that a micro-tile of six rows has accumulators for.
 *
 * Keys are laid out once a call in panels of sixteen, depth-major, so that a vector runs
 * over keys; queries are scaled into a tile. Then a tile's scores are made, turned into
 * powers in place, and multiplied by v, a vector running over v's columns, in place where
 * these lie side by side and else in panels of sixteen. Lanes
 * past the last key have the score -infinity, whose power is 0: they change neither
 * greatest nor sum.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

#include <stdbool.h>
#include <string.h>

#define TILE_ROWS 6
#define PACK_ROWS (2 * TILE_ROWS) /* that read v before packing it pays */
#define ALWAYS    static inline __attribute__((always_inline))

/* Where things lie in the workspace. */
struct heads_space {
    float *keys;    /* panels: [keys / 16][depth][16] */
    float *queries; /* [HEADS_TILE][depth] */
    float *scores;  /* [HEADS_TILE][score_row] */
    float *results; /* [HEADS_TILE][4 * 16], one piece of columns at a time */
    float *values;  /* where it is worth it: [width / 16][keys][16] */
    int64_t score_row;
    int64_t value_row, value_panel; /* from key to key, from sixteen columns to the next */
    float sums[HEADS_TILE];
};

/* Asks for a head's rows. They lie among those of other heads, where no prefetcher follows, and
 * packing waits for each otherwise. */
static void expect_rows(const struct heads_strides *strides, const float *from, int64_t rows,
                        int64_t width)
{
    int64_t r, c;

    for (r = 0; strides->column == 1 && r < rows; r++, from += strides->row)
        for (c = 0; c < width; c += 16)
            __builtin_prefetch(from + c, 0, 2);
}

/* Rows [key, key + count) of k, scaled, into half a panel. */
static void pack_half(const struct heads_job *job, const float *k, int64_t key,
                      int64_t count, float *to)
{
    const float scale = (float)job->k_scale;
    int64_t d = 0, r;

    k += key * job->k.row;
    if (count >= 8 && job->k.column == 1)
        for (; d + 8 <= job->depth; d += 8)
            transpose_8x8(k + d, job->k.row, scale, to + d * 16);
    for (; d < job->depth; d++)
        for (r = 0; r < 8; r++)
            to[d * 16 + r] = r < count ? k[r * job->k.row + d * job->k.column] * scale : 0;
}

static void pack_keys(const struct heads_job *job, const float *k, float *to)
{
    const lanes16 scale = spread16((float)job->k_scale);
    int64_t key, d;

    for (key = 0; key < job->keys; key += 16, to += job->depth * 16) {
        if (job->k.row == 1 && job->keys - key >= 16) { /* a panel's keys lie side by side */
            for (d = 0; d < job->depth; d++)
                store16(to + d * 16, mul16(load16(k + key + d * job->k.column), scale));
            continue;
        }
        pack_half(job, k, key, job->keys - key, to);
        pack_half(job, k, key + 8, job->keys - key - 8, to + 8);
    }
}

static void pack_queries(const struct heads_job *job, const float *q, int64_t rows,
                         float *to)
{
    const float scale = (float)job->q_scale;
    const lanes16 factor = spread16(scale);
    int64_t d, r;

    if (job->q.row == 1 && job->q.column != 1) /* rows side by side: eight at a time */
        for (; rows >= 8; rows -= 8, q += 8, to += 8 * job->depth) {
            float turned[8 * 16] __attribute__((aligned(64)));
            for (d = 0; d + 8 <= job->depth; d += 8) {
                transpose_8x8(q + d * job->q.column, job->q.column, scale, turned);
                for (r = 0; r < 8; r++)
                    memcpy(to + r * job->depth + d, turned + r * 16, 8 * sizeof *to);
            }
            for (; d < job->depth; d++)
                for (r = 0; r < 8; r++)
                    to[r * job->depth + d] = q[r + d * job->q.column] * scale;
        }
    for (; rows > 0; rows--, q += job->q.row, to += job->depth) {
        d = 0;
        if (job->q.column == 1)
            for (; d + 16 <= job->depth; d += 16)
                store16(to + d, mul16(load16(q + d), factor));
        for (; d < job->depth; d++)
            to[d] = q[d * job->q.column] * scale;
    }
}

/* v by panels of sixteen columns, what lies past the last one being 0. Rows of a head among
 * others lie a page apart or so: read in place they would share a few sets of the cache. */
static void pack_values(const struct heads_job *job, const float *v, float *to)
{
    int64_t column, key, c;

    for (column = 0; column < job->width; column += 8) {
        const float *from = v + column * job->v.column;
        float *panel = to + column / 16 * job->keys * 16 + column % 16;
        int64_t count = job->width - column < 8 ? job->width - column : 8;
        key = 0;
        for (; job->v.column == 1 && count == 8 && key < job->keys; key++)
            memcpy(panel + key * 16, from + key * job->v.row, 8 * sizeof *panel);
        if (job->v.row == 1 && count == 8)
            for (; key + 8 <= job->keys; key += 8)
                transpose_8x8(from + key, job->v.column, 1, panel + key * 16);
        for (; key < job->keys; key++)
            for (c = 0; c < 8; c++)
                panel[key * 16 + c] =
                    c < count ? from[key * job->v.row + c * job->v.column] : 0;
    }
    if ((job->width + 7) / 8 % 2) /* the last panel's second half */
        for (key = 0; key < job->keys; key++)
            memset(to + (job->width / 16 * job->keys + key) * 16 + 8, 0, 8 * sizeof *to);
}

/* ---- Scores
 * -----------------------------------------------------------------------------*/

/* The addend's elements that sixteen keys from `key` on meet; what lies past count is 0. */
static lanes16 addend16(const float *from, int64_t step, int64_t count)
{
    float some[16] = {0};
    int64_t i;

    if (step == 1)
        return count >= 16 ? load16(from) : part16(from, count);
    if (step == 0)
        return spread16(*from);
    for (i = 0; i < 16 && i < count; i++)
        some[i] = from[i * step];
    return load16(some);
}

/* Scale, addends, and -infinity past the last key. */
static inline lanes16 finish16(const struct heads_job *job, const struct heads_head *head,
                               int64_t row, int64_t key, lanes16 score)
{
    const lanes16 scale = spread16((float)job->scale);
    int32_t i;

    score = job->divide ? div16(score, scale) : mul16(score, scale);
    for (i = 0; i < job->addend_count; i++) {
        const struct heads_strides *strides = &job->addends[i];
        score = add16(score, addend16((const float *)head->addends[i] + row * strides->row +
                                          key * strides->column,
                                      strides->column, job->keys - key));
    }
    return job->keys - key >= 16 ? score : minus_infinity_from16(score, job->keys - key);
}

/* rows x panels sixteens of dot products, from query `row` of the tile and `panel` on. */
ALWAYS void score_tile(const struct heads_job *job, const struct heads_space *space,
                       int64_t row, int64_t panel, const int rows, const int panels)
{
    const float *q = space->queries + row * job->depth;
    const float *keys = space->keys + panel * job->depth * 16;
    float *to = space->scores + row * space->score_row + panel * 16;
    int64_t begin = 0, d, end;
    int r, p;

    do { /* once even where depth is 0 */
        lanes16 sums[TILE_ROWS][WIDE];
#pragma GCC unroll 6
        for (r = 0; r < rows; r++)
#pragma GCC unroll 4
            for (p = 0; p < panels; p++)
                sums[r][p] = zero16();
        end = job->depth - begin < HEADS_BLOCK ? job->depth : begin + HEADS_BLOCK;
        for (d = begin; d < end; d++) {
            lanes16 b[WIDE];
#pragma GCC unroll 4
            for (p = 0; p < panels; p++)
                b[p] = load16(keys + (p * job->depth + d) * 16);
#pragma GCC unroll 6
            for (r = 0; r < rows; r++) {
                const float a = q[r * job->depth + d];
#pragma GCC unroll 4
                for (p = 0; p < panels; p++)
                    sums[r][p] = multiples16(a, b[p], sums[r][p]);
            }
        }
#pragma GCC unroll 6
        for (r = 0; r < rows; r++)
#pragma GCC unroll 4
            for (p = 0; p < panels; p++) {
                float *at = to + r * space->score_row + p * 16;
                store16(at, begin ? add16(load16(at), sums[r][p]) : sums[r][p]);
            }
        begin = end;
    } while (begin < job->depth);
}

#define SCORE_ROWS(panels)                                                                 \
    switch (rows) {                                                                        \
    case 1:                                                                                \
        score_tile(job, space, row, panel, 1, panels);                                     \
        break;                                                                             \
    case 2:                                                                                \
        score_tile(job, space, row, panel, 2, panels);                                     \
        break;                                                                             \
    case 3:                                                                                \
        score_tile(job, space, row, panel, 3, panels);                                     \
        break;                                                                             \
    case 4:                                                                                \
        score_tile(job, space, row, panel, 4, panels);                                     \
        break;                                                                             \
    case 5:                                                                                \
        score_tile(job, space, row, panel, 5, panels);                                     \
        break;                                                                             \
    default:                                                                               \
        score_tile(job, space, row, panel, 6, panels);                                     \
    }

/* Queries [row, row + rows) of the tile against all keys. */
static void score_rows(const struct heads_job *job, const struct heads_space *space,
                       int64_t row, int rows)
{
    int64_t panel = 0, end = (job->keys + 15) / 16;

#if WIDE == 4
    for (; panel + 4 <= end; panel += 4)
        SCORE_ROWS(4)
    if (end - panel == 3) {
        SCORE_ROWS(3)
        return;
    }
    if (end - panel == 2) {
        SCORE_ROWS(2)
        return;
    }
#endif
    for (; panel < end; panel++)
        SCORE_ROWS(1)
}

/* ---- Powers
 * -----------------------------------------------------------------------------*/

/* Dot products of query `row` become scores, then powers; returns their sum. */
static float powers_of(const struct heads_job *job, const struct heads_head *head,
                       int64_t row, float *scores)
{
    const lanes16 scale = spread16((float)job->scale);
    lanes16 greatest = spread16(-__builtin_inff()), sum = zero16(), most;
    const bool plain = !job->divide && job->addend_count == 0;
    int64_t i = 0;

    for (; plain && i + 16 <= job->keys; i += 16) {
        lanes16 score = mul16(load16(scores + i), scale);
        store16(scores + i, score);
        greatest = max16(score, greatest);
    }
    for (; i < job->keys; i += 16) {
        lanes16 score = finish16(job, head, row, i, load16(scores + i));
        store16(scores + i, score);
        greatest = max16(score, greatest);
    }
    most = spread16(max_lanes16(greatest));
    for (i = 0; i < job->keys; i += 16) {
        lanes16 power = exp_weight16(sub16(load16(scores + i), most));
        store16(scores + i, power);
        sum = add16(sum, power);
    }
    return sum_lanes16(sum);
}

/* ---- Results
 * ----------------------------------------------------------------------------*/

/* One block of keys: rows x (16 * panels) columns of powers times v, `count` of the last
 * sixteen being there. */
ALWAYS void result_tile(const struct heads_space *space, const float *v, int64_t row,
                        int64_t begin, int64_t end, int64_t count, const int rows,
                        const int panels)
{
    const float *powers = space->scores + row * space->score_row;
    float *to = space->results + row * 4 * 16;
    lanes16 sums[TILE_ROWS][WIDE];
    int64_t key;
    int r, p;

#pragma GCC unroll 6
    for (r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (p = 0; p < panels; p++)
            sums[r][p] = zero16();
    for (key = begin; key < end; key++) {
        lanes16 b[WIDE];
#pragma GCC unroll 4
        for (p = 0; p < panels; p++)
            b[p] = p < panels - 1 || count >= 16
                       ? load16(v + key * space->value_row + p * space->value_panel)
                       : part16(v + key * space->value_row + p * space->value_panel, count);
#pragma GCC unroll 6
        for (r = 0; r < rows; r++) {
            const float a = powers[r * space->score_row + key];
#pragma GCC unroll 4
            for (p = 0; p < panels; p++)
                sums[r][p] = multiples16(a, b[p], sums[r][p]);
        }
    }
#pragma GCC unroll 6
    for (r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (p = 0; p < panels; p++) {
            float *at = to + r * 4 * 16 + p * 16;
            store16(at, begin ? add16(load16(at), sums[r][p]) : sums[r][p]);
        }
}

#define RESULT_ROWS(panels, count)                                                         \
    switch (rows) {                                                                        \
    case 1:                                                                                \
        result_tile(space, v, row, begin, end, count, 1, panels);                     \
        break;                                                                             \
    case 2:                                                                                \
        result_tile(space, v, row, begin, end, count, 2, panels);                     \
        break;                                                                             \
    case 3:                                                                                \
        result_tile(space, v, row, begin, end, count, 3, panels);                     \
        break;                                                                             \
    case 4:                                                                                \
        result_tile(space, v, row, begin, end, count, 4, panels);                     \
        break;                                                                             \
    case 5:                                                                                \
        result_tile(space, v, row, begin, end, count, 5, panels);                     \
        break;                                                                             \
    default:                                                                               \
        result_tile(space, v, row, begin, end, count, 6, panels);                     \
    }

/* Columns [column, column + count) of the results of up to six rows, all keys; returns
 * nothing: they lie in space->results. `count` is at most 16 * WIDE. */
static void result_rows(const struct heads_job *job, const struct heads_space *space,
                        const float *v, int64_t row, int rows, int64_t count)
{
    int64_t begin, end, last = count % 16 ? count % 16 : 16;

    for (begin = 0; begin < job->keys; begin = end) {
        end = job->keys - begin < HEADS_BLOCK ? job->keys : begin + HEADS_BLOCK;
#if WIDE == 4
        if (count > 48)
            RESULT_ROWS(4, last)
        else if (count > 32)
            RESULT_ROWS(3, last)
        else if (count > 16)
            RESULT_ROWS(2, last)
        else
#endif
            RESULT_ROWS(1, last)
    }
}

/* The same where a column of the result lies side by side: rows are those of the tile. */
static void deliver_turned(const struct heads_job *job, const struct heads_space *space,
                           float *y, int64_t rows, int64_t count)
{
    int64_t r, c, i;

    for (r = 0; r < rows; r++) {
        const lanes16 divisor = spread16(space->sums[r]);
        float *at = space->results + r * 4 * 16;
        for (i = 0; i < count; i += 16) /* there is room for all sixteen */
            store16(at + i, div16(load16(at + i), divisor));
    }
    for (r = 0; r < rows; r += 8) {
        const float *from = space->results + r * 4 * 16;
        c = 0;
        if (r + 8 <= rows)
            for (; c + 8 <= count; c += 8) {
                float turned[8 * 16] __attribute__((aligned(64)));
                transpose_8x8(from + c, 4 * 16, 1, turned);
                for (i = 0; i < 8; i++)
                    memcpy(y + r + (c + i) * job->y.column, turned + i * 16,
                           8 * sizeof *y);
            }
        for (; c < count; c++)
            for (i = 0; i < 8 && r + i < rows; i++)
                y[r + i + c * job->y.column] = from[i * 4 * 16 + c];
    }
}

/* Divides by the rows' sums and stores. */
static void deliver(const struct heads_job *job, const struct heads_space *space, float *y,
                    int64_t row, int rows, int64_t count)
{
    int64_t i;
    int r;

    for (r = 0; r < rows; r++, y += job->y.row) {
        const float *from = space->results + (row + r) * 4 * 16;
        const float sum = space->sums[row + r];
        const lanes16 divisor = spread16(sum);
        i = 0;
        if (job->y.column == 1)
            for (; i + 16 <= count; i += 16)
                store16(y + i, div16(load16(from + i), divisor));
        for (; i < count; i++)
            y[i * job->y.column] = from[i] / sum;
    }
}

void HEADS(const struct heads_job *job, const struct heads_head *head, int64_t begin,
           int64_t end, void *workspace)
{
    const bool turned = job->y.row == 1 && job->y.column != 1;
    struct heads_space space;
    const float *values;
    int64_t rows, row, column, depth = heads_round_up(job->depth);

    space.score_row = heads_round_up(job->keys);
    space.keys = workspace;
    space.queries = space.keys + space.score_row * depth;
    space.scores = space.queries + HEADS_TILE * depth;
    space.results = space.scores + HEADS_TILE * space.score_row;
    space.values = space.results + HEADS_TILE * 4 * 16;
    expect_rows(&job->k, head->k, job->keys, job->depth);
    expect_rows(&job->v, head->v, job->keys, job->width);
    expect_rows(&job->q, (const float *)head->q + begin * job->q.row, end - begin, job->depth);
    pack_keys(job, head->k, space.keys);
    values = head->v;
    space.value_row = job->v.row;
    space.value_panel = 16;
    if (job->v.column != 1 || (end - begin >= PACK_ROWS && job->v.row > 16)) {
        pack_values(job, head->v, space.values);
        values = space.values;
        space.value_row = 16;
        space.value_panel = job->keys * 16;
    }
    for (; begin < end; begin += rows) {
        rows = end - begin < HEADS_TILE ? end - begin : HEADS_TILE;
        pack_queries(job, (const float *)head->q + begin * job->q.row, rows, space.queries);
        int64_t pieces = (rows + TILE_ROWS - 1) / TILE_ROWS, piece;
        for (piece = 0; piece < pieces; piece++) { /* rows dealt out evenly */
            int count;
            row = piece * rows / pieces;
            count = (int)((piece + 1) * rows / pieces - row);
            score_rows(job, &space, row, count);
            for (int r = 0; r < count; r++)
                space.sums[row + r] = powers_of(job, head, begin + row + r,
                                                space.scores + (row + r) * space.score_row);
        }
        for (column = 0; column < job->width; column += 16 * WIDE) {
            int64_t count =
                job->width - column < 16 * WIDE ? job->width - column : 16 * WIDE;
            for (piece = 0; piece < pieces; piece++) {
                row = piece * rows / pieces;
                int some = (int)((piece + 1) * rows / pieces - row);
                result_rows(job, &space, values + column / 16 * space.value_panel, row, some,
                            count);
                if (!turned)
                    deliver(job, &space,
                            (float *)head->y + (begin + row) * job->y.row +
                                column * job->y.column,
                            row, some, count);
            }
            if (turned)
                deliver_turned(job, &space,
                               (float *)head->y + begin + column * job->y.column, rows,
                               count);
        }
    }
}
