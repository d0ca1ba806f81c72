/*
 * src/registry/scan.c - what one plugin file offers, or why it is refused
 *
 * The file is loaded in a child process, where a crash or an endless loop in its
 * constructors or its entry function harms nobody. Only bytes come back, and they are
 * checked like a file's.
 *
 * Not here: which files there are (folders.c), remembering verdicts (cache.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/registry/child.h"

static bool refuse(struct icl_verdict *verdict, enum icl_refusal refusal,
                   const char *reason)
{
    *verdict = (struct icl_verdict){.refusal = refusal,
                                    .abi_major = -1,
                                    .abi_minor_needed = -1,
                                    .reason = reason ? reason : "",
                                    .scanned_at = (int64_t)time(NULL)};
    return reason != NULL;
}

/* Anybody who may write to the folder may put another file in its place. */
static bool is_anybodys(const struct stat *info)
{
    return (info->st_mode & S_IWOTH) != 0;
}

bool icl_scan_mark(const char *path, struct icl_shelf *shelf, struct icl_file_mark *mark,
                   struct icl_verdict *verdict)
{
    struct stat info, folder;
    *mark = (struct icl_file_mark){0};
    char *real = realpath(path, NULL);
    char *end = real ? strrchr(real, '/') : NULL;
    if (!real || !end || stat(real, &info) != 0) {
        refuse(verdict, ICL_REFUSED_FILE, icl_shelf_format(shelf, "%s", strerror(errno)));
        goto done;
    }
    mark->size = (uint64_t)info.st_size;
    mark->mtime_s = info.st_mtim.tv_sec;
    mark->mtime_ns = info.st_mtim.tv_nsec;
    end[end == real] = '\0'; /* the folder alone; "/" stays */
    if (!S_ISREG(info.st_mode))
        refuse(verdict, ICL_REFUSED_FILE, "not a regular file");
    else if (is_anybodys(&info))
        refuse(verdict, ICL_REFUSED_WRITABLE,
               icl_shelf_format(shelf, "anybody may write to it (mode %04o, o-w is needed)",
                                (unsigned)info.st_mode & 07777));
    else if (stat(real, &folder) != 0)
        refuse(verdict, ICL_REFUSED_FILE, icl_shelf_format(shelf, "%s", strerror(errno)));
    else if (is_anybodys(&folder))
        refuse(verdict, ICL_REFUSED_WRITABLE,
               icl_shelf_format(
                   shelf, "anybody may write to its folder (mode %04o, o-w is needed)",
                   (unsigned)folder.st_mode & 07777));
    else
        *verdict = (struct icl_verdict){.abi_major = -1, .abi_minor_needed = -1};
done:
    free(real);
    return verdict->refusal == ICL_ACCEPTED;
}

/* ---- Verdicts as bytes ----------------------------------------------------------------*/

void icl_verdict_pack(const struct icl_verdict *verdict, struct icl_packer *packer)
{
    icl_pack_u32(packer, verdict->refusal);
    icl_pack_u32(packer, (uint32_t)verdict->abi_major);
    icl_pack_u32(packer, (uint32_t)verdict->abi_minor_needed);
    icl_pack_u64(packer, (uint64_t)verdict->scanned_at);
    icl_pack_text(packer, verdict->reason);
    icl_pack_bytes(packer, verdict->packed, verdict->packed_size);
}

bool icl_verdict_unpack(const unsigned char *bytes, size_t size, struct icl_shelf *shelf,
                        struct icl_verdict *verdict)
{
    struct icl_unpacker unpacker = {bytes, bytes + size, false};
    uint32_t refusal = icl_unpack_u32(&unpacker);
    *verdict = (struct icl_verdict){.abi_major = (int32_t)icl_unpack_u32(&unpacker)};
    verdict->abi_minor_needed = (int32_t)icl_unpack_u32(&unpacker);
    verdict->scanned_at = (int64_t)icl_unpack_u64(&unpacker);
    verdict->reason = icl_unpack_text(&unpacker);
    if (unpacker.failed || refusal >= ICL_REFUSAL_COUNT)
        return false;
    verdict->refusal = (enum icl_refusal)refusal;
    for (const char *at = verdict->reason; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    if (refusal != ICL_ACCEPTED)
        return unpacker.at == unpacker.end && *verdict->reason;
    /* An accepted one must be acceptable: a cache may have been written by another release.
     */
    if (verdict->abi_major != IMGCLS_ABI_MAJOR || verdict->abi_minor_needed < 0 ||
        verdict->abi_minor_needed > IMGCLS_ABI_MINOR)
        return false;
    verdict->packed = unpacker.at;
    verdict->packed_size = (size_t)(unpacker.end - unpacker.at);
    return icl_offers_unpack(&unpacker, shelf, &verdict->offers) &&
           unpacker.at == unpacker.end;
}

/* ---- The scan -------------------------------------------------------------------------*/

struct request {
    const char *path;
    const struct imgcls_host *host;
};

static void describe(void *argument, struct icl_packer *out)
{
    const struct request *request = argument;
    struct icl_shelf shelf = {NULL};
    struct icl_descriptor descriptor;
    struct icl_packer offers = {.limit = ICL_CHILD_REPORT_MAX};
    char reason[1024] = "";
    struct icl_verdict verdict = {.scanned_at = (int64_t)time(NULL), .reason = reason};
    verdict.refusal = icl_descriptor_load(request->path, request->host, &shelf, &descriptor,
                                          reason, sizeof reason);
    verdict.abi_major = descriptor.abi_major;
    verdict.abi_minor_needed = descriptor.abi_minor_needed;
    if (verdict.refusal == ICL_ACCEPTED) {
        icl_offers_pack(&descriptor, &offers);
        if (offers.failed) {
            verdict.refusal = ICL_REFUSED_DESCRIPTOR;
            snprintf(reason, sizeof reason, "its description has more than %u bytes",
                     ICL_CHILD_REPORT_MAX);
        } else {
            verdict.packed = offers.bytes;
            verdict.packed_size = offers.size;
        }
    }
    icl_verdict_pack(&verdict, out);
}

static const char *crash_text(const struct icl_child *child, struct icl_shelf *shelf)
{
    if (child->signal)
        return icl_shelf_format(shelf, "crashed while being scanned (signal %d, %s)",
                                child->signal, strsignal(child->signal));
    if (child->exit_status < 0)
        return icl_shelf_text(shelf, "ended the process while being scanned");
    return icl_shelf_format(shelf, "ended the process while being scanned (exit status %d)",
                            child->exit_status);
}

static bool take_report(const struct icl_child *child, struct icl_shelf *shelf,
                        struct icl_verdict *verdict)
{
    unsigned char *kept = icl_shelf_take(shelf, child->report_size, 1);
    if (!kept)
        return false;
    memcpy(kept, child->report, child->report_size);
    return icl_verdict_unpack(kept, child->report_size, shelf, verdict) ||
           refuse(verdict, ICL_REFUSED_CRASH, "its scan reported nonsense");
}

bool icl_scan_file(const struct imgcls_host *host, const char *path, int limit_ms,
                   struct icl_shelf *shelf, struct icl_verdict *verdict)
{
    struct request request = {path, host};
    struct icl_child child;
    icl_child_run(describe, &request, limit_ms, &child);
    bool done = false;
    switch (child.outcome) {
    case ICL_CHILD_DONE:
        done = take_report(&child, shelf, verdict);
        break;
    case ICL_CHILD_CRASHED:
        done = refuse(verdict, ICL_REFUSED_CRASH, crash_text(&child, shelf));
        break;
    case ICL_CHILD_TIMED_OUT:
        done =
            refuse(verdict, ICL_REFUSED_HANG,
                   icl_shelf_format(shelf, "did not finish within %g s while being scanned",
                                    limit_ms / 1000.0));
        break;
    case ICL_CHILD_NOT_RUN:
        done = refuse(
            verdict, ICL_REFUSED_FILE,
            icl_shelf_format(shelf, "no process to scan it in: %s", strerror(child.error)));
        break;
    case ICL_CHILD_STOPPED:
        break;
    }
    free(child.report);
    return done;
}
