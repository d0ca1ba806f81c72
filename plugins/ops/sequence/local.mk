# plugins/ops/sequence/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-sequence.la
plugins_ops_sequence_la_SOURCES = \
	plugins/ops/op.h \
	plugins/ops/pieces.c \
	plugins/ops/pieces.h \
	%D%/build.c \
	%D%/look.c \
	%D%/map.c \
	%D%/optional.c \
	%D%/plugin.c \
	%D%/sequence.h \
	%D%/sequence.list.h \
	%D%/tensors.c
plugins_ops_sequence_la_CFLAGS = $(AM_CFLAGS)
plugins_ops_sequence_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
EXTRA_DIST += %D%/README.md
