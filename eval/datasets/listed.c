/*
 * eval/datasets/listed.c - the layouts where a list says what the pictures show
 *
 * The list lies among the pictures, one folder above them, or is named by the user. A table
 * with paths (csv) is the data set itself: a listed picture that is not there fails and
 * stays in the denominator. ImageNet's own lists are about all 50,000 pictures: there the
 * pictures are the data set, names without a picture are counted and said, and a picture
 * without a label is an error.
 *
 * Not here: where lists lie (label_list.c), reading them (truth.c), which picture a name
 * means (picture_finder.c), the devkit's order of classes (synsets.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/dataset.h"

#include "eval/datasets/class_names.h"
#include "eval/datasets/listed.h"

#include <stdlib.h>
#include <string.h>

/* ---- Joining both
 * -----------------------------------------------------------------------*/

/* How pictures and list fit together. */
struct joining {
    struct icl_dataset *set;
    size_t shell; /* of pictures' names, left out */
    struct icl_truth truth;
    struct icl_picture_finder finder;
    size_t missing, twice, unlisted;
    const char *first_missing, *first_twice, *first_unlisted;
    int32_t *labels; /* own: of truth's items */
};

static void joining_clear(struct joining *joining)
{
    icl_truth_clear(&joining->truth);
    icl_picture_finder_close(&joining->finder);
    free(joining->labels);
}

/* An item that names a picture for the second time: harmless where it says the same. */
static imgcls_status take_twin(struct joining *joining, const struct icl_truth_item *item,
                               const struct icl_member *member, int32_t label)
{
    struct icl_dataset *set = joining->set;
    size_t i;
    for (i = 0; i < set->count; i++)
        if (set->entries[i].member == member && set->entries[i].label != label)
            return icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                            "%s: line %zu: %s is class %d here and %d before",
                            joining->truth.place, item->line, item->name, (int)label,
                            (int)set->entries[i].label);
    if (joining->twice++ == 0)
        joining->first_twice = item->name;
    return IMGCLS_OK;
}

static imgcls_status join_names(struct joining *joining)
{
    struct icl_dataset *set = joining->set;
    bool table = joining->truth.kind == ICL_TRUTH_CSV;
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; i < joining->truth.count && status == IMGCLS_OK; i++) {
        const struct icl_truth_item *item = &joining->truth.items[i];
        size_t found = icl_picture_find(&joining->finder, item->name);
        if (found == ICL_PICTURE_AMBIGUOUS) {
            status = icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                              "%s: line %zu: several pictures are called %s",
                              joining->truth.place, item->line, item->name);
        } else if (found == ICL_PICTURE_NOT_THERE) {
            if (joining->missing++ == 0)
                joining->first_missing = item->name;
            if (table)
                status = icl_dataset_add(set, item->name, NULL, joining->labels[i]);
        } else if (joining->finder.used[found]) {
            status = take_twin(joining, item, joining->finder.stems[found].member,
                               joining->labels[i]);
        } else {
            const struct icl_member *member = joining->finder.stems[found].member;
            joining->finder.used[found] = true;
            status = icl_dataset_add(set, member->path + joining->shell, member,
                                     joining->labels[i]);
        }
    }
    for (i = 0; i < joining->finder.count; i++)
        if (!joining->finder.used[i] && joining->unlisted++ == 0)
            joining->first_unlisted = joining->finder.stems[i].member->path;
    return status;
}

/* 17 of "ILSVRC2012_val_00000017.JPEG"; 0 where it is no such name. */
static size_t number_in_name(const char *base)
{
    return strncmp(base, "ILSVRC2012_val_", 15) == 0 ? (size_t)strtoull(base + 15, NULL, 10)
                                                     : 0;
}

static imgcls_status give_several(struct joining *joining,
                                  const struct icl_truth_item *item)
{
    struct icl_dataset *set = joining->set;
    struct icl_dataset_entry *entry = &set->entries[set->count - 1];
    const int32_t *numbers = joining->truth.numbers + item->first;
    size_t i;
    for (i = 0; i < item->several; i++)
        if (set->classes > 0 && numbers[i] >= set->classes)
            return icl_fail(
                set->ctx, IMGCLS_BAD_INPUT,
                "%s: entry %zu: label %d: outside the classes, which are 0 to %lld",
                joining->truth.place, item->line - 1, (int)numbers[i],
                (long long)set->classes - 1);
    entry->label = numbers[0];
    if (item->several == 1)
        return IMGCLS_OK;
    entry->also = malloc((item->several - 1) * sizeof *entry->also);
    if (!entry->also)
        return icl_dataset_no_memory(set);
    memcpy(entry->also, numbers + 1, (item->several - 1) * sizeof *entry->also);
    entry->also_count = (int32_t)item->several - 1;
    return IMGCLS_OK;
}

/* Pictures of one number, or where their order counts, of one name: a line cannot be about both. */
static imgcls_status refuse_twins(const struct joining *joining, bool numbered)
{
    const struct icl_picture_stem *stems = joining->finder.stems;
    size_t i;
    for (i = 1; i < joining->finder.count; i++) {
        const struct icl_member *a = stems[i - 1].member, *b = stems[i].member;
        if (numbered ? number_in_name(a->base) == number_in_name(b->base)
                     : strcmp(a->base, b->base) == 0)
            return icl_fail(joining->set->ctx, IMGCLS_BAD_INPUT,
                            "%s: %s and %s are both the picture of one line",
                            joining->truth.place, a->path, b->path);
    }
    return IMGCLS_OK;
}

/* Lists without names: by the number in the picture's name, else one for one in order. */
static imgcls_status join_numbers(struct joining *joining)
{
    struct icl_dataset *set = joining->set;
    const struct icl_truth *truth = &joining->truth;
    size_t i, numbered = 0;
    imgcls_status status = IMGCLS_OK;
    for (i = 0; i < joining->finder.count; i++)
        numbered += number_in_name(joining->finder.stems[i].member->base) > 0;
    status = refuse_twins(joining, numbered == joining->finder.count);
    if (status != IMGCLS_OK)
        return status;
    if (numbered < joining->finder.count && joining->finder.count != truth->count)
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                        "%s: %zu lines for %zu pictures, whose names do not say which "
                        "(ILSVRC2012_val_00000001)",
                        truth->place, truth->count, joining->finder.count);
    for (i = 0; i < joining->finder.count && status == IMGCLS_OK; i++) {
        const struct icl_member *member = joining->finder.stems[i].member;
        size_t number =
            numbered == joining->finder.count ? number_in_name(member->base) : i + 1;
        const struct icl_truth_item *item;
        if (number == 0 || number > truth->count)
            return icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s: %zu lines, none for %s",
                            truth->place, truth->count, member->path);
        item = &truth->items[number - 1];
        if (truth->kind == ICL_TRUTH_REAL && item->several == 0) {
            set->skipped++;
            continue;
        }
        status = icl_dataset_add(set, member->path + joining->shell, member,
                                 joining->labels ? joining->labels[number - 1] : 0);
        if (status == IMGCLS_OK && truth->kind == ICL_TRUTH_REAL)
            status = give_several(joining, item);
    }
    return status;
}

/* ---- Labels
 * -----------------------------------------------------------------------------*/

static int by_wnid(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Devkit's number -> wnid -> class, by the labels or, where they carry no wnids, by rank.
 */
static imgcls_status label_devkit(struct joining *joining,
                                  const struct icl_class_space *space,
                                  const struct icl_label_list *list)
{
    struct icl_dataset *set = joining->set;
    char(*wnids)[10] = NULL;
    const char **texts = NULL, **sorted = NULL;
    size_t count = 0, i;
    bool by_rank = space->label_count == 0 || !icl_is_wnid(space->labels[0]);
    imgcls_status status = icl_label_list_synsets(set, list, &wnids, &count);
    if (status != IMGCLS_OK)
        return status;
    texts = calloc(joining->truth.count + 1, sizeof *texts);
    sorted = calloc(count + 1, sizeof *sorted);
    if (!texts || !sorted)
        status = icl_dataset_no_memory(set);
    for (i = 0; i < count && sorted; i++)
        sorted[i] = wnids[i];
    if (sorted)
        qsort(sorted, count, sizeof *sorted, by_wnid);
    for (i = 0; i < joining->truth.count && status == IMGCLS_OK; i++) {
        const struct icl_truth_item *item = &joining->truth.items[i];
        unsigned long id = strtoul(item->label, NULL, 10);
        if (id < 1 || id > count || !wnids[id - 1][0]) {
            status =
                icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                         "%s: line %zu: label %lu: outside the classes, which are 1 to %zu",
                         list->place, item->line, id, count);
            break;
        }
        texts[i] = wnids[id - 1];
        if (by_rank) {
            const char **rank = bsearch(&texts[i], sorted, count, sizeof *sorted, by_wnid);
            joining->labels[i] = (int32_t)(rank - sorted);
        }
    }
    if (status == IMGCLS_OK && by_rank && set->classes > 0 && (size_t)set->classes != count)
        status = icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                          "%s: %zu classes in the devkit, the model has %lld", list->place,
                          count, (long long)set->classes);
    else if (status == IMGCLS_OK && by_rank)
        set->classes = (int64_t)count;
    else if (status == IMGCLS_OK)
        status = icl_dataset_label(set, space, list->place, texts, joining->truth.count,
                                   joining->labels);
    free(texts);
    free(sorted);
    free(wnids);
    return status;
}

static imgcls_status label_items(struct joining *joining,
                                 const struct icl_class_space *space,
                                 const struct icl_label_list *list)
{
    size_t count = joining->truth.count, i;
    const char **texts;
    imgcls_status status;
    if (joining->truth.kind == ICL_TRUTH_REAL)
        return IMGCLS_OK;
    joining->labels = calloc(count + 1, sizeof *joining->labels);
    if (!joining->labels)
        return icl_dataset_no_memory(joining->set);
    if (joining->truth.kind == ICL_TRUTH_DEVKIT)
        return label_devkit(joining, space, list);
    texts = calloc(count + 1, sizeof *texts);
    if (!texts)
        return icl_dataset_no_memory(joining->set);
    for (i = 0; i < count; i++)
        texts[i] = joining->truth.items[i].label;
    status =
        icl_dataset_label(joining->set, space, list->place, texts, count, joining->labels);
    free(texts);
    return status;
}

/* ---- The whole
 * --------------------------------------------------------------------------*/

static imgcls_status report(struct joining *joining, const struct icl_label_list *list)
{
    struct icl_dataset *set = joining->set;
    bool table = joining->truth.kind == ICL_TRUTH_CSV;
    imgcls_status status =
        icl_dataset_note(set, "%s: %s with %zu lines in %s, %zu pictures", set->path,
                         set->layout->what, joining->truth.count, list->place, set->count);
    if (status == IMGCLS_OK && joining->missing > 0)
        status = icl_dataset_note(
            set, "%s: %zu names without a picture%s, first: %s", list->place,
            joining->missing, table ? ", counted as wrong" : "", joining->first_missing);
    if (status == IMGCLS_OK && joining->twice > 0)
        status = icl_dataset_note(set,
                                  "%s: %zu names stand there twice, with the same label; "
                                  "first: %s",
                                  list->place, joining->twice, joining->first_twice);
    if (status == IMGCLS_OK && joining->truth.disagreeing > 0)
        status = icl_dataset_note(set,
                                  "%s: %zu pictures with boxes of several classes; the "
                                  "first is taken",
                                  list->place, joining->truth.disagreeing);
    if (status == IMGCLS_OK && set->skipped > 0)
        status = icl_dataset_note(set, "%s: %lld pictures without a right answer, left out",
                                  list->place, (long long)set->skipped);
    if (status == IMGCLS_OK && joining->unlisted > 0)
        status = table ? icl_dataset_note(set, "%s: %zu pictures are not in it, first: %s",
                                          list->place, joining->unlisted,
                                          joining->first_unlisted)
                       : icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                                  "%s: no label for %zu of the pictures, first: %s",
                                  list->place, joining->unlisted, joining->first_unlisted);
    return status;
}

static imgcls_status list_by(struct icl_dataset *set, const struct icl_class_space *space,
                             enum icl_truth_kind kind)
{
    struct joining joining = {.set = set, .shell = icl_dataset_shell(set, false)};
    struct icl_label_list list;
    size_t i;
    imgcls_status status = icl_label_list_find(set, kind, &list);
    if (status != IMGCLS_OK)
        return status;
    status = icl_truth_parse(set->ctx, list.place, list.text, list.size, &joining.truth);
    list.text = NULL; /* taken over */
    if (status == IMGCLS_OK)
        status = icl_picture_finder_open(set, &joining.finder);
    if (status == IMGCLS_OK)
        status = label_items(&joining, space, &list);
    if (status == IMGCLS_OK)
        status = kind == ICL_TRUTH_DEVKIT || kind == ICL_TRUTH_REAL ? join_numbers(&joining)
                                                                    : join_names(&joining);
    if (status == IMGCLS_OK)
        status = report(&joining, &list);
    for (i = 0; i < set->place->count && status == IMGCLS_OK; i++)
        if (!set->place->members[i].picture && &set->place->members[i] != list.member &&
            strcmp(set->place->members[i].base, "meta.mat") != 0)
            icl_dataset_other(set, &set->place->members[i]);
    joining_clear(&joining);
    icl_label_list_clear(&list);
    return status;
}

#define LAYOUT(symbol, kind, inside, outside)                                              \
    static int32_t bid_##symbol(const struct icl_dataset *set)                             \
    {                                                                                      \
        return icl_label_list_bid(set, kind, inside, outside);                             \
    }                                                                                      \
    static imgcls_status list_##symbol(struct icl_dataset *set,                            \
                                       const struct icl_class_space *space)                \
    {                                                                                      \
        return list_by(set, space, kind);                                                  \
    }

LAYOUT(val_txt, ICL_TRUTH_VAL_TXT, 84, 64)
LAYOUT(devkit, ICL_TRUTH_DEVKIT, 82, 62)
LAYOUT(kaggle, ICL_TRUTH_KAGGLE, 86, 66)
LAYOUT(csv, ICL_TRUTH_CSV, 80, 0)
LAYOUT(real, ICL_TRUTH_REAL, 72, 0)

const struct icl_dataset_layout icl_layout_val_txt = {.name = "val-txt",
                                                      .what = "a list of names and classes",
                                                      .listed = true,
                                                      .bid = bid_val_txt,
                                                      .list = list_val_txt};
const struct icl_dataset_layout icl_layout_devkit = {.name = "devkit",
                                                     .what = "the devkit's ground truth",
                                                     .listed = true,
                                                     .bid = bid_devkit,
                                                     .list = list_devkit};
const struct icl_dataset_layout icl_layout_kaggle = {
    .name = "kaggle", .what = "Kaggle's solution", .listed = true, .bid = bid_kaggle,
    .list = list_kaggle};
const struct icl_dataset_layout icl_layout_csv = {
    .name = "csv", .what = "a table of pictures", .listed = true, .bid = bid_csv,
    .list = list_csv};
const struct icl_dataset_layout icl_layout_real = {
    .name = "real", .what = "ReaL labels", .listed = true, .bid = bid_real,
    .list = list_real};
