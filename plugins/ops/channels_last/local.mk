# plugins/ops/channels_last/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-channels-last.la
plugins_ops_channels_last_la_SOURCES = \
	plugins/ops/nn/product.c \
	plugins/ops/nn/product.h \
	plugins/ops/nn/window.c \
	plugins/ops/nn/window.h \
	plugins/ops/op.h \
	plugins/ops/threads.h \
	%D%/batch_norm.c \
	%D%/channels_last.h \
	%D%/channels_last.list.h \
	%D%/conv.c \
	%D%/conv.h \
	%D%/depthwise.c \
	%D%/expand.c \
	%D%/first.c \
	%D%/grouped.c \
	%D%/image.h \
	%D%/plugin.c \
	%D%/pool.c \
	%D%/winograd.c
# as plugins/ops/elementwise
plugins_ops_channels_last_la_CFLAGS = $(AM_CFLAGS) -fopenmp-simd -Wno-pass-failed
plugins_ops_channels_last_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_channels_last_la_LIBADD = $(kernel_libs) -lm
EXTRA_DIST += %D%/README.md
