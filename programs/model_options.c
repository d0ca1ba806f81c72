/*
 * programs/model_options.c - the options that say how a model is to be opened
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/model_options.h"

void model_options_take(const struct command_line *line, struct model_options *out)
{
    *out = (struct model_options){
        .options = {
            .struct_size = sizeof out->options,
            .recipe = command_value(line, "preprocess"),
            .labels = command_value(line, "labels"),
            .arch = command_value(line, "arch"),
        },
    };
    size_t count = 0;
    const char *shape;
    while (count < MODEL_SHAPES_MAX && (shape = command_value_at(line, "shape", count)))
        out->shapes[count++] = shape;
    if (count)
        out->options.shapes = out->shapes;
}
