/*
 * plugins/ops/elementwise/clip.c - Clip: min(max(x, low), high), bounds may be omitted
 *
 * Bounds are scalars of X's type; those that were attributes before operator set 11 stay
 * float32 whatever X's floating-point type is. Where low is above high, high wins.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "elementwise.h"
#include "map.h"
#include "plugins/ops/upgrade.h"

/* NaN stays NaN: both comparisons are false. */
#define CLIP_ROW(name, type, lowest, highest)                                              \
    static void name(const struct broadcast_row *row)                                      \
    {                                                                                      \
        const struct imgcls_tensor *const *bounds = row->parameter;                        \
        const type low = bounds[0] ? *(const type *)bounds[0]->data : (type)(lowest);      \
        const type high = bounds[1] ? *(const type *)bounds[1]->data : (type)(highest);    \
        const type *xs = row->in[0];                                                       \
        const int64_t step = row->step[0], n = row->count;                                 \
        type *out = row->out;                                                              \
        int64_t i;                                                                         \
        _Pragma("omp simd") for (i = 0; i < n; i++)                                        \
        {                                                                                  \
            const type x = xs[i * step], y = x < low ? low : x;                            \
            out[i] = y > high ? high : y;                                                  \
        }                                                                                  \
    }
/* clang-format off */
CLIP_ROW(clip_f32, float, -INFINITY, INFINITY)
CLIP_ROW(clip_f64, double, -INFINITY, INFINITY)
CLIP_ROW(clip_i8, int8_t, INT8_MIN, INT8_MAX)
CLIP_ROW(clip_i16, int16_t, INT16_MIN, INT16_MAX)
CLIP_ROW(clip_i32, int32_t, INT32_MIN, INT32_MAX)
CLIP_ROW(clip_i64, int64_t, INT64_MIN, INT64_MAX)
CLIP_ROW(clip_u8, uint8_t, 0, UINT8_MAX)
CLIP_ROW(clip_u16, uint16_t, 0, UINT16_MAX)
CLIP_ROW(clip_u32, uint32_t, 0, UINT32_MAX)
CLIP_ROW(clip_u64, uint64_t, 0, UINT64_MAX)
/* clang-format on */

static imgcls_status clip_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    static void (*const rows[IMGCLS_TYPE_COUNT])(const struct broadcast_row *) = {
        MAP_FLOAT_CASES(clip), MAP_INT_CASES(clip)};
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    const struct imgcls_tensor *bounds[2] = {imgcls_input(run, 1), imgcls_input(run, 2)};
    struct imgcls_tensor widened[2];
    double wide[2];
    size_t i;
    imgcls_status status = op_set_output(host, run, 0, x->type, x->rank, x->dims);
    for (i = 0; status == IMGCLS_OK && i < 2; i++) {
        if (bounds[i] && op_count(bounds[i]) != 1)
            status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                             "a bound has %lld elements instead of one",
                             (long long)op_count(bounds[i]));
        else if (bounds[i] && bounds[i]->type == IMGCLS_F32 && x->type == IMGCLS_F64) {
            wide[i] = *(const float *)bounds[i]->data;
            widened[i] = *bounds[i];
            widened[i].data = &wide[i];
            bounds[i] = &widened[i];
        }
    }
    if (status == IMGCLS_OK)
        broadcast_walk(host, run, imgcls_output(run, 0), 1, &x, BROADCAST_GRAIN_CHEAP,
                       rows[x->type], bounds);
    return status;
}

static int32_t clip_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    size_t i;
    (void)host;
    if (!op_takes(node, 0, OP_NUMBERS))
        return 0;
    for (i = 1; i < 3; i++) {
        const struct imgcls_value_info *bound = op_in(node, i);
        if (bound && bound->type != node->inputs[0]->type &&
            !(bound->type == IMGCLS_F32 && node->inputs[0]->type == IMGCLS_F64))
            return 0;
    }
    return 1;
}

static imgcls_status clip_upgrade(const struct imgcls_host *host,
                                  struct imgcls_graph *graph, struct imgcls_node *node)
{
    static const char *const names[2] = {"min", "max"};
    imgcls_status status = map_upgrade(host, graph, node);
    size_t i;
    for (i = 0; status == IMGCLS_OK && node->version < 11 && i < 2; i++) {
        const struct imgcls_attr *attr = host->attr(host, node, names[i]);
        if (!attr)
            continue;
        status =
            upgrade_input(host, graph, node, 1 + i, names[i], IMGCLS_F32, 0, 1, &attr->f);
        if (status == IMGCLS_OK)
            status = host->node_remove_attr(host, node, names[i]);
    }
    return status;
}

static const struct imgcls_kernel clip_kernel =
    OP_KERNEL("clip_portable", clip_accepts, clip_portable);
const struct imgcls_op clip_op =
    OP_ENTRY("Clip", 1, MAP_TRAITS, map_infer, clip_upgrade, &clip_kernel);
