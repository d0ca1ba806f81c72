/*
 * tests/checkpoint/checkpoint_test.c - named tensors over storages, texts, the way to a
 * graph
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/checkpoint/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "src/file/file.h"
#include "src/graph/graph.h"
#include "src/tensor/tensor.h"

#define STORED 24 /* floats in the storage */

struct fixture {
    struct imgcls_context *ctx;
    struct imgcls_storage *storage;
    float *floats; /* 0, 1, 2, ...: in the storage */
    struct imgcls_checkpoint *checkpoint;
    uint64_t used; /* bytes counted before the fixture took any */
};

static int set_up(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    if (imgcls_context_create(NULL, &fixture.ctx) != IMGCLS_OK)
        return -1;
    fixture.used = fixture.ctx->memory_used;
    fixture.floats = icl_alloc(fixture.ctx, STORED, sizeof(float));
    for (int i = 0; fixture.floats && i < STORED; i++)
        fixture.floats[i] = (float)i;
    return !fixture.floats ||
           icl_storage_own(fixture.ctx, fixture.floats, STORED * sizeof(float),
                           &fixture.storage) != IMGCLS_OK ||
           icl_checkpoint_create(fixture.ctx, &fixture.checkpoint) != IMGCLS_OK;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    icl_checkpoint_destroy(fixture->checkpoint);
    icl_storage_release(fixture->storage);
    int leaked = fixture->ctx->memory_used !=
                 fixture->used; /* all that was counted was given back */
    imgcls_context_destroy(fixture->ctx);
    return leaked;
}

static struct imgcls_tensor view(const struct fixture *fixture, size_t first, int64_t rows,
                                 int64_t columns, int64_t row_stride, int64_t column_stride)
{
    return (struct imgcls_tensor){.struct_size = sizeof(struct imgcls_tensor),
                                  .type = IMGCLS_F32,
                                  .rank = 2,
                                  .dims = {rows, columns},
                                  .strides = {row_stride, column_stride},
                                  .data = fixture->floats + first};
}

static void views_must_stay_within_their_storage(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        size_t first;
        int64_t rows, columns, row_stride, column_stride;
        imgcls_status want;
    } rows[] = {
        {0, 4, 6, 6, 1, IMGCLS_OK},         /* all 24 */
        {0, 6, 4, 1, 6, IMGCLS_OK},         /* transposed */
        {4, 4, 5, 5, 1, IMGCLS_OK},         /* the last 20 */
        {5, 4, 5, 5, 1, IMGCLS_BAD_INPUT},  /* one past the end */
        {0, 4, 6, 7, 1, IMGCLS_BAD_INPUT},  /* strides past the end: 3*7+5 = 26 */
        {0, 2, 2, -1, 1, IMGCLS_BAD_INPUT}, /* backwards */
        {0, -1, 2, 2, 1, IMGCLS_BAD_INPUT},
        {0, 0, 1000000, 1000000, 1, IMGCLS_OK},     /* no elements reach nowhere */
        {0, 1, 1, INT64_MAX, INT64_MAX, IMGCLS_OK}, /* strides of 1 are never walked */
        {0, 3, 1, INT64_MAX, 1, IMGCLS_BAD_INPUT},  /* 2 * INT64_MAX */
        {0, INT64_MAX, 2, 1, 1, IMGCLS_BAD_INPUT},
        {23, 1, 1, 1, 1, IMGCLS_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[32];
        struct imgcls_tensor tensor =
            view(fixture, rows[i].first, rows[i].rows, rows[i].columns, rows[i].row_stride,
                 rows[i].column_stride);
        snprintf(name, sizeof name, "row%zu", i);
        imgcls_status got =
            icl_checkpoint_add(fixture->checkpoint, name, &tensor, fixture->storage);
        if (got != rows[i].want)
            fail_msg("row %zu: status %d, wanted %d: %s", i, got, rows[i].want,
                     imgcls_error(fixture->ctx));
        assert_true((icl_checkpoint_find(fixture->checkpoint, name) != NULL) ==
                    (got == IMGCLS_OK));
        icl_forgive(fixture->ctx);
    }
}

static void other_nonsense_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct imgcls_tensor good = view(fixture, 0, 2, 2, 2, 1), tensor = good;
    tensor.rank = IMGCLS_MAX_RANK + 1;
    assert_int_equal(
        icl_checkpoint_add(fixture->checkpoint, "a", &tensor, fixture->storage),
        IMGCLS_BAD_INPUT);
    icl_forgive(fixture->ctx);
    tensor = good;
    tensor.type = 99;
    assert_int_equal(
        icl_checkpoint_add(fixture->checkpoint, "a", &tensor, fixture->storage),
        IMGCLS_BAD_INPUT);
    icl_forgive(fixture->ctx);
    tensor = good;
    tensor.type = IMGCLS_STRING; /* pointers from a file? */
    assert_int_equal(
        icl_checkpoint_add(fixture->checkpoint, "a", &tensor, fixture->storage),
        IMGCLS_BAD_INPUT);
    icl_forgive(fixture->ctx);
    tensor = good;
    tensor.data = fixture->floats - 1; /* before the storage */
    assert_int_equal(
        icl_checkpoint_add(fixture->checkpoint, "a", &tensor, fixture->storage),
        IMGCLS_BAD_INPUT);
    icl_forgive(fixture->ctx);
    assert_int_equal(icl_checkpoint_add(fixture->checkpoint, "a", &good, fixture->storage),
                     IMGCLS_OK);
    assert_int_equal(icl_checkpoint_add(fixture->checkpoint, "a", &good, fixture->storage),
                     IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(fixture->ctx),
                        "tensor 'a': the checkpoint has it twice");
    assert_int_equal(icl_checkpoint_count(fixture->checkpoint), 1);
}

static void many_names_are_found_in_the_order_of_the_file(void **state)
{
    struct fixture *fixture = *state;
    const struct imgcls_tensor *found;
    char name[32];
    for (int i = 0; i < 1000; i++) {
        struct imgcls_tensor tensor = view(fixture, (size_t)(i % STORED), 1, 1, 1, 1);
        snprintf(name, sizeof name, "layer%d.weight", i * 7919 % 1000);
        assert_int_equal(
            icl_checkpoint_add(fixture->checkpoint, name, &tensor, fixture->storage),
            IMGCLS_OK);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "layer%d.weight", i * 7919 % 1000);
        assert_string_equal(icl_checkpoint_at(fixture->checkpoint, (size_t)i, &found),
                            name);
        assert_true(*(const float *)found->data == (float)(i % STORED));
        assert_ptr_equal(icl_checkpoint_find(fixture->checkpoint, name), found);
    }
    assert_null(icl_checkpoint_at(fixture->checkpoint, 1000, &found));
    assert_null(found);
    assert_null(icl_checkpoint_find(fixture->checkpoint, "layer1000.weight"));
}

static void without_a_storage_the_bytes_are_copied(void **state)
{
    struct fixture *fixture = *state;
    float own[6] = {1, 2, 3, 4, 5, 6};
    struct imgcls_tensor tensor = view(fixture, 0, 3, 2, 1, 3); /* the transposed 2 x 3 */
    tensor.data = own;
    assert_int_equal(icl_checkpoint_add(fixture->checkpoint, "t", &tensor, NULL),
                     IMGCLS_OK);
    memset(own, 0, sizeof own);
    const struct imgcls_tensor *copy = icl_checkpoint_find(fixture->checkpoint, "t");
    static const float want[] = {1, 4, 2, 5, 3, 6}; /* by hand, row-major */
    assert_true(icl_tensor_is_row_major(copy));
    assert_memory_equal(copy->data, want, sizeof want);
}

static void a_parameter_shares_its_bytes_or_is_put_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct imgcls_graph *graph;
    struct imgcls_tensor plain = view(fixture, 2, 2, 3, 3, 1),
                         turned = view(fixture, 2, 3, 2, 1, 3);
    assert_int_equal(icl_graph_create(fixture->ctx, NULL, &graph), IMGCLS_OK);
    assert_int_equal(icl_checkpoint_add(fixture->checkpoint, "p", &plain, fixture->storage),
                     IMGCLS_OK);
    assert_int_equal(
        icl_checkpoint_add(fixture->checkpoint, "t", &turned, fixture->storage), IMGCLS_OK);
    assert_int_equal(icl_checkpoint_to_graph(fixture->checkpoint, "p", graph), IMGCLS_OK);
    assert_int_equal(icl_checkpoint_to_graph(fixture->checkpoint, "t", graph), IMGCLS_OK);
    const struct imgcls_tensor *p = icl_graph_find(graph, "p")->info.constant;
    const struct imgcls_tensor *t = icl_graph_find(graph, "t")->info.constant;
    assert_ptr_equal(p->data, fixture->floats + 2);
    static const float want[] = {2, 5, 3, 6, 4, 7}; /* columns of (2 3 4 / 5 6 7) */
    assert_true(icl_tensor_is_row_major(t));
    assert_memory_equal(t->data, want, sizeof want);
    assert_int_equal(icl_checkpoint_to_graph(fixture->checkpoint, "x", graph),
                     IMGCLS_BAD_INPUT);
    assert_string_equal(imgcls_error(fixture->ctx),
                        "tensor 'x': not in the checkpoint of 2 tensors");
    /* The graph keeps the bytes alive when the checkpoint is gone. */
    icl_checkpoint_destroy(fixture->checkpoint);
    fixture->checkpoint = NULL;
    assert_true(((const float *)p->data)[5] == 7);
    icl_graph_destroy(graph);
}

static void texts_are_set_replaced_and_removed(void **state)
{
    struct fixture *fixture = *state;
    struct imgcls_checkpoint *checkpoint = fixture->checkpoint;
    assert_null(icl_checkpoint_text(checkpoint, "a"));
    assert_int_equal(icl_checkpoint_set_text(checkpoint, "a", "1"), IMGCLS_OK);
    assert_int_equal(icl_checkpoint_set_text(checkpoint, "b", "2"), IMGCLS_OK);
    assert_int_equal(icl_checkpoint_set_text(checkpoint, "a", "3"), IMGCLS_OK);
    assert_string_equal(icl_checkpoint_text(checkpoint, "a"), "3");
    assert_int_equal(icl_checkpoint_set_text(checkpoint, "a", NULL), IMGCLS_OK);
    assert_null(icl_checkpoint_text(checkpoint, "a"));
    assert_string_equal(icl_checkpoint_text(checkpoint, "b"), "2");
    assert_int_equal(icl_checkpoint_set_text(checkpoint, "none", NULL), IMGCLS_OK);
}

static imgcls_status fill(struct fixture *fixture)
{
    struct imgcls_tensor tensor = view(fixture, 0, 3, 2, 1, 3);
    imgcls_status status = icl_checkpoint_add(fixture->checkpoint, "a", &tensor, NULL);
    if (status == IMGCLS_OK)
        status = icl_checkpoint_add(fixture->checkpoint, "b", &tensor, fixture->storage);
    if (status == IMGCLS_OK)
        status = icl_checkpoint_set_text(fixture->checkpoint, "key", "text");
    return status;
}

/* tear_down asks for no leak after each. */
static void every_failed_allocation_is_survived(void **state)
{
    struct fixture *fixture = *state;
    imgcls_status status = IMGCLS_NO_MEMORY;
    int failed = 0;
    for (uint64_t n = 1; status != IMGCLS_OK && n < 100; n++) {
        icl_checkpoint_destroy(fixture->checkpoint);
        assert_int_equal(icl_checkpoint_create(fixture->ctx, &fixture->checkpoint),
                         IMGCLS_OK);
        fixture->ctx->fail_allocation = n;
        status = fill(fixture);
        fixture->ctx->fail_allocation = 0;
        assert_true(status == IMGCLS_OK || status == IMGCLS_NO_MEMORY);
        failed += status != IMGCLS_OK;
        icl_forgive(fixture->ctx);
    }
    assert_int_equal(status, IMGCLS_OK);
    assert_true(failed >= 5);
}

static void a_list_takes_values_over(void **state)
{
    struct fixture *fixture = *state;
    struct icl_named_values *list;
    struct imgcls_value *value;
    static const int64_t dims[] = {3};
    assert_int_equal(icl_named_values_create(fixture->ctx, &list), IMGCLS_OK);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(icl_value_tensor(fixture->ctx, IMGCLS_I64, 1, dims, &value),
                         IMGCLS_OK);
        assert_int_equal(icl_named_values_add(list, i ? "named" : NULL, value), IMGCLS_OK);
    }
    assert_int_equal(list->count, 20);
    assert_string_equal(list->items[0].name, "");
    assert_string_equal(list->items[19].name, "named");
    assert_int_equal(list->items[19].value->tensor->type, IMGCLS_I64);
    icl_named_values_destroy(list);
    icl_named_values_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(views_must_stay_within_their_storage, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(other_nonsense_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_names_are_found_in_the_order_of_the_file,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_storage_the_bytes_are_copied, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_parameter_shares_its_bytes_or_is_put_in_order,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_are_set_replaced_and_removed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_failed_allocation_is_survived, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_list_takes_values_over, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
