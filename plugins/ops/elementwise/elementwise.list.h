/*
 * plugins/ops/elementwise/elementwise.list.h - every operator of this plugin, once
 *
 * Include with ELEMENTWISE_OP(name) defined. Not listed, not offered; listed and not
 * defined, not linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* activation.c */
ELEMENTWISE_OP(relu_op)
ELEMENTWISE_OP(swiglu_op)
ELEMENTWISE_OP(sigmoid_op)
ELEMENTWISE_OP(softplus_op)
ELEMENTWISE_OP(softsign_op)
ELEMENTWISE_OP(mish_op)
ELEMENTWISE_OP(gelu_op)
ELEMENTWISE_OP(swish_op)
ELEMENTWISE_OP(leaky_relu_op)
ELEMENTWISE_OP(elu_op)
ELEMENTWISE_OP(selu_op)
ELEMENTWISE_OP(celu_op)
ELEMENTWISE_OP(hard_sigmoid_op)
ELEMENTWISE_OP(hard_swish_op)
ELEMENTWISE_OP(thresholded_relu_op)
/* arithmetic.c */
ELEMENTWISE_OP(add_op)
ELEMENTWISE_OP(sub_op)
ELEMENTWISE_OP(mul_op)
ELEMENTWISE_OP(div_op)
/* cast.c */
ELEMENTWISE_OP(cast_op)
ELEMENTWISE_OP(cast_like_op)
ELEMENTWISE_OP(bit_cast_op)
/* clip.c */
ELEMENTWISE_OP(clip_op)
/* compare.c */
ELEMENTWISE_OP(equal_op)
ELEMENTWISE_OP(less_op)
ELEMENTWISE_OP(less_or_equal_op)
ELEMENTWISE_OP(greater_op)
ELEMENTWISE_OP(greater_or_equal_op)
ELEMENTWISE_OP(is_nan_op)
ELEMENTWISE_OP(is_inf_op)
/* fold.c */
ELEMENTWISE_OP(max_op)
ELEMENTWISE_OP(min_op)
ELEMENTWISE_OP(sum_op)
ELEMENTWISE_OP(mean_op)
/* function.c */
ELEMENTWISE_OP(sqrt_op)
ELEMENTWISE_OP(reciprocal_op)
ELEMENTWISE_OP(exp_op)
ELEMENTWISE_OP(log_op)
ELEMENTWISE_OP(erf_op)
ELEMENTWISE_OP(sin_op)
ELEMENTWISE_OP(cos_op)
ELEMENTWISE_OP(tan_op)
ELEMENTWISE_OP(asin_op)
ELEMENTWISE_OP(acos_op)
ELEMENTWISE_OP(atan_op)
ELEMENTWISE_OP(sinh_op)
ELEMENTWISE_OP(cosh_op)
ELEMENTWISE_OP(tanh_op)
ELEMENTWISE_OP(asinh_op)
ELEMENTWISE_OP(acosh_op)
ELEMENTWISE_OP(atanh_op)
ELEMENTWISE_OP(floor_op)
ELEMENTWISE_OP(ceil_op)
ELEMENTWISE_OP(round_op)
/* logic.c */
ELEMENTWISE_OP(and_op)
ELEMENTWISE_OP(or_op)
ELEMENTWISE_OP(xor_op)
ELEMENTWISE_OP(not_op)
ELEMENTWISE_OP(bitwise_and_op)
ELEMENTWISE_OP(bitwise_or_op)
ELEMENTWISE_OP(bitwise_xor_op)
ELEMENTWISE_OP(bitwise_not_op)
ELEMENTWISE_OP(bit_shift_op)
/* modulo.c */
ELEMENTWISE_OP(mod_op)
/* power.c */
ELEMENTWISE_OP(pow_op)
/* prelu.c */
ELEMENTWISE_OP(prelu_op)
ELEMENTWISE_OP(shrink_op)
/* sign.c */
ELEMENTWISE_OP(abs_op)
ELEMENTWISE_OP(neg_op)
ELEMENTWISE_OP(sign_op)
/* where.c */
ELEMENTWISE_OP(where_op)
