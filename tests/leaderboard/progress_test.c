/*
 * tests/leaderboard/progress_test.c - what an evaluation left is taken up by the right one
 * only
 *
 * Processes that begin an evaluation are real ones: alive, ended, and ended but not asked
 * for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/progress.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PICTURES 4
#define CLASSES  12

/* An evaluation without a model: four pictures, of which some are finished. */
struct job {
    struct imgcls_context *ctx;
    struct imgcls_board *board;
    struct icl_dataset set;
    struct icl_dataset_entry entries[PICTURES];
    struct icl_answer answers[PICTURES];
    struct icl_outcome outcomes[PICTURES];
    float probabilities[PICTURES][ICL_ANSWER_TOP];
    size_t finished[PICTURES];
    struct icl_evaluation evaluation;
    struct icl_progress progress;
};

static const struct icl_progress_key key = {.model_sha256 = "0123",
                                            .model_path = "/models/a.onnx",
                                            .dataset_path = "/sets/val",
                                            .recipe = "color=rgb",
                                            .engine = "0.1.0 avx2",
                                            .manifest = "4567"};
static char root[] = "/tmp/icl-progress-XXXXXX", path[64];

static void begin(struct job *job)
{
    const struct imgcls_context_options options = {.struct_size = sizeof options};
    static char *files[PICTURES] = {"a.png", "b.png", "c.png", "d.png"};
    size_t i;
    memset(job, 0, sizeof *job);
    assert_int_equal(imgcls_context_create(&options, &job->ctx), IMGCLS_OK);
    assert_int_equal(imgcls_board_open(job->ctx, path, IMGCLS_BOARD_WRITE, &job->board),
                     IMGCLS_OK);
    job->set = (struct icl_dataset){
        .ctx = job->ctx, .path = "val", .count = PICTURES, .entries = job->entries};
    for (i = 0; i < PICTURES; i++)
        job->entries[i].file = files[i];
    job->evaluation = (struct icl_evaluation){.set = &job->set,
                                              .answers = job->answers,
                                              .outcomes = job->outcomes,
                                              .probabilities = job->probabilities,
                                              .finished = job->finished,
                                              .started = "2026-01-02T03:04:05Z"};
    job->evaluation.head.classes = CLASSES;
}

static void end(struct job *job)
{
    size_t i;
    for (i = 0; i < PICTURES; i++)
        free(job->outcomes[i].reason);
    imgcls_board_close(job->board);
    imgcls_context_destroy(job->ctx);
}

/* Finishes pictures 1 and 3, the latter failing, and commits them. */
static void do_half(struct job *job)
{
    static const size_t done[] = {3, 1};
    float row[CLASSES] = {[7] = 2, [5] = 1};
    icl_answer_score(row, CLASSES, 5, &job->answers[1], job->probabilities[1]);
    icl_answer_failed(&job->answers[3]);
    job->outcomes[1].done = job->outcomes[3].done = 1;
    job->outcomes[1].milliseconds = 2.5f;
    job->outcomes[3].reason = strdup("no picture");
    assert_int_equal(
        icl_progress_commit(job->board, &job->progress, &job->evaluation, done, 2, 1.5),
        IMGCLS_OK);
}

static imgcls_status open_with(struct job *job, const struct icl_progress_key *how,
                               int32_t resume)
{
    icl_forgive(job->ctx);
    return icl_progress_open(job->board, how, resume, &job->evaluation, &job->progress);
}

/* Another process that begins and does half; says so on the pipe, then ends or sleeps. */
static pid_t other(bool stays)
{
    int news[2];
    char byte;
    pid_t process;
    assert_int_equal(pipe(news), 0);
    process = fork();
    assert_true(process >= 0);
    if (process == 0) {
        struct job job;
        begin(&job);
        if (open_with(&job, &key, 0) != IMGCLS_OK)
            _exit(1);
        do_half(&job);
        end(&job);
        if (write(news[1], "x", 1) != 1)
            _exit(1);
        while (stays)
            pause();
        _exit(0);
    }
    close(news[1]);
    assert_int_equal(read(news[0], &byte, 1), 1);
    close(news[0]);
    return process;
}

static void expect_half(struct job *job)
{
    assert_int_equal(job->progress.done, 2);
    assert_int_equal(job->progress.resumed, 1);
    assert_true(job->progress.seconds == 1.5);
    assert_int_equal(job->outcomes[0].done + job->outcomes[2].done, 0);
    assert_int_equal(job->answers[1].top[0], 7);
    assert_int_equal(job->answers[1].top[1], 5);
    assert_true(job->answers[1].label_log_probability < 0);
    assert_true(job->outcomes[1].milliseconds == 2.5f);
    assert_null(job->outcomes[1].reason);
    assert_true(icl_answer_is_failed(&job->answers[3]));
    assert_string_equal(job->outcomes[3].reason, "no picture");
}

static void what_an_ended_process_did_is_taken_up(void **state)
{
    struct job job;
    pid_t process = other(false);
    (void)state;
    assert_int_equal(waitpid(process, NULL, 0), process);
    begin(&job);
    assert_int_equal(open_with(&job, &key, 0), IMGCLS_OK);
    expect_half(&job);
    end(&job);
}

/* Where nobody reaps orphans, an ended process stays in the table for good. */
static void a_zombie_is_not_at_work(void **state)
{
    struct job job;
    siginfo_t info;
    pid_t process = other(false);
    (void)state;
    assert_int_equal(waitid(P_PID, (id_t)process, &info, WEXITED | WNOWAIT), 0);
    begin(&job);
    assert_int_equal(open_with(&job, &key, 1), IMGCLS_OK);
    expect_half(&job);
    end(&job);
    assert_int_equal(waitpid(process, NULL, 0), process);
}

static void a_living_process_is_left_alone(void **state)
{
    struct job job;
    pid_t process = other(true);
    (void)state;
    begin(&job);
    assert_int_equal(open_with(&job, &key, 0), IMGCLS_OK);
    assert_int_equal(job.progress.done, 0);
    assert_int_equal(job.progress.resumed, 0);
    end(&job);
    assert_int_equal(kill(process, SIGKILL), 0);
    assert_int_equal(waitpid(process, NULL, 0), process);
}

static void another_model_recipe_engine_or_set_is_refused_by_name(void **state)
{
    static const struct {
        size_t field;
        const char *value, *words;
    } rows[] = {
        {offsetof(struct icl_progress_key, model_sha256), "9999", "model"},
        {offsetof(struct icl_progress_key, recipe), "color=bgr", "recipe"},
        {offsetof(struct icl_progress_key, engine), "0.1.0 portable", "engine"},
        {offsetof(struct icl_progress_key, manifest), "8888", "data set"},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct icl_progress_key differing = key;
        struct job job;
        pid_t process = other(false);
        assert_int_equal(waitpid(process, NULL, 0), process);
        memcpy((char *)&differing + rows[i].field, &rows[i].value, sizeof rows[i].value);
        begin(&job);
        assert_int_equal(open_with(&job, &differing, 1), IMGCLS_BAD_INPUT);
        if (!strstr(imgcls_error(job.ctx), rows[i].words))
            fail_msg("'%s' does not name the %s", imgcls_error(job.ctx), rows[i].words);
        /* and unasked it is begun anew, the other one left where it is */
        assert_int_equal(open_with(&job, &differing, 0), IMGCLS_OK);
        assert_int_equal(job.progress.done, 0);
        assert_int_equal(icl_progress_remove(job.board, job.progress.id), IMGCLS_OK);
        assert_int_equal(open_with(&job, &key, 1), IMGCLS_OK);
        expect_half(&job);
        end(&job);
    }
}

static void what_was_done_can_be_forgotten(void **state)
{
    struct job job;
    pid_t process = other(false);
    (void)state;
    assert_int_equal(waitpid(process, NULL, 0), process);
    begin(&job);
    assert_int_equal(open_with(&job, &key, 2), IMGCLS_OK);
    assert_int_equal(job.progress.done, 0);
    assert_int_equal(icl_progress_remove(job.board, job.progress.id), IMGCLS_OK);
    assert_int_equal(open_with(&job, &key, 0), IMGCLS_OK);
    assert_int_equal(job.progress.done, 0); /* nothing is left of it */
    end(&job);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/board.db", root);
    unlink(path);
    return 0;
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_an_ended_process_did_is_taken_up, set_up),
        cmocka_unit_test_setup(a_zombie_is_not_at_work, set_up),
        cmocka_unit_test_setup(a_living_process_is_left_alone, set_up),
        cmocka_unit_test_setup(another_model_recipe_engine_or_set_is_refused_by_name,
                               set_up),
        cmocka_unit_test_setup(what_was_done_can_be_forgotten, set_up),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
