/*
 * eval/corruptions.c - what ImageNet-C adds to an evaluation: corruptions at severities
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/evaluate.h"

#include "eval/metrics/corruption.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_group(const void *a, const void *b)
{
    return strcmp(((const struct imgcls_evaluation_group *)a)->name,
                  ((const struct imgcls_evaluation_group *)b)->name);
}

imgcls_status imgcls_evaluation_groups(const struct imgcls_evaluation *head,
                                       struct imgcls_evaluation_group **groups,
                                       size_t *count)
{
    const struct icl_evaluation *evaluation = (const struct icl_evaluation *)head;
    const struct icl_dataset *set = evaluation->set;
    struct imgcls_evaluation_group *list = NULL, *grown;
    size_t i, k;
    *groups = NULL;
    *count = 0;
    for (i = 0; i < set->count && set->corrupted; i++) {
        const struct icl_dataset_entry *entry = &set->entries[i];
        const char *end = entry->file;
        char name[64];
        /* up to the one digit that is the severity */
        while (end && !(end[0] >= '1' && end[0] <= '5' && end[1] == '/'))
            end = strchr(end, '/') ? strchr(end, '/') + 1 : NULL;
        if (!end)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(end + 1 - entry->file), entry->file);
        for (k = *count; k-- > 0;)
            if (strcmp(list[k].name, name) == 0)
                break;
        if (k == SIZE_MAX) {
            grown = realloc(list, (*count + 1) * sizeof *list);
            if (!grown) {
                free(list);
                *count = 0;
                return icl_fail(set->ctx, IMGCLS_NO_MEMORY, "no memory for groups");
            }
            list = grown;
            k = (*count)++;
            memset(&list[k], 0, sizeof list[k]);
            memcpy(list[k].name, name, sizeof name);
        }
        list[k].images++;
        list[k].top1_correct += evaluation->answers[i].top[0] >= 0 &&
                                icl_dataset_is_right(entry, evaluation->answers[i].top[0]);
    }
    if (*count > 0)
        qsort(list, *count, sizeof *list, by_group);
    *groups = list;
    return IMGCLS_OK;
}

/* ---- Errors by corruption
 * ---------------------------------------------------------------*/

/* The corruption that a set shows which begins at the severities ("fog" of ".../fog"). */
static void name_of_set(const struct icl_dataset *set, char *name, size_t capacity)
{
    const char *end = set->path + strlen(set->path), *base;
    while (end > set->path + 1 && end[-1] == '/')
        end--;
    for (base = end; base > set->path && base[-1] != '/'; base--)
        continue;
    snprintf(name, capacity, "%.*s", (int)(end - base), base);
}

/* "noise/fog/3" is fog at severity 3, "3" the set's own corruption. Groups of one
 * corruption stand together, for they come sorted. */
static void take_group(const struct icl_dataset *set,
                       const struct imgcls_evaluation_group *group,
                       struct imgcls_evaluation_corruption *list, size_t *count)
{
    struct imgcls_evaluation_corruption *one;
    char name[64];
    size_t length = strlen(group->name), i;
    int severity = group->name[length - 1] - '1';
    const char *base;
    snprintf(name, sizeof name, "%.*s", length > 2 ? (int)length - 2 : 0, group->name);
    base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    if (!*base) {
        name_of_set(set, name, sizeof name);
        base = name;
    }
    for (i = 0; i < *count; i++)
        if (strcmp(list[i].name, base) == 0)
            break;
    one = &list[i];
    if (i == *count) {
        memset(one, 0, sizeof *one);
        memcpy(one->name, base, strlen(base) + 1);
        (*count)++;
    }
    one->images[severity] += group->images;
    one->top1_correct[severity] += group->top1_correct;
}

static int by_corruption(const void *a, const void *b)
{
    return strcmp(((const struct imgcls_evaluation_corruption *)a)->name,
                  ((const struct imgcls_evaluation_corruption *)b)->name);
}

imgcls_status imgcls_evaluation_corruptions(const struct imgcls_evaluation *head,
                                            struct imgcls_evaluation_corruption **list,
                                            size_t *count, double *mean)
{
    const struct icl_dataset *set = ((const struct icl_evaluation *)head)->set;
    struct imgcls_evaluation_group *groups;
    size_t group_count, in_mean = 0, wanted = 0, i;
    imgcls_status status = imgcls_evaluation_groups(head, &groups, &group_count);
    *list = NULL;
    *count = 0;
    *mean = NAN;
    if (status != IMGCLS_OK || group_count == 0)
        return status;
    *list = calloc(group_count, sizeof **list);
    if (!*list) {
        free(groups);
        return icl_fail(set->ctx, IMGCLS_NO_MEMORY, "no memory for corruptions");
    }
    for (i = 0; i < group_count; i++)
        take_group(set, &groups[i], *list, count);
    free(groups);
    qsort(*list, *count, sizeof **list, by_corruption);
    for (i = 0, *mean = 0; i < *count; i++) {
        struct imgcls_evaluation_corruption *one = &(*list)[i];
        const struct icl_corruption *known = icl_corruption_find(one->name);
        one->error = icl_corruption_error(one->images, one->top1_correct);
        one->corruption_error = known ? one->error / known->alexnet_error : NAN;
        if (!known || !known->in_mean || isnan(one->error))
            continue;
        *mean += one->corruption_error;
        in_mean++;
    }
    for (i = 0; i < ICL_CORRUPTION_COUNT; i++)
        wanted += icl_corruptions[i].in_mean;
    *mean = in_mean == wanted ? *mean / (double)wanted : NAN;
    return IMGCLS_OK;
}
