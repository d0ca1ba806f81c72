/*
 * eval/leaderboard/classes.c - how a run did class by class, and what it took them for
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/classes.h"

#include "eval/leaderboard/cells.h"

#include <stdlib.h>
#include <string.h>

/* A wrong first answer. */
struct mistake {
    int32_t label, said;
};

static int by_pair(const void *a, const void *b)
{
    const struct mistake *x = a, *y = b;
    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    return x->said < y->said ? -1 : x->said > y->said;
}

static int by_count(const void *a, const void *b)
{
    const struct icl_confusion *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    return x->said < y->said ? -1 : x->said > y->said;
}

bool icl_confusions(const struct icl_side *side, const struct icl_pictures *pictures,
                    struct icl_confusion **out, size_t *count)
{
    struct mistake *mistakes = calloc(pictures->count + 1, sizeof *mistakes);
    size_t i, n = 0;
    *out = calloc(pictures->count + 1, sizeof **out);
    *count = 0;
    if (!mistakes || !*out) {
        free(mistakes);
        free(*out);
        *out = NULL;
        return false;
    }
    for (i = 0; i < pictures->count; i++)
        if (side->answers[i].top[0] >= 0 &&
            !icl_pictures_is_right(pictures, i, &side->answers[i], 1))
            mistakes[n++] = (struct mistake){pictures->labels[i], side->answers[i].top[0]};
    qsort(mistakes, n, sizeof *mistakes, by_pair);
    for (i = 0; i < n; i++) {
        if (i == 0 || by_pair(&mistakes[i - 1], &mistakes[i]) != 0)
            (*out)[(*count)++] = (struct icl_confusion){mistakes[i].label, mistakes[i].said, 0};
        (*out)[*count - 1].count++;
    }
    qsort(*out, *count, sizeof **out, by_count);
    free(mistakes);
    return true;
}

bool icl_class_counts(const struct icl_side *side, const struct icl_pictures *pictures,
                      struct icl_class_count **out)
{
    struct icl_class_count *counts = calloc((size_t)side->classes + 1, sizeof *counts);
    struct icl_confusion *confusions = NULL;
    size_t i, n = 0;
    int64_t k;
    *out = counts;
    if (!counts || !icl_confusions(side, pictures, &confusions, &n)) {
        free(counts);
        *out = NULL;
        return false;
    }
    for (k = 0; k < side->classes; k++)
        counts[k] = (struct icl_class_count){.class = k, .said = -1};
    for (i = 0; i < pictures->count; i++) {
        int64_t label = pictures->labels[i];
        if (label >= side->classes)
            continue;
        counts[label].images++;
        counts[label].right += icl_pictures_is_right(pictures, i, &side->answers[i], 1);
    }
    for (i = 0; i < n; i++) { /* most frequent first: the first of a label is its worst */
        struct icl_class_count *c;
        if (confusions[i].label >= side->classes)
            continue;
        c = &counts[confusions[i].label];
        if (c->said < 0) {
            c->said = confusions[i].said;
            c->said_count = confusions[i].count;
        }
    }
    free(confusions);
    return true;
}

/* Lowest rate first, by cross-multiplying; classes without pictures last. */
static int by_rate(const void *a, const void *b)
{
    const struct icl_class_count *x = a, *y = b;
    int64_t p = x->right * y->images, q = y->right * x->images;
    if ((x->images == 0) != (y->images == 0))
        return x->images == 0 ? 1 : -1;
    if (p != q)
        return p < q ? -1 : 1;
    if (x->images != y->images)
        return x->images < y->images ? 1 : -1;
    return x->class < y->class ? -1 : x->class > y->class;
}

static imgcls_status list(struct imgcls_board *board, const struct icl_side *side,
                          const struct icl_class_count *counts, int64_t limit,
                          char *const *names, struct imgcls_board_rows *rows)
{
    imgcls_status status = IMGCLS_OK;
    int64_t k, shown = 0;
    for (k = 0; k < side->classes && status == IMGCLS_OK; k++) {
        const struct icl_class_count *c = &counts[k];
        struct imgcls_rate rate = icl_wilson(c->right, c->images);
        if (c->images == 0)
            continue;
        if (limit > 0 && shown == limit)
            break;
        shown++;
        const struct imgcls_board_cell cells[] = {
            icl_cell_integer(c->class),
            icl_cell_text(icl_name_of(names, side->classes, c->class)),
            icl_cell_integer(c->images),
            icl_cell_integer(c->right),
            icl_cell_real(rate.value),
            icl_cell_real(rate.low),
            icl_cell_real(rate.high),
            icl_cell_known(c->said),
            icl_cell_text(icl_name_of(names, side->classes, c->said)),
            icl_cell_known(c->said < 0 ? -1 : c->said_count),
        };
        status = icl_board_rows_append(board, rows, cells);
    }
    return status;
}

imgcls_status imgcls_board_classes(struct imgcls_board *board, int64_t run, int64_t worst,
                                   struct imgcls_board_rows **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    static const char *const columns[] = {"class", "name", "images", "top1_correct", "top1",
                                          "top1_low", "top1_high", "confused_with",
                                          "confused_name", "confused", NULL};
    struct icl_side side = {0};
    struct icl_pictures pictures = {0};
    struct icl_class_count *counts = NULL;
    char **names = NULL;
    imgcls_status status;
    *out = NULL;
    status = icl_side_find(board, run, &side);
    if (status == IMGCLS_OK)
        status = icl_side_load(board, &side, &pictures);
    if (status == IMGCLS_OK)
        status = icl_names_load(board, side.label_space, side.classes, &names);
    if (status == IMGCLS_OK && !icl_class_counts(&side, &pictures, &counts))
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %lld classes",
                          board->path, (long long)side.classes);
    if (status == IMGCLS_OK) {
        if (worst > 0)
            qsort(counts, (size_t)side.classes, sizeof *counts, by_rate);
        status = icl_board_rows_create(board, columns, out);
    }
    if (status == IMGCLS_OK)
        status = list(board, &side, counts, worst, names, *out);
    if (status != IMGCLS_OK) {
        imgcls_board_rows_destroy(*out);
        *out = NULL;
    }
    free(counts);
    icl_names_free(names, side.classes);
    icl_pictures_clear(&pictures);
    icl_side_clear(&side);
    return status;
}
