/*
 * plugins/formats/settings/settings.h - what libraries write down about a model, as texts
 *
 * Takes configurations as JSON (or Python literals), puts class names, preprocessing,
 * architecture and settings into a checkpoint under the keys that the host knows
 * (IMGCLS_META_...). What cannot be said exactly in a recipe becomes a note.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMATS_SETTINGS_H
#define FORMATS_SETTINGS_H

#include <imgcls/plugin.h>

#include <stdbool.h>

#include <jansson.h>

/* Where settings go; path is for messages. */
struct settings {
    const struct imgcls_host *host;
    struct imgcls_checkpoint *checkpoint;
    const char *path;
};

imgcls_status settings_wrong(const struct settings *in, const char *format, ...)
    IMGCLS_PRINTF(2, 3);
imgcls_status settings_text(const struct settings *in, const char *key, const char *text);
/* Appends a line to IMGCLS_META_NOTES. */
imgcls_status settings_note(const struct settings *in, const char *format, ...)
    IMGCLS_PRINTF(2, 3);
/* IMGCLS_META_CONFIG from an object. */
imgcls_status settings_config(const struct settings *in, const json_t *object);
/* IMGCLS_META_LABELS from a list of texts; line breaks within a name become spaces. */
imgcls_status settings_labels(const struct settings *in, const json_t *names);
/* IMGCLS_META_HEIGHT and _WIDTH. */
imgcls_status settings_size(const struct settings *in, int64_t height, int64_t width);

/* -- literal.c -- */

/* Assignments of literals at the left margin of Python text: an object of name: value.
 * dict(k=v) and names assigned before are literals, too; whatever else stands on the right
 * is passed over. Nothing is run. NULL after a failure. Own: json_decref. */
json_t *settings_literals(const struct settings *in, const char *text, size_t size);

/* -- recipe.c -- */

struct settings_recipe {
    int64_t resize;             /* shorter side; 0: none */
    int64_t squash_w, squash_h; /* to exactly this; 0: none */
    int64_t crop_w, crop_h;     /* 0: none */
    const char *filter;         /* NULL: bilinear */
    bool opencv;                /* resized as OpenCV does it */
    bool floor_offset;          /* crop offsets rounded down */
    bool bgr, gray;
    int range; /* 1 or 255 */
    double mean[3], std[3];
};
/* IMGCLS_META_RECIPE, and the input's size where the recipe fixes it. */
imgcls_status settings_recipe(const struct settings *in,
                              const struct settings_recipe *recipe);
/* Three numbers from a list of 3 or 1, or a number; false where it is neither. */
bool settings_three(const json_t *value, double out[3]);
/* Whether engine=opencv has the filter of this name. */
bool settings_opencv_has(const char *filter);
/* Pillow's filter codes 0..5, and the names that libraries give filters; NULL: unknown. */
const char *settings_filter(const json_t *value);

/* -- mm.c, transformers.c, timm.c: one a library -- */

/* model: {"backbone", "neck", "head"}; pipeline: list of steps, or NULL; normaliser:
 * mmpretrain's data_preprocessor, or NULL. */
imgcls_status settings_mm(const struct settings *in, const json_t *model,
                          const json_t *pipeline, const json_t *normaliser);
/* An mmcls or mmpretrain configuration: object of its assignments. */
imgcls_status settings_mm_config(const struct settings *in, const json_t *config);
/* ModelScope's configuration.json. */
imgcls_status settings_modelscope(const struct settings *in, const json_t *config);
/* config.json, and preprocessor_config.json or NULL. */
imgcls_status settings_transformers(const struct settings *in, const json_t *config,
                                    const json_t *preprocessor);
imgcls_status settings_timm(const struct settings *in, const json_t *config);

#endif
