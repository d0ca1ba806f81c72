/*
 * plugins/ops/attention/rotary.c - RotaryEmbedding: pairs of columns turned by an angle
 * that depends on the token's position
 *
 * Pairs are columns i and i + half, or 2i and 2i + 1 (interleaved); columns behind the
 * rotary ones are copied. Cosines and sines come per position (with position_ids) or per
 * token.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "attend.h"
#include "attention.h"
#include "plugins/ops/number.h"

enum { X, COS, SIN, IDS };

struct job {
    struct attend_heads x;
    const struct imgcls_tensor *cos, *sin, *ids;
    struct imgcls_tensor *out;
    int64_t half;
    bool interleaved;
    double *rows; /* per thread: row, cosines, sines */
};

static void turn_rows(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct job *job = argument;
    const struct attend_heads *x = &job->x;
    double *row = job->rows + thread * (x->size + 2 * job->half), *cosines = row + x->size,
           *sines = cosines + job->half;
    int64_t i, k;
    for (i = begin; i < end; i++) {
        const int64_t t = i % x->length, h = i / x->length % x->heads,
                      b = i / x->length / x->heads;
        const int64_t token = b * x->length + t;
        const int64_t angle = job->ids ? op_int_at(job->ids, token) : token;
        const int64_t at = attend_at(x, b, h, t);
        number_read_reals(x->type, x->data, at, x->size, row);
        number_read_reals(job->cos->type, job->cos->data, angle * job->half, job->half,
                          cosines);
        number_read_reals(job->sin->type, job->sin->data, angle * job->half, job->half,
                          sines);
        for (k = 0; k < job->half; k++) {
            double *a = row + (job->interleaved ? 2 * k : k);
            double *c = job->interleaved ? a + 1 : a + job->half;
            const double real = cosines[k] * *a - sines[k] * *c;
            *c = sines[k] * *a + cosines[k] * *c;
            *a = real;
        }
        number_write_reals(x->type, job->out->data, at, x->size, row, 0);
    }
}

static imgcls_status infer(const struct imgcls_host *host, struct imgcls_infer *infer_)
{
    const struct imgcls_node *node = infer_->node;
    struct attend_heads x;
    imgcls_status status = IMGCLS_OK;
    if (!op_in(node, X) || !op_in(node, COS) || !op_in(node, SIN))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "X, cos_cache and sin_cache are needed");
    if (node->inputs[X]->rank >= 0)
        status = attend_view(host, node, attend_form_of_info(node, X),
                             host->attr_int(host, node, "num_heads", 0), "X", &x);
    return status == IMGCLS_OK ? host->infer_like(host, infer_, 0, X) : status;
}

/* A cache is [positions, half] with ids, [batch, length, half] without. */
static imgcls_status check_cache(const struct imgcls_host *host,
                                 const struct imgcls_node *node, const struct job *job,
                                 const struct imgcls_tensor *cache, const char *what)
{
    char found[OP_SHAPE_TEXT], want[OP_SHAPE_TEXT];
    const int64_t apart[] = {job->x.batch, job->x.length, job->half};
    const int64_t shared[] = {-1, job->half};
    const int32_t rank = job->ids ? 2 : 3;
    const bool fits =
        cache->rank == rank && cache->dims[rank - 1] == job->half &&
        (job->ids || (cache->dims[0] == apart[0] && cache->dims[1] == apart[1]));
    if (fits)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s is %s where %s is needed", what,
                   op_shape_text(cache->rank, cache->dims, found, sizeof found),
                   op_shape_text(rank, job->ids ? shared : apart, want, sizeof want));
}

static imgcls_status check_ids(const struct imgcls_host *host,
                               const struct imgcls_node *node, const struct job *job)
{
    const struct imgcls_tensor *ids = job->ids;
    const int64_t limit =
        job->cos->dims[0] < job->sin->dims[0] ? job->cos->dims[0] : job->sin->dims[0];
    int64_t i;
    if (!ids)
        return IMGCLS_OK;
    if (ids->rank != 2 || ids->dims[0] != job->x.batch || ids->dims[1] != job->x.length)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "position_ids must be [%lld,%lld], one for each token",
                       (long long)job->x.batch, (long long)job->x.length);
    for (i = 0; i < op_count(ids); i++)
        if (op_int_at(ids, i) < 0 || op_int_at(ids, i) >= limit)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "position %lld is outside 0..%lld",
                           (long long)op_int_at(ids, i), (long long)limit - 1);
    return IMGCLS_OK;
}

static imgcls_status read_dim(const struct imgcls_host *host,
                              const struct imgcls_node *node, struct job *job)
{
    int64_t dim = host->attr_int(host, node, "rotary_embedding_dim", 0);
    if (dim == 0)
        dim = job->x.size;
    if (dim < 0 || dim > job->x.size || dim % 2)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "%lld rotary columns must be even and at most %lld", (long long)dim,
                       (long long)job->x.size);
    job->half = dim / 2;
    return IMGCLS_OK;
}

static imgcls_status run_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    const struct imgcls_node *node = run->node;
    const struct imgcls_tensor *x = imgcls_input(run, X);
    struct job job = {.cos = imgcls_input(run, COS),
                      .sin = imgcls_input(run, SIN),
                      .ids = imgcls_input(run, IDS),
                      .interleaved = host->attr_int(host, node, "interleaved", 0) != 0};
    imgcls_status status =
        attend_view(host, node, attend_form_of_tensor(run, X),
                    host->attr_int(host, node, "num_heads", 0), "X", &job.x);
    if (status == IMGCLS_OK)
        status = read_dim(host, node, &job);
    if (status == IMGCLS_OK)
        status = check_cache(host, node, &job, job.cos, "cos_cache");
    if (status == IMGCLS_OK)
        status = check_cache(host, node, &job, job.sin, "sin_cache");
    if (status == IMGCLS_OK)
        status = check_ids(host, node, &job);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, x->type, x->rank, x->dims);
    if (status != IMGCLS_OK || op_count(x) == 0)
        return status;
    job.x.type = x->type;
    job.x.data = x->data;
    job.out = imgcls_output(run, 0);
    job.rows = host->alloc(host, (size_t)run->threads,
                           (size_t)(job.x.size + 2 * job.half) * sizeof *job.rows);
    if (!job.rows)
        return IMGCLS_NO_MEMORY;
    host->parallel_for(host, run, op_count(x) / job.x.size, 64, turn_rows, &job);
    host->release(host, job.rows);
    return IMGCLS_OK;
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, X, ATTEND_FLOATS) && op_takes(node, COS, ATTEND_FLOATS) &&
           op_takes(node, SIN, ATTEND_FLOATS) &&
           (!op_in(node, IDS) || op_takes(node, IDS, OP_INDEXES)) && op_is_plain(node);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("rotary_embedding_portable", accepts, run_portable);
const struct imgcls_op rotary_op = OP_ENTRY("RotaryEmbedding", 23, 0, infer, NULL, &kernel);
