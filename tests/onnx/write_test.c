/*
 * tests/onnx/write_test.c - a graph that was written and read again is the same graph
 *
 * Written bytes of a graph are a fixed point after one turn: read, write, read, write gives
 * the same file. That they mean the same to others is shown by roundtrip_test.py with onnx
 * and ONNX Runtime.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/onnx/fixture.h"

static const char *const models[] = {
    "good/plain.onnx",    "good/types_raw.onnx", "good/types_typed.onnx",
    "good/external.onnx", "good/sparse.onnx",    "good/attributes.onnx",
    "good/nested.onnx",   "good/wrapped.onnx",   "good/old.onnx",
    "good/functions.onnx",
};

static void write_graph(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                        struct imgcls_sink *sink)
{
    const struct imgcls_format *format =
        icl_registry_format_named(fixture_registry(ctx), "onnx");
    if (format->write(&ctx->host, graph, sink) != IMGCLS_OK)
        fail_msg("%s: %s", sink->path, imgcls_error(ctx));
}

static struct imgcls_graph *read_back(struct imgcls_context *ctx,
                                      const struct fixture_sink *written)
{
    struct imgcls_graph *graph;
    struct icl_source source =
        fixture_memory(written->sink.path, written->bytes, written->size);
    if (fixture_read_source(ctx, &source.source, &graph) != IMGCLS_OK)
        fail_msg("%s: %s", written->sink.path, imgcls_error(ctx));
    return graph;
}

static void writing_is_a_fixed_point(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct imgcls_context *ctx = fixture_context();
        struct imgcls_graph *graph = fixture_open(ctx, models[i]);
        struct fixture_sink one, two;
        fixture_sink_init(&one, models[i]);
        fixture_sink_init(&two, models[i]);
        write_graph(ctx, graph, &one.sink);
        struct imgcls_graph *again = read_back(ctx, &one);
        write_graph(ctx, again, &two.sink);
        if (one.size != two.size || memcmp(one.bytes, two.bytes, one.size) != 0)
            fail_msg("%s: %zu bytes, then %zu", models[i], one.size, two.size);
        assert_int_equal(graph->node_count, again->node_count);
        assert_int_equal(graph->initializer_count, again->initializer_count);
        for (size_t k = 0; k < graph->initializer_count; k++) {
            const struct imgcls_tensor *a = &graph->initializers[k]->tensor;
            const struct imgcls_tensor *b = &again->initializers[k]->tensor;
            assert_string_equal(graph->initializers[k]->name, again->initializers[k]->name);
            assert_int_equal(a->type, b->type);
            assert_int_equal(a->size_bytes, b->size_bytes);
            if (a->type != IMGCLS_STRING && a->size_bytes)
                assert_memory_equal(a->data, b->data, a->size_bytes);
        }
        icl_graph_destroy(graph);
        icl_graph_destroy(again);
        free(one.bytes);
        free(two.bytes);
        imgcls_context_destroy(ctx);
    }
}

static void metadata_and_symbols_come_along(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph = fixture_open(ctx, "good/plain.onnx");
    struct fixture_sink sink;
    (void)state;
    fixture_sink_init(&sink, "plain.onnx");
    write_graph(ctx, graph, &sink.sink);
    icl_graph_destroy(graph);
    graph = read_back(ctx, &sink);
    assert_string_equal(icl_graph_meta(graph, IMGCLS_META_RECIPE), "resize=8");
    assert_string_equal(icl_graph_meta(graph, IMGCLS_META_LABELS), "cat\ndog");
    assert_string_equal(icl_graph_meta(graph, IMGCLS_META_PRODUCER), "fixtures 1");
    assert_string_equal(icl_graph_meta(graph, IMGCLS_META_IR), "10");
    assert_int_equal(icl_graph_opset(graph, "org.example"), 3);
    int64_t dim = graph->inputs[0]->info.dims[0];
    assert_true(dim < -1);
    assert_string_equal(ctx->host.graph_symbol(&ctx->host, graph, dim), "batch");
    icl_graph_destroy(graph);
    free(sink.bytes);
    imgcls_context_destroy(ctx);
}

/* The lowest version that can say it, and the source's where that is enough. By the table
 * of ONNX's Versioning.md. */
static const struct {
    int64_t opset;
    const char *source, *want;
} versions[] = {
    {1, "3", "4"},    {9, "4", "4"},   {17, "8", "8"},   {17, "3", "8"},
    {17, "10", "10"}, {21, "8", "10"}, {23, NULL, "11"}, {25, NULL, "13"},
    {28, NULL, "14"}, {17, "99", "8"}, {17, "x", "8"},
};

static void the_ir_version_suits_the_operator_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct imgcls_context *ctx = fixture_context();
        struct imgcls_graph *graph;
        struct fixture_sink sink;
        assert_int_equal(icl_graph_create(ctx, NULL, &graph), IMGCLS_OK);
        assert_int_equal(icl_graph_set_opset(graph, "", versions[i].opset), IMGCLS_OK);
        if (versions[i].source)
            assert_int_equal(icl_graph_set_meta(graph, IMGCLS_META_IR, versions[i].source),
                             IMGCLS_OK);
        fixture_sink_init(&sink, "empty.onnx");
        write_graph(ctx, graph, &sink.sink);
        icl_graph_destroy(graph);
        graph = read_back(ctx, &sink);
        if (strcmp(icl_graph_meta(graph, IMGCLS_META_IR), versions[i].want) != 0)
            fail_msg("opset %d, source %s: %s", (int)versions[i].opset, versions[i].source,
                     icl_graph_meta(graph, IMGCLS_META_IR));
        icl_graph_destroy(graph);
        free(sink.bytes);
        imgcls_context_destroy(ctx);
    }
}

static void large_weights_go_to_the_external_file(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph;
    struct fixture_sink sink, external;
    float weights[300];
    struct imgcls_tensor tensor;
    const int64_t large[] = {300}, small[] = {256};
    (void)state;
    for (int i = 0; i < 300; i++)
        weights[i] = (float)i;
    assert_int_equal(icl_graph_create(ctx, NULL, &graph), IMGCLS_OK);
    icl_tensor_borrow(ctx, IMGCLS_F32, 1, small, weights, &tensor);
    assert_int_equal(icl_graph_add_initializer(graph, "small", &tensor, NULL), IMGCLS_OK);
    icl_tensor_borrow(ctx, IMGCLS_F32, 1, large, weights, &tensor);
    assert_int_equal(icl_graph_add_initializer(graph, "one", &tensor, NULL), IMGCLS_OK);
    assert_int_equal(icl_graph_add_initializer(graph, "two", &tensor, NULL), IMGCLS_OK);
    fixture_sink_init(&sink, "model.onnx");
    fixture_sink_init(&external, "model.bin");
    sink.sink.external = &external.sink;
    sink.sink.external_location = "model.bin";
    write_graph(ctx, graph, &sink.sink);
    /* 1200 bytes, then at the next multiple of 64 again; 1024 bytes stay inside */
    assert_int_equal(external.size, 1216 + 1200);
    assert_memory_equal(external.bytes, weights, 1200);
    assert_memory_equal(external.bytes + 1216, weights, 1200);
    assert_true(sink.size > 1024 && sink.size < 1400);
    icl_graph_destroy(graph);
    free(sink.bytes);
    free(external.bytes);
    imgcls_context_destroy(ctx);
}

static imgcls_status count_bytes(const struct imgcls_host *host, struct imgcls_sink *sink,
                                 const void *bytes, size_t size)
{
    (void)host;
    (void)bytes;
    sink->position += size;
    return IMGCLS_OK;
}

/* Two gigabytes of address space, no page of which is ever touched. */
static void more_than_two_gigabytes_are_refused_before_writing(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph;
    struct imgcls_sink sink = {
        .struct_size = sizeof sink, .path = "big.onnx", .write = count_bytes};
    struct imgcls_tensor tensor;
    const int64_t dims[] = {INT32_MAX};
    static unsigned char nothing[64];
    (void)state;
    assert_int_equal(icl_graph_create(ctx, NULL, &graph), IMGCLS_OK);
    assert_int_equal(icl_tensor_borrow(ctx, IMGCLS_U8, 1, dims, nothing, &tensor),
                     IMGCLS_OK);
    /* A storage that claims to hold the bytes: they are not looked at. */
    struct imgcls_storage *storage;
    void *memory = icl_alloc(ctx, 1, 64);
    assert_int_equal(icl_storage_own(ctx, memory, 64, &storage), IMGCLS_OK);
    assert_int_equal(icl_graph_add_initializer(graph, "w", &tensor, storage), IMGCLS_OK);
    const struct imgcls_format *format =
        icl_registry_format_named(fixture_registry(ctx), "onnx");
    assert_int_equal(format->write(&ctx->host, graph, &sink), IMGCLS_UNSUPPORTED);
    assert_non_null(strstr(imgcls_error(ctx), "an ONNX file holds at most 2147483647"));
    assert_int_equal(sink.position, 0);
    icl_graph_destroy(graph);
    icl_storage_release(storage);
    imgcls_context_destroy(ctx);
}

static bool holds(const struct fixture_sink *sink, const void *bytes, size_t size)
{
    for (size_t i = 0; i + size <= sink->size; i++)
        if (memcmp(sink->bytes + i, bytes, size) == 0)
            return true;
    return false;
}

/* Messages of onnx.proto by hand: TypeProto's fields 1 tensor, 4 sequence, 5 map, 9 optional;
 * within, 1 is the element's type, in a map 1 the keys' and 2 the values'. */
static void types_within_types_are_written_as_they_were(void **state)
{
    static const struct {
        const char *what, *bytes;
        size_t size;
    } rows[] = {
        {"optional(sequence(float))", "\x4a\x0a\x0a\x08\x22\x06\x0a\x04\x0a\x02\x08\x01", 12},
        {"sequence(map(int64, float))",
         "\x22\x0c\x0a\x0a\x2a\x08\x08\x07\x12\x04\x0a\x02\x08\x01", 14},
        {"map(string, float)", "\x2a\x08\x08\x08\x12\x04\x0a\x02\x08\x01", 10},
    };
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph = fixture_open(ctx, "good/wrapped.onnx");
    struct fixture_sink sink;
    (void)state;
    fixture_sink_init(&sink, "wrapped.onnx");
    write_graph(ctx, graph, &sink.sink);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!holds(&sink, rows[i].bytes, rows[i].size))
            fail_msg("%s was not written", rows[i].what);
    assert_false(holds(&sink, "imgcls.nesting", 14));
    /* Words that a stranger's file may hold in their place. */
    static const char *const odd[] = {"", "7s", "x", "sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct fixture_sink other;
        assert_int_equal(icl_graph_set_meta(graph, "imgcls.nesting.s", odd[i]), IMGCLS_OK);
        fixture_sink_init(&other, "wrapped.onnx");
        write_graph(ctx, graph, &other.sink);
        assert_int_equal(other.size, sink.size); /* a plain sequence, as its kind says */
        free(other.bytes);
    }
    free(sink.bytes);
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_is_a_fixed_point),
        cmocka_unit_test(metadata_and_symbols_come_along),
        cmocka_unit_test(types_within_types_are_written_as_they_were),
        cmocka_unit_test(the_ir_version_suits_the_operator_set),
        cmocka_unit_test(large_weights_go_to_the_external_file),
        cmocka_unit_test(more_than_two_gigabytes_are_refused_before_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
