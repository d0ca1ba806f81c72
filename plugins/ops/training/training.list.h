/*
 * plugins/ops/training/training.list.h - every operator of this plugin, once
 *
 * Include with TRAINING_OP(name) defined. Not listed, not offered; listed and not defined,
 * not linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* step.c */
TRAINING_OP(adagrad_op)
TRAINING_OP(adam_op)
TRAINING_OP(momentum_op)
