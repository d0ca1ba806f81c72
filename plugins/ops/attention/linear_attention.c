/*
 * plugins/ops/attention/linear_attention.c - LinearAttention: a state of keys against
 * values, updated token by token
 *
 * A head of keys is one sequential job; the query heads of its group read its state. The
 * state is kept in double and rounded once, at the end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "attend.h"
#include "attention.h"
#include "plugins/ops/number.h"

enum { QUERY, KEY, VALUE, STATE, DECAY, BETA, INPUTS };

struct shape {
    struct attend_heads q, k, v;
    int64_t decays, betas; /* columns of decay and beta; -1 where not known or absent */
    bool gated, delta;
};

struct job {
    struct shape s;
    const struct imgcls_tensor *in[INPUTS];
    struct imgcls_tensor *out, *present;
    int64_t group;
    double scale;
    double *rooms; /* per thread: state, query, key, decay, value, output */
    int64_t room_size;
};

static void read_decay(const struct job *job, int64_t token, int64_t h, double *decay)
{
    const struct shape *s = &job->s;
    const struct imgcls_tensor *in = job->in[DECAY];
    const bool each = s->decays == s->k.heads * s->k.size && s->decays != s->k.heads;
    const int64_t count = each ? s->k.size : 1;
    int64_t i;
    number_read_reals(in->type, in->data, token * s->decays + h * count, count, decay);
    for (i = 0; i < count; i++)
        decay[i] = exp(decay[i]);
    for (i = count; i < s->k.size; i++)
        decay[i] = decay[0];
}

/* state = decay * state, then value = beta * (value - state' key), then the outer product
 */
static void update(const struct job *job, int64_t b, int64_t t, int64_t h, double *state,
                   double *key, double *decay, double *value, double *seen)
{
    const struct shape *s = &job->s;
    const int64_t token = b * s->k.length + t;
    int64_t i, j;
    number_read_reals(s->k.type, s->k.data, attend_at(&s->k, b, h, t), s->k.size, key);
    number_read_reals(s->v.type, s->v.data, attend_at(&s->v, b, h, t), s->v.size, value);
    if (s->gated) {
        read_decay(job, token, h, decay);
        for (i = 0; i < s->k.size; i++)
            for (j = 0; j < s->v.size; j++)
                state[i * s->v.size + j] *= decay[i];
    }
    if (s->delta) {
        double beta;
        number_read_reals(job->in[BETA]->type, job->in[BETA]->data,
                          token * s->betas + (s->betas == 1 ? 0 : h), 1, &beta);
        memset(seen, 0, (size_t)s->v.size * sizeof *seen);
        for (i = 0; i < s->k.size; i++)
            attend_add(seen, key[i], state + i * s->v.size, s->v.size);
        for (j = 0; j < s->v.size; j++)
            value[j] = beta * (value[j] - seen[j]);
    }
    for (i = 0; i < s->k.size; i++)
        attend_add(state + i * s->v.size, key[i], value, s->v.size);
}

static void attend_head(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct job *job = argument;
    const struct shape *s = &job->s;
    const int64_t size = s->k.size * s->v.size;
    double *state = job->rooms + thread * job->room_size, *query = state + size,
           *key = query + s->k.size, *decay = key + s->k.size, *value = decay + s->k.size,
           *sum = value + s->v.size;
    int64_t at, t, g, i;
    for (at = begin; at < end; at++) {
        const int64_t b = at / s->k.heads, h = at % s->k.heads;
        memset(state, 0, (size_t)size * sizeof *state);
        if (job->in[STATE])
            number_read_reals(job->in[STATE]->type, job->in[STATE]->data, at * size, size,
                              state);
        for (t = 0; t < s->k.length; t++) {
            update(job, b, t, h, state, key, decay, value, sum);
            for (g = h * job->group; job->out && g < (h + 1) * job->group; g++) {
                number_read_reals(s->q.type, s->q.data, attend_at(&s->q, b, g, t),
                                  s->q.size, query);
                memset(sum, 0, (size_t)s->v.size * sizeof *sum);
                for (i = 0; i < s->k.size; i++)
                    attend_add(sum, job->scale * query[i], state + i * s->v.size,
                               s->v.size);
                number_write_reals(job->out->type, job->out->data,
                                   ((b * s->q.length + t) * s->q.heads + g) * s->v.size,
                                   s->v.size, sum, 0);
            }
        }
        if (job->present)
            number_write_reals(job->present->type, job->present->data, at * size, size,
                               state, 0);
    }
}

static imgcls_status read_rule(const struct imgcls_host *host,
                               const struct imgcls_node *node, struct shape *s)
{
    const char *rule = host->attr_string(host, node, "update_rule", "gated_delta");
    s->gated = strcmp(rule, "gated") == 0 || strcmp(rule, "gated_delta") == 0;
    s->delta = strcmp(rule, "delta") == 0 || strcmp(rule, "gated_delta") == 0;
    if (!s->gated && !s->delta && strcmp(rule, "linear") != 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "update_rule '%s' is not linear, gated, delta or gated_delta", rule);
    if (s->gated && !op_in(node, DECAY))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "update_rule '%s' needs decay", rule);
    if (s->delta && !op_in(node, BETA))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "update_rule '%s' needs beta", rule);
    return IMGCLS_OK;
}

/* decay or beta: [batch, length, columns], columns one of two numbers. */
static imgcls_status gate(const struct imgcls_host *host, const struct imgcls_node *node,
                          struct attend_form form, const struct shape *s, const char *what,
                          int64_t one, int64_t other, int64_t *columns)
{
    imgcls_status status;
    *columns = -1;
    if (!form.present || form.rank < 0)
        return IMGCLS_OK;
    if (form.rank != 3)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s has %d dimensions, not 3", what,
                       form.rank);
    *columns = form.dims[2];
    status =
        attend_same(host, node, "batches of query and a gate", s->q.batch, form.dims[0]);
    if (status == IMGCLS_OK)
        status = attend_same(host, node, "lengths of query and a gate", s->q.length,
                             form.dims[1]);
    if (status != IMGCLS_OK || *columns < 0 || *columns == one || other < 0 ||
        *columns == other)
        return status;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s has %lld columns, not %lld or %lld",
                   what, (long long)*columns, (long long)one, (long long)other);
}

static imgcls_status check_state(const struct imgcls_host *host,
                                 const struct imgcls_node *node, struct attend_form form,
                                 const struct shape *s)
{
    struct attend_heads state;
    imgcls_status status;
    if (!form.present || form.rank < 0)
        return IMGCLS_OK;
    status = attend_view(host, node, form, 0, "past_state", &state);
    if (status == IMGCLS_OK)
        status = attend_same(host, node, "batches of query and past_state", s->q.batch,
                             state.batch);
    if (status == IMGCLS_OK)
        status =
            attend_same(host, node, "heads of key and past_state", s->k.heads, state.heads);
    if (status == IMGCLS_OK)
        status =
            attend_same(host, node, "sizes of key and past_state", s->k.size, state.length);
    return status == IMGCLS_OK ? attend_same(host, node, "sizes of value and past_state",
                                             s->v.size, state.size)
                               : status;
}

static imgcls_status shape_of(const struct imgcls_host *host,
                              const struct imgcls_node *node,
                              const struct attend_form *forms, struct shape *s)
{
    const int64_t q_heads = host->attr_int(host, node, "q_num_heads", 0);
    const int64_t kv_heads = host->attr_int(host, node, "kv_num_heads", 0);
    imgcls_status status;
    int i;
    memset(s, 0, sizeof *s);
    for (i = QUERY; i <= VALUE; i++)
        if (forms[i].rank != 3)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "query, key and value must have 3 dimensions");
    if (kv_heads <= 0 || q_heads <= 0 || q_heads % kv_heads)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "q_num_heads %lld is no multiple of kv_num_heads %lld",
                       (long long)q_heads, (long long)kv_heads);
    status = attend_view(host, node, forms[QUERY], q_heads, "query", &s->q);
    if (status == IMGCLS_OK)
        status = attend_view(host, node, forms[KEY], kv_heads, "key", &s->k);
    if (status == IMGCLS_OK)
        status = attend_view(host, node, forms[VALUE], kv_heads, "value", &s->v);
    if (status == IMGCLS_OK)
        status =
            attend_same(host, node, "head sizes of query and key", s->q.size, s->k.size);
    if (status == IMGCLS_OK)
        status =
            attend_same(host, node, "batches of query and key", s->q.batch, s->k.batch);
    if (status == IMGCLS_OK)
        status =
            attend_same(host, node, "batches of key and value", s->k.batch, s->v.batch);
    if (status == IMGCLS_OK)
        status =
            attend_same(host, node, "lengths of query and key", s->q.length, s->k.length);
    if (status == IMGCLS_OK)
        status =
            attend_same(host, node, "lengths of key and value", s->k.length, s->v.length);
    if (status == IMGCLS_OK)
        status = read_rule(host, node, s);
    if (status == IMGCLS_OK)
        status = gate(host, node, forms[DECAY], s, "decay", kv_heads,
                      s->k.size < 0 ? -1 : kv_heads * s->k.size, &s->decays);
    if (status == IMGCLS_OK)
        status = gate(host, node, forms[BETA], s, "beta", kv_heads, 1, &s->betas);
    return status == IMGCLS_OK ? check_state(host, node, forms[STATE], s) : status;
}

static void output_dims(const struct shape *s, int64_t *out, int64_t *state)
{
    out[0] = s->q.batch;
    out[1] = s->q.length;
    out[2] = s->v.size < 0 ? -1 : s->q.heads * s->v.size;
    state[0] = s->q.batch;
    state[1] = s->k.heads;
    state[2] = s->k.size;
    state[3] = s->v.size;
}

static imgcls_status infer(const struct imgcls_host *host, struct imgcls_infer *infer_)
{
    const struct imgcls_node *node = infer_->node;
    struct attend_form forms[INPUTS];
    struct shape s;
    int64_t out[3], state[4];
    imgcls_status status;
    size_t i;
    int32_t type;
    for (i = 0; i < INPUTS; i++) {
        forms[i] = attend_form_of_info(node, i);
        if (i <= VALUE && !forms[i].present)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "query, key and value are needed");
    }
    type = node->inputs[op_in(node, STATE) ? STATE : QUERY]->type;
    if (forms[QUERY].rank < 0 || forms[KEY].rank < 0 || forms[VALUE].rank < 0) {
        status = op_infer_open(host, infer_, 0, node->inputs[QUERY]->type, 3);
        return status == IMGCLS_OK ? op_infer_open(host, infer_, 1, type, 4) : status;
    }
    status = shape_of(host, node, forms, &s);
    if (status != IMGCLS_OK)
        return status;
    output_dims(&s, out, state);
    status = op_infer_shape(host, infer_, 0, node->inputs[QUERY]->type, 3, out);
    return status == IMGCLS_OK ? op_infer_shape(host, infer_, 1, type, 4, state) : status;
}

static imgcls_status set_up(const struct imgcls_host *host, const struct imgcls_run *run,
                            struct job *job)
{
    struct attend_form forms[INPUTS];
    struct attend_heads *heads[] = {&job->s.q, &job->s.k, &job->s.v};
    int64_t out[3], state[4];
    imgcls_status status;
    size_t i;
    double scale = (double)host->attr_float(host, run->node, "scale", 0);
    for (i = 0; i < INPUTS; i++) {
        forms[i] = attend_form_of_tensor(run, i);
        job->in[i] = imgcls_input(run, i);
    }
    status = shape_of(host, run->node, forms, &job->s);
    if (status != IMGCLS_OK)
        return status;
    for (i = QUERY; i <= VALUE; i++) {
        heads[i]->type = job->in[i]->type;
        heads[i]->data = job->in[i]->data;
    }
    job->scale = scale != 0 ? scale : 1 / sqrt((double)job->s.k.size);
    job->group = job->s.q.heads / job->s.k.heads;
    output_dims(&job->s, out, state);
    status = op_set_output(host, run, 0, job->in[QUERY]->type, 3, out);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 1, job->in[job->in[STATE] ? STATE : QUERY]->type,
                               4, state);
    job->out = imgcls_output(run, 0);
    job->present = imgcls_output(run, 1);
    return status;
}

static imgcls_status run_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    struct job job = {.group = 0};
    const struct shape *s = &job.s;
    int64_t size;
    imgcls_status status = set_up(host, run, &job);
    if (status != IMGCLS_OK || s->k.batch == 0)
        return status;
    size = imgcls_count(2, (const int64_t[]){s->k.size, s->v.size});
    if (size < 0 || size > INT64_MAX / 64 || s->k.size > INT32_MAX || s->v.size > INT32_MAX)
        return OP_FAIL(host, run->node, IMGCLS_LIMIT, "the state is too large");
    job.room_size = size + 3 * s->k.size + 2 * s->v.size;
    if (job.room_size == 0)
        return IMGCLS_OK;
    job.rooms =
        host->alloc(host, (size_t)run->threads, (size_t)job.room_size * sizeof *job.rooms);
    if (!job.rooms)
        return IMGCLS_NO_MEMORY;
    host->parallel_for(host, run, s->k.batch * s->k.heads, 1, attend_head, &job);
    host->release(host, job.rooms);
    return IMGCLS_OK;
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    size_t i;
    (void)host;
    for (i = 0; i < INPUTS; i++)
        if ((i <= VALUE || op_in(node, i)) && !op_takes(node, i, ATTEND_FLOATS))
            return 0;
    return op_is_plain(node);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("linear_attention_portable", accepts, run_portable);
const struct imgcls_op linear_attention_op =
    OP_ENTRY("LinearAttention", 27, 0, infer, NULL, &kernel);
