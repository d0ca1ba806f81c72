/*
 * programs/eval_orders.h - the ways in which a model's classes and a set's labels are
 * numbered
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef EVAL_ORDERS_H
#define EVAL_ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVAL_DEVKIT_CLASSES 1000
extern const uint16_t eval_devkit_rank[EVAL_DEVKIT_CLASSES];

enum eval_order {
    EVAL_ORDER_SAME, /* an answer is right where it is the label */
    EVAL_ORDER_UP,
    EVAL_ORDER_DOWN,
    EVAL_ORDER_DEVKIT_LABELS,
    EVAL_ORDER_DEVKIT_LABELS_FROM_ONE,
    EVAL_ORDER_DEVKIT_MODEL,
    EVAL_ORDER_TEXT_LABELS,
    EVAL_ORDER_TEXT_MODEL,
    EVAL_ORDER_NAME_LABELS, /* names sorted as bytes; then without regard to case */
    EVAL_ORDER_NAME_MODEL,
    EVAL_ORDER_FOLDED_NAME_LABELS,
    EVAL_ORDER_FOLDED_NAME_MODEL,
    EVAL_ORDER_WNID_MODEL,
    EVAL_ORDER_COUNT
};

/* Its name for programs, and what it means, for people. Static. */
const char *eval_order_name(enum eval_order order);
const char *eval_order_words(enum eval_order order);

/* For each order and label the answer that is right if the order is this one; -1: none. */
struct eval_orders {
    int64_t classes;
    int32_t *answers[EVAL_ORDER_COUNT]; /* own, `classes` each */
};
/* names: of the classes, "n01440764 tench" or "tench"; NULL, or one of them NULL: not known. False:
 * no memory. Own: eval_orders_close, also where it fails. */
bool eval_orders_open(int64_t classes, const char *const *names, struct eval_orders *orders);
void eval_orders_close(struct eval_orders *orders);

/* Which order counts[], the right answers under each, speak for: SAME unless another one
 * has more by `deviations` of what chance makes. */
enum eval_order eval_order_judge(const int64_t counts[EVAL_ORDER_COUNT], double deviations);

#endif
