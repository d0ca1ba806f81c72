/*
 * include/imgcls/suite.h - many cases with known answers, each so that a crash is its own
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IMGCLS_SUITE_H
#define IMGCLS_SUITE_H

#include <imgcls/imgcls.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMGCLS_CASE_PASSED 0
#define IMGCLS_CASE_FAILED 1
#define IMGCLS_CASE_UNSUPPORTED 2 /* an operator, a type or a form that nothing here computes */

struct imgcls_case {
    const char *name;      /* path below the suite's folder, "node/test_relu" */
    const char *operators; /* types of the model's nodes, space-separated, each once; "" where
                              the model could not be read */
    const char *reason;    /* one line where not passed; "" otherwise */
    int32_t result;        /* IMGCLS_CASE_PASSED ... */
    int32_t compared;      /* 0: the case has no expected outputs, it was run on zeros */
};

struct imgcls_suite_options {
    size_t struct_size;
    const char *folder;  /* every folder below it that holds a model.onnx is a case */
    int32_t processes;   /* side by side; 0: the context's threads */
    int32_t seconds;     /* limit a case; 0: 120 */
    /* Called in the caller's thread after each case; may be NULL. */
    void (*progress)(void *argument, size_t done, size_t total);
    void *progress_argument;
};

struct imgcls_suite_report {
    size_t struct_size;
    size_t count;
    const struct imgcls_case *cases; /* sorted by name */
    int64_t passed, failed, unsupported;
    void *owner;
};

/*
 * Runs each case in a process of its own: its model on each test_data_set_N, every output
 * compared element by element with the rtol and atol of the case's tolerance.txt (1e-3 and
 * 1e-7 where there is none); types must be equal. Call it before the context has run
 * anything, since it forks. Own: imgcls_suite_report_clear. IMGCLS_BAD_INPUT where there is no
 * case.
 */
IMGCLS_API imgcls_status imgcls_suite(struct imgcls_context *context,
                                      const struct imgcls_suite_options *options,
                                      struct imgcls_suite_report *report);
IMGCLS_API void imgcls_suite_report_clear(struct imgcls_suite_report *report);

#ifdef __cplusplus
}
#endif

#endif
