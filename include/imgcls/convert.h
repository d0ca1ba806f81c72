/*
 * include/imgcls/convert.h - from whatever some plugin reads to a bundle or an ONNX file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IMGCLS_CONVERT_H
#define IMGCLS_CONVERT_H

#include <imgcls/imgcls.h>
#include <imgcls/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

struct imgcls_convert_options {
    size_t struct_size;
    const char *model;
    const char *output; /* .imgcls or .onnx; NULL: the model's name with .imgcls, in the
                           current folder */
    int32_t no_verify;  /* 1: write without checking */
    int32_t no_register; /* 1: do not enter it into the database */
    const char *database; /* NULL: the default one (leaderboard.h) */
    const struct imgcls_model_options *model_options; /* recipe, labels, arch, shapes */
    int32_t keep_batch; /* 1: leave a batch that is fixed or baked into constants as it is; so
                           do shapes in model_options */
    int32_t reserved;
};

/* Operators by type, in falling order of `before`. */
struct imgcls_operator_count {
    const char *domain, *type;
    int64_t before; /* nodes in the source */
    int64_t after;  /* steps in the plan that runs */
};

struct imgcls_convert_report {
    size_t struct_size;
    const char *output;  /* path written */
    char sha256[65];     /* of that file */
    char source_sha256[65];
    int64_t nodes_before, nodes_after;
    int64_t parameters; /* elements of the weights */
    int64_t macs;       /* multiply-accumulates of one picture as the plan runs them; -1 open */
    int64_t bytes;      /* size of the file written */
    const char *passes; /* names of the passes that changed something, space-separated */
    const char *golden; /* where the example inside comes from, in words */
    size_t operator_count;
    const struct imgcls_operator_count *operators;
    int32_t verified; /* 1: compared and passed; 0: not compared */
    int32_t registered;
    struct imgcls_verify_report check; /* of the written file against the source */
    /* Batch: what the source has where it is fixed or constants pin it, else 0. freed: it is
     * open in what was written; the source's bits came out at its own batch, and at 1, 2 and 3
     * each picture's row had the bits it has alone. Else batch_reason says why it stays. */
    int64_t batch;
    int32_t batch_freed;
    int32_t reserved;
    const char *batch_reason;
    void *owner;
};

/*
 * Converts, checks and registers. The file appears under its final name only when it is
 * complete and, unless no_verify, computes what the source computes: else IMGCLS_MISMATCH and
 * nothing is kept. A database that cannot be written is a warning in the log. Own:
 * imgcls_convert_report_clear, also after a mismatch. One thread at a time a context.
 */
IMGCLS_API imgcls_status imgcls_convert(struct imgcls_context *context,
                                        const struct imgcls_convert_options *options,
                                        struct imgcls_convert_report *report);
IMGCLS_API void imgcls_convert_report_clear(struct imgcls_convert_report *report);

#ifdef __cplusplus
}
#endif

#endif
