/*
 * plugins/ops/control/control.h - the operators of this plugin, and what loops share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_CONTROL_CONTROL_H
#define OPS_CONTROL_CONTROL_H

#include "plugins/ops/pieces.h"

#define CONTROL_OP(name) extern const struct imgcls_op name;
#include "control.list.h"
#undef CONTROL_OP

/*
 * Rounds of a body. Its inputs are `fixed` values that the operator makes (the number of
 * the round, the condition, ...), the carried state, and slices of what is scanned; its
 * outputs begin with as many that the operator reads itself (the condition), then the state
 * anew, then what is collected.
 */
struct rounds {
    const struct imgcls_graph *body;
    size_t input_count, output_count; /* of the body */
    size_t state_count;
    size_t skipped;                     /* outputs before the state */
    const struct imgcls_value **inputs; /* of a round */
    struct imgcls_value **outputs;      /* of a round; own */
    struct imgcls_value **state;        /* own; NULL: still the node's input */
    struct pieces *collected;           /* one an output behind the state */
    size_t collected_count;
};

/* For a body with these numbers of inputs and outputs: fails where it has others. */
imgcls_status rounds_begin(const struct imgcls_host *host, const struct imgcls_run *run,
                           size_t input_count, size_t state_count, size_t skipped,
                           struct rounds *rounds);
/* Runs the body on rounds->inputs; moves state and collected values to their places. The
 * outputs before the state stay in rounds->outputs until the next call. */
imgcls_status rounds_step(const struct imgcls_host *host, const struct imgcls_run *run,
                          struct rounds *rounds);
/* Hands output `index` the state, or the node's input where no round was run. */
imgcls_status rounds_give_state(const struct imgcls_host *host,
                                const struct imgcls_run *run, const struct rounds *rounds,
                                size_t state, const struct imgcls_value *initial,
                                size_t index);
/* Hands output `index` what was collected, along a new axis. Where there was no round it is
 * empty: the body's declaration says how. */
imgcls_status rounds_give_collected(const struct imgcls_host *host,
                                    const struct imgcls_run *run,
                                    const struct rounds *rounds, size_t collected,
                                    size_t index, int64_t axis, bool reverse);
void rounds_end(const struct imgcls_host *host, struct rounds *rounds);

/* Output `index` has the kind and type that the body declares, or else those of the state's
 * first value (NULL: there is none). Its shape shows when the body has run. */
imgcls_status control_infer(const struct imgcls_host *host, struct imgcls_infer *infer,
                            size_t index, const struct imgcls_value_info *declared,
                            const struct imgcls_value_info *initial);

/* Outputs of a node with state_count states, the first of which is input `first`, and what
 * its body collects. */
imgcls_status control_infer_body(const struct imgcls_host *host, struct imgcls_infer *infer,
                                 size_t first, size_t state_count, size_t skipped);

/* Number of scanned inputs of a Scan whose states begin at input `first`: at least one, and
 * no more than there are. */
imgcls_status scan_count(const struct imgcls_host *host, const struct imgcls_node *node,
                         size_t first, size_t *out);
/* Entry i of a list of integers, 0 where it is shorter. */
int64_t scan_option(const struct imgcls_host *host, const struct imgcls_node *node,
                    const char *name, size_t i);

/* Row-major inputs of any type and kind. */
static inline int32_t control_accepts(const struct imgcls_host *host,
                                      const struct imgcls_node *node)
{
    (void)host;
    return op_is_plain(node);
}

#endif
