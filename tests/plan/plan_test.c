/*
 * tests/plan/plan_test.c - what becomes a step, what a constant, what only another name
 *
 * Graphs are drawn by sketch.h; the operators are those of fixture.c.
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

#include "src/plan/step.h"
#include "src/tensor/tensor.h"
#include "tests/plan/sketch.h"

static const struct icl_plan_options plain = {.threads = 1};

static struct imgcls_tensor shape_of(int32_t type, const int64_t *dims)
{
    struct imgcls_tensor shape = {.struct_size = sizeof shape, .type = type};
    for (; dims[shape.rank] != -9; shape.rank++)
        shape.dims[shape.rank] = dims[shape.rank];
    return shape;
}

static struct icl_plan *build(struct imgcls_graph *graph, int32_t type, const int64_t *dims,
                              const struct icl_plan_options *options)
{
    struct imgcls_tensor shape = shape_of(type, dims);
    struct icl_plan *plan;
    imgcls_status status = icl_plan_build(graph->ctx, graph, &shape, options, &plan);
    if (status)
        print_message("%s\n", imgcls_error(graph->ctx));
    assert_int_equal(status, IMGCLS_OK);
    return plan;
}

/* Types of the steps with spaces between. */
static const char *steps_of(const struct icl_plan *plan, char *text, size_t capacity)
{
    const struct imgcls_node *node;
    const char *kernel;
    text[0] = 0;
    for (size_t i = 0; icl_plan_step(plan, i, &node, &kernel); i++)
        snprintf(text + strlen(text), capacity - strlen(text), "%s%s", i ? " " : "",
                 node->type);
    return text;
}

static void assert_steps(const struct icl_plan *plan, const char *want)
{
    char text[1024];
    assert_string_equal(steps_of(plan, text, sizeof text), want);
}

static void constants_are_computed_once(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = sketch_graph(ctx);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(2));
    sketch_floats(graph, "a", SHAPE(2), (float[]){1, 2});
    sketch_floats(graph, "b", SHAPE(2), (float[]){10, 20});
    sketch_node(graph, "Add", "a b", "c");
    sketch_node(graph, "Mul", "c c", "d");
    sketch_node(graph, "Add", "x d", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_plan *plan = build(graph, IMGCLS_F32, SHAPE(2), &plain);
    assert_steps(plan, "Add");
    const struct icl_value *d = icl_graph_find(plan->graph, "d");
    assert_non_null(d->info.constant);
    assert_true(((const float *)d->info.constant->data)[1] == 484); /* (2 + 20)^2 */
    icl_plan_release(plan);
    icl_graph_destroy(graph);
}

static void shapes_are_constants(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = sketch_graph(ctx);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(-1, 3));
    sketch_node(graph, "Shape", "x", "s");
    sketch_ints(graph, "two", SHAPE(1), (int64_t[]){1});
    sketch_node(graph, "Mul", "s two", "t");
    sketch_node(graph, "Reshape", "x t", "r");
    sketch_node(graph, "Add", "r r", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_plan *plan = build(graph, IMGCLS_F32, SHAPE(5, 3), &plain);
    assert_steps(plan, "Add"); /* Shape and Mul folded, Reshape another name */
    assert_int_equal(plan->slots[plan->outputs[0]].info->dims[0], 5);
    icl_plan_release(plan);
    icl_graph_destroy(graph);
}

static void views_share_bytes_unless_values_are_kept(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = sketch_graph(ctx);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(2, 3));
    sketch_ints(graph, "six", SHAPE(1), (int64_t[]){6});
    sketch_node(graph, "Move", "x", "m");
    sketch_node(graph, "Reshape", "m six", "r");
    sketch_node(graph, "Move", "r", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_plan *plan = build(graph, IMGCLS_F32, SHAPE(2, 3), &plain);
    assert_steps(plan, "Move Move");
    icl_plan_release(plan);
    struct icl_plan_options keep = {.threads = 1, .keep_values = true};
    plan = build(graph, IMGCLS_F32, SHAPE(2, 3), &keep);
    assert_steps(plan, "Move Reshape Move");
    icl_plan_release(plan);
    icl_graph_destroy(graph);
}

static void an_output_that_is_an_input_is_copied(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = sketch_graph(ctx);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(2, 3));
    sketch_ints(graph, "six", SHAPE(1), (int64_t[]){6});
    sketch_node(graph, "Reshape", "x six", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_plan *plan = build(graph, IMGCLS_F32, SHAPE(2, 3), &plain);
    assert_steps(plan, "Convert");
    icl_plan_release(plan);
    icl_graph_destroy(graph);
}

static void the_cheaper_kernel_is_chosen_where_it_accepts(void **state)
{
    struct imgcls_context *ctx = *state;
    static const struct {
        int32_t type;
        const char *kernel;
    } rows[] = {{IMGCLS_F32, "add_f32_cheap"}, {IMGCLS_I64, "add_portable"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct imgcls_graph *graph = sketch_graph(ctx);
        sketch_input(graph, "x", rows[i].type, SHAPE(4));
        sketch_node(graph, "Add", "x x", "y");
        sketch_output(graph, "y", rows[i].type);
        struct icl_plan *plan = build(graph, rows[i].type, SHAPE(4), &plain);
        const struct imgcls_node *node;
        const char *kernel;
        assert_true(icl_plan_step(plan, 0, &node, &kernel));
        assert_string_equal(kernel, rows[i].kernel);
        assert_false(icl_plan_step(plan, 1, &node, &kernel));
        icl_plan_release(plan);
        icl_graph_destroy(graph);
    }
}

static void an_elementwise_result_takes_the_place_of_a_dead_input(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = sketch_graph(ctx);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(64));
    sketch_node(graph, "Move", "x", "a");
    sketch_node(graph, "Move", "x", "b");
    sketch_node(graph, "Add", "a b", "c"); /* a is dead: c takes its place */
    sketch_node(graph, "Add", "c b", "y"); /* likewise */
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_plan *plan = build(graph, IMGCLS_F32, SHAPE(64), &plain);
    assert_int_equal(plan->arena_bytes, 2 * 64 * sizeof(float));
    icl_plan_release(plan);
    icl_graph_destroy(graph);
}

static void half_floats_convert_at_the_borders_alone(void **state)
{
    struct imgcls_context *ctx = *state;
    static const struct {
        const char *types, *want;
    } rows[] = {
        /* clang-format off: a row a line */
        {"Move Move", "Move Move"},             /* native throughout */
        {"Mul Add", "Convert Mul Add Convert"}, /* wide within */
        {"Move Mul Move Add Move", "Move Convert Mul Move Add Move Convert"},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct imgcls_graph *graph = sketch_graph(ctx);
        char types[64], before[16] = "x", after[16], inputs[40];
        char *rest = strcpy(types, rows[i].types);
        sketch_input(graph, "x", IMGCLS_F16, SHAPE(8));
        int n = 0;
        for (char *type; (type = strtok_r(rest, " ", &rest)); n++) {
            snprintf(after, sizeof after, "v%d", n);
            bool two = strcmp(type, "Move") != 0;
            snprintf(inputs, sizeof inputs, "%s %s", before, two ? before : "");
            sketch_node(graph, type, inputs, after);
            strcpy(before, after);
        }
        sketch_output(graph, before, IMGCLS_F16);
        struct icl_plan *plan = build(graph, IMGCLS_F16, SHAPE(8), &plain);
        assert_steps(plan, rows[i].want);
        assert_int_equal(plan->slots[plan->outputs[0]].info->type, IMGCLS_F16);
        icl_plan_release(plan);
        icl_graph_destroy(graph);
    }
}

static void a_reference_in_double_is_double_within(void **state)
{
    struct imgcls_context *ctx = *state;
    struct icl_plan_options reference = {
        .threads = 1, .portable_only = true, .in_double = true, .no_fusion = true};
    struct imgcls_graph *graph = sketch_graph(ctx);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(2));
    sketch_floats(graph, "w", SHAPE(2), (float[]){0.5f, 0.25f});
    sketch_node(graph, "Mul", "x w", "a");
    sketch_node(graph, "Add", "a w", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_plan *plan = build(graph, IMGCLS_F32, SHAPE(2), &reference);
    assert_steps(plan, "Convert Mul Add Convert");
    assert_int_equal(plan->steps[1].node->inputs[1]->type, IMGCLS_F64);
    const struct imgcls_tensor *w = plan->steps[1].node->inputs[1]->constant;
    assert_true(((const double *)w->data)[1] == 0.25);
    struct icl_plan_summary summary;
    icl_plan_summarise(plan, &summary);
    assert_int_equal(summary.precision, IMGCLS_F64);
    icl_plan_release(plan);
    icl_graph_destroy(graph);
}

static void a_node_without_kernels_is_decomposed(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = sketch_graph(ctx);
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(2));
    sketch_node(graph, "Twice", "x", "t");
    sketch_node(graph, "Mul", "t x", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_plan *plan = build(graph, IMGCLS_F32, SHAPE(2), &plain);
    assert_steps(plan, "Add Move Mul");
    icl_plan_release(plan);
    icl_graph_destroy(graph);
}

static void figures_are_those_of_the_source(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = sketch_graph(ctx);
    float weights[12] = {0};
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(-1, 3));
    sketch_floats(graph, "w", SHAPE(3, 4), weights);
    sketch_ints(graph, "i", SHAPE(2), (int64_t[]){-7, 4}); /* not a weight */
    sketch_node(graph, "MatMul", "x w", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    struct icl_plan *plan = build(graph, IMGCLS_F32, SHAPE(5, 3), &plain);
    struct icl_plan_summary summary;
    icl_plan_summarise(plan, &summary);
    assert_int_equal(summary.node_count, 1);
    assert_int_equal(summary.parameters, 12);
    assert_int_equal(summary.macs, 5 * 3 * 4);
    assert_int_equal(summary.packed_bytes, sizeof weights);
    assert_int_equal(summary.constant_bytes, 0); /* packed: the source is not read again */
    icl_plan_release(plan);
    icl_graph_destroy(graph);
}

static void faults_name_node_and_shapes(void **state)
{
    struct imgcls_context *ctx = *state;
    static const struct {
        const char *type, *inputs;
        int32_t x_type;
        imgcls_status want;
        const char *words[4];
    } rows[] = {
        /* clang-format off: a row a line */
        {"Add", "x w", IMGCLS_F32, IMGCLS_BAD_INPUT, {"bad", "[2,3]", "[3,4]", "Add"}},
        {"MatMul", "w x", IMGCLS_F32, IMGCLS_BAD_INPUT, {"bad", "4", "2", "MatMul"}},
        {"Add", "x x", IMGCLS_U8, IMGCLS_UNSUPPORTED, {"bad", "uint8", "Add", "version 1"}},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        float weights[12] = {0};
        struct imgcls_graph *graph = sketch_graph(ctx);
        struct imgcls_tensor shape = shape_of(rows[i].x_type, SHAPE(2, 3));
        struct icl_plan *plan;
        sketch_input(graph, "x", rows[i].x_type, SHAPE(-1, 3));
        sketch_floats(graph, "w", SHAPE(3, 4), weights);
        sketch_node(graph, rows[i].type, rows[i].inputs, "bad");
        sketch_output(graph, "bad", IMGCLS_UNDEFINED);
        assert_int_equal(icl_plan_build(ctx, graph, &shape, &plain, &plan), rows[i].want);
        assert_null(plan);
        for (size_t w = 0; w < 4; w++)
            if (!strstr(imgcls_error(ctx), rows[i].words[w]))
                fail_msg("row %zu: '%s' not in '%s'", i, rows[i].words[w],
                         imgcls_error(ctx));
        icl_graph_destroy(graph);
        icl_forgive(ctx);
    }
}

static void inputs_that_contradict_the_model_are_refused(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = sketch_graph(ctx);
    struct imgcls_tensor shape = shape_of(IMGCLS_F32, SHAPE(2, 4));
    struct icl_plan *plan;
    sketch_input(graph, "x", IMGCLS_F32, SHAPE(-1, 3));
    sketch_node(graph, "Move", "x", "y");
    sketch_output(graph, "y", IMGCLS_F32);
    assert_int_equal(icl_plan_build(ctx, graph, &shape, &plain, &plan), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(ctx), "[2,4]"));
    icl_forgive(ctx);
    shape = shape_of(IMGCLS_F64, SHAPE(2, 3));
    assert_int_equal(icl_plan_build(ctx, graph, &shape, &plain, &plan), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(ctx), "float64"));
    icl_forgive(ctx);
    icl_graph_destroy(graph);
}

static void symbols_travel_along(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_graph *graph = sketch_graph(ctx);
    const int64_t dims[] = {-1, 3};
    const char *names[] = {"batch", NULL};
    float weights[12] = {0};
    assert_int_equal(
        icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 2, dims, names),
        IMGCLS_OK);
    sketch_floats(graph, "w", SHAPE(3, 4), weights);
    sketch_node(graph, "MatMul", "x w", "h");
    sketch_node(graph, "Add", "h h", "y");
    sketch_output(graph, "y", IMGCLS_UNDEFINED);
    assert_int_equal(icl_graph_infer(graph), IMGCLS_OK);
    const struct imgcls_value_info *y = &icl_graph_find(graph, "y")->info;
    assert_int_equal(y->type, IMGCLS_F32);
    assert_int_equal(y->rank, 2);
    assert_true(y->dims[0] < -1);
    assert_int_equal(y->dims[0], graph->inputs[0]->info.dims[0]);
    assert_int_equal(y->dims[1], 4);
    icl_graph_destroy(graph);
}

/* Two slots that hold different values at one step must not share bytes. */
static void assert_nothing_overlaps(const struct icl_plan *plan)
{
    for (size_t i = 0; i < plan->slot_count; i++) {
        const struct icl_slot *a = &plan->slots[i];
        if (a->place != ICL_PLACE_ARENA || a->root != i || a->size_bytes == 0)
            continue;
        assert_true(a->offset + a->size_bytes <= plan->arena_bytes);
        for (size_t j = 0; j < i; j++) {
            const struct icl_slot *b = &plan->slots[j];
            if (b->place != ICL_PLACE_ARENA || b->root != j || b->size_bytes == 0 ||
                a->last < b->born || b->last < a->born)
                continue;
            assert_true(a->offset + a->size_bytes <= b->offset ||
                        b->offset + b->size_bytes <= a->offset);
        }
    }
}

static void random_graphs_never_overlap(void **state)
{
    struct imgcls_context *ctx = *state;
    static const char *const types[] = {"Add", "Mul", "Move", "Reshape", "Add"};
    unsigned seed = 7;
    for (int round = 0; round < 60; round++) {
        struct imgcls_graph *graph = sketch_graph(ctx);
        char inputs[32], output[16];
        int count = 2 + rand_r(&seed) % 40;
        sketch_input(graph, "v0", IMGCLS_F32, SHAPE(6));
        sketch_ints(graph, "six", SHAPE(1), (int64_t[]){6});
        for (int n = 1; n <= count; n++) {
            const char *type = types[rand_r(&seed) % 5];
            int reach = n < 6 ? n : 6; /* mostly what is near */
            int a = n - 1 - rand_r(&seed) % reach, b = n - 1 - rand_r(&seed) % reach;
            if (strcmp(type, "Move") == 0)
                snprintf(inputs, sizeof inputs, "v%d", a);
            else if (strcmp(type, "Reshape") == 0)
                snprintf(inputs, sizeof inputs, "v%d six", a);
            else
                snprintf(inputs, sizeof inputs, "v%d v%d", a, b);
            snprintf(output, sizeof output, "v%d", n);
            sketch_node(graph, type, inputs, output);
        }
        snprintf(output, sizeof output, "v%d", count);
        sketch_output(graph, output, IMGCLS_F32);
        sketch_output(graph, "v1", IMGCLS_F32);
        struct icl_plan *plan = build(graph, IMGCLS_F32, SHAPE(6), &plain);
        assert_nothing_overlaps(plan);
        icl_plan_release(plan);
        icl_graph_destroy(graph);
    }
}

static int open_context(void **state)
{
    *state = sketch_context();
    return 0;
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_are_computed_once),
        cmocka_unit_test(shapes_are_constants),
        cmocka_unit_test(views_share_bytes_unless_values_are_kept),
        cmocka_unit_test(an_output_that_is_an_input_is_copied),
        cmocka_unit_test(the_cheaper_kernel_is_chosen_where_it_accepts),
        cmocka_unit_test(an_elementwise_result_takes_the_place_of_a_dead_input),
        cmocka_unit_test(half_floats_convert_at_the_borders_alone),
        cmocka_unit_test(a_reference_in_double_is_double_within),
        cmocka_unit_test(a_node_without_kernels_is_decomposed),
        cmocka_unit_test(figures_are_those_of_the_source),
        cmocka_unit_test(faults_name_node_and_shapes),
        cmocka_unit_test(inputs_that_contradict_the_model_are_refused),
        cmocka_unit_test(symbols_travel_along),
        cmocka_unit_test(random_graphs_never_overlap),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
