# plugins/ops/nn/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-nn.la
plugins_ops_nn_la_SOURCES = \
	plugins/ops/op.h \
	plugins/ops/threads.h \
	plugins/ops/upgrade.h \
	%D%/batch_norm.c \
	%D%/conv.c \
	%D%/conv_transpose.c \
	%D%/conv_transpose.h \
	%D%/conv_transpose_f32.c \
	%D%/gemm.c \
	%D%/global_pool.c \
	%D%/group_norm.c \
	%D%/integer.c \
	%D%/integer.h \
	%D%/layer_norm.c \
	%D%/lp_norm.c \
	%D%/lrn.c \
	%D%/matmul.c \
	%D%/matmul.h \
	%D%/matmul_strassen.c \
	%D%/mean_variance.c \
	%D%/nn.h \
	%D%/nn.list.h \
	%D%/plugin.c \
	%D%/pool.body.h \
	%D%/pool.c \
	%D%/pool.h \
	%D%/pool_planes.c \
	%D%/product.c \
	%D%/product.h \
	%D%/product_pair.c \
	%D%/service.c \
	%D%/service.h \
	%D%/softmax.c \
	%D%/window.c \
	%D%/window.h
# as plugins/ops/elementwise
plugins_ops_nn_la_CFLAGS = $(AM_CFLAGS) -fopenmp-simd -Wno-pass-failed
plugins_ops_nn_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_nn_la_LIBADD = $(kernel_libs) -lm
EXTRA_DIST += %D%/README.md
