/*
 * tests/architectures/case.c - reads, builds and runs a case
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/architectures/case.h"

#include <dirent.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/registry/registry.h"
#include "src/session/session.h"
#include "src/tensor/tensor.h"

static void done(struct test_case *test, imgcls_status status)
{
    if (status != IMGCLS_OK)
        fail_msg("%s: %s", test->family, imgcls_error(test->ctx));
}

/* ---- The formula: see formula.py ------------------------------------------------------*/

static void fill(const char *name, double mean, double spread, float *values, int64_t count)
{
    uint64_t seed = UINT64_C(0xcbf29ce484222325);
    for (const char *p = name; *p; p++)
        seed = (seed ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    for (int64_t i = 0; i < count; i++) {
        uint64_t z = seed + (uint64_t)(i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        z ^= z >> 31;
        float unit = (float)((int64_t)(z >> 40) - (1 << 23)) / (float)(1 << 23);
        values[i] = (float)mean + (float)spread * unit;
    }
}

static int32_t parse_dims(const char *text, int64_t *dims)
{
    int32_t rank = 0;
    while (*text && *text != '-' && rank < IMGCLS_MAX_RANK) {
        char *end;
        dims[rank++] = strtoll(text, &end, 10);
        text = end + (*end == 'x');
    }
    return rank;
}

/* ---- Reading --------------------------------------------------------------------------*/

static struct imgcls_value *tensor_of(struct test_case *test, const char *dims_text,
                                      int32_t type)
{
    struct imgcls_value *value;
    int64_t dims[IMGCLS_MAX_RANK];
    int32_t rank = parse_dims(dims_text, dims);
    done(test, icl_value_tensor(test->ctx, type, rank, dims, &value));
    return value;
}

static void keep(struct test_case *test, const char *name, struct imgcls_value *value,
                 int32_t as)
{
    struct imgcls_value *narrow = NULL;
    if (as != value->type) {
        const struct imgcls_tensor *wide = value->tensor;
        done(test, icl_value_tensor(test->ctx, as, wide->rank, wide->dims, &narrow));
        icl_convert_floats(0, value->type, wide->data, as, narrow->tensor->data,
                           (size_t)imgcls_count(wide->rank, wide->dims));
    }
    done(test, icl_checkpoint_add(test->checkpoint, name,
                                  narrow ? narrow->tensor : value->tensor, NULL));
    icl_value_release(test->ctx, narrow);
    icl_value_release(test->ctx, value);
}

void case_add(struct test_case *test, const char *name, const char *dims, double mean,
              double spread, int32_t as)
{
    struct imgcls_value *value = tensor_of(test, dims, IMGCLS_F32);
    fill(name, mean, spread, value->tensor->data,
         imgcls_count(value->tensor->rank, value->tensor->dims));
    keep(test, name, value, as);
}

static void read_values(struct test_case *test, const char *name, const char *dims,
                        const char *text, int32_t as)
{
    struct imgcls_value *value = tensor_of(test, dims, IMGCLS_F32);
    float *floats = value->tensor->data;
    int64_t count = imgcls_count(value->tensor->rank, value->tensor->dims);
    for (int64_t i = 0; i < count; i++) {
        char *end;
        floats[i] = strtof(text, &end);
        assert_ptr_not_equal(text, end);
        text = end;
    }
    keep(test, name, value, as);
}

static void read_output(struct test_case *test, const char *text)
{
    char *end;
    for (test->output_count = 0;; test->output_count++, text = end) {
        double value = strtod(text, &end);
        if (end == text)
            return;
        assert_true(test->output_count < sizeof test->output / sizeof *test->output);
        test->output[test->output_count] = value;
    }
}

static void read_line(struct test_case *test, char *line, int32_t as)
{
    char name[256], dims[64];
    double mean, spread;
    int used = 0;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "tensor %255s %63s %lf %lf", name, dims, &mean, &spread) == 4) {
        case_add(test, name, dims, mean, spread, as);
    } else if (sscanf(line, "whole %255s %63s", name, dims) == 2) {
        keep(test, name, tensor_of(test, dims, IMGCLS_I64), IMGCLS_I64);
    } else if (sscanf(line, "values %255s %63s %n", name, dims, &used) == 2) {
        read_values(test, name, dims, line + used, as);
    } else if (sscanf(line, "input %63s %lf %lf", dims, &mean, &spread) == 3) {
        test->input = tensor_of(test, dims, IMGCLS_F32);
        fill("input", mean, spread, test->input->tensor->data,
             imgcls_count(test->input->tensor->rank, test->input->tensor->dims));
    } else if (sscanf(line, "text %255s %n", name, &used) == 1 && used) {
        done(test, icl_checkpoint_set_text(test->checkpoint, name, line + used));
    } else if (strncmp(line, "output ", 7) == 0) {
        read_output(test, line + 7);
    } else {
        sscanf(line, "family %63s", test->family);
    }
}

void case_open(struct test_case *test, const char *path, int32_t as)
{
    const struct imgcls_context_options options = {.struct_size = sizeof options,
                                                   .threads = 2};
    char *line = NULL;
    size_t capacity = 0;
    memset(test, 0, sizeof *test);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s: cannot be opened", path);
    assert_int_equal(imgcls_context_create(&options, &test->ctx), IMGCLS_OK);
    done(test, icl_checkpoint_create(test->ctx, &test->checkpoint));
    while (getline(&line, &capacity, file) >= 0)
        read_line(test, line, as);
    free(line);
    fclose(file);
    if (!test->input || !test->output_count || !*test->family)
        fail_msg("%s: no input, output or family", path);
}

void case_close(struct test_case *test)
{
    icl_value_release(test->ctx, test->input);
    icl_checkpoint_destroy(test->checkpoint);
    imgcls_context_destroy(test->ctx);
}

/* ---- Building and running -------------------------------------------------------------*/

const struct imgcls_architecture *case_recognise(struct test_case *test, int32_t *bid,
                                                 char *evidence, size_t capacity)
{
    struct icl_registry *registry;
    const struct imgcls_architecture *best = NULL;
    size_t count;
    *bid = 0;
    done(test, icl_context_registry(test->ctx, &registry));
    const struct imgcls_architecture *const *all =
        icl_registry_architectures(registry, &count);
    for (size_t i = 0; i < count; i++) {
        char words[512] = "";
        int32_t bids =
            all[i]->recognise(&test->ctx->host, test->checkpoint, words, sizeof words);
        if (bids <= *bid)
            continue;
        *bid = bids;
        best = all[i];
        snprintf(evidence, capacity, "%s", words);
    }
    return best;
}

imgcls_status case_build(struct test_case *test, const char *variant,
                         struct imgcls_graph **graph)
{
    struct icl_registry *registry;
    const struct imgcls_architecture *chosen = NULL;
    size_t count;
    done(test, icl_context_registry(test->ctx, &registry));
    const struct imgcls_architecture *const *all =
        icl_registry_architectures(registry, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i]->name, test->family) == 0)
            chosen = all[i];
    if (!chosen)
        fail_msg("%s: no such architecture", test->family);
    done(test, icl_graph_create(test->ctx, NULL, graph));
    imgcls_status status =
        chosen->build(&test->ctx->host, test->checkpoint, variant, *graph);
    status = icl_checkpoint_settle(test->checkpoint, chosen->name, status);
    return status ? status : icl_graph_sort(*graph);
}

double case_error(struct test_case *test, const struct imgcls_graph *graph)
{
    struct icl_session *session;
    const struct icl_plan_options options = {.threads = 2};
    const struct imgcls_value *result;
    double far = 0, size = 0;
    done(test, icl_session_create(test->ctx, graph, &options, &session));
    done(test, icl_session_run(session, (const struct imgcls_value *const *)&test->input,
                               &result));
    const struct imgcls_tensor *logits = result->tensor;
    assert_int_equal(imgcls_count(logits->rank, logits->dims), test->output_count);
    for (size_t i = 0; i < test->output_count; i++) {
        double got = ((const float *)logits->data)[i];
        far += (got - test->output[i]) * (got - test->output[i]);
        size += test->output[i] * test->output[i];
    }
    icl_session_destroy(session);
    return sqrt(far / size);
}

void case_check(const char *path, double limit)
{
    struct test_case test;
    struct imgcls_graph *graph;
    char evidence[512] = "";
    int32_t bid;
    const char *slash = strrchr(path, '/');
    case_open(&test, path, IMGCLS_F32);
    const struct imgcls_architecture *best =
        case_recognise(&test, &bid, evidence, sizeof evidence);
    done(&test,
         case_build(&test, icl_checkpoint_text(test.checkpoint, IMGCLS_META_ARCHITECTURE),
                    &graph));
    double error = case_error(&test, graph);
    print_message("%-44s %.2g (%s)\n", slash ? slash + 1 : path, error, evidence);
    if (!(error <= limit))
        fail_msg("%s: relative L2 %.3g, allowed is %.3g", path, error, limit);
    if (!best || bid < 90 || strcmp(best->name, test.family) != 0)
        fail_msg("%s: recognised as %s (%d: %s), is %s", path,
                 best ? best->name : "nothing", (int)bid, evidence, test.family);
    icl_graph_destroy(graph);
    case_close(&test);
}

static int ends_in_case(const struct dirent *entry)
{
    return fnmatch("*.case", entry->d_name, 0) == 0;
}

void case_check_all(const char *pattern, size_t least, double limit)
{
    char folder[2048], path[4096];
    const char *top = getenv("ICL_TOP_SRCDIR");
    struct dirent **entries;
    size_t checked = 0;
    snprintf(folder, sizeof folder, "%s/tests/architectures/cases", top ? top : ".");
    int count = scandir(folder, &entries, ends_in_case, alphasort);
    for (int i = 0; i < count; i++) {
        if (fnmatch(pattern, entries[i]->d_name, 0) == 0) {
            snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
            case_check(path, limit);
            checked++;
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    if (checked < least)
        fail_msg("%s: %zu cases match %s, at least %zu must", folder, checked, pattern,
                 least);
}

/* ---- Files that are not whole ---------------------------------------------------------*/

/* The case's checkpoint without tensor `left_out`, and with one more where `more` says. */
static struct imgcls_checkpoint *changed(struct test_case *test, size_t left_out,
                                         const char *more)
{
    static const char *const keys[] = {IMGCLS_META_LIBRARY, IMGCLS_META_ARCHITECTURE,
                                       IMGCLS_META_CONFIG, IMGCLS_META_HEIGHT,
                                       IMGCLS_META_WIDTH};
    const struct imgcls_tensor *tensor;
    struct imgcls_checkpoint *copy;
    const char *name;
    assert_int_equal(icl_checkpoint_create(test->ctx, &copy), IMGCLS_OK);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_int_equal(icl_checkpoint_set_text(
                             copy, keys[i], icl_checkpoint_text(test->checkpoint, keys[i])),
                         IMGCLS_OK);
    for (size_t i = 0; (name = icl_checkpoint_at(test->checkpoint, i, &tensor)); i++)
        if (i != left_out)
            assert_int_equal(icl_checkpoint_add(copy, name, tensor, NULL), IMGCLS_OK);
    if (more) {
        icl_checkpoint_at(test->checkpoint, 0, &tensor);
        assert_int_equal(icl_checkpoint_add(copy, more, tensor, NULL), IMGCLS_OK);
    }
    return copy;
}

/* Builds of the changed checkpoint: refused, and the message has the name. */
static void expect_refusal(struct test_case *test, size_t left_out, const char *more,
                           const char *name)
{
    struct imgcls_checkpoint *kept = test->checkpoint;
    struct imgcls_graph *graph;
    test->checkpoint = changed(test, left_out, more);
    imgcls_status status = case_build(
        test, icl_checkpoint_text(test->checkpoint, IMGCLS_META_ARCHITECTURE), &graph);
    if (status != IMGCLS_BAD_INPUT)
        fail_msg("%s: built %s %s", test->family, more ? "with" : "without", name);
    if (more && !strstr(imgcls_error(test->ctx), name))
        fail_msg("%s: '%s' does not name %s", test->family, imgcls_error(test->ctx), name);
    icl_graph_destroy(graph);
    icl_checkpoint_destroy(test->checkpoint);
    test->checkpoint = kept;
}

void case_lose_each(const char *file, const char *surplus)
{
    const struct imgcls_tensor *tensor;
    struct test_case test;
    char path[4096];
    const char *top = getenv("ICL_TOP_SRCDIR"), *name;
    snprintf(path, sizeof path, "%s/tests/architectures/cases/%s.case", top ? top : ".",
             file);
    case_open(&test, path, IMGCLS_F32);
    for (size_t i = 0; (name = icl_checkpoint_at(test.checkpoint, i, &tensor)); i++)
        if (tensor->type == IMGCLS_F32 && !strstr(name, "relative_coords"))
            expect_refusal(&test, i, NULL, name);
    expect_refusal(&test, SIZE_MAX, surplus, surplus);
    case_close(&test);
}
