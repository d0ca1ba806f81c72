/*
 * plugins/ops/string/normalize.c - StringNormalizer: stop words out, one case for the rest
 *
 * Case is that of the locale the node names, where the machine has it, else that of plain
 * Unicode; the process's own locale does not matter.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <locale.h>
#include <wctype.h>

#include "text.h"

enum change { CHANGE_NONE, CHANGE_LOWER, CHANGE_UPPER };

struct normalizer {
    const struct imgcls_attr *stopwords;
    struct imgcls_string
        *folded; /* stop words in lower case, where case does not count; own */
    enum change change;
    bool sensitive;
    locale_t locale;
};

static locale_t open_locale(const char *name)
{
    char with_charset[64];
    locale_t locale = (locale_t)0;
    if (name && (size_t)snprintf(with_charset, sizeof with_charset, "%s.UTF-8", name) <
                    sizeof with_charset)
        locale = newlocale(LC_CTYPE_MASK, with_charset, (locale_t)0);
    if (!locale)
        locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return locale ? locale : newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
}

/* A copy of the text in another case. Own: release out->bytes. */
static imgcls_status recase(const struct imgcls_host *host,
                            const struct imgcls_string *text, enum change change,
                            locale_t locale, struct imgcls_string *out)
{
    size_t at = 0, length = 0;
    char *bytes = host->alloc(host, text->length + 1, 4); /* a character's most bytes */
    if (!bytes)
        return IMGCLS_NO_MEMORY;
    while (at < text->length) {
        const size_t before = at;
        const uint32_t c = string_next(text->bytes, text->length, &at);
        const uint32_t changed = change == CHANGE_LOWER
                                     ? (uint32_t)towlower_l((wint_t)c, locale)
                                     : (uint32_t)towupper_l((wint_t)c, locale);
        if (change == CHANGE_NONE || changed == c) {
            memcpy(bytes + length, text->bytes + before, at - before);
            length += at - before;
        } else {
            length += string_put(changed, bytes + length);
        }
    }
    *out = (struct imgcls_string){bytes, length};
    return IMGCLS_OK;
}

static bool same_text(const struct imgcls_string *a, const struct imgcls_string *b)
{
    return a->length == b->length &&
           (a->length == 0 || !memcmp(a->bytes, b->bytes, a->length));
}

static void normalizer_close(const struct imgcls_host *host, struct normalizer *self)
{
    size_t i;
    for (i = 0; self->folded && i < self->stopwords->count; i++)
        host->release(host, (void *)(uintptr_t)self->folded[i].bytes);
    host->release(host, self->folded);
    if (self->locale)
        freelocale(self->locale);
}

static imgcls_status normalizer_open(const struct imgcls_host *host,
                                     const struct imgcls_node *node,
                                     struct normalizer *self)
{
    const char *change = host->attr_string(host, node, "case_change_action", "NONE");
    imgcls_status status = IMGCLS_OK;
    size_t i;
    memset(self, 0, sizeof *self);
    self->change = !strcmp(change, "LOWER")   ? CHANGE_LOWER
                   : !strcmp(change, "UPPER") ? CHANGE_UPPER
                                              : CHANGE_NONE;
    if (self->change == CHANGE_NONE && strcmp(change, "NONE") != 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "case_change_action is '%s', not LOWER, UPPER or NONE", change);
    self->sensitive = host->attr_int(host, node, "is_case_sensitive", 0) != 0;
    self->stopwords = host->attr(host, node, "stopwords");
    if (self->stopwords && self->stopwords->kind != IMGCLS_ATTR_STRINGS)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "stopwords must be a list of texts");
    self->locale = open_locale(host->attr_string(host, node, "locale", NULL));
    if (!self->locale)
        return OP_FAIL(host, node, IMGCLS_NO_MEMORY, "no memory for a locale");
    if (self->sensitive || !self->stopwords)
        return IMGCLS_OK;
    self->folded = host->alloc(host, self->stopwords->count, sizeof *self->folded);
    if (!self->folded)
        return IMGCLS_NO_MEMORY;
    for (i = 0; status == IMGCLS_OK && i < self->stopwords->count; i++)
        status = recase(host, &self->stopwords->strings[i], CHANGE_LOWER, self->locale,
                        &self->folded[i]);
    return status;
}

static imgcls_status is_stopword(const struct imgcls_host *host,
                                 const struct normalizer *self,
                                 const struct imgcls_string *text, bool *out)
{
    struct imgcls_string folded = *text;
    const struct imgcls_string *words = self->folded;
    imgcls_status status = IMGCLS_OK;
    size_t i;
    *out = false;
    if (!self->stopwords)
        return IMGCLS_OK;
    if (self->sensitive)
        words = self->stopwords->strings;
    else
        status = recase(host, text, CHANGE_LOWER, self->locale, &folded);
    for (i = 0; status == IMGCLS_OK && !*out && i < self->stopwords->count; i++)
        *out = same_text(&folded, &words[i]);
    if (!self->sensitive && status == IMGCLS_OK)
        host->release(host, (void *)(uintptr_t)folded.bytes);
    return status;
}

static imgcls_status write_text(const struct imgcls_host *host,
                                const struct imgcls_run *run, const struct normalizer *self,
                                const struct imgcls_string *text, int64_t index)
{
    struct imgcls_string changed;
    imgcls_status status = recase(host, text, self->change, self->locale, &changed);
    if (status != IMGCLS_OK)
        return status;
    status = host->value_set_string(host, run->outputs[0], (size_t)index, changed.bytes,
                                    changed.length);
    host->release(host, (void *)(uintptr_t)changed.bytes);
    return status;
}

static imgcls_status normalize_infer(const struct imgcls_host *host,
                                     struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK] = {1, 1};
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->rank >= 0 &&
        (in->rank < 1 || in->rank > 2 || (in->rank == 2 && in->dims[0] > 1)))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 must be [C] or [1,C]");
    if (in->rank > 0)
        dims[in->rank - 1] = -1;
    return host->infer_output(host, infer, 0, IMGCLS_STRING, in->rank, dims);
}

static imgcls_status keep_texts(const struct imgcls_host *host,
                                const struct imgcls_run *run, const struct normalizer *self,
                                const uint8_t *dropped, int64_t kept)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    int64_t dims[2] = {1, 1}, i, at = 0;
    imgcls_status status;
    dims[in->rank - 1] = kept > 0 ? kept : 1;
    status = op_set_output(host, run, 0, IMGCLS_STRING, in->rank, dims);
    if (status != IMGCLS_OK || !imgcls_output(run, 0))
        return status;
    if (kept == 0)
        return host->value_set_string(host, run->outputs[0], 0, "", 0);
    for (i = 0; status == IMGCLS_OK && i < op_count(in); i++)
        if (!dropped[i])
            status = write_text(host, run, self, string_at(in, i), at++);
    return status;
}

static imgcls_status normalize_portable(const struct imgcls_host *host,
                                        const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    struct normalizer self;
    uint8_t *dropped;
    int64_t i, kept = 0;
    imgcls_status status = normalizer_open(host, run->node, &self);
    dropped = status == IMGCLS_OK ? host->alloc(host, (size_t)op_count(in) + 1, 1) : NULL;
    if (status == IMGCLS_OK && !dropped)
        status = IMGCLS_NO_MEMORY;
    for (i = 0; status == IMGCLS_OK && i < op_count(in); i++) {
        bool drop = false;
        status = is_stopword(host, &self, string_at(in, i), &drop);
        dropped[i] = drop;
        kept += !drop;
    }
    if (status == IMGCLS_OK)
        status = keep_texts(host, run, &self, dropped, kept);
    host->release(host, dropped);
    normalizer_close(host, &self);
    return status;
}

static const struct imgcls_kernel normalize_kernel =
    OP_KERNEL("string_normalizer_portable", string_accepts, normalize_portable);

const struct imgcls_op string_normalizer_op =
    OP_ENTRY("StringNormalizer", 10, 0, normalize_infer, NULL, &normalize_kernel);
