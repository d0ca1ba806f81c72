/*
 * tests/checkpoint/readers_test.c - what PyTorch, safetensors and NumPy wrote is read as
 * they meant it
 *
 * Files are make_checkpoints.py's. Numbers in them count up, so the first and last element
 * that a row wants are worked out by hand from the slice that the script takes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/checkpoint/checkpoint.h"
#include "src/file/file.h"
#include "src/registry/registry.h"
#include "src/tensor/tensor.h"

struct opened {
    struct imgcls_context *ctx;
    struct imgcls_source *source;
    struct imgcls_checkpoint *checkpoint;
    const char *format;
};

static void open_file(struct opened *in, const char *name)
{
    char plugins[2048], path[2048];
    const char *build = getenv("ICL_TOP_BUILDDIR"), *top = getenv("ICL_TOP_SRCDIR");
    const struct imgcls_format *format = NULL;
    struct icl_registry *registry;
    snprintf(plugins, sizeof plugins, "%s/plugins/.libs", build ? build : ".");
    snprintf(path, sizeof path, "%s/tests/checkpoint/good/%s", top ? top : ".", name);
    struct imgcls_context_options options = {
        .struct_size = sizeof options, .plugin_path = plugins, .threads = 1};
    assert_int_equal(imgcls_context_create(&options, &in->ctx), IMGCLS_OK);
    imgcls_status status = icl_source_open(in->ctx, path, &in->source);
    if (status == IMGCLS_OK)
        status = icl_context_registry(in->ctx, &registry);
    if (status == IMGCLS_OK)
        status = icl_registry_format(registry, in->source, false, &format);
    if (status == IMGCLS_OK)
        status = icl_checkpoint_create(in->ctx, &in->checkpoint);
    if (status == IMGCLS_OK)
        status = format->read_checkpoint(&in->ctx->host, in->source, in->checkpoint);
    if (status == IMGCLS_OK)
        status = icl_checkpoint_unwrap(in->checkpoint);
    if (status != IMGCLS_OK)
        fail_msg("%s: %s", name, imgcls_error(in->ctx));
    in->format = format->name;
}

static void close_file(struct opened *in)
{
    icl_checkpoint_destroy(in->checkpoint);
    icl_source_close(in->source);
    imgcls_context_destroy(in->ctx);
}

/* Element at indices i (first) or all last ones, as a number. */
static double element(const struct imgcls_tensor *tensor, bool last)
{
    int64_t at = 0;
    double value = 0;
    for (int32_t d = 0; last && d < tensor->rank; d++)
        at += (tensor->dims[d] - 1) * tensor->strides[d];
    const char *p =
        (const char *)tensor->data + (size_t)at * icl_type_bits(tensor->type) / 8;
    if (tensor->type == IMGCLS_I64)
        return (double)*(const int64_t *)(const void *)p;
    if (tensor->type == IMGCLS_BOOL)
        return *(const unsigned char *)p;
    icl_convert_floats(0, tensor->type, p, IMGCLS_F64, &value, 1);
    return value;
}

static const struct {
    const char *name;
    int32_t type, rank;
    int64_t dims[2];
    double first, last;
} wanted[] = {
    {"a", IMGCLS_F32, 2, {2, 3}, 0, 5},        {"half", IMGCLS_F16, 1, {3}, 0, 2},
    {"bf", IMGCLS_BF16, 1, {4}, 0, 3},         {"double", IMGCLS_F64, 1, {5}, 0, 4},
    {"long", IMGCLS_I64, 1, {2}, 0, 1},        {"flags", IMGCLS_BOOL, 1, {3}, 1, 1},
    {"view", IMGCLS_F32, 1, {10}, 10, 19},     /* base[10:20] */
    {"turned", IMGCLS_F32, 2, {4, 3}, 20, 31}, /* base[20:32] as 3 x 4, transposed */
    {"sparse", IMGCLS_F32, 2, {4, 2}, 41, 57}, /* base[40:60] as 4 x 5, columns 1, 2 */
    {"parameter", IMGCLS_F32, 1, {2}, 0, 1},   {"scalar", IMGCLS_F32, 0, {0}, 7, 7},
};
#define WANTED (sizeof wanted / sizeof *wanted)

static void check_tensors(const struct opened *in, const char *file, bool parameter)
{
    for (size_t i = 0; i < WANTED; i++) {
        const struct imgcls_tensor *got =
            icl_checkpoint_find(in->checkpoint, wanted[i].name);
        if (!parameter && strcmp(wanted[i].name, "parameter") == 0)
            continue;
        if (!got)
            fail_msg("%s: no '%s'", file, wanted[i].name);
        bool same = got->type == wanted[i].type && got->rank == wanted[i].rank;
        for (int32_t d = 0; same && d < got->rank; d++)
            same = got->dims[d] == wanted[i].dims[d];
        if (!same || element(got, false) != wanted[i].first ||
            element(got, true) != wanted[i].last)
            fail_msg("%s: '%s' is of type %d, rank %d, from %g to %g", file, wanted[i].name,
                     (int)got->type, (int)got->rank, element(got, false),
                     element(got, true));
    }
    assert_int_equal(icl_checkpoint_count(in->checkpoint), WANTED - !parameter);
}

static void every_container_gives_the_same_tensors(void **state)
{
    static const struct {
        const char *file, *format;
        bool parameter;
    } rows[] = {
        {"archive.pt", "pytorch", true},
        {"protocol4.pt", "pytorch", true},
        {"protocol5.pt", "pytorch", true},
        {"stream.pth", "pytorch-legacy", true},
        {"stream4.pth", "pytorch-legacy", true},
        {"training.pth.tar", "pytorch", true}, /* under state_dict, with "module." */
        {"archive.pt.gz", "compressed", true},
        {"single.safetensors", "safetensors", false},
        {"part.safetensors.index.json", "shards", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct opened in;
        open_file(&in, rows[i].file);
        assert_string_equal(in.format, rows[i].format);
        check_tensors(&in, rows[i].file, rows[i].parameter);
        close_file(&in);
    }
}

static void views_share_the_mapping_and_keep_their_strides(void **state)
{
    struct opened in;
    (void)state;
    open_file(&in, "archive.pt");
    const struct imgcls_tensor *view = icl_checkpoint_find(in.checkpoint, "view"),
                               *turned = icl_checkpoint_find(in.checkpoint, "turned"),
                               *sparse = icl_checkpoint_find(in.checkpoint, "sparse");
    const float *base = (const float *)view->data - 10;
    assert_ptr_equal(turned->data, base + 20);
    assert_ptr_equal(sparse->data, base + 41);
    assert_true((const unsigned char *)base > in.source->bytes &&
                (const unsigned char *)base < in.source->bytes + in.source->size);
    assert_int_equal(turned->strides[0], 1);
    assert_int_equal(turned->strides[1], 4);
    assert_int_equal(sparse->strides[0], 5);
    close_file(&in);
}

static void arrays_of_numpy_become_tensors(void **state)
{
    static const char *const files[] = {"stored.npz", "deflated.npz"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct opened in;
        open_file(&in, files[i]);
        const struct imgcls_tensor *turned = icl_checkpoint_find(in.checkpoint, "turned");
        assert_int_equal(icl_checkpoint_count(in.checkpoint), 5);
        assert_int_equal(turned->dims[0], 4);
        assert_int_equal(turned->dims[1], 3);
        assert_true(element(turned, false) == 20 && element(turned, true) == 31);
        /* Row 1, column 0 of the transposed 3 x 4: the second number of its first row. */
        assert_true(((const float *)turned->data)[turned->strides[0]] == 21);
        assert_true(element(icl_checkpoint_find(in.checkpoint, "sub/half"), true) == 2);
        close_file(&in);
    }
}

static void a_training_file_tells_what_else_it_has(void **state)
{
    struct opened in;
    (void)state;
    open_file(&in, "training.pth.tar");
    assert_string_equal(icl_checkpoint_text(in.checkpoint, IMGCLS_META_PREFIX), "module.");
    assert_string_equal(icl_checkpoint_text(in.checkpoint, IMGCLS_META_ARCHITECTURE),
                        "resnet18");
    assert_non_null(strstr(icl_checkpoint_text(in.checkpoint, IMGCLS_META_GLOBALS),
                           "argparse.Namespace\n"));
    close_file(&in);
}

/* ---- No memory ------------------------------------------------------------------------*/

/* Opens a file of good/ as a checkpoint and lets it go again, whatever comes of it. */
static imgcls_status read_once(struct imgcls_context *ctx, const char *path)
{
    const struct imgcls_format *format = NULL;
    struct icl_registry *registry;
    struct imgcls_source *source = NULL;
    struct imgcls_checkpoint *checkpoint = NULL;
    imgcls_status status = icl_source_open(ctx, path, &source);
    if (status == IMGCLS_OK)
        status = icl_context_registry(ctx, &registry);
    if (status == IMGCLS_OK)
        status = icl_registry_format(registry, source, false, &format);
    if (status == IMGCLS_OK)
        status = icl_checkpoint_create(ctx, &checkpoint);
    if (status == IMGCLS_OK)
        status = format->read_checkpoint(&ctx->host, source, checkpoint);
    if (status == IMGCLS_OK)
        status = icl_checkpoint_unwrap(checkpoint);
    icl_checkpoint_destroy(checkpoint);
    icl_source_close(source);
    return status;
}

/* The first allocation fails, then the second, ... until there is none left to fail: each time
 * a refusal that says so, and every byte given back. */
static void every_allocation_may_fail(void **state)
{
    static const char *const files[] = {
        "archive.pt", "archive.pt.gz", "deflated.npz", "part.safetensors.index.json",
        "protocol4.pt", "protocol5.pt", "single.safetensors", "stored.npz", "stream.pth",
        "stream4.pth", "training.pth.tar"};
    char plugins[2048], path[2048];
    const char *build = getenv("ICL_TOP_BUILDDIR"), *top = getenv("ICL_TOP_SRCDIR");
    struct imgcls_context *ctx;
    (void)state;
    snprintf(plugins, sizeof plugins, "%s/plugins/.libs", build ? build : ".");
    struct imgcls_context_options options = {
        .struct_size = sizeof options, .plugin_path = plugins, .threads = 1};
    assert_int_equal(imgcls_context_create(&options, &ctx), IMGCLS_OK);
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        snprintf(path, sizeof path, "%s/tests/checkpoint/good/%s", top ? top : ".", files[f]);
        if (read_once(ctx, path) != IMGCLS_OK) /* which loads the plugins, too */
            fail_msg("%s: %s", files[f], imgcls_error(ctx));
        const uint64_t before = ctx->memory_used;
        uint64_t n = 1, refused = 0;
        for (;; n++) {
            ctx->fail_allocation = n;
            imgcls_status status = read_once(ctx, path);
            const bool reached = ctx->fail_allocation == 0;
            ctx->fail_allocation = 0;
            if (ctx->memory_used != before)
                fail_msg("%s, allocation %llu: %lld bytes are left", files[f],
                         (unsigned long long)n, (long long)(ctx->memory_used - before));
            if (!reached) {
                assert_int_equal(status, IMGCLS_OK);
                break;
            }
            /* One that a format could not do its bid for is read by the one whose it is. */
            if (status != IMGCLS_NO_MEMORY && status != IMGCLS_OK)
                fail_msg("%s, allocation %llu: status %d, %s", files[f],
                         (unsigned long long)n, (int)status, imgcls_error(ctx));
            refused += status != IMGCLS_OK;
            icl_forgive(ctx);
        }
        print_message("%s: %llu allocations, %llu refusals\n", files[f],
                      (unsigned long long)(n - 1), (unsigned long long)refused);
        assert_true(refused * 4 > (n - 1) * 3); /* else little would be proven */
    }
    imgcls_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_container_gives_the_same_tensors),
        cmocka_unit_test(views_share_the_mapping_and_keep_their_strides),
        cmocka_unit_test(arrays_of_numpy_become_tensors),
        cmocka_unit_test(a_training_file_tells_what_else_it_has),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
