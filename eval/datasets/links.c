/*
 * eval/datasets/links.c - links in archives, which are other names for members
 *
 * tar stores a file once that has several names, and the others as links; leaving those out would
 * change the denominator unseen. A link is followed by name within its own archive alone, so that
 * none leads out of it; what it means is read once for all its names. One that means nothing there
 * stays a member that cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/place.h"

#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 16 /* links to links */

char *icl_link_target(const char *path, const char *target)
{
    const char *slash = strrchr(path, '/');
    size_t used = slash ? (size_t)(slash - path) : 0, length;
    char *joined = malloc(used + strlen(target) + 2);
    const char *part;
    if (!joined)
        return NULL;
    memcpy(joined, path, used);
    for (part = target; *part; part += length + (part[length] == '/')) {
        length = strcspn(part, "/");
        if (length == 0 ? part == target : length == 2 && memcmp(part, "..", 2) == 0 && used == 0)
            break; /* from the root on, or past the outermost folder */
        if (length == 0 || (length == 1 && *part == '.'))
            continue;
        if (length == 2 && memcmp(part, "..", 2) == 0) {
            while (used > 0 && joined[--used] != '/')
                continue;
            continue;
        }
        if (used > 0)
            joined[used++] = '/';
        memcpy(joined + used, part, length);
        used += length;
    }
    joined[used] = '\0';
    if (*part) {
        free(joined);
        return strdup(target);
    }
    return joined;
}

static int by_path(const void *key, const void *member)
{
    return strcmp(key, ((const struct icl_member *)member)->path);
}

/* The member that is behind a link, through links to links; NULL: none. */
static const struct icl_member *behind(const struct icl_place *place, const struct icl_member *link)
{
    const struct icl_member *at = link;
    int steps;
    for (steps = 0; at && at->link && steps < CHAIN_MAX; steps++)
        at = bsearch(at->link, place->members, place->count, sizeof *at, by_path);
    return at && !at->link ? at : NULL;
}

static imgcls_status take_after(struct icl_place *place, struct icl_member *link,
                                const struct icl_member *target)
{
    link->size = target->size;
    link->time = target->time;
    link->shard = target->shard;
    link->position = target->position;
    link->picture |= target->picture;
    if (!target->held)
        return IMGCLS_OK;
    if (place->held_bytes > ICL_HELD_MAX - target->size)
        return icl_fail(place->ctx, IMGCLS_LIMIT,
                        "%s: more than %zu bytes of labels and records in archives", place->path,
                        ICL_HELD_MAX);
    link->held = malloc(target->size + 1);
    if (!link->held)
        return icl_fail(place->ctx, IMGCLS_NO_MEMORY, "%s: no memory for its links", place->path);
    memcpy(link->held, target->held, target->size);
    place->held_bytes += target->size;
    return IMGCLS_OK;
}

imgcls_status icl_place_follow_links(struct icl_place *place)
{
    size_t i;
    for (i = 0; i < place->count; i++) {
        struct icl_member *member = &place->members[i];
        const bool was_picture = member->picture;
        const struct icl_member *target = member->link ? behind(place, member) : NULL;
        imgcls_status status = target ? take_after(place, member, target) : IMGCLS_OK;
        if (status != IMGCLS_OK)
            return status;
        if (!target)
            continue;
        place->pictures += member->picture && !was_picture;
        place->links++;
    }
    /* Chains were walked with all of them in place. */
    for (i = 0; i < place->count; i++) {
        struct icl_member *member = &place->members[i];
        if (member->link && behind(place, member)) {
            free(member->link);
            member->link = NULL;
        }
    }
    return IMGCLS_OK;
}
