/*
 * src/verify/finite.c - outputs that are no numbers, and the weights that make them so
 *
 * A relative L2 over NaN is no number, so it is at most nothing: where a model and its reference
 * agree on NaN, they agree that the model does not work.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/verify/finite.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/tensor/tensor.h"

#define SENTENCE_CAPACITY 1024
#define NAMED_MAX 3 /* parameters by name; the others are counted */

bool icl_row_is_finite(const struct imgcls_verify_output *row)
{
    return row->nan_got + row->nan_want + row->inf_got + row->inf_want == 0;
}

struct kinds {
    int64_t nan, inf;
};

static struct kinds count_kinds(const struct imgcls_tensor *tensor)
{
    struct kinds kinds = {0};
    int64_t count = imgcls_count(tensor->rank, tensor->dims);
    if (!tensor->data || tensor->type == IMGCLS_STRING)
        return kinds;
    for (int64_t i = 0; i < count; i++) {
        double value = icl_tensor_get(tensor, i);
        kinds.nan += isnan(value) != 0;
        kinds.inf += isinf(value) != 0;
    }
    return kinds;
}

/* Appends; what does not fit is cut off. */
static void add_parameter(char *text, const char *name, struct kinds kinds)
{
    size_t at = strlen(text);
    snprintf(text + at, SENTENCE_CAPACITY - at,
             ", parameter '%.100s' holds %" PRId64 " NaN and %" PRId64 " infinite", name,
             kinds.nan, kinds.inf);
}

char *icl_not_finite_text(const struct imgcls_graph *graph,
                          const struct imgcls_verify_output *row)
{
    char *text = malloc(SENTENCE_CAPACITY);
    size_t found = 0;
    if (!text)
        return NULL;
    snprintf(text, SENTENCE_CAPACITY,
             "output '%.100s' is not finite: %" PRId64 " NaN and %" PRId64
             " infinite of %" PRId64 " elements (reference: %" PRId64 " and %" PRId64 ")",
             row->name, row->nan_got, row->inf_got, row->count, row->nan_want, row->inf_want);
    for (size_t i = 0; i < graph->initializer_count; i++) {
        struct kinds kinds = count_kinds(&graph->initializers[i]->tensor);
        if (kinds.nan + kinds.inf == 0)
            continue;
        if (found++ < NAMED_MAX)
            add_parameter(text, graph->initializers[i]->name, kinds);
    }
    size_t at = strlen(text);
    if (found > NAMED_MAX)
        snprintf(text + at, SENTENCE_CAPACITY - at, ", and %zu more parameters do",
                 found - NAMED_MAX);
    else if (!found)
        snprintf(text + at, SENTENCE_CAPACITY - at, "; all parameters are finite");
    return text;
}
