/*
 * src/verify/verify.c - does a model compute what its reference says
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/verify/verify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/tensor/tensor.h"
#include "src/verify/blame.h"
#include "src/verify/compare.h"
#include "src/verify/finite.h"

#define L2_FLOAT32 2e-5
#define L2_FLOAT16 5e-3

/* What a report's pointers point into. */
struct owner {
    struct imgcls_verify_output *outputs;
    size_t count, capacity;
    char **texts; /* names of sets and outputs */
    size_t text_count, text_capacity;
    char *reference, *blame;
};

void imgcls_verify_report_clear(struct imgcls_verify_report *report)
{
    struct owner *owner = report ? report->owner : NULL;
    if (!owner)
        return;
    for (size_t i = 0; i < owner->text_count; i++)
        free(owner->texts[i]);
    free(owner->texts);
    free(owner->outputs);
    free(owner->reference);
    free(owner->blame);
    free(owner);
    *report = (struct imgcls_verify_report){.struct_size = report->struct_size};
}

static bool is_half(int32_t type)
{
    return type == IMGCLS_F16 || type == IMGCLS_BF16;
}

double icl_verify_default_l2(const struct imgcls_graph *graph)
{
    for (size_t i = 0; i < graph->input_count; i++)
        if (is_half(graph->inputs[i]->info.type))
            return L2_FLOAT16;
    for (size_t i = 0; i < graph->output_count; i++)
        if (is_half(graph->outputs[i]->info.type))
            return L2_FLOAT16;
    for (size_t i = 0; i < graph->initializer_count; i++)
        if (is_half(graph->initializers[i]->info.type))
            return L2_FLOAT16;
    return L2_FLOAT32;
}

static const char *keep_text(struct owner *owner, const char *text)
{
    if (owner->text_count == owner->text_capacity) {
        size_t larger = owner->text_capacity ? 2 * owner->text_capacity : 16;
        char **grown = realloc(owner->texts, larger * sizeof *grown);
        if (!grown)
            return NULL;
        owner->texts = grown;
        owner->text_capacity = larger;
    }
    char *copy = strdup(text);
    if (copy)
        owner->texts[owner->text_count++] = copy;
    return copy;
}

static imgcls_status add_row(struct imgcls_context *ctx, struct owner *owner, const char *set,
                             const char *name, struct imgcls_verify_output **row)
{
    if (owner->count == owner->capacity) {
        size_t larger = owner->capacity ? 2 * owner->capacity : 8;
        struct imgcls_verify_output *grown = realloc(owner->outputs, larger * sizeof *grown);
        if (!grown)
            return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for the report");
        owner->outputs = grown;
        owner->capacity = larger;
    }
    *row = &owner->outputs[owner->count];
    **row = (struct imgcls_verify_output){.set = keep_text(owner, set),
                                          .name = keep_text(owner, name)};
    if (!(*row)->set || !(*row)->name)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for the report");
    owner->count++;
    return IMGCLS_OK;
}

/* Sequences and optionals are compared item by item; every item must pass. */
static imgcls_status compare_values(struct imgcls_context *ctx, const char *name,
                                    const struct imgcls_value *got,
                                    const struct imgcls_value *want,
                                    const struct icl_tolerance *tolerance,
                                    struct imgcls_verify_output *row)
{
    if (got->tensor && want->tensor)
        return icl_compare(ctx, name, got->tensor, want->tensor, tolerance, row);
    if (got->kind != want->kind || got->count != want->count)
        return icl_fail(ctx, IMGCLS_MISMATCH, "output '%s' has %zu items, the reference %zu",
                        name, got->count, want->count);
    row->passed = 1;
    row->max_index = row->worst_index = -1;
    row->cosine = row->top1_agreement = NAN;
    for (size_t i = 0; i < want->count; i++) {
        struct imgcls_verify_output item = {.set = row->set, .name = row->name};
        imgcls_status status =
            compare_values(ctx, name, got->items[i], want->items[i], tolerance, &item);
        if (status != IMGCLS_OK)
            return status;
        if (!item.passed || item.l2_relative > row->l2_relative) {
            item.passed &= row->passed;
            *row = item;
        }
    }
    return IMGCLS_OK;
}

/* A shape or kind that differs is a mismatch that is reported, not an error. */
static imgcls_status judge_output(struct imgcls_context *ctx, struct owner *owner,
                                  const char *name, const struct imgcls_value *got,
                                  const struct imgcls_value *want,
                                  const struct icl_tolerance *tolerance,
                                  struct imgcls_verify_output *row)
{
    imgcls_status status = compare_values(ctx, name, got, want, tolerance, row);
    if (status != IMGCLS_MISMATCH)
        return status;
    if (!owner->blame)
        owner->blame = strdup(ctx->error);
    icl_forgive(ctx);
    row->passed = 0;
    row->max_abs = row->l2_relative = row->cosine = row->top1_agreement = row->needed = NAN;
    row->max_index = row->worst_index = -1;
    return IMGCLS_OK;
}

/* Where relative L2 decides, NaN or infinity is a mismatch whatever the reference has: a model
 * whose weights are broken agrees with itself. */
static imgcls_status require_numbers(struct imgcls_model *model, struct owner *owner,
                                     struct imgcls_verify_output *row)
{
    if (icl_row_is_finite(row))
        return IMGCLS_OK;
    row->passed = 0;
    row->l2_relative = row->cosine = row->needed = NAN;
    if (!owner->blame && !(owner->blame = icl_not_finite_text(model->graph, row)))
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for the report");
    return IMGCLS_OK;
}

static imgcls_status verify_set(struct imgcls_model *model, struct icl_session *session,
                                const struct icl_reference *set,
                                const struct icl_tolerance *tolerance, struct owner *owner,
                                bool *passed)
{
    struct imgcls_context *ctx = model->ctx;
    const struct imgcls_graph *graph = model->graph;
    const struct imgcls_value **got = calloc(graph->output_count + 1, sizeof *got);
    if (!got)
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for %zu outputs",
                        graph->output_count);
    imgcls_status status =
        icl_session_run(session, (const struct imgcls_value *const *)set->inputs, got);
    *passed = true;
    for (size_t i = 0; status == IMGCLS_OK && i < set->output_count; i++) {
        struct imgcls_verify_output *row = NULL;
        const char *name = graph->outputs[i]->name;
        if (!set->outputs[i])
            continue;
        status = add_row(ctx, owner, set->name, name, &row);
        if (status == IMGCLS_OK)
            status = judge_output(ctx, owner, name, got[i], set->outputs[i], tolerance, row);
        if (status == IMGCLS_OK && !tolerance->elementwise)
            status = require_numbers(model, owner, row);
        if (status == IMGCLS_OK && !row->passed)
            *passed = false;
    }
    free(got);
    return status;
}

imgcls_status icl_verify_model(struct imgcls_model *model,
                               const struct icl_references *references,
                               const struct imgcls_verify_options *options,
                               struct imgcls_verify_report *report)
{
    struct imgcls_context *ctx = model->ctx;
    struct icl_tolerance tolerance = {
        .elementwise = options->elementwise != 0,
        .l2 = options->l2 > 0 ? options->l2 : icl_verify_default_l2(model->graph),
        .rtol = options->rtol,
        .atol = options->atol,
    };
    *report = (struct imgcls_verify_report){.struct_size = sizeof *report, .passed = 1};
    struct owner *owner = calloc(1, sizeof *owner);
    report->owner = owner;
    if (!owner || !(owner->reference = strdup(references->origin)))
        return icl_fail(ctx, IMGCLS_NO_MEMORY, "no memory for the report");
    struct icl_session *session;
    const struct icl_reference *faulty = NULL;
    imgcls_status status = icl_model_session(model, &session);
    for (size_t i = 0; status == IMGCLS_OK && i < references->count; i++) {
        bool passed = true;
        status = verify_set(model, session, &references->sets[i], &tolerance, owner, &passed);
        if (status == IMGCLS_OK && !passed && !faulty)
            faulty = &references->sets[i];
    }
    if (status == IMGCLS_OK && faulty) {
        report->passed = 0;
        if (!options->keep_going && !owner->blame) {
            icl_log(ctx, IMGCLS_LOG_INFO, "looking for the node at fault (float64 run)");
            status = icl_blame(ctx, model->graph, faulty, tolerance.l2, &owner->blame,
                               &report->at_fault);
        } else {
            report->at_fault = owner->blame != NULL;
        }
    }
    report->reference = owner->reference;
    report->tolerance = tolerance.elementwise ? tolerance.rtol : tolerance.l2;
    report->outputs = owner->outputs;
    report->output_count = owner->count;
    report->blame = owner->blame;
    return status;
}

imgcls_status imgcls_verify(struct imgcls_context *context,
                            const struct imgcls_verify_options *options,
                            struct imgcls_verify_report *report)
{
    struct imgcls_model *model = NULL;
    struct icl_references references = {0};
    *report = (struct imgcls_verify_report){.struct_size = sizeof *report};
    icl_forgive(context);
    imgcls_status status = imgcls_model_open_with(context, options->model,
                                                  options->model_options, &model);
    if (status == IMGCLS_OK)
        status = icl_references_open(context, model->graph, options->model,
                                     options->reference, &references);
    if (status == IMGCLS_OK)
        status = icl_verify_model(model, &references, options, report);
    if (status != IMGCLS_OK && status != IMGCLS_INTERRUPTED &&
        !strstr(context->error, options->model))
        icl_fail_within(context, status, "%s", options->model);
    if (status != IMGCLS_OK)
        imgcls_verify_report_clear(report);
    icl_references_clear(&references);
    imgcls_model_close(model);
    return status;
}
