/*
 * src/convert/inspect.c - what a model is made of, for reports
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/convert/operators.h"
#include "src/model/model.h"
#include "src/tensor/tensor.h"

const char *imgcls_type_text(int32_t type)
{
    return icl_type_name(type);
}

const char *imgcls_model_format(const struct imgcls_model *model)
{
    return model->format;
}

int64_t imgcls_model_parameters(const struct imgcls_model *model)
{
    int64_t sum = 0;
    for (size_t i = 0; i < model->graph->initializer_count; i++) {
        const struct imgcls_tensor *tensor = &model->graph->initializers[i]->tensor;
        sum += imgcls_count(tensor->rank, tensor->dims);
    }
    return sum;
}

imgcls_status imgcls_model_operator(const struct imgcls_model *model, size_t index,
                                    const char **domain, const char **type, int64_t *count)
{
    struct icl_operator_counts counts = {0};
    imgcls_status status = icl_operators_count_graph(&counts, model->graph);
    if (status == IMGCLS_OK && index >= counts.count)
        status = IMGCLS_BAD_INPUT;
    if (status == IMGCLS_OK) {
        icl_operators_sort(&counts);
        /* Names that live as long as the model: those of a node of that operator. */
        *count = counts.rows[index].before;
        status = icl_operators_names(model->graph, &counts.rows[index], domain, type)
                     ? IMGCLS_OK
                     : IMGCLS_INTERNAL;
    }
    icl_operators_clear(&counts);
    return status;
}
