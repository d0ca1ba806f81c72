/*
 * tests/datasets/pack.c - packs files into an archive, whatever tools are installed
 *
 *     pack tar|tar.gz|tar.zst|zip OUT < NAMES
 *
 * One name a line, relative to the working folder, in the order of the archive.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>

static int add_file(struct archive *out, const char *name)
{
    struct archive_entry *entry = archive_entry_new();
    FILE *file = fopen(name, "rb");
    struct stat info;
    char buffer[65536];
    size_t got;
    int bad = !entry || !file || fstat(fileno(file), &info) != 0;
    if (!bad) {
        archive_entry_set_pathname(entry, name);
        archive_entry_set_size(entry, info.st_size);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        bad = archive_write_header(out, entry) != ARCHIVE_OK;
    }
    while (!bad && (got = fread(buffer, 1, sizeof buffer, file)) > 0)
        bad = archive_write_data(out, buffer, got) != (la_ssize_t)got;
    if (file)
        fclose(file);
    archive_entry_free(entry);
    return bad;
}

int main(int argc, char **argv)
{
    struct archive *out = archive_write_new();
    char name[4096];
    int bad = argc != 3 || !out;
    if (!bad && strcmp(argv[1], "zip") == 0)
        archive_write_set_format_zip(out);
    else if (!bad)
        archive_write_set_format_pax_restricted(out);
    if (!bad && strcmp(argv[1], "tar.gz") == 0)
        archive_write_add_filter_gzip(out);
    if (!bad && strcmp(argv[1], "tar.zst") == 0)
        bad = archive_write_add_filter_zstd(out) < ARCHIVE_WARN;
    bad = bad || archive_write_open_filename(out, argv[2]) != ARCHIVE_OK;
    while (!bad && fgets(name, sizeof name, stdin)) {
        name[strcspn(name, "\n")] = '\0';
        bad = add_file(out, name);
    }
    if (out && archive_write_close(out) != ARCHIVE_OK)
        bad = 1;
    archive_write_free(out);
    if (bad)
        fprintf(stderr, "pack: failed\n");
    return bad;
}
