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

/* Were one taken for optional, a file that lost it would give other numbers and no word. */
static void no_parameter_may_be_lost_or_left_over(void **state)
{
    static const char *const files[] = {
        "vit-timm",  "vit-torchvision", "vit-hf",      "vit-mm-deit3",
        "deit-timm", "beit-timm",       "beit-hf",     "swin-timm",
        "swin-hf",   "swin-mm",         "swinv2-timm", "swinv2-torchvision",
        "swinv2-hf"};
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof *files; f++)
        case_lose_each(files[f], "blocks.0.attn.q_norm.weight");
}

static void open_named(struct test_case *test, const char *name)
{
    const char *top = getenv("ICL_TOP_SRCDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/architectures/cases/%s.case", top ? top : ".", name);
    case_open(test, path, IMGCLS_F32);
}

/* ---- Settings that are no such numbers ------------------------------------------------*/

/* One that is there and means nothing is told, never replaced in silence by what is usual. */
static void a_setting_that_is_no_such_number_is_refused(void **state)
{
    static const struct {
        const char *file, *config, *error; /* NULL: none */
    } rows[] = {
        {"vit-hf", "{\"num_attention_heads\": 2, \"layer_norm_eps\": 1e-12}", NULL},
        {"vit-hf", "{}", NULL},
        {"vit-hf", "{\"layer_norm_eps\": 0}", NULL},
        {"vit-hf", "{\"num_attention_heads\": 0}", "'num_attention_heads' is no number"},
        {"vit-hf", "{\"num_attention_heads\": -2}", "'num_attention_heads' is no number"},
        {"vit-hf", "{\"num_attention_heads\": \"two\"}", "'num_attention_heads' is no number"},
        {"vit-hf", "{\"layer_norm_eps\": -1}", "'layer_norm_eps' is no number"},
        {"vit-hf", "{\"layer_norm_eps\": 1}", "'layer_norm_eps' is no number"},
        {"vit-hf", "{\"layer_norm_eps\": \"small\"}", "'layer_norm_eps' is no number"},
        {"swin-hf", "{\"layer_norm_eps\": -1}", "'layer_norm_eps' is no number"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct imgcls_graph *graph = NULL;
        struct test_case test;
        open_named(&test, rows[i].file);
        assert_int_equal(icl_checkpoint_set_config(test.checkpoint, rows[i].config), IMGCLS_OK);
        imgcls_status status = case_build(&test, NULL, &graph);
        if (status != (rows[i].error ? IMGCLS_BAD_INPUT : IMGCLS_OK) ||
            (rows[i].error && !strstr(imgcls_error(test.ctx), rows[i].error)))
            fail_msg("%s: status %d, '%s'", rows[i].config, (int)status, imgcls_error(test.ctx));
        icl_graph_destroy(graph);
        case_close(&test);
    }
}

/* ---- Names whose networks are others --------------------------------------------------*/

/* Weights of the same shapes, computed with otherwise: only the name tells. */
static void a_name_of_another_network_is_refused(void **state)
{
    static const struct {
        const char *file, *variant, *error;
    } rows[] = {{"swin-timm", "swin_s3_tiny_224", "Swin-S3"},
                {"cnn_efficientnet_b0_timm", "efficientnet_blur_b0", "blurred pools"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct imgcls_graph *graph = NULL;
        struct test_case test;
        open_named(&test, rows[i].file);
        assert_int_equal(case_build(&test, rows[i].variant, &graph), IMGCLS_BAD_INPUT);
        assert_non_null(strstr(imgcls_error(test.ctx), rows[i].error));
        icl_graph_destroy(graph);
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
        cmocka_unit_test(a_setting_that_is_no_such_number_is_refused),
        cmocka_unit_test(a_name_of_another_network_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
