/*
 * plugins/ops/reduce/reduce_axes.c - ReduceSum, Mean, Max, Min, Prod, L1, L2, SumSquare,
 * LogSum, LogSumExp
 *
 * Elements of all floating-point types are folded in double and rounded once at the end;
 * integers in 64 bits, which wrap. The order is fixed by the shape alone: threads share out
 * the outputs, never a sum, so bits do not depend on them.
 *
 * Neighbouring dimensions of one kind (kept or reduced) are joined. Where the innermost one
 * is reduced, blocks of it are read and folded into one accumulator; where it is kept, a
 * block of accumulators takes in one row after the other.
 *
 * LogSumExp subtracts the maximum, found in a first pass, so that exp does not overflow.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "plugins/ops/number.h"
#include "plugins/ops/op.h"
#include "plugins/ops/upgrade.h"
#include "reduce.h"

#define BLOCK         128 /* elements read at once */
#define NARROW_FLOATS (OP_BIT(IMGCLS_F16) | OP_BIT(IMGCLS_BF16))

enum kind { SUM, MEAN, MAX, MIN, PROD, L1, L2, SUM_SQUARE, LOG_SUM, LOG_SUM_EXP };

struct reduction {
    enum kind kind;
    const struct imgcls_tensor *in;
    struct imgcls_tensor *out;
    bool along;                     /* the innermost joined dimension is reduced */
    bool real;                      /* folded in double; else in int64_t */
    int64_t inner;                  /* size of the innermost joined dimension */
    int64_t count;                  /* elements folded into one output */
    int32_t kept_rank, folded_rank; /* of the others */
    int64_t kept_dims[IMGCLS_MAX_RANK], kept_strides[IMGCLS_MAX_RANK];
    int64_t folded_dims[IMGCLS_MAX_RANK], folded_strides[IMGCLS_MAX_RANK];
    int64_t rows; /* product of folded_dims */
};

/* ---- Folding
 * ------------------------------------------------------------------------------*/

/*
 * step: 1 folds x[i] into to[i]; 0 folds all of x into to[0]. A sum of the latter kind runs
 * in eight chains, element i in chain i mod 8, which are joined in one fixed order: one
 * chain alone would wait for its own last addition every time.
 */
#define CHAINS 8

#define FOLD_SUM(term)                                                                     \
    if (step == 0) {                                                                       \
        double chains[CHAINS] = {0};                                                       \
        for (i = 0; i + CHAINS <= n; i += CHAINS)                                          \
            for (k = 0; k < CHAINS; k++)                                                   \
                chains[k] += term(x[i + k], shift[0]);                                     \
        for (k = 0; i < n; i++, k++)                                                       \
            chains[k] += term(x[i], shift[0]);                                             \
        to[0] += ((chains[0] + chains[1]) + (chains[2] + chains[3])) +                     \
                 ((chains[4] + chains[5]) + (chains[6] + chains[7]));                      \
    } else {                                                                               \
        for (i = 0; i + CHAINS <= n; i += CHAINS)                                          \
            for (k = 0; k < CHAINS; k++)                                                   \
                to[i + k] += term(x[i + k], shift[i + k]);                                 \
        for (; i < n; i++)                                                                 \
            to[i] += term(x[i], shift[i]);                                                 \
    }                                                                                      \
    break

static double itself(double x, double shift)
{
    (void)shift;
    return x;
}

static double magnitude(double x, double shift)
{
    (void)shift;
    return fabs(x);
}

static double square(double x, double shift)
{
    (void)shift;
    return x * x;
}

static double shifted_exp(double x, double shift)
{
    return exp(x - shift);
}

static void fold_reals(enum kind kind, double *restrict to, int64_t step,
                       const double *restrict x, int64_t n, const double *shift)
{
    int64_t i, k;
    switch (kind) {
    case MAX:
        for (i = 0; i < n; i++)
            to[i * step] = x[i] > to[i * step] || x[i] != x[i] ? x[i] : to[i * step];
        break;
    case MIN:
        for (i = 0; i < n; i++)
            to[i * step] = x[i] < to[i * step] || x[i] != x[i] ? x[i] : to[i * step];
        break;
    case PROD:
        for (i = 0; i < n; i++)
            to[i * step] *= x[i];
        break;
    case L1:
        FOLD_SUM(magnitude);
    case L2:
    case SUM_SQUARE:
        FOLD_SUM(square);
    case LOG_SUM_EXP:
        FOLD_SUM(shifted_exp);
    default:
        FOLD_SUM(itself);
    }
}

static void fold_wholes(enum kind kind, bool is_u64, int64_t *to, int64_t step,
                        const int64_t *x, int64_t n)
{
    const uint64_t flip = is_u64 ? UINT64_C(1) << 63 : 0; /* compares as unsigned */
    int64_t i;
#define KEY(value) ((int64_t)((uint64_t)(value) ^ flip))
    switch (kind) {
    case MAX:
        for (i = 0; i < n; i++)
            to[i * step] = KEY(x[i]) > KEY(to[i * step]) ? x[i] : to[i * step];
        break;
    case MIN:
        for (i = 0; i < n; i++)
            to[i * step] = KEY(x[i]) < KEY(to[i * step]) ? x[i] : to[i * step];
        break;
    case PROD:
        for (i = 0; i < n; i++)
            to[i * step] = (int64_t)((uint64_t)to[i * step] * (uint64_t)x[i]);
        break;
    case L1:
        for (i = 0; i < n; i++)
            to[i * step] =
                (int64_t)((uint64_t)to[i * step] +
                          (x[i] < 0 && !is_u64 ? 0 - (uint64_t)x[i] : (uint64_t)x[i]));
        break;
    case SUM_SQUARE:
        for (i = 0; i < n; i++)
            to[i * step] =
                (int64_t)((uint64_t)to[i * step] + (uint64_t)x[i] * (uint64_t)x[i]);
        break;
    default:
        for (i = 0; i < n; i++)
            to[i * step] = (int64_t)((uint64_t)to[i * step] + (uint64_t)x[i]);
        break;
    }
#undef KEY
}

/* Folds everything that belongs to `width` neighbouring outputs from input offset `base`.
 */
static void fold_outputs(const struct reduction *r, enum kind kind, int64_t base,
                         int64_t width, void *to, const double *shift)
{
    union {
        double reals[BLOCK];
        int64_t wholes[BLOCK];
    } block;
    const int64_t length = r->along ? r->inner : width;
    const int64_t step = r->along ? 0 : 1;
    int64_t index[IMGCLS_MAX_RANK] = {0}, row, at;
    int32_t d;
    for (row = 0; row < r->rows; row++) {
        for (at = 0; at < length; at += BLOCK) {
            const int64_t n = length - at < BLOCK ? length - at : BLOCK;
            if (r->real && number_is_real(r->in->type)) {
                number_read_reals(r->in->type, r->in->data, base + at, n, block.reals);
            } else {
                int64_t i;
                number_read_wholes(r->in->type, r->in->data, base + at, n, block.wholes);
                for (i = 0; r->real && i < n; i++)
                    block.reals[i] = r->in->type == IMGCLS_U64
                                         ? (double)(uint64_t)block.wholes[i]
                                         : (double)block.wholes[i];
            }
            if (r->real)
                fold_reals(kind, to, step, block.reals, n, shift);
            else
                fold_wholes(kind, r->in->type == IMGCLS_U64, to, step, block.wholes, n);
        }
        for (d = r->folded_rank - 1; d >= 0; d--) {
            base += r->folded_strides[d];
            if (++index[d] < r->folded_dims[d])
                break;
            index[d] = 0;
            base -= r->folded_dims[d] * r->folded_strides[d];
        }
    }
}

static double finish_real(const struct reduction *r, double folded, double shift)
{
    switch (r->kind) {
    case MEAN:
        return folded / (double)r->count;
    case L2:
        return sqrt(folded);
    case LOG_SUM:
        return log(folded);
    case LOG_SUM_EXP:
        return log(folded) + shift;
    default:
        return folded;
    }
}

static bool needs_finish(enum kind kind)
{
    return kind == MEAN || kind == L2 || kind == LOG_SUM || kind == LOG_SUM_EXP;
}

/* What an empty fold leaves; the first element replaces it in MAX and MIN. */
static double start_real(enum kind kind)
{
    return kind == MAX ? -INFINITY : kind == MIN ? INFINITY : kind == PROD ? 1 : 0;
}

static int64_t start_whole(enum kind kind, int32_t type)
{
    const double end = kind == MAX ? -INFINITY : INFINITY;
    uint64_t bits = 0;
    int64_t whole = kind == PROD;
    if (kind != MAX && kind != MIN)
        return whole;
    if (type == IMGCLS_BOOL)
        return kind == MIN;
    /* The type's own end: lowest for MAX, highest for MIN. */
    switch (op_element_size(type)) {
    case 1:
        bits = 0x7f;
        break;
    case 2:
        bits = 0x7fff;
        break;
    case 4:
        bits = 0x7fffffff;
        break;
    default:
        bits = INT64_MAX;
        break;
    }
    if (op_type_in(type, OP_UNSIGNED))
        return end < 0 ? 0 : (int64_t)(2 * bits + 1);
    return end < 0 ? -(int64_t)bits - 1 : (int64_t)bits;
}

/* Outputs [begin, end) in units: one output (along), or a block of neighbours. */
static void reduce_units(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct reduction *r = argument;
    const int64_t blocks = r->along ? 1 : (r->inner + BLOCK - 1) / BLOCK;
    union {
        double reals[BLOCK];
        int64_t wholes[BLOCK];
    } folded;
    double shift[BLOCK];
    int64_t unit, i;
    (void)thread;
    for (unit = begin; unit < end; unit++) {
        const int64_t first = r->along ? 0 : unit % blocks * BLOCK;
        const int64_t rest = r->along ? 1 : r->inner - first;
        const int64_t width = rest < BLOCK ? rest : BLOCK;
        const int64_t outer = unit / blocks;
        int64_t base = first, left = outer;
        int32_t d;
        for (d = r->kept_rank - 1; d >= 0; d--) {
            base += left % r->kept_dims[d] * r->kept_strides[d];
            left /= r->kept_dims[d];
        }
        for (i = 0; i < width; i++) {
            shift[i] = 0;
            if (r->real)
                folded.reals[i] = start_real(r->kind);
            else
                folded.wholes[i] = start_whole(r->kind, r->in->type);
        }
        if (r->kind == LOG_SUM_EXP) {
            for (i = 0; i < width; i++)
                shift[i] = -INFINITY;
            fold_outputs(r, MAX, base, width, shift, NULL);
            for (i = 0; i < width; i++)
                shift[i] = isfinite(shift[i]) ? shift[i] : 0;
        }
        fold_outputs(r, r->kind, base, width, &folded, shift);
        i = outer * (r->along ? 1 : r->inner) + first;
        if (r->real) {
            int64_t k;
            for (k = 0; needs_finish(r->kind) && k < width; k++)
                folded.reals[k] = finish_real(r, folded.reals[k], shift[k]);
            number_write_reals(r->out->type, r->out->data, i, width, folded.reals, 0);
        } else {
            number_write_wholes(r->out->type, r->out->data, i, width, folded.wholes,
                                r->in->type == IMGCLS_U64, 0);
        }
    }
}

/* Joins dims and sorts them into kept and folded ones. */
static void arrange(struct reduction *r, const bool *flags)
{
    int64_t dims[IMGCLS_MAX_RANK], stride = 1;
    bool folded[IMGCLS_MAX_RANK];
    int32_t rank = 0, d;
    r->count = 1;
    r->rows = 1;
    for (d = 0; d < r->in->rank; d++) {
        r->count *= flags[d] ? r->in->dims[d] : 1;
        if (r->in->dims[d] == 1)
            continue;
        if (rank > 0 && folded[rank - 1] == flags[d]) {
            dims[rank - 1] *= r->in->dims[d];
        } else {
            folded[rank] = flags[d];
            dims[rank++] = r->in->dims[d];
        }
    }
    if (rank == 0) {
        folded[0] = false;
        dims[rank++] = 1;
    }
    r->along = folded[rank - 1];
    r->inner = dims[rank - 1];
    stride = r->inner;
    r->kept_rank = r->folded_rank = 0;
    for (d = rank - 2; d >= 0; d--) { /* filled from the end, to keep their order */
        if (folded[d]) {
            r->folded_rank++;
            r->folded_dims[IMGCLS_MAX_RANK - r->folded_rank] = dims[d];
            r->folded_strides[IMGCLS_MAX_RANK - r->folded_rank] = stride;
            r->rows *= dims[d];
        } else {
            r->kept_rank++;
            r->kept_dims[IMGCLS_MAX_RANK - r->kept_rank] = dims[d];
            r->kept_strides[IMGCLS_MAX_RANK - r->kept_rank] = stride;
        }
        stride *= dims[d];
    }
    memmove(r->folded_dims, r->folded_dims + IMGCLS_MAX_RANK - r->folded_rank,
            (size_t)r->folded_rank * sizeof(int64_t));
    memmove(r->folded_strides, r->folded_strides + IMGCLS_MAX_RANK - r->folded_rank,
            (size_t)r->folded_rank * sizeof(int64_t));
    memmove(r->kept_dims, r->kept_dims + IMGCLS_MAX_RANK - r->kept_rank,
            (size_t)r->kept_rank * sizeof(int64_t));
    memmove(r->kept_strides, r->kept_strides + IMGCLS_MAX_RANK - r->kept_rank,
            (size_t)r->kept_rank * sizeof(int64_t));
}

/* ---- Axes and shapes
 * ----------------------------------------------------------------------*/

static const struct {
    const char *type;
    enum kind kind;
} kinds[] = {{"ReduceSum", SUM},        {"ReduceMean", MEAN},
             {"ReduceMax", MAX},        {"ReduceMin", MIN},
             {"ReduceProd", PROD},      {"ReduceL1", L1},
             {"ReduceL2", L2},          {"ReduceSumSquare", SUM_SQUARE},
             {"ReduceLogSum", LOG_SUM}, {"ReduceLogSumExp", LOG_SUM_EXP}};

/* Which axes go: the listed ones; all where none is listed, unless that means none. */
static imgcls_status axes_of(const struct imgcls_host *host, const struct imgcls_node *node,
                             const struct op_list *axes, int32_t rank, bool *flags)
{
    int32_t d;
    imgcls_status status =
        op_axes(host, node, (size_t)axes->count, axes->values, rank, flags);
    if (status == IMGCLS_OK && axes->count == 0 &&
        !host->attr_int(host, node, "noop_with_empty_axes", 0))
        for (d = 0; d < rank; d++)
            flags[d] = true;
    return status;
}

static int32_t reduced_dims(int32_t rank, const int64_t *in, const bool *flags, bool keep,
                            int64_t *dims)
{
    int32_t d, out = 0;
    for (d = 0; d < rank; d++) {
        if (!flags[d])
            dims[out++] = in[d];
        else if (keep)
            dims[out++] = 1;
    }
    return out;
}

static imgcls_status reduce_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *in = op_in(node, 0);
    const bool keep = host->attr_int(host, node, "keepdims", 1) != 0;
    int64_t dims[IMGCLS_MAX_RANK];
    bool flags[IMGCLS_MAX_RANK];
    struct op_list axes;
    int32_t rank;
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input 0 is missing");
    status = op_list_infer(host, node, 1, "axes", &axes);
    if (status != IMGCLS_OK)
        return status;
    if (in->rank < 0 || !axes.known)
        return op_infer_open(host, infer, 0, in->type,
                             keep ? in->rank
                             : in->rank >= 0 && axes.count > 0 && axes.count <= in->rank
                                 ? in->rank - axes.count
                                 : -1);
    status = axes_of(host, node, &axes, in->rank, flags);
    if (status != IMGCLS_OK)
        return status;
    rank = reduced_dims(in->rank, in->dims, flags, keep, dims);
    return host->infer_output(host, infer, 0, in->type, rank, dims);
}

static imgcls_status reduce_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_node *node = run->node;
    const bool keep = host->attr_int(host, node, "keepdims", 1) != 0;
    struct reduction r = {.in = imgcls_input(run, 0)};
    int64_t dims[IMGCLS_MAX_RANK], units, grain;
    bool flags[IMGCLS_MAX_RANK];
    struct op_list axes;
    int32_t rank, d;
    size_t i;
    imgcls_status status = op_list_read(host, node, imgcls_input(run, 1), "axes", &axes);
    if (status == IMGCLS_OK)
        status = axes_of(host, node, &axes, r.in->rank, flags);
    if (status != IMGCLS_OK)
        return status;
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(node->type, kinds[i].type) == 0)
            r.kind = kinds[i].kind;
    rank = reduced_dims(r.in->rank, r.in->dims, flags, keep, dims);
    status = op_set_output(host, run, 0, r.in->type, rank, dims);
    if (status != IMGCLS_OK)
        return status;
    r.out = imgcls_output(run, 0);
    if (op_count(r.out) == 0)
        return IMGCLS_OK;
    r.real = number_is_real(r.in->type) || r.kind == MEAN || r.kind == L2 ||
             r.kind == LOG_SUM || r.kind == LOG_SUM_EXP;
    arrange(&r, flags);
    units = r.along ? 1 : (r.inner + BLOCK - 1) / BLOCK;
    for (d = 0; d < r.kept_rank; d++)
        units *= r.kept_dims[d];
    grain = r.count > 0 ? 32768 / (r.count * (r.along ? 1 : BLOCK)) + 1 : 1;
    host->parallel_for(host, run, units, grain, reduce_units, &r);
    return IMGCLS_OK;
}

static int32_t reduce_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_NUMBERS | NARROW_FLOATS) && op_is_plain(node) &&
           (!op_in(node, 1) || op_takes(node, 1, OP_INDEXES));
}

/* Max and Min take bool as well (operator set 20). */
static int32_t extreme_accepts(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_NUMBERS | NARROW_FLOATS | OP_BOOLS) && op_is_plain(node) &&
           (!op_in(node, 1) || op_takes(node, 1, OP_INDEXES));
}

/* axes was an attribute (of ReduceSum before 13, of the others before 18). */
static imgcls_status reduce_upgrade(const struct imgcls_host *host,
                                    struct imgcls_graph *graph, struct imgcls_node *node)
{
    return node->version < 18 ? upgrade_ints(host, graph, node, "axes", 1) : IMGCLS_OK;
}

/* clang-format off */
#define REDUCE(op, kernel, type, name, accepts)                                                \
    static const struct imgcls_kernel kernel = OP_KERNEL(name, accepts, reduce_portable);      \
    const struct imgcls_op op = OP_ENTRY(type, 1, 0, reduce_infer, reduce_upgrade, &kernel);

REDUCE(reduce_sum_op, reduce_sum_kernel, "ReduceSum", "reduce_sum_portable", reduce_accepts)
REDUCE(reduce_mean_op, reduce_mean_kernel, "ReduceMean", "reduce_mean_portable", reduce_accepts)
REDUCE(reduce_max_op, reduce_max_kernel, "ReduceMax", "reduce_max_portable", extreme_accepts)
REDUCE(reduce_min_op, reduce_min_kernel, "ReduceMin", "reduce_min_portable", extreme_accepts)
REDUCE(reduce_prod_op, reduce_prod_kernel, "ReduceProd", "reduce_prod_portable", reduce_accepts)
REDUCE(reduce_l1_op, reduce_l1_kernel, "ReduceL1", "reduce_l1_portable", reduce_accepts)
REDUCE(reduce_l2_op, reduce_l2_kernel, "ReduceL2", "reduce_l2_portable", reduce_accepts)
REDUCE(reduce_sum_square_op, reduce_sum_square_kernel, "ReduceSumSquare", "reduce_sum_square_portable", reduce_accepts)
REDUCE(reduce_log_sum_op, reduce_log_sum_kernel, "ReduceLogSum", "reduce_log_sum_portable", reduce_accepts)
REDUCE(reduce_log_sum_exp_op, reduce_log_sum_exp_kernel, "ReduceLogSumExp", "reduce_log_sum_exp_portable", reduce_accepts)
/* clang-format on */
