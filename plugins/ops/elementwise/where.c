/*
 * plugins/ops/elementwise/where.c - Where: X where the condition holds, Y elsewhere; any
 * element type
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elementwise.h"
#include "map.h"

struct wide {
    uint64_t half[2];
};

/* clang-format off */
#define WHERE_ROW(name, type)                                                                  \
    static void name(const struct broadcast_row *row)                                          \
    {                                                                                          \
        const uint8_t *condition = row->in[0];                                                 \
        const type *xs = row->in[1], *ys = row->in[2];                                         \
        const int64_t sc = row->step[0], sx = row->step[1], sy = row->step[2];                 \
        type *out = row->out;                                                                  \
        int64_t i;                                                                             \
        for (i = 0; i < row->count; i++)                                                       \
            out[i] = condition[i * sc] ? xs[i * sx] : ys[i * sy];                              \
    }
WHERE_ROW(where_1, uint8_t)
WHERE_ROW(where_2, uint16_t)
WHERE_ROW(where_4, uint32_t)
WHERE_ROW(where_8, uint64_t)
WHERE_ROW(where_16, struct wide)
/* clang-format on */

/* Strings belong to their values, so texts are copied one by one. */
struct texts {
    const struct imgcls_host *host;
    struct imgcls_value *out;
    imgcls_status status;
};

static void where_string(const struct broadcast_row *row)
{
    struct texts *texts = (struct texts *)(uintptr_t)row->parameter;
    const uint8_t *condition = row->in[0];
    const struct imgcls_string *xs = row->in[1], *ys = row->in[2];
    const struct imgcls_string *first = texts->out->tensor->data;
    const size_t begin = (size_t)((const struct imgcls_string *)row->out - first);
    int64_t i;
    for (i = 0; i < row->count && texts->status == IMGCLS_OK; i++) {
        const struct imgcls_string *text =
            condition[i * row->step[0]] ? &xs[i * row->step[1]] : &ys[i * row->step[2]];
        texts->status = texts->host->value_set_string(
            texts->host, texts->out, begin + (size_t)i, text->bytes, text->length);
    }
}

static imgcls_status where_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const int32_t type = run->node->inputs[1]->type;
    void (*row)(const struct broadcast_row *) = NULL;
    imgcls_status status;
    if (type == IMGCLS_STRING) {
        struct texts texts = {.host = host, .status = broadcast_output(host, run, type)};
        if (texts.status != IMGCLS_OK)
            return texts.status;
        texts.out = run->outputs[0];
        /* One piece: setting texts of one value is not for several threads. */
        status = broadcast_run(host, run, type, INT64_MAX, where_string, &texts);
        return status == IMGCLS_OK ? texts.status : status;
    }
    switch (op_element_size(type)) {
    case 1:
        row = where_1;
        break;
    case 2:
        row = where_2;
        break;
    case 4:
        row = where_4;
        break;
    case 8:
        row = where_8;
        break;
    case 16:
        row = where_16;
        break;
    }
    return broadcast_run(host, run, type, BROADCAST_GRAIN_CHEAP, row, NULL);
}

static int32_t where_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return node->input_count == 3 && op_takes(node, 0, OP_BOOLS) &&
           op_takes(node, 1, OP_ANY) && op_element_size(node->inputs[1]->type) > 0 &&
           op_takes(node, 2, OP_BIT(node->inputs[1]->type));
}

static imgcls_status where_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 1), *y = op_in(infer->node, 2);
    if (x && y && x->type && y->type && x->type != y->type)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "X has element type %d and Y has %d", x->type, y->type);
    return broadcast_infer(host, infer, 0,
                           x && x->type ? x->type
                           : y          ? y->type
                                        : IMGCLS_UNDEFINED);
}

static const struct imgcls_kernel where_kernel =
    OP_KERNEL("where_portable", where_accepts, where_portable);
const struct imgcls_op where_op =
    OP_ENTRY("Where", 9, MAP_BROADCAST_TRAITS, where_infer, NULL, &where_kernel);
