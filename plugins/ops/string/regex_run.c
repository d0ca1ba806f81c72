/*
 * plugins/ops/string/regex_run.c - the machine that runs an expression over a text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "regex.h"

#define NOWHERE UINT32_MAX /* the character before the first and behind the last */

imgcls_status regex_machine_init(const struct imgcls_host *host, const struct regex *regex,
                                 struct regex_machine *out)
{
    const size_t count = regex->code_count;
    *out = (struct regex_machine){.regex = regex};
    out->now = host->alloc(host, count, sizeof *out->now);
    out->next = host->alloc(host, count, sizeof *out->next);
    out->stack = host->alloc(host, 2 * count + 1, sizeof *out->stack);
    out->seen = host->alloc(host, count, sizeof *out->seen);
    return out->now && out->next && out->stack && out->seen ? IMGCLS_OK : IMGCLS_NO_MEMORY;
}

void regex_machine_clear(const struct imgcls_host *host, struct regex_machine *machine)
{
    host->release(host, machine->now);
    host->release(host, machine->next);
    host->release(host, machine->stack);
    host->release(host, machine->seen);
}

static bool is_word(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           c == '_';
}

static bool holds(int32_t place, uint32_t before, uint32_t after)
{
    switch (place) {
    case REGEX_AT_BEGIN:
        return before == NOWHERE;
    case REGEX_AT_END:
        return after == NOWHERE;
    case REGEX_AT_LINE_BEGIN:
        return before == NOWHERE || before == '\n';
    case REGEX_AT_LINE_END:
        return after == NOWHERE || after == '\n';
    case REGEX_AT_WORD_EDGE:
        return is_word(before) != is_word(after);
    default:
        return is_word(before) == is_word(after);
    }
}

static bool in_ranges(const struct regex *regex, const struct regex_instruction *set,
                      uint32_t c)
{
    int32_t i;
    for (i = 0; i < set->count; i++) {
        const struct regex_range *range = &regex->ranges[set->first + i];
        if (c >= range->low && c <= range->high)
            return true;
    }
    return false;
}

static bool in_set(const struct regex *regex, const struct regex_instruction *set,
                   uint32_t c)
{
    bool found = in_ranges(regex, set, c);
    if (!found && set->flags & REGEX_FOLDED) {
        if (c >= 'a' && c <= 'z')
            found = in_ranges(regex, set, c - 'a' + 'A');
        else if (c >= 'A' && c <= 'Z')
            found = in_ranges(regex, set, c - 'A' + 'a');
    }
    return found != ((set->flags & REGEX_NEGATED) != 0);
}

/* Adds an instruction to the next set, and all that it leads to without a character. */
static void reach(struct regex_machine *machine, int32_t first, uint32_t before,
                  uint32_t after)
{
    size_t depth = 0;
    machine->stack[depth++] = first;
    while (depth > 0) {
        const int32_t at = machine->stack[--depth];
        const struct regex_instruction *code = &machine->regex->code[at];
        if (machine->seen[at] == machine->step)
            continue;
        machine->seen[at] = machine->step;
        switch (code->code) {
        case REGEX_SPLIT: /* pushed at most once an instruction: two entries each */
            machine->stack[depth++] = at + code->b;
            machine->stack[depth++] = at + code->a;
            break;
        case REGEX_JUMP:
            machine->stack[depth++] = at + code->a;
            break;
        case REGEX_ASSERT:
            if (holds(code->a, before, after))
                machine->stack[depth++] = at + 1;
            break;
        default:
            machine->next[machine->next_count++] = at;
        }
    }
}

static void begin_step(struct regex_machine *machine)
{
    int32_t *swap = machine->now;
    machine->now = machine->next;
    machine->now_count = machine->next_count;
    machine->next = swap;
    machine->next_count = 0;
    if (++machine->step == 0) { /* the counter went round */
        memset(machine->seen, 0, machine->regex->code_count * sizeof *machine->seen);
        machine->step = 1;
    }
}

bool regex_matches(struct regex_machine *machine, const struct imgcls_string *text)
{
    const struct regex *regex = machine->regex;
    uint32_t before = NOWHERE, c, after;
    size_t at = 0, i;
    c = at < text->length ? string_next(text->bytes, text->length, &at) : NOWHERE;
    machine->next_count = 0;
    begin_step(machine);
    reach(machine, 0, before, c);
    while (c != NOWHERE && machine->next_count > 0) {
        after = at < text->length ? string_next(text->bytes, text->length, &at) : NOWHERE;
        begin_step(machine);
        for (i = 0; i < machine->now_count; i++) {
            const struct regex_instruction *code = &regex->code[machine->now[i]];
            if (code->code == REGEX_SET && in_set(regex, code, c))
                reach(machine, machine->now[i] + 1, c, after);
        }
        before = c;
        c = after;
    }
    for (i = 0; c == NOWHERE && i < machine->next_count; i++)
        if (regex->code[machine->next[i]].code == REGEX_MATCH)
            return true;
    return false;
}
