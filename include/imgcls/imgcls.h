/*
 * include/imgcls/imgcls.h - the library: open a classifier, run it, check it, measure it
 *
 *     struct imgcls_context *ctx;
 *     struct imgcls_model *model;
 *     struct imgcls_prediction best[5];
 *     size_t count;
 *     imgcls_context_create(NULL, &ctx);
 *     if (imgcls_model_open(ctx, "resnet50.imgcls", &model) ||
 *         imgcls_model_classify(model, "cat.jpg", 5, best, &count))
 *         fprintf(stderr, "%s\n", imgcls_error(ctx));
 *
 * Every function that can fail returns imgcls_status and, where it failed, leaves one line of
 * text in the context. Results go through the last pointer argument, cleared on failure.
 * close and destroy accept NULL.
 *
 * Threads: a context, and everything opened through it, may be used by one thread at a time
 * (the library runs threads of its own inside); different contexts are independent. Each
 * function's comment says where it is freer than that.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IMGCLS_IMGCLS_H
#define IMGCLS_IMGCLS_H

#include <imgcls/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define IMGCLS_API __attribute__((visibility("default")))
#else
#define IMGCLS_API
#endif

/* ---- Context ----------------------------------------------------------------------------*/

struct imgcls_context;

struct imgcls_context_options {
    size_t struct_size;
    /* Colon-separated folders searched before the installed one; NULL: IMGCLS_PLUGIN_PATH. */
    const char *plugin_path;
    /* Threads for computing; 0: the CPUs that affinity mask and cgroup quota allow. */
    int32_t threads;
    int32_t reserved;
    /* Most bytes that the library allocates at once for tensors and weights; 0: no limit. */
    uint64_t memory_limit;
    /* Called for each log line (level as in plugin.h, no newline); NULL: nothing is printed.
     * May be called from any thread. */
    void (*log)(void *argument, int32_t level, const char *text);
    void *log_argument;
    /* Most rounds of one loop within a model; past them it ends with IMGCLS_LIMIT. 0: a
     * million. */
    int64_t max_iterations;
};

/* Makes a context; options may be NULL. Own: imgcls_context_destroy, after everything that
 * was opened through it. Where it fails, *out is NULL if there was no memory, else a context
 * that is good for imgcls_error and must be destroyed. Thread-safe. */
IMGCLS_API imgcls_status imgcls_context_create(const struct imgcls_context_options *options,
                                               struct imgcls_context **out);
IMGCLS_API void imgcls_context_destroy(struct imgcls_context *context);

/* The last failure's text, without newline at its end; "" where there was none. NULL for a
 * context is fine: it could not be made. Borrowed until the next call with this context. */
IMGCLS_API const char *imgcls_error(const struct imgcls_context *context);

/* Version of the library, "0.1.0". Thread-safe. */
IMGCLS_API const char *imgcls_version(void);

/* Asks long work in any context of the process to stop at the next step and return
 * IMGCLS_INTERRUPTED, leaving no temporary file. Async-signal-safe: meant for handlers of
 * SIGINT and SIGTERM. */
IMGCLS_API void imgcls_interrupt(void);

/* The text that a status stands for, e.g. "bad input". Thread-safe; static. */
IMGCLS_API const char *imgcls_status_text(imgcls_status status);

/* ---- Models -----------------------------------------------------------------------------*/

struct imgcls_model;

struct imgcls_model_options {
    size_t struct_size;
    const char *recipe; /* preprocessing text or preset name; NULL: the model's own */
    const char *labels; /* file of class names, one a line; NULL: the model's own */
    const char *arch;   /* architecture of a bare checkpoint; NULL: recognised */
    /* Shapes for inputs, "name=1,3,224,224" entries, NULL-ended; NULL: as declared. */
    const char *const *shapes;
    /* 1: most likely the model is run once, so that its weights are packed for that run alone,
     * node by node, which takes less time and memory than packing all of them to keep. Later
     * runs give the same answers; the second one packs anew. The checksum of a bundle's weights is
     * verified while they are packed, so that a damaged bundle may be opened; its first run fails
     * then. 0: weights are packed to be kept, and verified when the model is opened. */
    int32_t once;
};

/* Opens whatever some plugin reads: .onnx, .imgcls, a checkpoint, a folder. Own: close. */
IMGCLS_API imgcls_status imgcls_model_open(struct imgcls_context *context, const char *path,
                                           struct imgcls_model **out);
IMGCLS_API imgcls_status imgcls_model_open_with(struct imgcls_context *context,
                                                const char *path,
                                                const struct imgcls_model_options *options,
                                                struct imgcls_model **out);
IMGCLS_API void imgcls_model_close(struct imgcls_model *model);

/* Canonical preprocessing text, or NULL. Borrowed from the model, like all below. */
IMGCLS_API const char *imgcls_model_recipe(const struct imgcls_model *model);
/* Number of class names, 0 where the model has none. */
IMGCLS_API size_t imgcls_model_label_count(const struct imgcls_model *model);
/* Name of class `index`, or NULL. */
IMGCLS_API const char *imgcls_model_label(const struct imgcls_model *model, size_t index);
/* Number of classes: the width of the first output, 0 where not known before running. */
IMGCLS_API size_t imgcls_model_class_count(const struct imgcls_model *model);
/* Name, type and shape of input (output) `index`; dims below 0 are open. Returns
 * IMGCLS_BAD_INPUT past the last. */
IMGCLS_API imgcls_status imgcls_model_input(const struct imgcls_model *model, size_t index,
                                            const char **name, struct imgcls_tensor *shape);
IMGCLS_API imgcls_status imgcls_model_output(const struct imgcls_model *model, size_t index,
                                             const char **name, struct imgcls_tensor *shape);
/* SHA-256 of the model file, 64 hexadecimal digits; of a folder, over its files' names and
 * hashes. Computed when first asked for (a second for some hundred MB); "" where a file could
 * not be read. */
IMGCLS_API const char *imgcls_model_sha256(const struct imgcls_model *model);

/* Name of the format that read it, "onnx" or "bundle". */
IMGCLS_API const char *imgcls_model_format(const struct imgcls_model *model);
/* Elements of all weights. */
IMGCLS_API int64_t imgcls_model_parameters(const struct imgcls_model *model);
/* Operator number `index`, by falling count: its domain ("" is ai.onnx), type, and how many
 * nodes there are of it. IMGCLS_BAD_INPUT past the last. */
IMGCLS_API imgcls_status imgcls_model_operator(const struct imgcls_model *model, size_t index,
                                               const char **domain, const char **type,
                                               int64_t *count);
/* "float32" for IMGCLS_F32 and so on; "unknown type" for other numbers. Thread-safe; static. */
IMGCLS_API const char *imgcls_type_text(int32_t type);

struct imgcls_prediction {
    int32_t index;      /* class index */
    float probability;  /* softmax of the first output, 0..1 */
    const char *label;  /* borrowed from the model; NULL where it has no names */
};

/*
 * Reads one picture file, preprocesses it by the model's recipe, runs the model and gives the
 * `top` most probable classes in falling order (equal ones in rising index). best has room
 * for `top`; *count says how many there are. Probabilities are the softmax in double of the
 * first output, or the output itself where it already is a distribution.
 */
IMGCLS_API imgcls_status imgcls_model_classify(struct imgcls_model *model, const char *picture,
                                               size_t top, struct imgcls_prediction *best,
                                               size_t *count);

/*
 * Runs the model on tensors in input order. Inputs are borrowed and row-major. outputs has
 * room for output_count pointers; each is borrowed from the model until its next run.
 */
IMGCLS_API imgcls_status imgcls_model_run(struct imgcls_model *model, size_t input_count,
                                          const struct imgcls_tensor *const *inputs,
                                          size_t output_count,
                                          const struct imgcls_tensor **outputs);

#ifdef __cplusplus
}
#endif

#endif
