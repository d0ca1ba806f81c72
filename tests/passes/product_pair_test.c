/*
 * tests/passes/product_pair_test.c - two products of rows become one node where they may, with the
 * same bits for every instruction set and number of threads
 *
 * Expected results: the same graph with what lies between among its outputs, which keeps two
 * nodes. Numbers are drawn from a fixed seed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/passes/passes.h"
#include "src/session/session.h"
#include "src/tensor/tensor.h"

static struct imgcls_context *ctx;
static struct imgcls_graph *graph;
static unsigned seed;

enum form { MATMUL, TURNED, CONV }; /* weights [K, N], Transpose([N, K]), [N, K, 1, 1] */

struct row {
    const char *what;
    enum form form;
    int64_t images, height, width, k, middle, columns;
    bool bias, addend, second_addend; /* addends: other products of x */
    const char *first, *second;       /* activations, NULL: none */
};

static void ok(imgcls_status status)
{
    if (status != IMGCLS_OK)
        fail_msg("%s", imgcls_error(ctx));
}

static void begin(void)
{
    struct imgcls_context_options options = {.struct_size = sizeof options, .threads = 3};

    ok(imgcls_context_create(&options, &ctx));
    ok(icl_graph_create(ctx, NULL, &graph));
    ok(icl_graph_set_opset(graph, "", 20));
}

static void end(void)
{
    icl_graph_destroy(graph);
    imgcls_context_destroy(ctx);
}

static float drawn(void)
{
    return (float)rand_r(&seed) / (float)RAND_MAX - 0.5f;
}

static float *draw_many(int64_t count)
{
    float *data = count > 0 ? malloc((size_t)count * sizeof *data) : NULL;

    assert_non_null(data);
    for (int64_t i = 0; i < count; i++)
        data[i] = drawn();
    return data;
}

static void weights(const char *name, int32_t rank, const int64_t *dims)
{
    float *data = draw_many(imgcls_count(rank, dims));
    struct imgcls_tensor tensor;

    ok(icl_tensor_borrow(ctx, IMGCLS_F32, rank, dims, data, &tensor));
    ok(icl_graph_add_initializer(graph, name, &tensor, NULL));
    free(data);
}

static struct icl_node *node(const char *type, const char *a, const char *b, const char *c,
                             const char *out)
{
    const char *inputs[] = {a, b, c};
    struct icl_node *made;

    ok(icl_graph_add_node(graph, "", type, out, c ? 3 : b ? 2 : 1, inputs, 1, &out, &made));
    return made;
}

/* A value of so many channels, as the form lays images. */
static void image_dims(const struct row *row, int64_t channels, int64_t dims[4])
{
    bool first = row->form == CONV;

    dims[0] = row->images;
    dims[1] = first ? channels : row->height;
    dims[2] = first ? row->height : row->width;
    dims[3] = first ? row->width : channels;
}

static void input(const char *name, const struct row *row, int64_t channels)
{
    int64_t dims[4];

    image_dims(row, channels, dims);
    ok(icl_graph_add_input(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, dims, NULL));
}

/* A product and its bias: the node of the product. */
static struct icl_node *product(const struct row *row, const char *in, const char *out, int64_t k,
                                int64_t n)
{
    const int64_t plain[] = {k, n}, other[] = {n, k, 1, 1};
    static const int64_t swap[] = {1, 0};
    const struct imgcls_attr perm = {.struct_size = sizeof perm, .name = "perm",
                                     .kind = IMGCLS_ATTR_INTS, .count = 2, .ints = swap};
    char w[32], b[32], t[32], p[32];

    snprintf(w, sizeof w, "%s.w", out);
    snprintf(b, sizeof b, "%s.b", out);
    snprintf(t, sizeof t, "%s.t", out);
    snprintf(p, sizeof p, "%s.p", out);
    weights(w, row->form == CONV ? 4 : 2, row->form == MATMUL ? plain : other);
    weights(b, 1, &n);
    if (row->form == CONV)
        return node("Conv", in, w, row->bias ? b : NULL, out);
    if (row->form == TURNED)
        ok(icl_node_set_attr(node("Transpose", w, NULL, NULL, t), &perm));
    const char *matrix = row->form == TURNED ? t : w;
    if (!row->bias)
        return node("MatMul", in, matrix, NULL, out);
    struct icl_node *made = node("MatMul", in, matrix, NULL, p);
    node("Add", p, b, NULL, out);
    return made;
}

static const char *activation(const char *type, const char *in, const char *out)
{
    static const float bounds[] = {-0.125f, 0.75f};
    struct imgcls_tensor tensor;

    if (!type)
        return in;
    if (strcmp(type, "Silu") == 0) {
        char gate[32];
        snprintf(gate, sizeof gate, "%s.gate", out);
        node("Sigmoid", in, NULL, NULL, gate);
        node("Mul", in, gate, NULL, out);
        return out;
    }
    if (strcmp(type, "Clip") == 0) {
        static const char *const names[] = {"low", "high"};
        for (int i = 0; i < 2; i++) {
            if (icl_graph_find(graph, names[i]))
                continue;
            ok(icl_tensor_borrow(ctx, IMGCLS_F32, 0, NULL, (void *)(uintptr_t)&bounds[i], &tensor));
            ok(icl_graph_add_initializer(graph, names[i], &tensor, NULL));
        }
        node("Clip", in, "low", "high", out);
        return out;
    }
    node(type, in, NULL, NULL, out);
    return out;
}

static struct icl_node *first_node, *second_node;

static void output(const char *name)
{
    ok(icl_graph_add_output(graph, name, IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED, -1, NULL, NULL));
}

/* What lies between is called t, the output y. */
static void draw(const struct row *row)
{
    const char *at = "a";

    input("x", row, row->k);
    if (row->addend)
        product(row, "x", "p", row->k, row->middle);
    if (row->second_addend)
        product(row, "x", "q", row->k, row->columns);
    first_node = product(row, "x", "a", row->k, row->middle);
    if (row->addend) {
        node("Add", at, "p", NULL, "ap");
        at = "ap";
    }
    at = activation(row->first ? row->first : "Relu", at, "t");
    second_node = product(row, at, "c", row->middle, row->columns);
    at = "c";
    if (row->second_addend) {
        node("Add", "q", at, NULL, "cq");
        at = "cq";
    }
    activation(row->second ? row->second : "Identity", at, "y");
    output("y");
}

/* Nodes that the passes make of two. */
static size_t fused(void)
{
    struct imgcls_graph *passed;
    size_t count = 0, i;

    ok(icl_graph_clone(graph, &passed));
    ok(icl_passes_upgrade(passed));
    ok(icl_passes_fuse(passed, NULL));
    ok(icl_graph_sort(passed));
    for (i = 0; i < passed->node_count; i++)
        count += strcmp(passed->nodes[i]->type, "ProductPair") == 0;
    icl_graph_destroy(passed);
    return count;
}

/* The result y, in memory of the caller's. */
static size_t run(int32_t threads, const float *x, char **result)
{
    struct icl_plan_options options = {.threads = threads};
    struct icl_session *session;
    const struct imgcls_value *outputs[2];
    struct imgcls_tensor tensor;
    struct imgcls_value value = {.struct_size = sizeof value, .kind = IMGCLS_KIND_TENSOR,
                                 .tensor = &tensor};
    const struct imgcls_value *inputs[] = {&value};
    size_t bytes;

    ok(icl_tensor_borrow(ctx, IMGCLS_F32, 4, graph->inputs[0]->info.dims, (void *)(uintptr_t)x,
                         &tensor));
    ok(icl_session_create(ctx, graph, &options, &session));
    ok(icl_session_run(session, inputs, outputs));
    bytes = outputs[0]->tensor->size_bytes;
    *result = malloc(bytes);
    assert_non_null(*result);
    memcpy(*result, outputs[0]->tensor->data, bytes);
    icl_session_destroy(session);
    return bytes;
}

/* Two nodes: what lies between is an output, too. */
static size_t run_two(const struct row *row, const float *x, char **result)
{
    size_t bytes;

    begin();
    draw(row);
    output("t");
    if (fused() != 0)
        fail_msg("%s: nothing to compare with", row->what);
    bytes = run(1, x, result);
    end();
    return bytes;
}

/* One row, with the instruction set that the environment names. */
static void check(const struct row *row)
{
    float *x = draw_many(row->images * row->height * row->width * row->k);
    char *want, *got;
    unsigned before = seed;
    size_t bytes = run_two(row, x, &want);

    seed = before; /* the same weights */
    begin();
    draw(row);
    if (fused() != 1)
        fail_msg("%s: two nodes stay two", row->what);
    for (int32_t threads = 1; threads <= 3; threads++) {
        if (run(threads, x, &got) != bytes || memcmp(want, got, bytes) != 0)
            fail_msg("%s: other bits with %d threads", row->what, (int)threads);
        free(got);
    }
    free(want);
    free(x);
    end();
}

static const struct row named[] = {
    {"as ConvNeXt has it", MATMUL, 1, 21, 21, 96, 384, 96, true, false, true, "Gelu", NULL},
    {"as Swin has it, from a checkpoint", TURNED, 2, 15, 15, 96, 384, 96, true, false, true, "Gelu", NULL},
    {"as ResNet would hand over, if nobody else read it", CONV, 2, 28, 28, 64, 256, 64, true, true, false, "Relu", "Relu"},
    {"as MetaFormers have it", CONV, 1, 28, 28, 64, 256, 64, true, false, true, "Gelu", NULL},
    {"sides that fill no panel", MATMUL, 1, 41, 43, 7, 97, 33, true, true, false, "Tanh", "HardSwish"},
    {"no bias", CONV, 3, 29, 29, 5, 67, 3, false, false, false, "Silu", "Clip"},
    {"one line of rows 2 KiB apart", TURNED, 1, 1, 330, 40, 512, 40, false, false, true, "Clip", NULL},
    {"just too small for Strassen's method", MATMUL, 1, 14, 14, 384, 992, 384, true, false, true, "Gelu", NULL},
};

static void one_node_has_the_bits_of_two(void **state)
{
    static const char *const sets[] = {"portable", "avx2", NULL};

    (void)state;
    seed = 5;
    for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++) {
        if (sets[s])
            setenv("IMGCLS_ISA", sets[s], 1);
        for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
            check(&named[i]);
        unsetenv("IMGCLS_ISA");
    }
}

static int64_t between(int64_t low, int64_t high)
{
    return low + rand_r(&seed) % (high - low + 1);
}

static void drawn_shapes_agree(void **state)
{
    static const char *const steps[] = {NULL, "Relu", "Clip", "HardSwish", "Silu", "Tanh", "Gelu"};
    char text[128];
    struct row row = {.what = text};

    (void)state;
    seed = 11;
    for (int i = 0; i < 16; i++) {
        row.form = (enum form)(i % 3);
        row.images = between(1, 2);
        row.k = between(1, 70);
        row.middle = between(40, 200);
        row.columns = between(1, 70);
        row.height = between(5, 60);
        row.width = 164000 / row.middle / row.height + between(1, 9); /* more than 640 KiB */
        row.first = steps[1 + i % 6];
        row.second = steps[(i + 3) % 7];
        row.bias = i % 4 != 0;
        row.addend = i % 5 == 1;
        row.second_addend = i % 2 == 0;
        snprintf(text, sizeof text, "form %d, %lld x %lld x %lld to %lld to %lld", (int)row.form,
                 (long long)row.height, (long long)row.width, (long long)row.k,
                 (long long)row.middle, (long long)row.columns);
        check(&row);
    }
}

/* ---- Where two nodes stay ---------------------------------------------------------------*/

static const struct row usual = {"", CONV, 1, 32, 32, 24, 160, 24, true, false, false, "Relu", NULL};

static void stays(const char *why)
{
    if (fused() != 0)
        fail_msg("%s: one node", why);
    end();
}

static void set_ints(struct icl_node *made, const char *name, size_t count, const int64_t *values)
{
    struct imgcls_attr attr = {.struct_size = sizeof attr, .name = name,
                               .kind = IMGCLS_ATTR_INTS, .count = count, .ints = values};
    ok(icl_node_set_attr(made, &attr));
}

static void others_stay_two_nodes(void **state)
{
    const int64_t twos[] = {2, 2}, ones[] = {1, 1, 1, 1}, square[] = {160, 160};
    const int64_t open[] = {1, -1, 32, 24};
    struct row row;

    (void)state;
    begin();
    draw(&usual);
    if (fused() != 1)
        fail_msg("what should be one node is two");
    output("t");
    stays("what lies between is asked for");

    begin();
    row = usual;
    row.height = 31; /* 620 KiB */
    draw(&row);
    stays("a small value between");

    begin();
    row = usual;
    row.form = MATMUL;
    row.k = 400;
    row.middle = 984; /* 1537.5 KiB, which is Strassen's */
    draw(&row);
    stays("large first weights");

    begin();
    row = usual;
    row.form = MATMUL;
    row.middle = 984;
    row.columns = 400;
    draw(&row);
    stays("large second weights");

    begin();
    draw(&usual);
    node("Tanh", "t", NULL, NULL, "s");
    output("s");
    stays("what lies between has another reader");

    begin();
    row = usual;
        draw(&row);
    set_ints(second_node, "strides", 2, twos);
    stays("a second Conv that skips pixels");

    begin();
    draw(&usual);
    set_ints(first_node, "pads", 4, ones);
    stays("a first Conv with a margin");

    begin();
    ok(icl_graph_add_input(graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, open, NULL));
    row = usual;
    row.form = MATMUL;
    product(&row, "x", "a", 24, 160);
    node("Relu", "a", NULL, NULL, "t");
    product(&row, "t", "y", 160, 24);
    output("y");
    stays("rows that are not known");

    begin(); /* the second product's matrix is no constant */
    row = usual;
    row.form = MATMUL;
    input("x", &row, 24);
    ok(icl_graph_add_input(graph, "m", IMGCLS_KIND_TENSOR, IMGCLS_F32, 2, square, NULL));
    product(&row, "x", "a", 24, 160);
    node("Relu", "a", NULL, NULL, "t");
    node("MatMul", "t", "m", NULL, "y");
    output("y");
    stays("a matrix that is computed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_node_has_the_bits_of_two),
        cmocka_unit_test(drawn_shapes_agree),
        cmocka_unit_test(others_stay_two_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
