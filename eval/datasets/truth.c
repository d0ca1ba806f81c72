/*
 * eval/datasets/truth.c - lists of right answers become items: a name and a label
 *
 * Texts are cut in place: separators become zero bytes and items point between them.
 * Columns of a csv are found by their names, in any order; without a header the first field
 * is the name and the second the label.
 *
 * Not here: which picture an item is about, which class a label is (listed.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/datasets/truth.h"

#include "eval/datasets/class_names.h"
#include "eval/datasets/place.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#define FIELDS_MAX 64

const char *icl_truth_words(enum icl_truth_kind kind)
{
    static const char *const words[] = {
        "nothing",           "a list of names and classes", "the devkit's ground truth",
        "Kaggle's solution", "a table of pictures",         "ReaL labels"};
    return words[kind];
}

/* ---- Lines and fields
 * -------------------------------------------------------------------*/

/* The next line without its end, or NULL; *rest goes behind it. Cuts in place. */
static char *next_line(char **rest)
{
    char *line = *rest, *end;
    if (!line || !*line)
        return NULL;
    end = strchr(line, '\n');
    *rest = end ? end + 1 : line + strlen(line);
    if (end)
        *end = '\0';
    end = line + strlen(line);
    while (end > line && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return line;
}

static bool is_number(const char *text)
{
    size_t length = strspn(text, "0123456789");
    return length > 0 && length < 10 && !text[length];
}

/* Splits a line of separated values in place (RFC 4180 quoting); gives the number of
 * fields. */
static size_t split(char *line, char separator, char **fields)
{
    size_t count = 0;
    char *from = line, *to;
    for (;;) {
        bool quoted = *from == '"', more;
        if (count == FIELDS_MAX)
            return count;
        if (quoted)
            from++;
        fields[count++] = to = from;
        while (*from && (quoted || *from != separator)) {
            if (quoted && *from == '"') {
                if (from[1] != '"') {
                    quoted = false;
                    from++;
                    continue;
                }
                from++;
            }
            *to++ = *from++;
        }
        more = *from == separator;
        *to = '\0';
        if (!more)
            return count;
        from++;
    }
}

static char separator_of(const char *line)
{
    return strchr(line, ',')    ? ','
           : strchr(line, '\t') ? '\t'
           : strchr(line, ';')  ? ';'
                                : '\0';
}

/* A column by one of several names; -1: there is none. */
static int column(char *const *fields, size_t count, const char *const *names)
{
    size_t i;
    for (; *names; names++)
        for (i = 0; i < count; i++)
            if (strcasecmp(fields[i], *names) == 0)
                return (int)i;
    return -1;
}

static const char *const name_columns[] = {
    "path", "file", "filename", "file_name", "image", "image_path", "img", "name", NULL};
static const char *const label_columns[] = {
    "label",    "class", "target", "class_index", "index",      "label_index",
    "class_id", "y",     "wnid",   "synset",      "class_name", NULL};

/* ---- Which kind
 * -------------------------------------------------------------------------*/

static enum icl_truth_kind kind_of_table(char *line)
{
    char *fields[FIELDS_MAX];
    size_t count = split(line, separator_of(line), fields);
    static const char *const id[] = {"ImageId", NULL}, *const boxes[] = {"PredictionString",
                                                                         NULL};
    if (column(fields, count, id) >= 0 && column(fields, count, boxes) >= 0)
        return ICL_TRUTH_KAGGLE;
    if (column(fields, count, name_columns) >= 0 &&
        column(fields, count, label_columns) >= 0)
        return ICL_TRUTH_CSV;
    return count >= 2 && icl_is_picture_name(fields[0]) ? ICL_TRUTH_CSV : ICL_TRUTH_NONE;
}

enum icl_truth_kind icl_truth_kind_of(const char *text, size_t size)
{
    char line[1024], *last;
    size_t skip = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0, length;
    while (skip < size && isspace((unsigned char)text[skip]))
        skip++;
    for (length = 0; skip + length < size && text[skip + length] != '\n'; length++)
        if (!text[skip + length] || length + 1 == sizeof line)
            return skip < size && text[skip] == '[' ? ICL_TRUTH_REAL : ICL_TRUTH_NONE;
    memcpy(line, text + skip, length);
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        length--;
    line[length] = '\0';
    if (line[0] == '[')
        return ICL_TRUTH_REAL;
    if (is_number(line))
        return ICL_TRUTH_DEVKIT;
    last = strrchr(line, ' ');
    if (last && last > line && (is_number(last + 1) || icl_is_wnid(last + 1)) &&
        !strchr(line, ',')) {
        while (last > line && isspace((unsigned char)last[-1]))
            last--;
        *last = '\0';
        return icl_is_picture_name(line) || strncmp(line, "ILSVRC2012_val_", 15) == 0
                   ? ICL_TRUTH_VAL_TXT
                   : ICL_TRUTH_NONE;
    }
    return separator_of(line) ? kind_of_table(line) : ICL_TRUTH_NONE;
}

/* ---- Parsing
 * ----------------------------------------------------------------------------*/

static imgcls_status no_memory(struct imgcls_context *ctx, const char *place)
{
    return icl_fail(ctx, IMGCLS_NO_MEMORY, "%s: no memory for its lines", place);
}

static bool add_item(struct icl_truth *truth, const struct icl_truth_item *item)
{
    if (truth->count == truth->capacity) {
        size_t capacity = truth->capacity ? truth->capacity * 2 : 1024;
        struct icl_truth_item *grown = realloc(truth->items, capacity * sizeof *grown);
        if (!grown)
            return false;
        truth->items = grown;
        truth->capacity = capacity;
    }
    truth->items[truth->count++] = *item;
    return true;
}

static imgcls_status bad_line(struct imgcls_context *ctx, const char *place, size_t line,
                              const char *found, const char *wanted)
{
    return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: line %zu: '%.60s': no %s", place, line,
                    found, wanted);
}

/* "name label" */
static bool cut_pair(char *line, struct icl_truth_item *item)
{
    char *last = strrchr(line, ' '), *tab = strrchr(line, '\t');
    last = tab > last ? tab : last;
    if (!last || !last[1])
        return false;
    item->label = last + 1;
    while (last > line && isspace((unsigned char)last[-1]))
        last--;
    *last = '\0';
    item->name = line;
    return last > line;
}

/* "n01751748 x y x y n01751748 x y x y": the first wnid; are the others the same? */
static bool cut_boxes(char *boxes, struct icl_truth *truth, struct icl_truth_item *item)
{
    char *save, *word;
    size_t at = 0;
    item->label = NULL;
    for (word = strtok_r(boxes, " ", &save); word;
         word = strtok_r(NULL, " ", &save), at++) {
        if (at % 5 != 0)
            continue;
        if (!item->label)
            item->label = word;
        else if (strcmp(item->label, word) != 0) {
            truth->disagreeing++;
            break;
        }
    }
    return item->label != NULL;
}

static imgcls_status parse_table(struct imgcls_context *ctx, struct icl_truth *truth,
                                 char *rest)
{
    static const char *const id[] = {"ImageId", NULL}, *const boxes[] = {"PredictionString",
                                                                         NULL};
    bool kaggle = truth->kind == ICL_TRUTH_KAGGLE, first = true;
    int name = 0, label = 1;
    char *line, separator = '\0', *fields[FIELDS_MAX];
    size_t number = 0;
    while ((line = next_line(&rest)) != NULL) {
        struct icl_truth_item item = {.line = ++number};
        size_t count;
        if (!*line)
            continue;
        if (first)
            separator = separator_of(line);
        count = split(line, separator, fields);
        if (first) {
            int by_name = column(fields, count, kaggle ? id : name_columns);
            int by_label = column(fields, count, kaggle ? boxes : label_columns);
            first = false;
            if (by_name >= 0 && by_label >= 0) {
                name = by_name;
                label = by_label;
                continue;
            }
        }
        if ((size_t)name >= count || (size_t)label >= count || !*fields[name] ||
            !*fields[label])
            return bad_line(ctx, truth->place, number, line, "name and label");
        item.name = fields[name];
        item.label = fields[label];
        if (kaggle && !cut_boxes(fields[label], truth, &item))
            return bad_line(ctx, truth->place, number, line, "wnid");
        if (!add_item(truth, &item))
            return no_memory(ctx, truth->place);
    }
    return IMGCLS_OK;
}

static imgcls_status parse_lines(struct imgcls_context *ctx, struct icl_truth *truth,
                                 char *rest)
{
    size_t number = 0;
    char *line;
    while ((line = next_line(&rest)) != NULL) {
        struct icl_truth_item item = {.line = ++number, .label = line};
        if (!*line)
            continue;
        if (truth->kind == ICL_TRUTH_VAL_TXT && !cut_pair(line, &item))
            return bad_line(ctx, truth->place, number, line, "name and class");
        if (truth->kind == ICL_TRUTH_DEVKIT && !is_number(line))
            return bad_line(ctx, truth->place, number, line, "number of a class");
        if (!add_item(truth, &item))
            return no_memory(ctx, truth->place);
    }
    return IMGCLS_OK;
}

static bool add_number(struct icl_truth *truth, int32_t number)
{
    if (truth->number_count == truth->number_capacity) {
        size_t capacity = truth->number_capacity ? truth->number_capacity * 2 : 1024;
        int32_t *grown = realloc(truth->numbers, capacity * sizeof *grown);
        if (!grown)
            return false;
        truth->numbers = grown;
        truth->number_capacity = capacity;
    }
    truth->numbers[truth->number_count++] = number;
    return true;
}

/* A class that a picture's list holds twice would count twice in the sum of probabilities. */
static bool is_told(const struct icl_truth *truth, const struct icl_truth_item *item,
                    int32_t number)
{
    size_t i;
    for (i = item->first; i < truth->number_count; i++)
        if (truth->numbers[i] == number)
            return true;
    return false;
}

static imgcls_status parse_real(struct imgcls_context *ctx, struct icl_truth *truth,
                                const char *text, size_t size)
{
    json_error_t error;
    json_t *root = json_loadb(text, size, 0, &error), *list;
    imgcls_status status = IMGCLS_OK;
    size_t i, k;
    if (!json_is_array(root)) {
        json_decref(root);
        return icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: no list of lists of classes%s%s",
                        truth->place, root ? "" : ": ", root ? "" : error.text);
    }
    json_array_foreach(root, i, list)
    {
        struct icl_truth_item item = {
            .line = i + 1, .first = truth->number_count};
        for (k = 0; k < json_array_size(list) && status == IMGCLS_OK; k++) {
            json_int_t number = json_is_integer(json_array_get(list, k))
                                    ? json_integer_value(json_array_get(list, k))
                                    : -1;
            if (number < 0 || number >= INT32_MAX)
                status = icl_fail(ctx, IMGCLS_BAD_INPUT,
                                  "%s: entry %zu: no list of classes", truth->place, i);
            else if (is_told(truth, &item, (int32_t)number))
                continue;
            else if (!add_number(truth, (int32_t)number))
                status = no_memory(ctx, truth->place);
        }
        item.several = truth->number_count - item.first;
        if (status == IMGCLS_OK && !json_is_array(list))
            status = icl_fail(ctx, IMGCLS_BAD_INPUT, "%s: entry %zu: no list of classes",
                              truth->place, i);
        if (status == IMGCLS_OK && !add_item(truth, &item))
            status = no_memory(ctx, truth->place);
        if (status != IMGCLS_OK)
            break;
    }
    json_decref(root);
    return status;
}

imgcls_status icl_truth_parse(struct imgcls_context *ctx, const char *place, char *text,
                              size_t size, struct icl_truth *truth)
{
    imgcls_status status;
    char *begin = text;
    *truth = (struct icl_truth){
        .kind = icl_truth_kind_of(text, size), .place = place, .text = text};
    if (size >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0)
        begin += 3;
    if (truth->kind == ICL_TRUTH_NONE)
        status =
            icl_fail(ctx, IMGCLS_BAD_INPUT,
                     "%s: no list of labels: lines 'NAME CLASS', a csv with columns path "
                     "and label, Kaggle's solution, the devkit's numbers or a ReaL list",
                     place);
    else if (truth->kind == ICL_TRUTH_REAL)
        status = parse_real(ctx, truth, begin, size - (size_t)(begin - text));
    else if (truth->kind == ICL_TRUTH_CSV || truth->kind == ICL_TRUTH_KAGGLE)
        status = parse_table(ctx, truth, begin);
    else
        status = parse_lines(ctx, truth, begin);
    if (status != IMGCLS_OK)
        icl_truth_clear(truth);
    return status;
}

void icl_truth_clear(struct icl_truth *truth)
{
    free(truth->text);
    free(truth->items);
    free(truth->numbers);
    memset(truth, 0, sizeof *truth);
}
