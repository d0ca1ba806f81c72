/*
 * plugins/ops/attention/attention.list.h - every operator of this plugin, once
 *
 * Include with ATTENTION_OP(name) defined. Not listed, not offered; listed and not defined,
 * not linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* attention.c */
ATTENTION_OP(attention_op)
/* causal_conv.c */
ATTENTION_OP(causal_conv_op)
/* flex_attention.c */
ATTENTION_OP(flex_attention_op)
/* heads.c */
ATTENTION_OP(head_attention_op)
/* linear_attention.c */
ATTENTION_OP(linear_attention_op)
/* rotary.c */
ATTENTION_OP(rotary_op)
