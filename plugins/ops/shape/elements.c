/*
 * plugins/ops/shape/elements.c - see elements.h
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elements.h"

struct stand_in {
    struct imgcls_value value;
    struct imgcls_tensor tensor;
};

/* Everything that the substituted run points to. */
struct substitute {
    struct imgcls_run run;
    struct stand_in *stand_ins; /* inputs, then outputs */
    const struct imgcls_value **inputs;
    struct imgcls_value **outputs;
    size_t count; /* of stand-ins */
};

static bool is_data(uint64_t data, size_t i)
{
    return data >> (i < 63 ? i : 63) & 1;
}

/* A tensor of the same shape whose elements take `size` bytes. */
static imgcls_status stand_in_create(const struct imgcls_host *host,
                                     const struct imgcls_tensor *of, int32_t type,
                                     size_t size, struct stand_in *out)
{
    const int64_t count = op_count(of);
    out->tensor = *of;
    out->tensor.type = type;
    out->tensor.size_bytes = (size_t)count * size;
    out->tensor.data = host->alloc(host, (size_t)count + 1, size);
    out->value.struct_size = sizeof out->value;
    out->value.kind = IMGCLS_KIND_TENSOR;
    out->value.type = type;
    out->value.tensor = &out->tensor;
    return out->tensor.data ? IMGCLS_OK : IMGCLS_NO_MEMORY;
}

static void unpack(const struct imgcls_tensor *from, int bits, uint8_t *to)
{
    const int64_t count = op_count(from);
    int64_t i;
    for (i = 0; i < count; i++)
        to[i] = (uint8_t)op_packed_at(from->data, bits, i);
}

static void pack(const uint8_t *from, int bits, struct imgcls_tensor *to)
{
    const int64_t count = op_count(to);
    int64_t i;
    if (count > 0)
        memset(to->data, 0, to->size_bytes);
    for (i = 0; i < count; i++)
        op_packed_set(to->data, bits, i, from[i]);
}

/* Text number `index`, counted through all data inputs; 0 is the empty text. */
static struct imgcls_string text_at(const struct imgcls_run *run, uint64_t data,
                                    uint64_t index)
{
    static const struct imgcls_string empty = {"", 0};
    size_t i;
    if (index-- == 0)
        return empty;
    for (i = 0; i < run->input_count; i++) {
        const struct imgcls_tensor *in = imgcls_input(run, i);
        if (!in || !is_data(data, i))
            continue;
        if (index < (uint64_t)op_count(in))
            return ((const struct imgcls_string *)in->data)[index];
        index -= (uint64_t)op_count(in);
    }
    return empty;
}

static imgcls_status take_inputs(const struct imgcls_host *host,
                                 const struct imgcls_run *run, uint64_t data, int bits,
                                 struct substitute *sub)
{
    uint64_t number = 1;
    size_t i;
    int64_t k;
    for (i = 0; i < run->input_count; i++) {
        const struct imgcls_tensor *in = imgcls_input(run, i);
        struct stand_in *stand_in = &sub->stand_ins[i];
        imgcls_status status;
        sub->inputs[i] = run->inputs[i];
        if (!in || !is_data(data, i))
            continue;
        status = stand_in_create(host, in, bits ? IMGCLS_U8 : IMGCLS_U64,
                                 bits ? 1 : sizeof(uint64_t), stand_in);
        if (status != IMGCLS_OK)
            return status;
        sub->inputs[i] = &stand_in->value;
        if (bits)
            unpack(in, bits, stand_in->tensor.data);
        for (k = 0; !bits && k < op_count(in); k++)
            ((uint64_t *)stand_in->tensor.data)[k] = number++;
    }
    for (i = 0; i < run->output_count; i++) {
        struct stand_in *stand_in = &sub->stand_ins[run->input_count + i];
        imgcls_status status;
        if (!imgcls_output(run, i))
            continue;
        status = stand_in_create(host, imgcls_output(run, i), bits ? IMGCLS_U8 : IMGCLS_U64,
                                 bits ? 1 : sizeof(uint64_t), stand_in);
        if (status != IMGCLS_OK)
            return status;
        sub->outputs[i] = &stand_in->value;
    }
    return IMGCLS_OK;
}

static imgcls_status give_outputs(const struct imgcls_host *host,
                                  const struct imgcls_run *run, uint64_t data, int bits,
                                  const struct substitute *sub)
{
    imgcls_status status = IMGCLS_OK;
    size_t i;
    int64_t k;
    for (i = 0; i < run->output_count; i++) {
        struct imgcls_tensor *out = imgcls_output(run, i);
        const struct imgcls_tensor *moved = &sub->stand_ins[run->input_count + i].tensor;
        if (!out)
            continue;
        if (bits)
            pack(moved->data, bits, out);
        for (k = 0; !bits && status == IMGCLS_OK && k < op_count(out); k++) {
            const struct imgcls_string text =
                text_at(run, data, ((const uint64_t *)moved->data)[k]);
            status = host->value_set_string(host, run->outputs[i], (size_t)k, text.bytes,
                                            text.length);
        }
    }
    return status;
}

imgcls_status
elements_run(const struct imgcls_host *host, const struct imgcls_run *run, uint64_t data,
             imgcls_status (*move)(const struct imgcls_host *host,
                                   const struct imgcls_run *run, void *argument),
             void *argument)
{
    struct substitute sub = {.run = *run};
    imgcls_status status = IMGCLS_NO_MEMORY;
    int32_t type = IMGCLS_UNDEFINED;
    size_t i;
    for (i = 0; i < run->input_count && type == IMGCLS_UNDEFINED; i++)
        if (is_data(data, i) && imgcls_input(run, i))
            type = imgcls_input(run, i)->type;
    if (type != IMGCLS_STRING && !op_packed_bits(type))
        return move(host, run, argument);

    sub.count = run->input_count + run->output_count;
    sub.stand_ins = host->alloc(host, sub.count, sizeof *sub.stand_ins);
    sub.inputs = host->alloc(host, run->input_count + 1, sizeof *sub.inputs);
    sub.outputs = host->alloc(host, run->output_count + 1, sizeof *sub.outputs);
    if (!sub.stand_ins || !sub.inputs || !sub.outputs)
        goto done;
    sub.run.inputs = sub.inputs;
    sub.run.outputs = sub.outputs;
    status = take_inputs(host, run, data, op_packed_bits(type), &sub);
    if (status == IMGCLS_OK)
        status = move(host, &sub.run, argument);
    if (status == IMGCLS_OK)
        status = give_outputs(host, run, data, op_packed_bits(type), &sub);
done:
    for (i = 0; sub.stand_ins && i < sub.count; i++)
        host->release(host, sub.stand_ins[i].tensor.data);
    host->release(host, sub.stand_ins);
    host->release(host, sub.inputs);
    host->release(host, sub.outputs);
    return status;
}

int32_t elements_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    size_t i;
    (void)host;
    if (!op_takes(node, 0, OP_ANY) || !op_is_plain(node))
        return 0;
    for (i = 1; i < node->input_count; i++)
        if (node->inputs[i] && !op_takes(node, i, OP_INDEXES))
            return 0;
    return 1;
}
