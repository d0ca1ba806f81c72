/*
 * plugins/ops/random/draw.c - Bernoulli and Multinomial: drawing by given probabilities
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "plugins/ops/element.h"
#include "plugins/ops/generator.h"
#include "random.h"

#define DRAWN (ELEMENT_FLOATS | OP_INTS | OP_BOOLS)

static int32_t dtype(const struct imgcls_host *host, const struct imgcls_node *node,
                     int32_t fallback)
{
    const int64_t type = host->attr_int(host, node, "dtype", fallback);
    return type > 0 && type < IMGCLS_TYPE_COUNT ? (int32_t)type : fallback;
}

/* Bernoulli: 1 with the probability that the element says. */
static imgcls_status bernoulli_infer(const struct imgcls_host *host,
                                     struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    return host->infer_output(host, infer, 0, dtype(host, infer->node, in->type), in->rank,
                              in->dims);
}

static imgcls_status bernoulli_portable(const struct imgcls_host *host,
                                        const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const int64_t count = op_count(in);
    struct generator generator;
    int64_t i;
    imgcls_status status = op_set_output(host, run, 0, run->node->outputs[0]->type, in->rank,
                                         in->dims);
    generator_seed_node(host, run->node, &generator);
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        const double p = element_real(in, i);
        if (!(p >= 0 && p <= 1))
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "element %lld is %g, no probability", (long long)i, p);
        element_set_real(imgcls_output(run, 0), i, generator_uniform(&generator) < p);
    }
    return status;
}

static int32_t bernoulli_accepts(const struct imgcls_host *host,
                                 const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, ELEMENT_FLOATS) && op_is_plain(node) && op_has_output(node, 0) &&
           op_type_in(node->outputs[0]->type, DRAWN);
}

/* Multinomial: classes by unnormalised log probabilities, sample_size of them a row. */
static imgcls_status multinomial_dims(const struct imgcls_host *host,
                                      const struct imgcls_node *node, int32_t rank,
                                      const int64_t *in, int64_t *dims)
{
    char text[OP_SHAPE_TEXT];
    dims[1] = host->attr_int(host, node, "sample_size", 1);
    if (dims[1] < 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "sample_size is %lld",
                       (long long)dims[1]);
    if (rank >= 0 && rank != 2)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input has shape %s, not [N,classes]",
                       op_shape_text(rank, in, text, sizeof text));
    dims[0] = rank == 2 ? in[0] : -1;
    return IMGCLS_OK;
}

static imgcls_status multinomial_infer(const struct imgcls_host *host,
                                       struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[2];
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    status = multinomial_dims(host, infer->node, in->rank, in->dims, dims);
    return status == IMGCLS_OK
               ? op_infer_shape(host, infer, 0, dtype(host, infer->node, IMGCLS_I32), 2, dims)
               : status;
}

/* The class in whose part of [0, sum) the point lies. */
static int64_t class_at(const struct imgcls_tensor *in, int64_t row, double most, double point)
{
    const int64_t classes = in->dims[1];
    double sum = 0;
    int64_t i, last = 0;
    for (i = 0; i < classes; i++) {
        const double part = exp(element_real(in, row * classes + i) - most);
        if (part > 0)
            last = i;
        sum += part;
        if (point < sum)
            return i;
    }
    return last;
}

static imgcls_status multinomial_portable(const struct imgcls_host *host,
                                          const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct generator generator;
    int64_t dims[2], row, i;
    imgcls_status status = multinomial_dims(host, run->node, in->rank, in->dims, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, run->node->outputs[0]->type, 2, dims);
    generator_seed_node(host, run->node, &generator);
    for (row = 0; status == IMGCLS_OK && row < dims[0]; row++) {
        double most = -INFINITY, sum = 0;
        for (i = 0; i < in->dims[1]; i++)
            most = fmax(most, element_real(in, row * in->dims[1] + i));
        for (i = 0; i < in->dims[1]; i++)
            sum += exp(element_real(in, row * in->dims[1] + i) - most);
        if (!(sum > 0 && isfinite(sum)))
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "row %lld has no probabilities", (long long)row);
        for (i = 0; i < dims[1]; i++)
            element_set_whole(imgcls_output(run, 0), row * dims[1] + i,
                              class_at(in, row, most, sum * generator_uniform(&generator)));
    }
    return status;
}

static int32_t multinomial_accepts(const struct imgcls_host *host,
                                   const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, ELEMENT_FLOATS) && op_is_plain(node) && op_has_output(node, 0) &&
           op_type_in(node->outputs[0]->type, OP_INDEXES);
}

static const struct imgcls_kernel bernoulli_kernel =
    OP_KERNEL("bernoulli_portable", bernoulli_accepts, bernoulli_portable);
static const struct imgcls_kernel multinomial_kernel =
    OP_KERNEL("multinomial_portable", multinomial_accepts, multinomial_portable);

const struct imgcls_op bernoulli_op = OP_ENTRY("Bernoulli", 15, IMGCLS_TRAIT_RANDOM,
                                               bernoulli_infer, NULL, &bernoulli_kernel);
const struct imgcls_op multinomial_op = OP_ENTRY("Multinomial", 7, IMGCLS_TRAIT_RANDOM,
                                                 multinomial_infer, NULL, &multinomial_kernel);
