/*
 * tests/ops/string_test.c - plugins/ops/string: operators on text
 *
 * Expected values by hand, after the operators' specification and RE2's syntax page.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/ops/flow.h"
#include "tests/ops/op_case.h"

#define TEXTS_MAX 12

/* A graph with the texts as [n], or as [1,n]. */
static struct imgcls_graph *texts(void **state, int32_t rank, const char *const *words)
{
    struct imgcls_graph *graph = flow_graph(*state, 24);
    struct imgcls_string strings[TEXTS_MAX];
    int64_t dims[] = {1, 0}, count = 0;
    for (; words[count]; count++)
        strings[count] = (struct imgcls_string){words[count], strlen(words[count])};
    dims[1] = count;
    flow_tensor(graph, "x", IMGCLS_STRING, rank, dims + 2 - rank, strings);
    return graph;
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* -- RegexFullMatch -----------------------------------------------------------------*/

struct pattern {
    const char *pattern, *text;
    int matches;
};

static void patterns_match_whole_texts(void **state)
{
    static const struct pattern rows[] = {
        {"", "", 1},
        {"", "a", 0},
        {"abc", "abc", 1},
        {"abc", "abcd", 0},
        {"a|bc|d", "bc", 1},
        {"a|bc|d", "d", 1},
        {"a|bc|d", "a", 1},
        {"a|bc|d", "ad", 0},
        {"a*", "aaaa", 1},
        {"a*", "aab", 0},
        {"(ab)+", "ababab", 1},
        {"(ab)+", "", 0},
        {"a?b", "b", 1},
        {"a??b", "ab", 1},
        {"a{2}", "aa", 1},
        {"a{2}", "a", 0},
        {"a{2,}", "aaaaa", 1},
        {"a{2,}", "a", 0},
        {"a{1,3}", "aaa", 1},
        {"a{1,3}", "aaaa", 0},
        {"a{0,2}", "", 1},
        {"a{0,2}", "aa", 1},
        {"a{0,2}", "aaa", 0},
        {"a{0}b", "b", 1},
        {"a{,2}", "a{,2}", 1},
        {"(a|b){2,3}c", "abac", 1},
        {"(a*)*", "aaa", 1},
        {"(a*)*b", "aaac", 0},
        {"(|a)+", "aa", 1},
        {"[a-c]x", "bx", 1},
        {"[^a-c]x", "bx", 0},
        {"[^a-c]x", "dx", 1},
        {"[]a]+", "]a", 1},
        {"[a\\-z]+", "a-z", 1},
        {"[a-]", "-", 1},
        {"[\\d.]+", "1.5", 1},
        {"[^\\D]+", "15", 1},
        {"[^\\D]+", "1x", 0},
        {"[[:alpha:]_]+", "aZ_", 1},
        {"[[:^digit:]]", "7", 0},
        {"\\w+\\s\\W", "ab !", 1},
        {"\\S", " ", 0},
        {".", "\n", 0},
        {"(?s).", "\n", 1},
        {"(?i)abC", "AbC", 1},
        {"a(?i)b", "aB", 1},
        {"a(?i)b", "AB", 0},
        {"(?i:a)b", "Ab", 1},
        {"(?i:a)b", "AB", 0},
        {"(?i)[^a]", "A", 0},
        {"^a$", "a", 1},
        {"a^b", "ab", 0},
        {"(?m)a$\n^b", "a\nb", 1},
        {"a$\n^b", "a\nb", 0},
        {"\\Aa\\z", "a", 1},
        {"a\\b b", "a b", 1},
        {"a\\Bb", "ab", 1},
        {"a\\bb", "ab", 0},
        {"(?P<n>a)(?<m>b)(?:c)", "abc", 1},
        {"\\Qa.b\\E+", "a.bb", 1},
        {"\\Qa.b\\E", "axb", 0},
        {"\\x41\\x{1F600}\\101",
         "A\xf0\x9f\x98\x80"
         "A",
         1},
        {"..", "\xc3\xa9\xe2\x82\xac", 1},
        {"[\xc3\xa0-\xc3\xbc]", "\xc3\xa9", 1},
        {"\\.\\*\\n", ".*\n", 1},
        {".", "\xff", 1},
        {"(\\W|^)[\\w.\\-]{0,25}@(yahoo|gmail)\\.com(\\W|$)", "me@gmail.com", 1},
        {"(\\W|^)[\\w.\\-]{0,25}@(yahoo|gmail)\\.com(\\W|$)", "me@hotmail.com", 0},
        {"(a*)*(a*)*(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct imgcls_graph *graph = texts(state, 1, WORDS(rows[i].text));
        flow_text(flow_node(graph, "RegexFullMatch x -> y"), "pattern", rows[i].pattern);
        flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED);
        GIVES_TEXT(graph, rows[i].matches ? "bool[1] 1" : "bool[1] 0");
    }
}

static void patterns_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *pattern, *words;
        imgcls_status status;
    } rows[] = {
        {"(a", "')' is missing at byte 2", IMGCLS_BAD_INPUT},
        {"a)", "')' without '(' at byte 1", IMGCLS_BAD_INPUT},
        {"[a", "']' is missing", IMGCLS_BAD_INPUT},
        {"*a", "there is nothing to repeat", IMGCLS_BAD_INPUT},
        {"a\\", "a backslash stands alone", IMGCLS_BAD_INPUT},
        {"[z-a]", "a range runs backwards", IMGCLS_BAD_INPUT},
        {"a{3,2}", "a repetition is out of order", IMGCLS_BAD_INPUT},
        {"a{1001}", "of more than 1000", IMGCLS_BAD_INPUT},
        {"(?x)a", "an unknown kind of group", IMGCLS_BAD_INPUT},
        {"\\y", "an unknown escape", IMGCLS_BAD_INPUT},
        {"\\x{110000}", "no character code", IMGCLS_BAD_INPUT},
        {"\\pL", "\\p in a pattern is not supported", IMGCLS_UNSUPPORTED},
        {"((a{1000}){1000}){1000}", "more than 200000 instructions", IMGCLS_LIMIT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct imgcls_graph *graph = texts(state, 1, WORDS("a"));
        flow_text(flow_node(graph, "RegexFullMatch x -> y"), "pattern", rows[i].pattern);
        flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED);
        FAILS_TEXT(graph, rows[i].status, rows[i].words);
    }
    char deep[1001];
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    struct imgcls_graph *graph = texts(state, 1, WORDS("a"));
    flow_text(flow_node(graph, "RegexFullMatch x -> y"), "pattern", deep);
    flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED);
    FAILS_TEXT(graph, IMGCLS_BAD_INPUT, "groups are nested too deeply");
}

/* -- StringConcat, StringSplit ------------------------------------------------------*/

static void texts_are_concatenated(void **state)
{
    static const struct op_case rows[] = {
        GIVES("StringConcat", "", "str[2] 'a' 'bc'; str[2] 'x' ''", "str[2] 'ax' 'bc'"),
        GIVES("StringConcat", "", "str[2,1] 'a' 'b'; str[3] '1' '2' '3'",
              "str[2,3] 'a1' 'a2' 'a3' 'b1' 'b2' 'b3'"),
        GIVES("StringConcat", "", "str[] 'a'; str[2,2] '1' '2' '3' '4'",
              "str[2,2] 'a1' 'a2' 'a3' 'a4'"),
        GIVES("StringConcat", "", "str[0]; str[1] 'x'", "str[0]"),
        FAILS("StringConcat", "", "str[2] 'a' 'b'; str[3] '1' '2' '3'", "do not broadcast"),
    };
    op_case_check(*state, rows, sizeof rows / sizeof rows[0]);
}

static struct imgcls_graph *split(void **state, const char *delimiter, int64_t most,
                                  const char *const *words)
{
    struct imgcls_graph *graph = texts(state, 1, words);
    struct icl_node *node = flow_node(graph, "StringSplit x -> y n");
    if (delimiter)
        flow_text(node, "delimiter", delimiter);
    if (most >= 0)
        flow_int(node, "maxsplit", most);
    flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED);
    flow_output(graph, "n", IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED);
    return graph;
}

static void texts_are_split(void **state)
{
    GIVES_TEXT(split(state, NULL, -1, WORDS(" a  b\t", "", "c")),
               "string[3,2] 'a' 'b' '' '' 'c' '' | int64[3] 2 0 1");
    GIVES_TEXT(split(state, "", 1, WORDS("  a b c ", "d")),
               "string[2,2] 'a' 'b c ' 'd' '' | int64[2] 2 1");
    GIVES_TEXT(split(state, ",", -1, WORDS("a,,b", "", ",")),
               "string[3,3] 'a' '' 'b' '' '' '' '' '' '' | int64[3] 3 1 2");
    GIVES_TEXT(split(state, "--", 1, WORDS("a--b--c")),
               "string[1,2] 'a' 'b--c' | int64[1] 2");
    GIVES_TEXT(split(state, ",", 0, WORDS("a,b")), "string[1,1] 'a,b' | int64[1] 1");
}

/* -- StringNormalizer ---------------------------------------------------------------*/

static struct imgcls_graph *normal(void **state, int32_t rank, const char *change,
                                   int64_t sensitive, const char *const *words)
{
    static const char *const stop[] = {"Monday", "\xc3\x89t\xc3\xa9"}; /* Été */
    struct imgcls_graph *graph = texts(state, rank, words);
    struct icl_node *node = flow_node(graph, "StringNormalizer x -> y");
    flow_text(node, "case_change_action", change);
    flow_int(node, "is_case_sensitive", sensitive);
    flow_texts(node, "stopwords", 2, stop);
    flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED);
    return graph;
}

static void texts_are_normalized(void **state)
{
    GIVES_TEXT(normal(state, 1, "NONE", 1, WORDS("monday", "Monday", "x")),
               "string[2] 'monday' 'x'");
    GIVES_TEXT(
        normal(state, 2, "UPPER", 0, WORDS("MONDAY", "\xc3\xa9T\xc3\x89", "h\xc3\xa9")),
        "string[1,1] 'H\xc3\x89'");
    GIVES_TEXT(normal(state, 1, "LOWER", 1,
                      WORDS("\xc3\x84"
                            "B\xff",
                            "Monday")),
               "string[1] '\xc3\xa4"
               "b\xff'");
    GIVES_TEXT(normal(state, 2, "LOWER", 0, WORDS("monday")), "string[1,1] ''");
    FAILS_TEXT(normal(state, 1, "TITLE", 0, WORDS("a")), IMGCLS_BAD_INPUT,
               "case_change_action is 'TITLE', not LOWER, UPPER or NONE");
}

/* -- TfIdfVectorizer ----------------------------------------------------------------*/

/* Pool: 1-grams 2, 3; 2-grams (5 6), (2 3), of weights 2, 3, 4, 5. */
static struct imgcls_graph *ngrams(void **state, const char *mode, int64_t from, int64_t to,
                                   int64_t skips, int64_t second)
{
    static const float weights[] = {2, 3, 4, 5};
    static const int64_t places[] = {0, 1, 4, 3};
    struct imgcls_graph *graph = flow_graph(*state, 24);
    struct icl_node *node;
    const struct imgcls_attr attr = {.struct_size = sizeof attr,
                                     .name = "weights",
                                     .kind = IMGCLS_ATTR_FLOATS,
                                     .count = 4,
                                     .floats = weights};
    FLOW_I64(graph, "x", 2, 3, 5, 2, 3, 6);
    node = flow_node(graph, "TfIdfVectorizer x -> y");
    flow_text(node, "mode", mode);
    flow_int(node, "min_gram_length", from);
    flow_int(node, "max_gram_length", to);
    flow_int(node, "max_skip_count", skips);
    flow_ints(node, "ngram_counts", 2, (const int64_t[]){0, second});
    flow_ints(node, "ngram_indexes", 4, places);
    flow_ints(node, "pool_int64s", 6, (const int64_t[]){2, 3, 5, 6, 2, 3});
    assert_int_equal(icl_node_set_attr(node, &attr), IMGCLS_OK);
    flow_output(graph, "y", IMGCLS_KIND_TENSOR, IMGCLS_UNDEFINED);
    return graph;
}

static void ngrams_are_counted(void **state)
{
    GIVES_TEXT(ngrams(state, "TF", 1, 2, 0, 2), "float32[5] 2 2 0 2 0");
    GIVES_TEXT(ngrams(state, "TF", 2, 2, 0, 2), "float32[5] 0 0 0 2 0");
    /* Gaps of 0, 1, 2: 5 . . 6 and 2 3 twice; a gap of 3 adds 2 . . . 3. */
    GIVES_TEXT(ngrams(state, "TF", 2, 2, 2, 2), "float32[5] 0 0 0 2 1");
    GIVES_TEXT(ngrams(state, "TF", 1, 2, 3, 2), "float32[5] 2 2 0 3 1");
    GIVES_TEXT(ngrams(state, "TF", 1, 2, INT64_MAX, 2), "float32[5] 2 2 0 3 1");
    GIVES_TEXT(ngrams(state, "IDF", 1, 2, 2, 2), "float32[5] 2 3 0 5 4");
    GIVES_TEXT(ngrams(state, "TFIDF", 1, 2, 2, 2), "float32[5] 4 6 0 10 4");
    FAILS_TEXT(ngrams(state, "TF", 1, 2, 0, 1), IMGCLS_BAD_INPUT, "2-grams from 1 to 6");
    FAILS_TEXT(ngrams(state, "TF", 1, 2, 0, 7), IMGCLS_BAD_INPUT, "1-grams from 0 to 7");
    FAILS_TEXT(ngrams(state, "FT", 1, 2, 0, 2), IMGCLS_BAD_INPUT, "mode is 'FT'");
    FAILS_TEXT(ngrams(state, "TF", 2, 1, 0, 2), IMGCLS_BAD_INPUT, "n-grams of 2 to 1");
}

static int set_up(void **state)
{
    *state = op_context(1);
    return 0;
}
static int tear_down(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_whole_texts),
        cmocka_unit_test(patterns_that_make_no_sense_are_refused),
        cmocka_unit_test(texts_are_concatenated),
        cmocka_unit_test(texts_are_split),
        cmocka_unit_test(texts_are_normalized),
        cmocka_unit_test(ngrams_are_counted),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
