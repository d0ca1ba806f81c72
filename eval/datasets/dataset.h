/*
 * eval/datasets/dataset.h - a place on disk becomes a list of labelled pictures
 *
 * What lies at a path is listed first (place.h), then layouts bid for it and the highest
 * gives labels (layouts[] in dataset.c is the one list to touch). The pictures are in one
 * order on every machine: bytewise by relative path. The class index of a picture comes
 * from the full label list, never from the folders that happen to be there: a subset must
 * not shift labels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_DATASET_H
#define ICL_DATASET_H

#include "eval/datasets/place.h"

/* What a model knows of classes. */
struct icl_class_space {
    const char *const *labels; /* "wnid name" or "name"; NULL where count is 0 */
    size_t label_count;
    int64_t classes; /* width of the model's output; 0: not known */
};

/* What the user says about a data set; NULL and AUTO: recognised. */
#define ICL_LABEL_BASE_AUTO (-1)
struct icl_dataset_options {
    const char *path;
    const char *layout;
    const char *truth; /* a file of labels that lies elsewhere */
    int32_t
        label_base; /* number of the first class in lists: 0 or 1, ICL_LABEL_BASE_AUTO */
    int32_t present_only; /* compare the scores of classes with pictures only: 1 yes, 0 no,
                             -1 where the layout says so (ImageNet-A and -R) */
};

struct icl_dataset_entry {
    char *file; /* relative to the set, own */
    int32_t label;
    int32_t also_count;
    int32_t *also;                   /* own: further right classes (ReaL) */
    const struct icl_member *member; /* borrowed from the place; NULL: no such file */
    uint64_t record;                 /* number within it, where set->records */
    bool hashed;                     /* sha256 is set; else the file could not be read */
    uint8_t sha256[32];
};

struct icl_dataset;
struct icl_records;

struct icl_dataset_layout {
    const char *name; /* what --layout takes */
    const char *what; /* in words, for the evidence */
    bool listed;      /* labels come from a list, which --truth may name */
    /* 0..100: how surely this is our layout. */
    int32_t (*bid)(const struct icl_dataset *set);
    /* Adds entries (icl_dataset_add), in any order, and notes evidence. */
    imgcls_status (*list)(struct icl_dataset *set, const struct icl_class_space *space);
};

struct icl_dataset {
    struct imgcls_context *ctx;
    const struct icl_dataset_layout *layout;
    struct icl_dataset_options options; /* borrowed texts */
    char *path;
    struct icl_place *place;     /* own */
    struct icl_records *records; /* own: pictures within large files; NULL: none */
    struct icl_dataset_entry *entries;
    size_t count, capacity;
    int64_t classes; /* of the space; where the model does not know: as the set has it */
    int64_t others;  /* files that are neither pictures nor used for labels */
    const char *first_other;
    int64_t skipped;          /* pictures that the ground truth has no answer for (ReaL) */
    bool corrupted;           /* names are corruption/severity/... (ImageNet-C) */
    bool restrict_to_present; /* where present_only leaves it to the layout */
    int32_t *compared; /* own: classes whose scores are compared, rising; NULL: all */
    size_t compared_count;
    char **evidence; /* lines for the user, from what was recognised */
    size_t evidence_count;
};

/*
 * Opens a data set. Fails where the path is none, where a folder is no class, where names
 * are ambiguous, where there is no picture: each in words that say what was found and what
 * would do. Own: icl_dataset_close.
 */
imgcls_status icl_dataset_open(struct imgcls_context *ctx,
                               const struct icl_dataset_options *options,
                               const struct icl_class_space *space,
                               struct icl_dataset **out);
void icl_dataset_close(struct icl_dataset *set);
/* Keeps `limit` pictures: spread evenly, number floor(i * count / limit) for each i; or,
 * where seed is not negative, drawn by it. 0 keeps all. */
imgcls_status icl_dataset_limit(struct icl_dataset *set, int64_t limit, int64_t seed);
/* The classes whose scores are compared, once all entries stand. */
imgcls_status icl_dataset_settle_classes(struct icl_dataset *set);
/* Order in which pictures are best read: archives from front to back; else as listed, or
 * drawn by seed where it is not negative. order has room for set->count. */
void icl_dataset_order(const struct icl_dataset *set, int64_t seed, size_t *order);

/* Must pictures be read in icl_dataset_order's order, by one reader at a time? */
bool icl_dataset_is_stream(const struct icl_dataset *set);
/* Reads picture `index` and keeps its hash. stream is for sets that are streams (one caller
 * at a time), NULL for others, which are thread-safe for different pictures. */
imgcls_status icl_dataset_read(struct icl_dataset *set, struct icl_place_stream *stream,
                               size_t index, uint8_t **bytes, size_t *size, char *reason,
                               size_t capacity);
/* SHA-256 over a line "file<TAB>label<TAB>sha256 of the file" for each picture, in order;
 * "-" stands for the hash of one that could not be read. After all were read. Several right
 * labels are "3,17". */
imgcls_status icl_dataset_sha256(const struct icl_dataset *set, char text[65]);
/* The manifest: the same lines with the file's size in the place of its hash; known before
 * anything is read. with_times also takes in when each file was changed. */
imgcls_status icl_dataset_manifest(const struct icl_dataset *set, bool with_times,
                                   char text[65]);
/* Is `class` right for picture `index`? */
bool icl_dataset_is_right(const struct icl_dataset_entry *entry, int32_t class_index);

/* ---- For layouts
 * ------------------------------------------------------------------------*/

/* Appends a picture; file is copied; member may be NULL: a listed file that is not there.
 */
imgcls_status icl_dataset_add(struct icl_dataset *set, const char *file,
                              const struct icl_member *member, int32_t label);
/* Appends a line of evidence. */
imgcls_status icl_dataset_note(struct icl_dataset *set, const char *format, ...)
    IMGCLS_PRINTF(2, 3);
/* Counts a file that is not used. */
void icl_dataset_other(struct icl_dataset *set, const struct icl_member *member);
imgcls_status icl_dataset_no_memory(struct icl_dataset *set);
/* How long the folders are that lie around everything in an archive ("val/"), or around its
 * pictures: left out of names, so that they are those of the folder that was packed. 0: none. */
size_t icl_dataset_shell(const struct icl_dataset *set, bool pictures_only);
/* The file of this name anywhere in the place, or NULL. */
const struct icl_member *icl_dataset_find(const struct icl_dataset *set, const char *base);
/* Does the path, or a member's first folder, hold these words (without regard to case)? */
bool icl_dataset_is_called(const struct icl_dataset *set, const char *words);
/* Class indices of `count` labels as texts, where the same one may stand several times:
 * wnids, names or numbers, numbers with regard to the label base. */
imgcls_status icl_dataset_label(struct icl_dataset *set,
                                const struct icl_class_space *space, const char *place,
                                const char *const *texts, size_t count, int32_t *labels);

/* ---- For records
 * ------------------------------------------------------------------------*/

imgcls_status icl_records_read(const struct icl_records *records,
                               const struct icl_dataset_entry *entry, uint8_t **bytes,
                               size_t *size, char *reason, size_t capacity);
void icl_records_free(struct icl_records *records);

extern const struct icl_dataset_layout icl_layout_folders, icl_layout_imagenet_v2,
    icl_layout_imagenet_sketch, icl_layout_imagenet_a, icl_layout_imagenet_r,
    icl_layout_imagenet_c, icl_layout_val_txt, icl_layout_devkit, icl_layout_kaggle,
    icl_layout_csv, icl_layout_real, icl_layout_webdataset, icl_layout_cifar10,
    icl_layout_cifar100, icl_layout_mnist;

#endif
