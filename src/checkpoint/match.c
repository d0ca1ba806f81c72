/*
 * src/checkpoint/match.c - parameters that a builder did not find, and those it left over
 *
 * A checkpoint that does not fit its architecture is refused once, with all names: what is
 * missing, each with the left-over name nearest to it, and what is left over. A file with a
 * renamed layer then reads as such, and not as the first of a hundred complaints.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/checkpoint/entries.h"

#include <stdio.h>
#include <string.h>

#include "src/checkpoint/edits.h"
#include "src/graph/names.h"

#define COMPARED_MAX 4096 /* left-over names that nearness is asked of */

void icl_checkpoint_use(const struct imgcls_checkpoint *checkpoint, const char *name)
{
    struct icl_entry *entry = icl_names_find(checkpoint->names, name);
    if (entry)
        entry->used = true;
}

void icl_checkpoint_missing(const struct imgcls_checkpoint *asked, const char *name,
                            const char *why)
{
    /* What is noted changes no answer of the checkpoint, so builders have it const. */
    struct imgcls_checkpoint *checkpoint = (struct imgcls_checkpoint *)asked;
    struct imgcls_context *ctx = checkpoint->ctx;
    for (size_t i = 0; i < checkpoint->missing_count; i++)
        if (strcmp(checkpoint->missing[i].name, name) == 0)
            return;
    if (icl_grow(ctx, (void **)&checkpoint->missing, &checkpoint->missing_capacity,
                 checkpoint->missing_count + 1, sizeof *checkpoint->missing) != IMGCLS_OK)
        return; /* the failure is recorded and stands */
    struct icl_missing entry = {.name = icl_text_copy(ctx, name),
                                .why = why ? icl_text_copy(ctx, why) : NULL};
    if (!entry.name || (why && !entry.why)) {
        icl_free(ctx, entry.name);
        icl_free(ctx, entry.why);
        return;
    }
    checkpoint->missing[checkpoint->missing_count++] = entry;
}

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

static bool is_left_over(const struct icl_entry *entry)
{
    return !entry->used && !ends_in(entry->name, ".num_batches_tracked");
}

/* The left-over name nearest to `name`; NULL where none is within half its length. */
static const char *nearest(const struct imgcls_checkpoint *checkpoint, const char *name)
{
    const char *best = NULL;
    size_t least = strlen(name) / 2 + 1, compared = 0;
    for (size_t i = 0; i < checkpoint->count && compared < COMPARED_MAX; i++) {
        const struct icl_entry *entry = checkpoint->entries[i];
        if (!is_left_over(entry))
            continue;
        compared++;
        size_t distance = icl_edits(name, entry->name);
        if (distance < least) {
            least = distance;
            best = entry->name;
        }
    }
    return best;
}

/* A text of fixed room that says how much did not fit. */
struct list {
    char text[ICL_ERROR_CAPACITY / 2 - 256];
    char rest[32];
    size_t used, written, total;
};

static void put(struct list *list, const char *name, const char *before, const char *why,
                const char *behind)
{
    size_t room = sizeof list->text - list->used;
    int length;
    if (list->total++ != list->written)
        return; /* it was full before */
    length = snprintf(list->text + list->used, room, "%s%s%s%s%s", list->used ? ", " : "",
                      name, before, why, behind);
    if (length < 0 || (size_t)length >= room) {
        list->text[list->used] = 0;
        return;
    }
    list->used += (size_t)length;
    list->written++;
}

static void finish(struct list *list)
{
    if (list->total > list->written)
        snprintf(list->rest, sizeof list->rest, " and %zu more",
                 list->total - list->written);
}

imgcls_status icl_checkpoint_settle(const struct imgcls_checkpoint *checkpoint,
                                    const char *architecture, imgcls_status built)
{
    struct list missing = {.used = 0}, surplus = {.used = 0};
    struct imgcls_context *ctx = checkpoint->ctx;
    if (built != IMGCLS_OK && (checkpoint->missing_count == 0 || built == IMGCLS_NO_MEMORY))
        return built;
    for (size_t i = 0; i < checkpoint->missing_count; i++) {
        const struct icl_missing *entry = &checkpoint->missing[i];
        const char *near = entry->why ? NULL : nearest(checkpoint, entry->name);
        if (entry->why)
            put(&missing, entry->name, " (", entry->why, ")");
        else if (near)
            put(&missing, entry->name, " (nearest: ", near, ")");
        else
            put(&missing, entry->name, "", "", "");
    }
    for (size_t i = 0; built == IMGCLS_OK && i < checkpoint->count; i++)
        if (is_left_over(checkpoint->entries[i]))
            put(&surplus, checkpoint->entries[i]->name, "", "", "");
    if (missing.total == 0 && surplus.total == 0)
        return built;
    finish(&missing);
    finish(&surplus);
    icl_forgive(ctx); /* of what failed for want of the parameter */
    return icl_fail(ctx, IMGCLS_BAD_INPUT, "does not fit architecture %s:%s%s%s%s%s%s%s",
                    architecture, missing.total ? " missing " : "", missing.text,
                    missing.rest, missing.total && surplus.total ? ";" : "",
                    surplus.total ? " left over " : "", surplus.text, surplus.rest);
}
