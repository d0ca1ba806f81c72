# plugins/ops/attention/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-attention.la
plugins_ops_attention_la_SOURCES = \
	plugins/ops/number.c \
	plugins/ops/number.h \
	plugins/ops/op.h \
	%D%/attend.c \
	%D%/attend.h \
	%D%/attention.c \
	%D%/attention.h \
	%D%/attention.list.h \
	%D%/causal_conv.c \
	%D%/flex_attention.c \
	%D%/heads.c \
	%D%/linear_attention.c \
	%D%/plugin.c \
	%D%/rotary.c
plugins_ops_attention_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_attention_la_LIBADD = $(kernel_libs) -lm
EXTRA_DIST += %D%/README.md
