/*
 * tests/pictures/kinds_test.c - BMP, PNM and TIFF of every kind give Pillow's bytes, and
 * damaged ones a reason
 *
 * Pictures and hashes: fixtures/kinds.txt, made by pillow_peers.py with Pillow.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/file/file.h"

struct row {
    char name[128], rgb[65], gray[65];
    int width, height;
    unsigned char *bytes; /* own */
    size_t size;
};

static int digit(int c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* The next row of the list; false at its end. */
static bool next_row(FILE *list, struct row *row)
{
    char *line = NULL;
    size_t capacity = 0, length;
    int at = 0;
    ssize_t got;
    do
        got = getline(&line, &capacity, list);
    while (got > 0 && line[0] == '#');
    if (got > 0) {
        if (sscanf(line, "%127s %d %d %64s %64s %n", row->name, &row->width, &row->height,
                   row->rgb, row->gray, &at) != 5)
            fail_msg("not a row: %.60s", line);
        length = strcspn(line + at, "\n");
        row->size = length / 2;
        row->bytes = malloc(row->size + 1);
        assert_non_null(row->bytes);
        for (size_t i = 0; i < row->size; i++)
            row->bytes[i] = (unsigned char)(digit(line[at + 2 * (int)i]) * 16 +
                                            digit(line[at + 2 * (int)i + 1]));
    }
    free(line);
    return got > 0;
}

static FILE *open_list(void)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/pictures/fixtures/kinds.txt",
             getenv("ICL_TOP_SRCDIR"));
    FILE *list = fopen(path, "r");
    if (!list)
        fail_msg("%s cannot be opened", path);
    return list;
}

static bool is_pillows(const struct row *row, int channels)
{
    struct icl_picture picture;
    char reason[256] = "other pixels than Pillow's", hash[65];
    bool same = false;
    if (icl_picture_decode(NULL, row->name, row->bytes, row->size, channels, &picture,
                           reason, sizeof reason) == IMGCLS_OK) {
        icl_sha256_of(picture.pixels,
                      (size_t)picture.width * (size_t)picture.height * (size_t)channels,
                      hash);
        same = picture.width == row->width && picture.height == row->height &&
               strcmp(hash, channels == 3 ? row->rgb : row->gray) == 0;
    }
    if (!same)
        print_error("%s, %d channels: %s\n", row->name, channels, reason);
    icl_picture_clear(&picture);
    return same;
}

static void every_kind_gives_pillows_bytes(void **state)
{
    struct row row;
    int rows = 0, wrong = 0;
    FILE *list = open_list();
    (void)state;
    for (; next_row(list, &row); rows++) {
        wrong += !is_pillows(&row, 3) + !is_pillows(&row, 1);
        free(row.bytes);
    }
    fclose(list);
    assert_int_equal(wrong, 0);
    assert_true(rows >= 100);
}

/* A copy of its own size, so that a sanitizer sees a read past the end. */
static bool decodes(const unsigned char *bytes, size_t size)
{
    unsigned char *copy = malloc(size ? size : 1);
    struct icl_picture picture;
    char reason[256] = "";
    memcpy(copy, bytes, size);
    const imgcls_status status =
        icl_picture_decode(NULL, "damaged", copy, size, 3, &picture, reason, sizeof reason);
    if (status != IMGCLS_OK && !reason[0])
        fail_msg("refused without a reason");
    icl_picture_clear(&picture);
    free(copy);
    return status == IMGCLS_OK;
}

static void damage_is_an_error_and_never_a_crash(void **state)
{
    struct row row;
    uint32_t draw = 1;
    int refused = 0, rows = 0;
    FILE *list = open_list();
    (void)state;
    for (; next_row(list, &row); rows++) {
        for (size_t size = 0; size < row.size; size += 1 + size / 7)
            refused += !decodes(row.bytes, size);
        for (int i = 0; i < 24; i++) { /* three bytes, most of them in the head */
            unsigned char kept[3];
            size_t at[3];
            for (int k = 0; k < 3; k++) {
                draw = draw * 1664525 + 1013904223;
                at[k] = (draw >> 8) % (k ? row.size : row.size < 160 ? row.size : 160);
                kept[k] = row.bytes[at[k]];
                row.bytes[at[k]] = (unsigned char)(draw >> 24);
            }
            refused += !decodes(row.bytes, row.size);
            for (int k = 3; k-- > 0;)
                row.bytes[at[k]] = kept[k];
        }
        free(row.bytes);
    }
    fclose(list);
    assert_true(refused > 10 * rows);
}

static void a_bomb_is_refused_before_it_is_allocated(void **state)
{
    /* Little-endian TIFFs of one strip: 60000 x 60000 gray, and 8 x 8 in tiles of 65536. */
    static const unsigned char large[] = {
        'I', 'I', 42, 0, 8, 0, 0, 0, 5, 0,
        0, 1, 4, 0, 1, 0, 0, 0, 0x60, 0xea, 0, 0,
        1, 1, 4, 0, 1, 0, 0, 0, 0x60, 0xea, 0, 0,
        2, 1, 3, 0, 1, 0, 0, 0, 8, 0, 0, 0,
        6, 1, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0,
        17, 1, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0,
        0, 0, 0, 0};
    static const unsigned char tiled[] = {
        'I', 'I', 42, 0, 8, 0, 0, 0, 8, 0,
        0, 1, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0,
        1, 1, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0,
        2, 1, 3, 0, 1, 0, 0, 0, 8, 0, 0, 0,
        6, 1, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0,
        66, 1, 4, 0, 1, 0, 0, 0, 0, 0, 1, 0,
        67, 1, 4, 0, 1, 0, 0, 0, 0, 0, 1, 0,
        68, 1, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0,
        69, 1, 4, 0, 1, 0, 0, 0, 64, 0, 0, 0,
        0, 0, 0, 0};
    static const struct {
        const void *bytes;
        size_t size;
        const char *says;
    } bombs[] = {
        {large, sizeof large, "60000 x 60000 pixels"},
        {tiled, sizeof tiled, "no sensible size"},
        {"P4 60000 60000\n?", 16, "truncated PNM"},
        {"P6 9 9 255\n?", 12, "truncated PNM"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
        struct icl_picture picture;
        char reason[256] = "";
        assert_int_equal(icl_picture_decode(NULL, "bomb", bombs[i].bytes, bombs[i].size, 3,
                                            &picture, reason, sizeof reason),
                         IMGCLS_BAD_INPUT);
        if (!strstr(reason, bombs[i].says))
            fail_msg("%s, not %s", reason, bombs[i].says);
    }
}

/* libtiff shows a palette's indices as gray where it cannot read the colours; Pillow refuses. */
static void a_palette_that_is_not_there_is_refused(void **state)
{
    enum { DIRECTORY = 8, ENTRIES = 7, COLORS = DIRECTORY + 2 + 12 * ENTRIES + 4, ALL = 3 * 512 };
    static const unsigned char head[COLORS] = {
        'I', 'I', 42, 0, DIRECTORY, 0, 0, 0, ENTRIES, 0,
        0, 1, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0,
        1, 1, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0,
        2, 1, 3, 0, 1, 0, 0, 0, 8, 0, 0, 0,
        6, 1, 3, 0, 1, 0, 0, 0, 3, 0, 0, 0,
        17, 1, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, /* its one pixel is the header's first byte */
        23, 1, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0,
        64, 1, 3, 0, 0, 3, 0, 0, COLORS, 0, 0, 0};
    unsigned char *bytes = calloc(1, COLORS + ALL);
    (void)state;
    memcpy(bytes, head, COLORS);
    bytes[COLORS + 2 * 'I' + 1] = 200; /* red of the pixel's index */
    for (int kind = 0; kind < 4; kind++) {
        static const size_t sizes[] = {COLORS + ALL, COLORS + ALL - 1, COLORS, COLORS + ALL};
        struct icl_picture picture;
        char reason[256] = "";
        if (kind == 3) /* no such tag at all */
            bytes[COLORS - 16] = 65;
        unsigned char *exact = malloc(sizes[kind]);
        memcpy(exact, bytes, sizes[kind]);
        imgcls_status status = icl_picture_decode(NULL, "palette", exact, sizes[kind], 3,
                                                  &picture, reason, sizeof reason);
        assert_int_equal(status, kind == 0 ? IMGCLS_OK : IMGCLS_BAD_INPUT);
        if (kind == 0)
            assert_int_equal(picture.pixels[0], 200);
        else if (!strstr(reason, "palette cannot be read"))
            fail_msg("%s", reason);
        if (kind == 0)
            icl_picture_clear(&picture);
        free(exact);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_gives_pillows_bytes),
        cmocka_unit_test(damage_is_an_error_and_never_a_crash),
        cmocka_unit_test(a_bomb_is_refused_before_it_is_allocated),
        cmocka_unit_test(a_palette_that_is_not_there_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
