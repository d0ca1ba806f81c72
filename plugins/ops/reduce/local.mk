# plugins/ops/reduce/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-reduce.la
plugins_ops_reduce_la_SOURCES = \
	plugins/ops/number.c \
	plugins/ops/number.h \
	plugins/ops/op.h \
	plugins/ops/upgrade.h \
	%D%/argument.c \
	%D%/einsum.c \
	%D%/plugin.c \
	%D%/reduce.h \
	%D%/reduce.list.h \
	%D%/reduce_axes.c \
	%D%/running.c \
	%D%/unique.c
plugins_ops_reduce_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_reduce_la_LIBADD = -lm
EXTRA_DIST += %D%/README.md
