# plugins/formats/pytorch/local.mk - torch.save's files
plugin_LTLIBRARIES += plugins/pytorch.la
plugins_pytorch_la_SOURCES = \
	%D%/globals.c \
	%D%/legacy.c \
	%D%/meta.c \
	%D%/pickle.c \
	%D%/pickle.h \
	%D%/plugin.c \
	%D%/storages.c \
	%D%/values.c \
	%D%/weights.c \
	%D%/weights.h \
	%D%/zip.c
plugins_pytorch_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_pytorch_la_LIBADD = $(SETTINGS_LIBS)
EXTRA_DIST += %D%/README.md
