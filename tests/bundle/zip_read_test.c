/*
 * tests/bundle/zip_read_test.c - archives of other tools are read, hostile ones refused
 *
 * Fixtures: made by make_fixtures.py with PyTorch, numpy and Python's zipfile. Hostile
 * archives are made here, byte by byte after PKWARE's APPNOTE.TXT, and spoilt one field at
 * a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/bundle/zip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "tests/bundle/memory.h"

static int open_context(void **state)
{
    return imgcls_context_create(NULL, (struct imgcls_context **)state);
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

static imgcls_status open_fixture(struct imgcls_context *ctx, const char *name,
                                  struct imgcls_source **source, struct imgcls_zip **zip)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/bundle/fixtures/%s", getenv("ICL_TOP_SRCDIR"),
             name);
    *zip = NULL;
    imgcls_status status = icl_source_open(ctx, path, source);
    return status == IMGCLS_OK ? icl_zip_open(&ctx->host, *source, zip) : status;
}

/* Content of one member, compared. */
static void check_member(struct imgcls_context *ctx, const struct imgcls_zip *zip,
                         const char *name, const void *want, size_t size)
{
    struct imgcls_source *member;
    if (icl_zip_source(&ctx->host, zip, name, 1 << 20, &member) != IMGCLS_OK)
        fail_msg("%s: %s", name, imgcls_error(ctx));
    assert_int_equal(member->size, size);
    assert_memory_equal(member->bytes, want, size);
    icl_source_close(member);
}

static void pytorchs_archive_is_read(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_source *source, *pickle, *sibling;
    struct imgcls_zip *zip;
    const float a[] = {0, 1, 2, 3, 4};
    const int64_t b[] = {0, 1, 2};
    assert_int_equal(open_fixture(ctx, "pytorch.pt", &source, &zip), IMGCLS_OK);
    check_member(ctx, zip, "archive/data/0", a, sizeof a);
    check_member(ctx, zip, "archive/data/1", b, sizeof b);
    check_member(ctx, zip, "archive/byteorder", "little", 6);
    /* Data lie where PyTorch aligned them, and are not copied. */
    const struct imgcls_zip_member *member;
    size_t count = 0;
    for (; (member = icl_zip_member_at(&ctx->host, zip, count)); count++)
        if (strstr(member->name, "/data/"))
            assert_int_equal(member->offset % 64, 0);
    assert_true(count >= 6);
    /* Siblings are named from the member's own folder; sources outlive zip and file. */
    assert_int_equal(icl_zip_source(&ctx->host, zip, "archive/data.pkl", 0, &pickle),
                     IMGCLS_OK);
    icl_zip_close(&ctx->host, zip);
    const unsigned char *from = source->bytes, *past = source->bytes + source->size;
    icl_source_close(source);
    assert_int_equal(icl_source_open_beneath(ctx, pickle, "data/1", &sibling), IMGCLS_OK);
    assert_true(sibling->bytes >= from && sibling->bytes < past);
    icl_source_close(pickle);
    assert_memory_equal(sibling->bytes, b, sizeof b);
    icl_source_close(sibling);
}

static void siblings_stay_within_the_archive(void **state)
{
    static const char *const names[] = {
        "../pytorch.pt", "/etc/passwd", "data/../data/0", "", "data\\0", "data/7"};
    struct imgcls_context *ctx = *state;
    struct imgcls_source *source, *pickle, *sibling;
    struct imgcls_zip *zip;
    assert_int_equal(open_fixture(ctx, "pytorch.pt", &source, &zip), IMGCLS_OK);
    assert_int_equal(icl_zip_source(&ctx->host, zip, "archive/data.pkl", 0, &pickle),
                     IMGCLS_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(icl_source_open_beneath(ctx, pickle, names[i], &sibling),
                         IMGCLS_BAD_INPUT);
        assert_null(sibling);
        icl_forgive(ctx);
    }
    icl_source_close(pickle);
    icl_zip_close(&ctx->host, zip);
    icl_source_close(source);
}

static void numpys_archives_are_read(void **state)
{
    static const char *const names[] = {"stored.npz", "deflated.npz"};
    struct imgcls_context *ctx = *state;
    for (size_t i = 0; i < 2; i++) {
        struct imgcls_source *source, *member;
        struct imgcls_zip *zip;
        const float x[] = {0, 1, 2, 3, 4, 5};
        assert_int_equal(open_fixture(ctx, names[i], &source, &zip), IMGCLS_OK);
        assert_int_equal(icl_zip_source(&ctx->host, zip, "x.npy", 4096, &member),
                         IMGCLS_OK);
        assert_int_equal(member->size, 128 + sizeof x); /* a header of 128 bytes */
        assert_memory_equal(member->bytes, "\x93NUMPY", 6);
        assert_memory_equal(member->bytes + 128, x, sizeof x);
        icl_source_close(member);
        assert_int_equal(icl_zip_source(&ctx->host, zip, "deep/y.npy", 628, &member),
                         IMGCLS_OK);
        icl_source_close(member);
        if (i == 1) { /* one byte below its size */
            assert_int_equal(icl_zip_source(&ctx->host, zip, "deep/y.npy", 627, &member),
                             IMGCLS_LIMIT);
            assert_null(member);
        }
        icl_zip_close(&ctx->host, zip);
        icl_source_close(source);
        icl_forgive(ctx);
    }
}

static void pythons_archive_is_read(void **state)
{
    struct imgcls_context *ctx = *state;
    struct imgcls_source *source;
    struct imgcls_zip *zip;
    assert_int_equal(open_fixture(ctx, "python.zip", &source, &zip), IMGCLS_OK);
    assert_string_equal(icl_zip_member_at(&ctx->host, zip, 0)->name, "folder/text.txt");
    assert_null(icl_zip_member_at(&ctx->host, zip, 3)); /* the folder is left out */
    check_member(ctx, zip, "folder/text.txt", "hello\n", 6);
    check_member(ctx, zip, "n\xc3\xa4me.txt", "utf-8\n", 6);
    check_member(ctx, zip, "wide.txt", "zip64 in the local header\n", 26);
    icl_zip_close(&ctx->host, zip);
    icl_source_close(source);
    assert_int_equal(open_fixture(ctx, "encrypted.zip", &source, &zip), IMGCLS_UNSUPPORTED);
    assert_non_null(strstr(imgcls_error(ctx), "encrypted"));
    assert_null(zip);
    icl_source_close(source);
}

/* ---- Hostile archives -----------------------------------------------------------------*/

/* Two stored members, 'ab/cd' = "first" and 'ef/gh' = "second!", laid out by hand. */
/* clang-format off: a record a line */
#define LOCAL(crc, size, name)                                                             \
    "PK\3\4\x0a\0\0\0\0\0\0\0\x21\0" crc size size "\5\0\0\0" name
#define CENTRAL(crc, size, offset, name)                                                   \
    "PK\1\2\x0a\0\x0a\0\0\0\0\0\0\0\x21\0" crc size size                                   \
    "\5\0\0\0\0\0\0\0\0\0\0\0\0\0" offset name
static const unsigned char two[] = LOCAL("cccc", "\5\0\0\0", "ab/cd") "first" /* at 0 */
    LOCAL("cccc", "\7\0\0\0", "ef/gh") "second!"                              /* at 40 */
    CENTRAL("cccc", "\5\0\0\0", "\0\0\0\0", "ab/cd")                          /* at 82 */
    CENTRAL("cccc", "\7\0\0\0", "\x28\0\0\0", "ef/gh")                        /* at 133 */
    "PK\5\6\0\0\0\0\2\0\2\0\x66\0\0\0\x52\0\0\0\0\0";                         /* at 184 */
/* clang-format on */
#define TWO_BYTES (sizeof two - 1)
enum { LOCAL1 = 0, LOCAL2 = 40, CENTRAL1 = 82, CENTRAL2 = 133, END = 184 };

/* The bytes with their true checksums. */
static void make_two(unsigned char out[TWO_BYTES])
{
    static const struct {
        size_t local, central, size;
    } members[] = {{LOCAL1, CENTRAL1, 5}, {LOCAL2, CENTRAL2, 7}};
    memcpy(out, two, TWO_BYTES);
    for (size_t i = 0; i < 2; i++) {
        uLong crc = crc32(0, out + members[i].local + 35, (uInt)members[i].size);
        for (size_t k = 0; k < 4; k++)
            out[members[i].local + 14 + k] = out[members[i].central + 16 + k] =
                (unsigned char)(crc >> (8 * k));
    }
}

static void the_hand_made_archive_is_sound(void **state)
{
    struct imgcls_context *ctx = *state;
    unsigned char bytes[TWO_BYTES];
    struct imgcls_source source;
    struct imgcls_zip *zip;
    make_two(bytes);
    assert_int_equal(memory_source(ctx, bytes, sizeof bytes, &source), IMGCLS_OK);
    assert_int_equal(icl_zip_open(&ctx->host, &source, &zip), IMGCLS_OK);
    check_member(ctx, zip, "ab/cd", "first", 5);
    check_member(ctx, zip, "ef/gh", "second!", 7);
    icl_zip_close(&ctx->host, zip);
    memory_source_clear(&source);
}

#define NAME1(text)                                                                        \
    {                                                                                      \
        {LOCAL1 + 30, text},                                                               \
        {                                                                                  \
            CENTRAL1 + 46, text                                                            \
        }                                                                                  \
    }
static const struct {
    const char *what;
    struct {
        size_t at;
        const char *bytes; /* as many as the string has, or one NUL where it is "" */
    } patches[3];
    imgcls_status status;
    const char *says;
} hostile[] = {
    {"same name",
     {{LOCAL2 + 30, "ab/cd"}, {CENTRAL2 + 46, "ab/cd"}},
     IMGCLS_BAD_INPUT,
     "two members are named 'ab/cd'"},
    {"overlap",
     {{CENTRAL1 + 20, "\x06"}, {CENTRAL1 + 24, "\x06"}},
     IMGCLS_BAD_INPUT,
     "'ab/cd' and 'ef/gh' overlap"},
    {"into the directory",
     {{CENTRAL2 + 20, "\x08"}, {CENTRAL2 + 24, "\x08"}},
     IMGCLS_BAD_INPUT,
     "'ef/gh' of 8 bytes runs past"},
    {"huge",
     {{CENTRAL2 + 20, "\xfe\xff\xff\xff"}, {CENTRAL2 + 24, "\xfe\xff\xff\xff"}},
     IMGCLS_BAD_INPUT,
     "runs past the archive's data"},
    {"zip64 without its field",
     {{CENTRAL2 + 20, "\xff\xff\xff\xff"}},
     IMGCLS_BAD_INPUT,
     "needs a zip64 extra field"},
    {"begins late", {{CENTRAL2 + 42, "\xb8"}}, IMGCLS_BAD_INPUT, "begins past"},
    {"begins between", {{CENTRAL2 + 42, "\x29"}}, IMGCLS_BAD_INPUT, "no local header"},
    {"two names",
     {{LOCAL1 + 30, "x"}},
     IMGCLS_BAD_INPUT,
     "another name in its local header"},
    {"two methods", {{LOCAL1 + 8, "\x08"}}, IMGCLS_BAD_INPUT, "another method"},
    {"two sizes", {{CENTRAL1 + 24, "\x04"}}, IMGCLS_BAD_INPUT, "two different sizes"},
    {"long extra",
     {{LOCAL1 + 28, "\xff\xff"}},
     IMGCLS_BAD_INPUT,
     "runs into the directory"},
    {"absolute", NAME1("/"), IMGCLS_BAD_INPUT, "is absolute"},
    {"up", NAME1(".."), IMGCLS_BAD_INPUT, "'..' part"},
    {"up at the end",
     {{LOCAL1 + 33, ".."}, {CENTRAL1 + 49, ".."}},
     IMGCLS_BAD_INPUT,
     "'..' part"},
    {"here", NAME1("./"), IMGCLS_BAD_INPUT, "'.' part"},
    {"backslash", NAME1("a\\"), IMGCLS_BAD_INPUT, "backslash"},
    {"drive", NAME1("C:"), IMGCLS_BAD_INPUT, "drive letter"},
    {"line break", NAME1("a\n"), IMGCLS_BAD_INPUT, "control character"},
    {"NUL", NAME1(""), IMGCLS_BAD_INPUT, "control character"},
    {"not UTF-8", NAME1("\xff"), IMGCLS_BAD_INPUT, "not UTF-8"},
    {"overlong slash", NAME1("\xc0\xaf"), IMGCLS_BAD_INPUT, "not UTF-8"},
    {"empty part", NAME1("a//"), IMGCLS_BAD_INPUT, "empty part"},
    {"folder with content",
     {{LOCAL1 + 34, "/"}, {CENTRAL1 + 50, "/"}},
     IMGCLS_BAD_INPUT,
     "folder with content"},
    {"encrypted", {{CENTRAL1 + 8, "\x01"}}, IMGCLS_UNSUPPORTED, "'ab/cd' is encrypted"},
    {"on disk 1", {{CENTRAL1 + 34, "\x01"}}, IMGCLS_BAD_INPUT, "another part"},
    {"several disks", {{END + 4, "\x01"}}, IMGCLS_BAD_INPUT, "several parts"},
    {"two counts", {{END + 8, "\x01"}}, IMGCLS_BAD_INPUT, "several parts"},
    {"too many",
     {{END + 8, "\xfe\xff\xfe\xff"}},
     IMGCLS_BAD_INPUT,
     "65534 members cannot fit a directory of 102 bytes"},
    {"one fewer",
     {{END + 8, "\x01"}, {END + 10, "\x01"}},
     IMGCLS_BAD_INPUT,
     "more members than it says"},
    {"directory moved", {{END + 16, "\x53"}}, IMGCLS_BAD_INPUT, "does not end where"},
    {"directory cut", {{END + 12, "\x65"}}, IMGCLS_BAD_INPUT, "does not end where"},
    {"no signature", {{CENTRAL2, "x"}}, IMGCLS_BAD_INPUT, "fewer members than it says"},
    {"entry too long",
     {{CENTRAL2 + 32, "\xff"}},
     IMGCLS_BAD_INPUT,
     "runs past the directory"},
    {"comment missing",
     {{END + 20, "\x01"}},
     IMGCLS_BAD_INPUT,
     "no end of central directory"},
};

static void hostile_archives_are_refused_with_the_reason(void **state)
{
    struct imgcls_context *ctx = *state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        unsigned char bytes[TWO_BYTES];
        struct imgcls_source source;
        struct imgcls_zip *zip;
        make_two(bytes);
        for (size_t k = 0; k < 3 && hostile[i].patches[k].bytes; k++) {
            size_t length = strlen(hostile[i].patches[k].bytes);
            memcpy(bytes + hostile[i].patches[k].at, hostile[i].patches[k].bytes,
                   length ? length : 1);
        }
        assert_int_equal(memory_source(ctx, bytes, sizeof bytes, &source), IMGCLS_OK);
        imgcls_status status = icl_zip_open(&ctx->host, &source, &zip);
        if (status != hostile[i].status || zip ||
            !strstr(imgcls_error(ctx), hostile[i].says))
            fail_msg("%s: status %d, '%s', wanted '%s'", hostile[i].what, status,
                     imgcls_error(ctx), hostile[i].says);
        memory_source_clear(&source);
        icl_forgive(ctx);
    }
}

static void damaged_data_are_found(void **state)
{
    struct imgcls_context *ctx = *state;
    unsigned char bytes[TWO_BYTES];
    struct imgcls_source source, *member;
    struct imgcls_zip *zip;
    make_two(bytes);
    bytes[LOCAL1 + 36] ^= 1;
    bytes[CENTRAL2 + 10] = bytes[LOCAL2 + 8] = 12; /* bzip2 */
    assert_int_equal(memory_source(ctx, bytes, sizeof bytes, &source), IMGCLS_OK);
    assert_int_equal(icl_zip_open(&ctx->host, &source, &zip), IMGCLS_OK);
    assert_int_equal(icl_zip_source(&ctx->host, zip, "ab/cd", 9, &member),
                     IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(ctx), "'ab/cd' is damaged"));
    icl_forgive(ctx);
    assert_int_equal(icl_zip_source(&ctx->host, zip, "ef/gh", 9, &member),
                     IMGCLS_UNSUPPORTED);
    assert_non_null(strstr(imgcls_error(ctx), "method 12"));
    icl_forgive(ctx);
    assert_int_equal(icl_zip_source(&ctx->host, zip, "nobody", 9, &member),
                     IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(ctx), "no 'nobody'"));
    icl_zip_close(&ctx->host, zip);
    memory_source_clear(&source);
}

/* Opens the archive and every member of it; no more is asked than that nothing breaks. */
static imgcls_status open_all(struct imgcls_context *ctx, const void *bytes, size_t size)
{
    struct imgcls_source source, *member;
    struct imgcls_zip *zip;
    const struct imgcls_zip_member *listed;
    assert_int_equal(memory_source(ctx, bytes, size, &source), IMGCLS_OK);
    imgcls_status status = icl_zip_open(&ctx->host, &source, &zip);
    for (size_t i = 0; zip && (listed = icl_zip_member_at(&ctx->host, zip, i)); i++)
        if (icl_zip_source(&ctx->host, zip, listed->name, 1 << 20, &member) == IMGCLS_OK)
            icl_source_close(member);
    icl_zip_close(&ctx->host, zip);
    memory_source_clear(&source);
    icl_forgive(ctx);
    return status;
}

static void cuts_are_refused_and_flips_survived(void **state)
{
    static const char *const names[] = {"pytorch.pt", "deflated.npz", "python.zip"};
    struct imgcls_context *ctx = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct imgcls_source *source;
        struct imgcls_zip *zip;
        assert_int_equal(open_fixture(ctx, names[i], &source, &zip), IMGCLS_OK);
        unsigned char *bytes = malloc(source->size);
        memcpy(bytes, source->bytes, source->size);
        for (size_t size = 0; size < source->size; size++)
            if (open_all(ctx, bytes, size) == IMGCLS_OK)
                fail_msg("%s cut to %zu bytes was opened", names[i], size);
        for (size_t at = 0; at < source->size; at++)
            for (int bit = 0; bit < 8; bit += 3) {
                bytes[at] ^= (unsigned char)(1 << bit);
                open_all(ctx, bytes, source->size);
                bytes[at] ^= (unsigned char)(1 << bit);
            }
        free(bytes);
        icl_zip_close(&ctx->host, zip);
        icl_source_close(source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pytorchs_archive_is_read, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(siblings_stay_within_the_archive, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(numpys_archives_are_read, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(pythons_archive_is_read, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(the_hand_made_archive_is_sound, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(hostile_archives_are_refused_with_the_reason,
                                        open_context, close_context),
        cmocka_unit_test_setup_teardown(damaged_data_are_found, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(cuts_are_refused_and_flips_survived, open_context,
                                        close_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
