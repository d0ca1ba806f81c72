/*
 * plugins/ops/reduce/reduce.list.h - every operator of this plugin, once
 *
 * Include with REDUCE_OP(name) defined. Not listed, not offered; listed and not defined,
 * not linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* argument.c */
REDUCE_OP(arg_max_op)
REDUCE_OP(arg_min_op)
REDUCE_OP(top_k_op)
/* einsum.c */
REDUCE_OP(einsum_op)
/* reduce_axes.c */
REDUCE_OP(reduce_sum_op)
REDUCE_OP(reduce_mean_op)
REDUCE_OP(reduce_max_op)
REDUCE_OP(reduce_min_op)
REDUCE_OP(reduce_prod_op)
REDUCE_OP(reduce_l1_op)
REDUCE_OP(reduce_l2_op)
REDUCE_OP(reduce_sum_square_op)
REDUCE_OP(reduce_log_sum_op)
REDUCE_OP(reduce_log_sum_exp_op)
/* running.c */
REDUCE_OP(cum_sum_op)
REDUCE_OP(cum_prod_op)
/* unique.c */
REDUCE_OP(unique_op)
