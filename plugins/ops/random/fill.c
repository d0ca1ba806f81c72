/*
 * plugins/ops/random/fill.c - RandomNormal, RandomUniform, and the same in another's shape
 *
 * Elements are drawn in row-major order in double and rounded once.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/ops/element.h"
#include "plugins/ops/generator.h"
#include "random.h"

static bool is_like(const struct imgcls_node *node)
{
    return node->input_count > 0;
}

static bool is_normal(const struct imgcls_node *node)
{
    return node->type[sizeof "Random" - 1] == 'N';
}

/* dtype, else the like input's type, else float32. */
static int32_t fill_type(const struct imgcls_host *host, const struct imgcls_node *node)
{
    const struct imgcls_value_info *like = op_in(node, 0);
    const int64_t type = host->attr_int(host, node, "dtype", IMGCLS_UNDEFINED);
    if (type > 0 && type < IMGCLS_TYPE_COUNT)
        return (int32_t)type;
    return like && op_type_in(like->type, ELEMENT_FLOATS) ? like->type : IMGCLS_F32;
}

static imgcls_status fill_shape(const struct imgcls_host *host,
                                const struct imgcls_node *node, int32_t *rank, int64_t *dims)
{
    const int64_t *shape;
    const size_t count = host->attr_ints(host, node, "shape", &shape);
    size_t i;
    if (count > IMGCLS_MAX_RANK)
        return OP_FAIL(host, node, IMGCLS_UNSUPPORTED,
                       "shape has %zu dimensions, at most %d are supported", count,
                       IMGCLS_MAX_RANK);
    for (i = 0; i < count; i++) {
        if (shape[i] < 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "entry %zu of the shape is %lld", i,
                           (long long)shape[i]);
        dims[i] = shape[i];
    }
    *rank = (int32_t)count;
    return IMGCLS_OK;
}

static imgcls_status fill_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_node *node = infer->node;
    const int32_t type = fill_type(host, node);
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t rank;
    imgcls_status status;
    if (!op_type_in(type, ELEMENT_FLOATS))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "dtype is %d, not a type of floats",
                       type);
    if (is_like(node))
        return op_in(node, 0) ? host->infer_output(host, infer, 0, type,
                                                   op_in(node, 0)->rank, op_in(node, 0)->dims)
                              : OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input 0 is missing");
    status = fill_shape(host, node, &rank, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, type, rank, dims) : status;
}

static imgcls_status fill_portable(const struct imgcls_host *host,
                                   const struct imgcls_run *run)
{
    const struct imgcls_node *node = run->node;
    const struct imgcls_tensor *like = imgcls_input(run, 0);
    const bool normal = is_normal(node);
    const double first = (double)host->attr_float(host, node, normal ? "mean" : "low", 0);
    const double second = (double)host->attr_float(host, node, normal ? "scale" : "high", 1);
    struct generator generator;
    int64_t dims[IMGCLS_MAX_RANK], count, i;
    int32_t rank = 0;
    imgcls_status status = IMGCLS_OK;
    if (like) {
        rank = like->rank;
        memcpy(dims, like->dims, sizeof dims);
    } else {
        status = fill_shape(host, node, &rank, dims);
    }
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, node->outputs[0]->type, rank, dims);
    if (status != IMGCLS_OK)
        return status;
    generator_seed_node(host, node, &generator);
    count = op_count(imgcls_output(run, 0));
    for (i = 0; i < count; i++)
        element_set_real(imgcls_output(run, 0), i,
                         normal ? first + second * generator_normal(&generator)
                                : first + (second - first) * generator_uniform(&generator));
    return IMGCLS_OK;
}

static int32_t fill_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_has_output(node, 0) && op_type_in(node->outputs[0]->type, ELEMENT_FLOATS) &&
           op_is_plain(node);
}

static const struct imgcls_kernel kernel =
    OP_KERNEL("random_portable", fill_accepts, fill_portable);

const struct imgcls_op random_normal_op =
    OP_ENTRY("RandomNormal", 1, IMGCLS_TRAIT_RANDOM, fill_infer, NULL, &kernel);
const struct imgcls_op random_normal_like_op =
    OP_ENTRY("RandomNormalLike", 1, IMGCLS_TRAIT_RANDOM, fill_infer, NULL, &kernel);
const struct imgcls_op random_uniform_op =
    OP_ENTRY("RandomUniform", 1, IMGCLS_TRAIT_RANDOM, fill_infer, NULL, &kernel);
const struct imgcls_op random_uniform_like_op =
    OP_ENTRY("RandomUniformLike", 1, IMGCLS_TRAIT_RANDOM, fill_infer, NULL, &kernel);
