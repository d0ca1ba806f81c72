/*
 * plugins/kernels/rows.body.h - softmax and layer normalisation of contiguous rows over
 * vectors of sixteen lanes
 *
 * Included by rows.avx2.c and its likes behind lanes16.*.h; they define SOFTMAX and
 * LAYERNORM. One vector is the sixteen lanes of rows.h. Of the end of a row only what is
 * there is loaded and stored; lanes without an element add zero, which changes no sum (a
 * sum of squares or powers is never -0; the sum of elements starts at +0).
 *
 * SPDX-License-Identifier: Apache-2.0
 */

static float most_of(const float *x, int64_t n)
{
    lanes16 most = spread16(x[0]);
    int64_t i;

    for (i = 0; i + 16 <= n; i += 16)
        most = max16(load16(x + i), most);
    if (i < n)
        most = max16(minus_infinity_from16(part16(x + i, n - i), n - i), most);
    return max_lanes16(most);
}

/* y = e^(x - most) where y is not NULL; returns the sum. */
static float sum_of_powers(const float *x, float *y, int64_t n, float most)
{
    const lanes16 shift = spread16(most);
    lanes16 sum = zero16(), power;
    int64_t i;

    for (i = 0; i + 16 <= n; i += 16) {
        power = exp16(sub16(load16(x + i), shift));
        if (y)
            store16(y + i, power);
        sum = add16(sum, power);
    }
    if (i < n) {
        power = keep16(exp16(sub16(part16(x + i, n - i), shift)), n - i);
        if (y)
            store_part16(y + i, power, n - i);
        sum = add16(sum, power);
    }
    return sum_lanes16(sum);
}

/* Up to sixteen of a row whose elements lie `stride` apart. */
static lanes16 gather16(const float *from, int64_t stride, int64_t count)
{
    float held[16] = {0};
    int64_t i;

    for (i = 0; i < count; i++)
        held[i] = from[i * stride];
    return load16(held);
}

static void scatter16(float *to, int64_t stride, int64_t count, lanes16 x)
{
    float held[16];
    int64_t i;

    store16(held, x);
    for (i = 0; i < count; i++)
        to[i * stride] = held[i];
}

static void strided_softmax(const float *x, float *y, int64_t n, int64_t stride,
                            int32_t logarithm)
{
    float most = x[0], total;
    lanes16 sum = zero16(), power, shift, all;
    int64_t i, count;

    for (i = 1; i < n; i++)
        most = x[i * stride] > most ? x[i * stride] : most;
    shift = spread16(most);
    for (i = 0; i < n; i += 16) {
        count = n - i < 16 ? n - i : 16;
        power = keep16(exp16(sub16(gather16(x + i * stride, stride, count), shift)), count);
        if (!logarithm)
            scatter16(y + i * stride, stride, count, power);
        sum = add16(sum, power);
    }
    total = sum_lanes16(sum);
    all = spread16(logarithm ? (float)log(total) : total);
    for (i = 0; i < n; i += 16) {
        count = n - i < 16 ? n - i : 16;
        scatter16(y + i * stride, stride, count,
                  logarithm ? sub16(sub16(gather16(x + i * stride, stride, count), shift), all)
                            : div16(gather16(y + i * stride, stride, count), all));
    }
}

void SOFTMAX(const void *from, void *to, int64_t n, int64_t stride, int32_t logarithm)
{
    const float *x = from;
    float *y = to, most, sum;
    lanes16 all, shift;
    int64_t i;

    if (stride != 1) {
        strided_softmax(x, y, n, stride, logarithm);
        return;
    }
    most = most_of(x, n);
    sum = sum_of_powers(x, logarithm ? NULL : y, n, most);
    if (logarithm)
        sum = (float)log(sum);
    all = spread16(sum);
    shift = spread16(most);
    for (i = 0; i + 16 <= n; i += 16)
        store16(y + i, logarithm ? sub16(sub16(load16(x + i), shift), all)
                                 : div16(load16(y + i), all));
    if (i < n && logarithm)
        store_part16(y + i, sub16(sub16(part16(x + i, n - i), shift), all), n - i);
    else if (i < n)
        store_part16(y + i, div16(part16(y + i, n - i), all), n - i);
}

static float sum_of(const float *x, int64_t n)
{
    lanes16 sum = zero16();
    int64_t i;

    for (i = 0; i + 16 <= n; i += 16)
        sum = add16(sum, load16(x + i));
    if (i < n)
        sum = add16(sum, part16(x + i, n - i));
    return sum_lanes16(sum);
}

/* Sum of (x - mean)^2. */
static float sum_of_squares(const float *x, int64_t n, float mean)
{
    const lanes16 shift = spread16(mean);
    lanes16 sum = zero16(), away;
    int64_t i;

    for (i = 0; i + 16 <= n; i += 16) {
        away = sub16(load16(x + i), shift);
        sum = add16(sum, mul16(away, away));
    }
    if (i < n) {
        away = keep16(sub16(part16(x + i, n - i), shift), n - i);
        sum = add16(sum, mul16(away, away));
    }
    return sum_lanes16(sum);
}

void LAYERNORM(const struct layernorm_row *row, const void *from, void *to, void *mean_to,
               void *inverse_to)
{
    const float *x = from, *scale = row->scale, *bias = row->bias;
    float *y = to, mean = 0, inverse;
    lanes16 shift, factor, value;
    int64_t i, n = row->n;

    if (row->centre)
        mean = sum_of(x, n) / (float)n;
    inverse = 1 / sqrtf(sum_of_squares(x, n, mean) / (float)n + (float)row->epsilon);
    shift = spread16(mean);
    factor = spread16(inverse);
    for (i = 0; i + 16 <= n; i += 16) {
        value = mul16(mul16(sub16(load16(x + i), shift), factor), load16(scale + i));
        store16(y + i, bias ? add16(value, load16(bias + i)) : value);
    }
    if (i < n) {
        value = mul16(mul16(sub16(part16(x + i, n - i), shift), factor),
                      part16(scale + i, n - i));
        store_part16(y + i, bias ? add16(value, part16(bias + i, n - i)) : value, n - i);
    }
    if (mean_to)
        *(float *)mean_to = mean;
    if (inverse_to)
        *(float *)inverse_to = inverse;
}
