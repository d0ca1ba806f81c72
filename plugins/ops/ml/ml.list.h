/*
 * plugins/ops/ml/ml.list.h - every operator of this plugin, once
 *
 * Include with ML_OP(name) defined. Not listed, not offered; listed and not defined, not
 * linked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/* array_feature_extractor.c */
ML_OP(array_feature_extractor_op)
/* binarizer.c */
ML_OP(binarizer_op)
/* feature_vectorizer.c */
ML_OP(feature_vectorizer_op)
/* imputer.c */
ML_OP(imputer_op)
/* label_encoder.c */
ML_OP(label_encoder_op)
ML_OP(category_mapper_op)
/* linear_model.c */
ML_OP(linear_classifier_op)
ML_OP(linear_regressor_op)
/* map.c */
ML_OP(cast_map_op)
ML_OP(dict_vectorizer_op)
/* normalizer.c */
ML_OP(normalizer_op)
/* one_hot_encoder.c */
ML_OP(one_hot_encoder_op)
/* scaler.c */
ML_OP(scaler_op)
/* svm.c */
ML_OP(svm_classifier_op)
ML_OP(svm_regressor_op)
/* tree_ensemble.c */
ML_OP(tree_ensemble_op)
/* tree_models.c */
ML_OP(tree_classifier_op)
ML_OP(tree_regressor_op)
/* zip_map.c */
ML_OP(zip_map_op)
