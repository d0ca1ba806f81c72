/*
 * programs/eval_orders.c - the ways in which a model's classes and a set's labels are
 * numbered
 *
 * The same thousand classes are counted from 0 or from 1, by wnid, by the devkit's numbers,
 * by numbers that were sorted as text, by their names, and behind a class for background. Each is a map
 * from the label to the answer that would be right. A map says what is renumbered, not on
 * which side the mistake lies, unless the words say so.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/eval_orders.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOKED_UP "names or wnids in the place of numbers are looked up"

static const struct {
    const char *name, *words;
} orders[EVAL_ORDER_COUNT] = {
    [EVAL_ORDER_SAME] = {"same", "the model's classes are numbered as the labels are"},
    [EVAL_ORDER_UP] =
        {"one-higher",
         "right answers are one class above the labels: the model has a class (background) "
         "in "
         "front that the labels do not count, or labels that count from 0 were taken as "
         "counting from 1 (--label-base 0)"},
    [EVAL_ORDER_DOWN] =
        {"one-lower",
         "right answers are one class below the labels: the labels count from 1 "
         "(--label-base "
         "1), or count a class for background that the model has not in front"},
    [EVAL_ORDER_DEVKIT_LABELS] =
        {"devkit-labels",
         "the labels are ILSVRC2012's own numbers less one, the model goes by wnid: the "
         "devkit's list itself, with meta.mat beside it, is layout devkit"},
    [EVAL_ORDER_DEVKIT_LABELS_FROM_ONE] =
        {"devkit-labels-from-one", "the labels are ILSVRC2012's own numbers, the model "
                                   "goes by wnid: the devkit's list "
                                   "itself, with meta.mat beside it, is layout devkit"},
    [EVAL_ORDER_DEVKIT_MODEL] = {"devkit-model",
                                 "the labels go by wnid, the model by ILSVRC2012's own "
                                 "numbers: --labels wants a file "
                                 "of wnids in that order"},
    [EVAL_ORDER_TEXT_LABELS] = {"text-labels", "the labels count folders that were sorted "
                                               "as text (0, 1, 10, 100, ...), the model "
                                               "sorts numbers as numbers"},
    [EVAL_ORDER_TEXT_MODEL] =
        {"text-model",
         "the model was trained on folders that were sorted as text (0, 1, 10, 100, ...), "
         "the "
         "labels are numbers: --labels wants a file of the numbers in that order"},
    [EVAL_ORDER_NAME_LABELS] = {"name-labels", "the labels count classes in the alphabetical order of "
                                               "their names, which is not the model's: " LOOKED_UP},
    [EVAL_ORDER_NAME_MODEL] = {"name-model", "the model numbers classes in the alphabetical order of "
                                             "their names: --labels wants a file in that order"},
    [EVAL_ORDER_FOLDED_NAME_LABELS] =
        {"folded-name-labels", "the labels count classes in the alphabetical order of their names "
                               "without regard to case, which is not the model's: " LOOKED_UP},
    [EVAL_ORDER_FOLDED_NAME_MODEL] =
        {"folded-name-model", "the model numbers classes in the alphabetical order of their names "
                              "without regard to case: --labels wants a file in that order"},
    [EVAL_ORDER_WNID_MODEL] = {"wnid-model", "the model numbers classes by wnid, the file of names has "
                                             "another order: --labels wants it sorted by wnid"},
};

const char *eval_order_name(enum eval_order order)
{
    return orders[order].name;
}

const char *eval_order_words(enum eval_order order)
{
    return orders[order].words;
}

/* ILSVRC2012's thousand, which may stand behind a class for background. */
static void fill_devkit(struct eval_orders *o)
{
    int32_t front = o->classes == EVAL_DEVKIT_CLASSES + 1, id;
    if (o->classes != EVAL_DEVKIT_CLASSES && !front)
        return;
    for (id = 0; id < EVAL_DEVKIT_CLASSES; id++) {
        int32_t rank = eval_devkit_rank[id];
        o->answers[EVAL_ORDER_DEVKIT_LABELS][id] = rank + front;
        if (id + 1 < o->classes)
            o->answers[EVAL_ORDER_DEVKIT_LABELS_FROM_ONE][id + 1] = rank + front;
        o->answers[EVAL_ORDER_DEVKIT_MODEL][rank + front] = id + front;
    }
}

static int by_text(const void *a, const void *b)
{
    char x[16], y[16];
    snprintf(x, sizeof x, "%d", (int)*(const int32_t *)a);
    snprintf(y, sizeof y, "%d", (int)*(const int32_t *)b);
    return strcmp(x, y);
}

/* Below 11 classes text and number sort alike. */
static bool fill_text(struct eval_orders *o)
{
    int32_t *sorted = malloc((size_t)o->classes * sizeof *sorted), i;
    if (!sorted)
        return false;
    for (i = 0; i < o->classes; i++)
        sorted[i] = i;
    qsort(sorted, (size_t)o->classes, sizeof *sorted, by_text);
    for (i = 0; i < o->classes && o->classes > 10; i++) {
        o->answers[EVAL_ORDER_TEXT_LABELS][i] = sorted[i];
        o->answers[EVAL_ORDER_TEXT_MODEL][sorted[i]] = i;
    }
    free(sorted);
    return true;
}

/* ---- Names -----------------------------------------------------------------------------------*/

struct named {
    const char *name; /* behind the wnid */
    const char *label;
    int32_t number;
};

static bool has_wnid(const char *label)
{
    return label[0] == 'n' && strspn(label + 1, "0123456789") == 8 &&
           (label[9] == ' ' || label[9] == '\0');
}

/* Names as folders have them, with underscores, up to the first comma. */
static int letter(char c, bool folded)
{
    int value = (unsigned char)c;
    if (c == ' ')
        return '_';
    if (c == ',')
        return 0;
    return folded ? tolower(value) : value;
}

static int compare_names(const struct named *a, const struct named *b, bool folded)
{
    size_t i = 0;
    int x, y;
    do {
        x = letter(a->name[i], folded);
        y = letter(b->name[i], folded);
        i++;
    } while (x == y && x != 0);
    return x != y ? x - y : (a->number > b->number) - (a->number < b->number);
}

static int by_name(const void *a, const void *b)
{
    return compare_names(a, b, false);
}

static int by_folded_name(const void *a, const void *b)
{
    return compare_names(a, b, true);
}

static int by_wnid(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strncmp(x->label, y->label, 9);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

/* A class for background stays where it is, in front. */
static bool fill_names(struct eval_orders *o, const char *const *names)
{
    static const struct {
        int (*order)(const void *, const void *);
        enum eval_order labels, model; /* SAME: not tried */
    } sorts[] = {{by_name, EVAL_ORDER_NAME_LABELS, EVAL_ORDER_NAME_MODEL},
                 {by_folded_name, EVAL_ORDER_FOLDED_NAME_LABELS, EVAL_ORDER_FOLDED_NAME_MODEL},
                 {by_wnid, EVAL_ORDER_SAME, EVAL_ORDER_WNID_MODEL}};
    struct named *sorted = malloc((size_t)o->classes * sizeof *sorted);
    int32_t front = strcmp(names[0], "background") == 0, count = (int32_t)o->classes - front, i;
    bool wnids = true;
    size_t k;
    if (!sorted)
        return false;
    for (i = 0; i < count; i++) {
        const char *label = names[i + front];
        bool wnid = has_wnid(label);
        wnids &= wnid;
        sorted[i] = (struct named){wnid && label[9] ? label + 10 : label, label, i + front};
    }
    for (k = 0; k < sizeof sorts / sizeof sorts[0]; k++) {
        if (sorts[k].order == by_wnid && !wnids)
            continue;
        qsort(sorted, (size_t)count, sizeof *sorted, sorts[k].order);
        for (i = 0; i < count; i++) {
            if (sorts[k].labels != EVAL_ORDER_SAME)
                o->answers[sorts[k].labels][i + front] = sorted[i].number;
            o->answers[sorts[k].model][sorted[i].number] = i + front;
        }
    }
    free(sorted);
    return true;
}

bool eval_orders_open(int64_t classes, const char *const *names, struct eval_orders *o)
{
    bool named = names != NULL;
    int64_t k;
    int i;
    memset(o, 0, sizeof *o);
    if (classes < 1 || classes > INT32_MAX / (int64_t)sizeof(int32_t))
        return false;
    o->classes = classes;
    for (i = 0; i < EVAL_ORDER_COUNT; i++) {
        o->answers[i] = malloc((size_t)classes * sizeof *o->answers[i]);
        if (!o->answers[i])
            return false;
        for (k = 0; k < classes; k++)
            o->answers[i][k] = -1;
    }
    for (k = 0; k < classes; k++) {
        o->answers[EVAL_ORDER_SAME][k] = (int32_t)k;
        o->answers[EVAL_ORDER_UP][k] = k + 1 < classes ? (int32_t)k + 1 : -1;
        o->answers[EVAL_ORDER_DOWN][k] = (int32_t)k - 1;
    }
    for (k = 0; k < classes && named; k++)
        named = names[k] != NULL;
    fill_devkit(o);
    return fill_text(o) && (!named || fill_names(o, names));
}

void eval_orders_close(struct eval_orders *o)
{
    int i;
    for (i = 0; i < EVAL_ORDER_COUNT; i++)
        free(o->answers[i]);
    memset(o, 0, sizeof *o);
}

/* A picture is right under one of two orders, or under none: under chance the difference of
 * the two counts has about the square root of their sum as its deviation. */
enum eval_order eval_order_judge(const int64_t counts[EVAL_ORDER_COUNT], double deviations)
{
    enum eval_order best = EVAL_ORDER_SAME;
    int i;
    for (i = 1; i < EVAL_ORDER_COUNT; i++)
        if (counts[i] > counts[best])
            best = (enum eval_order)i;
    return (double)(counts[best] - counts[0]) >
                   deviations * sqrt((double)(counts[best] + counts[0]))
               ? best
               : EVAL_ORDER_SAME;
}
