/*
 * tests/checkpoint/settings_test.c - configurations of libraries become recipes, class
 * names and settings
 *
 * What is wanted follows by hand from each library's own rules.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/formats/settings/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "src/checkpoint/checkpoint.h"
#include "src/recipe/recipe.h"

#define M    "mean=0.485/0.456/0.406,std=0.229/0.224/0.225"
#define HALF "mean=0.5/0.5/0.5,std=0.5/0.5/0.5"

struct fixture {
    struct imgcls_context *ctx;
    struct imgcls_checkpoint *checkpoint;
    struct settings in;
};

static void begin(struct fixture *fixture)
{
    assert_int_equal(imgcls_context_create(NULL, &fixture->ctx), IMGCLS_OK);
    assert_int_equal(icl_checkpoint_create(fixture->ctx, &fixture->checkpoint), IMGCLS_OK);
    fixture->in =
        (struct settings){&fixture->ctx->host, fixture->checkpoint, "the/config.json"};
}

static void end(struct fixture *fixture)
{
    icl_checkpoint_destroy(fixture->checkpoint);
    imgcls_context_destroy(fixture->ctx);
}

static json_t *json_of(const char *text)
{
    json_error_t error;
    if (!text)
        return NULL;
    json_t *json = json_loads(text, 0, &error);
    if (!json)
        fail_msg("%s: %s", text, error.text);
    return json;
}

/* The canonical text, or NULL where there is no recipe. */
static char *recipe_of(struct fixture *fixture)
{
    struct icl_recipe recipe;
    const char *text = icl_checkpoint_text(fixture->checkpoint, IMGCLS_META_RECIPE);
    if (!text)
        return NULL;
    if (icl_recipe_parse(fixture->ctx, text, &recipe) != IMGCLS_OK)
        fail_msg("'%s': %s", text, imgcls_error(fixture->ctx));
    return icl_recipe_text(fixture->ctx, &recipe);
}

static void expect_recipe(struct fixture *fixture, const char *source, const char *wanted,
                          const char *note)
{
    char *got = recipe_of(fixture);
    const char *notes = icl_checkpoint_text(fixture->checkpoint, IMGCLS_META_NOTES);
    if ((got == NULL) != (wanted == NULL) || (got && strcmp(got, wanted) != 0))
        fail_msg("%s\n gives  %s\n wanted %s", source, got, wanted);
    if ((note == NULL) != (notes == NULL) || (note && !strstr(notes, note)))
        fail_msg("%s: notes '%s', wanted '%s'", source, notes, note);
    free(got);
}

#define PRE(steps)                                                                         \
    "{\"framework\": \"pytorch\", \"model\": {\"type\": \"ClassificationModel\", "         \
    "\"mm_model\": {\"backbone\": {\"type\": \"VisionTransformer\"}}}, "                   \
    "\"preprocessor\": {\"val\": [" steps "]}}"
#define NORMAL                                                                             \
    "{\"type\": \"Normalize\", \"mean\": [123.675, 116.28, 103.53], "                      \
    "\"std\": [58.395, 57.12, 57.375], \"to_rgb\": true}"
#define NUMBERS "color=rgb,range=255,mean=123.675/116.28/103.53,std=58.395/57.12/57.375"

static void steps_of_modelscope_become_recipes(void **state)
{
    static const struct {
        const char *config, *recipe, *note;
    } rows[] = {
        {PRE("{\"type\": \"LoadImageFromFile\"}, {\"type\": \"Resize\", \"size\": [256, "
             "-1], "
             "\"backend\": \"pillow\"}, {\"type\": \"CenterCrop\", \"crop_size\": "
             "224}, " NORMAL),
         "resize=256,filter=bilinear,crop=224," NUMBERS, NULL},
        {PRE("{\"type\": \"Resize\", \"size\": 224, \"backend\": \"pillow\", "
             "\"interpolation\": \"bicubic\"}, " NORMAL),
         "resize=224x224,filter=bicubic," NUMBERS, NULL},
        {PRE("{\"type\": \"Resize\", \"size\": [192, 256], \"backend\": "
             "\"pillow\"}, " NORMAL),
         "resize=256x192,filter=bilinear," NUMBERS, NULL}, /* height, width */
        {PRE("{\"type\": \"Resize\", \"size\": [256, -1]}, {\"type\": \"CenterCrop\", "
             "\"crop_size\": 224}, " NORMAL),
         "resize=256,filter=bilinear,engine=opencv,crop=224," NUMBERS,
         "OpenCV without antialiasing"},
        {PRE("{\"type\": \"Resize\", \"size\": 224, \"backend\": \"cv2\", "
             "\"interpolation\": \"area\"}, " NORMAL),
         "resize=224x224,filter=area,engine=opencv," NUMBERS, "OpenCV"},
        {PRE("{\"type\": \"Resize\", \"size\": 224, \"backend\": \"cv2\", "
             "\"interpolation\": \"lanczos\"}, " NORMAL),
         "resize=224x224,filter=lanczos," NUMBERS, "stands in"},
        /* mm's RegNet and Caffe recipes: BGR, mean and std in that order already */
        {PRE("{\"type\": \"Normalize\", \"mean\": [103.53, 116.28, 123.675], "
             "\"std\": [57.375, 57.12, 58.395], \"to_rgb\": false}"),
         "color=bgr,range=255,mean=103.53/116.28/123.675,std=57.375/57.12/58.395", NULL},
        {PRE("{\"type\": \"Resize\", \"size\": 32, \"backend\": \"pillow\"}, "
             "{\"type\": \"Normalize\", \"mean\": [33.46], \"std\": [78.87], \"to_rgb\": "
             "true}"),
         "resize=32x32,filter=bilinear,color=gray,range=255,mean=33.46,std=78.87", NULL},
        {PRE("{\"type\": \"CenterCrop\", \"crop_size\": 224, \"efficientnet_style\": true, "
             "\"backend\": \"pillow\", \"interpolation\": \"bicubic\"}, " NORMAL),
         "resize=256,filter=bicubic,crop=224," NUMBERS, "differs by rounding"},
        {PRE("{\"type\": \"TenCrop\"}, " NORMAL), NULL, "TenCrop"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture fixture;
        json_t *config = json_of(rows[i].config);
        begin(&fixture);
        assert_int_equal(settings_modelscope(&fixture.in, config), IMGCLS_OK);
        expect_recipe(&fixture, rows[i].config, rows[i].recipe, rows[i].note);
        assert_string_equal(icl_checkpoint_text(fixture.checkpoint, IMGCLS_META_LIBRARY),
                            "mm");
        json_decref(config);
        end(&fixture);
    }
}

static void preprocessors_of_hugging_face_become_recipes(void **state)
{
    static const struct {
        const char *type, *preprocessor, *recipe;
    } rows[] = {
        {"vit", "{\"size\": 224, \"resample\": 2}",
         "resize=224x224,filter=bilinear,color=rgb,range=1," HALF},
        {"vit", "{\"size\": {\"height\": 192, \"width\": 256}, \"resample\": 3}",
         "resize=256x192,filter=bicubic,color=rgb,range=1," HALF},
        {"deit",
         "{\"size\": 256, \"crop_size\": 224, \"do_center_crop\": true, \"resample\": 3, "
         "\"image_mean\": [0.485, 0.456, 0.406], \"image_std\": [0.229, 0.224, 0.225]}",
         "resize=256x256,filter=bicubic,crop=224,offset=floor,color=rgb,range=1," M},
        {"clip",
         "{\"size\": {\"shortest_edge\": 224}, \"crop_size\": {\"height\": 224, "
         "\"width\": 224}, \"do_center_crop\": true, \"resample\": 3}",
         "resize=224,filter=bicubic,crop=224,offset=floor,color=rgb,range=1," M},
        /* int(224 / 0.875) = 256, and from 384 on no crop */
        {"convnext",
         "{\"feature_extractor_type\": \"ConvNextFeatureExtractor\", \"size\": 224, "
         "\"crop_pct\": 0.875, \"resample\": 3}",
         "resize=256,filter=bicubic,crop=224,offset=floor,color=rgb,range=1," M},
        {"resnet",
         "{\"image_processor_type\": \"ConvNextImageProcessor\", "
         "\"size\": {\"shortest_edge\": 384}, \"crop_pct\": 0.95}",
         "resize=384x384,filter=bicubic,color=rgb,range=1," M},
        {"vit", "{\"size\": 224, \"do_resize\": false, \"do_normalize\": false}",
         "color=rgb,range=1,mean=0/0/0,std=1/1/1"},
        {"vit",
         "{\"size\": 224, \"do_rescale\": false, \"image_mean\": 127.5, "
         "\"image_std\": 127.5}",
         "resize=224x224,filter=bilinear,color=rgb,range=255,mean=127.5/127.5/127.5,"
         "std=127.5/127.5/127.5"},
        /* x / 127.5 - 1, then (x - 0.5) / 0.5: mean (1 + 0.5) / 2, std 0.5 / 2 */
        {"efficientnet",
         "{\"size\": {\"height\": 224, \"width\": 224}, \"rescale_offset\": true, "
         "\"rescale_factor\": 0.00784313725490196, \"image_mean\": [0.5, 0.5, 0.5], "
         "\"image_std\": [0.5, 0.5, 0.5]}",
         "resize=224x224,filter=bicubic,color=rgb,range=1,mean=0.75/0.75/0.75,"
         "std=0.25/0.25/0.25"},
        /* include_top divides by std once more */
        {"efficientnet",
         "{\"size\": {\"height\": 224, \"width\": 224}, \"include_top\": true, "
         "\"image_mean\": [0.5, 0.5, 0.5], \"image_std\": [0.5, 0.5, 0.5]}",
         "resize=224x224,filter=bicubic,color=rgb,range=1,mean=0.5/0.5/0.5,"
         "std=0.25/0.25/0.25"},
        {"mobilevit",
         "{\"size\": {\"shortest_edge\": 288}, \"do_flip_channel_order\": true, "
         "\"do_normalize\": false, \"resample\": 2}",
         "resize=288,filter=bilinear,color=bgr,range=1,mean=0/0/0,std=1/1/1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture fixture;
        char text[64];
        snprintf(text, sizeof text, "{\"model_type\": \"%s\"}", rows[i].type);
        json_t *config = json_of(text), *preprocessor = json_of(rows[i].preprocessor);
        begin(&fixture);
        if (settings_transformers(&fixture.in, config, preprocessor) != IMGCLS_OK)
            fail_msg("%s: %s", rows[i].preprocessor, imgcls_error(fixture.ctx));
        expect_recipe(&fixture, rows[i].preprocessor, rows[i].recipe, NULL);
        json_decref(config);
        json_decref(preprocessor);
        end(&fixture);
    }
}

static void pretrained_settings_of_timm_become_recipes(void **state)
{
    static const struct {
        const char *config, *recipe, *note;
    } rows[] = {
        /* floor(224 / 0.9) = 248, floor(224 / 0.95) = 235, floor(224 / 0.965) = 232 */
        {"{\"architecture\": \"deit_tiny\", \"pretrained_cfg\": {\"input_size\": [3, 224, "
         "224], "
         "\"crop_pct\": 0.9}}",
         "resize=248,filter=bicubic,crop=224,color=rgb,range=1," M, NULL},
        {"{\"architecture\": \"resnet18.a1\", \"input_size\": [3, 224, 224], "
         "\"crop_pct\": 0.95, \"interpolation\": \"bilinear\"}",
         "resize=235,filter=bilinear,crop=224,color=rgb,range=1," M, NULL},
        {"{\"architecture\": \"x\", \"pretrained_cfg\": {\"input_size\": [3, 224, 224], "
         "\"crop_pct\": 0.965, \"mean\": [0.5, 0.5, 0.5], \"std\": [0.5, 0.5, 0.5]}}",
         "resize=232,filter=bicubic,crop=224,color=rgb,range=1," HALF, NULL},
        {"{\"architecture\": \"x\", \"pretrained_cfg\": {\"input_size\": [3, 384, 384], "
         "\"crop_pct\": 1.0, \"crop_mode\": \"squash\"}}",
         "resize=384x384,filter=bicubic,crop=384,color=rgb,range=1," M, NULL},
        {"{\"architecture\": \"x\", \"pretrained_cfg\": {\"input_size\": [3, 224, 224], "
         "\"crop_mode\": \"border\"}}",
         NULL, "cannot be said"},
        {"{\"architecture\": \"x\", \"num_classes\": 10}", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture fixture;
        json_t *config = json_of(rows[i].config);
        begin(&fixture);
        assert_int_equal(settings_timm(&fixture.in, config), IMGCLS_OK);
        expect_recipe(&fixture, rows[i].config, rows[i].recipe, rows[i].note);
        json_decref(config);
        end(&fixture);
    }
}

static void classes_are_ordered_as_numbers(void **state)
{
    struct fixture fixture;
    json_t *config =
        json_of("{\"model_type\": \"vit\", \"id2label\": {\"0\": \"c0\", "
                "\"1\": \"c1\", \"10\": \"c10\", \"11\": \"c11\", \"2\": \"c2\", "
                "\"3\": \"c3\", \"4\": \"c4\", \"5\": \"c5\", \"6\": \"c6\", "
                "\"7\": \"c7\", \"8\": \"c8\", \"9\": \"c9\"}}");
    (void)state;
    begin(&fixture);
    assert_int_equal(settings_transformers(&fixture.in, config, NULL), IMGCLS_OK);
    assert_string_equal(icl_checkpoint_text(fixture.checkpoint, IMGCLS_META_LABELS),
                        "c0\nc1\nc2\nc3\nc4\nc5\nc6\nc7\nc8\nc9\nc10\nc11\n");
    assert_int_equal(icl_checkpoint_int(fixture.checkpoint, "num_labels", -1), 12);
    json_decref(config);
    end(&fixture);
    /* A number left out, or beyond the count: not a list of classes. */
    static const char *const wrong[] = {
        "{\"id2label\": {\"0\": \"a\", \"2\": \"b\"}}", "{\"id2label\": {\"x\": \"a\"}}",
        "{\"id2label\": {\"0\": \"a\", \"00\": \"b\"}}", "{\"id2label\": {\"-0\": \"a\"}}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        config = json_of(wrong[i]);
        begin(&fixture);
        if (settings_transformers(&fixture.in, config, NULL) != IMGCLS_BAD_INPUT)
            fail_msg("%s was accepted", wrong[i]);
        json_decref(config);
        end(&fixture);
    }
    /* Placeholders are no names. */
    config = json_of("{\"id2label\": {\"0\": \"LABEL_0\", \"1\": \"LABEL_1\"}}");
    begin(&fixture);
    assert_int_equal(settings_transformers(&fixture.in, config, NULL), IMGCLS_OK);
    assert_null(icl_checkpoint_text(fixture.checkpoint, IMGCLS_META_LABELS));
    assert_int_equal(icl_checkpoint_int(fixture.checkpoint, "num_labels", -1), 2); /* a count */
    json_decref(config);
    end(&fixture);
}

/* Shapes hang on it: what no picture's side can be is refused, with the file and the number. */
static void the_size_of_a_picture_is_believed_or_refused(void **state)
{
    static const struct {
        const char *config, *height, *width, *error;
    } rows[] = {
        {"{}", NULL, NULL, NULL},
        {"{\"image_size\": null}", NULL, NULL, NULL},
        {"{\"image_size\": 224}", "224", "224", NULL},
        {"{\"image_size\": 224.0}", "224", "224", NULL},
        {"{\"image_size\": [192, 256]}", "192", "256", NULL},
        {"{\"image_size\": 16384}", "16384", "16384", NULL},
        {"{\"image_size\": 0}", NULL, NULL, "image_size of config.json is 0,"},
        {"{\"image_size\": -224}", NULL, NULL, "image_size of config.json is -224,"},
        {"{\"image_size\": 1000000000}", NULL, NULL, "image_size of config.json is 1000000000,"},
        {"{\"image_size\": 224.5}", NULL, NULL, "image_size of config.json is 224.5,"},
        {"{\"image_size\": 1e300}", NULL, NULL, "image_size of config.json is 1e+300,"},
        {"{\"image_size\": [224, 0]}", NULL, NULL, "image_size of config.json is 0,"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture fixture;
        json_t *config = json_of(rows[i].config);
        begin(&fixture);
        imgcls_status status = settings_transformers(&fixture.in, config, NULL);
        const char *got[] = {icl_checkpoint_text(fixture.checkpoint, IMGCLS_META_HEIGHT),
                             icl_checkpoint_text(fixture.checkpoint, IMGCLS_META_WIDTH)};
        const char *wanted[] = {rows[i].height, rows[i].width};
        if (status != (rows[i].error ? IMGCLS_BAD_INPUT : IMGCLS_OK))
            fail_msg("%s gives %d", rows[i].config, status);
        if (rows[i].error && (!strstr(imgcls_error(fixture.ctx), rows[i].error) ||
                              !strstr(imgcls_error(fixture.ctx), "the/config.json")))
            fail_msg("%s: '%s'", rows[i].config, imgcls_error(fixture.ctx));
        for (size_t d = 0; d < 2; d++)
            if ((got[d] == NULL) != (wanted[d] == NULL) ||
                (got[d] && strcmp(got[d], wanted[d]) != 0))
                fail_msg("%s: side %zu is %s", rows[i].config, d, got[d]);
        json_decref(config);
        end(&fixture);
    }
}

static void python_is_read_and_never_run(void **state)
{
    static const char text[] =
        "import os\n"
        "_base_ = ['../x.py']\n"
        "norm = dict(mean=[1, 2., .5], std=(1e0, -2, 3), to_rgb=True)  # note\n"
        "evil = os.system('touch /tmp/x')\n"
        "sum = 1 + 2\n"
        "if True:\n"
        "    hidden = 1\n"
        "model = {'type': \"A\\\"b\", 'neck': None,\n"
        "    # within\n"
        "    'head': dict(n=5, **norm), 3: '''x\ny'''}\n"
        "again = model\n"
        "one = (7,)\n"
        "same = (7)\n"
        "mixed = [1, os.getpid()]\n"
        "raw = r'a\\n'\n"
        "last = 1_000";
    struct fixture fixture;
    (void)state;
    begin(&fixture);
    json_t *got = settings_literals(&fixture.in, text, strlen(text));
    json_t *want = json_of(
        "{\"_base_\": [\"../x.py\"], \"norm\": {\"mean\": [1, 2.0, 0.5], "
        "\"std\": [1.0, -2, 3], \"to_rgb\": true}, \"model\": {\"type\": \"A\\\"b\", "
        "\"neck\": null, \"head\": {\"n\": 5, \"mean\": [1, 2.0, 0.5], "
        "\"std\": [1.0, -2, 3], \"to_rgb\": true}, \"3\": \"x\\ny\"}, "
        "\"again\": {\"type\": \"A\\\"b\", \"neck\": null, \"head\": {\"n\": 5, "
        "\"mean\": [1, 2.0, 0.5], \"std\": [1.0, -2, 3], \"to_rgb\": true}, "
        "\"3\": \"x\\ny\"}, \"one\": [7], \"same\": 7, \"raw\": \"a\\\\n\", \"last\": "
        "1000}");
    if (!json_equal(got, want)) {
        char *said = json_dumps(got, JSON_INDENT(1));
        fail_msg("%s", said);
    }
    json_decref(got);
    json_decref(want);
    end(&fixture);
}

static void names_used_again_and_again_do_not_unfold(void **state)
{
    char text[2048] = "a0 = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
    struct fixture fixture;
    (void)state;
    for (int i = 1; i < 12; i++)
        sprintf(text + strlen(text), "a%d = [a%d, a%d, a%d, a%d, a%d, a%d, a%d, a%d]\n", i,
                i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    begin(&fixture);
    json_t *got = settings_literals(&fixture.in, text, strlen(text));
    assert_non_null(json_object_get(got, "a2"));
    assert_null(json_object_get(got, "a9")); /* 10 * 8^9 numbers */
    json_decref(got);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_modelscope_become_recipes),
        cmocka_unit_test(preprocessors_of_hugging_face_become_recipes),
        cmocka_unit_test(pretrained_settings_of_timm_become_recipes),
        cmocka_unit_test(classes_are_ordered_as_numbers),
        cmocka_unit_test(the_size_of_a_picture_is_believed_or_refused),
        cmocka_unit_test(python_is_read_and_never_run),
        cmocka_unit_test(names_used_again_and_again_do_not_unfold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
