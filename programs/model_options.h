/*
 * programs/model_options.h - the options that say how a model is to be opened
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MODEL_OPTIONS_H
#define MODEL_OPTIONS_H

#include "programs/command.h"

/* Rows for a command's table. */
#define MODEL_OPTION_ROWS                                                                      \
    {"labels", 0, "FILE", "class names, one a line in index order"},                           \
        {"preprocess", 0, "RECIPE",                                                            \
         "imagenet, inception, caffe, none, or a recipe such as\n"                             \
         "resize=256,filter=bilinear,crop=224,color=rgb,range=1,\n"                            \
         "mean=0.485/0.456/0.406,std=0.229/0.224/0.225"},                                      \
        {"arch", 0, "NAME", "architecture of a checkpoint that does not name it"},             \
        {"shape", 0, "NAME=DIMS",                                                              \
         "fix an input's shape, e.g. input=1,3,224,224; repeatable"},                          \
    {                                                                                          \
        "deterministic", 0, NULL,                                                              \
            "the same bits with every instruction set; costs nothing, for\n"                   \
            "results never hang on instruction set, threads or batch"                          \
    }

#define MODEL_SHAPES_MAX 64

struct model_options {
    struct imgcls_model_options options;
    const char *shapes[MODEL_SHAPES_MAX + 1];
};

/* Fills the options from the line; the texts stay the line's. */
void model_options_take(const struct command_line *line, struct model_options *out);

#endif
