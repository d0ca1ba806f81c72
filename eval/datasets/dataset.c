/*
 * eval/datasets/dataset.c - opening, ordering, limiting and hashing a data set
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/dataset.h"

#include "eval/datasets/class_names.h"
#include "src/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nettle/sha2.h>

#define TRIPLES 3 /* pictures shown as evidence: enough for a human to see a shift */

/* Every layout that is known; a new one is a file and a line here. */
static const struct icl_dataset_layout *const layouts[] = {
    &icl_layout_folders,
};
#define LAYOUT_COUNT (sizeof layouts / sizeof layouts[0])

bool icl_is_litter(const char *name)
{
    return name[0] == '.' || strcasecmp(name, "Thumbs.db") == 0 ||
           strcasecmp(name, "desktop.ini") == 0 || strcmp(name, "__MACOSX") == 0;
}

bool icl_is_picture_name(const char *name)
{
    static const char *const endings[] = {"jpg", "jpeg", "jpe",  "jfif", "png", "webp", "bmp",
                                          "gif", "tif",  "tiff", "ppm",  "pgm", "avif", "heic"};
    const char *dot = strrchr(name, '.');
    size_t i;
    for (i = 0; dot && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(dot + 1, endings[i]) == 0)
            return true;
    return false;
}

imgcls_status icl_dataset_add(struct icl_dataset *set, const char *file, int32_t label)
{
    struct icl_dataset_entry *entry;
    if (set->count == set->capacity) {
        size_t capacity = set->capacity ? set->capacity * 2 : 256, bytes;
        struct icl_dataset_entry *entries = NULL;
        if (icl_mul_size(capacity, sizeof *entries, &bytes))
            entries = realloc(set->entries, bytes);
        if (!entries)
            return icl_fail(set->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %zu pictures",
                            set->path, capacity);
        set->entries = entries;
        set->capacity = capacity;
    }
    entry = &set->entries[set->count];
    memset(entry, 0, sizeof *entry);
    entry->label = label;
    entry->file = strdup(file);
    if (!entry->file)
        return icl_fail(set->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a name", set->path);
    set->count++;
    return IMGCLS_OK;
}

imgcls_status icl_dataset_note(struct icl_dataset *set, const char *format, ...)
{
    char **lines = realloc(set->evidence, (set->evidence_count + 1) * sizeof *lines);
    va_list arguments;
    int length;
    if (lines) {
        set->evidence = lines;
        va_start(arguments, format);
        length = vasprintf(&lines[set->evidence_count], format, arguments);
        va_end(arguments);
        if (length >= 0) {
            set->evidence_count++;
            return IMGCLS_OK;
        }
    }
    return icl_fail(set->ctx, IMGCLS_NO_MEMORY, "%s: no memory for a line", set->path);
}

static int by_file(const void *a, const void *b)
{
    const struct icl_dataset_entry *x = a, *y = b;
    return strcmp(x->file, y->file);
}

/* The one that is asked for by name, or the highest bidder. */
static imgcls_status choose_layout(struct icl_dataset *set, const char *name)
{
    char known[256] = "";
    int32_t best = 0;
    size_t i;
    for (i = 0; i < LAYOUT_COUNT; i++) {
        int32_t bid = name ? strcmp(name, layouts[i]->name) == 0 : layouts[i]->bid(set);
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", layouts[i]->name);
        if (bid > best) {
            best = bid;
            set->layout = layouts[i];
        }
    }
    if (set->layout)
        return IMGCLS_OK;
    if (name)
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT, "layout '%s': not known, these are: %s",
                        name, known);
    return icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                    "%s: no data set is recognised there (known layouts: %s, one folder of "
                    "pictures a class)",
                    set->path, known);
}

static imgcls_status open_path(struct icl_dataset *set)
{
    struct stat info;
    if (stat(set->path, &info) != 0)
        return icl_fail(set->ctx, IMGCLS_IO, "%s: %s", set->path, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                        "%s: a file; a data set is a folder with one folder of pictures a class",
                        set->path);
    set->folder = open(set->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (set->folder < 0)
        return icl_fail(set->ctx, IMGCLS_IO, "%s: %s", set->path, strerror(errno));
    return IMGCLS_OK;
}

static imgcls_status note_rest(struct icl_dataset *set, const struct icl_class_space *space)
{
    imgcls_status status = IMGCLS_OK;
    size_t i;
    if (set->ignored > 0)
        status = icl_dataset_note(set, "ignored: %lld hidden or system files and folders",
                                  (long long)set->ignored);
    if (status == IMGCLS_OK && set->others > 0)
        status = icl_dataset_note(set, "ignored: %lld files that are no pictures, first: %s",
                                  (long long)set->others, set->first_other);
    for (i = 0; i < TRIPLES && i < set->count && status == IMGCLS_OK; i++) {
        const struct icl_dataset_entry *entry = &set->entries[i];
        bool named = (size_t)entry->label < space->label_count;
        status = icl_dataset_note(set, "  %s is class %d%s%s", entry->file, (int)entry->label,
                                  named ? ": " : "",
                                  named ? icl_label_name(space->labels[entry->label]) : "");
    }
    return status;
}

imgcls_status icl_dataset_open(struct imgcls_context *ctx, const char *path,
                               const char *layout, const struct icl_class_space *space,
                               struct icl_dataset **out)
{
    struct icl_dataset *set = calloc(1, sizeof *set);
    imgcls_status status = IMGCLS_NO_MEMORY;
    *out = NULL;
    if (!set)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory for the data set", path);
    set->ctx = ctx;
    set->folder = -1;
    set->classes = space->classes ? space->classes : (int64_t)space->label_count;
    set->path = strdup(path);
    if (!set->path) {
        icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory for the data set", path);
        goto done;
    }
    status = open_path(set);
    if (status == IMGCLS_OK)
        status = choose_layout(set, layout);
    if (status == IMGCLS_OK)
        status = set->layout->list(set, space);
    if (status == IMGCLS_OK && set->count == 0)
        status = icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: no picture in any folder", path);
    if (status != IMGCLS_OK)
        goto done;
    qsort(set->entries, set->count, sizeof *set->entries, by_file);
    status = note_rest(set, space);
    if (status != IMGCLS_OK)
        goto done;
    *out = set;
    set = NULL;
done:
    icl_dataset_close(set);
    return status;
}

void icl_dataset_close(struct icl_dataset *set)
{
    size_t i;
    if (!set)
        return;
    for (i = 0; i < set->count; i++)
        free(set->entries[i].file);
    for (i = 0; i < set->evidence_count; i++)
        free(set->evidence[i]);
    if (set->folder >= 0)
        close(set->folder);
    free(set->entries);
    free(set->evidence);
    free(set->first_other);
    free(set->path);
    free(set);
}

void icl_dataset_limit(struct icl_dataset *set, int64_t limit)
{
    size_t count = set->count, kept = 0, i;
    if (limit <= 0 || (uint64_t)limit >= count)
        return;
    for (i = 0; i < count; i++) {
        /* Number floor(kept * count / limit); 128 bits, so that nothing overflows. */
        size_t next = (size_t)((unsigned __int128)kept * count / (uint64_t)limit);
        if (kept < (uint64_t)limit && i == next) {
            set->entries[kept++] = set->entries[i];
        } else {
            free(set->entries[i].file);
        }
    }
    set->count = kept;
}

imgcls_status icl_dataset_read(struct icl_dataset *set, size_t index, uint8_t **bytes,
                               size_t *size, char *reason, size_t capacity)
{
    struct icl_dataset_entry *entry = &set->entries[index];
    struct sha256_ctx hash;
    imgcls_status status = set->layout->read(set, entry, bytes, size, reason, capacity);
    if (status != IMGCLS_OK)
        return status;
    sha256_init(&hash);
    sha256_update(&hash, *size, *bytes);
    sha256_digest(&hash, sizeof entry->sha256, entry->sha256);
    entry->hashed = true;
    return IMGCLS_OK;
}

imgcls_status icl_dataset_sha256(const struct icl_dataset *set, char text[65])
{
    struct icl_sha256 *hash;
    imgcls_status status = icl_sha256_create(set->ctx, &hash);
    size_t i, k;
    if (status != IMGCLS_OK)
        return status;
    for (i = 0; i < set->count; i++) {
        const struct icl_dataset_entry *entry = &set->entries[i];
        char hex[65] = "-", label[32];
        for (k = 0; entry->hashed && k < sizeof entry->sha256; k++)
            snprintf(hex + 2 * k, 3, "%02x", entry->sha256[k]);
        snprintf(label, sizeof label, "\t%d\t", (int)entry->label);
        icl_sha256_update(hash, entry->file, strlen(entry->file));
        icl_sha256_update(hash, label, strlen(label));
        icl_sha256_update(hash, hex, strlen(hex));
        icl_sha256_update(hash, "\n", 1);
    }
    icl_sha256_finish(hash, text);
    return IMGCLS_OK;
}

static imgcls_status read_all(int file, size_t size, uint8_t **bytes, char *reason,
                              size_t capacity)
{
    uint8_t *buffer = malloc(size > 0 ? size : 1);
    size_t done = 0;
    if (!buffer) {
        snprintf(reason, capacity, "no memory for %zu bytes", size);
        return IMGCLS_NO_MEMORY;
    }
    while (done < size) {
        ssize_t got = read(file, buffer + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            snprintf(reason, capacity, "%s",
                     got < 0 ? strerror(errno) : "shrank while it was read");
            free(buffer);
            return IMGCLS_IO;
        }
        done += (size_t)got;
    }
    *bytes = buffer;
    return IMGCLS_OK;
}

imgcls_status icl_read_picture_file(int folder, const char *file, uint8_t **bytes,
                                    size_t *size, char *reason, size_t capacity)
{
    /* Not blocking: a named pipe must not hold the evaluation. */
    int descriptor = openat(folder, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    imgcls_status status = IMGCLS_IO;
    *bytes = NULL;
    *size = 0;
    if (descriptor < 0 || fstat(descriptor, &info) != 0) {
        snprintf(reason, capacity, "%s", strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        snprintf(reason, capacity, "not a regular file");
    } else if ((uintmax_t)info.st_size > ICL_PICTURE_BYTES_MAX) {
        snprintf(reason, capacity, "%jd bytes, more than the %zu that a picture may have",
                 (intmax_t)info.st_size, ICL_PICTURE_BYTES_MAX);
        status = IMGCLS_BAD_INPUT;
    } else {
        status = read_all(descriptor, (size_t)info.st_size, bytes, reason, capacity);
        if (status == IMGCLS_OK)
            *size = (size_t)info.st_size;
    }
    if (descriptor >= 0)
        close(descriptor);
    return status;
}
