/*
 * tests/onnx/numpy_test.c - .npy and .npz files: each rule of the format, each way to break
 * it
 *
 * Files were written by NumPy itself (tests/onnx/make_fixtures.py).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/onnx/fixture.h"

static imgcls_status read_file(struct imgcls_context *ctx, const char *name, void **values)
{
    struct imgcls_source *source;
    const struct imgcls_format *format;
    *values = NULL;
    assert_int_equal(icl_source_open(ctx, fixture_path(name), &source), IMGCLS_OK);
    imgcls_status status =
        icl_registry_format(fixture_registry(ctx), source, true, &format);
    if (status == IMGCLS_OK) {
        assert_int_equal(ctx->host.values_create(&ctx->host, values), IMGCLS_OK);
        status = format->read_values(&ctx->host, source, *values);
    }
    if (status != IMGCLS_OK && *values) {
        ctx->host.values_release(&ctx->host, *values);
        *values = NULL;
    }
    icl_source_close(source);
    return status;
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *file;
    int32_t type, rank;
    int64_t dims[3];
    const char *bytes; /* little-endian, row-major */
    size_t size;
} arrays[] = {
    {"good/f4.npy",
     IMGCLS_F32,
     2,
     {3, 2},
     BYTES("\0\0\xc0\x3f\0\0\0\xc0\0\0\x40\x40\0\0\x80\x40\0\0\xa0\x40\0\0\xc0\x40")},
    {"good/big_endian.npy", IMGCLS_I16, 1, {3}, BYTES("\1\0\0\1\xfe\xff")},
    {"good/complex_big.npy", IMGCLS_C64, 1, {1}, BYTES("\0\0\x80\x3f\0\0\0\x40")},
    {"good/version2.npy", IMGCLS_BOOL, 1, {2}, BYTES("\1\0")},
    {"good/scalar.npy", IMGCLS_U64, 0, {0}, BYTES("\7\0\0\0\0\0\0\0")},
    {"good/empty.npy", IMGCLS_F64, 2, {0, 3}, BYTES("")},
};

static const struct imgcls_tensor *only(struct imgcls_context *ctx, void *values)
{
    const struct imgcls_named_value *entry = ctx->host.values_at(&ctx->host, values, 0);
    assert_non_null(entry);
    assert_null(ctx->host.values_at(&ctx->host, values, 1));
    return entry->value->tensor;
}

static void arrays_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        struct imgcls_context *ctx = fixture_context();
        void *values;
        if (read_file(ctx, arrays[i].file, &values) != IMGCLS_OK)
            fail_msg("%s", imgcls_error(ctx));
        const struct imgcls_tensor *tensor = only(ctx, values);
        assert_int_equal(tensor->type, arrays[i].type);
        assert_int_equal(tensor->rank, arrays[i].rank);
        for (int32_t d = 0; d < tensor->rank; d++)
            assert_int_equal(tensor->dims[d], arrays[i].dims[d]);
        if (tensor->size_bytes != arrays[i].size ||
            (arrays[i].size && memcmp(tensor->data, arrays[i].bytes, arrays[i].size) != 0))
            fail_msg("%s: other bytes", arrays[i].file);
        ctx->host.values_release(&ctx->host, values);
        imgcls_context_destroy(ctx);
    }
}

static void fortran_order_becomes_row_major(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    void *values;
    (void)state;
    assert_int_equal(read_file(ctx, "good/fortran.npy", &values), IMGCLS_OK);
    const int32_t *elements = only(ctx, values)->data;
    for (int i = 0; i < 24; i++)
        assert_int_equal(elements[i], i);
    ctx->host.values_release(&ctx->host, values);
    imgcls_context_destroy(ctx);
}

static void text_becomes_utf8(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    void *values;
    (void)state;
    assert_int_equal(read_file(ctx, "good/unicode.npy", &values), IMGCLS_OK);
    const struct imgcls_string *strings = only(ctx, values)->data;
    assert_int_equal(strings[0].length, 1);
    assert_int_equal(strings[1].length, 5);
    assert_memory_equal(strings[1].bytes, "\xc3\xa9\xe2\x82\xac", 5);
    assert_int_equal(strings[2].length, 4);
    assert_memory_equal(strings[2].bytes, "\xf0\x9f\x98\x80", 4);
    ctx->host.values_release(&ctx->host, values);
    assert_int_equal(read_file(ctx, "good/bytes.npy", &values), IMGCLS_OK);
    strings = only(ctx, values)->data;
    assert_int_equal(strings[0].length, 2);
    assert_int_equal(strings[1].length, 1);
    ctx->host.values_release(&ctx->host, values);
    imgcls_context_destroy(ctx);
}

static void archives_give_named_arrays(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    const struct imgcls_host *host = &ctx->host;
    void *values;
    (void)state;
    if (read_file(ctx, "good/stored.npz", &values) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    assert_string_equal(host->values_at(host, values, 0)->name, "x");
    assert_string_equal(host->values_at(host, values, 1)->name, "y");
    assert_null(host->values_at(host, values, 2));
    assert_int_equal(((int64_t *)host->values_at(host, values, 0)->value->tensor->data)[1],
                     2);
    assert_int_equal(*(uint16_t *)host->values_at(host, values, 1)->value->tensor->data,
                     0x3800);
    host->values_release(host, values);
    if (read_file(ctx, "good/deflated.npz", &values) != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
    assert_int_equal(only(ctx, values)->dims[0], 1000);
    host->values_release(host, values);
    imgcls_context_destroy(ctx);
}

/* What is written is what NumPy wrote, byte for byte. */
static void written_arrays_are_numpys(void **state)
{
    static const char *const files[] = {"good/f4.npy", "good/scalar.npy", "good/empty.npy"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct imgcls_context *ctx = fixture_context();
        struct fixture_sink sink;
        struct imgcls_storage *original;
        void *values;
        assert_int_equal(read_file(ctx, files[i], &values), IMGCLS_OK);
        fixture_sink_init(&sink, "out.npy");
        const struct imgcls_format *format =
            icl_registry_format_named(fixture_registry(ctx), "npy");
        assert_int_equal(format->write_value(
                             &ctx->host, "",
                             ctx->host.values_at(&ctx->host, values, 0)->value, &sink.sink),
                         IMGCLS_OK);
        assert_int_equal(icl_storage_map(ctx, fixture_path(files[i]), &original),
                         IMGCLS_OK);
        assert_int_equal(sink.size, icl_storage_size(original));
        assert_memory_equal(sink.bytes, icl_storage_bytes(original), sink.size);
        icl_storage_release(original);
        ctx->host.values_release(&ctx->host, values);
        free(sink.bytes);
        imgcls_context_destroy(ctx);
    }
}

static const struct {
    const char *file;
    imgcls_status want;
    const char *message;
} bad[] = {
    {"bad/array_short.npy", IMGCLS_BAD_INPUT, "23 bytes of data, the shape needs 24"},
    {"bad/array_long.npy", IMGCLS_BAD_INPUT, "25 bytes of data, the shape needs 24"},
    {"bad/array_version.npy", IMGCLS_BAD_INPUT, "cut off or of another version"},
    {"bad/array_header_cut.npy", IMGCLS_BAD_INPUT, "cut off or of another version"},
    {"bad/array_object.npy", IMGCLS_UNSUPPORTED, "element type '|O8'"},
    {"bad/array_structured.npy", IMGCLS_BAD_INPUT, "not one of a plain array"},
    {"bad/array_shape.npy", IMGCLS_BAD_INPUT, "not one of a plain array"},
    {"bad/array_huge.npy", IMGCLS_BAD_INPUT, "the shape has too many elements"},
    {"bad/array_key.npy", IMGCLS_BAD_INPUT, "not one of a plain array"},
};

static void broken_arrays_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct imgcls_context *ctx = fixture_context();
        void *values;
        imgcls_status status = read_file(ctx, bad[i].file, &values);
        if (status != bad[i].want || !strstr(imgcls_error(ctx), bad[i].message) ||
            !strstr(imgcls_error(ctx), bad[i].file))
            fail_msg("%s: status %d, \"%s\"", bad[i].file, (int)status, imgcls_error(ctx));
        imgcls_context_destroy(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_read),
        cmocka_unit_test(fortran_order_becomes_row_major),
        cmocka_unit_test(text_becomes_utf8),
        cmocka_unit_test(archives_give_named_arrays),
        cmocka_unit_test(written_arrays_are_numpys),
        cmocka_unit_test(broken_arrays_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
