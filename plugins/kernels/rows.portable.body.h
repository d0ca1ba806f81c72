/*
 * plugins/kernels/rows.portable.body.h - softmax and layer normalisation, the reference
 *
 * Included once a type by rows.portable.c, which defines REAL, EXP, LOG, SQRT and the
 * names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

static REAL SUM_LANES(REAL lanes[ROWS_LANES])
{
    int width, l;

    for (width = ROWS_LANES / 2; width > 0; width /= 2)
        for (l = 0; l < width; l++)
            lanes[l] += lanes[l + width];
    return lanes[0];
}

void SOFTMAX(const void *from, void *to, int64_t n, int64_t stride, int32_t logarithm)
{
    const REAL *x = from;
    REAL *y = to, lanes[ROWS_LANES] = {0}, most = x[0], sum, power;
    int64_t i;

    for (i = 1; i < n; i++)
        most = x[i * stride] > most ? x[i * stride] : most;
    if (logarithm) {
        for (i = 0; i < n; i++)
            lanes[i % ROWS_LANES] += EXP(x[i * stride] - most);
        sum = LOG(SUM_LANES(lanes));
        for (i = 0; i < n; i++)
            y[i * stride] = (x[i * stride] - most) - sum;
        return;
    }
    for (i = 0; i < n; i++) {
        power = EXP(x[i * stride] - most);
        y[i * stride] = power;
        lanes[i % ROWS_LANES] += power;
    }
    sum = SUM_LANES(lanes);
    for (i = 0; i < n; i++)
        y[i * stride] = y[i * stride] / sum;
}

void LAYERNORM(const struct layernorm_row *row, const void *from, void *to, void *mean_to,
               void *inverse_to)
{
    const REAL *x = from, *scale = row->scale, *bias = row->bias;
    REAL *y = to, lanes[ROWS_LANES] = {0}, mean = 0, inverse, away;
    int64_t i, n = row->n;

    if (row->centre) {
        for (i = 0; i < n; i++)
            lanes[i % ROWS_LANES] += x[i];
        mean = SUM_LANES(lanes) / (REAL)n;
        for (i = 0; i < ROWS_LANES; i++)
            lanes[i] = 0;
    }
    for (i = 0; i < n; i++) {
        away = x[i] - mean;
        lanes[i % ROWS_LANES] += away * away;
    }
    inverse = 1 / SQRT(SUM_LANES(lanes) / (REAL)n + (REAL)row->epsilon);
    for (i = 0; i < n; i++) {
        away = ((x[i] - mean) * inverse) * scale[i];
        y[i] = bias ? away + bias[i] : away;
    }
    if (mean_to)
        *(REAL *)mean_to = mean;
    if (inverse_to)
        *(REAL *)inverse_to = inverse;
}
