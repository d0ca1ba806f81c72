/*
 * eval/leaderboard/place.c - where the leaderboard lies, and what kind of place that is
 *
 * The order is the command-line contract's: --db, $IMGCLS_DB, $XDG_DATA_HOME; the XDG base
 * directory specification says that a relative $XDG_DATA_HOME is to be ignored.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static char *join(const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 1;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s%s", a, b);
    return text;
}

/* Makes every folder above `path`; what exists is fine. */
static imgcls_status make_folders(struct imgcls_context *ctx, char *path)
{
    char *slash;
    for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        int made;
        *slash = '\0';
        made = mkdir(path, 0700); /* as the XDG specification wants it */
        if (made != 0 && errno != EEXIST) {
            imgcls_status status =
                icl_fail(ctx, IMGCLS_IO, "%s: folder for the leaderboard not made: %s", path,
                         strerror(errno));
            *slash = '/';
            return status;
        }
        *slash = '/';
    }
    return IMGCLS_OK;
}

imgcls_status icl_board_place(struct imgcls_context *ctx, const char *given, bool make,
                              char **path)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    const char *chosen = given ? given : getenv("IMGCLS_DB");
    *path = NULL;
    if (given && !*given)
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "--db: an empty path");
    if (chosen && *chosen) {
        /* SQLite gives names that begin with ':' a meaning of its own. */
        *path = join(chosen[0] == '/' ? "" : "./", chosen);
        if (*path && chosen[0] != '/' && chosen[0] != ':')
            memmove(*path, *path + 2, strlen(chosen) + 1);
    } else if (data && data[0] == '/') {
        *path = join(data, "/imgcls/leaderboard.db");
    } else if (home && home[0] == '/') {
        *path = join(home, "/.local/share/imgcls/leaderboard.db");
    } else {
        return icl_fail(ctx, IMGCLS_BAD_INPUT,
                        "leaderboard: no place for it, for neither --db nor IMGCLS_DB, "
                        "XDG_DATA_HOME or HOME is set");
    }
    if (!*path)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for the leaderboard's path");
    return make && !(chosen && *chosen) ? make_folders(ctx, *path) : IMGCLS_OK;
}

bool icl_board_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool icl_board_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* The folder of a path, own. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder;
    if (!slash)
        return strdup(".");
    folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    return folder;
}

bool icl_board_is_shut(const char *path)
{
    char *folder = folder_of(path);
    bool shut = folder && access(folder, W_OK) != 0;
    free(folder);
    return shut;
}

bool icl_board_has_log(const char *path)
{
    char *log = NULL;
    struct stat info;
    bool has = true; /* where it is not known */
    if (asprintf(&log, "%s-wal", path) < 0)
        return true;
    has = stat(log, &info) == 0 ? info.st_size > 0 : errno != ENOENT;
    free(log);
    return has;
}

bool icl_board_is_remote(const char *path)
{
    /* statfs(2) magic numbers: NFS, SMB, CIFS, SMB2, AFS, Coda, Ceph, Lustre. */
    static const uint32_t remote[] = {0x6969,     0x517b,     0xff534d42, 0xfe534d42,
                                      0x5346414f, 0x73757245, 0x00c36400, 0x0bd00bd0};
    struct statfs info;
    char *folder = folder_of(path);
    bool found = false;
    size_t i;
    if (folder && statfs(folder, &info) == 0)
        for (i = 0; i < sizeof remote / sizeof remote[0]; i++)
            found = found || (uint32_t)info.f_type == remote[i];
    free(folder);
    return found;
}

char *icl_board_uri(const char *path)
{
    static const char hex[] = "0123456789ABCDEF";
    char *absolute = icl_absolute_path(path);
    char *uri = absolute ? malloc(strlen(absolute) * 3 + 32) : NULL;
    char *to = uri;
    const unsigned char *from = (const unsigned char *)absolute;
    if (uri) {
        memcpy(to, "file:", 5);
        to += 5;
        for (; *from; from++) {
            if (*from == '?' || *from == '#' || *from == '%') {
                *to++ = '%';
                *to++ = hex[*from >> 4];
                *to++ = hex[*from & 15];
            } else {
                *to++ = (char)*from;
            }
        }
        strcpy(to, "?immutable=1");
    }
    free(absolute);
    return uri;
}

char *icl_absolute_path(const char *path)
{
    char *real = realpath(path, NULL);
    char *here, *joined;
    size_t size;
    if (real)
        return real;
    if (path[0] == '/')
        return strdup(path);
    here = getcwd(NULL, 0);
    if (!here)
        return strdup(path);
    size = strlen(here) + strlen(path) + 2;
    joined = malloc(size);
    if (joined)
        snprintf(joined, size, "%s/%s", here, path);
    free(here);
    return joined;
}
