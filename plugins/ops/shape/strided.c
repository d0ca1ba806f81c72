/*
 * plugins/ops/shape/strided.c - see strided.h
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "strided.h"

#define TILE        16        /* 16 elements of 4 bytes are a cache line */
#define GRAIN_BYTES (1 << 17) /* least work worth a thread */

struct wide {
    uint64_t half[2];
};

static void swap_dims(struct strided *box, int32_t a, int32_t b)
{
    int64_t held = box->dims[a];
    box->dims[a] = box->dims[b];
    box->dims[b] = held;
    held = box->to_strides[a];
    box->to_strides[a] = box->to_strides[b];
    box->to_strides[b] = held;
    held = box->from_strides[a];
    box->from_strides[a] = box->from_strides[b];
    box->from_strides[b] = held;
}

/* Drops dimensions of 1, puts the target's longest stride first, joins even neighbours. */
static void simplify(struct strided *box)
{
    int32_t i, j, to = 0;
    for (i = 0; i < box->rank; i++)
        if (box->dims[i] != 1)
            swap_dims(box, to++, i);
    box->rank = to;
    if (box->rank == 0) {
        box->rank = 1;
        box->dims[0] = 1;
        box->to_strides[0] = box->from_strides[0] = 0;
        return;
    }
    for (i = 1; i < box->rank; i++)
        for (j = i; j > 0 && box->to_strides[j - 1] < box->to_strides[j]; j--)
            swap_dims(box, j - 1, j);
    for (to = 0, i = 1; i < box->rank; i++) {
        if (box->to_strides[to] == box->to_strides[i] * box->dims[i] &&
            box->from_strides[to] == box->from_strides[i] * box->dims[i])
            box->dims[to] *= box->dims[i];
        else
            box->dims[++to] = box->dims[i];
        box->to_strides[to] = box->to_strides[i];
        box->from_strides[to] = box->from_strides[i];
    }
    box->rank = to + 1;
}

#define COPY_LINE(name, type)                                                              \
    static void name(void *to, int64_t to_step, const void *from, int64_t from_step,       \
                     int64_t count)                                                        \
    {                                                                                      \
        type *out = to;                                                                    \
        const type *in = from;                                                             \
        int64_t i;                                                                         \
        for (i = 0; i < count; i++)                                                        \
            out[i * to_step] = in[i * from_step];                                          \
    }
COPY_LINE(copy_line_1, uint8_t)
COPY_LINE(copy_line_2, uint16_t)
COPY_LINE(copy_line_4, uint32_t)
COPY_LINE(copy_line_8, uint64_t)
COPY_LINE(copy_line_16, struct wide)

static void copy_line(size_t size, void *to, int64_t to_step, const void *from,
                      int64_t from_step, int64_t count)
{
    if (to_step == 1 && from_step == 1) {
        memcpy(to, from, (size_t)count * size);
        return;
    }
    switch (size) {
    case 1:
        copy_line_1(to, to_step, from, from_step, count);
        break;
    case 2:
        copy_line_2(to, to_step, from, from_step, count);
        break;
    case 4:
        copy_line_4(to, to_step, from, from_step, count);
        break;
    case 8:
        copy_line_8(to, to_step, from, from_step, count);
        break;
    default:
        copy_line_16(to, to_step, from, from_step, count);
        break;
    }
}

/* Four rows of four numbers of four bytes become columns: every CPU that we run on has vectors of
 * that size, which the compiler is asked for without naming an instruction set. */
typedef uint32_t four __attribute__((vector_size(16)));

static four load_four(const uint32_t *from)
{
    four x;
    memcpy(&x, from, sizeof x);
    return x;
}

static void turn_4x4(uint32_t *to, int64_t to_row, const uint32_t *from, int64_t from_row)
{
    const four r0 = load_four(from), r1 = load_four(from + from_row),
               r2 = load_four(from + 2 * from_row), r3 = load_four(from + 3 * from_row);
    const four a = __builtin_shufflevector(r0, r1, 0, 4, 1, 5),
               b = __builtin_shufflevector(r0, r1, 2, 6, 3, 7),
               c = __builtin_shufflevector(r2, r3, 0, 4, 1, 5),
               d = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
    const four out[4] = {__builtin_shufflevector(a, c, 0, 1, 4, 5),
                         __builtin_shufflevector(a, c, 2, 3, 6, 7),
                         __builtin_shufflevector(b, d, 0, 1, 4, 5),
                         __builtin_shufflevector(b, d, 2, 3, 6, 7)};
    int i;
    for (i = 0; i < 4; i++)
        memcpy(to + i * to_row, &out[i], sizeof out[i]);
}

/* A tile of whole blocks of 4 x 4: to[i * to_row + j] = from[j * from_row + i]. */
static void turn_tile(uint32_t *to, int64_t to_row, const uint32_t *from, int64_t from_row,
                      int64_t rows, int64_t columns)
{
    int64_t i, j;
    for (i = 0; i < rows; i += 4)
        for (j = 0; j < columns; j += 4)
            turn_4x4(to + i * to_row + j, to_row, from + j * from_row + i, from_row);
}

/* The last `inner` dimensions (1, or 2 in tiles) of one position of the others; tiles in parts of
 * so many rows, where a position has that many. */
struct lines {
    const struct strided *box;
    int32_t outer; /* number of dimensions that positions run over */
    int64_t parts, part_rows;
};

/* Rows of dimension a by columns of dimension b, in lines along the longer side: pictures of three
 * channels have lines of three. */
static void copy_rectangle(const struct strided *box, char *to, const char *from, int64_t rows,
                           int64_t columns)
{
    const int32_t a = box->rank - 2, b = box->rank - 1;
    const int32_t along = columns < rows ? a : b, across = columns < rows ? b : a;
    const int64_t size = (int64_t)box->size, lines = columns < rows ? columns : rows;
    int64_t i;
    for (i = 0; i < lines; i++)
        copy_line(box->size, to + i * box->to_strides[across] * size, box->to_strides[along],
                  from + i * box->from_strides[across] * size, box->from_strides[along],
                  columns < rows ? rows : columns);
}

/* One tile; turns: elements of 4 bytes, contiguous along b in the target, along a in the source. */
static void copy_tile(const struct strided *box, bool turns, char *to, const char *from,
                      int64_t rows, int64_t columns)
{
    const int32_t a = box->rank - 2, b = box->rank - 1;
    const int64_t size = (int64_t)box->size;
    const int64_t turned = turns && rows >= 4 ? columns / 4 * 4 : 0;
    const int64_t whole = turned > 0 ? rows / 4 * 4 : 0;
    if (turned > 0)
        turn_tile((uint32_t *)(void *)to, box->to_strides[a],
                  (const uint32_t *)(const void *)from, box->from_strides[b], whole, turned);
    if (turned > 0 && turned < columns)
        copy_rectangle(box, to + turned * box->to_strides[b] * size,
                       from + turned * box->from_strides[b] * size, whole, columns - turned);
    if (whole < rows)
        copy_rectangle(box, to + whole * box->to_strides[a] * size,
                       from + whole * box->from_strides[a] * size, rows - whole, columns);
}

/* Rows begin..end, a multiple of 4 and the last one. */
static void copy_tiles(const struct strided *box, char *to, const char *from, int64_t begin,
                       int64_t end)
{
    const int32_t a = box->rank - 2, b = box->rank - 1;
    const int64_t size = (int64_t)box->size;
    const bool turns = size == sizeof(uint32_t) && box->to_strides[b] == 1 &&
                       box->from_strides[a] == 1;
    const int64_t tall = box->dims[b] < TILE ? TILE * TILE / box->dims[b] / 4 * 4 : TILE;
    int64_t i, j;
    for (i = begin; i < end; i += tall)
        for (j = 0; j < box->dims[b]; j += TILE)
            copy_tile(box, turns, to + (i * box->to_strides[a] + j * box->to_strides[b]) * size,
                      from + (i * box->from_strides[a] + j * box->from_strides[b]) * size,
                      end - i < tall ? end - i : tall,
                      box->dims[b] - j < TILE ? box->dims[b] - j : TILE);
}

static void copy_positions(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct lines *lines = argument;
    const struct strided *box = lines->box;
    const int32_t last = box->rank - 1;
    const int64_t size = (int64_t)box->size;
    int64_t index[STRIDED_RANK], to = 0, from = 0, part = begin % lines->parts;
    int64_t rest = begin / lines->parts;
    int32_t i;
    (void)thread;
    for (i = lines->outer - 1; i >= 0; i--) {
        index[i] = rest % box->dims[i];
        rest /= box->dims[i];
        to += index[i] * box->to_strides[i];
        from += index[i] * box->from_strides[i];
    }
    for (; begin < end; begin++) {
        if (lines->outer < last) {
            const int64_t row = part * lines->part_rows, rows = box->dims[last - 1];
            copy_tiles(box, box->to + to * size, box->from + from * size, row,
                       rows - row < lines->part_rows ? rows : row + lines->part_rows);
            if (++part < lines->parts)
                continue;
            part = 0;
        } else
            copy_line(box->size, box->to + to * size, box->to_strides[last],
                      box->from + from * size, box->from_strides[last], box->dims[last]);
        for (i = lines->outer - 1; i >= 0; i--) {
            if (++index[i] < box->dims[i]) {
                to += box->to_strides[i];
                from += box->from_strides[i];
                break;
            }
            index[i] = 0;
            to -= (box->dims[i] - 1) * box->to_strides[i];
            from -= (box->dims[i] - 1) * box->from_strides[i];
        }
    }
}

void strided_copy(const struct imgcls_host *host, const struct imgcls_run *run,
                  struct strided *box)
{
    struct lines lines = {.box = box, .parts = 1};
    int64_t positions = 1, inner = 1, grain;
    int32_t i, along = -1;
    for (i = 0; i < box->rank; i++)
        if (box->dims[i] == 0)
            return;
    simplify(box);
    lines.outer = box->rank - 1;
    for (i = 0; i < box->rank - 1; i++)
        if (box->from_strides[i] == 1)
            along = i;
    if (along >= 0 && box->from_strides[box->rank - 1] != 1 && box->dims[along] > 1) {
        /* Tiles of the dimension that is contiguous in the source and the one in the
         * target. */
        for (i = along; i < box->rank - 2; i++)
            swap_dims(box, i, i + 1);
        lines.outer = box->rank - 2;
    }
    for (i = 0; i < box->rank; i++) {
        if (i < lines.outer)
            positions *= box->dims[i];
        else
            inner *= box->dims[i];
    }
    if (lines.outer < box->rank - 1) {
        const int64_t row = (int64_t)box->size * box->dims[box->rank - 1];
        const int64_t rows = box->dims[box->rank - 2];
        lines.part_rows = row > GRAIN_BYTES ? 1 : GRAIN_BYTES / row;
        lines.part_rows = (lines.part_rows + TILE - 1) / TILE * TILE;
        lines.parts = (rows - 1) / lines.part_rows + 1;
        inner = inner / lines.parts;
    }
    grain = GRAIN_BYTES / ((int64_t)box->size * (inner + 1));
    host->parallel_for(host, run, positions * lines.parts, grain < 1 ? 1 : grain, copy_positions,
                       &lines);
}

void strided_fill(void *to, size_t size, int64_t count, const void *value)
{
    const size_t total = (size_t)count * size;
    size_t done;
    if (total == 0)
        return;
    memcpy(to, value, size);
    for (done = size; done < total; done += done < total - done ? done : total - done)
        memcpy((char *)to + done, to, done < total - done ? done : total - done);
}

void strided_row_major(int32_t rank, const int64_t *dims, int64_t *strides)
{
    int64_t stride = 1;
    int32_t i;
    for (i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= dims[i] > 0 ? dims[i] : 1;
    }
}
