/*
 * plugins/kernels/heads.portable.body.h - attention of one head, the reference
 *
 * Included once a type by heads.portable.c, which defines REAL, FUSED, EXP and the names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/* Sum of a[i * a_step] * a_scale and b[i * b_step] * b_scale, n of them, in the order of
 * heads.h. */
static REAL DOT(const REAL *a, int64_t a_step, const REAL *b, int64_t b_step, int64_t n,
                REAL a_scale, REAL b_scale)
{
    REAL sum = 0, part;
    int64_t i = 0, end;

    while (i < n) {
        end = n - i < HEADS_BLOCK ? n : i + HEADS_BLOCK;
        for (part = 0; i < end; i++)
            part = FUSED(a[i * a_step] * a_scale, b[i * b_step] * b_scale, part);
        sum = end > HEADS_BLOCK ? sum + part : part;
    }
    return sum;
}

static REAL SCORE(const struct heads_job *job, const struct heads_head *head, int64_t row,
                  int64_t key)
{
    const REAL *q = (const REAL *)head->q + row * job->q.row;
    const REAL *k = (const REAL *)head->k + key * job->k.row;
    REAL score = DOT(q, job->q.column, k, job->k.column, job->depth, (REAL)job->q_scale,
                     (REAL)job->k_scale);
    int32_t i;

    score = job->divide ? score / (REAL)job->scale : score * (REAL)job->scale;
    for (i = 0; i < job->addend_count; i++)
        score = score + ((const REAL *)head->addends[i])[row * job->addends[i].row +
                                                         key * job->addends[i].column];
    return score;
}

void HEADS(const struct heads_job *job, const struct heads_head *head, int64_t begin,
           int64_t end, void *workspace)
{
    REAL *scores = workspace;
    int64_t i, column;

    for (; begin < end; begin++) {
        REAL lanes[HEADS_LANES] = {0}, most, power;
        REAL *y = (REAL *)head->y + begin * job->y.row;
        for (i = 0; i < job->keys; i++)
            scores[i] = SCORE(job, head, begin, i);
        for (most = scores[0], i = 1; i < job->keys; i++)
            most = scores[i] > most ? scores[i] : most;
        for (i = 0; i < job->keys; i++) {
            power = EXP(scores[i] - most);
            scores[i] = power;
            lanes[i % HEADS_LANES] += power;
        }
        for (column = HEADS_LANES / 2; column > 0; column /= 2)
            for (i = 0; i < column; i++)
                lanes[i] += lanes[i + column];
        for (column = 0; column < job->width; column++)
            y[column * job->y.column] =
                DOT(scores, 1, (const REAL *)head->v + column * job->v.column, job->v.row,
                    job->keys, 1, 1) /
                lanes[0];
    }
}
