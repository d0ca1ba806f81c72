/*
 * src/file/file.h - bytes in and out: mappings, folders that may not be left, whole files
 *
 * Reading: a source is a mapped file, a folder, or an archive member. Everything it opens
 * beneath itself stays beneath: openat2(RESOLVE_BENEATH) where the kernel has it, else a walk
 * with O_NOFOLLOW; the opened descriptor is checked, never the path.
 * Writing: to a temporary name beside the target, fsync, rename. An output that is not
 * committed leaves nothing, also where the process is interrupted.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_FILE_H
#define ICL_FILE_H

#include "src/context/context.h"

/* Bytes that somebody must keep alive: a mapping or an allocation. Counted, thread-safe. */
struct imgcls_storage *icl_storage_retain(struct imgcls_storage *storage);
void icl_storage_release(struct imgcls_storage *storage);
/* Maps a whole regular file read-only. Empty files give size 0, bytes non-NULL. Own. */
imgcls_status icl_storage_map(struct imgcls_context *ctx, const char *path,
                              struct imgcls_storage **out);
/* Takes over memory from icl_alloc. */
imgcls_status icl_storage_own(struct imgcls_context *ctx, void *bytes, size_t size,
                              struct imgcls_storage **out);
const unsigned char *icl_storage_bytes(const struct imgcls_storage *storage);
size_t icl_storage_size(const struct imgcls_storage *storage);
/* Asks for these bytes of a mapping at once, for somebody is about to read all of them: one call
 * instead of a page fault for every few pages. A refusal changes nothing. */
void icl_storage_expect(const struct imgcls_storage *storage, const void *bytes, size_t size);
/* True where the bytes are a file's pages, false where they are memory of ours. */
bool icl_storage_is_mapped(const struct imgcls_storage *storage);
/* Tells the system that these bytes of a mapping are not needed for now, so that they stop
 * counting as ours; they stay readable. Nothing happens where the storage is an allocation. */
void icl_storage_forget(const struct imgcls_storage *storage, const void *bytes, size_t size);

/* A source with what the host needs to open siblings; source.* is what plugins see. The struct,
 * path and folder come from icl_alloc: icl_source_close calls close (where there is one), then
 * releases source.storage and frees path, folder and the struct. source.path is path. */
struct icl_source {
    struct imgcls_source source; /* first: the host gets back from one to the other */
    struct imgcls_context *ctx;
    char *path;
    char *folder; /* folder of the file, or the folder itself; NULL within an archive */
    void *archive; /* within an archive: the archive, retained, to find siblings */
    imgcls_status (*open_beneath)(struct icl_source *self, const char *relative,
                                  struct imgcls_source **out);
    void (*close)(struct icl_source *self); /* frees what archive holds; may be NULL */
};
imgcls_status icl_source_open(struct imgcls_context *ctx, const char *path,
                              struct imgcls_source **out);
imgcls_status icl_source_open_beneath(struct imgcls_context *ctx,
                                      const struct imgcls_source *source,
                                      const char *relative, struct imgcls_source **out);
void icl_source_close(struct imgcls_source *source);
/* A source of memory from icl_alloc, taken over on success; siblings are those of `beside`,
 * which may be a file or a folder. */
imgcls_status icl_source_of_bytes(struct imgcls_context *ctx,
                                  const struct imgcls_source *beside, const char *path,
                                  void *bytes, size_t size, struct imgcls_source **out);
/* True where `relative` could only name something below its folder: relative, no "..", no
 * empty or NUL-carrying part. */
bool icl_path_is_beneath(const char *relative);

/* A file being written. */
struct icl_output {
    struct imgcls_sink sink; /* first; sink.write appends */
    struct imgcls_context *ctx;
    char *path, *temporary;
    int fd;
    struct icl_follow *follow; /* NULL, or what hashes the file while it grows */
};
imgcls_status icl_output_create(struct imgcls_context *ctx, const char *path,
                                struct icl_output **out);
/* Hashes the output while it is written, from its first byte on: call before writing. */
imgcls_status icl_output_hash(struct icl_output *output);
/* The hash of all that was flushed; ends the hashing. Without icl_output_hash before: "". */
imgcls_status icl_output_hashed(struct icl_output *output, char text[65]);
/* Puts what was gathered into the temporary file, so that it can be opened and read. */
imgcls_status icl_output_flush(struct icl_output *output);
/* Waits until what was flushed is on the disk. Call it when the last byte was flushed. */
imgcls_status icl_output_sync(struct icl_output *output);
/* status OK: sync, rename to the final name. Else, or where that fails: remove. Frees. */
imgcls_status icl_output_finish(struct icl_output *output, imgcls_status status);

/* SHA-256 as 64 lower-case hexadecimal digits and NUL (nettle). */
struct icl_sha256;
imgcls_status icl_sha256_create(struct imgcls_context *ctx, struct icl_sha256 **out);
void icl_sha256_update(struct icl_sha256 *hash, const void *bytes, size_t size);
/* Frees the hash. */
void icl_sha256_finish(struct icl_sha256 *hash, char text[65]);
void icl_sha256_of(const void *bytes, size_t size, char text[65]);

/* The SHA-256 of a file that another hand is writing (follow.c). fd must be readable and stay
 * open. Only the writer calls icl_follow_grown. icl_follow_finish waits, frees, and takes NULL. */
struct icl_follow;
imgcls_status icl_follow_start(struct imgcls_context *ctx, int fd, struct icl_follow **out);
void icl_follow_grown(struct icl_follow *follow, size_t bytes);
imgcls_status icl_follow_finish(struct icl_follow *follow, char text[65]);

/* Sends a file that another hand is writing to the disk meanwhile (settle.c). fd must stay open.
 * Only the writer calls icl_settle_grown. NULL where no thread can be had: the other two take it.
 * icl_settle_finish waits, frees, and gives the first error, as errno, that the disk told the
 * thread (0: none), and which a later fsync may not tell again. */
struct icl_settle;
struct icl_settle *icl_settle_start(int fd);
void icl_settle_grown(struct icl_settle *settle, size_t bytes);
int icl_settle_finish(struct icl_settle *settle);

#endif
