/*
 * plugins/ops/signal/window.c - HannWindow, HammingWindow, BlackmanWindow
 *
 * w(i) = a - b cos(2 pi i / n) + c cos(4 pi i / n), where n is the length (periodic) or one
 * less (symmetric). A window of one element has no cosine to divide for: it is its middle.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "plugins/ops/element.h"
#include "signal.h"

#define PI 3.14159265358979323846

static imgcls_status window_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const int64_t type = host->attr_int(host, infer->node, "output_datatype", IMGCLS_F32);
    struct op_list size;
    imgcls_status status;
    if (!op_in(infer->node, 0))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "a size is needed");
    if (type < 1 || !op_type_in((int32_t)type, ELEMENT_FLOATS | OP_INTS))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "output_datatype is element type %lld, which is none of numbers",
                       (long long)type);
    status = op_list_infer(host, infer->node, 0, "size", &size);
    if (status != IMGCLS_OK)
        return status;
    if (!size.known || size.count != 1)
        return op_infer_open(host, infer, 0, (int32_t)type, 1);
    if (size.values[0] < 0)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "size must be one number that is not negative");
    return op_infer_shape(host, infer, 0, (int32_t)type, 1, size.values);
}

static imgcls_status window_run(const struct imgcls_host *host,
                                const struct imgcls_run *run, double a, double b, double c)
{
    const bool periodic = host->attr_int(host, run->node, "periodic", 1) != 0;
    struct imgcls_tensor *y;
    struct op_list size;
    double turn;
    int64_t i;
    imgcls_status status =
        op_list_read(host, run->node, imgcls_input(run, 0), "size", &size);
    if (status == IMGCLS_OK && (size.count != 1 || size.values[0] < 0))
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                         "size must be one number that is not negative");
    if (status == IMGCLS_OK)
        status =
            op_set_output(host, run, 0, run->node->outputs[0]->type, 1, size.values);
    if (status != IMGCLS_OK)
        return status;
    y = imgcls_output(run, 0);
    turn = (double)(periodic ? size.values[0] : size.values[0] - 1);
    for (i = 0; i < size.values[0]; i++) {
        const double at = turn > 0 ? 2 * PI * (double)i / turn : PI;
        element_set_real(y, i, a - b * cos(at) + c * cos(2 * at));
    }
    return IMGCLS_OK;
}

static imgcls_status hann_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    return window_run(host, run, 0.5, 0.5, 0);
}

static imgcls_status hamming_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    return window_run(host, run, 25.0 / 46, 21.0 / 46, 0);
}

static imgcls_status blackman_portable(const struct imgcls_host *host,
                                       const struct imgcls_run *run)
{
    return window_run(host, run, 0.42, 0.5, 0.08);
}

static int32_t window_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_INDEXES) && op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel hann_kernel =
    OP_KERNEL("hann_window_portable", window_accepts, hann_portable);
static const struct imgcls_kernel hamming_kernel =
    OP_KERNEL("hamming_window_portable", window_accepts, hamming_portable);
static const struct imgcls_kernel blackman_kernel =
    OP_KERNEL("blackman_window_portable", window_accepts, blackman_portable);
const struct imgcls_op hann_window_op =
    OP_ENTRY("HannWindow", 17, 0, window_infer, NULL, &hann_kernel);
const struct imgcls_op hamming_window_op =
    OP_ENTRY("HammingWindow", 17, 0, window_infer, NULL, &hamming_kernel);
const struct imgcls_op blackman_window_op =
    OP_ENTRY("BlackmanWindow", 17, 0, window_infer, NULL, &blackman_kernel);
