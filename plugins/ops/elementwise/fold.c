/*
 * plugins/ops/elementwise/fold.c - Max, Min, Sum, Mean: any number of inputs, joined one
 * after the other
 *
 * The output is the first input broadcast, then takes in the others in their order; it is
 * therefore never the buffer of an input (no IN_PLACE). NaN wins in Max and Min.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elementwise.h"
#include "map.h"

struct fold {
    void (*copy)(const struct broadcast_row *row);
    void (*join)(const struct broadcast_row *row);
    void (*finish)(
        const struct broadcast_row *row); /* or NULL; parameter: number of inputs */
};

/* clang-format off */
MAP_EACH_FLOAT(BROADCAST_UNARY, copy, x)
MAP_EACH_INT(BROADCAST_UNARY, copy, x)
MAP_EACH_FLOAT(BROADCAST_BINARY, max, x > y || x != x ? x : y)
MAP_EACH_INT(BROADCAST_BINARY, max, x > y ? x : y)
MAP_EACH_FLOAT(BROADCAST_BINARY, min, x < y || x != x ? x : y)
MAP_EACH_INT(BROADCAST_BINARY, min, x < y ? x : y)
MAP_EACH_FLOAT(BROADCAST_BINARY, sum, x + y)
BROADCAST_UNARY(divide_f32, float, float, x / (float)*(const double *)row->parameter)
BROADCAST_UNARY(divide_f64, double, double, x / *(const double *)row->parameter)
/* clang-format on */

static imgcls_status fold_run(const struct imgcls_host *host, const struct imgcls_run *run,
                              const struct fold *fold)
{
    const double count = (double)run->input_count;
    const struct imgcls_tensor *in[2];
    struct imgcls_tensor *out;
    size_t i;
    imgcls_status status = broadcast_output(host, run, run->node->inputs[0]->type);
    if (status != IMGCLS_OK)
        return status;
    out = imgcls_output(run, 0);
    in[0] = imgcls_input(run, 0);
    broadcast_walk(host, run, out, 1, in, BROADCAST_GRAIN_CHEAP, fold->copy, NULL);
    for (i = 1; i < run->input_count; i++) {
        in[0] = out;
        in[1] = imgcls_input(run, i);
        broadcast_walk(host, run, out, 2, in, BROADCAST_GRAIN_CHEAP, fold->join, NULL);
    }
    in[0] = out;
    if (fold->finish)
        broadcast_walk(host, run, out, 1, in, BROADCAST_GRAIN_CHEAP, fold->finish, &count);
    return IMGCLS_OK;
}

static imgcls_status max_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    static const struct fold folds[IMGCLS_TYPE_COUNT] = {
        [IMGCLS_F32] = {copy_f32, max_f32, NULL}, [IMGCLS_F64] = {copy_f64, max_f64, NULL},
        [IMGCLS_I8] = {copy_i8, max_i8, NULL},    [IMGCLS_I16] = {copy_i16, max_i16, NULL},
        [IMGCLS_I32] = {copy_i32, max_i32, NULL}, [IMGCLS_I64] = {copy_i64, max_i64, NULL},
        [IMGCLS_U8] = {copy_u8, max_u8, NULL},    [IMGCLS_U16] = {copy_u16, max_u16, NULL},
        [IMGCLS_U32] = {copy_u32, max_u32, NULL}, [IMGCLS_U64] = {copy_u64, max_u64, NULL}};
    return fold_run(host, run, &folds[run->node->inputs[0]->type]);
}

static imgcls_status min_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    static const struct fold folds[IMGCLS_TYPE_COUNT] = {
        [IMGCLS_F32] = {copy_f32, min_f32, NULL}, [IMGCLS_F64] = {copy_f64, min_f64, NULL},
        [IMGCLS_I8] = {copy_i8, min_i8, NULL},    [IMGCLS_I16] = {copy_i16, min_i16, NULL},
        [IMGCLS_I32] = {copy_i32, min_i32, NULL}, [IMGCLS_I64] = {copy_i64, min_i64, NULL},
        [IMGCLS_U8] = {copy_u8, min_u8, NULL},    [IMGCLS_U16] = {copy_u16, min_u16, NULL},
        [IMGCLS_U32] = {copy_u32, min_u32, NULL}, [IMGCLS_U64] = {copy_u64, min_u64, NULL}};
    return fold_run(host, run, &folds[run->node->inputs[0]->type]);
}

static imgcls_status sum_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    static const struct fold f32 = {copy_f32, sum_f32, NULL},
                             f64 = {copy_f64, sum_f64, NULL};
    return fold_run(host, run, run->node->inputs[0]->type == IMGCLS_F64 ? &f64 : &f32);
}

static imgcls_status mean_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    static const struct fold f32 = {copy_f32, sum_f32, divide_f32};
    static const struct fold f64 = {copy_f64, sum_f64, divide_f64};
    return fold_run(host, run, run->node->inputs[0]->type == IMGCLS_F64 ? &f64 : &f32);
}

static const struct imgcls_kernel max_kernel =
    OP_KERNEL("max_portable", map_accepts_numbers, max_portable);
static const struct imgcls_kernel min_kernel =
    OP_KERNEL("min_portable", map_accepts_numbers, min_portable);
static const struct imgcls_kernel sum_kernel =
    OP_KERNEL("sum_portable", map_accepts_floats, sum_portable);
static const struct imgcls_kernel mean_kernel =
    OP_KERNEL("mean_portable", map_accepts_floats, mean_portable);

const struct imgcls_op max_op = OP_ENTRY("Max", 1, IMGCLS_TRAIT_LAYOUT_BLIND,
                                         broadcast_infer_same, map_upgrade, &max_kernel);
const struct imgcls_op min_op = OP_ENTRY("Min", 1, IMGCLS_TRAIT_LAYOUT_BLIND,
                                         broadcast_infer_same, map_upgrade, &min_kernel);
const struct imgcls_op sum_op = OP_ENTRY("Sum", 1, IMGCLS_TRAIT_LAYOUT_BLIND,
                                         broadcast_infer_same, map_upgrade, &sum_kernel);
const struct imgcls_op mean_op = OP_ENTRY("Mean", 1, IMGCLS_TRAIT_LAYOUT_BLIND,
                                          broadcast_infer_same, map_upgrade, &mean_kernel);
