/*
 * plugins/formats/onnx/type.c - TypeProto to kind, element type and shape
 *
 * Of sequences, optionals and maps the host knows the kind and the element type of the
 * tensors inside; shapes in there are hints that nothing here needs. What is nested deeper
 * (an optional sequence, a sequence of maps) is kept as text, for writing the type again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/onnx/element.h"
#include "plugins/formats/onnx/reader.h"

#include <stdio.h>

static imgcls_status read_element(struct onnx_reader *reader, int32_t type,
                                  int32_t *element)
{
    if (type < 0 || type >= IMGCLS_TYPE_COUNT)
        return onnx_fail(reader, IMGCLS_UNSUPPORTED,
                         "%s: element type %d, known are 1 to %d", reader->where, (int)type,
                         IMGCLS_TYPE_COUNT - 1);
    *element = type;
    return IMGCLS_OK;
}

static imgcls_status read_shape(struct onnx_reader *reader,
                                const Onnx__TensorShapeProto *shape, int32_t *rank,
                                int64_t *dims, const char **dim_names)
{
    if (!shape)
        return IMGCLS_OK;
    if (shape->n_dim > IMGCLS_MAX_RANK)
        return onnx_fail(reader, IMGCLS_UNSUPPORTED,
                         "%s: %zu dimensions, at most %d are read", reader->where,
                         shape->n_dim, IMGCLS_MAX_RANK);
    *rank = (int32_t)shape->n_dim;
    for (size_t i = 0; i < shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
        dims[i] = -1; /* also what negative numbers mean, which some exporters write */
        dim_names[i] = NULL;
        if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE) {
            if (dim->dim_value >= 0)
                dims[i] = dim->dim_value;
        } else if (dim->value_case ==
                       ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM &&
                   onnx_text(dim->dim_param)[0]) {
            dim_names[i] = dim->dim_param;
        }
    }
    return IMGCLS_OK;
}

/* Element type of the tensors inside a type, whatever is around them. */
static imgcls_status read_inner(struct onnx_reader *reader, const Onnx__TypeProto *type,
                                int32_t *element)
{
    while (type) { /* as deep as ONNX_DEPTH_MAX lets it be */
        switch (type->value_case) {
        case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
            return read_element(reader, type->tensor_type->elem_type, element);
        case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
            return read_element(reader, type->sparse_tensor_type->elem_type, element);
        case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
            type = type->sequence_type->elem_type;
            break;
        case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
            type = type->optional_type->elem_type;
            break;
        case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
            type = type->map_type->value_type;
            break;
        case ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE:
            return onnx_fail(reader, IMGCLS_UNSUPPORTED, "%s: opaque type '%s'",
                             reader->where, onnx_text(type->opaque_type->name));
        default:
            return IMGCLS_OK;
        }
    }
    return IMGCLS_OK;
}

bool onnx_type_nesting(const Onnx__TypeProto *type, char *text, size_t capacity)
{
    size_t used = 0, depth = 0;
    bool map = false;
    for (*text = '\0'; type; depth++) {
        const int32_t key = type->value_case == ONNX__TYPE_PROTO__VALUE_MAP_TYPE
                                ? type->map_type->key_type
                                : 0;
        char letter = 0;
        if (type->value_case == ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE) {
            letter = 's';
            type = type->sequence_type->elem_type;
        } else if (type->value_case == ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE) {
            letter = 'o';
            type = type->optional_type->elem_type;
        } else if (type->value_case == ONNX__TYPE_PROTO__VALUE_MAP_TYPE) {
            letter = 'm';
            map = true;
            type = type->map_type->value_type;
        } else {
            break;
        }
        int more = letter == 'm' ? snprintf(text + used, capacity - used, "m%d", (int)key)
                                 : snprintf(text + used, capacity - used, "%c", letter);
        if (more < 0 || (size_t)more >= capacity - used)
            return false;
        used += (size_t)more;
    }
    return depth > 1 || map;
}

imgcls_status onnx_type_read(struct onnx_reader *reader, const Onnx__TypeProto *type,
                             int32_t *kind, int32_t *element, int32_t *rank, int64_t *dims,
                             const char **dim_names)
{
    *kind = IMGCLS_KIND_TENSOR;
    *element = IMGCLS_UNDEFINED;
    *rank = -1;
    if (!type)
        return IMGCLS_OK;
    imgcls_status status = read_inner(reader, type, element);
    if (status != IMGCLS_OK)
        return status;
    switch (type->value_case) {
    case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
        return read_shape(reader, type->tensor_type->shape, rank, dims, dim_names);
    case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
        *kind = IMGCLS_KIND_SPARSE;
        return read_shape(reader, type->sparse_tensor_type->shape, rank, dims, dim_names);
    case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
        *kind = IMGCLS_KIND_SEQUENCE;
        break;
    case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
        *kind = IMGCLS_KIND_OPTIONAL;
        break;
    case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
        *kind = IMGCLS_KIND_MAP;
        break;
    default:
        break;
    }
    return IMGCLS_OK;
}
