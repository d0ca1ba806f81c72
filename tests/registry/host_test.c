/*
 * tests/registry/host_test.c - the table has no holes, and its covers reach the right rooms
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/registry/stage.h"

#include <pthread.h>
#include <string.h>

#include "src/graph/graph.h"

static void every_slot_has_a_function(void **state)
{
    (void)state;
    struct stage stage;
    stage_make(&stage);
    const struct imgcls_host *host = &stage.ctx->host;
    assert_int_equal(host->struct_size, sizeof *host);
    assert_int_equal(host->abi_major, IMGCLS_ABI_MAJOR);
    assert_int_equal(host->abi_minor, IMGCLS_ABI_MINOR);
    assert_string_equal(host->version, imgcls_version());
    assert_ptr_equal(host->context, stage.ctx);
    /* From the first function on the struct is nothing but function pointers. */
    size_t first = offsetof(struct imgcls_host, fail);
    for (size_t at = first; at < sizeof *host; at += sizeof(void (*)(void))) {
        void (*function)(void);
        memcpy(&function, (const char *)host + at, sizeof function);
        if (!function)
            fail_msg("slot %zu of the table is empty", (at - first) / sizeof function);
    }
    stage_clear(&stage);
}

static void failures_and_sizes_come_through(void **state)
{
    (void)state;
    static const struct {
        int32_t type;
        int64_t count;
        size_t bytes;
        imgcls_status want;
    } rows[] = {
        {IMGCLS_F32, 3, 12, IMGCLS_OK},
        {IMGCLS_I4, 3, 2, IMGCLS_OK}, /* two a byte, rounded up */
        {IMGCLS_F64, INT64_MAX / 2, 0, IMGCLS_BAD_INPUT},
        {IMGCLS_F32, -1, 0, IMGCLS_BAD_INPUT},
        {77, 1, 0, IMGCLS_BAD_INPUT},
    };
    struct stage stage;
    stage_make(&stage);
    const struct imgcls_host *host = &stage.ctx->host;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t bytes = 99;
        assert_int_equal(host->size_of(host, rows[i].type, rows[i].count, &bytes),
                         rows[i].want);
        assert_int_equal(bytes, rows[i].bytes);
        icl_forgive(stage.ctx);
    }
    /* Parentheses: cmocka has a macro of that name. */
    assert_int_equal((host->fail)(host, IMGCLS_UNSUPPORTED, "%s: %d", "x", 7),
                     IMGCLS_UNSUPPORTED);
    assert_int_equal(host->fail_within(host, IMGCLS_UNSUPPORTED, "node '%s'", "n"),
                     IMGCLS_UNSUPPORTED);
    assert_string_equal(imgcls_error(stage.ctx), "node 'n': x: 7");
    host->log(host, IMGCLS_LOG_INFO, "seen %s", "this");
    assert_non_null(strstr(stage.log, "2 seen this\n"));
    stage_clear(&stage);
}

static void a_graph_is_built_and_walked_through_the_table(void **state)
{
    (void)state;
    struct stage stage;
    struct imgcls_graph *graph;
    struct imgcls_node *node;
    const int64_t dims[] = {-1, 3}, *ints;
    const char *text;
    int64_t version;
    stage_make(&stage);
    const struct imgcls_host *h = &stage.ctx->host;
    assert_int_equal(icl_graph_create(stage.ctx, NULL, &graph), IMGCLS_OK);
    assert_int_equal(h->graph_set_name(h, graph, "net"), IMGCLS_OK);
    assert_int_equal(h->graph_set_opset(h, graph, "ai.onnx", 17), IMGCLS_OK);
    assert_int_equal(h->graph_set_meta(h, graph, "key", "text"), IMGCLS_OK);
    assert_int_equal(h->graph_add_input(h, graph, "x", IMGCLS_KIND_TENSOR, IMGCLS_F32, 2,
                                        dims, (const char *const[]){"N", NULL}),
                     IMGCLS_OK);
    assert_int_equal(h->graph_add_node(h, graph, "", "Foo", "n", 1,
                                       (const char *const[]){"x"}, 1,
                                       (const char *const[]){"y"}, &node),
                     IMGCLS_OK);
    assert_int_equal(h->graph_add_output(h, graph, "y", IMGCLS_KIND_TENSOR,
                                         IMGCLS_UNDEFINED, -1, NULL, NULL),
                     IMGCLS_OK);
    assert_int_equal(h->node_set_int(h, node, "i", -5), IMGCLS_OK);
    assert_int_equal(h->node_set_ints(h, node, "l", 2, dims), IMGCLS_OK);
    assert_int_equal(h->node_set_float(h, node, "f", 0.5f), IMGCLS_OK);
    assert_int_equal(h->node_set_string(h, node, "s", "word"), IMGCLS_OK);
    assert_int_equal(h->attr_int(h, node, "i", 1), -5);
    assert_int_equal(h->attr_int(h, node, "f", 1), 1); /* another kind: the fallback */
    assert_int_equal(h->attr_int(h, node, "none", 7), 7);
    assert_true(h->attr_float(h, node, "f", 1) == 0.5f);
    assert_string_equal(h->attr_string(h, node, "s", "?"), "word");
    assert_string_equal(h->attr_string(h, node, "i", "?"), "?");
    assert_int_equal(h->attr_ints(h, node, "l", &ints), 2);
    assert_int_equal(ints[1], 3);
    assert_int_equal(h->attr_ints(h, node, "none", &ints), 0);
    assert_null(ints);
    assert_string_equal(h->attr_at(h, node, 3)->name, "s");
    assert_null(h->attr_at(h, node, 4));
    assert_int_equal(h->node_remove_attr(h, node, "i"), IMGCLS_OK);
    assert_null(h->attr(h, node, "i"));

    assert_string_equal(h->graph_name(h, graph), "net");
    assert_string_equal(h->graph_node_at(h, graph, 0)->type, "Foo");
    assert_null(h->graph_node_at(h, graph, 1));
    assert_string_equal(h->graph_input_at(h, graph, 0)->name, "x");
    assert_string_equal(h->graph_symbol(h, graph, h->graph_input_at(h, graph, 0)->dims[0]),
                        "N");
    assert_string_equal(h->graph_output_at(h, graph, 0)->name, "y");
    assert_null(h->graph_initializer_at(h, graph, 0));
    assert_string_equal(h->graph_opset_at(h, graph, 0, &version), "");
    assert_int_equal(version, 17);
    assert_null(h->graph_opset_at(h, graph, 1, &version));
    assert_string_equal(h->graph_meta(h, graph, "key"), "text");
    assert_string_equal(h->graph_meta_at(h, graph, 0, &text), "key");
    assert_string_equal(text, "text");
    assert_null(h->graph_golden(h, graph, 0, 0));
    assert_null(h->graph_golden_origin(h, graph));
    icl_graph_destroy(graph);
    stage_clear(&stage);
}

/* ---- Threads
 * ----------------------------------------------------------------------------*/

#define THREADS 8

struct asking {
    struct icl_registry *registry;
    bool sound;
};

static void *ask(void *argument)
{
    struct asking *asking = argument;
    for (int64_t version = 2; version <= 4; version++) {
        size_t count;
        const struct imgcls_op *op =
            icl_registry_op(asking->registry, "org.test", "Copy", version);
        icl_registry_kernels(asking->registry, "org.test", "Copy", version, &count);
        asking->sound = asking->sound && op && count == 2 &&
                        icl_registry_service(asking->registry, "org.test.answer", 2);
    }
    return NULL;
}

static void threads_may_ask_at_once(void **state)
{
    (void)state;
    struct stage stage;
    pthread_t threads[THREADS];
    struct asking asking[THREADS];
    stage_make(&stage);
    stage_put(&stage, "good", "good.so");
    stage_put(&stage, "kernels", "kernels.so");
    struct icl_registry *registry = stage_open(&stage, NULL);
    for (int i = 0; i < THREADS; i++) {
        asking[i] = (struct asking){registry, true};
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &asking[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(asking[i].sound);
    }
    icl_registry_close(registry);
    stage_clear(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_slot_has_a_function),
        cmocka_unit_test(failures_and_sizes_come_through),
        cmocka_unit_test(a_graph_is_built_and_walked_through_the_table),
        cmocka_unit_test(threads_may_ask_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
