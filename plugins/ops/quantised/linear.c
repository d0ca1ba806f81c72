/*
 * plugins/ops/quantised/linear.c - QuantizeLinear, DequantizeLinear
 *
 * One scale holds for the whole tensor, for an index of an axis, or for a block of an axis;
 * elements in memory order fall into runs of one scale each. A run passes through blocks of
 * doubles, which hold every type here exactly; a quotient is rounded to the precision that
 * the node asks for before it is rounded to a whole number.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/ops/element.h"
#include "quantised.h"
#include "round.h"

#define BLOCK 256 /* elements on the stack at a time */
#define GRAIN 256 /* units of 8 elements for a thread to begin with */

#define FLOAT8                                                                             \
    (OP_BIT(IMGCLS_F8E4M3FN) | OP_BIT(IMGCLS_F8E4M3FNUZ) | OP_BIT(IMGCLS_F8E5M2) |         \
     OP_BIT(IMGCLS_F8E5M2FNUZ))
#define QUANTISED                                                                          \
    (OP_BIT(IMGCLS_U8) | OP_BIT(IMGCLS_I8) | OP_BIT(IMGCLS_U16) | OP_BIT(IMGCLS_I16) |     \
     OP_BIT(IMGCLS_U4) | OP_BIT(IMGCLS_I4) | OP_BIT(IMGCLS_U2) | OP_BIT(IMGCLS_I2) |       \
     OP_BIT(IMGCLS_F4E2M1) | OP_BIT(IMGCLS_F6E2M3) | OP_BIT(IMGCLS_F6E3M2) | FLOAT8)
#define WIDE   (ELEMENT_FLOATS | OP_BIT(IMGCLS_I32))
#define SCALES (WIDE | OP_BIT(IMGCLS_F8E8M0))

/* Where scales lie: element i has scale number
 * (i / (inner * dim) * blocks + i / inner % dim / block) * inner_scales + ... */
struct grid {
    enum { WHOLE, AXIS, BLOCKED } kind;
    int64_t inner, dim, block, blocks;
};

static imgcls_status grid_fail(const struct imgcls_host *host,
                               const struct imgcls_node *node, int32_t rank,
                               const int64_t *dims, int32_t scale_rank,
                               const int64_t *scale_dims)
{
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "scales %s do not go with input %s: one, one for each index of the "
                   "axis, or one for each block of it",
                   op_shape_text(scale_rank, scale_dims, a, sizeof a),
                   op_shape_text(rank, dims, b, sizeof b));
}

/* All dims known. */
static imgcls_status grid_of(const struct imgcls_host *host, const struct imgcls_node *node,
                             int32_t rank, const int64_t *dims, int32_t scale_rank,
                             const int64_t *scale_dims, struct grid *out)
{
    const int64_t block = host->attr_int(host, node, "block_size", 0);
    imgcls_status status;
    int32_t axis, i;
    *out = (struct grid){.kind = WHOLE};
    if (block < 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "block_size is %lld, at least 0 is needed", (long long)block);
    if (scale_rank == 0 || (scale_rank == 1 && scale_dims[0] == 1 && block == 0))
        return IMGCLS_OK;
    status = op_axis(host, node, host->attr_int(host, node, "axis", 1), rank, &axis);
    if (status != IMGCLS_OK)
        return status;
    out->inner = imgcls_count(rank - axis - 1, dims + axis + 1);
    out->dim = dims[axis];
    if (scale_rank == 1 && block == 0) {
        out->kind = AXIS;
        if (scale_dims[0] != out->dim)
            return grid_fail(host, node, rank, dims, scale_rank, scale_dims);
        return IMGCLS_OK;
    }
    out->kind = BLOCKED;
    out->block = block;
    if (block == 0 || scale_rank != rank)
        return grid_fail(host, node, rank, dims, scale_rank, scale_dims);
    out->blocks = out->dim / block + (out->dim % block != 0);
    for (i = 0; i < rank; i++)
        if (scale_dims[i] != (i == axis ? out->blocks : dims[i]))
            return grid_fail(host, node, rank, dims, scale_rank, scale_dims);
    return IMGCLS_OK;
}

/* The scale of element i, and how many elements from it on share that. */
static int64_t grid_at(const struct grid *grid, int64_t i, int64_t *run)
{
    int64_t at, within;
    if (grid->kind == WHOLE) {
        *run = INT64_MAX;
        return 0;
    }
    at = i / grid->inner % grid->dim;
    within = i % grid->inner;
    if (grid->kind == AXIS) {
        *run = grid->inner - within;
        return at;
    }
    *run = 1;
    if (grid->inner == 1) {
        *run = grid->block - at % grid->block;
        *run = *run < grid->dim - at ? *run : grid->dim - at;
    }
    return (i / grid->inner / grid->dim * grid->blocks + at / grid->block) * grid->inner +
           within;
}

struct linear {
    const struct imgcls_tensor *x, *scale, *zero; /* zero: NULL for 0 */
    struct imgcls_tensor *y;
    struct grid grid;
    int32_t precision; /* of the quotient */
    int flags;
    bool whole; /* the quantised type has integers: */
    double least, most;
};

static void read_block(const struct imgcls_tensor *x, int64_t at, int64_t count,
                       double *out)
{
    int64_t wholes[BLOCK], i;
    if (number_is_real(x->type)) {
        number_read_reals(x->type, x->data, at, count, out);
        return;
    }
    number_read_wholes(x->type, x->data, at, count, wholes);
    for (i = 0; i < count; i++)
        out[i] = (double)wholes[i];
}

/* Rounded to a floating-point type. */
static void round_block(int32_t type, double *block, int64_t count)
{
    char narrow[BLOCK * sizeof(double)];
    if (type == IMGCLS_F64)
        return;
    number_write_reals(type, narrow, 0, count, block, 0);
    number_read_reals(type, narrow, 0, count, block);
}

static void quantise_run(const struct linear *job, int64_t at, int64_t count, double scale,
                         double zero)
{
    double block[BLOCK];
    int64_t i;
    read_block(job->x, at, count, block);
    for (i = 0; i < count; i++)
        block[i] /= scale;
    round_block(job->precision, block, count);
    for (i = 0; i < count; i++)
        block[i] = job->whole ? round_into(block[i], zero, job->least, job->most)
                              : block[i] + zero;
    number_write_reals(job->y->type, job->y->data, at, count, block, job->flags);
}

static void dequantise_run(const struct linear *job, int64_t at, int64_t count,
                           double scale, double zero)
{
    double block[BLOCK];
    int64_t i;
    read_block(job->x, at, count, block);
    for (i = 0; i < count; i++)
        block[i] = (block[i] - zero) * scale;
    number_write_reals(job->y->type, job->y->data, at, count, block, 0);
}

/* Units of 8 elements, so that no two threads write into one byte of a packed type. */
#define DEFINE_UNITS(name, run_)                                                           \
    static void name(void *argument, int64_t begin, int64_t end, int32_t thread)           \
    {                                                                                      \
        const struct linear *job = argument;                                               \
        const int64_t total = op_count(job->x);                                            \
        int64_t at = begin * 8, stop = end * 8 < total ? end * 8 : total;                  \
        (void)thread;                                                                      \
        while (at < stop) {                                                                \
            int64_t count, scale = grid_at(&job->grid, at, &count);                        \
            count = count < BLOCK ? count : BLOCK;                                         \
            count = count < stop - at ? count : stop - at;                                 \
            run_(job, at, count, element_real(job->scale, scale),                          \
                 job->zero ? element_real(job->zero, scale) : 0);                          \
            at += count;                                                                   \
        }                                                                                  \
    }
DEFINE_UNITS(quantise_units, quantise_run)
DEFINE_UNITS(dequantise_units, dequantise_run)

/* What infer and run both check, and the output's type. */
static imgcls_status quantised_type(const struct imgcls_host *host,
                                    const struct imgcls_node *node, int32_t *out)
{
    const struct imgcls_value_info *zero = op_in(node, 2);
    const int64_t asked = host->attr_int(host, node, "output_dtype", 0);
    *out = zero ? zero->type : asked ? (int32_t)asked : IMGCLS_U8;
    if (asked && !op_type_in((int32_t)asked, QUANTISED))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "output_dtype is element type %lld, which is none to quantise to",
                       (long long)asked);
    if (asked && zero && zero->type != IMGCLS_UNDEFINED && zero->type != asked)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "output_dtype is element type %lld, the zero point has %d",
                       (long long)asked, zero->type);
    return IMGCLS_OK;
}

static imgcls_status restored_type(const struct imgcls_host *host,
                                   const struct imgcls_node *node, int32_t *out)
{
    const int64_t asked = host->attr_int(host, node, "output_dtype", 0);
    *out = asked ? (int32_t)asked : node->inputs[1]->type;
    if (*out == IMGCLS_UNDEFINED || op_type_in(*out, ELEMENT_FLOATS))
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "output has element type %d, allowed are float, double, float16 and "
                   "bfloat16 (output_dtype, or the scale's)",
                   *out);
}

static imgcls_status linear_infer(
    const struct imgcls_host *host, struct imgcls_infer *infer,
    imgcls_status (*type_of)(const struct imgcls_host *, const struct imgcls_node *,
                             int32_t *))
{
    const struct imgcls_value_info *x = op_in(infer->node, 0),
                                   *scale = op_in(infer->node, 1);
    struct grid grid;
    imgcls_status status;
    int32_t type;
    if (!x || !scale)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "an input and a scale are needed");
    status = type_of(host, infer->node, &type);
    if (status == IMGCLS_OK && x->rank >= 0 && scale->rank >= 0 &&
        imgcls_count(x->rank, x->dims) >= 0 && imgcls_count(scale->rank, scale->dims) >= 0)
        status = grid_of(host, infer->node, x->rank, x->dims, scale->rank, scale->dims,
                         &grid);
    return status == IMGCLS_OK
               ? host->infer_output(host, infer, 0, type, x->rank, x->dims)
               : status;
}

static imgcls_status quantise_infer(const struct imgcls_host *host,
                                    struct imgcls_infer *infer)
{
    return linear_infer(host, infer, quantised_type);
}

static imgcls_status dequantise_infer(const struct imgcls_host *host,
                                      struct imgcls_infer *infer)
{
    return linear_infer(host, infer, restored_type);
}

static int32_t quantise_accepts(const struct imgcls_host *host,
                                const struct imgcls_node *node)
{
    const int64_t precision = host->attr_int(host, node, "precision", 0);
    return op_takes(node, 0, WIDE) && op_takes(node, 1, SCALES) &&
           (!op_in(node, 2) || op_takes(node, 2, QUANTISED)) && op_is_plain(node) &&
           op_has_output(node, 0) && op_type_in(node->outputs[0]->type, QUANTISED) &&
           (precision == 0 || op_type_in((int32_t)precision, ELEMENT_FLOATS));
}

static int32_t dequantise_accepts(const struct imgcls_host *host,
                                  const struct imgcls_node *node)
{
    const uint64_t types = QUANTISED | OP_BIT(IMGCLS_I32);
    (void)host;
    return op_takes(node, 0, types) &&
           op_takes(node, 1, ELEMENT_FLOATS | OP_BIT(IMGCLS_F8E8M0)) &&
           (!op_in(node, 2) || op_takes(node, 2, types)) && op_is_plain(node) &&
           op_has_output(node, 0) && op_type_in(node->outputs[0]->type, ELEMENT_FLOATS);
}

static imgcls_status linear_run(const struct imgcls_host *host,
                                const struct imgcls_run *run, struct linear *job,
                                void (*units)(void *, int64_t, int64_t, int32_t))
{
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    imgcls_status status;
    job->x = imgcls_input(run, 0);
    job->scale = imgcls_input(run, 1);
    job->zero = imgcls_input(run, 2);
    status = grid_of(host, run->node, job->x->rank, job->x->dims, job->scale->rank,
                     job->scale->dims, &job->grid);
    if (status == IMGCLS_OK && job->zero && op_count(job->zero) != op_count(job->scale))
        status = OP_FAIL(
            host, run->node, IMGCLS_BAD_INPUT, "zero points %s do not go with scales %s",
            op_shape_text(job->zero->rank, job->zero->dims, a, sizeof a),
            op_shape_text(job->scale->rank, job->scale->dims, b, sizeof b));
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, run->node->outputs[0]->type, job->x->rank,
                               job->x->dims);
    if (status != IMGCLS_OK || op_count(job->x) == 0)
        return status;
    job->y = imgcls_output(run, 0);
    host->parallel_for(host, run, (op_count(job->x) + 7) / 8, GRAIN, units, job);
    return IMGCLS_OK;
}

/* The quotient has the scale's type, in double where that is none to divide in. */
static imgcls_status quantise_portable(const struct imgcls_host *host,
                                       const struct imgcls_run *run)
{
    struct linear job = {.precision =
                             (int32_t)host->attr_int(host, run->node, "precision", 0)};
    if (!job.precision)
        job.precision = imgcls_input(run, 1)->type;
    if (job.precision == IMGCLS_F8E8M0)
        job.precision = IMGCLS_F32;
    if (!op_type_in(job.precision, ELEMENT_FLOATS))
        job.precision = IMGCLS_F64;
    job.whole = round_range(run->node->outputs[0]->type, &job.least, &job.most);
    job.flags = host->attr_int(host, run->node, "saturate", 1) ? NUMBER_SATURATE : 0;
    if (op_packed_bits(run->node->outputs[0]->type) > 0) /* nothing else to become */
        job.flags = NUMBER_SATURATE;
    return linear_run(host, run, &job, quantise_units);
}

static imgcls_status dequantise_portable(const struct imgcls_host *host,
                                         const struct imgcls_run *run)
{
    struct linear job = {.precision = 0};
    return linear_run(host, run, &job, dequantise_units);
}

static const struct imgcls_kernel quantise_kernel =
    OP_KERNEL("quantize_linear_portable", quantise_accepts, quantise_portable);
static const struct imgcls_kernel dequantise_kernel =
    OP_KERNEL("dequantize_linear_portable", dequantise_accepts, dequantise_portable);
const struct imgcls_op quantize_linear_op =
    OP_ENTRY("QuantizeLinear", 10, 0, quantise_infer, NULL, &quantise_kernel);
const struct imgcls_op dequantize_linear_op =
    OP_ENTRY("DequantizeLinear", 10, 0, dequantise_infer, NULL, &dequantise_kernel);
