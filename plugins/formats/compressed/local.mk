# plugins/formats/compressed/local.mk - weights within a compressed file
plugin_LTLIBRARIES += plugins/compressed.la
plugins_compressed_la_SOURCES = %D%/compressed.c
plugins_compressed_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_compressed_la_LIBADD = $(ARCHIVE_LIBS)
EXTRA_DIST += %D%/README.md
