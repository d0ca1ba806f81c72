# plugins/ops/string/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-string.la
plugins_ops_string_la_SOURCES = \
	plugins/ops/op.h \
	%D%/concat.c \
	%D%/match.c \
	%D%/ngrams.c \
	%D%/normalize.c \
	%D%/plugin.c \
	%D%/regex.c \
	%D%/regex.h \
	%D%/regex_run.c \
	%D%/split.c \
	%D%/string.list.h \
	%D%/text.c \
	%D%/text.h
plugins_ops_string_la_CFLAGS = $(AM_CFLAGS)
plugins_ops_string_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
EXTRA_DIST += %D%/README.md
