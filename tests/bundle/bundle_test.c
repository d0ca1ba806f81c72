/*
 * tests/bundle/bundle_test.c - a graph goes into a bundle and comes out the same; liars
 * refused
 *
 * Uses the built plugins (bundle and onnx) through the registry, as every command does. The
 * hostile bundles are a good one whose members are replaced or left out.
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

#include "src/graph/graph.h"
#include "src/model/read.h"
#include "src/registry/registry.h"
#include "src/tensor/tensor.h"
#include "tests/bundle/memory.h"

#define ROWS                                                                               \
    32 /* the weight has 32 * 17 float32: above the 1 KiB that stays in the graph */
#define COLUMNS 17
#define RECIPE  "resize=8,filter=bilinear,crop=8,color=rgb,range=1,mean=0/0/0,std=1/1/1"
#define LABELS  "first\nsecond \xe4\xb8\xad\xe6\x96\x87\n"
#define SOURCE  "{\"file\":\"x.onnx\",\"format\":\"onnx\",\"sha256\":\"00\"}"

static int open_context(void **state)
{
    return imgcls_context_create(NULL, (struct imgcls_context **)state);
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

#define OK(call)                                                                           \
    do {                                                                                   \
        if ((call) != IMGCLS_OK)                                                           \
            fail_msg("%s: %s", #call, imgcls_error(ctx));                                  \
    } while (0)

static void set_golden(struct imgcls_context *ctx, struct imgcls_graph *graph)
{
    struct imgcls_value *in, *out;
    OK(icl_value_tensor(ctx, IMGCLS_F32, 2, (const int64_t[]){2, ROWS}, &in));
    OK(icl_value_tensor(ctx, IMGCLS_F32, 2, (const int64_t[]){2, COLUMNS}, &out));
    for (int i = 0; i < 2 * COLUMNS; i++)
        ((float *)out->tensor->data)[i] = (float)i / 3;
    const struct imgcls_value *inputs[] = {in}, *outputs[] = {out};
    OK(icl_graph_set_golden(graph, "made by a test", 1, inputs, 1, outputs));
    icl_value_release(ctx, in);
    icl_value_release(ctx, out);
}

/* y = x w + b, x of N x 32; b is small and stays in the graph, w goes to weights.bin. */
static struct imgcls_graph *make_graph(struct imgcls_context *ctx)
{
    struct imgcls_graph *graph;
    float w[ROWS * COLUMNS], b[COLUMNS];
    struct imgcls_tensor tensor;
    static const char *const names[] = {"N", NULL};
    const char *inputs[] = {"x", "w", "b"}, *outputs[] = {"y"};
    for (int i = 0; i < ROWS * COLUMNS; i++)
        w[i] = (float)i;
    for (int i = 0; i < COLUMNS; i++)
        b[i] = (float)-i;
    OK(icl_graph_create(ctx, NULL, &graph));
    OK(icl_graph_set_opset(graph, "", 17));
    OK(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 2,
                           (const int64_t[]){-1, ROWS}, names));
    OK(icl_tensor_borrow(ctx, IMGCLS_F32, 2, (const int64_t[]){ROWS, COLUMNS}, w, &tensor));
    OK(icl_graph_add_initializer(graph, "w", &tensor, NULL));
    OK(icl_tensor_borrow(ctx, IMGCLS_F32, 1, (const int64_t[]){COLUMNS}, b, &tensor));
    OK(icl_graph_add_initializer(graph, "b", &tensor, NULL));
    OK(icl_graph_add_node(graph, "", "Gemm", "dense", 3, inputs, 1, outputs, NULL));
    OK(icl_graph_add_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_F32, 2,
                            (const int64_t[]){-1, COLUMNS}, names));
    OK(icl_graph_set_meta(graph, IMGCLS_META_RECIPE, RECIPE));
    OK(icl_graph_set_meta(graph, IMGCLS_META_LABELS, LABELS));
    OK(icl_graph_set_meta(graph, IMGCLS_META_SOURCE, SOURCE));
    OK(icl_graph_set_meta(graph, "imgcls.passes", "drop-identity drop-dead"));
    set_golden(ctx, graph);
    return graph;
}

static void write_bundle(struct imgcls_context *ctx, const struct imgcls_graph *graph,
                         struct memory *out)
{
    struct icl_registry *registry;
    OK(icl_context_registry(ctx, &registry));
    const struct imgcls_format *format = icl_registry_format_named(registry, "bundle");
    if (!format)
        fail_msg("the plugin of bundles is not to be found");
    memory_init(out);
    OK(format->write(&ctx->host, graph, &out->sink));
}

static imgcls_status read_bundle(struct imgcls_context *ctx,
                                 const struct imgcls_source *source,
                                 struct imgcls_graph **graph)
{
    const char *format = "";
    OK(icl_graph_create(ctx, NULL, graph));
    imgcls_status status = icl_read_model(ctx, source, NULL, *graph, &format);
    if (status != IMGCLS_OK) {
        icl_graph_destroy(*graph);
        *graph = NULL;
    } else {
        assert_string_equal(format, "bundle");
    }
    return status;
}

static void what_goes_in_comes_out(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = make_graph(ctx), *again;
    struct memory memory;
    struct imgcls_source source;
    write_bundle(ctx, graph, &memory);
    OK(memory_source(ctx, memory.bytes, memory.size, &source));
    OK(read_bundle(ctx, &source, &again));
    assert_string_equal(icl_graph_meta(again, IMGCLS_META_RECIPE), RECIPE);
    assert_string_equal(icl_graph_meta(again, IMGCLS_META_LABELS), LABELS);
    assert_string_equal(icl_graph_meta(again, IMGCLS_META_SOURCE), SOURCE);
    assert_string_equal(icl_graph_meta(again, "imgcls.passes"), "drop-identity drop-dead");
    assert_int_equal(icl_graph_opset(again, ""), 17);
    assert_int_equal(again->node_count, 1);
    assert_string_equal(again->nodes[0]->node.name, "dense");
    /* The weight keeps its name and bytes, is aligned, and is borrowed from the archive. */
    const struct icl_value *w = icl_graph_find(again, "w");
    assert_non_null(w);
    assert_memory_equal(w->tensor.data, icl_graph_find(graph, "w")->tensor.data,
                        sizeof(float) * ROWS * COLUMNS);
    const unsigned char *data = w->tensor.data;
    assert_true(data > source.bytes && data < source.bytes + source.size);
    assert_int_equal((size_t)(data - source.bytes) % 64, 0);
    assert_string_equal(again->golden.origin, "made by a test");
    assert_int_equal(again->golden.output_count, 1);
    assert_memory_equal(again->golden.outputs[0]->tensor->data,
                        graph->golden.outputs[0]->tensor->data,
                        sizeof(float) * 2 * COLUMNS);
    icl_graph_destroy(again);
    icl_graph_destroy(graph);
    memory_source_clear(&source);
    free(memory.bytes);
}

static void the_same_graph_gives_the_same_bytes(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *a = make_graph(ctx), *b = make_graph(ctx);
    struct memory first, second;
    write_bundle(ctx, a, &first);
    write_bundle(ctx, b, &second);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    icl_graph_destroy(a);
    icl_graph_destroy(b);
    free(first.bytes);
    free(second.bytes);
}

static void a_bare_graph_makes_a_bundle_without_extras(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph, *again;
    struct memory memory;
    struct imgcls_source source;
    const char *x = "x", *y = "y";
    OK(icl_graph_create(ctx, NULL, &graph));
    OK(icl_graph_set_opset(graph, "", 17));
    OK(icl_graph_add_input(graph, x, IMGCLS_KIND_TENSOR, IMGCLS_F32, 1,
                           (const int64_t[]){3}, NULL));
    OK(icl_graph_add_node(graph, "", "Relu", "", 1, &x, 1, &y, NULL));
    OK(icl_graph_add_output(graph, y, IMGCLS_KIND_TENSOR, IMGCLS_F32, 1,
                            (const int64_t[]){3}, NULL));
    write_bundle(ctx, graph, &memory);
    OK(memory_source(ctx, memory.bytes, memory.size, &source));
    OK(read_bundle(ctx, &source, &again));
    assert_null(icl_graph_meta(again, IMGCLS_META_RECIPE));
    assert_null(icl_graph_meta(again, IMGCLS_META_LABELS));
    assert_null(again->golden.origin);
    icl_graph_destroy(again);
    icl_graph_destroy(graph);
    memory_source_clear(&source);
    free(memory.bytes);
}

/* ---- Bundles that lie -----------------------------------------------------------------*/

/* A copy of the archive in which `from` became `to` in one member (NULL: the member is left
 * out; from NULL: to is the whole member). */
static void spoil(struct imgcls_context *ctx, const struct memory *good, const char *name,
                  const char *from, const char *to, struct memory *out)
{
    const struct imgcls_host *host = &ctx->host;
    const struct imgcls_zip_member *listed;
    struct imgcls_source source, *member;
    struct imgcls_zip *zip;
    struct imgcls_zip_writer *writer;
    bool found = false;
    OK(memory_source(ctx, good->bytes, good->size, &source));
    OK(icl_zip_open(host, &source, &zip));
    memory_init(out);
    OK(icl_zip_create(host, &out->sink, 64, &writer));
    for (size_t i = 0; (listed = icl_zip_member_at(host, zip, i)); i++) {
        bool here = strcmp(listed->name, name) == 0;
        found = found || here;
        OK(icl_zip_source(host, zip, listed->name, 0, &member));
        if (!here) {
            OK(icl_zip_add(host, writer, listed->name, member->bytes, member->size));
        } else if (to && !from) {
            OK(icl_zip_add(host, writer, name, to, strlen(to)));
        } else if (to) {
            unsigned char *at = memmem(member->bytes, member->size, from, strlen(from));
            if (!at)
                fail_msg("'%s' does not occur in %s", from, name);
            size_t before = (size_t)(at - member->bytes), gone = strlen(from);
            char *text = malloc(member->size + strlen(to));
            memcpy(text, member->bytes, before);
            memcpy(text + before, to, strlen(to));
            memcpy(text + before + strlen(to), at + gone, member->size - before - gone);
            OK(icl_zip_add(host, writer, name, text, member->size - gone + strlen(to)));
            free(text);
        }
        icl_source_close(member);
    }
    assert_true(found);
    OK(icl_zip_finish(host, writer, IMGCLS_OK));
    icl_zip_close(host, zip);
    memory_source_clear(&source);
}

static const struct {
    const char *member, *from, *to, *says;
    imgcls_status status;
} liars[] = {
    {"model.onnx", NULL, NULL, "no 'model.onnx'", IMGCLS_BAD_INPUT},
    {"model.onnx", NULL, "", "model.onnx", IMGCLS_BAD_INPUT},
    {"weights.bin", NULL, NULL, "weights.bin", IMGCLS_BAD_INPUT},
    {"weights.bin", NULL, "too short", "w", IMGCLS_BAD_INPUT},
    {"labels.txt", NULL, NULL, "no 'labels.txt'", IMGCLS_BAD_INPUT},
    {"labels.txt", NULL, "one\n", "says 2 labels, labels.txt has 1", IMGCLS_BAD_INPUT},
    {"test_data_set_0/output_0.pb", NULL, NULL, "output_0.pb", IMGCLS_BAD_INPUT},
    {"test_data_set_0/input_0.pb", NULL, "not a tensor", "input_0.pb", IMGCLS_BAD_INPUT},
    /* By hand after onnx.proto: dims 1, data_type 1 (float32), float_data of four bytes. */
    {"test_data_set_0/input_0.pb", NULL, "\x08\x01\x10\x01\x22\x04zzzz",
     "golden input 0 is float32[1], the graph's 'x' is float32[?,32]", IMGCLS_BAD_INPUT},
    {"manifest.json", NULL, "{\"format\": \"imgcls-bundle\"", "no JSON object",
     IMGCLS_BAD_INPUT},
    {"manifest.json", NULL, "[\"imgcls-bundle\"]", "no JSON object", IMGCLS_BAD_INPUT},
    {"manifest.json", "\"imgcls-bundle\"",
     "\"imgcls-bundle\", \"format\": \"imgcls-bundle\"", "no JSON object",
     IMGCLS_BAD_INPUT}, /* a key given twice */
    {"manifest.json", "\"format_version\": 1", "\"format_version\": 2",
     "bundle format 2, this version reads format 1", IMGCLS_UNSUPPORTED},
    {"manifest.json", "\"format_version\": 1", "\"format_version\": \"1\"", "wrong type",
     IMGCLS_BAD_INPUT},
    {"manifest.json", "\"name\": \"x\"", "\"name\": \"z\"",
     "says input 0 is 'z', model.onnx has 'x'", IMGCLS_BAD_INPUT},
    {"manifest.json", "32\n", "33\n", "different shapes", IMGCLS_BAD_INPUT},
    {"manifest.json", "\"float32\"", "\"int8\"",
     "says input 'x' is int8, model.onnx has float32", IMGCLS_BAD_INPUT},
    {"manifest.json", "\"outputs\": [", "\"outputs\": [{},", "lists 2 outputs",
     IMGCLS_BAD_INPUT},
    {"manifest.json", "\"folder\": \"test_data_set_0\"", "\"folder\": \"../secret\"",
     "must be 'test_data_set_0'", IMGCLS_BAD_INPUT},
    {"manifest.json", "\"file\": \"labels.txt\"", "\"file\": \"/etc/passwd\"",
     "must be 'labels.txt'", IMGCLS_BAD_INPUT},
    {"manifest.json", "\"count\": 2", "\"count\": -2", "'count' is no count",
     IMGCLS_BAD_INPUT},
    {"manifest.json", "\"inputs\": 1", "\"inputs\": 7",
     "golden example has 7 inputs, the graph has 1", IMGCLS_BAD_INPUT},
    {"manifest.json", "\"drop-dead\"", "17", "'passes' is no list of names",
     IMGCLS_BAD_INPUT},
};

static void lies_are_refused_with_the_reason(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = make_graph(ctx), *again;
    struct memory good, bad;
    write_bundle(ctx, graph, &good);
    for (size_t i = 0; i < sizeof liars / sizeof *liars; i++) {
        struct imgcls_source source;
        spoil(ctx, &good, liars[i].member, liars[i].from, liars[i].to, &bad);
        OK(memory_source(ctx, bad.bytes, bad.size, &source));
        source.path = "liar.imgcls";
        imgcls_status status = read_bundle(ctx, &source, &again);
        const char *error = imgcls_error(ctx);
        if (status != liars[i].status || !strstr(error, liars[i].says) ||
            !strstr(error, "liar.imgcls") || strchr(error, '\n'))
            fail_msg("%s, '%s': status %d, '%s', wanted '%s'", liars[i].member,
                     liars[i].to ? liars[i].to : "left out", status, error, liars[i].says);
        icl_forgive(ctx);
        memory_source_clear(&source);
        free(bad.bytes);
    }
    icl_graph_destroy(graph);
    free(good.bytes);
}

static void what_people_edit_wins_over_the_graphs_metadata(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = make_graph(ctx), *again;
    struct memory good, edited;
    struct imgcls_source source;
    write_bundle(ctx, graph, &good);
    spoil(ctx, &good, "labels.txt", NULL, "one\ntwo\n", &edited);
    OK(memory_source(ctx, edited.bytes, edited.size, &source));
    OK(read_bundle(ctx, &source, &again));
    assert_string_equal(icl_graph_meta(again, IMGCLS_META_LABELS), "one\ntwo\n");
    icl_graph_destroy(again);
    icl_graph_destroy(graph);
    memory_source_clear(&source);
    free(good.bytes);
    free(edited.bytes);
}

/* Whether a byte belongs to some member's data, so that a checksum covers it. */
static bool is_data(struct imgcls_context *ctx, const struct imgcls_zip *zip, size_t at)
{
    const struct imgcls_zip_member *member;
    for (size_t i = 0; (member = icl_zip_member_at(&ctx->host, zip, i)); i++)
        if (at >= member->offset && at - member->offset < member->size)
            return true;
    return false;
}

static void cuts_and_flips_of_data_are_refused(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = make_graph(ctx), *again;
    struct memory good;
    struct imgcls_source whole;
    struct imgcls_zip *zip;
    write_bundle(ctx, graph, &good);
    OK(memory_source(ctx, good.bytes, good.size, &whole));
    OK(icl_zip_open(&ctx->host, &whole, &zip));
    for (size_t cut = 0; cut < good.size; cut += 13) {
        struct imgcls_source source;
        OK(memory_source(ctx, good.bytes, cut, &source));
        source.path = "cut.imgcls";
        if (read_bundle(ctx, &source, &again) == IMGCLS_OK)
            fail_msg("%zu of %zu bytes were accepted", cut, good.size);
        assert_non_null(strstr(imgcls_error(ctx), "cut.imgcls"));
        icl_forgive(ctx);
        memory_source_clear(&source);
    }
    for (size_t at = 0; at < good.size; at++) {
        struct imgcls_source source;
        OK(memory_source(ctx, good.bytes, good.size, &source));
        source.path = "flipped.imgcls";
        ((unsigned char *)source.bytes)[at] ^= (unsigned char)(1 << at % 8);
        if (read_bundle(ctx, &source, &again) == IMGCLS_OK) {
            if (is_data(ctx, zip, at))
                fail_msg("a flipped bit in byte %zu was accepted", at);
            icl_graph_destroy(again);
        }
        icl_forgive(ctx);
        memory_source_clear(&source);
    }
    icl_zip_close(&ctx->host, zip);
    memory_source_clear(&whole);
    icl_graph_destroy(graph);
    free(good.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_goes_in_comes_out, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(the_same_graph_gives_the_same_bytes, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(a_bare_graph_makes_a_bundle_without_extras,
                                        open_context, close_context),
        cmocka_unit_test_setup_teardown(lies_are_refused_with_the_reason, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(what_people_edit_wins_over_the_graphs_metadata,
                                        open_context, close_context),
        cmocka_unit_test_setup_teardown(cuts_and_flips_of_data_are_refused, open_context,
                                        close_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
