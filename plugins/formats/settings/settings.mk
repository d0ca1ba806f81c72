# plugins/formats/settings/settings.mk - sources that several plugins compile in
SETTINGS_SOURCES = \
	plugins/formats/settings/literal.c \
	plugins/formats/settings/mm.c \
	plugins/formats/settings/recipe.c \
	plugins/formats/settings/settings.c \
	plugins/formats/settings/settings.h \
	plugins/formats/settings/timm.c \
	plugins/formats/settings/transformers.c
EXTRA_DIST += plugins/formats/settings/README.md
