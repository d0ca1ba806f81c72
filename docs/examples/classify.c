/*
 * docs/examples/classify.c - the five most probable classes of a picture, in one screen of C
 *
 *     cc classify.c $(pkg-config --cflags --libs imgcls) -o classify
 *     ./classify resnet50.imgcls cat.jpg
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include <imgcls/imgcls.h>

int main(int argc, char **argv)
{
    struct imgcls_context *ctx = NULL;
    struct imgcls_model *model = NULL;
    struct imgcls_prediction best[5];
    size_t count = 0;
    if (argc != 3) {
        fprintf(stderr, "usage: classify MODEL PICTURE\n");
        return 2;
    }
    imgcls_status status = imgcls_context_create(NULL, &ctx);
    if (status == IMGCLS_OK)
        status = imgcls_model_open(ctx, argv[1], &model);
    if (status == IMGCLS_OK)
        status = imgcls_model_classify(model, argv[2], 5, best, &count);
    for (size_t i = 0; i < count; i++)
        printf("%6.2f %%  %s\n", 100.0 * best[i].probability,
               best[i].label ? best[i].label : "(no name)");
    if (status != IMGCLS_OK)
        fprintf(stderr, "classify: %s\n", ctx ? imgcls_error(ctx) : imgcls_status_text(status));
    imgcls_model_close(model);
    imgcls_context_destroy(ctx);
    return status == IMGCLS_OK ? 0 : 2;
}
