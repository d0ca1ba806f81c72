# plugins/ops/loss/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-loss.la
plugins_ops_loss_la_SOURCES = \
	plugins/ops/element.h \
	plugins/ops/number.c \
	plugins/ops/number.h \
	plugins/ops/op.h \
	%D%/likelihood.c \
	%D%/loss.h \
	%D%/loss.list.h \
	%D%/plugin.c
plugins_ops_loss_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_loss_la_LIBADD = -lm
EXTRA_DIST += %D%/README.md
