/*
 * plugins/ops/quantised/matmul.c - MatMulInteger, QLinearMatMul
 *
 * Shapes as numpy.matmul has them. Zero points and scales are one for all, one for each row
 * of A (column of B), or one for each row (column) of each of the operand's matrices.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/ops/element.h"
#include "product8.h"
#include "quantised.h"

#define FLOAT8                                                                             \
    (OP_BIT(IMGCLS_F8E4M3FN) | OP_BIT(IMGCLS_F8E4M3FNUZ) | OP_BIT(IMGCLS_F8E5M2) |         \
     OP_BIT(IMGCLS_F8E5M2FNUZ))

/* What shapes say; dims negative where not known. */
struct shapes {
    int64_t m, n, k;
    int32_t batch_rank, rank; /* of the output: batches, then those of m and n that are */
    int64_t dims[IMGCLS_MAX_RANK];
};

static imgcls_status shapes_of(const struct imgcls_host *host,
                               const struct imgcls_node *node, int32_t a_rank,
                               const int64_t *a, int32_t b_rank, const int64_t *b,
                               struct shapes *out)
{
    char one[OP_SHAPE_TEXT], two[OP_SHAPE_TEXT];
    imgcls_status status;
    const int64_t *b_tail = b + (b_rank < 2 ? 0 : b_rank - 2);
    if (a_rank < 1 || b_rank < 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "operands have %d and %d dimensions, at least 1 is needed", a_rank,
                       b_rank);
    out->m = a_rank == 1 ? 1 : a[a_rank - 2];
    out->n = b_rank == 1 ? 1 : b_tail[1];
    if (!op_merge_dim(a[a_rank - 1], b_tail[0], &out->k))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s and %s cannot be multiplied",
                       op_shape_text(a_rank, a, one, sizeof one),
                       op_shape_text(b_rank, b, two, sizeof two));
    status = host->broadcast(host, node, a_rank < 2 ? 0 : a_rank - 2, a,
                             b_rank < 2 ? 0 : b_rank - 2, b, &out->batch_rank, out->dims);
    if (status != IMGCLS_OK)
        return status;
    out->rank = out->batch_rank;
    if (a_rank > 1)
        out->dims[out->rank++] = out->m;
    if (b_rank > 1)
        out->dims[out->rank++] = out->n;
    return IMGCLS_OK;
}

static imgcls_status infer_product(const struct imgcls_host *host,
                                   struct imgcls_infer *infer, size_t b_index, int32_t type)
{
    const struct imgcls_value_info *a = op_in(infer->node, 0),
                                   *b = op_in(infer->node, b_index);
    struct shapes shapes;
    imgcls_status status;
    if (!a || !b)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "two matrices are needed");
    if (a->rank < 0 || b->rank < 0)
        return op_infer_open(host, infer, 0, type, -1);
    status = shapes_of(host, infer->node, a->rank, a->dims, b->rank, b->dims, &shapes);
    return status == IMGCLS_OK
               ? op_infer_shape(host, infer, 0, type, shapes.rank, shapes.dims)
               : status;
}

static imgcls_status integer_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    return infer_product(host, infer, 1, IMGCLS_I32);
}

static imgcls_status linear_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const imgcls_status status = requantise_needs(host, infer->node);
    return status == IMGCLS_OK ? infer_product(host, infer, 3, infer->node->inputs[7]->type)
                               : status;
}

struct matmul {
    struct shapes shapes;
    const struct imgcls_tensor *a, *b, *a_zero, *b_zero;
    struct imgcls_tensor *y;
    int64_t a_step[IMGCLS_MAX_RANK], b_step[IMGCLS_MAX_RANK]; /* in matrices, a batch dim */
    struct requantise scales;
};

/* Steps along the output's batch dims; 0 where the operand is repeated. */
static void steps_of(const struct matmul *job, const struct imgcls_tensor *operand,
                     int64_t *steps)
{
    const int32_t own = operand->rank < 2 ? 0 : operand->rank - 2;
    int64_t step = 1;
    int32_t i;
    for (i = job->shapes.batch_rank - 1; i >= 0; i--) {
        const int32_t at = i - (job->shapes.batch_rank - own);
        const int64_t dim = at < 0 ? 1 : operand->dims[at];
        steps[i] = dim == 1 ? 0 : step;
        step *= dim;
    }
}

static int64_t matrix_of(const struct matmul *job, const int64_t *steps, int64_t batch)
{
    int64_t at = 0;
    int32_t i;
    for (i = job->shapes.batch_rank - 1; i >= 0; i--) {
        at += batch % job->shapes.dims[i] * steps[i];
        batch /= job->shapes.dims[i];
    }
    return at;
}

/* Where the number for row (column) i of a matrix lies. */
static int64_t vector_at(const struct imgcls_tensor *vector, int64_t matrix, int64_t i,
                         int64_t size)
{
    if (!vector || op_count(vector) == 1)
        return 0;
    return vector->rank == 1 ? i : matrix * size + i;
}

static imgcls_status check_vector(const struct imgcls_host *host,
                                  const struct imgcls_node *node,
                                  const struct imgcls_tensor *vector, int64_t matrices,
                                  int64_t size, const char *what)
{
    char text[OP_SHAPE_TEXT];
    const int64_t count = vector ? op_count(vector) : 1;
    if (count == 1 || (vector->rank == 1 && count == size) ||
        (vector->rank > 1 && size > 0 && count % size == 0 && count / size == matrices))
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s %s is neither one nor one for each %lld",
                   what, op_shape_text(vector->rank, vector->dims, text, sizeof text),
                   (long long)size);
}

static const void *rows(const struct product8 *job, int64_t batch)
{
    const struct matmul *m = job->owner;
    return (const char *)m->a->data + matrix_of(m, m->a_step, batch) * job->m * job->k;
}

static int32_t row_zero(const struct product8 *job, int64_t batch, int64_t row)
{
    const struct matmul *m = job->owner;
    return byte_at(m->a_zero,
                   vector_at(m->a_zero, matrix_of(m, m->a_step, batch), row, job->m));
}

static void fetch(const struct product8 *job, int64_t batch, int64_t k, int64_t n,
                  int64_t count, int32_t *out)
{
    const struct matmul *m = job->owner;
    const int64_t matrix = matrix_of(m, m->b_step, batch);
    const int64_t at = (matrix * job->k + k) * job->n + n;
    const int32_t zero = byte_at(m->b_zero, 0);
    int64_t j;
    if (m->b->type == IMGCLS_I8)
        for (j = 0; j < count; j++)
            out[j] = ((const int8_t *)m->b->data)[at + j] - zero;
    else
        for (j = 0; j < count; j++)
            out[j] = ((const uint8_t *)m->b->data)[at + j] - zero;
    if (m->b_zero && op_count(m->b_zero) > 1)
        for (j = 0; j < count; j++)
            out[j] +=
                zero - byte_at(m->b_zero, vector_at(m->b_zero, matrix, n + j, job->n));
}

static void finish(const struct product8 *job, int64_t batch, int64_t row, int64_t n,
                   int64_t count, const int32_t *sums)
{
    const struct matmul *m = job->owner;
    const int64_t a = vector_at(m->scales.a_scale, matrix_of(m, m->a_step, batch), row,
                                job->m),
                  matrix = matrix_of(m, m->b_step, batch);
    int64_t j;
    for (j = 0; j < count; j++) {
        const int64_t b = vector_at(m->scales.b_scale, matrix, n + j, job->n);
        requantise_set(job->y, (batch * job->m + row) * job->n + n + j, sums[j],
                       requantise_scale(&m->scales, a, b), &m->scales);
    }
}

/* Float8 operands: sums in double, in rising k. Rows begin..end over all batches. */
static void float8_rows(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct matmul *m = argument;
    const struct shapes *s = &m->shapes;
    (void)thread;
    for (; begin < end; begin++) {
        const int64_t batch = begin / s->m, row = begin % s->m;
        const int64_t a = matrix_of(m, m->a_step, batch);
        const int64_t b = matrix_of(m, m->b_step, batch);
        const double a_zero = element_real(m->a_zero, vector_at(m->a_zero, a, row, s->m));
        const int64_t a_scale = vector_at(m->scales.a_scale, a, row, s->m);
        int64_t n, k;
        for (n = 0; n < s->n; n++) {
            const double b_zero = element_real(m->b_zero, vector_at(m->b_zero, b, n, s->n));
            const int64_t b_scale = vector_at(m->scales.b_scale, b, n, s->n);
            double sum = 0;
            for (k = 0; k < s->k; k++)
                sum += (element_real(m->a, (a * s->m + row) * s->k + k) - a_zero) *
                       (element_real(m->b, (b * s->k + k) * s->n + n) - b_zero);
            element_set_real(m->y, begin * s->n + n,
                             sum * (double)requantise_scale(&m->scales, a_scale, b_scale) +
                                 element_real(m->scales.y_zero, 0));
        }
    }
}

/* Shapes, steps and the vectors' sizes; the output is set. */
static imgcls_status matmul_begin(const struct imgcls_host *host,
                                  const struct imgcls_run *run, struct matmul *m)
{
    const struct imgcls_node *node = run->node;
    struct shapes *s = &m->shapes;
    int64_t a_count, b_count;
    imgcls_status status =
        shapes_of(host, node, m->a->rank, m->a->dims, m->b->rank, m->b->dims, s);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, node->outputs[0]->type, s->rank, s->dims);
    if (status != IMGCLS_OK)
        return status;
    m->y = imgcls_output(run, 0);
    steps_of(m, m->a, m->a_step);
    steps_of(m, m->b, m->b_step);
    a_count = imgcls_count(m->a->rank < 2 ? 0 : m->a->rank - 2, m->a->dims);
    b_count = imgcls_count(m->b->rank < 2 ? 0 : m->b->rank - 2, m->b->dims);
    status = check_vector(host, node, m->a_zero, a_count, s->m, "zero point of A");
    if (status == IMGCLS_OK)
        status = check_vector(host, node, m->b_zero, b_count, s->n, "zero point of B");
    if (status == IMGCLS_OK)
        status = check_vector(host, node, m->scales.a_scale, a_count, s->m, "scale of A");
    if (status == IMGCLS_OK)
        status = check_vector(host, node, m->scales.b_scale, b_count, s->n, "scale of B");
    return status;
}

static void matmul_bytes(const struct imgcls_host *host, const struct imgcls_run *run,
                         struct matmul *m, bool narrow)
{
    struct product8 job = {
        .batches = imgcls_count(m->shapes.batch_rank, m->shapes.dims),
        .m = m->shapes.m,
        .n = m->shapes.n,
        .k = m->shapes.k,
        .a_signed = m->a->type == IMGCLS_I8,
        .owner = m,
        .y = m->y,
        .rows = rows,
        .row_zero = row_zero,
        .fetch = fetch,
        .finish = narrow ? finish : product8_wide,
    };
    product8_run(host, run, &job);
}

static imgcls_status integer_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    struct matmul m = {.a = imgcls_input(run, 0),
                       .b = imgcls_input(run, 1),
                       .a_zero = imgcls_input(run, 2),
                       .b_zero = imgcls_input(run, 3)};
    imgcls_status status = matmul_begin(host, run, &m);
    if (status == IMGCLS_OK)
        matmul_bytes(host, run, &m, false);
    return status;
}

static imgcls_status linear_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    struct matmul m = {.a = imgcls_input(run, 0),
                       .b = imgcls_input(run, 3),
                       .a_zero = imgcls_input(run, 2),
                       .b_zero = imgcls_input(run, 5),
                       .scales = {.a_scale = imgcls_input(run, 1),
                                  .b_scale = imgcls_input(run, 4),
                                  .y_scale = imgcls_input(run, 6),
                                  .y_zero = imgcls_input(run, 7)}};
    imgcls_status status = matmul_begin(host, run, &m);
    if (status == IMGCLS_OK &&
        (op_count(m.scales.y_scale) != 1 || op_count(m.scales.y_zero) != 1))
        status = OP_FAIL(host, run->node, IMGCLS_UNSUPPORTED,
                         "the output's scale and zero point have %lld and %lld numbers, "
                         "one is supported",
                         (long long)op_count(m.scales.y_scale),
                         (long long)op_count(m.scales.y_zero));
    if (status != IMGCLS_OK)
        return status;
    if (op_type_in(m.a->type, FLOAT8)) {
        if (op_count(m.y) > 0)
            host->parallel_for(host, run, op_count(m.y) / m.shapes.n, 1, float8_rows, &m);
    } else {
        matmul_bytes(host, run, &m, true);
    }
    return IMGCLS_OK;
}

static int32_t integer_accepts(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    (void)host;
    return product8_takes(node, 0, 2, PRODUCT8_TYPES) &&
           product8_takes(node, 1, 3, PRODUCT8_TYPES) && op_is_plain(node) &&
           op_has_output(node, 0);
}

static int32_t linear_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    const bool float8 = op_takes(node, 0, FLOAT8);
    const uint64_t types = float8 ? FLOAT8 : PRODUCT8_TYPES;
    (void)host;
    return op_in(node, 2) && op_in(node, 5) && product8_takes(node, 0, 2, types) &&
           product8_takes(node, 3, 5, types) && op_takes(node, 1, ELEMENT_FLOATS) &&
           op_takes(node, 4, ELEMENT_FLOATS) && op_takes(node, 6, ELEMENT_FLOATS) &&
           op_takes(node, 7, types) && op_is_plain(node) && op_has_output(node, 0);
}

static int64_t macs_of(const struct imgcls_host *host, const struct imgcls_node *node)
{
    const struct imgcls_value_info *a = op_in(node, 0), *y = node->outputs[0];
    int64_t factors[2];
    (void)host;
    if (!a || !y || a->rank < 1 || y->rank < 0)
        return -1;
    factors[0] = imgcls_count(y->rank, y->dims);
    factors[1] = a->dims[a->rank - 1];
    return imgcls_count(2, factors);
}

static const struct imgcls_kernel integer_kernel =
    OP_KERNEL("matmul_integer_portable", integer_accepts, integer_portable);
static const struct imgcls_kernel linear_kernel =
    OP_KERNEL("qlinear_matmul_portable", linear_accepts, linear_portable);

PRODUCT8_OP(matmul_integer_op, "MatMulInteger", integer_infer, macs_of, integer_kernel);
PRODUCT8_OP(qlinear_matmul_op, "QLinearMatMul", linear_infer, macs_of, linear_kernel);
