/*
 * plugins/kernels/gather.body.h - sixteen columns of B become a panel
 *
 * Copies only. Columns of a matrix: a row of sixteen where they are contiguous, a
 * transposing walk otherwise. Windows over an image: the sixteen offsets are worked out
 * once for each kernel position and hold for all its channels; where they are sixteen in a
 * row (an output row of a convolution with stride 1, or any 1 x 1 convolution) they are
 * loaded, else gathered, with zeros for padding. Included behind lanes16.*.h and
 * gather_apart, which gathers offsets that are not in a row.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/* `channels` rows of a panel from one kernel position; the planes are `plane` apart. */
static inline void gather_position(const float *image, int64_t plane, int64_t channels,
                                   const int64_t at[GEMM_COLUMNS], float *to)
{
    int64_t c;
    int j, in_row = at[0] >= 0;

    for (j = 1; j < GEMM_COLUMNS; j++)
        in_row &= at[j] == at[0] + j;
    if (!in_row) {
        gather_apart(image, plane, channels, at, to);
        return;
    }
    for (c = 0, image += at[0]; c < channels; c++, image += plane, to += GEMM_COLUMNS)
        store16(to, load16(image));
}

static inline void gather_windows(const struct gemm_window *window, const float *image,
                                       int64_t k_begin, int64_t k_end, int64_t n,
                                       int64_t count, float *to)
{
    int64_t plane = window->in[0] * window->in[1] * window->in[2];
    int64_t at[GEMM_COLUMNS];

    while (k_begin < k_end) {
        int64_t tap = k_begin / window->channels, channel = k_begin % window->channels;
        int64_t channels = window->channels - channel;
        if (channels > k_end - k_begin)
            channels = k_end - k_begin;
        gemm_window_offsets(window, n, count, tap, at);
        gather_position(image + channel * plane, plane, channels, at, to);
        to += channels * GEMM_COLUMNS;
        k_begin += channels;
    }
}

/* Rows k_begin..k_end of columns n.. (to n_end at most) of matrix `index` of B. */
static inline void gather16(const struct gemm_job *job, int64_t index, int64_t k_begin,
                               int64_t k_end, int64_t n, int64_t n_end, float *to)
{
    const float *b = (const float *)job->b + index * job->b_size;
    int64_t k, count = n_end - n < GEMM_COLUMNS ? n_end - n : GEMM_COLUMNS;
    int j;

    if (job->window) {
        gather_windows(job->window, b, k_begin, k_end, n, count, to);
    } else if (job->b_column == 1 && count == GEMM_COLUMNS) {
        b += k_begin * job->b_row + n;
        for (k = k_begin; k < k_end; k++, b += job->b_row, to += GEMM_COLUMNS)
            store16(to, load16(b));
    } else {
        for (j = 0; j < GEMM_COLUMNS; j++) {
            const float *column = b + (n + j) * job->b_column;
            for (k = k_begin; k < k_end; k++)
                to[(k - k_begin) * GEMM_COLUMNS + j] =
                    j < count ? column[k * job->b_row] : 0;
        }
    }
}
