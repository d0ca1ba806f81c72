/*
 * plugins/ops/reduce/unique.c - Unique: which slices (or elements) there are, and how often
 *
 * Slices are sorted by their elements in row-major order, equal ones by where they stand,
 * so that the first of each run of equal ones is its first occurrence. NaN counts as larger
 * than any number, and NaNs as equal to each other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/ops/number.h"
#include "plugins/ops/op.h"
#include "reduce.h"

struct slices {
    const struct imgcls_tensor *in;
    int64_t outer, dim, inner; /* around the axis; dim slices */
};

static int compare_elements(const struct imgcls_tensor *in, int64_t a, int64_t b)
{
    if (in->type == IMGCLS_STRING) {
        const struct imgcls_string *x = (const struct imgcls_string *)in->data + a;
        const struct imgcls_string *y = (const struct imgcls_string *)in->data + b;
        const size_t least = x->length < y->length ? x->length : y->length;
        const int order = least > 0 ? memcmp(x->bytes, y->bytes, least) : 0;
        return order ? order : (x->length > y->length) - (x->length < y->length);
    }
    if (number_is_real(in->type)) {
        double x, y;
        number_read_reals(in->type, in->data, a, 1, &x);
        number_read_reals(in->type, in->data, b, 1, &y);
        if (x != x || y != y)
            return (x != x) - (y != y);
        return (x > y) - (x < y);
    } else {
        int64_t x, y;
        number_read_wholes(in->type, in->data, a, 1, &x);
        number_read_wholes(in->type, in->data, b, 1, &y);
        if (in->type == IMGCLS_U64)
            return ((uint64_t)x > (uint64_t)y) - ((uint64_t)x < (uint64_t)y);
        return (x > y) - (x < y);
    }
}

static int compare_slices(const struct slices *s, int64_t a, int64_t b)
{
    int64_t i, k;
    for (i = 0; i < s->outer; i++) {
        for (k = 0; k < s->inner; k++) {
            const int order = compare_elements(s->in, (i * s->dim + a) * s->inner + k,
                                               (i * s->dim + b) * s->inner + k);
            if (order)
                return order;
        }
    }
    return 0;
}

/* Merge sort, which keeps equal slices in order. spare has room for count as well. */
static void sort(const struct slices *s, int64_t *order, int64_t *spare, int64_t count)
{
    const int64_t half = count / 2;
    int64_t i = 0, k = half, at = 0;
    if (count < 2)
        return;
    sort(s, order, spare, half);
    sort(s, order + half, spare, count - half);
    memcpy(spare, order, (size_t)count * sizeof *order);
    while (i < half || k < count) {
        if (k == count || (i < half && compare_slices(s, spare[i], spare[k]) <= 0))
            order[at++] = spare[i++];
        else
            order[at++] = spare[k++];
    }
}

/* A run of equal slices. */
struct group {
    int64_t first, count;
};

/* Puts groups in the order of their first slices; they are few. Sorted by the same merge.
 */
static void sort_groups(struct group *groups, struct group *spare, int64_t count)
{
    const int64_t half = count / 2;
    int64_t i = 0, k = half, at = 0;
    if (count < 2)
        return;
    sort_groups(groups, spare, half);
    sort_groups(groups + half, spare, count - half);
    memcpy(spare, groups, (size_t)count * sizeof *groups);
    while (i < half || k < count)
        groups[at++] = k == count || (i < half && spare[i].first < spare[k].first)
                           ? spare[i++]
                           : spare[k++];
}

/* Output 0: the first slice of every group. */
static imgcls_status give_slices(const struct imgcls_host *host,
                                 const struct imgcls_run *run, const struct slices *s,
                                 const struct group *groups, int64_t group_count)
{
    const size_t size = op_element_size(s->in->type);
    struct imgcls_tensor *out = imgcls_output(run, 0);
    imgcls_status status = IMGCLS_OK;
    int64_t i, g, k;
    for (i = 0; out && i < s->outer; i++) {
        for (g = 0; g < group_count; g++) {
            const int64_t from = (i * s->dim + groups[g].first) * s->inner;
            const int64_t to = (i * group_count + g) * s->inner;
            if (s->in->type != IMGCLS_STRING) {
                memcpy((char *)out->data + (size_t)to * size,
                       (const char *)s->in->data + (size_t)from * size,
                       (size_t)s->inner * size);
                continue;
            }
            for (k = 0; status == IMGCLS_OK && k < s->inner; k++) {
                const struct imgcls_string *text =
                    (const struct imgcls_string *)s->in->data + from + k;
                status = host->value_set_string(host, run->outputs[0], (size_t)(to + k),
                                                text->bytes, text->length);
            }
        }
    }
    return status;
}

/* Outputs 1 (first positions), 2 (group of each slice) and 3 (counts). */
static imgcls_status give_indices(const struct imgcls_host *host,
                                  const struct imgcls_run *run, const struct slices *s,
                                  const int64_t *inverse, const struct group *groups,
                                  int64_t group_count)
{
    int64_t g;
    imgcls_status status = op_set_output(host, run, 1, IMGCLS_I64, 1, &group_count);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 2, IMGCLS_I64, 1, &s->dim);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 3, IMGCLS_I64, 1, &group_count);
    if (status != IMGCLS_OK)
        return status;
    for (g = 0; imgcls_output(run, 1) && g < group_count; g++)
        ((int64_t *)imgcls_output(run, 1)->data)[g] = groups[g].first;
    for (g = 0; imgcls_output(run, 3) && g < group_count; g++)
        ((int64_t *)imgcls_output(run, 3)->data)[g] = groups[g].count;
    if (imgcls_output(run, 2) && s->dim > 0)
        memcpy(imgcls_output(run, 2)->data, inverse, (size_t)s->dim * sizeof *inverse);
    return IMGCLS_OK;
}

static imgcls_status unique_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const struct imgcls_attr *attr = host->attr(host, run->node, "axis");
    struct slices s = {.in = in, .outer = 1, .dim = op_count(in), .inner = 1};
    int64_t dims[IMGCLS_MAX_RANK], *order, *spare, *inverse, i, group_count = 0;
    int32_t axis = 0, rank = 1;
    struct group *groups;
    imgcls_status status = IMGCLS_OK;
    if (attr) {
        status = op_axis(host, run->node, attr->i, in->rank, &axis);
        if (status != IMGCLS_OK)
            return status;
        rank = in->rank;
        memcpy(dims, in->dims, sizeof dims);
        s.outer = imgcls_count(axis, in->dims);
        s.dim = in->dims[axis];
        s.inner = imgcls_count(in->rank - axis - 1, in->dims + axis + 1);
    }
    order = host->alloc(host, (size_t)s.dim + 1, sizeof *order);
    spare = host->alloc(host, (size_t)s.dim + 1, sizeof *spare);
    inverse = host->alloc(host, (size_t)s.dim + 1, sizeof *inverse);
    groups = host->alloc(host, 2 * ((size_t)s.dim + 1), sizeof *groups);
    if (!order || !spare || !inverse || !groups) {
        status = IMGCLS_NO_MEMORY;
        goto done;
    }
    for (i = 0; i < s.dim; i++)
        order[i] = i;
    sort(&s, order, spare, s.dim);
    for (i = 0; i < s.dim; i++) {
        if (i == 0 || compare_slices(&s, order[i - 1], order[i]) != 0)
            groups[group_count++] = (struct group){.first = order[i]};
        groups[group_count - 1].count++;
        spare[order[i]] = groups[group_count - 1].first;
    }
    if (!host->attr_int(host, run->node, "sorted", 1))
        sort_groups(groups, groups + s.dim + 1, group_count);
    for (i = 0; i < group_count; i++)
        order[groups[i].first] = i; /* number of the group that starts there */
    for (i = 0; i < s.dim; i++)
        inverse[i] = order[spare[i]];
    dims[axis] = group_count;
    status = op_set_output(host, run, 0, in->type, rank, dims);
    if (status == IMGCLS_OK)
        status = give_slices(host, run, &s, groups, group_count);
    if (status == IMGCLS_OK)
        status = give_indices(host, run, &s, inverse, groups, group_count);
done:
    host->release(host, order);
    host->release(host, spare);
    host->release(host, inverse);
    host->release(host, groups);
    return status;
}

static imgcls_status unique_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    const struct imgcls_attr *attr = host->attr(host, infer->node, "axis");
    int64_t dims[IMGCLS_MAX_RANK], open = -1, whole = -1;
    int32_t axis = 0, rank = 1;
    size_t i;
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (attr && in->rank >= 0) {
        status = op_axis(host, infer->node, attr->i, in->rank, &axis);
        if (status != IMGCLS_OK)
            return status;
        memcpy(dims, in->dims, sizeof dims);
        whole = dims[axis];
    } else if (!attr && in->rank >= 0) {
        whole = imgcls_count(in->rank, in->dims);
    }
    if (attr)
        rank = in->rank;
    dims[axis] = -1;
    status = host->infer_output(host, infer, 0, in->type, rank, dims);
    for (i = 1; status == IMGCLS_OK && i < 4; i++)
        status = host->infer_output(host, infer, i, IMGCLS_I64, 1, i == 2 ? &whole : &open);
    return status;
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0,
                    OP_NUMBERS | OP_BOOLS | OP_BIT(IMGCLS_STRING) | OP_BIT(IMGCLS_F16) |
                        OP_BIT(IMGCLS_BF16)) &&
           op_is_plain(node);
}

static const struct imgcls_kernel unique_kernel =
    OP_KERNEL("unique_portable", accepts, unique_portable);
const struct imgcls_op unique_op =
    OP_ENTRY("Unique", 11, 0, unique_infer, NULL, &unique_kernel);
