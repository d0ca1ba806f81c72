/*
 * programs/command.h - what all commands share: options by table, help, messages, exit status
 *
 * A command is one struct command and one main(). The table makes getopt_long's tables and
 * the text of --help, from which help2man makes the man page; --help, --version, --quiet,
 * --json and --threads are in every command without being listed.
 *
 *     struct command_line line;
 *     int status = command_line_parse(&command, argc, argv, &line);
 *     if (status >= 0)
 *         return status;             // --help, --version, or a usage error already printed
 *     ... command_value(&line, "labels") ...
 *     return command_end(&line, ctx, result);   // prints the failure, frees, exit status
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <imgcls/imgcls.h>

#include <stdbool.h>
#include <stdio.h>

struct command_option {
    const char *name;     /* long name without dashes; NULL ends the table */
    char letter;          /* short name, or 0 */
    const char *argument; /* "FILE", "N"; NULL: a flag */
    const char *help;     /* one or more lines separated by \n */
};

struct command {
    const char *name;     /* "imgcls-convert" */
    const char *summary;  /* one line */
    const char *synopsis; /* forms, one a line, without the name: "MODEL [-o OUT]" */
    const char *details;  /* paragraphs that teach; may be NULL */
    const struct command_option *options;
    const char *examples; /* indented lines; may be NULL */
    int positional_min, positional_max; /* max -1: any number */
};

struct command_given {
    const char *name, *value;
};

struct command_line {
    const struct command *command;
    struct command_given *given; /* in order of appearance */
    size_t given_count;
    const char **positionals;
    size_t positional_count;
    bool quiet, json;
    int threads; /* 0: all that are allowed */
};

/* Parses; -1 to go on, else the exit status to return at once. Also installs handlers of
 * SIGINT and SIGTERM that call imgcls_interrupt. */
int command_line_parse(const struct command *command, int argc, char **argv,
                       struct command_line *line);
/* Last value given for an option, NULL where it was not given ("" for a flag). */
const char *command_value(const struct command_line *line, const char *name);
/* Value number `index` of a repeatable option, NULL past the last. */
const char *command_value_at(const struct command_line *line, const char *name, size_t index);
/* An integer in [min, max]; fallback where not given. False after printing a usage error. */
bool command_integer(const struct command_line *line, const char *name, long long min,
                     long long max, long long fallback, long long *out);
/* A finite number in [min, max], decimal point whatever the locale. */
bool command_number(const struct command_line *line, const char *name, double min, double max,
                    double fallback, double *out);
/* A context with the line's threads, log to standard error (warnings; with quiet errors
 * alone). NULL after printing why not. */
struct imgcls_context *command_context(const struct command_line *line);
/* "imgcls-NAME: text" on standard error. */
void command_complain(const struct command_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints the context's failure where status is one, destroys the context, frees the line,
 * flushes standard output (a failing write is a failure) and gives the exit status of
 * design's contract: 0, 1 mismatch, 2 bad, 3 memory or limit, 130 interrupted. */
int command_end(struct command_line *line, struct imgcls_context *ctx, imgcls_status status);
/* After a usage error that has been printed: frees the line and gives 2. */
int command_refuse(struct command_line *line);

/* For commands that take one file after the other: memory of a large file goes back to the system when
 * it is done with. (glibc would keep as much as the largest one so far took, for each thread.) */
void command_keep_memory_steady(void);
/* All that was freed goes back: now and then, for what lies between small blocks that stay. */
void command_give_memory_back(void);

/* Progress on standard error: a bar with rate and time left on a terminal, a plain line now
 * and then elsewhere, nothing with --quiet or where standard error is no terminal and --json.
 * Not thread-safe. */
struct progress {
    const char *what, *unit;
    long long total, done;
    double began, shown;
    bool terminal, silent;
};
void progress_begin(struct progress *progress, const struct command_line *line,
                    const char *what, const char *unit, long long total);
void progress_show(struct progress *progress, long long done);
void progress_end(struct progress *progress);

/* Control characters out of what others wrote, for a name must not drive the terminal: "?" in their
 * place, byte for byte. */
void terminal_tame(char *text);
/* Writes a text so. */
void terminal_put(FILE *file, const char *text);
/* Columns that a UTF-8 text takes on a terminal (wide characters count 2). */
int terminal_width_of(const char *text);
/* Prints text padded to `width` columns; negative width aligns right. */
void terminal_pad(FILE *file, const char *text, int width);
/* Colours are welcome: the file is a terminal, not a dumb one, and NO_COLOR is not set. */
bool terminal_is_rich(FILE *file);
/* Columns of the terminal that the file is; 0: it is none, or does not say. */
int terminal_columns(FILE *file);
/* The locale's character set is UTF-8, by LC_ALL, LC_CTYPE or LANG. */
bool terminal_is_utf8(void);
/* A bar of `width` columns, filled to `fraction` (0..1) in eighths of a column. UTF-8. */
void terminal_bar(FILE *file, double fraction, int width);
/* An interval on a scale from 0 to 1 of `width` columns, with its value marked. UTF-8. */
void terminal_interval(FILE *file, double low, double value, double high, int width);

#endif
