/*
 * tests/recipe/parse_test.c - what a recipe's text may say, and what a refusal says
 *
 * Expected texts and sizes are by hand from the rules in docs (int(N * long / short),
 * floor(N / fraction)); the float32 values are the hexadecimal forms that numpy.float32
 * gives.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/recipe/recipe.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int open_context(void **state)
{
    return imgcls_context_create(NULL, (struct imgcls_context **)state);
}

static int close_context(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

#define TAIL ",color=rgb,range=1,mean=0/0/0,std=1/1/1"
#define IMAGENET                                                                           \
    "resize=256,filter=bilinear,crop=224,color=rgb,range=1,mean=0.485/0.456/0.406,"        \
    "std=0.229/0.224/0.225"

static const struct {
    const char *text, *canonical;
} accepted[] = {
    {"imagenet", IMAGENET},
    {"inception", "resize=256,filter=bilinear,crop=224,color=rgb,range=1,mean=0.5/0.5/0.5,"
                  "std=0.5/0.5/0.5"},
    {"caffe", "resize=256,filter=bilinear,crop=224,color=bgr,range=255,mean=104/117/123,"
              "std=1/1/1"},
    {"none", "color=rgb,range=1,mean=0/0/0,std=1/1/1"},
    {IMAGENET, IMAGENET},
    {"color=rgb", "color=rgb,range=1,mean=0/0/0,std=1/1/1"},
    {"resize=8", "resize=8,filter=bilinear" TAIL},
    {"resize=384x256", "resize=384x256,filter=bilinear" TAIL},
    {"resize=long:512,filter=lanczos", "resize=long:512,filter=lanczos" TAIL},
    {"crop_pct=0.875,crop=224", "resize=256,filter=bilinear,crop=224" TAIL},
    {"crop_pct=0.9,filter=bicubic,crop=224", "resize=248,filter=bicubic,crop=224" TAIL},
    {"crop_pct=0.95,crop=224", "resize=235,filter=bilinear,crop=224" TAIL},
    {"crop_pct=1.0,crop=384", "resize=384,filter=bilinear,crop=384" TAIL},
    {"resize=256,filter=area,antialias=0,engine=opencv,crop=224x192,offset=floor,pad=1/2/3,"
     "views=10,color=bgr,range=255,mean=103.939/116.779/123.68,std=58.395/57.12/57.375",
     "resize=256,filter=area,antialias=0,engine=opencv,crop=224x192,offset=floor,pad=1/2/3,"
     "views=10,color=bgr,range=255,mean=103.939/116.779/123.68,std=58.395/57.12/57.375"},
    {"resize=9,antialias=1,engine=pillow,crop=7x7,offset=even,pad=0/0/0,views=1",
     "resize=9,filter=bilinear,crop=7" TAIL},
    {"resize=28,engine=tf,crop=28,offset=halfup,pad=255,color=gray,mean=0.1307,std=0.3081",
     "resize=28,filter=bilinear,engine=tf,crop=28,offset=halfup,pad=255,color=gray,range=1,"
     "mean=0.1307,std=0.3081"},
    {"mean=0.48145466/0.4578275/0.40821073,std=0.26862954/0.26130258/0.27577711",
     /* numpy's shortest text for the same float32 */
     "color=rgb,range=1,mean=0.48145467/0.4578275/0.40821072,"
     "std=0.26862955/0.2613026/0.2757771"},
    {"mean=-1e-3/1.5e2/-0,std=1e6/1e-6/0.0039215686274509803",
     "color=rgb,range=1,mean=-0.001/150/0,std=1000000/0.000001/0.003921569"},
};

static void canonical_text_is_stable(void **state)
{
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        struct icl_recipe recipe;
        imgcls_status status = icl_recipe_parse(*state, accepted[i].text, &recipe);
        if (status != IMGCLS_OK)
            fail_msg("'%s': %s", accepted[i].text, imgcls_error(*state));
        char *text = icl_recipe_text(*state, &recipe);
        assert_non_null(text);
        assert_string_equal(text, accepted[i].canonical);
        struct icl_recipe again;
        assert_int_equal(icl_recipe_parse(*state, text, &again), IMGCLS_OK);
        char *twice = icl_recipe_text(*state, &again);
        assert_string_equal(twice, text);
        free(text);
        free(twice);
    }
}

/* Each message must name the key and what is allowed. */
static const struct {
    const char *text, *says, *also;
} refused[] = {
    {"", "1 to 1024", "imagenet"},
    {"imagnet", "'imagnet' is not known", "imagenet, inception, caffe, none"},
    {"resize=256,colour=rgb", "'colour' is not known", "resize, filter, antialias"},
    {"resize", "'resize' has no value", "KEY=VALUE"},
    {"resize=256,", "'' is not known", "resize"},
    {"resize=256,resize=256", "'resize' is given twice", ""},
    {"resize=256,crop_pct=0.5,crop=8", "'resize' is given twice", "crop_pct"},
    {"crop=224,resize=256", "'resize' must stand before 'crop'", ""},
    {"crop=224,crop_pct=0.875", "'crop_pct' must stand before 'crop'", ""},
    {"std=1/1/1,mean=0/0/0", "'mean' must stand before 'std'", ""},
    {"resize=0", "resize='0'", "1 to 16384"},
    {"resize=16385", "resize='16385'", "1 to 16384"},
    {"resize=-1", "resize='-1'", "1 to 16384"},
    {"resize=99999999999999999999", "resize=", "1 to 16384"},
    {"resize=256x", "resize='256x'", "WxH"},
    {"resize=1x2x3", "resize='1x2x3'", "WxH"},
    {"resize=long:8x8", "resize='long:8x8'", "long:N"},
    {"resize= 256", "resize=' 256'", ""},
    {"resize=8,filter=cubic", "filter='cubic'", "nearest, box, bilinear, bicubic, hamming"},
    {"resize=8,antialias=2", "antialias='2'", "0, 1"},
    {"resize=8,engine=pil", "engine='pil'", "pillow, opencv, tf"},
    {"crop=0", "crop='0'", "1 to 16384"},
    {"crop=8,offset=up", "offset='up'", "even, floor, halfup"},
    {"crop=8,pad=256/0/0", "pad='256/0/0'", "0 to 255"},
    {"crop=8,pad=1/2/3/4", "pad=", "R/G/B"},
    {"crop=8,pad=0", "pad has 1 numbers", "3 channels"},
    {"crop=8,views=2", "views='2'", "1, 5, 10"},
    {"color=RGB", "color='RGB'", "rgb, bgr, gray"},
    {"range=2", "range='2'", "1, 255"},
    {"mean=0/0", "mean has 2 numbers", "3 channels"},
    {"mean=0/0/0/0", "mean=", "a number per channel"},
    {"mean=0,5/0,5/0,5", "'5/0' is not known", ""},
    {"mean=nan/0/0", "mean='nan/0/0'", "1e6"},
    {"mean=inf/0/0", "mean=", "1e6"},
    {"mean=0x10/0/0", "mean=", "1e6"},
    {"mean=1e7/0/0", "mean=", "1e6"},
    {"mean=1e/0/0", "mean=", ""},
    {"mean=//", "mean=", ""},
    {"std=0/1/1", "std='0/1/1'", "1e-6 to 1e6"},
    {"std=-1/1/1", "std=", "1e-6 to 1e6"},
    {"color=gray,mean=0.5/0.5/0.5", "mean has 3 numbers", "color=gray has 1"},
    {"filter=bicubic", "'filter' means nothing without 'resize'", ""},
    {"pad=0/0/0", "'pad' means nothing without 'crop'", ""},
    {"views=5", "'views' means nothing without 'crop'", ""},
    {"crop_pct=0.875", "crop_pct needs crop=N", ""},
    {"crop_pct=0.875,crop=8x9", "crop_pct needs crop=N", ""},
    {"crop_pct=0,crop=8", "crop_pct='0'", "at most 1"},
    {"crop_pct=1.01,crop=8", "crop_pct='1.01'", "at most 1"},
    {"crop_pct=0.02,crop=16384", "resize=819200", "16384"},
    {"resize=8\n", "control character at byte 8", ""},
};

static void refusals_name_key_and_choice(void **state)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct icl_recipe recipe;
        imgcls_status status = icl_recipe_parse(*state, refused[i].text, &recipe);
        const char *error = imgcls_error(*state);
        if (status != IMGCLS_BAD_INPUT || !strstr(error, refused[i].says) ||
            !strstr(error, refused[i].also) || strchr(error, '\n'))
            fail_msg("'%s': status %d, '%s' (wanted '%s' and '%s')", refused[i].text,
                     status, error, refused[i].says, refused[i].also);
        icl_forgive(*state);
    }
}

static void very_long_text_is_refused(void **state)
{
    char text[2048];
    struct icl_recipe recipe;
    memset(text, '9', sizeof text);
    memcpy(text, "resize=", 7);
    text[sizeof text - 1] = '\0';
    assert_int_equal(icl_recipe_parse(*state, text, &recipe), IMGCLS_BAD_INPUT);
    assert_non_null(strstr(imgcls_error(*state), "1024"));
}

static void numbers_are_rounded_as_python_rounds_them(void **state)
{
    struct icl_recipe recipe;
    assert_int_equal(icl_recipe_parse(*state, "imagenet", &recipe), IMGCLS_OK);
    const float mean[3] = {0x1.f0a3d8p-2f, 0x1.d2f1aap-2f, 0x1.9fbe76p-2f};
    const float std[3] = {0x1.d4fdf4p-3f, 0x1.cac084p-3f, 0x1.ccccccp-3f};
    assert_memory_equal(recipe.mean, mean, sizeof mean);
    assert_memory_equal(recipe.std, std, sizeof std);
}

static void the_locale_changes_nothing(void **state)
{
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8"};
    bool found = false;
    for (size_t i = 0; i < 3 && !found; i++)
        found = setlocale(LC_ALL, commas[i]) != NULL;
    if (!found)
        print_message(
            "no locale with a decimal comma is installed: checked with C alone\n");
    canonical_text_is_stable(state);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(canonical_text_is_stable, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(refusals_name_key_and_choice, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(very_long_text_is_refused, open_context,
                                        close_context),
        cmocka_unit_test_setup_teardown(numbers_are_rounded_as_python_rounds_them,
                                        open_context, close_context),
        cmocka_unit_test_setup_teardown(the_locale_changes_nothing, open_context,
                                        close_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
