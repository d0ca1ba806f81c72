/*
 * eval/record.c - a finished picture as bytes: what progress keeps and ranks exchange
 *
 * Little-endian: index (8 bytes), flags (1), answer (34), five probabilities (20), SHA-256
 * of the file (32), milliseconds (4), length of the reason (2), the reason. Nothing that is
 * taken in is believed: indices and lengths are compared with what there is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/evaluate.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_BYTES  34
#define HEAD_BYTES    (8 + 1 + ANSWER_BYTES + 4 * ICL_ANSWER_TOP + 32 + 4 + 2)
#define FLAG_ORIENTED 1
#define FLAG_HASHED   2
#define FLAG_FAILED   4

static uint8_t *put(uint8_t *to, uint64_t value, int bytes)
{
    int i;
    for (i = 0; i < bytes; i++)
        *to++ = (uint8_t)(value >> (8 * i));
    return to;
}

static uint64_t take(const uint8_t **from, int bytes)
{
    uint64_t value = 0;
    int i;
    for (i = 0; i < bytes; i++)
        value |= (uint64_t) * (*from)++ << (8 * i);
    return value;
}

static uint8_t *put_float(uint8_t *to, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return put(to, bits, 4);
}

static float take_float(const uint8_t **from)
{
    uint32_t bits = (uint32_t)take(from, 4);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

bool icl_record_append(const struct icl_evaluation *evaluation, size_t index,
                       struct icl_bytes *bytes)
{
    const struct icl_dataset_entry *entry = &evaluation->set->entries[index];
    const struct icl_outcome *outcome = &evaluation->outcomes[index];
    size_t length = outcome->reason ? strlen(outcome->reason) : 0, need = bytes->size, i;
    uint8_t *to;
    length = length > 0xffff ? 0xffff : length;
    need += HEAD_BYTES + length;
    if (need > bytes->capacity) {
        size_t capacity = bytes->capacity * 2 > need ? bytes->capacity * 2 : need;
        uint8_t *grown = realloc(bytes->data, capacity);
        if (!grown)
            return false;
        bytes->data = grown;
        bytes->capacity = capacity;
    }
    to = put(bytes->data + bytes->size, index, 8);
    to = put(to,
             (outcome->oriented ? FLAG_ORIENTED : 0) | (entry->hashed ? FLAG_HASHED : 0) |
                 (outcome->reason ? FLAG_FAILED : 0),
             1);
    icl_answer_encode(&evaluation->answers[index], 4, to);
    to += ANSWER_BYTES;
    for (i = 0; i < ICL_ANSWER_TOP; i++)
        to = put_float(to, evaluation->probabilities[index][i]);
    memcpy(to, entry->sha256, 32);
    to = put_float(to + 32, outcome->milliseconds);
    to = put(to, length, 2);
    if (length > 0)
        memcpy(to, outcome->reason, length);
    bytes->size = need;
    return true;
}

bool icl_record_take(struct icl_evaluation *evaluation, const uint8_t *bytes, size_t size,
                     size_t *indices, size_t *count)
{
    const uint8_t *from = bytes, *end = bytes + size;
    *count = 0;
    while (from < end) {
        struct icl_dataset_entry *entry;
        struct icl_outcome *outcome;
        uint64_t index, flags, length, i;
        if (end - from < HEAD_BYTES)
            return false;
        index = take(&from, 8);
        if (index >= evaluation->set->count || *count >= evaluation->set->count)
            return false;
        flags = take(&from, 1);
        entry = &evaluation->set->entries[index];
        outcome = &evaluation->outcomes[index];
        icl_answer_decode(from, 4, &evaluation->answers[index]);
        from += ANSWER_BYTES;
        for (i = 0; i < ICL_ANSWER_TOP; i++)
            evaluation->probabilities[index][i] = take_float(&from);
        memcpy(entry->sha256, from, 32);
        from += 32;
        entry->hashed = flags & FLAG_HASHED;
        outcome->milliseconds = take_float(&from);
        length = take(&from, 2);
        if ((uint64_t)(end - from) < length)
            return false;
        free(outcome->reason);
        outcome->reason = NULL;
        if (flags & FLAG_FAILED) {
            outcome->reason = strndup((const char *)from, length);
            if (!outcome->reason)
                return false;
        }
        from += length;
        outcome->oriented = flags & FLAG_ORIENTED;
        outcome->done = 1;
        if (indices)
            indices[*count] = index;
        (*count)++;
    }
    return true;
}
