/*
 * eval/datasets/records.c - CIFAR's and MNIST's files: many small pictures in a few large
 * files
 *
 * CIFAR-10: a label byte, then 1024 red, green and blue bytes each; CIFAR-100: coarse and
 * fine label in front, the fine one counts. Both say nothing about themselves, so length
 * and range of labels decide. MNIST: idx files, big-endian, magic 0x803 for pictures and
 * 0x801 for labels, plain or gzip-compressed. Where training and test files lie together,
 * the test's are taken: a figure on training pictures is none.
 *
 * A record is handed out as a PPM or PGM file, so that it is decoded like any other
 * picture.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/dataset.h"

#include "eval/datasets/inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#define CIFAR_SIDE   32
#define CIFAR_PIXELS (CIFAR_SIDE * CIFAR_SIDE)
#define FILE_MAX     ((size_t)1 << 30)
#define IDX_PICTURES 0x803
#define IDX_LABELS   0x801

struct icl_records {
    uint8_t *bytes; /* own: of all files, one after another */
    size_t size;
    size_t first;  /* where record 0 begins */
    size_t stride; /* from one to the next */
    size_t skip;   /* label bytes in front of the pixels */
    uint32_t width, height;
    uint32_t channels; /* planes */
};

void icl_records_free(struct icl_records *records)
{
    if (records)
        free(records->bytes);
    free(records);
}

imgcls_status icl_records_read(const struct icl_records *records,
                               const struct icl_dataset_entry *entry, uint8_t **bytes,
                               size_t *size, char *reason, size_t capacity)
{
    size_t pixels = (size_t)records->width * records->height, i, c;
    const uint8_t *from =
        records->bytes + records->first + entry->record * records->stride + records->skip;
    char head[64];
    int length =
        snprintf(head, sizeof head, "P%c\n%u %u\n255\n", records->channels == 3 ? '6' : '5',
                 records->width, records->height);
    *size = (size_t)length + pixels * records->channels;
    *bytes = malloc(*size);
    if (!*bytes) {
        snprintf(reason, capacity, "no memory for %zu bytes", *size);
        return IMGCLS_NO_MEMORY;
    }
    memcpy(*bytes, head, (size_t)length);
    for (i = 0; i < pixels; i++)
        for (c = 0; c < records->channels; c++)
            (*bytes)[(size_t)length + i * records->channels + c] = from[c * pixels + i];
    return IMGCLS_OK;
}

/* ---- Files
 * ------------------------------------------------------------------------------*/

static imgcls_status bad(struct icl_dataset *set, const struct icl_member *member,
                         const char *what)
{
    if (set->place->is_file)
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s: %s", set->path, what);
    return icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s/%s: %s", set->path, member->path, what);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* Appends what was kept of an archive's member. */
static imgcls_status load_held(struct icl_dataset *set, const struct icl_member *member,
                               uint8_t **bytes, size_t *size)
{
    size_t length = member->size;
    const uint8_t *from = member->held;
    uint8_t *inflated = NULL, *grown;
    imgcls_status status = IMGCLS_OK;
    if (from && ends_with(member->base, ".gz")) {
        from = inflated = icl_inflate(member->held, member->size, &length);
        if (!inflated)
            return bad(set, member, "damaged gzip data, or cut short");
    }
    grown = from && length <= FILE_MAX - *size ? realloc(*bytes, *size + length + 1) : NULL;
    if (grown) {
        memcpy(grown + *size, from, length);
        *bytes = grown;
        *size += length;
    } else {
        status = !from || length > FILE_MAX - *size
                     ? bad(set, member, "too large for a file of records")
                     : icl_dataset_no_memory(set);
    }
    free(inflated);
    return status;
}

/* Appends the whole member, unpacked where it is gzip-compressed. */
static imgcls_status load(struct icl_dataset *set, const struct icl_member *member,
                          uint8_t **bytes, size_t *size)
{
    imgcls_status status = IMGCLS_OK;
    uint8_t *grown;
    gzFile file;
    int descriptor, got = 1;
    size_t room = *size;
    if (icl_place_is_stream(set->place))
        return load_held(set, member, bytes, size);
    descriptor = openat(set->place->folder, member->path, O_RDONLY | O_CLOEXEC);
    file = descriptor >= 0 ? gzdopen(descriptor, "rb") : NULL; /* plain files, too */
    if (!file) {
        if (descriptor >= 0)
            close(descriptor);
        return icl_fail(set->ctx, IMGCLS_IO, "%s/%s: %s", set->path, member->path,
                        strerror(errno));
    }
    while (status == IMGCLS_OK && got > 0) {
        if (*size + 65536 > room) {
            room = room ? room * 2 : (size_t)1 << 20;
            room = room < *size + 65536 ? *size + 65536 : room;
            grown = *size > FILE_MAX ? NULL : realloc(*bytes, room);
            if (!grown) {
                status = *size > FILE_MAX
                             ? bad(set, member, "too large for a file of records")
                             : icl_dataset_no_memory(set);
                break;
            }
            *bytes = grown;
        }
        got = gzread(file, *bytes + *size, 65536);
        *size += got > 0 ? (size_t)got : 0;
    }
    if (status == IMGCLS_OK && got < 0)
        status = bad(set, member, "damaged gzip data");
    if (gzclose_r(file) == Z_BUF_ERROR && status == IMGCLS_OK)
        status = bad(set, member, "cut short");
    return status;
}

/* ---- CIFAR
 * ------------------------------------------------------------------------------*/

static bool is_cifar_file(const struct icl_member *member, size_t record)
{
    return ends_with(member->base, ".bin") && member->size > 0 &&
           member->size % record == 0;
}

/* Do the labels at the front of the first records fit? */
static bool labels_fit(const struct icl_dataset *set, const struct icl_member *member,
                       size_t record, size_t labels, const int *limits)
{
    size_t count = member->size / record, step = count > 64 ? count / 64 : 1, i, k;
    int file = -1;
    bool fit = true;
    if (!icl_place_is_stream(set->place))
        file = openat(set->place->folder, member->path, O_RDONLY | O_CLOEXEC);
    for (i = 0; i < count && fit; i += step) {
        uint8_t found[2] = {255, 255};
        if (member->held)
            memcpy(found, member->held + i * record, labels);
        else if (file < 0 ||
                 pread(file, found, labels, (off_t)(i * record)) != (ssize_t)labels)
            fit = false;
        for (k = 0; k < labels; k++)
            fit = fit && found[k] < limits[k];
    }
    if (file >= 0)
        close(file);
    return fit;
}

static const int cifar10_limits[] = {10}, cifar100_limits[] = {20, 100};

static bool is_cifar(const struct icl_dataset *set, const struct icl_member *member,
                     bool hundred)
{
    size_t labels = hundred ? 2 : 1, record = 3 * CIFAR_PIXELS + labels;
    return is_cifar_file(member, record) &&
           labels_fit(set, member, record, labels,
                      hundred ? cifar100_limits : cifar10_limits);
}

/* A file of a name that CIFAR's have: it is one, whatever happened to what it holds. */
static bool is_called_cifar(const struct icl_member *member, bool hundred)
{
    static const char *const names[][3] = {{"data_batch_?.bin", "test_batch.bin", NULL},
                                           {"train.bin", "test.bin", NULL}};
    size_t i;
    for (i = 0; names[hundred][i]; i++)
        if (fnmatch(names[hundred][i], member->base, 0) == 0)
            return true;
    return false;
}

/* What the layout takes; where it was asked for by name, whatever can hold records. */
static bool is_taken(const struct icl_dataset *set, const struct icl_member *member,
                     bool hundred)
{
    return is_cifar(set, member, hundred) || is_called_cifar(member, hundred) ||
           (set->options.layout && set->place->is_file);
}

static int32_t bid_cifar(const struct icl_dataset *set, bool hundred)
{
    int32_t best = 0;
    size_t i;
    for (i = 0; i < set->place->count; i++)
        if (is_cifar(set, &set->place->members[i], hundred))
            return set->place->pictures == 0 ? 75 : 20;
        else if (is_called_cifar(&set->place->members[i], hundred))
            best = set->place->pictures == 0 ? 30 : 0;
    return best;
}

static imgcls_status add_records(struct icl_dataset *set, const struct icl_member *member,
                                 size_t before, size_t count, const uint8_t *labels,
                                 size_t stride, int64_t classes)
{
    imgcls_status status = IMGCLS_OK;
    char name[512];
    size_t i;
    for (i = 0; i < count && status == IMGCLS_OK; i++) {
        int label = labels[i * stride];
        if (classes > 0 && label >= classes)
            return icl_fail(
                set->ctx, IMGCLS_BAD_INPUT,
                "%s/%s: record %zu: label %d: outside the classes, which are 0 to "
                "%lld",
                set->path, member->path, i, label, (long long)classes - 1);
        snprintf(name, sizeof name, "%.480s/%07zu", member->path, i);
        status = icl_dataset_add(set, name, member, label);
        if (status == IMGCLS_OK)
            set->entries[set->count - 1].record = before + i;
    }
    return status;
}

static imgcls_status refuse_size(struct icl_dataset *set, const struct icl_member *member,
                                 size_t record)
{
    char words[96];
    snprintf(words, sizeof words, "cut short: %llu bytes are no whole number of records of %zu",
             (unsigned long long)member->size, record);
    return bad(set, member, words);
}

static imgcls_status list_cifar(struct icl_dataset *set, bool hundred)
{
    size_t labels = hundred ? 2 : 1, record = 3 * CIFAR_PIXELS + labels, i, files = 0;
    struct icl_records *records = calloc(1, sizeof *records);
    bool has_test = false;
    imgcls_status status = IMGCLS_OK;
    if (!records)
        return icl_dataset_no_memory(set);
    set->records = records;
    *records = (struct icl_records){.stride = record,
                                    .skip = labels,
                                    .width = CIFAR_SIDE,
                                    .height = CIFAR_SIDE,
                                    .channels = 3};
    for (i = 0; i < set->place->count; i++)
        has_test = has_test || (is_taken(set, &set->place->members[i], hundred) &&
                                strncmp(set->place->members[i].base, "test", 4) == 0);
    if (set->classes == 0)
        set->classes = hundred ? 100 : 10;
    for (i = 0; i < set->place->count && status == IMGCLS_OK; i++) {
        const struct icl_member *member = &set->place->members[i];
        size_t before = records->size / record, count;
        if (!is_taken(set, member, hundred) ||
            (has_test && strncmp(member->base, "test", 4) != 0)) {
            icl_dataset_other(set, member);
            continue;
        }
        status = load(set, member, &records->bytes, &records->size);
        count = records->size / record - before;
        if (status == IMGCLS_OK && (count == 0 || records->size % record != 0))
            status = refuse_size(set, member, record);
        if (status == IMGCLS_OK)
            status = add_records(set, member, before, count,
                                 records->bytes + before * record + labels - 1, record,
                                 set->classes);
        files++;
    }
    return status == IMGCLS_OK
               ? icl_dataset_note(
                     set, "%s: %s, records of %zu bytes in %zu file%s, %zu pictures%s",
                     set->path, set->layout->what, record, files, files == 1 ? "" : "s",
                     set->count, has_test ? ", those of the test" : "")
               : status;
}

static int32_t bid_cifar10(const struct icl_dataset *set)
{
    return bid_cifar(set, false);
}

static int32_t bid_cifar100(const struct icl_dataset *set)
{
    return bid_cifar(set, true);
}

static imgcls_status list_cifar10(struct icl_dataset *set,
                                  const struct icl_class_space *space)
{
    (void)space;
    return list_cifar(set, false);
}

static imgcls_status list_cifar100(struct icl_dataset *set,
                                   const struct icl_class_space *space)
{
    (void)space;
    return list_cifar(set, true);
}

/* ---- MNIST
 * ------------------------------------------------------------------------------*/

static const char *const mnist_pictures[] = {
    "t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte", "test-images-idx3-ubyte",
    "train-images-idx3-ubyte", "train-images.idx3-ubyte"};

/* "t10k-images-idx3-ubyte(.gz)" and the like; the test's before the training's. */
static const struct icl_member *find_mnist(const struct icl_dataset *set)
{
    size_t i, k;
    for (k = 0; k < sizeof mnist_pictures / sizeof mnist_pictures[0]; k++)
        for (i = 0; i < set->place->count; i++) {
            const char *base = set->place->members[i].base;
            size_t length = strlen(mnist_pictures[k]);
            if (strncmp(base, mnist_pictures[k], length) == 0 &&
                (!base[length] || strcmp(base + length, ".gz") == 0))
                return &set->place->members[i];
        }
    return NULL;
}

/* The file of labels that belongs to one of pictures: in the place, or beside a lone file.
 */
static const struct icl_member *mnist_labels(struct icl_dataset *set,
                                             const struct icl_member *pictures)
{
    char name[256];
    const char *dash = strpbrk(pictures->base, "-");
    size_t i;
    for (i = 0; i < set->place->count; i++) {
        const char *base = set->place->members[i].base;
        snprintf(name, sizeof name, "%.*s-labels", (int)(dash - pictures->base),
                 pictures->base);
        if (strncmp(base, name, strlen(name)) == 0 && strstr(base, "idx1-ubyte"))
            return &set->place->members[i];
    }
    return NULL;
}

static int32_t bid_mnist(const struct icl_dataset *set)
{
    return find_mnist(set) ? 76 : 0;
}

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static imgcls_status list_mnist(struct icl_dataset *set,
                                const struct icl_class_space *space)
{
    const struct icl_member *pictures = find_mnist(set), *labels;
    struct icl_records *records = calloc(1, sizeof *records);
    uint8_t *label_bytes = NULL;
    size_t label_size = 0, count = 0, i;
    imgcls_status status;
    (void)space;
    set->records = records;
    if (!records)
        return icl_dataset_no_memory(set);
    if (!pictures)
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s: no file t10k-images-idx3-ubyte",
                        set->path);
    labels = mnist_labels(set, pictures);
    if (!labels)
        return bad(set, pictures, "has no file of labels (idx1-ubyte) beside it");
    status = load(set, pictures, &records->bytes, &records->size);
    if (status == IMGCLS_OK)
        status = load(set, labels, &label_bytes, &label_size);
    if (status != IMGCLS_OK)
        goto done;
    if (records->size < 16 || big_endian(records->bytes) != IDX_PICTURES) {
        status = bad(set, pictures, "no idx file of pictures (magic 0x00000803)");
        goto done;
    }
    if (label_size < 8 || big_endian(label_bytes) != IDX_LABELS) {
        status = bad(set, labels, "no idx file of labels (magic 0x00000801)");
        goto done;
    }
    count = big_endian(records->bytes + 4);
    records->height = big_endian(records->bytes + 8);
    records->width = big_endian(records->bytes + 12);
    records->first = 16;
    records->channels = 1;
    if (records->width == 0 || records->height == 0 || records->width > 65535 ||
        records->height > 65535 ||
        (records->size - 16) / ((size_t)records->width * records->height) != count ||
        big_endian(label_bytes + 4) != count || label_size - 8 < count) {
        status =
            icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                     "%s/%s: %zu pictures of %u x %u in %zu bytes, %u labels in %zu: they "
                     "do not agree",
                     set->path, pictures->path, count, records->width, records->height,
                     records->size, big_endian(label_bytes + 4), label_size);
        goto done;
    }
    records->stride = (size_t)records->width * records->height;
    if (set->classes == 0)
        for (i = 0; i < count; i++)
            set->classes =
                label_bytes[8 + i] >= set->classes ? label_bytes[8 + i] + 1 : set->classes;
    status = add_records(set, pictures, 0, count, label_bytes + 8, 1, set->classes);
    if (status == IMGCLS_OK)
        status = icl_dataset_note(set, "%s: MNIST's form, %zu pictures of %u x %u in %s",
                                  set->path, count, records->width, records->height,
                                  pictures->base);
done:
    free(label_bytes);
    return status;
}

const struct icl_dataset_layout icl_layout_cifar10 = {
    .name = "cifar10", .what = "CIFAR-10", .bid = bid_cifar10, .list = list_cifar10};
const struct icl_dataset_layout icl_layout_cifar100 = {
    .name = "cifar100", .what = "CIFAR-100", .bid = bid_cifar100, .list = list_cifar100};
const struct icl_dataset_layout icl_layout_mnist = {
    .name = "mnist", .what = "MNIST", .bid = bid_mnist, .list = list_mnist};
