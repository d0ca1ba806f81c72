/*
 * include/imgcls/types.h - what the library and its plugins both speak of: status, element
 * types, tensors and values
 *
 * Included by imgcls.h (programs) and plugin.h (plugins); compiles alone as C17 and C++.
 * Every struct begins with struct_size, set by whoever creates it to sizeof the struct as he
 * knows it; the reader takes the smaller of the two sizes and reads the rest as zero. Zero
 * always means "not given". No enum and no bool crosses the boundary, only fixed-width types.
 *
 * Ownership has three words. borrow: readable until the call returns, or until the object
 * named in the comment dies; the default. own: to be released with the function named. map:
 * bytes of a read-only file mapping that the named object keeps alive.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IMGCLS_TYPES_H
#define IMGCLS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a call came to. The text that goes with it is in the context (imgcls_error). */
typedef int32_t imgcls_status;
#define IMGCLS_OK 0
#define IMGCLS_MISMATCH 1     /* the check that was asked for failed: exit status 1 */
#define IMGCLS_BAD_INPUT 2    /* file, argument or graph is wrong: exit status 2 */
#define IMGCLS_UNSUPPORTED 3  /* sound, but nothing here can do it: exit status 2 */
#define IMGCLS_IO 4           /* the operating system refused: exit status 2 */
#define IMGCLS_NO_MEMORY 5    /* allocation failed: exit status 3 */
#define IMGCLS_LIMIT 6        /* past --memory-limit or --max-iterations: exit status 3 */
#define IMGCLS_INTERRUPTED 7  /* SIGINT or SIGTERM: exit status 130 */
#define IMGCLS_INTERNAL 8     /* an invariant of ours broke: exit status 2, please report */

/* Element types: the numbers of ONNX's TensorProto.DataType (onnx.proto, IR version 14). */
#define IMGCLS_UNDEFINED 0
#define IMGCLS_F32 1
#define IMGCLS_U8 2
#define IMGCLS_I8 3
#define IMGCLS_U16 4
#define IMGCLS_I16 5
#define IMGCLS_I32 6
#define IMGCLS_I64 7
#define IMGCLS_STRING 8
#define IMGCLS_BOOL 9
#define IMGCLS_F16 10
#define IMGCLS_F64 11
#define IMGCLS_U32 12
#define IMGCLS_U64 13
#define IMGCLS_C64 14
#define IMGCLS_C128 15
#define IMGCLS_BF16 16
#define IMGCLS_F8E4M3FN 17
#define IMGCLS_F8E4M3FNUZ 18
#define IMGCLS_F8E5M2 19
#define IMGCLS_F8E5M2FNUZ 20
#define IMGCLS_U4 21
#define IMGCLS_I4 22
#define IMGCLS_F4E2M1 23
#define IMGCLS_F8E8M0 24
#define IMGCLS_U2 25
#define IMGCLS_I2 26
#define IMGCLS_F6E2M3 27
#define IMGCLS_F6E3M2 28
#define IMGCLS_TYPE_COUNT 29

/* Largest number of dimensions a tensor may have here. */
#define IMGCLS_MAX_RANK 16

/* Memory layouts. dims always stand in the operator's own (ONNX) order, whatever the layout;
 * strides say where the elements are. */
#define IMGCLS_LAYOUT_PLAIN 0         /* row-major over dims */
#define IMGCLS_LAYOUT_CHANNELS_LAST 1 /* dimension 1 is innermost: NCHW dims, NHWC memory */

/* An element of a string tensor: UTF-8, length in bytes, not necessarily ended by NUL. */
struct imgcls_string {
    const char *bytes;
    size_t length;
};

/*
 * A typed array. In a tensor of known shape dims are >= 0. data points to the first element
 * and is aligned to 64 bytes when the host allocated it, to the element's size at least when
 * it is mapped. Types narrower than a byte (6, 4 and 2 bits) are packed, low bits first, and
 * then strides are row-major and unused; of 6 bits, four elements fill three bytes. A tensor with a zero dimension has size_bytes 0 and may
 * have data NULL. A scalar has rank 0 and one element.
 */
struct imgcls_tensor {
    size_t struct_size;
    int32_t type; /* IMGCLS_F32 ... */
    int32_t rank; /* 0..IMGCLS_MAX_RANK */
    int64_t dims[IMGCLS_MAX_RANK];
    int64_t strides[IMGCLS_MAX_RANK]; /* in elements */
    void *data;
    size_t size_bytes;
    int32_t layout; /* IMGCLS_LAYOUT_PLAIN ... */
    int32_t reserved;
};

/* Kinds of values that flow along a graph's edges (ONNX TypeProto). */
#define IMGCLS_KIND_TENSOR 0
#define IMGCLS_KIND_SEQUENCE 1
#define IMGCLS_KIND_OPTIONAL 2
#define IMGCLS_KIND_MAP 3
#define IMGCLS_KIND_SPARSE 4

/*
 * A value at run time. TENSOR: tensor is set, items NULL. SEQUENCE: count items. OPTIONAL:
 * count is 0 or 1. MAP: two items, keys (a tensor) and values (a tensor or a sequence).
 */
struct imgcls_value {
    size_t struct_size;
    int32_t kind;
    int32_t type; /* element type of the tensors inside; needed where a sequence is empty */
    struct imgcls_tensor *tensor;
    size_t count;
    struct imgcls_value *const *items;
};

/* Number of elements of a shape, or -1 where a dimension is negative or the product does not
 * fit int64_t. rank 0 gives 1. Thread-safe. */
static inline int64_t imgcls_count(int32_t rank, const int64_t *dims)
{
    int64_t count = 1;
    int32_t i;
    int zero = 0;
    for (i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return -1;
        if (dims[i] == 0)
            zero = 1;
        else if (count > INT64_MAX / dims[i])
            return -1;
        else
            count *= dims[i];
    }
    return zero ? 0 : count;
}

#ifdef __cplusplus
}
#endif

#endif
