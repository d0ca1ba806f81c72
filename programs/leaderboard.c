/*
 * programs/leaderboard.c - imgcls-leaderboard: what was measured, read from the database
 *
 * A subcommand is a function (leaderboard.h) and a row in subcommands[] at the end of the
 * file. Tables are for eyes: aligned, rates in percent, hashes cut; --json and export give
 * everything in full.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/leaderboard.h"

#include <string.h>

static const struct command_option options[] = {
    {"db", 0, "FILE", "the leaderboard; default: $IMGCLS_DB, else imgcls/leaderboard.db\n"
                      "under $XDG_DATA_HOME (~/.local/share)"},
    {"columns", 'c', "A,B,...", "list, export: columns to show; \"all\" for every one"},
    {"where", 'w', "COND", "list, export, pareto: only runs with column=value; also !=, <,\n"
                           "<=, >, >= and ~ (contains); may be given several times"},
    {"filter", 0, "COND", "the same as --where"},
    {"sort", 's', "COL[,desc]", "list, export: order, several separated by ';' (default:\n"
                                "top1,desc)"},
    {"limit", 'n', "N", "list, export, disagree: at most N rows, 0: all (list: 1000)"},
    {"worst", 0, "N", "classes: the N classes that do worst, 0: all in order (20)"},
    {"since", 0, "WHEN", "regressions: compare with what was there before WHEN, a time\n"
                         "such as 2026-11-25 or a run's number; without: each newest run\n"
                         "with the one before it"},
    {"tolerance", 0, "P", "regressions: a speed may fall by P percent (10)"},
    {"strict", 0, NULL, "regressions: exit 1 where there is one"},
    {"dataset", 0, "NAME", "import: what the figures are about (default: by the file's name)"},
    {"format", 'f', "FORMAT", "export: csv, json, markdown or html"},
    {"output", 'o', "FILE", "export: write to FILE instead of standard output"},
    {"pictures", 0, "PLACE", "export: the pictures of the page lie in this folder or archive\n"
                             "now, not where they were evaluated"},
    {"no-pictures", 0, NULL, "export: leave pictures out of the page"},
    {"time-limit", 0, "S", "query: stop after S seconds (default: 10)"},
    {NULL, 0, NULL, NULL},
};

static const struct command command = {
    .name = "imgcls-leaderboard",
    .summary = "List, show, compare, check and export what imgcls-eval has measured.",
    .synopsis = "list [--where COND]... [--sort COL[,desc]] [--columns A,B] [--limit N]\n"
                "show RUN\n"
                "compare RUN RUN\n"
                "disagree RUN RUN\n"
                "classes RUN [--worst N]\n"
                "pareto [--where COND]...\n"
                "regressions [--since WHEN] [--tolerance P] [--strict]\n"
                "drop\n"
                "check\n"
                "query \"SELECT ...\"\n"
                "export --format csv|json|markdown [-o FILE]\n"
                "export --format html [RUN [RUN]] [-o FILE]\n"
                "merge OTHER.db\n"
                "import RESULTS.csv [--dataset NAME]",
    .details =
        "Runs are never changed or deleted; the database itself refuses to. `compare` pairs\n"
        "two runs over the same pictures and gives McNemar's exact p-value: how likely a split\n"
        "at least as uneven is if both models were equally good; `disagree` lists the pictures\n"
        "to which they gave different answers. `pareto` gives the runs that no other beats in\n"
        "accuracy against time or size, `regressions` what got worse, `drop` what models of\n"
        "lower precision lose against their parents. `check` computes every figure again from\n"
        "the stored answers and exits 1 where one does not follow. `query` reads only; the\n"
        "view `leaderboard` has a row a run.\n"
        "\n"
        "`export --format html` makes one page that needs nothing else: of the whole board, of\n"
        "a run, or of two runs compared. csv has timm's column names, with percentages, unless\n"
        "--columns asks for our own. `merge` takes over runs of another leaderboard, once\n"
        "however often it is done; `import` keeps figures from timm's result tables beside the\n"
        "runs (view `board`), never among them.\n"
        "\n"
        "Tables show rates in percent; --json, json and query give fractions from 0 to 1.\n"
        "Colours and drawn intervals appear on a terminal only, and not with NO_COLOR set.",
    .options = options,
    .examples =
        "  imgcls-leaderboard list --where 'top1>0.7' --sort images_per_second,desc\n"
        "  imgcls-leaderboard show 3\n"
        "  imgcls-leaderboard compare 3 7\n"
        "  imgcls-leaderboard classes 3 --worst 10\n"
        "  imgcls-leaderboard pareto --where dataset=val\n"
        "  imgcls-leaderboard regressions --since 2026-11-01 --strict\n"
        "  imgcls-leaderboard export --format html 3 7 -o difference.html\n"
        "  imgcls-leaderboard query 'SELECT model, max(top1) FROM leaderboard GROUP BY model'",
    .positional_min = 1,
    .positional_max = 3,
};

static const struct {
    const char *name;
    size_t least, most; /* positionals after the name */
    const char *takes;
    const char *options; /* of the table above, that mean something to it; blanks between */
    bool writes;
    imgcls_status (*run)(struct job *job);
} subcommands[] = {
    {"list", 0, 0, "no further name", "columns where filter sort limit", false, leaderboard_list},
    {"show", 1, 1, "the number of a run", "", false, leaderboard_show},
    {"compare", 2, 2, "the numbers of two runs", "", false, leaderboard_compare},
    {"disagree", 2, 2, "the numbers of two runs", "limit", false, leaderboard_disagree},
    {"classes", 1, 1, "the number of a run", "worst", false, leaderboard_classes},
    {"pareto", 0, 0, "no further name", "where filter", false, leaderboard_pareto},
    {"regressions", 0, 0, "no further name (a time goes with --since)",
     "since tolerance strict", false, leaderboard_regressions},
    {"drop", 0, 0, "no further name", "", false, leaderboard_drop},
    {"check", 0, 0, "no further name", "", false, leaderboard_check},
    {"query", 1, 1, "one SELECT statement, quoted", "time-limit", false, leaderboard_query},
    {"export", 0, 2, "at most the numbers of two runs",
     "columns where filter sort limit format output pictures no-pictures", false, leaderboard_export},
    {"merge", 1, 1, "one other leaderboard", "", true, leaderboard_merge},
    {"import", 1, 1, "one csv file", "dataset", true, leaderboard_import},
};
#define SUBCOMMAND_COUNT (sizeof subcommands / sizeof subcommands[0])

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    const char *p;
    for (p = words; *p; p += strcspn(p, " "), p += *p == ' ')
        if (strcspn(p, " ") == length && strncmp(p, word, length) == 0)
            return true;
    return false;
}

/* An option that would change nothing was meant for something: says so. */
static bool options_fit(const struct command_line *line, size_t which)
{
    for (size_t i = 0; i < line->given_count; i++) {
        const char *name = line->given[i].name;
        for (size_t k = 0; options[k].name; k++) {
            if (strcmp(options[k].name, name) != 0 || strcmp(name, "db") == 0 ||
                has_word(subcommands[which].options, name))
                continue;
            command_complain(line, "--%s: not an option of %s", name, subcommands[which].name);
            return false;
        }
    }
    return true;
}

/* Index of what is asked for, SUBCOMMAND_COUNT after saying what is wrong. */
static size_t find_subcommand(const struct command_line *line)
{
    const char *name = line->positionals[0];
    char known[256] = "";
    size_t i, used = 0;
    for (i = 0; i < SUBCOMMAND_COUNT; i++) {
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 subcommands[i].name);
        if (strcmp(subcommands[i].name, name) != 0)
            continue;
        if (line->positional_count > subcommands[i].least &&
            line->positional_count <= subcommands[i].most + 1)
            return options_fit(line, i) ? i : SUBCOMMAND_COUNT;
        command_complain(line, "%s takes %s", name, subcommands[i].takes);
        return SUBCOMMAND_COUNT;
    }
    command_complain(line, "'%s': none of %s", name, known);
    return SUBCOMMAND_COUNT;
}

int main(int argc, char **argv)
{
    struct job job = {.usage = false};
    imgcls_status status;
    size_t which;
    int end = command_line_parse(&command, argc, argv, &job.line);
    if (end >= 0)
        return end;
    which = find_subcommand(&job.line);
    job.ctx = which < SUBCOMMAND_COUNT ? command_context(&job.line) : NULL;
    if (!job.ctx) {
        command_end(&job.line, NULL, IMGCLS_OK);
        return 2;
    }
    status = imgcls_board_open(job.ctx, command_value(&job.line, "db"),
                               subcommands[which].writes ? IMGCLS_BOARD_WRITE
                                                         : IMGCLS_BOARD_READ,
                               &job.board);
    if (status == IMGCLS_OK)
        status = subcommands[which].run(&job);
    imgcls_board_close(job.board);
    end = command_end(&job.line, job.ctx, status);
    return job.usage ? 2 : end == 0 && job.failed ? 1 : end;
}
