/*
 * eval/datasets/manifest.c - hashes that tell one data set from another
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/dataset.h"

#include "src/file/file.h"

#include <stdio.h>
#include <string.h>

/* "file<TAB>label<TAB>"; several right labels separated by commas. */
static void hash_head(struct icl_sha256 *hash, const struct icl_dataset_entry *entry)
{
    char label[32];
    int32_t i;
    icl_sha256_update(hash, entry->file, strlen(entry->file));
    snprintf(label, sizeof label, "\t%d", (int)entry->label);
    icl_sha256_update(hash, label, strlen(label));
    for (i = 0; i < entry->also_count; i++) {
        snprintf(label, sizeof label, ",%d", (int)entry->also[i]);
        icl_sha256_update(hash, label, strlen(label));
    }
    icl_sha256_update(hash, "\t", 1);
}

imgcls_status icl_dataset_sha256(const struct icl_dataset *set, char text[65])
{
    struct icl_sha256 *hash;
    imgcls_status status = icl_sha256_create(set->ctx, &hash);
    size_t i, k;
    if (status != IMGCLS_OK)
        return status;
    for (i = 0; i < set->count; i++) {
        const struct icl_dataset_entry *entry = &set->entries[i];
        char hex[65] = "-";
        for (k = 0; entry->hashed && k < sizeof entry->sha256; k++)
            snprintf(hex + 2 * k, 3, "%02x", entry->sha256[k]);
        hash_head(hash, entry);
        icl_sha256_update(hash, hex, strlen(hex));
        icl_sha256_update(hash, "\n", 1);
    }
    icl_sha256_finish(hash, text);
    return IMGCLS_OK;
}

imgcls_status icl_dataset_manifest(const struct icl_dataset *set, bool with_times,
                                   char text[65])
{
    struct icl_sha256 *hash;
    imgcls_status status = icl_sha256_create(set->ctx, &hash);
    size_t i;
    if (status != IMGCLS_OK)
        return status;
    for (i = 0; i < set->count; i++) {
        const struct icl_dataset_entry *entry = &set->entries[i];
        char line[64] = "-";
        if (entry->member)
            snprintf(line, sizeof line, "%llu", (unsigned long long)entry->member->size);
        hash_head(hash, entry);
        icl_sha256_update(hash, line, strlen(line));
        snprintf(line, sizeof line, "\t%lld",
                 (long long)(entry->member ? entry->member->time : 0));
        if (with_times)
            icl_sha256_update(hash, line, strlen(line));
        icl_sha256_update(hash, "\n", 1);
    }
    for (i = 0; with_times && i < set->compared_count; i++)
        icl_sha256_update(hash, &set->compared[i], sizeof set->compared[i]);
    icl_sha256_finish(hash, text);
    return IMGCLS_OK;
}
