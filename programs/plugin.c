/*
 * programs/plugin.c - imgcls-plugin: which plugins there are, and help for who writes one
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/command.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <imgcls/plugin.h>
#include <imgcls/registry.h>

#include "programs/skeleton.h"

static const struct command_option options[] = {
    {"verbose", 'v', NULL,
     "list: also folders searched, every offer, every reason; test: also\n"
     "what holds"},
    {NULL, 0, NULL, NULL},
};

static const struct command command = {
    .name = "imgcls-plugin",
    .summary = "Show, check and test plugins: formats, operators, architectures.",
    .synopsis = "list [--verbose]\ncheck FILE.so...\ntest [PLUGIN...]\nnew NAME",
    .details = "list shows every plugin file found, from where, and what each offers. "
               "Searched are the\n"
               "folders of IMGCLS_PLUGIN_PATH (separated by colons), then the installed "
               "folder; the\n"
               "first of a name wins. IMGCLS_PLUGIN_DISABLE=GLOB,... switches plugins off "
               "by their own\n"
               "or their file's name.\n"
               "check loads one file and says what it offers, or why it is refused (status "
               "1). A file\n"
               "is first loaded in a process of its own, so that a crash or a hang is a "
               "reason and\n"
               "not the end.\n"
               "test asks plugins, by name or file, what every plugin must answer: all of "
               "them where\n"
               "none is named.\n"
               "new writes a folder with an operator plugin that compiles and works, to "
               "start from.",
    .options = options,
    .examples = "  imgcls-plugin list\n"
                "  imgcls-plugin new leaky && make -C leaky\n"
                "  imgcls-plugin check leaky/leaky.so\n"
                "  IMGCLS_PLUGIN_DISABLE='kernels*' imgcls-verify model.onnx",
    .positional_min = 1,
    .positional_max = -1,
};

static const char *const states[] = {
    [IMGCLS_PLUGIN_READY] = "ready",       [IMGCLS_PLUGIN_LOADED] = "loaded",
    [IMGCLS_PLUGIN_REFUSED] = "refused",   [IMGCLS_PLUGIN_DISABLED] = "disabled",
    [IMGCLS_PLUGIN_SHADOWED] = "shadowed",
};

/* ---- JSON -----------------------------------------------------------------------------*/

/* A path need not be UTF-8; JSON must. */
static json_t *text_json(const char *text)
{
    if (!text)
        return json_null();
    json_t *json = json_string(text);
    if (json)
        return json;
    char *ascii = strdup(text);
    for (char *at = ascii; at && *at; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    json = ascii ? json_string(ascii) : NULL;
    free(ascii);
    return json;
}

static void abi_text(const struct imgcls_plugin_info *info, char *text, size_t capacity)
{
    if (info->abi_major < 0) /* refused before it was read */
        snprintf(text, capacity, "unknown");
    else
        snprintf(text, capacity, "%d.%d", info->abi_major, info->abi_minor_needed);
}

static json_t *info_json(const struct imgcls_plugin_info *info)
{
    char abi[32];
    abi_text(info, abi, sizeof abi);
    json_t *offers = json_array();
    for (size_t i = 0; i < info->offer_count; i++)
        json_array_append_new(offers, text_json(info->offers[i]));
    json_t *object = json_object();
    json_object_set_new(object, "name", text_json(info->name));
    json_object_set_new(object, "version", text_json(info->version));
    json_object_set_new(object, "licence", text_json(info->licence));
    json_object_set_new(object, "path", text_json(info->path));
    json_object_set_new(object, "abi", text_json(info->abi_major < 0 ? NULL : abi));
    json_object_set_new(object, "state", text_json(states[info->state]));
    json_object_set_new(object, "sha256", text_json(info->sha256));
    json_object_set_new(object, "offers", offers);
    if (info->reason)
        json_object_set_new(object, "refused", text_json(info->reason));
    return object;
}

static bool print_json(json_t *object)
{
    bool printed = object && json_dumpf(object, stdout, JSON_INDENT(1)) == 0;
    putchar('\n');
    json_decref(object);
    return printed;
}

static imgcls_status list_json(struct imgcls_context *ctx)
{
    struct imgcls_plugin_info info = {.struct_size = sizeof info};
    json_t *plugins = json_array(), *folders = json_array();
    const char *folder, *note;
    size_t count = imgcls_plugin_count(ctx);
    for (size_t i = 0; i < count; i++)
        if (imgcls_plugin_at(ctx, i, &info) == IMGCLS_OK)
            json_array_append_new(plugins, info_json(&info));
    for (size_t i = 0; (folder = imgcls_plugin_folder(ctx, i, &note)); i++)
        json_array_append_new(folders, json_pack("{s:o, s:o}", "path", text_json(folder),
                                                 "note", text_json(note)));
    return print_json(json_pack("{s:o, s:o, s:s}", "plugins", plugins, "folders", folders,
                                "version", imgcls_version()))
               ? IMGCLS_OK
               : IMGCLS_NO_MEMORY;
}

/* ---- Words ----------------------------------------------------------------------------*/

/* "12 ops, 30 kernels, 1 format": by the first word of each offer. */
static void count_offers(const struct imgcls_plugin_info *info, char *text, size_t capacity)
{
    static const struct {
        const char *word, *one, *many;
    } kinds[] = {
        {"op ", "operator", "operators"},
        {"kernels-for ", "foreign operator", "foreign operators"},
        {"kernel ", "kernel", "kernels"},
        {"format ", "format", "formats"},
        {"architecture ", "architecture", "architectures"},
        {"service ", "service", "services"},
    };
    size_t used = 0;
    snprintf(text, capacity, "-");
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        size_t count = 0;
        for (size_t i = 0; i < info->offer_count; i++)
            count += strncmp(info->offers[i], kinds[k].word, strlen(kinds[k].word)) == 0;
        if (count && used < capacity)
            used +=
                (size_t)snprintf(text + used, capacity - used, "%s%zu %s", used ? ", " : "",
                                 count, count == 1 ? kinds[k].one : kinds[k].many);
    }
}

#define COLUMNS 7

static void make_row(const struct imgcls_plugin_info *info, char *row[COLUMNS])
{
    char abi[32], offers[200];
    abi_text(info, abi, sizeof abi);
    count_offers(info, offers, sizeof offers);
    const char *cells[COLUMNS] = {info->name ? info->name : "-",
                                  info->version ? info->version : "-",
                                  info->licence ? info->licence : "-",
                                  abi,
                                  states[info->state],
                                  offers,
                                  info->path};
    for (int c = 0; c < COLUMNS; c++)
        row[c] = strdup(cells[c]);
}

static void print_table(char *(*rows)[COLUMNS], size_t count)
{
    static const char *const heads[COLUMNS] = {"NAME",  "VERSION", "LICENCE", "ABI",
                                               "STATE", "OFFERS",  "FILE"};
    int widths[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) {
        widths[c] = terminal_width_of(heads[c]);
        for (size_t i = 0; i < count; i++)
            if (rows[i][c] && terminal_width_of(rows[i][c]) > widths[c])
                widths[c] = terminal_width_of(rows[i][c]);
    }
    for (size_t i = 0; i <= count; i++) {
        for (int c = 0; c < COLUMNS; c++) {
            const char *cell = i ? rows[i - 1][c] : heads[c];
            terminal_pad(stdout, cell ? cell : "?", c + 1 < COLUMNS ? widths[c] + 2 : 0);
        }
        putchar('\n');
    }
}

/* Below the table: what does not fit into a row. */
static void print_details(struct imgcls_context *ctx, size_t count)
{
    struct imgcls_plugin_info info = {.struct_size = sizeof info};
    const char *folder, *note;
    printf("\nFolders searched:\n");
    for (size_t i = 0; (folder = imgcls_plugin_folder(ctx, i, &note)); i++)
        printf("  %s: %s\n", folder, note);
    for (size_t i = 0; i < count; i++) {
        if (imgcls_plugin_at(ctx, i, &info) != IMGCLS_OK)
            continue;
        printf("\n%s\n  sha256 %s\n", info.path,
               info.sha256 ? info.sha256 : "not readable");
        if (info.reason)
            printf("  %s: %s\n", states[info.state], info.reason);
        for (size_t k = 0; k < info.offer_count; k++)
            printf("  %s\n", info.offers[k]);
    }
}

static imgcls_status list_words(struct imgcls_context *ctx, bool verbose)
{
    struct imgcls_plugin_info info = {.struct_size = sizeof info};
    size_t count = imgcls_plugin_count(ctx), used = 0;
    char *(*rows)[COLUMNS] = calloc(count + 1, sizeof *rows);
    if (!rows)
        return IMGCLS_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        if (imgcls_plugin_at(ctx, i, &info) == IMGCLS_OK)
            make_row(&info, rows[used++]);
    if (used > 0)
        print_table(rows, used);
    else
        printf(
            "no plugins found; searched are IMGCLS_PLUGIN_PATH and the installed folder\n");
    if (verbose)
        print_details(ctx, count);
    for (size_t i = 0; i < used; i++)
        for (int c = 0; c < COLUMNS; c++)
            free(rows[i][c]);
    free(rows);
    return IMGCLS_OK;
}

/* ---- The verbs ------------------------------------------------------------------------*/

static imgcls_status list(const struct command_line *line, struct imgcls_context *ctx)
{
    if (line->json)
        return list_json(ctx);
    return list_words(ctx, command_value(line, "verbose") != NULL);
}

static void print_check(const struct imgcls_plugin_info *info)
{
    char abi[32], offers[200];
    abi_text(info, abi, sizeof abi);
    count_offers(info, offers, sizeof offers);
    printf("%s: %s %s (%s), plugin ABI %s, host ABI %d.%d: %s\n", info->path, info->name,
           info->version, info->licence, abi, IMGCLS_ABI_MAJOR, IMGCLS_ABI_MINOR, offers);
    for (size_t i = 0; i < info->offer_count; i++)
        printf("  %s\n", info->offers[i]);
}

static imgcls_status check(const struct command_line *line, struct imgcls_context *ctx)
{
    struct imgcls_plugin_info info = {.struct_size = sizeof info};
    json_t *plugins = json_array();
    char abi[32];
    imgcls_status result = IMGCLS_OK;
    for (size_t i = 1; i < line->positional_count; i++) {
        imgcls_status status = imgcls_plugin_check(ctx, line->positionals[i], &info);
        if (status != IMGCLS_OK) {
            json_decref(plugins);
            return status;
        }
        bool refused = info.state == IMGCLS_PLUGIN_REFUSED;
        if (refused) {
            result = IMGCLS_MISMATCH;
            abi_text(&info, abi, sizeof abi);
            command_complain(line, "%s: refused: %s (plugin ABI %s, host ABI %d.%d)",
                             info.path, info.reason, abi, IMGCLS_ABI_MAJOR,
                             IMGCLS_ABI_MINOR);
        }
        if (line->json)
            json_array_append_new(plugins, info_json(&info));
        else if (!refused && !line->quiet)
            print_check(&info);
    }
    if (line->json) {
        if (!print_json(json_pack("{s:o}", "plugins", plugins)))
            return IMGCLS_NO_MEMORY;
    } else {
        json_decref(plugins);
    }
    return result;
}

struct test_count {
    bool verbose, quiet;
    const char *file;
    size_t held, failed;
    json_t *problems; /* NULL: words */
};

static void report(void *argument, const char *rule, const char *subject,
                   const char *problem)
{
    struct test_count *count = argument;
    count->held += problem == NULL;
    count->failed += problem != NULL;
    if (count->problems && problem)
        json_array_append_new(count->problems,
                              json_pack("{s:o, s:s, s:o, s:o}", "path",
                                        text_json(count->file), "rule", rule, "subject",
                                        text_json(subject), "problem", text_json(problem)));
    else if (!count->problems && (problem || count->verbose))
        printf("%s: %s: %s: %s\n", count->file, rule, subject, problem ? problem : "holds");
}

static imgcls_status test_one(struct imgcls_context *ctx, size_t index,
                              struct test_count *count)
{
    struct imgcls_plugin_info info = {.struct_size = sizeof info};
    imgcls_status status = imgcls_plugin_at(ctx, index, &info);
    if (status != IMGCLS_OK)
        return status;
    size_t before = count->failed;
    count->file = info.path;
    status = imgcls_plugin_test(ctx, index, report, count);
    if (status == IMGCLS_MISMATCH && count->failed == before)
        report(count, "can-be-loaded", info.path, imgcls_error(ctx));
    return status == IMGCLS_MISMATCH ? IMGCLS_OK : status;
}

/* Index of a plugin by its name or, where that names a file, by loading it. */
static imgcls_status find(struct imgcls_context *ctx, const char *name, size_t *index)
{
    struct imgcls_plugin_info info = {.struct_size = sizeof info}, one = info;
    size_t count = imgcls_plugin_count(ctx);
    bool is_file = strchr(name, '/') != NULL || strstr(name, ".so") != NULL;
    if (is_file) {
        imgcls_status status = imgcls_plugin_check(ctx, name, &info);
        if (status != IMGCLS_OK)
            return status;
        count = imgcls_plugin_count(ctx);
    }
    for (*index = 0; *index < count; ++*index) {
        imgcls_status status = imgcls_plugin_at(ctx, *index, &one);
        if (status != IMGCLS_OK)
            return status;
        if (is_file ? strcmp(one.path, info.path) == 0
                    : one.name && strcmp(one.name, name) == 0 &&
                          one.state != IMGCLS_PLUGIN_SHADOWED)
            return IMGCLS_OK;
    }
    return IMGCLS_BAD_INPUT;
}

static imgcls_status test(const struct command_line *line, struct imgcls_context *ctx)
{
    struct test_count count = {.verbose = command_value(line, "verbose") != NULL,
                               .quiet = line->quiet,
                               .problems = line->json ? json_array() : NULL};
    struct imgcls_plugin_info info = {.struct_size = sizeof info};
    imgcls_status status = IMGCLS_OK;
    size_t all = line->positional_count == 1 ? imgcls_plugin_count(ctx) : 0, index = 0;
    for (size_t i = 0; i < all && status == IMGCLS_OK; i++) {
        status = imgcls_plugin_at(ctx, i, &info);
        if (status == IMGCLS_OK && info.state <= IMGCLS_PLUGIN_REFUSED)
            status = test_one(ctx, i, &count);
    }
    for (size_t i = 1; i < line->positional_count && status == IMGCLS_OK; i++) {
        status = find(ctx, line->positionals[i], &index);
        if (status == IMGCLS_BAD_INPUT && !*imgcls_error(ctx))
            command_complain(line, "%s: no plugin has that name; see imgcls-plugin list",
                             line->positionals[i]);
        if (status == IMGCLS_OK)
            status = test_one(ctx, index, &count);
    }
    if (status == IMGCLS_OK && line->json) {
        json_t *object =
            json_pack("{s:b, s:I, s:I, s:o}", "passed", count.failed == 0, "held",
                      (json_int_t)count.held, "failed", (json_int_t)count.failed,
                      "problems", json_incref(count.problems));
        status = print_json(object) ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    } else if (status == IMGCLS_OK && !line->quiet) {
        printf("%zu held, %zu did not\n", count.held, count.failed);
    }
    json_decref(count.problems);
    return status == IMGCLS_OK && count.failed ? IMGCLS_MISMATCH : status;
}

/* ---- Which verb -----------------------------------------------------------------------*/

/* The failure is on the screen already: only the exit status is left. */
static int end_with(struct command_line *line, struct imgcls_context *ctx, int exit_status)
{
    int end = command_end(line, ctx, IMGCLS_OK);
    return end ? end : exit_status;
}

static int new_plugin(struct command_line *line)
{
    const char *name = line->positionals[1];
    bool written = skeleton_write(line, name);
    if (written && line->json)
        written = print_json(
            json_pack("{s:[s+++, s+]}", "files", name, "/", name, ".c", name, "/Makefile"));
    else if (written && !line->quiet)
        printf("%s/%s.c and %s/Makefile written; next: make -C %s\n", name, name, name,
               name);
    return end_with(line, NULL, written ? 0 : 2);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *verb;
        imgcls_status (*run)(const struct command_line *line, struct imgcls_context *ctx);
        size_t least, most; /* words behind the verb */
    } verbs[] = {
        {"list", list, 0, 0},
        {"check", check, 1, SIZE_MAX},
        {"test", test, 0, SIZE_MAX},
        {"new", NULL, 1, 1},
    };
    struct command_line line;
    int exit_status = command_line_parse(&command, argc, argv, &line);
    if (exit_status >= 0)
        return exit_status;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        size_t words = line.positional_count - 1;
        if (strcmp(verbs[i].verb, line.positionals[0]) != 0)
            continue;
        if (words < verbs[i].least || words > verbs[i].most) {
            command_complain(&line, "%s: %zu names behind it, allowed %s", verbs[i].verb,
                             words,
                             verbs[i].most == 0   ? "is none"
                             : verbs[i].most == 1 ? "is one"
                                                  : "are one or more");
            return end_with(&line, NULL, 2);
        }
        if (!verbs[i].run)
            return new_plugin(&line);
        struct imgcls_context *ctx = command_context(&line);
        if (!ctx)
            return end_with(&line, NULL, 2);
        imgcls_status status = verbs[i].run(&line, ctx);
        /* Refusals and broken rules have been said, one by one. */
        if (status == IMGCLS_MISMATCH || (status != IMGCLS_OK && !*imgcls_error(ctx)))
            return end_with(&line, ctx, status == IMGCLS_MISMATCH ? 1 : 2);
        return command_end(&line, ctx, status);
    }
    command_complain(&line, "'%s': allowed are list, check, test and new",
                     line.positionals[0]);
    return end_with(&line, NULL, 2);
}
