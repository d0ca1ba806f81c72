/*
 * tests/ops/map_test.c - plugins/ops/ml/map.c: maps become tensors
 *
 * Expected values by hand, after the operators' specification; shapes of CastMap, and how it
 * writes a float, by ONNX Runtime 1.32.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/ops/flow.h"
#include "tests/ops/op_case.h"

#define DOMAIN "ai.onnx.ml"
#define NEW(element, ...) \
    sizeof((element[]){__VA_ARGS__}) / sizeof(element), (element[]){__VA_ARGS__}

static struct imgcls_value *list(struct imgcls_context *ctx, int32_t type, size_t count,
                                 const void *data)
{
    const int64_t dims[] = {(int64_t)count};
    struct imgcls_value *value;
    assert_int_equal(icl_value_tensor(ctx, type, 1, dims, &value), IMGCLS_OK);
    for (size_t i = 0; i < count && type == IMGCLS_STRING; i++) {
        const char *text = ((const char *const *)data)[i];
        assert_int_equal(icl_value_set_string(ctx, value, i, text, strlen(text)), IMGCLS_OK);
    }
    if (type != IMGCLS_STRING)
        memcpy(value->tensor->data, data, value->tensor->size_bytes);
    return value;
}

/* Values as a tensor, or as a sequence of scalars. */
static struct imgcls_value *map_of(struct imgcls_context *ctx, struct imgcls_value *keys,
                                   struct imgcls_value *values, bool apart)
{
    struct imgcls_value *items[2] = {keys, values}, *scalars[8], *map;
    const int32_t type = values->type;
    if (apart) {
        const size_t count = (size_t)values->tensor->dims[0];
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(icl_value_tensor(ctx, type, 0, NULL, &scalars[i]), IMGCLS_OK);
            memcpy(scalars[i]->tensor->data,
                   (const char *)values->tensor->data + i * scalars[i]->tensor->size_bytes,
                   scalars[i]->tensor->size_bytes);
        }
        icl_value_release(ctx, values);
        assert_int_equal(
            icl_value_list(ctx, IMGCLS_KIND_SEQUENCE, type, count, scalars, &items[1]),
            IMGCLS_OK);
    }
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_MAP, type, 2, items, &map), IMGCLS_OK);
    return map;
}

/* One node on a map, which is released. */
static void expect(struct imgcls_context *ctx, const char *type, struct imgcls_value *map,
                   void (*set)(struct icl_node *), const char *want, const char *fails)
{
    static const struct icl_plan_options options = {.threads = 1};
    struct imgcls_graph *graph = flow_graph(ctx, 24);
    const struct imgcls_value *in[] = {map}, *out[] = {NULL};
    struct icl_session *session;
    struct icl_node *node;
    char text[512] = "";
    assert_int_equal(icl_graph_set_opset(graph, DOMAIN, 3), IMGCLS_OK);
    flow_input(graph, "m", IMGCLS_KIND_MAP, map->type);
    assert_int_equal(icl_graph_add_node(graph, DOMAIN, type, type, 1, (const char *[]){"m"}, 1,
                                        (const char *[]){"y"}, &node),
                     IMGCLS_OK);
    set(node);
    flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED);
    imgcls_status status = icl_session_create(ctx, graph, &options, &session);
    if (status == IMGCLS_OK)
        status = icl_session_run(session, in, out);
    if (want) {
        if (status != IMGCLS_OK)
            fail_msg("%s", imgcls_error(ctx));
        flow_print(out[0], text, sizeof text);
        assert_string_equal(text, want);
    } else if (status != IMGCLS_BAD_INPUT || !strstr(imgcls_error(ctx), fails)) {
        fail_msg("status %d, '%s' instead of '%s'", status, imgcls_error(ctx), fails);
    }
    icl_forgive(ctx);
    icl_session_destroy(session);
    icl_graph_destroy(graph);
    icl_value_release(ctx, map);
}

static struct imgcls_value *floats(void **state, bool apart)
{
    return map_of(*state, list(*state, IMGCLS_I64, NEW(int64_t, 5, 2, 3)),
                  list(*state, IMGCLS_F32, NEW(float, 1.5f, -2.5f, 7)), apart);
}
static struct imgcls_value *texts(void **state, const char *last)
{
    return map_of(*state, list(*state, IMGCLS_I64, NEW(int64_t, 4, 0)),
                  list(*state, IMGCLS_STRING, NEW(const char *, "12", last)), false);
}

static void dense(struct icl_node *node)
{
    (void)node; /* what is so without an attribute */
}
static void sparse(struct icl_node *node)
{
    flow_text(node, "map_form", "SPARSE");
    flow_int(node, "max_map", 6);
}
static void narrow(struct icl_node *node)
{
    flow_text(node, "map_form", "SPARSE");
    flow_int(node, "max_map", 5);
}
static void whole(struct icl_node *node)
{
    flow_text(node, "cast_to", "TO_INT64");
}
static void text(struct icl_node *node)
{
    flow_text(node, "cast_to", "TO_STRING");
}
static void unknown(struct icl_node *node)
{
    flow_text(node, "cast_to", "TO_DOUBLE");
}

static void values_stand_in_the_order_of_keys(void **state)
{
    expect(*state, "CastMap", floats(state, false), dense, "float32[1,3] -2.5 7 1.5", NULL);
    expect(*state, "CastMap", floats(state, true), dense, "float32[1,3] -2.5 7 1.5", NULL);
    expect(*state, "CastMap", floats(state, true), whole, "int64[1,3] -2 7 1", NULL);
    expect(*state, "CastMap", floats(state, true), text,
           "string[1,3] '-2.500000' '7.000000' '1.500000'", NULL);
    expect(*state, "CastMap", texts(state, "-3"), whole, "int64[1,2] -3 12", NULL);
    expect(*state, "CastMap", texts(state, "-3.5"), dense, "float32[1,2] -3.5 12", NULL);
    expect(*state, "CastMap", texts(state, "x"), text, "string[1,2] 'x' '12'", NULL);
    expect(*state, "CastMap", texts(state, "x"), dense, NULL, "value 'x' is not a number");
    expect(*state, "CastMap", floats(state, true), unknown, NULL, "cast_to 'TO_DOUBLE'");
}

static void keys_are_places(void **state)
{
    expect(*state, "CastMap", floats(state, true), sparse, "float32[1,6] 0 0 -2.5 7 0 1.5", NULL);
    expect(*state, "CastMap", floats(state, true), narrow, NULL, "key 5 is outside 0..4");
}

static void numbers(struct icl_node *node)
{
    flow_ints(node, "int64_vocabulary", 4, (const int64_t[]){2, 9, 5, 3});
}
static void few(struct icl_node *node)
{
    flow_ints(node, "int64_vocabulary", 2, (const int64_t[]){2, 5});
}
static void words(struct icl_node *node)
{
    flow_texts(node, "string_vocabulary", 4, (const char *const[]){"a", "c", "b", "z"});
}

static void values_stand_where_the_vocabulary_has_their_keys(void **state)
{
    struct imgcls_value *named =
        map_of(*state, list(*state, IMGCLS_STRING, NEW(const char *, "a", "c")),
               list(*state, IMGCLS_I64, NEW(int64_t, 4, 8)), false);
    expect(*state, "DictVectorizer", named, words, "int64[4] 4 8 0 0", NULL);
    expect(*state, "DictVectorizer", floats(state, true), numbers, "float32[4] -2.5 0 1.5 7",
           NULL);
    expect(*state, "DictVectorizer", texts(state, "x"), dense, NULL,
           "string_vocabulary or int64_vocabulary must be there");
    expect(*state, "DictVectorizer", floats(state, true), few, NULL,
           "key 2 of the map is not in the vocabulary");
    expect(*state, "DictVectorizer", floats(state, true), words, NULL,
           "the vocabulary is of strings, the keys are not");
}

static int set_up(void **state)
{
    *state = op_context(1);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_in_the_order_of_keys),
        cmocka_unit_test(keys_are_places),
        cmocka_unit_test(values_stand_where_the_vocabulary_has_their_keys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
