/*
 * src/bench/choices.c - measuring the kernels that could have been chosen
 *
 * A session for the plan as it is, one for each further candidate of every node, and one with
 * the other algorithms where nodes have two. All are run in turns, so that what the machine
 * does meanwhile hits all alike; the best mean of a few rounds is a step's time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <imgcls/bench.h>

#include <stdlib.h>
#include <string.h>

#include "src/bench/feed.h"
#include "src/bench/profile.h"
#include "src/model/model.h"
#include "src/plan/choices.h"

#define SESSIONS    5 /* as planned, three other candidates, other bits */
#define OTHER_BITS  (SESSIONS - 1)
#define ROUNDS      5
#define TOLERANCE   1.05
#define FLOOR_MS    0.005 /* a difference below this is the clock's */
#define SECONDS     3.0

struct contest {
    struct imgcls_model *model;
    struct icl_feed feed;
    const struct imgcls_value **outputs;
    struct icl_session *sessions[SESSIONS]; /* NULL: no such candidate anywhere */
    double *ms[SESSIONS];                   /* of each step */
    size_t steps;
    struct imgcls_bench_choice *rows;
};

/* True where some step of the session's plan has another kernel than those before it. */
static bool is_new(const struct contest *contest, int index)
{
    const struct icl_plan *plan = icl_session_plan(contest->sessions[index]);
    const struct imgcls_node *node;
    const char *kernel, *other;

    for (size_t step = 0; icl_plan_step(plan, step, &node, &kernel); step++) {
        bool seen = false;
        for (int i = 0; i < index && !seen; i++)
            if (contest->sessions[i] &&
                icl_plan_step(icl_session_plan(contest->sessions[i]), step, &node, &other))
                seen = strcmp(kernel, other) == 0;
        if (!seen)
            return true;
    }
    return false;
}

static size_t count_steps(const struct icl_plan *plan)
{
    const struct imgcls_node *node;
    const char *kernel;
    size_t count = 0;

    while (icl_plan_step(plan, count, &node, &kernel))
        count++;
    return count;
}

static imgcls_status run_once(struct contest *contest, struct icl_session *session)
{
    return icl_session_run(session, (const struct imgcls_value *const *)contest->feed.values,
                           contest->outputs);
}

/* Makes and runs session `index`; drops it where it brings nothing new. */
static imgcls_status enter(struct contest *contest, int index)
{
    struct imgcls_model *model = contest->model;
    struct icl_plan_options options = {.threads = model->ctx->threads};
    imgcls_status status;

    options.candidate = index == OTHER_BITS ? 0 : index;
    options.other_bits = index == OTHER_BITS;
    status = icl_session_create(model->ctx, model->graph, &options, &contest->sessions[index]);
    if (status == IMGCLS_OK)
        status = run_once(contest, contest->sessions[index]);
    if (status != IMGCLS_OK)
        return status;
    if (index == 0)
        contest->steps = count_steps(icl_session_plan(contest->sessions[0]));
    else if (count_steps(icl_session_plan(contest->sessions[index])) != contest->steps ||
             !is_new(contest, index)) {
        icl_session_destroy(contest->sessions[index]);
        contest->sessions[index] = NULL;
        return IMGCLS_OK;
    }
    contest->ms[index] = calloc(contest->steps + 1, sizeof *contest->ms[index]);
    return contest->ms[index]
               ? IMGCLS_OK
               : icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for times of steps");
}

static imgcls_status run_round(struct contest *contest, int round, double seconds)
{
    for (int i = 0; i < SESSIONS; i++) {
        struct icl_profile profile;
        imgcls_status status;
        if (!contest->sessions[i])
            continue;
        status = icl_profile_make(contest->model->ctx, contest->sessions[i], &contest->feed,
                                  contest->outputs, seconds, &profile);
        for (size_t s = 0; status == IMGCLS_OK && s < contest->steps; s++)
            if (round == 0 || profile.steps[s].ms < contest->ms[i][s])
                contest->ms[i][s] = profile.steps[s].ms;
        icl_profile_clear(&profile);
        if (status != IMGCLS_OK)
            return status;
    }
    return IMGCLS_OK;
}

static void judge_step(struct contest *contest, size_t step, struct imgcls_bench_choice *row)
{
    const struct imgcls_node *node;
    const char *kernel;

    icl_plan_step(icl_session_plan(contest->sessions[0]), step, &node, &row->chosen);
    row->node = node->name;
    row->type = node->type;
    row->best = row->chosen;
    row->chosen_ms = row->best_ms = contest->ms[0][step];
    row->other_ms = -1;
    for (int i = 1; i < SESSIONS; i++) {
        if (!contest->sessions[i])
            continue;
        icl_plan_step(icl_session_plan(contest->sessions[i]), step, &node, &kernel);
        if (strcmp(kernel, row->chosen) == 0)
            continue;
        if (i == OTHER_BITS) {
            row->other = kernel;
            row->other_ms = contest->ms[i][step];
        } else if (contest->ms[i][step] < row->best_ms) {
            row->best = kernel;
            row->best_ms = contest->ms[i][step];
        }
    }
    row->is_slow = row->chosen_ms > TOLERANCE * row->best_ms &&
                   row->chosen_ms - row->best_ms > FLOOR_MS;
    row->other_is_faster = row->other_ms >= 0 && row->best_ms > TOLERANCE * row->other_ms &&
                           row->best_ms - row->other_ms > FLOOR_MS;
}

/* Puts what won clearly into the table of choices and writes its file. */
static imgcls_status keep_winners(struct contest *contest, const char **path)
{
    struct imgcls_context *ctx = contest->model->ctx;
    struct icl_choices *choices;
    char key[ICL_CHOICE_KEY];
    imgcls_status status = icl_choices_of(ctx, &choices);

    for (size_t s = 0; status == IMGCLS_OK && s < contest->steps; s++)
        if (contest->rows[s].is_slow &&
            icl_plan_step_key(icl_session_plan(contest->sessions[0]), s, key))
            status = icl_choices_put(ctx, choices, key, contest->rows[s].best);
    return status == IMGCLS_OK ? icl_choices_save(ctx, choices, path) : status;
}

static imgcls_status hold(struct contest *contest, const struct imgcls_bench_options *options)
{
    struct imgcls_model *model = contest->model;
    double seconds = options->seconds > 0 ? options->seconds : SECONDS;
    imgcls_status status = icl_feed_make(model, options->batch, &contest->feed);

    contest->outputs = calloc(model->graph->output_count + 1, sizeof *contest->outputs);
    if (status == IMGCLS_OK && !contest->outputs)
        status = icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for outputs");
    for (int i = 0; status == IMGCLS_OK && i < SESSIONS; i++)
        status = enter(contest, i);
    for (int round = 0; status == IMGCLS_OK && round < ROUNDS; round++)
        status = run_round(contest, round, seconds / ROUNDS / SESSIONS);
    if (status != IMGCLS_OK)
        return status;
    contest->rows = calloc(contest->steps + 1, sizeof *contest->rows);
    if (!contest->rows)
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory for choices");
    for (size_t s = 0; s < contest->steps; s++)
        judge_step(contest, s, &contest->rows[s]);
    return IMGCLS_OK;
}

imgcls_status imgcls_bench_choices(struct imgcls_model *model,
                                   const struct imgcls_bench_options *given, int32_t keep,
                                   struct imgcls_bench_choices *out)
{
    struct imgcls_bench_options options = {.struct_size = sizeof options};
    struct contest *contest = calloc(1, sizeof *contest);
    imgcls_status status;

    if (given)
        memcpy(&options, given,
               given->struct_size < sizeof options ? given->struct_size : sizeof options);
    memset(out, 0, sizeof *out);
    out->struct_size = sizeof *out;
    icl_forgive(model->ctx); /* what an earlier call left */
    if (!contest)
        return icl_fail(model->ctx, IMGCLS_NO_MEMORY, "no memory to measure");
    contest->model = model;
    out->owner = contest;
    status = hold(contest, &options);
    if (status == IMGCLS_OK) {
        out->rows = contest->rows;
        out->row_count = contest->steps;
        for (size_t s = 0; s < contest->steps; s++) {
            out->slow_count += contest->rows[s].is_slow;
            out->other_count += contest->rows[s].other_is_faster;
        }
        if (keep)
            status = keep_winners(contest, &out->kept_in);
    }
    if (status != IMGCLS_OK && status != IMGCLS_INTERRUPTED &&
        !strstr(model->ctx->error, model->path))
        icl_fail_within(model->ctx, status, "%s", model->path);
    return status;
}

void imgcls_bench_choices_clear(struct imgcls_bench_choices *choices)
{
    struct contest *contest = choices ? choices->owner : NULL;

    if (!contest)
        return;
    for (int i = 0; i < SESSIONS; i++) {
        icl_session_destroy(contest->sessions[i]);
        free(contest->ms[i]);
    }
    icl_feed_clear(contest->model->ctx, &contest->feed);
    free(contest->outputs);
    free(contest->rows);
    free(contest);
    memset(choices, 0, sizeof *choices);
}
