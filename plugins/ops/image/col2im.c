/*
 * plugins/ops/image/col2im.c - Col2Im: blocks laid out as columns, added up to an image
 *
 * Written from the image's side: an element is the sum of what each position of a block
 * puts there, in rising order of positions, in double. Nothing is added into.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "image.h"
#include "plugins/ops/element.h"

struct blocks {
    int32_t spatial;
    int64_t taps, columns; /* positions of a block; blocks of an image */
    int64_t image[IMGCLS_MAX_RANK], block[IMGCLS_MAX_RANK], grid[IMGCLS_MAX_RANK];
    int64_t stride[IMGCLS_MAX_RANK], dilation[IMGCLS_MAX_RANK], pad[IMGCLS_MAX_RANK];
    int64_t pad_end[IMGCLS_MAX_RANK];
};

static imgcls_status read_ints(const struct imgcls_host *host,
                               const struct imgcls_node *node, const char *name,
                               int32_t count, int64_t least, int64_t fallback, int64_t *out)
{
    const int64_t *ints = NULL;
    const size_t given = host->attr_ints(host, node, name, &ints);
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

/* From sizes that are known. */
static imgcls_status blocks_of(const struct imgcls_host *host,
                               const struct imgcls_node *node, const struct op_list *image,
                               const struct op_list *block, struct blocks *out)
{
    const int32_t n = (int32_t)image->count;
    int64_t pads[2 * IMGCLS_MAX_RANK];
    imgcls_status status;
    int32_t i;
    if (n < 1 || n > IMGCLS_MAX_RANK - 2 || block->count != n)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "image_shape has %lld numbers, block_shape %lld: as many of each, "
                       "1..%d, are needed",
                       (long long)image->count, (long long)block->count,
                       IMGCLS_MAX_RANK - 2);
    out->spatial = n;
    status = read_ints(host, node, "strides", n, 1, 1, out->stride);
    if (status == IMGCLS_OK)
        status = read_ints(host, node, "dilations", n, 1, 1, out->dilation);
    if (status == IMGCLS_OK)
        status = read_ints(host, node, "pads", 2 * n, 0, 0, pads);
    for (i = 0; status == IMGCLS_OK && i < n; i++) {
        int64_t room;
        out->image[i] = image->values[i];
        out->block[i] = block->values[i];
        out->pad[i] = pads[i];
        out->pad_end[i] = pads[n + i];
        if (out->image[i] < 1 || out->image[i] > INT32_MAX || out->block[i] < 1 ||
            out->block[i] > INT32_MAX)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "image_shape %lld and block_shape %lld, allowed is 1..%d",
                           (long long)out->image[i], (long long)out->block[i], INT32_MAX);
        room = out->image[i] + out->pad[i] + out->pad_end[i] -
               out->dilation[i] * (out->block[i] - 1) - 1;
        if (room < 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "a block of %lld does not fit into %lld (padding included)",
                           (long long)out->block[i], (long long)out->image[i]);
        out->grid[i] = room / out->stride[i] + 1;
    }
    if (status != IMGCLS_OK)
        return status;
    out->taps = imgcls_count(n, out->block);
    out->columns = imgcls_count(n, out->grid);
    if (out->taps < 0 || out->columns < 0)
        return OP_FAIL(host, node, IMGCLS_LIMIT, "there are more blocks than can be counted");
    return IMGCLS_OK;
}

static imgcls_status shape_of(const struct imgcls_host *host,
                              const struct imgcls_node *node, int32_t rank,
                              const int64_t *x, const struct blocks *blocks, int64_t *dims)
{
    char text[OP_SHAPE_TEXT];
    if (rank != 3 || (x[1] >= 0 && x[1] % blocks->taps != 0) ||
        (x[2] >= 0 && x[2] != blocks->columns))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "input is %s, [N, a multiple of %lld, %lld] is needed",
                       op_shape_text(rank, x, text, sizeof text), (long long)blocks->taps,
                       (long long)blocks->columns);
    dims[0] = x[0];
    dims[1] = x[1] >= 0 ? x[1] / blocks->taps : -1;
    memcpy(dims + 2, blocks->image, (size_t)blocks->spatial * sizeof *dims);
    return IMGCLS_OK;
}

static imgcls_status col2im_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list image, block;
    struct blocks blocks;
    imgcls_status status;
    if (!x || !op_in(infer->node, 1) || !op_in(infer->node, 2))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "an input, image_shape and block_shape are needed");
    status = op_list_infer(host, infer->node, 1, "image_shape", &image);
    if (status == IMGCLS_OK)
        status = op_list_infer(host, infer->node, 2, "block_shape", &block);
    if (status != IMGCLS_OK)
        return status;
    if (x->rank < 0 || !image.known || !block.known)
        return op_infer_open(host, infer, 0, x->type,
                             image.count < 0 ? -1 : image.count + 2);
    status = blocks_of(host, infer->node, &image, &block, &blocks);
    if (status == IMGCLS_OK)
        status = shape_of(host, infer->node, x->rank, x->dims, &blocks, dims);
    return status == IMGCLS_OK
               ? op_infer_shape(host, infer, 0, x->type, blocks.spatial + 2, dims)
               : status;
}

struct col2im {
    const struct imgcls_tensor *x;
    struct imgcls_tensor *y;
    struct blocks blocks;
    int64_t plane;
};

/* The block whose position `tap` lies on the image's element `at`, or -1. */
static int64_t column_of(const struct blocks *b, int64_t tap, int64_t at)
{
    int64_t column = 0, step = 1;
    int32_t i;
    for (i = b->spatial - 1; i >= 0; i--) {
        const int64_t from =
            at % b->image[i] + b->pad[i] - tap % b->block[i] * b->dilation[i];
        if (from < 0 || from % b->stride[i] != 0 || from / b->stride[i] >= b->grid[i])
            return -1;
        column += from / b->stride[i] * step;
        step *= b->grid[i];
        at /= b->image[i];
        tap /= b->block[i];
    }
    return column;
}

static void elements(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct col2im *job = argument;
    const struct blocks *b = &job->blocks;
    (void)thread;
    for (; begin < end; begin++) {
        const int64_t channel = begin / job->plane, at = begin % job->plane;
        double sum = 0;
        int64_t tap;
        for (tap = 0; tap < b->taps; tap++) {
            const int64_t column = column_of(b, tap, at);
            if (column >= 0)
                sum += element_real(job->x,
                                    (channel * b->taps + tap) * b->columns + column);
        }
        element_set_real(job->y, begin, sum);
    }
}

static imgcls_status col2im_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    struct col2im job = {.x = imgcls_input(run, 0)};
    int64_t dims[IMGCLS_MAX_RANK];
    struct op_list image, block;
    imgcls_status status =
        op_list_read(host, run->node, imgcls_input(run, 1), "image_shape", &image);
    if (status == IMGCLS_OK)
        status = op_list_read(host, run->node, imgcls_input(run, 2), "block_shape", &block);
    if (status == IMGCLS_OK)
        status = blocks_of(host, run->node, &image, &block, &job.blocks);
    if (status == IMGCLS_OK)
        status = shape_of(host, run->node, job.x->rank, job.x->dims, &job.blocks, dims);
    if (status == IMGCLS_OK)
        status =
            op_set_output(host, run, 0, job.x->type, job.blocks.spatial + 2, dims);
    if (status != IMGCLS_OK)
        return status;
    job.y = imgcls_output(run, 0);
    job.plane = imgcls_count(job.blocks.spatial, job.blocks.image);
    if (op_count(job.y) > 0)
        host->parallel_for(host, run, op_count(job.y), 1024 / job.blocks.taps + 1, elements,
                           &job);
    return IMGCLS_OK;
}

static int32_t col2im_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, ELEMENT_FLOATS) && op_takes(node, 1, OP_INDEXES) &&
           op_takes(node, 2, OP_INDEXES) && op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("col2im_portable", col2im_accepts, col2im_portable);
const struct imgcls_op col2im_op = OP_ENTRY("Col2Im", 18, 0, col2im_infer, NULL, &kernel);
