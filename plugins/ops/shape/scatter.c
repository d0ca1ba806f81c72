/*
 * plugins/ops/shape/scatter.c - ScatterElements (and Scatter, its old name), ScatterND,
 * TensorScatter
 *
 * The output is a copy of data in which updates are put, one after the other in their
 * order, so that repeated indexes give the same result every time. With a reduction they
 * are joined to what stands there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elements.h"
#include "index.h"
#include "shape.h"
#include "strided.h"

/* Joins `count` neighbouring elements of from into to. */
struct joiner {
    void (*join)(void *to, const void *from, int64_t count);
};

#define JOIN(name, type, expression)                                                       \
    static void name(void *to, const void *from, int64_t count)                            \
    {                                                                                      \
        type *out = to;                                                                    \
        const type *in = from;                                                             \
        int64_t i;                                                                         \
        for (i = 0; i < count; i++) {                                                      \
            const type x = out[i], y = in[i];                                              \
            out[i] = (type)(expression);                                                   \
        }                                                                                  \
    }
/* clang-format off */
#define JOIN_EACH(name, real, whole)                                                           \
    JOIN(name##_f32, float, real)                                                              \
    JOIN(name##_f64, double, real)                                                             \
    JOIN(name##_i8, int8_t, whole)                                                             \
    JOIN(name##_i16, int16_t, whole)                                                           \
    JOIN(name##_i32, int32_t, whole)                                                           \
    JOIN(name##_i64, int64_t, whole)                                                           \
    JOIN(name##_u8, uint8_t, whole)                                                            \
    JOIN(name##_u16, uint16_t, whole)                                                          \
    JOIN(name##_u32, uint32_t, whole)                                                          \
    JOIN(name##_u64, uint64_t, whole)
JOIN_EACH(add, x + y, (uint64_t)x + (uint64_t)y)
JOIN_EACH(mul, x * y, (uint64_t)x * (uint64_t)y)
JOIN_EACH(max, x > y || x != x ? x : y, x > y ? x : y)
JOIN_EACH(min, x < y || x != x ? x : y, x < y ? x : y)

#define JOINERS(name)                                                                          \
    {                                                                                          \
        [IMGCLS_F32] = {name##_f32}, [IMGCLS_F64] = {name##_f64}, [IMGCLS_I8] = {name##_i8},   \
        [IMGCLS_I16] = {name##_i16}, [IMGCLS_I32] = {name##_i32}, [IMGCLS_I64] = {name##_i64}, \
        [IMGCLS_U8] = {name##_u8}, [IMGCLS_U16] = {name##_u16}, [IMGCLS_U32] = {name##_u32},   \
        [IMGCLS_U64] = {name##_u64},                                                           \
    }
/* clang-format on */

static const struct {
    const char *name;
    struct joiner joiners[IMGCLS_TYPE_COUNT];
} reductions[] = {{"add", JOINERS(add)},
                  {"mul", JOINERS(mul)},
                  {"max", JOINERS(max)},
                  {"min", JOINERS(min)}};

/* NULL: updates replace. */
static imgcls_status joiner_of(const struct imgcls_host *host,
                               const struct imgcls_node *node, int32_t type,
                               const struct joiner **out)
{
    const char *name = host->attr_string(host, node, "reduction", "none");
    size_t i;
    *out = NULL;
    if (strcmp(name, "none") == 0)
        return IMGCLS_OK;
    for (i = 0; i < sizeof reductions / sizeof reductions[0]; i++) {
        if (strcmp(name, reductions[i].name) != 0)
            continue;
        *out = &reductions[i].joiners[type];
        if ((*out)->join)
            return IMGCLS_OK;
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED, "reduction %s of element type %d",
                       name, type);
    }
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "reduction must be none, add, mul, max or min, not '%s'", name);
}

struct scatter {
    const struct joiner *joiner;
    int32_t axis;
};

static void put(const struct joiner *joiner, void *to, const void *from, int64_t count,
                size_t size)
{
    if (joiner)
        joiner->join(to, from, count);
    else
        memcpy(to, from, (size_t)count * size);
}

static void copy_data(const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct imgcls_tensor *out = imgcls_output(run, 0);
    if (op_count(in) > 0 && out->data != in->data)
        memcpy(out->data, in->data, (size_t)op_count(in) * op_element_size(in->type));
}

static imgcls_status elements_move(const struct imgcls_host *host,
                                   const struct imgcls_run *run, void *argument)
{
    const struct scatter *scatter = argument;
    const struct imgcls_tensor *in = imgcls_input(run, 0), *indices = imgcls_input(run, 1);
    const char *updates = imgcls_input(run, 2)->data;
    const size_t size = op_element_size(in->type);
    const int64_t count = op_count(indices), dim = in->dims[scatter->axis];
    char *out = imgcls_output(run, 0)->data;
    int64_t strides[IMGCLS_MAX_RANK], i;
    (void)host;
    copy_data(run);
    strided_row_major(in->rank, in->dims, strides);
    for (i = 0; i < count; i++)
        put(scatter->joiner,
            out + (size_t)index_offset(indices, strides, scatter->axis, dim, i) * size,
            updates + (size_t)i * size, 1, size);
    return IMGCLS_OK;
}

static bool same_dims(const struct imgcls_tensor *a, const struct imgcls_tensor *b)
{
    return a->rank == b->rank &&
           (a->rank == 0 ||
            memcmp(a->dims, b->dims, (size_t)a->rank * sizeof a->dims[0]) == 0);
}

static imgcls_status elements_portable(const struct imgcls_host *host,
                                       const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0), *indices = imgcls_input(run, 1);
    const struct imgcls_tensor *updates = imgcls_input(run, 2);
    struct scatter scatter;
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    imgcls_status status = joiner_of(host, run->node, in->type, &scatter.joiner);
    if (status == IMGCLS_OK)
        status = index_shapes(host, run->node, in->rank, in->dims, indices->rank,
                              indices->dims, &scatter.axis);
    if (status == IMGCLS_OK && !same_dims(indices, updates))
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                         "indices of shape %s and updates of shape %s",
                         op_shape_text(indices->rank, indices->dims, a, sizeof a),
                         op_shape_text(updates->rank, updates->dims, b, sizeof b));
    if (status == IMGCLS_OK)
        status = index_check(host, run->node, indices, in->dims[scatter.axis]);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, in->rank, in->dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1 | 4, elements_move, &scatter)
                               : status;
}

/* ScatterND: updates' shape must be indices' but the last dimension, then data's rest. */
static imgcls_status nd_check(const struct imgcls_host *host,
                              const struct imgcls_node *node,
                              const struct imgcls_tensor *in,
                              const struct imgcls_tensor *indices,
                              const struct imgcls_tensor *updates)
{
    struct imgcls_tensor wanted = {.rank = -1};
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    const int64_t depth = indices->rank > 0 ? indices->dims[indices->rank - 1] : -1;
    if (depth < 0 || depth > in->rank)
        return OP_FAIL(
            host, node, IMGCLS_BAD_INPUT,
            "indices have positions of %lld numbers where data has %d dimensions",
            (long long)depth, in->rank);
    wanted.rank = indices->rank - 1 + in->rank - (int32_t)depth;
    if (wanted.rank <= IMGCLS_MAX_RANK) {
        memcpy(wanted.dims, indices->dims, (size_t)(indices->rank - 1) * sizeof(int64_t));
        memcpy(wanted.dims + indices->rank - 1, in->dims + depth,
               (size_t)(in->rank - depth) * sizeof(int64_t));
        if (same_dims(&wanted, updates))
            return IMGCLS_OK;
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "updates have shape %s instead of %s",
                       op_shape_text(updates->rank, updates->dims, a, sizeof a),
                       op_shape_text(wanted.rank, wanted.dims, b, sizeof b));
    }
    return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                   "updates have %d dimensions, at most %d are supported", wanted.rank,
                   IMGCLS_MAX_RANK);
}

static imgcls_status nd_move(const struct imgcls_host *host, const struct imgcls_run *run,
                             void *argument)
{
    const struct scatter *scatter = argument;
    const struct imgcls_tensor *in = imgcls_input(run, 0), *indices = imgcls_input(run, 1);
    const char *updates = imgcls_input(run, 2)->data;
    const size_t size = op_element_size(in->type);
    const int32_t depth = (int32_t)indices->dims[indices->rank - 1];
    const int64_t block = imgcls_count(in->rank - depth, in->dims + depth);
    const int64_t positions = imgcls_count(indices->rank - 1, indices->dims);
    char *out = imgcls_output(run, 0)->data;
    int64_t strides[IMGCLS_MAX_RANK], i;
    copy_data(run);
    strided_row_major(in->rank, in->dims, strides);
    for (i = 0; i < positions && block > 0; i++) {
        int64_t offset = 0;
        imgcls_status status =
            index_position(host, run->node, indices, i, depth, in->dims, strides, &offset);
        if (status != IMGCLS_OK)
            return status;
        put(scatter->joiner, out + (size_t)offset * size,
            updates + (size_t)(i * block) * size, block, size);
    }
    return IMGCLS_OK;
}

static imgcls_status nd_portable(const struct imgcls_host *host,
                                 const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct scatter scatter = {.axis = 0};
    imgcls_status status = joiner_of(host, run->node, in->type, &scatter.joiner);
    if (status == IMGCLS_OK)
        status = nd_check(host, run->node, in, imgcls_input(run, 1), imgcls_input(run, 2));
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, in->rank, in->dims);
    return status == IMGCLS_OK ? elements_run(host, run, 1 | 4, nd_move, &scatter) : status;
}

/*
 * TensorScatter: update [batch, ..., length, ...] is written into past_cache along axis,
 * from the position that write_indices has for its batch entry (0 where omitted); in mode
 * circular positions wrap.
 */
struct cache {
    int32_t axis;
    bool circular;
};

static imgcls_status cache_move(const struct imgcls_host *host,
                                const struct imgcls_run *run, void *argument)
{
    const struct cache *cache = argument;
    const struct imgcls_tensor *in = imgcls_input(run, 0), *update = imgcls_input(run, 1);
    const struct imgcls_tensor *positions = imgcls_input(run, 2);
    const int64_t longest = in->dims[cache->axis], length = update->dims[cache->axis];
    const int64_t outer = imgcls_count(cache->axis, in->dims);
    const size_t block =
        op_element_size(in->type) *
        (size_t)imgcls_count(in->rank - cache->axis - 1, in->dims + cache->axis + 1);
    char *out = imgcls_output(run, 0)->data;
    int64_t i, k;
    (void)host;
    copy_data(run);
    for (i = 0; i < outer; i++) {
        const int64_t batch = i / (outer / in->dims[0]);
        const int64_t at = positions ? op_int_at(positions, batch) : 0;
        for (k = 0; k < length; k++)
            memcpy(out + (size_t)(i * longest + (at + k) % longest) * block,
                   (const char *)update->data + (size_t)(i * length + k) * block, block);
    }
    return IMGCLS_OK;
}

static imgcls_status cache_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const struct imgcls_node *node = run->node;
    const struct imgcls_tensor *in = imgcls_input(run, 0), *update = imgcls_input(run, 1);
    const struct imgcls_tensor *positions = imgcls_input(run, 2);
    const char *mode = host->attr_string(host, node, "mode", "linear");
    struct cache cache = {.circular = strcmp(mode, "circular") == 0};
    int64_t i;
    int32_t d;
    imgcls_status status =
        op_axis(host, node, host->attr_int(host, node, "axis", -2), in->rank, &cache.axis);
    if (status == IMGCLS_OK && !cache.circular && strcmp(mode, "linear") != 0)
        status = OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                         "mode must be linear or circular, not '%s'", mode);
    if (status == IMGCLS_OK && (cache.axis == 0 || update->rank != in->rank ||
                                update->dims[cache.axis] > in->dims[cache.axis]))
        status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "update does not fit the cache");
    for (d = 0; status == IMGCLS_OK && d < in->rank; d++)
        if (d != cache.axis && in->dims[d] != update->dims[d])
            status = OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                             "dimension %d is %lld in the cache and %lld in the update", d,
                             (long long)in->dims[d], (long long)update->dims[d]);
    if (status == IMGCLS_OK && positions && op_count(positions) != in->dims[0])
        status = OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                         "write_indices has %lld entries for a batch of %lld",
                         (long long)op_count(positions), (long long)in->dims[0]);
    for (i = 0; status == IMGCLS_OK && positions && i < op_count(positions); i++) {
        const int64_t at = op_int_at(positions, i), longest = in->dims[cache.axis];
        if (at < 0 || at >= longest + (update->dims[cache.axis] == 0) ||
            (!cache.circular && at > longest - update->dims[cache.axis]))
            status = index_fail(host, node, at, longest);
    }
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, in->rank, in->dims);
    if (status != IMGCLS_OK || op_count(in) == 0)
        return status;
    return elements_run(host, run, 1 | 2, cache_move, &cache);
}

static imgcls_status scatter_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0),
                                   *indices = op_in(infer->node, 1);
    const struct imgcls_value_info *updates = op_in(infer->node, 2);
    int32_t axis;
    imgcls_status status = IMGCLS_OK;
    if (!in || !indices || !updates)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "data, indices and updates are needed");
    if (strcmp(infer->node->type, "ScatterND") != 0 && in->rank >= 0 && indices->rank >= 0)
        status = index_shapes(host, infer->node, in->rank, in->dims, indices->rank,
                              indices->dims, &axis);
    return status == IMGCLS_OK ? host->infer_like(host, infer, 0, 0) : status;
}

static imgcls_status cache_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    if (!op_in(infer->node, 0) || !op_in(infer->node, 1))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "past_cache and update are needed");
    return host->infer_like(host, infer, 0, 0);
}

/* With a reduction only types that can be added up. */
static int32_t scatter_accepts(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    const char *reduction = host->attr_string(host, node, "reduction", "none");
    return op_takes(node, 0, strcmp(reduction, "none") ? OP_NUMBERS : OP_ANY) &&
           op_takes(node, 1, OP_INDEXES) &&
           op_takes(node, 2, OP_BIT(node->inputs[0]->type)) && op_is_plain(node);
}

static int32_t cache_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_ANY) && op_takes(node, 1, OP_BIT(node->inputs[0]->type)) &&
           (!op_in(node, 2) || op_takes(node, 2, OP_INDEXES)) && op_is_plain(node);
}

static const struct imgcls_kernel scatter_kernel =
    OP_KERNEL("scatter_portable", scatter_accepts, elements_portable);
static const struct imgcls_kernel scatter_elements_kernel =
    OP_KERNEL("scatter_elements_portable", scatter_accepts, elements_portable);
static const struct imgcls_kernel scatter_nd_kernel =
    OP_KERNEL("scatter_nd_portable", scatter_accepts, nd_portable);
static const struct imgcls_kernel tensor_scatter_kernel =
    OP_KERNEL("tensor_scatter_portable", cache_accepts, cache_portable);
const struct imgcls_op scatter_op =
    OP_ENTRY("Scatter", 9, 0, scatter_infer, NULL, &scatter_kernel);
const struct imgcls_op scatter_elements_op =
    OP_ENTRY("ScatterElements", 11, 0, scatter_infer, NULL, &scatter_elements_kernel);
const struct imgcls_op scatter_nd_op =
    OP_ENTRY("ScatterND", 11, 0, scatter_infer, NULL, &scatter_nd_kernel);
const struct imgcls_op tensor_scatter_op =
    OP_ENTRY("TensorScatter", 24, 0, cache_infer, NULL, &tensor_scatter_kernel);
