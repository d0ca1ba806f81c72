/*
 * src/registry/cache.c - verdicts remembered between processes
 *
 * One file: a head that names format, ABI and library version, then records, then a check
 * sum. Whatever does not fit exactly is no cache, and the next writer replaces it. A reader
 * sees an old file or a new one, never half of one, because writers rename. Two writers at
 * once: the last one's records stand; what is lost is scanned again.
 *
 * The check sum finds damage, not malice. Against malice the file must belong to the user
 * and be writable for nobody else, every length is checked, and a record only describes a
 * file that was found in the searched folders: on loading, the plugin itself must agree
 * with it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CACHE_MAGIC     "imgcls plugin cache 1"
#define CACHE_BYTES_MAX (64u << 20)
#define RECORDS_MAX     4096u
/* A crash or a hang may have been the machine's fault (memory, load): believed this long.
 */
#define ACCIDENT_BELIEVED_S 3600

char *icl_cache_default_file(struct icl_shelf *shelf)
{
    const char *base = getenv("XDG_CACHE_HOME"), *below = "";
    if (!base || base[0] != '/') { /* the specification: a relative one is to be ignored */
        base = getenv("HOME");
        below = "/.cache";
    }
    if (!base || base[0] != '/')
        return NULL;
    return icl_shelf_format(shelf, "%s%s/imgcls/plugins.cache", base, below);
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo). */
static uint64_t check_sum(const unsigned char *bytes, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* ---- Reading --------------------------------------------------------------------------*/

/* The whole file into the shelf; NULL where it is absent or not ours alone. */
static unsigned char *read_whole(struct icl_shelf *shelf, const char *file, size_t *size)
{
    unsigned char *bytes = NULL;
    struct stat info;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid() ||
        (info.st_mode & (S_IWGRP | S_IWOTH)) || info.st_size <= 0 ||
        info.st_size > (off_t)CACHE_BYTES_MAX)
        goto done;
    *size = (size_t)info.st_size;
    bytes = icl_shelf_take(shelf, *size, 1);
    size_t have = 0;
    while (bytes && have < *size) {
        ssize_t count = read(fd, bytes + have, *size - have);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            bytes = NULL; /* shorter than it said: somebody is at it */
        else
            have += (size_t)count;
    }
done:
    close(fd);
    return bytes;
}

static void unpack_record(struct icl_unpacker *unpacker, struct icl_cache_record *record)
{
    record->path = icl_unpack_text(unpacker);
    record->mark.size = icl_unpack_u64(unpacker);
    record->mark.mtime_s = (int64_t)icl_unpack_u64(unpacker);
    record->mark.mtime_ns = (int64_t)icl_unpack_u64(unpacker);
    record->isa = icl_unpack_u64(unpacker);
    record->verdict_size = icl_unpack_u32(unpacker);
    record->verdict = icl_unpack_bytes(unpacker, record->verdict_size);
}

static bool head_fits(struct icl_unpacker *unpacker)
{
    return strcmp(icl_unpack_text(unpacker), CACHE_MAGIC) == 0 &&
           icl_unpack_u32(unpacker) == IMGCLS_ABI_MAJOR &&
           icl_unpack_u32(unpacker) == IMGCLS_ABI_MINOR &&
           strcmp(icl_unpack_text(unpacker), PACKAGE_VERSION) == 0;
}

void icl_cache_open(struct icl_cache *cache, struct icl_shelf *shelf, const char *file)
{
    *cache = (struct icl_cache){.shelf = shelf};
    if (!file || !(cache->file = icl_shelf_text(shelf, file)))
        return;
    size_t size = 0;
    const unsigned char *bytes = read_whole(shelf, file, &size);
    if (!bytes || size < 8)
        return;
    struct icl_unpacker sum = {bytes + size - 8, bytes + size, false};
    if (icl_unpack_u64(&sum) != check_sum(bytes, size - 8))
        return;
    struct icl_unpacker unpacker = {bytes, bytes + size - 8, false};
    if (!head_fits(&unpacker))
        return;
    size_t count = icl_unpack_count(&unpacker, RECORDS_MAX, 41);
    struct icl_cache_record *records = icl_shelf_take(shelf, count, sizeof *records);
    if (!records)
        return;
    for (size_t i = 0; i < count; i++)
        unpack_record(&unpacker, &records[i]);
    if (unpacker.failed || unpacker.at != unpacker.end)
        return;
    cache->records = records;
    cache->count = count;
}

/* ---- Asking ---------------------------------------------------------------------------*/

static bool same_mark(const struct icl_file_mark *a, const struct icl_file_mark *b)
{
    return a->size == b->size && a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns;
}

/* What the loader says depends on other libraries, what an entry function says on the
 * machine, what may be written on modes; all are cheap to ask again. */
bool icl_cache_takes(enum icl_refusal refusal)
{
    return refusal == ICL_ACCEPTED || refusal == ICL_REFUSED_SYMBOL ||
           refusal == ICL_REFUSED_ABI || refusal == ICL_REFUSED_DESCRIPTOR ||
           refusal == ICL_REFUSED_CRASH || refusal == ICL_REFUSED_HANG;
}

static bool still_holds(const struct icl_verdict *verdict)
{
    int64_t age = (int64_t)time(NULL) - verdict->scanned_at;
    bool accident =
        verdict->refusal == ICL_REFUSED_CRASH || verdict->refusal == ICL_REFUSED_HANG;
    return icl_cache_takes(verdict->refusal) &&
           (!accident || (age >= 0 && age < ACCIDENT_BELIEVED_S));
}

void icl_cache_forget(struct icl_cache *cache, const char *path)
{
    for (size_t i = 0; i < cache->count; i++)
        if (strcmp(cache->records[i].path, path) == 0)
            cache->records[i].path = ""; /* no file has that name: not kept */
}

bool icl_cache_find(const struct icl_cache *cache, const char *path,
                    const struct icl_file_mark *mark, uint64_t isa,
                    struct icl_verdict *verdict)
{
    for (size_t i = 0; i < cache->count; i++) {
        const struct icl_cache_record *record = &cache->records[i];
        if (record->isa == isa && same_mark(&record->mark, mark) &&
            strcmp(record->path, path) == 0)
            return icl_verdict_unpack(record->verdict, record->verdict_size, cache->shelf,
                                      verdict) &&
                   still_holds(verdict);
    }
    return false;
}

/* ---- Writing --------------------------------------------------------------------------*/

static void pack_record(struct icl_packer *packer, const struct icl_cache_record *record)
{
    icl_pack_text(packer, record->path);
    icl_pack_u64(packer, record->mark.size);
    icl_pack_u64(packer, (uint64_t)record->mark.mtime_s);
    icl_pack_u64(packer, (uint64_t)record->mark.mtime_ns);
    icl_pack_u64(packer, record->isa);
    icl_pack_u32(packer, (uint32_t)record->verdict_size);
    icl_pack_bytes(packer, record->verdict, record->verdict_size);
}

/* An old record goes on living where its file does and no fresh one takes its place. */
static bool is_kept(const struct icl_cache_record *old,
                    const struct icl_cache_record *fresh, size_t fresh_count)
{
    struct stat info;
    for (size_t i = 0; i < fresh_count; i++)
        if (fresh[i].isa == old->isa && strcmp(fresh[i].path, old->path) == 0)
            return false;
    return stat(old->path, &info) == 0 && (uint64_t)info.st_size == old->mark.size &&
           info.st_mtim.tv_sec == old->mark.mtime_s &&
           info.st_mtim.tv_nsec == old->mark.mtime_ns;
}

static void pack_all(const struct icl_cache *cache, const struct icl_cache_record *fresh,
                     size_t fresh_count, struct icl_packer *packer)
{
    bool *kept = icl_shelf_take(cache->shelf, cache->count, sizeof *kept);
    size_t count = fresh_count;
    for (size_t i = 0; kept && i < cache->count && count < RECORDS_MAX; i++)
        count += kept[i] = is_kept(&cache->records[i], fresh, fresh_count);
    icl_pack_text(packer, CACHE_MAGIC);
    icl_pack_u32(packer, IMGCLS_ABI_MAJOR);
    icl_pack_u32(packer, IMGCLS_ABI_MINOR);
    icl_pack_text(packer, PACKAGE_VERSION);
    icl_pack_u32(packer, (uint32_t)count);
    for (size_t i = 0; i < fresh_count; i++)
        pack_record(packer, &fresh[i]);
    for (size_t i = 0; kept && i < cache->count; i++)
        if (kept[i])
            pack_record(packer, &cache->records[i]);
    if (!packer->failed)
        icl_pack_u64(packer, check_sum(packer->bytes, packer->size));
}

/* The folder of the file and the one above it; deeper ones are not ours to make. */
static void make_folders(char *file)
{
    char *last = strrchr(file, '/');
    if (!last || last == file)
        return;
    *last = '\0';
    if (mkdir(file, 0700) != 0 && errno == ENOENT) {
        char *above = strrchr(file, '/');
        if (above && above != file) {
            *above = '\0';
            mkdir(file, 0700);
            *above = '/';
            mkdir(file, 0700);
        }
    }
    *last = '/';
}

static bool write_whole(int fd, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, bytes, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        bytes += count;
        size -= (size_t)count;
    }
    return true;
}

static bool replace_file(char *file, char *temporary, const struct icl_packer *packer)
{
    make_folders(file);
    int fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return false;
    bool written = write_whole(fd, packer->bytes, packer->size);
    written = close(fd) == 0 && written;
    if (written && rename(temporary, file) == 0)
        return true;
    int error = errno;
    unlink(temporary);
    errno = error;
    return false;
}

bool icl_cache_write(const struct icl_cache *cache, const struct icl_cache_record *fresh,
                     size_t fresh_count, const char **why)
{
    *why = "no memory";
    if (!cache->file) {
        *why = "neither XDG_CACHE_HOME nor HOME names a folder";
        return false;
    }
    if (fresh_count > RECORDS_MAX)
        fresh_count = RECORDS_MAX;
    struct icl_packer packer = {.limit = CACHE_BYTES_MAX};
    pack_all(cache, fresh, fresh_count, &packer);
    char *temporary = icl_shelf_format(cache->shelf, "%s.XXXXXX", cache->file);
    bool written = false;
    if (!packer.failed && temporary) {
        written = replace_file(cache->file, temporary, &packer);
        if (!written) {
            const char *text =
                icl_shelf_format(cache->shelf, "%s: %s", cache->file, strerror(errno));
            *why = text ? text : *why;
        }
    }
    icl_packer_clear(&packer);
    return written;
}
