# plugins/ops/signal/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-signal.la
plugins_ops_signal_la_SOURCES = \
	plugins/ops/element.h \
	plugins/ops/number.c \
	plugins/ops/number.h \
	plugins/ops/op.h \
	plugins/ops/upgrade.h \
	%D%/det.c \
	%D%/fourier.c \
	%D%/mel.c \
	%D%/plugin.c \
	%D%/signal.h \
	%D%/signal.list.h \
	%D%/window.c
plugins_ops_signal_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_signal_la_LIBADD = -lm
EXTRA_DIST += %D%/README.md
