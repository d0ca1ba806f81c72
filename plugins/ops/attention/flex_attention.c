/*
 * plugins/ops/attention/flex_attention.c - FlexAttention: attention whose scores and
 * weights the model's own graphs may change
 *
 * The scores of all heads are one tensor in the type of the softmax, since a modifier sees
 * them all at once: products, score_mod, softmax, prob_mod, weighted sums, each over rows
 * in parallel. Q and K are scaled by the root of the scale each, rounded to their type as
 * the function body has it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "attend.h"
#include "attention.h"
#include "plugins/ops/number.h"

enum { Q, K, V, INPUTS };

struct job {
    struct attend_heads q, k, v;
    struct imgcls_value *scores; /* own */
    struct imgcls_tensor *out;
    int32_t type; /* of the softmax */
    double scale_root;
    double *rows; /* per thread: query or sum, key or value, scores */
    int64_t row_size;
};

static void read_scaled(const struct job *job, const struct attend_heads *heads, int64_t at,
                        double *out)
{
    int64_t c;
    number_read_reals(heads->type, heads->data, at, heads->size, out);
    for (c = 0; c < heads->size; c++)
        out[c] *= job->scale_root;
    attend_round(heads->type, out, heads->size);
}

static void score_rows(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct job *job = argument;
    const int64_t group = job->q.heads / job->k.heads;
    double *query = job->rows + thread * job->row_size, *key = query + job->q.size,
           *scores = key + job->q.size;
    int64_t row, j;
    for (row = begin; row < end; row++) {
        const int64_t h = row / job->q.length % job->q.heads,
                      b = row / job->q.length / job->q.heads;
        read_scaled(job, &job->q, row * job->q.size, query);
        for (j = 0; j < job->k.length; j++) {
            read_scaled(job, &job->k, attend_at(&job->k, b, h / group, j), key);
            scores[j] = attend_dot(query, key, job->q.size);
        }
        attend_round(job->q.type, scores, job->k.length);
        number_write_reals(job->type, job->scores->tensor->data, row * job->k.length,
                           job->k.length, scores, 0);
    }
}

static void weigh_rows(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct job *job = argument;
    double *scores = job->rows + thread * job->row_size + 2 * job->q.size;
    int64_t row;
    for (row = begin; row < end; row++) {
        const int64_t at = row * job->k.length;
        number_read_reals(job->type, job->scores->tensor->data, at, job->k.length, scores);
        attend_softmax(job->type, scores, job->k.length);
        number_write_reals(job->type, job->scores->tensor->data, at, job->k.length, scores,
                           0);
    }
}

static void sum_rows(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct job *job = argument;
    const int64_t group = job->q.heads / job->k.heads;
    double *scores = job->rows + thread * job->row_size + 2 * job->q.size,
           *sum = scores + job->k.length, *value = sum + job->v.size;
    int64_t row, j;
    for (row = begin; row < end; row++) {
        const int64_t h = row / job->q.length % job->q.heads,
                      b = row / job->q.length / job->q.heads;
        number_read_reals(job->type, job->scores->tensor->data, row * job->k.length,
                          job->k.length, scores);
        memset(sum, 0, (size_t)job->v.size * sizeof *sum);
        for (j = 0; j < job->k.length; j++) {
            number_read_reals(job->v.type, job->v.data, attend_at(&job->v, b, h / group, j),
                              job->v.size, value);
            attend_add(sum, scores[j], value, job->v.size);
        }
        number_write_reals(job->out->type, job->out->data, row * job->v.size, job->v.size,
                           sum, 0);
    }
}

/* Scores through a modifier, which must keep type and shape. */
static imgcls_status modify(const struct imgcls_host *host, const struct imgcls_run *run,
                            struct job *job, const char *name)
{
    const struct imgcls_attr *attr = host->attr(host, run->node, name);
    const struct imgcls_value *inputs[1];
    struct imgcls_value *outputs[1];
    const struct imgcls_tensor *from = job->scores->tensor, *to;
    char found[OP_SHAPE_TEXT], want[OP_SHAPE_TEXT];
    imgcls_status status;
    if (!attr)
        return IMGCLS_OK;
    if (attr->kind != IMGCLS_ATTR_GRAPH || attr->count != 1)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "attribute '%s' must be a graph",
                       name);
    inputs[0] = job->scores;
    status = host->run_graph(host, run, attr->graphs[0], 1, inputs, 1, outputs);
    if (status != IMGCLS_OK)
        return status;
    to = outputs[0]->tensor;
    if (!to || to->type != from->type || to->rank != 4 ||
        memcmp(to->dims, from->dims, 4 * sizeof *to->dims) != 0) {
        status = OP_FAIL(
            host, run->node, IMGCLS_BAD_INPUT,
            "'%s' makes %s of type %d where %s of type %d went in", name,
            op_shape_text(to ? to->rank : 0, to ? to->dims : NULL, found, sizeof found),
            to ? to->type : 0, op_shape_text(4, from->dims, want, sizeof want), from->type);
        host->value_release(host, outputs[0]);
        return status;
    }
    host->value_release(host, job->scores);
    job->scores = outputs[0];
    return IMGCLS_OK;
}

static imgcls_status shape_of(const struct imgcls_host *host,
                              const struct imgcls_node *node,
                              const struct attend_form *forms, struct job *job)
{
    static const char *const names[] = {"Q", "K", "V"};
    struct attend_heads *heads[] = {&job->q, &job->k, &job->v};
    imgcls_status status = IMGCLS_OK;
    int i;
    for (i = 0; i < INPUTS && status == IMGCLS_OK; i++) {
        if (forms[i].rank != 4)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s has %d dimensions, not 4",
                           names[i], forms[i].rank);
        status = attend_view(host, node, forms[i], 0, names[i], heads[i]);
    }
    if (status == IMGCLS_OK)
        status = attend_same(host, node, "batches of Q and K", job->q.batch, job->k.batch);
    if (status == IMGCLS_OK)
        status = attend_same(host, node, "batches of K and V", job->k.batch, job->v.batch);
    if (status == IMGCLS_OK)
        status = attend_same(host, node, "heads of K and V", job->k.heads, job->v.heads);
    if (status == IMGCLS_OK)
        status =
            attend_same(host, node, "lengths of K and V", job->k.length, job->v.length);
    if (status == IMGCLS_OK)
        status = attend_same(host, node, "head sizes of Q and K", job->q.size, job->k.size);
    if (status == IMGCLS_OK &&
        (job->k.heads == 0 ||
         (job->q.heads >= 0 && job->k.heads > 0 && job->q.heads % job->k.heads)))
        status = OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                         "%lld heads of queries are no multiple of %lld heads of keys",
                         (long long)job->q.heads, (long long)job->k.heads);
    return status;
}

static imgcls_status infer(const struct imgcls_host *host, struct imgcls_infer *infer_)
{
    const struct imgcls_node *node = infer_->node;
    struct attend_form forms[INPUTS];
    struct job job = {.type = IMGCLS_UNDEFINED};
    imgcls_status status;
    int i;
    bool known = true;
    for (i = 0; i < INPUTS; i++) {
        forms[i] = attend_form_of_info(node, (size_t)i);
        if (!forms[i].present)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "Q, K and V are needed");
        known = known && forms[i].rank >= 0;
    }
    if (!known)
        return op_infer_open(host, infer_, 0, node->inputs[Q]->type, 4);
    status = shape_of(host, node, forms, &job);
    if (status != IMGCLS_OK)
        return status;
    return op_infer_shape(
        host, infer_, 0, node->inputs[Q]->type, 4,
        (const int64_t[]){job.q.batch, job.q.heads, job.q.length, job.v.size});
}

static imgcls_status set_up(const struct imgcls_host *host, const struct imgcls_run *run,
                            struct job *job)
{
    const struct imgcls_attr *scale = host->attr(host, run->node, "scale");
    struct attend_heads *heads[] = {&job->q, &job->k, &job->v};
    struct attend_form forms[INPUTS];
    imgcls_status status;
    int i;
    for (i = 0; i < INPUTS; i++)
        forms[i] = attend_form_of_tensor(run, (size_t)i);
    status = shape_of(host, run->node, forms, job);
    if (status != IMGCLS_OK)
        return status;
    for (i = 0; i < INPUTS; i++) {
        heads[i]->type = imgcls_input(run, (size_t)i)->type;
        heads[i]->data = imgcls_input(run, (size_t)i)->data;
    }
    job->type =
        (int32_t)host->attr_int(host, run->node, "softmax_precision",
                                job->q.type == IMGCLS_F64 ? IMGCLS_F64 : IMGCLS_F32);
    if (!op_type_in(job->type, ATTEND_FLOATS))
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "softmax_precision %d is not 1, 10, 11 or 16", job->type);
    job->scale_root = sqrt(scale ? (double)scale->f : 1 / sqrt((double)job->q.size));
    attend_round(job->q.type, &job->scale_root, 1);
    return op_set_output(
        host, run, 0, job->q.type, 4,
        (const int64_t[]){job->q.batch, job->q.heads, job->q.length, job->v.size});
}

static imgcls_status compute(const struct imgcls_host *host, const struct imgcls_run *run,
                             struct job *job)
{
    const int64_t rows = job->q.batch * job->q.heads * job->q.length;
    imgcls_status status;
    host->parallel_for(host, run, rows, 4, score_rows, job);
    status = modify(host, run, job, "score_mod");
    if (status != IMGCLS_OK)
        return status;
    host->parallel_for(host, run, rows, 16, weigh_rows, job);
    status = modify(host, run, job, "prob_mod");
    if (status == IMGCLS_OK)
        host->parallel_for(host, run, rows, 4, sum_rows, job);
    return status;
}

static imgcls_status run_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    struct job job = {.type = IMGCLS_UNDEFINED};
    imgcls_status status = set_up(host, run, &job);
    job.out = imgcls_output(run, 0);
    if (status != IMGCLS_OK || op_count(job.out) == 0)
        return status;
    if (job.q.size > INT32_MAX || job.v.size > INT32_MAX || job.k.length > INT32_MAX)
        return OP_FAIL(host, run->node, IMGCLS_LIMIT, "heads are too large to be computed");
    job.row_size = 2 * job.q.size + job.k.length + 2 * job.v.size;
    job.rows =
        host->alloc(host, (size_t)run->threads, (size_t)job.row_size * sizeof *job.rows);
    if (!job.rows)
        return IMGCLS_NO_MEMORY;
    status = host->value_tensor(
        host, job.type, 4,
        (const int64_t[]){job.q.batch, job.q.heads, job.q.length, job.k.length},
        &job.scores);
    if (status == IMGCLS_OK)
        status = compute(host, run, &job);
    host->value_release(host, job.scores);
    host->release(host, job.rows);
    return status;
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, Q, ATTEND_FLOATS) && op_takes(node, K, ATTEND_FLOATS) &&
           op_takes(node, V, ATTEND_FLOATS) && op_is_plain(node);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("flex_attention_portable", accepts, run_portable);
const struct imgcls_op flex_attention_op = {
    .struct_size = sizeof flex_attention_op,
    .domain = "ai.onnx.preview",
    .type = "FlexAttention",
    .since_first = 1,
    .since_last = 1,
    .traits = IMGCLS_TRAIT_SUBGRAPH,
    .infer = infer,
    .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},
};
