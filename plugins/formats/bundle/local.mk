# plugins/formats/bundle/local.mk - the native bundle, reading and writing
plugin_LTLIBRARIES += plugins/bundle.la
plugins_bundle_la_SOURCES = \
	%D%/bundle.h \
	%D%/manifest.c \
	%D%/plugin.c \
	%D%/ports.c \
	%D%/ports.h \
	%D%/read.c \
	%D%/sinks.c \
	%D%/sinks.h \
	%D%/write.c
plugins_bundle_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_bundle_la_LIBADD = $(JANSSON_LIBS)
EXTRA_DIST += %D%/README.md
