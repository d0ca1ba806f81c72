/*
 * plugins/ops/elementwise/broadcast.c - see broadcast.h
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "broadcast.h"

#define OPERANDS (BROADCAST_INPUTS + 1) /* the output is operand 0 */
#define REPEATED 4096                   /* bytes of a row that is written out again and again */

struct walk {
    int32_t rank; /* >= 1; the last dimension is the row */
    int64_t dims[IMGCLS_MAX_RANK];
    int64_t strides[OPERANDS][IMGCLS_MAX_RANK]; /* in elements */
    size_t sizes[OPERANDS];                     /* of one element, in bytes */
    size_t operands;
    char *out;
    const char *in[BROADCAST_INPUTS];
    void (*row)(const struct broadcast_row *row);
    const void *parameter;
    int64_t period, repeats; /* see repeat_rows; 0: no operand repeats */
    bool is_repeated[OPERANDS];
};

static void add_dim(struct walk *walk, int64_t dim, const int64_t *strides)
{
    size_t k;
    walk->dims[walk->rank] = dim;
    for (k = 0; k < walk->operands; k++)
        walk->strides[k][walk->rank] = strides[k];
    walk->rank++;
}

/* Puts the dimension that moves the output furthest first: insertion sort, ranks are small.
 */
static void sort_dims(struct walk *walk)
{
    int32_t i, j;
    size_t k;
    for (i = 1; i < walk->rank; i++) {
        for (j = i; j > 0 && walk->strides[0][j - 1] < walk->strides[0][j]; j--) {
            int64_t held = walk->dims[j];
            walk->dims[j] = walk->dims[j - 1];
            walk->dims[j - 1] = held;
            for (k = 0; k < walk->operands; k++) {
                held = walk->strides[k][j];
                walk->strides[k][j] = walk->strides[k][j - 1];
                walk->strides[k][j - 1] = held;
            }
        }
    }
}

/* Joins neighbours that every operand steps through evenly. */
static void join_dims(struct walk *walk)
{
    int32_t from, to = 0;
    size_t k;
    for (from = 1; from < walk->rank; from++) {
        bool even = true;
        for (k = 0; k < walk->operands; k++)
            even =
                even && walk->strides[k][to] == walk->strides[k][from] * walk->dims[from];
        if (even) {
            walk->dims[to] *= walk->dims[from];
        } else {
            to++;
            walk->dims[to] = walk->dims[from];
        }
        for (k = 0; k < walk->operands; k++)
            walk->strides[k][to] = walk->strides[k][from];
    }
    walk->rank = to + 1;
}

static void plan(struct walk *walk, struct imgcls_tensor *out, size_t count,
                 const struct imgcls_tensor *const *in)
{
    static const int64_t zero[OPERANDS];
    int64_t strides[OPERANDS];
    int32_t i;
    size_t k;
    walk->rank = 0;
    walk->operands = count + 1;
    walk->out = out->data;
    walk->sizes[0] = op_element_size(out->type);
    for (k = 0; k < count; k++) {
        walk->in[k] = in[k]->data;
        walk->sizes[k + 1] = op_element_size(in[k]->type);
    }
    for (i = 0; i < out->rank; i++) {
        if (out->dims[i] == 1)
            continue;
        strides[0] = out->strides[i];
        for (k = 0; k < count; k++) {
            const int32_t j = i - out->rank + in[k]->rank;
            strides[k + 1] = j < 0 || in[k]->dims[j] == 1 ? 0 : in[k]->strides[j];
        }
        add_dim(walk, out->dims[i], strides);
    }
    if (walk->rank == 0)
        add_dim(walk, 1, zero);
    sort_dims(walk);
    join_dims(walk);
}

/* Where rows are short because an operand begins again with each, as the factors of an image's channels
 * do, the last two dimensions become one: its operand is written out `repeats` times, so that a call
 * of the row's function does many rows. */
static void repeat_rows(struct walk *walk)
{
    const int32_t last = walk->rank - 1;
    bool is_repeated[OPERANDS];
    size_t k, widest = 1;

    if (last < 1)
        return;
    for (k = 0; k < walk->operands; k++) {
        const int64_t *strides = walk->strides[k];
        is_repeated[k] = strides[last] == 1 && strides[last - 1] == 0;
        if (!is_repeated[k] && strides[last - 1] != strides[last] * walk->dims[last])
            return;
        widest = walk->sizes[k] > widest ? walk->sizes[k] : widest;
    }
    walk->repeats = REPEATED / (int64_t)widest / walk->dims[last];
    if (walk->repeats < 2 || walk->dims[last - 1] < 2 * walk->repeats) /* else nothing is gained */
        return;
    memcpy(walk->is_repeated, is_repeated, sizeof is_repeated);
    walk->period = walk->dims[last];
    walk->dims[last - 1] *= walk->period;
    for (k = 0; k < walk->operands; k++)
        walk->strides[k][last - 1] = walk->strides[k][last];
    walk->rank--;
}

/* The rows that repeat, for the place where the others are. */
static void write_out(const struct walk *walk, const int64_t *offset, char (*rows)[REPEATED])
{
    size_t k, bytes;
    int64_t r;

    for (k = 1; k < walk->operands; k++) {
        bytes = (size_t)walk->period * walk->sizes[k];
        for (r = 0; walk->is_repeated[k] && r < walk->repeats; r++)
            memcpy(rows[k - 1] + (size_t)r * bytes,
                   walk->in[k - 1] + offset[k] * (int64_t)walk->sizes[k], bytes);
    }
}

/* Elements [begin, end) in the output's memory order. */
static void walk_range(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct walk *walk = argument;
    const int32_t last = walk->rank - 1;
    const int64_t width = walk->dims[last];
    int64_t index[IMGCLS_MAX_RANK], offset[OPERANDS] = {0};
    int64_t at = begin % width, rest = begin / width;
    struct broadcast_row row = {.parameter = walk->parameter};
    char rows[BROADCAST_INPUTS][REPEATED];
    int32_t i;
    size_t k;
    (void)thread;
    for (i = last - 1; i >= 0; i--) {
        index[i] = rest % walk->dims[i];
        rest /= walk->dims[i];
        for (k = 0; k < walk->operands; k++)
            offset[k] += index[i] * walk->strides[k][i];
    }
    for (k = 1; k < walk->operands; k++)
        row.step[k - 1] = walk->strides[k][last];
    if (walk->period)
        write_out(walk, offset, rows);
    while (begin < end) {
        row.count = width - at < end - begin ? width - at : end - begin;
        if (walk->period && row.count > walk->period * walk->repeats - at % walk->period)
            row.count = walk->period * walk->repeats - at % walk->period;
        row.out =
            walk->out + (offset[0] + at * walk->strides[0][last]) * (int64_t)walk->sizes[0];
        for (k = 1; k < walk->operands; k++)
            row.in[k - 1] = walk->is_repeated[k]
                                ? rows[k - 1] + at % walk->period * (int64_t)walk->sizes[k]
                                : walk->in[k - 1] + (offset[k] + at * walk->strides[k][last]) *
                                                        (int64_t)walk->sizes[k];
        walk->row(&row);
        begin += row.count;
        at += row.count;
        if (at < width)
            continue;
        at = 0;
        for (i = last - 1; i >= 0; i--) { /* the next row, like an odometer */
            const bool carry = ++index[i] == walk->dims[i];
            const int64_t steps = carry ? 1 - walk->dims[i] : 1;
            for (k = 0; k < walk->operands; k++)
                offset[k] += steps * walk->strides[k][i];
            if (!carry)
                break;
            index[i] = 0;
        }
        if (walk->period)
            write_out(walk, offset, rows);
    }
}

void broadcast_walk(const struct imgcls_host *host, const struct imgcls_run *run,
                    struct imgcls_tensor *out, size_t count,
                    const struct imgcls_tensor *const *in, int64_t grain,
                    void (*row)(const struct broadcast_row *row), const void *parameter)
{
    struct walk walk = {.row = row, .parameter = parameter};
    const int64_t total = op_count(out);
    if (total <= 0)
        return;
    plan(&walk, out, count, in);
    repeat_rows(&walk);
    host->parallel_for(host, run, total, grain, walk_range, &walk);
}

imgcls_status broadcast_output(const struct imgcls_host *host, const struct imgcls_run *run,
                               int32_t type)
{
    int64_t dims[IMGCLS_MAX_RANK] = {0};
    int32_t rank = 0;
    size_t i;
    if (imgcls_output(run, 0))
        return IMGCLS_OK;
    for (i = 0; i < run->input_count; i++) {
        const struct imgcls_tensor *in = imgcls_input(run, i);
        int64_t joint[IMGCLS_MAX_RANK];
        imgcls_status status;
        if (!in)
            continue;
        status =
            host->broadcast(host, run->node, rank, dims, in->rank, in->dims, &rank, joint);
        if (status != IMGCLS_OK)
            return status;
        memcpy(dims, joint, sizeof dims);
    }
    return host->run_output(host, run, 0, type, rank, dims);
}

imgcls_status broadcast_run(const struct imgcls_host *host, const struct imgcls_run *run,
                            int32_t type, int64_t grain,
                            void (*row)(const struct broadcast_row *row),
                            const void *parameter)
{
    const struct imgcls_tensor *in[BROADCAST_INPUTS];
    imgcls_status status;
    size_t i;
    if (!row || run->input_count > BROADCAST_INPUTS)
        return OP_FAIL(host, run->node, IMGCLS_INTERNAL, "no loop for these inputs");
    status = broadcast_output(host, run, type);
    if (status != IMGCLS_OK)
        return status;
    for (i = 0; i < run->input_count; i++)
        in[i] = imgcls_input(run, i);
    broadcast_walk(host, run, imgcls_output(run, 0), run->input_count, in, grain, row,
                   parameter);
    return IMGCLS_OK;
}

imgcls_status broadcast_infer(const struct imgcls_host *host, struct imgcls_infer *infer,
                              size_t first, int32_t type)
{
    const struct imgcls_node *node = infer->node;
    int64_t dims[IMGCLS_MAX_RANK] = {0};
    int32_t rank = 0;
    size_t i;
    for (i = first; i < node->input_count; i++) {
        const struct imgcls_value_info *in = node->inputs[i];
        int64_t joint[IMGCLS_MAX_RANK];
        imgcls_status status;
        if (!in)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input %zu is missing", i);
        if (in->rank < 0)
            return host->infer_output(host, infer, 0, type, -1, NULL);
        status = host->broadcast(host, node, rank, dims, in->rank, in->dims, &rank, joint);
        if (status != IMGCLS_OK)
            return status;
        memcpy(dims, joint, sizeof dims);
    }
    if (i == first)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "there is no input");
    return host->infer_output(host, infer, 0, type, rank, dims);
}

/* The one type of all inputs, UNDEFINED where no input's is known. */
static imgcls_status joint_type(const struct imgcls_host *host,
                                const struct imgcls_node *node, int32_t *type)
{
    size_t i;
    *type = IMGCLS_UNDEFINED;
    for (i = 0; i < node->input_count; i++) {
        const int32_t found = node->inputs[i] ? node->inputs[i]->type : IMGCLS_UNDEFINED;
        if (found == IMGCLS_UNDEFINED)
            continue;
        if (*type != IMGCLS_UNDEFINED && *type != found)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "input %zu has element type %d where another has %d", i, found,
                           *type);
        *type = found;
    }
    return IMGCLS_OK;
}

imgcls_status broadcast_infer_same(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    int32_t type;
    imgcls_status status = joint_type(host, infer->node, &type);
    return status == IMGCLS_OK ? broadcast_infer(host, infer, 0, type) : status;
}

imgcls_status broadcast_infer_bool(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    int32_t type;
    imgcls_status status = joint_type(host, infer->node, &type);
    return status == IMGCLS_OK ? broadcast_infer(host, infer, 0, IMGCLS_BOOL) : status;
}

bool broadcast_takes(const struct imgcls_node *node, uint64_t types)
{
    size_t i;
    if (node->input_count == 0)
        return false;
    for (i = 0; i < node->input_count; i++)
        if (!op_takes(node, i, types) || node->inputs[i]->type != node->inputs[0]->type)
            return false;
    return true;
}
