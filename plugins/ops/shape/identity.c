/*
 * plugins/ops/shape/identity.c - Identity, and Dropout, which at inference is one
 *
 * Training mode is there for the sake of the specification: it draws by the node's seed
 * (generator.h), and converting warns of it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "elements.h"
#include "plugins/ops/element.h"
#include "plugins/ops/generator.h"
#include "shape.h"

static imgcls_status identity_infer(const struct imgcls_host *host,
                                    struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->kind != IMGCLS_KIND_TENSOR)
        return host->infer_kind(host, infer, 0, in->kind, in->type);
    return host->infer_like(host, infer, 0, 0);
}

static imgcls_status identity_portable(const struct imgcls_host *host,
                                       const struct imgcls_run *run)
{
    return host->run_copy(host, run, 0, run->inputs[0]);
}

/* Bytes are copied as they lie, so layouts must agree. */
static int32_t identity_accepts(const struct imgcls_host *host,
                                const struct imgcls_node *node)
{
    (void)host;
    return op_in(node, 0) && op_has_output(node, 0) &&
           node->inputs[0]->layout == node->outputs[0]->layout;
}

static imgcls_status dropout_infer(const struct imgcls_host *host,
                                   struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    imgcls_status status = identity_infer(host, infer);
    if (status == IMGCLS_OK)
        status = host->infer_output(host, infer, 1, IMGCLS_BOOL, in->rank, in->dims);
    return status;
}

static double ratio_of(const struct imgcls_tensor *ratio)
{
    if (!ratio)
        return 0.5;
    if (ratio->type == IMGCLS_F64)
        return *(const double *)ratio->data;
    return ratio->type == IMGCLS_F32 ? (double)*(const float *)ratio->data : 0.5;
}

/* Training: drops an element where its draw is below the ratio, scales the others. */
static imgcls_status drop(const struct imgcls_host *host, const struct imgcls_run *run,
                          double ratio)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const int64_t count = op_count(in);
    struct generator generator;
    int64_t i;
    imgcls_status status;
    if (!(ratio > 0 && ratio < 1))
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "ratio is %g, not in [0, 1)", ratio);
    if (!op_type_in(in->type, ELEMENT_FLOATS))
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                       "training mode drops floats, input 0 has none");
    status = op_set_output(host, run, 0, in->type, in->rank, in->dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 1, IMGCLS_BOOL, in->rank, in->dims);
    if (status != IMGCLS_OK)
        return status;
    generator_seed_node(host, run->node, &generator);
    for (i = 0; i < count; i++) {
        const bool kept = generator_uniform(&generator) >= ratio;
        element_set_real(imgcls_output(run, 0), i,
                         (kept ? element_real(in, i) : 0 * element_real(in, i)) /
                             (1 - ratio));
        if (imgcls_output(run, 1))
            ((uint8_t *)imgcls_output(run, 1)->data)[i] = kept;
    }
    return IMGCLS_OK;
}

/* At inference the mask says that every element was kept. */
static imgcls_status dropout_portable(const struct imgcls_host *host,
                                      const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0), *training = imgcls_input(run, 2);
    imgcls_status status;
    if (training && *(const uint8_t *)training->data && ratio_of(imgcls_input(run, 1)) != 0)
        return drop(host, run, ratio_of(imgcls_input(run, 1)));
    status = host->run_copy(host, run, 0, run->inputs[0]);
    if (status != IMGCLS_OK)
        return status;
    status = op_set_output(host, run, 1, IMGCLS_BOOL, in->rank, in->dims);
    if (status == IMGCLS_OK && imgcls_output(run, 1) && op_count(in) > 0)
        memset(imgcls_output(run, 1)->data, 1, (size_t)op_count(in));
    return status;
}

static int32_t dropout_accepts(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    return identity_accepts(host, node) && (!op_in(node, 2) || op_takes(node, 2, OP_BOOLS));
}

/* What only training looks at goes; ratio and training_mode are inputs since 12. */
static imgcls_status dropout_upgrade(const struct imgcls_host *host,
                                     struct imgcls_graph *graph, struct imgcls_node *node)
{
    static const char *const names[] = {"consumed_inputs", "is_test", "ratio"};
    imgcls_status status = IMGCLS_OK;
    size_t i;
    (void)graph;
    for (i = 0; status == IMGCLS_OK && node->version < 12 && i < 3; i++)
        status = host->node_remove_attr(host, node, names[i]);
    return status;
}

static const struct imgcls_kernel identity_kernel =
    OP_KERNEL("identity_portable", identity_accepts, identity_portable);
static const struct imgcls_kernel dropout_kernel =
    OP_KERNEL("dropout_portable", dropout_accepts, dropout_portable);

const struct imgcls_op identity_op = OP_ENTRY(
    "Identity", 1, IMGCLS_TRAIT_IDENTITY | IMGCLS_TRAIT_VIEW | IMGCLS_TRAIT_LAYOUT_BLIND,
    identity_infer, NULL, &identity_kernel);
const struct imgcls_op dropout_op =
    OP_ENTRY("Dropout", 1, IMGCLS_TRAIT_IDENTITY | IMGCLS_TRAIT_LAYOUT_BLIND, dropout_infer,
             dropout_upgrade, &dropout_kernel);
