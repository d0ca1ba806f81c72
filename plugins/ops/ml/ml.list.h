/*
 * plugins/ops/ml/ml.list.h - every operator of this plugin, once
 *
 * Include with ML_OP(name) defined. Not listed, not offered; listed and not defined, not
 * linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* binarizer.c */
ML_OP(binarizer_op)
