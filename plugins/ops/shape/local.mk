# plugins/ops/shape/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-shape.la
plugins_ops_shape_la_SOURCES = \
	plugins/ops/element.h \
	plugins/ops/generator.c \
	plugins/ops/generator.h \
	plugins/ops/number.c \
	plugins/ops/number.h \
	plugins/ops/op.h \
	plugins/ops/upgrade.h \
	%D%/concat.c \
	%D%/constant.c \
	%D%/elements.c \
	%D%/elements.h \
	%D%/expand.c \
	%D%/extent.c \
	%D%/gather.c \
	%D%/identity.c \
	%D%/index.h \
	%D%/pad.c \
	%D%/plugin.c \
	%D%/resize.c \
	%D%/resize_lines.c \
	%D%/resize_lines.h \
	%D%/resize_taps.c \
	%D%/resize_taps.h \
	%D%/scatter.c \
	%D%/select.c \
	%D%/shape.h \
	%D%/shape.list.h \
	%D%/slice.c \
	%D%/strided.c \
	%D%/strided.h \
	%D%/transpose.c \
	%D%/view.c
plugins_ops_shape_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_shape_la_LIBADD = -lm
EXTRA_DIST += %D%/README.md
