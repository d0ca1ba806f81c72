/*
 * tests/architectures/transformer_test.c - transformers against the libraries that their
 * weights come from
 *
 * The cases and their float64 logits are made by transformer_cases.py, which also says how
 * far each known error moves the logits ("wrong" lines): all further than the limit.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/architectures/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 2e-5 /* relative L2 */

static void vit_computes_what_its_sources_do(void **state)
{
    (void)state;
    case_check_all("vit-*", 28, LIMIT);
}

static void deit_means_the_logits_of_two_heads(void **state)
{
    (void)state;
    case_check_all("deit-*", 6, LIMIT);
}

static void beit_computes_what_its_sources_do(void **state)
{
    (void)state;
    case_check_all("beit-*", 15, LIMIT);
}

static void swin_computes_what_its_sources_do(void **state)
{
    (void)state;
    case_check_all("swin-*", 14, LIMIT);
}

static void swinv2_computes_what_its_sources_do(void **state)
{
    (void)state;
    case_check_all("swinv2-*", 7, LIMIT);
}

static void nextvit_computes_what_its_sources_do(void **state)
{
    (void)state;
    case_check_all("nextvit-*", 2, LIMIT);
}

/* ---- Files that are not whole ---------------------------------------------------------*/

/* The case's checkpoint without tensor `left_out`, and with one more where `more` says. */
static struct imgcls_checkpoint *changed(struct test_case *test, size_t left_out,
                                         const char *more)
{
    static const char *const keys[] = {IMGCLS_META_LIBRARY, IMGCLS_META_ARCHITECTURE,
                                       IMGCLS_META_CONFIG, IMGCLS_META_HEIGHT,
                                       IMGCLS_META_WIDTH};
    const struct imgcls_tensor *tensor;
    struct imgcls_checkpoint *copy;
    const char *name;
    assert_int_equal(icl_checkpoint_create(test->ctx, &copy), IMGCLS_OK);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_int_equal(icl_checkpoint_set_text(
                             copy, keys[i], icl_checkpoint_text(test->checkpoint, keys[i])),
                         IMGCLS_OK);
    for (size_t i = 0; (name = icl_checkpoint_at(test->checkpoint, i, &tensor)); i++)
        if (i != left_out)
            assert_int_equal(icl_checkpoint_add(copy, name, tensor, NULL), IMGCLS_OK);
    if (more) {
        icl_checkpoint_at(test->checkpoint, 0, &tensor);
        assert_int_equal(icl_checkpoint_add(copy, more, tensor, NULL), IMGCLS_OK);
    }
    return copy;
}

/* Builds of the changed checkpoint: refused, and the message has the name. */
static void expect_refusal(struct test_case *test, const char *file, size_t left_out,
                           const char *more, const char *name)
{
    struct imgcls_checkpoint *kept = test->checkpoint;
    struct imgcls_graph *graph;
    test->checkpoint = changed(test, left_out, more);
    imgcls_status status = case_build(
        test, icl_checkpoint_text(test->checkpoint, IMGCLS_META_ARCHITECTURE), &graph);
    if (status != IMGCLS_BAD_INPUT)
        fail_msg("%s: built %s %s", file, more ? "with" : "without", name);
    if (more && !strstr(imgcls_error(test->ctx), name))
        fail_msg("%s: '%s' does not name %s", file, imgcls_error(test->ctx), name);
    icl_graph_destroy(graph);
    icl_checkpoint_destroy(test->checkpoint);
    test->checkpoint = kept;
}

/* Were one taken for optional, a file that lost it would give other numbers and no word. */
static void no_parameter_may_be_lost_or_left_over(void **state)
{
    static const char *const files[] = {
        "vit-timm",  "vit-torchvision", "vit-hf",      "vit-mm-deit3",
        "deit-timm", "beit-timm",       "beit-hf",     "swin-timm",
        "swin-hf",   "swin-mm",         "swinv2-timm", "swinv2-torchvision",
        "swinv2-hf"};
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        const struct imgcls_tensor *tensor;
        struct test_case test;
        char path[4096];
        const char *top = getenv("ICL_TOP_SRCDIR"), *name;
        snprintf(path, sizeof path, "%s/tests/architectures/cases/%s.case", top ? top : ".",
                 files[f]);
        case_open(&test, path, IMGCLS_F32);
        for (size_t i = 0; (name = icl_checkpoint_at(test.checkpoint, i, &tensor)); i++)
            if (!strstr(name, "relative_position_index") &&
                !strstr(name, "relative_coords"))
                expect_refusal(&test, files[f], i, NULL, name);
        expect_refusal(&test, files[f], SIZE_MAX, "blocks.0.attn.q_norm.weight",
                       "blocks.0.attn.q_norm.weight");
        case_close(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vit_computes_what_its_sources_do),
        cmocka_unit_test(deit_means_the_logits_of_two_heads),
        cmocka_unit_test(beit_computes_what_its_sources_do),
        cmocka_unit_test(swin_computes_what_its_sources_do),
        cmocka_unit_test(swinv2_computes_what_its_sources_do),
        cmocka_unit_test(nextvit_computes_what_its_sources_do),
        cmocka_unit_test(no_parameter_may_be_lost_or_left_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
