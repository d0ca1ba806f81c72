/*
 * plugins/ops/generator.h - random numbers that a seed decides, the same everywhere
 *
 * The Mersenne Twister MT19937 (Matsumoto, Nishimura 1998) seeded by one 32-bit number, doubles
 * of 53 bits, normal numbers by Marsaglia's polar method: what numpy.random.RandomState(seed)
 * gives by random_sample and standard_normal. A seed attribute is rounded towards zero and taken
 * modulo 2^32; without one the name of the node's output 0 is hashed (FNV-1a), so that two nodes
 * differ and two runs do not.
 *
 * Each run of a node begins anew: a model gives the same answer to the same picture.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_GENERATOR_H
#define OPS_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include <imgcls/plugin.h>

struct generator {
    uint32_t words[624];
    int at;
    bool has_spare;
    double spare;
};

void generator_seed(struct generator *generator, uint32_t seed);
/* By the node's attribute "seed", a float or an integer. */
void generator_seed_node(const struct imgcls_host *host, const struct imgcls_node *node,
                         struct generator *generator);
/* In [0, 1). */
double generator_uniform(struct generator *generator);
/* Mean 0, variance 1. */
double generator_normal(struct generator *generator);

#endif
