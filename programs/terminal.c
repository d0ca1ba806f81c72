/*
 * programs/terminal.c - columns that a text takes, so that tables align in any script; bars
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/command.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* One code point of UTF-8, and its length in bytes; a byte that fits nowhere is one. */
static uint32_t decode(const unsigned char *text, size_t *length)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (size_t n = 0; n < 4; n++) {
        if ((text[0] & forms[n].mask) != forms[n].lead)
            continue;
        uint32_t point = text[0] & (unsigned char)~forms[n].mask;
        size_t k = 1;
        while (k <= n && (text[k] & 0xc0) == 0x80)
            point = point << 6 | (text[k++] & 0x3f);
        if (k <= n || point < forms[n].least)
            break;
        *length = n + 1;
        return point;
    }
    *length = 1;
    return 0xfffd;
}

/*
 * wcwidth would do in a UTF-8 locale, but not in the C locale that scripts and containers
 * have, so the ranges that are wide (East Asian Width W and F) or take no column (combining
 * marks) stand here. Source: Unicode Standard Annex 11 and the general categories Mn, Me, Cf,
 * the blocks that class names use.
 */
static const struct {
    uint32_t first, last;
    int width;
} ranges[] = {
    {0x0300, 0x036f, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05bd, 0},
    {0x064b, 0x065f, 0},   {0x0900, 0x0902, 0},   {0x0e34, 0x0e3a, 0},
    {0x1100, 0x115f, 2},   {0x1ab0, 0x1aff, 0},   {0x200b, 0x200f, 0},
    {0x20d0, 0x20ff, 0},   {0x2e80, 0x303e, 2},   {0x3041, 0x33ff, 2},
    {0x3400, 0x4dbf, 2},   {0x4e00, 0x9fff, 2},   {0xa000, 0xa4cf, 2},
    {0xa960, 0xa97f, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},
    {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},   {0xfe30, 0xfe6f, 2},
    {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2},
    {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
};

int terminal_width_of(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    int width = 0;
    while (*at) {
        size_t length;
        if (*at >= 0x20 && *at < 0x7f) { /* most of it */
            width++;
            at++;
            continue;
        }
        uint32_t point = decode(at, &length);
        int own = point < 0x20 || point == 0x7f ? 0 : 1;
        for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
            if (point >= ranges[i].first && point <= ranges[i].last)
                own = ranges[i].width;
        width += own;
        at += length;
    }
    return width;
}

/* Characters that end lines or turn the direction of what follows them, in UTF-8: U+2028 to
 * U+202E and U+2066 to U+2069. Arabic and Hebrew letters need none of them. */
static bool turns(const unsigned char *at)
{
    return at[0] == 0xe2 && ((at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) ||
                             (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
}

/* How many bytes here must not reach a terminal: none, or one character's. C1 controls are two bytes
 * in UTF-8, 0xc2 and 0x80 to 0x9f. */
static size_t driving(const unsigned char *at)
{
    if (at[0] < 0x20 || at[0] == 0x7f)
        return 1;
    if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
        return 2;
    return turns(at) ? 3 : 0;
}

void terminal_tame(char *text)
{
    for (; *text; text++) {
        const size_t count = driving((const unsigned char *)text);
        memset(text, '?', count);
        text += count > 1 ? count - 1 : 0;
    }
}

void terminal_put(FILE *file, const char *text)
{
    size_t count, i;
    for (; *text; text += count > 0 ? count : 1) {
        count = driving((const unsigned char *)text);
        for (i = 0; i < count; i++)
            fputc('?', file);
        if (count == 0)
            fputc(*text, file);
    }
}

static void put_blanks(FILE *file, int count)
{
    static const char blanks[] = "                                ";
    const int most = (int)sizeof blanks - 1;
    for (; count > 0; count -= most)
        fwrite(blanks, 1, (size_t)(count < most ? count : most), file);
}

void terminal_pad(FILE *file, const char *text, int width)
{
    int missing = (width < 0 ? -width : width) - (width ? terminal_width_of(text) : 0);
    if (width < 0)
        put_blanks(file, missing);
    fputs(text, file);
    if (width > 0)
        put_blanks(file, missing);
}

bool terminal_is_rich(FILE *file)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0 &&
           isatty(fileno(file));
}

int terminal_columns(FILE *file)
{
    struct winsize size;
    return isatty(fileno(file)) && ioctl(fileno(file), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool terminal_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]), *set;
        if (!value || !*value)
            continue;
        set = strchr(value, '.'); /* the first that is set decides */
        return set && (strncasecmp(set + 1, "utf-8", 5) == 0 ||
                       strncasecmp(set + 1, "utf8", 4) == 0);
    }
    return false;
}

static double within(double value, double least, double most)
{
    return value > least ? value < most ? value : most : least;
}

void terminal_bar(FILE *file, double fraction, int width)
{
    /* U+258F left one eighth to U+2589 left seven eighths, and the full block. */
    static const char *const parts[] = {" ", "\u258f", "\u258e", "\u258d", "\u258c",
                                        "\u258b", "\u258a", "\u2589", "\u2588"};
    int eighths = (int)(within(fraction, 0, 1) * width * 8 + 0.5);
    for (int i = 0; i < width; i++) {
        int part = eighths - 8 * i;
        fputs(parts[part < 0 ? 0 : part > 8 ? 8 : part], file);
    }
}

void terminal_interval(FILE *file, double low, double value, double high, int width)
{
    int from = (int)(within(low, 0, 1) * (width - 1) + 0.5);
    int at = (int)(within(value, 0, 1) * (width - 1) + 0.5);
    int to = (int)(within(high, 0, 1) * (width - 1) + 0.5);
    for (int i = 0; i < width; i++)
        fputs(i == at               ? "\u25cf"
              : i < from || i > to  ? " "
              : i == from           ? "\u251c"
              : i == to             ? "\u2524"
                                    : "\u2500",
              file);
}
