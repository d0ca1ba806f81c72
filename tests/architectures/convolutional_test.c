/*
 * tests/architectures/convolutional_test.c - convolutional networks against the libraries
 * that their weights come from
 *
 * The cases and their float64 logits are made by convolutional_cases.py.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/architectures/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 2e-5 /* relative L2 */

static void families_compute_what_their_sources_do(void **state)
{
    (void)state;
    case_check_all("cnn_*", 89, LIMIT);
}

/* Were one taken for optional, a file that lost it would give other numbers and no word. */
static void no_parameter_may_be_lost_or_left_over(void **state)
{
    static const char *const files[] = {"cnn_lenet_plain",
                                        "cnn_vgg13_bn_torchvision",
                                        "cnn_vgg11_mm",
                                        "cnn_mobilenet_v2_torchvision",
                                        "cnn_mobilenet_v3_small_torchvision",
                                        "cnn_tf_mobilenetv3_small_minimal_100_timm",
                                        "cnn_efficientnet_b0_timm",
                                        "cnn_efficientnet_b0_mm",
                                        "cnn_densenet_torchvision",
                                        "cnn_squeezenet1_1_torchvision",
                                        "cnn_shufflenet_v2_torchvision",
                                        "cnn_regnet_y_hf",
                                        "cnn_convnext_timm",
                                        "cnn_convnext_torchvision"};
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof *files; f++)
        case_lose_each(files[f], "layer1.0.eca.conv.weight");
}

/* float16 on disk: the weights are rounded, so the limit is theirs; what is computed is
 * not. */
static void weights_may_be_narrow(void **state)
{
    static const struct {
        int32_t type;
        double limit;
    } rows[] = {{IMGCLS_F64, LIMIT}, {IMGCLS_F16, 5e-3}, {IMGCLS_BF16, 5e-2}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[4096];
        struct test_case test;
        struct imgcls_graph *graph;
        const char *top = getenv("ICL_TOP_SRCDIR");
        snprintf(path, sizeof path, "%s/tests/architectures/cases/cnn_convnext_timm.case",
                 top ? top : ".");
        case_open(&test, path, rows[i].type);
        assert_int_equal(case_build(&test, NULL, &graph), IMGCLS_OK);
        double error = case_error(&test, graph);
        if (!(error <= rows[i].limit) || (rows[i].type != IMGCLS_F64 && error < 1e-6))
            fail_msg("type %d: relative L2 %.3g, allowed is %.3g", (int)rows[i].type, error,
                     rows[i].limit);
        icl_graph_destroy(graph);
        case_close(&test);
    }
}

/* A name promises depths; weights that have others are not that network. */
static void a_name_that_the_weights_contradict_is_refused(void **state)
{
    static const struct {
        const char *file, *variant, *words;
    } rows[] = {
        {"cnn_resnet18_torchvision", "resnet50", "resnet50 has 3"},
        {"cnn_vgg11_torchvision", "vgg16", "vgg16 has 2"},
        {"cnn_densenet_torchvision", "densenet121", "densenet121 has 6"},
        {"cnn_efficientnet_b0_torchvision", "efficientnet_b4", "efficientnet_b4 has 32"},
        {"cnn_squeezenet1_1_torchvision", "squeezenet1_0", "not squeezenet1_0's"},
        {"cnn_convnext_timm", "convnext_tiny", "convnext_tiny has 3"},
        {"cnn_regnet_y_timm", "regnetz_005", "supported are RegNet X and Y"},
        {"cnn_resnet_timm", "resnetblur50", "blurred pools"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[4096];
        struct test_case test;
        struct imgcls_graph *graph;
        const char *top = getenv("ICL_TOP_SRCDIR");
        snprintf(path, sizeof path, "%s/tests/architectures/cases/%s.case", top ? top : ".",
                 rows[i].file);
        case_open(&test, path, IMGCLS_F32);
        imgcls_status status = case_build(&test, rows[i].variant, &graph);
        if (status != IMGCLS_BAD_INPUT || !strstr(imgcls_error(test.ctx), rows[i].words))
            fail_msg("%s as %s: status %d, '%s' lacks '%s'", rows[i].file, rows[i].variant,
                     status, imgcls_error(test.ctx), rows[i].words);
        icl_graph_destroy(graph);
        case_close(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_compute_what_their_sources_do),
        cmocka_unit_test(no_parameter_may_be_lost_or_left_over),
        cmocka_unit_test(weights_may_be_narrow),
        cmocka_unit_test(a_name_that_the_weights_contradict_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
