/*
 * src/passes/passes.c - the lists of passes, and running them
 *
 * To add a pass: a function of the type in passes.h, in a file of its own, and a row here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/passes/passes.h"

#include <stdlib.h>
#include <string.h>

#include "src/passes/rows.h"
#include "src/plan/plan.h"

/* Each enables the next: constants first, for the others ask whether inputs are constant. */
static const struct icl_pass clean_passes[] = {
    {"constants-to-initializers", icl_pass_constants},
    {"drop-identity", icl_pass_drop_identity},
    {"drop-dead", icl_pass_drop_dead},
};

/* Shapes first: the others ask for them. Patterns of several nodes become one before epilogues
 * take single nodes away. A pass that adds a node gives its outputs their type and shape. */
static const struct icl_pass fuse_passes[] = {
    {"constants-to-initializers", icl_pass_constants},
    {"drop-identity", icl_pass_drop_identity},
    {"settle-shapes", icl_pass_settle_shapes},
    {"drop-identity", icl_pass_drop_identity},
    {"inline-if", icl_pass_inline_if},
    {"fold-batch-norm", icl_pass_fold_batch_norm},
    {"fold-layer-scale", icl_pass_fold_layer_scale},
    {"fuse-gelu", icl_pass_fuse_gelu},
    {"name-global-mean", icl_pass_name_global_mean},
    {"fuse-attention", icl_pass_fuse_heads},
    {"channels-last", icl_pass_channels_last},
    {"drop-identity", icl_pass_drop_identity},
    {"drop-dead", icl_pass_drop_dead}, /* a dead reader would keep a value from being fused away */
    {"gather-rows", icl_pass_gather_rows},
    {"fuse-epilogues", icl_pass_fuse_epilogues},
    {"fuse-expand", icl_pass_fuse_expand},
    {"read-turned", icl_pass_read_turned},
    {"fuse-product-pairs", icl_pass_fuse_product_pairs},
    {"drop-dead", icl_pass_drop_dead},
};

imgcls_status icl_pass_settle_shapes(struct imgcls_graph *graph, size_t *changes)
{
    imgcls_status status = icl_graph_sort(graph);
    return status == IMGCLS_OK ? icl_graph_settle(graph, changes) : status;
}

static imgcls_status add_name(struct imgcls_graph *graph, char **names, const char *name)
{
    size_t before = *names ? strlen(*names) : 0;
    char *longer = realloc(*names, before + strlen(name) + 2);
    if (!longer)
        return icl_fail(graph->ctx, IMGCLS_NO_MEMORY, "no memory for the names of passes");
    if (before)
        longer[before++] = ' ';
    strcpy(longer + before, name);
    *names = longer;
    return IMGCLS_OK;
}

static imgcls_status run(struct imgcls_graph *graph, const struct icl_pass *passes,
                         size_t count, char **names)
{
    imgcls_status status = IMGCLS_OK;
    if (names)
        *names = NULL;
    for (size_t i = 0; status == IMGCLS_OK && i < count; i++) {
        size_t changes = 0;
        status = passes[i].run(graph, &changes);
        if (status == IMGCLS_OK && changes && names)
            status = add_name(graph, names, passes[i].name);
    }
    if (status != IMGCLS_OK && names) {
        free(*names);
        *names = NULL;
    }
    return status;
}

imgcls_status icl_passes_clean(struct imgcls_graph *graph, char **names)
{
    icl_passes_warn_training(graph);
    return run(graph, clean_passes, sizeof clean_passes / sizeof clean_passes[0], names);
}

imgcls_status icl_passes_fuse(struct imgcls_graph *graph, char **names)
{
    return run(graph, fuse_passes, sizeof fuse_passes / sizeof fuse_passes[0], names);
}

imgcls_status icl_pass_inner(struct imgcls_graph *graph,
                             imgcls_status (*pass)(struct imgcls_graph *graph, size_t *changes),
                             size_t *changes)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct icl_node *node = graph->nodes[i];
        for (size_t a = 0; a < node->attr_count; a++) {
            const struct imgcls_attr *attr = &node->attrs[a]->attr;
            for (size_t g = 0; status == IMGCLS_OK && attr->graphs && g < attr->count; g++)
                status = pass(attr->graphs[g], changes);
        }
    }
    return status;
}
