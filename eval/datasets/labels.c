/*
 * eval/datasets/labels.c - labels as lists have them become class indices
 *
 * Numbers are counted from 0 or 1, anything else is a wnid or a name (class_names.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/dataset.h"

#include "eval/datasets/class_names.h"

#include <stdlib.h>
#include <string.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A decimal number, or -1. */
static int64_t number_of(const char *text)
{
    size_t length = strspn(text, "0123456789");
    return length > 0 && length < 10 && !text[length] ? strtoll(text, NULL, 10) : -1;
}

/* Labels that are all numbers: zero-based unless the user or the numbers say otherwise. */
static imgcls_status label_by_number(struct icl_dataset *set, const char *place,
                                     const char *const *texts, size_t count,
                                     int32_t *labels)
{
    int64_t least = INT64_MAX, most = 0, base = set->options.label_base,
            classes = set->classes;
    size_t i;
    for (i = 0; i < count; i++) {
        int64_t number = number_of(texts[i]);
        least = number < least ? number : least;
        most = number > most ? number : most;
    }
    if (base == ICL_LABEL_BASE_AUTO) {
        base = classes > 0 && least == 1 && most == classes;
        if (base == 1 &&
            icl_dataset_note(set, "labels go from %lld to %lld: taken as one-based",
                             (long long)least, (long long)most) != IMGCLS_OK)
            return IMGCLS_NO_MEMORY;
        if (least >= 1 && base == 0 && classes > 1 &&
            icl_dataset_note(set,
                             "labels go from %lld to %lld: taken as zero-based; where they "
                             "are not, --label-base 1 says so",
                             (long long)least, (long long)most) != IMGCLS_OK)
            return IMGCLS_NO_MEMORY;
    }
    if (least < base || (classes > 0 && most - base >= classes))
        return icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                        "%s: label %lld: outside the classes, which are %lld to %lld%s", place,
                        (long long)(least < base ? least : most), (long long)base,
                        (long long)(classes + base - 1),
                        base == 0 && least >= 1 && most == classes
                            ? "; where the labels count from 1, --label-base 1 says so"
                            : "");
    for (i = 0; i < count; i++)
        labels[i] = (int32_t)(number_of(texts[i]) - base);
    if (classes == 0)
        set->classes = most - base + 1;
    return IMGCLS_OK;
}

/* Wnids and names: each different text is looked up once. */
static imgcls_status label_by_name(struct icl_dataset *set,
                                   const struct icl_class_space *space, const char *place,
                                   const char *const *texts, size_t count, int32_t *labels)
{
    const char **unique = malloc((count + 1) * sizeof *unique);
    int32_t *indices = malloc((count + 1) * sizeof *indices);
    imgcls_status status = IMGCLS_OK;
    enum icl_naming naming;
    size_t kept = 0, i;
    if (!unique || !indices) {
        status = icl_dataset_no_memory(set);
        goto done;
    }
    for (i = 0; i < count && (texts[i][0] != '-' || number_of(texts[i] + 1) < 0); i++)
        continue;
    if (i < count) { /* a negative number is no name */
        status = icl_fail(set->ctx, IMGCLS_BAD_INPUT, "%s: label '%.60s': no class of the model",
                          place, texts[i]);
        goto done;
    }
    memcpy(unique, texts, count * sizeof *unique);
    qsort(unique, count, sizeof *unique, by_text);
    for (i = 0; i < count; i++)
        if (kept == 0 || strcmp(unique[kept - 1], unique[i]) != 0)
            unique[kept++] = unique[i];
    if (space->label_count == 0 && space->classes > 0 && (uint64_t)space->classes != kept) {
        for (i = 0; i + 1 < count && number_of(texts[i]) >= 0; i++)
            continue;
        status = icl_fail(set->ctx, IMGCLS_BAD_INPUT,
                          "%s: label '%.60s': no number, and there are no class names to look it up "
                          "in; give them with --labels, one a line in the order of the model's output",
                          place, texts[i]);
        goto done;
    }
    status = icl_class_indices(set->ctx, place, unique, kept, space, indices, &naming);
    if (status != IMGCLS_OK)
        goto done;
    for (i = 0; i < count; i++) {
        const char **found = bsearch(&texts[i], unique, kept, sizeof *unique, by_text);
        labels[i] = indices[found - unique];
        if (set->classes <= labels[i] && space->classes == 0 && space->label_count == 0)
            set->classes = labels[i] + 1;
    }
    status = icl_dataset_note(set, "classes %s", icl_naming_text(naming));
done:
    free(unique);
    free(indices);
    return status;
}

imgcls_status icl_dataset_label(struct icl_dataset *set,
                                const struct icl_class_space *space, const char *place,
                                const char *const *texts, size_t count, int32_t *labels)
{
    size_t numbers = 0, i;
    for (i = 0; i < count; i++)
        numbers += number_of(texts[i]) >= 0;
    if (count == 0)
        return IMGCLS_OK;
    return numbers == count ? label_by_number(set, place, texts, count, labels)
                            : label_by_name(set, space, place, texts, count, labels);
}
