/*
 * eval/datasets/place.c - what lies at a path, listed: folders walked, archives found
 *
 * Not here: what is inside an archive (archive.c), what the names mean (the layouts).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/place.h"

#include "eval/pictures/picture.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX  16 /* symbolic links can make a folder its own child */
#define SHARDS_MAX 1000000

bool icl_is_litter(const char *name)
{
    return name[0] == '.' || strcasecmp(name, "Thumbs.db") == 0 ||
           strcasecmp(name, "desktop.ini") == 0 || strcmp(name, "__MACOSX") == 0;
}

bool icl_is_picture_name(const char *name)
{
    static const char *const endings[] = {"jpg",  "jpeg", "jpe",  "jfif", "png",
                                          "webp", "bmp",  "gif",  "tif",  "tiff",
                                          "ppm",  "pgm",  "pbm",  "pnm",
                                          "avif", "heic"};
    const char *dot = strrchr(name, '.');
    size_t i;
    for (i = 0; dot && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(dot + 1, endings[i]) == 0)
            return true;
    return false;
}

bool icl_is_archive_name(const char *name)
{
    static const char *const endings[] = {".tar",  ".tar.gz",  ".tgz",    ".tar.zst",
                                          ".tzst", ".tar.bz2", ".tar.xz", ".zip"};
    size_t length = strlen(name), i;
    for (i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t end = strlen(endings[i]);
        if (length > end && strcasecmp(name + length - end, endings[i]) == 0)
            return true;
    }
    return false;
}

int icl_natural_order(const char *a, const char *b)
{
    const char *x = a, *y = b;
    while (*x && *y) {
        if (isdigit((unsigned char)*x) && isdigit((unsigned char)*y)) {
            size_t m = strspn(x, "0123456789"), n = strspn(y, "0123456789");
            size_t zx = strspn(x, "0"), zy = strspn(y, "0");
            const char *p = x + (zx < m ? zx : m - 1), *q = y + (zy < n ? zy : n - 1);
            size_t rest = (size_t)(x + m - p), other = (size_t)(y + n - q);
            int order =
                rest != other ? (rest > other) - (rest < other) : memcmp(p, q, rest);
            if (order)
                return order;
            x += m;
            y += n;
        } else if (*x != *y) {
            break;
        } else {
            x++;
            y++;
        }
    }
    if (*x != *y)
        return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
    return strcmp(a, b);
}

/* ---- Members
 * ----------------------------------------------------------------------------*/

static imgcls_status no_memory(const struct icl_place *place)
{
    return icl_fail(place->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its names",
                    place->path);
}

imgcls_status icl_place_add(struct icl_place *place, const struct icl_member *member,
                            const char *path)
{
    struct icl_member *added;
    if (place->count == place->capacity) {
        size_t capacity = place->capacity ? place->capacity * 2 : 256, bytes;
        added = NULL;
        if (icl_mul_size(capacity, sizeof *added, &bytes))
            added = realloc(place->members, bytes);
        if (!added) {
            free(member->held);
            free(member->link);
            return no_memory(place);
        }
        place->members = added;
        place->capacity = capacity;
    }
    added = &place->members[place->count];
    *added = *member;
    added->path = strdup(path);
    if (!added->path) {
        free(member->held);
        free(member->link);
        return no_memory(place);
    }
    added->base = strrchr(added->path, '/');
    added->base = added->base ? added->base + 1 : added->path;
    place->pictures += added->picture;
    place->count++;
    return IMGCLS_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct icl_member *x = a, *y = b;
    return strcmp(x->path, y->path);
}

/* ---- Folders
 * ----------------------------------------------------------------------------*/

/* A picture by name, or else by its first bytes. */
static bool is_picture(const struct icl_place *place, const char *path)
{
    unsigned char head[32];
    int descriptor;
    ssize_t size;
    if (icl_is_picture_name(path))
        return true;
    descriptor = openat(place->folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return false;
    size = read(descriptor, head, sizeof head);
    close(descriptor);
    return size > 0 && icl_picture_kind(head, (size_t)size) != NULL;
}

static imgcls_status take_file(struct icl_place *place, const char *path)
{
    struct icl_member member = {.picture = is_picture(place, path)};
    struct stat info;
    /* Sockets, pipes and dangling links count as files: reading them says what is wrong. */
    if (fstatat(place->folder, path, &info, 0) == 0) {
        member.size = (uint64_t)info.st_size;
        member.time = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
    }
    return icl_place_add(place, &member, path);
}

static imgcls_status walk(struct icl_place *place, const char *relative, int depth);

static imgcls_status take_item(struct icl_place *place, int folder, const char *relative,
                               const struct dirent *item, int depth)
{
    bool is_folder = item->d_type == DT_DIR;
    imgcls_status status;
    struct stat info;
    char *path = NULL;
    size_t before = place->pictures;
    if (item->d_type == DT_UNKNOWN || item->d_type == DT_LNK)
        is_folder = fstatat(folder, item->d_name, &info, 0) == 0 && S_ISDIR(info.st_mode);
    if (asprintf(&path, "%s%s%s", relative, *relative ? "/" : "", item->d_name) < 0)
        return no_memory(place);
    status = is_folder ? walk(place, path, depth + 1) : take_file(place, path);
    if (is_folder && depth == 0 && place->pictures == before)
        place->empty_folders++;
    free(path);
    return status;
}

/* All files at any depth; litter is counted. */
static imgcls_status walk(struct icl_place *place, const char *relative, int depth)
{
    int descriptor;
    DIR *folder;
    imgcls_status status = IMGCLS_OK;
    struct dirent *item;
    if (depth > DEPTH_MAX)
        return icl_fail(place->ctx, IMGCLS_BAD_INPUT, "%s/%s: folders nest deeper than %d",
                        place->path, relative, DEPTH_MAX);
    if (icl_interrupted())
        return icl_fail(place->ctx, IMGCLS_INTERRUPTED, "%s: interrupted", place->path);
    descriptor = openat(place->folder, *relative ? relative : ".",
                        O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    folder = descriptor >= 0 ? fdopendir(descriptor) : NULL;
    if (!folder) {
        status = icl_fail(place->ctx, IMGCLS_IO, "%s/%s: %s", place->path, relative,
                          strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return status;
    }
    while (status == IMGCLS_OK && (errno = 0, item = readdir(folder)) != NULL) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        if (icl_is_litter(item->d_name))
            place->ignored++;
        else
            status = take_item(place, descriptor, relative, item, depth);
    }
    if (status == IMGCLS_OK && !item && errno != 0)
        status = icl_fail(place->ctx, IMGCLS_IO, "%s/%s: %s", place->path, relative,
                          strerror(errno));
    closedir(folder);
    return status;
}

/* ---- Archives
 * ---------------------------------------------------------------------------*/

static imgcls_status add_shard(struct icl_place *place, char *path)
{
    char **grown =
        path ? realloc(place->shards, (place->shard_count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(path);
        return no_memory(place);
    }
    place->shards = grown;
    place->shards[place->shard_count++] = path;
    return IMGCLS_OK;
}

static int by_nature(const void *a, const void *b)
{
    return icl_natural_order(*(char *const *)a, *(char *const *)b);
}

/* Lists that lie beside archives are kept as those within are; the archives are no files of the
 * set themselves. */
static void keep_beside(struct icl_place *place)
{
    char reason[128];
    size_t kept = 0, i, size;
    place->empty_folders = 0; /* archives lie in them */
    for (i = 0; i < place->count; i++) {
        struct icl_member *member = &place->members[i];
        if (icl_is_archive_name(member->path)) {
            free(member->path);
            continue;
        }
        if (icl_may_hold_labels(member->path) && member->size <= ICL_HELD_MAX - place->held_bytes &&
            icl_read_picture_file(place->folder, member->path, &member->held, &size, reason,
                                  sizeof reason) == IMGCLS_OK) {
            member->size = size;
            place->held_bytes += size;
        }
        place->members[kept++] = *member;
    }
    place->count = kept;
}

/* A folder whose files are archives is the archives; text files may lie beside them. */
static imgcls_status find_shards(struct icl_place *place)
{
    imgcls_status status = IMGCLS_OK;
    size_t archives = 0, i;
    for (i = 0; i < place->count; i++)
        archives += icl_is_archive_name(place->members[i].path);
    if (archives == 0 || place->pictures > 0)
        return IMGCLS_OK;
    for (i = 0; i < place->count && status == IMGCLS_OK; i++) {
        char *path = NULL;
        if (!icl_is_archive_name(place->members[i].path))
            continue;
        if (asprintf(&path, "%s/%s", place->path, place->members[i].path) < 0)
            return no_memory(place);
        status = add_shard(place, path);
    }
    if (status != IMGCLS_OK)
        return status;
    qsort(place->shards, place->shard_count, sizeof *place->shards, by_nature);
    keep_beside(place);
    return IMGCLS_OK;
}

/* "x-{000..012}.tar", as WebDataset writes it: both ends included, width kept. */
static imgcls_status expand_range(struct icl_place *place, const char *path)
{
    const char *open_at = strchr(path, '{'), *dots = strstr(open_at, "..");
    const char *close_at = strchr(open_at, '}');
    long first, last, n;
    imgcls_status status = IMGCLS_OK;
    if (!dots || !close_at || dots > close_at || !isdigit((unsigned char)open_at[1]) ||
        !isdigit((unsigned char)dots[2]))
        return icl_fail(place->ctx, IMGCLS_BAD_INPUT,
                        "%s: no such file, and no range like {000..012} either", path);
    first = strtol(open_at + 1, NULL, 10);
    last = strtol(dots + 2, NULL, 10);
    if (last < first || last - first >= SHARDS_MAX)
        return icl_fail(place->ctx, IMGCLS_BAD_INPUT,
                        "%s: range from %ld to %ld; it rises, by less than %d", path, first,
                        last, SHARDS_MAX);
    for (n = first; n <= last && status == IMGCLS_OK; n++) {
        char *shard = NULL;
        if (asprintf(&shard, "%.*s%0*ld%s", (int)(open_at - path), path,
                     (int)(dots - open_at - 1), n, close_at + 1) < 0)
            return no_memory(place);
        status = add_shard(place, shard);
    }
    return status;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Shards are known by their last parts, or where two have the same (a/0.tar, b/0.tar), by all
 * that they have not in common: else the samples of both would be taken for one. */
static imgcls_status name_shards(struct icl_place *place)
{
    const char **bases = malloc((place->shard_count + 1) * sizeof *bases), *first;
    size_t common, i;
    if (!bases)
        return no_memory(place);
    for (i = 0; i < place->shard_count; i++)
        bases[i] = base_of(place->shards[i]);
    qsort(bases, place->shard_count, sizeof *bases, by_text);
    for (i = 1; i < place->shard_count && strcmp(bases[i - 1], bases[i]) != 0; i++)
        continue;
    free(bases);
    place->shard_folder = SIZE_MAX;
    if (i >= place->shard_count)
        return IMGCLS_OK;
    first = place->shards[0];
    common = (size_t)(base_of(first) - first);
    for (i = 1; i < place->shard_count; i++)
        while (common > 0 && strncmp(first, place->shards[i], common) != 0)
            while (--common > 0 && first[common - 1] != '/')
                continue;
    place->shard_folder = common;
    return IMGCLS_OK;
}

const char *icl_place_shard_name(const struct icl_place *place, uint32_t shard)
{
    if (place->shard_count <= 1)
        return "";
    return place->shard_folder == SIZE_MAX ? base_of(place->shards[shard])
                                           : place->shards[shard] + place->shard_folder;
}

static imgcls_status list_shards(struct icl_place *place)
{
    imgcls_status status = icl_archive_load(place->ctx, &place->library);
    size_t i;
    if (status == IMGCLS_OK)
        status = name_shards(place);
    for (i = 0; i < place->shard_count && status == IMGCLS_OK; i++)
        status = icl_archive_list(place, (uint32_t)i);
    return status;
}

/* Pictures in MNIST's form have their labels in a file of their own: "t10k-images-idx3-ubyte" and
 * "t10k-labels-idx1-ubyte", each packed or not. */
static imgcls_status take_labels(struct icl_place *place, const char *base)
{
    const char *images = strstr(base, "-images"), *idx = strstr(base, "idx3-ubyte");
    size_t length = strlen(base) + 4, i;
    char *name;
    imgcls_status status = IMGCLS_OK;
    if (!images || !idx || idx < images)
        return IMGCLS_OK;
    name = malloc(length);
    if (!name)
        return no_memory(place);
    for (i = 0; i < 2 && status == IMGCLS_OK; i++) {
        snprintf(name, length, "%.*s-labels%.*sidx1-ubyte%s", (int)(images - base), base,
                 (int)(idx - images - 7), images + 7, i == 0 ? "" : ".gz");
        if (place->count == 1 && faccessat(place->folder, name, F_OK, 0) == 0)
            status = take_file(place, name);
    }
    free(name);
    return status;
}

static imgcls_status open_file(struct icl_place *place, const char *path)
{
    const char *slash = strrchr(path, '/');
    imgcls_status status;
    char *parent;
    if (icl_is_archive_name(path))
        return add_shard(place, strdup(path));
    place->is_file = true;
    parent =
        slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    if (!parent)
        return no_memory(place);
    place->folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(parent);
    if (place->folder < 0)
        return icl_fail(place->ctx, IMGCLS_IO, "%s: %s", path, strerror(errno));
    path = slash ? slash + 1 : path;
    status = take_file(place, path);
    return status == IMGCLS_OK ? take_labels(place, path) : status;
}

static imgcls_status open_path(struct icl_place *place)
{
    const char *path = place->path;
    struct stat info;
    imgcls_status status;
    if (stat(path, &info) != 0)
        return errno == ENOENT && strchr(path, '{')
                   ? expand_range(place, path)
                   : icl_fail(place->ctx, IMGCLS_IO, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return open_file(place, path);
    place->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place->folder < 0)
        return icl_fail(place->ctx, IMGCLS_IO, "%s: %s", path, strerror(errno));
    status = walk(place, "", 0);
    return status == IMGCLS_OK ? find_shards(place) : status;
}

imgcls_status icl_place_open(struct imgcls_context *ctx, const char *path,
                             struct icl_place **out)
{
    struct icl_place *place = calloc(1, sizeof *place);
    imgcls_status status = IMGCLS_NO_MEMORY;
    *out = NULL;
    if (place)
        place->path = strdup(path);
    if (!place || !place->path) {
        free(place);
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory for its names", path);
    }
    place->ctx = ctx;
    place->folder = -1;
    status = open_path(place);
    if (status == IMGCLS_OK && place->shard_count > 0)
        status = list_shards(place);
    if (status == IMGCLS_OK && place->count > 0) {
        qsort(place->members, place->count, sizeof *place->members, by_path);
        status = icl_place_follow_links(place);
    }
    if (status != IMGCLS_OK) {
        icl_place_close(place);
        return status;
    }
    *out = place;
    return IMGCLS_OK;
}

void icl_place_close(struct icl_place *place)
{
    size_t i;
    if (!place)
        return;
    for (i = 0; i < place->count; i++) {
        free(place->members[i].path);
        free(place->members[i].held);
        free(place->members[i].link);
    }
    for (i = 0; i < place->shard_count; i++)
        free(place->shards[i]);
    if (place->folder >= 0)
        close(place->folder);
    icl_archive_unload(place->library);
    free(place->members);
    free(place->shards);
    free(place->path);
    free(place);
}

bool icl_place_is_stream(const struct icl_place *place)
{
    return place->shard_count > 0;
}

/* ---- Reading
 * ----------------------------------------------------------------------------*/

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

imgcls_status icl_place_read(const struct icl_place *place, const struct icl_member *member,
                             uint8_t **bytes, size_t *size, char *reason, size_t capacity)
{
    if (!icl_place_is_stream(place))
        return icl_read_picture_file(place->folder, member->path, bytes, size, reason,
                                     capacity);
    *bytes = member->held ? malloc(member->size + 1) : NULL;
    if (!*bytes) {
        snprintf(reason, capacity, "no memory for %llu bytes",
                 (unsigned long long)member->size);
        return IMGCLS_NO_MEMORY;
    }
    memcpy(*bytes, member->held, member->size);
    *size = member->size;
    return IMGCLS_OK;
}

imgcls_status icl_place_text(const struct icl_place *place, const struct icl_member *member,
                             char **text, size_t *size)
{
    char reason[128] = "";
    uint8_t *bytes;
    imgcls_status status =
        icl_place_read(place, member, &bytes, size, reason, sizeof reason);
    *text = NULL;
    if (status != IMGCLS_OK)
        return icl_fail(place->ctx, status, "%s/%s: %s", place->path, member->path, reason);
    *text = realloc(bytes, *size + 1);
    if (!*text) {
        free(bytes);
        return no_memory(place);
    }
    (*text)[*size] = '\0';
    return IMGCLS_OK;
}
