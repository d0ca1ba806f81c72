/*
 * tests/onnx/damage_test.c - truncated and bit-flipped files are read or refused, never
 * more
 *
 * Every prefix of each good file, every single bit of it flipped, and several bytes at once
 * by a fixed pseudo-random sequence. What counts is that nothing crashes, reads past the
 * bytes (they end at the end of an allocation: the sanitizer build sees it) or leaks, and
 * that each refusal has one line that names the file. What can still be read is written,
 * too.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/onnx/fixture.h"

static const char *const files[] = {
    "good/plain.onnx",    "good/types_raw.onnx",       "good/types_typed.onnx",
    "good/external.onnx", "good/sparse.onnx",          "good/attributes.onnx",
    "good/nested.onnx",   "good/functions.onnx",       "good/sequence.pb",
    "good/map.pb",        "good/optional_sequence.pb", "good/f4.npy",
    "good/unicode.npy",   "good/fortran.npy",
};

/* xorshift64: the same damage on every machine. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Whether a try since this was cleared ended for want of memory. */
static bool refused;

/* One context for all tries would keep the first failure's text: it is forgiven each time.
 */
static void check_refusal(struct imgcls_context *ctx, imgcls_status status,
                          const char *path)
{
    if (status != IMGCLS_OK) {
        const char *text = imgcls_error(ctx);
        refused = refused || status == IMGCLS_NO_MEMORY || status == IMGCLS_LIMIT;
        if (!*text || strchr(text, '\n'))
            fail_msg("%s: status %d, text \"%s\"", path, (int)status, text);
    }
    icl_forgive(ctx);
}

static imgcls_status swallow(const struct imgcls_host *host, struct imgcls_sink *sink,
                             const void *bytes, size_t size)
{
    (void)host;
    (void)bytes;
    sink->position += size;
    return IMGCLS_OK;
}

static void try_model(struct imgcls_context *ctx, const struct imgcls_source *source)
{
    const struct imgcls_format *format =
        icl_registry_format_named(fixture_registry(ctx), "onnx");
    struct imgcls_graph *graph;
    format->bid(&ctx->host, source);
    imgcls_status status = fixture_read_source(ctx, source, &graph);
    check_refusal(ctx, status, source->path);
    if (status != IMGCLS_OK)
        return;
    check_refusal(ctx, icl_graph_sort(graph), source->path);
    struct imgcls_sink sink = {
        .struct_size = sizeof sink, .path = "out.onnx", .write = swallow};
    check_refusal(ctx, format->write(&ctx->host, graph, &sink), source->path);
    icl_graph_destroy(graph);
}

static void try_values(struct imgcls_context *ctx, const struct imgcls_source *source,
                       const char *name)
{
    const struct imgcls_format *format =
        icl_registry_format_named(fixture_registry(ctx), name);
    void *values;
    assert_non_null(format);
    format->bid_values(&ctx->host, source);
    imgcls_status status = ctx->host.values_create(&ctx->host, &values);
    if (status == IMGCLS_OK) {
        status = format->read_values(&ctx->host, source, values);
        ctx->host.values_release(&ctx->host, values);
    }
    check_refusal(ctx, status, source->path);
}

/* A good file: its bytes, and the source that knows the folder around it. */
struct sound {
    struct imgcls_source *source;
    unsigned char *bytes;
    size_t size;
};

static void open_sound(struct imgcls_context *ctx, const char *name, struct sound *sound)
{
    assert_int_equal(icl_source_open(ctx, fixture_path(name), &sound->source), IMGCLS_OK);
    sound->size = sound->source->size;
    sound->bytes = malloc(sound->size);
    assert_non_null(sound->bytes);
    memcpy(sound->bytes, sound->source->bytes, sound->size);
}

static void close_sound(struct sound *sound)
{
    icl_source_close(sound->source);
    free(sound->bytes);
}

/* Reads a copy that ends where its allocation ends. */
static void try_bytes(struct imgcls_context *ctx, const struct sound *sound,
                      const unsigned char *bytes, size_t size)
{
    struct icl_source source = *(struct icl_source *)sound->source;
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    source.source.bytes = copy;
    source.source.size = size;
    source.source.storage = NULL;
    if (strstr(source.source.path, ".onnx"))
        try_model(ctx, &source.source);
    else
        try_values(ctx, &source.source,
                   strstr(source.source.path, ".npy") ? "npy" : "onnx");
    free(copy);
}

static void every_prefix_is_survived(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct sound sound;
        open_sound(ctx, files[i], &sound);
        for (size_t length = 0; length <= sound.size; length++)
            try_bytes(ctx, &sound, sound.bytes, length);
        close_sound(&sound);
    }
    imgcls_context_destroy(ctx);
}

static void every_flipped_bit_is_survived(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct sound sound;
        open_sound(ctx, files[i], &sound);
        for (size_t bit = 0; bit < 8 * sound.size; bit++) {
            sound.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
            try_bytes(ctx, &sound, sound.bytes, sound.size);
            sound.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        close_sound(&sound);
    }
    imgcls_context_destroy(ctx);
}

static void several_wrong_bytes_are_survived(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    uint64_t seed = 0x9e3779b97f4a7c15;
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct sound sound;
        open_sound(ctx, files[i], &sound);
        unsigned char *damaged = malloc(sound.size);
        assert_non_null(damaged);
        for (int round = 0; round < 2000; round++) {
            size_t count = 1 + next(&seed) % 8;
            memcpy(damaged, sound.bytes, sound.size);
            for (size_t k = 0; k < count; k++)
                damaged[next(&seed) % sound.size] = (unsigned char)next(&seed);
            try_bytes(ctx, &sound, damaged, sound.size);
        }
        free(damaged);
        close_sound(&sound);
    }
    imgcls_context_destroy(ctx);
}

/* Each allocation of a reading and of a writing fails once: the limit is raised until there
 * is enough. */
static void every_refused_allocation_is_survived(void **state)
{
    struct imgcls_context *ctx = fixture_context();
    (void)state;
    fixture_registry(ctx);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct sound sound;
        open_sound(ctx, files[i], &sound);
        try_bytes(ctx, &sound, sound.bytes, sound.size); /* the plugin is loaded by now */
        uint64_t before = ctx->memory_used, room = 1;
        bool enough = false;
        for (; !enough && room < (1 << 22); room += room < 4096 ? 8 : 1024) {
            ctx->memory_limit = before + room;
            refused = false;
            try_bytes(ctx, &sound, sound.bytes, sound.size);
            enough = !refused;
            assert_int_equal(ctx->memory_used, before); /* all of it was given back */
        }
        ctx->memory_limit = 0;
        if (!enough || room < 64)
            fail_msg("%s: %s", files[i],
                     enough ? "no limit was met" : "never enough memory");
        close_sound(&sound);
    }
    imgcls_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_prefix_is_survived),
        cmocka_unit_test(every_flipped_bit_is_survived),
        cmocka_unit_test(several_wrong_bytes_are_survived),
        cmocka_unit_test(every_refused_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
