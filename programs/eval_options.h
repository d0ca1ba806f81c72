/*
 * programs/eval_options.h - what an evaluation is to be, and what is to come of it
 *
 * imgcls-eval and imgcls-eval-mpi have one table and one reader, so that a user finds in
 * each what the other has.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef EVAL_OPTIONS_H
#define EVAL_OPTIONS_H

#include "programs/command.h"
#include "programs/model_options.h"

#include <imgcls/evaluate.h>

/* Rows for a command's table. */
#define EVAL_OPTION_ROWS                                                                       \
    {"dataset", 'd', "PATH",                                                                   \
     "folder, archive (tar, tar.gz, tar.zst, zip), shards\n"                                   \
     "(x-{000..012}.tar), file of labelled pictures, or a list that\n"                         \
     "lies beside them (csv, val.txt, real.json); required"},                                  \
        MODEL_OPTION_ROWS,                                                                     \
        {"layout", 0, "NAME",                                                                  \
         "how the data set is laid out; default: recognised. folders,\n"                       \
         "imagenet-v2, imagenet-sketch, imagenet-a, imagenet-r,\n"                             \
         "imagenet-c, val-txt, devkit, kaggle, csv, real, webdataset,\n"                       \
         "cifar10, cifar100, mnist"},                                                          \
        {"truth", 0, "FILE",                                                                   \
         "the labels, where they lie outside the data set: val.txt, the\n"                     \
         "devkit's ground truth, Kaggle's solution, a csv, ReaL's json"},                      \
        {"label-base", 0, "0|1",                                                               \
         "lists and folders count classes from 0 or from 1; default:\n"                        \
         "recognised in lists, 0 in folders"},                                                 \
        {"classes", 0, "all|present",                                                          \
         "compare the scores of all classes, or of those that have\n"                          \
         "pictures; default: present for ImageNet-A and -R, else all"},                        \
        {"batch", 'b', "N|auto",                                                               \
         "pictures a run of the model; figures do not depend on it"},                          \
        {"limit", 'n', "N",                                                                    \
         "only N pictures, spread evenly over the set: picture number\n"                       \
         "floor(i * all / N) for each i from 0"},                                              \
        {"shuffle", 0, NULL,                                                                   \
         "read in an order that is drawn; with --limit, draw the pictures"},                   \
        {"seed", 0, "N", "what drawing begins with; default: 0"},                              \
        {"resume", 0, NULL,                                                                    \
         "go on with an evaluation that was ended; refuse where only one\n"                    \
         "of another model, recipe, engine or data set stands there\n"                         \
         "(without it, such a one is left alone)"},                                            \
        {"no-resume", 0, NULL, "begin anew and forget what was done"},                         \
        {"per-class", 0, "CSV",                                                                \
         "write every class's counts, accuracy, precision, recall, F1"},                       \
        {"confusion", 0, "CSV",                                                                \
         "write which classes were taken for which, a row a pair"},                            \
        {"predictions", 'o', "CSV",                                                            \
         "write the five best classes of every picture; fields that a\n"                       \
         "picture has not (it failed, or fewer classes) are empty"},                           \
        {"min-top1", 0, "X",                                                                   \
         "exit 1 where top-1 is below X: a fraction up to 1 (0.6), a\n"                        \
         "percentage above it (60)"},                                                          \
        {"strict", 0, NULL, "exit 1 where a picture could not be read"},                       \
        {"db", 0, "FILE",                                                                      \
         "leaderboard to write to; default: $IMGCLS_DB, else\n"                                \
         "imgcls/leaderboard.db under $XDG_DATA_HOME (~/.local/share)"},                       \
        {"no-record", 0, NULL, "leave no row on the leaderboard"},                             \
        {"memory-limit", 0, "SIZE",                                                            \
         "stop, with status 3, before using more than SIZE (e.g. 2G)"},                        \
    {                                                                                          \
        "max-iterations", 0, "N",                                                              \
            "stop, with status 3, a loop that is still going after N rounds\n"                 \
            "(default 1000000)"                                                                \
    }

struct eval_options {
    /* Texts are the line's; board, callbacks and ranks are the command's to fill in. */
    struct imgcls_evaluation_options evaluation;
    struct model_options model;
    const char *per_class, *confusion; /* files to write, or NULL */
    double min_top1;                   /* fraction; -1: not asked */
    bool strict, record;
};

/* Fills the options from the line; false after saying what is wrong with it. */
bool eval_options_take(struct command_line *line, struct eval_options *out);
/* Files that are written at the end: what is wrong with them is better known at the beginning.
 * False after saying it. */
bool eval_options_may_write(const struct command_line *line);

#endif
