/*
 * src/verify/reference.h - data sets with inputs and the outputs they should give
 *
 * Where they come from: a folder of test_data_set_N (ONNX model zoo), a folder of input_K and
 * output_K files, one .npz named by the graph's inputs and outputs, or the golden example
 * inside the graph.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_REFERENCE_H
#define ICL_REFERENCE_H

#include "src/graph/graph.h"

struct icl_reference {
    struct imgcls_context *ctx;
    char *name; /* "test_data_set_0", "golden", a file's name */
    size_t input_count, output_count;
    struct imgcls_value **inputs;  /* own, in graph order */
    struct imgcls_value **outputs; /* own, in graph order; NULL where not given */
};

struct icl_references {
    struct icl_reference *sets;
    size_t count;
    char *origin; /* in words */
};

/* path NULL: test_data_set_N beside model_path, else the graph's golden; IMGCLS_BAD_INPUT that
 * says what to give where there is neither. Own: icl_references_clear. */
imgcls_status icl_references_open(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                                  const char *model_path, const char *path,
                                  struct icl_references *out);
/* The sets of a folder of test_data_set_N; count 0 where it has none. */
imgcls_status icl_references_beside(struct imgcls_context *ctx,
                                    const struct imgcls_graph *graph, const char *model_path,
                                    struct icl_references *out);
void icl_references_clear(struct icl_references *references);

#endif
