/*
 * plugins/ops/image/image.list.h - every operator of this plugin, once
 *
 * Include with IMAGE_OP(name) defined. Not listed, not offered; listed and not defined, not
 * linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* grid_sample.c */
IMAGE_OP(grid_sample_op)
/* affine_grid.c */
IMAGE_OP(affine_grid_op)
/* suppression.c */
IMAGE_OP(non_max_suppression_op)
/* col2im.c */
IMAGE_OP(col2im_op)
/* unpool.c */
IMAGE_OP(max_unpool_op)
/* deform_conv.c */
IMAGE_OP(deform_conv_op)
/* roi_align.c */
IMAGE_OP(roi_align_op)
/* max_roi_pool.c */
IMAGE_OP(max_roi_pool_op)
