/*
 * tests/graph/attr_test.c - attributes are copied, replaced, shared by clones
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/graph/drawing.h"

#include "src/file/file.h"
#include "src/tensor/tensor.h"

static void every_kind_is_copied(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    struct icl_node *node = draw(graph, "x > Foo > y");
    char text[] = "auto";
    float floats[] = {1, 2}, number = 9;
    int64_t ints[] = {3, -4, 5};
    struct imgcls_string strings[] = {{text, 4}, {"", 0}};
    struct imgcls_tensor tensor = {
        .struct_size = sizeof tensor, .type = IMGCLS_F32, .data = &number, .size_bytes = 4};
    const struct imgcls_tensor *tensors[] = {&tensor, &tensor};
    const struct imgcls_attr given[] = {
        {.name = "f", .kind = IMGCLS_ATTR_FLOAT, .f = 0.5f},
        {.name = "i", .kind = IMGCLS_ATTR_INT, .i = -7},
        {.name = "s", .kind = IMGCLS_ATTR_STRING, .s = {text, 4}},
        {.name = "fs", .kind = IMGCLS_ATTR_FLOATS, .count = 2, .floats = floats},
        {.name = "is", .kind = IMGCLS_ATTR_INTS, .count = 3, .ints = ints},
        {.name = "none", .kind = IMGCLS_ATTR_INTS},
        {.name = "ss", .kind = IMGCLS_ATTR_STRINGS, .count = 2, .strings = strings},
        {.name = "t", .kind = IMGCLS_ATTR_TENSOR, .tensors = tensors},
        {.name = "ts", .kind = IMGCLS_ATTR_TENSORS, .count = 2, .tensors = tensors},
        {.name = "tp", .kind = IMGCLS_ATTR_TYPE, .i = IMGCLS_F16, .s = {"\0\1\2", 3}},
    };
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        struct imgcls_attr attr = given[i];
        attr.struct_size = sizeof attr;
        assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
    }
    memset(text, 'x', sizeof text);
    floats[0] = ints[0] = 0;
    number = 0;
    const struct imgcls_node *seen = &node->node;
    assert_true(icl_node_attr(seen, "f")->f == 0.5f);
    assert_int_equal(icl_node_attr(seen, "i")->i, -7);
    assert_string_equal(icl_node_attr(seen, "s")->s.bytes, "auto");
    assert_true(icl_node_attr(seen, "fs")->floats[0] == 1);
    assert_int_equal(icl_node_attr(seen, "is")->ints[0], 3);
    assert_int_equal(icl_node_attr(seen, "is")->ints[2], 5);
    assert_int_equal(icl_node_attr(seen, "none")->count, 0);
    assert_string_equal(icl_node_attr(seen, "ss")->strings[0].bytes, "auto");
    assert_int_equal(icl_node_attr(seen, "ss")->strings[1].length, 0);
    assert_int_equal(icl_node_attr(seen, "t")->count, 1);
    assert_true(*(const float *)icl_node_attr(seen, "t")->tensors[0]->data == 9);
    assert_true(*(const float *)icl_node_attr(seen, "ts")->tensors[1]->data == 9);
    assert_int_equal(icl_node_attr(seen, "tp")->i, IMGCLS_F16);
    assert_memory_equal(icl_node_attr(seen, "tp")->s.bytes, "\0\1\2", 3);
    assert_null(icl_node_attr(seen, "absent"));
    icl_graph_destroy(graph);
}

static void setting_again_replaces_and_removing_closes_the_gap(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    struct icl_node *node = draw(graph, "x > Foo > y");
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    for (int64_t i = 0; i < 12; i++) {
        const struct imgcls_attr attr = {.struct_size = sizeof attr,
                                         .name = names[i % 6],
                                         .kind = IMGCLS_ATTR_INT,
                                         .i = i};
        assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
    }
    assert_int_equal(node->attr_count, 6);
    icl_node_remove_attr(node, "b");
    icl_node_remove_attr(node, "f");
    icl_node_remove_attr(node, "absent");
    assert_int_equal(node->attr_count, 4);
    assert_int_equal(icl_node_attr(&node->node, "c")->i, 8);
    assert_int_equal(icl_node_attr(&node->node, "e")->i, 10);
    assert_null(icl_node_attr(&node->node, "b"));
    /* an attribute may be set from itself */
    assert_int_equal(icl_node_set_attr(node, icl_node_attr(&node->node, "c")), IMGCLS_OK);
    assert_int_equal(icl_node_attr(&node->node, "c")->i, 8);
    icl_graph_destroy(graph);
}

static void what_has_no_meaning_is_refused(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL), *other = draw_graph(ctx, NULL),
                        *inner = draw_graph(ctx, other);
    struct icl_node *node = draw(graph, "x > Foo > y");
    struct imgcls_attr attr = {.struct_size = sizeof attr, .name = "a", .kind = 77};
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_UNSUPPORTED);
    assert_string_equal(imgcls_error(ctx), "node 'y': attribute 'a' is of unknown kind 77");
    icl_forgive(ctx);
    attr.kind = IMGCLS_ATTR_GRAPH;
    attr.graphs = &inner; /* of another graph */
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_INTERNAL);
    attr.kind = IMGCLS_ATTR_TENSOR;
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_INTERNAL);
    assert_int_equal(node->attr_count, 0);
    icl_graph_destroy(graph);
    icl_graph_destroy(other);
}

static void attributes_have_a_ceiling(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    struct icl_node *node = draw(graph, "x > Foo > y");
    imgcls_status status = IMGCLS_OK;
    int made = 0;
    for (; status == IMGCLS_OK; made += status == IMGCLS_OK) {
        char name[16];
        snprintf(name, sizeof name, "a%d", made);
        const struct imgcls_attr attr = {
            .struct_size = sizeof attr, .name = name, .kind = IMGCLS_ATTR_INT};
        status = icl_node_set_attr(node, &attr);
    }
    assert_int_equal(status, IMGCLS_BAD_INPUT);
    assert_int_equal(made, ICL_NODE_ATTRS);
    icl_graph_destroy(graph);
}

static void tensor_bytes_are_shared_by_copies(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = draw_graph(ctx, NULL);
    struct icl_node *a = draw(graph, "x > Foo > y"), *b = draw(graph, "y > Foo > z");
    struct imgcls_storage *storage;
    float *bytes = icl_alloc(ctx, 1, 4);
    assert_int_equal(icl_storage_own(ctx, bytes, 4, &storage), IMGCLS_OK);
    const struct imgcls_tensor tensor = {
        .struct_size = sizeof tensor, .type = IMGCLS_F32, .data = bytes, .size_bytes = 4};
    assert_int_equal(icl_node_set_attr_tensor(a, "value", &tensor, storage), IMGCLS_OK);
    icl_storage_release(storage);
    assert_int_equal(icl_node_copy_attrs(b, a), IMGCLS_OK);
    assert_ptr_equal(icl_node_attr(&b->node, "value")->tensors[0]->data, bytes);
    icl_node_remove_attr(a, "value");
    assert_ptr_equal(icl_node_attr(&b->node, "value")->tensors[0]->data, bytes);
    icl_graph_destroy(graph);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, context_setup, context_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_kind_is_copied),
        CASE(setting_again_replaces_and_removing_closes_the_gap),
        CASE(what_has_no_meaning_is_refused),
        CASE(attributes_have_a_ceiling),
        CASE(tensor_bytes_are_shared_by_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
