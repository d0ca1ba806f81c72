# plugins/ops/random/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-random.la
plugins_ops_random_la_SOURCES = \
	plugins/ops/element.h \
	plugins/ops/generator.c \
	plugins/ops/generator.h \
	plugins/ops/number.c \
	plugins/ops/number.h \
	plugins/ops/op.h \
	%D%/draw.c \
	%D%/fill.c \
	%D%/plugin.c \
	%D%/random.h \
	%D%/random.list.h
plugins_ops_random_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_random_la_LIBADD = -lm
EXTRA_DIST += %D%/README.md
