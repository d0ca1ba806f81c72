/*
 * tests/tensor/value_test.c - values own what is beneath them, copies are whole and their own
 *
 * No case may leak: memory_used comes back to what it was, also where an allocation fails.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/tensor/tensor.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    struct imgcls_context *ctx;
    if (imgcls_context_create(NULL, &ctx))
        return -1;
    *state = ctx;
    return 0;
}

static int teardown(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

static struct imgcls_value *scalar(struct imgcls_context *ctx, int32_t number)
{
    struct imgcls_value *value;
    assert_int_equal(icl_value_tensor(ctx, IMGCLS_I32, 0, NULL, &value), IMGCLS_OK);
    memcpy(value->tensor->data, &number, sizeof number);
    return value;
}

static void tensors_are_zero_aligned_and_counted(void **state)
{
    struct imgcls_context *ctx = *state;
    uint64_t before = ctx->memory_used;
    struct imgcls_value *value;
    assert_int_equal(icl_value_tensor(ctx, IMGCLS_F32, 2, (int64_t[]){3, 5}, &value),
                     IMGCLS_OK);
    assert_int_equal(value->kind, IMGCLS_KIND_TENSOR);
    assert_int_equal(value->type, IMGCLS_F32);
    assert_int_equal(value->tensor->size_bytes, 60);
    assert_int_equal((uintptr_t)value->tensor->data % 64, 0);
    for (size_t i = 0; i < 60; i++)
        assert_int_equal(((unsigned char *)value->tensor->data)[i], 0);
    icl_value_release(ctx, value);
    icl_value_release(ctx, NULL);
    assert_int_equal(ctx->memory_used, before);
}

static void strings_are_copies(void **state)
{
    struct imgcls_context *ctx = *state;
    uint64_t before = ctx->memory_used;
    struct imgcls_value *value, *copy;
    char text[] = "one";
    assert_int_equal(icl_value_tensor(ctx, IMGCLS_STRING, 1, (int64_t[]){3}, &value),
                     IMGCLS_OK);
    assert_int_equal(icl_value_set_string(ctx, value, 0, text, 3), IMGCLS_OK);
    assert_int_equal(icl_value_set_string(ctx, value, 2, "a\0b", 3), IMGCLS_OK);
    text[0] = 'x';
    assert_int_equal(icl_value_copy(ctx, value, &copy), IMGCLS_OK);
    assert_int_equal(icl_value_set_string(ctx, value, 0, "changed", 7), IMGCLS_OK);
    const struct imgcls_string *texts = copy->tensor->data;
    assert_int_equal(texts[0].length, 3);
    assert_memory_equal(texts[0].bytes, "one", 3);
    assert_int_equal(texts[1].length, 0);
    assert_memory_equal(texts[2].bytes, "a\0b", 4);
    assert_int_equal(icl_value_set_string(ctx, value, 3, "x", 1), IMGCLS_INTERNAL);
    icl_value_release(ctx, value);
    icl_value_release(ctx, copy);
    assert_int_equal(ctx->memory_used, before);
}

static void copies_of_strided_tensors_are_row_major(void **state)
{
    struct imgcls_context *ctx = *state;
    /* dims [1,2,2,2] in channels-last memory: element (c, y, x) lies at (2 y + x) * 2 + c and
     * holds 100 c + 10 y + x, by hand */
    float bytes[] = {0, 100, 1, 101, 10, 110, 11, 111};
    const float want[] = {0, 1, 10, 11, 100, 101, 110, 111};
    struct imgcls_tensor tensor;
    assert_int_equal(icl_tensor_borrow(ctx, IMGCLS_F32, 4, (int64_t[]){1, 2, 2, 2}, bytes,
                                       &tensor),
                     IMGCLS_OK);
    tensor.strides[1] = 1;
    tensor.strides[2] = 4;
    tensor.strides[3] = 2;
    tensor.layout = IMGCLS_LAYOUT_CHANNELS_LAST;
    const struct imgcls_value value = {.struct_size = sizeof value,
                                       .kind = IMGCLS_KIND_TENSOR,
                                       .type = IMGCLS_F32,
                                       .tensor = &tensor};
    struct imgcls_value *copy;
    assert_int_equal(icl_value_copy(ctx, &value, &copy), IMGCLS_OK);
    assert_int_equal(copy->tensor->layout, IMGCLS_LAYOUT_PLAIN);
    assert_memory_equal(copy->tensor->data, want, sizeof want);
    icl_value_release(ctx, copy);
}

static void lists_take_items_over_or_leave_them(void **state)
{
    struct imgcls_context *ctx = *state;
    uint64_t before = ctx->memory_used;
    struct imgcls_value *items[] = {scalar(ctx, 1), scalar(ctx, 2)}, *list, *copy, *none;
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_OPTIONAL, IMGCLS_I32, 2, items, &list),
                     IMGCLS_BAD_INPUT);
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_SEQUENCE, IMGCLS_F32, 2, items, &list),
                     IMGCLS_BAD_INPUT);
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_TENSOR, IMGCLS_I32, 2, items, &list),
                     IMGCLS_INTERNAL);
    assert_null(list);
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_SEQUENCE, 0, 2, items, &list), IMGCLS_OK);
    assert_int_equal(list->type, IMGCLS_I32);
    assert_int_equal(icl_value_copy(ctx, list, &copy), IMGCLS_OK);
    icl_value_release(ctx, list);
    assert_int_equal(copy->count, 2);
    assert_int_equal(*(int32_t *)copy->items[1]->tensor->data, 2);
    icl_value_release(ctx, copy);
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_OPTIONAL, IMGCLS_F32, 0, NULL, &none),
                     IMGCLS_OK);
    assert_int_equal(none->type, IMGCLS_F32);
    assert_int_equal(none->count, 0);
    icl_value_release(ctx, none);
    assert_int_equal(ctx->memory_used, before);
}

static void maps_are_keys_and_values(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_value *items[] = {scalar(ctx, 1), scalar(ctx, 2)}, *map;
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_MAP, 0, 1, items, &map), IMGCLS_BAD_INPUT);
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_MAP, 0, 2, items, &map), IMGCLS_OK);
    assert_int_equal(map->type, IMGCLS_I32);
    icl_value_release(ctx, map);
}

static void nesting_has_a_ceiling(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_value *value = scalar(ctx, 7), *outer, *copy;
    int depth = 1;
    while (icl_value_list(ctx, IMGCLS_KIND_SEQUENCE, 0, 1, &value, &outer) == IMGCLS_OK) {
        value = outer;
        depth++;
    }
    assert_int_equal(depth, ICL_VALUE_DEPTH);
    assert_string_equal(imgcls_error(ctx), "value: nests deeper than 32");
    assert_int_equal(icl_value_copy(ctx, value, &copy), IMGCLS_OK);
    icl_value_release(ctx, copy);
    icl_value_release(ctx, value);
}

/* A copy of a list costs nothing, and what it holds lives as long as one of the two does. */
static void lists_share_their_items(void **state)
{
    struct imgcls_context *ctx = *state;
    uint64_t before = ctx->memory_used;
    struct imgcls_value *items[] = {scalar(ctx, 1), scalar(ctx, 2)}, *list, *copy, *other;
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_SEQUENCE, 0, 2, items, &list), IMGCLS_OK);
    uint64_t one = ctx->memory_used;
    assert_int_equal(icl_value_copy(ctx, list, &copy), IMGCLS_OK);
    assert_int_equal(ctx->memory_used, one);

    struct imgcls_value *again[2];
    assert_int_equal(icl_value_item(ctx, list->items[1], &again[0]), IMGCLS_OK);
    assert_int_equal(icl_value_item(ctx, list->items[1], &again[1]), IMGCLS_OK);
    assert_ptr_equal(again[0], list->items[1]);
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_SEQUENCE, 0, 2, again, &other), IMGCLS_OK);
    icl_value_release(ctx, list);
    icl_value_release(ctx, copy);
    assert_int_equal(*(int32_t *)other->items[0]->tensor->data, 2);
    assert_int_equal(*(int32_t *)other->items[1]->tensor->data, 2);
    icl_value_release(ctx, other);
    assert_int_equal(ctx->memory_used, before);
}

/* Tensors outside of lists may be written by their owner, also when they came out of one. */
static void tensors_that_may_be_written_are_copied(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_value *value = scalar(ctx, 1), *item, *list, *out;
    assert_int_equal(icl_value_item(ctx, value, &item), IMGCLS_OK);
    assert_ptr_not_equal(item, value);
    *(int32_t *)value->tensor->data = 5;
    assert_int_equal(*(int32_t *)item->tensor->data, 1);
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_SEQUENCE, 0, 1, &item, &list), IMGCLS_OK);
    assert_int_equal(icl_value_copy(ctx, list->items[0], &out), IMGCLS_OK);
    *(int32_t *)out->tensor->data = 7;
    assert_int_equal(*(int32_t *)list->items[0]->tensor->data, 1);
    icl_value_release(ctx, value);
    icl_value_release(ctx, list);
    icl_value_release(ctx, out);
}

/* Nothing is shared with values that a caller put together, nor with another context, whose
 * memory it is. */
static void foreign_values_are_copied(void **state)
{
    struct imgcls_context *ctx = *state, *second;
    uint64_t before = ctx->memory_used;
    struct imgcls_value *item = scalar(ctx, 3), *list, *copy;
    struct imgcls_value *const foreign_items[] = {item};
    const struct imgcls_value foreign = {.struct_size = sizeof foreign,
                                         .kind = IMGCLS_KIND_SEQUENCE,
                                         .type = IMGCLS_I32,
                                         .count = 1,
                                         .items = foreign_items};
    assert_int_equal(icl_value_copy(ctx, &foreign, &copy), IMGCLS_OK);
    assert_ptr_not_equal(copy->items[0], item);
    icl_value_release(ctx, copy);

    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_SEQUENCE, 0, 1, &item, &list), IMGCLS_OK);
    const struct imgcls_value plain = *list;
    assert_int_equal(icl_value_copy(ctx, &plain, &copy), IMGCLS_OK);
    assert_ptr_not_equal(copy, &plain);
    icl_value_release(ctx, copy);

    assert_int_equal(imgcls_context_create(NULL, &second), IMGCLS_OK);
    const uint64_t second_before = second->memory_used;
    assert_int_equal(icl_value_copy(second, list, &copy), IMGCLS_OK);
    icl_value_release(ctx, list);
    assert_int_equal(ctx->memory_used, before);
    assert_int_equal(*(int32_t *)copy->items[0]->tensor->data, 3);
    icl_value_release(second, copy);
    assert_int_equal(second->memory_used, second_before);
    imgcls_context_destroy(second);
}

struct shared {
    struct imgcls_context *ctx;
    const struct imgcls_value *list;
};

static void *hold_and_let_go(void *argument)
{
    const struct shared *shared = argument;
    struct imgcls_value *copy, *item, *list;
    for (int round = 0; round < 2000; round++) {
        if (icl_value_copy(shared->ctx, shared->list, &copy) ||
            icl_value_item(shared->ctx, copy->items[0], &item) ||
            icl_value_list(shared->ctx, IMGCLS_KIND_SEQUENCE, 0, 1, &item, &list))
            return argument;
        icl_value_release(shared->ctx, copy);
        if (*(int32_t *)list->items[0]->tensor->data != 9)
            return argument;
        icl_value_release(shared->ctx, list);
    }
    return NULL;
}

/* Neither freed too early (the sanitizers see it) nor never: memory_used says so. */
static void threads_may_hold_the_same_list(void **state)
{
    struct imgcls_context *ctx = *state;
    uint64_t before = ctx->memory_used;
    struct imgcls_value *item = scalar(ctx, 9), *list;
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_SEQUENCE, 0, 1, &item, &list), IMGCLS_OK);
    struct shared shared = {ctx, list};
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_let_go, &shared), 0);
    for (size_t i = 0; i < 4; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    icl_value_release(ctx, list);
    assert_int_equal(ctx->memory_used, before);
}

static void failing_allocations_leak_nothing(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_value *texts, *items[2], *list, *copy = NULL;
    assert_int_equal(icl_value_tensor(ctx, IMGCLS_STRING, 1, (int64_t[]){2}, &texts),
                     IMGCLS_OK);
    assert_int_equal(icl_value_set_string(ctx, texts, 0, "a", 1), IMGCLS_OK);
    assert_int_equal(icl_value_set_string(ctx, texts, 1, "bc", 2), IMGCLS_OK);
    items[0] = texts;
    assert_int_equal(icl_value_copy(ctx, texts, &items[1]), IMGCLS_OK);
    assert_int_equal(icl_value_list(ctx, IMGCLS_KIND_SEQUENCE, 0, 2, items, &list), IMGCLS_OK);
    /* Not shared, since it only looks like the list: everything is copied. */
    struct imgcls_value *const shown[] = {list->items[0], list->items[1]};
    struct imgcls_tensor first = *shown[0]->tensor;
    const struct imgcls_value plain = {.struct_size = sizeof plain,
                                       .kind = IMGCLS_KIND_TENSOR,
                                       .type = IMGCLS_STRING,
                                       .tensor = &first};
    struct imgcls_value *const items_of[] = {(struct imgcls_value *)(uintptr_t)&plain,
                                             shown[1]};
    const struct imgcls_value foreign = {.struct_size = sizeof foreign,
                                         .kind = IMGCLS_KIND_SEQUENCE,
                                         .type = IMGCLS_STRING,
                                         .count = 2,
                                         .items = items_of};
    uint64_t before = ctx->memory_used, tries = 0;
    imgcls_status status;
    do {
        ctx->fail_allocation = ++tries;
        status = icl_value_copy(ctx, &foreign, &copy);
        if (status != IMGCLS_OK) {
            assert_int_equal(status, IMGCLS_NO_MEMORY);
            assert_null(copy);
            assert_int_equal(ctx->memory_used, before);
            icl_forgive(ctx);
        }
    } while (status != IMGCLS_OK);
    assert_true(tries > 6);
    ctx->fail_allocation = 0;
    icl_value_release(ctx, copy);
    icl_value_release(ctx, list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tensors_are_zero_aligned_and_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(strings_are_copies, setup, teardown),
        cmocka_unit_test_setup_teardown(copies_of_strided_tensors_are_row_major, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(lists_take_items_over_or_leave_them, setup, teardown),
        cmocka_unit_test_setup_teardown(maps_are_keys_and_values, setup, teardown),
        cmocka_unit_test_setup_teardown(nesting_has_a_ceiling, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_share_their_items, setup, teardown),
        cmocka_unit_test_setup_teardown(tensors_that_may_be_written_are_copied, setup, teardown),
        cmocka_unit_test_setup_teardown(foreign_values_are_copied, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_may_hold_the_same_list, setup, teardown),
        cmocka_unit_test_setup_teardown(failing_allocations_leak_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
