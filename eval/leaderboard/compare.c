/*
 * eval/leaderboard/compare.c - two runs over the same pictures, picture by picture
 *
 * Paired, because pictures that both models get right (or wrong) say nothing about which is
 * better and only blur a comparison of two rates.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/sides.h"
#include "eval/leaderboard/cells.h"
#include "eval/leaderboard/text.h"
#include "eval/number_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define Z95 1.959963984540054
#define SIGNIFICANT 0.05
#define FEWEST_DISCORDANT 6 /* 2 * 0.5^5 > 0.05: fewer flips can never be significant */

/* What the public struct is the head of. */
struct comparison {
    struct imgcls_board_comparison head; /* first */
    struct icl_text verdict;
};

/* ---- Numbers ----------------------------------------------------------------------------*/

/* Agresti and Min (2005): Wald's interval for a difference of paired proportions with half a
 * picture added to each of the four counts, which keeps it honest for small numbers. */
static void set_difference(struct imgcls_board_comparison *c)
{
    double n = (double)c->images, b = (double)c->only_first_right + 0.5;
    double d = (double)c->only_second_right + 0.5, middle, half;
    if (c->images == 0)
        return;
    c->difference = ((double)c->only_second_right - (double)c->only_first_right) / n;
    middle = (d - b) / (n + 2);
    half = Z95 * sqrt(b + d - (d - b) * (d - b) / (n + 2)) / (n + 2);
    c->difference_low = fmax(-1, middle - half);
    c->difference_high = fmin(1, middle + half);
}

static void put_points(struct icl_text *text, double fraction)
{
    char number[40];
    icl_text_append(text, number, icl_number_text(100 * fraction, 3, number, sizeof number));
}

static void make_verdict(struct icl_text *text, const struct imgcls_board_comparison *c,
                         int64_t first, int64_t second)
{
    bool ahead = c->only_first_right > c->only_second_right; /* the first one is */
    long long better = ahead ? first : second, worse = ahead ? second : first;
    long long wins = ahead ? c->only_first_right : c->only_second_right;
    long long losses = ahead ? c->only_second_right : c->only_first_right;
    char p[40];
    if (wins + losses == 0) {
        icl_text_format(text, "The two are right on exactly the same pictures.");
        return;
    }
    if (wins == losses) {
        icl_text_format(text,
                        "Neither is ahead: each is right on %lld pictures that the other "
                        "gets wrong.",
                        wins);
        return;
    }
    p[icl_number_text(c->p_value, 2, p, sizeof p)] = '\0';
    if (c->p_value < SIGNIFICANT) {
        icl_text_format(text,
                        "Run %lld is better than run %lld, and chance is a poor explanation "
                        "(p = %s): it is right on %lld pictures that the other gets wrong, "
                        "and wrong on %lld that the other gets right. That is ",
                        better, worse, p, wins, losses);
        put_points(text, fabs(c->difference));
        icl_text_format(text, " points of top-1 (95 %% interval ");
        put_points(text, ahead ? -c->difference_high : c->difference_low);
        icl_text_format(text, " to ");
        put_points(text, ahead ? -c->difference_low : c->difference_high);
        icl_text_format(text, ").");
        return;
    }
    icl_text_format(text,
                    "Run %lld is ahead of run %lld by %lld pictures to %lld, but chance explains "
                    "that well (p = %s): no difference is shown.",
                    better, worse, wins, losses, p);
    if (wins + losses < FEWEST_DISCORDANT)
        icl_text_format(text,
                        " They differ on %lld pictures only; with fewer than %d, no split could "
                        "have been significant.",
                        wins + losses, FEWEST_DISCORDANT);
}

/* ---- Tables -----------------------------------------------------------------------------*/

static imgcls_status list_flips(struct imgcls_board *board, const struct icl_side sides[2],
                                const struct icl_pictures *pictures, char *const *names,
                                struct imgcls_board_rows **out)
{
    static const char *const columns[] = {"file", "label", "first", "second", "right", "name",
                                          "first_name", "second_name", "first_probability",
                                          "second_probability", NULL};
    imgcls_status status = icl_board_rows_create(board, columns, out);
    int64_t classes = sides[0].classes;
    size_t i;
    for (i = 0; i < pictures->count && status == IMGCLS_OK; i++) {
        const struct icl_answer *a = &sides[0].answers[i], *b = &sides[1].answers[i];
        bool right = icl_pictures_is_right(pictures, i, a, 1);
        if (right == icl_pictures_is_right(pictures, i, b, 1))
            continue;
        const struct imgcls_board_cell cells[] = {
            icl_cell_text(pictures->files[i]),
            icl_cell_integer(pictures->labels[i]),
            icl_cell_known(a->top[0]),
            icl_cell_known(b->top[0]),
            icl_cell_integer(right ? 1 : 2),
            icl_cell_text(icl_name_of(names, classes, pictures->labels[i])),
            icl_cell_text(icl_name_of(names, classes, a->top[0])),
            icl_cell_text(icl_name_of(names, classes, b->top[0])),
            icl_cell_probability(a, 0),
            icl_cell_probability(b, 0),
        };
        status = icl_board_rows_append(board, *out, cells);
    }
    return status;
}

struct change {
    int64_t class, images, first, second;
};

static int by_change(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    int64_t p = llabs(x->second - x->first), q = llabs(y->second - y->first);
    if (p != q)
        return p < q ? 1 : -1;
    return x->class < y->class ? -1 : x->class > y->class;
}

static imgcls_status list_classes(struct imgcls_board *board, const struct icl_side sides[2],
                                  const struct icl_pictures *pictures, char *const *names,
                                  struct imgcls_board_rows **out)
{
    static const char *const columns[] = {"class", "name", "images", "first_right",
                                          "second_right", "change", NULL};
    int64_t classes = sides[0].classes, k;
    struct change *changes = calloc((size_t)classes + 1, sizeof *changes);
    imgcls_status status = icl_board_rows_create(board, columns, out);
    size_t i;
    if (!changes)
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory for %lld classes",
                          board->path, (long long)classes);
    for (i = 0; i < pictures->count && status == IMGCLS_OK; i++) {
        int64_t label = pictures->labels[i];
        if (label >= classes)
            continue;
        changes[label].images++;
        changes[label].first += icl_pictures_is_right(pictures, i, &sides[0].answers[i], 1);
        changes[label].second += icl_pictures_is_right(pictures, i, &sides[1].answers[i], 1);
    }
    for (k = 0; status == IMGCLS_OK && k < classes; k++)
        changes[k].class = k;
    if (status == IMGCLS_OK)
        qsort(changes, (size_t)classes, sizeof *changes, by_change);
    for (k = 0; status == IMGCLS_OK && k < classes && changes[k].first != changes[k].second;
         k++) {
        const struct imgcls_board_cell cells[] = {
            icl_cell_integer(changes[k].class),
            icl_cell_text(icl_name_of(names, classes, changes[k].class)),
            icl_cell_integer(changes[k].images),
            icl_cell_integer(changes[k].first),
            icl_cell_integer(changes[k].second),
            icl_cell_integer(changes[k].second - changes[k].first),
        };
        status = icl_board_rows_append(board, *out, cells);
    }
    free(changes);
    return status;
}

/* ---- The two verbs ----------------------------------------------------------------------*/

static imgcls_status open_pair(struct imgcls_board *board, int64_t first, int64_t second,
                               struct icl_side sides[2], struct icl_pictures *pictures,
                               char ***names)
{
    imgcls_status status = icl_side_find(board, first, &sides[0]);
    if (status == IMGCLS_OK)
        status = icl_side_find(board, second, &sides[1]);
    if (status == IMGCLS_OK)
        status = icl_sides_load(board, sides, pictures);
    if (status == IMGCLS_OK)
        status = icl_sides_names(board, sides, names);
    return status;
}

static void close_pair(struct icl_side sides[2], struct icl_pictures *pictures, char **names)
{
    icl_names_free(names, sides[0].classes);
    icl_pictures_clear(pictures);
    icl_side_clear(&sides[0]);
    icl_side_clear(&sides[1]);
}

imgcls_status imgcls_board_compare(struct imgcls_board *board, int64_t first, int64_t second,
                                   struct imgcls_board_comparison **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    struct icl_side sides[2] = {{0}};
    struct icl_pictures pictures = {0};
    struct icl_pairing pairing;
    struct comparison *comparison = calloc(1, sizeof *comparison);
    struct imgcls_board_comparison *head = &comparison->head;
    char **names = NULL;
    imgcls_status status;
    *out = NULL;
    if (!comparison)
        return icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to compare", board->path);
    head->struct_size = sizeof *head;
    status = open_pair(board, first, second, sides, &pictures, &names);
    if (status != IMGCLS_OK)
        goto done;
    icl_sides_pair(sides, &pictures, &pairing);
    head->images = (int64_t)pictures.count;
    head->both_right = pairing.both_right;
    head->both_wrong = pairing.both_wrong;
    head->only_first_right = pairing.only_first;
    head->only_second_right = pairing.only_second;
    head->p_value = icl_mcnemar(pairing.only_first, pairing.only_second);
    set_difference(head);
    make_verdict(&comparison->verdict, head, first, second);
    head->verdict = comparison->verdict.bytes;
    if (comparison->verdict.failed)
        status = icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to compare",
                          board->path);
    if (status == IMGCLS_OK)
        status = list_flips(board, sides, &pictures, names, &head->flips);
    if (status == IMGCLS_OK)
        status = list_classes(board, sides, &pictures, names, &head->classes);
    if (status == IMGCLS_OK) {
        *out = head;
        comparison = NULL;
    }
done:
    imgcls_board_comparison_destroy(comparison ? &comparison->head : NULL);
    close_pair(sides, &pictures, names);
    return status;
}

void imgcls_board_comparison_destroy(struct imgcls_board_comparison *comparison)
{
    if (!comparison)
        return;
    imgcls_board_rows_destroy(comparison->flips);
    imgcls_board_rows_destroy(comparison->classes);
    icl_text_clear(&((struct comparison *)comparison)->verdict);
    free(comparison);
}

struct disagreement {
    size_t picture;
    float sure; /* how sure the less sure one is */
};

static int by_sureness(const void *a, const void *b)
{
    const struct disagreement *x = a, *y = b;
    if (x->sure != y->sure)
        return x->sure < y->sure ? 1 : -1;
    return x->picture < y->picture ? -1 : 1;
}

/* Pictures that got different first answers, both given, sorted; own: free. */
static struct disagreement *find_disagreements(const struct icl_side sides[2], size_t pictures,
                                               size_t *count)
{
    struct disagreement *list = calloc(pictures + 1, sizeof *list);
    size_t i;
    *count = 0;
    for (i = 0; list && i < pictures; i++) {
        const struct icl_answer *a = &sides[0].answers[i], *b = &sides[1].answers[i];
        float x, y;
        if (a->top[0] == b->top[0])
            continue;
        x = icl_answer_probability(a, 0);
        y = icl_answer_probability(b, 0);
        list[(*count)++] = (struct disagreement){i, x < y ? x : y};
    }
    if (list)
        qsort(list, *count, sizeof *list, by_sureness);
    return list;
}

imgcls_status imgcls_board_disagree(struct imgcls_board *board, int64_t first, int64_t second,
                                    struct imgcls_board_rows **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    static const char *const columns[] = {"file", "label", "name", "first", "first_name",
                                          "first_probability", "second", "second_name",
                                          "second_probability", "right", NULL};
    struct icl_side sides[2] = {{0}};
    struct icl_pictures pictures = {0};
    struct disagreement *list = NULL;
    char **names = NULL;
    size_t count = 0, k;
    imgcls_status status;
    *out = NULL;
    status = open_pair(board, first, second, sides, &pictures, &names);
    if (status == IMGCLS_OK) {
        list = find_disagreements(sides, pictures.count, &count);
        status = list ? icl_board_rows_create(board, columns, out)
                      : icl_fail(board->ctx, IMGCLS_NO_MEMORY, "%s: no memory to compare",
                                 board->path);
    }
    for (k = 0; k < count && status == IMGCLS_OK; k++) {
        size_t i = list[k].picture;
        const struct icl_answer *a = &sides[0].answers[i], *b = &sides[1].answers[i];
        const struct imgcls_board_cell cells[] = {
            icl_cell_text(pictures.files[i]),
            icl_cell_integer(pictures.labels[i]),
            icl_cell_text(icl_name_of(names, sides[0].classes, pictures.labels[i])),
            icl_cell_known(a->top[0]),
            icl_cell_text(icl_name_of(names, sides[0].classes, a->top[0])),
            icl_cell_probability(a, 0),
            icl_cell_known(b->top[0]),
            icl_cell_text(icl_name_of(names, sides[0].classes, b->top[0])),
            icl_cell_probability(b, 0),
            icl_cell_integer(icl_pictures_is_right(&pictures, i, a, 1)   ? 1
                             : icl_pictures_is_right(&pictures, i, b, 1) ? 2
                                                                         : 0),
        };
        status = icl_board_rows_append(board, *out, cells);
    }
    if (status != IMGCLS_OK) {
        imgcls_board_rows_destroy(*out);
        *out = NULL;
    }
    free(list);
    close_pair(sides, &pictures, names);
    return status;
}
