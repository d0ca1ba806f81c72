/*
 * src/convert/operators.c - how many nodes of which operator, before and after
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/convert/operators.h"

#include <stdlib.h>
#include <string.h>

static struct imgcls_operator_count *row_of(struct icl_operator_counts *counts,
                                            const char *domain, const char *type)
{
    for (size_t i = 0; i < counts->count; i++)
        if (strcmp(counts->rows[i].type, type) == 0 &&
            strcmp(counts->rows[i].domain, domain) == 0)
            return &counts->rows[i];
    if (counts->count == counts->capacity) {
        size_t larger = counts->capacity ? 2 * counts->capacity : 32;
        struct imgcls_operator_count *grown =
            realloc(counts->rows, larger * sizeof *counts->rows);
        if (!grown)
            return NULL;
        counts->rows = grown;
        counts->capacity = larger;
    }
    char *own_domain = strdup(domain), *own_type = strdup(type);
    if (!own_domain || !own_type) {
        free(own_domain);
        free(own_type);
        return NULL;
    }
    counts->rows[counts->count] =
        (struct imgcls_operator_count){.domain = own_domain, .type = own_type};
    return &counts->rows[counts->count++];
}

imgcls_status icl_operators_count_graph(struct icl_operator_counts *counts,
                                        const struct imgcls_graph *graph)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; status == IMGCLS_OK && i < graph->node_count; i++) {
        const struct icl_node *node = graph->nodes[i];
        struct imgcls_operator_count *row = row_of(counts, node->domain, node->type);
        if (!row)
            return icl_fail(graph->ctx, IMGCLS_NO_MEMORY, "no memory to count operators");
        row->before++;
        counts->before++;
        for (size_t a = 0; a < node->attr_count; a++) {
            const struct imgcls_attr *attr = &node->attrs[a]->attr;
            for (size_t g = 0; status == IMGCLS_OK && attr->graphs && g < attr->count; g++)
                status = icl_operators_count_graph(counts, attr->graphs[g]);
        }
    }
    return status;
}

imgcls_status icl_operators_count_plan(struct icl_operator_counts *counts,
                                       struct imgcls_context *ctx, const struct icl_plan *plan)
{
    const struct imgcls_node *node;
    const char *kernel;
    for (size_t i = 0; icl_plan_step(plan, i, &node, &kernel); i++) {
        struct imgcls_operator_count *row = row_of(counts, node->domain, node->type);
        if (!row)
            return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory to count operators");
        row->after++;
        counts->after++;
    }
    return IMGCLS_OK;
}

bool icl_operators_names(const struct imgcls_graph *graph,
                         const struct imgcls_operator_count *row, const char **domain,
                         const char **type)
{
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct icl_node *node = graph->nodes[i];
        if (strcmp(node->type, row->type) == 0 && strcmp(node->domain, row->domain) == 0) {
            *domain = node->domain;
            *type = node->type;
            return true;
        }
        for (size_t a = 0; a < node->attr_count; a++) {
            const struct imgcls_attr *attr = &node->attrs[a]->attr;
            for (size_t g = 0; attr->graphs && g < attr->count; g++)
                if (icl_operators_names(attr->graphs[g], row, domain, type))
                    return true;
        }
    }
    return false;
}

static int by_falling_count(const void *a, const void *b)
{
    const struct imgcls_operator_count *x = a, *y = b;
    if (x->before != y->before)
        return x->before < y->before ? 1 : -1;
    if (x->after != y->after)
        return x->after < y->after ? 1 : -1;
    return strcmp(x->type, y->type);
}

void icl_operators_sort(struct icl_operator_counts *counts)
{
    if (counts->count)
        qsort(counts->rows, counts->count, sizeof *counts->rows, by_falling_count);
}

void icl_operators_clear(struct icl_operator_counts *counts)
{
    for (size_t i = 0; i < counts->count; i++) {
        free((char *)counts->rows[i].domain);
        free((char *)counts->rows[i].type);
    }
    free(counts->rows);
    *counts = (struct icl_operator_counts){0};
}
