/*
 * tests/registry/stage.c - a folder of plugins made for one test, and what was logged
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/registry/stage.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCAN_LIMIT_MS                                                                      \
    20000 /* sound plugins are scanned in milliseconds, in any weather                     \
           */

static void keep_line(void *argument, int32_t level, const char *text)
{
    struct stage *stage = argument;
    size_t used = strlen(stage->log);
    snprintf(stage->log + used, sizeof stage->log - used, "%d %s\n", level, text);
}

void stage_make(struct stage *stage)
{
    const char *base = getenv("TMPDIR");
    *stage = (struct stage){.ctx = NULL};
    snprintf(stage->folder, sizeof stage->folder, "%s/icl-registry-XXXXXX",
             base ? base : "/tmp");
    assert_non_null(mkdtemp(stage->folder));
    /* Compared with paths that went through realpath. */
    char *real = realpath(stage->folder, NULL);
    assert_non_null(real);
    snprintf(stage->folder, sizeof stage->folder, "%s", real);
    free(real);
    snprintf(stage->cache, sizeof stage->cache, "%s/cache/imgcls/plugins.cache",
             stage->folder);
    struct imgcls_context_options options = {
        .struct_size = sizeof options, .log = keep_line, .log_argument = stage};
    assert_int_equal(imgcls_context_create(&options, &stage->ctx), IMGCLS_OK);
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *walk)
{
    (void)info;
    (void)flag;
    (void)walk;
    return remove(path);
}

void stage_clear(struct stage *stage)
{
    imgcls_context_destroy(stage->ctx);
    nftw(stage->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

unsigned char *stage_sample(const char *name, size_t *size)
{
    char path[1024];
    const char *build = getenv("ICL_TOP_BUILDDIR");
    snprintf(path, sizeof path, "%s/tests/registry/.libs/sample_%s.so", build ? build : ".",
             name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s: not built, or ICL_TOP_BUILDDIR is not set", path);
    struct stat info;
    assert_int_equal(fstat(fileno(file), &info), 0);
    *size = (size_t)info.st_size;
    unsigned char *bytes = malloc(*size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

void stage_write(struct stage *stage, const char *file, const void *bytes, size_t size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", stage->folder, file);
    for (char *at = path + strlen(stage->folder) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(path, 0755);
        *at = '/';
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0755), 0); /* whatever the umask */
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

void stage_put(struct stage *stage, const char *name, const char *file)
{
    size_t size;
    unsigned char *bytes = stage_sample(name, &size);
    stage_write(stage, file, bytes, size);
    free(bytes);
}

struct icl_registry *stage_open(struct stage *stage, const char *disable)
{
    struct icl_registry *registry;
    struct icl_registry_options options = {.path = stage->folder,
                                           .disable = disable,
                                           .cache_file = stage->cache,
                                           .scan_limit_ms = SCAN_LIMIT_MS};
    imgcls_status status = icl_registry_open(stage->ctx, &options, &registry);
    if (status != IMGCLS_OK)
        fail_msg("open: %s", imgcls_error(stage->ctx));
    return registry;
}

const struct icl_plugin_file *stage_file(struct icl_registry *registry, const char *file)
{
    for (size_t i = 0; i < registry->file_count; i++) {
        const char *path = registry->files[i]->path;
        size_t length = strlen(path), own = strlen(file);
        if (length > own && strcmp(path + length - own, file) == 0 &&
            path[length - own - 1] == '/')
            return registry->files[i];
    }
    fail_msg("%s: not among the files found", file);
    return NULL;
}

bool stage_is_mapped(const struct stage *stage, const char *file)
{
    char line[4096], path[1024];
    bool found = false;
    snprintf(path, sizeof path, "%s/%s", stage->folder, file);
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps))
        found = found || strstr(line, path);
    fclose(maps);
    return found;
}
