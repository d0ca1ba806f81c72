/*
 * tests/plan/rows_graph.h - graphs of images whose value "a" is the left side of the product "m",
 * and what plans and runs say of its rows
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ROWS_GRAPH_H
#define ROWS_GRAPH_H

#include "src/plan/plan.h"
#include "tests/plan/drawn_graph.h"

#define IMAGES 3
#define H      6
#define W      8
#define C      64 /* the smallest side of a matrix for which rows are looked for */

static const int64_t open_dims[] = {-1, H, W, C};

static inline void reshape(const char *in, const char *out, size_t rank, const int64_t *dims)
{
    const int64_t count = (int64_t)rank;
    char shape[40], inputs[80];

    snprintf(shape, sizeof shape, "%s.shape", out);
    snprintf(inputs, sizeof inputs, "%s %s", in, shape);
    constant(shape, IMGCLS_I64, 1, &count, dims);
    node("Reshape", inputs, out);
}
#define RESHAPE(in, out, ...)                                                              \
    reshape(in, out, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__})

static inline void transpose(const char *in, const char *out, size_t rank, const int64_t *perm)
{
    set_ints(node("Transpose", in, out), "perm", rank, perm);
}
#define TRANSPOSE(in, out, ...)                                                            \
    transpose(in, out, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                 \
              (int64_t[]){__VA_ARGS__})

static inline void on_axis(const char *type, const char *in, const char *out, int64_t axis)
{
    set_int(node(type, in, out), "axis", axis);
}

static inline void matrix(const char *name, int64_t rows, int64_t columns)
{
    const int64_t dims[] = {rows, columns};
    float *data = drawn((size_t)(rows * columns));

    constant(name, IMGCLS_F32, 2, dims, data);
    free(data);
}

/* Rows of an axis from `at` on, then those before it. */
static inline void roll(const char *in, const char *out, int64_t axis, int64_t at)
{
    char a[20], b[20], both[60];

    snprintf(a, sizeof a, "%s.a", out);
    snprintf(b, sizeof b, "%s.b", out);
    snprintf(both, sizeof both, "%s %s", a, b);
    slice(in, a, axis, at, INT64_MAX);
    slice(in, b, axis, 0, at);
    on_axis("Concat", both, out, axis);
}

static inline void product(const char *a, int64_t columns)
{
    char inputs[40];

    matrix("w", C, columns);
    snprintf(inputs, sizeof inputs, "%s w", a);
    node("MatMul", inputs, "m");
}

static inline int64_t rows_in(const struct icl_plan *plan)
{
    const struct imgcls_node *step;
    const char *kernel;

    for (size_t i = 0; icl_plan_step(plan, i, &step, &kernel); i++)
        if (strcmp(step->name, "m") == 0) {
            const struct imgcls_attr *rows = icl_node_attr(step, IMGCLS_ATTR_IMAGE_ROWS);
            return rows ? rows->i : 0;
        }
    fail_msg("the product is gone");
    return -1;
}

/* Rows of an image that a plan for that batch names; 0: none. */
static inline int64_t planned(const struct icl_plan_options *options, int64_t batch)
{
    struct imgcls_tensor shapes[2];
    struct icl_plan *plan;
    int64_t rows;

    memset(shapes, 0, sizeof shapes);
    for (size_t i = 0; i < graph->input_count; i++) {
        const struct imgcls_value_info *info = &graph->inputs[i]->info;
        shapes[i].struct_size = sizeof shapes[i];
        shapes[i].type = info->type;
        shapes[i].rank = info->rank;
        memcpy(shapes[i].dims, info->dims, sizeof shapes[i].dims);
        shapes[i].dims[0] = batch;
    }
    ok(icl_plan_build(ctx, graph, shapes, options, &plan));
    rows = rows_in(plan);
    icl_plan_release(plan);
    return rows;
}

/* "a" of IMAGES images as the graph stands, own; its elements. */
static inline float *left_side(const float *x, const int64_t *dims, size_t *count)
{
    struct icl_plan_options plain = {.threads = 1, .no_fusion = true};
    size_t bytes;
    char *both = run(&plain, dims, x, &bytes, NULL, NULL);

    *count = bytes / sizeof(float);
    return (float *)both;
}

/* Changes one image after another: a group of rows may change with one of them. */
static inline void check_rows(const char *what, int64_t rows)
{
    const int64_t dims[] = {IMAGES, H, W, C}, image = H * W * C;
    float *x = drawn((size_t)(IMAGES * image));
    size_t count, again, group = (size_t)(rows * C);
    float *before = left_side(x, dims, &count), *after;
    int *owner;

    if (count % group != 0)
        fail_msg("%s: %zu elements are no groups of %lld rows", what, count, (long long)rows);
    owner = calloc(count / group, sizeof *owner);
    assert_non_null(owner);
    for (int i = 0; i < IMAGES; i++) {
        for (int64_t k = 0; k < image; k++)
            x[i * image + k] = -1.5f - x[i * image + k];
        after = left_side(x, dims, &again);
        assert_int_equal(again, count);
        for (size_t k = 0; k < count; k++) {
            if (memcmp(&before[k], &after[k], sizeof *after) == 0 || owner[k / group] == i + 1)
                continue;
            if (owner[k / group])
                fail_msg("%s: group %zu of %lld rows has images %d and %d", what, k / group,
                         (long long)rows, owner[k / group] - 1, i);
            owner[k / group] = i + 1;
        }
        free(before);
        before = after;
    }
    free(owner);
    free(before);
    free(x);
}

#endif
