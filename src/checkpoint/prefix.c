/*
 * src/checkpoint/prefix.c - words that wrappers put before every name are cut off
 *
 * DataParallel, torch.compile and training frameworks wrap a model and so lengthen every
 * name by the same word. Builders see the model's own names; what was cut off is kept as
 * text IMGCLS_META_PREFIX, to be put back where weights are written again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <string.h>

#include "src/checkpoint/entries.h"
#include "src/graph/names.h"

#define PREFIX_MAX 128

static const char *const wrappers[] = {"module.", "model.", "_orig_mod.", "net.",
                                       "network."};

/* Length of the wrapper's word that every name begins with; 0: none. */
static size_t shared_word(const struct imgcls_checkpoint *checkpoint)
{
    for (size_t w = 0; w < sizeof wrappers / sizeof *wrappers; w++) {
        size_t length = strlen(wrappers[w]), i = 0;
        while (i < checkpoint->count &&
               strncmp(checkpoint->entries[i]->name, wrappers[w], length) == 0 &&
               checkpoint->entries[i]->name[length])
            i++;
        if (i > 0 && i == checkpoint->count)
            return length;
    }
    return 0;
}

imgcls_status icl_checkpoint_unwrap(struct imgcls_checkpoint *checkpoint)
{
    struct imgcls_context *ctx = checkpoint->ctx;
    char prefix[PREFIX_MAX] = "";
    size_t length;
    while ((length = shared_word(checkpoint)) > 0 &&
           strlen(prefix) + length < sizeof prefix) {
        strncat(prefix, checkpoint->entries[0]->name, length);
        for (size_t i = 0; i < checkpoint->count; i++)
            icl_names_remove(checkpoint->names, checkpoint->entries[i]->name);
        for (size_t i = 0; i < checkpoint->count; i++) {
            struct icl_entry *entry = checkpoint->entries[i];
            entry->name += length;
            imgcls_status status =
                icl_names_add(ctx, checkpoint->names, entry->name, entry);
            if (status != IMGCLS_OK)
                return status;
        }
    }
    return *prefix ? icl_checkpoint_set_text(checkpoint, IMGCLS_META_PREFIX, prefix)
                   : IMGCLS_OK;
}
