# plugins/ops/training/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-training.la
plugins_ops_training_la_SOURCES = \
	plugins/ops/element.h \
	plugins/ops/number.c \
	plugins/ops/number.h \
	plugins/ops/op.h \
	%D%/plugin.c \
	%D%/step.c \
	%D%/training.h \
	%D%/training.list.h
plugins_ops_training_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_training_la_LIBADD = -lm
EXTRA_DIST += %D%/README.md
