/*
 * include/imgcls/bench.h - how fast does a model run here, and where does the time go
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IMGCLS_BENCH_H
#define IMGCLS_BENCH_H

#include <imgcls/imgcls.h>

#ifdef __cplusplus
extern "C" {
#endif

struct imgcls_bench_options {
    size_t struct_size;
    int64_t batch;  /* for inputs whose first dimension is open; 0: 1 */
    double seconds; /* how long to repeat; 0: 3. At least 5 runs in any case */
};

/* One kernel of the plan, all its steps together. */
struct imgcls_bench_kernel {
    const char *name;
    int64_t count; /* steps that use it */
    double ms;     /* of one run */
};

/* One step of the plan, in the order of running. */
struct imgcls_bench_step {
    const char *node, *type, *kernel;
    double ms;     /* of one run */
    double share;  /* of all steps, 0..1 */
    double gflops; /* NaN where its operator counts no multiply-accumulates */
    int64_t bytes; /* read and written, weights included; -1 where shapes are open */
};

/* Figures that could not be had are NaN, or -1 where they are whole numbers. */
struct imgcls_bench_report {
    size_t struct_size;
    int64_t runs, batch;
    int32_t threads;
    int32_t reserved;
    const char *isa; /* "avx512", "avx2", "neon", "portable" */
    double first_ms; /* first run, planning and packing included */
    double median_ms, p90_ms, p99_ms, min_ms;
    double images_per_second; /* batch / median */
    int64_t macs;             /* of one run */
    double gflops;            /* 2 * macs / median */
    double peak_gflops;       /* fused multiply-adds measured on as many threads */
    double peak_fraction;
    int64_t arena_bytes, constant_bytes, packed_bytes, parameters;
    int64_t micro_batch; /* images that the first steps take at a time, until the batch is through;
                            what comes last may take the whole batch */
    size_t kernel_count, step_count;
    const struct imgcls_bench_kernel *kernels; /* slowest first */
    const struct imgcls_bench_step *steps;
    void *owner;
};

/* Runs the model on numbers made up (the same each time) until the time is over; then some
 * more runs in which every step is timed, for kernels and steps. Open dimensions other than
 * the batch must be fixed when the model is opened, or follow from its recipe's crop.
 * Own: imgcls_bench_report_clear, before the model is closed; also after a failure. */
IMGCLS_API imgcls_status imgcls_bench(struct imgcls_model *model,
                                      const struct imgcls_bench_options *options,
                                      struct imgcls_bench_report *out);
IMGCLS_API void imgcls_bench_report_clear(struct imgcls_bench_report *report);

/* One step of the plan: the kernel that runs, and the fastest of those with the same bits. */
struct imgcls_bench_choice {
    const char *node, *type, *chosen, *best;
    double chosen_ms, best_ms;
    const char *other; /* kernel with other bits, NULL: the node has none */
    double other_ms;   /* -1: none */
    int32_t is_slow;   /* more than 5 % (and 5 us) behind the best */
    int32_t other_is_faster;
};

struct imgcls_bench_choices {
    size_t struct_size;
    size_t row_count, slow_count, other_count;
    const struct imgcls_bench_choice *rows; /* in the order of running */
    const char *kept_in;                    /* file of the choices; NULL: not kept */
    void *owner;
};

/* Measures, on made-up numbers, every kernel that could compute each node, in turns, for about
 * options->seconds (default 3; and planning each candidate). keep: what wins by more than 5 %
 * is put into the table of choices of this CPU (below $XDG_CACHE_HOME/imgcls), which later
 * plans follow; results keep their bits. Own: imgcls_bench_choices_clear, before the model is
 * closed; also after a failure. */
IMGCLS_API imgcls_status imgcls_bench_choices(struct imgcls_model *model,
                                              const struct imgcls_bench_options *options,
                                              int32_t keep, struct imgcls_bench_choices *out);
IMGCLS_API void imgcls_bench_choices_clear(struct imgcls_bench_choices *choices);

#ifdef __cplusplus
}
#endif

#endif
