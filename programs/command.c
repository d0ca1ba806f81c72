/*
 * programs/command.c - options by table, --help made of the same table, exit status
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/command.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <imgcls/plugin.h>

/* In every command; listed after its own. */
static const struct command_option shared[] = {
    {"threads", 't', "N", "compute with N threads (default: the CPUs this process may use)"},
    {"json", 0, NULL, "print one JSON object on standard output and nothing else there"},
    {"quiet", 'q', NULL, "no progress and no remarks, only results and errors"},
    {"help", 'h', NULL, "show this text and exit"},
    {"version", 'V', NULL, "show the version and exit"},
    {NULL, 0, NULL, NULL},
};

static size_t count_options(const struct command_option *options)
{
    size_t count = 0;
    while (options && options[count].name)
        count++;
    return count;
}

void command_complain(const struct command_line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", line->command->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static void print_options(const struct command_option *options)
{
    for (; options && options->name; options++) {
        char left[64];
        snprintf(left, sizeof left, "%s%c%s --%s%s%s", options->letter ? "-" : " ",
                 options->letter ? options->letter : ' ', options->letter ? "," : " ",
                 options->name, options->argument ? " " : "",
                 options->argument ? options->argument : "");
        const char *text = options->help;
        bool first = true;
        while (text && *text) {
            size_t length = strcspn(text, "\n");
            if (first && strlen(left) > 26)
                printf("  %s\n  %-26s  %.*s\n", left, "", (int)length, text);
            else
                printf("  %-26s  %.*s\n", first ? left : "", (int)length, text);
            first = false;
            text += length + (text[length] == '\n');
        }
    }
}

static void print_help(const struct command *command)
{
    const char *form = command->synopsis;
    const char *before = "Usage:";
    while (*form) {
        size_t length = strcspn(form, "\n");
        printf("%s %s %.*s\n", before, command->name, (int)length, form);
        before = "  or: ";
        form += length + (form[length] == '\n');
    }
    printf("%s\n", command->summary);
    if (command->details)
        printf("\n%s\n", command->details);
    printf("\nOptions:\n");
    print_options(command->options);
    print_options(shared);
    if (command->examples)
        printf("\nExamples:\n%s\n", command->examples);
    printf("\nExit status: 0 done, 1 the check that was asked for failed, 2 bad usage or bad\n"
           "input, 3 out of memory or past a limit, 130 interrupted.\n");
}

static void on_signal(int number)
{
    (void)number;
    imgcls_interrupt();
}

static void install_handlers(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    /* The second signal of a kind ends the process as usual, should work not stop. */
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* A reader that has gone must not end work that is to leave something behind: end_output. */
    signal(SIGPIPE, SIG_IGN);
}

/* Has whoever read our standard output gone? errno may be of a later call. */
static bool reader_is_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO};
    return poll(&output, 1, 0) > 0 && (output.revents & POLLERR);
}

/* What was printed arrives, or it is said why not. `imgcls-... | head` has what it wanted: the
 * process ends, its work done, as one that leaves SIGPIPE alone does. */
static bool end_output(const struct command_line *line)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    if (errno == EPIPE || reader_is_gone()) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    command_complain(line, "standard output: %s", strerror(errno));
    return false;
}

/* getopt's tables from ours; values of `val` are 256 + row, so letters need no mapping. */
static bool make_tables(const struct command *command, const struct command_option **rows,
                        struct option *longs, char *letters)
{
    size_t own = count_options(command->options), all = own + count_options(shared);
    char *letter = letters;
    for (size_t i = 0; i < all; i++) {
        rows[i] = i < own ? &command->options[i] : &shared[i - own];
        longs[i] = (struct option){.name = rows[i]->name,
                                   .has_arg = rows[i]->argument ? required_argument
                                                                : no_argument,
                                   .val = 256 + (int)i};
        if (rows[i]->letter) {
            *letter++ = rows[i]->letter;
            if (rows[i]->argument)
                *letter++ = ':';
        }
    }
    *letter = '\0';
    longs[all] = (struct option){0};
    return true;
}

static const struct command_option *row_of(const struct command_option **rows, size_t count,
                                           int value)
{
    if (value >= 256)
        return rows[value - 256];
    for (size_t i = 0; i < count; i++)
        if (rows[i]->letter == value)
            return rows[i];
    return NULL;
}

static int usage_error(const struct command_line *line)
{
    fprintf(stderr, "Try '%s --help'.\n", line->command->name);
    return 2;
}

static void free_line(struct command_line *line)
{
    free(line->given);
    free(line->positionals);
    line->given = NULL;
    line->positionals = NULL;
}

static int check_positionals(struct command_line *line, int argc, char **argv)
{
    const struct command *command = line->command;
    int count = argc - optind;
    if (count < command->positional_min) {
        command_complain(line, "%s", count == 0 ? "nothing to work on was named"
                                                : "more names are needed");
        return usage_error(line);
    }
    if (command->positional_max >= 0 && count > command->positional_max) {
        command_complain(line, "'%s': one name too many",
                         argv[optind + command->positional_max]);
        return usage_error(line);
    }
    line->positionals = calloc((size_t)count + 1, sizeof *line->positionals);
    if (!line->positionals)
        return 3;
    for (int i = 0; i < count; i++)
        line->positionals[i] = argv[optind + i];
    line->positional_count = (size_t)count;
    return -1;
}

/* The rows that every command has; -1 to go on. */
static int take_shared(struct command_line *line)
{
    long long threads;
    line->quiet = command_value(line, "quiet") != NULL;
    line->json = command_value(line, "json") != NULL;
    if (!command_integer(line, "threads", 1, 1024, 0, &threads))
        return 2;
    line->threads = (int)threads;
    return -1;
}

int command_line_parse(const struct command *command, int argc, char **argv,
                       struct command_line *line)
{
    const struct command_option *rows[64];
    struct option longs[65];
    char letters[130];
    size_t count = count_options(command->options) + count_options(shared);
    *line = (struct command_line){.command = command};
    /* Characters of the user's language for width and output; numbers stay the C locale's,
     * so that no recipe, JSON or CSV depends on where the program runs. */
    setlocale(LC_CTYPE, "");
    install_handlers();
    make_tables(command, rows, longs, letters);
    line->given = calloc((size_t)argc + 1, sizeof *line->given);
    if (!line->given)
        return 3;
    int status = -1, value;
    optind = 1;
    opterr = 0;
    while (status < 0 && (value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        const struct command_option *row = value == '?' ? NULL : row_of(rows, count, value);
        if (!row) {
            const char *word = argv[optind - 1];
            command_complain(line, optopt && (optopt >= 256 || strchr(letters, optopt))
                                       ? "option '%s' needs a value"
                                       : "there is no option '%s'",
                             word);
            status = usage_error(line);
        } else if (strcmp(row->name, "help") == 0) {
            print_help(command);
            status = end_output(line) ? 0 : 2;
        } else if (strcmp(row->name, "version") == 0) {
            printf("%s (imgcls) %s\n", command->name, imgcls_version());
            status = end_output(line) ? 0 : 2;
        } else {
            line->given[line->given_count++] =
                (struct command_given){row->name, row->argument ? optarg : ""};
        }
    }
    if (status < 0)
        status = take_shared(line);
    if (status < 0)
        status = check_positionals(line, argc, argv);
    if (status >= 0)
        free_line(line);
    return status;
}

const char *command_value_at(const struct command_line *line, const char *name, size_t index)
{
    for (size_t i = 0; i < line->given_count; i++)
        if (strcmp(line->given[i].name, name) == 0 && index-- == 0)
            return line->given[i].value;
    return NULL;
}

const char *command_value(const struct command_line *line, const char *name)
{
    const char *last = NULL;
    for (size_t i = 0; i < line->given_count; i++)
        if (strcmp(line->given[i].name, name) == 0)
            last = line->given[i].value;
    return last;
}

bool command_integer(const struct command_line *line, const char *name, long long min,
                     long long max, long long fallback, long long *out)
{
    const char *text = command_value(line, name);
    *out = fallback;
    if (!text)
        return true;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < min || value > max) {
        command_complain(line, "--%s %s: a whole number from %lld to %lld is wanted", name,
                         text, min, max);
        usage_error(line);
        return false;
    }
    *out = value;
    return true;
}

bool command_number(const struct command_line *line, const char *name, double min, double max,
                    double fallback, double *out)
{
    const char *text = command_value(line, name);
    *out = fallback;
    if (!text)
        return true;
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value < min || value > max) {
        command_complain(line, "--%s %s: a number from %g to %g is wanted", name, text, min,
                         max);
        usage_error(line);
        return false;
    }
    *out = value;
    return true;
}

static void log_to_stderr(void *argument, int32_t level, const char *text)
{
    const struct command_line *line = argument;
    if (level > IMGCLS_LOG_WARNING || (line->quiet && level > IMGCLS_LOG_ERROR))
        return;
    fprintf(stderr, "%s: %s%s\n", line->command->name,
            level == IMGCLS_LOG_WARNING ? "warning: " : "", text);
}

/* "512M" and the like; 0 where it is no size. */
static unsigned long long size_of_text(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    unsigned shift = *end == 'K' || *end == 'k'   ? 10
                     : *end == 'M' || *end == 'm' ? 20
                     : *end == 'G' || *end == 'g' ? 30
                                                  : 0;
    if (errno || end == text || *text == '-' || (shift && end[1]) || (!shift && *end) ||
        value > (UINT64_MAX >> shift))
        return 0;
    return value << shift;
}

struct imgcls_context *command_context(const struct command_line *line)
{
    struct imgcls_context_options options = {
        .struct_size = sizeof options,
        .threads = line->threads,
        .log = log_to_stderr,
        .log_argument = (void *)line,
    };
    long long iterations;
    if (!command_integer(line, "max-iterations", 1, INT64_MAX, 0, &iterations))
        return NULL;
    options.max_iterations = iterations;
    const char *limit = command_value(line, "memory-limit");
    if (limit && (options.memory_limit = size_of_text(limit)) == 0) {
        command_complain(line, "--memory-limit %s: bytes, or a number with K, M or G, are "
                               "wanted", limit);
        return NULL;
    }
    struct imgcls_context *ctx;
    imgcls_status status = imgcls_context_create(&options, &ctx);
    if (status != IMGCLS_OK) {
        command_complain(line, "%s", ctx ? imgcls_error(ctx) : imgcls_status_text(status));
        imgcls_context_destroy(ctx);
        return NULL;
    }
    return ctx;
}

/* The contract's exit status for each imgcls_status. */
static int exit_status_of(imgcls_status status)
{
    static const int statuses[] = {
        [IMGCLS_OK] = 0,        [IMGCLS_MISMATCH] = 1,  [IMGCLS_BAD_INPUT] = 2,
        [IMGCLS_UNSUPPORTED] = 2, [IMGCLS_IO] = 2,      [IMGCLS_NO_MEMORY] = 3,
        [IMGCLS_LIMIT] = 3,     [IMGCLS_INTERRUPTED] = 130, [IMGCLS_INTERNAL] = 2,
    };
    if (status < 0 || (size_t)status >= sizeof statuses / sizeof statuses[0])
        return 2;
    return statuses[status];
}

int command_refuse(struct command_line *line)
{
    free_line(line);
    return 2;
}

int command_end(struct command_line *line, struct imgcls_context *ctx, imgcls_status status)
{
    if (status != IMGCLS_OK) {
        const char *text = ctx ? imgcls_error(ctx) : "";
        command_complain(line, "%s", *text ? text : imgcls_status_text(status));
    }
    imgcls_context_destroy(ctx);
    if (status != IMGCLS_OK) /* one reason is enough */
        fflush(stdout);
    else if (!end_output(line))
        status = IMGCLS_IO;
    free_line(line);
    return exit_status_of(status);
}

/* Most pictures' pixels take less than LARGE; what all of them take again is not given back each time. */
#define LARGE (1 << 20)
#define REST  (4 << 20)

void command_keep_memory_steady(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, LARGE); /* fixed from here on */
    mallopt(M_TRIM_THRESHOLD, REST);
#endif
}

void command_give_memory_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
