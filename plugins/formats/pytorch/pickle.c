/*
 * plugins/formats/pytorch/pickle.c - the stack machine: opcodes to values
 *
 * Takes the bytes of one pickle, gives its value. Opcodes are those that Python's and
 * PyTorch's writers emit in protocols 2 to 5
 * (https://docs.python.org/3/library/pickletools.html); those of protocols 0 and 1 and
 * those that only a hand-written pickle has are refused by number.
 *
 * Invariants: every opcode makes at most one value, so memory is linear in the bytes; memo
 * indices stay below the number of opcodes seen; a value that is put into a container has
 * been type-checked, and so has the container.
 *
 * Not here: what names stand for (globals.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/pytorch/pickle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PROTOCOL_MAX   5
#define NAME_MAX_BYTES 256 /* of a module's or a class's name */

struct machine {
    struct pickle *pickle;
    const unsigned char *bytes, *p, *end;
    struct pickle_value **stack, **memo;
    size_t depth, stack_capacity, memo_capacity;
    size_t *marks;
    size_t mark_count, mark_capacity;
    size_t opcodes;
    size_t memoized; /* entries written, for MEMOIZE */
};

static imgcls_status wrong(const struct machine *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static imgcls_status wrong(const struct machine *m, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return pickle_fail(m->pickle, IMGCLS_BAD_INPUT,
                       "pickle, byte %zu: %s", (size_t)(m->p - m->bytes), text);
}

/* ---- Arrays of the machine itself -----------------------------------------------------*/

static imgcls_status grow(const struct machine *m, void **array, size_t *capacity,
                          size_t need, size_t size)
{
    const struct imgcls_host *host = m->pickle->host;
    size_t more = *capacity ? *capacity : 64;
    if (need <= *capacity)
        return IMGCLS_OK;
    while (more < need)
        more *= 2; /* need is bounded by the file's bytes */
    void *copy = host->alloc(host, more, size);
    if (!copy)
        return IMGCLS_NO_MEMORY;
    if (*capacity)
        memcpy(copy, *array, *capacity * size);
    host->release(host, *array);
    *array = copy;
    *capacity = more;
    return IMGCLS_OK;
}

static imgcls_status push(struct machine *m, struct pickle_value *value)
{
    if (!value)
        return IMGCLS_NO_MEMORY;
    imgcls_status status =
        grow(m, (void **)&m->stack, &m->stack_capacity, m->depth + 1, sizeof *m->stack);
    if (status == IMGCLS_OK)
        m->stack[m->depth++] = value;
    return status;
}

/* Lowest index that may be popped: values below the last mark are not to be touched. */
static size_t floor_of(const struct machine *m)
{
    return m->mark_count ? m->marks[m->mark_count - 1] : 0;
}

static imgcls_status pop(struct machine *m, struct pickle_value **out)
{
    *out = NULL;
    if (m->depth <= floor_of(m))
        return wrong(m, "takes more from the stack than is on it");
    *out = m->stack[--m->depth];
    return IMGCLS_OK;
}

/* Items above the last mark, which is taken away. */
static imgcls_status pop_mark(struct machine *m, struct pickle_value ***items,
                              size_t *count)
{
    if (m->mark_count == 0)
        return wrong(m, "needs a mark and there is none");
    size_t mark = m->marks[--m->mark_count];
    *items = m->stack + mark;
    *count = m->depth - mark;
    m->depth = mark;
    return IMGCLS_OK;
}

static imgcls_status memo_put(struct machine *m, size_t index)
{
    if (m->depth <= floor_of(m))
        return wrong(m, "remembers a value and there is none");
    if (index >= m->opcodes)
        return wrong(m, "memo index %zu after %zu opcodes", index, m->opcodes);
    imgcls_status status =
        grow(m, (void **)&m->memo, &m->memo_capacity, index + 1, sizeof *m->memo);
    if (status == IMGCLS_OK) {
        m->memo[index] = m->stack[m->depth - 1];
        m->memoized++;
    }
    return status;
}

static imgcls_status memo_get(struct machine *m, size_t index)
{
    if (index >= m->memo_capacity || !m->memo[index])
        return wrong(m, "memo index %zu was never set", index);
    return push(m, m->memo[index]);
}

/* ---- Arguments in the byte stream -----------------------------------------------------*/

static imgcls_status take(struct machine *m, size_t size, const unsigned char **out)
{
    *out = m->p;
    if ((size_t)(m->end - m->p) < size)
        return wrong(m, "ends within an opcode's %zu bytes", size);
    m->p += size;
    return IMGCLS_OK;
}

/* A little-endian count of 1, 2, 4 or 8 bytes. */
static imgcls_status take_count(struct machine *m, size_t width, uint64_t *out)
{
    const unsigned char *bytes;
    imgcls_status status = take(m, width, &bytes);
    *out = 0;
    for (size_t i = width; status == IMGCLS_OK && i-- > 0;)
        *out = *out << 8 | bytes[i];
    return status;
}

static imgcls_status push_bytes(struct machine *m, enum pickle_kind kind, size_t width)
{
    uint64_t length;
    const unsigned char *bytes;
    imgcls_status status = take_count(m, width, &length);
    if (status == IMGCLS_OK && length > (size_t)(m->end - m->p))
        status = wrong(m, "a text of %llu bytes in a pickle that has %zu left",
                       (unsigned long long)length, (size_t)(m->end - m->p));
    if (status == IMGCLS_OK)
        status = take(m, (size_t)length, &bytes);
    if (status != IMGCLS_OK)
        return status;
    struct pickle_value *value = pickle_new(m->pickle, kind);
    if (value) {
        value->u.text.bytes = (const char *)bytes;
        value->u.text.length = (size_t)length;
    }
    return push(m, value);
}

static imgcls_status push_int(struct machine *m, int64_t integer)
{
    struct pickle_value *value = pickle_new(m->pickle, PICKLE_INT);
    if (value)
        value->u.integer = integer;
    return push(m, value);
}

/* LONG1, LONG4: two's complement of any length; what does not fit is kept as its bytes. */
static imgcls_status push_long(struct machine *m, size_t width)
{
    imgcls_status status = push_bytes(m, PICKLE_BYTES, width);
    if (status != IMGCLS_OK)
        return status;
    struct pickle_value *value = m->stack[m->depth - 1];
    size_t length = value->u.text.length;
    const unsigned char *bytes = (const unsigned char *)value->u.text.bytes;
    if (length > 8)
        return IMGCLS_OK;
    uint64_t integer = length && bytes[length - 1] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = length; i-- > 0;)
        integer = integer << 8 | bytes[i];
    value->kind = PICKLE_INT;
    value->u.integer = (int64_t)integer;
    return IMGCLS_OK;
}

static imgcls_status push_real(struct machine *m)
{
    const unsigned char *bytes;
    imgcls_status status = take(m, 8, &bytes);
    if (status != IMGCLS_OK)
        return status;
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | bytes[i];
    struct pickle_value *value = pickle_new(m->pickle, PICKLE_REAL);
    if (value)
        memcpy(&value->u.real, &bits, sizeof bits);
    return push(m, value);
}

/* GLOBAL: two lines of text. */
static imgcls_status push_global(struct machine *m)
{
    const unsigned char *lines[2];
    size_t lengths[2];
    for (int i = 0; i < 2; i++) {
        const unsigned char *line_end = memchr(m->p, '\n', (size_t)(m->end - m->p));
        if (!line_end || line_end - m->p > NAME_MAX_BYTES)
            return wrong(m, "a global's name without an end");
        lines[i] = m->p;
        lengths[i] = (size_t)(line_end - m->p);
        m->p = line_end + 1;
    }
    struct pickle_value *value;
    imgcls_status status = pickle_global(m->pickle, (const char *)lines[0], lengths[0],
                                         (const char *)lines[1], lengths[1], &value);
    return status == IMGCLS_OK ? push(m, value) : status;
}

static imgcls_status stack_global(struct machine *m)
{
    struct pickle_value *name, *module, *value;
    imgcls_status status = pop(m, &name);
    if (status == IMGCLS_OK)
        status = pop(m, &module);
    if (status == IMGCLS_OK && (name->kind != PICKLE_TEXT || module->kind != PICKLE_TEXT))
        status = wrong(m, "a global whose name is no text");
    if (status == IMGCLS_OK)
        status = pickle_global(m->pickle, module->u.text.bytes, module->u.text.length,
                               name->u.text.bytes, name->u.text.length, &value);
    return status == IMGCLS_OK ? push(m, value) : status;
}

/* ---- Containers -----------------------------------------------------------------------*/

static imgcls_status push_tuple(struct machine *m, struct pickle_value **items,
                                size_t count)
{
    struct pickle_value *tuple = pickle_new(m->pickle, PICKLE_TUPLE);
    if (!tuple)
        return IMGCLS_NO_MEMORY;
    if (count) {
        tuple->u.list.items = pickle_alloc(m->pickle, count * sizeof *items);
        if (!tuple->u.list.items)
            return IMGCLS_NO_MEMORY;
        memcpy(tuple->u.list.items, items, count * sizeof *items);
        tuple->u.list.count = tuple->u.list.capacity = count;
    }
    return push(m, tuple);
}

static imgcls_status short_tuple(struct machine *m, size_t count)
{
    if (m->depth - floor_of(m) < count)
        return wrong(m, "a tuple of %zu from a stack that has less", count);
    m->depth -= count;
    return push_tuple(m, m->stack + m->depth, count);
}

static imgcls_status marked_tuple(struct machine *m)
{
    struct pickle_value **items = NULL;
    size_t count = 0;
    imgcls_status status = pop_mark(m, &items, &count);
    return status == IMGCLS_OK ? push_tuple(m, items, count) : status;
}

/* Puts items into the container on top of the stack. */
static imgcls_status extend(struct machine *m, enum pickle_kind kind,
                            struct pickle_value **items, size_t count)
{
    if (m->depth <= floor_of(m))
        return wrong(m, "items for a container that is not there");
    struct pickle_value *target = m->stack[m->depth - 1];
    if (target->kind == PICKLE_OPAQUE)
        return IMGCLS_OK;
    if (target->kind != kind)
        return wrong(m, "items for something that is no %s",
                     kind == PICKLE_DICT ? "dictionary" : "list");
    if (kind == PICKLE_DICT && count % 2)
        return wrong(m, "a key without a value");
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < count && status == IMGCLS_OK; i++)
        status = pickle_append(m->pickle, target, items[i]);
    return status;
}

static imgcls_status extend_marked(struct machine *m, enum pickle_kind kind)
{
    struct pickle_value **items = NULL;
    size_t count = 0;
    imgcls_status status = pop_mark(m, &items, &count);
    return status == IMGCLS_OK ? extend(m, kind, items, count) : status;
}

static imgcls_status extend_few(struct machine *m, enum pickle_kind kind, size_t count)
{
    if (m->depth - floor_of(m) < count)
        return wrong(m, "takes more from the stack than is on it");
    m->depth -= count;
    return extend(m, kind, m->stack + m->depth, count);
}

/* ---- Names with arguments -------------------------------------------------------------*/

/* REDUCE, NEWOBJ (2 values) and NEWOBJ_EX (3: keyword arguments, which must be none). */
static imgcls_status reduce(struct machine *m, bool keywords)
{
    struct pickle_value *callable, *arguments, *named = NULL, *value;
    imgcls_status status = keywords ? pop(m, &named) : IMGCLS_OK;
    if (status == IMGCLS_OK)
        status = pop(m, &arguments);
    if (status == IMGCLS_OK)
        status = pop(m, &callable);
    if (status != IMGCLS_OK)
        return status;
    if (callable->kind != PICKLE_GLOBAL || arguments->kind != PICKLE_TUPLE)
        return wrong(m, "something other than a name is to be called");
    if (named && (named->kind != PICKLE_DICT || named->u.list.count))
        return wrong(m, "keyword arguments");
    status = pickle_reduce(m->pickle, callable, arguments, &value);
    return status == IMGCLS_OK ? push(m, value) : status;
}

static imgcls_status build(struct machine *m)
{
    struct pickle_value *state;
    imgcls_status status = pop(m, &state);
    if (status != IMGCLS_OK)
        return status;
    if (m->depth <= floor_of(m))
        return wrong(m, "a state for a value that is not there");
    return pickle_build(m->pickle, m->stack[m->depth - 1], state);
}

static imgcls_status persistent(struct machine *m)
{
    struct pickle_value *id, *value;
    imgcls_status status = pop(m, &id);
    if (status == IMGCLS_OK)
        status = pickle_persistent(m->pickle, id, &value);
    return status == IMGCLS_OK ? push(m, value) : status;
}

/* ---- The loop -------------------------------------------------------------------------*/

static imgcls_status mark(struct machine *m)
{
    imgcls_status status =
        grow(m, (void **)&m->marks, &m->mark_capacity, m->mark_count + 1, sizeof *m->marks);
    if (status == IMGCLS_OK)
        m->marks[m->mark_count++] = m->depth;
    return status;
}

static imgcls_status protocol(struct machine *m)
{
    uint64_t version;
    imgcls_status status = take_count(m, 1, &version);
    if (status == IMGCLS_OK && (version < 2 || version > PROTOCOL_MAX))
        status = wrong(m, "protocol %d; 2 to %d are read", (int)version, PROTOCOL_MAX);
    return status;
}

static imgcls_status skip_frame(struct machine *m)
{
    uint64_t length;
    return take_count(m, 8, &length); /* a hint for readers of streams */
}

static imgcls_status numbered(struct machine *m, size_t width, int op)
{
    uint64_t number;
    imgcls_status status = take_count(m, width, &number);
    if (status != IMGCLS_OK)
        return status;
    if (op == 'q')
        return memo_put(m, (size_t)number);
    if (op == 'h')
        return memo_get(m, (size_t)number);
    return push_int(m, op == 'J' ? (int32_t)(uint32_t)number : (int64_t)number);
}

static imgcls_status step(struct machine *m, unsigned op)
{
    switch (op) {
    case 0x80:
        return protocol(m);
    case 0x95:
        return skip_frame(m);
    case '(':
        return mark(m);
    case 'N':
        return push(m, &m->pickle->none);
    case 0x88:
        return push(m, &m->pickle->yes);
    case 0x89:
        return push(m, &m->pickle->no);
    case 'J':
        return numbered(m, 4, 'J');
    case 'K':
        return numbered(m, 1, 'K');
    case 'M':
        return numbered(m, 2, 'K');
    case 0x8a:
        return push_long(m, 1);
    case 0x8b:
        return push_long(m, 4);
    case 'G':
        return push_real(m);
    case 'X':
        return push_bytes(m, PICKLE_TEXT, 4);
    case 0x8c:
        return push_bytes(m, PICKLE_TEXT, 1);
    case 0x8d:
        return push_bytes(m, PICKLE_TEXT, 8);
    case 'U':
        return push_bytes(m, PICKLE_TEXT, 1); /* Python 2's str */
    case 'T':
        return push_bytes(m, PICKLE_TEXT, 4);
    case 'C':
        return push_bytes(m, PICKLE_BYTES, 1);
    case 'B':
        return push_bytes(m, PICKLE_BYTES, 4);
    case 0x8e:
        return push_bytes(m, PICKLE_BYTES, 8);
    case 0x96:
        return push_bytes(m, PICKLE_BYTES, 8);
    case '}':
        return push(m, pickle_new(m->pickle, PICKLE_DICT));
    case ']':
        return push(m, pickle_new(m->pickle, PICKLE_LIST));
    case 0x8f:
        return push(m, pickle_new(m->pickle, PICKLE_LIST));
    case ')':
        return push(m, pickle_new(m->pickle, PICKLE_TUPLE));
    case 't':
        return marked_tuple(m);
    case 0x91:
        return marked_tuple(m); /* frozenset */
    case 0x85:
        return short_tuple(m, 1);
    case 0x86:
        return short_tuple(m, 2);
    case 0x87:
        return short_tuple(m, 3);
    case 's':
        return extend_few(m, PICKLE_DICT, 2);
    case 'u':
        return extend_marked(m, PICKLE_DICT);
    case 'a':
        return extend_few(m, PICKLE_LIST, 1);
    case 'e':
        return extend_marked(m, PICKLE_LIST);
    case 0x90:
        return extend_marked(m, PICKLE_LIST);
    case 'q':
        return numbered(m, 1, 'q');
    case 'r':
        return numbered(m, 4, 'q');
    case 0x94:
        return memo_put(m, m->memoized);
    case 'h':
        return numbered(m, 1, 'h');
    case 'j':
        return numbered(m, 4, 'h');
    case 'c':
        return push_global(m);
    case 0x93:
        return stack_global(m);
    case 'R':
        return reduce(m, false);
    case 0x81:
        return reduce(m, false);
    case 0x92:
        return reduce(m, true);
    case 'b':
        return build(m);
    case 'Q':
        return persistent(m);
    default:
        break;
    }
    m->p--;
    return wrong(m, "opcode 0x%02x is not among those that are read", op);
}

static imgcls_status run(struct machine *m, struct pickle_value **out)
{
    imgcls_status status = IMGCLS_OK;
    const unsigned char *first = m->p;
    size_t before = m->pickle->read;
    while (status == IMGCLS_OK) {
        if (m->p == m->end)
            return wrong(m, "ends without STOP");
        unsigned op = *m->p++;
        if (op == '.')
            break;
        m->opcodes++;
        m->pickle->read = before + (size_t)(m->p - first);
        status = step(m, op);
    }
    if (status == IMGCLS_OK && (m->depth != 1 || m->mark_count))
        status = wrong(m, "leaves %zu values on the stack instead of one", m->depth);
    if (status == IMGCLS_OK)
        *out = m->stack[0];
    return status;
}

imgcls_status pickle_read(struct pickle *pickle, const unsigned char *bytes, size_t size,
                          size_t *at, struct pickle_value **out)
{
    const struct imgcls_host *host = pickle->host;
    struct machine m = {
        .pickle = pickle, .bytes = bytes, .p = bytes + *at, .end = bytes + size};
    *out = NULL;
    imgcls_status status = run(&m, out);
    *at = (size_t)(m.p - bytes);
    host->release(host, m.stack);
    host->release(host, m.memo);
    host->release(host, m.marks);
    imgcls_status refused = pickle_refuse(pickle);
    if (refused != IMGCLS_OK)
        return refused;
    return status == IMGCLS_NO_MEMORY && pickle->exceeded ? IMGCLS_BAD_INPUT : status;
}
