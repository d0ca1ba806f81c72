/*
 * plugins/ops/reduce/einsum.c - Einsum: products of operands summed over shared subscripts
 *
 * Every subscript (52 letters, and one for each dimension under an ellipsis) has a size,
 * and in every operand a stride (0 where it does not occur; the sum of strides where it
 * occurs twice, which walks the diagonal). An output is the sum, over all subscripts that
 * the output does not have, of the product of the operands. Sums are in double (integers in
 * uint64_t), subscripts in the order in which the equation names them first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/ops/number.h"
#include "plugins/ops/op.h"
#include "reduce.h"

#define LETTERS  52
#define LABELS   (LETTERS + IMGCLS_MAX_RANK) /* the ellipsis's last dimension is the last */
#define OPERANDS 16
#define TYPES    (OP_NUMBERS | OP_BIT(IMGCLS_F16) | OP_BIT(IMGCLS_BF16))

struct einsum {
    size_t operands;
    int64_t dims[LABELS]; /* size of each subscript; 1 where only broadcast */
    bool used[LABELS];
    int32_t uses[LABELS];              /* in operands */
    int64_t strides[OPERANDS][LABELS]; /* in elements */
    int32_t order[LABELS], labels;     /* as first named */
    int32_t ellipsis;                  /* dimensions under the longest ellipsis */
    int32_t rank, out[IMGCLS_MAX_RANK];
    int32_t sum_count, sum[LABELS];
    /* run only */
    const struct imgcls_tensor *in[OPERANDS];
    struct imgcls_tensor *result;
};

static int32_t letter(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    return c >= 'a' && c <= 'z' ? 26 + c - 'a' : -1;
}

/* One operand's subscripts from *text to the next comma, arrow or end. */
static imgcls_status parse_operand(const struct imgcls_host *host,
                                   const struct imgcls_node *node, const char **text,
                                   size_t operand, int32_t rank, const int64_t *dims,
                                   struct einsum *e)
{
    int32_t letters = 0, d = 0, under, label, i;
    int64_t strides[IMGCLS_MAX_RANK], stride = 1;
    bool has_ellipsis = false;
    const char *at;
    for (i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= dims[i] > 0 ? dims[i] : 1;
    }
    for (at = *text; *at && *at != ',' && *at != '-'; at++)
        letters += letter(*at) >= 0;
    under = rank - letters;
    for (at = *text; *at && *at != ',' && *at != '-'; at++) {
        int32_t count = 1;
        if (*at == ' ')
            continue;
        label = letter(*at);
        if (label < 0) {
            if (strncmp(at, "...", 3) != 0 || has_ellipsis || under < 0)
                return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                               "equation cannot be read from '%.20s'", at);
            at += 2;
            has_ellipsis = true;
            label = LABELS - under;
            count = under;
            e->ellipsis = under > e->ellipsis ? under : e->ellipsis;
        }
        for (i = 0; i < count; i++, label++, d++) {
            if (d >= rank)
                return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                               "operand %zu has %d dimensions, fewer than its subscripts",
                               operand, rank);
            if (!e->used[label]) {
                e->used[label] = true;
                e->order[e->labels++] = label;
                e->dims[label] = 1;
            }
            e->uses[label]++;
            if (dims[d] != 1 && e->dims[label] != 1 &&
                !op_merge_dim(e->dims[label], dims[d], &e->dims[label]))
                return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                               "dimension %d of operand %zu is %lld where another has %lld",
                               d, operand, (long long)dims[d], (long long)e->dims[label]);
            if (e->dims[label] == 1)
                e->dims[label] = dims[d];
            if (dims[d] != 1)
                e->strides[operand][label] += strides[d];
        }
    }
    *text = at;
    if (d != rank)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "operand %zu has %d dimensions and %d subscripts", operand, rank, d);
    return IMGCLS_OK;
}

static imgcls_status add_output(const struct imgcls_host *host,
                                const struct imgcls_node *node, struct einsum *e,
                                int32_t label)
{
    if (e->rank == IMGCLS_MAX_RANK)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED, "output has more than %d dimensions",
                       IMGCLS_MAX_RANK);
    if (!e->used[label])
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "the output has a subscript that no operand has");
    e->out[e->rank++] = label;
    return IMGCLS_OK;
}

/* What stands behind the arrow, or without one: ellipsis, then letters used once, sorted.
 */
static imgcls_status parse_output(const struct imgcls_host *host,
                                  const struct imgcls_node *node, const char *text,
                                  struct einsum *e)
{
    const bool explicit = *text == '-';
    const char *at = explicit ? text + 2 : text;
    imgcls_status status = IMGCLS_OK;
    int32_t label, i, k;
    if (explicit && text[1] != '>')
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "equation cannot be read from '%.20s'",
                       text);
    for (; explicit && status == IMGCLS_OK && *at; at++) {
        if (*at == ' ')
            continue;
        label = letter(*at);
        if (label >= 0) {
            status = add_output(host, node, e, label);
            continue;
        }
        if (strncmp(at, "...", 3) != 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "equation cannot be read from '%.20s'", at);
        at += 2;
        for (i = LABELS - e->ellipsis; status == IMGCLS_OK && i < LABELS; i++)
            status = add_output(host, node, e, i);
    }
    for (i = LABELS - e->ellipsis; !explicit && status == IMGCLS_OK && i < LABELS; i++)
        status = add_output(host, node, e, i);
    for (i = 0; !explicit && status == IMGCLS_OK && i < LETTERS; i++)
        if (e->uses[i] == 1)
            status = add_output(host, node, e, i);
    for (i = 0; i < e->labels; i++) {
        for (k = 0; k < e->rank && e->out[k] != e->order[i]; k++)
            ;
        if (k == e->rank)
            e->sum[e->sum_count++] = e->order[i];
    }
    return status;
}

/* dims[i] are operand i's; ranks are known. */
static imgcls_status parse(const struct imgcls_host *host, const struct imgcls_node *node,
                           const int32_t *ranks, const int64_t *const *dims,
                           struct einsum *e)
{
    const char *text = host->attr_string(host, node, "equation", "");
    size_t i;
    memset(e, 0, sizeof *e);
    e->operands = node->input_count;
    for (i = 0; i < e->operands; i++) {
        imgcls_status status;
        if (i > 0 && *text++ != ',')
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "equation has fewer operands than the %zu inputs", e->operands);
        status = parse_operand(host, node, &text, i, ranks[i], dims[i], e);
        if (status != IMGCLS_OK)
            return status;
    }
    if (*text == ',')
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "equation has more operands than the %zu inputs", e->operands);
    return parse_output(host, node, text, e);
}

static imgcls_status einsum_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const int64_t *dims[OPERANDS];
    int64_t out[IMGCLS_MAX_RANK];
    int32_t ranks[OPERANDS], k;
    struct einsum e;
    size_t i;
    imgcls_status status;
    if (node->input_count == 0 || node->input_count > OPERANDS)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                       "%zu operands; 1 to %d are supported", node->input_count, OPERANDS);
    for (i = 0; i < node->input_count; i++) {
        if (!node->inputs[i])
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input %zu is missing", i);
        if (node->inputs[i]->rank < 0)
            return op_infer_open(host, infer, 0, node->inputs[0]->type, -1);
        ranks[i] = node->inputs[i]->rank;
        dims[i] = node->inputs[i]->dims;
    }
    status = parse(host, node, ranks, dims, &e);
    for (k = 0; status == IMGCLS_OK && k < e.rank; k++)
        out[k] = e.dims[e.out[k]];
    return status == IMGCLS_OK
               ? op_infer_shape(host, infer, 0, node->inputs[0]->type, e.rank, out)
               : status;
}

/* Sum over the innermost summed subscript, `n` steps, of the product at offsets. */
static double dot_reals(const struct einsum *e, const int64_t *offsets, int32_t label,
                        int64_t n)
{
    double sum = 0;
    int64_t i;
    size_t k;
    if (e->operands == 2 && e->in[0]->type == IMGCLS_F32) {
        const float *a = (const float *)e->in[0]->data + offsets[0];
        const float *b = (const float *)e->in[1]->data + offsets[1];
        const int64_t sa = label < 0 ? 0 : e->strides[0][label];
        const int64_t sb = label < 0 ? 0 : e->strides[1][label];
        for (i = 0; i < n; i++)
            sum += (double)a[i * sa] * b[i * sb];
        return sum;
    }
    for (i = 0; i < n; i++) {
        double product = 1, x;
        for (k = 0; k < e->operands; k++) {
            const int64_t step = label < 0 ? 0 : e->strides[k][label];
            number_read_reals(e->in[k]->type, e->in[k]->data, offsets[k] + i * step, 1, &x);
            product *= x;
        }
        sum += product;
    }
    return sum;
}

static uint64_t dot_wholes(const struct einsum *e, const int64_t *offsets, int32_t label,
                           int64_t n)
{
    uint64_t sum = 0;
    int64_t i;
    size_t k;
    for (i = 0; i < n; i++) {
        uint64_t product = 1;
        for (k = 0; k < e->operands; k++) {
            const int64_t step = label < 0 ? 0 : e->strides[k][label];
            int64_t x;
            number_read_wholes(e->in[k]->type, e->in[k]->data, offsets[k] + i * step, 1,
                               &x);
            product *= (uint64_t)x;
        }
        sum += product;
    }
    return sum;
}

static void einsum_outputs(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct einsum *e = argument;
    const bool real = number_is_real(e->in[0]->type);
    const int32_t inner = e->sum_count > 0 ? e->sum[e->sum_count - 1] : -1;
    const int64_t n = inner < 0 ? 1 : e->dims[inner];
    int64_t rows = 1, i, row;
    int32_t d;
    size_t k;
    (void)thread;
    for (d = 0; d < e->sum_count - 1; d++)
        rows *= e->dims[e->sum[d]];
    for (i = begin; i < end; i++) {
        int64_t base[OPERANDS] = {0}, offsets[OPERANDS], left = i, whole;
        double sum = 0;
        uint64_t bits = 0;
        for (d = e->rank - 1; d >= 0; d--) {
            const int32_t label = e->out[d];
            for (k = 0; k < e->operands; k++)
                base[k] += left % e->dims[label] * e->strides[k][label];
            left /= e->dims[label];
        }
        for (row = 0; row < rows; row++) {
            memcpy(offsets, base, sizeof offsets);
            left = row;
            for (d = e->sum_count - 2; d >= 0; d--) {
                const int32_t label = e->sum[d];
                for (k = 0; k < e->operands; k++)
                    offsets[k] += left % e->dims[label] * e->strides[k][label];
                left /= e->dims[label];
            }
            if (real)
                sum += dot_reals(e, offsets, inner, n);
            else
                bits += dot_wholes(e, offsets, inner, n);
        }
        whole = (int64_t)bits;
        if (real)
            number_write_reals(e->result->type, e->result->data, i, 1, &sum, 0);
        else
            number_write_wholes(e->result->type, e->result->data, i, 1, &whole, false, 0);
    }
}

static imgcls_status einsum_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const int64_t *dims[OPERANDS];
    int64_t out[IMGCLS_MAX_RANK];
    int32_t ranks[OPERANDS], k;
    struct einsum e;
    size_t i;
    imgcls_status status;
    for (i = 0; i < run->input_count; i++) {
        ranks[i] = imgcls_input(run, i)->rank;
        dims[i] = imgcls_input(run, i)->dims;
    }
    status = parse(host, run->node, ranks, dims, &e);
    for (k = 0; status == IMGCLS_OK && k < e.rank; k++)
        out[k] = e.dims[e.out[k]];
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, imgcls_input(run, 0)->type, e.rank, out);
    if (status != IMGCLS_OK)
        return status;
    for (i = 0; i < run->input_count; i++)
        e.in[i] = imgcls_input(run, i);
    e.result = imgcls_output(run, 0);
    if (op_count(e.result) > 0)
        host->parallel_for(host, run, op_count(e.result), 64, einsum_outputs, &e);
    return IMGCLS_OK;
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    size_t i;
    (void)host;
    if (node->input_count == 0 || node->input_count > OPERANDS)
        return 0;
    for (i = 0; i < node->input_count; i++)
        if (!op_takes(node, i, TYPES) || node->inputs[i]->type != node->inputs[0]->type)
            return 0;
    return op_is_plain(node);
}

static const struct imgcls_kernel einsum_kernel =
    OP_KERNEL("einsum_portable", accepts, einsum_portable);
const struct imgcls_op einsum_op =
    OP_ENTRY("Einsum", 12, 0, einsum_infer, NULL, &einsum_kernel);
