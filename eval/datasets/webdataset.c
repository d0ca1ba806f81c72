/*
 * eval/datasets/webdataset.c - the layout "webdataset": shards of samples in tar files
 *
 * The files of one sample stand side by side and share their name up to the first dot of
 * its last part: 000123.jpg, 000123.cls. "cls" is the class in decimal text; failing that,
 * a number "label", "cls" or "class" in "json". Some sets count classes from one; the
 * smallest and largest label tell, and the user can (label_by_number in dataset.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/dataset.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Length of a sample's key in a member's path. */
static size_t key_length(const struct icl_member *member)
{
    const char *dot = strchr(member->base, '.');
    return dot ? (size_t)(dot - member->path) : strlen(member->path);
}

static const char *ending(const struct icl_member *member)
{
    return member->path + key_length(member);
}

static bool same_sample(const struct icl_member *a, const struct icl_member *b)
{
    size_t length = key_length(a);
    return length == key_length(b) && memcmp(a->path, b->path, length) == 0;
}

static int32_t bid(const struct icl_dataset *set)
{
    const struct icl_place *place = set->place;
    const struct icl_member *last = NULL;
    size_t i, labels = 0, samples = 0;
    if (!icl_place_is_stream(place) || place->pictures == 0)
        return 0;
    for (i = 0; i < place->count; i++)
        if (place->members[i].picture) {
            samples += !last || !same_sample(last, &place->members[i]);
            last = &place->members[i];
        }
    for (i = 0; i < place->count; i++)
        labels += strcmp(ending(&place->members[i]), ".cls") == 0;
    if (labels == 0)
        for (i = 0; i < place->count; i++)
            labels += strcmp(ending(&place->members[i]), ".json") == 0;
    return labels > 0 && labels * 2 >= samples ? 90 : 0;
}

/* The number in a "cls" text or a "json" object as text; "" where there is none. */
static void label_of(const struct icl_member *member, char text[16])
{
    size_t used = 0, i = 0;
    text[0] = '\0';
    if (!member->held)
        return;
    if (strcmp(ending(member), ".json") == 0) {
        static const char *const keys[] = {"label", "cls", "class"};
        json_t *root = json_loadb((const char *)member->held, member->size, 0, NULL);
        while (i < 3 && !json_is_integer(json_object_get(root, keys[i])))
            i++;
        if (i < 3) {
            json_int_t value = json_integer_value(json_object_get(root, keys[i]));
            if (value >= 0 && value < 1000000000)
                snprintf(text, 16, "%d", (int)value);
        }
        json_decref(root);
        return;
    }
    while (i < member->size && isspace(member->held[i]))
        i++;
    while (i < member->size && isdigit(member->held[i]) && used < 9)
        text[used++] = (char)member->held[i++];
    while (i < member->size && isspace(member->held[i]))
        i++;
    text[i == member->size ? used : 0] = '\0';
}

/* One sample: members [first, past). */
struct sample {
    const struct icl_member *picture, *label;
};

/* Of several pictures the one without more words in its ending: "7.jpg" before "7.depth.png". */
static bool is_plainer(const struct icl_member *picture, const struct icl_member *than)
{
    return !than || (strrchr(picture->base, '.') == ending(picture) &&
                     strrchr(than->base, '.') != ending(than));
}

static struct sample sample_of(const struct icl_member *first,
                               const struct icl_member *past)
{
    struct sample sample = {NULL, NULL};
    for (; first < past; first++) {
        const char *end = ending(first);
        if (first->picture)
            sample.picture = is_plainer(first, sample.picture) ? first : sample.picture;
        else if (strcmp(end, ".cls") == 0)
            sample.label = first;
        else if (strcmp(end, ".json") == 0 && !sample.label)
            sample.label = first;
    }
    return sample;
}

static imgcls_status list(struct icl_dataset *set, const struct icl_class_space *space)
{
    const struct icl_member *members = set->place->members;
    size_t count = set->place->count, taken = 0, further = 0, i, k, next;
    char(*texts)[16] = calloc(count + 1, sizeof *texts);
    const char **pointers = calloc(count + 1, sizeof *pointers);
    int32_t *labels = calloc(count + 1, sizeof *labels);
    imgcls_status status = IMGCLS_OK;
    if (!texts || !pointers || !labels)
        status = icl_dataset_no_memory(set);
    for (i = 0; i < count && status == IMGCLS_OK; i = next) {
        struct sample sample;
        for (next = i + 1; next < count && same_sample(&members[i], &members[next]); next++)
            continue;
        for (k = i + 1; k < next; k++)
            if (strcmp(members[k - 1].path, members[k].path) == 0)
                status = icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s: %s stands there twice",
                                  set->path, members[k].path);
        if (status != IMGCLS_OK)
            break;
        sample = sample_of(members + i, members + next);
        for (k = i; k < next; k++)
            further += members[k].picture && &members[k] != sample.picture;
        if (!sample.picture) {
            icl_dataset_other(set, &members[i]);
            continue;
        }
        if (sample.label)
            label_of(sample.label, texts[taken]);
        if (!sample.label || !texts[taken][0]) {
            status = icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                              "%s: %s has no class beside it (cls, or label in json)",
                              set->path, sample.picture->path);
            break;
        }
        pointers[taken] = texts[taken];
        taken++;
        status = icl_dataset_add(set, sample.picture->path, sample.picture, 0);
    }
    if (status == IMGCLS_OK)
        status = icl_dataset_label(set, space, set->path, pointers, taken, labels);
    for (i = 0; i < taken && status == IMGCLS_OK; i++)
        set->entries[i].label = labels[i];
    if (status == IMGCLS_OK)
        status = icl_dataset_note(set, "%s: WebDataset, %zu shard%s, %zu samples",
                                  set->path, set->place->shard_count,
                                  set->place->shard_count == 1 ? "" : "s", taken);
    if (status == IMGCLS_OK && further > 0)
        status = icl_dataset_note(set, "ignored: %zu further pictures of samples", further);
    free(texts);
    free(pointers);
    free(labels);
    return status;
}

const struct icl_dataset_layout icl_layout_webdataset = {
    .name = "webdataset", .what = "WebDataset", .bid = bid, .list = list};
