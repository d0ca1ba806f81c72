/*
 * eval/datasets/truth.h - lists of right answers, in the forms that ImageNet's come in
 *
 *     val-txt   "ILSVRC2012_val_00000001.JPEG 65" (caffe, mmpretrain)
 *     devkit    "490": a line a picture, numbers in the devkit's own order of classes
 *     kaggle    "ImageId,PredictionString": "ILSVRC2012_val_00000001,n01751748 111 108 230
 * 366" csv       "path,label" with a header, or a name and a label on each line real
 * "[[65], [970, 795], []]": several right answers a picture (ReaL)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_TRUTH_H
#define ICL_TRUTH_H

#include "src/context/context.h"

enum icl_truth_kind {
    ICL_TRUTH_NONE,
    ICL_TRUTH_VAL_TXT,
    ICL_TRUTH_DEVKIT,
    ICL_TRUTH_KAGGLE,
    ICL_TRUTH_CSV,
    ICL_TRUTH_REAL
};

struct icl_truth_item {
    const char *name;      /* borrowed from the text; NULL where pictures are numbered */
    const char *label;     /* a number, a wnid or a name; NULL: several, or none (ReaL) */
    size_t first, several; /* of icl_truth.numbers */
    size_t line;
};

struct icl_truth {
    enum icl_truth_kind kind;
    const char *place;            /* borrowed: file, for messages */
    char *text;                   /* own: items point into it */
    struct icl_truth_item *items; /* own */
    size_t count, capacity;
    int32_t *numbers; /* own: of all ReaL items */
    size_t number_count, number_capacity;
    size_t disagreeing; /* Kaggle: boxes of one picture with different classes */
};

/* What kind of list the text is, from its first lines. Pure. */
enum icl_truth_kind icl_truth_kind_of(const char *text, size_t size);
/* "caffe's val.txt", ... */
const char *icl_truth_words(enum icl_truth_kind kind);
/* Takes over `text` (a zero byte behind size bytes) in every case. Own: icl_truth_clear. */
imgcls_status icl_truth_parse(struct imgcls_context *ctx, const char *place, char *text,
                              size_t size, struct icl_truth *truth);
void icl_truth_clear(struct icl_truth *truth);

/* The wnids of ILSVRC2012_ID 1, 2, ...: from the devkit's meta.mat (only synsets without
 * children), or from lines that each hold one wnid, with or without a number after it.
 * wnids: own, *count strings of 10 bytes. */
imgcls_status icl_synsets_read(struct imgcls_context *ctx, const char *place,
                               const uint8_t *bytes, size_t size, char (**wnids)[10],
                               size_t *count);

#endif
