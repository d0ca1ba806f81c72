/*
 * plugins/ops/recurrent/recurrent.c - what RNN, GRU and LSTM share: shapes, directions,
 * sequences
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "recurrent.h"

struct job {
    const struct recurrent_kind *kind;
    struct recurrent_extent extent;
    const struct imgcls_tensor *in[R_INPUTS];
    struct imgcls_tensor *out[R_OUTPUTS];
    struct activation activations[ACTIVATION_MOST];
    double clip;
    bool flag;
    double *w, *r, *b, *p; /* all directions */
    double *rooms;         /* per thread: x, hidden, cell, gates */
    int64_t room_size;
};

static void read_doubles(const struct imgcls_tensor *tensor, int64_t begin, int64_t count,
                         double *out)
{
    int64_t i;
    if (tensor->type == IMGCLS_F64) {
        if (count > 0)
            memcpy(out, (const double *)tensor->data + begin, (size_t)count * sizeof *out);
        return;
    }
    for (i = 0; i < count; i++)
        out[i] = (double)((const float *)tensor->data)[begin + i];
}

static void write_doubles(struct imgcls_tensor *tensor, int64_t begin, int64_t count,
                          const double *in)
{
    int64_t i;
    if (!tensor)
        return;
    for (i = 0; i < count; i++) {
        if (tensor->type == IMGCLS_F64)
            ((double *)tensor->data)[begin + i] = in[i];
        else
            ((float *)tensor->data)[begin + i] = (float)in[i];
    }
}

/* Rows at a time: each waits for its own last addition, and eight of them hide that. */
#define TOGETHER 8

void recurrent_product(const double *rows, const double *bias, const double *x,
                       int64_t count, int64_t width, double *out)
{
    int64_t i, k;
    int r;
    for (i = 0; i + TOGETHER <= count; i += TOGETHER, rows += TOGETHER * width) {
        double sums[TOGETHER];
        for (r = 0; r < TOGETHER; r++)
            sums[r] = bias[i + r];
        for (k = 0; k < width; k++)
#pragma GCC unroll 8
            for (r = 0; r < TOGETHER; r++)
                sums[r] += rows[r * width + k] * x[k];
        for (r = 0; r < TOGETHER; r++)
            out[i + r] = sums[r];
    }
    for (; i < count; i++, rows += width) {
        double sum = bias[i];
        for (k = 0; k < width; k++)
            sum += rows[k] * x[k];
        out[i] = sum;
    }
}

int64_t recurrent_at_step(const struct recurrent_extent *e, int64_t t, int64_t d, int64_t b)
{
    return e->batch_first ? ((b * e->steps + t) * e->directions + d) * e->size
                          : ((t * e->directions + d) * e->batch + b) * e->size;
}
int64_t recurrent_at_state(const struct recurrent_extent *e, int64_t d, int64_t b)
{
    return (e->batch_first ? b * e->directions + d : d * e->batch + b) * e->size;
}

static void read_state(const struct job *job, int which, int64_t d, int64_t b, double *out)
{
    const struct recurrent_extent *e = &job->extent;
    memset(out, 0, (size_t)e->size * sizeof *out);
    if (job->in[which])
        read_doubles(job->in[which], recurrent_at_state(e, d, b), e->size, out);
}

static void walk(const struct job *job, int64_t d, int64_t b, int64_t length, double *room)
{
    const struct recurrent_extent *e = &job->extent;
    const int64_t rows = job->kind->gates * e->size;
    const bool backward = d == 1 || e->reverse;
    struct recurrent_step step = {
        .w = job->w + d * rows * e->inputs,
        .r = job->r + d * rows * e->size,
        .w_bias = job->b + d * 2 * rows,
        .r_bias = job->b + d * 2 * rows + rows,
        .peepholes = job->p + d * 3 * e->size,
        .activations = job->activations + (size_t)d * job->kind->activations,
        .x = room,
        .hidden = room + e->inputs,
        .cell = room + e->inputs + e->size,
        .gates = room + e->inputs + 2 * e->size,
        .inputs = e->inputs,
        .size = e->size,
        .clip = job->clip,
        .flag = job->flag,
    };
    int64_t i;
    read_state(job, R_HIDDEN, d, b, step.hidden);
    read_state(job, R_CELL, d, b, step.cell);
    for (i = 0; i < length; i++) {
        const int64_t t = backward ? length - 1 - i : i;
        const int64_t row = e->batch_first ? b * e->steps + t : t * e->batch + b;
        read_doubles(job->in[R_X], row * e->inputs, e->inputs, room);
        job->kind->step(&step);
        write_doubles(job->out[R_Y], recurrent_at_step(e, t, d, b), e->size, step.hidden);
    }
    write_doubles(job->out[R_Y_HIDDEN], recurrent_at_state(e, d, b), e->size, step.hidden);
    write_doubles(job->out[R_Y_CELL], recurrent_at_state(e, d, b), e->size, step.cell);
    memset(step.hidden, 0, (size_t)e->size * sizeof *step.hidden);
    for (i = length; i < e->steps; i++) /* past the end of a short sequence */
        write_doubles(job->out[R_Y], recurrent_at_step(e, i, d, b), e->size, step.hidden);
}

static void walk_sequences(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct job *job = argument;
    int64_t i;
    for (i = begin; i < end; i++) {
        const int64_t b = i % job->extent.batch, d = i / job->extent.batch;
        const int64_t length =
            job->in[R_LENGTHS] ? op_int_at(job->in[R_LENGTHS], b) : job->extent.steps;
        walk(job, d, b, length, job->rooms + thread * job->room_size);
    }
}

/* ---- Shapes
 * -----------------------------------------------------------------------------*/

static imgcls_status read_direction(const struct imgcls_host *host,
                                    const struct imgcls_node *node, int64_t *count,
                                    bool *backward)
{
    const char *text = host->attr_string(host, node, "direction", "forward");
    *count = strcmp(text, "bidirectional") == 0 ? 2 : 1;
    *backward = strcmp(text, "reverse") == 0;
    if (*count == 2 || *backward || strcmp(text, "forward") == 0)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "direction '%s' is not forward, reverse or bidirectional", text);
}

/* What is known of the dims of input i, which must be these where both are. */
static imgcls_status expect(const struct imgcls_host *host, const struct imgcls_node *node,
                            size_t i, const char *name, int32_t rank, const int64_t *found,
                            int32_t want_rank, const int64_t *want)
{
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    bool fits = rank == want_rank;
    int32_t k;
    (void)i;
    if (rank < 0)
        return IMGCLS_OK;
    for (k = 0; fits && k < rank; k++)
        fits = found[k] < 0 || want[k] < 0 || found[k] == want[k];
    if (fits)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s is %s where %s is needed", name,
                   op_shape_text(rank, found, a, sizeof a),
                   op_shape_text(want_rank, want, b, sizeof b));
}

struct form {
    bool present;
    int32_t rank;
    const int64_t *dims;
};

static int64_t dim_of(const struct form *form, int32_t i)
{
    return form->present && form->rank == 3 ? form->dims[i] : -1;
}

static int64_t times(int64_t factor, int64_t dim)
{
    return dim < 0 || dim > INT64_MAX / 16 ? -1 : factor * dim;
}

static imgcls_status read_extent(const struct imgcls_host *host,
                                 const struct imgcls_node *node,
                                 const struct recurrent_kind *kind,
                                 const struct form *forms, struct recurrent_extent *e)
{
    static const char *const names[R_INPUTS] = {
        "X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"};
    const int64_t asked = host->attr_int(host, node, "hidden_size", 0);
    const int64_t layout = host->attr_int(host, node, "layout", 0);
    imgcls_status status;
    size_t i;
    memset(e, 0, sizeof *e);
    e->batch_first = layout == 1;
    if (layout != 0 && layout != 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "layout %lld is not 0 or 1",
                       (long long)layout);
    status = read_direction(host, node, &e->directions, &e->reverse);
    if (status != IMGCLS_OK)
        return status;
    e->steps = dim_of(&forms[R_X], e->batch_first);
    e->batch = dim_of(&forms[R_X], !e->batch_first);
    e->inputs = dim_of(&forms[R_X], 2);
    e->size = asked > 0 ? asked : dim_of(&forms[R_R], 2);
    const int64_t rows = times(kind->gates, e->size), d = e->directions;
    const int64_t first = e->batch_first ? e->batch : d,
                  second = e->batch_first ? d : e->batch;
    const int64_t want[R_INPUTS][3] = {
        {-1, -1, -1},
        {d, rows, e->inputs},
        {d, rows, e->size},
        {d, times(2, rows)},
        {e->batch},
        {first, second, e->size},
        {first, second, e->size},
        {d, times(3, e->size)},
    };
    static const int32_t ranks[R_INPUTS] = {3, 3, 3, 2, 1, 3, 3, 2};
    for (i = 0; i < R_INPUTS && status == IMGCLS_OK; i++)
        if (forms[i].present)
            status = expect(host, node, i, names[i], forms[i].rank, forms[i].dims, ranks[i],
                            want[i]);
    return status;
}

static int32_t output_shape(const struct recurrent_extent *e, int index, int64_t *dims)
{
    if (index != R_Y) {
        dims[0] = e->batch_first ? e->batch : e->directions;
        dims[1] = e->batch_first ? e->directions : e->batch;
        dims[2] = e->size;
        return 3;
    }
    dims[0] = e->batch_first ? e->batch : e->steps;
    dims[1] = e->batch_first ? e->steps : e->directions;
    dims[2] = e->batch_first ? e->directions : e->batch;
    dims[3] = e->size;
    return 4;
}

imgcls_status recurrent_extent_of(const struct imgcls_host *host,
                                  const struct imgcls_node *node,
                                  const struct recurrent_kind *kind,
                                  struct recurrent_extent *extent)
{
    struct form forms[R_INPUTS];
    int i;
    for (i = 0; i < R_INPUTS; i++) {
        const struct imgcls_value_info *info = op_in(node, (size_t)i);
        forms[i].present = info != NULL;
        forms[i].rank = info ? info->rank : -1;
        forms[i].dims = info ? info->dims : NULL;
        if (i <= R_R && !info)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "X, W and R are needed");
    }
    return read_extent(host, node, kind, forms, extent);
}

imgcls_status recurrent_infer(const struct imgcls_host *host, struct imgcls_infer *infer,
                              const struct recurrent_kind *kind)
{
    const struct imgcls_node *node = infer->node;
    struct recurrent_extent extent;
    int64_t dims[IMGCLS_MAX_RANK];
    imgcls_status status = recurrent_extent_of(host, node, kind, &extent);
    int i;
    for (i = 0; i < R_OUTPUTS && status == IMGCLS_OK; i++)
        if (op_has_output(node, (size_t)i)) {
            const int32_t rank = output_shape(&extent, i, dims);
            status =
                op_infer_shape(host, infer, (size_t)i, node->inputs[R_X]->type, rank, dims);
        }
    return status;
}

/* ---- Running
 * ----------------------------------------------------------------------------*/

static imgcls_status check_lengths(const struct imgcls_host *host,
                                   const struct imgcls_node *node, const struct job *job)
{
    int64_t b;
    for (b = 0; job->in[R_LENGTHS] && b < job->extent.batch; b++) {
        const int64_t length = op_int_at(job->in[R_LENGTHS], b);
        if (length < 0 || length > job->extent.steps)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "sequence length %lld is outside 0..%lld", (long long)length,
                           (long long)job->extent.steps);
    }
    return IMGCLS_OK;
}

static imgcls_status set_up(const struct imgcls_host *host, const struct imgcls_run *run,
                            const struct recurrent_kind *kind, struct job *job)
{
    struct form forms[R_INPUTS];
    int64_t dims[IMGCLS_MAX_RANK];
    imgcls_status status;
    int i;
    for (i = 0; i < R_INPUTS; i++) {
        const struct imgcls_tensor *tensor = imgcls_input(run, (size_t)i);
        job->in[i] = tensor;
        forms[i].present = tensor != NULL;
        forms[i].rank = tensor ? tensor->rank : -1;
        forms[i].dims = tensor ? tensor->dims : NULL;
    }
    job->kind = kind;
    job->clip = (double)host->attr_float(host, run->node, "clip", 0);
    job->flag = kind->flag && host->attr_int(host, run->node, kind->flag, 0) != 0;
    status = read_extent(host, run->node, kind, forms, &job->extent);
    if (status == IMGCLS_OK)
        status = activation_read(host, run->node, kind->defaults, kind->activations,
                                 kind->activations * (size_t)job->extent.directions,
                                 job->activations);
    if (status == IMGCLS_OK)
        status = check_lengths(host, run->node, job);
    for (i = 0; i < R_OUTPUTS && status == IMGCLS_OK; i++) {
        const int32_t rank = output_shape(&job->extent, i, dims);
        status = op_set_output(host, run, (size_t)i, job->in[R_X]->type, rank, dims);
        job->out[i] = imgcls_output(run, (size_t)i);
    }
    return status;
}

/* Weights as double, in one block that begins at job->w. NULL inputs stay zero. */
static imgcls_status convert(const struct imgcls_host *host, const struct imgcls_run *run,
                             struct job *job)
{
    const struct recurrent_extent *e = &job->extent;
    const int64_t w = op_count(job->in[R_W]), r = op_count(job->in[R_R]);
    const int64_t b = e->directions * 2 * job->kind->gates * e->size;
    const int64_t p = e->directions * 3 * e->size;
    job->room_size = e->inputs + 2 * e->size + 2 * job->kind->gates * e->size;
    job->w = host->alloc(host, (size_t)(w + r + b + p + run->threads * job->room_size),
                         sizeof *job->w);
    if (!job->w)
        return IMGCLS_NO_MEMORY;
    job->r = job->w + w;
    job->b = job->r + r;
    job->p = job->b + b;
    job->rooms = job->p + p;
    read_doubles(job->in[R_W], 0, w, job->w);
    read_doubles(job->in[R_R], 0, r, job->r);
    if (job->in[R_B])
        read_doubles(job->in[R_B], 0, b, job->b);
    if (job->in[R_PEEPHOLES])
        read_doubles(job->in[R_PEEPHOLES], 0, p, job->p);
    return IMGCLS_OK;
}

imgcls_status recurrent_run(const struct imgcls_host *host, const struct imgcls_run *run,
                            const struct recurrent_kind *kind)
{
    struct job job = {.kind = kind};
    imgcls_status status = set_up(host, run, kind, &job);
    if (status != IMGCLS_OK || job.extent.batch == 0 || job.extent.size == 0)
        return status;
    status = convert(host, run, &job);
    if (status != IMGCLS_OK)
        return status;
    host->parallel_for(host, run, job.extent.batch * job.extent.directions, 1,
                       walk_sequences, &job);
    host->release(host, job.w);
    return IMGCLS_OK;
}

int32_t recurrent_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    size_t i;
    (void)host;
    for (i = 0; i < R_INPUTS; i++) {
        const struct imgcls_value_info *info = op_in(node, i);
        if (i == R_LENGTHS
                ? info && !op_type_in(info->type, OP_INDEXES)
                : (i <= R_R && !info) || (info && (info->type != node->inputs[R_X]->type ||
                                                   !op_type_in(info->type, OP_FLOATS))))
            return 0;
    }
    return op_is_plain(node);
}

imgcls_status recurrent_upgrade(const struct imgcls_host *host, struct imgcls_graph *graph,
                                struct imgcls_node *node)
{
    (void)graph;
    return node->version < 7 ? host->node_remove_attr(host, node, "output_sequence")
                             : IMGCLS_OK;
}
