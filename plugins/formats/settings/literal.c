/*
 * plugins/formats/settings/literal.c - Python literals as JSON, read and never run
 *
 * mmcls configurations are Python files that their own tools execute. Here only statements
 * of the form `name = literal` at the left margin are looked at. A literal is a number, a
 * text, None, True, False, a list, tuple or dictionary of literals, dict(key=literal), or a
 * name that such a statement has given a value to; `**name` within dict() copies its items.
 * A statement with anything else on its right side is passed over whole: it has no value
 * here, and no effect.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/settings/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX      32
#define NAME_MAX_BYTES 128
#define NUMBER_MAX     64
#define VALUES_MAX     100000 /* in all; a name that is used counts as all that is in it */

struct parser {
    const char *p, *end;
    json_t *names; /* assigned so far */
    size_t values;
};

static json_t *parse_value(struct parser *in, int depth);

/* Space, comments and, within brackets, line breaks. */
static void skip(struct parser *in)
{
    while (in->p < in->end) {
        if (*in->p == '#')
            while (in->p < in->end && *in->p != '\n')
                in->p++;
        else if (*in->p == ' ' || *in->p == '\t' || *in->p == '\n' || *in->p == '\r')
            in->p++;
        else if (*in->p == '\\' && in->p + 1 < in->end && in->p[1] == '\n')
            in->p += 2;
        else
            break;
    }
}

static bool take(struct parser *in, char c)
{
    skip(in);
    if (in->p >= in->end || *in->p != c)
        return false;
    in->p++;
    return true;
}

static bool is_letter(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool parse_name(struct parser *in, char name[NAME_MAX_BYTES])
{
    size_t length = 0;
    if (in->p >= in->end || !is_letter(*in->p))
        return false;
    while (in->p < in->end && (is_letter(*in->p) || is_digit(*in->p))) {
        if (length + 1 >= NAME_MAX_BYTES)
            return false;
        name[length++] = *in->p++;
    }
    name[length] = 0;
    return true;
}

/* A text in single, double or triple quotes; escapes as far as they are of one byte. */
static json_t *parse_text(struct parser *in, bool raw)
{
    char quote = *in->p;
    bool triple = in->end - in->p >= 3 && in->p[1] == quote && in->p[2] == quote;
    in->p += triple ? 3 : 1;
    char *text = malloc((size_t)(in->end - in->p) + 1), *to = text;
    while (text && in->p < in->end) {
        char c = *in->p++;
        if (c == quote && !triple)
            break;
        if (c == quote && in->end - in->p >= 2 && in->p[0] == quote && in->p[1] == quote) {
            in->p += 2;
            break;
        }
        if (c == '\n' && !triple) {
            free(text);
            return NULL;
        }
        if (c == '\\' && !raw && in->p < in->end) {
            c = *in->p++;
            if (c == 'x' || c == 'u' || c == 'U' || c == 'N' || is_digit(c)) {
                free(text);
                return NULL;
            }
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        }
        *to++ = c;
    }
    json_t *value = text ? json_stringn(text, (size_t)(to - text)) : NULL;
    free(text);
    return value;
}

static json_t *parse_number(struct parser *in)
{
    char text[NUMBER_MAX];
    size_t length = 0;
    bool real = false;
    if (*in->p == '-' || *in->p == '+') {
        text[length++] = *in->p++;
        skip(in);
    }
    while (in->p < in->end && length + 1 < sizeof text) {
        char c = *in->p;
        bool sign = (c == '-' || c == '+') && length &&
                    (text[length - 1] == 'e' || text[length - 1] == 'E');
        if (!is_digit(c) && c != '.' && c != 'e' && c != 'E' && c != '_' && !sign)
            break;
        real = real || c == '.' || c == 'e' || c == 'E';
        if (c != '_')
            text[length++] = c;
        in->p++;
    }
    text[length] = 0;
    /* JSON's own reader, which no locale misleads; Python's "1." and ".5" it does not know.
     */
    char *end;
    errno = 0;
    if (!real) {
        long long number = strtoll(text, &end, 10);
        return *text && !*end && !errno ? json_integer(number) : NULL;
    }
    char padded[NUMBER_MAX + 4];
    size_t to = 0;
    for (size_t i = 0; i <= length; i++) {
        bool before = i > 0 && is_digit(text[i - 1]);
        if (text[i] == '+' && i == 0)
            continue;
        if (text[i] == '.' && !before)
            padded[to++] = '0';
        padded[to++] = text[i];
        if (text[i] == '.' && !is_digit(text[i + 1]))
            padded[to++] = '0';
        if (to + 3 >= sizeof padded)
            return NULL;
    }
    json_t *value = json_loads(padded, JSON_DECODE_ANY, NULL);
    if (!json_is_number(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

/* Items up to the closing bracket; of a tuple (one), too. */
static json_t *parse_list(struct parser *in, char close, int depth)
{
    json_t *list = json_array();
    bool comma = false;
    while (list && !take(in, close)) {
        json_t *item = parse_value(in, depth + 1);
        if (!item || json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
        comma = take(in, ',');
        skip(in);
        if (!comma && (in->p >= in->end || *in->p != close)) {
            json_decref(list);
            return NULL;
        }
    }
    if (list && close == ')' && json_array_size(list) == 1 && !comma) {
        json_t *only = json_incref(json_array_get(list, 0)); /* brackets, no tuple */
        json_decref(list);
        return only;
    }
    return list;
}

static bool set(json_t *object, const char *key, json_t *value)
{
    return value && json_object_set_new(object, key, value) == 0;
}

/* {key: value}: keys are texts or numbers, numbers become texts. */
static bool parse_item(struct parser *in, json_t *dict, int depth)
{
    json_t *key = parse_value(in, depth + 1);
    char number[32];
    const char *name = json_string_value(key);
    if (json_is_integer(key)) {
        json_t *text = json_sprintf("%lld", (long long)json_integer_value(key));
        strncpy(number, text ? json_string_value(text) : "", sizeof number - 1);
        number[sizeof number - 1] = 0;
        name = number;
        json_decref(text);
    }
    bool done = name && take(in, ':') && set(dict, name, parse_value(in, depth + 1));
    json_decref(key);
    return done;
}

/* dict(key=value, **name). */
static bool parse_keyword(struct parser *in, json_t *dict, int depth)
{
    char name[NAME_MAX_BYTES];
    skip(in);
    if (in->end - in->p > 2 && in->p[0] == '*' && in->p[1] == '*') {
        in->p += 2;
        json_t *from = parse_value(in, depth + 1);
        bool done = json_is_object(from) && json_object_update(dict, from) == 0;
        json_decref(from);
        return done;
    }
    return parse_name(in, name) && take(in, '=') &&
           set(dict, name, parse_value(in, depth + 1));
}

static json_t *parse_dict(struct parser *in, char close, int depth)
{
    json_t *dict = json_object();
    while (dict && !take(in, close)) {
        bool done =
            close == '}' ? parse_item(in, dict, depth) : parse_keyword(in, dict, depth);
        bool comma = done && take(in, ',');
        skip(in);
        if (!done || (!comma && (in->p >= in->end || *in->p != close))) {
            json_decref(dict);
            return NULL;
        }
    }
    return dict;
}

/* Counts what a value holds, as far as the limit: shared values count each time. */
static void count_values(struct parser *in, const json_t *value)
{
    size_t i;
    const char *key;
    json_t *item;
    if (++in->values > VALUES_MAX)
        return;
    if (json_is_array(value)) {
        json_array_foreach(value, i, item)
        {
            if (in->values <= VALUES_MAX)
                count_values(in, item);
        }
    } else if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, item)
        {
            if (in->values <= VALUES_MAX)
                count_values(in, item);
        }
    }
}

static json_t *named_value(struct parser *in, const char *name)
{
    json_t *value = json_object_get(in->names, name); /* NULL where it has none */
    if (value)
        count_values(in, value);
    return in->values > VALUES_MAX ? NULL : json_incref(value);
}

static json_t *parse_word(struct parser *in, int depth)
{
    char name[NAME_MAX_BYTES];
    if (!parse_name(in, name))
        return NULL;
    bool quoted = in->p < in->end && (*in->p == '\'' || *in->p == '"');
    if (quoted && (strcmp(name, "r") == 0 || strcmp(name, "u") == 0))
        return parse_text(in, name[0] == 'r');
    if (strcmp(name, "None") == 0)
        return json_null();
    if (strcmp(name, "True") == 0)
        return json_true();
    if (strcmp(name, "False") == 0)
        return json_false();
    if (strcmp(name, "dict") == 0)
        return take(in, '(') ? parse_dict(in, ')', depth) : NULL;
    return named_value(in, name);
}

static json_t *parse_value(struct parser *in, int depth)
{
    skip(in);
    if (in->p >= in->end || depth > DEPTH_MAX || ++in->values > VALUES_MAX)
        return NULL;
    char c = *in->p;
    if (c == '\'' || c == '"')
        return parse_text(in, false);
    if (is_digit(c) || c == '-' || c == '+' || c == '.')
        return parse_number(in);
    if (c == '[' || c == '(') {
        in->p++;
        return parse_list(in, c == '[' ? ']' : ')', depth);
    }
    if (c == '{') {
        in->p++;
        return parse_dict(in, '}', depth);
    }
    return parse_word(in, depth);
}

/* True at the end of a line, comments aside: the value is all that stood there. */
static bool at_line_end(struct parser *in)
{
    while (in->p < in->end && (*in->p == ' ' || *in->p == '\t' || *in->p == '\r'))
        in->p++;
    return in->p >= in->end || *in->p == '\n' || *in->p == '#';
}

static void next_line(struct parser *in)
{
    while (in->p < in->end && *in->p != '\n')
        in->p++;
    in->p += in->p < in->end;
}

static void parse_statement(struct parser *in)
{
    char name[NAME_MAX_BYTES];
    const char *begin = in->p;
    if (parse_name(in, name)) {
        while (in->p < in->end && (*in->p == ' ' || *in->p == '\t'))
            in->p++;
        if (in->end - in->p > 1 && in->p[0] == '=' && in->p[1] != '=') {
            in->p++;
            json_t *value = parse_value(in, 0);
            if (value && at_line_end(in))
                json_object_set(in->names, name, value);
            else if (!value)
                in->p = begin; /* the lines of what was not understood are tried, too */
            json_decref(value);
        }
    }
    next_line(in);
}

json_t *settings_literals(const struct settings *in, const char *text, size_t size)
{
    struct parser parser = {.p = text, .end = text + size, .names = json_object()};
    if (!parser.names) {
        in->host->fail(in->host, IMGCLS_NO_MEMORY, "%s: no memory to read it", in->path);
        return NULL;
    }
    while (parser.p < parser.end)
        parse_statement(&parser);
    return parser.names;
}
