/*
 * tests/model/damage_test.c - no result from a damaged bundle, however it is opened
 *
 * A net of convolutions and a matrix goes into a bundle; of a copy, one bit of the weights is
 * wrong. Opened to be kept, the model is refused at once; opened for one run, the run is, with the
 * same words, before anything comes out. Every tenth of the weights is tried: what kernels pack,
 * what they read as it lies, what is folded, what nobody reads.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/model.h"
#include "src/file/file.h"
#include "src/registry/registry.h"
#include "tests/bundle/memory.h"
#include "tests/plan/drawn_graph.h"

#define PATH "damage-test.imgcls"
#define SIDE 14

static struct memory bundle;
static size_t first, size; /* of weights.bin */

static void draw_net(void)
{
    static const int64_t image[] = {1, 3, SIDE, SIDE}, matrix[] = {64 * SIDE * SIDE, 30},
                         flat[] = {1, 64 * SIDE * SIDE}, spare[] = {1000};
    float *w = drawn((size_t)(matrix[0] * matrix[1]));

    input(image);
    conv("x", "a", 3, 40, 3);
    node("Relu", "a", "b");
    conv("b", "c", 40, 64, 3);
    constant("shape", IMGCLS_I64, 1, (const int64_t[]){2}, flat);
    node("Reshape", "c shape", "d");
    constant("m", IMGCLS_F32, 2, matrix, w);
    node("MatMul", "d m", "y");
    constant("spare", IMGCLS_F32, 1, spare, w);
    output("y");
    free(w);
}

static void make_bundle(void)
{
    struct icl_registry *registry;
    struct imgcls_source source;
    struct imgcls_zip *zip;
    const struct imgcls_zip_member *member;

    draw_net();
    ok(icl_context_registry(ctx, &registry));
    const struct imgcls_format *format = icl_registry_format_named(registry, "bundle");
    if (!format)
        fail_msg("the plugin of bundles is not to be found");
    memory_init(&bundle);
    ok(format->write(&ctx->host, graph, &bundle.sink));
    ok(memory_source(ctx, bundle.bytes, bundle.size, &source));
    ok(icl_zip_open(&ctx->host, &source, &zip));
    for (size_t i = 0; (member = icl_zip_member_at(&ctx->host, zip, i)); i++)
        if (strcmp(member->name, "weights.bin") == 0) {
            first = (size_t)member->offset;
            size = (size_t)member->size;
        }
    icl_zip_close(&ctx->host, zip);
    memory_source_clear(&source);
    assert_true(size > (1 << 20)); /* else its checksum does not wait */
}

static void write_flipped(size_t at)
{
    FILE *file = fopen(PATH, "wb");
    assert_non_null(file);
    if (at < size)
        bundle.bytes[first + at] ^= 2;
    assert_int_equal(fwrite(bundle.bytes, 1, bundle.size, file), bundle.size);
    assert_int_equal(fclose(file), 0);
    if (at < size)
        bundle.bytes[first + at] ^= 2;
}

static imgcls_status run_model(struct imgcls_model *model, const struct imgcls_tensor **y)
{
    static const int64_t dims[] = {1, 3, SIDE, SIDE};
    static float x[3 * SIDE * SIDE];
    struct imgcls_tensor tensor;
    const struct imgcls_tensor *inputs[] = {&tensor};
    ok(icl_tensor_borrow(ctx, IMGCLS_F32, 4, dims, x, &tensor));
    return imgcls_model_run(model, 1, inputs, 1, y);
}

static void expect_refusal(imgcls_status status, size_t at)
{
    if (status != IMGCLS_BAD_INPUT || strncmp(imgcls_error(ctx), PATH, strlen(PATH)) != 0 ||
        !strstr(imgcls_error(ctx), PATH ": broken zip file: member 'weights.bin' is damaged "
                                        "(its checksum differs)"))
        fail_msg("byte %zu of %zu flipped: status %d, '%s'", at, size, (int)status,
                 imgcls_error(ctx));
    icl_forgive(ctx);
}

static void try_flipped(size_t at)
{
    struct imgcls_model_options once = {.struct_size = sizeof once, .once = 1};
    struct imgcls_model *model, *twin;
    const struct imgcls_tensor *y = NULL;

    write_flipped(at);
    expect_refusal(imgcls_model_open(ctx, PATH, &model), at);
    ok(imgcls_model_open_with(ctx, PATH, &once, &model));
    expect_refusal(run_model(model, &y), at);
    assert_null(y);
    imgcls_model_close(model);
    ok(imgcls_model_open_with(ctx, PATH, &once, &model));
    expect_refusal(icl_model_twin(model, &twin), at);
    imgcls_model_close(model);
}

static void no_result_comes_of_damaged_weights(void **state)
{
    (void)state;
    begin();
    make_bundle();
    for (size_t i = 0; i < 10; i++)
        try_flipped(i == 9 ? size - 1 : i * (size / 10));
    remove(PATH);
    free(bundle.bytes);
    end();
}

static void a_sound_one_gives_the_same_as_one_that_is_kept(void **state)
{
    struct imgcls_model_options once = {.struct_size = sizeof once, .once = 1};
    struct imgcls_model *model;
    const struct imgcls_tensor *y = NULL;
    float kept[30];

    (void)state;
    begin();
    make_bundle();
    write_flipped(SIZE_MAX);
    ok(imgcls_model_open(ctx, PATH, &model));
    ok(run_model(model, &y));
    memcpy(kept, y->data, sizeof kept);
    imgcls_model_close(model);
    ok(imgcls_model_open_with(ctx, PATH, &once, &model));
    for (int run = 0; run < 3; run++) {
        ok(run_model(model, &y));
        assert_memory_equal(y->data, kept, sizeof kept);
    }
    imgcls_model_close(model);
    remove(PATH);
    free(bundle.bytes);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_result_comes_of_damaged_weights),
        cmocka_unit_test(a_sound_one_gives_the_same_as_one_that_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
