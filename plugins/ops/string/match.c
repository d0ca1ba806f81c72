/*
 * plugins/ops/string/match.c - RegexFullMatch: does all of a text match the pattern
 *
 * The pattern is compiled when the plan is made, so that what is wrong with it shows then.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "regex.h"

static imgcls_status match_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    const struct imgcls_attr *pattern = host->attr(host, infer->node, "pattern");
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    if (!pattern || pattern->kind != IMGCLS_ATTR_STRING)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT,
                       "attribute 'pattern' is missing");
    return host->infer_output(host, infer, 0, IMGCLS_BOOL, in->rank, in->dims);
}

static void match_release(const struct imgcls_host *host, void *state)
{
    if (state)
        regex_clear(host, state);
    host->release(host, state);
}

static imgcls_status match_prepare(const struct imgcls_host *host,
                                   struct imgcls_prepare *prepare)
{
    const struct imgcls_attr *pattern = host->attr(host, prepare->node, "pattern");
    struct regex *regex = host->alloc(host, 1, sizeof *regex);
    if (!regex)
        return IMGCLS_NO_MEMORY;
    prepare->state = regex;
    return regex_compile(host, prepare->node, pattern->s.bytes, pattern->s.length, regex);
}

static imgcls_status match_portable(const struct imgcls_host *host,
                                    const struct imgcls_run *run)
{
    const struct imgcls_tensor *in = imgcls_input(run, 0), *out;
    struct regex_machine machine;
    int64_t i;
    imgcls_status status = regex_machine_init(host, run->state, &machine);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, IMGCLS_BOOL, in->rank, in->dims);
    out = imgcls_output(run, 0);
    for (i = 0; status == IMGCLS_OK && out && i < op_count(in); i++)
        ((uint8_t *)out->data)[i] = regex_matches(&machine, string_at(in, i));
    regex_machine_clear(host, &machine);
    return status;
}

static const struct imgcls_kernel match_kernel = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "regex_full_match_portable",
    .accepts = string_accepts,
    .prepare = match_prepare,
    .run = match_portable,
    .release = match_release,
};

const struct imgcls_op regex_full_match_op =
    OP_ENTRY("RegexFullMatch", 20, 0, match_infer, NULL, &match_kernel);
