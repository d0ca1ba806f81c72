/*
 * plugins/ops/nn/window.c - kernel, strides, dilations and padding of convolutions and
 * pooling
 *
 * Sizes follow the text of Conv-22 and MaxPool-22. With ceil_mode a last window that would
 * start in the padding behind the image is left out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "window.h"

#include <string.h>

imgcls_status window_ints(const struct imgcls_host *host, const struct imgcls_node *node,
                          const char *name, int32_t count, int64_t least, int64_t fallback,
                          int64_t *out)
{
    const int64_t *ints = NULL;
    size_t given = host->attr_ints(host, node, name, &ints);
    int32_t i;

    if (given != 0 && given != (size_t)count)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "attribute '%s' has %zu numbers where %d are needed", name, given,
                       count);
    for (i = 0; i < count; i++) {
        out[i] = given ? ints[i] : fallback;
        if (out[i] < least || out[i] > INT32_MAX)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "attribute '%s' is %lld, allowed is %lld..%d", name,
                           (long long)out[i], (long long)least, INT32_MAX);
    }
    return IMGCLS_OK;
}

imgcls_status window_auto_pad(const struct imgcls_host *host,
                              const struct imgcls_node *node, enum window_auto *out)
{
    static const char *const words[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
    const char *word = host->attr_string(host, node, "auto_pad", "NOTSET");
    int i;

    *out = WINDOW_NOTSET;
    for (i = 0; i < 4; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (enum window_auto)i;
            return IMGCLS_OK;
        }
    if (!word[0])
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                   "auto_pad is '%s', allowed is NOTSET, VALID, SAME_UPPER, SAME_LOWER",
                   word);
}

/* kernel_shape, or the weights' dims; both must agree where both are known. */
static imgcls_status read_kernel(const struct imgcls_host *host,
                                 const struct imgcls_node *node, const int64_t *weights,
                                 struct window *out)
{
    const int64_t *ints = NULL;
    size_t given = host->attr_ints(host, node, "kernel_shape", &ints);
    imgcls_status status;
    int32_t i;

    if (!weights && given == 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "attribute 'kernel_shape' is missing");
    if (given) {
        status = window_ints(host, node, "kernel_shape", out->count, 1, 1, out->kernel);
        if (status != IMGCLS_OK)
            return status;
    }
    for (i = 0; weights && i < out->count; i++) {
        if (!given) {
            out->kernel[i] = weights[i] < 0 ? -1 : weights[i];
            if (weights[i] == 0 || weights[i] > INT32_MAX)
                return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                               "weights have %lld positions along dimension %d, allowed is "
                               "1..%d",
                               (long long)weights[i], i + 2, INT32_MAX);
        } else if (weights[i] >= 0 && weights[i] != out->kernel[i]) {
            return OP_FAIL(
                host, node, IMGCLS_BAD_INPUT,
                "kernel_shape says %lld along dimension %d, the weights have %lld",
                (long long)out->kernel[i], i + 2, (long long)weights[i]);
        }
    }
    return IMGCLS_OK;
}

/* Padding that makes the output ceil(in / stride) long. */
static void pad_same(struct window *w, int32_t i, enum window_auto kind)
{
    int64_t out = (w->in[i] + w->stride[i] - 1) / w->stride[i];
    int64_t total =
        (out - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 - w->in[i];

    if (total < 0 || out == 0)
        total = 0;
    w->pad[i] = kind == WINDOW_SAME_UPPER ? total / 2 : total - total / 2;
    w->pad_end[i] = total - w->pad[i];
    w->out[i] = out;
}

static imgcls_status size_of_output(const struct imgcls_host *host,
                                    const struct imgcls_node *node, struct window *w,
                                    int32_t i, int ceil_mode)
{
    int64_t reach = (w->kernel[i] - 1) * w->dilation[i] + 1;
    int64_t room = w->in[i] + w->pad[i] + w->pad_end[i];

    if (w->in[i] == 0 && room < reach) {
        w->out[i] = 0;
        return IMGCLS_OK;
    }
    if (room < reach)
        return OP_FAIL(
            host, node, IMGCLS_BAD_INPUT,
            "a window of %lld does not fit into %lld along dimension %d (padding "
            "included)",
            (long long)reach, (long long)room, i + 2);
    w->out[i] = (room - reach) / w->stride[i] + 1;
    if (ceil_mode && (room - reach) % w->stride[i] != 0 &&
        w->out[i] * w->stride[i] < w->in[i] + w->pad[i])
        w->out[i]++;
    return IMGCLS_OK;
}

imgcls_status window_read(const struct imgcls_host *host, const struct imgcls_node *node,
                          int32_t count, const int64_t *in, const int64_t *kernel,
                          struct window *out)
{
    int64_t pads[2 * IMGCLS_MAX_RANK];
    enum window_auto kind;
    imgcls_status status;
    int ceil_mode = host->attr_int(host, node, "ceil_mode", 0) != 0;
    int32_t i;

    memset(out, 0, sizeof *out);
    if (count < 1 || count > IMGCLS_MAX_RANK - 2)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "input has %d dimensions, at least 3 are needed", count + 2);
    out->count = count;
    status = read_kernel(host, node, kernel, out);
    if (status == IMGCLS_OK)
        status = window_ints(host, node, "strides", count, 1, 1, out->stride);
    if (status == IMGCLS_OK)
        status = window_ints(host, node, "dilations", count, 1, 1, out->dilation);
    if (status == IMGCLS_OK)
        status = window_auto_pad(host, node, &kind);
    if (status == IMGCLS_OK && kind == WINDOW_NOTSET)
        status = window_ints(host, node, "pads", 2 * count, 0, 0, pads);
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        out->in[i] = in[i];
        out->out[i] = -1;
        if (kind == WINDOW_NOTSET) {
            out->pad[i] = pads[i];
            out->pad_end[i] = pads[count + i];
        }
        if (in[i] > INT64_MAX / 4)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "dimension %d is %lld: too large",
                           i + 2, (long long)in[i]);
        if (in[i] < 0 || out->kernel[i] < 0)
            continue;
        if (kind == WINDOW_SAME_UPPER || kind == WINDOW_SAME_LOWER)
            pad_same(out, i, kind);
        else
            status = size_of_output(host, node, out, i, ceil_mode);
    }
    return status;
}

void window_widen(const struct window *window, int64_t channels, struct gemm_window *out)
{
    int32_t d, i;

    out->channels = channels;
    for (d = 0; d < 3; d++) {
        i = d - (3 - window->count);
        out->in[d] = i < 0 ? 1 : window->in[i];
        out->out[d] = i < 0 ? 1 : window->out[i];
        out->kernel[d] = i < 0 ? 1 : window->kernel[i];
        out->stride[d] = i < 0 ? 1 : window->stride[i];
        out->dilation[d] = i < 0 ? 1 : window->dilation[i];
        out->pad[d] = i < 0 ? 0 : window->pad[i];
    }
}
