/*
 * tests/session/peak_memory_test.c - a weight is in memory in one form: as it lies in the file, or
 * packed
 *
 * Eight matrices of 8 MB in a mapped file are packed by a first run. What the process holds at
 * most (VmHWM, from where it stood before) is allowed to be 1.25 times the packed weights and
 * the arena, plus what a run takes for itself; with both forms it would be twice. A plan for one
 * run holds one matrix in two forms.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/file/file.h"
#include "src/plan/plan.h"
#include "src/tensor/tensor.h"
#include "tests/plan/sketch.h"

#define LAYERS 8
#define SIDE   1448 /* SIDE * SIDE floats are 8 MB */
#define BYTES  ((size_t)SIDE * SIDE * sizeof(float))
#define REST   ((int64_t)6 << 20) /* plugins, stacks, a large page that is not full */

/* kB of a line of /proc/self/status; -1 where there is none. */
static int64_t status_bytes(const char *name)
{
    char line[256];
    int64_t found = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && found < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            found = strtoll(line + strlen(name), NULL, 10) * 1024;
    if (file)
        fclose(file);
    return found;
}

/* VmHWM becomes what is held now; false where the system does not do that. */
static bool forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file)
        return false;
    bool written = fputs("5", file) >= 0;
    return fclose(file) == 0 && written;
}

static struct imgcls_storage *weights_in_a_file(struct imgcls_context *ctx)
{
    char path[] = "/tmp/imgcls-peak-XXXXXX";
    float *row = calloc(SIDE, sizeof *row);
    struct imgcls_storage *storage;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_non_null(row);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    for (int i = 0; i < LAYERS * SIDE; i++) {
        row[i % SIDE] = 1.0f / (float)(1 + i % 7);
        assert_int_equal(fwrite(row, sizeof *row, SIDE, file), SIDE);
    }
    assert_int_equal(fclose(file), 0);
    free(row);
    assert_int_equal(icl_storage_map(ctx, path, &storage), IMGCLS_OK);
    unlink(path);
    return storage;
}

static struct imgcls_graph *chain_of(struct imgcls_context *ctx, struct imgcls_storage *storage)
{
    struct imgcls_graph *graph = sketch_graph(ctx);
    char name[32], inputs[64], output[32];
    sketch_input(graph, "x0", IMGCLS_F32, SHAPE(1, SIDE));
    for (int i = 0; i < LAYERS; i++) {
        struct imgcls_tensor tensor;
        const int64_t dims[] = {SIDE, SIDE};
        snprintf(name, sizeof name, "w%d", i);
        assert_int_equal(icl_tensor_borrow(ctx, IMGCLS_F32, 2, dims,
                                           (unsigned char *)icl_storage_bytes(storage) +
                                               (size_t)i * BYTES,
                                           &tensor),
                         IMGCLS_OK);
        assert_int_equal(icl_graph_add_initializer(graph, name, &tensor, storage), IMGCLS_OK);
        snprintf(inputs, sizeof inputs, "x%d w%d", i, i);
        snprintf(output, sizeof output, "x%d", i + 1);
        sketch_node(graph, "MatMul", inputs, output);
    }
    sketch_output(graph, output, IMGCLS_F32);
    return graph;
}

/* Packs and runs; how far the process grew meanwhile, and what the plan says of itself. */
static int64_t peak_of(struct imgcls_context *ctx, const struct icl_plan_options *options,
                       struct icl_plan_summary *summary)
{
    static float x[SIDE];
    struct sketch_value given;
    struct icl_session *session;
    const struct imgcls_value *out;
    struct imgcls_storage *storage = weights_in_a_file(ctx);
    struct imgcls_graph *graph = chain_of(ctx, storage);
    if (!forget_peak()) {
        print_message("skipped: /proc/self/clear_refs cannot be written here\n");
        skip();
    }
    int64_t before = status_bytes("VmRSS:");
    const struct imgcls_value *in = sketch_value(&given, IMGCLS_F32, SHAPE(1, SIDE), x);
    assert_int_equal(icl_session_create(ctx, graph, options, &session), IMGCLS_OK);
    if (icl_session_run(session, &in, &out) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    icl_plan_summarise(icl_session_plan(session), summary);
    int64_t peak = status_bytes("VmHWM:") - before;
    icl_session_destroy(session);
    icl_graph_destroy(graph);
    icl_storage_release(storage);
    return peak;
}

static void one_form_at_a_time(void **state)
{
    const struct icl_plan_options options = {.threads = 1};
    struct icl_plan_summary summary;
    int64_t peak = peak_of(*state, &options, &summary);
    assert_int_equal(summary.packed_bytes, LAYERS * BYTES);
    int64_t allowed =
        (int64_t)(1.25 * (double)summary.packed_bytes) + (int64_t)summary.arena_bytes + REST;
    assert_true(peak > (int64_t)summary.packed_bytes / 2); /* it was measured at all */
    if (peak > allowed)
        fail_msg("%lld bytes at most, %lld are allowed", (long long)peak, (long long)allowed);
}

static void one_weight_at_a_time(void **state)
{
    const struct icl_plan_options options = {.threads = 1, .once = true};
    struct icl_plan_summary summary;
    int64_t peak = peak_of(*state, &options, &summary);
    int64_t allowed = 2 * (int64_t)BYTES + (int64_t)summary.arena_bytes + REST;
    assert_true(peak > (int64_t)BYTES / 2);
    if (peak > allowed)
        fail_msg("%lld bytes at most, %lld are allowed", (long long)peak, (long long)allowed);
}

static int setup(void **state)
{
    *state = sketch_context();
    return 0;
}

static int teardown(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_form_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(one_weight_at_a_time, setup, teardown),
    };
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    print_message("skipped: a sanitizer's own memory is counted, too\n");
    (void)tests;
    return 77;
#else
    return cmocka_run_group_tests(tests, NULL, NULL);
#endif
}
