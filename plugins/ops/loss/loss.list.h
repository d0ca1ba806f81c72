/*
 * plugins/ops/loss/loss.list.h - every operator of this plugin, once
 *
 * Include with LOSS_OP(name) defined. Not listed, not offered; listed and not defined, not
 * linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* likelihood.c */
LOSS_OP(negative_log_likelihood_op)
LOSS_OP(softmax_cross_entropy_op)
