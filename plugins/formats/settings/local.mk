# plugins/formats/settings/local.mk - compiled into each plugin that needs it
noinst_LTLIBRARIES += %D%/libsettings.la
%C%_libsettings_la_SOURCES = \
	%D%/literal.c \
	%D%/mm.c \
	%D%/recipe.c \
	%D%/settings.c \
	%D%/settings.h \
	%D%/timm.c \
	%D%/transformers.c
SETTINGS_LIBS = %D%/libsettings.la $(JANSSON_LIBS)
EXTRA_DIST += %D%/README.md
