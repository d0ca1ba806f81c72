/*
 * plugins/ops/string/regex.h - RE2's regular expressions, as far as a whole match needs
 * them
 *
 * An expression becomes a list of instructions for a machine that keeps the set of all
 * places it could be at. Time grows with text times expression, whatever they are, and
 * memory with the expression alone; there is nothing to backtrack. Since only "does all of
 * it match" is asked, groups capture nothing and greed makes no difference.
 *
 * Not supported, and said so: Unicode classes (\p, \pN), \C.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_STRING_REGEX_H
#define OPS_STRING_REGEX_H

#include "text.h"

enum regex_code {
    REGEX_SET,    /* one character of a set; on to the next instruction */
    REGEX_SPLIT,  /* on at a and at b, both relative */
    REGEX_JUMP,   /* on at a, relative */
    REGEX_ASSERT, /* on to the next where the place is as `a` (REGEX_AT_...) says */
    REGEX_MATCH,
};
enum regex_place {
    REGEX_AT_BEGIN,
    REGEX_AT_END,
    REGEX_AT_LINE_BEGIN,
    REGEX_AT_LINE_END,
    REGEX_AT_WORD_EDGE,
    REGEX_NOT_AT_WORD_EDGE,
};

struct regex_instruction {
    int32_t code, a, b;
    int32_t first, count; /* SET: its ranges */
    int32_t flags;        /* SET: REGEX_NEGATED, REGEX_FOLDED */
};
#define REGEX_NEGATED 1
#define REGEX_FOLDED  2 /* upper and lower case are the same */

struct regex_range {
    uint32_t low, high;
};

struct regex {
    struct regex_instruction *code;
    size_t code_count, code_capacity;
    struct regex_range *ranges;
    size_t range_count, range_capacity;
};

/* node is for messages. Own: regex_clear, in any case. */
imgcls_status regex_compile(const struct imgcls_host *host, const struct imgcls_node *node,
                            const char *pattern, size_t length, struct regex *out);
void regex_clear(const struct imgcls_host *host, struct regex *regex);

/* What matching needs; one at a time. Own: regex_machine_clear. */
struct regex_machine {
    const struct regex *regex;
    int32_t *now, *next, *stack;
    uint32_t *seen; /* by instruction: the step at which it was reached last */
    size_t now_count, next_count;
    uint32_t step;
};
imgcls_status regex_machine_init(const struct imgcls_host *host, const struct regex *regex,
                                 struct regex_machine *out);
void regex_machine_clear(const struct imgcls_host *host, struct regex_machine *machine);
/* Whether the whole text matches. */
bool regex_matches(struct regex_machine *machine, const struct imgcls_string *text);

#endif
