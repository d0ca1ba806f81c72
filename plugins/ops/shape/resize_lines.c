/*
 * plugins/ops/shape/resize_lines.c - see resize_lines.h
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "resize_lines.h"

#include "plugins/ops/number.h"

#define LINE  128 /* outputs side by side that are made at once */
#define SHORT 16  /* a last axis below this is no line of its own */


/* Lines of the source after the taps of the last axis: outputs one above the other are made of
 * the same few. */
#define KEPT 16
struct lines_kept {
    int64_t at[KEPT], first[KEPT], n[KEPT]; /* n is 0 where nothing is kept */
    int32_t next;
    double values[KEPT][LINE];
};

/* Where an output's place in its line is made of: the source as it is, from `at` on. */
static void read_line(const struct resize *r, int64_t at, int64_t n, double *to)
{
    int64_t whole[LINE], i;
    if (r->in->type == IMGCLS_F32) {
        const float *from = (const float *)r->in->data + at;
        for (i = 0; i < n; i++)
            to[i] = from[i];
        return;
    }
    if (number_is_real(r->in->type)) {
        number_read_reals(r->in->type, r->in->data, at, n, to);
        return;
    }
    number_read_wholes(r->in->type, r->in->data, at, n, whole);
    for (i = 0; i < n; i++)
        to[i] = (double)whole[i];
}

/* Outputs first .. first + n - 1 of a line, taps of the source's line at `at`. */
static void tap_line(const struct resize *r, int64_t first, int64_t at, int64_t n, double *to)
{
    const struct resize_axis *axis = &r->axes[r->last];
    const int64_t taps = axis->taps;
    int64_t place = first / r->inner, inner = first % r->inner, i, k;
    for (i = 0; i < n; i++) {
        const int64_t *from = axis->indices + place * taps;
        const double *weights = axis->weights + place * taps;
        double sum = 0, x;
        for (k = 0; k < taps; k++) {
            const int64_t source = at + from[k] * r->inner + inner;
            if (weights[k] == 0 && taps > 1)
                continue;
            if (r->in->type == IMGCLS_F32)
                x = ((const float *)r->in->data)[source];
            else
                read_line(r, source, 1, &x);
            sum = taps > 1 ? sum + weights[k] * x : x;
        }
        to[i] = sum;
        if (++inner == r->inner) {
            inner = 0;
            place++;
        }
    }
}

static const double *kept_line(const struct resize *r, struct lines_kept *kept, int64_t first,
                               int64_t at, int64_t n)
{
    int32_t i;
    for (i = 0; i < KEPT; i++)
        if (kept->n[i] == n && kept->at[i] == at && kept->first[i] == first)
            return kept->values[i];
    i = kept->next;
    kept->next = (i + 1) % KEPT;
    kept->at[i] = at;
    kept->first[i] = first;
    kept->n[i] = n;
    tap_line(r, first, at, n, kept->values[i]);
    return kept->values[i];
}

/* Sums over the taps of axis d and all after it, from source offset `at`: n outputs of a line,
 * from index[last] on. */
static void sum_taps(const struct resize *r, struct lines_kept *kept, const int64_t *index,
                     int32_t d, int64_t at, int64_t n, double *to)
{
    const struct resize_axis *axis = &r->axes[d];
    const int64_t *from;
    const double *weights;
    double part[LINE];
    int64_t i, k;
    if (d == r->last) {
        if (r->plain)
            read_line(r, at + index[d], n, to);
        else
            memcpy(to, kept_line(r, kept, index[d], at, n), (size_t)n * sizeof *to);
        return;
    }
    from = axis->indices + index[d] * axis->taps;
    weights = axis->weights + index[d] * axis->taps;
    if (axis->taps == 1) {
        sum_taps(r, kept, index, d + 1, at + from[0] * axis->stride, n, to);
        return;
    }
    for (i = 0; i < n; i++)
        to[i] = 0;
    for (k = 0; k < axis->taps; k++) {
        if (weights[k] == 0)
            continue;
        sum_taps(r, kept, index, d + 1, at + from[k] * axis->stride, n, part);
        for (i = 0; i < n; i++)
            to[i] += weights[k] * part[i];
    }
}

/* n outputs of a line of nearest neighbours; none is outside. */
static void move_line(const struct resize *r, const int64_t *index, int64_t n, char *to)
{
    const size_t size = op_element_size(r->in->type);
    const int64_t *indices = r->axes[r->last].indices;
    const char *line = r->in->data;
    int64_t at = 0, first = index[r->last], last = first + n, i;
    int32_t d;
    for (d = 0; d < r->last; d++)
        at += r->axes[d].indices[index[d]] * r->axes[d].stride;
    line += (size_t)at * size;
    if (r->plain) {
        memcpy(to, line + (size_t)first * size, (size_t)n * size);
        return;
    }
    for (i = first; i < last; i++, to += size) {
        const int64_t from = r->inner == 1
                                 ? indices[i]
                                 : indices[i / r->inner] * r->inner + i % r->inner;
        if (size == sizeof(uint32_t))
            memcpy(to, line + (size_t)from * sizeof(uint32_t), sizeof(uint32_t));
        else
            memcpy(to, line + (size_t)from * size, size);
    }
}

static bool is_outside(const struct resize *r, const int64_t *index)
{
    int32_t d;
    for (d = 0; d < r->in->rank; d++)
        if (r->axes[d].indices[index[d] * r->axes[d].taps] < 0)
            return true;
    return false;
}

void resize_range(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct resize *r = argument;
    const size_t size = op_element_size(r->in->type);
    const int64_t length = r->last < 0 ? 1 : r->axes[r->last].out_dim * r->inner;
    struct lines_kept kept;
    int64_t n;
    (void)thread;
    memset(kept.n, 0, sizeof kept.n);
    kept.next = 0;
    for (; begin < end; begin += n) {
        int64_t index[IMGCLS_MAX_RANK] = {0}, rest = begin / length, left;
        double values[LINE];
        bool outside;
        int32_t d;
        if (r->last >= 0)
            index[r->last] = begin % length;
        for (d = r->last - 1; d >= 0; d--) {
            index[d] = rest % r->axes[d].out_dim;
            rest /= r->axes[d].out_dim;
        }
        left = length - begin % length;
        n = left < end - begin ? left : end - begin;
        n = r->mode->crop ? 1 : n < LINE ? n : LINE; /* where a window ends inside of a line */
        outside = r->mode->crop && is_outside(r, index);
        if (r->mode->nearest && !outside && r->last >= 0) {
            move_line(r, index, n, (char *)r->out->data + (size_t)begin * size);
            continue;
        }
        if (outside)
            values[0] = r->mode->extrapolation;
        else if (r->last < 0)
            read_line(r, 0, 1, values);
        else
            sum_taps(r, &kept, index, 0, 0, n, values);
        number_write_reals(r->out->type, r->out->data, begin, n, values, 0);
    }
}

static bool takes_over(const struct resize_axis *axis)
{
    int64_t i;
    if (axis->taps != 1)
        return false;
    for (i = 0; i < axis->out_dim; i++)
        if (axis->indices[i] != i)
            return false;
    return true;
}

void resize_lay_lines(struct resize *r, int32_t rank)
{
    r->last = rank - 1;
    r->inner = 1;
    if (rank >= 2 && !r->mode->crop && r->axes[rank - 1].out_dim < SHORT &&
        r->axes[rank - 1].out_dim == r->axes[rank - 1].in_dim &&
        takes_over(&r->axes[rank - 1])) {
        r->last--;
        r->inner = r->axes[rank - 1].out_dim;
    }
    r->plain = rank > 0 && takes_over(&r->axes[r->last]);
}
