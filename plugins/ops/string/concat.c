/*
 * plugins/ops/string/concat.c - StringConcat: text behind text, with broadcasting
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "text.h"

static imgcls_status concat_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_value_info *a = op_in(infer->node, 0), *b = op_in(infer->node, 1);
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t rank;
    imgcls_status status;
    if (!a || !b)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "two inputs are needed");
    status =
        host->broadcast(host, infer->node, a->rank, a->dims, b->rank, b->dims, &rank, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, IMGCLS_STRING, rank, dims)
                               : status;
}

static imgcls_status join(const struct imgcls_host *host, const struct imgcls_run *run,
                          int64_t index, const struct imgcls_string *a,
                          const struct imgcls_string *b)
{
    size_t length;
    char *bytes;
    imgcls_status status;
    if (__builtin_add_overflow(a->length, b->length, &length))
        return OP_FAIL(host, run->node, IMGCLS_LIMIT, "a text is too long to be counted");
    bytes = host->alloc(host, length + 1, 1);
    if (!bytes)
        return IMGCLS_NO_MEMORY;
    if (a->length)
        memcpy(bytes, a->bytes, a->length);
    if (b->length)
        memcpy(bytes + a->length, b->bytes, b->length);
    status = host->value_set_string(host, run->outputs[0], (size_t)index, bytes, length);
    host->release(host, bytes);
    return status;
}

/* How far an operand moves where the output's dimension d moves by one. */
static void steps_of(const struct imgcls_tensor *in, const struct imgcls_tensor *out,
                     int64_t *steps)
{
    int64_t step = 1;
    int32_t d;
    for (d = 0; d < out->rank; d++)
        steps[d] = 0;
    for (d = in->rank - 1; d >= 0; d--) {
        if (in->dims[d] != 1)
            steps[d + out->rank - in->rank] = step;
        step *= in->dims[d];
    }
}

static imgcls_status concat_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_tensor *a = imgcls_input(run, 0), *b = imgcls_input(run, 1), *out;
    int64_t dims[IMGCLS_MAX_RANK], index[IMGCLS_MAX_RANK] = {0};
    int64_t a_steps[IMGCLS_MAX_RANK], b_steps[IMGCLS_MAX_RANK], a_at = 0, b_at = 0, i,
                                                                count;
    int32_t rank, d;
    imgcls_status status =
        host->broadcast(host, run->node, a->rank, a->dims, b->rank, b->dims, &rank, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, IMGCLS_STRING, rank, dims);
    out = imgcls_output(run, 0);
    if (status != IMGCLS_OK || !out)
        return status;
    steps_of(a, out, a_steps);
    steps_of(b, out, b_steps);
    count = op_count(out);
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        status = join(host, run, i, string_at(a, a_at), string_at(b, b_at));
        for (d = rank - 1; d >= 0; d--) {
            a_at += a_steps[d];
            b_at += b_steps[d];
            if (++index[d] < dims[d])
                break;
            a_at -= a_steps[d] * dims[d];
            b_at -= b_steps[d] * dims[d];
            index[d] = 0;
        }
    }
    return status;
}

static const struct imgcls_kernel concat_kernel =
    OP_KERNEL("string_concat_portable", string_accepts, concat_portable);

const struct imgcls_op string_concat_op =
    OP_ENTRY("StringConcat", 20, 0, concat_infer, NULL, &concat_kernel);
