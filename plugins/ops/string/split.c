/*
 * plugins/ops/string/split.c - StringSplit: the parts of each text, in a dimension of their
 * own
 *
 * Without a delimiter parts stand between runs of white space, of which there are none at
 * the ends. What is left behind the last split that was allowed is one part more, as it is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "text.h"

struct cutter {
    struct imgcls_string delimiter; /* length 0: white space */
    int64_t most;                   /* splits; negative: any number */
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* First occurrence of the delimiter at or behind `at`; the text's length where there is
 * none. */
static size_t find(const struct imgcls_string *text, size_t at,
                   const struct imgcls_string *delimiter)
{
    const char *found =
        memmem(text->bytes + at, text->length - at, delimiter->bytes, delimiter->length);
    return found ? (size_t)(found - text->bytes) : text->length;
}

/* Next part of a text; *at is where to look on (begins at 0, past the length: the end).
 * splits is the number of splits so far. False: there is no further part. */
static bool next_part(const struct cutter *cutter, const struct imgcls_string *text,
                      int64_t splits, size_t *at, struct imgcls_string *part)
{
    const bool last = cutter->most >= 0 && splits >= cutter->most;
    size_t end;
    if (*at > text->length)
        return false;
    if (cutter->delimiter.length == 0) {
        while (*at < text->length && is_space(text->bytes[*at]))
            ++*at;
        if (*at == text->length)
            return false;
        end = *at;
        while (end < text->length && (last || !is_space(text->bytes[end])))
            end++;
        *part = (struct imgcls_string){text->bytes + *at, end - *at};
        *at = end;
        return true;
    }
    end = last || *at == text->length ? text->length : find(text, *at, &cutter->delimiter);
    *part = (struct imgcls_string){text->bytes + *at, end - *at};
    *at = end < text->length ? end + cutter->delimiter.length : text->length + 1;
    return true;
}

static int64_t count_parts(const struct cutter *cutter, const struct imgcls_string *text)
{
    struct imgcls_string part;
    int64_t count = 0;
    size_t at = 0;
    while (next_part(cutter, text, count, &at, &part))
        count++;
    return count;
}

static struct cutter cutter_of(const struct imgcls_host *host,
                               const struct imgcls_node *node)
{
    const struct imgcls_attr *attr = host->attr(host, node, "delimiter");
    struct cutter cutter = {.most = host->attr_int(host, node, "maxsplit", -1)};
    if (attr && attr->kind == IMGCLS_ATTR_STRING)
        cutter.delimiter = attr->s;
    return cutter;
}

static imgcls_status split_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[IMGCLS_MAX_RANK];
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (in->rank == IMGCLS_MAX_RANK)
        return OP_FAIL(host, infer->node, IMGCLS_UNSUPPORTED, "more than %d dimensions",
                       IMGCLS_MAX_RANK);
    memcpy(dims, in->dims, sizeof dims);
    status = host->infer_output(host, infer, 1, IMGCLS_I64, in->rank, dims);
    if (in->rank >= 0)
        dims[in->rank] = -1;
    return status == IMGCLS_OK ? host->infer_output(host, infer, 0, IMGCLS_STRING,
                                                    in->rank < 0 ? -1 : in->rank + 1, dims)
                               : status;
}

static imgcls_status write_parts(const struct imgcls_host *host,
                                 const struct imgcls_run *run, const struct cutter *cutter,
                                 int64_t index, int64_t room)
{
    const struct imgcls_string *text = string_at(imgcls_input(run, 0), index);
    struct imgcls_string part;
    int64_t count = 0;
    size_t at = 0;
    imgcls_status status = IMGCLS_OK;
    for (; status == IMGCLS_OK && next_part(cutter, text, count, &at, &part); count++)
        status = host->value_set_string(
            host, run->outputs[0], (size_t)(index * room + count), part.bytes, part.length);
    for (; status == IMGCLS_OK && count < room; count++)
        status = host->value_set_string(host, run->outputs[0],
                                        (size_t)(index * room + count), "", 0);
    return status;
}

static imgcls_status split_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0);
    const struct cutter cutter = cutter_of(host, run->node);
    const int64_t count = op_count(in);
    int64_t dims[IMGCLS_MAX_RANK + 1], most = 0, i;
    imgcls_status status = op_set_output(host, run, 1, IMGCLS_I64, in->rank, in->dims);
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        const int64_t parts = count_parts(&cutter, string_at(in, i));
        most = parts > most ? parts : most;
        if (imgcls_output(run, 1))
            ((int64_t *)imgcls_output(run, 1)->data)[i] = parts;
    }
    memcpy(dims, in->dims, (size_t)in->rank * sizeof *dims);
    dims[in->rank] = most;
    if (status == IMGCLS_OK && imgcls_count(in->rank + 1, dims) < 0)
        status = OP_FAIL(host, run->node, IMGCLS_LIMIT, "the parts cannot be counted");
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, IMGCLS_STRING, in->rank + 1, dims);
    for (i = 0; status == IMGCLS_OK && imgcls_output(run, 0) && i < count; i++)
        status = write_parts(host, run, &cutter, i, most);
    return status;
}

static const struct imgcls_kernel split_kernel =
    OP_KERNEL("string_split_portable", string_accepts, split_portable);

const struct imgcls_op string_split_op =
    OP_ENTRY("StringSplit", 20, 0, split_infer, NULL, &split_kernel);
