/*
 * src/model/shape_option.c - "--shape input=1,3,224,224" fixes what a model left open
 *
 * Forms, as the fingers know them from other tools: name=1,3,224,224, name:1x3x224x224,
 * name:[1,3,224,224]; with one input also the bare numbers. A name may itself contain = and
 * :, so the longest input name that the text begins with counts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static imgcls_status refuse(struct imgcls_graph *graph, const char *text, const char *why)
{
    return icl_fail(graph->ctx, IMGCLS_BAD_INPUT, "shape '%s': %s", text, why);
}

/* The input that the text names, and where its numbers begin. */
static struct icl_value *named_input(const struct imgcls_graph *graph, const char *text,
                                     const char **numbers)
{
    struct icl_value *best = NULL;
    size_t best_length = 0;
    for (size_t i = 0; i < graph->input_count; i++) {
        size_t length = strlen(graph->inputs[i]->name);
        bool begins = strncmp(text, graph->inputs[i]->name, length) == 0 &&
                      (text[length] == '=' || text[length] == ':');
        if (begins && (!best || length > best_length)) {
            best = graph->inputs[i];
            best_length = length;
        }
    }
    if (best) {
        *numbers = text + best_length + 1;
        return best;
    }
    *numbers = text;
    bool bare = text[0] == '[' || (text[0] >= '0' && text[0] <= '9');
    return bare && graph->input_count == 1 ? graph->inputs[0] : NULL;
}

/* Numbers between optional brackets, with commas or x between; false where malformed. */
static bool parse_dims(const char *text, int32_t *rank, int64_t *dims)
{
    bool bracket = *text == '[';
    text += bracket;
    *rank = 0;
    while (*text && *text != ']') {
        char *end;
        errno = 0;
        if (*text < '0' || *text > '9' || *rank == IMGCLS_MAX_RANK)
            return false;
        long long dim = strtoll(text, &end, 10);
        if (errno || dim < 0)
            return false;
        dims[(*rank)++] = dim;
        text = end;
        if (*text == ',' || *text == 'x') {
            text++;
            if (!*text || *text == ']')
                return false;
        } else if (*text && *text != ']') {
            return false;
        }
    }
    if (bracket != (*text == ']'))
        return false;
    return text[bracket] == 0;
}

imgcls_status icl_shape_option(struct imgcls_graph *graph, const char *text)
{
    const char *numbers;
    struct icl_value *input = named_input(graph, text, &numbers);
    if (!input) {
        char names[512] = "";
        for (size_t i = 0; i < graph->input_count; i++) {
            size_t used = strlen(names);
            if (used + strlen(graph->inputs[i]->name) + 3 >= sizeof names)
                break;
            strcat(strcat(names, i ? ", " : ""), graph->inputs[i]->name);
        }
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT,
                        "shape '%s': not NAME=DIMS with an input of the model (%s)", text,
                        names);
    }
    int32_t rank;
    int64_t dims[IMGCLS_MAX_RANK];
    if (!parse_dims(numbers, &rank, dims))
        return refuse(graph, text,
                      "dimensions are numbers with commas between, as in "
                      "input=1,3,224,224");
    if (imgcls_count(rank, dims) < 0)
        return refuse(graph, text, "more elements than can be counted");
    struct imgcls_value_info *info = &input->info;
    if (info->kind != IMGCLS_KIND_TENSOR || (info->rank >= 0 && info->rank != rank))
        return icl_fail(graph->ctx, IMGCLS_BAD_INPUT,
                        "shape '%s': %d dimensions, the model's input has %d", text,
                        (int)rank, (int)info->rank);
    info->rank = rank;
    for (int32_t i = 0; i < rank; i++)
        info->dims[i] = dims[i];
    return IMGCLS_OK;
}
