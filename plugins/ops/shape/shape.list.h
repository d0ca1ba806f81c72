/*
 * plugins/ops/shape/shape.list.h - every operator of this plugin, once
 *
 * Include with SHAPE_OP(name) defined. Not listed, not offered; listed and not defined, not
 * linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* concat.c */
SHAPE_OP(concat_op)
SHAPE_OP(split_op)
/* constant.c */
SHAPE_OP(constant_op)
SHAPE_OP(constant_of_shape_op)
SHAPE_OP(eye_like_op)
SHAPE_OP(range_op)
/* expand.c */
SHAPE_OP(expand_op)
SHAPE_OP(tile_op)
/* extent.c */
SHAPE_OP(shape_op)
SHAPE_OP(size_op)
/* gather.c */
SHAPE_OP(gather_op)
SHAPE_OP(gather_elements_op)
SHAPE_OP(gather_nd_op)
/* identity.c */
SHAPE_OP(identity_op)
SHAPE_OP(dropout_op)
/* pad.c */
SHAPE_OP(pad_op)
SHAPE_OP(center_crop_pad_op)
/* resize.c */
SHAPE_OP(resize_op)
SHAPE_OP(upsample_op)
/* scatter.c */
SHAPE_OP(scatter_op)
SHAPE_OP(scatter_elements_op)
SHAPE_OP(scatter_nd_op)
SHAPE_OP(tensor_scatter_op)
/* select.c */
SHAPE_OP(trilu_op)
SHAPE_OP(one_hot_op)
SHAPE_OP(nonzero_op)
SHAPE_OP(compress_op)
SHAPE_OP(reverse_sequence_op)
/* slice.c */
SHAPE_OP(slice_op)
/* transpose.c */
SHAPE_OP(transpose_op)
SHAPE_OP(depth_to_space_op)
SHAPE_OP(space_to_depth_op)
/* view.c */
SHAPE_OP(reshape_op)
SHAPE_OP(flatten_op)
SHAPE_OP(squeeze_op)
SHAPE_OP(unsqueeze_op)
