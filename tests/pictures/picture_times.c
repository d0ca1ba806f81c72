/*
 * tests/pictures/picture_times.c - milliseconds that each step from file to tensor takes
 *
 *     picture_times RECIPE ROUNDS < LIST-OF-FILES
 *
 * prints, in milliseconds over all files, each file's best of ROUNDS added up:
 *
 *     decode T     the whole picture
 *     resize T     the whole of it, to the recipe's size
 *     decode_for T the part that the recipe uses
 *     prepare T    that part, resized, cropped, as float32 planes
 *
 * Not a test: picture_race.py runs it beside Pillow, which does the same work.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/pictures/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/file/file.h"

enum { DECODE, RESIZE, DECODE_FOR, PREPARE, STEPS };

static const char *const names[STEPS] = {"decode", "resize", "decode_for", "prepare"};

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

/* Notes the time since *from where it is the best, and begins anew. */
static void lap(double *best, double *from)
{
    double now = milliseconds();
    if (now - *from < *best)
        *best = now - *from;
    *from = milliseconds();
}

static imgcls_status run_once(struct imgcls_context *ctx, const char *path,
                              const struct imgcls_source *source,
                              const struct icl_recipe *recipe, double best[STEPS])
{
    struct icl_picture whole = {0}, part = {0}, resized = {0};
    int32_t width, height;
    float *tensor = NULL;
    char reason[256];
    double from = milliseconds();
    imgcls_status status =
        icl_picture_decode(ctx, path, source->bytes, source->size,
                           icl_recipe_channels(recipe), &whole, reason, sizeof reason);
    lap(&best[DECODE], &from);
    if (status == IMGCLS_OK)
        status =
            icl_recipe_resized(ctx, recipe, whole.width, whole.height, &width, &height);
    from = milliseconds();
    if (status == IMGCLS_OK)
        status = icl_picture_resize(ctx, &whole, width, height, recipe->filter, &resized);
    lap(&best[RESIZE], &from);
    icl_picture_clear(&whole);
    icl_picture_clear(&resized);
    from = milliseconds();
    if (status == IMGCLS_OK)
        status = icl_picture_decode_for(ctx, path, source->bytes, source->size, recipe,
                                        &part, reason, sizeof reason);
    lap(&best[DECODE_FOR], &from);
    if (status == IMGCLS_OK)
        status = icl_preprocess(ctx, recipe, &part, &tensor, &width, &height);
    lap(&best[PREPARE], &from);
    icl_picture_clear(&part);
    icl_free(ctx, tensor);
    return status;
}

static imgcls_status time_file(struct imgcls_context *ctx, const char *path,
                               const struct icl_recipe *recipe, long rounds,
                               double sums[STEPS])
{
    struct imgcls_source *source;
    double best[STEPS] = {1e9, 1e9, 1e9, 1e9};
    imgcls_status status = icl_source_open(ctx, path, &source);
    if (status != IMGCLS_OK)
        return status;
    for (long i = 0; i < rounds && status == IMGCLS_OK; i++)
        status = run_once(ctx, path, source, recipe, best);
    icl_source_close(source);
    for (int step = 0; step < STEPS; step++)
        sums[step] += best[step];
    return status;
}

int main(int argc, char **argv)
{
    struct imgcls_context *ctx;
    struct icl_recipe recipe;
    double sums[STEPS] = {0};
    char path[4096];
    imgcls_status status = IMGCLS_OK;
    if (argc != 3 || imgcls_context_create(NULL, &ctx) != IMGCLS_OK) {
        fprintf(stderr, "usage: picture_times RECIPE ROUNDS < LIST-OF-FILES\n");
        return 2;
    }
    status = icl_recipe_parse(ctx, argv[1], &recipe);
    while (status == IMGCLS_OK && fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = '\0';
        status = time_file(ctx, path, &recipe, strtol(argv[2], NULL, 10), sums);
    }
    if (status == IMGCLS_OK)
        for (int step = 0; step < STEPS; step++)
            printf("%s %.3f\n", names[step], sums[step]);
    else
        fprintf(stderr, "%s\n", imgcls_error(ctx));
    imgcls_context_destroy(ctx);
    return status == IMGCLS_OK ? 0 : 2;
}
