/*
 * programs/classify.c - imgcls-classify: pictures in, names and probabilities out
 *
 * A picture that fails is reported and the others are still answered; a failure that meets
 * every picture (the model, no recipe, memory) ends the command with one line. Which one it
 * was is told by the message: a picture's own begins with its name. One that does not is
 * held back until the next picture: the same again ends the command, anything else shows
 * that it was the picture's after all (a size that the model does not take).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "programs/model_options.h"

#define BAR_WIDTH 20 /* columns of a probability drawn, on a terminal */
#define TOP_MAX 100000

static const struct command_option options[] = {
    {"top", 'k', "K", "how many classes to show for each picture (default 5)"},
    MODEL_OPTION_ROWS,
    {"memory-limit", 0, "SIZE",
     "stop, with status 3, before using more than SIZE (e.g. 2G)"},
    {"max-iterations", 0, "N",
     "stop, with status 3, a loop that is still going after N rounds\n"
     "(default 1000000)"},
    {NULL, 0, NULL, NULL},
};

static const struct command command = {
    .name = "imgcls-classify",
    .summary = "Say what is in pictures, with probabilities.",
    .synopsis = "MODEL IMAGE... [--top K] [--preprocess RECIPE] [--labels FILE]",
    .details =
        "Each picture (JPEG, PNG or WebP, told by its content) is prepared by the model's\n"
        "own preprocessing, which a bundle carries; a model without needs --preprocess.\n"
        "The probabilities are the softmax of the model's first output. A picture that\n"
        "cannot be read is reported, the others are answered, and the exit status is 2.\n"
        "Counterparts: timm's inference.py, trtexec with a picture, OpenVINO's\n"
        "classification_sample_async.",
    .options = options,
    .examples =
        "  imgcls-classify resnet50.imgcls cat.jpg dog.webp\n"
        "  imgcls-classify squeezenet.onnx --preprocess caffe --labels names.txt a.jpg\n"
        "  imgcls-classify vit.imgcls cat.jpg --top 1 --json | jq .results",
    .positional_min = 2,
    .positional_max = -1,
};

struct classifying {
    struct command_line *line;
    struct imgcls_context *ctx;
    struct imgcls_model *model;
    struct imgcls_prediction *best; /* own: room for `top` */
    size_t top;
    json_t *results; /* with --json */
    bool colour;
    imgcls_status worst;   /* of pictures that failed */
    const char *held_file; /* picture whose failure is held back, NULL: none */
    char *held;            /* own: its text */
};

/* ---- Words ----------------------------------------------------------------------------*/

static bool wants_colour(void)
{
    const char *no =
        getenv("NO_COLOR"); /* no-color.org: any text but none switches it off */
    const char *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no && *no) &&
           !(terminal && !strcmp(terminal, "dumb"));
}

static const char *label_of(const struct imgcls_prediction *one, char *buffer,
                            size_t capacity)
{
    if (one->label && *one->label)
        return one->label;
    snprintf(buffer, capacity, "class %d", one->index);
    return buffer;
}

static void print_answers(const struct classifying *work, const char *file, size_t count)
{
    char buffer[32];
    int width = 0;
    for (size_t i = 0; i < count; i++) {
        int own = terminal_width_of(label_of(&work->best[i], buffer, sizeof buffer));
        width = own > width ? own : width;
    }
    printf("%s%s%s\n", work->colour ? "\033[1m" : "", file, work->colour ? "\033[0m" : "");
    for (size_t i = 0; i < count; i++) {
        printf("  %s", work->colour && i == 0 ? "\033[32m" : "");
        terminal_pad(stdout, label_of(&work->best[i], buffer, sizeof buffer), width);
        printf("  %6.2f %%  %5d", 100.0 * (double)work->best[i].probability,
               work->best[i].index);
        if (work->colour && terminal_is_utf8()) {
            fputs("  ", stdout);
            terminal_bar(stdout, (double)work->best[i].probability, BAR_WIDTH);
        }
        printf("%s\n", work->colour && i == 0 ? "\033[0m" : "");
    }
}

/* ---- JSON -----------------------------------------------------------------------------*/

/* Names that are no UTF-8 (a path may be anything) keep what can be kept. */
static json_t *text_json(const char *text)
{
    json_t *string = json_string(text);
    if (string)
        return string;
    char *plain = strdup(text);
    for (char *p = plain; p && *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    string = plain ? json_string(plain) : NULL;
    free(plain);
    return string;
}

static json_t *answers_json(const struct classifying *work, size_t count)
{
    json_t *top = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct imgcls_prediction *one = &work->best[i];
        json_array_append_new(top,
                              json_pack("{s:i, s:o, s:f}", "index", one->index, "label",
                                        one->label ? text_json(one->label) : json_null(),
                                        "probability", (double)one->probability));
    }
    return top;
}

static void add_result(struct classifying *work, const char *file, json_t *top,
                       const char *error)
{
    json_t *result = json_pack("{s:o, s:o}", "file", text_json(file), "top", top);
    if (error)
        json_object_set_new(result, "error", text_json(error));
    json_array_append_new(work->results, result);
}

static imgcls_status print_json(struct classifying *work)
{
    json_t *object = json_pack("{s:O}", "results", work->results);
    int failed =
        object ? json_dumpf(object, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : 1;
    json_decref(object);
    putchar('\n');
    return failed ? IMGCLS_IO : IMGCLS_OK;
}

/* ---- The whole ------------------------------------------------------------------------*/

static void release_held(struct classifying *work)
{
    if (work->held_file)
        command_complain(work->line, "%s: %s", work->held_file,
                         work->held ? work->held : "");
    free(work->held);
    work->held = NULL;
    work->held_file = NULL;
}

/* Reports a failure and gives IMGCLS_OK, or gives it back where it is every picture's. */
static imgcls_status report(struct classifying *work, const char *file,
                            imgcls_status status)
{
    const char *error = imgcls_error(work->ctx);
    size_t length = strlen(file);
    bool own = strncmp(error, file, length) == 0 && strncmp(error + length, ": ", 2) == 0;
    bool alone = work->line->positional_count == 2;
    if (status == IMGCLS_INTERRUPTED || status == IMGCLS_NO_MEMORY ||
        status == IMGCLS_LIMIT)
        return status;
    if (!own && (alone || (work->held && strcmp(work->held, error) == 0))) {
        work->held_file = NULL; /* command_end says it once */
        return status;
    }
    release_held(work);
    if (own) {
        error += length + 2;
        command_complain(work->line, "%s: %s", file, error);
    } else {
        work->held_file = file;
        work->held = strdup(error);
    }
    work->worst = status;
    if (work->results)
        add_result(work, file, json_array(), error);
    return IMGCLS_OK;
}

static imgcls_status classify(struct classifying *work, const char *file)
{
    size_t count = 0;
    imgcls_status status =
        imgcls_model_classify(work->model, file, work->top, work->best, &count);
    if (status != IMGCLS_OK)
        return report(work, file, status);
    release_held(work);
    if (work->results)
        add_result(work, file, answers_json(work, count), NULL);
    else
        print_answers(work, file, count);
    return IMGCLS_OK;
}

static imgcls_status classify_all(struct classifying *work)
{
    struct model_options given;
    model_options_take(work->line, &given);
    given.options.once = work->line->positional_count == 2; /* one picture: one run */
    imgcls_status status = imgcls_model_open_with(work->ctx, work->line->positionals[0],
                                                  &given.options, &work->model);
    for (size_t i = 1; i < work->line->positional_count && status == IMGCLS_OK; i++)
        status = classify(work, work->line->positionals[i]);
    release_held(work);
    if (status == IMGCLS_OK && work->results)
        status = print_json(work);
    return status;
}

int main(int argc, char **argv)
{
    struct command_line line;
    int exit_status = command_line_parse(&command, argc, argv, &line);
    if (exit_status >= 0)
        return exit_status;
    long long top;
    if (!command_integer(&line, "top", 1, TOP_MAX, 5, &top))
        return command_refuse(&line);
    struct classifying work = {.line = &line, .top = (size_t)top, .colour = wants_colour()};
    work.ctx = command_context(&line);
    if (!work.ctx)
        return command_refuse(&line);
    work.best = calloc(work.top, sizeof *work.best);
    work.results = line.json ? json_array() : NULL;
    imgcls_status status = work.best ? classify_all(&work) : IMGCLS_NO_MEMORY;
    imgcls_model_close(work.model);
    free(work.best);
    json_decref(work.results);
    exit_status = command_end(&line, work.ctx, status);
    return exit_status == 0 && work.worst != IMGCLS_OK ? 2 : exit_status;
}
