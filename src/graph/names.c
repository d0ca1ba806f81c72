/*
 * src/graph/names.c - a hash table that hostile names cannot slow down
 *
 * Open addressing with linear probing, at most half full, and removal that moves later entries
 * back instead of leaving marks (Knuth, The Art of Computer Programming 3, 6.4, algorithm R).
 * The hash is SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012) under
 * a random key, so that a file cannot hold names prepared to fall into one place.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/graph/names.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct entry {
    uint64_t hash;
    const char *name; /* NULL: free */
    void *item;
};

struct icl_name_table {
    uint64_t key[2];
    struct entry *entries;
    size_t capacity; /* a power of two */
    size_t count;
};

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static uint64_t hash_of(const uint64_t key[2], const char *name)
{
    size_t length = strlen(name), i = 0;
    uint64_t word;
    uint64_t v[4] = {
        key[0] ^ UINT64_C(0x736f6d6570736575), /* the paper's constants: */
        key[1] ^ UINT64_C(0x646f72616e646f6d), /* "somepseudorandomlygeneratedbytes" */
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    };
    for (; i + 8 <= length; i += 8) {
        memcpy(&word, name + i, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = (uint64_t)length << 56;
    for (size_t j = i; j < length; j++)
        word |= (uint64_t)(unsigned char)name[j] << 8 * (j - i);
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (int round = 0; round < 3; round++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

imgcls_status icl_names_create(struct imgcls_context *ctx, struct icl_name_table **out)
{
    struct icl_name_table *names = icl_alloc(ctx, 1, sizeof *names);
    *out = names;
    if (!names)
        return icl_alloc_status(ctx);
    if (getrandom(names->key, sizeof names->key, GRND_NONBLOCK) !=
        (ssize_t)sizeof names->key) {
        /* Early in boot: time and addresses are the best there is. */
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        names->key[0] = (uint64_t)now.tv_nsec ^ (uint64_t)(uintptr_t)names;
        names->key[1] = (uint64_t)now.tv_sec << 32 ^ (uint64_t)getpid();
    }
    return IMGCLS_OK;
}

void icl_names_destroy(struct imgcls_context *ctx, struct icl_name_table *names)
{
    if (!names)
        return;
    icl_free(ctx, names->entries);
    icl_free(ctx, names);
}

/* The entry with the name, or the free one where it belongs. */
static size_t place_of(const struct icl_name_table *names, uint64_t hash, const char *name)
{
    size_t mask = names->capacity - 1, at = (size_t)hash & mask;
    for (;; at = (at + 1) & mask) {
        const struct entry *entry = &names->entries[at];
        if (!entry->name || (entry->hash == hash && !strcmp(entry->name, name)))
            return at;
    }
}

void *icl_names_find(const struct icl_name_table *names, const char *name)
{
    if (!names->count)
        return NULL;
    return names->entries[place_of(names, hash_of(names->key, name), name)].item;
}

static imgcls_status make_room(struct imgcls_context *ctx, struct icl_name_table *names)
{
    size_t capacity;
    if (names->count + 1 <= names->capacity / 2)
        return IMGCLS_OK;
    if (!icl_mul_size(names->capacity ? names->capacity : 8, 2, &capacity))
        return icl_fail(ctx, IMGCLS_LIMIT, "graph: more names than memory");
    struct entry *entries = icl_alloc(ctx, capacity, sizeof *entries);
    if (!entries)
        return icl_alloc_status(ctx);
    struct icl_name_table grown = *names;
    grown.entries = entries;
    grown.capacity = capacity;
    for (size_t i = 0; i < names->capacity; i++) {
        const struct entry *entry = &names->entries[i];
        if (entry->name)
            entries[place_of(&grown, entry->hash, entry->name)] = *entry;
    }
    icl_free(ctx, names->entries);
    *names = grown;
    return IMGCLS_OK;
}

imgcls_status icl_names_add(struct imgcls_context *ctx, struct icl_name_table *names,
                            const char *name, void *item)
{
    imgcls_status status = make_room(ctx, names);
    if (status != IMGCLS_OK)
        return status;
    uint64_t hash = hash_of(names->key, name);
    names->entries[place_of(names, hash, name)] =
        (struct entry){.hash = hash, .name = name, .item = item};
    names->count++;
    return IMGCLS_OK;
}

void icl_names_remove(struct icl_name_table *names, const char *name)
{
    if (!names->count)
        return;
    size_t mask = names->capacity - 1;
    size_t hole = place_of(names, hash_of(names->key, name), name);
    if (!names->entries[hole].name)
        return;
    names->count--;
    for (size_t at = (hole + 1) & mask; names->entries[at].name; at = (at + 1) & mask) {
        /* May the entry move back to the hole? Not past the place where it belongs. */
        size_t home = (size_t)names->entries[at].hash & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        names->entries[hole] = names->entries[at];
        hole = at;
    }
    names->entries[hole] = (struct entry){0};
}
