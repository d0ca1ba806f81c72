/*
 * plugins/ops/signal/mel.c - MelWeightMatrix: triangles over the bins of a transform
 *
 * Edges are equally far apart on the mel scale, 2595 log10(1 + f / 700), and rounded down
 * to bins. A triangle without a rising side is 1 at its middle.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "plugins/ops/element.h"
#include "signal.h"

#define INPUTS 5
#define MOST   (1 << 20) /* bands, and length of the transform */

static imgcls_status shape_of(const struct imgcls_host *host,
                              const struct imgcls_node *node, int64_t bands,
                              int64_t length, int64_t *dims)
{
    if (bands < 0 || bands > MOST || length < 1 || length > MOST)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "%lld bands of a transform of %lld, allowed are 0..%d and 1..%d",
                       (long long)bands, (long long)length, MOST, MOST);
    dims[0] = length / 2 + 1;
    dims[1] = bands;
    return IMGCLS_OK;
}

static imgcls_status mel_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const int64_t type = host->attr_int(host, infer->node, "output_datatype", IMGCLS_F32);
    struct op_list bands, length;
    int64_t dims[2];
    imgcls_status status;
    size_t i;
    for (i = 0; i < INPUTS; i++)
        if (!op_in(infer->node, i))
            return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input %zu is missing", i);
    if (type < 1 || !op_type_in((int32_t)type, ELEMENT_FLOATS | OP_INTS))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "output_datatype is element type %lld, which is none of numbers",
                       (long long)type);
    status = op_list_infer(host, infer->node, 0, "num_mel_bins", &bands);
    if (status == IMGCLS_OK)
        status = op_list_infer(host, infer->node, 1, "dft_length", &length);
    if (status != IMGCLS_OK)
        return status;
    if (!bands.known || bands.count != 1 || !length.known || length.count != 1)
        return op_infer_open(host, infer, 0, (int32_t)type, 2);
    status = shape_of(host, infer->node, bands.values[0], length.values[0], dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, (int32_t)type, 2, dims)
                               : status;
}

/* Weight of bin j in the triangle over three edges. */
static double weight(const double *edges, double j)
{
    if (j >= edges[1] && j < edges[2])
        return (edges[2] - j) / (edges[2] - edges[1]);
    if (edges[1] == edges[0])
        return j == edges[1];
    return j >= edges[0] && j <= edges[1] ? (j - edges[0]) / (edges[1] - edges[0]) : 0;
}

static imgcls_status mel_portable(const struct imgcls_host *host,
                                  const struct imgcls_run *run)
{
    double numbers[INPUTS], low, step;
    int64_t dims[2], i, j;
    struct imgcls_tensor *y;
    imgcls_status status;
    size_t k;
    for (k = 0; k < INPUTS; k++) {
        const struct imgcls_tensor *input = imgcls_input(run, k);
        if (op_count(input) != 1)
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "input %zu has %lld numbers, one is needed", k,
                           (long long)op_count(input));
        numbers[k] = element_real(input, 0);
    }
    if (!(numbers[2] > 0) || !(numbers[3] >= 0) || !(numbers[4] >= numbers[3]))
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "a sample rate of %g with edges %g and %g: above 0, and rising from "
                       "0 on, are needed",
                       numbers[2], numbers[3], numbers[4]);
    status = shape_of(host, run->node, op_int_at(imgcls_input(run, 0), 0),
                      op_int_at(imgcls_input(run, 1), 0), dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, run->node->outputs[0]->type, 2, dims);
    if (status != IMGCLS_OK)
        return status;
    y = imgcls_output(run, 0);
    low = 2595 * log10(1 + numbers[3] / 700);
    step = (2595 * log10(1 + numbers[4] / 700) - low) / (double)(dims[1] + 2);
    for (i = 0; i < dims[1]; i++) {
        double edges[3];
        for (k = 0; k < 3; k++) {
            const double hertz =
                700 * (pow(10, (low + step * (double)(i + (int64_t)k)) / 2595) - 1);
            edges[k] = floor((numbers[1] + 1) * hertz / numbers[2]);
        }
        for (j = 0; j < dims[0]; j++)
            element_set_real(y, j * dims[1] + i, weight(edges, (double)j));
    }
    return IMGCLS_OK;
}

static int32_t mel_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    size_t i;
    (void)host;
    for (i = 0; i < INPUTS; i++)
        if (!op_takes(node, i, i < 3 ? OP_INDEXES : ELEMENT_FLOATS))
            return 0;
    return op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("mel_weight_matrix_portable", mel_accepts, mel_portable);
const struct imgcls_op mel_weight_matrix_op =
    OP_ENTRY("MelWeightMatrix", 17, 0, mel_infer, NULL, &kernel);
