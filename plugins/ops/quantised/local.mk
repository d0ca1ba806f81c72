# plugins/ops/quantised/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-quantised.la
plugins_ops_quantised_la_SOURCES = \
	plugins/ops/element.h \
	plugins/ops/nn/window.c \
	plugins/ops/nn/window.h \
	plugins/ops/number.c \
	plugins/ops/number.h \
	plugins/ops/op.h \
	%D%/conv.c \
	%D%/dynamic.c \
	%D%/linear.c \
	%D%/matmul.c \
	%D%/plugin.c \
	%D%/product8.c \
	%D%/product8.h \
	%D%/quantised.h \
	%D%/quantised.list.h \
	%D%/round.h
plugins_ops_quantised_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_quantised_la_LIBADD = -lm
EXTRA_DIST += %D%/README.md
