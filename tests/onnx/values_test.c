/*
 * tests/onnx/values_test.c - .pb files of values: told apart, read, written and read again
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/onnx/fixture.h"

/* Reads a source by whoever bids highest for values. */
static imgcls_status read_source(struct imgcls_context *ctx,
                                 const struct imgcls_source *source, void **values)
{
    const struct imgcls_format *format;
    imgcls_status status =
        icl_registry_format(fixture_registry(ctx), source, true, &format);
    if (status != IMGCLS_OK)
        return status;
    assert_string_equal(format->name, "onnx");
    assert_int_equal(ctx->host.values_create(&ctx->host, values), IMGCLS_OK);
    status = format->read_values(&ctx->host, source, *values);
    if (status != IMGCLS_OK) {
        ctx->host.values_release(&ctx->host, *values);
        *values = NULL;
    }
    return status;
}

static void *open_values(struct imgcls_context *ctx, const char *name)
{
    struct imgcls_source *source;
    void *values = NULL;
    assert_int_equal(icl_source_open(ctx, fixture_path(name), &source), IMGCLS_OK);
    if (read_source(ctx, source, &values) != IMGCLS_OK)
        fail_msg("%s: %s", name, imgcls_error(ctx));
    icl_source_close(source);
    return values;
}

static const struct imgcls_value *first(struct imgcls_context *ctx, void *values,
                                        const char *name)
{
    const struct imgcls_named_value *entry = ctx->host.values_at(&ctx->host, values, 0);
    assert_non_null(entry);
    assert_string_equal(entry->name, name);
    assert_null(ctx->host.values_at(&ctx->host, values, 1));
    return entry->value;
}

/* The matrix [[1, 2], [3, 4]] of float32 that most fixtures hold. */
static void check_matrix(const struct imgcls_value *value)
{
    static const float want[4] = {1, 2, 3, 4};
    assert_int_equal(value->kind, IMGCLS_KIND_TENSOR);
    assert_int_equal(value->tensor->type, IMGCLS_F32);
    assert_int_equal(value->tensor->rank, 2);
    assert_int_equal(value->tensor->dims[0], 2);
    assert_memory_equal(value->tensor->data, want, sizeof want);
}

static void check_tensor(const struct imgcls_value *value)
{
    check_matrix(value);
}

static void check_scalar(const struct imgcls_value *value)
{
    assert_int_equal(value->kind, IMGCLS_KIND_TENSOR);
    assert_int_equal(value->tensor->type, IMGCLS_BOOL);
    assert_int_equal(value->tensor->rank, 0);
    assert_int_equal(*(unsigned char *)value->tensor->data, 1);
}

static void check_strings(const struct imgcls_value *value)
{
    const struct imgcls_string *strings = value->tensor->data;
    assert_int_equal(value->tensor->type, IMGCLS_STRING);
    assert_int_equal(strings[0].length, 1);
    assert_memory_equal(strings[1].bytes, "bc", 2);
}

static void check_sequence(const struct imgcls_value *value)
{
    assert_int_equal(value->kind, IMGCLS_KIND_SEQUENCE);
    assert_int_equal(value->count, 2);
    check_matrix(value->items[0]);
    assert_int_equal(value->items[1]->tensor->rank, 1);
    assert_true(*(float *)value->items[1]->tensor->data == 5.0f);
}

static void check_sequence_empty(const struct imgcls_value *value)
{
    assert_int_equal(value->kind, IMGCLS_KIND_SEQUENCE);
    assert_int_equal(value->count, 0);
}

static void check_sequence_nested(const struct imgcls_value *value)
{
    assert_int_equal(value->kind, IMGCLS_KIND_SEQUENCE);
    assert_int_equal(value->count, 2);
    check_sequence(value->items[0]);
    check_sequence(value->items[1]);
}

/* One item: an optional and a sequence are the same bytes, and come as a sequence. */
static void check_optional_sequence(const struct imgcls_value *value)
{
    assert_int_equal(value->count, 1);
    check_sequence(value->items[0]);
}

static void check_optional_empty(const struct imgcls_value *value)
{
    assert_int_equal(value->kind, IMGCLS_KIND_OPTIONAL);
    assert_int_equal(value->count, 0);
}

static void check_map(const struct imgcls_value *value)
{
    assert_int_equal(value->kind, IMGCLS_KIND_MAP);
    assert_int_equal(value->count, 2);
    assert_int_equal(value->items[0]->tensor->type, IMGCLS_I64);
    assert_int_equal(((int64_t *)value->items[0]->tensor->data)[1], -1);
    assert_int_equal(value->items[1]->kind, IMGCLS_KIND_SEQUENCE);
    check_matrix(value->items[1]->items[1]);
}

static void check_map_string(const struct imgcls_value *value)
{
    assert_int_equal(value->kind, IMGCLS_KIND_MAP);
    assert_int_equal(value->items[0]->tensor->type, IMGCLS_STRING);
    assert_memory_equal(((struct imgcls_string *)value->items[0]->tensor->data)->bytes, "k",
                        1);
    check_matrix(value->items[1]->items[0]);
}

static const struct {
    const char *file, *name;
    void (*check)(const struct imgcls_value *value);
} rows[] = {
    {"good/tensor.pb", "t", check_tensor},
    {"good/scalar.pb", "", check_scalar},
    {"good/strings.pb", "s", check_strings},
    {"good/sequence.pb", "q", check_sequence},
    {"good/sequence_empty.pb", "q", check_sequence_empty},
    {"good/sequence_nested.pb", "qq", check_sequence_nested},
    {"good/optional_sequence.pb", "o", check_optional_sequence},
    {"good/optional_empty.pb", "o", check_optional_empty},
    {"good/map.pb", "m", check_map},
    {"good/map_string.pb", "n", check_map_string},
};

static void each_kind_is_told_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct imgcls_context *ctx = fixture_context();
        void *values = open_values(ctx, rows[i].file);
        rows[i].check(first(ctx, values, rows[i].name));
        ctx->host.values_release(&ctx->host, values);
        imgcls_context_destroy(ctx);
    }
}

static void what_is_written_reads_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct imgcls_context *ctx = fixture_context();
        const struct imgcls_format *format =
            icl_registry_format_named(fixture_registry(ctx), "onnx");
        void *values = open_values(ctx, rows[i].file), *again;
        struct fixture_sink sink;
        fixture_sink_init(&sink, "written.pb");
        assert_int_equal(format->write_value(&ctx->host, rows[i].name,
                                             first(ctx, values, rows[i].name), &sink.sink),
                         IMGCLS_OK);
        struct icl_source source = fixture_memory("written.pb", sink.bytes, sink.size);
        if (read_source(ctx, &source.source, &again) != IMGCLS_OK)
            fail_msg("%s: %s", rows[i].file, imgcls_error(ctx));
        rows[i].check(first(ctx, again, rows[i].name));
        ctx->host.values_release(&ctx->host, values);
        ctx->host.values_release(&ctx->host, again);
        free(sink.bytes);
        imgcls_context_destroy(ctx);
    }
}

static const struct {
    const char *file, *message;
} bad[] = {
    {"bad/tensor_short.pb", "tensor 't': raw_data has 12 bytes, float32[2,2] needs 16"},
    {"bad/map_count.pb", ""}, /* tried as a map and as an optional, told as either */
};

static void broken_values_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct imgcls_context *ctx = fixture_context();
        struct imgcls_source *source;
        void *values = NULL;
        assert_int_equal(icl_source_open(ctx, fixture_path(bad[i].file), &source),
                         IMGCLS_OK);
        assert_int_equal(read_source(ctx, source, &values), IMGCLS_BAD_INPUT);
        if (!strstr(imgcls_error(ctx), bad[i].message) ||
            !strstr(imgcls_error(ctx), bad[i].file))
            fail_msg("%s: %s", bad[i].file, imgcls_error(ctx));
        assert_null(values);
        icl_source_close(source);
        imgcls_context_destroy(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_told_and_read),
        cmocka_unit_test(what_is_written_reads_the_same),
        cmocka_unit_test(broken_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
