/*
 * programs/inspect.c - what is in a model, without converting it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/inspect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* One of imgcls_model_input and imgcls_model_output. */
typedef imgcls_status (*describe)(const struct imgcls_model *model, size_t index,
                                  const char **name, struct imgcls_tensor *shape);

static void shape_text(const struct imgcls_tensor *shape, char *text, size_t capacity)
{
    size_t at = 0;
    text[0] = '\0';
    for (int32_t d = 0; d < shape->rank && at < capacity; d++) {
        int wrote = shape->dims[d] < 0
                        ? snprintf(text + at, capacity - at, "%s?", d ? " x " : "")
                        : snprintf(text + at, capacity - at, "%s%" PRId64, d ? " x " : "",
                                   shape->dims[d]);
        at += (size_t)wrote;
    }
}

static void print_values(const struct imgcls_model *model, const char *kind, describe of)
{
    const char *name;
    struct imgcls_tensor shape;
    for (size_t i = 0; of(model, i, &name, &shape) == IMGCLS_OK; i++) {
        char text[256];
        shape_text(&shape, text, sizeof text);
        printf("%s %s: %s %s\n", kind, name, imgcls_type_text(shape.type),
               shape.rank < 0 ? "of unknown shape" : text);
    }
}

static json_t *values_json(const struct imgcls_model *model, describe of)
{
    json_t *rows = json_array();
    const char *name;
    struct imgcls_tensor shape;
    for (size_t i = 0; of(model, i, &name, &shape) == IMGCLS_OK; i++) {
        json_t *dims = shape.rank < 0 ? json_null() : json_array();
        for (int32_t d = 0; d < shape.rank; d++)
            json_array_append_new(dims, shape.dims[d] < 0 ? json_null()
                                                          : json_integer(shape.dims[d]));
        json_array_append_new(rows,
                              json_pack("{s:s, s:s, s:o}", "name", name, "type",
                                        imgcls_type_text(shape.type), "shape", dims));
    }
    return rows;
}

static void print_words(const struct imgcls_model *model)
{
    const char *type, *domain, *recipe = imgcls_model_recipe(model);
    int64_t count;
    printf("format: %s\nsha256: %s\n", imgcls_model_format(model), imgcls_model_sha256(model));
    print_values(model, "input", imgcls_model_input);
    print_values(model, "output", imgcls_model_output);
    printf("parameters: %" PRId64 "\n", imgcls_model_parameters(model));
    printf("recipe: %s\n", recipe ? recipe : "none (eval and classify need --preprocess)");
    printf("class names: %zu\n", imgcls_model_label_count(model));
    for (size_t i = 0;
         imgcls_model_operator(model, i, &domain, &type, &count) == IMGCLS_OK; i++)
        printf("operator %s%s%s: %" PRId64 "\n", domain, domain[0] ? "." : "", type, count);
}

static bool print_json(const struct imgcls_model *model)
{
    const char *type, *domain;
    int64_t count;
    json_t *operators = json_array();
    for (size_t i = 0; imgcls_model_operator(model, i, &domain, &type, &count) == IMGCLS_OK; i++)
        json_array_append_new(operators, json_pack("{s:s, s:s, s:I}", "domain", domain, "type",
                                                   type, "count", (json_int_t)count));
    json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:I, s:s?, s:I, s:o}", "format",
                               imgcls_model_format(model), "sha256",
                               imgcls_model_sha256(model), "inputs",
                               values_json(model, imgcls_model_input), "outputs",
                               values_json(model, imgcls_model_output), "parameters",
                               (json_int_t)imgcls_model_parameters(model), "recipe",
                               imgcls_model_recipe(model), "labels",
                               (json_int_t)imgcls_model_label_count(model), "operators",
                               operators);
    if (!object)
        return false;
    int result = json_dumpf(object, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(object);
    return result == 0;
}

imgcls_status inspect_model(struct imgcls_context *ctx, const struct command_line *line,
                            const struct imgcls_model_options *options)
{
    struct imgcls_model *model;
    bool done;
    imgcls_status status = inspect_weights(ctx, line, options->arch, &done);
    if (done)
        return status;
    status = imgcls_model_open_with(ctx, line->positionals[0], options, &model);
    if (status == IMGCLS_OK && line->json)
        status = print_json(model) ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    else if (status == IMGCLS_OK)
        print_words(model);
    imgcls_model_close(model);
    return status;
}
