/*
 * eval/datasets/dataset.h - a place on disk becomes a list of labelled pictures
 *
 * Layouts bid for a path, the highest lists it (layouts[] in dataset.c is the one list to
 * touch). The list is in one order on every machine: bytewise by relative path. The class
 * index of a picture comes from the full label list, never from the folders that happen to be
 * there: a subset must not shift labels.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_DATASET_H
#define ICL_DATASET_H

#include "src/context/context.h"

#define ICL_PICTURE_BYTES_MAX ((size_t)256 << 20) /* a larger file is no picture to measure */

/* What a model knows of classes. */
struct icl_class_space {
    const char *const *labels; /* "wnid name" or "name"; NULL where count is 0 */
    size_t label_count;
    int64_t classes; /* width of the model's output; 0: not known */
};

struct icl_dataset_entry {
    char *file; /* relative to the set, own */
    int32_t label;
    bool hashed;         /* sha256 is set; else the file could not be read */
    uint8_t sha256[32];
};

struct icl_dataset;

struct icl_dataset_layout {
    const char *name; /* what --layout takes */
    const char *what; /* in words, for the evidence */
    /* 0..100: how surely this is our layout. */
    int32_t (*bid)(const struct icl_dataset *set);
    /* Adds entries (icl_dataset_add), in any order, and notes evidence. */
    imgcls_status (*list)(struct icl_dataset *set, const struct icl_class_space *space);
    /* Reads one picture whole; *bytes own: free. On failure the reason, short. Thread-safe. */
    imgcls_status (*read)(const struct icl_dataset *set, const struct icl_dataset_entry *entry,
                          uint8_t **bytes, size_t *size, char *reason, size_t capacity);
};

struct icl_dataset {
    struct imgcls_context *ctx;
    const struct icl_dataset_layout *layout;
    char *path;
    int folder; /* descriptor of the folder, -1 where path is none */
    struct icl_dataset_entry *entries;
    size_t count, capacity;
    int64_t classes; /* of the space; where the model does not know: as the set has it */
    int64_t ignored; /* files and folders that are no data by their name (.DS_Store, ...) */
    int64_t others;  /* files that are no pictures by name and content */
    char *first_other;
    char **evidence; /* lines for the user, from what was recognised */
    size_t evidence_count;
};

/*
 * Opens a data set. layout NULL: recognised. Fails where the path is none, where a folder is
 * no class, where names are ambiguous, where there is no picture: each in words that say what
 * was found and what would do. Own: icl_dataset_close.
 */
imgcls_status icl_dataset_open(struct imgcls_context *ctx, const char *path,
                               const char *layout, const struct icl_class_space *space,
                               struct icl_dataset **out);
void icl_dataset_close(struct icl_dataset *set);
/* Keeps `limit` pictures, spread evenly: number floor(i * count / limit) for each i. */
void icl_dataset_limit(struct icl_dataset *set, int64_t limit);
/* Reads picture `index` and keeps its hash. Thread-safe for different pictures. */
imgcls_status icl_dataset_read(struct icl_dataset *set, size_t index, uint8_t **bytes,
                               size_t *size, char *reason, size_t capacity);
/* SHA-256 over a line "file<TAB>label<TAB>sha256 of the file" for each picture, in order; "-"
 * stands for the hash of one that could not be read. After all were read. */
imgcls_status icl_dataset_sha256(const struct icl_dataset *set, char text[65]);

/* ---- For layouts ------------------------------------------------------------------------*/

/* Appends a picture; file is copied. */
imgcls_status icl_dataset_add(struct icl_dataset *set, const char *file, int32_t label);
/* Appends a line of evidence. */
imgcls_status icl_dataset_note(struct icl_dataset *set, const char *format, ...)
    IMGCLS_PRINTF(2, 3);
/* Names that are never data: hidden ones (.DS_Store, ._x), Thumbs.db, desktop.ini, __MACOSX. */
bool icl_is_litter(const char *name);
/* Does the name end like a picture's? */
bool icl_is_picture_name(const char *name);
/* Reads a regular file beneath `folder`; symbolic links are followed. */
imgcls_status icl_read_picture_file(int folder, const char *file, uint8_t **bytes,
                                    size_t *size, char *reason, size_t capacity);

extern const struct icl_dataset_layout icl_layout_folders;

#endif
