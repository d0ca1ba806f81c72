# plugins/ops/control/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-control.la
plugins_ops_control_la_SOURCES = \
	plugins/ops/op.h \
	plugins/ops/pieces.c \
	plugins/ops/pieces.h \
	%D%/control.h \
	%D%/control.list.h \
	%D%/if.c \
	%D%/loop.c \
	%D%/plugin.c \
	%D%/rounds.c \
	%D%/scan.c \
	%D%/scan_batch.c
plugins_ops_control_la_CFLAGS = $(AM_CFLAGS)
plugins_ops_control_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
EXTRA_DIST += %D%/README.md
