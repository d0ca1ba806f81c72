# plugins/ops/recurrent/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-recurrent.la
plugins_ops_recurrent_la_SOURCES = \
	plugins/ops/nn/product.c \
	plugins/ops/nn/product.h \
	plugins/ops/op.h \
	%D%/activation.c \
	%D%/activation.h \
	%D%/gru.c \
	%D%/lstm.c \
	%D%/lstm_f32.c \
	%D%/plugin.c \
	%D%/recurrent.c \
	%D%/recurrent.h \
	%D%/rnn.c
plugins_ops_recurrent_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_recurrent_la_LIBADD = $(kernel_libs) -lm
EXTRA_DIST += %D%/README.md
