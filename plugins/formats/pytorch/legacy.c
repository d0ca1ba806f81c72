/*
 * plugins/formats/pytorch/legacy.c - PyTorch's stream of before 1.6
 *
 * Five pickles one behind the other (a magic number, a version, a description of the
 * machine, the object, the list of storage keys), then for each key in the list's order the
 * number of elements as eight bytes and the elements. Where data lie is known only after
 * the fifth pickle; the last must end where the file ends.
 *
 * Data follow pickles of any length, so elements are seldom aligned; weights.c copies such.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/pytorch/weights.h"

#include <stdlib.h>
#include <string.h>

#define PROTOCOL_VERSION 1001

/* The magic number as protocol 2 writes it, behind two bytes that say so. */
static const unsigned char magic[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                      0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e};
#define NUMBER_AT    4 /* in magic */
#define NUMBER_BYTES 10

/* Data behind a key of the list. */
struct piece {
    const char *key;
    const unsigned char *bytes;
    size_t size;
};

struct stream {
    const struct imgcls_host *host;
    const struct imgcls_source *source;
    struct pickle pickle;
    struct piece *pieces; /* sorted by key */
    size_t count;
};

int32_t torch_legacy_bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    const unsigned char *b = source->bytes;
    (void)host;
    if (source->is_folder)
        return 0;
    if (source->size >= sizeof magic && memcmp(b, magic, sizeof magic) == 0)
        return 100;
    if (source->size >= 2 && b[0] == 0x80 && b[1] >= 2 && b[1] <= 5)
        return 60; /* a bare pickle: to say what it is */
    if (source->size > 262 && memcmp(b + 257, "ustar", 5) == 0)
        return 20;
    return 0;
}

static imgcls_status refuse(const struct stream *in, const char *what)
{
    return in->host->fail(in->host, IMGCLS_BAD_INPUT, "%s: PyTorch's old stream: %s",
                          in->source->path, what);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct piece *)a)->key, ((const struct piece *)b)->key);
}

static imgcls_status find_storage(void *owner, const struct pickle_storage *storage,
                                  size_t size, struct stored *out)
{
    const struct stream *in = owner;
    const struct piece wanted = {.key = storage->key};
    const struct piece *found =
        in->count ? bsearch(&wanted, in->pieces, in->count, sizeof wanted, by_key) : NULL;
    if (!found)
        return in->host->fail(in->host, IMGCLS_BAD_INPUT,
                              "%s: storage '%s' is not in the list of storages",
                              in->source->path, storage->key);
    if (found->size != size)
        return in->host->fail(in->host, IMGCLS_BAD_INPUT,
                              "%s: storage '%s' has %zu bytes, the pickle says %zu",
                              in->source->path, storage->key, found->size, size);
    *out = (struct stored){found->bytes, found->size, in->source->storage};
    return IMGCLS_OK;
}

/* Bytes of an element of the storage that has this key, by what the object says of it. */
static size_t element_bytes(struct stream *in, struct pickle_storage **sorted, size_t count,
                            const char *key)
{
    size_t low = 0, high = count, bytes = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(sorted[middle]->key, key);
        if (order == 0) {
            int32_t type = sorted[middle]->type;
            in->host->size_of(in->host, type == IMGCLS_UNDEFINED ? IMGCLS_U8 : type, 1,
                              &bytes);
            return bytes;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

static int storage_by_key(const void *a, const void *b)
{
    return strcmp((*(struct pickle_storage *const *)a)->key,
                  (*(struct pickle_storage *const *)b)->key);
}

static imgcls_status read_piece(struct stream *in, size_t one, size_t *at,
                                struct piece *piece)
{
    const unsigned char *bytes = in->source->bytes;
    uint64_t elements = 0;
    if (in->source->size - *at < 8)
        return refuse(in, "ends before the last storage");
    for (int i = 8; i-- > 0;)
        elements = elements << 8 | bytes[*at + (size_t)i];
    *at += 8;
    if (one == 0)
        return refuse(in, "lists a storage that no tensor has");
    if (elements > (in->source->size - *at) / one)
        return refuse(in, "a storage runs past the end of the file");
    piece->bytes = bytes + *at;
    piece->size = (size_t)elements * one;
    *at += piece->size;
    return IMGCLS_OK;
}

static imgcls_status read_pieces(struct stream *in, const struct pickle_value *keys,
                                 struct pickle_storage **sorted, size_t count, size_t at)
{
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < keys->u.list.count && status == IMGCLS_OK; i++) {
        struct piece *piece = &in->pieces[i];
        piece->key = pickle_text(&in->pickle, keys->u.list.items[i]);
        if (!piece->key)
            return refuse(in, "a storage's key is no text");
        status = read_piece(in, element_bytes(in, sorted, count, piece->key), &at, piece);
    }
    if (status == IMGCLS_OK && at != in->source->size)
        status = refuse(in, "bytes behind the last storage");
    in->count = keys->u.list.count;
    if (status != IMGCLS_OK || in->count == 0)
        return status;
    qsort(in->pieces, in->count, sizeof *in->pieces, by_key);
    for (size_t i = 1; i < in->count; i++)
        if (strcmp(in->pieces[i - 1].key, in->pieces[i].key) == 0)
            return refuse(in, "lists a storage twice");
    return IMGCLS_OK;
}

static imgcls_status find_pieces(struct stream *in, const struct pickle_value *keys,
                                 size_t at)
{
    size_t count = 0, i = 0;
    if (keys->kind != PICKLE_LIST)
        return refuse(in, "its fifth pickle is no list of storages");
    for (struct pickle_storage *s = in->pickle.storages; s; s = s->next)
        count++;
    struct pickle_storage **sorted =
        pickle_alloc(&in->pickle, (count + 1) * sizeof *sorted);
    in->pieces = pickle_alloc(&in->pickle, (keys->u.list.count + 1) * sizeof *in->pieces);
    if (!sorted || !in->pieces)
        return IMGCLS_NO_MEMORY;
    for (struct pickle_storage *s = in->pickle.storages; s; s = s->next)
        sorted[i++] = s;
    if (count)
        qsort(sorted, count, sizeof *sorted, storage_by_key);
    return read_pieces(in, keys, sorted, count, at);
}

static imgcls_status check_machine(struct stream *in, const struct pickle_value *version,
                                   const struct pickle_value *machine)
{
    const struct pickle_value *little = pickle_get(machine, "little_endian");
    if (version->kind != PICKLE_INT || version->u.integer != PROTOCOL_VERSION)
        return refuse(in, "its version is not 1001");
    if (machine->kind != PICKLE_DICT)
        return refuse(in, "its third pickle does not describe a machine");
    if (little && little->kind == PICKLE_BOOL && !little->u.integer)
        return in->host->fail(in->host, IMGCLS_UNSUPPORTED,
                              "%s: byte order 'big', only 'little' is read",
                              in->source->path);
    return IMGCLS_OK;
}

static bool is_magic(const struct pickle_value *value)
{
    return value->kind == PICKLE_BYTES && value->u.text.length == NUMBER_BYTES &&
           memcmp(value->u.text.bytes, magic + NUMBER_AT, NUMBER_BYTES) == 0;
}

static imgcls_status read_stream(struct stream *in, struct imgcls_checkpoint *checkpoint)
{
    struct pickle_value *parts[5];
    size_t at = 0;
    const struct storage_finder finder = {find_storage, in};
    imgcls_status status = IMGCLS_OK;
    if (in->source->bytes[0] != 0x80)
        return in->host->fail(in->host, IMGCLS_UNSUPPORTED,
                              "%s: a tar archive; PyTorch's files of before 0.2 are not "
                              "read, others are to be unpacked first",
                              in->source->path);
    status = pickle_read(&in->pickle, in->source->bytes, in->source->size, &at, &parts[0]);
    if (status == IMGCLS_OK && !is_magic(parts[0]))
        status = in->host->fail(in->host, IMGCLS_BAD_INPUT,
                                "%s: a pickle, but none that torch.save wrote",
                                in->source->path);
    for (int i = 1; i < 5 && status == IMGCLS_OK; i++)
        status =
            pickle_read(&in->pickle, in->source->bytes, in->source->size, &at, &parts[i]);
    if (status == IMGCLS_OK)
        status = check_machine(in, parts[1], parts[2]);
    if (status == IMGCLS_OK)
        status = find_pieces(in, parts[4], at);
    if (status == IMGCLS_OK)
        status = storages_find(&in->pickle, &finder);
    if (status == IMGCLS_OK)
        status = weights_add(&in->pickle, parts[3], in->source->size, checkpoint);
    return status == IMGCLS_OK ? meta_add(&in->pickle, parts[3], checkpoint) : status;
}

imgcls_status torch_legacy_read(const struct imgcls_host *host,
                                const struct imgcls_source *source,
                                struct imgcls_checkpoint *checkpoint)
{
    struct stream in = {.host = host, .source = source};
    pickle_init(&in.pickle, host, source->path);
    imgcls_status status = read_stream(&in, checkpoint);
    pickle_clear(&in.pickle);
    return status;
}
