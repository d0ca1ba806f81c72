/*
 * plugins/ops/shape/resize.c - Resize: every output element is a weighted sum of inputs
 *
 * Interpolation is separable: for each axis and each output index along it a short list of
 * taps (source index, weight) is made first (resize_taps.c); an output is then the sum over
 * the product of its axes' lists, in double, rounded once. Nearest mode has one tap of
 * weight 1 and moves elements of any type.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "elements.h"
#include "plugins/ops/number.h"
#include "plugins/ops/upgrade.h"
#include "resize_lines.h"
#include "resize_taps.h"
#include "shape.h"
#include "strided.h"

#define REALS (OP_FLOATS | OP_BIT(IMGCLS_F16) | OP_BIT(IMGCLS_BF16))

/* A list of float32 or float64 numbers (scales, roi): at most OP_LIST_MAX. */
struct reals {
    bool known, present;
    int64_t count;
    double values[OP_LIST_MAX];
};

static imgcls_status read_reals(const struct imgcls_host *host,
                                const struct imgcls_node *node,
                                const struct imgcls_tensor *tensor, const char *what,
                                struct reals *out)
{
    memset(out, 0, sizeof *out);
    out->known = true;
    if (!tensor || op_count(tensor) == 0) /* an empty list stood for none before 13 */
        return IMGCLS_OK;
    out->present = true;
    out->count = op_count(tensor);
    if (!op_type_in(tensor->type, REALS) || tensor->rank != 1 || out->count > OP_LIST_MAX)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "%s must be a list of at most %d floating-point numbers", what,
                       OP_LIST_MAX);
    number_read_reals(tensor->type, tensor->data, 0, out->count, out->values);
    return IMGCLS_OK;
}

static imgcls_status infer_reals(const struct imgcls_host *host,
                                 const struct imgcls_node *node, size_t i, const char *what,
                                 struct reals *out)
{
    const struct imgcls_value_info *info = op_in(node, i);
    if (!info || info->constant ||
        (info->rank == 1 && info->dims[0] == 0)) /* empty: as if omitted */
        return read_reals(host, node, info ? info->constant : NULL, what, out);
    memset(out, 0, sizeof *out);
    out->present = true;
    return IMGCLS_OK;
}

static bool is_stretched(const struct imgcls_host *host, const struct imgcls_node *node)
{
    return strcmp(host->attr_string(host, node, "keep_aspect_ratio_policy", "stretch"),
                  "stretch") == 0;
}

/* Sizes from sizes, which may be asked to keep the ratio of the axes. */
static imgcls_status apply_sizes(const struct imgcls_host *host,
                                 const struct imgcls_node *node, const int64_t *in,
                                 const int32_t *axes, int64_t count,
                                 const struct op_list *sizes, struct resize_axis *out)
{
    const char *policy =
        host->attr_string(host, node, "keep_aspect_ratio_policy", "stretch");
    const bool larger = strcmp(policy, "not_smaller") == 0;
    const bool keep = larger || strcmp(policy, "not_larger") == 0;
    double joint = larger ? 0 : INFINITY;
    int64_t i;
    if (!keep && strcmp(policy, "stretch") != 0)
        return OP_FAIL(
            host, node, IMGCLS_BAD_INPUT,
            "keep_aspect_ratio_policy must be stretch, not_larger or not_smaller, "
            "not '%s'",
            policy);
    for (i = 0; i < count; i++) {
        const double scale = (double)sizes->values[i] / (double)in[axes[i]];
        if (sizes->values[i] < 0 || (in[axes[i]] == 0 && sizes->values[i] > 0))
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "dimension %d of %lld cannot become %lld", axes[i],
                           (long long)in[axes[i]], (long long)sizes->values[i]);
        joint = larger ? fmax(joint, scale) : fmin(joint, scale);
        out[axes[i]].out_dim = sizes->values[i];
        out[axes[i]].scale = in[axes[i]] > 0 ? scale : 1;
    }
    for (i = 0; keep && i < count; i++) {
        out[axes[i]].scale = joint;
        out[axes[i]].out_dim = (int64_t)floor(joint * (double)in[axes[i]] + 0.5);
    }
    return IMGCLS_OK;
}

static imgcls_status apply_scales(const struct imgcls_host *host,
                                  const struct imgcls_node *node, const int64_t *in,
                                  const int32_t *axes, int64_t count,
                                  const struct reals *scales, struct resize_axis *out)
{
    int64_t i;
    for (i = 0; i < count; i++) {
        struct resize_axis *axis = &out[axes[i]];
        const double scale = scales->values[i];
        /* In float32, as everybody computes it: 0.7 of 10 is 7. And without the region of
         * tf_crop_and_resize, whose size the specification's text multiplies in: its own shape
         * inference and its reference do not, nor does ONNX Runtime. */
        const double size = floorf((float)in[axes[i]] * (float)scale);
        if (!(scale > 0) || !(size < 9e15))
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "scale %g of dimension %d (%lld) is not possible", scale,
                           axes[i], (long long)in[axes[i]]);
        axis->scale = scale;
        axis->out_dim = size > 0 ? (int64_t)size : 0;
    }
    return IMGCLS_OK;
}

/* What each axis does. An axis that is not resized keeps scale 1. in has no unknown dims.
 */
static imgcls_status axes_of(const struct imgcls_host *host, const struct imgcls_node *node,
                             int32_t rank, const int64_t *in, const struct reals *roi,
                             const struct reals *scales, const struct op_list *sizes,
                             struct resize_axis *out)
{
    const int64_t *named;
    const size_t named_count = host->attr_ints(host, node, "axes", &named);
    const int64_t count = named_count ? (int64_t)named_count : rank;
    const bool crop =
        strcmp(host->attr_string(host, node, "coordinate_transformation_mode", ""),
               "tf_crop_and_resize") == 0;
    int32_t axes[IMGCLS_MAX_RANK];
    bool flags[IMGCLS_MAX_RANK];
    int64_t i;
    imgcls_status status = op_axes(host, node, named_count, named, rank, flags);
    if (status != IMGCLS_OK)
        return status;
    if (scales->present == (sizes->present && sizes->count > 0))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "one of scales and sizes is needed");
    if ((scales->present ? scales->count : sizes->count) != count ||
        (crop && roi->present && roi->count != 2 * count))
        return OP_FAIL(
            host, node, IMGCLS_BAD_INPUT,
            "scales, sizes and roi have %lld, %lld and %lld entries for %lld axes",
            (long long)scales->count, (long long)sizes->count, (long long)roi->count,
            (long long)count);
    for (i = 0; i < rank; i++)
        out[i] = (struct resize_axis){
            .in_dim = in[i], .out_dim = in[i], .scale = 1, .roi = {0, 1}};
    for (i = 0; i < count; i++) {
        axes[i] = (int32_t)(!named_count ? i : named[i] < 0 ? named[i] + rank : named[i]);
        out[axes[i]].resized = true;
        if (crop && roi->present) {
            out[axes[i]].roi[0] = roi->values[i];
            out[axes[i]].roi[1] = roi->values[count + i];
        }
    }
    if (scales->present)
        return apply_scales(host, node, in, axes, count, scales, out);
    return apply_sizes(host, node, in, axes, count, sizes, out);
}

static imgcls_status resize_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const struct imgcls_value_info *in = op_in(node, 0);
    struct resize_axis axes[IMGCLS_MAX_RANK];
    int64_t dims[IMGCLS_MAX_RANK], guess[IMGCLS_MAX_RANK];
    struct reals roi, scales;
    struct op_list sizes;
    struct resize_mode mode;
    int32_t d;
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input 0 is missing");
    status = resize_mode_of(host, node, &mode);
    if (status == IMGCLS_OK)
        status = infer_reals(host, node, 1, "roi", &roi);
    if (status == IMGCLS_OK)
        status = infer_reals(host, node, 2, "scales", &scales);
    if (status == IMGCLS_OK)
        status = op_list_infer(host, node, 3, "sizes", &sizes);
    if (status != IMGCLS_OK)
        return status;
    if (in->rank < 0 || !scales.known || !sizes.known || (mode.crop && !roi.known))
        return op_infer_open(host, infer, 0, in->type, in->rank);
    for (d = 0; d < in->rank; d++)
        guess[d] = in->dims[d] < 0 ? 1 : in->dims[d];
    status = axes_of(host, node, in->rank, guess, &roi, &scales, &sizes, axes);
    for (d = 0; status == IMGCLS_OK && d < in->rank; d++) {
        dims[d] = axes[d].out_dim;
        if (in->dims[d] >= 0)
            continue;
        if (!axes[d].resized || (scales.present && axes[d].scale == 1 && !mode.crop))
            dims[d] = in->dims[d];
        else if (scales.present || !is_stretched(host, node))
            dims[d] = -1; /* depends on the input's */
    }
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, in->type, in->rank, dims)
                               : status;
}

/* Bytes that the taps of all axes need. */
static size_t table_bytes(int32_t rank, const struct resize_axis *axes)
{
    size_t bytes = 0;
    int32_t d;
    for (d = 0; d < rank; d++)
        bytes +=
            (size_t)(axes[d].out_dim * axes[d].taps) * (sizeof(int64_t) + sizeof(double));
    return bytes;
}

/* Static shapes: room for the taps is part of the plan. */
static imgcls_status resize_prepare(const struct imgcls_host *host,
                                    struct imgcls_prepare *prepare)
{
    const struct imgcls_node *node = prepare->node;
    const struct imgcls_value_info *in = node->inputs[0];
    struct resize_axis axes[IMGCLS_MAX_RANK];
    struct resize_mode mode;
    struct reals roi, scales;
    struct op_list sizes;
    imgcls_status status = resize_mode_of(host, node, &mode);
    if (status == IMGCLS_OK)
        status = infer_reals(host, node, 1, "roi", &roi);
    if (status == IMGCLS_OK)
        status = infer_reals(host, node, 2, "scales", &scales);
    if (status == IMGCLS_OK)
        status = op_list_infer(host, node, 3, "sizes", &sizes);
    if (status != IMGCLS_OK || in->rank < 0 || imgcls_count(in->rank, in->dims) < 0 ||
        !scales.known || !sizes.known || !roi.known)
        return status;
    status = axes_of(host, node, in->rank, in->dims, &roi, &scales, &sizes, axes);
    if (status != IMGCLS_OK)
        return status;
    resize_count_taps(&mode, in->rank, axes);
    prepare->workspace_bytes = table_bytes(in->rank, axes);
    return IMGCLS_OK;
}

static imgcls_status resize_move(const struct imgcls_host *host,
                                 const struct imgcls_run *run, void *argument)
{
    struct resize r = *(const struct resize *)argument;
    r.in = imgcls_input(run, 0);
    r.out = imgcls_output(run, 0);
    if (op_count(r.out) > 0)
        host->parallel_for(host, run, op_count(r.out), 4096, resize_range, &r);
    return IMGCLS_OK;
}

static imgcls_status resize_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct imgcls_node *node = run->node;
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct resize_axis axes[IMGCLS_MAX_RANK];
    struct resize r = {.axes = axes};
    struct resize_mode mode;
    struct reals roi, scales;
    struct op_list sizes;
    int64_t dims[IMGCLS_MAX_RANK], strides[IMGCLS_MAX_RANK];
    char *table = NULL, *owned = NULL;
    size_t bytes;
    int32_t d;
    imgcls_status status = resize_mode_of(host, node, &mode);
    if (status == IMGCLS_OK)
        status = read_reals(host, node, imgcls_input(run, 1), "roi", &roi);
    if (status == IMGCLS_OK)
        status = read_reals(host, node, imgcls_input(run, 2), "scales", &scales);
    if (status == IMGCLS_OK)
        status = op_list_read(host, node, imgcls_input(run, 3), "sizes", &sizes);
    if (status == IMGCLS_OK)
        status = axes_of(host, node, in->rank, in->dims, &roi, &scales, &sizes, axes);
    for (d = 0; status == IMGCLS_OK && d < in->rank; d++)
        dims[d] = axes[d].out_dim;
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, in->type, in->rank, dims);
    if (status != IMGCLS_OK || op_count(imgcls_output(run, 0)) == 0)
        return status;
    resize_count_taps(&mode, in->rank, axes);
    bytes = table_bytes(in->rank, axes);
    table = run->workspace;
    if (run->workspace_bytes < bytes)
        table = owned = host->alloc(host, bytes, 1);
    if (!table)
        return IMGCLS_NO_MEMORY;
    strided_row_major(in->rank, in->dims, strides);
    for (d = 0; d < in->rank; d++) {
        const size_t entries = (size_t)(axes[d].out_dim * axes[d].taps);
        axes[d].stride = strides[d];
        axes[d].indices = (int64_t *)(void *)table;
        axes[d].weights = (double *)(void *)(table + entries * sizeof(int64_t));
        table += entries * (sizeof(int64_t) + sizeof(double));
        resize_fill_taps(&mode, &axes[d]);
    }
    r.mode = &mode;
    resize_lay_lines(&r, in->rank);
    status = elements_run(host, run, 1, resize_move, &r);
    host->release(host, owned);
    return status;
}

/* Nearest moves anything; the others compute with numbers. */
static int32_t resize_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    const char *mode = host->attr_string(host, node, "mode", "nearest");
    const char *where =
        host->attr_string(host, node, "coordinate_transformation_mode", "half_pixel");
    const bool moves =
        strcmp(mode, "nearest") == 0 && strcmp(where, "tf_crop_and_resize") != 0;
    size_t i;
    for (i = 1; i < 3; i++)
        if (op_in(node, i) && !op_takes(node, i, REALS))
            return 0;
    return op_takes(node, 0, moves ? OP_ANY : OP_NUMBERS | REALS) && op_is_plain(node) &&
           (!op_in(node, 3) || op_takes(node, 3, OP_INDEXES));
}

/* Operator set 10 had X and scales, and simple coordinates. Upsample was the same before.
 */
static imgcls_status simple_coordinates(const struct imgcls_host *host,
                                        struct imgcls_node *node)
{
    imgcls_status status =
        host->node_set_string(host, node, "coordinate_transformation_mode", "asymmetric");
    return status == IMGCLS_OK ? host->node_set_string(host, node, "nearest_mode", "floor")
                               : status;
}

static imgcls_status move_scales(const struct imgcls_host *host, struct imgcls_node *node)
{
    char name[UPGRADE_NAME];
    imgcls_status status;
    if (!op_in(node, 1))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "scales are missing");
    snprintf(name, sizeof name, "%s", node->inputs[1]->name);
    if (strlen(node->inputs[1]->name) >= sizeof name)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED, "the name of scales is too long");
    status = host->node_set_input(host, node, 2, name);
    return status == IMGCLS_OK ? host->node_set_input(host, node, 1, "") : status;
}

static imgcls_status resize_upgrade(const struct imgcls_host *host,
                                    struct imgcls_graph *graph, struct imgcls_node *node)
{
    imgcls_status status;
    (void)graph;
    if (node->version >= 11)
        return IMGCLS_OK;
    status = move_scales(host, node);
    return status == IMGCLS_OK ? simple_coordinates(host, node) : status;
}

/* scales were an attribute (7), or two for height and width (1). */
static imgcls_status upsample_upgrade(const struct imgcls_host *host,
                                      struct imgcls_graph *graph, struct imgcls_node *node)
{
    const struct imgcls_attr *attr = host->attr(host, node, "scales");
    const float plain[4] = {1, 1, host->attr_float(host, node, "height_scale", 1),
                            host->attr_float(host, node, "width_scale", 1)};
    static const char *const gone[] = {"scales", "height_scale", "width_scale"};
    imgcls_status status = IMGCLS_OK;
    size_t i;
    if (attr && attr->kind == IMGCLS_ATTR_FLOATS)
        status = upgrade_input(host, graph, node, 1, "scales", IMGCLS_F32, 1, attr->count,
                               attr->floats);
    else if (!op_in(node, 1))
        status = upgrade_input(host, graph, node, 1, "scales", IMGCLS_F32, 1, 4, plain);
    for (i = 0; status == IMGCLS_OK && i < 3; i++)
        status = host->node_remove_attr(host, node, gone[i]);
    if (status == IMGCLS_OK &&
        strcmp(host->attr_string(host, node, "mode", ""), "bilinear") == 0)
        status = host->node_set_string(host, node, "mode", "linear");
    if (status == IMGCLS_OK)
        status = move_scales(host, node);
    if (status == IMGCLS_OK)
        status = simple_coordinates(host, node);
    return status == IMGCLS_OK ? host->node_set_type(host, node, "", "Resize") : status;
}

static const struct imgcls_kernel resize_kernel = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "resize_portable",
    .accepts = resize_accepts,
    .prepare = resize_prepare,
    .run = resize_portable,
};
const struct imgcls_op resize_op =
    OP_ENTRY("Resize", 10, 0, resize_infer, resize_upgrade, &resize_kernel);
const struct imgcls_op upsample_op =
    OP_ENTRY("Upsample", 1, 0, resize_infer, upsample_upgrade, &resize_kernel);
