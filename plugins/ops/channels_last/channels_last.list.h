/*
 * plugins/ops/channels_last/channels_last.list.h - every operator of this plugin, once
 *
 * Include with CHANNELS_LAST_OP(name) defined. Not listed, not offered; listed and not
 * defined, not linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* conv.c */
CHANNELS_LAST_OP(channels_last_conv_op)
/* pool.c */
CHANNELS_LAST_OP(channels_last_max_pool_op)
CHANNELS_LAST_OP(channels_last_average_pool_op)
CHANNELS_LAST_OP(channels_last_global_average_pool_op)
CHANNELS_LAST_OP(channels_last_global_max_pool_op)
/* batch_norm.c */
CHANNELS_LAST_OP(channels_last_batch_normalization_op)
/* expand.c */
CHANNELS_LAST_OP(channels_last_expand_depthwise_op)
