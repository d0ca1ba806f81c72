/*
 * eval/predictions.c - the answers of an evaluation as a CSV file
 *
 * One row a picture, in the order of the set: file, label, five classes, five probabilities.
 * RFC 4180 quoting; numbers with a decimal point in every locale, nine digits, which is enough
 * to give the same float32 again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/evaluate.h"

#include "eval/number_text.h"
#include "src/file/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char header[] = "file,label,top1,top2,top3,top4,top5,p1,p2,p3,p4,p5\n";

static imgcls_status put(struct icl_output *output, const char *text, size_t size)
{
    return output->sink.write(&output->ctx->host, &output->sink, text, size);
}

/* A field, quoted where it must be. */
static imgcls_status put_field(struct icl_output *output, const char *text)
{
    imgcls_status status;
    const char *p;
    if (!strpbrk(text, ",\"\r\n"))
        return put(output, text, strlen(text));
    status = put(output, "\"", 1);
    for (p = text; *p && status == IMGCLS_OK; p++) {
        if (*p == '"')
            status = put(output, "\"", 1);
        if (status == IMGCLS_OK)
            status = put(output, p, 1);
    }
    return status == IMGCLS_OK ? put(output, "\"", 1) : status;
}

static imgcls_status put_row(struct icl_output *output,
                             const struct icl_dataset_entry *entry,
                             const struct icl_answer *answer, const float *probability)
{
    char text[512];
    size_t used;
    int i;
    imgcls_status status = put_field(output, entry->file);
    if (status != IMGCLS_OK)
        return status;
    used = (size_t)snprintf(text, sizeof text, ",%d", (int)entry->label);
    for (i = 0; i < ICL_ANSWER_TOP; i++) {
        text[used++] = ',';
        if (answer->top[i] >= 0)
            used += (size_t)snprintf(text + used, sizeof text - used, "%d",
                                     (int)answer->top[i]);
    }
    for (i = 0; i < ICL_ANSWER_TOP; i++) {
        text[used++] = ',';
        if (answer->top[i] >= 0 && isfinite(probability[i]))
            used += icl_number_text(probability[i], 9, text + used, sizeof text - used);
    }
    text[used++] = '\n';
    return put(output, text, used);
}

imgcls_status icl_predictions_write(struct imgcls_context *ctx, const char *path,
                                    const struct icl_evaluation *evaluation)
{
    struct icl_output *output;
    imgcls_status status = icl_output_create(ctx, path, &output);
    size_t i;
    if (status != IMGCLS_OK)
        return status;
    status = put(output, header, sizeof header - 1);
    for (i = 0; i < evaluation->set->count && status == IMGCLS_OK; i++)
        status = put_row(output, &evaluation->set->entries[i], &evaluation->answers[i],
                         evaluation->probabilities[i]);
    return icl_output_finish(output, status);
}
