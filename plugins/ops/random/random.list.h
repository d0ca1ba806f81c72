/*
 * plugins/ops/random/random.list.h - every operator of this plugin, once
 *
 * Include with RANDOM_OP(name) defined. Not listed, not offered; listed and not defined, not
 * linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* fill.c */
RANDOM_OP(random_normal_op)
RANDOM_OP(random_normal_like_op)
RANDOM_OP(random_uniform_op)
RANDOM_OP(random_uniform_like_op)
/* draw.c */
RANDOM_OP(bernoulli_op)
RANDOM_OP(multinomial_op)
