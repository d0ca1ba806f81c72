/*
 * plugins/ops/quantised/quantised.list.h - every operator of this plugin, once
 *
 * Include with QUANTISED_OP(name) defined. Not listed, not offered; listed and not defined,
 * not linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* linear.c */
QUANTISED_OP(quantize_linear_op)
QUANTISED_OP(dequantize_linear_op)
/* dynamic.c */
QUANTISED_OP(dynamic_quantize_linear_op)
/* matmul.c */
QUANTISED_OP(matmul_integer_op)
QUANTISED_OP(qlinear_matmul_op)
/* conv.c */
QUANTISED_OP(conv_integer_op)
QUANTISED_OP(qlinear_conv_op)
