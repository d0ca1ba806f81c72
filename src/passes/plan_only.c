/*
 * src/passes/plan_only.c - operators and attributes that only plans have, and no file may claim
 *
 * Passes and upgrades tell kernels things by attributes that ONNX does not know. Read from a file
 * they would be believed: MatMul would take a matrix the other way round, say. ONNX's checker and
 * ONNX Runtime refuse attributes that an operator does not have, so that no exporter writes these,
 * and a file with one is refused here too: what it means by it nobody can say.
 *
 * To let a pass or an upgrade set another one: a name that begins with "imgcls", or a row below.
 *
 * The same holds for nodes: passes make those of the domains "imgcls" and "imgcls...." only of what they
 * have looked at, and kernels count on that.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <string.h>

#include "imgcls/plugin.h"
#include "src/passes/passes.h"
#include "src/passes/rows.h"

#define OWN_PREFIX "imgcls" /* on any node */

/* Of standard operators. */
static const struct {
    const char *type, *attr;
} rows[] = {
    {"MatMul", "transB"}, /* turned.c, with Gemm's meaning */
    {"MatMul", IMGCLS_ATTR_IMAGE_ROWS},
};

/* The row's name for such an attribute (none from the file: that may hold anything), or NULL. */
static const char *only_plans_have(const struct icl_node *node, const char *attr)
{
    if (strncmp(attr, OWN_PREFIX, sizeof OWN_PREFIX - 1) == 0)
        return OWN_PREFIX "...";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (icl_node_is(node, rows[i].type) && strcmp(attr, rows[i].attr) == 0)
            return rows[i].attr;
    return NULL;
}

/* imgcls and what is below it; a plugin by somebody else has a domain of its own. */
static bool is_own_domain(const char *domain)
{
    size_t length = sizeof OWN_PREFIX - 1;
    return strncmp(domain, OWN_PREFIX, length) == 0 &&
           (domain[length] == '\0' || domain[length] == '.');
}

static imgcls_status refuse_operator(const struct imgcls_graph *graph,
                                     const struct icl_node *node)
{
    char text[512];
    if (!is_own_domain(node->domain))
        return IMGCLS_OK;
    icl_node_text(&node->node, text, sizeof text);
    return icl_fail(graph->ctx, IMGCLS_BAD_INPUT,
                    "%s: an operator that plans make for themselves, which no file may have", text);
}

imgcls_status icl_passes_refuse_plan_only(const struct imgcls_graph *graph)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < graph->node_count && status == IMGCLS_OK; i++) {
        const struct icl_node *node = graph->nodes[i];
        status = refuse_operator(graph, node);
        for (size_t a = 0; a < node->attr_count && status == IMGCLS_OK; a++) {
            const struct imgcls_attr *attr = &node->attrs[a]->attr;
            const char *name = only_plans_have(node, attr->name);
            if (name) {
                char text[512];
                icl_node_text(&node->node, text, sizeof text);
                return icl_fail(graph->ctx, IMGCLS_BAD_INPUT,
                                "%s: an attribute '%s', which its operator does not have", text,
                                name);
            }
            for (size_t g = 0; attr->graphs && g < attr->count && status == IMGCLS_OK; g++)
                status = icl_passes_refuse_plan_only(attr->graphs[g]);
        }
    }
    return status;
}
