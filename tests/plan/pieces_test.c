/*
 * tests/plan/pieces_test.c - what lies within other values, and that no bit changes by it
 *
 * Expected results: the same graph where every value keeps bytes of its own. Numbers are drawn
 * from a fixed seed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/plan/step.h"
#include "tests/plan/drawn_graph.h"

/* ---- Runs -------------------------------------------------------------------------------*/

struct found {
    size_t apart, pieces; /* slots whose rows lie apart, and such as lie within others at all */
};

static void find(const struct icl_plan *plan, void *argument)
{
    struct found *found = argument;

    *found = (struct found){0};
    for (size_t i = 0; i < plan->slot_count; i++) {
        const struct icl_slot *slot = &plan->slots[i], *root = &plan->slots[slot->root];
        found->apart += slot->row != 0;
        found->pieces += slot->root != i && slot->size_bytes < root->size_bytes;
    }
}

static struct found check(const char *what, const int64_t *dims)
{
    struct found apart, found;

    same_bits(what, dims, find, &apart, &found);
    assert_int_equal(apart.pieces, 0);
    return found;
}

/* ---- Tests ------------------------------------------------------------------------------*/

/* SqueezeNet's expansion: 1 x 1 and 3 x 3 side by side, then a Conv so that a region pays. */
static void convolutions_write_their_rows_into_a_concat(void **state)
{
    static const int64_t all[][4] = {{1, 16, 55, 55}, {2, 32, 20, 27}, {3, 17, 9, 11}};

    (void)state;
    seed = 3;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        begin();
        input(all[i]);
        conv("x", "a", all[i][1], 64, 1);
        conv("x", "b", all[i][1], 67, 3);
        node("Relu", "a", "c");
        node("Relu", "b", "d");
        set_int(node("Concat", "c d", "e"), "axis", 1);
        conv("e", "y", 131, 24, 1);
        output("y");
        assert_int_equal(check("side by side", all[i]).apart, 2);
    }
}

/* What another node reads, what an operand is added to and what comes twice is copied. */
static void rows_lie_apart_for_one_reader_alone(void **state)
{
    static const int64_t dims[] = {2, 16, 30, 30};

    (void)state;
    seed = 4;
    begin();
    input(dims);
    conv("x", "a", 16, 48, 1);
    conv("x", "b", 16, 48, 3);
    conv("x", "c", 16, 48, 1);
    conv("c", "f", 48, 48, 1);
    node("Add", "f c", "g"); /* becomes the end of f */
    set_int(node("Concat", "a b b g", "d"), "axis", 1);
    conv("a", "e", 48, 16, 1);
    conv("d", "y", 192, 24, 1);
    output("y");
    output("e");
    assert_int_equal(check("readers", dims).apart, 0);
}

static void pieces_of_one_image_share_its_bytes(void **state)
{
    static const int64_t dims[] = {1, 32, 8, 8};

    (void)state;
    seed = 5;
    begin();
    input(dims);
    node("Sin", "x", "a");
    set_int(node("Split", "a", "b c"), "axis", 1);
    slice("c", "d", 1, 4, 12); /* a piece of a piece */
    node("Sigmoid", "d", "e");
    node("Sigmoid", "b", "f");
    set_int(node("Concat", "f e", "y"), "axis", 1); /* both are written where they go */
    output("y");
    assert_int_equal(check("channels of planes", dims).pieces, 5);

    begin();
    input(dims);
    node("Sin", "x", "a");
    slice("a", "b", 3, 0, 4); /* not in one stretch */
    node("Sin", "b", "y");
    output("y");
    assert_int_equal(check("columns", dims).pieces, 0);
}

/* The name of a drawn value and its channels. */
struct value {
    char name[8];
    int64_t channels;
};

#define VALUES 24

/* One drawn node on top of `count` values; returns how many there are then. */
static size_t grow(struct value *values, size_t count)
{
    const struct value *a = &values[between(0, (int64_t)count - 1)];
    const struct value *b = &values[between(0, (int64_t)count - 1)];
    struct value *to = &values[count], *next = &values[count + 1];
    char inputs[64], outputs[64];

    snprintf(to->name, sizeof to->name, "v%zu", count);
    snprintf(next->name, sizeof next->name, "v%zu", count + 1);
    to->channels = next->channels = a->channels;
    snprintf(inputs, sizeof inputs, "%s %s", a->name, b->name);
    snprintf(outputs, sizeof outputs, "%s %s", to->name, next->name);
    switch (between(0, 6)) {
    case 0:
        node("Relu", a->name, to->name);
        return count + 1;
    case 1:
        if (a->channels != b->channels)
            return count;
        node("Add", inputs, to->name);
        return count + 1;
    case 2:
        if (a->channels % 2 || count + 2 > VALUES)
            return count;
        set_int(node("Split", a->name, outputs), "axis", 1);
        to->channels = next->channels = a->channels / 2;
        return count + 2;
    case 3:
        if (a->channels < 3)
            return count;
        to->channels = between(1, a->channels - 1);
        inputs[0] = (char)between(0, a->channels - to->channels);
        slice(a->name, to->name, 1, inputs[0], inputs[0] + to->channels);
        return count + 1;
    case 4:
        to->channels = between(1, 40);
        conv(a->name, to->name, a->channels, to->channels, between(0, 1) * 2 + 1);
        return count + 1;
    default:
        if (a->channels + b->channels > 120)
            return count;
        set_int(node("Concat", inputs, to->name), "axis", 1);
        to->channels = a->channels + b->channels;
        return count + 1;
    }
}

static void drawn_graphs_agree(void **state)
{
    size_t pieces = 0, apart = 0;

    (void)state;
    seed = 6;
    for (int round = 0; round < 150; round++) {
        struct value values[VALUES + 2] = {{"x", between(1, 33)}};
        const int64_t dims[] = {between(1, 2), values[0].channels, between(3, 9), between(1, 9)};
        char what[32];
        size_t count = 1;

        snprintf(what, sizeof what, "graph %d", round);
        begin();
        input(dims);
        for (int i = 0; i < 60 && count < VALUES; i++)
            count = grow(values, count);
        output(values[count - 1].name);
        if (count > 3)
            output(values[count / 2].name);
        if (count == 1) {
            end();
            continue;
        }
        struct found found = check(what, dims);
        pieces += found.pieces;
        apart += found.apart;
    }
    print_message("%zu pieces, rows of %zu apart\n", pieces, apart);
    assert_true(pieces > 100 && apart > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_write_their_rows_into_a_concat),
        cmocka_unit_test(rows_lie_apart_for_one_reader_alone),
        cmocka_unit_test(pieces_of_one_image_share_its_bytes),
        cmocka_unit_test(drawn_graphs_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
