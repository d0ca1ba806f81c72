/*
 * tests/checkpoint/damage_test.c - truncated and bit-flipped checkpoints are read or refused,
 * never more
 *
 * Prefixes of each good file, one bit of its bytes, bytes set to 255, each in turns; and several
 * damages at once by a fixed pseudo-random sequence. DAMAGE_EVERY=1 damages each byte in each way,
 * which takes a minute; by default it is every seventh. What counts is that nothing crashes, that
 * each refusal is one line that names the file, that what is read lies in the file, that nothing
 * is left, and that no more memory is taken than files of this size could honestly need.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <imgcls/convert.h>

#include "src/context/context.h"
#include "src/tensor/tensor.h"

/* As for the corpus (hostile_test.c). */
#define MEMORY_BASE ((uint64_t)24 << 20)
#define MEMORY_EACH 256
#define EVERY       7 /* bytes; no divisor of 8, so that all bits have their turn */
#define RANDOM_ALL  300 /* of several damages at once, a file, where each byte is damaged */

/* The last two are read through the first: shards through their index. */
static const struct {
    const char *name, *opened;
} files[] = {
    {"archive.pt", NULL},
    {"archive.pt.gz", NULL},
    {"protocol4.pt", NULL},
    {"protocol5.pt", NULL},
    {"training.pth.tar", NULL},
    {"stream.pth", NULL},
    {"stream4.pth", NULL},
    {"single.safetensors", NULL},
    {"stored.npz", NULL},
    {"deflated.npz", NULL},
    {"part.safetensors.index.json", NULL},
    {"part-00001-of-00002.safetensors", "part.safetensors.index.json"},
    {"part-00002-of-00002.safetensors", "part.safetensors.index.json"},
};
#define FILES (sizeof files / sizeof *files)

struct fixture {
    struct imgcls_context *ctx;
    char folder[64], plugins[2048];
    unsigned char *bytes; /* of the file that is damaged */
    size_t size;
    const char *name, *opened;
    size_t every, tries, read;
    uint64_t sum; /* of all bytes of all tensors: they are there */
};

/* xorshift64: the same damage on every machine. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void load(struct fixture *f, const char *name)
{
    char path[2048];
    const char *top = getenv("ICL_TOP_SRCDIR");
    snprintf(path, sizeof path, "%s/tests/checkpoint/good/%s", top ? top : ".", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    free(f->bytes);
    f->bytes = malloc(1 << 16);
    assert_non_null(f->bytes);
    f->size = fread(f->bytes, 1, 1 << 16, file);
    assert_true(f->size > 0 && f->size < 1 << 16);
    fclose(file);
}

static void store(const struct fixture *f, const char *name, const unsigned char *bytes, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    static struct fixture f;
    const char *build = getenv("ICL_TOP_BUILDDIR"), *every = getenv("DAMAGE_EVERY");
    f.every = every && atoi(every) > 0 ? (size_t)atoi(every) : EVERY;
    snprintf(f.plugins, sizeof f.plugins, "%s/plugins/.libs", build ? build : ".");
    struct imgcls_context_options options = {
        .struct_size = sizeof options, .plugin_path = f.plugins, .threads = 1};
    strcpy(f.folder, "/tmp/damage-XXXXXX");
    if (imgcls_context_create(&options, &f.ctx) != IMGCLS_OK || !mkdtemp(f.folder))
        return -1;
    for (size_t i = 0; i < FILES; i++) {
        load(&f, files[i].name);
        store(&f, files[i].name, f.bytes, f.size);
    }
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char path[256];
    for (size_t i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "%s/%s", f->folder, files[i].name);
        unlink(path);
    }
    free(f->bytes);
    imgcls_context_destroy(f->ctx);
    return rmdir(f->folder); /* nothing else was written */
}

/* Every element of a view is read where it lies. */
static uint64_t touch(const struct imgcls_tensor *tensor, int32_t axis, int64_t first, size_t width)
{
    uint64_t sum = 0;
    if (axis == tensor->rank) {
        const unsigned char *p = (const unsigned char *)tensor->data + first * (int64_t)width;
        for (size_t i = 0; i < width; i++)
            sum += p[i];
        return sum;
    }
    for (int64_t i = 0; i < tensor->dims[axis]; i++)
        sum += touch(tensor, axis + 1, first + i * tensor->strides[axis], width);
    return sum;
}

static void look_at(struct fixture *f, const struct imgcls_weights *weights)
{
    const struct imgcls_tensor *tensor;
    for (size_t i = 0; imgcls_weights_tensor(weights, i, &tensor); i++) {
        int64_t count = imgcls_count(tensor->rank, tensor->dims);
        if (count <= 0 || !tensor->data)
            continue;
        assert_true(count <= 1 << 20); /* views of few bytes may repeat them, but not for ever */
        f->sum += touch(tensor, 0, 0, icl_type_bits(tensor->type) / 8);
    }
    f->read++;
}

static void try(struct fixture *f, const unsigned char *bytes, size_t size, const char *what,
                size_t at)
{
    char path[256];
    struct imgcls_weights *weights = NULL;
    store(f, f->name, bytes, size);
    snprintf(path, sizeof path, "%s/%s", f->folder, f->opened);
    uint64_t before = f->ctx->memory_used;
    f->ctx->memory_peak = before;
    imgcls_status status = imgcls_weights_open(f->ctx, path, NULL, &weights);
    const char *said = imgcls_error(f->ctx);
    if (weights)
        look_at(f, weights);
    imgcls_weights_close(weights);
    if (status != IMGCLS_OK && status != IMGCLS_BAD_INPUT && status != IMGCLS_UNSUPPORTED &&
        status != IMGCLS_LIMIT)
        fail_msg("%s, %s %zu: status %d: %s", f->name, what, at, (int)status, said);
    if (status != IMGCLS_OK && (!strstr(said, f->folder) || strchr(said, '\n')))
        fail_msg("%s, %s %zu: not one line with the file: %s", f->name, what, at, said);
    if (f->ctx->memory_used != before)
        fail_msg("%s, %s %zu: memory is left", f->name, what, at);
    if (f->ctx->memory_peak - before > MEMORY_BASE + MEMORY_EACH * size)
        fail_msg("%s, %s %zu: took %llu bytes", f->name, what, at,
                 (unsigned long long)(f->ctx->memory_peak - before));
    icl_forgive(f->ctx);
    f->tries++;
}

static void damage(struct fixture *f)
{
    unsigned char *bytes = malloc(f->size);
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    assert_non_null(bytes);
    memcpy(bytes, f->bytes, f->size);
    try(f, bytes, f->size, "as it is", 0);
    assert_true(f->read > 0); /* else nothing below says anything */
    for (size_t i = 0; i < f->size; i++) {
        if (i % f->every == 0)
            try(f, bytes, i, "cut at", i);
        bytes[i] ^= (unsigned char)(1u << (i + i / 8) % 8);
        if ((i + 1) % f->every == 0)
            try(f, bytes, f->size, "bit of byte", i);
        bytes[i] = 0xff;
        if ((i + 2) % f->every == 0)
            try(f, bytes, f->size, "255 at", i);
        bytes[i] = f->bytes[i];
    }
    for (size_t i = 0; i < RANDOM_ALL / f->every; i++) {
        for (uint64_t n = 2 + next(&state) % 4; n > 0; n--)
            bytes[next(&state) % f->size] = (unsigned char)next(&state);
        try(f, bytes, f->size, "random", i);
        memcpy(bytes, f->bytes, f->size);
    }
    try(f, bytes, f->size, "as it is", 1);
    free(bytes);
}

static void damaged_checkpoints_are_read_or_refused(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < FILES; i++) {
        load(f, files[i].name);
        f->name = files[i].name;
        f->opened = files[i].opened ? files[i].opened : files[i].name;
        f->read = 0;
        damage(f);
    }
    print_message("%zu files, sum %llu\n", f->tries, (unsigned long long)f->sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(damaged_checkpoints_are_read_or_refused, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
