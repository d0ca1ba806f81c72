/*
 * eval/leaderboard/timm.c - runs in the columns of timm's result tables
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/board.h"

#include "eval/leaderboard/cells.h"
#include "eval/number_text.h"
#include "src/recipe/recipe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char wanted[] =
    "model,top1,top5,parameters,recipe,run,dataset,images,failed,top1_low,top1_high,"
    "images_per_second,precision,model_sha256,dataset_sha256,recorded_at";
enum { MODEL, TOP1, TOP5, PARAMETERS, RECIPE, RUN, DATASET, IMAGES, FAILED, LOW, HIGH, RATE,
       PRECISION, MODEL_SHA, DATASET_SHA, RECORDED, WIDTH };

static const char *const columns[] = {
    "model", "top1", "top1_err", "top5", "top5_err", "param_count", "img_size", "crop_pct",
    "interpolation", "run", "dataset", "images", "failed", "top1_low", "top1_high",
    "images_per_second", "precision", "recipe", "model_sha256", "dataset_sha256",
    "recorded_at", NULL};

/* "76.1300" of 761300 ten-thousandths: no floating point, no locale. */
static struct imgcls_board_cell fixed(double value, int decimals, char text[40])
{
    int64_t unit = decimals == 4 ? 10000 : decimals == 3 ? 1000 : 100;
    int64_t parts = llround(value * (double)unit);
    snprintf(text, 40, "%lld.%0*lld", (long long)(parts / unit), decimals,
             (long long)(parts % unit));
    return icl_cell_text(text);
}

/* Percentage and what is missing to 100, which add up to it as printed. */
static void percents(const struct imgcls_board_cell *rate, struct imgcls_board_cell cells[2],
                     char (*texts)[40])
{
    double shown;
    cells[0] = cells[1] = icl_cell_text(NULL);
    if (rate->kind != IMGCLS_CELL_REAL)
        return;
    shown = (double)llround(rate->real * 1e6) / 1e4;
    cells[0] = fixed(shown, 4, texts[0]);
    cells[1] = fixed(100 - shown, 4, texts[1]);
}

/* What timm says of preprocessing, where the recipe can be said so. */
static imgcls_status preprocessing(struct imgcls_board *board,
                                   const struct imgcls_board_cell *recipe,
                                   struct imgcls_board_cell cells[3], char text[40])
{
    static const char *const filters[] = {"nearest", "box",     "bilinear", "bicubic",
                                          "hamming", "lanczos", "area"};
    struct icl_recipe parsed;
    imgcls_status status;
    cells[0] = cells[1] = cells[2] = icl_cell_text(NULL);
    if (recipe->kind != IMGCLS_CELL_TEXT)
        return IMGCLS_OK;
    status = icl_recipe_parse(board->ctx, recipe->text, &parsed);
    if (status == IMGCLS_NO_MEMORY)
        return status;
    if (status != IMGCLS_OK) { /* of a later version, with keys that are unknown here */
        icl_forgive(board->ctx);
        return IMGCLS_OK;
    }
    if (parsed.crop_width > 0)
        cells[0] = icl_cell_integer(parsed.crop_width);
    else if (parsed.resize != ICL_RESIZE_NONE)
        cells[0] = icl_cell_integer(parsed.resize_width);
    if (parsed.resize != ICL_RESIZE_NONE) {
        double crop = parsed.crop_width > 0 ? parsed.crop_width : parsed.resize_width;
        cells[1] = fixed(crop / parsed.resize_width, 3, text);
        cells[2] = icl_cell_text(filters[parsed.filter]);
    }
    return IMGCLS_OK;
}

static imgcls_status append(struct imgcls_board *board, const struct imgcls_board_cell *in,
                            struct imgcls_board_rows *rows)
{
    struct imgcls_board_cell cells[21], bound[2];
    char texts[4][40], count[40], crop[40], bounds[4][40];
    imgcls_status status;
    cells[0] = in[MODEL];
    percents(&in[TOP1], &cells[1], &texts[0]);
    percents(&in[TOP5], &cells[3], &texts[2]);
    cells[5] = in[PARAMETERS].kind == IMGCLS_CELL_INTEGER
                   ? fixed((double)in[PARAMETERS].integer / 1e6, 2, count)
                   : icl_cell_text(NULL);
    status = preprocessing(board, &in[RECIPE], &cells[6], crop);
    memcpy(&cells[9], &in[RUN], 4 * sizeof *cells); /* run, dataset, images, failed */
    percents(&in[LOW], bound, &bounds[0]);
    cells[13] = bound[0];
    percents(&in[HIGH], bound, &bounds[2]);
    cells[14] = bound[0];
    cells[15] = in[RATE];
    cells[16] = in[PRECISION];
    cells[17] = in[RECIPE];
    memcpy(&cells[18], &in[MODEL_SHA], 3 * sizeof *cells);
    return status == IMGCLS_OK ? icl_board_rows_append(board, rows, cells) : status;
}

imgcls_status imgcls_board_timm(struct imgcls_board *board,
                                const struct imgcls_board_selection *selection,
                                struct imgcls_board_rows **out)
{
    icl_forgive(board->ctx); /* what an earlier call left */
    struct imgcls_board_selection wish = {0};
    struct imgcls_board_rows *all = NULL;
    imgcls_status status;
    size_t i;
    *out = NULL;
    if (selection)
        memcpy(&wish, selection, selection->struct_size < sizeof wish
                                     ? selection->struct_size
                                     : sizeof wish);
    wish.struct_size = sizeof wish;
    wish.columns = wanted;
    status = imgcls_board_list(board, &wish, &all);
    if (status == IMGCLS_OK)
        status = icl_board_rows_create(board, columns, out);
    for (i = 0; status == IMGCLS_OK && i < all->row_count; i++)
        status = append(board, &all->cells[i * WIDTH], *out);
    if (status != IMGCLS_OK) {
        imgcls_board_rows_destroy(*out);
        *out = NULL;
    }
    imgcls_board_rows_destroy(all);
    return status;
}
