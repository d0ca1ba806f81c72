/*
 * plugins/ops/ml/zip_map.c - ZipMap: each row of scores becomes a map from class labels to them
 *
 * The output is a sequence of maps: keys are the labels, values a sequence of scalars.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "ml.h"
#include "scores.h"

static imgcls_status zip_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    struct labels labels;
    int64_t rows, features;
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    status = labels_read(host, infer->node, "classlabels_strings", "classlabels_int64s", &labels);
    if (status == IMGCLS_OK)
        status = scores_rows(host, infer->node, in->rank, in->dims, &rows, &features);
    if (status == IMGCLS_OK && features >= 0 && (uint64_t)features != labels.count)
        status = OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "%lld scores for %zu labels",
                         (long long)features, labels.count);
    return status == IMGCLS_OK
               ? host->infer_kind(host, infer, 0, IMGCLS_KIND_SEQUENCE, IMGCLS_F32)
               : status;
}

static void release_all(const struct imgcls_host *host, struct imgcls_value **values,
                        size_t count)
{
    size_t i;
    for (i = 0; values && i < count; i++)
        host->value_release(host, values[i]);
    host->release(host, values);
}

static imgcls_status make_keys(const struct imgcls_host *host, const struct labels *labels,
                               struct imgcls_value **out)
{
    const int64_t dims[] = {(int64_t)labels->count};
    size_t i;
    imgcls_status status = host->value_tensor(host, labels_type(labels), 1, dims, out);
    for (i = 0; status == IMGCLS_OK && i < labels->count; i++) {
        if (labels->texts)
            status = host->value_set_string(host, *out, i, labels->texts[i].bytes,
                                            labels->texts[i].length);
        else
            ((int64_t *)(*out)->tensor->data)[i] = labels->numbers[i];
    }
    return status;
}

/* A sequence of scalars: a row of x. */
static imgcls_status make_scores(const struct imgcls_host *host, const struct imgcls_tensor *x,
                                 int64_t begin, size_t count, struct imgcls_value **out)
{
    struct imgcls_value **items = host->alloc(host, count + 1, sizeof *items);
    size_t i;
    imgcls_status status = items ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        status = host->value_tensor(host, IMGCLS_F32, 0, NULL, &items[i]);
        if (status == IMGCLS_OK)
            element_set_real(items[i]->tensor, 0, element_real(x, begin + (int64_t)i));
    }
    if (status == IMGCLS_OK)
        status = host->value_list(host, IMGCLS_KIND_SEQUENCE, IMGCLS_F32, count, items, out);
    if (status == IMGCLS_OK)
        host->release(host, items); /* what was in it has been taken over */
    else
        release_all(host, items, count);
    return status;
}

static imgcls_status make_map(const struct imgcls_host *host, const struct labels *labels,
                              const struct imgcls_tensor *x, int64_t begin,
                              struct imgcls_value **out)
{
    struct imgcls_value *parts[2] = {NULL, NULL};
    imgcls_status status = make_keys(host, labels, &parts[0]);
    if (status == IMGCLS_OK)
        status = make_scores(host, x, begin, labels->count, &parts[1]);
    if (status == IMGCLS_OK)
        status = host->value_list(host, IMGCLS_KIND_MAP, IMGCLS_F32, 2, parts, out);
    if (status == IMGCLS_OK)
        return status;
    host->value_release(host, parts[0]);
    host->value_release(host, parts[1]);
    return status;
}

static imgcls_status zip_portable(const struct imgcls_host *host, const struct imgcls_run *run)
{
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    struct imgcls_value **maps = NULL;
    struct labels labels;
    int64_t rows = 0, features, row;
    imgcls_status status =
        labels_read(host, run->node, "classlabels_strings", "classlabels_int64s", &labels);
    if (status == IMGCLS_OK)
        status = scores_rows(host, run->node, x->rank, x->dims, &rows, &features);
    if (status == IMGCLS_OK && (uint64_t)features != labels.count)
        status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "%lld scores for %zu labels",
                         (long long)features, labels.count);
    if (status == IMGCLS_OK) {
        maps = host->alloc(host, (size_t)rows + 1, sizeof *maps);
        status = maps ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    }
    for (row = 0; status == IMGCLS_OK && row < rows; row++)
        status = make_map(host, &labels, x, row * features, &maps[row]);
    if (status == IMGCLS_OK)
        status = host->run_items(host, run, 0, (size_t)rows,
                                 (const struct imgcls_value *const *)maps);
    release_all(host, maps, (size_t)rows);
    return status;
}

static int32_t zip_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_FLOATS) && op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel = OP_KERNEL("zip_map_portable", zip_accepts, zip_portable);
const struct imgcls_op zip_map_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "ai.onnx.ml",
    .type = "ZipMap",
    .since_first = 1,
    .since_last = 5,
    .infer = zip_infer,
    .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},
};
