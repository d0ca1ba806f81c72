# plugins/formats/safetensors/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/safetensors.la
plugins_safetensors_la_SOURCES = \
	%D%/dtype.c \
	%D%/plugin.c \
	%D%/read.c \
	%D%/safetensors.h \
	%D%/write.c
plugins_safetensors_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_safetensors_la_LIBADD = $(JANSSON_LIBS)
EXTRA_DIST += %D%/README.md
