/*
 * plugins/ops/attention/attention.c - Attention: softmax(Q K' + bias) V with masks, caches
 * and windows
 *
 * A query row at a time: its scores against all keys, the bias, softmax, the weighted sum
 * of values. Keys (scaled) and values are first laid out as double, past rows before new
 * ones. Intermediates are rounded to Q's type where the function body has a tensor. A row
 * whose bias is -inf everywhere gives zeros; values of weight zero are not read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "attend.h"
#include "attention.h"
#include "plugins/ops/number.h"

enum { Q, K, V, MASK, PAST_KEY, PAST_VALUE, NONPAD, INPUTS };
enum { Y, PRESENT_KEY, PRESENT_VALUE, QK, OUTPUTS };
enum { RAW, CAPPED, BIASED, WEIGHTS }; /* qk_matmul_output_mode */

/* The shapes, from infos or tensors; negative where not known. */
struct shape {
    struct attend_heads q, k, v, past_key, past_value;
    bool packed, has_past;
    int64_t batch, total; /* keys: past and new */
};

static imgcls_status check_heads(const struct imgcls_host *host,
                                 const struct imgcls_node *node, const struct shape *s)
{
    if (s->k.heads == 0 || (s->q.heads >= 0 && s->k.heads > 0 && s->q.heads % s->k.heads))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "%lld heads of queries are no multiple of %lld heads of keys",
                       (long long)s->q.heads, (long long)s->k.heads);
    return attend_same(host, node, "head sizes of Q and K", s->q.size, s->k.size);
}

static imgcls_status check_apart(const struct imgcls_host *host,
                                 const struct imgcls_node *node, const struct shape *s,
                                 int64_t q_heads, int64_t kv_heads)
{
    imgcls_status status = IMGCLS_OK;
    if (s->packed)
        return status;
    if (q_heads)
        status = attend_same(host, node, "q_num_heads and Q's heads", q_heads, s->q.heads);
    if (status == IMGCLS_OK && kv_heads)
        status =
            attend_same(host, node, "kv_num_heads and K's heads", kv_heads, s->k.heads);
    return status;
}

static imgcls_status shape_past(const struct imgcls_host *host,
                                const struct imgcls_node *node,
                                const struct attend_form *forms, struct shape *s)
{
    const struct {
        const char *what;
        const int64_t *a, *b;
    } same[] = {
        {"batches of past_key and K", &s->past_key.batch, &s->k.batch},
        {"batches of past_value and V", &s->past_value.batch, &s->v.batch},
        {"heads of past_key and K", &s->past_key.heads, &s->k.heads},
        {"heads of past_value and V", &s->past_value.heads, &s->v.heads},
        {"head sizes of past_key and K", &s->past_key.size, &s->k.size},
        {"head sizes of past_value and V", &s->past_value.size, &s->v.size},
        {"lengths of past_key and past_value", &s->past_key.length, &s->past_value.length},
    };
    imgcls_status status;
    size_t i;
    if (forms[PAST_KEY].present != forms[PAST_VALUE].present)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "past_key and past_value come together or not at all");
    if (!forms[PAST_KEY].present)
        return IMGCLS_OK;
    if (forms[NONPAD].present)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "nonpad_kv_seqlen cannot be combined with past_key");
    s->has_past = true;
    status = attend_view(host, node, forms[PAST_KEY], 0, "past_key", &s->past_key);
    if (status == IMGCLS_OK)
        status =
            attend_view(host, node, forms[PAST_VALUE], 0, "past_value", &s->past_value);
    for (i = 0; status == IMGCLS_OK && i < sizeof same / sizeof *same; i++)
        status = attend_same(host, node, same[i].what, *same[i].a, *same[i].b);
    if (s->k.length < 0 || s->past_key.length < 0)
        s->total = -1;
    else
        s->total += s->past_key.length;
    return status;
}

static imgcls_status shape_of(const struct imgcls_host *host,
                              const struct imgcls_node *node,
                              const struct attend_form *forms, struct shape *s)
{
    const int64_t q_heads = host->attr_int(host, node, "q_num_heads", 0);
    const int64_t kv_heads = host->attr_int(host, node, "kv_num_heads", 0);
    imgcls_status status;
    memset(s, 0, sizeof *s);
    if (forms[Q].rank != forms[K].rank || forms[Q].rank != forms[V].rank)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "Q, K and V have %d, %d and %d dimensions, not the same number",
                       forms[Q].rank, forms[K].rank, forms[V].rank);
    s->packed = forms[Q].rank == 3;
    status = attend_view(host, node, forms[Q], q_heads, "Q", &s->q);
    if (status == IMGCLS_OK)
        status = attend_view(host, node, forms[K], kv_heads, "K", &s->k);
    if (status == IMGCLS_OK)
        status = attend_view(host, node, forms[V], kv_heads, "V", &s->v);
    if (status == IMGCLS_OK)
        status = check_apart(host, node, s, q_heads, kv_heads);
    if (status == IMGCLS_OK)
        status = check_heads(host, node, s);
    if (status == IMGCLS_OK)
        status = attend_same(host, node, "batches of Q and K", s->q.batch, s->k.batch);
    if (status == IMGCLS_OK)
        status = attend_same(host, node, "batches of K and V", s->k.batch, s->v.batch);
    if (status == IMGCLS_OK)
        status = attend_same(host, node, "heads of K and V", s->k.heads, s->v.heads);
    if (status == IMGCLS_OK)
        status = attend_same(host, node, "lengths of K and V", s->k.length, s->v.length);
    s->batch = s->q.batch;
    s->total = s->k.length;
    return status == IMGCLS_OK ? shape_past(host, node, forms, s) : status;
}

/* Shapes of the outputs. Returns their rank. */
static int32_t output_shape(const struct shape *s, int index, int64_t *dims)
{
    const struct attend_heads *kv = index == PRESENT_KEY ? &s->k : &s->v;
    dims[0] = s->batch;
    dims[1] = index == Y || index == QK ? s->q.heads : kv->heads;
    dims[2] = index == Y || index == QK ? s->q.length : s->total;
    dims[3] = index == Y ? s->v.size : index == QK ? s->total : kv->size;
    if (index != Y || !s->packed)
        return 4;
    dims[1] = s->q.length;
    dims[2] = s->v.size < 0 ? -1 : s->q.heads * s->v.size;
    return 3;
}

static imgcls_status infer(const struct imgcls_host *host, struct imgcls_infer *infer_)
{
    const struct imgcls_node *node = infer_->node;
    struct attend_form forms[INPUTS];
    struct shape s;
    int64_t dims[IMGCLS_MAX_RANK];
    imgcls_status status = IMGCLS_OK;
    bool known = true;
    int i;
    for (i = 0; i < INPUTS; i++) {
        forms[i] = attend_form_of_info(node, (size_t)i);
        if (i <= V && !forms[i].present)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "Q, K and V are needed");
        known = known && (!forms[i].present || forms[i].rank >= 0);
    }
    if (known)
        status = shape_of(host, node, forms, &s);
    for (i = 0; i < OUTPUTS && status == IMGCLS_OK; i++) {
        const int32_t type = node->inputs[i == PRESENT_VALUE ? V : Q]->type;
        if (!op_has_output(node, (size_t)i))
            continue;
        if (known)
            status = op_infer_shape(host, infer_, (size_t)i, type,
                                    output_shape(&s, i, dims), dims);
        else
            status = op_infer_open(host, infer_, (size_t)i, type, -1);
    }
    return status;
}

struct job {
    struct shape s;
    const struct imgcls_tensor *mask, *nonpad;
    int64_t mask_steps[4], mask_length; /* steps 0 where broadcast */
    int64_t left, right, mode;
    bool causal;
    int32_t type, softmax_type;
    double scale_root, softcap;
    double *keys, *values; /* [batch, kv heads, total, size] */
    double *rows;          /* per thread: query, scores, bias, sum */
    int64_t row_size;
    struct imgcls_tensor *outputs[OUTPUTS];
};

/* Doubles that a run needs; -1 where shapes are not known or too large. */
static int64_t doubles(const struct shape *s, int32_t threads, int64_t *row_size)
{
    const int64_t keys[] = {s->batch, s->k.heads, s->total, 1};
    const int64_t count = imgcls_count(3, keys);
    int64_t all[2];
    *row_size = -1;
    if (count < 0 || s->q.size < 0 || s->v.size < 0 || s->q.size > INT32_MAX ||
        s->v.size > INT32_MAX || s->total > INT32_MAX)
        return -1;
    *row_size = s->q.size + 2 * s->total + s->v.size;
    all[0] = count;
    all[1] = s->q.size + s->v.size;
    all[0] = imgcls_count(2, all);
    if (all[0] < 0 || all[0] > INT64_MAX / 32 || *row_size > INT64_MAX / 32 / threads)
        return -1;
    return all[0] + *row_size * threads;
}

static void lay_out(const struct attend_heads *past, const struct attend_heads *now,
                    struct imgcls_tensor *present, int64_t b, int64_t h, int64_t j,
                    int64_t at, double *out)
{
    const bool old = past->data && j < past->length;
    const struct attend_heads *from = old ? past : now;
    const int64_t row = old || !past->data ? j : j - past->length;
    const int64_t first = attend_at(from, b, h, row);
    const size_t size = op_element_size(from->type);
    number_read_reals(from->type, from->data, first, from->size, out);
    if (present && from->size)
        memcpy((char *)present->data + (size_t)(at * from->size) * size,
               (const char *)from->data + (size_t)first * size, (size_t)from->size * size);
}

static void lay_out_rows(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct job *job = argument;
    const struct shape *s = &job->s;
    int64_t i, c;
    (void)thread;
    for (i = begin; i < end; i++) {
        const int64_t j = i % s->total, h = i / s->total % s->k.heads,
                      b = i / s->total / s->k.heads;
        double *key = job->keys + i * s->k.size;
        lay_out(&s->past_key, &s->k, job->outputs[PRESENT_KEY], b, h, j, i, key);
        lay_out(&s->past_value, &s->v, job->outputs[PRESENT_VALUE], b, h, j, i,
                job->values + i * s->v.size);
        for (c = 0; c < s->k.size; c++)
            key[c] *= job->scale_root;
        attend_round(job->type, key, s->k.size);
    }
}

/* What is added to the scores of query i; true where some key is left. */
static bool bias_row(const struct job *job, int64_t b, int64_t h, int64_t i, double *bias)
{
    const struct shape *s = &job->s;
    const struct imgcls_tensor *mask = job->mask;
    int64_t valid = s->total, at = i, j;
    bool any = false;
    if (job->nonpad) {
        valid = op_int_at(job->nonpad, b);
        at += valid - s->q.length;
    } else if (s->has_past) {
        at += s->past_key.length;
    }
    for (j = 0; j < s->total; j++)
        bias[j] = mask && j >= job->mask_length ? -INFINITY : 0;
    if (mask) {
        const int64_t from =
            b * job->mask_steps[0] + h * job->mask_steps[1] + i * job->mask_steps[2];
        if (number_is_real(mask->type)) {
            number_read_reals(mask->type, mask->data, from, job->mask_length, bias);
        } else {
            for (j = 0; j < job->mask_length; j++) {
                int64_t whole;
                number_read_wholes(mask->type, mask->data, from + j, 1, &whole);
                bias[j] = mask->type != IMGCLS_BOOL ? (double)whole : whole ? 0 : -INFINITY;
            }
        }
    }
    for (j = 0; j < s->total; j++) {
        if (j >= valid || (job->causal && j > at) ||
            (job->left >= 0 && j < at && at - j > job->left) ||
            (job->right >= 0 && j > at && j - at > job->right))
            bias[j] = -INFINITY;
        any = any || bias[j] != -INFINITY;
    }
    return any;
}

/* scores[] become weights; on the way, what the fourth output asks for. */
static void weigh_row(const struct job *job, double *scores, const double *bias, bool any,
                      int64_t row)
{
    const int64_t total = job->s.total;
    struct imgcls_tensor *qk = job->outputs[QK];
    int64_t j;
    attend_round(job->type, scores, total);
    if (qk && job->mode == RAW)
        number_write_reals(qk->type, qk->data, row * total, total, scores, 0);
    for (j = 0; job->softcap > 0 && j < total; j++)
        scores[j] = job->softcap * tanh(scores[j] / job->softcap);
    attend_round(job->type, scores, total);
    if (qk && job->mode == CAPPED)
        number_write_reals(qk->type, qk->data, row * total, total, scores, 0);
    for (j = 0; j < total; j++)
        scores[j] = bias[j] == -INFINITY ? -INFINITY : scores[j] + bias[j];
    attend_round(job->type, scores, total);
    if (qk && job->mode == BIASED)
        number_write_reals(qk->type, qk->data, row * total, total, scores, 0);
    attend_round(job->softmax_type, scores, total);
    if (any)
        attend_softmax(job->softmax_type, scores, total);
    else
        memset(scores, 0, (size_t)total * sizeof *scores);
    attend_round(job->type, scores, total);
    if (qk && job->mode == WEIGHTS)
        number_write_reals(qk->type, qk->data, row * total, total, scores, 0);
}

static void attend_rows(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct job *job = argument;
    const struct shape *s = &job->s;
    const int64_t group = s->q.heads / s->k.heads;
    double *query = job->rows + thread * job->row_size, *scores = query + s->q.size,
           *bias = scores + s->total, *sum = bias + s->total;
    int64_t row, j;
    for (row = begin; row < end; row++) {
        const int64_t i = row % s->q.length, h = row / s->q.length % s->q.heads,
                      b = row / s->q.length / s->q.heads;
        const int64_t first = (b * s->k.heads + h / group) * s->total;
        const bool any = bias_row(job, b, h, i, bias);
        number_read_reals(job->type, s->q.data, attend_at(&s->q, b, h, i), s->q.size,
                          query);
        for (j = 0; j < s->q.size; j++)
            query[j] *= job->scale_root;
        attend_round(job->type, query, s->q.size);
        for (j = 0; j < s->total; j++)
            scores[j] = attend_dot(query, job->keys + (first + j) * s->k.size, s->k.size);
        weigh_row(job, scores, bias, any, row);
        memset(sum, 0, (size_t)s->v.size * sizeof *sum);
        for (j = 0; j < s->total; j++)
            if (scores[j] != 0)
                attend_add(sum, scores[j], job->values + (first + j) * s->v.size,
                           s->v.size);
        j = s->packed ? (b * s->q.length + i) * s->q.heads + h : row;
        number_write_reals(job->outputs[Y]->type, job->outputs[Y]->data, j * s->v.size,
                           s->v.size, sum, 0);
    }
}

/* The mask against [batch, heads, queries, keys]; its last dimension may be shorter. */
static imgcls_status read_mask(const struct imgcls_host *host,
                               const struct imgcls_node *node, struct job *job)
{
    const struct imgcls_tensor *mask = job->mask;
    const int64_t want[] = {job->s.batch, job->s.q.heads, job->s.q.length, job->s.total};
    char text[OP_SHAPE_TEXT], all[OP_SHAPE_TEXT];
    int64_t step = 1;
    bool fits;
    int32_t i;
    if (!mask)
        return IMGCLS_OK;
    fits = mask->rank >= 1 && mask->rank <= 4 && mask->dims[mask->rank - 1] <= want[3];
    for (i = mask->rank - 1; fits && i >= 0; i--) {
        const int32_t to = 4 - mask->rank + i;
        fits = to == 3 || mask->dims[i] == 1 || mask->dims[i] == want[to];
        job->mask_steps[to] = mask->dims[i] == 1 ? 0 : step;
        step *= mask->dims[i];
    }
    if (!fits)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "attn_mask %s does not broadcast to %s",
                       op_shape_text(mask->rank, mask->dims, text, sizeof text),
                       op_shape_text(4, want, all, sizeof all));
    job->mask_length = mask->dims[mask->rank - 1];
    return IMGCLS_OK;
}

static imgcls_status read_nonpad(const struct imgcls_host *host,
                                 const struct imgcls_node *node, const struct job *job)
{
    int64_t b;
    if (!job->nonpad)
        return IMGCLS_OK;
    if (job->nonpad->rank != 1 || job->nonpad->dims[0] != job->s.batch)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "nonpad_kv_seqlen must have one number for each of %lld samples",
                       (long long)job->s.batch);
    for (b = 0; b < job->s.batch; b++) {
        const int64_t valid = op_int_at(job->nonpad, b);
        if (valid < 0 || valid > job->s.total)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "nonpad_kv_seqlen %lld is outside 0..%lld", (long long)valid,
                           (long long)job->s.total);
    }
    return IMGCLS_OK;
}

static imgcls_status read_attributes(const struct imgcls_host *host,
                                     const struct imgcls_node *node, struct job *job)
{
    const struct imgcls_attr *scale = host->attr(host, node, "scale");
    const struct imgcls_attr *precision = host->attr(host, node, "softmax_precision");
    job->left = host->attr_int(host, node, "left_window_size", -1);
    job->right = host->attr_int(host, node, "right_window_size", -1);
    job->mode = host->attr_int(host, node, "qk_matmul_output_mode", RAW);
    job->causal = host->attr_int(host, node, "is_causal", 0) != 0;
    job->softcap = (double)host->attr_float(host, node, "softcap", 0);
    job->softmax_type = precision ? (int32_t)precision->i : job->type;
    if (job->left < -1 || job->right < -1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "window sizes %lld and %lld must be -1 or more",
                       (long long)job->left, (long long)job->right);
    if (job->mode < RAW || job->mode > WEIGHTS)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "qk_matmul_output_mode %lld is not 0, 1, 2 or 3",
                       (long long)job->mode);
    if (!op_type_in(job->softmax_type, ATTEND_FLOATS))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "softmax_precision %d is not 1, 10, 11 or 16", job->softmax_type);
    job->scale_root = sqrt(scale ? (double)scale->f : 1 / sqrt((double)job->s.q.size));
    attend_round(job->type, &job->scale_root, 1);
    return IMGCLS_OK;
}

static void bind(const struct imgcls_run *run, size_t i, struct attend_heads *heads)
{
    const struct imgcls_tensor *tensor = imgcls_input(run, i);
    if (!tensor)
        return;
    heads->type = tensor->type;
    heads->data = tensor->data;
}

static imgcls_status set_up(const struct imgcls_host *host, const struct imgcls_run *run,
                            struct job *job)
{
    struct attend_form forms[INPUTS];
    int64_t dims[IMGCLS_MAX_RANK];
    imgcls_status status;
    int i;
    for (i = 0; i < INPUTS; i++)
        forms[i] = attend_form_of_tensor(run, (size_t)i);
    status = shape_of(host, run->node, forms, &job->s);
    if (status != IMGCLS_OK)
        return status;
    bind(run, Q, &job->s.q);
    bind(run, K, &job->s.k);
    bind(run, V, &job->s.v);
    bind(run, PAST_KEY, &job->s.past_key);
    bind(run, PAST_VALUE, &job->s.past_value);
    job->type = job->s.q.type;
    job->mask = imgcls_input(run, MASK);
    job->nonpad = imgcls_input(run, NONPAD);
    status = read_attributes(host, run->node, job);
    if (status == IMGCLS_OK)
        status = read_mask(host, run->node, job);
    if (status == IMGCLS_OK)
        status = read_nonpad(host, run->node, job);
    for (i = 0; i < OUTPUTS && status == IMGCLS_OK; i++) {
        const int32_t type = i == PRESENT_VALUE ? job->s.v.type : job->type;
        const int32_t rank = output_shape(&job->s, i, dims);
        status = op_set_output(host, run, (size_t)i, type, rank, dims);
        job->outputs[i] = imgcls_output(run, (size_t)i);
    }
    return status;
}

static imgcls_status run_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    struct job job = {.type = IMGCLS_UNDEFINED};
    const struct shape *s = &job.s;
    double *own = NULL, *room = run->workspace;
    int64_t need, keys;
    imgcls_status status = set_up(host, run, &job);
    if (status != IMGCLS_OK)
        return status;
    need = doubles(s, run->threads, &job.row_size);
    if (need < 0)
        return OP_FAIL(host, run->node, IMGCLS_LIMIT, "heads are too large to be computed");
    if ((uint64_t)need > run->workspace_bytes / sizeof *room) {
        room = own = host->alloc(host, (size_t)need, sizeof *room);
        if (!own)
            return IMGCLS_NO_MEMORY;
    }
    keys = s->batch * s->k.heads * s->total;
    job.keys = room;
    job.values = job.keys + keys * s->k.size;
    job.rows = job.values + keys * s->v.size;
    if (keys > 0)
        host->parallel_for(host, run, keys, 64, lay_out_rows, &job);
    if (job.outputs[Y] && s->q.length > 0)
        host->parallel_for(host, run, s->batch * s->q.heads * s->q.length, 4, attend_rows,
                           &job);
    host->release(host, own);
    return IMGCLS_OK;
}

static imgcls_status prepare(const struct imgcls_host *host,
                             struct imgcls_prepare *prepare_)
{
    struct attend_form forms[INPUTS];
    struct shape s;
    int64_t row_size, need;
    imgcls_status status;
    int i;
    for (i = 0; i < INPUTS; i++) {
        forms[i] = attend_form_of_info(prepare_->node, (size_t)i);
        if (forms[i].present && forms[i].rank < 0)
            return IMGCLS_OK;
    }
    status = shape_of(host, prepare_->node, forms, &s);
    if (status != IMGCLS_OK)
        return status;
    need = doubles(&s, prepare_->threads, &row_size);
    if (need >= 0)
        prepare_->workspace_bytes = (size_t)need * sizeof(double);
    return IMGCLS_OK;
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    const uint64_t masks = ATTEND_FLOATS | OP_INTS | OP_BOOLS;
    int i;
    (void)host;
    if (!op_takes(node, Q, ATTEND_FLOATS) || !op_takes(node, K, ATTEND_FLOATS) ||
        !op_takes(node, V, ATTEND_FLOATS) || node->inputs[Q]->type != node->inputs[K]->type)
        return 0;
    for (i = PAST_KEY; i <= PAST_VALUE; i++)
        if (op_in(node, (size_t)i) &&
            node->inputs[i]->type != node->inputs[i == PAST_KEY ? K : V]->type)
            return 0;
    return (!op_in(node, MASK) || op_takes(node, MASK, masks)) &&
           (!op_in(node, NONPAD) || op_takes(node, NONPAD, OP_INDEXES)) &&
           op_is_plain(node);
}

static int64_t macs(const struct imgcls_host *host, const struct imgcls_node *node)
{
    struct attend_form forms[INPUTS];
    struct shape s;
    int i;
    for (i = 0; i < INPUTS; i++) {
        forms[i] = attend_form_of_info(node, (size_t)i);
        if (forms[i].present && forms[i].rank < 0)
            return -1;
    }
    if (shape_of(host, node, forms, &s) != IMGCLS_OK)
        return -1;
    if (s.q.size < 0 || s.v.size < 0 || s.q.size > INT32_MAX || s.v.size > INT32_MAX)
        return -1;
    const int64_t dims[] = {s.batch, s.q.heads, s.q.length, s.total, s.q.size + s.v.size};
    return imgcls_count(5, dims);
}

static const struct imgcls_kernel kernel = {
    .struct_size = sizeof kernel,
    .name = "attention_portable",
    .accepts = accepts,
    .prepare = prepare,
    .run = run_portable,
};

/* 24 added nonpad_kv_seqlen and 25 the windows: absent before, so all versions mean the
 * same. */
const struct imgcls_op attention_op = {
    .struct_size = sizeof attention_op,
    .domain = "",
    .type = "Attention",
    .since_first = 23,
    .since_last = OP_NEWEST,
    .infer = infer,
    .macs = macs,
    .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},
};
