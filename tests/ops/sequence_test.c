/*
 * tests/ops/sequence_test.c - plugins/ops/sequence: sequences and optionals of tensors
 *
 * Expected values by hand, after the operators' specification.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/ops/flow.h"
#include "tests/ops/op_case.h"

#define SEQ IMGCLS_KIND_SEQUENCE
#define OPT IMGCLS_KIND_OPTIONAL
#define ANY IMGCLS_UNDEFINED

/* Tensors a = [1], b = [2, 3], and s = (a, b). */
static struct imgcls_graph *begin(void **state)
{
    struct imgcls_graph *graph = flow_graph(*state, 24);
    FLOW_F32(graph, "a", 1);
    FLOW_F32(graph, "b", 2, 3);
    flow_node(graph, "SequenceConstruct a b -> s");
    return graph;
}

/* One node on s and a position gives a value of a kind. */
static struct imgcls_graph *at(void **state, const char *line, int64_t position,
                               int32_t kind)
{
    struct imgcls_graph *graph = begin(state);
    FLOW_ONE(graph, "p", position);
    flow_node(graph, line);
    flow_output(graph, "y", kind, ANY);
    return graph;
}

static void items_stand_where_they_were_put(void **state)
{
    GIVES_TEXT(at(state, "SequenceInsert s a p -> y", 0, SEQ),
               "seq(float32[1] 1; float32[1] 1; float32[2] 2 3)");
    GIVES_TEXT(at(state, "SequenceInsert s a -> y", 0, SEQ),
               "seq(float32[1] 1; float32[2] 2 3; float32[1] 1)");
    GIVES_TEXT(at(state, "SequenceInsert s b p -> y", -1, SEQ),
               "seq(float32[1] 1; float32[2] 2 3; float32[2] 2 3)");
    GIVES_TEXT(at(state, "SequenceErase s p -> y", 0, SEQ), "seq(float32[2] 2 3)");
    GIVES_TEXT(at(state, "SequenceErase s -> y", 0, SEQ), "seq(float32[1] 1)");
    GIVES_TEXT(at(state, "SequenceAt s p -> y", -1, IMGCLS_KIND_TENSOR), "float32[2] 2 3");
    GIVES_TEXT(at(state, "SequenceLength s -> y", 0, IMGCLS_KIND_TENSOR), "int64[] 2");
}

static void positions_outside_are_refused(void **state)
{
    FAILS_TEXT(at(state, "SequenceAt s p -> y", 2, IMGCLS_KIND_TENSOR), IMGCLS_BAD_INPUT,
               "'SequenceAt' (SequenceAt): position 2 is outside the sequence of 2 items");
    FAILS_TEXT(at(state, "SequenceAt s p -> y", -3, IMGCLS_KIND_TENSOR), IMGCLS_BAD_INPUT,
               "position -3 is outside");
    FAILS_TEXT(at(state, "SequenceInsert s a p -> y", 3, SEQ), IMGCLS_BAD_INPUT,
               "position 3 is outside");
    FAILS_TEXT(at(state, "SequenceErase s p -> y", INT64_MIN, SEQ), IMGCLS_BAD_INPUT,
               "is outside the sequence of 2 items");
    FAILS_TEXT(at(state, "SequenceLength a -> y", 0, IMGCLS_KIND_TENSOR), IMGCLS_BAD_INPUT,
               "input 0 must be a sequence");
}

static void what_does_not_belong_in_a_sequence_is_refused(void **state)
{
    struct imgcls_graph *graph = begin(state);
    FLOW_ONE(graph, "i", 4);
    flow_node(graph, "SequenceInsert s i -> y");
    flow_output(graph, "y", SEQ, ANY);
    FAILS_TEXT(graph, IMGCLS_BAD_INPUT, "item 2 is int64 among float32");

    graph = begin(state);
    flow_int(flow_node(graph, "SequenceEmpty -> e"), "dtype", 99);
    flow_output(graph, "e", SEQ, ANY);
    FAILS_TEXT(graph, IMGCLS_BAD_INPUT, "dtype 99 is no element type");

    graph = begin(state);
    flow_node(graph, "SequenceEmpty -> e");
    flow_node(graph, "SequenceErase e -> y");
    flow_output(graph, "y", SEQ, ANY);
    FAILS_TEXT(graph, IMGCLS_BAD_INPUT, "the sequence is empty already");
}

/* [[1,2],[3,4],[5,6]] along an axis; split NULL: none; count -1: one number. */
static struct imgcls_graph *split(void **state, int64_t axis, int64_t keep, int64_t count,
                                  const int64_t *parts)
{
    static const float data[] = {1, 2, 3, 4, 5, 6};
    struct imgcls_graph *graph = flow_graph(*state, 24);
    struct icl_node *node;
    flow_tensor(graph, "x", IMGCLS_F32, 2, (const int64_t[]){3, 2}, data);
    if (parts)
        flow_tensor(graph, "n", IMGCLS_I64, count >= 0, &count, parts);
    node = flow_node(graph, parts ? "SplitToSequence x n -> y" : "SplitToSequence x -> y");
    flow_int(node, "axis", axis);
    flow_int(node, "keepdims", keep);
    flow_output(graph, "y", SEQ, ANY);
    return graph;
}

static void tensors_are_split(void **state)
{
    GIVES_TEXT(split(state, 0, 0, -1, NULL),
               "seq(float32[2] 1 2; float32[2] 3 4; float32[2] 5 6)");
    GIVES_TEXT(split(state, -1, 1, -1, NULL),
               "seq(float32[3,1] 1 3 5; float32[3,1] 2 4 6)");
    GIVES_TEXT(split(state, 0, 0, -1, (const int64_t[]){2}),
               "seq(float32[2,2] 1 2 3 4; float32[1,2] 5 6)");
    GIVES_TEXT(split(state, 0, 1, 3, (const int64_t[]){1, 0, 2}),
               "seq(float32[1,2] 1 2; float32[0,2]; float32[2,2] 3 4 5 6)");
    FAILS_TEXT(split(state, 0, 1, 1, (const int64_t[]){2}), IMGCLS_BAD_INPUT,
               "split sums to 2 where the dimension is 3");
    FAILS_TEXT(split(state, 0, 1, -1, (const int64_t[]){0}), IMGCLS_BAD_INPUT,
               "part 0 of split is 0");
    FAILS_TEXT(split(state, 0, 1, 2, (const int64_t[]){INT64_MAX, 2}), IMGCLS_BAD_INPUT,
               "split asks for more than the dimension's 3");
    FAILS_TEXT(split(state, 2, 1, -1, NULL), IMGCLS_BAD_INPUT, "axis 2 is outside -2..1");
}

/* What is joined: s and further items; then ConcatFromSequence. */
static struct imgcls_graph *joined(void **state, const char *line, int64_t axis,
                                   int64_t fresh)
{
    struct imgcls_graph *graph = begin(state);
    struct icl_node *node;
    flow_node(graph, line);
    node = flow_node(graph, "ConcatFromSequence q -> y");
    flow_int(node, "axis", axis);
    flow_int(node, "new_axis", fresh);
    flow_output(graph, "y", IMGCLS_KIND_TENSOR, ANY);
    return graph;
}

static void sequences_are_joined(void **state)
{
    GIVES_TEXT(joined(state, "SequenceConstruct a b a -> q", 0, 0), "float32[4] 1 2 3 1");
    GIVES_TEXT(joined(state, "SequenceConstruct b b -> q", -1, 1), "float32[2,2] 2 2 3 3");
    GIVES_TEXT(joined(state, "SequenceConstruct b b -> q", 0, 1), "float32[2,2] 2 3 2 3");
    FAILS_TEXT(joined(state, "SequenceConstruct a b -> q", 0, 1), IMGCLS_BAD_INPUT,
               "item 1 is [2] of type 1, which does not join [1] of type 1");
    FAILS_TEXT(joined(state, "SequenceConstruct a b -> q", 1, 0), IMGCLS_BAD_INPUT,
               "axis 1 is outside -1..0");
    FAILS_TEXT(joined(state, "SequenceEmpty -> q", 0, 0), IMGCLS_BAD_INPUT,
               "the sequence is empty");
}

static void texts_and_nibbles_are_moved_too(void **state)
{
    static const struct imgcls_string texts[] = {{"p", 1}, {"qq", 2}, {"", 0}, {"s", 1}};
    static const uint8_t nibbles[] = {0x21, 0x43}; /* 1 2 3 4 */
    const int64_t dims[] = {2, 2};
    struct imgcls_graph *graph = flow_graph(*state, 24);
    flow_tensor(graph, "t", IMGCLS_STRING, 2, dims, texts);
    flow_tensor(graph, "n", IMGCLS_U4, 2, dims, nibbles);
    flow_int(flow_node(graph, "SplitToSequence t -> ts"), "axis", 1);
    flow_int(flow_node(graph, "SplitToSequence n -> ns"), "axis", 1);
    flow_int(flow_node(graph, "ConcatFromSequence ts -> ty"), "axis", 0);
    flow_int(flow_node(graph, "ConcatFromSequence ns -> ny"), "axis", 0);
    flow_output(graph, "ty", IMGCLS_KIND_TENSOR, ANY);
    flow_output(graph, "ny", IMGCLS_KIND_TENSOR, ANY);
    GIVES_TEXT(graph, "string[4,1] 'p' '' 'qq' 's' | uint4[4,1] 1 3 2 4");
}

static void optionals_hold_one_value_or_none(void **state)
{
    struct imgcls_graph *graph = begin(state);
    const struct imgcls_attr type = {.struct_size = sizeof type,
                                     .name = "type",
                                     .kind = IMGCLS_ATTR_TYPE,
                                     .i = IMGCLS_F32};
    flow_node(graph, "Optional s -> o");
    assert_int_equal(icl_node_set_attr(flow_node(graph, "Optional -> none"), &type),
                     IMGCLS_OK);
    flow_node(graph, "OptionalGetElement o -> inside");
    flow_node(graph, "SequenceLength inside -> n");
    flow_node(graph, "OptionalHasElement o -> has");
    flow_node(graph, "OptionalHasElement none -> has_not");
    flow_node(graph, "OptionalHasElement - -> missing");
    flow_node(graph, "OptionalHasElement a -> plain");
    flow_output(graph, "o", OPT, ANY);
    flow_output(graph, "none", OPT, ANY);
    flow_output(graph, "n", IMGCLS_KIND_TENSOR, ANY);
    flow_output(graph, "has", IMGCLS_KIND_TENSOR, ANY);
    flow_output(graph, "has_not", IMGCLS_KIND_TENSOR, ANY);
    flow_output(graph, "missing", IMGCLS_KIND_TENSOR, ANY);
    flow_output(graph, "plain", IMGCLS_KIND_TENSOR, ANY);
    GIVES_TEXT(graph,
               "opt(seq(float32[1] 1; float32[2] 2 3)) | opt() | int64[] 2 | bool[] 1 | "
               "bool[] 0 | bool[] 0 | bool[] 1");

    graph = begin(state);
    assert_int_equal(icl_node_set_attr(flow_node(graph, "Optional -> none"), &type),
                     IMGCLS_OK);
    flow_node(graph, "OptionalGetElement none -> y");
    flow_output(graph, "y", IMGCLS_KIND_TENSOR, ANY);
    FAILS_TEXT(graph, IMGCLS_BAD_INPUT, "the optional is empty");
}

/* SequenceMap over s with a body that adds its two inputs. */
static struct imgcls_graph *mapped(void **state, const char *line)
{
    struct imgcls_graph *graph = begin(state), *body = flow_inner(graph);
    flow_node(graph, "SequenceConstruct b -> short");
    flow_input(body, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32);
    flow_input(body, "k", IMGCLS_KIND_TENSOR, IMGCLS_F32);
    flow_node(body, "Add x k -> sum");
    flow_output(body, "sum", IMGCLS_KIND_TENSOR, IMGCLS_F32);
    flow_body(flow_node(graph, line), "body", body);
    flow_output(graph, "y", SEQ, ANY);
    return graph;
}

static void a_body_runs_for_each_item(void **state)
{
    GIVES_TEXT(mapped(state, "SequenceMap s a -> y"), "seq(float32[1] 2; float32[2] 3 4)");
    GIVES_TEXT(mapped(state, "SequenceMap s s -> y"), "seq(float32[1] 2; float32[2] 4 6)");
    FAILS_TEXT(mapped(state, "SequenceMap s short -> y"), IMGCLS_BAD_INPUT,
               "input 1 has 1 items where input 0 has 2");
    FAILS_TEXT(mapped(state, "SequenceMap s -> y"), IMGCLS_BAD_INPUT,
               "the inner graph has 2 inputs");
}

static int set_up(void **state)
{
    *state = op_context(1);
    return 0;
}
static int tear_down(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_stand_where_they_were_put),
        cmocka_unit_test(positions_outside_are_refused),
        cmocka_unit_test(what_does_not_belong_in_a_sequence_is_refused),
        cmocka_unit_test(tensors_are_split),
        cmocka_unit_test(sequences_are_joined),
        cmocka_unit_test(texts_and_nibbles_are_moved_too),
        cmocka_unit_test(optionals_hold_one_value_or_none),
        cmocka_unit_test(a_body_runs_for_each_item),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
