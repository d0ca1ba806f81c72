/*
 * eval/metrics/answer.c - what is kept of a picture's scores, in memory and as stored bytes
 *
 * Invariant: decode(encode(answer)) == answer, bit for bit, for every answer made here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/metrics/metrics.h"

#include "src/model/model.h"
#include "src/tensor/tensor.h"

#include <endian.h>
#include <math.h>
#include <string.h>

#define F16_NAN 0x7e00

static void fill(struct icl_answer *answer, uint16_t probability)
{
    int i;
    for (i = 0; i < ICL_ANSWER_TOP; i++) {
        answer->top[i] = -1;
        answer->probability[i] = probability;
    }
    answer->label_log_probability = NAN;
}

void icl_answer_failed(struct icl_answer *answer)
{
    fill(answer, 0);
}

void icl_answer_nan(struct icl_answer *answer)
{
    fill(answer, F16_NAN);
}

bool icl_answer_is_failed(const struct icl_answer *answer)
{
    return answer->top[0] < 0 && answer->probability[0] != F16_NAN;
}

bool icl_answer_is_nan(const struct icl_answer *answer)
{
    return answer->top[0] < 0 && answer->probability[0] == F16_NAN;
}

bool icl_answer_is_right(const struct icl_answer *answer, int32_t label, int k)
{
    int i;
    for (i = 0; i < k && i < ICL_ANSWER_TOP; i++)
        if (answer->top[i] >= 0 && answer->top[i] == label)
            return true;
    return false;
}

/* The natural logarithm of class `index`'s probability, from the same reading of the row as
 * icl_top_k: a distribution as it is, else softmax in double around the maximum. */
static double log_probability(const float *row, int64_t classes, int64_t index)
{
    double sum = 0, maximum = row[0];
    int64_t i;
    if (icl_is_distribution(row, classes))
        return log((double)row[index]);
    for (i = 0; i < classes; i++)
        maximum = row[i] > maximum ? row[i] : maximum;
    if (isinf(maximum)) /* softmax of an infinity: it takes everything */
        return row[index] == maximum ? 0 : -INFINITY;
    for (i = 0; i < classes; i++)
        sum += exp(row[i] - maximum);
    return row[index] - maximum - log(sum);
}

void icl_answer_restrict(const float *row, int64_t classes, const int32_t *compared,
                         size_t count, float *out)
{
    double sum = 0;
    size_t i;
    for (i = 0; i < count; i++) {
        out[i] = row[compared[i]];
        sum += out[i];
    }
    if (!icl_is_distribution(row, classes) || !(sum > 0))
        return;
    for (i = 0; i < count; i++)
        out[i] = (float)(out[i] / sum);
}

void icl_answer_score(const float *row, int64_t classes, int32_t label,
                      struct icl_answer *answer, float probability[ICL_ANSWER_TOP])
{
    int32_t top[ICL_ANSWER_TOP];
    float full[ICL_ANSWER_TOP];
    size_t count, i;
    int64_t k;
    icl_answer_failed(answer);
    for (i = 0; i < ICL_ANSWER_TOP; i++)
        full[i] = 0;
    for (k = 0; k < classes; k++)
        if (isnan(row[k])) {
            icl_answer_nan(answer);
            for (i = 0; probability && i < ICL_ANSWER_TOP; i++)
                probability[i] = NAN;
            return;
        }
    count = icl_top_k(row, classes, ICL_ANSWER_TOP, top, full);
    for (i = 0; i < count; i++) {
        answer->top[i] = top[i];
        answer->probability[i] = icl_f32_to_f16(full[i]);
    }
    if (label >= 0 && label < classes)
        answer->label_log_probability = (float)log_probability(row, classes, label);
    if (probability)
        memcpy(probability, full, sizeof full);
}

void icl_tally_add(struct icl_tally *tally, const struct icl_answer *answer, int32_t label)
{
    tally->images++;
    tally->failed += icl_answer_is_failed(answer);
    tally->nan_scores += icl_answer_is_nan(answer);
    tally->top1_correct += icl_answer_is_right(answer, label, 1);
    tally->top5_correct += icl_answer_is_right(answer, label, 5);
}

int icl_answer_index_bytes(int64_t classes)
{
    return classes <= 0xffff ? 2 : 4; /* all bits set means none, so 65535 itself is taken */
}

size_t icl_answer_size(int index_bytes)
{
    return (size_t)ICL_ANSWER_TOP * ((size_t)index_bytes + 2) + 4;
}

static uint8_t *put(uint8_t *to, uint32_t value, int bytes)
{
    int i;
    for (i = 0; i < bytes; i++)
        *to++ = (uint8_t)(value >> (8 * i));
    return to;
}

void icl_answer_encode(const struct icl_answer *answer, int index_bytes, uint8_t *bytes)
{
    uint32_t bits;
    int i;
    for (i = 0; i < ICL_ANSWER_TOP; i++)
        bytes = put(bytes, (uint32_t)answer->top[i], index_bytes); /* -1: all bits set */
    for (i = 0; i < ICL_ANSWER_TOP; i++)
        bytes = put(bytes, answer->probability[i], 2);
    memcpy(&bits, &answer->label_log_probability, sizeof bits);
    put(bytes, bits, 4);
}

static uint32_t two_bytes(const uint8_t *bytes)
{
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return le16toh(value);
}

static uint32_t four_bytes(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return le32toh(value);
}

void icl_answer_decode(const uint8_t *bytes, int index_bytes, struct icl_answer *answer)
{
    uint32_t bits;
    int i;
    for (i = 0; i < ICL_ANSWER_TOP; i++, bytes += index_bytes) {
        uint32_t index = index_bytes == 2 ? two_bytes(bytes) : four_bytes(bytes);
        bool none = index_bytes == 2 ? index == 0xffffu : index > INT32_MAX;
        answer->top[i] = none ? -1 : (int32_t)index;
    }
    for (i = 0; i < ICL_ANSWER_TOP; i++, bytes += 2)
        answer->probability[i] = (uint16_t)two_bytes(bytes);
    bits = four_bytes(bytes);
    memcpy(&answer->label_log_probability, &bits, sizeof bits);
}
