/*
 * tests/plan/sketch.h - graphs of the test.plan domain in a few lines, for tests
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SKETCH_H
#define SKETCH_H

#include "src/graph/graph.h"
#include "src/session/session.h"

/* A context that finds tests/plan/fixture alone. Fails the test where it cannot. */
struct imgcls_context *sketch_context(void);

/* An empty graph that imports test.plan version 1. */
struct imgcls_graph *sketch_graph(struct imgcls_context *ctx);
/* An empty graph inside another. */
struct imgcls_graph *sketch_inner(struct imgcls_graph *outer);

/* dims end with -9; -1 is an open dimension. */
void sketch_input(struct imgcls_graph *graph, const char *name, int32_t type,
                  const int64_t *dims);
void sketch_output(struct imgcls_graph *graph, const char *name, int32_t type);
void sketch_floats(struct imgcls_graph *graph, const char *name, const int64_t *dims,
                   const float *values);
void sketch_ints(struct imgcls_graph *graph, const char *name, const int64_t *dims,
                 const int64_t *values);
/* inputs: names with spaces between; one output. Gives the node. */
struct icl_node *sketch_node(struct imgcls_graph *graph, const char *type,
                             const char *inputs, const char *output);
void sketch_body(struct icl_node *node, const char *attr, struct imgcls_graph *body);

/* dims as above, for the functions here: SHAPE(2, 3). */
#define SHAPE(...) ((const int64_t[]){__VA_ARGS__, -9})
#define SCALAR     ((const int64_t[]){-9})

/* A float32 value over the caller's numbers; storage is the caller's, too. */
struct sketch_value {
    struct imgcls_tensor tensor;
    struct imgcls_value value;
};
const struct imgcls_value *sketch_value(struct sketch_value *storage, int32_t type,
                                        const int64_t *dims, const void *numbers);

#endif
