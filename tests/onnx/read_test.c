/*
 * tests/onnx/read_test.c - what a model file says is what the graph has
 *
 * Expected values are those that tests/onnx/make_fixtures.py wrote, repeated here by hand.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/onnx/fixture.h"

static const struct imgcls_tensor *constant(const struct imgcls_graph *graph,
                                            const char *name)
{
    const struct icl_value *value = icl_graph_find(graph, name);
    if (!value || !value->info.constant)
        fail_msg("'%s' is no constant", name);
    return value->info.constant;
}

static void a_plain_model_has_its_parts(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph = fixture_open(ctx, "good/plain.onnx");
    (void)state;
    assert_string_equal(graph->name, "g");
    assert_int_equal(graph->node_count, 2);
    assert_string_equal(graph->nodes[0]->name, "conv");
    assert_string_equal(graph->nodes[1]->type, "Relu");
    assert_int_equal(icl_graph_opset(graph, ""), 21);
    assert_int_equal(icl_graph_opset(graph, "org.example"), 3);
    assert_int_equal(graph->input_count, 1);
    const struct imgcls_value_info *x = &graph->inputs[0]->info;
    assert_string_equal(x->name, "x");
    assert_int_equal(x->type, IMGCLS_F32);
    assert_int_equal(x->rank, 4);
    assert_int_equal(x->dims[1], 3);
    assert_true(x->dims[0] < -1); /* a symbol, the same as the output's */
    assert_int_equal(graph->outputs[0]->info.dims[0], x->dims[0]);
    assert_string_equal(icl_graph_meta(graph, IMGCLS_META_RECIPE), "resize=8");
    assert_string_equal(icl_graph_meta(graph, IMGCLS_META_LABELS), "cat\ndog");
    assert_string_equal(icl_graph_meta(graph, IMGCLS_META_PRODUCER), "fixtures 1");
    assert_string_equal(icl_graph_meta(graph, IMGCLS_META_IR), "10");
    assert_string_equal(icl_graph_meta(graph, "author"), "nobody");
    const struct imgcls_tensor *w = constant(graph, "w");
    assert_int_equal(w->size_bytes, 2 * 3 * 3 * 3 * 4);
    for (int i = 0; i < 54; i++)
        assert_true(((const float *)w->data)[i] == (float)i / 8);
    const int64_t *pads;
    assert_int_equal(ctx->host.attr_ints(&ctx->host, &graph->nodes[0]->node, "pads", &pads),
                     4);
    assert_int_equal(pads[3], 1);
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

/* The bytes of each type's three elements, little-endian. */
static const struct {
    const char *name;
    int32_t type;
    size_t size;
    const char *bytes;
} types[] = {
    {"float32", IMGCLS_F32, 12, "\0\0\xc0\x3f\0\0\0\xc0\0\0\x80\x3e"},
    {"uint8", IMGCLS_U8, 3, "\0\x07\xff"},
    {"int8", IMGCLS_I8, 3, "\x80\0\x7f"},
    {"uint16", IMGCLS_U16, 6, "\0\0\x2c\x01\xff\xff"},
    {"int16", IMGCLS_I16, 6, "\0\x80\x01\0\xff\x7f"},
    {"int32", IMGCLS_I32, 12, "\0\0\0\x80\5\0\0\0\xff\xff\xff\x7f"},
    {"int64", IMGCLS_I64, 24,
     "\0\0\0\0\0\0\0\x80\6\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f"},
    {"bool", IMGCLS_BOOL, 3, "\1\0\1"},
    {"float64", IMGCLS_F64, 24,
     "\x9c\x75\0\x88\x3c\xe4\x37\x7e\0\0\0\0\0\0\xe0\xbf\0\0\0\0\0\0\x08\x40"},
    {"uint32", IMGCLS_U32, 12, "\0\0\0\0\x09\0\0\0\xff\xff\xff\xff"},
    {"uint64", IMGCLS_U64, 24,
     "\0\0\0\0\0\0\0\0\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"},
    {"complex64", IMGCLS_C64, 24,
     "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40\0\0\xa0\x40\0\0\xc0\x40"},
    {"complex128", IMGCLS_C128, 48,
     "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\x08\x40"
     "\0\0\0\0\0\0\x10\x40\0\0\0\0\0\0\x14\x40\0\0\0\0\0\0\x18\x40"},
    {"float16", IMGCLS_F16, 6, "\0\x3c\0\xc0\0\x38"},
    {"bfloat16", IMGCLS_BF16, 6, "\x80\x3f\0\xc0\0\x3f"},
    {"float8e4m3fn", IMGCLS_F8E4M3FN, 3, "\x38\xc0\x30"},
    {"float8e4m3fnuz", IMGCLS_F8E4M3FNUZ, 3, "\x40\xc8\x38"},
    {"float8e5m2", IMGCLS_F8E5M2, 3, "\x3c\xc0\x38"},
    {"float8e5m2fnuz", IMGCLS_F8E5M2FNUZ, 3, "\x40\xc4\x3c"},
    {"float8e8m0", IMGCLS_F8E8M0, 3, "\x7f\x80\x7e"},
    {"uint4", IMGCLS_U4, 2, "\x21\x03"},
    {"int4", IMGCLS_I4, 2, "\x21\x03"},
    {"float4e2m1", IMGCLS_F4E2M1, 2, "\x21\x03"},
    {"uint2", IMGCLS_U2, 1, "\x39"},
    {"int2", IMGCLS_I2, 1, "\x39"},
    {"float6e2m3", IMGCLS_F6E2M3, 3, "\x08\x4c\0"},
    {"float6e3m2", IMGCLS_F6E3M2, 3, "\x0c\x8c\0"},
};

static void check_types(const char *file)
{
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph = fixture_open(ctx, file);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct imgcls_tensor *tensor = constant(graph, types[i].name);
        if (tensor->type != types[i].type || tensor->size_bytes != types[i].size ||
            memcmp(tensor->data, types[i].bytes, types[i].size) != 0)
            fail_msg("%s: %s: type %d, %zu bytes, first %02x", file, types[i].name,
                     (int)tensor->type, tensor->size_bytes, *(unsigned char *)tensor->data);
    }
    const struct imgcls_string *strings = constant(graph, "string")->data;
    assert_int_equal(strings[0].length, 3);
    assert_memory_equal(strings[0].bytes, "one", 3);
    assert_int_equal(strings[1].length, 0);
    assert_memory_equal(strings[2].bytes, "drei \xc3\xa4", strings[2].length);
    assert_int_equal(constant(graph, "empty")->size_bytes, 0);
    assert_int_equal(constant(graph, "scalar")->rank, 0);
    assert_true(*(float *)constant(graph, "scalar")->data == 42.0f);
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

static void every_type_is_read_from_raw_data(void **state)
{
    (void)state;
    check_types("good/types_raw.onnx");
}

static void every_type_is_read_from_typed_fields(void **state)
{
    (void)state;
    check_types("good/types_typed.onnx");
}

static void external_data_is_found_beside_the_model(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph = fixture_open(ctx, "good/external.onnx");
    unsigned char odd[8];
    float numbers[16];
    (void)state;
    for (int i = 0; i < 16; i++)
        numbers[i] = (float)i;
    assert_memory_equal(constant(graph, "w")->data, numbers + 4, 16);
    assert_memory_equal(constant(graph, "whole")->data, numbers, sizeof numbers);
    memcpy(odd, (char *)numbers + 6, sizeof odd); /* no multiple of 4: copied */
    assert_memory_equal(constant(graph, "odd")->data, odd, sizeof odd);
    assert_int_equal((uintptr_t)constant(graph, "odd")->data % 4, 0);
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

static void sparse_initializers_become_dense(void **state)
{
    static const float want[6] = {0, 5, 0, 0, 0, 7};
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph = fixture_open(ctx, "good/sparse.onnx");
    (void)state;
    assert_int_equal(constant(graph, "s")->dims[1], 3);
    assert_memory_equal(constant(graph, "s")->data, want, sizeof want);
    assert_memory_equal(constant(graph, "t")->data, want, sizeof want);
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

static void inputs_that_are_initializers_are_constants(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph = fixture_open(ctx, "good/old.onnx");
    (void)state;
    assert_int_equal(graph->input_count, 1);
    assert_string_equal(graph->inputs[0]->name, "x");
    assert_true(*(float *)constant(graph, "w")->data == 2.0f);
    assert_int_equal(icl_graph_opset(graph, ""), 1); /* where the file imports nothing */
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

static void attributes_of_every_kind_arrive(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph = fixture_open(ctx, "good/attributes.onnx");
    const struct imgcls_node *node = fixture_node(graph, "Everything");
    (void)state;
    assert_string_equal(node->domain, "org.example");
    assert_int_equal(node->input_count, 3);
    assert_null(node->inputs[1]);
    assert_null(node->outputs[1]);
    assert_true(icl_node_attr(node, "f")->f == 1.5f);
    assert_int_equal(icl_node_attr(node, "i")->i, -7);
    assert_memory_equal(icl_node_attr(node, "s")->s.bytes, "text", 4);
    assert_true(icl_node_attr(node, "fs")->floats[1] == 2.0f);
    assert_int_equal(icl_node_attr(node, "ints")->count, 3);
    assert_int_equal(icl_node_attr(node, "ints")->ints[2], 3);
    assert_memory_equal(icl_node_attr(node, "strs")->strings[1].bytes, "bc", 2);
    assert_int_equal(((int32_t *)icl_node_attr(node, "t")->tensors[0]->data)[1], 4);
    assert_int_equal(icl_node_attr(node, "ts")->count, 2);
    assert_int_equal(((int64_t *)icl_node_attr(node, "ts")->tensors[1]->data)[1], 3);
    assert_string_equal(icl_node_attr(node, "g")->graphs[0]->name, "inner");
    assert_int_equal(icl_node_attr(node, "gs")->count, 2);
    assert_string_equal(icl_node_attr(node, "gs")->graphs[1]->nodes[0]->type, "Neg");
    const struct imgcls_attr *type = icl_node_attr(node, "tp");
    assert_int_equal(type->kind, IMGCLS_ATTR_TYPE);
    assert_int_equal(type->i, IMGCLS_F32);
    /* sequence_type (4) of elem_type (1) of tensor_type (1) of elem_type (1) FLOAT */
    assert_int_equal(type->s.length, 8);
    assert_memory_equal(type->s.bytes, "\x22\x06\x0a\x04\x0a\x02\x08\x01", 8);
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

static void inner_graphs_see_the_names_around_them(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph = fixture_open_sorted(ctx, "good/nested.onnx");
    const struct imgcls_node *node = fixture_node(graph, "If");
    const struct imgcls_graph *then = icl_node_attr(node, "then_branch")->graphs[0];
    const struct imgcls_graph *other = icl_node_attr(node, "else_branch")->graphs[0];
    (void)state;
    /* "late" is made by a node that stands behind the If in the file */
    assert_ptr_equal(fixture_node(other, "Neg")->inputs[0],
                     fixture_node(graph, "Abs")->outputs[0]);
    const struct imgcls_graph *deepest =
        icl_node_attr(fixture_node(then, "If"), "then_branch")->graphs[0];
    assert_ptr_equal(fixture_node(deepest, "Add")->inputs[0],
                     fixture_node(then, "Mul")->outputs[0]);
    assert_ptr_equal(fixture_node(deepest, "Add")->inputs[1], &graph->inputs[0]->info);
    assert_non_null(icl_graph_find(then, "two")->info.constant);
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

/* y = Sum(b, c, d) of Odd(relu(Twice(x))), as the script wrote it; followed here by hand.
 */
static void functions_are_inlined(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph = fixture_open_sorted(ctx, "good/functions.onnx");
    size_t elus = 0;
    (void)state;
    for (size_t i = 0; i < graph->node_count; i++) {
        const struct imgcls_node *node = &graph->nodes[i]->node;
        assert_string_equal(node->domain, "");
        if (strcmp(node->type, "Elu") == 0) { /* the first with the call's slope */
            const struct imgcls_attr *alpha = icl_node_attr(node, "alpha");
            assert_non_null(alpha);
            assert_true(alpha->f ==
                        (node->inputs[0] == &graph->inputs[0]->info ? 0.25f : 0.5f));
            elus++;
        }
    }
    assert_int_equal(elus, 2);
    /* Elu, Add, Elu, Add, Identity; Relu; Identity (output that is an input), Clip, If; Sum
     */
    assert_int_equal(graph->node_count, 10);
    const struct imgcls_node *sum = fixture_node(graph, "Sum");
    const struct imgcls_node *relu = fixture_node(graph, "Relu");
    const struct imgcls_node *clip = fixture_node(graph, "Clip");
    const struct imgcls_node *branch = fixture_node(graph, "If");
    assert_string_equal(relu->outputs[0]->name, "Scaled.2/t");
    assert_ptr_equal(icl_value_of(sum->inputs[1])->producer, icl_node_of(clip));
    assert_ptr_equal(icl_value_of(sum->inputs[2])->producer, icl_node_of(branch));
    assert_string_equal(icl_value_of(sum->inputs[0])->producer->type, "Identity");
    assert_ptr_equal(icl_value_of(sum->inputs[0])->producer->node.inputs[0],
                     relu->outputs[0]);
    assert_ptr_equal(clip->inputs[0], relu->outputs[0]);
    assert_true(clip->input_count < 2 || !clip->inputs[1]);
    const struct imgcls_graph *inner = icl_node_attr(branch, "then_branch")->graphs[0];
    assert_ptr_equal(fixture_node(inner, "Neg")->inputs[0], relu->outputs[0]);
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

static const struct {
    const char *file;
    int32_t least, most;
} bids[] = {
    {"good/plain.onnx", 100, 100}, {"good/external.onnx", 100, 100},
    {"good/weights.bin", 0, 0},  {"good/tensor.pb", 0, 0},
    {"good/sequence.pb", 0, 0},  {"good/stored.npz", 0, 0},
    {"good/f4.npy", 0, 0},       {"bad/empty.onnx", 1, 20},
    {"bad/page.onnx", 1, 20},    {"bad/no_version.onnx", 50, 69},
    {"bad/six.bin", 0, 0},
};

static void the_bid_rests_on_structure(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    const struct imgcls_format *format =
        icl_registry_format_named(fixture_registry(ctx), "onnx");
    (void)state;
    for (size_t i = 0; i < sizeof bids / sizeof *bids; i++) {
        struct imgcls_source *source;
        assert_int_equal(icl_source_open(ctx, fixture_path(bids[i].file), &source),
                         IMGCLS_OK);
        int32_t bid = format->bid(&ctx->host, source);
        if (bid < bids[i].least || bid > bids[i].most)
            fail_msg("%s: %d, wanted %d to %d", bids[i].file, (int)bid, (int)bids[i].least,
                     (int)bids[i].most);
        icl_source_close(source);
    }
    imgcls_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_model_has_its_parts),
        cmocka_unit_test(every_type_is_read_from_raw_data),
        cmocka_unit_test(every_type_is_read_from_typed_fields),
        cmocka_unit_test(external_data_is_found_beside_the_model),
        cmocka_unit_test(sparse_initializers_become_dense),
        cmocka_unit_test(inputs_that_are_initializers_are_constants),
        cmocka_unit_test(attributes_of_every_kind_arrive),
        cmocka_unit_test(inner_graphs_see_the_names_around_them),
        cmocka_unit_test(functions_are_inlined),
        cmocka_unit_test(the_bid_rests_on_structure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
