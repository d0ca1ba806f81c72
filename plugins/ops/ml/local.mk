# plugins/ops/ml/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-ml.la
plugins_ops_ml_la_SOURCES = \
	plugins/ops/element.h \
	plugins/ops/number.c \
	plugins/ops/number.h \
	plugins/ops/op.h \
	%D%/array_feature_extractor.c \
	%D%/binarizer.c \
	%D%/feature_vectorizer.c \
	%D%/imputer.c \
	%D%/label_encoder.c \
	%D%/linear_model.c \
	%D%/map.c \
	%D%/ml.h \
	%D%/ml.list.h \
	%D%/normalizer.c \
	%D%/one_hot_encoder.c \
	%D%/plugin.c \
	%D%/scaler.c \
	%D%/scores.c \
	%D%/scores.h \
	%D%/svm.c \
	%D%/tree_ensemble.c \
	%D%/tree_models.c \
	%D%/trees.c \
	%D%/trees.h \
	%D%/zip_map.c
plugins_ops_ml_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_ml_la_LIBADD = -lm
EXTRA_DIST += %D%/README.md
