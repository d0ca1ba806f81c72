/*
 * tests/architectures/case.h - a checkpoint whose weights follow from a formula, and the
 * logits that its source library computes of it in float64
 *
 * Lines of a case: "family NAME"; "text KEY TEXT" for a text of the checkpoint; "input DIMS
 * MEAN SPREAD" and "tensor NAME DIMS MEAN SPREAD" for floats by formula.py; "values NAME
 * DIMS V..." for floats as they stand; "whole NAME DIMS" for int64 zeros; "output V...".
 * DIMS is "2x3" or "-". Other lines are for readers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_ARCHITECTURES_CASE_H
#define TESTS_ARCHITECTURES_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/checkpoint/checkpoint.h"
#include "src/graph/graph.h"

struct test_case {
    struct imgcls_context *ctx;
    char family[64];
    struct imgcls_checkpoint *checkpoint;
    struct imgcls_value *input;
    double output[64];
    size_t output_count;
};

/* All fail the running test where they cannot do what they say. */

/* Reads the file; `as` is the element type that tensors get (IMGCLS_F32, or a narrower
 * one). */
void case_open(struct test_case *test, const char *path, int32_t as);
void case_close(struct test_case *test);
/* Adds a tensor by formula, as a line of the file would. */
void case_add(struct test_case *test, const char *name, const char *dims, double mean,
              double spread, int32_t as);
/* The family that bids highest, its bid and evidence. */
const struct imgcls_architecture *case_recognise(struct test_case *test, int32_t *bid,
                                                 char *evidence, size_t capacity);
/* Builds by the family, as the host does; the graph is own: icl_graph_destroy. */
imgcls_status case_build(struct test_case *test, const char *variant,
                         struct imgcls_graph **graph);
/* Relative L2 of the graph's logits against the case's. */
double case_error(struct test_case *test, const struct imgcls_graph *graph);
/* Recognised as its family, surely; built; within the limit. Prints one line. */
void case_check(const char *path, double limit);
/* Calls case_check for every file of tests/architectures/cases whose name matches the
 * fnmatch(3) pattern; fails where there are fewer than `least`. */
void case_check_all(const char *pattern, size_t least, double limit);
/* Builds of the case without each of its parameters in turn, and of it with one more of
 * that name: all refused, the surplus one by name. */
void case_lose_each(const char *file, const char *surplus);

#endif
