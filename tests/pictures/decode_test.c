/*
 * tests/pictures/decode_test.c - every kind of picture gives Pillow's bytes; broken ones a
 * reason
 *
 * Expected hashes: fixtures/expected.txt, made by make_fixtures.py with Pillow. Broken
 * files are made here from whole ones. Pillow refuses the same cuts, but for the last 8
 * bytes of a PNG's data (their checksums, which it does not read) and the end marker of a
 * CMYK JPEG.
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

#include "eval/pictures/decoder.h"
#include "src/file/file.h"

struct file {
    unsigned char *bytes;
    size_t size;
};

static void path_of(const char *name, char *path, size_t capacity)
{
    snprintf(path, capacity, "%s/tests/pictures/fixtures/%s", getenv("ICL_TOP_SRCDIR"),
             name);
}

static struct file load(const char *name)
{
    char path[1024];
    struct file file;
    path_of(name, path, sizeof path);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be opened", path);
    fseek(f, 0, SEEK_END);
    file.size = (size_t)ftell(f);
    rewind(f);
    file.bytes = malloc(file.size + 1);
    assert_int_equal(fread(file.bytes, 1, file.size, f), file.size);
    fclose(f);
    return file;
}

static void every_kind_gives_pillows_bytes(void **state)
{
    char path[1024], line[512], name[128], want[80], hash[65], reason[256];
    int channels, width, height, rows = 0, wrong = 0;
    (void)state;
    path_of("expected.txt", path, sizeof path);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    while (fgets(line, sizeof line, list)) {
        if (sscanf(line, "decode %127s %d %d %d %79s", name, &channels, &width, &height,
                   want) != 5)
            continue;
        struct file file = load(name);
        struct icl_picture picture;
        rows++;
        if (icl_picture_decode(NULL, name, file.bytes, file.size, channels, &picture,
                               reason, sizeof reason) != IMGCLS_OK) {
            print_error("%s: %s\n", name, reason);
            wrong++;
        } else {
            icl_sha256_of(picture.pixels,
                          (size_t)picture.width * (size_t)picture.height * (size_t)channels,
                          hash);
            if (picture.width != width || picture.height != height ||
                picture.channels != channels || strcmp(hash, want) != 0) {
                print_error("%s (%d channels) differs from Pillow's\n", name, channels);
                wrong++;
            }
            icl_picture_clear(&picture);
        }
        free(file.bytes);
    }
    fclose(list);
    assert_int_equal(wrong, 0);
    assert_true(rows > 80); /* two for each picture */
}

static void kind_is_by_bytes_not_by_name(void **state)
{
    static const struct {
        const char *name, *kind;
    } rows[] = {
        {"png_named.JPEG", "png"},
        {"jpeg_420.jpg", "jpeg"},
        {"webp_lossy.webp", "webp"},
        {"expected.txt", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct file file = load(rows[i].name);
        const char *kind = icl_picture_kind(file.bytes, file.size);
        if (rows[i].kind)
            assert_string_equal(kind, rows[i].kind);
        else
            assert_null(kind);
        free(file.bytes);
    }
    assert_null(icl_picture_kind("", 0));
    assert_null(icl_picture_kind("RIFF....WAVE", 12));
    assert_string_equal(icl_picture_kind("BM....", 6), "bmp");
}

static imgcls_status decode(const void *bytes, size_t size, char reason[256])
{
    /* An exact copy, so that a read past the end is seen by the sanitizers. */
    unsigned char *copy = malloc(size ? size : 1);
    struct icl_picture picture;
    memcpy(copy, bytes, size);
    imgcls_status status =
        icl_picture_decode(NULL, "x", copy, size, 3, &picture, reason, 256);
    if (status != IMGCLS_OK)
        assert_null(picture.pixels);
    icl_picture_clear(&picture);
    free(copy);
    return status;
}

static void truncation_is_an_error_and_never_a_crash(void **state)
{
    static const struct {
        const char *name;
        size_t forgiven; /* bytes at the end that Pillow can do without, too */
    } rows[] = {
        {"jpeg_420.jpg", 0},
        {"jpeg_progressive.jpg", 0},
        {"jpeg_cmyk.jpg", 2},
        {"webp_lossy.webp", 0},
        {"webp_lossless.webp", 0},
        {"png_type2_depth8.png", 20},
        {"png_type6_depth16_adam7.png", 21},
        {"png_palette_depth4.png", 20},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct file file = load(rows[i].name);
        char whole[256] = "";
        assert_int_equal(decode(file.bytes, file.size - rows[i].forgiven, whole),
                         IMGCLS_OK);
        for (size_t cut = 1 + rows[i].forgiven; cut <= file.size; cut++) {
            char reason[256] = "";
            if (decode(file.bytes, file.size - cut, reason) == IMGCLS_OK)
                fail_msg("%s without its last %zu bytes was accepted", rows[i].name, cut);
            assert_true(strlen(reason) > 5);
            assert_null(strchr(reason, '\n'));
        }
        free(file.bytes);
    }
}

/* The middle only, so that what lies below it is not decoded. */
static imgcls_status decode_middle(const void *bytes, size_t size)
{
    struct icl_recipe recipe;
    struct icl_picture picture;
    char reason[256] = "";
    assert_int_equal(icl_recipe_parse(NULL, "crop=8,color=rgb,range=1,mean=0/0/0,std=1/1/1",
                                      &recipe),
                     IMGCLS_OK);
    imgcls_status status =
        icl_picture_decode_for(NULL, "x", bytes, size, &recipe, &picture, reason, 256);
    icl_picture_clear(&picture);
    return status;
}

/* Pillow asks for the rows, not for the end marker; decoding reads some bytes ahead. */
static void a_jpeg_needs_its_rows_and_no_end_marker(void **state)
{
    static const char *const names[] = {"jpeg_420.jpg", "jpeg_odd.jpg", "jpeg_cmyk.jpg",
                                        "jpeg_gray.jpg", "jpeg_restart.jpg"};
    enum { ENOUGH = 64 };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct file file = load(names[i]);
        const size_t rows_end = file.size - 2;
        unsigned char *bytes = calloc(1, rows_end + ENOUGH);
        char reason[256] = "";
        memcpy(bytes, file.bytes, rows_end);
        assert_int_equal(decode(bytes, rows_end + ENOUGH, reason), IMGCLS_OK);
        assert_int_equal(decode_middle(bytes, rows_end + ENOUGH), IMGCLS_OK);
        /* The middle is there and rows below it are not. */
        assert_int_equal(decode(bytes, file.size - 20, reason), IMGCLS_BAD_INPUT);
        assert_int_equal(decode_middle(bytes, file.size - 20), IMGCLS_BAD_INPUT);
        free(bytes);
        free(file.bytes);
    }
}

/* Pillow does not look at the checksum of the data. */
static void checksums_of_pngs_count_before_the_data(void **state)
{
    struct file file = load("png_type2_depth8.png");
    const size_t of_data = file.size - 13, of_header = 32; /* last byte of each */
    char reason[256] = "";
    (void)state;
    file.bytes[of_data] ^= 1;
    assert_int_equal(decode(file.bytes, file.size, reason), IMGCLS_OK);
    file.bytes[of_header] ^= 1;
    assert_int_equal(decode(file.bytes, file.size, reason), IMGCLS_BAD_INPUT);
    free(file.bytes);
}

/* Cut behind its last row and filled up with zeros, which then stand in one piece with it: Pillow hands
 * them to zlib at once. A download that was never finished looks like that. */
static void zeros_in_the_place_of_a_pngs_end_are_broken_data(void **state)
{
    static const size_t cuts[] = {18, 20};
    struct file file = load("png_type2_depth8.png");
    char reason[256] = "";
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        memset(file.bytes + file.size - cuts[i], 0, cuts[i]);
        for (size_t size = file.size - cuts[i] + 4; size <= file.size; size++)
            assert_int_equal(decode(file.bytes, size, reason), IMGCLS_BAD_INPUT);
    }
    free(file.bytes);
}

static void flipped_bits_never_crash(void **state)
{
    static const char *const names[] = {
        "jpeg_420.jpg",          "jpeg_progressive.jpg",  "jpeg_ycck.jpg",
        "jpeg_orientation6.jpg", "png_type0_depth16.png", "png_palette_depth2_adam7.png",
        "webp_alpha.webp",       "webp_animated.webp",
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct file file = load(names[i]);
        for (size_t at = 0; at < file.size; at += 1 + at / 200) {
            char reason[256];
            unsigned char kept = file.bytes[at];
            file.bytes[at] = (unsigned char)(kept ^ (1u << (at % 8)));
            decode(file.bytes, file.size, reason);
            file.bytes[at] = kept;
        }
        free(file.bytes);
    }
}

static void what_is_not_read_is_named(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        imgcls_status status;
        const char *says;
    } rows[] = {
        {"", 0, IMGCLS_BAD_INPUT, "is empty"},
        {"hello, world", 12, IMGCLS_BAD_INPUT, "is no picture"},
        {"BM\0\0\0\0\0\0", 8, IMGCLS_BAD_INPUT, "BMP: 8 bytes, too short"},
        {"GIF89a..", 8, IMGCLS_UNSUPPORTED, "is a gif picture"},
        {"II*\0....", 8, IMGCLS_BAD_INPUT, "broken TIFF"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char reason[256] = "";
        assert_int_equal(decode(rows[i].bytes, rows[i].size, reason), rows[i].status);
        assert_non_null(strstr(reason, rows[i].says));
    }
}

static void a_bomb_is_refused_before_it_is_allocated(void **state)
{
    /* The header of a PNG of 60000 x 60000, with its true checksum (zlib.crc32). */
    static const unsigned char png[] = {
        0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0,    0, 0,    13,
        'I',  'H', 'D', 'R', 0,    0,    0xea, 0x60, 0,    0, 0xea, 0x60,
        8,    2,   0,   0,   0,    0x0f, 0xb0, 0xe2, 0x15, 0, 0,    0,
        0,    'I', 'D', 'A', 'T',  0x35, 0xaf, 0x06, 0x1e,
    };
    char reason[256] = "";
    (void)state;
    assert_int_equal(decode(png, sizeof png, reason), IMGCLS_BAD_INPUT);
    if (!strstr(reason, "60000 x 60000 pixels"))
        fail_msg("%s", reason);
    struct file file = load("jpeg_420.jpg");
    for (size_t i = 0; i + 9 < file.size; i++)
        if (file.bytes[i] == 0xff && file.bytes[i + 1] == 0xc0)
            memset(file.bytes + i + 5, 0xf0, 4); /* height and width 61680 */
    assert_int_equal(decode(file.bytes, file.size, reason), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(reason, "61680 x 61680"));
    free(file.bytes);
}

static void orientation_is_told_and_not_applied(void **state)
{
    struct icl_picture picture;
    struct file file = load("jpeg_orientation6.jpg");
    (void)state;
    assert_int_equal(
        icl_picture_decode(NULL, "x", file.bytes, file.size, 3, &picture, NULL, 0),
        IMGCLS_OK);
    assert_int_equal(picture.orientation, 6);
    assert_int_equal(picture.width, 48); /* lying, as stored */
    assert_int_equal(picture.height, 32);
    icl_picture_clear(&picture);
    free(file.bytes);
}

/* Directories by hand after the TIFF header; both byte orders. */
static void exif_is_read_within_its_bounds(void **state)
{
#define ENTRY(type, value)                                                                 \
    "\x12\x01" type "\0"                                                                   \
    "\x01\0\0\0" value "\0\0\0"
    static const struct {
        const char *bytes;
        size_t size;
        int32_t want;
    } rows[] = {
        {"II*\0\x08\0\0\0\x01\0" ENTRY("\x03", "\x06"), 22, 6},
        {"Exif\0\0II*\0\x08\0\0\0\x01\0" ENTRY("\x03", "\x08"), 28, 8},
        {"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0", 22, 3},
        {"II*\0\x08\0\0\0\x01\0" ENTRY("\x03", "\x09"), 22, 0}, /* 1..8 exist */
        {"II*\0\x08\0\0\0\x01\0" ENTRY("\x04", "\x06"), 22, 0}, /* a LONG is not taken */
        {"II*\0\x08\0\0\0\x01\0" ENTRY("\x03", "\x06"), 21, 0}, /* cut */
        {"II*\0\xff\xff\xff\xff\x01\0" ENTRY("\x03", "\x06"), 22, 0},
        {"II*\0\x08\0\0\0\xff\xff", 10, 0},
        {"II*\0", 4, 0},
        {"", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned char *copy = malloc(rows[i].size ? rows[i].size : 1);
        memcpy(copy, rows[i].bytes, rows[i].size);
        if (icl_exif_orientation(copy, rows[i].size) != rows[i].want)
            fail_msg("row %zu: %d", i, icl_exif_orientation(copy, rows[i].size));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_gives_pillows_bytes),
        cmocka_unit_test(kind_is_by_bytes_not_by_name),
        cmocka_unit_test(truncation_is_an_error_and_never_a_crash),
        cmocka_unit_test(a_jpeg_needs_its_rows_and_no_end_marker),
        cmocka_unit_test(checksums_of_pngs_count_before_the_data),
        cmocka_unit_test(zeros_in_the_place_of_a_pngs_end_are_broken_data),
        cmocka_unit_test(flipped_bits_never_crash),
        cmocka_unit_test(what_is_not_read_is_named),
        cmocka_unit_test(a_bomb_is_refused_before_it_is_allocated),
        cmocka_unit_test(orientation_is_told_and_not_applied),
        cmocka_unit_test(exif_is_read_within_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
