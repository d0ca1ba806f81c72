/*
 * programs/eval_mpi.c - imgcls-eval-mpi: one evaluation, done by many processes
 *
 *     mpirun -n 8 imgcls-eval-mpi model.imgcls --dataset imagenet/val
 *
 * Rank 0 keeps the leaderboard and hands out pictures, a part at a time, to whoever is
 * free; the others work and send back answers, which rank 0 commits before it hands out
 * more. So a rank that dies takes at most the part with it that it was at, and the
 * evaluation can be gone on with, by any number of processes or by imgcls-eval. One process
 * alone does everything.
 *
 * Options and what becomes of the figures are imgcls-eval's (eval_options.c,
 * eval_outcome.c); what they make rank 0 write is of no concern to the others.
 *
 * Messages: ASK (empty) and ANSWERS (bytes) to rank 0; PART (numbers; none: the end) from
 * it; FAILED (words) to it, upon which it ends the job. Rank 0 sleeps between looks at its
 * messages, since MPI_Recv would burn the processor that a worker could use.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/command.h"
#include "programs/eval_options.h"
#include "programs/eval_outcome.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <mpi.h>

#include <imgcls/evaluate.h>
#include <imgcls/leaderboard.h>

#define PART_DEFAULT 32 /* pictures: seconds of work, so that little is lost */
#define KEY_CAPACITY 512
#define LOOK_NS      500000L

enum tag { TAG_ASK = 1, TAG_ANSWERS, TAG_PART, TAG_FAILED };

static const struct command_option options[] = {
    EVAL_OPTION_ROWS,
    {"part", 0, "N", "pictures handed out at a time; default: 32"},
    {NULL, 0, NULL, NULL},
};

static const struct command command = {
    .name = "imgcls-eval-mpi",
    .summary =
        "Measure an image classifier with many processes, on one machine or several.",
    .synopsis = "MODEL --dataset PATH [OPTION]...",
    .details = "Started by mpirun. Rank 0 hands out pictures and records; the other ranks "
               "work. The\n"
               "figures are those of imgcls-eval, whose manual says more of the options, to the "
               "bit.\n"
               "Rank 0 writes all files; every rank reads model and data set where it runs. Give\n"
               "--threads so that the ranks of a machine share its processors; the default is 1.\n"
               "mpirun ends with the exit status of rank 0.\n"
               "\n"
               "Where a rank dies, the same command goes on where it was: at most one part "
               "(--part)\n"
               "a rank is done again.",
    .options = options,
    .examples = "  mpirun -n 9 imgcls-eval-mpi resnet50.imgcls -d imagenet/val\n"
                "  mpirun --hostfile hosts imgcls-eval-mpi m.imgcls -d /data/val --json",
    .positional_min = 1,
    .positional_max = 1,
};

struct job {
    struct command_line line;
    struct imgcls_context *ctx;
    struct eval_options options;
    struct eval_outcome outcome; /* of rank 0, as the board in it */
    struct imgcls_model *model;
    struct imgcls_evaluation_job *parts;
    struct progress progress;
    int rank, ranks;
    long long part;
    bool told; /* what went wrong has been said, here or by another rank */
};

static void on_note(void *argument, const char *text)
{
    struct job *job = argument;
    if (job->line.quiet || job->rank != 0)
        return;
    terminal_put(stderr, text);
    fputc('\n', stderr);
}

static void on_progress(void *argument, int64_t done, int64_t total)
{
    struct job *job = argument;
    (void)total;
    progress_show(&job->progress, done);
}

static imgcls_status on_ready(void *argument)
{
    struct job *job = argument;
    imgcls_status status = IMGCLS_OK;
    if (job->rank != 0)
        return status;
    if (job->options.record)
        status = imgcls_board_open(job->ctx, command_value(&job->line, "db"),
                                   IMGCLS_BOARD_WRITE, &job->outcome.board);
    if (status == IMGCLS_OK && !job->line.quiet)
        fprintf(stderr, "%s: preprocessing %s\n", job->line.positionals[0],
                imgcls_model_recipe(job->model));
    return status;
}

/* Files are rank 0's: what it may write says nothing about other machines. */
static imgcls_status open_job(struct job *job)
{
    struct imgcls_evaluation_options *what = &job->options.evaluation;
    imgcls_status status;
    if (job->rank == 0 && !eval_options_may_write(&job->line)) {
        job->told = true;
        return IMGCLS_BAD_INPUT;
    }
    what->board = &job->outcome.board;
    what->ranks = job->ranks;
    what->note = on_note;
    what->progress = on_progress;
    what->ready = on_ready;
    what->argument = job;
    status = imgcls_model_open_with(job->ctx, job->line.positionals[0],
                                    &job->options.model.options, &job->model);
    return status == IMGCLS_OK ? imgcls_evaluation_open(job->model, what, &job->parts) : status;
}

/* Have all ranks the same model, data set and engine? Collective: every rank takes part,
 * also one that could not open them. */
static imgcls_status agree(struct job *job, imgcls_status status)
{
    char own[KEY_CAPACITY] = "", first[KEY_CAPACITY];
    int differs, worst, mine = status != IMGCLS_OK;
    if (status == IMGCLS_OK)
        snprintf(own, sizeof own, "%s", imgcls_evaluation_key(job->parts));
    memcpy(first, own, sizeof first);
    MPI_Bcast(&job->part, 1, MPI_LONG_LONG, 0, MPI_COMM_WORLD); /* rank 0 hands them out */
    MPI_Bcast(first, sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
    differs = !mine && first[0] && strcmp(first, own) != 0;
    if (differs)
        command_complain(&job->line,
                         "rank %d: model, recipe, data set, classes to compare or engine "
                         "are not rank 0's",
                         job->rank);
    mine = mine || differs;
    MPI_Allreduce(&mine, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    if (status == IMGCLS_OK && worst) /* said above, or by the rank that failed */
        job->told = true;
    return status != IMGCLS_OK ? status : worst ? IMGCLS_BAD_INPUT : IMGCLS_OK;
}

/* ---- Ranks that work
 * --------------------------------------------------------------------*/

static imgcls_status work(struct job *job)
{
    int64_t *numbers = calloc((size_t)job->part, sizeof *numbers);
    imgcls_status status = numbers ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    MPI_Send(NULL, 0, MPI_BYTE, 0, TAG_ASK, MPI_COMM_WORLD);
    while (status == IMGCLS_OK) {
        MPI_Status info;
        void *bytes;
        size_t size;
        int count;
        MPI_Recv(numbers, (int)job->part, MPI_INT64_T, 0, TAG_PART, MPI_COMM_WORLD, &info);
        MPI_Get_count(&info, MPI_INT64_T, &count);
        if (count == 0)
            break;
        status = imgcls_evaluation_work(job->parts, numbers, (size_t)count, &bytes, &size);
        if (status == IMGCLS_OK && size > INT32_MAX)
            status = IMGCLS_LIMIT;
        if (status == IMGCLS_OK)
            MPI_Send(bytes, (int)size, MPI_BYTE, 0, TAG_ANSWERS, MPI_COMM_WORLD);
        free(status == IMGCLS_OK ? bytes : NULL);
        command_give_memory_back();
    }
    if (status != IMGCLS_OK) {
        char words[KEY_CAPACITY];
        snprintf(words, sizeof words, "rank %d: %s", job->rank, imgcls_error(job->ctx));
        MPI_Send(words, (int)strlen(words) + 1, MPI_CHAR, 0, TAG_FAILED, MPI_COMM_WORLD);
    }
    free(numbers);
    return status;
}

/* ---- Rank 0
 * -----------------------------------------------------------------------------*/

/* Waits for a message without keeping a processor busy. */
static void wait_for_message(MPI_Status *info)
{
    struct timespec pause = {0, LOOK_NS};
    int there = 0;
    for (;;) {
        MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, info);
        if (there)
            return;
        nanosleep(&pause, NULL);
    }
}

static imgcls_status hand_out(struct job *job, int rank, int64_t *numbers, int *working)
{
    size_t count = imgcls_evaluation_claim(job->parts, (size_t)job->part, numbers);
    MPI_Send(numbers, (int)count, MPI_INT64_T, rank, TAG_PART, MPI_COMM_WORLD);
    *working -= count == 0;
    return IMGCLS_OK;
}

static imgcls_status coordinate(struct job *job)
{
    int64_t *numbers = calloc((size_t)job->part, sizeof *numbers);
    imgcls_status status = numbers ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    int working = job->ranks - 1;
    while (working > 0 && status == IMGCLS_OK) {
        MPI_Status info;
        char *bytes;
        int size;
        wait_for_message(&info);
        MPI_Get_count(&info, MPI_BYTE, &size);
        bytes = malloc((size_t)size + 1);
        if (!bytes)
            return IMGCLS_NO_MEMORY;
        MPI_Recv(bytes, size, MPI_BYTE, info.MPI_SOURCE, info.MPI_TAG, MPI_COMM_WORLD,
                 &info);
        bytes[size] = '\0';
        if (info.MPI_TAG == TAG_FAILED) {
            command_complain(&job->line, "%s", bytes);
            job->told = true;
            status = IMGCLS_IO;
        }
        if (info.MPI_TAG == TAG_ANSWERS)
            status = imgcls_evaluation_merge(job->parts, bytes, (size_t)size);
        if (status == IMGCLS_OK)
            status = hand_out(job, info.MPI_SOURCE, numbers, &working);
        free(bytes);
    }
    free(numbers);
    return status;
}

/* One process alone: the same parts, one after another. */
static imgcls_status do_alone(struct job *job)
{
    int64_t *numbers = calloc((size_t)job->part, sizeof *numbers);
    imgcls_status status = numbers ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    size_t count;
    while (status == IMGCLS_OK &&
           (count = imgcls_evaluation_claim(job->parts, (size_t)job->part, numbers)) > 0) {
        void *bytes;
        size_t size;
        status = imgcls_evaluation_work(job->parts, numbers, count, &bytes, &size);
        if (status == IMGCLS_OK) {
            status = imgcls_evaluation_merge(job->parts, bytes, size);
            free(bytes);
        }
        command_give_memory_back();
    }
    free(numbers);
    return status;
}

static imgcls_status take(struct job *job, const struct imgcls_evaluation *evaluation)
{
    struct eval_outcome *outcome = &job->outcome;
    imgcls_status status;
    outcome->line = &job->line;
    outcome->options = &job->options;
    outcome->runs = json_array();
    status = eval_outcome_take(outcome, job->line.positionals[0], job->model, evaluation);
    if (job->line.json && status == IMGCLS_OK)
        eval_outcome_print_json(outcome);
    json_decref(outcome->runs);
    return status;
}

static imgcls_status lead(struct job *job)
{
    struct imgcls_evaluation *evaluation = NULL;
    imgcls_status status;
    progress_begin(&job->progress, &job->line, "evaluating", "pictures",
                   imgcls_evaluation_total(job->parts));
    status = job->ranks > 1 ? coordinate(job) : do_alone(job);
    progress_end(&job->progress);
    if (status == IMGCLS_OK)
        status = imgcls_evaluation_finish(job->parts, &evaluation);
    if (status == IMGCLS_OK)
        status = take(job, evaluation);
    imgcls_evaluation_destroy(evaluation);
    return status;
}

static int end_job(struct job *job, imgcls_status status)
{
    int end;
    imgcls_evaluation_close(job->parts);
    imgcls_model_close(job->model);
    imgcls_board_close(job->outcome.board);
    end = command_end(&job->line, job->ctx, job->told ? IMGCLS_OK : status);
    return end == 0 && status != IMGCLS_OK ? 2 : end;
}

/* --help and usage errors need no MPI, and must not need mpirun. */
int main(int argc, char **argv)
{
    struct job job = {.rank = 0, .ranks = 1};
    imgcls_status status;
    bool agreed;
    int end = command_line_parse(&command, argc, argv, &job.line);
    if (end >= 0)
        return end;
    if (!eval_options_take(&job.line, &job.options) ||
        !command_integer(&job.line, "part", 1, 1000000, PART_DEFAULT, &job.part))
        return command_refuse(&job.line);
    command_keep_memory_steady();
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &job.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &job.ranks);
    if (job.line.threads == 0)
        job.line.threads = 1;
    job.ctx = command_context(&job.line);
    job.told = !job.ctx;
    status = agree(&job, job.ctx ? open_job(&job) : IMGCLS_BAD_INPUT);
    agreed = status == IMGCLS_OK;
    if (agreed)
        status = job.rank == 0 ? lead(&job) : work(&job);
    end = end_job(&job, status);
    if (!agreed) /* all end alike, and none before each has said its reason */
        MPI_Allreduce(MPI_IN_PLACE, &end, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    else if (end != 0)
        MPI_Abort(MPI_COMM_WORLD, end); /* the others wait for this rank */
    MPI_Finalize();
    return end == 0 && job.outcome.failed_check ? 1 : end;
}
