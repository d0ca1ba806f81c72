/*
 * include/imgcls/verify.h - does a model compute what its reference says
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IMGCLS_VERIFY_H
#define IMGCLS_VERIFY_H

#include <imgcls/imgcls.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero in any field means its default. */
struct imgcls_verify_options {
    size_t struct_size;
    const char *model; /* path: file, bundle or folder */
    /* Folder with test_data_set_N or with input_K/output_K files (.pb, .npy), or one .npz
     * named by inputs and outputs; NULL: test_data_set_N beside the model, else the golden
     * example inside it. */
    const char *reference;
    double l2;   /* largest relative L2; default 2e-5, 5e-3 for float16 and bfloat16 models */
    double rtol; /* with atol: |got - want| <= atol + rtol * |want| for each element */
    double atol;
    int32_t elementwise; /* 1: rtol and atol decide instead of l2 */
    int32_t keep_going;  /* 1: do not look for the node at fault after a mismatch */
    const struct imgcls_model_options *model_options; /* NULL: none */
};

/* One output of one data set. Figures are NaN where they are not defined (an empty tensor, a
 * reference of zeros alone, NaN or infinity on either side). Where l2 decides, an output with
 * NaN or infinity does not pass, even if the reference has the same; rtol and atol let equal
 * ones pass. */
struct imgcls_verify_output {
    const char *set;  /* "test_data_set_0", "golden", ... */
    const char *name; /* of the graph's output */
    double max_abs;   /* largest |got - want| */
    int64_t max_index; /* where, row-major; -1 where nothing differs */
    double max_got, max_want; /* both values there */
    double max_rel;   /* largest |got - want| / |want| over |want| >= 1e-3 * rms(want) */
    double l2_relative; /* ||got - want||_2 / ||want||_2 */
    double cosine;      /* <got, want> / (||got|| ||want||) */
    double top1_agreement; /* share of rows (last axis) with the same largest element */
    double needed; /* smallest l2 (elementwise: rtol with this atol) that would have passed */
    int64_t count, nan_got, nan_want, inf_got, inf_want; /* elements */
    int32_t passed;
    int32_t reserved;
    /* The element that decides, -1 where none differs: the one that needs the largest rtol
     * where rtol and atol decide, else that of max_index. */
    int64_t worst_index;
    double worst_got, worst_want;
};

struct imgcls_verify_report {
    size_t struct_size;
    const char *reference; /* where the expected values came from, in words */
    double tolerance;      /* the l2 that decided, or rtol */
    size_t output_count;
    const struct imgcls_verify_output *outputs;
    const char *blame; /* after a mismatch: the first node whose own error is too large, or
                          why none is; NULL where all passed or nobody looked */
    int32_t passed;
    int32_t at_fault; /* 1: blame names a node, or an output of another shape or type */
    void *owner;
};

/*
 * Runs the model on each data set and compares every output. IMGCLS_OK with passed 0 is a
 * mismatch that was measured; other statuses mean that nothing could be compared. After a
 * mismatch every node is given the inputs that a float64 run of the unfused graph by portable
 * kernels has there, and its own error is judged. Own: imgcls_verify_report_clear. One thread
 * at a time a context.
 */
IMGCLS_API imgcls_status imgcls_verify(struct imgcls_context *context,
                                       const struct imgcls_verify_options *options,
                                       struct imgcls_verify_report *report);
/* Frees what the report holds; a zeroed report is fine. */
IMGCLS_API void imgcls_verify_report_clear(struct imgcls_verify_report *report);

#ifdef __cplusplus
}
#endif

#endif
