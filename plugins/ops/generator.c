/*
 * plugins/ops/generator.c - MT19937 and what is made of its words
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "generator.h"

#include <math.h>

#include "op.h"

#define WORDS 624
#define AHEAD 397

void generator_seed(struct generator *generator, uint32_t seed)
{
    uint32_t i;
    generator->words[0] = seed;
    for (i = 1; i < WORDS; i++) {
        const uint32_t last = generator->words[i - 1];
        generator->words[i] = UINT32_C(1812433253) * (last ^ last >> 30) + i;
    }
    generator->at = WORDS;
    generator->has_spare = false;
}

void generator_seed_node(const struct imgcls_host *host, const struct imgcls_node *node,
                         struct generator *generator)
{
    const struct imgcls_attr *attr = host->attr(host, node, "seed");
    uint32_t seed = UINT32_C(2166136261);
    if (attr && attr->kind == IMGCLS_ATTR_INT) {
        seed = (uint32_t)attr->i;
    } else if (attr && attr->kind == IMGCLS_ATTR_FLOAT && isfinite(attr->f)) {
        const double whole = fmod(trunc((double)attr->f), 4294967296.0);
        seed = (uint32_t)(int64_t)whole;
    } else {
        const char *name = op_has_output(node, 0) ? node->outputs[0]->name : node->name;
        for (; *name; name++)
            seed = (seed ^ (unsigned char)*name) * UINT32_C(16777619);
    }
    generator_seed(generator, seed);
}

static void renew(struct generator *generator)
{
    uint32_t *words = generator->words;
    int i;
    for (i = 0; i < WORDS; i++) {
        const uint32_t both = (words[i] & UINT32_C(0x80000000)) |
                              (words[(i + 1) % WORDS] & UINT32_C(0x7fffffff));
        words[i] = words[(i + AHEAD) % WORDS] ^ both >> 1 ^
                   (both & 1 ? UINT32_C(0x9908b0df) : 0);
    }
    generator->at = 0;
}

static uint32_t next_word(struct generator *generator)
{
    uint32_t word;
    if (generator->at == WORDS)
        renew(generator);
    word = generator->words[generator->at++];
    word ^= word >> 11;
    word ^= word << 7 & UINT32_C(0x9d2c5680);
    word ^= word << 15 & UINT32_C(0xefc60000);
    return word ^ word >> 18;
}

double generator_uniform(struct generator *generator)
{
    const uint32_t high = next_word(generator) >> 5, low = next_word(generator) >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
}

double generator_normal(struct generator *generator)
{
    double x, y, square, scale;
    if (generator->has_spare) {
        generator->has_spare = false;
        return generator->spare;
    }
    do {
        x = 2 * generator_uniform(generator) - 1;
        y = 2 * generator_uniform(generator) - 1;
        square = x * x + y * y;
    } while (square >= 1 || square == 0);
    scale = sqrt(-2 * log(square) / square);
    generator->spare = scale * x;
    generator->has_spare = true;
    return scale * y;
}
