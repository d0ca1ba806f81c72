# plugins/formats/folder/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/folder.la
plugins_folder_la_SOURCES = \
	%D%/folder.c \
	%D%/folder.h \
	%D%/plugin.c \
	%D%/shards.c \
	%D%/strangers.c
plugins_folder_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_folder_la_LIBADD = $(SETTINGS_LIBS)
EXTRA_DIST += %D%/README.md
