/*
 * tests/graph/drawing.h - graphs for tests, drawn in a line of text
 *
 * draw(graph, "a b > Add > c") adds a node of type Add, named after its first output, from a
 * and b to c; "-" is an omitted input or output. draw_text gives the nodes of a graph back, in
 * order, one "inputs > type > outputs" each, separated by "; ". check_links walks every list
 * of uses and every input and holds them against each other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef DRAWING_H
#define DRAWING_H

#include "config.h"

#include "src/graph/graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline int context_setup(void **state)
{
    struct imgcls_context *ctx;
    if (imgcls_context_create(NULL, &ctx))
        return -1;
    *state = ctx;
    return 0;
}

/* Fails where anything of the library's memory is left over. */
static inline int context_teardown(void **state)
{
    struct imgcls_context *ctx = *state;
    uint64_t paths = ctx->plugin_path ? strlen(ctx->plugin_path) + 1 : 0;
    bool leaked = ctx->memory_used > paths && !ctx->registry;
    if (leaked)
        print_error("%llu bytes are left\n", (unsigned long long)(ctx->memory_used - paths));
    imgcls_context_destroy(ctx);
    return leaked ? -1 : 0;
}

/* Splits by blanks; "-" becomes "". */
static inline size_t split(char *text, const char **words, size_t room)
{
    size_t count = 0;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        assert_true(count < room);
        words[count++] = strcmp(word, "-") ? word : "";
    }
    return count;
}

static inline imgcls_status try_draw(struct imgcls_graph *graph, const char *line,
                                     struct icl_node **out)
{
    char text[512];
    const char *inputs[16], *outputs[16];
    snprintf(text, sizeof text, " %s ", line);
    char *type = strchr(text, '>');
    assert_non_null(type);
    char *after = strchr(type + 1, '>');
    assert_non_null(after);
    *type = '\0';
    *after = '\0';
    char kind[64];
    assert_int_equal(sscanf(type + 1, " %63s", kind), 1);
    size_t input_count = split(text, inputs, 16);
    size_t output_count = split(after + 1, outputs, 16);
    return icl_graph_add_node(graph, "", kind, output_count ? outputs[0] : "", input_count,
                              inputs, output_count, outputs, out);
}

static inline struct icl_node *draw(struct imgcls_graph *graph, const char *line)
{
    struct icl_node *node;
    assert_int_equal(try_draw(graph, line, &node), IMGCLS_OK);
    return node;
}

static inline struct imgcls_graph *draw_graph(struct imgcls_context *ctx,
                                              struct imgcls_graph *outer)
{
    struct imgcls_graph *graph;
    assert_int_equal(icl_graph_create(ctx, outer, &graph), IMGCLS_OK);
    return graph;
}

static inline void draw_input(struct imgcls_graph *graph, const char *name)
{
    assert_int_equal(icl_graph_add_input(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_F32, -1, NULL,
                                         NULL),
                     IMGCLS_OK);
}

static inline void draw_output(struct imgcls_graph *graph, const char *name)
{
    assert_int_equal(icl_graph_add_output(graph, name, IMGCLS_KIND_TENSOR, 0, -1, NULL, NULL),
                     IMGCLS_OK);
}

static inline void draw_constant(struct imgcls_graph *graph, const char *name, float number)
{
    const struct imgcls_tensor tensor = {.struct_size = sizeof tensor,
                                         .type = IMGCLS_F32,
                                         .data = &number,
                                         .size_bytes = sizeof number};
    assert_int_equal(icl_graph_add_initializer(graph, name, &tensor, NULL), IMGCLS_OK);
}

/* The node gets `inner` as its attribute `name`. */
static inline void draw_inner(struct icl_node *node, const char *name,
                              struct imgcls_graph *inner)
{
    const struct imgcls_attr attr = {.struct_size = sizeof attr,
                                     .name = name,
                                     .kind = IMGCLS_ATTR_GRAPH,
                                     .graphs = &inner};
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
}

static inline void put_names(char *text, size_t capacity,
                             const struct imgcls_value_info *const *infos, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, capacity - used, "%s ", infos[i] ? infos[i]->name : "-");
    }
}

static inline const char *draw_text(const struct imgcls_graph *graph, char *text,
                                    size_t capacity)
{
    text[0] = '\0';
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct imgcls_node *node = &graph->nodes[i]->node;
        size_t used = strlen(text);
        snprintf(text + used, capacity - used, "%s", i ? "; " : "");
        put_names(text, capacity, node->inputs, node->input_count);
        used = strlen(text);
        snprintf(text + used, capacity - used, "> %s > ", node->type);
        put_names(text, capacity, node->outputs, node->output_count);
        text[strlen(text) - 1] = '\0';
    }
    return text;
}

#define assert_drawn(graph, want)                                                              \
    do {                                                                                       \
        char drawn_[4096];                                                                     \
        assert_string_equal(draw_text(graph, drawn_, sizeof drawn_), want);                    \
        check_links(graph);                                                                    \
    } while (0)

static inline void check_links(const struct imgcls_graph *graph)
{
    for (size_t v = 0; v < graph->value_count; v++) {
        const struct icl_value *value = graph->values[v];
        size_t count = 0;
        assert_ptr_equal(value->info.name, value->name);
        assert_ptr_equal(icl_graph_find(graph, value->name), value);
        for (const struct icl_use *use = value->uses; use; use = use->next, count++) {
            size_t at = (size_t)(use - use->node->uses);
            assert_true(at < use->node->node.input_count);
            assert_ptr_equal(use->value, value);
            assert_ptr_equal(*use->link, use);
            assert_ptr_equal(use->node->inputs[at], &value->info);
        }
        assert_int_equal(count, value->use_count);
    }
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct icl_node *node = graph->nodes[n];
        assert_ptr_equal(node->graph, graph);
        assert_ptr_equal((const void *)node->node.inputs, node->inputs);
        assert_ptr_equal((const void *)node->node.outputs, node->outputs);
        for (size_t i = 0; i < node->node.input_count; i++)
            assert_ptr_equal(node->removed ? NULL : (const void *)node->inputs[i],
                             node->uses[i].value ? &node->uses[i].value->info : NULL);
        for (size_t a = 0; a < node->attr_count; a++)
            for (size_t g = 0; node->attrs[a]->attr.graphs && g < node->attrs[a]->attr.count;
                 g++) {
                assert_ptr_equal(node->attrs[a]->attr.graphs[g]->owner, node);
                assert_ptr_equal(node->attrs[a]->attr.graphs[g]->outer, graph);
                check_links(node->attrs[a]->attr.graphs[g]);
            }
    }
}

#endif
