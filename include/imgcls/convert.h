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
    int32_t no_verify;  /* 1: write without checking and without running anything: then there
                           is no example inside unless the source has one, no table of
                           operators, and macs is -1 */
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
    /* Of a checkpoint: how its architecture was known, and what could not be taken over
     * exactly, a line each; NULL where there is nothing to say. */
    const char *evidence, *notes;
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

/* ---- Weights without a graph, looked at ------------------------------------------------ */

struct imgcls_weights;

/*
 * Reads a checkpoint or folder without making a graph of it. *out is NULL, and the status
 * IMGCLS_OK, where the file holds a graph (imgcls_model_open reads it). An architecture need
 * not be known. Own: imgcls_weights_close, which accepts NULL.
 */
IMGCLS_API imgcls_status imgcls_weights_open(struct imgcls_context *context, const char *path,
                                             const char *arch, struct imgcls_weights **out);
IMGCLS_API void imgcls_weights_close(struct imgcls_weights *weights);
/* Name and shape (data not to be used) of tensor `index`, in the order of the file; NULL past
 * the last. Borrowed from the weights, like all below. */
IMGCLS_API const char *imgcls_weights_tensor(const struct imgcls_weights *weights,
                                             size_t index,
                                             const struct imgcls_tensor **tensor);
/* A text by its key (IMGCLS_META_..., imgcls/plugin.h), NULL where there is none. */
IMGCLS_API const char *imgcls_weights_text(const struct imgcls_weights *weights,
                                           const char *key);
/* Name of the format that read it. */
IMGCLS_API const char *imgcls_weights_format(const struct imgcls_weights *weights);
/* SHA-256 of the file or folder, "" where it could not be read. */
IMGCLS_API const char *imgcls_weights_sha256(const struct imgcls_weights *weights);

#ifdef __cplusplus
}
#endif

#endif
