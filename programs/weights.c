/*
 * programs/weights.c - what is in a checkpoint: tensors, names in its pickle, architecture
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/inspect.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include <imgcls/convert.h>
#include <imgcls/plugin.h>

/* Names come from the file: what could steer a terminal becomes '?'. */
static void put_clean(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        putchar(c < 0x20 || c == 0x7f ? '?' : c);
    }
}

static void put_lines(const char *what, const char *text)
{
    while (text && *text) {
        size_t length = strcspn(text, "\n");
        printf("%s: ", what);
        put_clean(text, length);
        putchar('\n');
        text += length + (text[length] == '\n');
    }
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; text && *text; text++)
        lines += *text == '\n' || !text[1];
    return lines;
}

static void print_tensors(const struct imgcls_weights *weights)
{
    const struct imgcls_tensor *tensor;
    const char *name;
    size_t count = 0;
    int64_t elements = 0;
    uint64_t bytes = 0;
    for (; (name = imgcls_weights_tensor(weights, count, &tensor)); count++) {
        printf("tensor ");
        put_clean(name, strlen(name));
        printf(": %s ", imgcls_type_text(tensor->type));
        for (int32_t d = 0; d < tensor->rank; d++)
            printf("%s%" PRId64, d ? " x " : "", tensor->dims[d]);
        printf("%s%zu bytes\n", tensor->rank ? ", " : "scalar, ", tensor->size_bytes);
        elements += imgcls_count(tensor->rank, tensor->dims);
        bytes += tensor->size_bytes;
    }
    printf("tensors: %zu of %" PRId64 " elements, %" PRIu64 " bytes\n", count, elements,
           bytes);
}

static void print_labels(const char *labels)
{
    size_t count = count_lines(labels);
    printf("class names: %zu", count);
    if (count) {
        const char *last = labels;
        for (const char *p = labels; *p; p++)
            if (*p == '\n' && p[1])
                last = p + 1;
        printf(" (first: ");
        put_clean(labels, strcspn(labels, "\n"));
        printf("; last: ");
        put_clean(last, strcspn(last, "\n"));
        putchar(')');
    }
    putchar('\n');
}

static void print_words(const struct imgcls_weights *weights)
{
    const char *evidence = imgcls_weights_text(weights, IMGCLS_META_EVIDENCE);
    const char *recipe = imgcls_weights_text(weights, IMGCLS_META_RECIPE);
    printf("format: %s\nsha256: %s\n", imgcls_weights_format(weights),
           imgcls_weights_sha256(weights));
    print_tensors(weights);
    put_lines("cut off all names", imgcls_weights_text(weights, IMGCLS_META_PREFIX));
    put_lines("name in the pickle", imgcls_weights_text(weights, IMGCLS_META_GLOBALS));
    put_lines("library", imgcls_weights_text(weights, IMGCLS_META_LIBRARY));
    put_lines("architecture", evidence ? evidence : "not recognised");
    put_lines("recipe", recipe ? recipe : "none (eval and classify need --preprocess)");
    print_labels(imgcls_weights_text(weights, IMGCLS_META_LABELS));
    put_lines("note", imgcls_weights_text(weights, IMGCLS_META_NOTES));
}

static json_t *lines_json(const char *text)
{
    json_t *lines = json_array();
    while (text && *text) {
        size_t length = strcspn(text, "\n");
        json_array_append_new(lines, json_stringn(text, length));
        text += length + (text[length] == '\n');
    }
    return lines;
}

static json_t *tensors_json(const struct imgcls_weights *weights)
{
    const struct imgcls_tensor *tensor;
    const char *name;
    json_t *rows = json_array();
    for (size_t i = 0; (name = imgcls_weights_tensor(weights, i, &tensor)); i++) {
        json_t *shape = json_array();
        for (int32_t d = 0; d < tensor->rank; d++)
            json_array_append_new(shape, json_integer(tensor->dims[d]));
        json_array_append_new(rows,
                              json_pack("{s:s, s:s, s:o, s:I}", "name", name, "type",
                                        imgcls_type_text(tensor->type), "shape", shape,
                                        "bytes", (json_int_t)tensor->size_bytes));
    }
    return rows;
}

static bool print_json(const struct imgcls_weights *weights)
{
    json_t *object =
        json_pack("{s:s, s:s, s:o, s:o, s:s?, s:s?, s:s?, s:s?, s:o, s:o}", "format",
                  imgcls_weights_format(weights), "sha256", imgcls_weights_sha256(weights),
                  "tensors", tensors_json(weights), "globals",
                  lines_json(imgcls_weights_text(weights, IMGCLS_META_GLOBALS)), "prefix",
                  imgcls_weights_text(weights, IMGCLS_META_PREFIX), "library",
                  imgcls_weights_text(weights, IMGCLS_META_LIBRARY), "architecture",
                  imgcls_weights_text(weights, IMGCLS_META_EVIDENCE), "recipe",
                  imgcls_weights_text(weights, IMGCLS_META_RECIPE), "labels",
                  lines_json(imgcls_weights_text(weights, IMGCLS_META_LABELS)), "notes",
                  lines_json(imgcls_weights_text(weights, IMGCLS_META_NOTES)));
    if (!object)
        return false;
    int result = json_dumpf(object, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(object);
    return result == 0;
}

imgcls_status inspect_weights(struct imgcls_context *ctx, const struct command_line *line,
                              const char *arch, bool *done)
{
    struct imgcls_weights *weights;
    imgcls_status status = imgcls_weights_open(ctx, line->positionals[0], arch, &weights);
    *done = status != IMGCLS_OK || weights;
    if (weights && line->json)
        status = print_json(weights) ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    else if (weights)
        print_words(weights);
    imgcls_weights_close(weights);
    return status;
}
