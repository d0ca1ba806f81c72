/*
 * plugins/ops/nn/nn.list.h - every operator of this plugin, once
 *
 * Include with NN_OP(name) defined. Not listed, not offered; listed and not defined, not
 * linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* conv.c */
NN_OP(conv_op)
/* conv_transpose.c */
NN_OP(conv_transpose_op)
/* gemm.c */
NN_OP(gemm_op)
/* matmul.c */
NN_OP(matmul_op)
/* product_pair.c */
NN_OP(product_pair_op)
/* pool.c */
NN_OP(max_pool_op)
NN_OP(average_pool_op)
NN_OP(lp_pool_op)
/* global_pool.c */
NN_OP(global_average_pool_op)
NN_OP(global_max_pool_op)
NN_OP(global_lp_pool_op)
/* softmax.c */
NN_OP(softmax_op)
NN_OP(log_softmax_op)
NN_OP(hardmax_op)
/* layer_norm.c */
NN_OP(layer_normalization_op)
NN_OP(rms_normalization_op)
/* batch_norm.c */
NN_OP(batch_normalization_op)
/* group_norm.c */
NN_OP(instance_normalization_op)
NN_OP(group_normalization_op)
/* mean_variance.c */
NN_OP(mean_variance_normalization_op)
/* lrn.c */
NN_OP(lrn_op)
/* lp_norm.c */
NN_OP(lp_normalization_op)
