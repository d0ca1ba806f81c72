# plugins/ops/image/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-image.la
plugins_ops_image_la_SOURCES = \
	plugins/ops/element.h \
	plugins/ops/nn/window.c \
	plugins/ops/nn/window.h \
	plugins/ops/number.c \
	plugins/ops/number.h \
	plugins/ops/op.h \
	%D%/affine_grid.c \
	%D%/bilinear.h \
	%D%/col2im.c \
	%D%/deform_conv.c \
	%D%/grid_sample.c \
	%D%/image.h \
	%D%/image.list.h \
	%D%/max_roi_pool.c \
	%D%/plugin.c \
	%D%/roi_align.c \
	%D%/suppression.c \
	%D%/unpool.c
plugins_ops_image_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_image_la_LIBADD = -lm
EXTRA_DIST += %D%/README.md
