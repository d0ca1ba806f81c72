/*
 * plugins/ops/string/regex.c - from an expression's text to instructions
 *
 * Recursive descent over alternatives, sequences and repetitions. Jumps are relative, so
 * that a piece can be moved (something goes in front of it) and copied (it is repeated) as
 * it is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "regex.h"

#define CODE_MAX   200000 /* instructions; nested {1000} would make far more */
#define DEPTH_MAX  200    /* parentheses within parentheses */
#define REPEAT_MAX 1000   /* as RE2 has it */

#define FLAG_FOLD  1 /* i */
#define FLAG_LINES 2 /* m */
#define FLAG_DOT   4 /* s */

struct parser {
    const struct imgcls_host *host;
    const struct imgcls_node *node;
    const char *pattern;
    size_t length, at;
    int depth, flags;
    struct regex *out;
};

static imgcls_status bad(const struct parser *p, const char *why)
{
    return OP_FAIL(p->host, p->node, IMGCLS_BAD_INPUT, "pattern '%.*s': %s at byte %zu",
                   p->length < 200 ? (int)p->length : 200, p->pattern, why, p->at);
}

static bool more(const struct parser *p)
{
    return p->at < p->length;
}
static bool next_is(const struct parser *p, const char *text)
{
    const size_t length = strlen(text);
    return p->length - p->at >= length && memcmp(p->pattern + p->at, text, length) == 0;
}
static bool take(struct parser *p, const char *text)
{
    if (!next_is(p, text))
        return false;
    p->at += strlen(text);
    return true;
}

/* -- lists that grow ----------------------------------------------------------------*/

static imgcls_status grow(const struct imgcls_host *host, void **list, size_t *capacity,
                          size_t count, size_t size)
{
    const size_t wanted = *capacity ? *capacity * 2 : 64;
    void *grown;
    if (count < *capacity)
        return IMGCLS_OK;
    grown = host->alloc(host, wanted, size);
    if (!grown)
        return IMGCLS_NO_MEMORY;
    if (count)
        memcpy(grown, *list, count * size);
    host->release(host, *list);
    *list = grown;
    *capacity = wanted;
    return IMGCLS_OK;
}

static imgcls_status emit(struct parser *p, int32_t code, int32_t a, int32_t b)
{
    struct regex *out = p->out;
    imgcls_status status;
    if (out->code_count >= CODE_MAX)
        return OP_FAIL(p->host, p->node, IMGCLS_LIMIT,
                       "the pattern needs more than %d instructions", CODE_MAX);
    status = grow(p->host, (void **)&out->code, &out->code_capacity, out->code_count,
                  sizeof *out->code);
    if (status == IMGCLS_OK)
        out->code[out->code_count++] =
            (struct regex_instruction){.code = code, .a = a, .b = b};
    return status;
}

/* Puts an instruction in front of those from `start` on. */
static imgcls_status emit_before(struct parser *p, size_t start, int32_t code, int32_t a,
                                 int32_t b)
{
    struct regex_instruction made;
    imgcls_status status = emit(p, code, a, b);
    if (status != IMGCLS_OK)
        return status;
    made = p->out->code[p->out->code_count - 1];
    memmove(p->out->code + start + 1, p->out->code + start,
            (p->out->code_count - 1 - start) * sizeof made);
    p->out->code[start] = made;
    return IMGCLS_OK;
}

static imgcls_status add_range(struct parser *p, uint32_t low, uint32_t high)
{
    struct regex *out = p->out;
    imgcls_status status = grow(p->host, (void **)&out->ranges, &out->range_capacity,
                                out->range_count, sizeof *out->ranges);
    if (status == IMGCLS_OK)
        out->ranges[out->range_count++] = (struct regex_range){low, high};
    return status;
}

static imgcls_status emit_set(struct parser *p, size_t first_range, int32_t flags)
{
    imgcls_status status = emit(p, REGEX_SET, 0, 0);
    struct regex_instruction *set;
    if (status != IMGCLS_OK)
        return status;
    set = &p->out->code[p->out->code_count - 1];
    set->first = (int32_t)first_range;
    set->count = (int32_t)(p->out->range_count - first_range);
    set->flags = flags | (p->flags & FLAG_FOLD ? REGEX_FOLDED : 0);
    return IMGCLS_OK;
}

static imgcls_status emit_character(struct parser *p, uint32_t c)
{
    const size_t first = p->out->range_count;
    imgcls_status status = add_range(p, c, c);
    return status == IMGCLS_OK ? emit_set(p, first, 0) : status;
}

/* -- sets ---------------------------------------------------------------------------*/

/* Named sets: pairs of a low and a high character. */
static const struct {
    const char *name, *pairs;
} names[] = {
    {"\\d", "09"},
    {"\\s", "\t\n\f\r  "},
    {"\\w", "09AZ__az"},
    {"[:alnum:]", "09AZaz"},
    {"[:alpha:]", "AZaz"},
    {"[:ascii:]", "\001\177"}, /* and 0, see below */
    {"[:blank:]", "\t\t  "},
    {"[:cntrl:]", "\001\037\177\177"},
    {"[:digit:]", "09"},
    {"[:graph:]", "!~"},
    {"[:lower:]", "az"},
    {"[:print:]", " ~"},
    {"[:punct:]", "!/:@[`{~"},
    {"[:space:]", "\t\r  "},
    {"[:upper:]", "AZ"},
    {"[:word:]", "09AZ__az"},
    {"[:xdigit:]", "09AFaf"},
};

/* The set, or all that is not in it (pairs are in order, and apart). */
static imgcls_status add_named(struct parser *p, size_t index, bool negated)
{
    const unsigned char *pairs = (const unsigned char *)names[index].pairs;
    const bool zero = pairs[0] == 1;
    uint32_t from = zero ? 1 : 0;
    imgcls_status status = zero && !negated ? add_range(p, 0, 0) : IMGCLS_OK;
    for (; status == IMGCLS_OK && *pairs; pairs += 2) {
        if (!negated)
            status = add_range(p, pairs[0], pairs[1]);
        else if (pairs[0] > from)
            status = add_range(p, from, pairs[0] - 1u);
        from = pairs[1] + 1u;
    }
    return status == IMGCLS_OK && negated ? add_range(p, from, 0x10ffff) : status;
}

/* Takes a named set, "\d" or "[:alpha:]", or its negation, "\D" or "[:^alpha:]". */
static imgcls_status take_named(struct parser *p, bool *found)
{
    char negation[16];
    size_t i;
    *found = false;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *name = names[i].name;
        if (name[0] == '\\')
            snprintf(negation, sizeof negation, "\\%c", name[1] - 'a' + 'A');
        else
            snprintf(negation, sizeof negation, "[:^%s", name + 2);
        *found = true;
        if (take(p, name))
            return add_named(p, i, false);
        if (take(p, negation))
            return add_named(p, i, true);
    }
    *found = false;
    return IMGCLS_OK;
}

/* Digits of a base up to a limit of digits; false where there are none or too much. */
static bool take_number(struct parser *p, unsigned base, int most, uint32_t *out)
{
    int count = 0;
    *out = 0;
    for (; more(p) && count < most; count++, p->at++) {
        const char c = p->pattern[p->at];
        const unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                               : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                               : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                      : 99;
        if (digit >= base)
            break;
        *out = *out * base + digit;
    }
    return count > 0 && *out <= 0x10ffff;
}

/* Behind a backslash: the one character that it stands for. */
static imgcls_status take_escape(struct parser *p, uint32_t *out)
{
    static const char letters[] = "afnrtv", values[] = "\a\f\n\r\t\v";
    const char *letter;
    char c;
    if (!more(p))
        return bad(p, "a backslash stands alone");
    c = p->pattern[p->at];
    letter = c ? strchr(letters, c) : NULL;
    if (letter) {
        p->at++;
        *out = (unsigned char)values[letter - letters];
        return IMGCLS_OK;
    }
    if (take(p, "x{"))
        return take_number(p, 16, 8, out) && take(p, "}") ? IMGCLS_OK
                                                          : bad(p, "no character code");
    if (take(p, "x"))
        return take_number(p, 16, 2, out) ? IMGCLS_OK : bad(p, "no character code");
    if (c >= '0' && c <= '7')
        return take_number(p, 8, 3, out) ? IMGCLS_OK : bad(p, "no character code");
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '8' || c == '9') {
        if (c == 'p' || c == 'P' || c == 'C')
            return OP_FAIL(p->host, p->node, IMGCLS_UNSUPPORTED,
                           "\\%c in a pattern is not supported", c);
        return bad(p, "an unknown escape");
    }
    *out = string_next(p->pattern, p->length, &p->at);
    return IMGCLS_OK;
}

static imgcls_status take_one(struct parser *p, uint32_t *out)
{
    if (!more(p))
        return bad(p, "']' is missing");
    if (take(p, "\\"))
        return take_escape(p, out);
    *out = string_next(p->pattern, p->length, &p->at);
    return IMGCLS_OK;
}

/* Behind "[". */
static imgcls_status parse_set(struct parser *p)
{
    const size_t first = p->out->range_count;
    const int32_t flags = take(p, "^") ? REGEX_NEGATED : 0;
    bool begun = false;
    while (!begun || !next_is(p, "]")) {
        uint32_t low, high;
        bool named;
        imgcls_status status = take_named(p, &named);
        begun = true;
        if (named && status == IMGCLS_OK)
            continue;
        if (status == IMGCLS_OK)
            status = take_one(p, &low);
        if (status != IMGCLS_OK)
            return status;
        high = low;
        if (next_is(p, "-") && p->length - p->at > 1 && p->pattern[p->at + 1] != ']') {
            p->at++;
            status = take_one(p, &high);
        }
        if (status == IMGCLS_OK && high < low)
            status = bad(p, "a range runs backwards");
        if (status == IMGCLS_OK)
            status = add_range(p, low, high);
        if (status != IMGCLS_OK)
            return status;
    }
    p->at++;
    return emit_set(p, first, flags);
}

/* -- sequences ----------------------------------------------------------------------*/

static imgcls_status parse_alternatives(struct parser *p);

/* Behind "(?": a name, flags for what follows, or flags and a group. */
static imgcls_status parse_flags(struct parser *p, bool *group)
{
    bool on = true, any = false;
    *group = true;
    if (take(p, "P<") || take(p, "<")) {
        const size_t begin = p->at;
        while (more(p) && p->pattern[p->at] != '>')
            p->at++;
        return p->at > begin && take(p, ">") ? IMGCLS_OK
                                             : bad(p, "a group's name is missing");
    }
    for (; more(p); p->at++) {
        const char c = p->pattern[p->at];
        const int flag = c == 'i'   ? FLAG_FOLD
                         : c == 'm' ? FLAG_LINES
                         : c == 's' ? FLAG_DOT
                                    : 0;
        if (c == ':' || c == ')') {
            *group = c == ':';
            p->at++;
            return IMGCLS_OK;
        }
        if (c == '-' && on)
            on = false;
        else if (flag)
            p->flags = on ? p->flags | flag : p->flags & ~flag;
        else if (c != 'U')
            break;
        any = true;
    }
    return bad(p, any ? "an unknown flag" : "an unknown kind of group");
}

/* Behind "(". */
static imgcls_status parse_group(struct parser *p)
{
    const int flags = p->flags;
    bool group = true;
    imgcls_status status = IMGCLS_OK;
    if (++p->depth > DEPTH_MAX)
        return bad(p, "groups are nested too deeply");
    if (take(p, "?"))
        status = parse_flags(p, &group);
    if (status == IMGCLS_OK && group) {
        status = parse_alternatives(p);
        if (status == IMGCLS_OK && !take(p, ")"))
            status = bad(p, "')' is missing");
        p->flags = flags;
    }
    p->depth--;
    return status;
}

/* Behind "\": what is no plain character. *start: where what may be repeated begins. */
static imgcls_status parse_escape(struct parser *p, size_t *start)
{
    uint32_t c;
    imgcls_status status = IMGCLS_OK;
    if (take(p, "A"))
        return emit(p, REGEX_ASSERT, REGEX_AT_BEGIN, 0);
    if (take(p, "z"))
        return emit(p, REGEX_ASSERT, REGEX_AT_END, 0);
    if (take(p, "b"))
        return emit(p, REGEX_ASSERT, REGEX_AT_WORD_EDGE, 0);
    if (take(p, "B"))
        return emit(p, REGEX_ASSERT, REGEX_NOT_AT_WORD_EDGE, 0);
    if (take(p, "Q")) {
        while (status == IMGCLS_OK && more(p) && !take(p, "\\E")) {
            *start = p->out->code_count;
            status = emit_character(p, string_next(p->pattern, p->length, &p->at));
        }
        return status;
    }
    status = take_escape(p, &c);
    return status == IMGCLS_OK ? emit_character(p, c) : status;
}

static imgcls_status parse_atom(struct parser *p, size_t *start)
{
    const size_t first = p->out->range_count;
    bool named;
    imgcls_status status;
    if (!next_is(p, "[:")) { /* that is a set of its letters, unless within brackets */
        status = take_named(p, &named);
        if (named && status == IMGCLS_OK)
            return emit_set(p, first, 0);
        if (status != IMGCLS_OK)
            return status;
    }
    if (take(p, "\\"))
        return parse_escape(p, start);
    if (take(p, "("))
        return parse_group(p);
    if (take(p, "["))
        return parse_set(p);
    if (take(p, "^"))
        return emit(p, REGEX_ASSERT,
                    p->flags & FLAG_LINES ? REGEX_AT_LINE_BEGIN : REGEX_AT_BEGIN, 0);
    if (take(p, "$"))
        return emit(p, REGEX_ASSERT,
                    p->flags & FLAG_LINES ? REGEX_AT_LINE_END : REGEX_AT_END, 0);
    if (take(p, ".")) {
        status = p->flags & FLAG_DOT ? IMGCLS_OK : add_range(p, '\n', '\n');
        return status == IMGCLS_OK ? emit_set(p, first, REGEX_NEGATED) : status;
    }
    if (next_is(p, "*") || next_is(p, "+") || next_is(p, "?"))
        return bad(p, "there is nothing to repeat");
    return emit_character(p, string_next(p->pattern, p->length, &p->at));
}

/* "{n}", "{n,}" or "{n,m}"; anything else is not a repetition. most: -1 for any number. */
static bool take_counts(struct parser *p, int64_t *least, int64_t *most)
{
    const size_t before = p->at;
    uint32_t number;
    p->at++;
    if (take_number(p, 10, 6, &number)) {
        *least = *most = number;
        if (take(p, ",")) {
            *most = -1;
            if (take_number(p, 10, 6, &number))
                *most = number;
        }
        if (take(p, "}"))
            return true;
    }
    p->at = before;
    return false;
}

static imgcls_status copy_piece(struct parser *p, size_t start, size_t length)
{
    imgcls_status status = IMGCLS_OK;
    size_t i;
    for (i = 0; status == IMGCLS_OK && i < length; i++) {
        status = emit(p, 0, 0, 0);
        if (status == IMGCLS_OK)
            p->out->code[p->out->code_count - 1] = p->out->code[start + i];
    }
    return status;
}

/* The piece from `piece` to the end becomes optional, or (star) repeated at will. */
static imgcls_status make_optional(struct parser *p, size_t piece, bool star)
{
    const int32_t length = (int32_t)(p->out->code_count - piece);
    imgcls_status status = emit_before(p, piece, REGEX_SPLIT, 1, length + 1 + star);
    return status == IMGCLS_OK && star ? emit(p, REGEX_JUMP, -(length + 1), 0) : status;
}

/* The piece from `start` to the end is to occur least to most times. */
static imgcls_status repeat(struct parser *p, size_t start, int64_t least, int64_t most)
{
    const size_t length = p->out->code_count - start;
    imgcls_status status = IMGCLS_OK;
    int64_t i;
    if (least > REPEAT_MAX || most > REPEAT_MAX || (most >= 0 && most < least))
        return bad(p, "a repetition is out of order, or of more than 1000");
    if (most == 0) {
        p->out->code_count = start;
        return IMGCLS_OK;
    }
    for (i = 1; status == IMGCLS_OK && i < least; i++)
        status = copy_piece(p, start, length);
    if (most < 0) {
        if (status == IMGCLS_OK && least > 0)
            status = copy_piece(p, start, length);
        return status == IMGCLS_OK ? make_optional(p, p->out->code_count - length, true)
                                   : status;
    }
    if (least == 0)
        status = make_optional(p, start, false); /* copied with its SPLIT from here on */
    for (i = least > 0 ? least : 1; status == IMGCLS_OK && i < most; i++) {
        const size_t piece = p->out->code_count;
        status = copy_piece(p, start, length + (least == 0));
        if (status == IMGCLS_OK && least > 0)
            status = make_optional(p, piece, false);
    }
    return status;
}

static imgcls_status parse_repetitions(struct parser *p, size_t start)
{
    imgcls_status status = IMGCLS_OK;
    while (status == IMGCLS_OK && more(p)) {
        int64_t least = 0, most = -1;
        if (next_is(p, "{")) {
            if (!take_counts(p, &least, &most))
                return status;
        } else if (take(p, "?")) {
            most = 1;
        } else if (take(p, "+")) {
            least = 1;
        } else if (!take(p, "*")) {
            return status;
        }
        take(p, "?"); /* lazily: the same where all must match */
        status = repeat(p, start, least, most);
    }
    return status;
}

static imgcls_status parse_sequence(struct parser *p)
{
    imgcls_status status = IMGCLS_OK;
    while (status == IMGCLS_OK && more(p) && !next_is(p, "|") && !next_is(p, ")")) {
        size_t start = p->out->code_count;
        status = parse_atom(p, &start);
        if (status == IMGCLS_OK)
            status = parse_repetitions(p, start);
    }
    return status;
}

/* a|b|c: each but the last begins with a SPLIT to the next and ends with a JUMP to the end,
 * of which `a` is the way back to the jump before until the end is known. */
static imgcls_status parse_alternatives(struct parser *p)
{
    size_t start = p->out->code_count, jump = SIZE_MAX;
    imgcls_status status = parse_sequence(p);
    while (status == IMGCLS_OK && take(p, "|")) {
        const int32_t length = (int32_t)(p->out->code_count - start);
        status = emit_before(p, start, REGEX_SPLIT, 1, length + 2);
        if (status == IMGCLS_OK)
            status = emit(p, REGEX_JUMP,
                          jump == SIZE_MAX ? 0 : (int32_t)(p->out->code_count - jump), 0);
        if (status != IMGCLS_OK)
            return status;
        jump = p->out->code_count - 1;
        start = p->out->code_count;
        status = parse_sequence(p);
    }
    while (status == IMGCLS_OK && jump != SIZE_MAX) {
        struct regex_instruction *code = &p->out->code[jump];
        const size_t before = code->a ? jump - (size_t)code->a : SIZE_MAX;
        code->a = (int32_t)(p->out->code_count - jump);
        jump = before;
    }
    return status;
}

imgcls_status regex_compile(const struct imgcls_host *host, const struct imgcls_node *node,
                            const char *pattern, size_t length, struct regex *out)
{
    struct parser p = {
        .host = host, .node = node, .pattern = pattern, .length = length, .out = out};
    imgcls_status status;
    memset(out, 0, sizeof *out);
    status = parse_alternatives(&p);
    if (status == IMGCLS_OK && more(&p))
        status = bad(&p, "')' without '('");
    return status == IMGCLS_OK ? emit(&p, REGEX_MATCH, 0, 0) : status;
}

void regex_clear(const struct imgcls_host *host, struct regex *regex)
{
    host->release(host, regex->code);
    host->release(host, regex->ranges);
    memset(regex, 0, sizeof *regex);
}
